namespace Cotangent;

/// <summary>
/// What stands behind <c>t.At</c>: brackets that name a part of a tensor instead of reading it. The part makes copies
/// of the whole tensor: <see cref="TensorPart.Set(Tensor)"/>, <see cref="TensorPart.Add(Tensor)"/>.
/// </summary>
public readonly struct TensorAt
{
    private readonly Tensor whole;
    private readonly TensorParts? parts;

    internal TensorAt(Tensor tensor)
    {
        whole = tensor;
        parts = new TensorParts(tensor);
    }

    private TensorParts Parts =>
        parts ?? throw new ValueException("At: default(TensorAt) is of no tensor. Begin with `t.At`.");

    /// <summary>The part that an index selects, axis by axis; axes left out are taken whole.</summary>
    /// <exception cref="IndexException">
    /// An index lies outside its axis, or there are more indices than axes.
    /// </exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.At[0, ..].Set(9) // [[9, 9], [3, 4]]
    /// </code></example>
    public TensorPart this[params ReadOnlySpan<Slice> slices] => Parts[TensorIndexing.OnAxes(whole, slices)];

    /// <summary>
    /// The part where a Bool mask holds, which stretches to the tensor; or, with integers, at those positions of axis 0.
    /// </summary>
    /// <example><code>
    /// var x = Tensor.Create([-1.0, 2.0, -3.0]);
    /// x.At[x &lt; 0].Set(0) // [0, 2, 0]
    /// </code></example>
    public TensorPart this[Tensor selection] => Parts[selection.NotNull()];
}
