namespace Cotangent;

/// <summary>
/// Elements looked for, and counted. Where the size of a result depends on the numbers, <c>size</c> fixes it, as
/// compiled functions need: the first so many, and if there are fewer, then what fills the rest.
/// </summary>
public static class TensorSearching
{
    /// <summary>
    /// Where elements are not 0, in row-major order: Int32, a row for each, a column for each axis. With <c>size</c> so many
    /// rows, the first; if there are fewer, then rows of <c>fill</c>.
    /// </summary>
    /// <exception cref="TraceException">
    /// Inside a transformation that does not know the numbers, and without a size.
    /// </exception>
    /// <exception cref="ValueException">The size is negative.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[0, 7], [5, 0]]);
    /// x.NonZero() // [[0, 1], [1, 0]]
    /// x.NonZero(size: 3, fill: -1) // [[0, 1], [1, 0], [-1, -1]]
    /// </code></example>
    public static Tensor NonZero(this Tensor t, int? size = null, int fill = 0) =>
        Searching.NonZero(t.NotNull(), size.ToOption(), fill);

    /// <summary>
    /// The slices where a mask over the leading axes holds: the first so many, and if there are fewer, then slices of
    /// <c>fill</c>.
    /// </summary>
    /// <exception cref="DTypeException">The mask is not Bool.</exception>
    /// <exception cref="ShapeException">The mask does not cover the leading axes.</exception>
    /// <exception cref="ValueException">The size is negative.</exception>
    /// <example><code>
    /// var x = Tensor.Create([-1, 2, 3]);
    /// x.Masked(x > 0, size: 3, fill: 9) // [2, 3, 9]
    /// </code></example>
    public static Tensor Masked(this Tensor t, Tensor mask, int size, double fill = 0) =>
        Searching.Masked(t.NotNull(), mask.NotNull(), size, fill);

    /// <summary>
    /// The different elements in rising order; NaN, once, comes last. With <c>size</c> so many, the first; if there are fewer,
    /// then <c>fill</c>. With an axis, the different slices along it; unsorted, in the order in which they are met.
    /// </summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <exception cref="TraceException">
    /// Inside a transformation that does not know the numbers, and without a size.
    /// </exception>
    /// <exception cref="ValueException">The size is negative.</exception>
    /// <example><code>
    /// Tensor.Create([3, 1, 3, 2]).Unique() // [1, 2, 3]
    /// </code></example>
    public static Tensor Unique(
        this Tensor t,
        int? size = null,
        double fill = 0,
        int? axis = null,
        bool sorted = true
    ) => Searching.Unique(t.NotNull(), size.ToOption(), fill, axis.ToOption(), sorted);

    /// <summary>
    /// The different elements in rising order, where each first stands, how often, and which each element is. What <c>size</c>
    /// adds has a count of 0. With an axis, all this of the slices along it; unsorted, in the order in which they are met.
    /// </summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <exception cref="TraceException">
    /// Inside a transformation that does not know the numbers, and without a size.
    /// </exception>
    /// <exception cref="ValueException">The size is negative.</exception>
    /// <example><code>
    /// Tensor.Create([3, 1, 3, 2]).UniqueAll().Counts // [1, 1, 2]
    /// Tensor.Create([3, 1, 3, 2]).UniqueAll().Inverse // [2, 0, 2, 1]
    /// </code></example>
    public static Unique UniqueAll(
        this Tensor t,
        int? size = null,
        double fill = 0,
        int? axis = null,
        bool sorted = true
    ) => Searching.UniqueAll(t.NotNull(), size.ToOption(), fill, axis.ToOption(), sorted);

    /// <summary>
    /// Where each value would be put into this tensor, whose last axis is sorted, to keep it so: how many elements are less,
    /// or with <c>right</c> less or equal, an Int32. NaN is the largest of all. The tensor is a vector, or has the leading
    /// axes of the values.
    /// </summary>
    /// <exception cref="ShapeException">The leading axes differ.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 2.0, 5.0]).SearchSorted(Tensor.Create([0.0, 2.0, 9.0])) // [0, 1, 4]
    /// </code></example>
    public static Tensor SearchSorted(this Tensor t, Tensor values, bool right = false) =>
        Searching.SearchSorted(t.NotNull(), values.NotNull(), right);

    /// <summary>
    /// Which bin each element lies in: i, an Int32, for <c>edges[i-1]</c> ≤ x &lt; <c>edges[i]</c>, with <c>right</c> for
    /// <c>edges[i-1]</c> &lt; x ≤ <c>edges[i]</c>. The edges rise.
    /// </summary>
    /// <exception cref="ShapeException">The edges are not a vector.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Tensor.Create([0.5, 1.0, 7.0]).Digitize(Tensor.Create([0.0, 1.0, 2.0])) // [1, 2, 3]
    /// </code></example>
    public static Tensor Digitize(this Tensor t, Tensor edges, bool right = false) =>
        Searching.Digitize(t.NotNull(), edges.NotNull(), right);

    /// <summary>Whether each element is one of some values, whatever their shape.</summary>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2, 3]).IsIn(Tensor.Create([3, 1])) // [true, false, true]
    /// </code></example>
    public static Tensor IsIn(this Tensor t, Tensor values) => Searching.IsIn(t.NotNull(), values.NotNull());

    /// <summary>
    /// The piecewise linear function through points (xs, ys), of which xs rise, at x of any shape; beyond the first and the
    /// last point it is constant. Differentiable by all three.
    /// </summary>
    /// <exception cref="ShapeException">The points are not two vectors of one length, or there are none.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.5, 9.0]).Interp(Tensor.Create([1.0, 2.0]), Tensor.Create([10.0, 20.0])) // [10, 15, 20]
    /// </code></example>
    public static Tensor Interp(this Tensor x, Tensor xs, Tensor ys) =>
        Searching.interp(x.NotNull(), xs.NotNull(), ys.NotNull());

    /// <summary>
    /// How often each whole number from 0 on stands in a tensor, as Int64; or, with weights of its shape, their sums. As many
    /// as <c>length</c> says, or up to the largest.
    /// </summary>
    /// <exception cref="DTypeException">The tensor holds no integers.</exception>
    /// <exception cref="ValueException">A number is negative, or the length.</exception>
    /// <exception cref="IndexException">A number is not below the length.</exception>
    /// <exception cref="ShapeException">The weights have another shape.</exception>
    /// <exception cref="TraceException">
    /// Inside a transformation that does not know the numbers, and without a length.
    /// </exception>
    /// <example><code>
    /// Tensor.Create([1, 3, 1]).BinCount() // [0, 2, 0, 1]
    /// </code></example>
    public static Tensor BinCount(this Tensor t, Tensor? weights = null, int? length = null) =>
        Counting.BinCount(t.NotNull(), weights.ToReferenceOption(), length.ToOption());

    /// <summary>
    /// How many elements lie between neighbouring edges, which rise: in bin i those with <c>edges[i]</c> ≤ x &lt;
    /// <c>edges[i+1]</c>, in the last bin also those on the last edge; others, and NaN, in none. Int64; or, with weights of
    /// the tensor's shape, their sums.
    /// </summary>
    /// <exception cref="ShapeException">
    /// The edges are not a vector of two or more, or the weights have another shape.
    /// </exception>
    /// <exception cref="DTypeException">The edges have another dtype.</exception>
    /// <example><code>
    /// Tensor.Create([0.5, 1.0, 2.0, 9.0]).Histogram(Tensor.Create([0.0, 1.0, 2.0])) // [1, 2]
    /// </code></example>
    public static Tensor Histogram(this Tensor t, Tensor edges, Tensor? weights = null) =>
        Counting.Histogram(t.NotNull(), edges.NotNull(), weights.ToReferenceOption());

    /// <summary>
    /// How many elements lie in each of so many bins of equal width, from the smallest element to the largest unless
    /// <c>low</c> and <c>high</c> say otherwise, and the edges of the bins.
    /// </summary>
    /// <exception cref="ValueException">There is no bin, or low is not below high.</exception>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">
    /// There are no elements whose smallest and largest would be the ends.
    /// </exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 2.0, 5.0]).Histogram(2).Edges // [1, 3, 5]
    /// </code></example>
    public static (Tensor Counts, Tensor Edges) Histogram(
        this Tensor t,
        int bins,
        double? low = null,
        double? high = null,
        Tensor? weights = null
    ) =>
        Counting
            .Histogram(t.NotNull(), bins, low.ToOption(), high.ToOption(), weights.ToReferenceOption())
            .ToValueTuple();
}
