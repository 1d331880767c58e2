namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Inlined // in place of functions of Array and List

/// Running results of a user's own associative function of two items, each a tree.
module internal TreeScan =
    [<Literal>]
    let private Operation = "associativeScan"

    /// The axis of each leaf, along which all have as many items.
    let private axes (axis: int) (xs: 'a) (leaves: Tensor[]) : int[] =
        let found =
            leaves
            |> Array.mapi (fun i t -> Tree.atLeaf Operation xs i (fun () -> Shape.axis Operation t.Rank axis))

        let count i = leaves[i].Dims[found[i]]

        for i in 1 .. leaves.Length - 1 do
            if count i <> count 0 then
                raise (
                    ShapeException
                        $"{Placed.before ((Tree.paths xs)[i])}{Operation}: {count i} items along axis {axis} of {Shape.show leaves[i].Dims}, where the first tensor has {count 0}; all must have as many."
                )

        found

    let run (axis: int) (reverse: bool) (combine: 'a -> 'a -> 'a) (xs: 'a) : 'a =
        let leaves = Tree.leavesOf $"{Operation}: the argument's type" xs

        if leaves.Length = 0 then
            raise (
                TreeException $"{Operation}: the argument holds no tensors, so there are no items to combine."
            )

        let axes = axes axis xs leaves

        // The function sees two items, without their axis.
        let one (a: 'a, b: 'a) =
            let next = combine a b
            Loops.requireSame Operation a (Tree.leaves a) next |> ignore
            next

        let all (a: Tensor[]) (b: Tensor[]) =
            Batch.vmap Operation one (Tree.rebuild xs a, Tree.rebuild xs b) |> Tree.leaves

        let turned (t: Tensor) = if reverse then t.Flip 0 else t

        Array.map2 (fun (t: Tensor) axis -> turned (t.MoveAxis(axis, 0))) leaves axes
        |> AssociativeScan.along 0 all
        |> Array.map2 (fun axis (t: Tensor) -> (turned t).MoveAxis(0, axis)) axes
        |> Tree.rebuild xs
