namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// One of two branches. Each rule is a choice between the two branches' rules.
[<Sealed>]
type internal CondOperation(bodies: Bodies, c: Cond) =
    inherit ControlOperation(Control.Cond c)

    let apply (c: Cond) (inputs: Tensor[]) = Bind.apply (Primitive.Custom(CondOperation(bodies, c))) inputs

    override _.Evaluate inputs =
        let branch = if inputs[0].ToData<bool>() then c.OnTrue else c.OnFalse
        bodies.Evaluate(branch, inputs[1..])

    override f.Pushed(inputs, tangents) =
        let given = inputs[1..]
        let active = BodyRules.places (fun (t: Tensor voption) -> t.IsSome) tangents[1..]
        let d = active |> Array.map (fun i -> tangents[i + 1].Value)

        let changing =
            BodyRules.places id (Activity.results (Control.Cond c) (tangents |> Array.map _.IsSome))

        let push branch (xs: Tensor[]) =
            let struct (values, pushed) =
                BodyRules.forward
                    f.Name
                    (bodies.Run branch)
                    (Array.take given.Length xs)
                    active
                    (Array.skip given.Length xs)

            Array.append values (BodyRules.withPresence changing values pushed)

        let like = BodyRules.likeAll (Array.append given d)

        let graphs = [| c.OnTrue; c.OnFalse |] |> Array.map (fun g -> Stage.closed f.Name (push g) like)
        let struct (unsure, graphs) = BodyRules.unsure changing.Length graphs

        let results =
            apply { OnTrue = graphs[0]; OnFalse = graphs[1] } (Array.concat [ inputs[..0]; given; d ])

        let count = c.OnTrue.Outputs.Length
        let pushed = Array.sub results count changing.Length
        BodyRules.markUnsure pushed unsure (Array.skip (count + changing.Length) results)
        struct (Array.take count results, BodyRules.scatter count changing pushed)

    override _.HasSeries = true

    override f.Series(order, inputs, rest) =
        let given, places = inputs[1..], BodyRules.termPlaces rest[1..]
        let isMoving (terms: Tensor voption[]) = terms |> Array.exists _.IsSome
        let changing = BodyRules.places id (Activity.results (Control.Cond c) (Array.map isMoving rest))

        let along branch (xs: Tensor[]) =
            let struct (values, found) =
                Array.skip given.Length xs
                |> BodyRules.series f.Name order (bodies.Run branch) (Array.take given.Length xs) places

            Array.append values (BodyRules.termsOrZeros order changing values found)

        let all = Array.append given (BodyRules.pickTerms places rest[1..])
        let staged branch = Stage.closed f.Name (along branch) (BodyRules.likeAll all)

        let results =
            apply { OnTrue = staged c.OnTrue; OnFalse = staged c.OnFalse } (Array.append inputs[..0] all)

        let count = c.OnTrue.Outputs.Length

        struct (Array.take count results,
                BodyRules.scatterTerms count order changing (Array.skip count results))

    override f.Recorded(inputs, wanted) =
        let results = apply c inputs
        let given = inputs[1..]

        let wanted = Array.map2 (fun isWanted t -> isWanted && BodyRules.isFloat t) wanted inputs

        let pull (cotangents: Tensor voption[]) =
            let read = cotangents |> Array.map _.IsSome
            let cotangentAt = BodyRules.places id read
            let d = cotangentAt |> Array.map (fun i -> cotangents[i].Value)

            // What either branch has a cotangent of.
            let places =
                Activity.arguments (Control.Cond c) inputs.Length read
                |> Array.map2 (&&) wanted
                |> Array.skip 1
                |> BodyRules.places id

            let back branch (xs: Tensor[]) =
                let primals = Array.take given.Length xs

                BodyRules.reverse
                    f.Name
                    (bodies.Run(Effects.silenced branch))
                    primals
                    places
                    cotangentAt
                    (Array.skip given.Length xs)
                |> BodyRules.withPresence places primals

            let like = BodyRules.likeAll (Array.append given d)

            let graphs = [| c.OnTrue; c.OnFalse |] |> Array.map (fun g -> Stage.closed f.Name (back g) like)
            let struct (unsure, graphs) = BodyRules.unsure places.Length graphs

            let results =
                apply { OnTrue = graphs[0]; OnFalse = graphs[1] } (Array.concat [ inputs[..0]; given; d ])

            let pulled = Array.take places.Length results
            BodyRules.markUnsure pulled unsure (Array.skip places.Length results)
            BodyRules.scatter inputs.Length (places |> Array.map ((+) 1)) pulled

        struct (results, Recorded(f, pull) :> CustomDerivative)

    override f.Batched(trace, operands) =
        let examples = trace.Examples
        let marks = operands[1..] |> Array.map BodyRules.isBatched
        let inputs = operands |> Array.map _.Tensor
        let both branch xs = BodyRules.batch f.Name examples (bodies.Run branch) marks xs

        match operands[0] with
        | Operand.Shared _ ->
            let like = BodyRules.likeAll inputs[1..]

            apply
                {
                    OnTrue = Stage.closed f.Name (both c.OnTrue) like
                    OnFalse = Stage.closed f.Name (both c.OnFalse) like
                }
                inputs
            |> Array.map trace.Join
        | Operand.Batched test ->
            // Each example takes its own branch: both are computed, and one chosen.
            Array.map2
                (fun a b -> trace.Join(where (BodyRules.spread a test) a b))
                (f.Guarded(c.OnTrue, examples, test, marks, inputs[1..]))
                (f.Guarded(c.OnFalse, examples, test.Not(), marks, inputs[1..]))

    /// A branch for a batch of which not every example takes it. What may raise is given harmless numbers for the others,
    /// and is not run at all where there are only others.
    member private f.Guarded
        (branch: Graph, examples: int, mask: Tensor, marks: bool[], inputs: Tensor[])
        : Tensor[] =
        let all given = BodyRules.batch f.Name examples (bodies.Run branch) marks given

        if not (Raising.graph branch) then
            all inputs
        else
            let none _ =
                branch.Outputs
                |> Array.map (fun i ->
                    let node = branch.Nodes[i]
                    let shape = Array.append [| examples |] node.Shape
                    Bind.full (Literal.Whole 0L) node.DType shape mask.Device)

            let some (xs: Tensor[]) = all (BodyRules.harmless xs[0] marks xs[1..])
            let given = Array.append [| mask |] inputs
            let like = BodyRules.likeAll given
            let any = Bind.one (Primitive.Reduce(Reduction.Max, [| 0 |])) [| mask |]

            apply
                { OnTrue = Stage.closed f.Name some like; OnFalse = Stage.closed f.Name none like }
                (Array.append [| any |] given)
