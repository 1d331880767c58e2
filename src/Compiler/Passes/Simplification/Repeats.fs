namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Reductions over axes along which a value repeats: the sum of n equal numbers is n times that number; their largest or
/// smallest is the number itself.
module internal Repeats =
    open Rewriting

    /// How far to look.
    [<Literal>]
    let private Depth = 8

    let rec private variesWithin (depth: int) (r: IRewriting) (i: int) (axis: int) : bool =
        let node = r.Node i

        match node.Operation with
        | Operation.Primitive p when depth > 0 ->
            match Facts.kind p with
            | Kind.Source(Source.Full _) -> false
            | Kind.View(ViewKind.Broadcast shape) ->
                let source = (r.Node node.Inputs[0]).Shape
                let at = axis - (shape.Length - source.Length)

                if at < 0 || source[at] <> shape[axis] then
                    false
                else
                    variesWithin (depth - 1) r node.Inputs[0] at
            | Kind.View(ViewKind.Permute order) -> variesWithin (depth - 1) r node.Inputs[0] order[axis]
            | Kind.Elementwise _ -> node.Inputs |> Array.exists (fun j -> variesWithin (depth - 1) r j axis)
            | Kind.Source(Source.Iota _)
            | Kind.View(ViewKind.Reshape _ | ViewKind.Slice _ | ViewKind.Detach | ViewKind.Barrier)
            | Kind.Fold _
            | Kind.Contraction
            | Kind.Draw _
            | Kind.Transfer _
            | Kind.Opaque _
            | Kind.Custom _ -> true
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ -> true

    /// Whether the value of a node is not the same all along an axis, as far as a look at what it is made of tells.
    let varies (r: IRewriting) (i: int) (axis: int) : bool = variesWithin Depth r i axis

    /// The node with one element along axes on which it does not vary. All at once: what the rules make of a narrower node
    /// can be of another kind.
    let rec narrow (r: IRewriting) (i: int) (axes: int[]) : int =
        let node = r.Node i
        let narrowed (shape: int[]) = Array.mapi (fun a n -> if Array.contains a axes then 1 else n) shape

        match node.Operation with
        | _ when axes.Length = 0 -> i
        | Operation.Primitive p ->
            match Facts.kind p with
            | Kind.Source(Source.Full(value, dtype, shape)) ->
                r.Apply(Primitive.Full(value, dtype, narrowed shape), [||], node.Device)
            | Kind.View(ViewKind.Broadcast shape) ->
                let source = (r.Node node.Inputs[0]).Shape

                let within =
                    axes
                    |> Array.map (fun axis -> axis - (shape.Length - source.Length))
                    |> Array.filter (fun at -> at >= 0 && source[at] <> 1)

                r.Apply(
                    Primitive.Broadcast(narrowed shape),
                    [| narrow r node.Inputs[0] within |],
                    node.Device
                )
            | Kind.View(ViewKind.Permute order) ->
                let within = axes |> Array.map (fun axis -> order[axis])
                r.Apply(p, [| narrow r node.Inputs[0] within |], node.Device)
            | Kind.Source(Source.Iota _)
            | Kind.View(ViewKind.Reshape _ | ViewKind.Slice _ | ViewKind.Detach | ViewKind.Barrier)
            | Kind.Elementwise _
            | Kind.Fold _
            | Kind.Contraction
            | Kind.Draw _
            | Kind.Transfer _
            | Kind.Opaque _
            | Kind.Custom _ -> r.Apply(p, node.Inputs |> Array.map (fun j -> narrow r j axes), node.Device)
        | Operation.Input _
        | Operation.Constant _
        | Operation.Control _
        | Operation.Item _ -> invalidOp "A node that may vary can't be narrowed."

    let reduce (r: IRewriting) (kind: Reduction) (axes: int[]) (input: int) (device: Device) : int voption =
        let node = r.Node input

        // In 8 or 16 bits, n itself may be too large.
        let counts = DTypes.hasLanes node.DType || kind <> Reduction.Sum

        let same =
            if counts then
                axes |> Array.filter (fun a -> node.Shape[a] > 1 && not (varies r input a))
            else
                [||]

        if same.Length = 0 then
            ValueNone
        else
            let narrowed = narrow r input same
            let reduced = r.Apply(Primitive.Reduce(kind, axes), [| narrowed |], device)

            match kind with
            | Reduction.Max
            | Reduction.Min -> ValueSome reduced
            | Reduction.Sum ->
                let n = same |> Array.fold (fun n axis -> n * int64 node.Shape[axis]) 1L
                let literal = if node.DType.IsFloat then Literal.Real(float n) else Literal.Whole n
                let times = r.Apply(Primitive.Full(literal, node.DType, (r.Node reduced).Shape), [||], device)
                ValueSome(r.Apply(Primitive.Binary Binary.Multiply, [| reduced; times |], device))
