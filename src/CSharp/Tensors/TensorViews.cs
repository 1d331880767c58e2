namespace Cotangent;

/// <summary>Other shapes of the same numbers.</summary>
public static class TensorViews
{
    extension(Tensor t)
    {
        /// <summary>The transpose of a matrix, or of each matrix in a batch.</summary>
        /// <exception cref="AxisException">There are fewer than two axes.</exception>
        /// <example><code>
        /// Tensor.Create([[1, 2, 3], [4, 5, 6]]).T // [[1, 4], [2, 5], [3, 6]]
        /// </code></example>
        public Tensor T => Views.Transpose(t.NotNull(), null, null);
    }

    /// <summary>
    /// The same elements in row-major order under another shape; one axis may be -1, "whatever is left".
    /// </summary>
    /// <exception cref="ShapeException">The shapes have different numbers of elements.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2, 3, 4, 5, 6]).Reshape(-1, 3) // [[1, 2, 3], [4, 5, 6]]
    /// </code></example>
    public static Tensor Reshape(this Tensor t, params ReadOnlySpan<int> shape) => Views.Reshape(t.NotNull(), shape.ToArray());

    /// <summary>
    /// All elements along one axis; or, from an axis on, those that share the places before it: after <c>Flatten(1)</c> of a
    /// batch each example is a vector. With a last axis, only those from the first to it become one.
    /// </summary>
    /// <exception cref="AxisException">An axis lies outside the rank, or the last stands before the first.</exception>
    /// <example><code>
    /// Tensor.Create([[1, 2], [3, 4]]).Flatten() // [1, 2, 3, 4]
    /// Tensor.Zeros(8, 3, 4, 5).Flatten(1) // shape (8, 60)
    /// Tensor.Zeros(8, 3, 4, 5).Flatten(1, 2) // shape (8, 12, 5)
    /// </code></example>
    public static Tensor Flatten(this Tensor t, int? first = null, int? last = null) =>
        Views.Flatten(t.NotNull(), first.ToOption(), last.ToOption());

    /// <summary>
    /// Turned by so many quarters of a circle in the plane of two axes, from the first axis towards the second; backwards if
    /// negative.
    /// </summary>
    /// <exception cref="AxisException">An axis lies outside the rank, or both are one.</exception>
    /// <example><code>
    /// Tensor.Create([[1, 2], [3, 4]]).Rot90() // [[2, 4], [1, 3]]
    /// </code></example>
    public static Tensor Rot90(this Tensor t, int quarters = 1, int axis0 = 0, int axis1 = 1) =>
        Views.Rot90(t.NotNull(), quarters, axis0, axis1);

    /// <summary>
    /// The axes in another order: axis i of the result is axis <c>axes[i]</c> of this tensor.
    /// </summary>
    /// <exception cref="AxisException">Not every axis is named once.</exception>
    /// <example><code>
    /// Tensor.Zeros(2, 3, 4).Permute(2, 0, 1) // shape (4, 2, 3)
    /// </code></example>
    public static Tensor Permute(this Tensor t, params ReadOnlySpan<int> axes) => Views.Permute(t.NotNull(), axes.ToArray());

    /// <summary>Two axes exchanged; by default the last two.</summary>
    /// <exception cref="AxisException">There are fewer than two axes, or the axes lie outside the rank.</exception>
    /// <example><code>
    /// Tensor.Zeros(2, 3, 4).Transpose(0, 1) // shape (3, 2, 4)
    /// </code></example>
    public static Tensor Transpose(this Tensor t, int axis0 = -2, int axis1 = -1) => Views.Transpose(t.NotNull(), axis0, axis1);

    /// <summary>One axis moved to another place, the others keeping their order.</summary>
    /// <exception cref="AxisException">An axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Zeros(2, 3, 4).MoveAxis(0, -1) // shape (3, 4, 2)
    /// </code></example>
    public static Tensor MoveAxis(this Tensor t, int source, int target) => Views.MoveAxis(t.NotNull(), source, target);

    /// <summary>
    /// Stretched to a shape: axes of size 1 repeat, new leading axes are added. No copy is made.
    /// </summary>
    /// <exception cref="ShapeException">An axis that is not of size 1 would have to stretch.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).Expand(3, 2) // [[1, 2], [1, 2], [1, 2]]
    /// </code></example>
    public static Tensor Expand(this Tensor t, params ReadOnlySpan<int> shape) => Views.Expand(t.NotNull(), shape.ToArray());

    /// <summary>A new axis of size 1, before the given one; -1 appends.</summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([1, 2]).Unsqueeze(-1) // [[1], [2]]
    /// </code></example>
    public static Tensor Unsqueeze(this Tensor t, int axis) => Views.Unsqueeze(t.NotNull(), axis);

    /// <summary>
    /// Without the given axis, which must have size 1; without argument, without any axis of size 1.
    /// </summary>
    /// <exception cref="ShapeException">The axis is longer.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// Tensor.Create([[1], [2]]).Squeeze() // [1, 2]
    /// Tensor.Zeros(1, 3, 1).Squeeze(0) // shape (3, 1)
    /// </code></example>
    public static Tensor Squeeze(this Tensor t, int? axis = null) => Views.Squeeze(t.NotNull(), axis.ToOption());

    /// <summary>
    /// The same values as another dtype. Floats become integers by truncation; nonzero becomes true.
    /// </summary>
    /// <example><code>
    /// Tensor.Create([-1.7, 0.0, 2.5]).Convert(DType.Int32) // [-1, 0, 2]
    /// </code></example>
    public static Tensor Convert(this Tensor t, DType dtype) => Views.Convert(t.NotNull(), dtype);

    /// <summary>The order of the elements along the axes reversed.</summary>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Flip(1) // [[2, 1], [4, 3]]
    /// </code></example>
    public static Tensor Flip(this Tensor t, params ReadOnlySpan<int> axes) => Views.Flip(t.NotNull(), axes.ToArray());
}
