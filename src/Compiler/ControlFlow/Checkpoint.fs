namespace Cotangent.Compiler

open Cotangent
open Cotangent.Differentiation

/// Values that are not kept for the way back of reverse mode but computed again.
module internal Checkpoint =
    /// Keeps a compiler from finding that what is computed again is there already.
    let private barrier (t: Tensor) = Bind.one Primitive.Barrier [| t |]

    /// A function of all that it is differentiated by: only its arguments are kept.
    let private saving (f: 'p -> 'q) : 'p -> 'q =
        let pull (x: 'p) (cotangent: 'q) =
            let leaves = Tree.leaves x |> Array.map barrier
            let isFloat = leaves |> Array.map _.DType.IsFloat
            let floats = Array.zip isFloat leaves |> Array.filter fst |> Array.map snd

            /// The leaves, with others in place of the floats.
            let replaced (others: Tensor[]) =
                let mutable next = 0

                Array.map2
                    (fun isFloat t ->
                        if isFloat then
                            next <- next + 1
                            others[next - 1]
                        else
                            t)
                    isFloat
                    leaves

            let again (floats: Tensor[]) = f (Tree.rebuild x (replaced floats))
            let struct (_, pull, _) = Transform.vjp "checkpoint" again floats
            Tree.rebuild x (replaced (pull cotangent))

        Transform.custom "checkpoint" ValueNone (ValueSome pull) f

    /// What the function closes over counts among its arguments, found by tracing it: a layer's parameters, say, whose
    /// gradients are wanted. One that reads numbers can't be traced and must do without.
    let run (f: 'p -> 'q) (x: 'p) : 'q =
        let leaves = if Walkers.holdsTensors typeof<'p> then Tree.leaves x else [||]

        if not (Trace.AnyIsOpen()) then
            f x
        else
            let mutable result = Unchecked.defaultof<'q>

            let body (xs: Tensor[]) =
                result <- f (if leaves.Length = 0 then x else Tree.rebuild x xs)
                Tree.leavesOf "checkpoint: the result's type" result

            let like = leaves |> Array.map (fun t -> Stage.signatureOf t, t.Device)

            let traced =
                try
                    ValueSome(Stage.graph "checkpoint" body like)
                with :? TraceException ->
                    ValueNone

            match traced with
            | ValueNone -> saving f x
            | ValueSome(struct (_, captured)) when captured.Length + leaves.Length = 0 -> f x
            | ValueSome(struct (_, captured)) when captured.Length = 0 && isNull (Staging.innermost ()) ->
                saving f x
            | ValueSome(struct (graph, captured)) ->
                saving (GraphInterpreter.Run graph) (Array.append leaves captured) |> Tree.rebuild result
