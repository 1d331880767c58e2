namespace Cotangent

open System

/// Draws from distributions; each takes a `Key` and spends it.
[<RequireQualifiedAccess>]
module Random =
    let private draw operation kind (dtype: DType) (shape: int seq) (key: Key) =
        Key.consume operation key
        Bind.one (Primitive.Random(kind, dtype, Array.ofSeq shape)) [| key.Data |]

    let private requireFloat operation (dtype: DType) =
        if not dtype.IsFloat then
            raise (DTypeException $"{operation} draws floating-point numbers, not {dtype}.")

    /// Uniform in [0, 1).
    let uniform (key: Key) (dtype: DType) (shape: int seq) : Tensor =
        requireFloat "Random.uniform" dtype
        draw "Random.uniform" Draw.Uniform dtype shape key

    /// Uniform in [low, high).
    let uniformIn (low: float) (high: float) (key: Key) (dtype: DType) (shape: int seq) : Tensor =
        requireFloat "Random.uniformIn" dtype

        if not (low <= high) then
            raise (ValueException $"Random.uniformIn: the bounds {low} and {high} are out of order.")

        draw "Random.uniformIn" Draw.Uniform dtype shape key * (high - low) + low

    /// Standard normal, by the transform of Box & Muller (1958): √(-2 ln u₁) cos 2πu₂.
    let normal (key: Key) (dtype: DType) (shape: int seq) : Tensor =
        requireFloat "Random.normal" dtype
        // Pairs lie side by side, so that number i is the same in every shape.
        let pairs = draw "Random.normal" Draw.Uniform dtype (Seq.append shape [ 2 ]) key
        let u1 = pairs.Slice [ Index.Rest; Index.At 0 ]
        let u2 = pairs.Slice [ Index.Rest; Index.At 1 ]
        sqrt (-2.0 * log (1.0 - u1)) * cos (u2 * (2.0 * Math.PI))

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
            exp (-0.5 * x * x) / sqrt (2.0 * Math.PI) / (-x + fraction)
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

            0.5 + total * exp (-0.5 * x * x) / sqrt (2.0 * Math.PI)

    let private polynomial (coefficients: float list) (x: Tensor) =
        match List.rev coefficients with
        | [] -> Tensor.zerosLike x
        | leading :: rest -> List.fold (fun sum c -> sum * x + c) (Tensor.fullLike x leading) rest

    /// The inverse of the standard normal distribution function: algorithm AS 241, PPND16 (Wichura, Applied Statistics
    /// 37, 1988), relative error about 1e-16 in Float64.
    let internal normalQuantile (p: Tensor) : Tensor =
        let q = p - 0.5
        let central = (abs q).LessEqual 0.425

        let ratio numerator denominator r =
            polynomial numerator r / polynomial (1.0 :: denominator) r

        let inner =
            let r = 0.180625 - q * q

            q
            * ratio
                [ 3.3871328727963666080e0; 1.3314166789178437745e2; 1.9715909503065514427e3
                  1.3731693765509461125e4; 4.5921953931549871457e4; 6.7265770927008700853e4
                  3.3430575583588128105e4; 2.5090809287301226727e3 ]
                [ 4.2313330701600911252e1; 6.8718700749205790830e2; 5.3941960214247511077e3
                  2.1213794301586595867e4; 3.9307895800092710610e4; 2.8729085735721942674e4
                  5.2264952788528545610e3 ]
                r

        let outer =
            let r = sqrt (-(log (minimum p (1.0 - p))))

            let near =
                ratio
                    [ 1.42343711074968357734e0; 4.63033784615654529590e0; 5.76949722146069140550e0
                      3.64784832476320460504e0; 1.27045825245236838258e0; 2.41780725177450611770e-1
                      2.27238449892691845833e-2; 7.74545014278341407640e-4 ]
                    [ 2.05319162663775882187e0; 1.67638483018380384940e0; 6.89767334985100004550e-1
                      1.48103976427480074590e-1; 1.51986665636164571966e-2; 5.47593808499534494600e-4
                      1.05075007164441684324e-9 ]
                    (r - 1.6)

            let far =
                ratio
                    [ 6.65790464350110377720e0; 5.46378491116411436990e0; 1.78482653991729133580e0
                      2.96560571828504891230e-1; 2.65321895265761230930e-2; 1.24266094738807843860e-3
                      2.71155556874348757815e-5; 2.01033439929228813265e-7 ]
                    [ 5.99832206555887937690e-1; 1.36929880922735805310e-1; 1.48753612908506148525e-2
                      7.86869131145613259100e-4; 1.84631831751005468180e-5; 1.42151175831644588870e-7
                      2.04426310338993978564e-15 ]
                    (r - 5.0)

            q.Sign() * where (r.LessEqual 5.0) near far

        where central inner outer

    /// Standard normal, conditioned to lie in [low, high].
    let truncatedNormal (low: float) (high: float) (key: Key) (dtype: DType) (shape: int seq) : Tensor =
        requireFloat "Random.truncatedNormal" dtype

        if not (low < high) then
            raise (ValueException $"Random.truncatedNormal: the bounds {low} and {high} are out of order.")

        // Worked in Float64: the tails of a Float32 quantile are coarse. The side nearer the mean is mirrored to the
        // left, where probabilities are small and keep their digits.
        let mirrored = low > 0.0
        let a, b = if mirrored then -high, -low else low, high
        let below, above = normalBelow a, normalBelow b
        let u = draw "Random.truncatedNormal" Draw.Uniform DType.Float64 shape key
        let x = normalQuantile (u * (above - below) + below) |> clamp a b
        (if mirrored then -x else x).Convert dtype

    /// Bools that are true with probability p.
    let bernoulli (p: float) (key: Key) (shape: int seq) : Tensor =
        if not (p >= 0.0 && p <= 1.0) then
            raise (ValueException $"Random.bernoulli: {p} is not a probability.")

        (draw "Random.bernoulli" Draw.Uniform DType.Float32 shape key).Less p

    /// Int32 classes along the last axis of logits (unnormalised log-probabilities), one for each leading position, by
    /// the Gumbel-max trick: argmax (logits - ln(-ln u)).
    let categorical (logits: Tensor) (key: Key) : Tensor =
        requireFloat "Random.categorical" logits.DType

        if logits.Rank = 0 then
            raise (ShapeException "Random.categorical: logits need an axis of classes, got a scalar.")

        let u = draw "Random.categorical" Draw.Uniform logits.DType logits.Dims key
        // 1 - u is in (0, 1]; its logarithm's negative is 0 with probability 2⁻²⁴ and then wins, as it should.
        (logits - log (-(log1p -u))).ArgMax -1

    /// Integers uniform in [low, high); Int32 or Int64.
    let integers (low: int64) (high: int64) (key: Key) (dtype: DType) (shape: int seq) : Tensor =
        if not dtype.IsInteger then
            raise (DTypeException $"Random.integers draws Int32 or Int64, not {dtype}.")

        if not (low < high) || high - low > (1L <<< 52) then
            raise (
                ValueException $"Random.integers: from {low} to below {high} is not a range of 1 to 2^52 integers."
            )

        let u = draw "Random.integers" Draw.Uniform DType.Float64 shape key
        (floor (u * float (high - low))).Convert(DType.Int64) + Tensor.own [||] [| low |]
        |> _.Convert(dtype)

    /// 0 .. n-1 in random order, Int32.
    let permutation (n: int) (key: Key) : Tensor =
        (draw "Random.permutation" Draw.Bits DType.Int64 [ n ] key).ArgSort()

    /// The slices along axis 0 in random order.
    let shuffle (t: Tensor) (key: Key) : Tensor =
        t.Take(permutation (if t.Rank = 0 then 0 else t.Dims[0]) key)
