namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Places in what is sorted: halves of halves, log₂ n comparisons for each value, all values at once.
module internal SortedSearch =
    let private requireSame (operation: string) (edges: Tensor) (values: Tensor) =
        Operands.sameDType operation edges values

        let leading (t: Tensor) = t.Dims[.. t.Rank - 2]

        if
            edges.Rank = 0
            || edges.Rank > 1
               && (values.Rank <> edges.Rank || not (Shape.equal (leading edges) (leading values)))
        then
            raise (
                ShapeException
                    $"{operation}: {Shape.show edges.Dims} to search, and values {Shape.show values.Dims}. What is sorted is a vector, or has the leading axes of the values."
            )

    /// How many elements of the last axis are less than each value; with `right`, less or equal. NaN is the largest of all.
    let count (operation: string) (right: bool) (edges: Tensor) (values: Tensor) : Tensor =
        requireSame operation edges values
        let edges, values = Bind.detach edges, Bind.detach values
        let n = edges.Dims[edges.Rank - 1]
        let last = values.Rank - 1

        let element (at: Tensor) =
            if edges.Rank = 1 then
                Bind.one (Primitive.Gather(Finder.Slice, 0, 0)) [| edges; at |]
            else
                Bind.one (Primitive.Gather(Finder.Slice, last, last)) [| edges; at |]

        let isBefore (edge: Tensor) =
            let isBelow = if right then edge.LessEqual values else edge.Less values

            if not values.DType.IsFloat then isBelow
            elif right then isBelow.Or(values.IsNaN())
            else isBelow.Or(values.IsNaN().And(edge.IsNaN().Not()))

        let mutable found = Bind.full (Literal.Whole 0L) DType.Int32 values.Dims values.Device
        let mutable step = if n = 0 then 0 else 1 <<< System.Numerics.BitOperations.Log2(uint n)

        while step > 0 do
            let next = found + step
            let edge = element ((Operands.withReal Binary.Min next (float n)) - 1)
            found <- where ((next.LessEqual(float n)).And(isBefore edge)) next found
            step <- step / 2

        found
