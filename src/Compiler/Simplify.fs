namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Engines

/// Rewrites a graph into one that computes the same values with less: calls in line, constants folded, algebra that is
/// exact in floating point, equal expressions computed once, unused ones not at all. One walk forward, since each node
/// comes after its inputs, and one back.
module internal Simplify =
    /// Larger results of constants are left to be computed: they would only fill memory.
    let private mostFolded = 4096

    /// The number that a full node repeats.
    let private (|Full|_|) (node: Node) =
        match node.Operation with
        | Operation.Primitive(Primitive.Full(value, _, _)) -> Some value
        | _ -> None

    let private (|Number|_|) (node: Node) =
        match node with
        | Full(Literal.Real x) -> Some x
        | Full(Literal.Whole n) -> Some(float n)
        | _ -> None

    let private (|Applied|_|) (node: Node) =
        match node.Operation with
        | Operation.Primitive p -> Some(p, node.Inputs)
        | _ -> None

    let private isPowerOfTwo (x: float) =
        System.Double.IsFinite x
        && x <> 0.0
        && (System.BitConverter.DoubleToInt64Bits x &&& 0xFFFFFFFFFFFFFL) = 0L
        && abs x >= 1e-30
        && abs x <= 1e30

    /// The one element of a buffer as a literal that gives it back.
    let private literal (b: HostBuffer) : Literal =
        let b = Strided.materialise b

        if b.DType.IsFloat then
            Literal.Real((HostBuffer.data<float>(Convert.buffer DType.Float64 b))[0])
        else
            Literal.Whole((HostBuffer.data<int64>(Convert.buffer DType.Int64 b))[0])

    let private evaluate (p: Primitive) (inputs: Buffer[]) (device: Device) =
        (Engines.forDevice device).Evaluate(p, inputs, device)

    /// A slice of a slice.
    let private sliceOfSlice (outer: Region) (inner: Region) : Region = {
        Full = inner.Full
        Start = Array.map3 (fun start step s -> start + step * s) inner.Start inner.Step outer.Start
        Count = outer.Count
        Step = Array.map2 (*) inner.Step outer.Step
    }

    /// Whether a primitive gives the same element everywhere if its only input does.
    let private keepsUniform (p: Primitive) =
        match p with
        | Primitive.Reshape _
        | Primitive.Permute _
        | Primitive.Broadcast _
        | Primitive.Slice _ -> true
        | _ -> false

    let private isElementwise (p: Primitive) =
        match p with
        | Primitive.Unary _
        | Primitive.Binary _
        | Primitive.Select
        | Primitive.Convert _ -> true
        | _ -> false

    let private isPlain (p: Primitive) =
        match p with
        | Primitive.Barrier
        | Primitive.Detach
        | Primitive.Custom _ -> false
        | _ -> true

    /// `last`: nothing will differentiate the result, so what only derivatives see can go.
    [<Sealed>]
    type private Rewriter(last: bool) =
        let builder = GraphBuilder()
        let known = Dictionary<struct (string * string), int>()

        member _.Builder = builder

        member r.Add(node: Node) : int =
            match node.Operation with
            | Operation.Primitive Primitive.Barrier
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _ -> builder.Add node
            | Operation.Item n -> r.Once("item " + string n, node)
            | Operation.Primitive p -> r.Once(OperationText.primitive p, node)

        member private _.Once(text: string, node: Node) =
            let key = struct (text, System.String.Join(",", node.Inputs))

            match known.TryGetValue key with
            | true, i -> i
            | false, _ ->
                let i = builder.Add node
                known[key] <- i
                i

        /// A primitive of nodes already rewritten, by the rules.
        member r.Apply(p: Primitive, inputs: int[], device: Device) : int =
            let nodes = inputs |> Array.map (fun i -> builder[i])

            let signature =
                ShapeRule.infer
                    p
                    (nodes |> Array.map (fun n -> ({ DType = n.DType; Shape = n.Shape }: Signature)))

            let apply p inputs = r.Apply(p, inputs, device)
            let full (value: Literal) = apply (Primitive.Full(value, signature.DType, signature.Shape)) [||]

            let plain () =
                r.Add {
                    Operation = Operation.Primitive p
                    Inputs = inputs
                    DType = signature.DType
                    Shape = signature.Shape
                    Device = device
                }

            let scalar (n: Node) =
                match n with
                | Full value -> Some(evaluate (Primitive.Full(value, n.DType, [||])) [||] device)
                | _ -> None

            let constant (n: Node) =
                match n.Operation with
                | Operation.Constant b -> Some b
                | Operation.Primitive(Primitive.Full(_, _, shape) as p) when Shape.count shape <= mostFolded ->
                    Some(evaluate p [||] device)
                | Operation.Primitive(Primitive.Iota(_, length) as p) when length <= mostFolded ->
                    Some(evaluate p [||] device)
                | _ -> None

            let sameShape () = Shape.equal nodes[0].Shape signature.Shape

            let allFull = nodes.Length > 0 && nodes |> Array.forall (fun n -> (|Full|_|) n |> Option.isSome)

            if allFull && isElementwise p then
                let value = evaluate p (nodes |> Array.map (fun n -> (scalar n).Value)) device
                full (literal ((Engines.forDevice device).ToHost value))
            elif allFull && keepsUniform p then
                match nodes[0] with
                | Full value -> full value
                | _ -> plain ()
            elif
                nodes.Length > 0
                && Shape.count signature.Shape <= mostFolded
                && not (keepsUniform p)
                && isPlain p
                && nodes |> Array.forall (fun n -> (constant n).IsSome)
            then
                let buffer = evaluate p (nodes |> Array.map (fun n -> (constant n).Value)) device

                builder.Add {
                    Operation = Operation.Constant buffer
                    Inputs = [||]
                    DType = signature.DType
                    Shape = signature.Shape
                    Device = device
                }
            else
                match p with
                | Primitive.Detach when last -> inputs[0]
                | Primitive.Reshape _ when sameShape () -> inputs[0]
                | Primitive.Reshape shape ->
                    match nodes[0] with
                    | Applied(Primitive.Reshape _, [| x |]) -> apply (Primitive.Reshape shape) [| x |]
                    | _ -> plain ()
                | Primitive.Permute order when order = Shape.allAxes order.Length -> inputs[0]
                // Only axes of one element move: the same elements in the same order.
                | Primitive.Permute order when
                    (let moving = order |> Array.filter (fun a -> nodes[0].Shape[a] <> 1)
                     moving = Array.sort moving)
                    ->
                    apply (Primitive.Reshape signature.Shape) inputs
                | Primitive.Permute order ->
                    match nodes[0] with
                    | Applied(Primitive.Permute first, [| x |]) ->
                        apply (Primitive.Permute(order |> Array.map (fun a -> first[a]))) [| x |]
                    | _ -> plain ()
                | Primitive.Broadcast _ when sameShape () -> inputs[0]
                // Only axes of one element are added.
                | Primitive.Broadcast shape when Shape.count shape = Shape.count nodes[0].Shape ->
                    apply (Primitive.Reshape shape) inputs
                | Primitive.Broadcast shape ->
                    match nodes[0] with
                    | Applied(Primitive.Broadcast _, [| x |]) -> apply (Primitive.Broadcast shape) [| x |]
                    | _ -> plain ()
                | Primitive.Slice region when sameShape () && region.Step |> Array.forall ((=) 1) -> inputs[0]
                | Primitive.Slice region ->
                    match nodes[0] with
                    | Applied(Primitive.Slice inner, [| x |]) ->
                        apply (Primitive.Slice(sliceOfSlice region inner)) [| x |]
                    | _ -> plain ()
                | Primitive.Convert dtype when dtype = nodes[0].DType -> inputs[0]
                | Primitive.Reduce(_, [||]) -> inputs[0]
                | Primitive.Reduce(_, axes) when axes |> Array.forall (fun a -> nodes[0].Shape[a] = 1) ->
                    apply (Primitive.Reshape signature.Shape) inputs
                | Primitive.Reduce(kind, axes) when last -> r.Reduce(kind, axes, inputs[0], device, plain)
                | Primitive.Concatenate _ when inputs.Length = 1 -> inputs[0]
                | Primitive.Select ->
                    match nodes[0] with
                    | Number x -> if x <> 0.0 then inputs[1] else inputs[2]
                    | _ -> if inputs[1] = inputs[2] then inputs[1] else plain ()
                | Primitive.Unary Unary.Negate ->
                    match nodes[0] with
                    | Applied(Primitive.Unary Unary.Negate, [| x |]) -> x
                    | _ -> plain ()
                | Primitive.Binary op -> r.Binary(op, inputs, nodes, device, plain)
                | Primitive.Fused f when device = Device.Cpu ->
                    Expand.fused apply f inputs { Shape = nodes[0].Shape; DType = nodes[0].DType }
                    |> ValueOption.defaultWith plain
                | _ -> plain ()

        /// Whether the value of a node is not the same all along an axis, as far as a look at what it is made of tells.
        member private r.Varies(i: int, axis: int, depth: int) : bool =
            let node = builder[i]

            match node.Operation with
            | Operation.Primitive p when depth > 0 ->
                match p with
                | Primitive.Full _ -> false
                | Primitive.Broadcast shape ->
                    let source = builder[node.Inputs[0]].Shape
                    let at = axis - (shape.Length - source.Length)

                    if at < 0 || source[at] <> shape[axis] then
                        false
                    else
                        r.Varies(node.Inputs[0], at, depth - 1)
                | Primitive.Permute order -> r.Varies(node.Inputs[0], order[axis], depth - 1)
                | _ ->
                    not (isElementwise p)
                    || node.Inputs |> Array.exists (fun j -> r.Varies(j, axis, depth - 1))
            | _ -> true

        /// The node with one element along an axis on which it does not vary.
        member private r.Narrow(i: int, axis: int) : int =
            let node = builder[i]
            let narrow (shape: int[]) = Array.mapi (fun a n -> if a = axis then 1 else n) shape

            match node.Operation with
            | Operation.Primitive p ->
                match p with
                | Primitive.Full(value, dtype, shape) ->
                    r.Apply(Primitive.Full(value, dtype, narrow shape), [||], node.Device)
                | Primitive.Broadcast shape ->
                    let source = builder[node.Inputs[0]].Shape
                    let at = axis - (shape.Length - source.Length)

                    let input =
                        if at >= 0 && source[at] <> 1 then r.Narrow(node.Inputs[0], at) else node.Inputs[0]

                    r.Apply(Primitive.Broadcast(narrow shape), [| input |], node.Device)
                | Primitive.Permute order ->
                    r.Apply(p, [| r.Narrow(node.Inputs[0], order[axis]) |], node.Device)
                | _ -> r.Apply(p, node.Inputs |> Array.map (fun j -> r.Narrow(j, axis)), node.Device)
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> invalidOp "A node that may vary can't be narrowed."

        /// The sum of n equal numbers is n times that number; their largest or smallest is the number itself.
        member private r.Reduce(kind, axes: int[], input: int, device, plain: unit -> int) : int =
            let node = builder[input]

            // In the short floats, n itself may be too large.
            let counts =
                match node.DType with
                | DType.Float32
                | DType.Float64
                | DType.Int32
                | DType.Int64 -> true
                | DType.Float16
                | DType.BFloat16
                | DType.Bool -> kind <> Reduction.Sum

            let same =
                if counts then
                    axes |> Array.filter (fun a -> node.Shape[a] > 1 && not (r.Varies(input, a, 8)))
                else
                    [||]

            if same.Length = 0 then
                plain ()
            else
                let narrowed = same |> Array.fold (fun i axis -> r.Narrow(i, axis)) input
                let reduced = r.Apply(Primitive.Reduce(kind, axes), [| narrowed |], device)

                match kind with
                | Reduction.Max
                | Reduction.Min -> reduced
                | Reduction.Sum ->
                    let n = same |> Array.fold (fun n axis -> n * int64 node.Shape[axis]) 1L
                    let literal = if node.DType.IsFloat then Literal.Real(float n) else Literal.Whole n

                    let times =
                        r.Apply(Primitive.Full(literal, node.DType, builder[reduced].Shape), [||], device)

                    r.Apply(Primitive.Binary Binary.Multiply, [| reduced; times |], device)

        member private r.Binary(op, inputs: int[], nodes: Node[], device, plain: unit -> int) : int =
            let x, y = nodes[0], nodes[1]
            let full value = r.Apply(Primitive.Full(Literal.Real value, x.DType, x.Shape), [||], device)
            let apply op a b = r.Apply(Primitive.Binary op, [| a; b |], device)
            let negate a = r.Apply(Primitive.Unary Unary.Negate, [| a |], device)
            let isFloat = x.DType.IsFloat
            // x + 0 is not x where x is -0; x - 0 is.
            let addsNothing c = if isFloat then c = 0.0 && System.Double.IsNegative c else c = 0.0
            let subtractsNothing c = if isFloat then c = 0.0 && not (System.Double.IsNegative c) else c = 0.0

            match op, x, y with
            | Binary.Add, _, Number c when addsNothing c -> inputs[0]
            | Binary.Add, Number c, _ when addsNothing c -> inputs[1]
            | Binary.Subtract, _, Number c when subtractsNothing c -> inputs[0]
            | (Binary.Multiply | Binary.Divide), _, Number 1.0 -> inputs[0]
            | Binary.Multiply, Number 1.0, _ -> inputs[1]
            | (Binary.Multiply | Binary.Divide), _, Number -1.0 when isFloat -> negate inputs[0]
            | Binary.Multiply, Number -1.0, _ when isFloat -> negate inputs[1]
            | Binary.Add, _, Applied(Primitive.Unary Unary.Negate, [| b |]) ->
                apply Binary.Subtract inputs[0] b
            | Binary.Add, Applied(Primitive.Unary Unary.Negate, [| a |]), _ ->
                apply Binary.Subtract inputs[1] a
            | Binary.Subtract, _, Applied(Primitive.Unary Unary.Negate, [| b |]) ->
                apply Binary.Add inputs[0] b
            | Binary.Divide, _, Number c when isFloat && isPowerOfTwo c ->
                apply Binary.Multiply inputs[0] (full (1.0 / c))
            | Binary.Power, _, Number 1.0 -> inputs[0]
            | Binary.Power, _, Number 2.0 -> apply Binary.Multiply inputs[0] inputs[0]
            | Binary.Power, _, Number -1.0 -> apply Binary.Divide (full 1.0) inputs[0]
            | _ -> plain ()

    /// What outputs depend on, renumbered.
    let eliminateDead (g: Graph) : Graph =
        let live = Array.create g.Nodes.Length false

        for i in g.Outputs do
            live[i] <- true

        for i in g.Inputs do
            live[i] <- true

        for i in g.Nodes.Length - 1 .. -1 .. 0 do
            if live[i] then
                for j in g.Nodes[i].Inputs do
                    live[j] <- true

        let number = Array.create g.Nodes.Length -1
        let nodes = ResizeArray<Node>()

        for i in 0 .. g.Nodes.Length - 1 do
            if live[i] then
                number[i] <- nodes.Count
                let node = g.Nodes[i]
                nodes.Add { node with Inputs = node.Inputs |> Array.map (fun j -> number[j]) }

        {
            Nodes = nodes.ToArray()
            Inputs = g.Inputs |> Array.map (fun i -> number[i])
            Outputs = g.Outputs |> Array.map (fun i -> number[i])
        }

    /// The node of one round's slices, and a round's result as the one slice of a stack.
    let private sliceOf (r: Rewriter) i =
        let node = r.Builder[i]
        r.Apply(Primitive.Reshape node.Shape[1..], [| i |], node.Device)

    let private stackOf (r: Rewriter) i =
        let node = r.Builder[i]
        r.Apply(Primitive.Reshape(Array.append [| 1 |] node.Shape), [| i |], node.Device)

    /// What a body need not be handed: the numbers that an input always has, or another input that is the same.
    [<RequireQualifiedAccess; Struct; NoComparison; NoEquality>]
    type private Known =
        | Unknown
        | Node of node: Node
        | Twin of input: int

    /// What is known of inputs that stand for nodes of the graph around.
    let private known (r: Rewriter) (arguments: int[]) : Known[] =
        arguments
        |> Array.mapi (fun k i ->
            let node = r.Builder[i]

            match node.Operation with
            | Operation.Primitive(Primitive.Full _ | Primitive.Iota _) -> Known.Node node
            | Operation.Constant b when Shape.count b.Shape <= mostFolded -> Known.Node node
            | _ ->
                match System.Array.IndexOf(arguments, i) with
                | first when first < k -> Known.Twin first
                | _ -> Known.Unknown)

    let private unknown count = Array.create count Known.Unknown

    /// The truth of a test that is known while compiling.
    let private truth (node: Node) : bool voption =
        match node.Operation with
        | Operation.Primitive(Primitive.Full(Literal.Whole n, DType.Bool, _)) -> ValueSome(n <> 0L)
        | Operation.Primitive(Primitive.Full(Literal.Real x, DType.Bool, _)) -> ValueSome(x <> 0.0)
        | Operation.Constant b when b.DType = DType.Bool ->
            match literal ((Engines.forDevice b.Device).ToHost b) with
            | Literal.Whole n -> ValueSome(n <> 0L)
            | Literal.Real x -> ValueSome(x <> 0.0)
        | _ -> ValueNone

    let rec private rewrite (r: Rewriter) last (g: Graph) (inputs: int[]) : int[] =
        let number = Array.create g.Nodes.Length -1
        // Results of control flow that turned out to be none.
        let inLine = Dictionary<int, int[]>()

        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]
            let arguments = node.Inputs |> Array.map (fun j -> number[j])

            number[i] <-
                match node.Operation with
                | Operation.Input n -> inputs[n]
                | Operation.Constant _ -> r.Add node
                | Operation.Primitive p -> r.Apply(p, arguments, node.Device)
                | Operation.Control control ->
                    match straight r last control arguments with
                    | ValueSome results ->
                        inLine[i] <- results
                        -1
                    | ValueNone ->
                        let control = inside r last control arguments
                        r.Add { node with Operation = Operation.Control control; Inputs = arguments }
                | Operation.Item n ->
                    match inLine.TryGetValue node.Inputs[0] with
                    | true, results -> results[n]
                    | false, _ -> r.Add { node with Inputs = arguments }

        g.Outputs |> Array.map (fun i -> number[i])

    /// The results of control flow that needs no control: a call, one round or none, a test whose outcome is known.
    and private straight (r: Rewriter) last (control: Control) (arguments: int[]) : int[] voption =
        let inLine (body: Graph) arguments = rewrite r last (eliminateDead body) arguments

        match control with
        | Control.Call call -> if last then ValueSome(inLine call.Body arguments) else ValueNone
        | Control.Scan s when s.Count = 0 ->
            let device i = s.Body.Nodes[s.Body.Outputs[i]].Device

            let nothing i (result: Signature) =
                let p = Primitive.Full(Literal.Whole 0L, result.DType, result.Shape)
                r.Apply(p, [||], device i)

            Graph.results control
            |> Array.mapi (fun i result -> if i < s.Carry then arguments[s.Shared + i] else nothing i result)
            |> ValueSome
        | Control.Scan s when s.Count = 1 ->
            let handed, sequences = arguments[.. s.Shared + s.Carry - 1], arguments[s.Shared + s.Carry ..]

            Array.append handed (sequences |> Array.map (sliceOf r))
            |> inLine s.Body
            |> Array.mapi (fun i result -> if i < s.Carry then result else stackOf r result)
            |> ValueSome
        | Control.Scan _ -> ValueNone
        | Control.While w ->
            // A condition that never holds, whatever goes round.
            match truth w.Condition.Nodes[w.Condition.Outputs[0]] with
            | ValueSome false -> ValueSome arguments[w.Shared ..]
            | ValueSome true
            | ValueNone -> ValueNone
        | Control.Cond c ->
            match truth r.Builder[arguments[0]] with
            | ValueSome true -> ValueSome(inLine c.OnTrue arguments[1..])
            | ValueSome false -> ValueSome(inLine c.OnFalse arguments[1..])
            | ValueNone -> ValueNone

    and private inside (r: Rewriter) last (control: Control) (arguments: int[]) : Control =
        let shared count changing = Array.append (known r arguments[.. count - 1]) (unknown changing)

        match control with
        | Control.Scan s ->
            Control.Scan { s with Body = body last (shared s.Shared (arguments.Length - s.Shared)) s.Body }
        | Control.While w ->
            let known = shared w.Shared (arguments.Length - w.Shared)
            Control.While { w with Condition = body last known w.Condition; Body = body last known w.Body }
        | Control.Cond c ->
            let known = known r arguments[1..]
            Control.Cond { OnTrue = body last known c.OnTrue; OnFalse = body last known c.OnFalse }
        | Control.Call c -> Control.Call { c with Body = body last (unknown arguments.Length) c.Body }

    /// The simplified graph: the same inputs, some of which may no longer be read, and outputs.
    and private body last (known: Known[]) (g: Graph) : Graph =
        let r = Rewriter last

        let own =
            g.Inputs
            |> Array.map (fun i ->
                let node = g.Nodes[i]
                r.Builder.Input(node.DType, node.Shape, node.Device))

        let inputs =
            known
            |> Array.mapi (fun k known ->
                match known with
                | Known.Unknown -> own[k]
                | Known.Node node -> r.Add node
                | Known.Twin first -> own[first])

        let outputs = rewrite r last (eliminateDead g) inputs
        eliminateDead (r.Builder.ToGraph outputs)

    /// The simplified graph: the same inputs and outputs.
    let graph (g: Graph) : Graph = body true (unknown g.Inputs.Length) g

    /// The same, where derivatives are still to be taken of the result.
    let differentiable (g: Graph) : Graph = body false (unknown g.Inputs.Length) g
