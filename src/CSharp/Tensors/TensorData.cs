namespace Cotangent;

/// <summary>
/// Between tensors and .NET data. The dtype follows the data: <c>float</c> Float32, <c>double</c> Float64,
/// <c>Half</c>, <c>BFloat16</c>, <c>bool</c>, and the integers from <c>sbyte</c> and <c>byte</c> (UInt8) to <c>long</c> and
/// <c>ulong</c>.
/// </summary>
public static class TensorData
{
    extension(Tensor)
    {
        /// <summary>A tensor of rank 0 from one number.</summary>
        /// <exception cref="DTypeException">The type can't be an element of a tensor.</exception>
        /// <example><code>
        /// Tensor.Create(2.0) // 2
        /// </code></example>
        public static Tensor Create<T>(T value)
            where T : unmanaged => Conversion.tensor(value);

        /// <summary>
        /// A vector; the data are copied. Collection expressions, arrays and spans all fit.
        /// </summary>
        /// <exception cref="DTypeException">The type can't be an element of a tensor.</exception>
        /// <example><code>
        /// Tensor.Create([1f, 2f, 3f]) // [1, 2, 3]
        /// </code></example>
        public static Tensor Create<T>(ReadOnlySpan<T> data)
            where T : unmanaged => Conversion.tensor(data.ToArray());

        /// <summary>A vector from any sequence of numbers.</summary>
        /// <exception cref="DTypeException">The type can't be an element of a tensor.</exception>
        /// <example><code>
        /// Tensor.Create(Enumerable.Range(0, 4).Select(i => i * i)) // [0, 1, 4, 9]
        /// </code></example>
        public static Tensor Create<T>(IEnumerable<T> data)
            where T : unmanaged => Conversion.tensor(data.NoneNull());

        /// <summary>A matrix from its rows.</summary>
        /// <exception cref="ShapeException">The rows differ in length.</exception>
        /// <exception cref="DTypeException">The type can't be an element of a tensor.</exception>
        /// <example><code>
        /// Tensor.Create([[1.0, 2.0], [3.0, 4.0]]) // [[1, 2], [3, 4]]
        /// </code></example>
        public static Tensor Create<T>(T[][] data)
            where T : unmanaged => Conversion.tensor(data.NoneNull());

        /// <summary>A tensor of rank 3 from its matrices.</summary>
        /// <exception cref="ShapeException">The parts differ in size.</exception>
        /// <exception cref="DTypeException">The type can't be an element of a tensor.</exception>
        /// <example><code>
        /// Tensor.Create([[[1, 2]], [[3, 4]]]) // [[[1, 2]], [[3, 4]]]
        /// </code></example>
        public static Tensor Create<T>(T[][][] data)
            where T : unmanaged =>
            Conversion.tensor(data.NoneNull().Select((rows, i) => rows.NoneNull($"data[{i}]")).ToArray());

        /// <summary>A matrix from a rectangular array.</summary>
        /// <exception cref="DTypeException">The type can't be an element of a tensor.</exception>
        /// <example><code>
        /// Tensor.Create(new[,] { { 1, 2 }, { 3, 4 } }) // [[1, 2], [3, 4]]
        /// </code></example>
        public static Tensor Create<T>(T[,] data)
            where T : unmanaged => Conversion.tensor(data.NotNull());

        /// <summary>A tensor of rank 3 from a rectangular array.</summary>
        /// <exception cref="DTypeException">The type can't be an element of a tensor.</exception>
        /// <example><code>
        /// Tensor.Create(new[,,] { { { 1, 2 } }, { { 3, 4 } } }) // [[[1, 2]], [[3, 4]]]
        /// </code></example>
        public static Tensor Create<T>(T[,,] data)
            where T : unmanaged => Conversion.tensor(data.NotNull());

        /// <summary>A tensor of rank 4 from a rectangular array.</summary>
        /// <exception cref="DTypeException">The type can't be an element of a tensor.</exception>
        /// <example><code>
        /// Tensor.Create(new double[2, 3, 4, 5]) // shape (2, 3, 4, 5)
        /// </code></example>
        public static Tensor Create<T>(T[,,,] data)
            where T : unmanaged => Conversion.tensor(data.NotNull());

        /// <summary>
        /// A tensor of any shape from its elements in row-major order; the data are copied.
        /// </summary>
        /// <exception cref="ShapeException">
        /// There are more or fewer elements than the shape has places.
        /// </exception>
        /// <exception cref="DTypeException">The type can't be an element of a tensor.</exception>
        /// <example><code>
        /// Tensor.Create([1f, 2f, 3f, 4f], [2, 2]) // [[1, 2], [3, 4]]
        /// </code></example>
        public static Tensor Create<T>(ReadOnlySpan<T> data, ReadOnlySpan<int> shape)
            where T : unmanaged => TensorModule.ofArray(shape.ToArray(), data.ToArray());
    }

    /// <summary>
    /// A copy of all elements in row-major order, whatever the shape. <c>ToData</c> keeps it:
    /// <c>t.ToData&lt;float[,]&gt;()</c>, <c>t.ToData&lt;float[][]&gt;()</c>.
    /// </summary>
    /// <exception cref="DTypeException">
    /// T is not the element type of the tensor's dtype; <c>Convert</c> it first.
    /// </exception>
    /// <exception cref="TraceException">Inside a transformation that knows only the shape.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1f, 2f], [3f, 4f]]);
    /// x.ToArray&lt;float>() // [1, 2, 3, 4]
    /// </code></example>
    public static T[] ToArray<T>(this Tensor t)
        where T : unmanaged => Views.Flatten(t.NotNull(), null, null).ToData<T[]>();

    /// <summary>The one element of a tensor; <c>(double)t</c> does the same from any dtype.</summary>
    /// <exception cref="ShapeException">There is not exactly one element.</exception>
    /// <exception cref="DTypeException">T is not the element type of the tensor's dtype.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).Sum().ToScalar&lt;double>() // 3
    /// </code></example>
    public static T ToScalar<T>(this Tensor t)
        where T : unmanaged => t.NotNull().ToData<T>();
}
