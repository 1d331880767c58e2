namespace Cotangent;

/// <summary>Windows that slide over tensors, neighbours, and parts of equal size.</summary>
public static class TensorSliding
{
    /// <summary>
    /// Windows of <c>size</c> elements that slide along an axis, their first elements <c>step</c> apart: the axis has a window
    /// in each place, and a new last axis the elements of each.
    /// </summary>
    /// <exception cref="ValueException">The size or the step is below 1.</exception>
    /// <exception cref="ShapeException">The axis is shorter than a window.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2, 3, 4]).Unfold(0, 3) // [[1, 2, 3], [2, 3, 4]]
    /// </code></example>
    public static Tensor Unfold(this Tensor t, int axis, int size, int step = 1) => Sliding.Unfold(t.NotNull(), axis, size, step);

    /// <summary>
    /// Each element less the one before it along an axis, which gets one shorter; of <c>order</c> n so done n times. Of Bool,
    /// whether they differ.
    /// </summary>
    /// <exception cref="ValueException">The order is negative.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1, 4, 9, 16]).Diff() // [3, 5, 7]
    /// Tensor.Create([1, 4, 9, 16]).Diff(order: 2) // [2, 2]
    /// </code></example>
    public static Tensor Diff(this Tensor t, int axis = -1, int order = 1) => Sliding.Diff(t.NotNull(), axis, order);

    /// <summary>
    /// Parts along an axis, cut in front of each position; positions rise, and count from the end if negative.
    /// </summary>
    /// <exception cref="IndexException">A position lies outside the axis, or they do not rise.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([0, 1, 2, 3, 4]).SplitAt([1, 3])[1] // [1, 2]
    /// </code></example>
    public static Tensor[] SplitAt(this Tensor t, ReadOnlySpan<int> positions, int axis = 0) =>
        Sliding.SplitAt(t.NotNull(), positions.ToArray(), axis);

    /// <summary>So many parts along an axis whose sizes differ by one at most, the larger first.</summary>
    /// <exception cref="ValueException">The count is below 1.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([0, 1, 2, 3, 4, 5, 6]).SplitEvenly(3)[2] // [5, 6]
    /// </code></example>
    public static Tensor[] SplitEvenly(this Tensor t, int count, int axis = 0) => Sliding.SplitEvenly(t.NotNull(), count, axis);

    /// <summary>
    /// Slice i along an axis <c>counts[i]</c> times in a row. The axis of the result has <c>length</c> slices, which the
    /// counts add up to, or as many as they do.
    /// </summary>
    /// <exception cref="DTypeException">The counts are not integers.</exception>
    /// <exception cref="ShapeException">There is not one count for each slice.</exception>
    /// <exception cref="IndexException">The length is more than the counts add up to.</exception>
    /// <exception cref="ValueException">A count is negative, or the length.</exception>
    /// <exception cref="TraceException">
    /// Inside a transformation that does not know the counts, and without a length.
    /// </exception>
    /// <example><code>
    /// Tensor.Create([1, 2, 3]).Repeat(Tensor.Create([2, 0, 1]), axis: 0) // [1, 1, 3]
    /// </code></example>
    public static Tensor Repeat(this Tensor t, Tensor counts, int axis, int? length = null) =>
        Sliding.Repeat(t.NotNull(), counts.NotNull(), axis, length.ToOption());

    /// <summary>
    /// The distance of each row of a (…, m, d) to each row of another (…, n, d): (…, m, n). Euclidean, unless <c>order</c>
    /// says 1 or infinity; leading axes broadcast. Of equal rows it is 0, and its derivative too.
    /// </summary>
    /// <exception cref="ShapeException">The rows have different lengths, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">The order is not 1, 2 or infinity.</exception>
    /// <example><code>
    /// var points = Tensor.Create([[0.0, 0.0], [3.0, 4.0]]);
    /// points.Cdist(points) // [[0, 5], [5, 0]]
    /// </code></example>
    public static Tensor Cdist(this Tensor t, Tensor other, double order = 2) => Sliding.Cdist(t.NotNull(), other.NotNull(), order);
}
