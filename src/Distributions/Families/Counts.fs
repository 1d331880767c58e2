namespace Cotangent.Distributions

open Cotangent

/// <summary>The Poisson distribution: how many events there are where <c>rate</c> are expected, in the dtype of the rate.</summary>
/// <exception cref="T:Cotangent.ValueException">The rate is not positive.</exception>
/// <example><code>
/// Poisson(tensor 3.0).LogProb(tensor 2.0) // -1.4959
/// </code></example>
[<Sealed>]
type Poisson(rate: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Poisson" [ "rate", rate ]
    /// The mean, and the variance.
    member val Rate = Parameters.positive "Poisson" "rate" batch rate
    override d.DType = d.Rate.DType
    override d.BatchShape = d.Rate.Shape
    override _.IsReparameterised = false
    override _.IsDiscrete = true
    override d.SampleCore(key, shape) = (Counts.poisson key (d.Rate.Expand shape)).Convert d.DType
    override d.LogProbCore x = Support.count (fun x -> xlogy x d.Rate - d.Rate - lgamma (x + 1.0)) x

    override d.CdfCore x =
        let k = stopGradient (floor x)
        let isNone = k.Less 0.0
        let k, rate = (clampMin 0.0 k).Convert DType.Float64, d.Rate.Convert DType.Float64
        let p = (gammaincc (k + 1.0) rate).Convert d.DType
        where isNone (Tensor.zerosLike p) p

    override d.QuantileCore p =
        let p, rate = stopGradient (p.Convert DType.Float64), stopGradient (d.Rate.Convert DType.Float64)
        let p, rate = p + Tensor.zerosLike rate, rate + Tensor.zerosLike p
        // Probabilities of Float64 end before 9 standard deviations; small rates have longer tails than that.
        let most = ceil (rate + 12.0 * sqrt rate + 200.0)
        let k = Quantiles.bisectWhole most (fun k -> (gammaincc (clampMin 0.0 k + 1.0) rate).Less p)
        (where (p.Equal 1.0) (Tensor.fullLike k infinity) k).Convert d.DType

    override d.Mean() = d.Rate
    override d.Variance() = d.Rate
    override d.Mode() = floor d.Rate

/// <summary>
/// How many of <c>count</c> trials succeed, each with the same probability, in the dtype of the parameters. Counts are whole numbers
/// of that dtype: a batch may hold several.
/// </summary>
/// <exception cref="T:Cotangent.ValueException">A count is not a whole number, or a probability not between 0 and 1.</exception>
/// <example><code>
/// Binomial(tensor 10.0, tensor 0.5).LogProb(tensor 5.0) // -1.4020
/// </code></example>
[<Sealed>]
type Binomial(count: Tensor, probability: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Binomial" [ "count", count; "probability", probability ]
    /// The number of trials.
    member val Count = Parameters.count "Binomial" "count" batch count
    /// The probability of success.
    member val Probability = Parameters.probability "Binomial" "probability" batch probability
    override d.DType = d.Probability.DType
    override d.BatchShape = d.Probability.Shape
    override _.IsReparameterised = false
    override _.IsDiscrete = true

    override d.SampleCore(key, shape) =
        (Counts.binomial key (d.Count.Expand shape) (d.Probability.Expand shape)).Convert d.DType

    override d.LogProbCore x =
        Support.within
            ((Support.isNoCount x).Or(x.Greater d.Count))
            (Tensor.zerosLike x)
            (fun x ->
                let rest = d.Count - x

                lgamma (d.Count + 1.0) - lgamma (x + 1.0) - lgamma (rest + 1.0)
                + xlogy x d.Probability
                + xlog1py rest -d.Probability)
            x

    /// The distribution function of whole numbers from 0 to count, in Float64.
    static member private Below(n: Tensor, p: Tensor, k: Tensor) =
        let isAll = k.GreaterEqual n
        let k = where isAll (n - 1.0) k
        let none = (n.Equal 0.0)
        let rest = where none (Tensor.onesLike n) (n - k)
        let below = betainc rest (clampMin 0.0 k + 1.0) (1.0 - p)
        where isAll (Tensor.onesLike below) below

    override d.CdfCore x =
        let k = stopGradient (floor x)
        let isNone = k.Less 0.0
        let wide (t: Tensor) = t.Convert DType.Float64
        let p = (Binomial.Below(wide d.Count, wide d.Probability, wide (clampMin 0.0 k))).Convert d.DType
        where isNone (Tensor.zerosLike p) p

    override d.QuantileCore p =
        let wide (t: Tensor) = stopGradient (t.Convert DType.Float64)
        let like = Tensor.zerosLike (wide (p + d.Count))
        let p, n, probability = wide p + like, wide d.Count + like, wide d.Probability + like
        let isBelow k = (Binomial.Below(n, probability, clampMin 0.0 k)).Less p
        (Quantiles.bisectWhole n isBelow).Convert d.DType

    override d.Mean() = d.Count * d.Probability
    override d.Variance() = d.Count * d.Probability * (1.0 - d.Probability)
    override d.Mode() = minimum d.Count (floor ((d.Count + 1.0) * d.Probability))
