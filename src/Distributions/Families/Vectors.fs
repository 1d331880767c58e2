namespace Cotangent.Distributions

open System
open Cotangent

/// <summary>
/// The normal distribution of vectors, by the lower triangular factor l of the covariance l lᵀ; <c>OfCovariance</c> finds it.
/// </summary>
/// <exception cref="T:Cotangent.ValueException">The factor is not lower triangular with a positive diagonal.</exception>
/// <exception cref="T:Cotangent.ShapeException">The sizes of mean and factor differ.</exception>
/// <example><code>
/// let d = MultivariateNormal(tensor [ 0.0; 0.0 ], tensor [ [ 1.0; 0.0 ]; [ 1.0; 2.0 ] ])
/// d.LogProb(tensor [ 0.0; 0.0 ]) // -2.531
/// </code></example>
[<Sealed>]
type MultivariateNormal(loc: Tensor, factor: Tensor) =
    inherit Distribution()
    let batch = Parameters.batchOf "MultivariateNormal" [ "loc", loc, 1; "factor", factor, 2 ]
    let size = loc.Shape[loc.Rank - 1]
    let factor = Triangular.require "MultivariateNormal" "factor" size factor
    /// The mean, of shape batch ++ (n).
    member val Loc: Tensor = Parameters.real "MultivariateNormal" "loc" (Array.append batch [| size |]) loc
    /// The factor of the covariance, of shape batch ++ (n, n).
    member val Factor: Tensor = factor.Expand(Array.append batch [| size; size |])

    /// <summary>By the covariance itself, of shape batch ++ (n, n).</summary>
    /// <exception cref="T:Cotangent.ValueException">A covariance is not positive definite.</exception>
    /// <example><code>
    /// let d = MultivariateNormal.OfCovariance(tensor [ 0.0; 0.0 ], tensor [ [ 1.0; 1.0 ]; [ 1.0; 5.0 ] ])
    /// d.Variance() // [1, 5]
    /// </code></example>
    static member OfCovariance(loc: Tensor, covariance: Tensor) : MultivariateNormal =
        Parameters.batchOf "MultivariateNormal" [ "loc", loc, 1; "covariance", covariance, 2 ] |> ignore
        MultivariateNormal(loc, cholesky covariance)

    /// The covariance, of shape batch ++ (n, n).
    member d.Covariance: Tensor = Triangular.square d.Factor
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape[.. d.Loc.Rank - 2]
    override d.EventShape = d.Loc.Shape[d.Loc.Rank - 1 ..]
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        d.Loc + Triangular.times d.Factor (Random.normal key d.DType (Array.append shape d.EventShape))

    override d.LogProbCore x =
        let size = float d.EventShape[0]

        -0.5 * (square (Triangular.solve d.Factor (x - d.Loc))).Sum -1
        - Triangular.logDet d.Factor
        - 0.5 * size * log (2.0 * Math.PI)

    override d.Mean() = d.Loc
    override d.Variance() = (square d.Factor).Sum -1
    override d.Mode() = d.Loc

    override d.Entropy() =
        Triangular.logDet d.Factor + 0.5 * float d.EventShape[0] * log (2.0 * Math.PI * Math.E)

/// <summary>
/// The normal distribution of vectors of independent numbers, of means <c>loc</c>, of shape batch ++ (n), and standard deviations
/// <c>scale</c>, of that shape or one that broadcasts to it.
/// </summary>
/// <exception cref="T:Cotangent.ValueException">A scale is not positive.</exception>
/// <example><code>
/// let d = MultivariateNormalDiagonal(tensor [ 0.0; 1.0 ], tensor [ 1.0; 2.0 ])
/// d.LogProb(tensor [ 0.0; 1.0 ]) // -2.531
/// </code></example>
[<Sealed>]
type MultivariateNormalDiagonal(loc: Tensor, scale: Tensor) =
    inherit Distribution()

    let shape =
        Parameters.batchOf "MultivariateNormalDiagonal" [ "loc", loc, 1 ] |> ignore
        Parameters.batch "MultivariateNormalDiagonal" [ "loc", loc; "scale", scale ]

    let each (d: MultivariateNormalDiagonal) = Normal(d.Loc, d.Scale)
    /// The means, of shape batch ++ (n).
    member val Loc: Tensor = Parameters.real "MultivariateNormalDiagonal" "loc" shape loc
    /// The standard deviations, of shape batch ++ (n).
    member val Scale: Tensor = Parameters.positive "MultivariateNormalDiagonal" "scale" shape scale
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape[.. d.Loc.Rank - 2]
    override d.EventShape = d.Loc.Shape[d.Loc.Rank - 1 ..]
    override _.IsReparameterised = true
    override d.SampleCore(key, shape) = (each d).SampleCore(key, Array.append shape d.EventShape)
    override d.LogProbCore x = ((each d).LogProbCore x).Sum -1
    override d.Mean() = d.Loc
    override d.Variance() = square d.Scale
    override d.Mode() = d.Loc
    override d.Entropy() = ((each d).Entropy()).Sum -1

/// <summary>
/// The normal distribution of vectors whose covariance is w wᵀ plus a diagonal, for w of few columns: time and memory grow with n times
/// these, not with n².
/// </summary>
/// <exception cref="T:Cotangent.ValueException">A number of the diagonal is not positive.</exception>
/// <exception cref="T:Cotangent.ShapeException">The sizes of mean, factor and diagonal differ.</exception>
/// <example><code>
/// let d = MultivariateNormalLowRank(tensor [ 0.0; 0.0 ], tensor [ [ 1.0 ]; [ 1.0 ] ], tensor [ 1.0; 4.0 ])
/// d.Variance() // [2, 5]
/// </code></example>
[<Sealed>]
type MultivariateNormalLowRank(loc: Tensor, factor: Tensor, diagonal: Tensor) =
    inherit Distribution()
    let family = "MultivariateNormalLowRank"
    let batch = Parameters.batchOf family [ "loc", loc, 1; "factor", factor, 2; "diagonal", diagonal, 1 ]
    let size = loc.Shape[loc.Rank - 1]
    let whole = Array.append batch [| size |]

    do
        if factor.Shape[factor.Rank - 2] <> size then
            raise (
                ShapeException
                    $"{family}: factor has shape {Parameters.show factor.Shape}; it must end with ({size}, columns), as loc ends with ({size})."
            )

    /// The mean, of shape batch ++ (n).
    member val Loc: Tensor = Parameters.real "MultivariateNormalLowRank" "loc" whole loc
    /// w, of shape batch ++ (n, columns).
    member val Factor: Tensor = factor.Expand(Array.append whole [| factor.Shape[factor.Rank - 1] |])
    /// Variances beside those of w wᵀ, of shape batch ++ (n).
    member val Diagonal: Tensor = Parameters.positive "MultivariateNormalLowRank" "diagonal" whole diagonal

    /// The triangular factor of 1 + wᵀ d⁻¹ w, which by Woodbury's identity has all that is not diagonal.
    member private d.Inner =
        let scaled = d.Factor / d.Diagonal.Unsqueeze -1
        let inner = d.Factor.Transpose(-1, -2).MatMul scaled
        cholesky (inner + (Tensor.eye d.DType d.Columns).To inner.Device)

    member private d.Columns = d.Factor.Shape[d.Factor.Rank - 1]
    member private d.LogDet = 2.0 * Triangular.logDet d.Inner + (log d.Diagonal).Sum -1
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape[.. d.Loc.Rank - 2]
    override d.EventShape = d.Loc.Shape[d.Loc.Rank - 1 ..]
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        let forFactor, forDiagonal = Key.split key
        let few = Random.normal forFactor d.DType (Array.append shape [| d.Columns |])
        let many = Random.normal forDiagonal d.DType (Array.append shape d.EventShape)
        d.Loc + (d.Factor.MatMul(few.Unsqueeze -1)).Squeeze -1 + sqrt d.Diagonal * many

    override d.LogProbCore x =
        let away = x - d.Loc
        let scaled = away / d.Diagonal
        let projected = (d.Factor.Transpose(-1, -2).MatMul(scaled.Unsqueeze -1)).Squeeze -1

        let distance = (away * scaled).Sum -1 - (square (Triangular.solve d.Inner projected)).Sum -1

        -0.5 * (distance + d.LogDet + float d.EventShape[0] * log (2.0 * Math.PI))

    override d.Mean() = d.Loc
    override d.Variance() = (square d.Factor).Sum -1 + d.Diagonal
    override d.Mode() = d.Loc
    override d.Entropy() = 0.5 * (d.LogDet + float d.EventShape[0] * log (2.0 * Math.PI * Math.E))
