namespace Cotangent;

/// <summary>Reading parts of tensors, and making tensors with parts replaced.</summary>
public static class TensorIndexing
{
    extension(Tensor t)
    {
        /// <summary>
        /// The part that brackets name, to be replaced in a copy; a tensor itself never changes.
        /// </summary>
        /// <example><code>
        /// var x = Tensor.Create([[1, 2, 3], [4, 5, 6]]);
        /// x.At[0, 1..].Set(0) // [[1, 0, 0], [4, 5, 6]]
        /// x.At[.., ^1].Add(x.Slice(.., 0)) // the first column added to the last: [[1, 2, 4], [4, 5, 10]]
        /// x.At[x &lt; 3].Set(9) // wherever a mask holds: [[9, 9, 3], [4, 5, 6]]
        /// </code></example>
        public TensorAt At => new(t.NotNull());
    }

    /// <summary>The part that an index selects, axis by axis; axes left out are taken whole.</summary>
    /// <exception cref="IndexException">
    /// An index lies outside its axis, or there are more indices than axes.
    /// </exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    /// x.Slice(1) // the second row: [4, 5, 6]
    /// x.Slice(1..3, ^1) // the last column of the rows 1 and 2: [6, 9]
    /// x.Slice(.., 0..2) // the first two columns: [[1, 2], [4, 5], [7, 8]]
    /// </code></example>
    public static Tensor Slice(this Tensor t, params ReadOnlySpan<Slice> slices) =>
        Indexing.Slice(t.NotNull(), OnAxes(t, slices));

    /// <summary>The elements where a Bool mask over the leading axes holds, along one axis.</summary>
    /// <exception cref="DTypeException">The mask is not Bool.</exception>
    /// <exception cref="ShapeException">The mask does not cover the leading axes.</exception>
    /// <example><code>
    /// var x = Tensor.Create([-1, 2, 3]);
    /// x.Masked(x > 0) // [2, 3]
    /// </code></example>
    public static Tensor Masked(this Tensor t, Tensor mask) => Indexing.Masked(t.NotNull(), mask.NotNull());

    /// <summary>
    /// The slices at integer positions (any shape) of an axis; the axes of the positions take its place.
    /// </summary>
    /// <exception cref="DTypeException">The positions are not integers.</exception>
    /// <exception cref="IndexException">A position lies outside the axis.</exception>
    /// <example><code>
    /// Tensor.Create([[1, 2, 3]]).Take(Tensor.Create([2, 0]), axis: 1) // [[3, 1]]
    /// </code></example>
    public static Tensor Take(this Tensor t, Tensor positions, int axis = 0) => Indexing.Take(t.NotNull(), positions.NotNull(), axis);

    /// <summary>
    /// Element by element along an axis: <c>result[i, j] = t[i, indices[i, j]]</c> for axis 1. Beside that axis the indices
    /// may be fewer than the elements: those at the beginning.
    /// </summary>
    /// <exception cref="DTypeException">The indices are not integers.</exception>
    /// <exception cref="ShapeException">The indices have another number of axes, or more of them beside the axis.</exception>
    /// <exception cref="IndexException">An index lies outside the axis.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Gather(Tensor.Create([[1], [0]]), axis: 1) // [[2], [3]]
    /// </code></example>
    public static Tensor Gather(this Tensor t, Tensor indices, int axis) => Indexing.Gather(t.NotNull(), indices.NotNull(), axis);

    /// <summary>
    /// A copy with updates added along an axis: <c>result[i, indices[i, j]] += updates[i, j]</c> for axis 1.
    /// </summary>
    /// <exception cref="DTypeException">The indices are not integers, or the updates of another dtype.</exception>
    /// <exception cref="ShapeException">The shapes do not match.</exception>
    /// <exception cref="IndexException">An index lies outside the axis.</exception>
    /// <example><code>
    /// var zeros = Tensor.Zeros([3], DType.Int32);
    /// zeros.ScatterAdd(Tensor.Create([2, 2]), Tensor.Create([5, 7]), axis: 0) // [0, 0, 12]
    /// </code></example>
    public static Tensor ScatterAdd(this Tensor t, Tensor indices, Tensor updates, int axis) =>
        Indexing.ScatterAdd(t.NotNull(), indices.NotNull(), updates.NotNull(), axis);

    /// <summary>
    /// A copy with updates along an axis: <c>result[i, indices[i, j]] = updates[i, j]</c> for axis 1; where indices repeat, the
    /// last one wins.
    /// </summary>
    /// <exception cref="DTypeException">The indices are not integers, or the updates of another dtype.</exception>
    /// <exception cref="ShapeException">The shapes do not match.</exception>
    /// <exception cref="IndexException">An index lies outside the axis.</exception>
    /// <example><code>
    /// var zeros = Tensor.Zeros([3], DType.Int32);
    /// zeros.Scatter(Tensor.Create([2, 0]), Tensor.Create([5, 7]), axis: 0) // [7, 0, 5]
    /// </code></example>
    public static Tensor Scatter(this Tensor t, Tensor indices, Tensor updates, int axis) =>
        Indexing.Scatter(t.NotNull(), indices.NotNull(), updates.NotNull(), axis);

    /// <summary>
    /// A copy in which each element and all updates that go to it have become one number; for axis 1 updates[i, j] goes to
    /// result[i, indices[i, j]]. The mean is that of the element and its updates.
    /// </summary>
    /// <exception cref="DTypeException">
    /// The indices are not integers, the updates of another dtype, or that has no such reduction.
    /// </exception>
    /// <exception cref="ShapeException">The shapes do not match.</exception>
    /// <exception cref="IndexException">An index lies outside the axis.</exception>
    /// <example><code>
    /// var x = Tensor.Create([1, 2, 3]);
    /// x.ScatterReduce(Reduce.Max, Tensor.Create([2, 2, 0]), Tensor.Create([5, 7, 0]), axis: 0) // [1, 2, 7]
    /// </code></example>
    public static Tensor ScatterReduce(this Tensor t, Reduce how, Tensor indices, Tensor updates, int axis) =>
        Indexing.ScatterReduce(t.NotNull(), how, indices.NotNull(), updates.NotNull(), axis);

    /// <summary>
    /// The elements at points, to be read or to be changed in a copy: one tensor of positions for each axis, or for the first
    /// axes, which broadcast. What NumPy and PyTorch mean by <c>t[rows, columns]</c>; <see cref="Slice"/> selects rows and
    /// columns independently.
    /// </summary>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// var (rows, columns) = (Tensor.Create([0, 1]), Tensor.Create([1, 0]));
    /// x.AtPoints(rows, columns).Value // [2, 3]
    /// x.AtPoints(rows, columns).Add(Tensor.Create([10, 20])) // [[1, 12], [23, 4]]
    /// </code></example>
    public static TensorPart AtPoints(this Tensor t, params IEnumerable<Tensor> coordinates) =>
        Indexing.AtPoints(t.NotNull(), coordinates.NoneNull());

    /// <summary>
    /// The slices along an axis by segments, each made into one: slice i belongs to segment <c>segments[i]</c>, of which there
    /// are <c>count</c>, in any order. Of a segment that has none, the sum is 0, the product 1, the mean NaN, the largest -∞,
    /// or the least integer, and the smallest +∞.
    /// </summary>
    /// <exception cref="DTypeException">
    /// The segments are not integers, or the dtype has no such reduction.
    /// </exception>
    /// <exception cref="ShapeException">There is not one segment for each slice.</exception>
    /// <exception cref="IndexException">A segment is none of the count.</exception>
    /// <exception cref="ValueException">The count is negative.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 3.0, 4.0]).SegmentReduce(Reduce.Sum, Tensor.Create([0, 1, 0, 1]), 2) // [4, 6]
    /// </code></example>
    public static Tensor SegmentReduce(this Tensor t, Reduce how, Tensor segments, int count, int axis = 0) =>
        Indexing.SegmentReduce(t.NotNull(), how, segments.NotNull(), count, axis);

    internal static FSharpIndex[] OnAxes(Tensor t, ReadOnlySpan<Slice> slices)
    {
        var used = 0;

        foreach (var slice in slices)
        {
            used += slice.HasAxis ? 1 : 0;
        }

        var found = new FSharpIndex[slices.Length];
        var (shape, axis) = (t.Shape, 0);

        for (var i = 0; i < slices.Length; i++)
        {
            // More indices than axes: the core says so.
            found[i] = used > shape.Length ? FSharpIndex.All : slices[i].On(slices[i].HasAxis ? shape[axis] : 0);
            axis += slices[i].IsRest ? shape.Length - used : slices[i].HasAxis ? 1 : 0;
        }

        return found;
    }
}
