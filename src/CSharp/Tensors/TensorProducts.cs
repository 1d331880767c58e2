namespace Cotangent;

/// <summary>Products of matrices and vectors.</summary>
public static class TensorProducts
{
    /// <summary>
    /// The matrix product over the last two axes; leading axes broadcast. A vector on the left is a row, on
    /// the right a column, and its axis is dropped from the result, as in NumPy.
    /// </summary>
    /// <exception cref="ShapeException">The inner sizes differ.</exception>
    public static Tensor MatMul(this Tensor a, Tensor b) => LinearAlgebra.matmul(a, b);

    /// <summary>The sum of products of two vectors of one length.</summary>
    public static Tensor Dot(this Tensor a, Tensor b) => LinearAlgebra.dot(a, b);

    /// <summary>Every product of an element of one vector with one of another: shape (m, n).</summary>
    public static Tensor Outer(this Tensor a, Tensor b) => LinearAlgebra.outer(a, b);
}
