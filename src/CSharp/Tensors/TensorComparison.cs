namespace Cotangent;

/// <summary>
/// Comparisons, elementwise, to Bool tensors: <c>x &lt; y</c>, <c>x &gt;= 0</c>. <c>==</c> compares
/// references, as for any class; <c>x.Equal(y)</c> compares elements and <c>x.Equals(y)</c> whole tensors.
/// </summary>
public static class TensorComparison
{
    extension(Tensor)
    {
        /// <summary>Whether the left is less than the right.</summary>
        /// <exception cref="DTypeException">The dtypes differ, or are complex.</exception>
        /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// Tensor.Create([1, 5]) &lt; Tensor.Create([3, 2]) // [true, false]
        /// </code></example>
        public static Tensor operator <(Tensor x, Tensor y) => Mathematics.Less(x.NotNull(), y.NotNull());

        /// <summary>Whether the left is less than the right.</summary>
        /// <exception cref="DTypeException">The tensor is complex, or holds integers and the number is not whole.</exception>
        /// <example><code>
        /// Tensor.Create([1, 5]) &lt; 2 // [true, false]
        /// </code></example>
        public static Tensor operator <(Tensor x, double y) => Mathematics.Less(x.NotNull(), y);

        /// <summary>Whether the left is less than the right.</summary>
        /// <exception cref="DTypeException">The tensor is complex, or holds integers and the number is not whole.</exception>
        /// <example><code>
        /// 2 &lt; Tensor.Create([1, 5]) // [false, true]
        /// </code></example>
        public static Tensor operator <(double x, Tensor y) => Mathematics.Greater(y.NotNull(), x);

        /// <summary>Whether the left is greater than the right.</summary>
        /// <exception cref="DTypeException">The dtypes differ, or are complex.</exception>
        /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// Tensor.Create([1, 5]) > Tensor.Create([3, 2]) // [false, true]
        /// </code></example>
        public static Tensor operator >(Tensor x, Tensor y) => Mathematics.Greater(x.NotNull(), y.NotNull());

        /// <summary>Whether the left is greater than the right.</summary>
        /// <exception cref="DTypeException">The tensor is complex, or holds integers and the number is not whole.</exception>
        /// <example><code>
        /// Tensor.Create([1, 5]) > 2 // [false, true]
        /// </code></example>
        public static Tensor operator >(Tensor x, double y) => Mathematics.Greater(x.NotNull(), y);

        /// <summary>Whether the left is greater than the right.</summary>
        /// <exception cref="DTypeException">The tensor is complex, or holds integers and the number is not whole.</exception>
        /// <example><code>
        /// 2 > Tensor.Create([1, 5]) // [true, false]
        /// </code></example>
        public static Tensor operator >(double x, Tensor y) => Mathematics.Less(y.NotNull(), x);

        /// <summary>Whether the left is less than or equal to the right.</summary>
        /// <exception cref="DTypeException">The dtypes differ, or are complex.</exception>
        /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// Tensor.Create([1, 2, 5]) &lt;= Tensor.Create([3, 2, 1]) // [true, true, false]
        /// </code></example>
        public static Tensor operator <=(Tensor x, Tensor y) => Mathematics.LessEqual(x.NotNull(), y.NotNull());

        /// <summary>Whether the left is less than or equal to the right.</summary>
        /// <exception cref="DTypeException">The tensor is complex, or holds integers and the number is not whole.</exception>
        /// <example><code>
        /// Tensor.Create([1, 2, 5]) &lt;= 2 // [true, true, false]
        /// </code></example>
        public static Tensor operator <=(Tensor x, double y) => Mathematics.LessEqual(x.NotNull(), y);

        /// <summary>Whether the left is less than or equal to the right.</summary>
        /// <exception cref="DTypeException">The tensor is complex, or holds integers and the number is not whole.</exception>
        /// <example><code>
        /// 2 &lt;= Tensor.Create([1, 2, 5]) // [false, true, true]
        /// </code></example>
        public static Tensor operator <=(double x, Tensor y) => Mathematics.GreaterEqual(y.NotNull(), x);

        /// <summary>Whether the left is greater than or equal to the right.</summary>
        /// <exception cref="DTypeException">The dtypes differ, or are complex.</exception>
        /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// Tensor.Create([1, 2, 5]) >= Tensor.Create([3, 2, 1]) // [false, true, true]
        /// </code></example>
        public static Tensor operator >=(Tensor x, Tensor y) => Mathematics.GreaterEqual(x.NotNull(), y.NotNull());

        /// <summary>Whether the left is greater than or equal to the right.</summary>
        /// <exception cref="DTypeException">The tensor is complex, or holds integers and the number is not whole.</exception>
        /// <example><code>
        /// Tensor.Create([1, 2, 5]) >= 2 // [false, true, true]
        /// </code></example>
        public static Tensor operator >=(Tensor x, double y) => Mathematics.GreaterEqual(x.NotNull(), y);

        /// <summary>Whether the left is greater than or equal to the right.</summary>
        /// <exception cref="DTypeException">The tensor is complex, or holds integers and the number is not whole.</exception>
        /// <example><code>
        /// 2 >= Tensor.Create([1, 2, 5]) // [true, true, false]
        /// </code></example>
        public static Tensor operator >=(double x, Tensor y) => Mathematics.LessEqual(y.NotNull(), x);

        /// <summary>
        /// The opposite of each bit of an integer, or of a Bool. <c>x &amp; y</c>, <c>x | y</c>, <c>x ^ y</c>, <c>!x</c>,
        /// <c>x &lt;&lt; 2</c> and <c>x >> 2</c> are operators of the tensor itself.
        /// </summary>
        /// <exception cref="DTypeException">The dtype is neither Bool nor an integer.</exception>
        /// <example><code>
        /// var x = Tensor.Create([-2, 0, 2]);
        /// x > -1 &amp; x &lt; 1 // [false, true, false]
        /// ~x // [1, -1, -3]
        /// </code></example>
        public static Tensor operator ~(Tensor x) => Mathematics.Not(x.NotNull());
    }

    /// <summary>Both: logical on Bools, bitwise on integers; <c>x &amp; y</c>.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or are neither Bool nor integers.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([true, true, false]).And(Tensor.Create([true, false, false])) // [true, false, false]
    /// Tensor.Create(12).And(Tensor.Create(10)) // 8
    /// </code></example>
    public static Tensor And(this Tensor x, Tensor y) => Mathematics.And(x.NotNull(), y.NotNull());

    /// <summary>Either: logical on Bools, bitwise on integers; <c>x | y</c>.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or are neither Bool nor integers.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([true, true, false]).Or(Tensor.Create([true, false, false])) // [true, true, false]
    /// Tensor.Create(12).Or(Tensor.Create(10)) // 14
    /// </code></example>
    public static Tensor Or(this Tensor x, Tensor y) => Mathematics.Or(x.NotNull(), y.NotNull());

    /// <summary>Exactly one of both: logical on Bools, bitwise on integers; <c>x ^ y</c>.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or are neither Bool nor integers.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([true, true, false]).Xor(Tensor.Create([true, false, false])) // [false, true, false]
    /// Tensor.Create(12).Xor(Tensor.Create(10)) // 6
    /// </code></example>
    public static Tensor Xor(this Tensor x, Tensor y) => Mathematics.Xor(x.NotNull(), y.NotNull());

    /// <summary>The opposite of a Bool, or of each bit of an integer; <c>!x</c> or <c>~x</c>.</summary>
    /// <exception cref="DTypeException">The dtype is neither Bool nor an integer.</exception>
    /// <example><code>
    /// Tensor.Create([true, false]).Not() // [false, true]
    /// Tensor.Create([0, 5]).Not() // [-1, -6]
    /// </code></example>
    public static Tensor Not(this Tensor x) => Mathematics.Not(x.NotNull());

    /// <summary>
    /// The bits of integers moved to the left, each by a number of its own; a number that is negative, or at least that of the
    /// bits, moves all out. <c>x &lt;&lt; 2</c> moves all by one number.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are no integers.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([1, 1]).ShiftLeft(Tensor.Create([0, 3])) // [1, 8]
    /// </code></example>
    public static Tensor ShiftLeft(this Tensor x, Tensor bits) => Mathematics.ShiftLeft(x.NotNull(), bits.NotNull());

    /// <summary>
    /// The bits of integers moved to the right, copies of the sign coming in, each by a number of its own; a number that is
    /// negative, or at least that of the bits, moves all out. <c>x >> 2</c> moves all by one number.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are no integers.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([12, -12]).ShiftRight(Tensor.Create([2, 2])) // [3, -3]
    /// </code></example>
    public static Tensor ShiftRight(this Tensor x, Tensor bits) => Mathematics.ShiftRight(x.NotNull(), bits.NotNull());

    /// <summary>Whether elements are equal; NaN equals nothing.</summary>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).Equal(Tensor.Create([1, 3])) // [true, false]
    /// </code></example>
    public static Tensor Equal(this Tensor x, Tensor y) => Mathematics.Equal(x.NotNull(), y.NotNull());

    /// <summary>Whether elements are equal to a number.</summary>
    /// <exception cref="DTypeException">The tensor holds integers, and the number is not whole.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).Equal(2) // [false, true]
    /// </code></example>
    public static Tensor Equal(this Tensor x, double y) => Mathematics.Equal(x.NotNull(), y);

    /// <summary>Whether elements differ.</summary>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).NotEqual(Tensor.Create([1, 3])) // [false, true]
    /// </code></example>
    public static Tensor NotEqual(this Tensor x, Tensor y) => Mathematics.NotEqual(x.NotNull(), y.NotNull());

    /// <summary>Whether elements differ from a number.</summary>
    /// <exception cref="DTypeException">The tensor holds integers, and the number is not whole.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).NotEqual(2) // [true, false]
    /// </code></example>
    public static Tensor NotEqual(this Tensor x, double y) => Mathematics.NotEqual(x.NotNull(), y);
}
