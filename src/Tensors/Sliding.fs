namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Windows that slide over tensors, as tensors; and neighbours.
[<AutoOpen>]
module Sliding =
    type Tensor with

        /// <summary>
        /// Windows of <c>size</c> elements that slide along an axis, their first elements <c>step</c> (1 unless given) apart:
        /// the axis has a window in each place, and a new last axis the elements of each. NumPy's
        /// <c>sliding_window_view</c>, PyTorch's <c>unfold</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The size or the step is below 1.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The axis is shorter than a window.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3; 4 ]).Unfold(0, 3) // [[1, 2, 3], [2, 3, 4]]
        /// (tensor [ 1.0; 2.0; 6.0; 4.0 ]).Unfold(0, 2, 2).Mean -1 // [1.5, 5]
        /// </code></example>
        [<CompiledName "Unfold">]
        member t.Unfold(axis: int, size: int, ?step: int) : Tensor =
            let operation = "unfold"
            let axis = Shape.axis operation t.Rank axis
            let step = defaultArg step 1

            if size < 1 || step < 1 then
                raise (ValueException $"{operation}: windows of {size}, {step} apart; both are 1 or more.")

            let n = t.Dims[axis]

            if n < size then
                raise (
                    ShapeException
                        $"{operation}: windows of {size} along axis {axis} of size {n} in shape {Shape.show t.Dims}. Use smaller ones, or pad."
                )

            let count = (n - size) / step + 1

            let element k =
                Bind.one
                    (Primitive.Slice {
                        Full = t.Dims
                        Start = Array.init t.Rank (fun i -> if i = axis then k else 0)
                        Count = Array.init t.Rank (fun i -> if i = axis then count else t.Dims[i])
                        Step = Array.init t.Rank (fun i -> if i = axis && count > 1 then step else 1)
                    })
                    [| t |]

            let starts = Bind.create (Primitive.Iota(DType.Int32, count)) t.Device * step

            // A few strided slices; for wide windows one look at a table of positions.
            if size <= 16 then
                stack t.Rank (Array.init size element)
            else
                let places = starts.Unsqueeze 1 + Bind.create (Primitive.Iota(DType.Int32, size)) t.Device
                (Bind.one (Primitive.Gather(Finder.Slice, axis, 0)) [| t; places |]).MoveAxis(axis + 1, -1)

        /// <summary>
        /// Each element less the one before it along an axis (the last unless given), which gets one shorter; of
        /// <c>order</c> n so done n times. Of Bool, whether they differ.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The order is negative.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 1; 4; 9; 16 ]).Diff() // [3, 5, 7]
        /// (tensor [ 1; 4; 9; 16 ]).Diff(order = 2) // [2, 2]
        /// </code></example>
        [<CompiledName "Diff">]
        member t.Diff(?axis: int, ?order: int) : Tensor =
            let axis = Shape.axis "diff" t.Rank (defaultArg axis -1)
            let order = defaultArg order 1

            if order < 0 then
                raise (ValueException $"diff: an order of {order}; differences are taken 0 or more times.")

            let mutable result = t

            for _ in 1 .. min order t.Dims[axis] do
                let n = max 0 (result.Dims[axis] - 1)

                let after, before =
                    sliceAxis axis (min 1 result.Dims[axis]) n result, sliceAxis axis 0 n result

                result <- if t.DType = DType.Bool then after.Xor before else after - before

            result

        /// <summary>
        /// Parts along an axis (the first unless given), cut in front of each position; positions rise, and count from the end
        /// if negative.
        /// </summary>
        /// <exception cref="T:Cotangent.IndexException">A position lies outside the axis, or they do not rise.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// let parts = (tensor [ 0..6 ]).SplitAt [ 2; 5 ]
        /// parts[1] // [2, 3, 4]
        /// </code></example>
        [<CompiledName "SplitAt">]
        member t.SplitAt(positions: int seq, ?axis: int) : Tensor[] =
            Given.check "positions" positions
            let axis = Shape.axis "splitAt" t.Rank (defaultArg axis 0)
            let n = t.Dims[axis]
            let cuts = Array.ofSeq positions |> Array.map (fun p -> if p < 0 then p + n else p)
            let bounds = Array.concat [ [| 0 |]; cuts; [| n |] ]

            if Range.exists (bounds.Length - 1) (fun i -> bounds[i] > bounds[i + 1] || bounds[i] < 0) then
                raise (
                    IndexException
                        $"splitAt: positions {List.ofSeq positions} along axis {axis} of size {n} in shape {Shape.show t.Dims}; they rise from 0 to {n}."
                )

            Array.init (bounds.Length - 1) (fun i -> sliceAxis axis bounds[i] (bounds[i + 1] - bounds[i]) t)

        /// <summary>
        /// So many parts along an axis (the first unless given) whose sizes differ by one at most, the larger first. NumPy's
        /// <c>array_split</c>, PyTorch's <c>tensor_split</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The count is below 1.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// let parts = (tensor [ 0..6 ]).SplitEvenly 3
        /// parts[0], parts[2] // ([0, 1, 2], [5, 6])
        /// </code></example>
        [<CompiledName "SplitEvenly">]
        member t.SplitEvenly(count: int, ?axis: int) : Tensor[] =
            let axis = Shape.axis "splitEvenly" t.Rank (defaultArg axis 0)
            if count < 1 then raise (ValueException $"splitEvenly: {count} parts; ask for 1 or more.")
            let n = t.Dims[axis]
            t.Split(Array.init count (fun i -> n / count + (if i < n % count then 1 else 0)), axis)

        /// <summary>
        /// Slice i along an axis <c>counts[i]</c> times in a row. The axis of the result has <c>length</c> slices, which the
        /// counts add up to, or as many as they do.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The counts are not integers.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is not one count for each slice.</exception>
        /// <exception cref="T:Cotangent.IndexException">The length is more than the counts add up to.</exception>
        /// <exception cref="T:Cotangent.ValueException">A count is negative, or the length.</exception>
        /// <exception cref="T:Cotangent.TraceException">
        /// Inside a transformation that does not know the counts, and without a length.
        /// </exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3 ]).Repeat(tensor [ 2; 0; 1 ], 0) // [1, 1, 3]
        /// </code></example>
        [<CompiledName "Repeat">]
        member t.Repeat(counts: Tensor, axis: int, ?length: int) : Tensor =
            let operation = "repeat"
            Given.check "counts" counts
            let axis = Shape.axis operation t.Rank axis
            Subset.integer operation counts

            if counts.Rank <> 1 || counts.Size <> t.Dims[axis] then
                raise (
                    ShapeException
                        $"{operation}: counts of shape {Shape.show counts.Dims} for axis {axis} of shape {Shape.show t.Dims}; give one for each of its {t.Dims[axis]} slices."
                )

            if counts.HasNumbers && counts.Size > 0 then
                let least = Staging.suspended (fun () -> int (counts.Min()))

                if least < 0 then
                    raise (ValueException $"{operation}: {least} times; counts are 0 or more.")

            let length = CountedSize.named "length" operation length counts (fun () -> counts.Sum())
            let ends = (counts.Convert DType.Int32).CumulativeSum 0
            let places = Bind.create (Primitive.Iota(DType.Int32, length)) t.Device
            Subset.take operation (SortedSearch.count operation true ends places) axis t

        /// <summary>
        /// The distance of each row of a (…, m, d) to each row of another (…, n, d): (…, m, n). Euclidean, unless
        /// <c>order</c> says 1 or infinity; leading axes broadcast. Of equal rows it is 0, and its derivative too.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The rows have different lengths, or there are fewer than two axes.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">The order is not 1, 2 or infinity.</exception>
        /// <example><code>
        /// let points = tensor [ [ 0.0; 0.0 ]; [ 3.0; 4.0 ] ]
        /// points.Cdist points // [[0, 5], [5, 0]]
        /// points.Cdist(points, order = 1.0) // [[0, 7], [7, 0]]
        /// </code></example>
        [<CompiledName "Cdist">]
        member t.Cdist(other: Tensor, ?order: float) : Tensor =
            let operation = "cdist"
            Given.check "other" other
            Folds.requireFloat operation t
            Operands.sameDType operation t other

            if t.Rank < 2 || other.Rank < 2 || t.Dims[t.Rank - 1] <> other.Dims[other.Rank - 1] then
                raise (
                    ShapeException
                        $"{operation}: {Shape.show t.Dims} and {Shape.show other.Dims}; rows of one length are needed, (…, m, d) and (…, n, d)."
                )

            match order with
            | None
            | Some 1.0
            | Some 2.0
            | Some System.Double.PositiveInfinity -> ()
            | Some order ->
                raise (ValueException $"{operation}: order {string order} is not one of 1, 2 and infinity.")

            let a, b = t.Unsqueeze -2, other.Unsqueeze -3
            let difference = Operands.binaryOf operation Binary.Subtract a b
            difference.Norm(-1, ?order = order)
