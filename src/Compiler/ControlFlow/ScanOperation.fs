namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// A loop of known length. Its tangents are carried beside the values by a loop of the same length; its cotangents by one
/// that goes the other way, over the carries that each round of the first began with.
[<Sealed>]
type internal ScanOperation(bodies: Bodies, s: Scan) =
    inherit ControlOperation(Control.Scan s)

    let outputs = s.Body.Outputs.Length
    let rounds = ScanRounds s
    let first = rounds.First

    let apply (scan: Scan) (inputs: Tensor[]) =
        Bind.apply (Primitive.Custom(ScanOperation(bodies, scan))) inputs

    let isSteep = lazy Activity.isSteep s.Body

    /// A round on the way back, which computes its values again.
    let again inputs = bodies.Run (Effects.silenced s.Body) inputs

    let ofRounds count = ScanOperation(bodies, { s with Count = count })

    /// Rounds at the end that a derivative begins with by themselves, where these have fewer changes than those that
    /// follow: a change of 0 put in for an absent one would meet their slopes, which may be infinite.
    let mostApart = 3

    let isApart depth (start: bool[]) (settled: bool[]) =
        depth < mostApart && s.Count > 0 && start <> settled && isSteep.Value

    override _.Evaluate inputs =
        let struct (shared, start, sequences) = rounds.Parts inputs
        let mutable carry = start
        let stacked = Array.init (outputs - s.Carry) (fun _ -> Array.zeroCreate<Tensor> s.Count)

        for k in 0 .. s.Count - 1 do
            let results = bodies.Evaluate(s.Body, rounds.Given(k, Array.append shared carry, sequences))
            let at = if s.Reverse then s.Count - 1 - k else k
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

    override f.Pushed(inputs, tangents) = f.PushedAt(0, inputs, tangents)

    member private f.PushedAt(depth: int, inputs, tangents) : struct (Tensor[] * Tensor voption[]) =
        let present = tangents |> Array.map _.IsSome
        let carried = Activity.carried s.Body s.Shared s.Carry present

        if isApart depth present[s.Shared .. first - 1] carried then
            f.PushedApart(depth, inputs, tangents)
        else
            f.PushedTogether(inputs, tangents, present, carried)

    /// The first round in line, then the others.
    member private f.PushedApart(depth, inputs: Tensor[], tangents: Tensor voption[]) =
        let rest = s.Count - 1
        let given = Array.append tangents[.. first - 1] (rounds.CutEach(0, 1, tangents[first..]))
        let like = rounds.Given(0, inputs[.. first - 1], inputs[first..])
        let active = BodyRules.places (fun (t: Tensor voption) -> t.IsSome) given

        let struct (early, dEarly) =
            active
            |> Array.map (fun i -> given[i].Value.Reshape like[i].Dims)
            |> BodyRules.forward f.Name (bodies.Run s.Body) like active

        let struct (late, dLate) =
            (ofRounds rest)
                .PushedAt(
                    depth + 1,
                    rounds.Next(inputs, early, rounds.CutAll(1, rest, inputs[first..])),
                    rounds.Next(tangents, dEarly, rounds.CutEach(1, rest, tangents[first..]))
                )

        let row (t: Tensor) = t.Unsqueeze 0

        struct (Array.init outputs (fun i ->
                    if i < s.Carry then late[i] else rounds.Join(row early[i], late[i])),
                Array.init outputs (fun i ->
                    if i < s.Carry then
                        dLate[i]
                    else
                        rounds.JoinChange(
                            struct (row early[i], ValueOption.map row dEarly[i]),
                            struct (late[i], dLate[i])
                        )))

    /// The loop that carries tangents beside the values. What a part of the carry starts without it may get on the way;
    /// what it never gets it does not carry.
    member private f.PushedTogether(inputs, tangents, present: bool[], carried: bool[]) =
        let changes = Activity.results (Control.Scan s) present
        let shared, carry = BodyRules.places id present[.. s.Shared - 1], BodyRules.places id carried
        let sequences = BodyRules.places id present[first..] |> Array.map ((+) first)
        let stacked = BodyRules.places id changes[s.Carry ..] |> Array.map ((+) s.Carry)
        let carryIn = carry |> Array.map ((+) s.Shared)
        let tangentsOf places = BodyRules.pickOrZeros places inputs tangents
        let struct (sharedIn, carriesIn, sequencesIn) = rounds.Parts inputs
        let dShared, dCarriesIn = tangentsOf shared, tangentsOf carryIn

        let groups = [
            ScanGroup.whole sharedIn
            ScanGroup.whole dShared
            ScanGroup.whole carriesIn
            ScanGroup.whole dCarriesIn
            ScanGroup.sliced sequencesIn
            ScanGroup.sliced (tangentsOf sequences)
        ]

        let step (parts: Tensor[] list) =
            match parts with
            | [ shareds; dShared; carries; dCarry; slices; dSlices ] ->
                let primals = Array.concat [ shareds; carries; slices ]
                let at = Array.concat [ shared; carryIn; sequences ]
                let given = Array.concat [ dShared; dCarry; dSlices ]
                let struct (values, pushed) = BodyRules.forward f.Name (bodies.Run s.Body) primals at given

                Array.concat [
                    values[.. s.Carry - 1]
                    BodyRules.pickOrZeros carry values pushed
                    values[s.Carry ..]
                    BodyRules.pickOrZeros stacked values pushed
                ]
            | _ -> invalidOp "There are six groups."

        let struct (body, all) = ScanGroup.stage f.Name groups step

        let results =
            apply
                {
                    s with
                        Shared = sharedIn.Length + dShared.Length
                        Carry = carriesIn.Length + dCarriesIn.Length
                        Body = body
                }
                all

        match BodyRules.split [ s.Carry; carry.Length; outputs - s.Carry; stacked.Length ] results with
        | [ carries; dCarry; stacks; dStacks ] ->
            let pushed = BodyRules.scatter outputs (Array.append carry stacked) (Array.append dCarry dStacks)

            struct (Array.append carries stacks,
                    Array.map2 (fun isThere d -> if isThere then d else ValueNone) changes pushed)
        | _ -> invalidOp "Four parts were asked for."

    override _.HasSeries = true

    /// The loop that carries all terms of what moves beside the values.
    override f.Series(order, inputs, rest) =
        let present = rest |> Array.map (Array.exists _.IsSome)
        let changes = Activity.results (Control.Scan s) present
        let carry = BodyRules.places id (Activity.carried s.Body s.Shared s.Carry present)
        let stacked = BodyRules.places id changes[s.Carry ..] |> Array.map ((+) s.Carry)
        let struct (sharedIn, carriesIn, sequencesIn) = rounds.Parts inputs
        let struct (restOfShared, restOfCarry, restOfSequences) = rounds.Parts rest
        let shared, sequences = BodyRules.termPlaces restOfShared, BodyRules.termPlaces restOfSequences
        let dCarriesIn = BodyRules.termsOrZeros order carry carriesIn restOfCarry

        let places =
            Array.concat [
                shared
                [|
                    for i in carry do
                        for k in 0 .. order - 1 -> struct (s.Shared + i, k)
                |]
                sequences |> Array.map (fun (struct (i, k)) -> struct (first + i, k))
            ]

        let groups = [
            ScanGroup.whole sharedIn
            ScanGroup.whole (BodyRules.pickTerms shared restOfShared)
            ScanGroup.whole carriesIn
            ScanGroup.whole dCarriesIn
            ScanGroup.sliced sequencesIn
            ScanGroup.sliced (BodyRules.pickTerms sequences restOfSequences)
        ]

        let step (parts: Tensor[] list) =
            match parts with
            | [ shareds; dShared; carries; dCarry; slices; dSlices ] ->
                let struct (values, found) =
                    BodyRules.series
                        f.Name
                        order
                        (bodies.Run s.Body)
                        (Array.concat [ shareds; carries; slices ])
                        places
                        (Array.concat [ dShared; dCarry; dSlices ])

                Array.concat [
                    values[.. s.Carry - 1]
                    BodyRules.termsOrZeros order carry values found
                    values[s.Carry ..]
                    BodyRules.termsOrZeros order stacked values found
                ]
            | _ -> invalidOp "There are six groups."

        let struct (body, all) = ScanGroup.stage f.Name groups step
        let shareds = groups[0].Inputs.Length + groups[1].Inputs.Length
        let carries = carriesIn.Length + dCarriesIn.Length
        let results = apply { s with Shared = shareds; Carry = carries; Body = body } all
        let counts = [ s.Carry; dCarriesIn.Length; outputs - s.Carry; stacked.Length * order ]

        match BodyRules.split counts results with
        | [ values; dCarry; stacks; dStacks ] ->
            struct (Array.append values stacks,
                    Array.append dCarry dStacks
                    |> BodyRules.scatterTerms outputs order (Array.append carry stacked))
        | _ -> invalidOp "Four parts were asked for."

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
        let wanted = Array.map2 (fun isWanted t -> isWanted && BodyRules.isFloat t) wanted inputs
        let pull cotangents = f.Back(0, inputs, results, history, wanted, cotangents)
        struct (results, Recorded(f, pull) :> CustomDerivative)

    /// Cotangents of the inputs wanted; `history` is the carry that each round began with.
    member private f.Back(depth, inputs: Tensor[], results: Tensor[], history: Tensor[], wanted, cotangents) =
        let moving = Activity.carried s.Body s.Shared s.Carry wanted
        let changes = Activity.results (Control.Scan s) wanted

        let read =
            Array.map2 (fun isChanging (c: Tensor voption) -> isChanging && c.IsSome) changes cotangents

        // Of the carry only what moves has a cotangent that somebody wants.
        let returned = Activity.returned s.Body s.Shared s.Carry read |> Array.map2 (&&) moving

        if isApart depth (Array.map2 (&&) moving read[.. s.Carry - 1]) returned then
            f.BackApart(depth, inputs, results, history, wanted, moving, cotangents)
        else
            f.BackTogether(inputs, results, history, wanted, read, returned, cotangents)

    /// Through the last round, then through the others.
    member private f.BackApart
        (
            depth: int,
            inputs: Tensor[],
            results: Tensor[],
            history: Tensor[],
            wanted: bool[],
            moving: bool[],
            cotangents: Tensor voption[]
        ) : Tensor voption[] =
        let rest = s.Count - 1
        let one (t: Tensor) = rounds.One(rest, t)
        let before = Array.map one history
        let primals = rounds.Given(rest, Array.append inputs[.. s.Shared - 1] before, inputs[first..])

        let given = cotangents |> Array.mapi (fun i c -> if i < s.Carry then c else ValueOption.map one c)

        let from = BodyRules.places (fun (c: Tensor voption) -> c.IsSome) given
        let isAsked = Array.concat [ wanted[.. s.Shared - 1]; moving; wanted[first..] ]

        let late =
            from
            |> Array.map (fun i -> given[i].Value)
            |> BodyRules.reverse f.Name again primals (BodyRules.places id isAsked) from

        let cutStacks stacks = rounds.CutAll(0, rest, stacks)

        let early =
            (ofRounds rest)
                .Back(
                    depth + 1,
                    Array.append inputs[.. first - 1] (cutStacks inputs[first..]),
                    Array.append before (cutStacks results[s.Carry ..]),
                    cutStacks history,
                    wanted,
                    Array.append late[s.Shared .. first - 1] (rounds.CutEach(0, rest, cotangents[s.Carry ..]))
                )

        Array.init inputs.Length (fun i ->
            if i >= first then
                let row (t: Tensor) = t.Unsqueeze 0

                rounds.JoinChange(
                    struct (rounds.Cut(0, rest, inputs[i]), early[i]),
                    struct (row primals[i], ValueOption.map row late[i])
                )
            elif i >= s.Shared then
                early[i]
            else
                match early[i], late[i] with
                | ValueSome a, ValueSome b -> ValueSome(Bind.binary Binary.Add b a)
                | ValueSome a, ValueNone -> ValueSome a
                | ValueNone, other -> other)

    /// The loop that goes the other way, with the cotangents of those parts of the carry that have one in some round, and
    /// sums of those of shared inputs.
    member private f.BackTogether
        (
            inputs: Tensor[],
            results: Tensor[],
            history: Tensor[],
            wanted: bool[],
            read: bool[],
            returned: bool[],
            cotangents: Tensor voption[]
        ) : Tensor voption[] =
        let found = Activity.inputs s.Body (Array.append returned read[s.Carry ..])
        let isAsked i = wanted[i] && found[i]

        let shared, carry, sequences =
            Range.filter s.Shared isAsked,
            BodyRules.places id returned,
            Range.filter (inputs.Length - first) (fun i -> isAsked (first + i)) |> Array.map ((+) first)

        let stacked = BodyRules.places id read[s.Carry ..] |> Array.map ((+) s.Carry)
        let carryIn = carry |> Array.map ((+) s.Shared)
        let dCarry = BodyRules.pickOrZeros carry results cotangents
        let dStacked = BodyRules.pickOrZeros stacked results cotangents
        let sums = shared |> Array.map (fun i -> Tensor.zerosLike inputs[i])
        let struct (sharedIn, _, sequencesIn) = rounds.Parts inputs

        let groups = [
            ScanGroup.whole sharedIn
            ScanGroup.whole dCarry
            ScanGroup.whole sums
            ScanGroup.sliced history
            ScanGroup.sliced sequencesIn
            ScanGroup.sliced dStacked
        ]

        let step (parts: Tensor[] list) =
            match parts with
            | [ shareds; dCarry; sums; carries; slices; dSlices ] ->
                let primals = Array.concat [ shareds; carries; slices ]
                let places = Array.concat [ shared; carryIn; sequences ]

                let pulled =
                    Array.append dCarry dSlices
                    |> BodyRules.reverse f.Name again primals places (Array.append carry stacked)

                Array.concat [
                    BodyRules.pickOrZeros carryIn primals pulled
                    Array.map2 (Bind.binary Binary.Add) sums (BodyRules.pickOrZeros shared primals pulled)
                    BodyRules.pickOrZeros sequences primals pulled
                ]
            | _ -> invalidOp "There are six groups."

        let struct (body, all) = ScanGroup.stage f.Name groups step

        let pulled =
            all
            |> apply {
                Count = s.Count
                Reverse = not s.Reverse
                Shared = s.Shared
                Carry = dCarry.Length + sums.Length
                Body = body
            }
            |> BodyRules.scatter inputs.Length (Array.concat [ carryIn; shared; sequences ])

        // What only comes in at the end of the last round goes no further than that.
        if s.Count = 0 then
            pulled
        else
            Array.mapi (fun i c -> if found[i] then c else ValueNone) pulled

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
