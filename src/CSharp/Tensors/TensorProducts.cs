namespace Cotangent;

/// <summary>Products of matrices and vectors.</summary>
public static class TensorProducts
{
    /// <summary>
    /// The matrix product over the last two axes; leading axes broadcast. A vector on the left is a row, on
    /// the right a column, and its axis is dropped from the result, as in NumPy.
    /// </summary>
    /// <exception cref="ShapeException">The inner sizes differ.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are Bool.</exception>
    /// <example><code>
    /// var a = Tensor.Create([[1.0, 2.0], [3.0, 4.0]]);
    /// a.MatMul(Tensor.Create([3.0, 4.0])) // [11, 25]
    /// </code></example>
    public static Tensor MatMul(this Tensor a, Tensor b) => LinearAlgebra.matmul(a.NotNull(), b.NotNull());

    /// <summary>The sum of products of two vectors of one length.</summary>
    /// <exception cref="ShapeException">They are not two vectors of one length.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2, 3]).Dot(Tensor.Create([4, 5, 6])) // 32
    /// </code></example>
    public static Tensor Dot(this Tensor a, Tensor b) => LinearAlgebra.dot(a.NotNull(), b.NotNull());

    /// <summary>Every product of an element of one vector with one of another: shape (m, n).</summary>
    /// <exception cref="ShapeException">One is not a vector.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).Outer(Tensor.Create([3, 4, 5])) // [[3, 4, 5], [6, 8, 10]]
    /// </code></example>
    public static Tensor Outer(this Tensor a, Tensor b) => LinearAlgebra.outer(a.NotNull(), b.NotNull());

    /// <summary>
    /// The diagonal of a matrix, or of each matrix in a batch; with an offset, so many places above it (below, if
    /// negative).
    /// </summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Diagonal() // [1, 4]
    /// </code></example>
    public static Tensor Diagonal(this Tensor t, int offset = 0) => LinearAlgebra.Diagonal(t.NotNull(), offset);

    /// <summary>The sum of the diagonal of a matrix, or of each matrix in a batch.</summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Trace() // 5
    /// </code></example>
    public static Tensor Trace(this Tensor t) => LinearAlgebra.trace(t.NotNull());

    /// <summary>
    /// The matrix, or each matrix of a batch, with zeros above the diagonal; with an offset, above the diagonal so many
    /// places higher.
    /// </summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <example><code>
    /// Tensor.Ones(3, 3).Tril() // a causal mask: [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    /// </code></example>
    public static Tensor Tril(this Tensor t, int offset = 0) => LinearAlgebra.Tril(t.NotNull(), offset);

    /// <summary>
    /// The matrix, or each matrix of a batch, with zeros below the diagonal; with an offset, below the diagonal so many
    /// places higher.
    /// </summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <example><code>
    /// Tensor.Ones(3, 3).Triu(1) // [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    /// </code></example>
    public static Tensor Triu(this Tensor t, int offset = 0) => LinearAlgebra.Triu(t.NotNull(), offset);

    /// <summary>
    /// A matrix as the product of Q, whose columns are orthonormal, and R, which is upper triangular with nothing negative on
    /// its diagonal: (…, m, n) to (…, m, k) and (…, k, n), where k is the smaller of m and n.
    /// </summary>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// var (q, r) = Tensor.Create([[3.0, 0.0], [4.0, 5.0]]).Qr();
    /// r // [[5, 4], [0, 3]]
    /// </code></example>
    public static (Tensor Q, Tensor R) Qr(this Tensor t) => LinearAlgebra.qr(t.NotNull()).ToValueTuple();

    /// <summary>
    /// The eigenvalues of a symmetric matrix, or of each of a batch, in rising order, and its orthonormal eigenvectors as
    /// columns: (…, n, n) to (…, n) and (…, n, n). Of a matrix that is not symmetric, those of its symmetric part.
    /// </summary>
    /// <exception cref="ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// var (values, vectors) = Tensor.Create([[2.0, 1.0], [1.0, 2.0]]).Eigh();
    /// values // [1, 3]
    /// </code></example>
    public static (Tensor Values, Tensor Vectors) Eigh(this Tensor t) => LinearAlgebra.eigh(t.NotNull()).ToValueTuple();
}
