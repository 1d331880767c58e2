namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List
open Folds

/// How many elements there are of each number, or in each bin.
[<AutoOpen>]
module Counting =
    let private requireWeights (operation: string) (t: Tensor) (weights: Tensor option) =
        match weights with
        | Some weights when not (Shape.equal weights.Dims t.Dims) ->
            raise (
                ShapeException
                    $"{operation}: weights {Shape.show weights.Dims} for elements {Shape.show t.Dims}; give one for each."
            )
        | Some weights -> Meeting.require operation Reduce.Sum weights
        | None -> ()

    /// Elements at each of so many places, or the sums of their weights.
    let private counted count (places: Tensor) (weights: Tensor option) : Tensor =
        match weights with
        | None -> (Meeting.counts count places).Convert DType.Int64
        | Some weights -> Meeting.totals Reduce.Sum count places (weights.Flatten())

    type Tensor with

        /// <summary>
        /// How often each whole number from 0 on stands in a tensor, whatever its shape, as Int64; or, with weights of its
        /// shape, their sums. As many as <c>length</c> says, or up to the largest.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor holds no integers.</exception>
        /// <exception cref="T:Cotangent.ValueException">A number is negative, or the length.</exception>
        /// <exception cref="T:Cotangent.IndexException">A number is not below the length.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The weights have another shape.</exception>
        /// <exception cref="T:Cotangent.TraceException">
        /// Inside a transformation that does not know the numbers, and without a length.
        /// </exception>
        /// <example><code>
        /// (tensor [ 1; 3; 1 ]).BinCount() // [0, 2, 0, 1]
        /// (tensor [ 1; 3; 1 ]).BinCount(weights = tensor [ 0.5; 2.0; 0.25 ], length = 5) // [0, 0.75, 0, 2, 0]
        /// </code></example>
        [<CompiledName "BinCount">]
        member t.BinCount(?weights: Tensor, ?length: int) : Tensor =
            let operation = "binCount"

            if not t.DType.IsInteger then
                raise (
                    DTypeException
                        $"{operation}: numbers to count must be integers, got {t.DType} {Shape.show t.Dims}. Convert them first."
                )

            requireWeights operation t weights

            // One more than the largest may be too large for a narrow dtype.
            let flat = (if DTypes.hasLanes t.DType then t else t.Convert DType.Int64).Flatten()

            let length =
                CountedSize.named "length" operation length t (fun () ->
                    if t.Size = 0 then Tensor.scalar DType.Int32 0.0 else flat.Max() + 1)

            if t.HasNumbers && t.Size > 0 then
                let least, most = Staging.suspended (fun () -> int (flat.Min()), int (flat.Max()))

                if least < 0 then
                    raise (
                        ValueException
                            $"{operation}: {least} is below 0; only 0 and positive numbers are counted."
                    )

                if most >= length then
                    raise (
                        IndexException
                            $"{operation}: {most} has no place among {length} counts, of 0 to {length - 1}. Ask for more, or select what is to be counted."
                    )

            let places =
                if t.HasNumbers then
                    flat
                else
                    // A place from the end is none: negative numbers go where there is none either.
                    where (flat.Less 0.0) (Tensor.fullLike flat (float length)) flat
                    |> Subset.fromStart operation 0 [| length |]

            counted length places weights

        /// <summary>
        /// How many elements lie between neighbouring edges, which rise: in bin i those with <c>edges[i]</c> ≤ x &lt;
        /// <c>edges[i+1]</c>, in the last bin also those on the last edge; others, and NaN, in none. Int64; or, with weights
        /// of the tensor's shape, their sums.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">
        /// The edges are not a vector of two or more, or the weights have another shape.
        /// </exception>
        /// <exception cref="T:Cotangent.DTypeException">The edges have another dtype.</exception>
        /// <example><code>
        /// (tensor [ 0.5; 1.0; 2.0; 9.0 ]).Histogram(tensor [ 0.0; 1.0; 2.0 ]) // [1, 2]
        /// </code></example>
        [<CompiledName "Histogram">]
        member t.Histogram(edges: Tensor, ?weights: Tensor) : Tensor =
            let operation = "histogram"
            Given.check "edges" edges

            if edges.Rank <> 1 || edges.Size < 2 then
                raise (
                    ShapeException
                        $"{operation}: edges of shape {Shape.show edges.Dims}; a vector of two or more is needed."
                )

            requireWeights operation t weights

            let x = Bind.detach (t.Flatten())
            let bins = edges.Size - 1
            let edge = SortedSearch.count operation true edges x
            let last = (sliceAxis 0 bins 1 edges).Reshape [||] |> Operands.expandTo x.Dims
            let bin = where (x.Equal last) (Tensor.fullLike edge (float bins)) edge
            // What lies below all edges, or above, goes to one bin more.
            let isOutside = (bin.Less 1.0).Or(bin.Greater(float bins))
            let places = where isOutside (Tensor.fullLike bin (float bins)) (bin - 1)

            sliceAxis 0 0 bins (counted (bins + 1) places weights)

        /// <summary>
        /// How many elements lie in each of so many bins of equal width, from the smallest element to the largest unless
        /// <c>low</c> and <c>high</c> say otherwise, and the edges of the bins; as <c>Histogram</c> of edges.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">There is no bin, or low is not below high.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.ShapeException">
        /// There are no elements whose smallest and largest would be the ends.
        /// </exception>
        /// <example><code>
        /// let counts, edges = (tensor [ 1.0; 2.0; 2.0; 5.0 ]).Histogram 2
        /// counts, edges // ([3, 1], [1, 3, 5])
        /// </code></example>
        [<CompiledName "Histogram">]
        member t.Histogram(bins: int, ?low: float, ?high: float, ?weights: Tensor) : Tensor * Tensor =
            let operation = "histogram"
            requireFloat operation t

            if bins < 1 then raise (ValueException $"{operation}: {bins} bins; ask for 1 or more.")

            match low, high with
            | Some low, Some high when not (low < high) ->
                raise (
                    ValueException
                        $"{operation}: bins from {string low} to {string high}; the first must be below the second."
                )
            | Some _, _
            | None, _ -> ()

            let x = Bind.detach t
            let all = Shape.allAxes t.Rank
            if low.IsNone || high.IsNone then requireSome operation t all

            let bound (given: float option) kind =
                match given with
                | Some number -> Bind.full (Literals.real operation t.DType number) t.DType [||] t.Device
                | None -> reduce kind x all

            let first, last = bound low Reduction.Min, bound high Reduction.Max
            // All elements alike: a bin of width 1 around them, as in NumPy.
            let isPoint = first.Equal last
            let first, last = where isPoint (first - 0.5) first, where isPoint (last + 0.5) last
            let share = (Bind.create (Primitive.Iota(t.DType, bins + 1)) t.Device) / float bins
            // The last edge is the largest element itself, whatever was rounded.
            let edges = where (share.Equal 1.0) last (first + (last - first) * share)
            t.Histogram(edges, ?weights = weights), edges
