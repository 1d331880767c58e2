namespace Cotangent

/// How variables vary together.
[<AutoOpen>]
module Covariances =
    let private requireVariables (operation: string) (x: Tensor) =
        Given.check "x" x

        if not x.DType.IsFloat then
            raise (DTypeException $"{operation} is not defined on {x.DType}; {DTypes.orFloat64 x.DType}")

        if x.Rank < 2 then
            raise (
                ShapeException
                    $"{operation}: shape {Shape.show x.Dims} has fewer than two axes; variables are rows, their observations columns: (…, variables, observations)."
            )

    let private covariance (operation: string) correction (x: Tensor) =
        requireVariables operation x
        let n = x.Dims[x.Rank - 1]

        if n <= correction then
            raise (
                ShapeException
                    $"{operation}: {n} observations of each variable, {Shape.show x.Dims}; more than the correction, {correction}, are needed."
            )

        x
        |> Folds.inSingle (fun x ->
            let centred = x - x.Mean(-1, keepDims = true)
            matmul centred (centred.Transpose()) / float (n - correction))

    type Tensor with

        /// <summary>
        /// The covariances of variables, which are rows, over their observations, which are columns: (…, variables, observations) to
        /// (…, variables, variables). Sums are divided by the number of observations less <c>correction</c>, 1 by default, as in NumPy; where
        /// variables are columns, take <c>x.T</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes, or no more observations than the correction.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 3.0 ]; [ 2.0; 0.0 ] ]).Covariance(correction = 0) // [[1, -1], [-1, 1]]
        /// </code></example>
        [<CompiledName "Covariance">]
        member x.Covariance(?correction: int) : Tensor = covariance "covariance" (defaultArg correction 1) x

    /// <summary>
    /// The covariances of variables, which are rows, over their observations, which are columns: (…, variables, observations) to
    /// (…, variables, variables), divided by one less than the number of observations. <c>x.Covariance</c> divides otherwise.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes, or no two observations.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// cov (tensor [ [ 1.0; 3.0 ]; [ 2.0; 0.0 ] ]) // [[2, -2], [-2, 2]]
    /// </code></example>
    let cov (x: Tensor) : Tensor = covariance "cov" 1 x

    /// <summary>
    /// Pearson's correlations of variables, which are rows, over their observations, which are columns: (…, variables, observations) to
    /// (…, variables, variables), ones on the diagonal. A variable that does not vary has none: NaN, as in NumPy.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes, or no two observations.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// corrcoef (tensor [ [ 1.0; 2.0; 3.0 ]; [ 3.0; 2.0; 1.0 ] ]) // [[1, -1], [-1, 1]]
    /// </code></example>
    let corrcoef (x: Tensor) : Tensor =
        let c = covariance "corrcoef" 1 x
        let deviation = sqrt (c.Diagonal())
        c / deviation.Unsqueeze -1 / deviation.Unsqueeze -2
