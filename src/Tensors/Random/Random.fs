namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// Draws from distributions; each takes a <c>Key</c> and spends it. Arguments stand in one order everywhere: the key,
/// what the distribution takes, the dtype, the shape.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Random =
    let private draw (operation: string) kind (key: Key) (dtype: DType) (shape: int seq) =
        Given.check "shape" shape
        let shape = Array.ofSeq shape
        Shape.requireSizes operation shape
        Key.consume operation key
        Bind.one (Primitive.Random(kind, dtype, shape)) [| key.Data |]

    /// 16-bit floats are worked out in Float32: the few uniform numbers they have would make coarse distributions.
    let private wide (dtype: DType) = if DTypes.isHalf dtype then DType.Float32 else dtype

    let private requireFloat (operation: string) (dtype: DType) =
        if not dtype.IsFloat then
            raise (
                DTypeException
                    $"{operation} draws floating-point numbers, not {dtype}. Use `Random.integers`, or convert."
            )

    /// <summary>Uniform in [0, 1).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Random.uniform (Key.create 0L) DType.Float32 [ 2; 3 ] // shape (2, 3)
    /// </code></example>
    let uniform (key: Key) (dtype: DType) (shape: int seq) : Tensor =
        Given.check "key" key
        requireFloat "Random.uniform" dtype
        draw "Random.uniform" Draw.Uniform key dtype shape

    /// The largest finite number of a floating-point dtype.
    let private largest (dtype: DType) : float =
        match dtype.Storage with
        | Storage.Float32 -> float Single.MaxValue
        | Storage.BFloat16 -> Math.ScaleB(255.0, 120)
        | Storage.Float16 -> float Half.MaxValue
        | Storage.Float64
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> Double.MaxValue

    let private requireFinite (operation: string) (dtype: DType) (low: float) (high: float) =
        if not (abs low <= largest dtype && abs high <= largest dtype) then
            raise (
                ValueException
                    $"{operation}: from {low} to {high} is not a range of finite numbers of {dtype}, whose largest is {largest dtype}. Use finite bounds, or a wider dtype."
            )

    /// <summary>Uniform in [low, high).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// The bounds are out of order, or not finite numbers of the dtype.
    /// </exception>
    /// <example><code>
    /// Random.uniformIn (Key.create 0L) -1.0 1.0 DType.Float32 [ 4 ] // shape (4)
    /// </code></example>
    let uniformIn (key: Key) (low: float) (high: float) (dtype: DType) (shape: int seq) : Tensor =
        Given.check "key" key
        requireFloat "Random.uniformIn" dtype

        if not (low <= high) then
            raise (
                ValueException
                    $"Random.uniformIn: the bounds {string low} and {string high} are out of order; exchange them."
            )

        requireFinite "Random.uniformIn" dtype low high
        let u = draw "Random.uniformIn" Draw.Uniform key dtype shape

        let x =
            // A width beyond the dtype's range would be infinite.
            if high - low <= largest dtype then u * (high - low) + low else u * high + (1.0 - u) * low

        // The sum may have been rounded up to the bound that must not occur.
        where (x.Less high) x (Tensor.fullLike x low)

    /// <summary>Standard normal, by the transform of Box &amp; Muller (1958): √(-2 ln u₁) cos 2πu₂.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Random.normal (Key.create 0L) DType.Float32 [ 2; 3 ] // shape (2, 3)
    /// </code></example>
    let normal (key: Key) (dtype: DType) (shape: int seq) : Tensor =
        Given.check "key" key
        requireFloat "Random.normal" dtype
        Given.check "shape" shape
        let shape = Array.ofSeq shape
        Shape.requireSizes "Random.normal" shape
        // Pairs lie side by side, so that number i is the same in every shape.
        let pairs = draw "Random.normal" Draw.Uniform key (wide dtype) (Array.append shape [| 2 |])
        let u1 = pairs.Slice [ Index.Rest; Index.At 0 ]
        let u2 = pairs.Slice [ Index.Rest; Index.At 1 ]
        (sqrt (-2.0 * log (1.0 - u1)) * cos (u2 * (2.0 * Math.PI))).Convert dtype

    /// <summary>Standard normal, conditioned to lie in [low, high].</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// The bounds are out of order, or the dtype has no finite number between them.
    /// </exception>
    /// <example><code>
    /// Random.truncatedNormal (Key.create 0L) -2.0 2.0 DType.Float32 [ 4 ] // shape (4)
    /// </code></example>
    let truncatedNormal (key: Key) (low: float) (high: float) (dtype: DType) (shape: int seq) : Tensor =
        Given.check "key" key
        Given.check "shape" shape
        requireFloat "Random.truncatedNormal" dtype

        if not (low < high) then
            raise (
                ValueException
                    $"Random.truncatedNormal: the bounds {string low} and {string high} are out of order; exchange them."
            )

        requireFinite "Random.truncatedNormal" dtype (max low -(largest dtype)) (min high (largest dtype))
        // Worked in Float64: the tails of a Float32 quantile are coarse. The side nearer the mean is mirrored to the
        // left, where probabilities are small and keep their digits.
        let mirrored = low > 0.0
        let a, b = if mirrored then -high, -low else low, high
        let u = draw "Random.truncatedNormal" Draw.Uniform key DType.Float64 shape

        let x =
            if b < -30.0 then
                -(NormalDistribution.farTail -b -a u)
            else
                let below, above = NormalDistribution.below a, NormalDistribution.below b
                NormalDistribution.quantile (u * (above - below) + below)

        let x = clamp a b x
        (if mirrored then -x else x).Convert dtype

    /// <summary>Bools that are true with probability p.</summary>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <exception cref="T:Cotangent.ValueException">p is not between 0 and 1.</exception>
    /// <example><code>
    /// // Dropout, by hand.
    /// let keep = Random.bernoulli (Key.create 0L) 0.8 [ 5 ]
    /// where keep (Tensor.full DType.Float32 [ 5 ] 1.25) (Tensor.zeros DType.Float32 [ 5 ]) // shape (5)
    /// </code></example>
    let bernoulli (key: Key) (p: float) (shape: int seq) : Tensor =
        Given.check "key" key

        if not (p >= 0.0 && p <= 1.0) then
            raise (
                ValueException
                    $"Random.bernoulli: {string p} is not a probability; it must lie between 0 and 1."
            )

        (draw "Random.bernoulli" Draw.Uniform key DType.Float32 shape).Less p

    /// <summary>
    /// Int32 classes along the last axis of logits (unnormalised log-probabilities), one for each leading position, by
    /// the Gumbel-max trick: argmax (logits - ln(-ln u)). Where a row has no class to draw, because a logit is NaN or all
    /// are -infinity, the class is Int32.MinValue in compiled code, which no index can be.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The logits are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The logits are a scalar.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// In a row of logits, one is NaN or all are -infinity; where the numbers are at hand.
    /// </exception>
    /// <example><code>
    /// Random.categorical (Key.create 0L) (tensor [ [ 0.0; -infinity ]; [ -infinity; 0.0 ] ]) // [0, 1]
    /// </code></example>
    let categorical (key: Key) (logits: Tensor) : Tensor =
        Given.check "key" key
        Given.check "logits" logits
        requireFloat "Random.categorical" logits.DType

        if logits.Rank = 0 then
            raise (
                ShapeException
                    "Random.categorical: logits need an axis of classes, got a scalar, of shape (). Give one logit for each class."
            )

        if
            logits.Dims[logits.Rank - 1] = 0
            && logits.Dims[.. logits.Rank - 2] |> Array.forall (fun n -> n > 0)
        then
            raise (
                ShapeException
                    $"Random.categorical: logits of shape {Shape.show logits.Dims} have no classes to draw from. Give one logit for each class."
            )

        let logits = logits.Convert(wide logits.DType)
        let u = draw "Random.categorical" Draw.Uniform key logits.DType logits.Dims
        // Half a step of u keeps the outer logarithm finite where u is 0: class -∞ must not win then.
        let half = if logits.DType = DType.Float64 then Math.ScaleB(1.0, -54) else Math.ScaleB(1.0, -25)
        let drawn = (logits - log (half - log1p -u)).ArgMax -1
        let isNone = ((logits.Max [ -1 ]).Greater -infinity).Not()

        match isNone with
        | Value _ when isNull (Staging.innermost ()) ->
            if isNone.Any().ToData<bool>() then
                let row = (isNone.Flatten().Convert DType.Int32).ArgMax().ToData<int>()

                raise (
                    ValueException
                        $"Random.categorical: row {row} of the logits {Shape.show logits.Dims} has no class to draw: a logit is NaN, or all are -infinity. Mask with finite numbers, or find where they come from with `Debug.checkNumbers`."
                )

            drawn
        | Value _
        | Traced _ ->
            let none = Bind.full (Literal.Whole(int64 Int32.MinValue)) DType.Int32 drawn.Dims drawn.Device
            where isNone none drawn

    /// <summary>Integers uniform in [low, high), of any integer dtype.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is no integer.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// There are no integers in the range, more than 2^52, or more than the dtype holds.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <example><code>
    /// // Five throws of a die.
    /// Random.integers (Key.create 0L) 1L 7L DType.Int32 [ 5 ] // shape (5)
    /// </code></example>
    let integers (key: Key) (low: int64) (high: int64) (dtype: DType) (shape: int seq) : Tensor =
        Given.check "key" key
        Given.check "shape" shape

        if not dtype.IsInteger then
            raise (DTypeException $"Random.integers draws integers, not {dtype}. Convert what it draws.")

        // The unsigned difference can't overflow.
        if not (low < high) || uint64 high - uint64 low > (1UL <<< 52) then
            raise (
                ValueException
                    $"Random.integers: from {low} to below {high} is not a range of 1 to 2^52 integers. The upper bound is not included."
            )

        let struct (least, beyond) = DTypes.bounds dtype

        if dtype <> DType.Int64 && (float low < least || float (high - 1L) >= beyond) then
            raise (
                ValueException
                    $"Random.integers: {dtype} can't hold all integers from {low} to below {high}. Use DType.Int64."
            )

        let u = draw "Random.integers" Draw.Uniform key DType.Float64 shape

        let least = Bind.full (Literal.Whole low) DType.Int64 [||] u.Device
        ((floor (u * float (high - low))).Convert DType.Int64 + least).Convert dtype

    /// <summary>0 .. n-1 in random order, Int32.</summary>
    /// <exception cref="T:Cotangent.ShapeException">n is negative.</exception>
    /// <example><code>
    /// (Random.permutation (Key.create 0L) 5).Sort() // [0, 1, 2, 3, 4]
    /// </code></example>
    let permutation (key: Key) (n: int) : Tensor =
        Given.check "key" key
        (draw "Random.permutation" Draw.Bits key DType.Int64 [ n ]).ArgSort()

    /// <summary>The slices along axis 0 in random order.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is a scalar.</exception>
    /// <example><code>
    /// let rows = tensor [ [ 1; 2 ]; [ 3; 4 ]; [ 5; 6 ] ]
    /// sum (Random.shuffle (Key.create 0L) rows) // 21
    /// </code></example>
    let shuffle (key: Key) (t: Tensor) : Tensor =
        Given.check "key" key
        Given.check "t" t

        if t.Rank = 0 then
            raise (ShapeException "Random.shuffle: a scalar, of shape (), has no slices to put in order.")

        t.Take(permutation key t.Dims[0])
