namespace Cotangent

open System
open Cotangent.Inlined

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
        requireFloat "Random.uniform" dtype
        draw "Random.uniform" Draw.Uniform key dtype shape

    /// The largest finite number of a floating-point dtype.
    let private largest (dtype: DType) : float =
        match dtype with
        | DType.Float32 -> float Single.MaxValue
        | DType.BFloat16 -> Math.ScaleB(255.0, 120)
        | DType.Float16 -> float Half.MaxValue
        | DType.Float64
        | DType.Int32
        | DType.Int64
        | DType.Bool -> Double.MaxValue

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
        requireFloat "Random.normal" dtype
        Given.check "shape" shape
        let shape = Array.ofSeq shape
        Shape.requireSizes "Random.normal" shape
        // Pairs lie side by side, so that number i is the same in every shape.
        let pairs = draw "Random.normal" Draw.Uniform key (wide dtype) (Array.append shape [| 2 |])
        let u1 = pairs.Slice [ Index.Rest; Index.At 0 ]
        let u2 = pairs.Slice [ Index.Rest; Index.At 1 ]
        (sqrt (-2.0 * log (1.0 - u1)) * cos (u2 * (2.0 * Math.PI))).Convert dtype

    /// A function of one number as the kernels compute it: the C library's differ between systems, in the last place.
    let private ofNumber (op: Unary) (x: float) : float =
        let y = [| 0.0 |]
        Engines.SpecialRows.unary op (ReadOnlySpan [| x |]) (Span y)
        y[0]

    let private expOf x = ofNumber Unary.Exp x
    let private logOf x = ofNumber Unary.Log x

    /// The standard normal distribution function, by the series Φ(x) = ½ + φ(x)(x + x³/3 + x⁵/(3·5) + …)
    /// (Marsaglia, "Evaluating the normal distribution", J. Stat. Software 2004).
    let private normalBelow (x: float) =
        if x < -37.0 then
            0.0
        elif x > 8.5 then
            1.0
        elif x < -6.0 then
            // The series loses the tail to cancellation; the continued fraction of Mills' ratio does not.
            let fraction = Seq.foldBack (fun k tail -> float k / (-x + tail)) [ 1..200 ] 0.0
            expOf (-0.5 * x * x) / sqrt (2.0 * Math.PI) / (-x + fraction)
        else
            let mutable total = x
            let mutable term = x
            let mutable i = 1.0
            let mutable before = 0.0

            while total <> before do
                before <- total
                i <- i + 2.0
                term <- term * x * x / i
                total <- total + term

            0.5 + total * expOf (-0.5 * x * x) / sqrt (2.0 * Math.PI)

    let private polynomial (coefficients: float list) (x: Tensor) =
        match List.rev coefficients with
        | [] -> Tensor.zerosLike x
        | leading :: rest -> List.fold (fun sum c -> sum * x + c) (Tensor.fullLike x leading) rest

    /// The inverse of the standard normal distribution function: algorithm AS 241, PPND16 (Wichura, Applied Statistics
    /// 37, 1988), relative error about 1e-16 in Float64.
    let internal normalQuantile (p: Tensor) : Tensor =
        let q = p - 0.5
        let central = (abs q).LessEqual 0.425

        let ratio numerator denominator r = polynomial numerator r / polynomial (1.0 :: denominator) r

        let inner =
            let r = 0.180625 - q * q

            q
            * ratio
                [
                    3.3871328727963666080e0
                    1.3314166789178437745e2
                    1.9715909503065514427e3
                    1.3731693765509461125e4
                    4.5921953931549871457e4
                    6.7265770927008700853e4
                    3.3430575583588128105e4
                    2.5090809287301226727e3
                ]
                [
                    4.2313330701600911252e1
                    6.8718700749205790830e2
                    5.3941960214247511077e3
                    2.1213794301586595867e4
                    3.9307895800092710610e4
                    2.8729085735721942674e4
                    5.2264952788528545610e3
                ]
                r

        let outer =
            let r = sqrt (-(log (minimum p (1.0 - p))))

            let near =
                ratio
                    [
                        1.42343711074968357734e0
                        4.63033784615654529590e0
                        5.76949722146069140550e0
                        3.64784832476320460504e0
                        1.27045825245236838258e0
                        2.41780725177450611770e-1
                        2.27238449892691845833e-2
                        7.74545014278341407640e-4
                    ]
                    [
                        2.05319162663775882187e0
                        1.67638483018380384940e0
                        6.89767334985100004550e-1
                        1.48103976427480074590e-1
                        1.51986665636164571966e-2
                        5.47593808499534494600e-4
                        1.05075007164441684324e-9
                    ]
                    (r - 1.6)

            let far =
                ratio
                    [
                        6.65790464350110377720e0
                        5.46378491116411436990e0
                        1.78482653991729133580e0
                        2.96560571828504891230e-1
                        2.65321895265761230930e-2
                        1.24266094738807843860e-3
                        2.71155556874348757815e-5
                        2.01033439929228813265e-7
                    ]
                    [
                        5.99832206555887937690e-1
                        1.36929880922735805310e-1
                        1.48753612908506148525e-2
                        7.86869131145613259100e-4
                        1.84631831751005468180e-5
                        1.42151175831644588870e-7
                        2.04426310338993978564e-15
                    ]
                    (r - 5.0)

            // The probabilities 0 and 1 belong to the infinities.
            q.Sign() * where (r.Equal infinity) r (where (r.LessEqual 5.0) near far)

        where central inner outer

    /// Standard normal, conditioned to lie in [low, high] far on the right, where probabilities underflow: the inverse
    /// of the logarithm of Q(x) = φ(x)/x · m(x), with m(x) = 1 - 1/x² + 3/x⁴ - 15/x⁶ + …, by iteration. What is left
    /// out of the series is below 1e-13 from 30 on.
    let private farTail (low: float) (high: float) (u: Tensor) =
        let series = [ 1.0; -1.0; 3.0; -15.0; 105.0; -945.0 ]
        let logRatio (x: Tensor) = log (polynomial series (1.0 / (x * x)) / x)
        // Of a number, not of a tensor: where a function is being compiled, that would have no number yet.
        let at (x: float) =
            let z = 1.0 / (x * x)
            logOf (List.foldBack (fun c sum -> sum * z + c) series 0.0 / x)

        // Q(high) / Q(low)
        let rest =
            if Double.IsPositiveInfinity high then
                0.0
            else
                expOf (0.5 * (low - high) * (low + high) + at high - at low)

        // log (Q(x) / φ(0)) of the x sought is log (Q(low) / φ(0)) + log (1 - u (1 - rest)).
        let target = log1p (u * (rest - 1.0)) + (at low - 0.5 * low * low)
        let step x = sqrt (2.0 * (logRatio x - target))
        let start = Tensor.fullLike u low
        // What lies above low is about 1/low: from some 1e9 on nothing of it is left, and squares would overflow.
        if low > 1e10 then start else Seq.fold (fun x _ -> step x) start [ 1..8 ]

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
                -(farTail -b -a u)
            else
                let below, above = normalBelow a, normalBelow b
                normalQuantile (u * (above - below) + below)

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
        requireFloat "Random.categorical" logits.DType

        if logits.Rank = 0 then
            raise (
                ShapeException
                    "Random.categorical: logits need an axis of classes, got a scalar, of shape (). Give one logit for each class."
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

    /// <summary>Integers uniform in [low, high); Int32 or Int64.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not Int32 or Int64.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// There are no integers in the range, more than 2^52, or more than the dtype holds.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <example><code>
    /// // Five throws of a die.
    /// Random.integers (Key.create 0L) 1L 7L DType.Int32 [ 5 ] // shape (5)
    /// </code></example>
    let integers (key: Key) (low: int64) (high: int64) (dtype: DType) (shape: int seq) : Tensor =
        if not dtype.IsInteger then
            raise (
                DTypeException $"Random.integers draws Int32 or Int64, not {dtype}. Convert what it draws."
            )

        // The unsigned difference can't overflow.
        if not (low < high) || uint64 high - uint64 low > (1UL <<< 52) then
            raise (
                ValueException
                    $"Random.integers: from {low} to below {high} is not a range of 1 to 2^52 integers. The upper bound is not included."
            )

        if dtype = DType.Int32 && (low < int64 Int32.MinValue || high - 1L > int64 Int32.MaxValue) then
            raise (
                ValueException
                    $"Random.integers: Int32 can't hold all integers from {low} to below {high}. Use DType.Int64."
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
        (draw "Random.permutation" Draw.Bits key DType.Int64 [ n ]).ArgSort()

    /// <summary>The slices along axis 0 in random order.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is a scalar.</exception>
    /// <example><code>
    /// let rows = tensor [ [ 1; 2 ]; [ 3; 4 ]; [ 5; 6 ] ]
    /// sum (Random.shuffle (Key.create 0L) rows) // 21
    /// </code></example>
    let shuffle (key: Key) (t: Tensor) : Tensor =
        if t.Rank = 0 then
            raise (ShapeException "Random.shuffle: a scalar, of shape (), has no slices to put in order.")

        t.Take(permutation key t.Dims[0])
