namespace Cotangent

open Cotangent.Compiler

/// <summary>Looking into compiled functions, and into what a function would become.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Compile =
    let private compilationAndArguments (f: 'p -> 'q) (x: 'p) =
        let donated =
            match box f with
            | :? CompiledFunction<'p, 'q> as c -> c.Donated
            | _ -> fun _ -> 0

        Compiled<'p, 'q>("compile", f, donated).For x

    let private compilation (f: 'p -> 'q) (x: 'p) =
        let struct (found, _) = compilationAndArguments f x
        found

    /// <summary>
    /// The graph of a function at an argument, one line for each operation: its number, dtype, shape and inputs.
    /// </summary>
    /// <example><code>
    /// Compile.graph (fun x -> sum (sin x)) (tensor [ 1.0; 2.0 ])
    /// </code></example>
    let graph (f: 'p -> 'q) (x: 'p) : string =
        Given.check "f" f
        Graph.print "" (compilation f x).Operation.Graph |> String.concat "\n"

    /// <summary>The graph as a Mermaid flowchart, for documents that draw those.</summary>
    /// <example><code>
    /// Compile.mermaid (fun x -> sum (sin x)) (tensor [ 1.0; 2.0 ])
    /// </code></example>
    let mermaid (f: 'p -> 'q) (x: 'p) : string =
        Given.check "f" f
        Drawing.mermaid (compilation f x).Operation.Graph

    /// <summary>
    /// The graph drawn as an HTML page that opens without a network, to be searched and zoomed; of a node it tells dtype, shape,
    /// bytes, what it reads and what reads it, and the line of source that it comes from, as far as debug symbols tell.
    /// </summary>
    /// <example><code>
    /// let page = Compile.page (fun x -> sum (sin x)) (tensor [ 1.0; 2.0 ])
    /// System.IO.File.WriteAllText(System.IO.Path.GetTempFileName() + ".html", page)
    /// </code></example>
    let page (f: 'p -> 'q) (x: 'p) : string =
        Given.check "f" f
        SourcePlace.during (fun () -> GraphPage.make (compilation f x).Operation.Graph)

    /// <summary>
    /// How often a compiled function was compiled, and why the last time: which tensor or static field of the argument
    /// was of another kind than before. A warning with the same text goes to <c>System.Diagnostics.Trace</c> when one
    /// function is compiled again and again, and another when one lambda is given to <c>compile</c> again and again.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The function does not come from <c>compile</c>.</exception>
    /// <example><code>
    /// let f = compile (fun (x: Tensor) -> x * 2.0)
    /// f (tensor 1.0) |> ignore
    /// f (tensor [ 1.0; 2.0 ]) |> ignore
    /// Compile.explain f // compiled 2 times, last because `$` is Float64 (2,) on cpu, it was Float64 () on cpu
    /// </code></example>
    let explain (f: 'p -> 'q) : string =
        Given.check "f" f

        match box f with
        | :? CompiledFunction<'p, 'q> as c -> c.Compiled.Explanation
        | _ ->
            raise (
                ValueException
                    "Compile.explain: this is not a function that `compile` returned, nor does it show any that it calls. Keep what `compile` returns under a name, call that, and give it here."
            )

    /// <summary>
    /// How many bytes of programs each compiled function keeps. Arguments of another signature (shapes, dtypes, static fields)
    /// have a program of their own; those used least lately go when all of a function's together take more. By default 1 GiB,
    /// or an eighth of what the process may have if that is less. Holds for what is compiled afterwards.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The number is negative.</exception>
    /// <example><code>
    /// Compile.keep 100_000_000L
    /// </code></example>
    let keep (bytes: int64) : unit =
        if bytes < 0L then
            raise (ValueException $"Compile.keep: {bytes} bytes; ask for 0 or more.")

        CacheLimit.choose bytes

    /// <summary>
    /// The program that a function becomes for an argument like this: its loop nests and the other steps, and how much
    /// memory lies between inputs and outputs.
    /// </summary>
    /// <example><code>
    /// Compile.program (fun x -> sum (sin x)) (tensor [ 1.0; 2.0 ])
    /// </code></example>
    let program (f: 'p -> 'q) (x: 'p) : string =
        Given.check "f" f
        let program = (compilation f x).Operation.Program
        let steps = StepText.print "" program.Steps |> String.concat "\n"
        $"{steps}\n{program.Memory.Between} bytes between inputs and outputs"

    /// <summary>
    /// What a call of a function with an argument like this takes of memory, by the plan: before anything is allocated,
    /// and without running it. Of a function from <c>compileDonating</c>, with what happens in place.
    /// </summary>
    /// <remarks>
    /// A call that needs more than the machine or the device has fails before it allocates, with a MemoryException that
    /// says as much.
    /// </remarks>
    /// <example><code>
    /// let x = Tensor.ones DType.Float32 [ 100; 100 ]
    /// (Compile.memory (fun x -> matmul x x) x).Peak // 80000
    /// </code></example>
    let memory (f: 'p -> 'q) (x: 'p) : ProgramMemory =
        Given.check "f" f
        let struct (found, arguments) = compilationAndArguments f x
        found.Operation.MemoryFor arguments

    let private reports (f: 'p -> 'q) (x: 'p) : PassReport list =
        let made = ResizeArray<PassReport>()
        let watch = { Watch.ofEnvironment.Value with Reported = made.Add }
        (compilation f x).Operation.Build watch
        List.ofSeq made

    /// <summary>
    /// The passes that make a program of a function, in order: the level each works on (graph, steps, memory, code), its name,
    /// how long it took now, and the size of what came out. <c>COTANGENT_PASSES=time</c> in the environment writes these lines
    /// to standard error whenever something is compiled, <c>COTANGENT_PASSES=print</c> besides what each pass made.
    /// </summary>
    /// <example><code>
    /// Compile.passes (fun x -> sum (sin x)) (tensor [ 1.0; 2.0 ])
    /// </code></example>
    let passes (f: 'p -> 'q) (x: 'p) : string =
        Given.check "f" f
        reports f x |> List.map _.Line |> String.concat "\n"

    /// <summary>What a function has become after the pass of this name, the last time that it runs.</summary>
    /// <exception cref="T:Cotangent.ValueException">No pass has this name; the message lists those there are.</exception>
    /// <example><code>
    /// Compile.after "simplify" (fun x -> sum (x * 1.0)) (tensor [ 1.0; 2.0 ])
    /// </code></example>
    let after (pass: string) (f: 'p -> 'q) (x: 'p) : string =
        Given.check "pass" pass
        Given.check "f" f
        let reports = reports f x

        match List.tryFindBack (fun (r: PassReport) -> r.Pass = pass) reports with
        | Some r -> r.Text()
        | None ->
            let names = reports |> List.map _.Pass |> List.distinct |> String.concat ", "

            raise (
                ValueException
                    $"Compile.after: no pass is called \"{pass}\"; those of this function are {names}."
            )
