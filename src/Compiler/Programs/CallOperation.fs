namespace Cotangent.Compiler

open System.Collections.Concurrent
open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Engines
open Cotangent.Inlined

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
    | Forward of wanted: bool[]
    | Backward of wanted: bool[]
    | Batch of examples: int * batched: bool[]

/// A compiled graph as an operation: it runs as a program, and its derivatives and batches are compiled graphs too. These
/// give nothing away.
[<Sealed>]
type internal CallOperation(name: string, graph: Graph, donation: Donation) =
    inherit GraphOperation(name)

    let program = later (fun () -> Build.program name donation.Count graph)
    let simplified = later (fun () -> Passes.complete graph)
    let isOnCpu = graph.Nodes |> Array.forall (fun node -> node.Device = Device.Cpu)
    let made = ConcurrentDictionary<Derived, CallOperation * int>()

    let signature (i: int) =
        let node = graph.Nodes[i]
        ({ DType = node.DType; Shape = node.Shape }: Signature), node.Device

    let inputSignatures = graph.Inputs |> Array.map signature
    let outputSignatures = graph.Outputs |> Array.map signature
    let isFloat (s: Signature, _: Device) = s.DType.IsFloat
    let floats = outputSignatures |> BodyRules.places isFloat
    let call (f: CallOperation) inputs = Bind.apply (Primitive.Custom f) inputs

    member _.Graph = graph
    member _.Program = program.Value

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
        let results = GraphInterpreter.Evaluate(simplified.Value, inputs, finished)

        for n in 0 .. donation.Count - 1 do
            let isResult =
                results
                |> Array.exists (fun t ->
                    match t with
                    | Value b -> obj.ReferenceEquals(b, buffers[n])
                    | Traced _ -> false)

            if not isResult then
                match buffers[n] with
                | :? HostBuffer as b -> b.GiveTo donation.Taker |> ignore
                | b when not b.IsShared ->
                    b.GivenTo <- donation.Taker
                    b.Release()
                | _ -> ()

        results

    override f.Evaluate inputs = if not isOnCpu then f.OnDevice inputs else f.OnCpu inputs

    member private f.OnCpu inputs =
        let buffers =
            inputs
            |> Array.map (fun t ->
                match t with
                | Value b -> b :?> HostBuffer
                | Traced _ -> invalidOp "Traced tensors come here in their transformation's way.")

        f.Program.Run(buffers, donation.Count, donation.Taker) |> Array.map (fun b -> Value b)

    override _.Staged(_, inputs) = GraphInterpreter.Run graph inputs

    override f.Pushed(inputs, tangents) =
        let active = tangents |> BodyRules.places _.IsSome

        let make _ =
            let like = Array.append inputSignatures (active |> Array.map (fun i -> inputSignatures[i]))

            let both (xs: Tensor[]) =
                let primals, given = Array.take inputs.Length xs, Array.skip inputs.Length xs

                let struct (values, pushed) =
                    BodyRules.forward name (GraphInterpreter.Run graph) primals active given

                Array.append values pushed

            CallOperation(name, Stage.closed name both like, Donation.None), 0

        let push, _ = made.GetOrAdd(Derived.Push(tangents |> Array.map _.IsSome), make)

        let results = call push (Array.append inputs (active |> Array.map (fun i -> tangents[i].Value)))

        let count = outputSignatures.Length
        let values, pushed = Array.take count results, Array.skip count results
        struct (values, BodyRules.scatter count floats pushed)

    override f.Recorded(inputs, wanted) =
        let places = [|
            for i in 0 .. inputs.Length - 1 do
                if wanted[i] && inputs[i].DType.IsFloat then i
        |]

        let count = outputSignatures.Length

        let halves () =
            let like = Array.append inputSignatures (floats |> Array.map (fun i -> outputSignatures[i]))

            let both (xs: Tensor[]) =
                let primals, given = Array.take inputs.Length xs, Array.skip inputs.Length xs
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

                let pulled = BodyRules.reverse name run primals places given
                Array.append values pulled

            Partition.split (Passes.differentiable (Stage.closed name both like)) inputs.Length count

        let marks = Array.init inputs.Length (fun i -> Array.contains i places)

        let forward, backward, residuals =
            match made.TryGetValue(Derived.Forward marks), made.TryGetValue(Derived.Backward marks) with
            | (true, (forward, residuals)), (true, (backward, _)) -> forward, backward, residuals
            | _ ->
                let h = halves ()
                let forward = CallOperation(name, h.Forward, Donation.None)
                let backward = CallOperation(name + ", backwards", h.Backward, Donation.None)
                made[Derived.Forward marks] <- (forward, h.Residuals)
                made[Derived.Backward marks] <- (backward, 0)
                forward, backward, h.Residuals

        let all = call forward inputs
        let results, kept = Array.take count all, Array.skip count all
        ignore residuals

        let pull (cotangents: Tensor voption[]) =
            let given = floats |> Array.map (fun i -> BodyRules.orZeros results[i] cotangents[i])
            let arguments = Array.append kept given

            let pulled = if backward.Graph.Outputs.Length = 0 then [||] else call backward arguments

            BodyRules.scatter inputs.Length places pulled

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
            ),
            0

        let batched, _ = made.GetOrAdd(Derived.Batch(examples, marks), make)
        call batched (operands |> Array.map _.Tensor) |> Array.map trace.Join
