namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// Adds the steps of control flow to a level, from views of its arguments: views of its results. `into` gives slots that these had best
/// be made in (-1: anywhere).
type internal LowerControl = delegate of Level * Control * View[] * into: int[] -> View[]

/// One graph on its way to steps: loop nests for what is emitted, engine calls for the rest. The bodies of control flow are
/// levels of their own. `into` gives slots that outputs must end up in (-1: anywhere).
and [<Sealed>] internal Level
    (lower: LowerControl, slots: SlotTable, target: Target, g: Graph, inputs: View[], into: int[]) =
    inherit NestSource()
    let struct (ways, stored) = Fuse.plan target g
    let steps = ResizeArray<Step>()
    let views: View voption[] = Array.create g.Nodes.Length ValueNone
    let results = Dictionary<int, View[]>()

    /// The slots in which nodes must end up: the first of each, where it is an output several times.
    let wanted =
        let found = Dictionary<int, int>()

        for k in 0 .. g.Outputs.Length - 1 do
            if into[k] >= 0 then found.TryAdd(g.Outputs[k], into[k]) |> ignore

        found

    /// Whether a draw becomes a nest: a few numbers by each of many keys.
    let isDrawNest (node: Node) (shape: int[]) =
        let each = Shape.count shape

        each > 0
        && each <= 4
        && Shape.count node.Shape >= 8 * each
        && target.Draws()
        && DTypes.hasLanes node.DType

    /// Whether operands are copied by nests: where calling the engine takes longer than the work.
    let isJoinedHere (node: Node) = Shape.count node.Shape <= LoopNest.Small && target.Holds node.DType

    let parts = Fuse.parts target g ways
    let joined = Dictionary<int, View>()

    /// Memory for a node's value: where an output wants it, if that is still free, or the node that it is a part of.
    let rec destination (i: int) : View =
        let node = g.Nodes[i]

        match wanted.TryGetValue i, parts.TryGetValue i with
        | (true, slot), _ -> Layout.contiguous slot node.Shape
        | _, (true, struct (whole, axis, start)) ->
            let whole = joinedAt whole

            {
                Slot = whole.Slot
                Offset = whole.Offset + start * whole.Strides[axis]
                Shape = node.Shape
                Strides = whole.Strides
            }
        | (false, _), (false, _) ->
            let slot = slots.Slot(node.DType, Shape.count node.Shape, Home.Arena)
            slots.Name(slot, (fun () -> SlotTable.Describe node))
            Layout.contiguous slot node.Shape

    /// Memory for a concatenation: what is written first makes it.
    and joinedAt (i: int) : View =
        match joined.TryGetValue i with
        | true, place -> place
        | false, _ ->
            let place = destination i
            joined[i] <- place
            place

    /// The same for a result of a fused operation, laid out as one of the operands where the engine makes it so.
    let destinationLike (i: int) (p: Primitive) (item: int) (arguments: View[]) : View =
        let result = destination i

        match Facts.kind p with
        | Kind.Opaque(Kernel.Fused f) when f.LaidOutLike[item] >= 0 && not (wanted.ContainsKey i) ->
            let like = arguments[f.LaidOutLike[item]]
            { result with Strides = Shape.stridesLike like.Strides result.Shape }
        | Kind.Opaque _
        | Kind.Source _
        | Kind.View _
        | Kind.Elementwise _
        | Kind.Fold _
        | Kind.Contraction
        | Kind.Draw _
        | Kind.Transfer _
        | Kind.Custom _ -> result

    /// The slots in which the results of control flow are wanted. A result of the program is copied there instead: memory that it may
    /// take over from an argument is free then.
    let wantedOf (i: int) (control: Control) : int[] =
        let found = Array.create (Graph.results control).Length -1

        for j in i + 1 .. g.Nodes.Length - 1 do
            match g.Nodes[j].Operation with
            | Operation.Item n when g.Nodes[j].Inputs[0] = i ->
                match wanted.TryGetValue j with
                | true, slot when slots.Slots[slot].Home.IsArena -> found[n] <- slot
                | _ -> ()
            | Operation.Item _
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Control _ -> ()

        found

    let uniform (p: Primitive) (node: Node) : View =
        let engine = Engines.forDevice target.Device
        // Not for the pool, and of no scope: the program has it for good.
        let b = engine.ToHost(engine.Evaluate(p, [||], target.Device))
        let slot = slots.Slot(node.DType, b.Data.Length, Home.Constant b)
        { Slot = slot; Offset = b.Offset; Shape = b.Shape; Strides = b.Strides }

    /// A node as memory: as it is, or as a view of what it is made from, or else stored now. A loop down to what the view
    /// is of, and one back: views can stand in long rows.
    override level.View(i: int) : View =
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
            let slot = slots.Slot(node.DType, b.Data.Length, Home.Constant b)
            { Slot = slot; Offset = b.Offset; Shape = b.Shape; Strides = b.Strides }
        | Operation.Item n -> results[node.Inputs[0]][n]
        | Operation.Primitive(Primitive.Full _ | Primitive.Iota _ as p) -> uniform p node
        | Operation.Primitive _ -> level.Compute i
        | Operation.Control _ -> invalidOp "Control flow is read by its items."

    /// A node that is a view, of memory that is there.
    member private level.Seen(i: int, source: View) : View =
        let node = g.Nodes[i]

        match Graph.viewOf node with
        | ValueSome(ViewKind.Permute order) -> Layout.permute order source
        | ValueSome(ViewKind.Broadcast shape) -> Layout.broadcast shape source
        | ValueSome(ViewKind.Slice region) -> Layout.slice region source
        | ValueSome(ViewKind.Reshape shape) ->
            match Layout.tryReshape shape source with
            | ValueSome v -> v
            | ValueNone ->
                let copy = level.Copy(source, slots.Slot(node.DType, Shape.count shape, Home.Arena))
                Layout.contiguous copy.Slot shape
        // What is marked for derivatives or the compiler is the same memory.
        | ValueSome(ViewKind.Detach | ViewKind.Barrier) -> source
        | ValueNone -> invalidOp "Views alone are seen through."

    /// Copies a view to another one of its shape, in a nest: for dtypes that nests hold.
    member private _.CopyNest(source: View, target: View) =
        steps.Add(
            Step.Nest {
                Axes = source.Shape
                Reduced = 0
                Body = [|
                    Instruction.Load(
                        slots.Slots[source.Slot].DType,
                        { Slot = source.Slot; Offset = source.Offset; Strides = source.Strides }
                    )
                |]
                Stores = [| { Slot = target.Slot; Offset = target.Offset; Strides = target.Strides }, 0 |]
            }
        )

    /// Copies a view to another one of its shape.
    member level.CopyTo(source: View, place: View) : unit =
        if target.Holds slots.Slots[source.Slot].DType then
            level.CopyNest(source, place)
        else
            steps.Add(Step.Engine(Primitive.Barrier, [| source |], [| ValueSome place |]))

    /// Copies a view into a slot.
    member level.Copy(source: View, slot: int) : View =
        let result = Layout.contiguous slot source.Shape
        level.CopyTo(source, result)
        result

    /// Copies operands to their places in what they are joined to.
    member private level.Concatenate(axis: int, operands: View[], result: View) =
        let mutable start = 0

        for operand in operands do
            // Others are there already.
            if Shape.count operand.Shape > 0 && operand.Slot <> result.Slot then
                let place = { result with Offset = result.Offset + start * result.Strides[axis] }
                level.CopyNest(operand, place)

            start <- start + operand.Shape[axis]

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
            let result = if joined.ContainsKey i then joined[i] else destinationLike i p 0 arguments

            match Facts.kind p with
            | Kind.Contraction -> steps.Add(Step.Product(arguments[0], arguments[1], result))
            | Kind.Opaque(Kernel.Concatenate axis) when isJoinedHere node || joined.ContainsKey i ->
                level.Concatenate(axis, arguments, result)
            | Kind.Draw(draw, dtype, shape) ->
                steps.Add(Step.Draw(draw, dtype, arguments[0], Shape.count shape, result))
            | Kind.Source _
            | Kind.View _
            | Kind.Elementwise _
            | Kind.Fold _
            | Kind.Transfer _
            | Kind.Opaque _
            | Kind.Custom _ -> steps.Add(Step.Engine(p, arguments, [| ValueSome result |]))

            result
        | (Operation.Input _ | Operation.Constant _ | Operation.Control _ | Operation.Item _), _ ->
            level.View i

    /// All results of a primitive, by the engine: those that are read, each in memory of its own.
    member private level.Several(i: int, p: Primitive) =
        let arguments = g.Nodes[i].Inputs |> Array.map level.View
        let targets = Array.create (Graph.items g i).Length ValueNone

        for j in i + 1 .. g.Nodes.Length - 1 do
            match g.Nodes[j].Operation with
            | Operation.Item n ->
                if g.Nodes[j].Inputs[0] = i then targets[n] <- ValueSome(destinationLike j p n arguments)
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Control _ -> ()

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

    override _.IsStored i = stored[i] || views[i].IsSome
    override _.Way i = ways[i]
    override _.NodeAt i = g.Nodes[i]

    member _.Slots = slots
    member _.Add(step: Step) = steps.Add step

    member level.Run() : struct (Step[] * View[]) =
        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]

            match node.Operation with
            | Operation.Control control ->
                let given = node.Inputs |> Array.map level.View
                results[i] <- lower.Invoke(level, control, given, wantedOf i control)
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
