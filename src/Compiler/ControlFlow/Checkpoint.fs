namespace Cotangent.Compiler

open Cotangent
open Cotangent.Differentiation

/// A function of which only the arguments are kept for the way back, where its values are computed again.
[<Sealed>]
type internal Recomputed(f: Tensor[] -> Tensor[]) =
    inherit CustomDerivative("checkpoint")

    /// Keeps a compiler from finding that what is computed again is there already.
    let barrier (t: Tensor) = Bind.one Primitive.Barrier [| t |]

    override _.IsFollowed = true
    override _.Run inputs = f inputs

    override _.Pushed(inputs, tangents) =
        let active = BodyRules.places (fun (t: Tensor voption) -> t.IsSome) tangents
        let changing, count = ref [||], ref 0

        let both (xs: Tensor[]) =
            let primals, given = Array.take inputs.Length xs, Array.skip inputs.Length xs
            let struct (values, pushed) = BodyRules.forward "checkpoint" f primals active given
            count.Value <- values.Length
            changing.Value <- BodyRules.places (fun (t: Tensor voption) -> t.IsSome) pushed
            Array.append values (BodyRules.pick changing.Value pushed |> Array.map _.Value)

        // Values and tangents are one function, whose values are not kept either.
        let given = active |> Array.map (fun i -> tangents[i].Value)
        let all = Bind.apply (Primitive.Custom(Recomputed both)) (Array.append inputs given)

        struct (Array.take count.Value all,
                BodyRules.scatter count.Value changing.Value (Array.skip count.Value all))

    override f.Push(inputs, _, tangents) =
        let struct (_, pushed) = f.Pushed(inputs, tangents)
        pushed

    override _.Pull(inputs, _, cotangents) =
        let given = BodyRules.places (fun (c: Tensor voption) -> c.IsSome) cotangents
        let wanted = BodyRules.places BodyRules.isFloat inputs
        let primals = inputs |> Array.map barrier

        BodyRules.reverse
            "checkpoint"
            f
            primals
            wanted
            given
            (given |> Array.map (fun i -> cotangents[i].Value))

/// Values that are not kept for the way back of reverse mode but computed again.
module internal Checkpoint =
    /// A function of all that it is differentiated by: only its arguments are kept.
    let private saving (f: 'p -> 'q) (x: 'p) : 'q =
        let template = ref ValueNone

        let run (inputs: Tensor[]) =
            let y = f (Tree.rebuild x inputs)
            if template.Value.IsNone then template.Value <- ValueSome y
            Tree.leaves y

        let outputs = Bind.apply (Primitive.Custom(Recomputed run)) (Tree.leaves x)
        Tree.rebuild template.Value.Value outputs

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
