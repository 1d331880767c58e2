namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>Norms of matrices.</summary>
/// <example><code>
/// matrixNorm MatrixNorm.Nuclear (tensor [ [ 3.0; 0.0 ]; [ 0.0; -4.0 ] ]) // 7
/// matrixNorm MatrixNorm.Spectral (tensor [ [ 3.0; 0.0 ]; [ 0.0; -4.0 ] ]) // 4
/// </code></example>
[<RequireQualifiedAccess>]
type MatrixNorm =
    /// The root of the sum of squares of all elements.
    | Frobenius
    /// The sum of the singular values.
    | Nuclear
    /// The largest singular value: how much the matrix stretches a vector at most.
    | Spectral
    /// The largest sum of absolute values of a column: NumPy's order 1.
    | ColumnSum
    /// The largest sum of absolute values of a row: NumPy's order ∞.
    | RowSum

/// The singular value decomposition, and what it tells of matrices.
[<AutoOpen>]
module SingularValueDecomposition =
    /// <summary>
    /// A matrix as u · diag s · vᴴ, thin: (…, m, n) to u (…, m, k) with orthonormal columns, the singular values s (…, k), which fall
    /// and are not negative, real also of complex matrices, and vᴴ (…, k, n) with orthonormal rows; k is the smaller of m and n. The
    /// first element of a column of u that is at least half as large as its largest is real and positive, in derivatives, too. Where
    /// singular values are equal, they have derivatives, but the vectors have none; nor where one is 0 and the matrix complex or not
    /// square. By Golub's and Kahan's bidiagonal matrix and shifted QR steps.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// let u, s, vt = svd (tensor [ [ 3.0; 0.0 ]; [ 0.0; -2.0 ] ])
    /// s // [3, 2]
    /// vt // [[1, 0], [0, -1]]
    /// </code></example>
    let svd (a: Tensor) : Tensor * Tensor * Tensor =
        Matrix.requireNumbers "svd" "a" a
        let parts = Bind.apply Primitive.Svd [| a |]
        parts[0], parts[1], parts[2]

    /// Columns that complete orthonormal ones: their own QR decomposition, with zeros behind them.
    let private completed (columns: Tensor) : Tensor =
        let m, k = columns.Dims[columns.Rank - 2], columns.Dims[columns.Rank - 1]

        if k = m then
            columns
        else
            let rest = Array.append columns.Dims[.. columns.Rank - 2] [| m - k |]
            let none = Bind.full (Literal.Real 0.0) columns.DType rest columns.Device
            (Bind.apply Primitive.Qr [| concat -1 [ columns; none ] |])[0]

    /// <summary>
    /// As <c>svd</c>, with square u (…, m, m) and vᴴ (…, n, n): what they have more completes orthonormal bases. Any turn of it would
    /// do, so that the result has derivatives (other than NaN) only of square matrices: differentiate <c>svd</c> instead.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// let u, s, vt = svdFull (tensor [ [ 2.0 ]; [ 0.0 ] ])
    /// u // shape (2, 2)
    /// </code></example>
    let svdFull (a: Tensor) : Tensor * Tensor * Tensor =
        Matrix.requireNumbers "svdFull" "a" a
        let u, s, vt = svd a
        completed u, s, (completed (vt.Transpose())).Transpose()

    /// <summary>
    /// The singular values alone, falling: (…, m, n) to (…, k), k the smaller of m and n, real also of complex matrices. Without vectors
    /// that takes about a third of the time. They have derivatives also where some are equal.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// singularValues (tensor [ [ 0.0; 2.0 ]; [ 3.0; 0.0 ] ]) // [3, 2]
    /// </code></example>
    let singularValues (a: Tensor) : Tensor =
        Matrix.requireNumbers "singularValues" "a" a
        Bind.one Primitive.SingularValues [| a |]

    let private pseudoInverse (operation: string) (relative: float) (a: Tensor) =
        if not (relative >= 0.0) then
            raise (
                ValueException
                    $"{operation}: a share of {relative} of the largest singular value; 0 or more is needed."
            )

        let real = Bind.one (Primitive.PseudoInverse relative)

        if a.DType.IsComplex then
            ComplexMatrices.ofReal (real [| ComplexMatrices.toReal a |])
        else
            real [| a |]

    /// The distance from 1 to the next number.
    let private epsilon (dtype: DType) =
        match dtype.Storage with
        | Storage.Float64
        | Storage.Complex128 -> 2.0 ** -52.0
        | Storage.Float16 -> 2.0 ** -10.0
        | Storage.BFloat16 -> 2.0 ** -7.0
        | Storage.Float32
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64 -> 2.0 ** -23.0

    /// What rounding leaves of a singular value that is 0, in units of the largest.
    let private rounding (a: Tensor) = float (max a.Dims[a.Rank - 1] a.Dims[a.Rank - 2]) * epsilon a.DType

    /// The same of many equations for few unknowns, where the bound by the larger size is far too wide: what the equations' own rounding
    /// makes grows with the root of the smaller size. With a thousand equations the wide one would drop unknowns at a condition of 10¹³.
    let private roundingOfFit (a: Tensor) =
        let least = 10.0 * float (min a.Dims[a.Rank - 1] a.Dims[a.Rank - 2]) * epsilon a.DType
        min least (rounding a)

    type Tensor with

        /// <summary>
        /// Moore and Penrose's pseudo-inverse: (…, m, n) to (…, n, m). Singular values of at most <c>relative</c> times the largest
        /// count as 0; by default the larger of m and n times the dtype's distance from 1 to the next number. Its derivative is that
        /// among matrices of the same rank.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
        /// <example><code>
        /// (tensor [ [ 2.0; 0.0 ]; [ 0.0; 1e-3 ] ]).PseudoInverse(relative = 0.01) // [[0.5, 0], [0, 0]]
        /// </code></example>
        [<CompiledName "PseudoInverse">]
        member a.PseudoInverse(?relative: float) : Tensor =
            Matrix.requireNumbers "pseudoInverse" "a" a
            pseudoInverse "pseudoInverse" (defaultArg relative (rounding a)) a

        /// <summary>
        /// How many singular values are larger than <c>relative</c> times the largest, an Int32: (…, m, n) to (…). By default, than
        /// what rounding leaves of one that is 0.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 2.0 ]; [ 2.0; 4.0 ] ]).MatrixRank() // 1
        /// </code></example>
        [<CompiledName "MatrixRank">]
        member a.MatrixRank(?relative: float) : Tensor =
            Matrix.requireNumbers "matrixRank" "a" a
            let s = singularValues a

            if s.Dims[s.Rank - 1] = 0 then
                Bind.full (Literal.Whole 0L) DType.Int32 s.Dims[.. s.Rank - 2] a.Device
            else
                let least = s.Max(-1, keepDims = true) * defaultArg relative (rounding a)
                ((s.Greater least).Convert DType.Int32).Sum -1

    /// <summary>Moore and Penrose's pseudo-inverse, of any matrix: (…, m, n) to (…, n, m). <c>a.PseudoInverse</c> says what counts as 0.</summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// pinv (tensor [ [ 1.0 ]; [ 1.0 ] ]) // [[0.5, 0.5]]
    /// </code></example>
    let pinv (a: Tensor) : Tensor =
        Matrix.requireNumbers "pinv" "a" a
        pseudoInverse "pinv" (rounding a) a

    /// <summary>
    /// The x for which |a x - b|² is smallest, and of all such x the shortest: a (…, m, n) of any rank, b a vector (m,) or columns
    /// (…, m, k). By the pseudo-inverse; where the columns of a are independent, <c>qr</c> does it faster.
    /// </summary>
    /// <remarks>
    /// Singular values count as 0 up to the dtype's distance from 1 to the next number, times the larger of m and n or ten times the smaller,
    /// whichever is less, times the largest of them: in Float64 conditions up to 10¹³ are solved for up to 45 unknowns, whatever the number of
    /// equations. Columns of very different sizes are best divided by their norms before, and the result after.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">b does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are neither floating-point nor complex.</exception>
    /// <example><code>
    /// lstsq (tensor [ [ 1.0; 0.0 ]; [ 1.0; 1.0 ]; [ 1.0; 2.0 ] ]) (tensor [ 1.0; 3.0; 5.0 ]) // [1, 2]
    /// </code></example>
    let lstsq (a: Tensor) (b: Tensor) : Tensor =
        Given.check "a" a
        Given.check "b" b
        Matrix.requireNumbers "lstsq" "a" a

        Matrix.system "lstsq" a b (fun a b ->
            let inverse = pseudoInverse "lstsq" (roundingOfFit a) a
            let x = matmul inverse b
            // What rounding has left is fitted once more.
            x + matmul inverse (b - matmul a x))

    /// <summary>A norm of a matrix, or of each of a batch: (…, m, n) to (…).</summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// let a = tensor [ [ 3.0; 0.0 ]; [ 4.0; 0.0 ] ]
    /// matrixNorm MatrixNorm.Spectral a // 5
    /// matrixNorm MatrixNorm.ColumnSum a // 7
    /// </code></example>
    let matrixNorm (norm: MatrixNorm) (a: Tensor) : Tensor =
        Given.check "norm" norm
        Matrix.requireNumbers "matrixNorm" "a" a

        let largest (t: Tensor) = if t.Dims[t.Rank - 1] = 0 then t.Sum -1 else t.Max -1

        match norm with
        | MatrixNorm.Frobenius -> a.Norm [ -2; -1 ]
        | MatrixNorm.Nuclear -> (singularValues a).Sum -1
        | MatrixNorm.Spectral -> largest (singularValues a)
        | MatrixNorm.ColumnSum -> largest ((abs a).Sum -2)
        | MatrixNorm.RowSum -> largest ((abs a).Sum -1)

    /// <summary>
    /// The condition of a matrix, its largest singular value divided by its smallest: (…, m, n) to (…). So many times larger than that
    /// of its right side can the relative error of a solution be; infinite where the matrix is singular.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes, or the matrix is empty.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// conditionNumber (tensor [ [ 4.0; 0.0 ]; [ 0.0; 0.5 ] ]) // 8
    /// </code></example>
    let conditionNumber (a: Tensor) : Tensor =
        Matrix.requireNumbers "conditionNumber" "a" a
        let s = singularValues a
        let k = s.Dims[s.Rank - 1]

        if k = 0 then
            raise (
                ShapeException
                    $"conditionNumber: shape {Shape.show a.Dims} has no singular values, so no condition."
            )

        let at i = (sliceAxis (s.Rank - 1) i 1 s).Squeeze -1
        at 0 / at (k - 1)
