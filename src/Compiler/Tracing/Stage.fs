namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// An operation that enters a graph in a way of its own.
[<AbstractClass>]
type internal StagedOperation(name) =
    inherit Cotangent.Differentiation.CustomDerivative(name)

/// A value that a compiled function will have: so far a node of a graph.
[<Sealed>]
type internal StageTracer(trace: StageTrace, node: int, dtype, shape, device) =
    inherit Tracer(trace, dtype, shape, device)
    member _.Node = node

    override r.Concrete =
        raise (
            TraceException
                $"{r.TracedBy}: a tensor of shape {Shape.show r.Shape} has no numbers yet: the function is being traced into a graph, which runs later. To choose between values use `where` or `cond` in place of `if`, to repeat `iterate`, `scan` or `whileLoop`; results that depend on data in their shape, as `t[mask]`, are not possible: keep the size and mask with `where`. To read a number, return it; to see it, `Debug.print`."
        )

    override _.HasNumbers = false

    override _.Remark = ", no numbers yet; to see them, return them"

    override r.Detached = (trace.Apply(Primitive.Detach, [| Traced r |]))[0]

/// Staging: every primitive becomes a node of a graph.
and [<Sealed>] internal StageTrace(name) =
    inherit Trace(name)

    // A function may do its parts on several threads; the graph grows by one node at a time.
    let gate = obj ()
    let builder = GraphBuilder()
    let captured = ResizeArray<Tensor>()
    // By reference: two tensors may be equal today and belong to different traces.
    let nodes = Dictionary<obj, int>(HashIdentity.Reference)
    let instead = Dictionary<obj, Tensor>(HashIdentity.Reference)
    let adopted = ResizeArray<struct (Trace * Trace)>()

    /// The innermost batch that has taken over one of these tensors; null where there is none.
    let adopter (inputs: Tensor[]) : Trace | null =
        let mutable found: Trace | null = null

        for struct (around, inside) in adopted do
            let isOurs (t: Tensor) =
                match t with
                | Traced r -> obj.ReferenceEquals(r.Trace, around)
                | Value _ -> false

            let isInner =
                match found with
                | null -> true
                | f -> inside.Level > f.Level

            if not inside.IsClosed && isInner && Array.exists isOurs inputs then found <- inside

        found

    /// How many stagings this one stands in, itself included: bodies are walked by calls.
    let depth =
        match Staging.innermost () with
        | :? StageTrace as around -> around.Depth + 1
        | _ -> 1

    do
        if depth > StageTrace.Deepest then
            raise (
                TraceException
                    $"{name}: control flow and functions with derivatives of their own nested more than {StageTrace.Deepest} deep can't be traced into a graph; does a function call itself without end? Repeat with `iterate` or a loop."
            )

    static member Deepest = 100
    member _.Depth: int = depth

    /// A tensor of a transformation around, or what stands in for it here.
    member private _.Here(t: Tensor) : Tensor =
        match t with
        | Traced r when instead.Count > 0 ->
            lock gate (fun () ->
                match instead.TryGetValue r with
                | true, value -> value
                | false, _ -> t)
        | Traced _
        | Value _ -> t

    /// While this one stages, other tensors stand in for some of transformations around.
    member _.Replace(around: Tensor[], inside: Tensor[]) =
        lock gate (fun () ->
            Array.iter2
                (fun t value ->
                    match t with
                    | Traced r -> instead[r] <- value
                    | Value _ -> ())
                around
                inside)

    member trace.Tracer(node: int) : Tensor =
        let n = lock gate (fun () -> builder[node])
        Traced(StageTracer(trace, node, n.DType, n.Shape, n.Device))

    member trace.Input(dtype, shape, device) = trace.Tracer(builder.Input(dtype, shape, device))

    /// The node of a tensor: its own; a constant, if its numbers are known; else a further input, since the tensor
    /// belongs to a transformation around this one.
    member trace.Node(t: Tensor) : int =
        let once (key: obj) (make: unit -> int) =
            lock gate (fun () ->
                match nodes.TryGetValue key with
                | true, node -> node
                | false, _ ->
                    let node = make ()
                    nodes[key] <- node
                    node)

        match t with
        | Traced(:? StageTracer as r) when obj.ReferenceEquals(r.Trace, trace) -> r.Node
        | Value b ->
            once b (fun () ->
                // Seen as a buffer of its own: the caller's may be given away to a compiled function.
                Sharing.share b

                let b =
                    match b with
                    | :? HostBuffer as h -> h.View(h.Shape, h.Strides, h.Offset) :> Buffer
                    | b -> b

                builder.Add {
                    Operation = Operation.Constant b
                    Inputs = [||]
                    DType = b.DType
                    Shape = b.Shape
                    Device = b.Device
                    Place = ""
                })
        | Traced r ->
            once r (fun () ->
                captured.Add t
                builder.Input(r.DType, r.Shape, r.Device))

    /// The tensors of transformations around this one that the function reached for, in the order of their inputs.
    member _.Captured = captured.ToArray()

    member _.Graph(outputs: int[]) = builder.ToGraph outputs

    member private trace.Record(p: Primitive, inputs: int[], device) : Tensor[] =
        lock gate (fun () ->
            let results =
                inputs
                |> Array.map (fun i -> ({ DType = builder[i].DType; Shape = builder[i].Shape }: Signature))
                |> ShapeRule.infer p

            if Facts.hasSeveral p then
                builder.AddAll(Operation.Primitive p, inputs, device, results) |> Array.map trace.Tracer
            else
                let node =
                    builder.Add {
                        Operation = Operation.Primitive p
                        Inputs = inputs
                        DType = results[0].DType
                        Shape = results[0].Shape
                        Device = device
                        Place = ""
                    }

                [| trace.Tracer node |])

    /// A node of control flow and its results.
    member trace.Control(control: Control, inputs: Tensor[]) : Tensor[] =
        let inputs = Array.map trace.Node inputs

        lock gate (fun () ->
            let device = if inputs.Length > 0 then builder[inputs[0]].Device else Device.Cpu

            builder.AddAll(Operation.Control control, inputs, device, Graph.results control)
            |> Array.map trace.Tracer)

    override trace.Create(p, device) = (trace.Record(p, [||], device))[0]

    override _.Adopt(around, inside) = lock gate (fun () -> adopted.Add(struct (around, inside)))

    override trace.Apply(p, inputs) =
        if adopted.Count = 0 && instead.Count = 0 then
            trace.Staged(p, inputs)
        else
            let here = Array.map trace.Here inputs

            // The innermost batch first, as it would have been its turn.
            let isBelow (batch: Trace) =
                Array.forall2
                    (fun before now ->
                        match now with
                        | Traced r -> obj.ReferenceEquals(before, now) || r.Trace.Level < batch.Level
                        | Value _ -> true)
                    inputs
                    here

            match lock gate (fun () -> adopter inputs) with
            | null ->
                if Array.forall2 (fun a b -> obj.ReferenceEquals(a, b)) inputs here then
                    trace.Staged(p, inputs)
                else
                    Bind.apply p here
            | batch -> if isBelow batch then batch.Apply(p, inputs) else Bind.apply p here

    member private trace.Staged(p, inputs: Tensor[]) : Tensor[] =
        match Facts.custom p with
        | null ->
            match (if Facts.isProduct p then Tracer.Squared inputs else ValueNone) with
            | ValueSome squares -> [| squares |]
            | ValueNone -> trace.Applied(p, inputs)
        | :? StagedOperation as f -> f.Run inputs
        | f -> trace.Called(f :?> CustomOperation, inputs)

    /// A function of the user's own, as a graph of its own.
    member private trace.Called(f: CustomOperation, inputs: Tensor[]) : Tensor[] =
        let inner = StageTrace f.Name

        try
            let arguments = inputs |> Array.map (fun t -> inner.Input(t.DType, t.Dims, t.Device))

            let outputs = Staging.during inner (fun () -> f.Run arguments |> Array.map inner.Node)

            let captured = inner.Captured

            let isAbove (t: Tensor) =
                match t with
                | Traced r -> r.Trace.Level > trace.Level
                | Value _ -> false

            if Array.exists isAbove captured then
                // It closes over examples of a batch between here and there: that batch's turn, with all it takes.
                Bind.apply (Primitive.Custom(Reaching(f, captured))) (Array.append inputs captured)
            else
                let call = { Function = f; Arguments = inputs.Length; Body = inner.Graph outputs }
                trace.Control(Control.Call call, Array.append inputs captured)
        finally
            inner.Close()

    member private trace.Applied(p, inputs: Tensor[]) : Tensor[] =
        for t in inputs do
            if t.Device <> inputs[0].Device then
                raise (
                    DeviceException
                        $"{p}: tensors on {inputs[0].Device} and {t.Device} can't meet. Move one with `To`."
                )

        let device =
            match (Facts.primitive p).Target with
            | ValueSome target -> target
            | ValueNone -> inputs[0].Device

        trace.Record(p, Array.map trace.Node inputs, device)

/// A function and the tensors that it closes over as further arguments of it, while a graph is made of it.
and [<Sealed>] internal Reaching(f: CustomOperation, reached: Tensor[]) =
    inherit Cotangent.Differentiation.CustomDerivative(f.Name)

    let refuse () =
        raise (
            DerivativeException
                $"`withDerivative`: '{f.Name}' uses examples of a batch around it that are not among its arguments. Pass them as arguments (in a tuple or record)."
        )

    override _.Run inputs =
        let given = Array.sub inputs 0 (inputs.Length - reached.Length)
        let values = Array.sub inputs given.Length reached.Length

        match Staging.innermost () with
        | :? StageTrace as staging -> staging.Replace(reached, values)
        | _ -> ()

        let isSame (a: Tensor) (b: Tensor) =
            match a, b with
            | Traced a, Traced b -> obj.ReferenceEquals(a, b)
            | _ -> false

        f.Run given
        |> Array.map (fun t ->
            match Array.tryFindIndex (isSame t) reached with
            | Some i -> values[i]
            | None -> t)

    override _.Push(_, _, _) = refuse ()
    override _.Pull(_, _, _) = refuse ()

module internal Stage =
    let signatureOf (t: Tensor) : Signature = { DType = t.DType; Shape = t.Dims }

    /// The graph of a function on tensors like those given, and the tensors of outer transformations that it closes
    /// over: further inputs, after the others.
    let graph name (f: Tensor[] -> Tensor[]) (like: (Signature * Device)[]) : struct (Graph * Tensor[]) =
        let trace = StageTrace name

        try
            let inputs = like |> Array.map (fun (s, device) -> trace.Input(s.DType, s.Shape, device))
            let outputs = Staging.during trace (fun () -> f inputs |> Array.map trace.Node)
            struct (trace.Graph outputs, trace.Captured)
        finally
            trace.Close()

    /// The same, where nothing is closed over but constants.
    let closed name (f: Tensor[] -> Tensor[]) (like: (Signature * Device)[]) : Graph =
        let struct (g, captured) = graph name f like

        if captured.Length > 0 then
            invalidOp $"{name}: the graph reaches for {captured.Length} tensors of outer transformations."

        g
