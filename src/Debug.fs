namespace Cotangent

open System.IO

/// Looking at numbers on their way, and checks for the duration of a call. They cost time; use them to find a fault.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Debug =
    /// <summary>
    /// Runs a function; the first primitive that makes a NaN or an infinity, forward or on the way back, raises a
    /// NumberException that names it. Compiled functions inside run as plain ones.
    /// </summary>
    /// <exception cref="T:Cotangent.NumberException">A primitive makes a NaN or an infinity.</exception>
    /// <example><code>
    /// Debug.checkNumbers (fun () -> grad (fun x -> sum (log x)) (tensor [ 0.0 ])) // throws NumberException
    /// </code></example>
    let checkNumbers (body: unit -> 'a) : 'a =
        Given.check "body" body
        Ambient.duringNumberCheck body

    /// <summary>
    /// Runs a function; a random key used twice in it raises a KeyException. Compiled functions inside run as plain ones, and
    /// <c>checkpoint</c> keeps what it would compute again. Under <c>vmap</c> the keys of all examples are looked at; where examples take
    /// different ways (<c>cond</c>, <c>switch</c>, <c>whileLoop</c>), each way is tried for the examples that take it. Examples may share a key.
    /// </summary>
    /// <exception cref="T:Cotangent.KeyException">A key is used twice.</exception>
    /// <example><code>
    /// let key = Key.create 0L
    ///
    /// Debug.checkKeys (fun () ->
    ///     let a = Random.normal key DType.Float32 [ 2 ]
    ///     a + Random.normal key DType.Float32 [ 2 ]) // throws KeyException
    /// </code></example>
    let checkKeys (body: unit -> 'a) : 'a =
        Given.check "body" body
        Ambient.duringKeyCheck body

    /// <summary>
    /// A function's derivative at a point, forward and reverse mode, beside central differences: along random directions in each tensor of the
    /// argument. Returns what it found where they were furthest apart. For derivatives given by hand above all; of the gradient it
    /// checks second derivatives: <c>Debug.checkDerivative (grad f) x</c>. Takes some 40 evaluations for each tensor, in Float64 if the
    /// argument is; in Float32 mistakes below about 1 in 1000 are not seen.
    /// </summary>
    /// <exception cref="T:Cotangent.DerivativeException">
    /// A derivative is not what the differences are, or these do not settle: the function is not smooth there, or gives other numbers at
    /// each call.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument is neither Float64 nor Float32.</exception>
    /// <exception cref="T:Cotangent.TreeException">The argument or the result holds no floating-point numbers.</exception>
    /// <example><code>
    /// let x = tensor [ 1.0; 2.0 ]
    /// (Debug.checkDerivative (fun x -> sum (sin x * x)) x).Error &lt; 1e-6 // true
    /// let wrong = withDerivative (Derivative.Pull(fun x c -> c * sin x)) sin
    /// Debug.checkDerivative wrong x // throws DerivativeException
    /// </code></example>
    let checkDerivative (f: 'p -> 'q) (x: 'p) : DerivativeReport<'p> =
        Given.check "f" f
        DerivativeCheck.run f x

    /// `label: Float32 (2, 3)` and the numbers, of large tensors a few.
    let private line (label: string) (b: Buffer) =
        let host = NumberCheck.host b
        let header, values = Display.parts host

        match values with
        | :? string as text -> $"{label}: {header}{text}"
        | _ -> $"{label}: {header.TrimEnd()}{System.Environment.NewLine}{Print.buffer host}"

    let private printed (operation: string) (writer: unit -> TextWriter) (label: string) (x: 'p) : 'p =
        let through (path: string) (leaf: Tensor) =
            let label = label + path.TrimStart '$'

            let write b =
                let writer = writer ()
                // Lines of two threads do not mix.
                lock writer (fun () -> writer.WriteLine(line label b))

            Bind.one (Primitive.Print(Printing(label, write))) [| leaf |]

        let leaves = Tree.leavesOf $"{operation}:" x

        if KeyCheck.isRehearsing () then
            x
        else
            Tree.rebuild x (Array.map2 through (Tree.paths x) leaves)

    /// <summary>
    /// Writes a tensor, or each of a tree, to the console when the program runs, and returns it: its label, dtype, shape and
    /// numbers, of large tensors a few. In a compiled function it is written each time that the function runs, in a loop in each
    /// round, under <c>vmap</c> the whole batch at once; its gradient is that of its argument, and is not written. What
    /// <c>checkpoint</c> computes again is written again.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The argument is no tree of tensors.</exception>
    /// <example><code>
    /// let f = compile (fun (x: Tensor) -> Debug.print "squares" (x * x) |> sum)
    /// f (tensor [ 1.0; 2.0 ]) // 5
    /// </code></example>
    let print (label: string) (x: 'p) : 'p =
        Given.check "label" label
        Given.check "x" x
        // The console as it is when the program runs.
        printed "Debug.print" (fun () -> System.Console.Out) label x

    /// <summary>
    /// Calls a function with a tensor's numbers when the program runs, and returns the tensor: to write it elsewhere, count, draw, or stop by
    /// raising an exception. Called as often as <c>Debug.print</c> writes; its gradient is that of its argument.
    /// </summary>
    /// <example><code>
    /// let seen = ResizeArray&lt;float>()
    /// let f = compile (iterate 3 (fun (x: Tensor) -> Debug.observe (fun x -> seen.Add(float x)) (x * 2.0)))
    /// f (tensor 1.0) |> ignore
    /// List.ofSeq seen // [2.0; 4.0; 8.0]
    /// </code></example>
    let observe (seen: Tensor -> unit) (x: Tensor) : Tensor =
        Given.check "seen" seen
        Given.check "x" x

        if KeyCheck.isRehearsing () then
            x
        else
            Bind.one (Primitive.Print(Printing("observe", HostCalls.tell seen))) [| x |]

    /// <summary>The same to another writer: a file, a log, a string.</summary>
    /// <exception cref="T:Cotangent.TreeException">The argument is no tree of tensors.</exception>
    /// <example><code>
    /// let text = new System.IO.StringWriter()
    /// let x = Debug.printTo text "x" (tensor [ 1.0; 2.0 ])
    /// text.ToString().TrimEnd() // x: Float64 (2,) [1. 2.]
    /// </code></example>
    let printTo (writer: TextWriter) (label: string) (x: 'p) : 'p =
        Given.check "writer" writer
        Given.check "label" label
        Given.check "x" x
        printed "Debug.printTo" (fun () -> writer) label x
