namespace Cotangent;

/// <summary>Convolutions and pooling, over one to three spatial axes.</summary>
public static class TensorConvolutions
{
    private static FSharpWindow OrPlain(Window? window) => (window ?? Window.Plain).ToFSharp();

    /// <summary>
    /// What deep learning calls a convolution, with the shapes of PyTorch: x is (examples, channels) and one to three
    /// spatial sizes, the examples optional; the kernel (outputs, channels / groups) and as many sizes. By default windows are
    /// one apart, and inside.
    /// </summary>
    /// <example><code>
    /// var edges = Tensor.Create([[[-1.0, 0.0, 1.0]]]);
    /// Tensor.Create([[1.0, 2.0, 4.0, 8.0, 16.0]]).Convolve(edges)   // [[3, 6, 12]]
    /// Tensor.Create([[1.0, 2.0, 4.0, 8.0, 16.0]]).Convolve(edges, Window.Same)   // [[2, 3, 6, 12, -8]]
    /// </code></example>
    /// <exception cref="ShapeException">The shapes do not fit, or no window does.</exception>
    /// <exception cref="ValueException">A stride, a dilation, a padding or the groups make no sense.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    public static Tensor Convolve(this Tensor x, Tensor kernel, Window? window = null, int groups = 1) =>
        Convolutions.convolveGroups(groups, OrPlain(window), kernel.NotNull(), x.NotNull());

    /// <summary>
    /// The transpose of <see cref="Convolve"/> with the same window and kernel: from outputs of a convolution back to
    /// inputs. x is (examples, inputs) and one to three spatial sizes, the examples optional; the kernel (inputs,
    /// outputs) and as many sizes. The result has sizes (size - 1)·stride + dilation·(kernel - 1) + 1 - padding, or
    /// size·stride with <c>Padding.Same</c>. By default windows are one apart, and inside.
    /// </summary>
    /// <example><code>
    /// var kernel = Tensor.Create([[[1.0, 10.0]]]);
    /// Tensor.Create([[1.0, 2.0]]).ConvolveTransposed(kernel, Window.Stride(2))   // [[1, 10, 2, 20]]
    /// </code></example>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ValueException">A stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    public static Tensor ConvolveTransposed(this Tensor x, Tensor kernel, Window? window = null) =>
        Convolutions.convolveTransposed(OrPlain(window), kernel.NotNull(), x.NotNull());

    /// <summary>
    /// The same, to spatial sizes that are given: with strides, several sizes have as many windows. By default windows are
    /// one apart, and inside.
    /// </summary>
    /// <example><code>
    /// var kernel = Tensor.Create([[[1.0, 10.0]]]);
    /// Tensor.Create([[1.0, 2.0]]).ConvolveTransposed(kernel, [5], Window.Stride(2))   // [[1, 10, 2, 20, 0]]
    /// </code></example>
    /// <exception cref="ShapeException">The shapes do not fit, or those sizes do not.</exception>
    /// <exception cref="ValueException">A stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    public static Tensor ConvolveTransposed(
        this Tensor x,
        Tensor kernel,
        IReadOnlyList<int> sizes,
        Window? window = null
    ) => Convolutions.convolveTransposedTo(sizes.ToFSharpList(), OrPlain(window), kernel.NotNull(), x.NotNull());

    /// <summary>
    /// The largest element of each window of given sizes; NaN wins. x is (examples, channels) and as many spatial sizes
    /// as the windows have, the examples optional. Of equal elements, the first alone has the derivative. By default windows
    /// are one apart, and inside.
    /// </summary>
    /// <example><code>
    /// Tensor.Create([[1.0, 5.0, 2.0, 3.0]]).MaxPool([2], Window.Stride(2))   // [[5, 3]]
    /// </code></example>
    /// <exception cref="ShapeException">No window fits, or one lies in the padding altogether.</exception>
    /// <exception cref="ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    public static Tensor MaxPool(this Tensor x, IReadOnlyList<int> size, Window? window = null) =>
        Convolutions.maxPool(size.ToFSharpList(), OrPlain(window), x.NotNull());

    /// <summary>
    /// The mean of the elements of each window of given sizes. Padding is no element: windows over the edge are divided
    /// by what they have. x is as for <see cref="MaxPool"/>. By default windows are one apart, and inside.
    /// </summary>
    /// <example><code>
    /// Tensor.Create([[1.0, 5.0, 2.0, 3.0]]).AveragePool([2], Window.Stride(2))   // [[3, 2.5]]
    /// </code></example>
    /// <exception cref="ShapeException">No window fits, or one lies in the padding altogether.</exception>
    /// <exception cref="ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    public static Tensor AveragePool(this Tensor x, IReadOnlyList<int> size, Window? window = null) =>
        Convolutions.averagePool(size.ToFSharpList(), OrPlain(window), x.NotNull());

    /// <summary>
    /// The mean over each window as <see cref="AveragePool"/>, but padding counts as zeros. x is as for <see cref="MaxPool"/>.
    /// By default windows are one apart, and inside.
    /// </summary>
    /// <example><code>
    /// var window = new Window { Strides = [2], Padding = Padding.Around(1) };
    /// Tensor.Create([[1.0, 5.0, 2.0, 4.0]]).AveragePoolWithZeros([2], window)   // [[0.5, 3.5, 2]]
    /// </code></example>
    /// <exception cref="ShapeException">No window fits, or one lies in the padding altogether.</exception>
    /// <exception cref="ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    public static Tensor AveragePoolWithZeros(this Tensor x, IReadOnlyList<int> size, Window? window = null) =>
        Pooling.averagePoolWithZeros(size.ToFSharpList(), OrPlain(window), x.NotNull());

    /// <summary>
    /// The largest element of each window, as <see cref="MaxPool"/>, and where it is: an Int32 position among the elements of
    /// all spatial axes in row-major order, the first of equal ones. By default windows are one apart, and inside.
    /// </summary>
    /// <example><code>
    /// Tensor.Create([[1.0, 5.0, 2.0, 3.0]]).MaxPoolWithPositions([2], Window.Stride(2)).Positions   // [[1, 3]]
    /// </code></example>
    /// <exception cref="ShapeException">No window fits, or one lies in the padding altogether.</exception>
    /// <exception cref="ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    public static (Tensor Values, Tensor Positions) MaxPoolWithPositions(
        this Tensor x,
        IReadOnlyList<int> size,
        Window? window = null
    ) => Pooling.maxPoolWithPositions(size.ToFSharpList(), OrPlain(window), x.NotNull()).ToValueTuple();

    /// <summary>
    /// The elements back where <see cref="MaxPoolWithPositions"/> found them, in spatial axes of given sizes; 0 elsewhere.
    /// </summary>
    /// <example><code>
    /// var (values, positions) = Tensor.Create([[1.0, 5.0, 2.0, 3.0]]).MaxPoolWithPositions([2], Window.Stride(2));
    /// values.MaxUnpool(positions, [4])   // [[0, 5, 0, 3]]
    /// </code></example>
    /// <exception cref="ShapeException">The positions have another shape, or the rank does not fit.</exception>
    /// <exception cref="IndexException">A position is none of the elements.</exception>
    /// <exception cref="DTypeException">The positions are not integers.</exception>
    public static Tensor MaxUnpool(this Tensor x, Tensor positions, IReadOnlyList<int> sizes) =>
        Pooling.maxUnpool(sizes.ToFSharpList(), positions.NotNull(), x.NotNull());

    /// <summary>
    /// The elements of each window as a column: (examples, channels) and spatial sizes to (examples, channels · elements of a
    /// window, windows), the examples optional; padding is 0. By default windows are one apart, and inside.
    /// </summary>
    /// <example><code>
    /// var image = Tensor.Create([[[1, 2, 3], [4, 5, 6]]]);
    /// image.UnfoldWindows([2, 2])   // [[1, 2], [2, 3], [4, 5], [5, 6]]
    /// </code></example>
    /// <exception cref="ShapeException">The rank does not fit, or no window does.</exception>
    /// <exception cref="ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    public static Tensor UnfoldWindows(this Tensor x, IReadOnlyList<int> size, Window? window = null) =>
        Pooling.unfoldWindows(size.ToFSharpList(), OrPlain(window), x.NotNull());

    /// <summary>
    /// The transpose of <see cref="UnfoldWindows"/>: columns back to windows in spatial axes of given sizes, where windows that
    /// overlap are added. By default windows are one apart, and inside.
    /// </summary>
    /// <example><code>
    /// var columns = Tensor.Create([[[1, 2, 3], [4, 5, 6]]]).UnfoldWindows([2, 2]);
    /// columns.FoldWindows([2, 3], [2, 2])   // [[[1, 4, 3], [4, 10, 6]]]
    /// </code></example>
    /// <exception cref="ShapeException">
    /// The columns are not those of so many windows, or no window fits the sizes.
    /// </exception>
    /// <exception cref="ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    public static Tensor FoldWindows(
        this Tensor columns,
        IReadOnlyList<int> sizes,
        IReadOnlyList<int> size,
        Window? window = null
    ) => Pooling.foldWindows(sizes.ToFSharpList(), size.ToFSharpList(), OrPlain(window), columns.NotNull());
}
