namespace Cotangent.Distributions

open System
open Cotangent

/// <summary>The normal distribution, of mean <c>loc</c> and standard deviation <c>scale</c>.</summary>
/// <exception cref="T:Cotangent.ValueException">The scale is not positive.</exception>
/// <example><code>
/// let d = Normal(tensor 0.0, tensor [ 1.0; 2.0 ])
/// d.LogProb(tensor 0.0) // [-0.9189, -1.6121]
/// </code></example>
[<Sealed>]
type Normal(loc: Tensor, scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Normal" [ "loc", loc; "scale", scale ]
    let standard (d: Normal) (x: Tensor) = (x - d.Loc) / d.Scale
    /// The mean.
    member val Loc = Parameters.real "Normal" "loc" batch loc
    /// The standard deviation.
    member val Scale = Parameters.positive "Normal" "scale" batch scale
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape
    override _.IsReparameterised = true
    override d.SampleCore(key, shape) = d.Loc + d.Scale * Random.normal key d.DType shape
    override d.LogProbCore x = -0.5 * square (standard d x) - log d.Scale - 0.5 * log (2.0 * Math.PI)
    override d.CdfCore x = ndtr (standard d x)
    override d.QuantileCore p = d.Loc + d.Scale * ndtri p
    override d.Mean() = d.Loc
    override d.Variance() = square d.Scale
    override d.Mode() = d.Loc
    override d.Entropy() = log d.Scale + 0.5 * log (2.0 * Math.PI * Math.E)

/// <summary>The Laplace (double exponential) distribution: density exp(-|x - loc|/scale)/(2 scale).</summary>
/// <exception cref="T:Cotangent.ValueException">The scale is not positive.</exception>
/// <example><code>
/// Laplace(tensor 0.0, tensor 1.0).Cdf(tensor 1.0) // 0.8161
/// </code></example>
[<Sealed>]
type Laplace(loc: Tensor, scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Laplace" [ "loc", loc; "scale", scale ]
    /// The mean, median and mode.
    member val Loc = Parameters.real "Laplace" "loc" batch loc
    /// The mean distance from it.
    member val Scale = Parameters.positive "Laplace" "scale" batch scale
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        let a, b = Key.split key
        d.Loc + d.Scale * (Uniforms.exponential a d.DType shape - Uniforms.exponential b d.DType shape)

    override d.LogProbCore x = -(abs (x - d.Loc)) / d.Scale - log (2.0 * d.Scale)

    override d.CdfCore x =
        let z = (x - d.Loc) / d.Scale
        let tail = 0.5 * exp -(abs z)
        where (z.Less 0.0) tail (1.0 - tail)

    override d.QuantileCore p =
        let isLow = p.Less 0.5
        d.Loc + d.Scale * where isLow (log (2.0 * p)) -(log (2.0 * (1.0 - p)))

    override d.Mean() = d.Loc
    override d.Variance() = 2.0 * square d.Scale
    override d.Mode() = d.Loc
    override d.Entropy() = 1.0 + log (2.0 * d.Scale)

/// <summary>The logistic distribution, whose distribution function is <c>sigmoid</c> of (x - loc)/scale.</summary>
/// <exception cref="T:Cotangent.ValueException">The scale is not positive.</exception>
/// <example><code>
/// Logistic(tensor 0.0, tensor 1.0).Cdf(tensor 1.0) // 0.7311
/// </code></example>
[<Sealed>]
type Logistic(loc: Tensor, scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Logistic" [ "loc", loc; "scale", scale ]
    /// The mean, median and mode.
    member val Loc = Parameters.real "Logistic" "loc" batch loc
    /// The standard deviation times √3/π.
    member val Scale = Parameters.positive "Logistic" "scale" batch scale
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape
    override _.IsReparameterised = true
    override d.SampleCore(key, shape) = d.Loc + d.Scale * logit (Uniforms.inside key d.DType shape)

    override d.LogProbCore x =
        // Even in z, which is taken above 0: below, two infinities would cancel. Not by `abs`, which has no second derivatives at 0.
        let z = (x - d.Loc) / d.Scale
        let z = where (z.Less 0.0) -z z
        -z - 2.0 * softplus -z - log d.Scale

    override d.CdfCore x = sigmoid ((x - d.Loc) / d.Scale)
    override d.QuantileCore p = d.Loc + d.Scale * logit p
    override d.Mean() = d.Loc
    override d.Variance() = square d.Scale * (Math.PI * Math.PI / 3.0)
    override d.Mode() = d.Loc
    override d.Entropy() = log d.Scale + 2.0

/// <summary>The Gumbel distribution, of the largest of many: distribution function exp(-exp(-(x - loc)/scale)).</summary>
/// <exception cref="T:Cotangent.ValueException">The scale is not positive.</exception>
/// <example><code>
/// Gumbel(tensor 0.0, tensor 1.0).Mean() // 0.5772
/// </code></example>
[<Sealed>]
type Gumbel(loc: Tensor, scale: Tensor) =
    inherit Univariate()
    /// Euler's constant.
    static let gamma = 0.57721566490153286061
    let batch = Parameters.batch "Gumbel" [ "loc", loc; "scale", scale ]
    /// The mode.
    member val Loc = Parameters.real "Gumbel" "loc" batch loc
    /// The standard deviation times √6/π.
    member val Scale = Parameters.positive "Gumbel" "scale" batch scale
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape
    override _.IsReparameterised = true
    override d.SampleCore(key, shape) = d.Loc - d.Scale * log (Uniforms.exponential key d.DType shape)

    override d.LogProbCore x =
        Support.within
            (x.Equal -infinity)
            d.Loc
            (fun x ->
                let z = (x - d.Loc) / d.Scale
                -z - exp -z - log d.Scale)
            x

    override d.CdfCore x = exp -(exp (-(x - d.Loc) / d.Scale))
    override d.QuantileCore p = d.Loc - d.Scale * log -(log p)
    override d.Mean() = d.Loc + d.Scale * gamma
    override d.Variance() = square d.Scale * (Math.PI * Math.PI / 6.0)
    override d.Mode() = d.Loc
    override d.Entropy() = log d.Scale + (1.0 + gamma)

/// <summary>The Cauchy distribution, which has neither mean nor variance (NaN).</summary>
/// <exception cref="T:Cotangent.ValueException">The scale is not positive.</exception>
/// <example><code>
/// Cauchy(tensor 0.0, tensor 1.0).Quantile(tensor 0.75) // 1
/// </code></example>
[<Sealed>]
type Cauchy(loc: Tensor, scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Cauchy" [ "loc", loc; "scale", scale ]
    /// The median and mode.
    member val Loc = Parameters.real "Cauchy" "loc" batch loc
    /// Half of the distance between the quartiles.
    member val Scale = Parameters.positive "Cauchy" "scale" batch scale
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        d.Loc + d.Scale * tan (Math.PI * (Uniforms.inside key d.DType shape - 0.5))

    override d.LogProbCore x = -(log1p (square ((x - d.Loc) / d.Scale))) - log (Math.PI * d.Scale)
    // The angle's digits are those of the tail, also where that is small.
    override d.CdfCore x =
        let z = (x - d.Loc) / d.Scale
        atan2 (Tensor.onesLike z) -z / Math.PI

    override d.QuantileCore p =
        // From the nearer end, so that 0 and 1 give infinities.
        let below, above = -1.0 / tan (Math.PI * p), 1.0 / tan (Math.PI * (1.0 - p))
        d.Loc + d.Scale * where (p.Less 0.5) below above

    override d.Mean() = Tensor.fullLike d.Loc nan
    override d.Variance() = Tensor.fullLike d.Loc nan
    override d.Mode() = d.Loc
    override d.Entropy() = log (4.0 * Math.PI * d.Scale)

/// <summary>
/// Student's t distribution, of tails the heavier the fewer the degrees of freedom are. The mean is NaN for 1 and fewer; the variance is
/// ∞ up to 2 and NaN up to 1.
/// </summary>
/// <remarks>
/// Draws, <c>Cdf</c> and <c>Quantile</c> have derivatives of every order with respect to the degrees of freedom.
/// </remarks>
/// <exception cref="T:Cotangent.ValueException">The degrees of freedom or the scale are not positive.</exception>
/// <example><code>
/// StudentT(tensor 5.0, tensor 0.0, tensor 1.0).Quantile(tensor 0.975) // 2.5706
/// </code></example>
[<Sealed>]
type StudentT(freedom: Tensor, loc: Tensor, scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "StudentT" [ "freedom", freedom; "loc", loc; "scale", scale ]
    /// The degrees of freedom.
    member val Freedom = Parameters.positive "StudentT" "freedom" batch freedom
    /// The median and mode.
    member val Loc = Parameters.real "StudentT" "loc" batch loc
    /// What a standard variable is multiplied by.
    member val Scale = Parameters.positive "StudentT" "scale" batch scale
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        let forNormal, forGamma = Key.split key
        let half = 0.5 * d.Freedom.Expand shape
        // √(ν/χ²), where χ² is twice a gamma variable of half the degrees of freedom.
        let factor = exp (0.5 * (log (half.Convert DType.Float64) - GammaParts.logDraw forGamma half))
        d.Loc + d.Scale * (Random.normal forNormal d.DType shape * factor.Convert d.DType)

    override d.LogProbCore x = BetaParts.studentLogDensity d.Freedom ((x - d.Loc) / d.Scale) - log d.Scale
    override d.CdfCore x = BetaParts.studentCdf d.Freedom ((x - d.Loc) / d.Scale)
    override d.QuantileCore p = d.Loc + d.Scale * (BetaParts.studentQuantile d.Freedom p).Convert d.DType
    override d.Mean() = where (d.Freedom.Greater 1.0) d.Loc (Tensor.fullLike d.Loc nan)

    override d.Variance() =
        let isFinite = d.Freedom.Greater 2.0
        let freedom = where isFinite d.Freedom (Tensor.fullLike d.Freedom 3.0)

        let none =
            where (d.Freedom.Greater 1.0) (Tensor.fullLike freedom infinity) (Tensor.fullLike freedom nan)

        where isFinite (square d.Scale * freedom / (freedom - 2.0)) none

    override d.Mode() = d.Loc

    override d.Entropy() =
        let half = 0.5 * d.Freedom

        (half + 0.5) * (digamma (half + 0.5) - digamma half)
        + 0.5 * log d.Freedom
        + lbeta half (Tensor.fullLike half 0.5)
        + log d.Scale
