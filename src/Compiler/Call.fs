namespace Cotangent.Compiler

open System.Collections.Concurrent
open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Engines

/// Cuts the joint graph of a function and its pull in two: what does not depend on cotangents runs forward, and what
/// crosses over, the residuals, is kept until the pull.
module internal Partition =
    /// Forward: inputs -> outputs, residuals. Backward: residuals, cotangents -> gradients.
    [<NoComparison; NoEquality>]
    type Halves = { Forward: Graph; Backward: Graph; Residuals: int }

    /// Whether it is cheaper to do it again than to keep its result.
    let private isFree (node: Node) =
        match node.Operation with
        | Operation.Constant _ -> true
        | Operation.Primitive p ->
            match p with
            | Primitive.Full _
            | Primitive.Iota _
            | Primitive.Reshape _
            | Primitive.Permute _
            | Primitive.Broadcast _
            | Primitive.Slice _
            | Primitive.Detach
            | Primitive.Barrier
            | Primitive.Convert _
            | Primitive.Unary(Unary.Negate | Unary.Not | Unary.Sign | Unary.Abs | Unary.IsNaN)
            | Primitive.Binary(Binary.Equal | Binary.Less | Binary.LessEqual | Binary.And | Binary.Or | Binary.Xor) ->
                true
            | _ -> false
        | Operation.Input _
        | Operation.Control _
        | Operation.Item _ -> false

    /// The first `inputs` inputs are the function's, the others cotangents; the first `outputs` outputs are its values,
    /// the others gradients.
    let split (joint: Graph) (inputs: int) (outputs: int) : Halves =
        let n = joint.Nodes.Length
        let late = Array.create n false

        for i in inputs .. joint.Inputs.Length - 1 do
            late[joint.Inputs[i]] <- true

        for i in 0 .. n - 1 do
            if joint.Nodes[i].Inputs |> Array.exists (fun j -> late[j]) then late[i] <- true

        let gradients = joint.Outputs[outputs..]
        // Early nodes that the backward half does again, and those that it is given.
        let again = Array.create n false
        let kept = Array.create n false
        let needed = Array.create n false

        for i in gradients do
            needed[i] <- true

        for i in n - 1 .. -1 .. 0 do
            if needed[i] then
                let node = joint.Nodes[i]

                if late[i] || isFree node then
                    if not late[i] then again[i] <- true

                    for j in node.Inputs do
                        needed[j] <- true
                else
                    match node.Operation with
                    | Operation.Control _ -> ()
                    | Operation.Input _
                    | Operation.Constant _
                    | Operation.Primitive _
                    | Operation.Item _ -> kept[i] <- true

        let residuals = [|
            for i in 0 .. n - 1 do
                if kept[i] then i
        |]

        let builder = GraphBuilder()
        let number = Array.create n -1

        for i in residuals do
            let node = joint.Nodes[i]
            number[i] <- builder.Input(node.DType, node.Shape, node.Device)

        for k in inputs .. joint.Inputs.Length - 1 do
            let node = joint.Nodes[joint.Inputs[k]]
            number[joint.Inputs[k]] <- builder.Input(node.DType, node.Shape, node.Device)

        for i in 0 .. n - 1 do
            if needed[i] && number[i] < 0 && (late[i] || again[i]) then
                let node = joint.Nodes[i]
                number[i] <- builder.Add { node with Inputs = node.Inputs |> Array.map (fun j -> number[j]) }

        {
            Forward =
                Simplify.eliminateDead {
                    joint with
                        Inputs = joint.Inputs[.. inputs - 1]
                        Outputs = Array.append joint.Outputs[.. outputs - 1] residuals
                }
            Backward = builder.ToGraph(gradients |> Array.map (fun i -> number[i]))
            Residuals = residuals.Length
        }

/// A compiled graph as an operation: it runs as a program, and its derivatives and batches are compiled graphs too.
[<Sealed>]
type internal CallOperation(name: string, graph: Graph) =
    inherit GraphOperation(name)

    let program = lazy Build.program graph
    let simplified = lazy Simplify.graph graph
    let devices = graph.Nodes |> Array.map _.Device |> Array.distinct
    let made = ConcurrentDictionary<string, CallOperation * int>()

    let signature (i: int) =
        let node = graph.Nodes[i]
        ({ DType = node.DType; Shape = node.Shape }: Signature), node.Device

    let inputSignatures = graph.Inputs |> Array.map signature
    let outputSignatures = graph.Outputs |> Array.map signature
    let isFloat (s: Signature, _: Device) = s.DType.IsFloat
    let floats = outputSignatures |> Rules.places isFloat
    let mark (marks: bool[]) = System.String(marks |> Array.map (fun m -> if m then '1' else '0'))
    let call (f: CallOperation) inputs = Bind.apply (Primitive.Custom f) inputs

    member _.Graph = graph
    member _.Program = program.Value

    /// On a device of its own every primitive of the simplified graph goes to that device's engine, and each buffer is
    /// let go after its last use. Fused kernels for such devices belong here.
    member private _.OnDevice inputs = GraphInterpreter.Run simplified.Value inputs

    override f.Evaluate inputs =
        if devices |> Array.exists (fun d -> d <> Device.Cpu) then
            f.OnDevice inputs
        else
            f.OnCpu inputs

    member private f.OnCpu inputs =
        let buffers =
            inputs
            |> Array.map (fun t ->
                match t with
                | Value b -> b :?> HostBuffer
                | Traced _ -> invalidOp "Traced tensors come here in their transformation's way.")

        f.Program.Run buffers |> Array.map (fun b -> Value b)

    override _.Staged(_, inputs) = GraphInterpreter.Run graph inputs

    override f.Pushed(inputs, tangents) =
        let active = tangents |> Rules.places _.IsSome

        let make _ =
            let like = Array.append inputSignatures (active |> Array.map (fun i -> inputSignatures[i]))

            let both (xs: Tensor[]) =
                let primals, given = Array.take inputs.Length xs, Array.skip inputs.Length xs

                let struct (values, pushed) =
                    Rules.forward name (GraphInterpreter.Run graph) primals active given

                Array.append values pushed

            CallOperation(name, Stage.closed name both like), 0

        let push, _ = made.GetOrAdd("push " + mark (tangents |> Array.map _.IsSome), make)

        let results = call push (Array.append inputs (active |> Array.map (fun i -> tangents[i].Value)))

        let count = outputSignatures.Length
        let values, pushed = Array.take count results, Array.skip count results
        struct (values, Rules.scatter count floats pushed)

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

                let pulled = Rules.reverse name run primals places given
                Array.append values pulled

            Partition.split (Stage.closed name both like) inputs.Length count

        let key = mark (Array.init inputs.Length (fun i -> Array.contains i places))

        let forward, backward, residuals =
            match made.TryGetValue("forward " + key), made.TryGetValue("backward " + key) with
            | (true, (forward, residuals)), (true, (backward, _)) -> forward, backward, residuals
            | _ ->
                let h = halves ()
                let forward = CallOperation(name, h.Forward)
                let backward = CallOperation(name + ", backwards", h.Backward)
                made["forward " + key] <- (forward, h.Residuals)
                made["backward " + key] <- (backward, 0)
                forward, backward, h.Residuals

        let all = call forward inputs
        let results, kept = Array.take count all, Array.skip count all
        ignore residuals

        let pull (cotangents: Tensor voption[]) =
            let given = floats |> Array.map (fun i -> Rules.orZeros results[i] cotangents[i])
            let arguments = Array.append kept given

            let pulled = if backward.Graph.Outputs.Length = 0 then [||] else call backward arguments

            Rules.scatter inputs.Length places pulled

        struct (results, Recorded(f, pull) :> CustomDerivative)

    override f.Batched(trace, operands) =
        let marks = operands |> Array.map Rules.isBatched
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
                Stage.closed name (Rules.batch name examples (GraphInterpreter.Run graph) marks) like
            ),
            0

        let batched, _ = made.GetOrAdd($"batch {examples} {mark marks}", make)
        call batched (operands |> Array.map _.Tensor) |> Array.map trace.Join
