namespace Cotangent;

/// <summary>
/// Folding axes: all of them unless axes are given, as <c>x.Sum()</c>, <c>x.Sum(-1)</c>, <c>x.Sum([0,
/// 1])</c>. With <c>keepDims</c> a folded axis stays with size 1.
/// </summary>
public static class TensorReductions
{
    /// <summary>The sum over an axis, or over all elements; 0 for none of them filled.</summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Sum() // 10
    /// x.Sum(0) // [4, 6]
    /// x.Sum(-1, keepDims: true) // [[3], [7]]
    /// </code></example>
    public static Tensor Sum(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.Sum(t.NotNull(), axis.ToAxes(), keepDims);

    /// <summary>The sum over axes; 0 for none of them filled.</summary>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Ones(2, 3, 4).Sum([0, 2]) // [8, 8, 8]
    /// </code></example>
    public static Tensor Sum(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false) =>
        Reductions.Sum(t.NotNull(), axes.ToAxes(), keepDims);

    /// <summary>The arithmetic mean over an axis, or over all elements.</summary>
    /// <exception cref="DTypeException">The tensor holds integers; convert them first.</exception>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0], [3.0, 4.0]]).Mean(1) // [1.5, 3.5]
    /// </code></example>
    public static Tensor Mean(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.Mean(t.NotNull(), axis.ToAxes(), keepDims);

    /// <summary>The arithmetic mean over axes.</summary>
    /// <exception cref="DTypeException">The tensor holds integers; convert them first.</exception>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([[[1.0, 2.0]], [[3.0, 4.0]]]).Mean([0, 1]) // [2, 3]
    /// </code></example>
    public static Tensor Mean(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false) =>
        Reductions.Mean(t.NotNull(), axes.ToAxes(), keepDims);

    /// <summary>The product over an axis, or over all elements; 1 for none of them filled.</summary>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Prod() // 24
    /// x.Prod(0) // [3, 8]
    /// </code></example>
    public static Tensor Prod(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.Prod(t.NotNull(), axis.ToAxes(), keepDims);

    /// <summary>The product over axes; 1 for none of them filled.</summary>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([[[1, 2]], [[3, 4]]]).Prod([0, 1]) // [3, 8]
    /// </code></example>
    public static Tensor Prod(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false) =>
        Reductions.Prod(t.NotNull(), axes.ToAxes(), keepDims);

    /// <summary>
    /// The largest element over an axis, or over all elements; NaN if there is one. Equal ones share the
    /// derivative.
    /// </summary>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Max(0) // [3, 4]
    /// </code></example>
    public static Tensor Max(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.Max(t.NotNull(), axis.ToAxes(), keepDims);

    /// <summary>
    /// The largest element over axes; NaN if there is one. Equal ones share the derivative.
    /// </summary>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([[[1, 2]], [[3, 4]]]).Max([0, 1]) // [3, 4]
    /// </code></example>
    public static Tensor Max(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false) =>
        Reductions.Max(t.NotNull(), axes.ToAxes(), keepDims);

    /// <summary>
    /// The smallest element over an axis, or over all elements; NaN if there is one. Equal ones share the
    /// derivative.
    /// </summary>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Min() // 1
    /// x.Min(1) // [1, 3]
    /// </code></example>
    public static Tensor Min(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.Min(t.NotNull(), axis.ToAxes(), keepDims);

    /// <summary>
    /// The smallest element over axes; NaN if there is one. Equal ones share the derivative.
    /// </summary>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([[[1, 2]], [[3, 4]]]).Min([0, 1]) // [1, 2]
    /// </code></example>
    public static Tensor Min(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false) =>
        Reductions.Min(t.NotNull(), axes.ToAxes(), keepDims);

    /// <summary>Whether any (Bool) element holds over an axis, or over all elements.</summary>
    /// <exception cref="DTypeException">The dtype is not Bool.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// (x > 3).Any() // true
    /// (x > 3).Any(1) // [false, true]
    /// </code></example>
    public static Tensor Any(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.Any(t.NotNull(), axis.ToAxes(), keepDims);

    /// <summary>Whether any (Bool) element holds over axes.</summary>
    /// <exception cref="DTypeException">The dtype is not Bool.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// (Tensor.Create([[[1, 2]], [[3, 4]]]) > 3).Any([0, 1]) // [false, true]
    /// </code></example>
    public static Tensor Any(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false) =>
        Reductions.Any(t.NotNull(), axes.ToAxes(), keepDims);

    /// <summary>Whether all (Bool) elements hold over an axis, or over all elements.</summary>
    /// <exception cref="DTypeException">The dtype is not Bool.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// (x > 2).All() // false
    /// (x > 2).All(1) // [false, true]
    /// </code></example>
    public static Tensor All(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.All(t.NotNull(), axis.ToAxes(), keepDims);

    /// <summary>Whether all (Bool) elements hold over axes.</summary>
    /// <exception cref="DTypeException">The dtype is not Bool.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// (Tensor.Create([[[1, 2]], [[3, 4]]]) > 1).All([0, 1]) // [false, true]
    /// </code></example>
    public static Tensor All(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false) =>
        Reductions.All(t.NotNull(), axes.ToAxes(), keepDims);

    /// <summary>
    /// log Σ exp x, without overflow, over an axis, or over all elements; its derivative is the softmax.
    /// </summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1000.0, 1000.0]).LogSumExp() // 1000.6931
    /// </code></example>
    public static Tensor LogSumExp(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.LogSumExp(t.NotNull(), axis.ToAxes(), keepDims);

    /// <summary>log Σ exp x, without overflow, over axes; its derivative is the softmax.</summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Zeros(2, 3, 5).LogSumExp([0, 2]) // log 10: [2.3026, 2.3026, 2.3026]
    /// </code></example>
    public static Tensor LogSumExp(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false) =>
        Reductions.LogSumExp(t.NotNull(), axes.ToAxes(), keepDims);

    /// <summary>
    /// The mean squared distance from the mean over an axis, or over all elements. <c>correction</c> is taken
    /// from the divisor: 0 for a population, as in NumPy; 1 for the unbiased estimate from a sample, as in
    /// PyTorch.
    /// </summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">No more elements than the correction.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 3.0, 4.0]).Variance(correction: 1) // 1.6667
    /// </code></example>
    public static Tensor Variance(this Tensor t, int? axis = null, bool keepDims = false, int correction = 0) =>
        Reductions.Variance(t.NotNull(), axis.ToAxes(), keepDims, correction);

    /// <summary>The mean squared distance from the mean over axes.</summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">No more elements than the correction.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 3.0], [1.0, 3.0]]).Variance([0, 1]) // 1
    /// </code></example>
    public static Tensor Variance(
        this Tensor t,
        ReadOnlySpan<int> axes,
        bool keepDims = false,
        int correction = 0
    ) => Reductions.Variance(t.NotNull(), axes.ToAxes(), keepDims, correction);

    /// <summary>
    /// The standard deviation over an axis, or over all elements: the root of the variance, with the same
    /// <c>correction</c>. Where all elements are equal its derivative is 0.
    /// </summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">No more elements than the correction.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 3.0], [2.0, 6.0]]).Std(1) // [1, 2]
    /// </code></example>
    public static Tensor Std(this Tensor t, int? axis = null, bool keepDims = false, int correction = 0) =>
        Reductions.Std(t.NotNull(), axis.ToAxes(), keepDims, correction);

    /// <summary>The standard deviation over axes.</summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ShapeException">No more elements than the correction.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 3.0], [1.0, 3.0]]).Std([0, 1]) // 1
    /// </code></example>
    public static Tensor Std(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false, int correction = 0) =>
        Reductions.Std(t.NotNull(), axes.ToAxes(), keepDims, correction);

    /// <summary>Whether all elements are close to those of another tensor, as <see cref="Maths.IsClose"/> says.</summary>
    /// <exception cref="DTypeException">The tensors are not floating-point, or their dtypes differ.</exception>
    /// <example><code>
    /// var x = Tensor.Create([1.0, 2.0]);
    /// x.AllClose(x + 1e-9) // true
    /// </code></example>
    public static bool AllClose(this Tensor t, Tensor other, double relative = 1e-5, double absolute = 1e-8) =>
        Reductions.AllClose(t.NotNull(), other.NotNull(), relative, absolute);

    /// <summary>
    /// (Σ |x|ᵖ)^(1/p) over an axis, or over all elements: p = 2 unless <c>order</c> says 1 or infinity. The
    /// derivative of the Euclidean norm at the origin is 0, the subgradient of least length.
    /// </summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ValueException">The order is NaN.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([3.0, 4.0]).Norm() // 5
    /// </code></example>
    public static Tensor Norm(this Tensor t, int? axis = null, bool keepDims = false, double order = 2) =>
        Reductions.Norm(t.NotNull(), axis.ToAxes(), keepDims, order);

    /// <summary>(Σ |x|ᵖ)^(1/p) over axes: p = 2 unless <c>order</c> says another number, or an infinity.</summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="ValueException">The order is NaN.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([[3.0, 0.0], [0.0, 4.0]]).Norm([0, 1]) // 5
    /// </code></example>
    public static Tensor Norm(this Tensor t, ReadOnlySpan<int> axes, bool keepDims = false, double order = 2) =>
        Reductions.Norm(t.NotNull(), axes.ToAxes(), keepDims, order);

    /// <summary>exp x / Σ exp x along an axis.</summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 0.0]).Softmax() // [0.5, 0.5]
    /// </code></example>
    public static Tensor Softmax(this Tensor t, int axis = -1) => Reductions.Softmax(t.NotNull(), axis);

    /// <summary>x - log Σ exp x along an axis.</summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, Math.Log(3)]).LogSoftmax() // [-1.3863, -0.2877]
    /// </code></example>
    public static Tensor LogSoftmax(this Tensor t, int axis = -1) => Reductions.LogSoftmax(t.NotNull(), axis);

    /// <summary>
    /// (x - mean)/√(variance + epsilon) over the last axis, or the last axes; times a gain and plus a bias, if they are given,
    /// whose shape is that of the last axes.
    /// </summary>
    /// <exception cref="AxisException">There are not so many axes.</exception>
    /// <exception cref="ShapeException">Gain or bias has another shape than the last axes.</exception>
    /// <exception cref="DTypeException">The tensor is not floating-point, or gain or bias is of another dtype.</exception>
    /// <exception cref="ValueException">epsilon is negative.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 3.0]).LayerNorm() // [-1.2247, 0, 1.2247]
    /// </code></example>
    public static Tensor LayerNorm(
        this Tensor x,
        int lastAxes = 1,
        double epsilon = 1e-5,
        Tensor? gain = null,
        Tensor? bias = null
    ) => Normalization.LayerNorm(x.NotNull(), lastAxes, epsilon, gain.ToReferenceOption(), bias.ToReferenceOption());

    /// <summary>
    /// x/√(mean x² + epsilon) over the last axis, or the last axes; times a gain, if it is given, whose shape is that of the
    /// last axes.
    /// </summary>
    /// <exception cref="AxisException">There are not so many axes.</exception>
    /// <exception cref="ShapeException">The gain has another shape than the last axes.</exception>
    /// <exception cref="DTypeException">The tensor is not floating-point, or the gain is of another dtype.</exception>
    /// <exception cref="ValueException">epsilon is negative.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, -1.0, 7.0, 7.0]).RmsNorm() // [0.2, -0.2, 1.4, 1.4]
    /// </code></example>
    public static Tensor RmsNorm(
        this Tensor x,
        int lastAxes = 1,
        double epsilon = 1e-5,
        Tensor? gain = null
    ) => Normalization.RmsNorm(x.NotNull(), lastAxes, epsilon, gain.ToReferenceOption());

    /// <summary>
    /// The Int32 position of the first largest element along an axis, or among all elements in row-major
    /// order.
    /// </summary>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([3, 9, 4]).ArgMax() // 1
    /// </code></example>
    public static Tensor ArgMax(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.ArgMax(t.NotNull(), axis.ToOption(), keepDims);

    /// <summary>
    /// The Int32 position of the first smallest element along an axis, or among all elements.
    /// </summary>
    /// <exception cref="ShapeException">There is nothing to reduce over.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([3, 9, 1]).ArgMin() // 2
    /// Tensor.Create([[3, 9], [4, 1]]).ArgMin(1) // [0, 1]
    /// </code></example>
    public static Tensor ArgMin(this Tensor t, int? axis = null, bool keepDims = false) =>
        Reductions.ArgMin(t.NotNull(), axis.ToOption(), keepDims);

    /// <summary>The running sum along an axis; from the end when reversed.</summary>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2, 3]).CumulativeSum(0) // [1, 3, 6]
    /// </code></example>
    public static Tensor CumulativeSum(this Tensor t, int axis, bool reverse = false) =>
        Reductions.CumulativeSum(t.NotNull(), axis, reverse);

    /// <summary>
    /// The running product along an axis; from the end when reversed. Its derivatives are right at zeros, too.
    /// </summary>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([2, 3, 4]).CumulativeProd(0) // [2, 6, 24]
    /// </code></example>
    public static Tensor CumulativeProd(this Tensor t, int axis, bool reverse = false) =>
        Cumulative.CumulativeProd(t.NotNull(), axis, reverse);

    /// <summary>
    /// The largest element so far along an axis, from the end when reversed; NaN from the first NaN on. Equal ones share the
    /// derivative.
    /// </summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1, 3, 2, 5]).CumulativeMax(0) // [1, 3, 3, 5]
    /// </code></example>
    public static Tensor CumulativeMax(this Tensor t, int axis, bool reverse = false) =>
        Cumulative.CumulativeMax(t.NotNull(), axis, reverse);

    /// <summary>
    /// The smallest element so far along an axis, from the end when reversed; NaN from the first NaN on. Equal ones share the
    /// derivative.
    /// </summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([5, 3, 4, 1]).CumulativeMin(0) // [5, 3, 3, 1]
    /// </code></example>
    public static Tensor CumulativeMin(this Tensor t, int axis, bool reverse = false) =>
        Cumulative.CumulativeMin(t.NotNull(), axis, reverse);

    /// <summary>
    /// log Σ exp x of the elements so far along an axis, without overflow; from the end when reversed. Where all are -∞ it is
    /// -∞, and its derivative 0.
    /// </summary>
    /// <exception cref="DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1000.0, 1000.0]).CumulativeLogSumExp(0) // [1000, 1000.6931]
    /// </code></example>
    public static Tensor CumulativeLogSumExp(this Tensor t, int axis, bool reverse = false) =>
        Cumulative.CumulativeLogSumExp(t.NotNull(), axis, reverse);
}
