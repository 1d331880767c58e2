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
    /// <example><code>
    /// var x = Tensor.Create([-1, 2, 3]);
    /// x.Masked(x > 0) // [2, 3]
    /// </code></example>
    public static Tensor Masked(this Tensor t, Tensor mask) => Indexing.Masked(t.NotNull(), mask.NotNull());

    /// <summary>
    /// The slices at integer positions (any shape) of an axis; the axes of the positions take its place.
    /// </summary>
    /// <example><code>
    /// Tensor.Create([[1, 2, 3]]).Take(Tensor.Create([2, 0]), axis: 1) // [[3, 1]]
    /// </code></example>
    public static Tensor Take(this Tensor t, Tensor positions, int axis = 0) => Indexing.Take(t.NotNull(), positions.NotNull(), axis);

    /// <summary>
    /// Element by element along an axis: <c>result[i, j] = t[i, indices[i, j]]</c> for axis 1. The other axes
    /// agree.
    /// </summary>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Gather(Tensor.Create([[1], [0]]), axis: 1) // [[2], [3]]
    /// </code></example>
    public static Tensor Gather(this Tensor t, Tensor indices, int axis) => Indexing.Gather(t.NotNull(), indices.NotNull(), axis);

    /// <summary>
    /// A copy with updates added along an axis: <c>result[i, indices[i, j]] += updates[i, j]</c> for axis 1.
    /// </summary>
    /// <example><code>
    /// var zeros = Tensor.Zeros([3], DType.Int32);
    /// zeros.ScatterAdd(Tensor.Create([2, 2]), Tensor.Create([5, 7]), axis: 0) // [0, 0, 12]
    /// </code></example>
    public static Tensor ScatterAdd(this Tensor t, Tensor indices, Tensor updates, int axis) =>
        Indexing.ScatterAdd(t.NotNull(), indices.NotNull(), updates.NotNull(), axis);

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
