namespace Cotangent;

/// <summary>
/// Quantiles and the most frequent element, over all elements unless axes are given. With <c>keepDims</c> a folded axis stays
/// with size 1.
/// </summary>
public static class TensorStatistics
{
    /// <summary>
    /// The number that a share q of the elements lies below, over an axis, or over all elements; between two elements on the
    /// line between them, unless <c>how</c> says otherwise. NaN where there is one.
    /// </summary>
    /// <exception cref="ValueException">q is not from 0 to 1.</exception>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]);
    /// x.Quantile(0.5) // 6
    /// x.Quantile(0.25, 1) // [1.5, 12]
    /// x.Quantile(0.25, 1, how: QuantileMethod.Lower) // [1, 8]
    /// </code></example>
    public static Tensor Quantile(
        this Tensor t,
        double q,
        int? axis = null,
        bool keepDims = false,
        QuantileMethod how = default
    ) => Statistics.Quantile(t.NotNull(), q, axis.ToAxes(), keepDims, how);

    /// <summary>
    /// The number that a share q of the elements lies below, over axes. Between two elements on the line between them by
    /// default.
    /// </summary>
    /// <exception cref="ValueException">q is not from 0 to 1.</exception>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([[[1.0, 2.0]], [[3.0, 6.0]]]).Quantile(0.25, [0, 1]) // [1.5, 3]
    /// </code></example>
    public static Tensor Quantile(
        this Tensor t,
        double q,
        ReadOnlySpan<int> axes,
        bool keepDims = false,
        QuantileMethod how = default
    ) => Statistics.Quantile(t.NotNull(), q, axes.ToAxes(), keepDims, how);

    /// <summary>
    /// Several quantiles of the same elements, over an axis, or over all elements, along a new first axis; sorted once. Between
    /// two elements on the line between them by default.
    /// </summary>
    /// <exception cref="ValueException">One is not from 0 to 1, or there are none.</exception>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 3.0, 4.0, 5.0]).Quantiles([0.25, 0.5, 0.75]) // [2, 3, 4]
    /// </code></example>
    public static Tensor Quantiles(
        this Tensor t,
        ReadOnlySpan<double> qs,
        int? axis = null,
        bool keepDims = false,
        QuantileMethod how = default
    ) => Statistics.Quantiles(t.NotNull(), qs.ToArray(), axis.ToAxes(), keepDims, how);

    /// <summary>
    /// The middle element over an axis, or over all elements, of an even number the mean of the two in the middle. NaN where
    /// there is one.
    /// </summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([7.0, 1.0, 3.0, 4.0]).Median() // 3.5
    /// </code></example>
    public static Tensor Median(this Tensor t, int? axis = null, bool keepDims = false) =>
        Statistics.Median(t.NotNull(), axis.ToAxes(), keepDims);

    /// <summary>The middle element over axes.</summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([[[1.0, 2.0]], [[3.0, 6.0]]]).Median([0, 1]) // [2, 4]
    /// </code></example>
    public static Tensor Median(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false) =>
        Statistics.Median(t.NotNull(), axes.ToAxes(), keepDims);

    /// <summary>
    /// The most frequent element along an axis, or among all elements, the smallest of several, and how often it stands there,
    /// an Int64. All NaN count as one.
    /// </summary>
    /// <exception cref="ShapeException">There is nothing to choose from.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([3, 1, 2, 1, 3]).Mode().Value // 1
    /// Tensor.Create([3, 1, 2, 1, 3]).Mode().Count // 2
    /// </code></example>
    public static (Tensor Value, Tensor Count) Mode(this Tensor t, int? axis = null, bool keepDims = false) =>
        Statistics.Mode(t.NotNull(), axis.ToOption(), keepDims).ToValueTuple();
}
