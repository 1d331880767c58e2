namespace Cotangent;

/// <summary>Systems of linear equations, decompositions of matrices, functions of matrices, covariances.</summary>
public static class TensorDecompositions
{
    /// <summary>
    /// The lower triangular L, with a positive diagonal, of which a symmetric, or complex and Hermitian, positive definite matrix is L Lᴴ: (…, n, n).
    /// </summary>
    /// <exception cref="ValueException">A matrix is not positive definite: the message says which of a batch.</exception>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[4.0, 2.0], [2.0, 5.0]]).Cholesky() // [[2, 0], [1, 2]]
    /// </code></example>
    public static Tensor Cholesky(this Tensor a) => LinearSystems.cholesky(a.NotNull());

    /// <summary>
    /// The LU decomposition with partial pivoting: the rows of a in <c>Order</c> (Int32) are L U, L lower triangular with ones on its
    /// diagonal, U upper triangular.
    /// </summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// var (order, l, u) = Tensor.Create([[1.0, 2.0], [4.0, 4.0]]).Lu();
    /// u // [[4, 4], [0, 1]]
    /// </code></example>
    public static (Tensor Order, Tensor L, Tensor U) Lu(this Tensor a)
    {
        var (order, l, u) = LinearSystems.lu(a.NotNull());
        return (order, l, u);
    }

    /// <summary>
    /// x with a x = b, where a is triangular: lower unless <paramref name="upper"/>; nothing of the other triangle is read.
    /// </summary>
    /// <param name="a">(…, n, n).</param>
    /// <param name="b">(n,) or (…, n, k).</param>
    /// <param name="upper">Whether a is upper triangular.</param>
    /// <param name="transpose">Solves aᵀ x = b instead.</param>
    /// <param name="unitDiagonal">Takes the diagonal for ones.</param>
    /// <exception cref="ShapeException">a is not square, or b does not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[2.0, 0.0], [1.0, 4.0]]).SolveTriangular(Tensor.Create([2.0, 9.0])) // [1, 2]
    /// </code></example>
    public static Tensor SolveTriangular(
        this Tensor a,
        Tensor b,
        bool upper = false,
        bool transpose = false,
        bool unitDiagonal = false
    ) => LinearSystems.SolveTriangular(a.NotNull(), b.NotNull(), upper, transpose, unitDiagonal);

    /// <summary>x with a x = b: a (…, n, n), b a vector (n,) or columns (…, n, k).</summary>
    /// <exception cref="ValueException">A matrix is singular: the message says which of a batch.</exception>
    /// <exception cref="ShapeException">a is not square, or b does not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[2.0, 1.0], [1.0, 3.0]]).Solve(Tensor.Create([3.0, 5.0])) // [0.8, 1.4]
    /// </code></example>
    public static Tensor Solve(this Tensor a, Tensor b) => LinearSystems.solve(a.NotNull(), b.NotNull());

    /// <summary>The inverse of a square matrix, or of each of a batch. To solve a system, <c>Solve</c> is better.</summary>
    /// <exception cref="ValueException">A matrix is singular: the message says which of a batch.</exception>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[2.0, 0.0], [0.0, 4.0]]).Inv() // [[0.5, 0], [0, 0.25]]
    /// </code></example>
    public static Tensor Inv(this Tensor a) => LinearSystems.inv(a.NotNull());

    /// <summary>The determinant of a square matrix, or of each of a batch: (…, n, n) to (…).</summary>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0], [3.0, 4.0]]).Det() // -2
    /// </code></example>
    public static Tensor Det(this Tensor a) => LinearSystems.det(a.NotNull());

    /// <summary>The sign of the determinant (-1, 0 or 1) and the logarithm of its size, which stays in range.</summary>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// var (sign, logSize) = Tensor.Create([[1.0, 2.0], [3.0, 4.0]]).Slogdet();
    /// logSize // 0.6931
    /// </code></example>
    public static (Tensor Sign, Tensor LogSize) Slogdet(this Tensor a) =>
        LinearSystems.slogdet(a.NotNull()).ToValueTuple();

    /// <summary>log |det a| of a square matrix, or of each of a batch.</summary>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0], [3.0, 4.0]]).LogAbsDet() // 0.6931
    /// </code></example>
    public static Tensor LogAbsDet(this Tensor a) => LinearSystems.logAbsDet(a.NotNull());

    /// <summary>
    /// A matrix as U · diag S · Vᴴ, thin: U (…, m, k), S (…, k), which falls and is real, and Vᴴ (…, k, n), k the smaller of m and n.
    /// Where singular values are equal, they have derivatives, but the vectors have none.
    /// </summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// var (u, s, vt) = Tensor.Create([[3.0, 0.0], [0.0, -2.0]]).Svd();
    /// s // [3, 2]
    /// </code></example>
    public static (Tensor U, Tensor S, Tensor Vt) Svd(this Tensor a)
    {
        var (u, s, vt) = SingularValueDecomposition.svd(a.NotNull());
        return (u, s, vt);
    }

    /// <summary>As <c>Svd</c>, with square U (…, m, m) and Vᴴ (…, n, n). Differentiate <c>Svd</c> instead.</summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// var (u, s, vt) = Tensor.Create([[2.0], [0.0]]).SvdFull();
    /// u // shape (2, 2)
    /// </code></example>
    public static (Tensor U, Tensor S, Tensor Vt) SvdFull(this Tensor a)
    {
        var (u, s, vt) = SingularValueDecomposition.svdFull(a.NotNull());
        return (u, s, vt);
    }

    /// <summary>The singular values alone, falling: (…, m, n) to (…, k), k the smaller of m and n.</summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[0.0, 2.0], [3.0, 0.0]]).SingularValues() // [3, 2]
    /// </code></example>
    public static Tensor SingularValues(this Tensor a) => SingularValueDecomposition.singularValues(a.NotNull());

    /// <summary>Moore and Penrose's pseudo-inverse: (…, m, n) to (…, n, m).</summary>
    /// <param name="a">Matrices.</param>
    /// <param name="relative">Singular values of at most so many times the largest count as 0; by default what rounding leaves.</param>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0], [1.0]]).PseudoInverse() // [[0.5, 0.5]]
    /// </code></example>
    public static Tensor PseudoInverse(this Tensor a, double? relative = null) =>
        SingularValueDecomposition.PseudoInverse(a.NotNull(), relative.ToOption());

    /// <summary>How many singular values are not 0, an Int32: (…, m, n) to (…).</summary>
    /// <param name="a">Matrices.</param>
    /// <param name="relative">Singular values of at most so many times the largest count as 0; by default what rounding leaves.</param>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0], [2.0, 4.0]]).MatrixRank() // 1
    /// </code></example>
    public static Tensor MatrixRank(this Tensor a, double? relative = null) =>
        SingularValueDecomposition.MatrixRank(a.NotNull(), relative.ToOption());

    /// <summary>
    /// The x for which |a x - b|² is smallest, and of all such x the shortest: a (…, m, n) of any rank, b a vector (m,) or
    /// columns (…, m, k).
    /// </summary>
    /// <exception cref="ShapeException">b does not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]).Lstsq(Tensor.Create([1.0, 3.0, 5.0])) // [1, 2]
    /// </code></example>
    public static Tensor Lstsq(this Tensor a, Tensor b) => SingularValueDecomposition.lstsq(a.NotNull(), b.NotNull());

    /// <summary>A norm of a matrix, or of each of a batch: (…, m, n) to (…).</summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[3.0, 0.0], [4.0, 0.0]]).MatrixNorm(MatrixNorm.Spectral) // 5
    /// </code></example>
    public static Tensor MatrixNorm(this Tensor a, MatrixNorm norm) =>
        SingularValueDecomposition.matrixNorm(norm.NotNull(), a.NotNull());

    /// <summary>The largest singular value divided by the smallest: infinite where the matrix is singular.</summary>
    /// <exception cref="ShapeException">There are fewer than two axes, or the matrix is empty.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[4.0, 0.0], [0.0, 0.5]]).ConditionNumber() // 8
    /// </code></example>
    public static Tensor ConditionNumber(this Tensor a) => SingularValueDecomposition.conditionNumber(a.NotNull());

    /// <summary>The power of a square matrix; negative ones are those of the inverse.</summary>
    /// <exception cref="ValueException">The exponent is negative and a matrix singular.</exception>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 1.0], [1.0, 0.0]]).MatrixPower(10) // Fibonacci: [[89, 55], [55, 34]]
    /// </code></example>
    public static Tensor MatrixPower(this Tensor a, int exponent) => MatrixPowers.matrixPower(exponent, a.NotNull());

    /// <summary>The exponential of a square matrix, 1 + a + a²/2 + …, or of each of a batch.</summary>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[0.0, 1.0], [0.0, 0.0]]).MatrixExp() // [[1, 1], [0, 1]]
    /// </code></example>
    public static Tensor MatrixExp(this Tensor a) => MatrixPowers.matrixExp(a.NotNull());

    /// <summary>The principal square root of a square matrix, or of each of a batch.</summary>
    /// <exception cref="ValueException">An eigenvalue is a negative number, or 0 and the matrix not symmetric.</exception>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[4.0, 0.0], [0.0, 9.0]]).MatrixSqrt() // [[2, 0], [0, 3]]
    /// </code></example>
    public static Tensor MatrixSqrt(this Tensor a) => MatrixPowers.matrixSqrt(a.NotNull());

    /// <summary>The principal logarithm of a square matrix, or of each of a batch.</summary>
    /// <exception cref="ValueException">An eigenvalue is 0 or a negative number.</exception>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 1.0], [0.0, 1.0]]).MatrixLog() // [[0, 1], [0, 0]]
    /// </code></example>
    public static Tensor MatrixLog(this Tensor a) => MatrixPowers.matrixLog(a.NotNull());

    /// <summary>Kronecker's product: blocks, each the second matrix times an element of the first.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or are Bool.</exception>
    /// <example><code>
    /// Tensor.Create([[1, 2]]).Kron(Tensor.Create([[1], [10]])) // [[1, 2], [10, 20]]
    /// </code></example>
    public static Tensor Kron(this Tensor a, Tensor b) => StructuredMatrices.kron(a.NotNull(), b.NotNull());

    /// <summary>The cross product of vectors of three elements along the last axis.</summary>
    /// <exception cref="ShapeException">The last axis of one is not of size 3.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are Bool.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 0.0, 0.0]).Cross(Tensor.Create([0.0, 1.0, 0.0])) // [0, 0, 1]
    /// </code></example>
    public static Tensor Cross(this Tensor a, Tensor b) => StructuredMatrices.cross(a.NotNull(), b.NotNull());

    /// <summary>Vandermonde's matrix: row i holds the powers 0, 1, …, count - 1 of element i.</summary>
    /// <exception cref="ShapeException">It is not a vector.</exception>
    /// <exception cref="ValueException">The count is negative.</exception>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <example><code>
    /// Tensor.Create([2.0, 3.0]).Vander(3) // [[1, 2, 4], [1, 3, 9]]
    /// </code></example>
    public static Tensor Vander(this Tensor x, int count) => StructuredMatrices.vander(count, x.NotNull());

    /// <summary>Toeplitz's matrix of a first column and a first row, each diagonal of which holds one number.</summary>
    /// <exception cref="ShapeException">They are not vectors of at least one element.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).Toeplitz(Tensor.Create([1, 8, 9])) // [[1, 8, 9], [2, 1, 8]]
    /// </code></example>
    public static Tensor Toeplitz(this Tensor column, Tensor row) =>
        StructuredMatrices.toeplitz(column.NotNull(), row.NotNull());

    /// <summary>
    /// The sum of products over pairs of axes: the first of <paramref name="axes"/> with the first of
    /// <paramref name="otherAxes"/> of the other tensor, and so on.
    /// </summary>
    /// <exception cref="ShapeException">Not as many axes, or their sizes differ.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are Bool.</exception>
    /// <example><code>
    /// Tensor.Ones(2, 3, 4).TensorDot(Tensor.Ones(4, 5, 3), [1, 2], [2, 0]) // shape (2, 5)
    /// </code></example>
    public static Tensor TensorDot(this Tensor a, Tensor b, ReadOnlySpan<int> axes, ReadOnlySpan<int> otherAxes) =>
        StructuredMatrices.TensorDot(a.NotNull(), b.NotNull(), axes.ToArray(), otherAxes.ToArray());

    /// <summary>
    /// The covariances of variables, which are rows, over their observations, which are columns: (…, variables, observations)
    /// to (…, variables, variables).
    /// </summary>
    /// <param name="x">Variables.</param>
    /// <param name="correction">What the number of observations is lessened by before sums are divided by it.</param>
    /// <exception cref="ShapeException">There are fewer than two axes, or no more observations than the correction.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 3.0], [2.0, 0.0]]).Covariance() // [[2, -2], [-2, 2]]
    /// </code></example>
    public static Tensor Covariance(this Tensor x, int correction = 1) =>
        Covariances.Covariance(x.NotNull(), correction);

    /// <summary>Pearson's correlations of variables, which are rows, over their observations, which are columns.</summary>
    /// <exception cref="ShapeException">There are fewer than two axes, or no two observations.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]).Corrcoef() // [[1, -1], [-1, 1]]
    /// </code></example>
    public static Tensor Corrcoef(this Tensor x) => Covariances.corrcoef(x.NotNull());
}
