namespace Cotangent.Distributions

open Cotangent

/// <summary>The gamma distribution, of mean concentration/rate.</summary>
/// <remarks>
/// Draws have derivatives of every order with respect to the concentration, implicit ones (Figurnov, Mohamed and Mnih, "Implicit
/// reparameterization gradients", 2018); so have <c>Cdf</c> and <c>Quantile</c>.
/// </remarks>
/// <exception cref="T:Cotangent.ValueException">A parameter is not positive.</exception>
/// <example><code>
/// let d = Gamma(tensor 2.0, tensor 1.0)
/// d.Cdf(tensor 3.0) // 0.8009
/// </code></example>
[<Sealed>]
type Gamma(concentration: Tensor, rate: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Gamma" [ "concentration", concentration; "rate", rate ]
    /// The shape.
    member val Concentration = Parameters.positive "Gamma" "concentration" batch concentration
    /// What a standard variable is divided by.
    member val Rate = Parameters.positive "Gamma" "rate" batch rate
    override d.DType = d.Rate.DType
    override d.BatchShape = d.Rate.Shape
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        let logDraw = GammaParts.logDraw key (d.Concentration.Expand shape)
        exp ((logDraw - log (d.Rate.Convert DType.Float64)).Convert d.DType)

    override d.LogProbCore x =
        Support.notNegative
            (fun x ->
                xlogy (d.Concentration - 1.0) x + d.Concentration * log d.Rate
                - d.Rate * x
                - lgamma d.Concentration)
            x

    override d.CdfCore x = GammaParts.cdf d.Concentration (x * d.Rate)
    override d.QuantileCore p = (GammaParts.quantile d.Concentration p).Convert d.DType / d.Rate
    override d.Mean() = d.Concentration / d.Rate
    override d.Variance() = d.Concentration / square d.Rate
    override d.Mode() = clampMin 0.0 (d.Concentration - 1.0) / d.Rate

    override d.Entropy() =
        d.Concentration - log d.Rate
        + lgamma d.Concentration
        + (1.0 - d.Concentration) * digamma d.Concentration

/// <summary>The sum of squares of as many standard normal variables as there are degrees of freedom.</summary>
/// <remarks>Derivatives with respect to the degrees of freedom are those of <c>Gamma</c>.</remarks>
/// <exception cref="T:Cotangent.ValueException">The degrees of freedom are not positive.</exception>
/// <example><code>
/// ChiSquare(tensor 3.0).Quantile(tensor 0.95) // 7.8147
/// </code></example>
[<Sealed>]
type ChiSquare(freedom: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "ChiSquare" [ "freedom", freedom ]
    let gamma (d: ChiSquare) = Gamma(0.5 * d.Freedom, Tensor.fullLike d.Freedom 0.5)
    /// The degrees of freedom.
    member val Freedom = Parameters.positive "ChiSquare" "freedom" batch freedom
    override d.DType = d.Freedom.DType
    override d.BatchShape = d.Freedom.Shape
    override _.IsReparameterised = true
    override d.SampleCore(key, shape) = (gamma d).SampleCore(key, shape)
    override d.LogProbCore x = (gamma d).LogProbCore x
    override d.CdfCore x = (gamma d).CdfCore x
    override d.QuantileCore p = (gamma d).QuantileCore p
    override d.Mean() = d.Freedom
    override d.Variance() = 2.0 * d.Freedom
    override d.Mode() = clampMin 0.0 (d.Freedom - 2.0)
    override d.Entropy() = (gamma d).Entropy()

/// <summary>What has a gamma distribution of this concentration and rate when inverted: the rate is its scale.</summary>
/// <remarks>Derivatives with respect to the concentration are those of <c>Gamma</c>.</remarks>
/// <exception cref="T:Cotangent.ValueException">A parameter is not positive.</exception>
/// <example><code>
/// InverseGamma(tensor 3.0, tensor 4.0).Mean() // 2
/// </code></example>
[<Sealed>]
type InverseGamma(concentration: Tensor, scale: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "InverseGamma" [ "concentration", concentration; "scale", scale ]
    /// The shape: moments below it are finite.
    member val Concentration = Parameters.positive "InverseGamma" "concentration" batch concentration
    /// What a standard variable is multiplied by: the rate of the inverse.
    member val Scale = Parameters.positive "InverseGamma" "scale" batch scale
    override d.DType = d.Scale.DType
    override d.BatchShape = d.Scale.Shape
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        let logDraw = GammaParts.logDraw key (d.Concentration.Expand shape)
        exp ((log (d.Scale.Convert DType.Float64) - logDraw).Convert d.DType)

    override d.LogProbCore x =
        Support.positive
            (fun x ->
                d.Concentration * log d.Scale
                - lgamma d.Concentration
                - (d.Concentration + 1.0) * log x
                - d.Scale / x)
            x

    override d.CdfCore x =
        let isOutside = x.LessEqual 0.0
        let p = 1.0 - GammaParts.cdf d.Concentration (d.Scale / where isOutside (Tensor.onesLike x) x)
        where isOutside (Tensor.zerosLike p) p

    override d.QuantileCore p = d.Scale / (GammaParts.quantile d.Concentration (1.0 - p)).Convert d.DType

    /// Where the concentration is above n the value of a formula, elsewhere ∞.
    member private d.Above(n: float, formula: Tensor -> Tensor) =
        let isFinite = d.Concentration.Greater n
        let value = formula (where isFinite d.Concentration (Tensor.fullLike d.Concentration (n + 1.0)))
        where isFinite value (Tensor.fullLike value infinity)

    override d.Mean() = d.Above(1.0, (fun a -> d.Scale / (a - 1.0)))
    override d.Variance() = d.Above(2.0, (fun a -> square (d.Scale / (a - 1.0)) / (a - 2.0)))
    override d.Mode() = d.Scale / (d.Concentration + 1.0)

    override d.Entropy() =
        d.Concentration + log d.Scale + lgamma d.Concentration
        - (1.0 + d.Concentration) * digamma d.Concentration
