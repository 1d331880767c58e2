namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// Parts by computed indices: <c>t.Slice</c>, <c>t.Take</c>, <c>t.Gather</c>. With brackets, <c>t[1..3, *, -1]</c>, see
/// <c>Brackets</c>.
/// </summary>
[<AutoOpen>]
module Indexing =
    /// Indices along an axis have the tensor's axes; those beside it may be shorter, and stand at its beginning.
    let private requireAlong (operation: string) (t: Tensor) (indices: Tensor) axis =
        Subset.integer operation indices

        if
            t.Rank = 0
            || indices.Rank <> t.Rank
            || Range.exists t.Rank (fun i -> i <> axis && indices.Dims[i] > t.Dims[i])
        then
            raise (
                ShapeException
                    $"{operation}: indices {Shape.show indices.Dims} must have as many axes as {Shape.show t.Dims}, and none that is longer, but axis {axis}. `Take` selects whole slices with indices of any shape."
            )

    let private requireUpdates (operation: string) (t: Tensor) (indices: Tensor) (updates: Tensor) =
        Operands.sameDType operation t updates

        if not (Shape.equal indices.Dims updates.Dims) then
            raise (
                ShapeException
                    $"{operation}: indices {Shape.show indices.Dims} and updates {Shape.show updates.Dims} must have one shape. Expand the updates first."
            )

    /// The beginning of a tensor that is as long as the indices beside an axis; and where that lies in it.
    let private besideAxis axis (indices: Tensor) (t: Tensor) : Region = {
        Full = t.Dims
        Start = Array.create t.Rank 0
        Count = Array.init t.Rank (fun i -> if i = axis then t.Dims[i] else indices.Dims[i])
        Step = Array.create t.Rank 1
    }

    /// The place of each update among all elements of a tensor in row-major order.
    let private flatPlaces (operation: string) axis (indices: Tensor) (t: Tensor) : Tensor =
        let strides = Shape.strides t.Dims
        let mutable at = Subset.fromStart operation axis t.Dims indices * strides[axis]

        for i in 0 .. t.Rank - 1 do
            if i <> axis && indices.Dims[i] > 1 then
                let shape = Array.init t.Rank (fun j -> if j = i then indices.Dims[i] else 1)
                let along = Bind.create (Primitive.Iota(DType.Int32, indices.Dims[i])) indices.Device
                at <- at + ((along * strides[i]).Reshape shape)

        at

    let private scattered
        (operation: string)
        change
        (indices: Tensor)
        (updates: Tensor)
        axis
        (t: Tensor)
        : Tensor =
        Given.check "indices" indices
        Given.check "updates" updates
        let axis = Shape.axis operation t.Rank axis
        requireAlong operation t indices axis
        requireUpdates operation t indices updates

        let takesFromEnd =
            match change with
            | PartChange.Set -> true
            | PartChange.Meet how -> Meeting.takesFromEnd how

        if indices.Size = 0 then
            t
        elif t.Rank = 1 && takesFromEnd then
            Subset.along operation axis t.Dims (fun () -> PartUpdate.rows change indices updates t)
        else
            let places = (flatPlaces operation axis indices t).Flatten()
            (PartUpdate.rows change places (updates.Flatten()) (t.Flatten())).Reshape t.Dims

    type Tensor with

        /// <summary>
        /// The part that an index selects, axis by axis; see <c>Index</c>. Several <c>Take</c>s select rows and columns
        /// independently.
        /// </summary>
        /// <exception cref="T:Cotangent.IndexException">
        /// An index lies outside its axis, or there are more indices than axes.
        /// </exception>
        /// <example><code>
        /// (tensor [ 0..9 ]).Slice [ Index.Range(Some 1, None, 3) ] // [1, 4, 7]
        /// </code></example>
        [<CompiledName "Slice">]
        member t.Slice(indices: Index seq) : Tensor =
            Given.check "indices" indices
            Subset.slice (List.ofSeq indices) t

        /// <summary>
        /// The elements where a mask over the leading axes holds. Its shape depends on the data, so it can't be staged;
        /// <c>where</c> can.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The mask is not Bool.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The mask does not cover the leading axes.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3 ]).Masked(tensor [ true; false; true ]) // [1, 3]
        /// </code></example>
        [<CompiledName "Masked">]
        member t.Masked(mask: Tensor) : Tensor =
            Given.check "mask" mask
            Subset.masked mask t

        /// <summary>
        /// The slices at integer positions (any shape) of an axis; the axes of the positions take its place.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The positions are not integers.</exception>
        /// <exception cref="T:Cotangent.IndexException">A position lies outside the axis.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2; 3 ] ]).Take(tensor [ 2; 0 ], 1) // [[3, 1]]
        /// </code></example>
        [<CompiledName "Take">]
        member t.Take(positions: Tensor, ?axis: int) : Tensor =
            Given.check "positions" positions
            Subset.integer "take" positions
            Subset.take "take" positions (Shape.axis "take" t.Rank (defaultArg axis 0)) t

        /// <summary>
        /// Element by element along an axis: <c>result[i, j] = t[i, indices[i, j]]</c> for axis 1. Beside that axis the
        /// indices may be fewer than the elements: those at the beginning. NumPy's <c>take_along_axis</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The indices are not integers.</exception>
        /// <exception cref="T:Cotangent.ShapeException">
        /// The indices have another number of axes, or more of them beside the axis.
        /// </exception>
        /// <exception cref="T:Cotangent.IndexException">An index lies outside the axis.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Gather(tensor [ [ 1 ]; [ 0 ] ], 1) // [[2], [3]]
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Gather(tensor [ [ 1; 0 ] ], 1) // [[2, 1]]
        /// </code></example>
        [<CompiledName "Gather">]
        member t.Gather(indices: Tensor, axis: int) : Tensor =
            Given.check "indices" indices
            let axis = Shape.axis "gather" t.Rank axis
            requireAlong "gather" t indices axis
            let last = t.Rank - 1
            let region = besideAxis axis indices t

            let data =
                if Shape.equal region.Count t.Dims then t else Bind.one (Primitive.Slice region) [| t |]

            let found =
                Subset.along "gather" axis t.Dims (fun () ->
                    Bind.one (Primitive.Gather(Finder.Gather, last, last)) [|
                        data.MoveAxis(axis, last)
                        indices.MoveAxis(axis, last)
                    |])

            found.MoveAxis(last, axis)

        /// <summary>
        /// A copy with updates along an axis: <c>result[i, indices[i, j]] = updates[i, j]</c> for axis 1; where indices
        /// repeat, the last one wins. NumPy's <c>put_along_axis</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">
        /// The indices are not integers, or the updates of another dtype.
        /// </exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not match.</exception>
        /// <exception cref="T:Cotangent.IndexException">An index lies outside the axis.</exception>
        /// <example><code>
        /// (tensor [ 0; 0; 0 ]).Scatter(tensor [ 2; 0 ], tensor [ 5; 7 ], 0) // [7, 0, 5]
        /// </code></example>
        [<CompiledName "Scatter">]
        member t.Scatter(indices: Tensor, updates: Tensor, axis: int) : Tensor =
            scattered "scatter" PartChange.Set indices updates axis t

        /// <summary>
        /// A copy with updates added along an axis: <c>result[i, indices[i, j]] += updates[i, j]</c> for axis 1.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">
        /// The indices are not integers, or the updates of another dtype.
        /// </exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not match.</exception>
        /// <exception cref="T:Cotangent.IndexException">An index lies outside the axis.</exception>
        /// <example><code>
        /// (tensor [ 0; 0; 0 ]).ScatterAdd(tensor [ 2; 2 ], tensor [ 5; 7 ], 0) // [0, 0, 12]
        /// </code></example>
        [<CompiledName "ScatterAdd">]
        member t.ScatterAdd(indices: Tensor, updates: Tensor, axis: int) : Tensor =
            Given.check "indices" indices
            Given.check "updates" updates
            let axis = Shape.axis "scatterAdd" t.Rank axis
            requireAlong "scatterAdd" t indices axis
            requireUpdates "scatterAdd" t indices updates
            let last = t.Rank - 1

            let added =
                Subset.along "scatterAdd" axis t.Dims (fun () ->
                    Bind.one (Primitive.Scatter(Collision.Add, last, last, t.Dims[axis])) [|
                        updates.MoveAxis(axis, last)
                        indices.MoveAxis(axis, last)
                    |])

            let region = besideAxis axis indices t
            let added = added.MoveAxis(last, axis)

            t
            + (if Shape.equal region.Count t.Dims then
                   added
               else
                   Bind.one (Primitive.Place region) [| added |])

        /// <summary>
        /// A copy in which each element and all updates that go to it have become one number; for axis 1 updates[i, j]
        /// goes to result[i, indices[i, j]]. The mean is that of the element and its updates. PyTorch's
        /// <c>scatter_reduce</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">
        /// The indices are not integers, the updates of another dtype, or that has no such reduction.
        /// </exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not match.</exception>
        /// <exception cref="T:Cotangent.IndexException">An index lies outside the axis.</exception>
        /// <example><code>
        /// let t = tensor [ 1; 2; 3 ]
        /// t.ScatterReduce(Reduce.Max, tensor [ 2; 2; 0 ], tensor [ 5; 7; 0 ], 0) // [1, 2, 7]
        /// t.ScatterReduce(Reduce.Prod, tensor [ 2; 2; 0 ], tensor [ 5; 7; 0 ], 0) // [0, 2, 105]
        /// </code></example>
        [<CompiledName "ScatterReduce">]
        member t.ScatterReduce(how: Reduce, indices: Tensor, updates: Tensor, axis: int) : Tensor =
            Meeting.require "scatterReduce" how t
            scattered "scatterReduce" (PartChange.Meet how) indices updates axis t

        /// <summary>
        /// The elements at points, to be read or to be changed in a copy: one tensor of positions for each axis, or for the
        /// first axes, which broadcast. <c>t.AtPoints [ rows; columns ]</c> is what NumPy, JAX and PyTorch mean by
        /// <c>t[rows, columns]</c>; brackets select rows and columns independently.
        /// </summary>
        /// <example><code>
        /// let t = tensor [ [ 1; 2 ]; [ 3; 4 ] ]
        /// let rows, columns = tensor [ 0; 1 ], tensor [ 1; 0 ]
        /// t.AtPoints([ rows; columns ]).Value // [2, 3]
        /// t.AtPoints([ rows; columns ]).Add(tensor [ 10; 20 ]) // [[1, 12], [23, 4]]
        /// t.AtPoints([ rows ]).Set(tensor [ 7; 8 ]) // [[7, 8], [7, 8]]
        /// </code></example>
        [<CompiledName "AtPoints">]
        member t.AtPoints(coordinates: Tensor seq) : TensorPart =
            TensorPart(t, PartSelection.Points(Given.items "coordinates" coordinates))

        /// <summary>
        /// The slices along an axis (the first unless given) by segments, each made into one: slice i belongs to segment
        /// <c>segments[i]</c>, of which there are <c>count</c>, in any order. Of a segment that has none, the sum is 0, the
        /// product 1, the mean NaN, the largest -∞, or the least integer, and the smallest +∞.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">
        /// The segments are not integers, or the dtype has no such reduction.
        /// </exception>
        /// <exception cref="T:Cotangent.ShapeException">There is not one segment for each slice.</exception>
        /// <exception cref="T:Cotangent.IndexException">A segment is none of the count.</exception>
        /// <exception cref="T:Cotangent.ValueException">The count is negative.</exception>
        /// <example><code>
        /// let t = tensor [ 1.0; 2.0; 3.0; 4.0 ]
        /// t.SegmentReduce(Reduce.Sum, tensor [ 0; 1; 0; 1 ], 2) // [4, 6]
        /// t.SegmentReduce(Reduce.Mean, tensor [ 2; 2; 2; 0 ], 3) // [4, nan, 2]
        /// </code></example>
        [<CompiledName "SegmentReduce">]
        member t.SegmentReduce(how: Reduce, segments: Tensor, count: int, ?axis: int) : Tensor =
            let operation = "segmentReduce"
            Given.check "segments" segments
            let axis = Shape.axis operation t.Rank (defaultArg axis 0)
            Subset.integer operation segments
            Meeting.require operation how t

            if count < 0 then
                raise (ValueException $"{operation}: {count} segments; there are 0 or more.")

            if segments.Rank <> 1 || segments.Size <> t.Dims[axis] then
                raise (
                    ShapeException
                        $"{operation}: segments of shape {Shape.show segments.Dims} for axis {axis} of shape {Shape.show t.Dims}; give one for each of its {t.Dims[axis]} slices."
                )

            let rows = t.MoveAxis(axis, 0)

            let found =
                if Meeting.takesFromEnd how then
                    Subset.along operation 0 [| count |] (fun () -> Meeting.totals how count segments rows)
                else
                    Meeting.totals how count (Subset.fromStart operation 0 [| count |] segments) rows

            found.MoveAxis(0, axis)
