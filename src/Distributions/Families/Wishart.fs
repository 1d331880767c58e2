namespace Cotangent.Distributions

open System
open Cotangent

/// <summary>
/// The Wishart distribution of positive definite matrices: the sum of x xᵀ of as many normal vectors as there are degrees of freedom,
/// whose covariance is l lᵀ.
/// </summary>
/// <remarks>Derivatives of draws by the degrees of freedom are those of <c>Gamma</c>.</remarks>
/// <exception cref="T:Cotangent.ValueException">
/// The degrees of freedom are not above n - 1, or the factor is not lower triangular with a positive diagonal.
/// </exception>
/// <example><code>
/// let d = Wishart(tensor 3.0, tensor [ [ 1.0; 0.0 ]; [ 0.0; 2.0 ] ])
/// d.Mean() // [[3, 0], [0, 12]]
/// </code></example>
[<Sealed>]
type Wishart(freedom: Tensor, factor: Tensor) =
    inherit Distribution()
    let batch = Parameters.batchOf "Wishart" [ "freedom", freedom, 0; "factor", factor, 2 ]
    let size = factor.Shape[factor.Rank - 1]

    let factor = Triangular.require "Wishart" "factor" size factor

    let freedom =
        Parameters.require "Wishart" "freedom" $"above {size - 1}" (freedom.Greater(float (size - 1))) freedom

    /// The degrees of freedom.
    member val Freedom: Tensor = freedom.Expand batch
    /// l, of shape batch ++ (n, n).
    member val Factor: Tensor = factor.Expand(Array.append batch [| size; size |])
    member private d.Size = d.Factor.Shape[d.Factor.Rank - 1]

    /// (ν - i)/2 for each row i, along the last axis.
    member private d.Halves =
        0.5 * (d.Freedom.Unsqueeze -1 - (Tensor.arange d.DType d.Size).To d.Freedom.Device)

    /// The logarithm of the gamma function of matrices at ν/2.
    member private d.LogGamma = float (d.Size * (d.Size - 1)) / 4.0 * log Math.PI + (lgamma d.Halves).Sum -1

    override d.DType = d.Freedom.DType
    override d.BatchShape = d.Freedom.Shape
    override d.EventShape = [| d.Size; d.Size |]
    override _.IsReparameterised = true

    /// <summary>Bartlett's decomposition: l a aᵀ lᵀ, a lower triangular with roots of χ² variables on its diagonal and normal ones below.</summary>
    /// <example><code>
    /// Wishart(tensor 3.0, Tensor.eye DType.Float64 2).Sample(Key.create 0L, 5) // shape (5, 2, 2)
    /// </code></example>
    override d.SampleCore(key, shape) =
        let forDiagonal, forRest = Key.split key
        let halves = d.Halves.Expand(Array.append shape [| d.Size |])
        // χ² is twice a gamma variable of half the degrees of freedom.
        let roots = exp (0.5 * (GammaParts.logDraw forDiagonal halves + log 2.0))
        let below = (Random.normal forRest d.DType (Array.append shape d.EventShape)).Tril -1
        let a = below + Tensor.diag (roots.Convert d.DType)
        Triangular.square (d.Factor.MatMul a)

    override d.LogProbCore x =
        let size = float d.Size
        let constant = stopGradient x
        let identity = (Tensor.eye d.DType d.Size).To x.Device
        let transposed = constant.Transpose(-1, -2)
        let slack = if d.DType = DType.Float64 then 1e-8 else 1e-4

        let isSymmetric =
            (abs (constant - transposed)).LessEqual(slack * (1.0 + abs constant)).All([ -2; -1 ])

        let symmetric =
            where (isSymmetric.Unsqueeze(-1).Unsqueeze -1) (0.5 * (constant + transposed)) identity

        let values, _ = eigh symmetric
        let isInside = isSymmetric.And((values.Greater 0.0).All -1)
        let x = where (isInside.Unsqueeze(-1).Unsqueeze -1) x identity
        let root = cholesky x
        let scaled = d.Factor.SolveTriangular root

        let value =
            (d.Freedom - size - 1.0) * Triangular.logDet root
            - 0.5 * (square scaled).Sum [ -2; -1 ]
            - 0.5 * size * log 2.0 * d.Freedom
            - d.Freedom * Triangular.logDet d.Factor
            - d.LogGamma

        where isInside value (Tensor.fullLike value -infinity)

    member private d.Scale = Triangular.square d.Factor
    member private _.Each(t: Tensor) = t.Unsqueeze(-1).Unsqueeze -1
    override d.Mean() = d.Each d.Freedom * d.Scale

    override d.Variance() =
        let diagonal = d.Scale.Diagonal()
        d.Each d.Freedom * (square d.Scale + diagonal.Unsqueeze -1 * diagonal.Unsqueeze -2)

    override d.Mode() =
        let left = d.Each(d.Freedom - float d.Size - 1.0)
        let mode = left * d.Scale
        where (left.GreaterEqual 0.0) mode (Tensor.fullLike mode nan)

    override d.Entropy() =
        let size = float d.Size

        (size + 1.0) * Triangular.logDet d.Factor + 0.5 * size * (size + 1.0) * log 2.0 + d.LogGamma
        - 0.5 * (d.Freedom - size - 1.0) * (digamma d.Halves).Sum -1
        + 0.5 * size * d.Freedom
