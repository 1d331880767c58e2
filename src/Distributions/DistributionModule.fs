namespace Cotangent.Distributions

open Cotangent

/// What all distributions have, as functions; members of the same names do the same.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Distribution =
    /// <summary>Independent draws, of shape: the shape asked for ++ batch ++ event. Spends the key.</summary>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Uniform(tensor 0.0, tensor 1.0) |> Distribution.sample (Key.create 0L) [ 3; 2 ] // shape (3, 2)
    /// </code></example>
    let sample (key: Key) (shape: int seq) (d: Distribution) : Tensor = d.Sample(key, Array.ofSeq shape)

    /// <summary>The logarithm of the density, or of the probability of discrete values; -∞ outside the support.</summary>
    /// <exception cref="T:Cotangent.DTypeException">x has another dtype than draws have.</exception>
    /// <exception cref="T:Cotangent.ShapeException">x does not end with the event shape, or does not broadcast with the batch.</exception>
    /// <example><code>
    /// Uniform(tensor 0.0, tensor 2.0) |> Distribution.logProb (tensor [ 1.0; 3.0 ]) // [-0.6931, -infinity]
    /// </code></example>
    let logProb (x: Tensor) (d: Distribution) : Tensor = d.LogProb x

    /// <summary>The mean. Its shape is batch ++ event.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Distribution.mean (Exponential(tensor [ 1.0; 2.0 ])) // [1, 0.5]
    /// </code></example>
    let mean (d: Distribution) : Tensor = d.Mean()

    /// <summary>The variance of each number. The shape is batch ++ event.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Distribution.variance (Exponential(tensor [ 1.0; 2.0 ])) // [1, 0.25]
    /// </code></example>
    let variance (d: Distribution) : Tensor = d.Variance()

    /// <summary>The square root of the variance. Its shape is batch ++ event.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Distribution.standardDeviation (Exponential(tensor [ 1.0; 2.0 ])) // [1, 0.5]
    /// </code></example>
    let standardDeviation (d: Distribution) : Tensor = d.StandardDeviation()

    /// <summary>The most likely value. Its shape is batch ++ event; NaN where there are several.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Distribution.mode (Normal(tensor [ 1.0; 2.0 ], tensor 1.0)) // [1, 2]
    /// </code></example>
    let mode (d: Distribution) : Tensor = d.Mode()

    /// <summary>The entropy in nats.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Distribution.entropy (Normal(tensor 0.0, tensor 1.0)) // 1.4189
    /// </code></example>
    let entropy (d: Distribution) : Tensor = d.Entropy()

    /// <summary>The probability of values up to x.</summary>
    /// <exception cref="T:Cotangent.ShapeException">x does not broadcast with the batch.</exception>
    /// <example><code>
    /// Normal(tensor 0.0, tensor 1.0) |> Distribution.cdf (tensor 1.0) // 0.8413
    /// </code></example>
    let cdf (x: Tensor) (d: Univariate) : Tensor = d.Cdf x

    /// <summary>The inverse of the distribution function; NaN where p is no probability.</summary>
    /// <exception cref="T:Cotangent.ShapeException">p does not broadcast with the batch.</exception>
    /// <example><code>
    /// Exponential(tensor 1.0) |> Distribution.quantile (tensor 0.5) // 0.6931
    /// </code></example>
    let quantile (p: Tensor) (d: Univariate) : Tensor = d.Quantile p

    /// <summary>Kullback and Leibler's divergence from p to q: the mean under p of log p - log q.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Distribution.kl (Exponential(tensor 2.0)) (Exponential(tensor 1.0)) // 0.1931
    /// </code></example>
    let kl (p: Distribution) (q: Distribution) : Tensor = Divergences.KlTo(p, q)
