namespace Cotangent.Compiler

open System
open System.Threading
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// One compilation of a function: for arguments of one signature.
[<NoComparison; NoEquality>]
type internal Compilation<'q> = {
    Operation: CallOperation
    /// The operation as Bind takes it.
    Primitive: Primitive
    /// What the function returned while it was traced: structure and static fields of every result.
    Template: 'q
    Leaves: struct (Signature * Device)[]
    Statics: Static[]
}

/// How often functions of one class were compiled for the first time: a lambda in a loop that is compiled in each round.
[<AbstractClass; Sealed>]
type internal CallSites private () =
    static let counts = System.Runtime.CompilerServices.ConditionalWeakTable<Type, int ref>()

    /// Classes of Cotangent's and FSharp.Core's own say nothing of the function inside.
    static member Count(f: objnull) : int =
        match f with
        | null -> 1
        | f ->
            let own = f.GetType()

            if own.Assembly = typeof<CallSites>.Assembly || own.Assembly = typeof<list<int>>.Assembly then
                1
            else
                System.Threading.Interlocked.Increment(&counts.GetValue(own, (fun _ -> ref 0)).contents)

/// A function with the programs made of it, one for each signature of its argument. `donated` tells how many of the
/// argument's first tensors are given away in a call.
[<Sealed>]
type internal Compiled<'p, 'q>(name: string, f: 'p -> 'q, donated: 'p -> int, limit: int64) =
    let gate = obj ()
    let known = ProgramCache<Compilation<'q>>((fun c -> c.Operation.Bytes), limit)
    let mutable count = 0
    let mutable reason = ""

    /// The same for all arguments of one signature.
    let hashOf (leaves: Tensor[]) (statics: objnull[]) : int =
        let mutable h = HashCode()

        for t in leaves do
            h.Add(t.Dims.Length)

            for d in t.Dims do
                h.Add d

        // Of others it is not known that equal ones have equal hashes.
        for s in statics do
            match s with
            | :? int as n -> h.Add n
            | :? bool as b -> h.Add b
            | :? string as s -> h.Add s
            | _ -> ()

        h.ToHashCode()

    /// What the function is called in the program's text, as far as its class tells.
    let title =
        let own = f.GetType()

        match own.Name.IndexOf '@' with
        // Delegates come wrapped by a class of FSharp.Core.
        | at when at > 0 && not (obj.ReferenceEquals(own.Assembly, typeof<FSharpFunc<'p, 'q>>.Assembly)) ->
            $" of `{own.Name[.. at - 1]}`"
        | _ -> ""

    let contents (x: 'p) : struct (Tensor[] * objnull[]) =
        if Walkers.holdsTensors typeof<'p> then Tree.contents x else struct ([||], [| box x |])

    let sameLeaves (a: struct (Signature * Device)[]) (leaves: Tensor[]) =
        a.Length = leaves.Length
        && Range.forall a.Length (fun i ->
            let struct (s, device) = a[i]
            s.DType = leaves[i].DType && Shape.equal s.Shape leaves[i].Dims && device = leaves[i].Device)

    let sameStatics (a: Static[]) (b: objnull[]) =
        a.Length = b.Length && Range.forall a.Length (fun i -> Static.isStill a[i] b[i])

    /// Why no program that is there fits: the difference to the one used last.
    let explain (x: 'p) (leaves: Tensor[]) (statics: objnull[]) =
        match known.Latest with
        | ValueNone -> "the first call"
        | ValueSome last ->
            let path i = (Tree.paths x)[i]

            let leaf =
                if last.Leaves.Length <> leaves.Length then
                    Some $"the argument has {leaves.Length} tensors, it had {last.Leaves.Length}"
                else
                    Seq.tryPick
                        (fun i ->
                            let struct (s, device) = last.Leaves[i]
                            let t = leaves[i]

                            if
                                s.DType <> t.DType || not (Shape.equal s.Shape t.Dims) || device <> t.Device
                            then
                                Some
                                    $"`{path i}` is {t.DType} {Shape.show t.Dims} on {t.Device}, it was {s.DType} {Shape.show s.Shape} on {device}"
                            else
                                None)
                        (seq { 0 .. leaves.Length - 1 })

            let field () =
                let at =
                    Seq.zip last.Statics statics |> Seq.tryFindIndex (fun (a, b) -> not (Static.isStill a b))

                match at with
                | Some i ->
                    let place = if Walkers.holdsTensors typeof<'p> then (Tree.staticPaths x)[i] else "$"
                    $"`{place}` holds {Static.show (Static.keep statics[i])}, it held {Static.show last.Statics[i]}"
                | None -> "the static parts of the argument differ"

            match leaf with
            | Some text -> text
            | None -> field ()

    /// 8, 16, 32, …: what goes on and on is worth a word, not one word each time.
    let isManyTimes n = n >= 8 && (n &&& (n - 1)) = 0

    let stage (x: 'p) (leaves: Tensor[]) : struct (Graph * Tensor[] * 'q) =
        let mutable template = Unchecked.defaultof<'q>

        let run (inputs: Tensor[]) =
            let y = f (if leaves.Length = 0 then x else Tree.rebuild x inputs)
            template <- y
            Tree.leavesOf $"{name}: the result's type" y

        let like = leaves |> Array.map (fun t -> Stage.signatureOf t, t.Device)
        let struct (graph, captured) = Stage.graph name run like
        struct (graph, captured, template)

    let find (leaves: Tensor[]) (statics: objnull[]) : Compilation<'q> voption =
        known.Find(
            (fun () -> hashOf leaves statics),
            (fun c -> sameLeaves c.Leaves leaves && sameStatics c.Statics statics)
        )

    /// The function's own class, or else this: what stands for the place in the program.
    let place =
        let own = f.GetType()

        if own.Assembly = typeof<CallSites>.Assembly || own.Assembly = typeof<list<int>>.Assembly then
            gate
        else
            own

    new(name, f, donated) = Compiled(name, f, donated, CacheLimit.current ())

    /// How often the function was compiled, and why the last time.
    member _.Count = count
    member _.Reason = reason

    member _.Explanation =
        match count with
        | 0 -> "not compiled yet: it has not been called"
        | 1 -> $"compiled once, because of {reason}"
        | n -> $"compiled {n} times, last because {reason}"

    /// The compilation for an argument, and the tensors to call it with.
    member c.For(x: 'p) : struct (Compilation<'q> * Tensor[]) =
        let struct (leaves, statics) = contents x

        match find leaves statics with
        | ValueSome compilation -> struct (compilation, leaves)
        | ValueNone ->
            lock gate (fun () ->
                // It may have been compiled while this thread waited.
                match find leaves statics with
                | ValueSome compilation -> struct (compilation, leaves)
                | ValueNone ->
                    let struct (compilation, captured) = c.Compile(x, leaves, statics)
                    struct (compilation, Array.append leaves captured))

    member private c.Compile(x: 'p, leaves: Tensor[], statics: objnull[]) =
        reason <- explain x leaves statics
        let struct (graph, captured, template) = stage x leaves
        let operation = CallOperation(name, graph, { Count = donated x; Taker = $"`{name}`{title}" })

        let compilation = {
            Operation = operation
            Primitive = Primitive.Custom operation
            Template = template
            Leaves = leaves |> Array.map (fun t -> struct (Stage.signatureOf t, t.Device))
            Statics = Array.map Static.keep statics
        }

        count <- count + 1

        if captured.Length > 0 && count > 1 then
            reason <-
                "it closes over tensors that another transformation is tracing, which are new each time; pass them as arguments"

        if isManyTimes count then
            Warnings.warn
                place
                "signatures"
                $"Cotangent: a compiled function was {c.Explanation}. Keep shapes and static fields the same from call to call; what changes belongs in a tensor."

        if count = 1 then
            let calls = CallSites.Count f

            if isManyTimes calls then
                Warnings.warn
                    place
                    "calls"
                    $"Cotangent: the same function{title} was given to `{name}` {calls} times, and compiled each time. Call `{name}` once, outside of the loop, and keep what it returns."

        // What closes over another transformation's tensors belongs to that one use of it.
        if captured.Length = 0 then known.Add(hashOf leaves statics, compilation)
        struct (compilation, captured)

    member c.Invoke(x: 'p) : 'q =
        match Staging.innermost () with
        // A check looks at each operation as it stands in the function.
        | null when Ambient.isChecking () -> f x
        | null ->
            let struct (compilation, arguments) = c.For x
            Tree.rebuild compilation.Template (Bind.apply compilation.Primitive arguments)
        // Inside another compiled function it is a part of that.
        | _ -> f x

/// What `compile` returns: a function that knows how it was compiled.
[<Sealed>]
type internal CompiledFunction<'p, 'q>(name: string, f: 'p -> 'q, donated: 'p -> int) =
    inherit FSharpFunc<'p, 'q>()
    let compiled = Compiled<'p, 'q>(name, f, donated)
    member _.Compiled = compiled
    member _.Donated = donated
    override _.Invoke x = compiled.Invoke x
