namespace Cotangent;

/// <summary>Orders along an axis. NaN comes last; equal elements keep their order.</summary>
public static class TensorSorting
{
    /// <summary>The Int32 positions that sort along an axis.</summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([3, 1, 2]).ArgSort() // [1, 2, 0]
    /// </code></example>
    public static Tensor ArgSort(this Tensor t, int axis = -1, bool descending = false) =>
        Sorting.ArgSort(t.NotNull(), axis, descending);

    /// <summary>The elements in order along an axis.</summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([3, 1, 2]).Sort(descending: true) // [3, 2, 1]
    /// </code></example>
    public static Tensor Sort(this Tensor t, int axis = -1, bool descending = false) =>
        Sorting.Sort(t.NotNull(), axis, descending);

    /// <summary>The k largest elements along an axis, in falling order, and their Int32 positions.</summary>
    /// <exception cref="ValueException">The axis has fewer than k elements.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([3, 1, 2]).TopK(2).Values // [3, 2]
    /// </code></example>
    public static (Tensor Values, Tensor Positions) TopK(this Tensor t, int k, int axis = -1) =>
        Sorting.TopK(t.NotNull(), k, axis).ToValueTuple();
}
