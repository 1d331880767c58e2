namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Operations that only move elements, one after the other or to where they were.
module internal Movement =
    open Rewriting

    /// A slice of a slice.
    let private sliceOfSlice (outer: Region) (inner: Region) : Region = {
        Full = inner.Full
        Start = Array.map3 (fun start step s -> start + step * s) inner.Start inner.Step outer.Start
        Count = outer.Count
        Step = Array.map2 (*) inner.Step outer.Step
    }

    /// Whether only axes of one element move: the same elements in the same order.
    let private keepsOrder (order: int[]) (shape: int[]) =
        let moving = order |> Array.filter (fun a -> shape[a] <> 1)
        moving = Array.sort moving

    let simplify
        (r: IRewriting)
        (p: Primitive)
        (view: ViewKind)
        (input: int)
        (result: Signature)
        (device: Device)
        : int voption =
        let node = r.Node input
        let apply p x = ValueSome(r.Apply(p, [| x |], device))
        let isSameShape = Shape.equal node.Shape result.Shape

        match view, node with
        | ViewKind.Reshape _, _ when isSameShape -> ValueSome input
        | ViewKind.Reshape _, Applied(Primitive.Reshape _, [| x |]) -> apply p x
        | ViewKind.Permute order, _ when order = Shape.allAxes order.Length -> ValueSome input
        | ViewKind.Permute order, _ when keepsOrder order node.Shape ->
            apply (Primitive.Reshape result.Shape) input
        | ViewKind.Permute order, Applied(Primitive.Permute first, [| x |]) ->
            apply (Primitive.Permute(order |> Array.map (fun a -> first[a]))) x
        | ViewKind.Broadcast _, _ when isSameShape -> ValueSome input
        // Only axes of one element are added.
        | ViewKind.Broadcast shape, _ when Shape.count shape = Shape.count node.Shape ->
            apply (Primitive.Reshape shape) input
        | ViewKind.Broadcast _, Applied(Primitive.Broadcast _, [| x |]) -> apply p x
        | ViewKind.Slice region, _ when isSameShape && region.Step |> Array.forall ((=) 1) -> ValueSome input
        | ViewKind.Slice region, Applied(Primitive.Slice inner, [| x |]) ->
            apply (Primitive.Slice(sliceOfSlice region inner)) x
        | (ViewKind.Reshape _ | ViewKind.Permute _ | ViewKind.Broadcast _ | ViewKind.Slice _), _
        | (ViewKind.Detach | ViewKind.Barrier), _ -> ValueNone
