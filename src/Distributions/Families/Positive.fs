namespace Cotangent.Distributions

open System
open Cotangent

/// <summary>The exponential distribution, of mean 1/rate.</summary>
/// <exception cref="T:Cotangent.ValueException">The rate is not positive.</exception>
/// <example><code>
/// Exponential(tensor 2.0).Mean() // 0.5
/// </code></example>
[<Sealed>]
type Exponential(rate: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Exponential" [ "rate", rate ]
    /// Events in a unit of time.
    member val Rate = Parameters.positive "Exponential" "rate" batch rate
    override d.DType = d.Rate.DType
    override d.BatchShape = d.Rate.Shape
    override _.IsReparameterised = true
    override d.SampleCore(key, shape) = Uniforms.exponential key d.DType shape / d.Rate
    override d.LogProbCore x = Support.notNegative (fun x -> log d.Rate - d.Rate * x) x
    override d.CdfCore x = -(expm1 (-d.Rate * clampMin 0.0 x))
    override d.QuantileCore p = -(log1p -p) / d.Rate
    override d.Mean() = 1.0 / d.Rate
    override d.Variance() = 1.0 / square d.Rate
    override d.Mode() = Tensor.zerosLike d.Rate
    override d.Entropy() = 1.0 - log d.Rate

/// <summary>The absolute value of a normal variable of mean 0.</summary>
/// <exception cref="T:Cotangent.ValueException">The scale is not positive.</exception>
/// <example><code>
/// HalfNormal(tensor 1.0).Mean() // 0.7979
/// </code></example>
[<Sealed>]
type HalfNormal(scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "HalfNormal" [ "scale", scale ]
    /// The standard deviation of the normal variable.
    member val Scale = Parameters.positive "HalfNormal" "scale" batch scale
    override d.DType = d.Scale.DType
    override d.BatchShape = d.Scale.Shape
    override _.IsReparameterised = true
    override d.SampleCore(key, shape) = d.Scale * abs (Random.normal key d.DType shape)

    override d.LogProbCore x =
        Support.notNegative (fun x -> -0.5 * square (x / d.Scale) - log d.Scale + 0.5 * log (2.0 / Math.PI)) x

    override d.CdfCore x = erf (clampMin 0.0 x / (d.Scale * sqrt 2.0))
    override d.QuantileCore p = d.Scale * sqrt 2.0 * erfinv p
    override d.Mean() = d.Scale * sqrt (2.0 / Math.PI)
    override d.Variance() = square d.Scale * (1.0 - 2.0 / Math.PI)
    override d.Mode() = Tensor.zerosLike d.Scale
    override d.Entropy() = log d.Scale + 0.5 * log (0.5 * Math.PI * Math.E)

/// <summary>The absolute value of a Cauchy variable of median 0; mean and variance are ∞.</summary>
/// <exception cref="T:Cotangent.ValueException">The scale is not positive.</exception>
/// <example><code>
/// HalfCauchy(tensor 1.0).Quantile(tensor 0.5) // 1
/// </code></example>
[<Sealed>]
type HalfCauchy(scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "HalfCauchy" [ "scale", scale ]
    /// The median.
    member val Scale = Parameters.positive "HalfCauchy" "scale" batch scale
    override d.DType = d.Scale.DType
    override d.BatchShape = d.Scale.Shape
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) = d.Scale * tan (0.5 * Math.PI * Uniforms.inside key d.DType shape)

    override d.LogProbCore x =
        Support.notNegative (fun x -> -(log1p (square (x / d.Scale))) - log (0.5 * Math.PI * d.Scale)) x

    override d.CdfCore x = atan (clampMin 0.0 x / d.Scale) * (2.0 / Math.PI)

    override d.QuantileCore p =
        // From the nearer end, so that 1 gives infinity.
        let low, high = tan (0.5 * Math.PI * p), 1.0 / tan (0.5 * Math.PI * (1.0 - p))
        d.Scale * where (p.Less 0.5) low high

    override d.Mean() = Tensor.fullLike d.Scale infinity
    override d.Variance() = Tensor.fullLike d.Scale infinity
    override d.Mode() = Tensor.zerosLike d.Scale
    override d.Entropy() = log (2.0 * Math.PI * d.Scale)

/// <summary>What has a normal logarithm, of mean <c>loc</c> and standard deviation <c>scale</c>.</summary>
/// <exception cref="T:Cotangent.ValueException">The scale is not positive.</exception>
/// <example><code>
/// LogNormal(tensor 0.0, tensor 1.0).Mean() // 1.6487
/// </code></example>
[<Sealed>]
type LogNormal(loc: Tensor, scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "LogNormal" [ "loc", loc; "scale", scale ]
    /// Of the logarithm, the mean.
    member val Loc = Parameters.real "LogNormal" "loc" batch loc
    /// Of the logarithm, the standard deviation.
    member val Scale = Parameters.positive "LogNormal" "scale" batch scale
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape
    override _.IsReparameterised = true
    override d.SampleCore(key, shape) = exp (d.Loc + d.Scale * Random.normal key d.DType shape)

    override d.LogProbCore x =
        Support.positive
            (fun x ->
                let logX = log x

                -0.5 * square ((logX - d.Loc) / d.Scale) - logX - log d.Scale - 0.5 * log (2.0 * Math.PI))
            x

    override d.CdfCore x =
        let isOutside = x.LessEqual 0.0
        let p = ndtr ((log (where isOutside (Tensor.onesLike x) x) - d.Loc) / d.Scale)
        where isOutside (Tensor.zerosLike p) p

    override d.QuantileCore p = exp (d.Loc + d.Scale * ndtri p)
    override d.Mean() = exp (d.Loc + 0.5 * square d.Scale)
    override d.Variance() = expm1 (square d.Scale) * exp (2.0 * d.Loc + square d.Scale)
    override d.Mode() = exp (d.Loc - square d.Scale)
    override d.Entropy() = d.Loc + log d.Scale + 0.5 * log (2.0 * Math.PI * Math.E)

/// <summary>The Weibull distribution: distribution function 1 - exp(-(x/scale)^concentration).</summary>
/// <exception cref="T:Cotangent.ValueException">A parameter is not positive.</exception>
/// <example><code>
/// Weibull(tensor 2.0, tensor 1.0).Cdf(tensor 1.0) // 0.6321
/// </code></example>
[<Sealed>]
type Weibull(concentration: Tensor, scale: Tensor) =
    inherit Univariate()
    static let gamma = 0.57721566490153286061
    let batch = Parameters.batch "Weibull" [ "concentration", concentration; "scale", scale ]
    /// The shape: below 1 failures become rarer with age, above 1 more frequent.
    member val Concentration = Parameters.positive "Weibull" "concentration" batch concentration
    /// What a standard variable is multiplied by.
    member val Scale = Parameters.positive "Weibull" "scale" batch scale
    override d.DType = d.Scale.DType
    override d.BatchShape = d.Scale.Shape
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        d.Scale * exp (log (Uniforms.exponential key d.DType shape) / d.Concentration)

    override d.LogProbCore x =
        Support.notNegative
            (fun x ->
                let z = x / d.Scale
                log (d.Concentration / d.Scale) + xlogy (d.Concentration - 1.0) z - z ** d.Concentration)
            x

    override d.CdfCore x =
        let isOutside = x.LessEqual 0.0
        let z = where isOutside (Tensor.onesLike x) x / d.Scale
        let p = -(expm1 -(z ** d.Concentration))
        where isOutside (Tensor.zerosLike p) p

    override d.QuantileCore p = d.Scale * exp (log -(log1p -p) / d.Concentration)
    member private d.Moment(n: float) = exp (n * log d.Scale + lgamma (1.0 + n / d.Concentration))
    override d.Mean() = d.Moment 1.0
    override d.Variance() = d.Moment 2.0 - square (d.Moment 1.0)

    override d.Mode() =
        let isInside = d.Concentration.Greater 1.0
        let k = where isInside d.Concentration (Tensor.fullLike d.Concentration 2.0)
        where isInside (d.Scale * ((k - 1.0) / k) ** (1.0 / k)) (Tensor.zerosLike d.Scale)

    override d.Entropy() = gamma * (1.0 - 1.0 / d.Concentration) + log (d.Scale / d.Concentration) + 1.0

/// <summary>The Pareto distribution, from <c>scale</c> on: density falls as x to the power -(concentration + 1).</summary>
/// <exception cref="T:Cotangent.ValueException">A parameter is not positive.</exception>
/// <example><code>
/// Pareto(tensor 3.0, tensor 1.0).Mean() // 1.5
/// </code></example>
[<Sealed>]
type Pareto(concentration: Tensor, scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Pareto" [ "concentration", concentration; "scale", scale ]
    /// The exponent: moments below it are finite.
    member val Concentration = Parameters.positive "Pareto" "concentration" batch concentration
    /// The least value, and the mode.
    member val Scale = Parameters.positive "Pareto" "scale" batch scale
    override d.DType = d.Scale.DType
    override d.BatchShape = d.Scale.Shape
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        d.Scale * exp (Uniforms.exponential key d.DType shape / d.Concentration)

    override d.LogProbCore x =
        Support.within
            (x.Less d.Scale)
            d.Scale
            (fun x -> log d.Concentration + d.Concentration * log d.Scale - (d.Concentration + 1.0) * log x)
            x

    override d.CdfCore x = -(expm1 (d.Concentration * log (d.Scale / maximum x d.Scale)))
    override d.QuantileCore p = d.Scale * exp (-(log1p -p) / d.Concentration)

    /// Where the concentration is above n the value of a formula, elsewhere ∞.
    member private d.Above(n: float, formula: Tensor -> Tensor) =
        let isFinite = d.Concentration.Greater n
        let value = formula (where isFinite d.Concentration (Tensor.fullLike d.Concentration (n + 1.0)))
        where isFinite value (Tensor.fullLike value infinity)

    override d.Mean() = d.Above(1.0, (fun a -> a * d.Scale / (a - 1.0)))
    override d.Variance() = d.Above(2.0, (fun a -> square (d.Scale / (a - 1.0)) * a / (a - 2.0)))
    override d.Mode() = d.Scale
    override d.Entropy() = log (d.Scale / d.Concentration) + 1.0 / d.Concentration + 1.0
