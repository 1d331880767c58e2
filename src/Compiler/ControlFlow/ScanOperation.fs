namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined

/// A loop of known length. Its tangents are carried beside the values by a loop of the same length; its cotangents by one
/// that goes the other way, over the carries that each round of the first began with.
[<Sealed>]
type internal ScanOperation(bodies: Bodies, s: Scan) =
    inherit ControlOperation(Control.Scan s)

    let outputs = s.Body.Outputs.Length
    let parts (xs: 'a[]) = BodyRules.split [ s.Shared; s.Carry; xs.Length - s.Shared - s.Carry ] xs

    let apply (scan: Scan) (inputs: Tensor[]) =
        Bind.apply (Primitive.Custom(ScanOperation(bodies, scan))) inputs

    override _.Evaluate inputs =
        match parts inputs with
        | [ shared; carry; sequences ] ->
            let mutable carry = carry
            let stacked = Array.init (outputs - s.Carry) (fun _ -> Array.zeroCreate<Tensor> s.Count)

            for k in 0 .. s.Count - 1 do
                let at = if s.Reverse then s.Count - 1 - k else k
                let slice (t: Tensor) = (sliceAxis 0 at 1 t).Reshape t.Dims[1..]

                let given = Array.concat [ shared; carry; Array.map slice sequences ]
                let results = bodies.Evaluate(s.Body, given)

                carry <- results[.. s.Carry - 1]
                stacked |> Array.iteri (fun i into -> into[at] <- results[s.Carry + i])

            let signatures = Graph.results (Control.Scan s)

            let stack i (slices: Tensor[]) =
                if slices.Length = 0 then
                    let r = signatures[s.Carry + i]
                    let device = if inputs.Length > 0 then inputs[0].Device else Ambient.device ()
                    Bind.full (Literal.Whole 0L) r.DType r.Shape device
                else
                    stack 0 slices

            Array.append carry (Array.mapi stack stacked)
        | _ -> invalidOp "Three parts were asked for."

    override f.Pushed(inputs, tangents) =
        let active = tangents |> BodyRules.places _.IsSome

        let moving =
            Array.init inputs.Length (fun i ->
                // Every float of the carry: what it starts without, it may get on the way.
                if i >= s.Shared && i < s.Shared + s.Carry then
                    BodyRules.isFloat inputs[i]
                else
                    Array.contains i active)

        match parts inputs, parts (Array.mapi (fun i m -> i, m) moving) with
        | [ shared; carry; sequences ], [ movingShared; movingCarry; movingSequences ] ->
            let moved part = part |> Array.filter snd |> Array.map fst
            let at = Array.concat [ moved movingShared; moved movingCarry; moved movingSequences ]
            let tangent i = BodyRules.orZeros inputs[i] tangents[i]

            let dShared, dCarry, dSequences =
                Array.map tangent (moved movingShared),
                Array.map tangent (moved movingCarry),
                Array.map tangent (moved movingSequences)

            let counts = [
                shared.Length
                dShared.Length
                carry.Length
                dCarry.Length
                sequences.Length
                dSequences.Length
            ]

            let step (xs: Tensor[]) =
                match BodyRules.split counts xs with
                | [ shared; dShared; carry; dCarry; slices; dSlices ] ->
                    let primals = Array.concat [ shared; carry; slices ]
                    let given = Array.concat [ dShared; dCarry; dSlices ]

                    let struct (values, pushed) =
                        BodyRules.forward f.Name (bodies.Run s.Body) primals at given

                    let pushedCarry =
                        values |> Array.take s.Carry |> Array.filter BodyRules.isFloat |> Array.length

                    Array.concat [
                        values[.. s.Carry - 1]
                        pushed[.. pushedCarry - 1]
                        values[s.Carry ..]
                        pushed[pushedCarry..]
                    ]
                | _ -> invalidOp "Six parts were asked for."

            let like =
                Array.concat [
                    BodyRules.likeAll shared
                    BodyRules.likeAll dShared
                    BodyRules.likeAll carry
                    BodyRules.likeAll dCarry
                    Array.map BodyRules.likeSlice sequences
                    Array.map BodyRules.likeSlice dSequences
                ]

            let body = Stage.closed f.Name step like

            let results =
                apply
                    {
                        s with
                            Shared = shared.Length + dShared.Length
                            Carry = carry.Length + dCarry.Length
                            Body = body
                    }
                    (Array.concat [ shared; dShared; carry; dCarry; sequences; dSequences ])

            let stacked = outputs - s.Carry

            match
                BodyRules.split
                    [ s.Carry; dCarry.Length; stacked; results.Length - outputs - dCarry.Length ]
                    results
            with
            | [ carry; dCarry; stacked; dStacked ] ->
                let values = Array.append carry stacked
                let floats = BodyRules.places BodyRules.isFloat values
                struct (values, BodyRules.scatter outputs floats (Array.append dCarry dStacked))
            | _ -> invalidOp "Four parts were asked for."
        | _ -> invalidOp "Three parts were asked for."

    /// Carries of all rounds are one tensor each.
    member private f.RequireRoom(carry: Tensor[]) =
        for t in carry do
            if int64 s.Count * int64 t.Size > int64 System.Array.MaxLength then
                raise (
                    MemoryException
                        $"{f.Name}: reverse mode keeps what goes round, {t.DType} {Shape.show t.Dims}, as it was in each of {s.Count} rounds: {int64 s.Count * int64 t.Size} elements, more than one tensor can hold. Put rounds together, `iterate` in a `checkpoint` in an outer `iterate`, so that only those of the outer loop are kept; or use forward mode (`jvp`)."
                )

    override f.Recorded(inputs, wanted) =
        f.RequireRoom inputs[s.Shared .. s.Shared + s.Carry - 1]
        // Forward: each step's carry is stacked as it comes in.
        let carryIn = Array.init s.Carry (fun i -> s.Body.Inputs[s.Shared + i])
        let body = { s.Body with Outputs = Array.append s.Body.Outputs carryIn }
        let all = apply { s with Body = body } inputs
        let results, history = Array.take outputs all, Array.skip outputs all

        match parts inputs with
        | [ shared; _; sequences ] ->
            let floats places = places |> Array.filter (fun i -> BodyRules.isFloat inputs[i])

            let wantedShared =
                floats [|
                    for i in 0 .. s.Shared - 1 do
                        if wanted[i] then i
                |]

            let carries = floats [| s.Shared .. s.Shared + s.Carry - 1 |]

            let wantedSequences =
                floats [|
                    for i in s.Shared + s.Carry .. inputs.Length - 1 do
                        if wanted[i] then i
                |]

            let pull (cotangents: Tensor voption[]) =
                let given = Array.map2 BodyRules.orZeros results cotangents

                let floatCarry = [|
                    for i in 0 .. s.Carry - 1 do
                        if BodyRules.isFloat results[i] then i
                |]

                let floatStacked = [|
                    for i in s.Carry .. outputs - 1 do
                        if BodyRules.isFloat results[i] then i
                |]

                let dCarry, dStacked = BodyRules.pick floatCarry given, BodyRules.pick floatStacked given
                let dShared = wantedShared |> Array.map (fun i -> Tensor.zerosLike inputs[i])

                let counts = [
                    s.Shared
                    dCarry.Length
                    dShared.Length
                    s.Carry
                    sequences.Length
                    dStacked.Length
                ]

                let step (xs: Tensor[]) =
                    match BodyRules.split counts xs with
                    | [ shared; dCarry; dShared; carry; slices; dSlices ] ->
                        let primals = Array.concat [ shared; carry; slices ]
                        let places = Array.concat [ carries; wantedShared; wantedSequences ]

                        let pulled =
                            BodyRules.reverse
                                f.Name
                                (bodies.Run s.Body)
                                primals
                                places
                                (Array.append dCarry dSlices)

                        match
                            BodyRules.split
                                [ carries.Length; wantedShared.Length; wantedSequences.Length ]
                                pulled
                        with
                        | [ toCarry; toShared; toSlices ] ->
                            Array.concat [
                                toCarry
                                Array.map2 (fun sum d -> Bind.binary Binary.Add sum d) dShared toShared
                                toSlices
                            ]
                        | _ -> invalidOp "Three parts were asked for."
                    | _ -> invalidOp "Six parts were asked for."

                let like =
                    Array.concat [
                        BodyRules.likeAll shared
                        BodyRules.likeAll dCarry
                        BodyRules.likeAll dShared
                        Array.map BodyRules.likeSlice history
                        Array.map BodyRules.likeSlice sequences
                        Array.map BodyRules.likeSlice dStacked
                    ]

                let back = {
                    Count = s.Count
                    Reverse = not s.Reverse
                    Shared = s.Shared
                    Carry = dCarry.Length + dShared.Length
                    Body = Stage.closed f.Name step like
                }

                let pulled =
                    apply back (Array.concat [ shared; dCarry; dShared; history; sequences; dStacked ])

                BodyRules.scatter
                    inputs.Length
                    (Array.concat [ carries; wantedShared; wantedSequences ])
                    pulled

            struct (results, Recorded(f, pull) :> CustomDerivative)
        | _ -> invalidOp "Three parts were asked for."

    override f.Batched(trace, operands) =
        let examples = trace.Examples

        let inputs =
            operands
            |> Array.mapi (fun i operand ->
                if i < s.Shared then
                    operand.Tensor
                elif i < s.Shared + s.Carry then
                    BatchRules.each examples operand
                else
                    match operand with
                    // The axis of slices comes first, then that of examples.
                    | Operand.Batched t -> t.MoveAxis(1, 0)
                    | Operand.Shared t -> t)

        let batched =
            operands
            |> Array.mapi (fun i operand ->
                (i >= s.Shared && i < s.Shared + s.Carry) || BodyRules.isBatched operand)

        let like =
            inputs
            |> Array.mapi (fun i t ->
                if i < s.Shared + s.Carry then
                    BodyRules.pair (BodyRules.like t)
                else
                    BodyRules.likeSlice t)

        let body = Stage.closed f.Name (BodyRules.batch f.Name examples (bodies.Run s.Body) batched) like

        apply { s with Body = body } inputs
        |> Array.mapi (fun i t -> trace.Join(if i < s.Carry then t else t.MoveAxis(0, 1)))
