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

    let first = s.Shared + s.Carry
    let isSteep = lazy Activity.isSteep s.Body
    let rounds count = ScanOperation(bodies, { s with Count = count })

    /// Of what is there for each round, the part of so many rounds, in the order in which they run.
    let cut early count (t: Tensor) =
        sliceAxis 0 (if s.Reverse then s.Count - early - count else early) count t

    /// What the body is given in a round.
    let roundOf early (others: Tensor[]) sequences =
        Array.append others (sequences |> Array.map (fun t -> (cut early 1 t).Reshape t.Dims[1..]))

    /// What comes next after a round, in the order of the inputs.
    let next (inputs: 'a[]) (results: 'a[]) (sequences: 'a[]) =
        Array.concat [ inputs[.. s.Shared - 1]; Array.take s.Carry results; sequences ]

    let cutEach early count (xs: Tensor voption[]) = xs |> Array.map (ValueOption.map (cut early count))

    let join (early: Tensor) (late: Tensor) =
        concat 0 (if s.Reverse then [ late; early ] else [ early; late ])

    /// Two parts of a change, where either is there.
    let joinChange (early: struct (Tensor * Tensor voption)) (late: struct (Tensor * Tensor voption)) =
        match early, late with
        | struct (_, ValueNone), struct (_, ValueNone) -> ValueNone
        | struct (a, da), struct (b, db) -> ValueSome(join (BodyRules.orZeros a da) (BodyRules.orZeros b db))

    /// Rounds at the end that a derivative begins with by themselves, where these have fewer changes than those that
    /// follow: a change of 0 put in for an absent one would meet their slopes, which may be infinite.
    let mostApart = 3

    let isApart depth (start: bool[]) (settled: bool[]) =
        depth < mostApart && s.Count > 0 && start <> settled && isSteep.Value

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
        let given = Array.append tangents[.. first - 1] (cutEach 0 1 tangents[first..])
        let like = roundOf 0 inputs[.. first - 1] inputs[first..]
        let active = BodyRules.places (fun (t: Tensor voption) -> t.IsSome) given

        let struct (early, dEarly) =
            active
            |> Array.map (fun i -> given[i].Value.Reshape like[i].Dims)
            |> BodyRules.forward f.Name (bodies.Run s.Body) like active

        let struct (late, dLate) =
            (rounds rest)
                .PushedAt(
                    depth + 1,
                    next inputs early (Array.map (cut 1 rest) inputs[first..]),
                    next tangents dEarly (cutEach 1 rest tangents[first..])
                )

        let row (t: Tensor) = t.Unsqueeze 0

        struct (Array.init outputs (fun i -> if i < s.Carry then late[i] else join (row early[i]) late[i]),
                Array.init outputs (fun i ->
                    if i < s.Carry then
                        dLate[i]
                    else
                        joinChange
                            (struct (row early[i], ValueOption.map row dEarly[i]))
                            (struct (late[i], dLate[i]))))

    /// The loop that carries tangents beside the values. What a part of the carry starts without it may get on the way;
    /// what it never gets it does not carry.
    member private f.PushedTogether(inputs, tangents, present: bool[], carried: bool[]) =
        let changes = Activity.results (Control.Scan s) present

        let shared, carry, sequences =
            BodyRules.places id present[.. s.Shared - 1],
            BodyRules.places id carried,
            BodyRules.places id present[first..] |> Array.map ((+) first)

        let stacked = BodyRules.places id changes[s.Carry ..] |> Array.map ((+) s.Carry)
        let carryIn = carry |> Array.map ((+) s.Shared)
        let tangentsOf places = BodyRules.pickOrZeros places inputs tangents
        let dShared, dCarry, dSequences = tangentsOf shared, tangentsOf carryIn, tangentsOf sequences

        match parts inputs with
        | [ sharedIn; carriesIn; sequencesIn ] ->
            let counts = [
                sharedIn.Length
                dShared.Length
                carriesIn.Length
                dCarry.Length
                sequencesIn.Length
                dSequences.Length
            ]

            let step (xs: Tensor[]) =
                match BodyRules.split counts xs with
                | [ shareds; dShared; carries; dCarry; slices; dSlices ] ->
                    let primals = Array.concat [ shareds; carries; slices ]
                    let at = Array.concat [ shared; carryIn; sequences ]
                    let given = Array.concat [ dShared; dCarry; dSlices ]

                    let struct (values, pushed) =
                        BodyRules.forward f.Name (bodies.Run s.Body) primals at given

                    Array.concat [
                        values[.. s.Carry - 1]
                        BodyRules.pickOrZeros carry values pushed
                        values[s.Carry ..]
                        BodyRules.pickOrZeros stacked values pushed
                    ]
                | _ -> invalidOp "Six parts were asked for."

            let like =
                Array.concat [
                    BodyRules.likeAll sharedIn
                    BodyRules.likeAll dShared
                    BodyRules.likeAll carriesIn
                    BodyRules.likeAll dCarry
                    Array.map BodyRules.likeSlice sequencesIn
                    Array.map BodyRules.likeSlice dSequences
                ]

            let results =
                apply
                    {
                        s with
                            Shared = sharedIn.Length + dShared.Length
                            Carry = carriesIn.Length + dCarry.Length
                            Body = Stage.closed f.Name step like
                    }
                    (Array.concat [ sharedIn; dShared; carriesIn; dCarry; sequencesIn; dSequences ])

            match BodyRules.split [ s.Carry; dCarry.Length; outputs - s.Carry; stacked.Length ] results with
            | [ carries; dCarry; stacks; dStacks ] ->
                let pushed =
                    BodyRules.scatter outputs (Array.append carry stacked) (Array.append dCarry dStacks)

                struct (Array.append carries stacks,
                        Array.map2 (fun isThere d -> if isThere then d else ValueNone) changes pushed)
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
        let one (t: Tensor) = (cut rest 1 t).Reshape t.Dims[1..]
        let before = Array.map one history
        let primals = roundOf rest (Array.append inputs[.. s.Shared - 1] before) inputs[first..]

        let given = cotangents |> Array.mapi (fun i c -> if i < s.Carry then c else ValueOption.map one c)

        let from = BodyRules.places (fun (c: Tensor voption) -> c.IsSome) given
        let isAsked = Array.concat [ wanted[.. s.Shared - 1]; moving; wanted[first..] ]

        let late =
            from
            |> Array.map (fun i -> given[i].Value)
            |> BodyRules.reverse f.Name (bodies.Run s.Body) primals (BodyRules.places id isAsked) from

        let cutStacks stacks = stacks |> Array.map (cut 0 rest)

        let early =
            (rounds rest)
                .Back(
                    depth + 1,
                    Array.append inputs[.. first - 1] (cutStacks inputs[first..]),
                    Array.append before (cutStacks results[s.Carry ..]),
                    cutStacks history,
                    wanted,
                    Array.append late[s.Shared .. first - 1] (cutEach 0 rest cotangents[s.Carry ..])
                )

        Array.init inputs.Length (fun i ->
            if i >= first then
                let row (t: Tensor) = t.Unsqueeze 0

                joinChange
                    (struct (cut 0 rest inputs[i], early[i]))
                    (struct (row primals[i], ValueOption.map row late[i]))
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

        match parts inputs with
        | [ sharedIn; _; sequencesIn ] ->
            let counts = [
                s.Shared
                dCarry.Length
                sums.Length
                s.Carry
                sequencesIn.Length
                dStacked.Length
            ]

            let step (xs: Tensor[]) =
                match BodyRules.split counts xs with
                | [ shareds; dCarry; sums; carries; slices; dSlices ] ->
                    let primals = Array.concat [ shareds; carries; slices ]
                    let places = Array.concat [ shared; carryIn; sequences ]
                    let given = Array.append carry stacked

                    let pulled =
                        BodyRules.reverse
                            f.Name
                            (bodies.Run s.Body)
                            primals
                            places
                            given
                            (Array.append dCarry dSlices)

                    Array.concat [
                        BodyRules.pickOrZeros carryIn primals pulled
                        Array.map2 (Bind.binary Binary.Add) sums (BodyRules.pickOrZeros shared primals pulled)
                        BodyRules.pickOrZeros sequences primals pulled
                    ]
                | _ -> invalidOp "Six parts were asked for."

            let like =
                Array.concat [
                    BodyRules.likeAll sharedIn
                    BodyRules.likeAll dCarry
                    BodyRules.likeAll sums
                    Array.map BodyRules.likeSlice history
                    Array.map BodyRules.likeSlice sequencesIn
                    Array.map BodyRules.likeSlice dStacked
                ]

            let back = {
                Count = s.Count
                Reverse = not s.Reverse
                Shared = s.Shared
                Carry = dCarry.Length + sums.Length
                Body = Stage.closed f.Name step like
            }

            let pulled =
                apply back (Array.concat [ sharedIn; dCarry; sums; history; sequencesIn; dStacked ])
                |> BodyRules.scatter inputs.Length (Array.concat [ carryIn; shared; sequences ])

            // What only comes in at the end of the last round goes no further than that.
            if s.Count = 0 then
                pulled
            else
                Array.mapi (fun i c -> if found[i] then c else ValueNone) pulled
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
