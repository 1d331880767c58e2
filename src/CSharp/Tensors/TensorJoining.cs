namespace Cotangent;

/// <summary>Tensors put together and taken apart.</summary>
public static class TensorJoining
{
    extension(Tensor)
    {
        /// <summary>Tensors joined along an existing axis; the other axes must agree.</summary>
        /// <example><code>var both = Tensor.Concat([left, right], axis: 1);</code></example>
        /// <exception cref="ShapeException">Another axis differs, or there are no tensors.</exception>
        /// <exception cref="DTypeException">The dtypes differ.</exception>
        public static Tensor Concat(IEnumerable<Tensor> tensors, int axis = 0) => Joining.concat(axis, tensors);

        /// <summary>Tensors of one shape along a new axis.</summary>
        /// <exception cref="ShapeException">The shapes differ, or there are no tensors.</exception>
        public static Tensor Stack(IEnumerable<Tensor> tensors, int axis = 0) => Joining.stack(axis, tensors);
    }

    /// <summary>Parts of the given sizes along an axis; the sizes must add up to it.</summary>
    /// <example><code>var parts = x.Split([2, 3], axis: 1);</code></example>
    public static Tensor[] Split(this Tensor t, ReadOnlySpan<int> sizes, int axis = 0) =>
        Joining.Split(t, sizes.ToArray(), axis);

    /// <summary>
    /// At most so many parts along an axis, of equal size but for the last, which may be smaller.
    /// </summary>
    /// <example><code>Tensor.Arange(7).Chunk(3)  // of 3, 3 and 1 elements</code></example>
    /// <exception cref="ValueException">The count is not positive.</exception>
    public static Tensor[] Chunk(this Tensor t, int count, int axis = 0) => Joining.Chunk(t, count, axis);

    /// <summary>
    /// Each slice along an axis so many times in a row, as NumPy's <c>repeat</c>; <see cref="Tile"/> repeats the whole.
    /// </summary>
    public static Tensor Repeat(this Tensor t, int count, int axis) => Joining.Repeat(t, count, axis);

    /// <summary>
    /// The elements moved along an axis, by so many places to higher positions; what is pushed over the end comes in at
    /// the start.
    /// </summary>
    public static Tensor Roll(this Tensor t, int shift, int axis) => Joining.Roll(t, shift, axis);

    /// <summary>The slices along an axis, without that axis.</summary>
    public static Tensor[] Unstack(this Tensor t, int axis = 0) => Joining.Unstack(t, axis);

    /// <summary>Repeated along each axis as often as the list says, aligned right.</summary>
    public static Tensor Tile(this Tensor t, params ReadOnlySpan<int> repeats) => Joining.Tile(t, repeats.ToArray());

    /// <summary>Widened at both ends of each axis by copies of a value.</summary>
    /// <param name="t">The tensor.</param>
    /// <param name="widths">One pair for each axis.</param>
    /// <param name="value">What to fill with.</param>
    /// <example><code>var framed = image.Pad([(1, 1), (1, 1)]);</code></example>
    public static Tensor Pad(this Tensor t, ReadOnlySpan<(int Before, int After)> widths, double value = 0) =>
        Joining.Pad(t, widths.ToArray().Select(width => width.ToTuple()), value);
}
