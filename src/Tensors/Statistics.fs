namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List
open Folds

/// <summary>What a quantile is that lies between two elements.</summary>
/// <example><code>
/// let x = tensor [ 1.0; 2.0; 3.0; 4.0 ]
/// x.Quantile(0.5, how = QuantileMethod.Linear) // 2.5
/// x.Quantile(0.5, how = QuantileMethod.Lower) // 2
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type QuantileMethod =
    /// On the line between them.
    | Linear
    /// The lower one.
    | Lower
    /// The higher one.
    | Higher
    /// The nearer one; half way between, the one at an even position.
    | Nearest
    /// Their mean.
    | Midpoint

/// <summary>
/// Quantiles, and the most frequent element. Without <c>axes</c> over all of them; with <c>keepDims</c> a folded axis
/// stays with size 1.
/// </summary>
[<AutoOpen>]
module Statistics =
    /// The axes as a single one, the last.
    let private asRows (t: Tensor) (axes: int[]) : Tensor =
        let kept = Shape.allAxes t.Rank |> Array.filter (fun axis -> not (Array.contains axis axes))
        let folded = axes |> Array.fold (fun n axis -> n * t.Dims[axis]) 1
        (t.Permute(Array.append kept axes)).Reshape(Array.append (Shape.without axes t.Dims) [| folded |])

    /// The quantile of sorted rows.
    let private inSorted (how: QuantileMethod) (q: float) (sorted: Tensor) : Tensor =
        let last = sorted.Rank - 1
        let n = sorted.Dims[last]
        let place = q * float (n - 1)
        let below = int (floor place)
        let element i = (sliceAxis last i 1 sorted).Squeeze last
        let lower, higher = element below, element (min (below + 1) (n - 1))

        let between (share: float) =
            if share = 0.0 then
                lower
            elif share = 1.0 then
                higher
            // The difference of two infinities is no number.
            else
                where (lower.Equal higher) lower (lower + (higher - lower) * share)

        let quantile =
            match how with
            | QuantileMethod.Linear -> between (place - float below)
            | QuantileMethod.Lower -> lower
            | QuantileMethod.Higher -> if place = float below then lower else higher
            | QuantileMethod.Nearest -> element (int (System.Math.Round place))
            | QuantileMethod.Midpoint -> if place = float below then lower else between 0.5

        // NaN comes last.
        where ((element (n - 1)).IsNaN()) (Tensor.fullLike quantile nan) quantile

    let private quantiles (operation: string) (qs: float[]) (t: Tensor) axes keepDims how : Tensor[] =
        requireFloat operation t
        let how = defaultArg how QuantileMethod.Linear

        for q in qs do
            if not (q >= 0.0 && q <= 1.0) then
                raise (
                    ValueException
                        $"{operation}: {string q} is no share of the elements; quantiles run from 0 to 1, percentiles divided by 100."
                )

        let axes =
            match axes with
            | None -> Shape.allAxes t.Rank
            | Some axes ->
                Given.check "axes" axes
                Shape.axes operation t.Rank (Array.ofSeq axes)

        requireSome operation t axes
        let sorted = (asRows t axes).Sort()
        qs |> Array.map (fun q -> reduced operation t (Some axes) keepDims (fun _ -> inSorted how q sorted))

    type Tensor with

        /// <summary>
        /// The number that a share q of the elements lies below, over axes; between two elements on the line between them,
        /// unless <c>how</c> says otherwise. NaN where there is one.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">q is not from 0 to 1.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
        /// <example><code>
        /// let t = tensor [ [ 1.0; 2.0; 4.0 ]; [ 8.0; 16.0; 32.0 ] ]
        /// t.Quantile 0.5 // 6
        /// t.Quantile(0.25, axes = [ 1 ]) // [1.5, 12]
        /// t.Quantile(0.25, axes = [ 1 ], how = QuantileMethod.Lower) // [1, 8]
        /// </code></example>
        [<CompiledName "Quantile">]
        member t.Quantile(q: float, ?axes: int seq, ?keepDims: bool, ?how: QuantileMethod) : Tensor =
            (quantiles "quantile" [| q |] t axes keepDims how)[0]

        /// <summary>The number that a share q of the elements lies below, along one axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 2.0 ]; [ 3.0; 6.0 ] ]).Quantile(0.5, 0) // [2, 4]
        /// </code></example>
        [<CompiledName "Quantile">]
        member t.Quantile(q: float, axis: int, ?keepDims: bool, ?how: QuantileMethod) : Tensor =
            t.Quantile(q, [ axis ], ?keepDims = keepDims, ?how = how)

        /// <summary>
        /// Several quantiles of the same elements, along a new first axis; sorted once.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">One is not from 0 to 1, or there are none.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
        /// <example><code>
        /// (tensor [ 1.0; 2.0; 3.0; 4.0; 5.0 ]).Quantiles [ 0.25; 0.5; 0.75 ] // [2, 3, 4]
        /// </code></example>
        [<CompiledName "Quantiles">]
        member t.Quantiles(qs: float seq, ?axes: int seq, ?keepDims: bool, ?how: QuantileMethod) : Tensor =
            Given.check "qs" qs
            let qs = Array.ofSeq qs

            if qs.Length = 0 then
                raise (ValueException "quantiles: none are asked for. Give one or more numbers from 0 to 1.")

            stack 0 (quantiles "quantiles" qs t axes keepDims how)

        /// <summary>
        /// The middle element over axes, of an even number the mean of the two in the middle (PyTorch takes the lower). NaN
        /// where there is one.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
        /// <example><code>
        /// (tensor [ 7.0; 1.0; 3.0; 4.0 ]).Median() // 3.5
        /// </code></example>
        [<CompiledName "Median">]
        member t.Median(?axes: int seq, ?keepDims: bool) : Tensor =
            (quantiles "median" [| 0.5 |] t axes keepDims None)[0]

        /// <summary>The middle element along one axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 2.0 ]; [ 3.0; 6.0 ] ]).Median 0 // [2, 4]
        /// </code></example>
        [<CompiledName "Median">]
        member t.Median(axis: int, ?keepDims: bool) : Tensor = t.Median([ axis ], ?keepDims = keepDims)

        /// <summary>
        /// The most frequent element along an axis, or among all elements, the smallest of several, and how often it stands
        /// there, an Int64. All NaN count as one.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to choose from.</exception>
        /// <example><code>
        /// (tensor [ 3; 1; 2; 1; 3 ]).Mode() // (1, 2)
        /// </code></example>
        [<CompiledName "Mode">]
        member t.Mode(?axis: int, ?keepDims: bool) : Tensor * Tensor =
            let operation = "mode"

            let axes =
                match axis with
                | None -> Shape.allAxes t.Rank
                | Some axis -> [| Shape.axis operation t.Rank axis |]

            requireSome operation t axes
            let sorted = (asRows t axes).Sort()
            let last = sorted.Rank - 1
            let n = sorted.Dims[last]
            let flat = Bind.detach sorted
            let before, after = sliceAxis last 0 (n - 1) flat, sliceAxis last 1 (n - 1) flat
            let isSame = before.Equal after
            let isSame = if t.DType.IsFloat then isSame.Or(before.IsNaN().And(after.IsNaN())) else isSame

            let isNew =
                concat last [
                    Bind.full
                        (Literal.Whole 1L)
                        DType.Bool
                        (Array.append flat.Dims[.. last - 1] [| 1 |])
                        t.Device
                    isSame.Not()
                ]

            let places = Bind.create (Primitive.Iota(DType.Int32, n)) t.Device |> Operands.expandTo flat.Dims
            // A run of equal elements begins where the last new one stood.
            let start = (where isNew places (Tensor.zerosLike places)).CumulativeMax last
            let length = places - start + 1
            let best = length.ArgMax(last, keepDims = true)
            let shaped (r: Tensor) = reduced operation t (Some axes) keepDims (fun _ -> r.Squeeze last)

            shaped (sorted.Gather(best, last)),
            (shaped (length.Max(last, keepDims = true))).Convert DType.Int64
