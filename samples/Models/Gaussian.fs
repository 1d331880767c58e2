/// Normal distributions fitted to features, and how far apart they are.
namespace Models

open Cotangent

/// A normal distribution in as many dimensions as there are features, in Float64.
type Gaussian = { Mean: Tensor; Covariance: Tensor }

module Gaussian =
    /// Fitted to features (n, dimensions): mean and unbiased covariance.
    let fit (features: Tensor) : Gaussian =
        let x = features.Convert DType.Float64
        let mean = x.Mean 0
        let deviation = x - mean
        { Mean = mean; Covariance = matmul deviation.T deviation / float (Data.count x - 1) }

    /// The eigenvalues of a covariance, none below 0 where rounding would have them so, and the vectors (columns).
    let private spectrum (covariance: Tensor) =
        let values, vectors = eigh covariance
        relu values, vectors

    /// ‖m₁ - m₂‖² + tr (C₁ + C₂ - 2 (C₁C₂)^½), the square of the Fréchet distance of two normal distributions (Dowson & Landau 1982).
    /// Of a network's features it is what is called FID (Heusel et al. 2017), there of Inception's. C₁C₂ has the eigenvalues of the
    /// symmetric √C₁ C₂ √C₁, so that singular covariances are no trouble.
    let distance (a: Gaussian) (b: Gaussian) : float =
        let values, vectors = spectrum a.Covariance
        let root = matmul (vectors * sqrt values) vectors.T
        let product, _ = spectrum (matmul (matmul root b.Covariance) root)

        let apart = sum (square (a.Mean - b.Mean))
        let traces = trace a.Covariance + trace b.Covariance
        float (apart + traces - 2.0 * sum (sqrt product))
