namespace Cotangent.Distributions

open System
open Cotangent

/// <summary>The uniform distribution between <c>low</c> and <c>high</c>.</summary>
/// <exception cref="T:Cotangent.ValueException">The bounds are not finite numbers in order.</exception>
/// <example><code>
/// Uniform(tensor 1.0, tensor 3.0).Mean() // 2
/// </code></example>
[<Sealed>]
type Uniform(low: Tensor, high: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Uniform" [ "low", low; "high", high ]

    let low = Parameters.require "Uniform" "low" "a finite number" (low.IsFinite()) low

    let high =
        Parameters.require
            "Uniform"
            "high"
            "a finite number above low"
            ((high.Greater low).And(high.IsFinite()))
            high

    /// The lower bound.
    member val Low = low.Expand batch
    /// The upper bound.
    member val High = high.Expand batch
    member private d.Width = d.High - d.Low
    override d.DType = d.Low.DType
    override d.BatchShape = d.Low.Shape
    override _.IsReparameterised = true
    override d.SampleCore(key, shape) = d.Low + d.Width * Random.uniform key d.DType shape

    override d.LogProbCore x =
        Support.within ((x.Less d.Low).Or(x.Greater d.High)) d.Low (fun x -> 0.0 * x - log d.Width) x

    override d.CdfCore x = clamp 0.0 1.0 ((x - d.Low) / d.Width)
    override d.QuantileCore p = d.Low + d.Width * p
    override d.Mean() = 0.5 * d.Low + 0.5 * d.High
    override d.Variance() = square d.Width / 12.0
    override d.Mode() = raise (d.Lacks("mode", "All values between its bounds are as likely."))
    override d.Entropy() = log d.Width

/// <summary>The beta distribution on [0, 1], of mean a/(a + b).</summary>
/// <remarks>
/// Draws are differentiable with respect to both parameters, as ratios of gamma variables; so are <c>Cdf</c> and <c>Quantile</c>.
/// </remarks>
/// <exception cref="T:Cotangent.ValueException">A parameter is not positive.</exception>
/// <example><code>
/// Beta(tensor 2.0, tensor 3.0).Cdf(tensor 0.25) // 0.2617
/// </code></example>
[<Sealed>]
type Beta(a: Tensor, b: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Beta" [ "a", a; "b", b ]
    /// The exponent of x in the density, plus 1.
    member val A = Parameters.positive "Beta" "a" batch a
    /// The exponent of 1 - x in the density, plus 1.
    member val B = Parameters.positive "Beta" "b" batch b
    override d.DType = d.A.DType
    override d.BatchShape = d.A.Shape
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        let forA, forB = Key.split key
        let logA = GammaParts.logDraw forA (d.A.Expand shape)
        let logB = GammaParts.logDraw forB (d.B.Expand shape)
        (sigmoid (logA - logB)).Convert d.DType

    override d.LogProbCore x =
        Support.unit (fun x -> xlogy (d.A - 1.0) x + xlog1py (d.B - 1.0) -x - lbeta d.A d.B) x

    override d.CdfCore x = BetaParts.cdf d.A d.B x
    override d.QuantileCore p = (BetaParts.quantile d.A d.B p).Convert d.DType
    override d.Mean() = d.A / (d.A + d.B)

    override d.Variance() =
        let total = d.A + d.B
        d.A * d.B / (square total * (total + 1.0))

    override d.Mode() =
        let one = Tensor.onesLike d.A
        let isInside = (d.A.Greater 1.0).And(d.B.Greater 1.0)
        let isFlat = (d.A.Equal 1.0).And(d.B.Equal 1.0)
        let a, b = where isInside d.A (2.0 * one), where isInside d.B (2.0 * one)
        let at0 = (d.A.LessEqual 1.0).And(d.B.GreaterEqual 1.0).And(isFlat.Not())
        let at1 = (d.B.LessEqual 1.0).And(d.A.GreaterEqual 1.0).And(isFlat.Not())
        let atEnd = where at0 (0.0 * one) (where at1 one (Tensor.fullLike one nan))
        where isInside ((a - 1.0) / (a + b - 2.0)) atEnd

    override d.Entropy() =
        lbeta d.A d.B - (d.A - 1.0) * digamma d.A - (d.B - 1.0) * digamma d.B
        + (d.A + d.B - 2.0) * digamma (d.A + d.B)

/// <summary>
/// A normal distribution of mean <c>loc</c> and standard deviation <c>scale</c>, conditioned to lie between <c>low</c> and <c>high</c>,
/// which may be infinite.
/// </summary>
/// <remarks>
/// The bounds may be any number of scales away from the mean. <c>Variance</c> loses digits with the distance: about 6 are left where the
/// nearer bound is 100 scales away. In Float32 log-densities out there are differences of numbers as large as half the square of the
/// distance, and rounded as these.
/// </remarks>
/// <exception cref="T:Cotangent.ValueException">The scale is not positive, or the bounds are out of order.</exception>
/// <example><code>
/// TruncatedNormal(tensor 0.0, tensor 1.0, tensor 0.0, tensor infinity).Mean() // 0.7979
/// </code></example>
[<Sealed>]
type TruncatedNormal(loc: Tensor, scale: Tensor, low: Tensor, high: Tensor) =
    inherit Univariate()

    let batch = Parameters.batch "TruncatedNormal" [ "loc", loc; "scale", scale; "low", low; "high", high ]

    let high = Parameters.require "TruncatedNormal" "high" "above low" (high.Greater low) high
    /// The mean of the normal distribution.
    member val Loc = Parameters.real "TruncatedNormal" "loc" batch loc
    /// The standard deviation of the normal distribution.
    member val Scale = Parameters.positive "TruncatedNormal" "scale" batch scale
    /// The lower bound.
    member val Low = low.Expand batch
    /// The upper bound.
    member val High = high.Expand batch
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape
    override _.IsReparameterised = true

    /// The bounds of a standard normal variable in Float64, and whether both were mirrored, so that the interval is on the side where
    /// small probabilities keep their digits.
    member private d.Standard =
        let wide (t: Tensor) = t.Convert DType.Float64

        // An infinite bound does not move with loc and scale; differentiated, ∞ times 0 would be no number.
        let at (bound: Tensor) =
            let bound = wide bound
            let isFinite = bound.IsFinite()
            where isFinite ((where isFinite bound (Tensor.zerosLike bound) - wide d.Loc) / wide d.Scale) bound

        let a, b = at d.Low, at d.High
        let isMirrored = (a + b).Greater 0.0
        // Where one is infinite and the other not, that decides; where both are their sum is none.
        struct (where isMirrored -b a, where isMirrored -a b, isMirrored)

    member private d.Between(a: Tensor, b: Tensor) : Tensor = ndtr b - ndtr a

    /// One formula where probabilities between the bounds are numbers, and another in the tail; each gets bounds that suit it.
    member private d.ByPlace(central: Tensor -> Tensor -> Tensor, tail: Tensor -> Tensor -> Tensor) : Tensor =
        let struct (a, b, _) = d.Standard
        let isTail = b.Less NormalTail.Start
        let like = Tensor.fullLike b

        let inTail =
            tail (where isTail a (like (NormalTail.Start - 1.0))) (where isTail b (like NormalTail.Start))

        where isTail inTail (central (where isTail (like -1.0) a) (where isTail (like 1.0) b))

    member private d.LogMass: Tensor = d.ByPlace((fun a b -> log (d.Between(a, b))), NormalTail.logMass)

    /// The value of a standard variable whose distribution function is p.
    member private d.AtProbability(p: Tensor) : Tensor =
        let struct (_, _, isMirrored) = d.Standard
        let p = p.Convert DType.Float64
        let p = where isMirrored (1.0 - p) p

        let z =
            d.ByPlace(
                (fun a b -> ndtri (ndtr a + p * d.Between(a, b))),
                (fun a b -> NormalTail.quantile a b p)
            )

        let z = where isMirrored -z z
        let x = d.Loc + d.Scale * z.Convert d.DType
        minimum d.High (maximum d.Low x)

    override d.SampleCore(key, shape) = d.AtProbability(Uniforms.inside key DType.Float64 shape)

    override d.LogProbCore x =
        let logMass = d.LogMass.Convert d.DType

        Support.within
            ((x.Less d.Low).Or(x.Greater d.High))
            (minimum d.High (maximum d.Low d.Loc))
            (fun x ->
                -0.5 * square ((x - d.Loc) / d.Scale) - log d.Scale - 0.5 * log (2.0 * Math.PI) - logMass)
            x

    override d.CdfCore x =
        let struct (_, _, isMirrored) = d.Standard
        let x = minimum d.High (maximum d.Low x)
        let z = ((x - d.Loc) / d.Scale).Convert DType.Float64
        let z = where isMirrored -z z

        let p =
            d.ByPlace(
                (fun a b -> (ndtr z - ndtr a) / d.Between(a, b)),
                (fun a b -> NormalTail.cdf a b (minimum b z))
            )

        (where isMirrored (1.0 - p) p).Convert d.DType

    override d.QuantileCore p = d.AtProbability p

    /// Density of a standard normal variable, and the same times z, at the bounds; both 0 where these are infinite.
    member private _.Densities(z: Tensor) =
        let isFinite = z.IsFinite()
        let z = where isFinite z (Tensor.zerosLike z)
        let density = exp (-0.5 * square z) / sqrt (2.0 * Math.PI)
        let density = where isFinite density (Tensor.zerosLike density)
        struct (density, z * density)

    /// Mean and variance of the standard variable, and its entropy.
    member private d.Moments =
        let struct (_, _, isMirrored) = d.Standard

        let mean =
            d.ByPlace(
                (fun a b ->
                    let struct (atA, _), struct (atB, _) = d.Densities a, d.Densities b
                    (atA - atB) / d.Between(a, b)),
                (fun a b ->
                    let struct (mean, _) = NormalTail.moments a b
                    mean)
            )

        let second =
            d.ByPlace(
                (fun a b ->
                    let struct (_, atA), struct (_, atB) = d.Densities a, d.Densities b
                    (atA - atB) / d.Between(a, b)),
                (fun a b ->
                    let struct (_, second) = NormalTail.moments a b
                    second)
            )

        let variance = 1.0 + second - square mean
        let entropy = d.LogMass + 0.5 * log (2.0 * Math.PI * Math.E) + 0.5 * second
        struct (where isMirrored -mean mean, variance, entropy)

    override d.Mean() =
        let struct (mean, _, _) = d.Moments
        d.Loc + d.Scale * mean.Convert d.DType

    override d.Variance() =
        let struct (_, variance, _) = d.Moments
        square d.Scale * variance.Convert d.DType

    override d.Mode() = minimum d.High (maximum d.Low d.Loc)

    override d.Entropy() =
        let struct (_, _, entropy) = d.Moments
        log d.Scale + entropy.Convert d.DType
