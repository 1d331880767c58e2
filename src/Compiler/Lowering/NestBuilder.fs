namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined

/// The graph that a nest is read from.
[<AbstractClass>]
type internal NestSource() =
    abstract NodeAt: int -> Node
    abstract Way: int -> Fuse.Way
    abstract IsStored: int -> bool
    /// A node as memory.
    abstract View: int -> View

/// A loop nest as it is put together: expressions are read into it at positions of its axes.
[<Sealed>]
type internal NestBuilder(level: NestSource, axes: int[], reduced: int) =
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
