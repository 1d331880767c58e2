namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined

/// From a graph to steps on memory: loop nests for what is emitted, engine calls for the rest. Memory is a list of
/// slots; where they lie is planned afterwards.
[<Sealed>]
type internal Lowering(target: Target) =
    let slots = ResizeArray<Slot>()
    let names = Dictionary<int, unit -> string>()

    member _.Slots = slots

    /// What the value in a slot is, for people.
    member _.NameOf(slot: int) : string voption =
        match names.TryGetValue slot with
        | true, name -> ValueSome(name ())
        | false, _ -> ValueNone

    member _.Name(slot: int, what: unit -> string) = names[slot] <- what

    /// A node's value, for people.
    static member Describe(node: Node) : string =
        let what =
            match node.Operation with
            | Operation.Input n -> $"input {n}"
            | Operation.Constant _ -> "constant"
            | Operation.Primitive p -> string p
            | Operation.Control control -> Graph.describe control
            | Operation.Item n -> $"result {n}"

        $"{what} {node.DType} {Shape.show node.Shape}"

    member _.Slot(dtype, count, home) : int =
        slots.Add { DType = dtype; Count = count; Home = home }
        slots.Count - 1

    /// The steps that compute a graph from views of its inputs, and views of its outputs. `into` gives slots that
    /// outputs must end up in (-1: anywhere).
    member lowering.Graph(g: Graph, inputs: View[], into: int[]) : struct (Step[] * View[]) =
        let level = Level(lowering, target, g, inputs, into)
        level.Run()

/// One graph on its way to steps; the bodies of control flow are levels of their own.
and [<Sealed>] private Level(lowering: Lowering, target: Target, g: Graph, inputs: View[], into: int[]) =
    let struct (ways, stored) = Fuse.plan target g
    let steps = ResizeArray<Step>()
    let views: View voption[] = Array.create g.Nodes.Length ValueNone
    let results = Dictionary<int, View[]>()

    /// The slots in which nodes must end up: the first of each, where it is an output several times.
    let wanted =
        let slots = Dictionary<int, int>()

        for k in 0 .. g.Outputs.Length - 1 do
            if into[k] >= 0 then slots.TryAdd(g.Outputs[k], into[k]) |> ignore

        slots

    /// Whether a draw becomes a nest: a few numbers by each of many keys.
    let isDrawNest (node: Node) (shape: int[]) =
        let each = Shape.count shape

        each > 0
        && each <= 4
        && Shape.count node.Shape >= 8 * each
        && target.Draws()
        && not (DTypes.isHalf node.DType)

    /// Memory for a node's value: where an output wants it, if that is still free.
    let destination (i: int) : View =
        let node = g.Nodes[i]

        match wanted.TryGetValue i with
        | true, slot -> Layout.contiguous slot node.Shape
        | false, _ ->
            let slot = lowering.Slot(node.DType, Shape.count node.Shape, Home.Arena)
            lowering.Name(slot, (fun () -> Lowering.Describe node))
            Layout.contiguous slot node.Shape

    let uniform (p: Primitive) (node: Node) : View =
        let engine = Engines.forDevice target.Device
        // Not for the pool, and of no scope: the program has it for good.
        let b = engine.ToHost(engine.Evaluate(p, [||], target.Device))
        let slot = lowering.Slot(node.DType, b.Data.Length, Home.Constant b)
        { Slot = slot; Offset = b.Offset; Shape = b.Shape; Strides = b.Strides }

    /// A node as memory: as it is, or as a view of what it is made from, or else stored now. A loop down to what the view
    /// is of, and one back: views can stand in long rows.
    member level.View(i: int) : View =
        let mutable at = i

        while views[at].IsNone && ways[at] = Fuse.Way.View do
            at <- g.Nodes[at].Inputs[0]

        if views[at].IsNone then views[at] <- ValueSome(level.Source at)

        if at <> i then
            let row = Stack<int>()
            let mutable above = i

            while above <> at do
                row.Push above
                above <- g.Nodes[above].Inputs[0]

            for node in row do
                views[node] <- ValueSome(level.Seen(node, views[g.Nodes[node].Inputs[0]].Value))

        views[i].Value

    /// A node that is no view, as memory.
    member private level.Source(i: int) : View =
        let node = g.Nodes[i]

        match node.Operation with
        | Operation.Input n -> inputs[n]
        | Operation.Constant buffer ->
            let b = (Engines.forDevice node.Device).ToHost buffer
            let slot = lowering.Slot(node.DType, b.Data.Length, Home.Constant b)
            { Slot = slot; Offset = b.Offset; Shape = b.Shape; Strides = b.Strides }
        | Operation.Item n -> results[node.Inputs[0]][n]
        | Operation.Primitive(Primitive.Full _ | Primitive.Iota _ as p) -> uniform p node
        | Operation.Primitive _ -> level.Compute i
        | Operation.Control _ -> invalidOp "Control flow is read by its items."

    /// A node that is a view, of memory that is there.
    member private level.Seen(i: int, source: View) : View =
        let node = g.Nodes[i]

        match node.Operation with
        | Operation.Primitive(Primitive.Permute order) -> Layout.permute order source
        | Operation.Primitive(Primitive.Broadcast shape) -> Layout.broadcast shape source
        | Operation.Primitive(Primitive.Slice region) -> Layout.slice region source
        | Operation.Primitive(Primitive.Reshape shape) ->
            match Layout.tryReshape shape source with
            | ValueSome v -> v
            | ValueNone ->
                let copy = level.Copy(source, lowering.Slot(node.DType, Shape.count shape, Home.Arena))
                Layout.contiguous copy.Slot shape
        // What is marked for derivatives or the compiler is the same memory.
        | _ -> source

    /// Copies a view into a slot.
    member _.Copy(source: View, slot: int) : View =
        let result = Layout.contiguous slot source.Shape
        let dtype = lowering.Slots[source.Slot].DType

        match dtype with
        | DType.Float32
        | DType.Float64
        | DType.Int32
        | DType.Int64 ->
            let rank = source.Shape.Length

            steps.Add(
                Step.Nest {
                    Axes = source.Shape
                    Reduced = 0
                    Body = [|
                        Instruction.Load(
                            dtype,
                            { Slot = source.Slot; Offset = source.Offset; Strides = source.Strides }
                        )
                    |]
                    Stores = [| { Slot = slot; Offset = 0; Strides = Array.sub result.Strides 0 rank }, 0 |]
                }
            )
        | DType.Bool
        | DType.Float16
        | DType.BFloat16 -> steps.Add(Step.Engine(Primitive.Barrier, [| source |], [| ValueSome result |]))

        result

    /// A node's value, into memory of its own.
    member level.Compute(i: int) : View =
        let node = g.Nodes[i]

        match node.Operation, ways[i] with
        | Operation.Primitive(Primitive.Reduce(kind, axes)), Fuse.Way.Folded ->
            let source = g.Nodes[node.Inputs[0]].Shape
            let kept = Shape.allAxes source.Length |> Array.filter (fun a -> not (Array.contains a axes))
            let order = Array.append kept axes
            let nest = NestBuilder(level, order |> Array.map (fun a -> source[a]), axes.Length)

            let places =
                Array.init source.Length (fun a ->
                    let k = System.Array.IndexOf(order, a)
                    { Start = 0; Steps = Array.init order.Length (fun j -> if j = k then 1 else 0) })

            let value = nest.Read(node.Inputs[0], places)
            level.Finish(nest, i, nest.Add(Instruction.Reduce(kind, value)))
        | Operation.Primitive Primitive.MatMul, Fuse.Way.Folded ->
            let a, b = g.Nodes[node.Inputs[0]].Shape, g.Nodes[node.Inputs[1]].Shape
            let r = a.Length
            let axes = Array.concat [ a[.. r - 2]; [| b[r - 1]; a[r - 1] |] ]
            let nest = NestBuilder(level, axes, 1)
            let at k = { Start = 0; Steps = Array.init axes.Length (fun j -> if j = k then 1 else 0) }
            let batch = Array.init (r - 2) at
            let left = nest.Read(node.Inputs[0], Array.append batch [| at (r - 2); at r |])
            let right = nest.Read(node.Inputs[1], Array.append batch [| at r; at (r - 1) |])
            let product = nest.Add(Instruction.Binary(Binary.Multiply, left, right))
            level.Finish(nest, i, nest.Add(Instruction.Reduce(Reduction.Sum, product)))
        | Operation.Primitive(Primitive.Random(draw, dtype, shape)), _ when isDrawNest node shape ->
            level.Draws(i, draw, dtype, shape)
        | _, Fuse.Way.Elementwise ->
            let nest = NestBuilder(level, node.Shape, 0)
            let rank = node.Shape.Length
            level.Finish(nest, i, nest.Value(i, Layout.identity rank rank))
        | Operation.Primitive p, _ ->
            let arguments = node.Inputs |> Array.map level.View
            let result = destination i

            match p with
            | Primitive.MatMul -> steps.Add(Step.Product(arguments[0], arguments[1], result))
            | Primitive.Random(draw, dtype, shape) ->
                steps.Add(Step.Draw(draw, dtype, arguments[0], Shape.count shape, result))
            | _ -> steps.Add(Step.Engine(p, arguments, [| ValueSome result |]))

            result
        | (Operation.Input _ | Operation.Constant _ | Operation.Control _ | Operation.Item _), _ ->
            level.View i

    /// All results of a primitive, by the engine: those that are read, each in memory of its own.
    member private level.Several(i: int, p: Primitive) =
        let arguments = g.Nodes[i].Inputs |> Array.map level.View
        let targets = Array.create (Graph.items g i).Length ValueNone

        for j in i + 1 .. g.Nodes.Length - 1 do
            match g.Nodes[j].Operation with
            | Operation.Item n when g.Nodes[j].Inputs[0] = i -> targets[n] <- ValueSome(destination j)
            | _ -> ()

        steps.Add(Step.Engine(p, arguments, targets))
        results[i] <- targets |> Array.map (ValueOption.defaultValue Unchecked.defaultof<View>)

    /// Draws by many keys, as a nest over the keys: one in each lane. What a key draws are stores side by side, since
    /// several numbers come out of one block.
    member private level.Draws(i: int, draw: Draw, dtype: DType, shape: int[]) : View =
        let input = g.Nodes[i].Inputs[0]
        let keys = g.Nodes[input].Shape
        let rank = keys.Length
        let each = Shape.count shape
        let result = destination i
        let nest = NestBuilder(level, keys, 0)
        let access = Layout.access rank (level.View input) (Layout.identity rank rank)
        let key = nest.Add(Instruction.Load(DType.Int64, access))

        let stores =
            Array.init each (fun k ->
                let index = nest.Add(Instruction.Constant(Literal.Whole(int64 k), DType.Int64))
                let strides = Shape.strides keys |> Array.map (fun s -> s * each)

                { Slot = result.Slot; Offset = result.Offset + k; Strides = strides },
                nest.Add(Instruction.Draw(draw, dtype, key, index)))

        steps.Add(Step.Nest { nest.Kernel(result, key) with Stores = stores })
        result

    member private _.Finish(nest: NestBuilder, i: int, value: int) : View =
        let result = destination i
        steps.Add(Step.Nest(nest.Kernel(result, value)))
        result

    member _.IsStored i = stored[i] || views[i].IsSome
    member _.Way i = ways[i]
    member _.NodeAt i = g.Nodes[i]

    member private level.Carry(initial: View[], body: Graph, first: int) =
        // What the body hands through unchanged is read where it was.
        let unchanged k = body.Outputs[k] = body.Inputs[first + k]
        let slot (v: View) = lowering.Slot(lowering.Slots[v.Slot].DType, Shape.count v.Shape, Home.Arena)

        initial
        |> Array.mapi (fun k v ->
            if unchanged k then
                struct (v, -1, -1)
            else
                let before = slot v
                let copy = level.Copy(v, before)
                struct (copy, before, slot v))

    member private level.Control(i: int, control: Control, arguments: int[]) =
        let given = arguments |> Array.map level.View

        match control with
        | Control.Scan s ->
            let shared = given[.. s.Shared - 1]
            let carry = level.Carry(Array.sub given s.Shared s.Carry, s.Body, s.Shared)

            let slices =
                given[s.Shared + s.Carry ..]
                |> Array.map (fun v ->
                    let slot = lowering.Slot(lowering.Slots[v.Slot].DType, 0, Home.Slice)

                    struct ({ Slot = slot; Offset = 0; Shape = v.Shape[1..]; Strides = v.Strides[1..] },
                            struct (slot, v, v.Strides[0])))

            let signatures = Graph.results control

            let stacks =
                signatures[s.Carry ..]
                |> Array.map (fun r ->
                    let count = Shape.count r.Shape
                    let whole = Layout.contiguous (lowering.Slot(r.DType, count, Home.Arena)) r.Shape

                    lowering.Name(
                        whole.Slot,
                        fun () -> $"stacked by {Graph.describe control} {r.DType} {Shape.show r.Shape}"
                    )

                    let slot = lowering.Slot(r.DType, 0, Home.Slice)
                    struct (whole, struct (slot, whole, if r.Shape[0] = 0 then 0 else count / r.Shape[0])))

            let inside =
                Array.concat [
                    shared
                    carry |> Array.map (fun (struct (v, _, _)) -> v)
                    slices |> Array.map (fun (struct (v, _)) -> v)
                ]

            let into =
                Array.append
                    (carry |> Array.map (fun (struct (_, _, after)) -> after))
                    (stacks |> Array.map (fun (struct (_, struct (slot, _, _))) -> slot))

            let struct (body, _) = lowering.Graph(s.Body, inside, into)

            steps.Add(
                Step.Scan {
                    Count = s.Count
                    Reverse = s.Reverse
                    Body = body
                    Carry =
                        carry
                        |> Array.filter (fun (struct (_, before, _)) -> before >= 0)
                        |> Array.map (fun (struct (_, before, after)) -> struct (before, after))
                    Slices =
                        Array.append
                            (slices |> Array.map (fun (struct (_, s)) -> s))
                            (stacks |> Array.map (fun (struct (_, s)) -> s))
                }
            )

            results[i] <-
                Array.append
                    (carry |> Array.map (fun (struct (v, _, _)) -> v))
                    (stacks |> Array.map (fun (struct (v, _)) -> v))
        | Control.While w ->
            let shared = given[.. w.Shared - 1]
            let state = level.Carry(given[w.Shared ..], w.Body, w.Shared)
            let inside = Array.append shared (state |> Array.map (fun (struct (v, _, _)) -> v))
            let test = lowering.Slot(DType.Bool, 1, Home.Arena)
            let struct (condition, _) = lowering.Graph(w.Condition, inside, [| test |])
            let into = state |> Array.map (fun (struct (_, _, after)) -> after)
            let struct (round, _) = lowering.Graph(w.Body, inside, into)

            steps.Add(
                Step.While {
                    Condition = condition
                    Test = Layout.contiguous test [||]
                    Round = round
                    State =
                        state
                        |> Array.filter (fun (struct (_, before, _)) -> before >= 0)
                        |> Array.map (fun (struct (_, before, after)) -> struct (before, after))
                }
            )

            results[i] <- state |> Array.map (fun (struct (v, _, _)) -> v)
        | Control.Cond c ->
            let signatures = Graph.results control

            let into =
                signatures |> Array.map (fun r -> lowering.Slot(r.DType, Shape.count r.Shape, Home.Arena))

            let struct (onTrue, _) = lowering.Graph(c.OnTrue, given[1..], into)
            let struct (onFalse, _) = lowering.Graph(c.OnFalse, given[1..], into)
            steps.Add(Step.Cond(given[0], onTrue, onFalse))

            results[i] <-
                Array.map2 (fun slot (r: Signature) -> Layout.contiguous slot r.Shape) into signatures
        | Control.Call _ -> invalidOp "Calls were put in line before."

    member level.Run() : struct (Step[] * View[]) =
        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]

            match node.Operation with
            | Operation.Control control -> level.Control(i, control, node.Inputs)
            | Operation.Primitive p when node.HasItems -> level.Several(i, p)
            | Operation.Input _
            | Operation.Constant _
            | Operation.Item _ -> ()
            | Operation.Primitive _ ->
                match ways[i] with
                | Fuse.Way.View -> ()
                | Fuse.Way.Given
                | Fuse.Way.Elementwise
                | Fuse.Way.Folded
                | Fuse.Way.Alone -> if stored[i] then level.View i |> ignore

        let outputs =
            g.Outputs
            |> Array.mapi (fun k i ->
                let v = level.View i

                if into[k] < 0 then v
                elif v.Slot = into[k] then v
                else level.Copy(v, into[k]))

        struct (steps.ToArray(), outputs)

/// A loop nest as it is put together: expressions are read into it at positions of its axes.
and [<Sealed>] private NestBuilder(level: Level, axes: int[], reduced: int) =
    let body = InstructionList()

    /// The nest that stores one value.
    member _.Kernel(target: View, value: int) : LoopNest = {
        Axes = axes
        Reduced = reduced
        Body = body.ToArray()
        Stores = [|
            {
                Slot = target.Slot
                Offset = target.Offset
                Strides = Array.append target.Strides (Array.zeroCreate reduced)
            },
            value
        |]
    }

    member _.Add(instruction: Instruction) : int = body.Add instruction

    member private nest.Load(i: int, places: Place[]) : int =
        let access = Layout.access axes.Length (level.View i) places
        nest.Add(Instruction.Load((level.NodeAt i).DType, access))

    /// Where a view reads what it is a view of; ValueNone where it has to be read as memory.
    member private _.Behind(i: int, places: Place[]) : Place[] voption =
        let node = level.NodeAt i
        let source () = (level.NodeAt node.Inputs[0]).Shape

        match node.Operation with
        | Operation.Primitive(Primitive.Permute order) -> ValueSome(Layout.placesOfPermute order places)
        | Operation.Primitive(Primitive.Broadcast shape) ->
            ValueSome(Layout.placesOfBroadcast axes.Length (source ()) shape places)
        | Operation.Primitive(Primitive.Slice region) -> ValueSome(Layout.placesOfSlice region places)
        | Operation.Primitive(Primitive.Detach | Primitive.Barrier) -> ValueSome places
        | Operation.Primitive(Primitive.Reshape shape) when Layout.joins (source ()) shape ->
            ValueSome(Layout.placesOfReshape axes.Length (source ()) shape places)
        | _ -> ValueNone

    /// The value of a node at positions along its axes: loaded where it is stored. A loop through views, which can stand in
    /// long rows; what is computed here is short, as the choice of what is stored sees to.
    member nest.Read(i: int, places: Place[]) : int =
        let mutable at = i
        let mutable places = places
        let mutable isView = level.Way at = Fuse.Way.View

        while isView do
            match nest.Behind(at, places) with
            | ValueSome behind ->
                places <- behind
                at <- (level.NodeAt at).Inputs[0]
                isView <- level.Way at = Fuse.Way.View
            | ValueNone -> isView <- false

        if level.Way at = Fuse.Way.Elementwise && not (level.IsStored at) then
            nest.Value(at, places)
        else
            nest.Load(at, places)

    /// The value computed here.
    member nest.Value(i: int, places: Place[]) : int =
        let node = level.NodeAt i
        let n = axes.Length
        let input k = nest.Read(node.Inputs[k], places)

        match node.Operation with
        | Operation.Primitive p ->
            match p with
            | Primitive.Unary op -> nest.Add(Instruction.Unary(op, input 0))
            | Primitive.Binary op -> nest.Add(Instruction.Binary(op, input 0, input 1))
            | Primitive.Select -> nest.Add(Instruction.Select(input 0, input 1, input 2))
            | Primitive.Convert dtype -> nest.Add(Instruction.Convert(dtype, input 0))
            | Primitive.Full(value, dtype, _) -> nest.Add(Instruction.Constant(value, dtype))
            | Primitive.Iota(dtype, _) ->
                let place = places[0]
                let moving = Range.filter n (fun k -> place.Steps[k] <> 0)

                match moving with
                | [||] -> nest.Add(Instruction.Constant(Literal.Whole(int64 place.Start), dtype))
                | [| k |] -> nest.Add(Instruction.Position(dtype, k, place.Start, place.Steps[k]))
                | _ ->
                    // Added as whole numbers: a sum of rounded parts is not the rounded sum.
                    let whole = if dtype = DType.Int64 then dtype else DType.Int32

                    let position =
                        moving
                        |> Array.mapi (fun j k ->
                            let start = if j = 0 then place.Start else 0
                            nest.Add(Instruction.Position(whole, k, start, place.Steps[k])))
                        |> Array.reduce (fun a b -> nest.Add(Instruction.Binary(Binary.Add, a, b)))

                    if whole = dtype then position else nest.Add(Instruction.Convert(dtype, position))
            | Primitive.Permute _
            | Primitive.Broadcast _
            | Primitive.Slice _
            | Primitive.Reshape _
            | Primitive.Detach
            | Primitive.Barrier
            | Primitive.Random _
            | Primitive.Place _
            | Primitive.Concatenate _
            | Primitive.Gather _
            | Primitive.Scatter _
            | Primitive.Reduce _
            | Primitive.ArgReduce _
            | Primitive.Sort _
            | Primitive.TriangularSolve _
            | Primitive.Qr
            | Primitive.Eigh
            | Primitive.CumulativeSum _
            | Primitive.MatMul
            | Primitive.Convolution _
            | Primitive.MaxPool _
            | Primitive.Fused _
            | Primitive.Transfer _
            | Primitive.Custom _ -> nest.Load(i, places)
        | Operation.Input _
        | Operation.Constant _
        | Operation.Control _
        | Operation.Item _ -> nest.Load(i, places)
