namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation

/// Control flow as operations with derivatives and batching rules: each rule makes another graph, by interpreting the
/// body's graph under the trace of the transformation and staging what that does.
[<AbstractClass>]
type internal GraphOperation(name) =
    inherit StagedOperation(name)

    /// The operation on numbers.
    abstract Evaluate: Tensor[] -> Tensor[]
    /// The operation in a graph that is being made.
    abstract Staged: StageTrace * Tensor[] -> Tensor[]
    /// The operation on all examples of a batch; every result is batched.
    abstract Batched: BatchTrace * Operand[] -> Tensor[]

    override f.Run inputs =
        let batches =
            inputs
            |> Array.choose (fun t ->
                match t with
                | Traced(:? BatchTracer as r) -> Some(r.Trace :?> BatchTrace)
                | Traced _
                | Value _ -> None)

        if batches.Length > 0 then
            let trace = batches |> Array.maxBy _.Level
            f.Batched(trace, Array.map trace.Operand inputs)
        else
            match Staging.innermost () with
            | :? StageTrace as staging -> f.Staged(staging, inputs)
            | _ -> f.Evaluate inputs

    // The rules below make other graphs; a tape calls `Recorded`, which keeps what these would compute again.
    override f.Push(inputs, _, tangents) =
        let struct (_, pushed) = f.Pushed(inputs, tangents)
        pushed

    override f.Pull(inputs, outputs, cotangents) =
        let wanted = inputs |> Array.map _.DType.IsFloat
        let struct (_, recorded) = f.Recorded(inputs, wanted)
        recorded.Pull(inputs, outputs, cotangents)

/// Control flow: a node of its own in a graph.
[<AbstractClass>]
type internal ControlOperation(control: Control) =
    inherit GraphOperation(Graph.describe control)
    override _.Staged(staging, inputs) = staging.Control(control, inputs)

/// An operation that has run for a tape, with its residuals in the function that pulls.
[<Sealed>]
type internal Recorded(f: GraphOperation, pull: Tensor voption[] -> Tensor voption[]) =
    inherit CustomDerivative(f.Name)
    override _.Run inputs = f.Run inputs
    override _.Push(inputs, outputs, tangents) = f.Push(inputs, outputs, tangents)
    override _.Pull(_, _, cotangents) = pull cotangents

/// What the rules of control flow have in common.
module internal Rules =
    let like (t: Tensor) = struct (({ DType = t.DType; Shape = t.Dims }: Signature), t.Device)
    let pair (struct (a, b)) = a, b
    let likeAll (ts: Tensor[]) = Array.map (like >> pair) ts

    /// Like one slice along axis 0.
    let likeSlice (t: Tensor) = { DType = t.DType; Shape = t.Dims[1..] }, t.Device

    let isFloat (t: Tensor) = t.DType.IsFloat

    /// The places of those that hold.
    let places (holds: 'a -> bool) (xs: 'a[]) =
        xs |> Seq.indexed |> Seq.filter (snd >> holds) |> Seq.map fst |> Array.ofSeq

    let pick (places: int[]) (xs: 'a[]) = places |> Array.map (fun i -> xs[i])

    /// Cuts an array into consecutive parts.
    let split (counts: int list) (xs: 'a[]) : 'a[] list =
        let starts = List.scan (+) 0 counts
        List.map2 (fun start count -> Array.sub xs start count) (List.take counts.Length starts) counts

    let orZeros (like: Tensor) (t: Tensor voption) =
        match t with
        | ValueSome t -> t
        | ValueNone -> Tensor.zerosLike like

    /// Values at some places of an array of absent ones.
    let scatter length (places: int[]) (values: Tensor[]) : Tensor voption[] =
        let result = Array.create length ValueNone
        Array.iter2 (fun i v -> result[i] <- ValueSome v) places values
        result

    /// f with some of its inputs' tangents given: outputs, and the tangents of all float outputs.
    let forward name (f: Tensor[] -> Tensor[]) (primals: Tensor[]) (active: int[]) (tangents: Tensor[]) =
        let trace = ForwardTrace name

        try
            let joined = Array.copy primals
            Array.iter2 (fun i d -> joined[i] <- trace.Join(primals[i], ValueSome d)) active tangents
            let outputs = f joined |> Array.map trace.Split
            let values = outputs |> Array.map (fun (struct (p, _)) -> p)

            let pushed =
                outputs
                |> Array.filter (fun (struct (p, _)) -> isFloat p)
                |> Array.map (fun (struct (p, d)) -> orZeros p d)

            struct (values, pushed)
        finally
            trace.Close()

    /// Cotangents of some inputs of f, from those of its float outputs.
    let reverse name (f: Tensor[] -> Tensor[]) (primals: Tensor[]) (wanted: int[]) (cotangents: Tensor[]) =
        let trace = ReverseTrace(name, false)

        let outputs =
            try
                let variables = Array.copy primals

                for i in wanted do
                    variables[i] <- trace.Variable primals[i]

                f variables
            finally
                trace.Close()

        let seeds =
            Array.map2 (fun t c -> struct (trace.Place t, c)) (outputs |> Array.filter isFloat) cotangents

        trace.Pull(wanted.Length, seeds) |> Array.mapi (fun k found -> orZeros primals[wanted[k]] found)

    /// f on a batch: inputs marked hold one value for each example along axis 0; so do all outputs.
    let batch name examples (f: Tensor[] -> Tensor[]) (batched: bool[]) (inputs: Tensor[]) =
        let trace = BatchTrace(name, examples)

        try
            Array.map2 (fun (t: Tensor) isBatched -> if isBatched then trace.Join t else t) inputs batched
            |> f
            |> Array.map trace.Each
        finally
            trace.Close()

    let isBatched (operand: Operand) = operand.IsBatched

/// Evaluates a graph by binding its primitives: on numbers, or under any transformation.
[<AbstractClass; Sealed>]
type internal GraphInterpreter private () =
    /// `made` is told of arguments and value of each primitive; `passed` of each node whose value has been read for the
    /// last time, and of the value.
    static member private Walk
        (g: Graph, inputs: Tensor[], made: Tensor[] -> Tensor -> unit, passed: int -> Tensor -> unit)
        =
        let values: Tensor[] = Array.zeroCreate g.Nodes.Length
        let results: Tensor[][] = Array.zeroCreate g.Nodes.Length
        let last = Array.init g.Nodes.Length id

        for i in 0 .. g.Nodes.Length - 1 do
            for j in g.Nodes[i].Inputs do
                last[j] <- i

        for i in g.Outputs do
            last[i] <- System.Int32.MaxValue

        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]
            let arguments = node.Inputs |> Array.map (fun j -> values[j])

            match node.Operation with
            | Operation.Input n -> values[i] <- inputs[n]
            | Operation.Constant buffer -> values[i] <- Value buffer
            | Operation.Primitive p ->
                values[i] <- if arguments.Length = 0 then Bind.create p node.Device else Bind.one p arguments
                made arguments values[i]
            | Operation.Control control ->
                results[i] <- Bind.apply (Primitive.Custom(GraphInterpreter.Operation control)) arguments
            | Operation.Item n -> values[i] <- results[node.Inputs[0]][n]

            // Nothing is held longer than it is read.
            for j in Array.distinct node.Inputs do
                if last[j] = i then
                    let value = values[j]
                    values[j] <- Unchecked.defaultof<Tensor>
                    passed j value

        g.Outputs |> Array.map (fun i -> values[i])

    static member Run (g: Graph) (inputs: Tensor[]) : Tensor[] =
        GraphInterpreter.Walk(g, inputs, (fun _ _ -> ()), (fun _ _ -> ()))

    /// On numbers: memory of a device is given back as soon as it has been read for the last time, not when the collector
    /// finds it. `finished` is told the number of each input that has been read for the last time.
    static member Evaluate(g: Graph, inputs: Tensor[], finished: int -> unit) : Tensor[] =
        let own = HashSet<Buffer>(HashIdentity.Reference)

        let elsewhere (t: Tensor) =
            match t with
            | Value b when b.Device <> Device.Cpu -> ValueSome b
            | Value _
            | Traced _ -> ValueNone

        // What an engine hands through is not to be freed with one of its nodes.
        let made (arguments: Tensor[]) (t: Tensor) =
            let isHandedThrough b =
                arguments
                |> Array.exists (fun a ->
                    match a with
                    | Value a -> obj.ReferenceEquals(a, b)
                    | Traced _ -> false)

            match elsewhere t with
            | ValueSome b -> if isHandedThrough b then own.Remove b |> ignore else own.Add b |> ignore
            | ValueNone -> ()

        let passed (i: int) (t: Tensor) =
            match g.Nodes[i].Operation with
            | Operation.Input n -> finished n
            | Operation.Primitive _ ->
                match elsewhere t with
                | ValueSome b -> if own.Remove b then b.Release()
                | ValueNone -> ()
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> ()

        GraphInterpreter.Walk(g, inputs, made, passed)

    static member Operation(control: Control) : CustomOperation =
        match control with
        | Control.Scan s -> ScanOperation s
        | Control.While w -> WhileOperation w
        | Control.Cond c -> CondOperation c
        | Control.Call c ->
            if c.Arguments < c.Body.Inputs.Length then
                raise (
                    DerivativeException
                        $"`withDerivative`: '{c.Function.Name}' uses a tensor of the compiled function around it that is not among its arguments. Pass it as an argument (in a tuple or record)."
                )

            c.Function :?> CustomOperation

and [<Sealed>] internal ScanOperation(s: Scan) =
    inherit ControlOperation(Control.Scan s)

    let outputs = s.Body.Outputs.Length
    let parts (xs: 'a[]) = Rules.split [ s.Shared; s.Carry; xs.Length - s.Shared - s.Carry ] xs

    let apply (scan: Scan) (inputs: Tensor[]) = Bind.apply (Primitive.Custom(ScanOperation scan)) inputs

    override _.Evaluate inputs =
        match parts inputs with
        | [ shared; carry; sequences ] ->
            let mutable carry = carry
            let stacked = Array.init (outputs - s.Carry) (fun _ -> Array.zeroCreate<Tensor> s.Count)

            for k in 0 .. s.Count - 1 do
                let at = if s.Reverse then s.Count - 1 - k else k
                let slice (t: Tensor) = (sliceAxis 0 at 1 t).Reshape t.Dims[1..]

                let given = Array.concat [ shared; carry; Array.map slice sequences ]
                let results = GraphInterpreter.Evaluate(s.Body, given, ignore)

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
        let active = tangents |> Rules.places _.IsSome

        let moving =
            Array.init inputs.Length (fun i ->
                // Every float of the carry: what it starts without, it may get on the way.
                if i >= s.Shared && i < s.Shared + s.Carry then
                    Rules.isFloat inputs[i]
                else
                    Array.contains i active)

        match parts inputs, parts (Array.mapi (fun i m -> i, m) moving) with
        | [ shared; carry; sequences ], [ movingShared; movingCarry; movingSequences ] ->
            let moved part = part |> Array.filter snd |> Array.map fst
            let at = Array.concat [ moved movingShared; moved movingCarry; moved movingSequences ]
            let tangent i = Rules.orZeros inputs[i] tangents[i]

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
                match Rules.split counts xs with
                | [ shared; dShared; carry; dCarry; slices; dSlices ] ->
                    let primals = Array.concat [ shared; carry; slices ]
                    let given = Array.concat [ dShared; dCarry; dSlices ]

                    let struct (values, pushed) =
                        Rules.forward f.Name (GraphInterpreter.Run s.Body) primals at given

                    let isCarry = Array.init outputs (fun i -> i < s.Carry)

                    let pushedCarry =
                        values |> Array.take s.Carry |> Array.filter Rules.isFloat |> Array.length

                    ignore isCarry

                    Array.concat [
                        values[.. s.Carry - 1]
                        pushed[.. pushedCarry - 1]
                        values[s.Carry ..]
                        pushed[pushedCarry..]
                    ]
                | _ -> invalidOp "Six parts were asked for."

            let like =
                Array.concat [
                    Rules.likeAll shared
                    Rules.likeAll dShared
                    Rules.likeAll carry
                    Rules.likeAll dCarry
                    Array.map Rules.likeSlice sequences
                    Array.map Rules.likeSlice dSequences
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
                Rules.split
                    [ s.Carry; dCarry.Length; stacked; results.Length - outputs - dCarry.Length ]
                    results
            with
            | [ carry; dCarry; stacked; dStacked ] ->
                let values = Array.append carry stacked
                let floats = Rules.places Rules.isFloat values
                struct (values, Rules.scatter outputs floats (Array.append dCarry dStacked))
            | _ -> invalidOp "Four parts were asked for."
        | _ -> invalidOp "Three parts were asked for."

    override f.Recorded(inputs, wanted) =
        // Forward: each step's carry is stacked as it comes in.
        let carryIn = Array.init s.Carry (fun i -> s.Body.Inputs[s.Shared + i])
        let body = { s.Body with Outputs = Array.append s.Body.Outputs carryIn }
        let all = apply { s with Body = body } inputs
        let results, history = Array.take outputs all, Array.skip outputs all

        match parts inputs with
        | [ shared; carry; sequences ] ->
            let floats places = places |> Array.filter (fun i -> Rules.isFloat inputs[i])

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
                let given = Array.map2 Rules.orZeros results cotangents

                let floatCarry = [|
                    for i in 0 .. s.Carry - 1 do
                        if Rules.isFloat results[i] then i
                |]

                let floatStacked = [|
                    for i in s.Carry .. outputs - 1 do
                        if Rules.isFloat results[i] then i
                |]

                let dCarry, dStacked = Rules.pick floatCarry given, Rules.pick floatStacked given
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
                    match Rules.split counts xs with
                    | [ shared; dCarry; dShared; carry; slices; dSlices ] ->
                        let primals = Array.concat [ shared; carry; slices ]
                        let places = Array.concat [ carries; wantedShared; wantedSequences ]

                        let pulled =
                            Rules.reverse
                                f.Name
                                (GraphInterpreter.Run s.Body)
                                primals
                                places
                                (Array.append dCarry dSlices)

                        match
                            Rules.split [ carries.Length; wantedShared.Length; wantedSequences.Length ] pulled
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
                        Rules.likeAll shared
                        Rules.likeAll dCarry
                        Rules.likeAll dShared
                        Array.map Rules.likeSlice history
                        Array.map Rules.likeSlice sequences
                        Array.map Rules.likeSlice dStacked
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

                Rules.scatter inputs.Length (Array.concat [ carries; wantedShared; wantedSequences ]) pulled

            ignore carry
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
                (i >= s.Shared && i < s.Shared + s.Carry) || Rules.isBatched operand)

        let like =
            inputs
            |> Array.mapi (fun i t ->
                if i < s.Shared + s.Carry then Rules.pair (Rules.like t) else Rules.likeSlice t)

        let body =
            Stage.closed f.Name (Rules.batch f.Name examples (GraphInterpreter.Run s.Body) batched) like

        apply { s with Body = body } inputs
        |> Array.mapi (fun i t -> trace.Join(if i < s.Carry then t else t.MoveAxis(0, 1)))

and [<Sealed>] internal WhileOperation(w: While) =
    inherit ControlOperation(Control.While w)

    let apply (w: While) (inputs: Tensor[]) = Bind.apply (Primitive.Custom(WhileOperation w)) inputs

    override _.Evaluate inputs =
        let shared = inputs[.. w.Shared - 1]
        let mutable carry = inputs[w.Shared ..]

        let holds () =
            let test = GraphInterpreter.Evaluate(w.Condition, Array.append shared carry, ignore)
            test[0].ToData<bool>()

        while holds () do
            carry <- GraphInterpreter.Evaluate(w.Body, Array.append shared carry, ignore)

        carry

    override f.Pushed(inputs, tangents) =
        let shared, carry = inputs[.. w.Shared - 1], inputs[w.Shared ..]

        let activeShared = [|
            for i in 0 .. w.Shared - 1 do
                if tangents[i].IsSome then i
        |]

        let floats = Rules.places Rules.isFloat carry
        let dShared = activeShared |> Array.map (fun i -> tangents[i].Value)
        let dCarry = floats |> Array.map (fun i -> Rules.orZeros carry[i] tangents[w.Shared + i])
        let counts = [ shared.Length; dShared.Length; carry.Length; dCarry.Length ]

        let onPrimals run (xs: Tensor[]) =
            match Rules.split counts xs with
            | [ shared; _; carry; _ ] -> run (Array.append shared carry)
            | _ -> invalidOp "Four parts were asked for."

        let step (xs: Tensor[]) =
            match Rules.split counts xs with
            | [ shared; dShared; carry; dCarry ] ->
                let at = Array.append activeShared (floats |> Array.map (fun i -> w.Shared + i))

                let struct (values, pushed) =
                    Rules.forward
                        f.Name
                        (GraphInterpreter.Run w.Body)
                        (Array.append shared carry)
                        at
                        (Array.append dShared dCarry)

                Array.append values pushed
            | _ -> invalidOp "Four parts were asked for."

        let like = Rules.likeAll (Array.concat [ shared; dShared; carry; dCarry ])

        let results =
            apply
                {
                    Shared = shared.Length + dShared.Length
                    Condition = Stage.closed f.Name (onPrimals (GraphInterpreter.Run w.Condition)) like
                    Body = Stage.closed f.Name step like
                }
                (Array.concat [ shared; dShared; carry; dCarry ])

        let values, pushed = Array.take carry.Length results, Array.skip carry.Length results
        struct (values, Rules.scatter carry.Length floats pushed)

    override f.Recorded(_, _) =
        raise (
            DerivativeException
                "whileLoop: reverse mode would have to keep the values of every round, and a compiled program can't know how many there will be. Use `scan` or `iterate`, whose number of rounds is known, forward mode (`jvp`, `jacobianForward`), or leave this function uncompiled."
        )

    override f.Batched(trace, operands) =
        let examples = trace.Examples
        let shared = operands[.. w.Shared - 1]
        let carry = operands[w.Shared ..] |> Array.map (BatchRules.each examples)
        let inputs = Array.append (shared |> Array.map _.Tensor) carry
        let marks = Array.append (shared |> Array.map Rules.isBatched) (carry |> Array.map (fun _ -> true))
        let like = Rules.likeAll inputs
        let conditions = Rules.batch f.Name examples (GraphInterpreter.Run w.Condition) marks

        // As long as it holds for any example; an example that is through stays as it is.
        let any xs = Bind.one (Primitive.Reduce(Reduction.Max, [| 0 |])) [| (conditions xs)[0] |]

        let step (xs: Tensor[]) =
            let goesOn = (conditions xs)[0]
            let next = Rules.batch f.Name examples (GraphInterpreter.Run w.Body) marks xs

            Array.map2
                (fun (before: Tensor) after ->
                    let ones = Array.create (before.Rank - 1) 1
                    let mask = goesOn.Reshape(Array.append [| examples |] ones)
                    where (Operands.expandTo before.Dims mask) after before)
                xs[w.Shared ..]
                next

        apply
            {
                Shared = w.Shared
                Condition = Stage.closed f.Name (fun xs -> [| any xs |]) like
                Body = Stage.closed f.Name step like
            }
            inputs
        |> Array.map trace.Join

and [<Sealed>] internal CondOperation(c: Cond) =
    inherit ControlOperation(Control.Cond c)

    let apply (c: Cond) (inputs: Tensor[]) = Bind.apply (Primitive.Custom(CondOperation c)) inputs

    override _.Evaluate inputs =
        let branch = if inputs[0].ToData<bool>() then c.OnTrue else c.OnFalse
        GraphInterpreter.Evaluate(branch, inputs[1..], ignore)

    override f.Pushed(inputs, tangents) =
        let given = inputs[1..]
        let active = Rules.places (fun (t: Tensor voption) -> t.IsSome) tangents[1..]
        let d = active |> Array.map (fun i -> tangents[i + 1].Value)

        let push branch (xs: Tensor[]) =
            let struct (values, pushed) =
                Rules.forward
                    f.Name
                    (GraphInterpreter.Run branch)
                    (Array.take given.Length xs)
                    active
                    (Array.skip given.Length xs)

            Array.append values pushed

        let like = Rules.likeAll (Array.append given d)

        let results =
            apply
                {
                    OnTrue = Stage.closed f.Name (push c.OnTrue) like
                    OnFalse = Stage.closed f.Name (push c.OnFalse) like
                }
                (Array.concat [ inputs[..0]; given; d ])

        let count = c.OnTrue.Outputs.Length
        let values, pushed = Array.take count results, Array.skip count results
        struct (values, Rules.scatter count (Rules.places Rules.isFloat values) pushed)

    override f.Recorded(inputs, wanted) =
        let results = apply c inputs
        let given = inputs[1..]

        let places = [|
            for i in 0 .. given.Length - 1 do
                if wanted[i + 1] && Rules.isFloat given[i] then i
        |]

        let pull (cotangents: Tensor voption[]) =
            let floats = Rules.places Rules.isFloat results
            let d = floats |> Array.map (fun i -> Rules.orZeros results[i] cotangents[i])

            let back branch (xs: Tensor[]) =
                Rules.reverse
                    f.Name
                    (GraphInterpreter.Run branch)
                    (Array.take given.Length xs)
                    places
                    (Array.skip given.Length xs)

            let like = Rules.likeAll (Array.append given d)

            let pulled =
                apply
                    {
                        OnTrue = Stage.closed f.Name (back c.OnTrue) like
                        OnFalse = Stage.closed f.Name (back c.OnFalse) like
                    }
                    (Array.concat [ inputs[..0]; given; d ])

            Rules.scatter inputs.Length (places |> Array.map ((+) 1)) pulled

        struct (results, Recorded(f, pull) :> CustomDerivative)

    override f.Batched(trace, operands) =
        let examples = trace.Examples
        let marks = operands[1..] |> Array.map Rules.isBatched
        let inputs = operands |> Array.map _.Tensor
        let both branch xs = Rules.batch f.Name examples (GraphInterpreter.Run branch) marks xs

        match operands[0] with
        | Operand.Shared _ ->
            let like = Rules.likeAll inputs[1..]

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
                (fun (a: Tensor) b ->
                    let ones = Array.create (a.Rank - 1) 1
                    let mask = test.Reshape(Array.append [| examples |] ones)
                    trace.Join(where (Operands.expandTo a.Dims mask) a b))
                (both c.OnTrue inputs[1..])
                (both c.OnFalse inputs[1..])
