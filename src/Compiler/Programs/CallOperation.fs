namespace Cotangent.Compiler

open System.Collections.Concurrent
open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// The first inputs of a compiled graph, which are given away to it, and what they are given to, in words.
[<Struct; NoComparison; NoEquality>]
type internal Donation = {
    Count: int
    Taker: string
} with

    static member None = { Count = 0; Taker = "" }

/// What is made of a compiled graph, of the inputs marked.
[<RequireQualifiedAccess; NoComparison>]
type private Derived =
    | Push of active: bool[]
    | Series of order: int * places: struct (int * int)[]
    | Batch of examples: int * batched: bool[]

/// What a pull is made for: the inputs wanted, and the results that are read.
[<NoComparison>]
type private Way = { Wanted: bool[]; Read: bool[] }

/// A compiled graph and its pull.
[<NoComparison; NoEquality>]
type internal Halves = { Forward: CallOperation; Backward: CallOperation; Places: int[] }

/// A compiled graph as an operation: it runs as a program, and its derivatives and batches are compiled graphs too. These
/// give nothing away.
and [<Sealed>] internal CallOperation(name: string, graph: Graph, donation: Donation) =
    inherit GraphOperation(name)

    let build graph = Build.program Watch.ofEnvironment.Value Cpu.backend name donation.Count graph

    let program = later (fun () -> build graph)
    let repeated = RepeatedArguments(name, graph, donation.Count, program, build)
    let simplified = later (fun () -> Passes.complete Watch.ofEnvironment.Value Cpu.target graph)
    let isOnCpu = graph.Nodes |> Array.forall (fun node -> Cpu.target.Serves node.Device)
    let made = ConcurrentDictionary<Derived, CallOperation>()
    let halves = ConcurrentDictionary<Way, Halves>()
    // The way that was taken the last time, for each choice of inputs to differentiate by.
    let taken = ConcurrentDictionary<Way, Way>()

    let signature (i: int) =
        let node = graph.Nodes[i]
        ({ DType = node.DType; Shape = node.Shape }: Signature), node.Device

    let inputSignatures = graph.Inputs |> Array.map signature
    let outputSignatures = graph.Outputs |> Array.map signature
    let call (f: CallOperation) inputs = Bind.apply (Primitive.Custom f) inputs

    member _.Graph = graph
    member _.Program = program.Value

    /// Makes the program once more, for whoever watches the passes.
    member _.Build(watch: Watch) =
        if isOnCpu then
            Build.program watch Cpu.backend name donation.Count graph |> ignore
        else
            Passes.complete watch Cpu.target graph |> ignore

    /// What it keeps, roughly: graphs, steps and machine code, without what is in workspaces. Measured: 2 kB of objects and as
    /// much code for each node, and something for each program.
    member _.Bytes: int64 =
        let own = (16384L + 4096L * int64 (Graph.size graph)) * int64 (1 + repeated.Count)
        let others = made.Values |> Seq.sumBy _.Bytes
        let ways = halves.Values |> Seq.sumBy (fun h -> h.Forward.Bytes + h.Backward.Bytes)
        own + others + ways

    /// What a call takes of memory.
    member _.Memory =
        if not isOnCpu then
            DeviceFootprint.memory simplified.Value donation.Count
        else
            program.Value.Memory

    /// On a device of its own every primitive of the simplified graph goes to that device's engine, and each buffer is
    /// let go after its last use. Fused kernels for such devices belong here.
    member private _.OnDevice(inputs: Tensor[]) =
        DeviceFootprint.require name simplified.Value donation.Count

        let buffers =
            inputs
            |> Array.map (fun t ->
                match t with
                | Value b -> b
                | Traced _ -> invalidOp "Traced tensors come here in their transformation's way.")

        // Memory given away is free as soon as it has been read for the last time.
        let canFree n =
            n < donation.Count
            && buffers[n].Device <> Device.Cpu
            && not buffers[n].IsShared
            && buffers |> Array.filter (fun b -> obj.ReferenceEquals(b, buffers[n])) |> Array.length = 1

        let finished n = if canFree n then buffers[n].Release()
        if donation.Count > 0 then Sharing.give buffers donation.Count donation.Taker

        let results =
            try
                GraphInterpreter.Evaluate(simplified.Value, inputs, finished)
            with _ ->
                for n in 0 .. donation.Count - 1 do
                    if not (canFree n) then buffers[n].GivenTo <- null

                reraise ()

        for n in 0 .. donation.Count - 1 do
            let isResult =
                results
                |> Array.exists (fun t ->
                    match t with
                    | Value b -> obj.ReferenceEquals(b, buffers[n])
                    | Traced _ -> false)

            match buffers[n] with
            | b when isResult -> b.GivenTo <- null
            | :? HostBuffer as b -> b.Close()
            | b when not b.IsShared -> b.Release()
            // Others show it: it stays theirs, and the caller's.
            | b -> b.GivenTo <- null

        results

    override f.Evaluate inputs = if not isOnCpu then f.OnDevice inputs else f.OnCpu inputs

    member private _.OnCpu inputs =
        let buffers = Array.map CallOperation.Host inputs
        let struct (program, taken) = repeated.Fitting(buffers, true)
        program.Run(buffers, taken, donation.Count, donation.Taker) |> Array.map (fun b -> Value b)

    static member private Host(t: Tensor) : HostBuffer =
        match t with
        | Value b -> b :?> HostBuffer
        | Traced _ -> invalidOp "Traced tensors come here in their transformation's way."

    /// What a call with these arguments takes of memory.
    member f.MemoryFor(inputs: Tensor[]) : ProgramMemory =
        let isValue (t: Tensor) =
            match t with
            | Value(:? HostBuffer) -> true
            | Value _
            | Traced _ -> false

        if isOnCpu && Array.forall isValue inputs then
            repeated.Memory(Array.map CallOperation.Host inputs)
        else
            f.Memory

    override _.Staged(_, inputs) = GraphInterpreter.Run graph inputs

    override f.Pushed(inputs, tangents) =
        let present = tangents |> Array.map _.IsSome
        let active = BodyRules.places id present
        let changing = BodyRules.places id (Activity.outputs graph present)

        let make _ =
            let like = Array.append inputSignatures (active |> Array.map (fun i -> inputSignatures[i]))

            let both (xs: Tensor[]) =
                let primals, given = Array.take inputs.Length xs, Array.skip inputs.Length xs

                let struct (values, pushed) =
                    BodyRules.forward name (GraphInterpreter.Run graph) primals active given

                Array.append values (BodyRules.pickOrZeros changing values pushed)

            CallOperation(name, Stage.closed name both like, Donation.None)

        let push = made.GetOrAdd(Derived.Push present, make)

        let results = call push (Array.append inputs (active |> Array.map (fun i -> tangents[i].Value)))

        let count = outputSignatures.Length
        let values, pushed = Array.take count results, Array.skip count results
        struct (values, BodyRules.scatter count changing pushed)

    override _.HasSeries = true

    override _.Series(order, inputs, rest) =
        let places = BodyRules.termPlaces rest

        let changing =
            rest |> Array.map (Array.exists _.IsSome) |> Activity.outputs graph |> BodyRules.places id

        let make _ =
            let of' (struct (i, _: int)) = inputSignatures[i]
            let like = Array.append inputSignatures (Array.map of' places)

            let along (xs: Tensor[]) =
                let struct (values, found) =
                    Array.skip inputs.Length xs
                    |> BodyRules.series
                        name
                        order
                        (GraphInterpreter.Run graph)
                        (Array.take inputs.Length xs)
                        places

                Array.append values (BodyRules.termsOrZeros order changing values found)

            CallOperation(name, Stage.closed name along like, Donation.None)

        let series = made.GetOrAdd(Derived.Series(order, places), make)
        let results = call series (Array.append inputs (BodyRules.pickTerms places rest))
        let count = outputSignatures.Length

        struct (Array.take count results,
                BodyRules.scatterTerms count order changing (Array.skip count results))

    /// The function and its pull, as two graphs: the first also returns what the second is given, before the cotangents
    /// of those results that are read. The places of the inputs that it has cotangents of.
    member private _.Halves(way: Way) : Halves =
        let make { Wanted = wanted; Read = read } =
            let given = BodyRules.places id read
            let places = BodyRules.places id (Activity.inputs graph read |> Array.map2 (&&) wanted)
            let like = Array.append inputSignatures (given |> Array.map (fun i -> outputSignatures[i]))

            let both (xs: Tensor[]) =
                let primals, cotangents = Array.take wanted.Length xs, Array.skip wanted.Length xs
                let mutable values = [||]

                let run variables =
                    let outputs = GraphInterpreter.Run graph variables

                    values <-
                        outputs
                        |> Array.map (fun t ->
                            match t with
                            | Traced(:? ReverseTracer as r) -> r.Primal
                            | Traced _
                            | Value _ -> t)

                    outputs

                let pulled =
                    BodyRules.reverse name run primals places given cotangents
                    |> BodyRules.pickOrZeros places primals

                Array.append values pulled

            let halves =
                Partition.split
                    (Passes.differentiable Watch.ofEnvironment.Value Cpu.target (Stage.closed name both like))
                    wanted.Length
                    outputSignatures.Length

            {
                Forward = CallOperation(name, halves.Forward, Donation.None)
                Backward = CallOperation(name + ", backwards", halves.Backward, Donation.None)
                Places = places
            }

        halves.GetOrAdd(way, make)

    /// Which results will be read is known on the way back only. It is taken to be as it was the last time; where it was
    /// not, the function is called again, for that time.
    override f.Recorded(inputs, wanted) =
        let wanted = Array.map2 (fun isWanted (t: Tensor) -> isWanted && t.DType.HasDerivatives) wanted inputs
        let changing = Activity.outputs graph wanted
        let whole = { Wanted = wanted; Read = changing }

        let expected =
            match taken.TryGetValue whole with
            | true, way -> way
            | false, _ -> whole

        let count = outputSignatures.Length
        let all = call (f.Halves expected).Forward inputs
        let results, kept = Array.take count all, Array.skip count all

        let pull (cotangents: Tensor voption[]) =
            let read =
                Array.map2 (fun isChanging (c: Tensor voption) -> isChanging && c.IsSome) changing cotangents

            let way = { Wanted = wanted; Read = read }
            let halves = f.Halves way

            let kept =
                if way = expected then
                    kept
                else
                    taken[whole] <- way
                    Array.skip count (call halves.Forward inputs)

            let given = BodyRules.places id read |> Array.map (fun i -> cotangents[i].Value)

            if halves.Places.Length = 0 then
                Array.create inputs.Length ValueNone
            else
                call halves.Backward (Array.append kept given)
                |> BodyRules.scatter inputs.Length halves.Places

        struct (results, Recorded(f, pull) :> CustomDerivative)

    override f.Batched(trace, operands) =
        let marks = operands |> Array.map BodyRules.isBatched
        let examples = trace.Examples

        let make _ =
            let like =
                Array.map2
                    (fun (s: Signature, device: Device) batched ->
                        (if batched then { s with Shape = Array.append [| examples |] s.Shape } else s),
                        device)
                    inputSignatures
                    marks

            CallOperation(
                name,
                Stage.closed name (BodyRules.batch name examples (GraphInterpreter.Run graph) marks) like,
                Donation.None
            )

        let batched = made.GetOrAdd(Derived.Batch(examples, marks), make)
        call batched (operands |> Array.map _.Tensor) |> Array.map trace.Join
