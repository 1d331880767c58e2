namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

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

        match Graph.viewOf node with
        | ValueSome(ViewKind.Permute order) -> ValueSome(Layout.placesOfPermute order places)
        | ValueSome(ViewKind.Broadcast shape) ->
            ValueSome(Layout.placesOfBroadcast axes.Length (source ()) shape places)
        | ValueSome(ViewKind.Slice region) -> ValueSome(Layout.placesOfSlice region places)
        | ValueSome(ViewKind.Detach | ViewKind.Barrier) -> ValueSome places
        | ValueSome(ViewKind.Reshape shape) ->
            if Layout.joins (source ()) shape then
                ValueSome(Layout.placesOfReshape axes.Length (source ()) shape places)
            else
                ValueNone
        | ValueNone -> ValueNone

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

    /// The number of a position along one axis of the node.
    member private nest.Position(dtype: DType, place: Place) : int =
        match Range.filter axes.Length (fun k -> place.Steps[k] <> 0) with
        | [||] -> nest.Add(Instruction.Constant(Literal.Whole(int64 place.Start), dtype))
        | [| k |] -> nest.Add(Instruction.Position(dtype, k, place.Start, place.Steps[k]))
        | moving ->
            // Added as whole numbers: a sum of rounded parts is not the rounded sum.
            let whole = if dtype = DType.Int64 then dtype else DType.Int32

            let position =
                moving
                |> Array.mapi (fun j k ->
                    let start = if j = 0 then place.Start else 0
                    nest.Add(Instruction.Position(whole, k, start, place.Steps[k])))
                |> Array.reduce (fun a b -> nest.Add(Instruction.Binary(Binary.Add, a, b)))

            if whole = dtype then position else nest.Add(Instruction.Convert(dtype, position))

    /// The value computed here.
    member nest.Value(i: int, places: Place[]) : int =
        let node = level.NodeAt i
        let input k = nest.Read(node.Inputs[k], places)

        match node.Operation with
        | Operation.Primitive p ->
            match Facts.kind p with
            | Kind.Elementwise work ->
                match work with
                | Pointwise.Unary op -> nest.Add(Instruction.Unary(op, input 0))
                | Pointwise.Binary op -> nest.Add(Instruction.Binary(op, input 0, input 1))
                | Pointwise.Select -> nest.Add(Instruction.Select(input 0, input 1, input 2))
                | Pointwise.Convert dtype -> nest.Add(Instruction.Convert(dtype, input 0))
            | Kind.Source(Source.Full(value, dtype, _)) -> nest.Add(Instruction.Constant(value, dtype))
            | Kind.Source(Source.Iota(dtype, _)) -> nest.Position(dtype, places[0])
            | Kind.View _
            | Kind.Fold _
            | Kind.Contraction
            | Kind.Draw _
            | Kind.Transfer _
            | Kind.Opaque _
            | Kind.Custom _ -> nest.Load(i, places)
        | Operation.Input _
        | Operation.Constant _
        | Operation.Control _
        | Operation.Item _ -> nest.Load(i, places)
