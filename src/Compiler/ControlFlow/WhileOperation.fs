namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// A loop of unknown length. A batch goes on as long as any of its examples does.
[<Sealed>]
type internal WhileOperation(bodies: Bodies, w: While) =
    inherit ControlOperation(Control.While w)

    let apply (w: While) (inputs: Tensor[]) = Bind.apply (Primitive.Custom(WhileOperation(bodies, w))) inputs

    override _.Evaluate inputs =
        let shared = inputs[.. w.Shared - 1]
        let mutable carry = inputs[w.Shared ..]

        let holds () =
            let test = bodies.Evaluate(w.Condition, Array.append shared carry)
            test[0].ToData<bool>()

        while holds () do
            carry <- bodies.Evaluate(w.Body, Array.append shared carry)

        carry

    override f.Pushed(inputs, tangents) =
        let shared, carry = inputs[.. w.Shared - 1], inputs[w.Shared ..]

        let present = tangents |> Array.map _.IsSome
        let activeShared = BodyRules.places id present[.. w.Shared - 1]
        let moving = BodyRules.places id (Activity.carried w.Body w.Shared carry.Length present)
        let dShared = activeShared |> Array.map (fun i -> tangents[i].Value)
        let dCarry = BodyRules.pickOrZeros moving carry tangents[w.Shared ..]
        let counts = [ shared.Length; dShared.Length; carry.Length; dCarry.Length ]

        let onPrimals run (xs: Tensor[]) =
            match BodyRules.split counts xs with
            | [ shared; _; carry; _ ] -> run (Array.append shared carry)
            | _ -> invalidOp "Four parts were asked for."

        let step (xs: Tensor[]) =
            match BodyRules.split counts xs with
            | [ shared; dShared; carry; dCarry ] ->
                let at = Array.append activeShared (moving |> Array.map ((+) w.Shared))

                let struct (values, pushed) =
                    BodyRules.forward
                        f.Name
                        (bodies.Run w.Body)
                        (Array.append shared carry)
                        at
                        (Array.append dShared dCarry)

                Array.append values (BodyRules.pickOrZeros moving values pushed)
            | _ -> invalidOp "Four parts were asked for."

        let like = BodyRules.likeAll (Array.concat [ shared; dShared; carry; dCarry ])

        let results =
            apply
                {
                    w with
                        Shared = shared.Length + dShared.Length
                        Condition = Stage.closed f.Name (onPrimals (bodies.Run w.Condition)) like
                        Body = Stage.closed f.Name step like
                }
                (Array.concat [ shared; dShared; carry; dCarry ])

        let values, pushed = Array.take carry.Length results, Array.skip carry.Length results
        struct (values, BodyRules.scatter carry.Length moving pushed)

    override _.HasSeries = true

    /// The loop that carries all terms of what moves beside the values.
    override f.Series(order, inputs, rest) =
        let shared, carry = inputs[.. w.Shared - 1], inputs[w.Shared ..]
        let present = rest |> Array.map (Array.exists _.IsSome)
        let sharedPlaces = BodyRules.termPlaces rest[.. w.Shared - 1]
        let moving = BodyRules.places id (Activity.carried w.Body w.Shared carry.Length present)
        let dShared = BodyRules.pickTerms sharedPlaces rest[.. w.Shared - 1]
        let dCarry = BodyRules.termsOrZeros order moving carry rest[w.Shared ..]
        let counts = [ shared.Length; dShared.Length; carry.Length; dCarry.Length ]

        let places =
            Array.append sharedPlaces [|
                for i in moving do
                    for k in 0 .. order - 1 -> struct (w.Shared + i, k)
            |]

        let parts (xs: Tensor[]) =
            match BodyRules.split counts xs with
            | [ shared; dShared; carry; dCarry ] ->
                struct (Array.append shared carry, Array.append dShared dCarry)
            | _ -> invalidOp "Four parts were asked for."

        let onStarts run xs = let struct (starts, _) = parts xs in run starts

        let step (xs: Tensor[]) =
            let struct (starts, terms) = parts xs
            let struct (values, found) = BodyRules.series f.Name order (bodies.Run w.Body) starts places terms
            Array.append values (BodyRules.termsOrZeros order moving values found)

        let all = Array.concat [ shared; dShared; carry; dCarry ]
        let like = BodyRules.likeAll all

        let results =
            apply
                {
                    w with
                        Shared = shared.Length + dShared.Length
                        Condition = Stage.closed f.Name (onStarts (bodies.Run w.Condition)) like
                        Body = Stage.closed f.Name step like
                }
                all

        struct (Array.take carry.Length results,
                BodyRules.scatterTerms carry.Length order moving (Array.skip carry.Length results))

    /// A loop that is recorded can still be pushed through, and one whose result has no cotangent needs no pull.
    override f.Recorded(inputs, _) =
        let pull _ = raise (DerivativeException w.NoReverse)

        struct (apply w inputs, Recorded(f, pull) :> CustomDerivative)

    override f.Batched(trace, operands) =
        let examples = trace.Examples
        let shared = operands[.. w.Shared - 1]
        let carry = operands[w.Shared ..] |> Array.map (BatchRules.each examples)
        let inputs = Array.append (shared |> Array.map _.Tensor) carry

        let marks =
            Array.append (shared |> Array.map BodyRules.isBatched) (carry |> Array.map (fun _ -> true))

        let like = BodyRules.likeAll inputs
        let conditions = BodyRules.batch f.Name examples (bodies.Run w.Condition) marks

        // As long as it holds for any example; an example that is through stays as it is.
        let any xs = Bind.one (Primitive.Reduce(Reduction.Max, [| 0 |])) [| (conditions xs)[0] |]

        let step (xs: Tensor[]) =
            let goesOn = (conditions xs)[0]
            // An example that is through must not raise in a round that it does not take part in.
            let given = if Raising.graph w.Body then BodyRules.harmless goesOn marks xs else xs
            let next = BodyRules.batch f.Name examples (bodies.Run w.Body) marks given

            Array.map2
                (fun before after -> where (BodyRules.spread before goesOn) after before)
                xs[w.Shared ..]
                next

        apply
            {
                w with
                    Condition = Stage.closed f.Name (fun xs -> [| any xs |]) like
                    Body = Stage.closed f.Name step like
            }
            inputs
        |> Array.map trace.Join
