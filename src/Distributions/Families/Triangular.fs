namespace Cotangent.Distributions

open Cotangent

/// Lower triangular factors of covariances, each times vectors or their solutions, batch by batch.
[<RequireQualifiedAccess>]
module internal Triangular =
    /// The factor, whose last two axes are a lower triangular matrix with a positive diagonal, of the size given: as for other parameters an
    /// error where they are known not to be, and NaN where nobody knows.
    let require family name (size: int) (factor: Tensor) : Tensor =
        if factor.Shape[factor.Rank - 2 ..] <> [| size; size |] then
            raise (
                ShapeException
                    $"{family}: {name} has shape {Parameters.show factor.Shape}; it must end with ({size}, {size})."
            )

        let isLower = ((factor.Triu 1).Equal 0.0).All [ -2; -1 ]
        let isFactor = isLower.And((factor.Diagonal().Greater 0.0).All -1)

        Parameters.require
            family
            name
            "lower triangular, with a positive diagonal"
            ((isFactor.Unsqueeze -1).Unsqueeze -1)
            factor

    /// One factor for all vectors: their last axis is that of the factor, all others are rows of one matrix.
    let private rows (factor: Tensor) (x: Tensor) (f: Tensor -> Tensor) : Tensor =
        if factor.Rank = 2 && x.Rank > 1 then
            (f (x.Reshape [ -1; x.Shape[x.Rank - 1] ])).Reshape x.Shape
        else
            (f (x.Unsqueeze -2)).Squeeze -2

    /// l x for each vector x along the last axis.
    let times (factor: Tensor) (x: Tensor) : Tensor =
        rows factor x (fun rows -> rows.MatMul(factor.Transpose(-1, -2)))

    /// l⁻¹ x for each vector x along the last axis.
    let solve (factor: Tensor) (x: Tensor) : Tensor =
        rows factor x (fun rows -> (factor.SolveTriangular(rows.Transpose(-1, -2))).Transpose(-1, -2))

    /// The logarithm of the determinant.
    let logDet (factor: Tensor) : Tensor = (log (factor.Diagonal())).Sum -1

    /// l lᵀ.
    let square (factor: Tensor) : Tensor = factor.MatMul(factor.Transpose(-1, -2))
