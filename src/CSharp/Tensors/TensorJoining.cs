namespace Cotangent;

/// <summary>Tensors put together and taken apart.</summary>
public static class TensorJoining
{
    extension(Tensor)
    {
        /// <summary>Tensors joined along an existing axis; the other axes must agree.</summary>
        /// <exception cref="ShapeException">Another axis differs, or there are no tensors.</exception>
        /// <exception cref="DTypeException">The dtypes differ.</exception>
        /// <example><code>
        /// Tensor.Concat([Tensor.Create([1, 2]), Tensor.Create([3])]) // [1, 2, 3]
        /// </code></example>
        public static Tensor Concat(IEnumerable<Tensor> tensors, int axis = 0) => Joining.concat(axis, tensors.NoneNull());

        /// <summary>Tensors of one shape along a new axis.</summary>
        /// <exception cref="ShapeException">The shapes differ, or there are no tensors.</exception>
        /// <exception cref="DTypeException">The dtypes differ.</exception>
        /// <example><code>
        /// Tensor.Stack([Tensor.Create([1, 2]), Tensor.Create([3, 4])], axis: 1) // [[1, 3], [2, 4]]
        /// </code></example>
        public static Tensor Stack(IEnumerable<Tensor> tensors, int axis = 0) => Joining.stack(axis, tensors.NoneNull());

        /// <summary>The sum of several tensors, element by element, as <c>+</c> adds them.</summary>
        /// <exception cref="ShapeException">There are no tensors, or shapes do not broadcast.</exception>
        /// <exception cref="DTypeException">The dtypes differ.</exception>
        /// <example><code>
        /// Tensor.SumOf([Tensor.Create([1, 2]), Tensor.Create([10, 20]), Tensor.Create([100, 200])]) // [111, 222]
        /// </code></example>
        public static Tensor SumOf(IEnumerable<Tensor> tensors) => TensorModule.sumOf(tensors.NoneNull());
    }

    /// <summary>Parts of the given sizes along an axis; the sizes must add up to it.</summary>
    /// <exception cref="ShapeException">The sizes do not add up to the axis.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2, 3]).Split([1, 2])[1] // [2, 3]
    /// </code></example>
    public static Tensor[] Split(this Tensor t, ReadOnlySpan<int> sizes, int axis = 0) =>
        Joining.Split(t.NotNull(), sizes.ToArray(), axis);

    /// <summary>
    /// At most so many parts along an axis, of equal size but for the last, which may be smaller.
    /// </summary>
    /// <exception cref="ValueException">The count is not positive.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([0, 1, 2, 3, 4, 5, 6]).Chunk(3)[2] // [6]
    /// </code></example>
    public static Tensor[] Chunk(this Tensor t, int count, int axis = 0) => Joining.Chunk(t.NotNull(), count, axis);

    /// <summary>
    /// Each slice along an axis so many times in a row, as NumPy's <c>repeat</c>; <see cref="Tile"/> repeats the whole.
    /// </summary>
    /// <exception cref="ValueException">The count is negative.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).Repeat(2, axis: 0) // [1, 1, 2, 2]
    /// </code></example>
    public static Tensor Repeat(this Tensor t, int count, int axis) => Joining.Repeat(t.NotNull(), count, axis);

    /// <summary>
    /// The elements moved along an axis, by so many places to higher positions; what is pushed over the end comes in at
    /// the start.
    /// </summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2, 3, 4]).Roll(1, axis: 0) // [4, 1, 2, 3]
    /// </code></example>
    public static Tensor Roll(this Tensor t, int shift, int axis) => Joining.Roll(t.NotNull(), shift, axis);

    /// <summary>The slices along an axis, without that axis.</summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Unstack()[1] // [3, 4]
    /// </code></example>
    public static Tensor[] Unstack(this Tensor t, int axis = 0) => Joining.Unstack(t.NotNull(), axis);

    /// <summary>Repeated along each axis as often as the list says, aligned right.</summary>
    /// <exception cref="ValueException">A count is negative.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).Tile(2, 2) // [[1, 2, 1, 2], [1, 2, 1, 2]]
    /// </code></example>
    public static Tensor Tile(this Tensor t, params ReadOnlySpan<int> repeats) => Joining.Tile(t.NotNull(), repeats.ToArray());

    /// <summary>Widened at both ends of each axis by copies of a value.</summary>
    /// <param name="t">The tensor.</param>
    /// <param name="widths">One pair for each axis.</param>
    /// <param name="value">What to fill with.</param>
    /// <exception cref="ShapeException">There is not one pair of non-negative widths for each axis.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).Pad([(1, 2)], 9) // [9, 1, 2, 9, 9]
    /// </code></example>
    public static Tensor Pad(this Tensor t, ReadOnlySpan<(int Before, int After)> widths, double value = 0) =>
        Joining.Pad(t.NotNull(), widths.ToArray().Select(width => width.ToTuple()), value);
}
