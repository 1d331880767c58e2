namespace Cotangent;

/// <summary>Convolutions and pooling, over one to three spatial axes.</summary>
public static class TensorConvolutions
{
    private static FSharpWindow OrPlain(Window? window) => (window ?? Window.Plain).ToFSharp();

    /// <summary>
    /// What deep learning calls a convolution, with the shapes of PyTorch: x is (examples, channels) and one to three
    /// spatial sizes, the examples optional; the kernel (outputs, channels / groups) and as many sizes.
    /// </summary>
    /// <example><code>
    /// var edges = Tensor.Create([[[-1.0, 0.0, 1.0]]]);
    /// Tensor.Create([[1.0, 2.0, 4.0, 8.0, 16.0]]).Convolve(edges)   // [[3, 6, 12]]
    /// Tensor.Create([[1.0, 2.0, 4.0, 8.0, 16.0]]).Convolve(edges, Window.Same)   // [[2, 3, 6, 12, -8]]
    /// </code></example>
    /// <exception cref="ShapeException">The shapes do not fit, or no window does.</exception>
    /// <exception cref="ValueException">A stride, a dilation, a padding or the groups make no sense.</exception>
    public static Tensor Convolve(this Tensor x, Tensor kernel, Window? window = null, int groups = 1) =>
        Convolutions.convolveGroups(groups, OrPlain(window), kernel.NotNull(), x.NotNull());

    /// <summary>
    /// The transpose of <see cref="Convolve"/> with the same window and kernel: from outputs of a convolution back to
    /// inputs. x is (examples, inputs) and one to three spatial sizes, the examples optional; the kernel (inputs,
    /// outputs) and as many sizes. The result has sizes (size - 1)·stride + dilation·(kernel - 1) + 1 - padding, or
    /// size·stride with <c>Padding.Same</c>.
    /// </summary>
    /// <example><code>
    /// var kernel = Tensor.Create([[[1.0, 10.0]]]);
    /// Tensor.Create([[1.0, 2.0]]).ConvolveTransposed(kernel, Window.Stride(2))   // [[1, 10, 2, 20]]
    /// </code></example>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ValueException">A stride, a dilation or a padding makes no sense.</exception>
    public static Tensor ConvolveTransposed(this Tensor x, Tensor kernel, Window? window = null) =>
        Convolutions.convolveTransposed(OrPlain(window), kernel.NotNull(), x.NotNull());

    /// <summary>
    /// The same, to spatial sizes of one's own choice: with strides, several sizes have as many windows.
    /// </summary>
    /// <example><code>
    /// var kernel = Tensor.Create([[[1.0, 10.0]]]);
    /// Tensor.Create([[1.0, 2.0]]).ConvolveTransposed(kernel, [5], Window.Stride(2))   // [[1, 10, 2, 20, 0]]
    /// </code></example>
    /// <exception cref="ShapeException">The shapes do not fit, or those sizes do not.</exception>
    /// <exception cref="ValueException">A stride, a dilation or a padding makes no sense.</exception>
    public static Tensor ConvolveTransposed(
        this Tensor x,
        Tensor kernel,
        IReadOnlyList<int> sizes,
        Window? window = null
    ) => Convolutions.convolveTransposedTo(sizes.ToFSharpList(), OrPlain(window), kernel.NotNull(), x.NotNull());

    /// <summary>
    /// The largest element of each window of given sizes; NaN wins. x is (examples, channels) and as many spatial sizes
    /// as the windows have, the examples optional. Of equal elements, the first alone has the derivative.
    /// </summary>
    /// <example><code>
    /// Tensor.Create([[1.0, 5.0, 2.0, 3.0]]).MaxPool([2], Window.Stride(2))   // [[5, 3]]
    /// </code></example>
    /// <exception cref="ShapeException">No window fits, or one lies in the padding altogether.</exception>
    /// <exception cref="ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    public static Tensor MaxPool(this Tensor x, IReadOnlyList<int> size, Window? window = null) =>
        Convolutions.maxPool(size.ToFSharpList(), OrPlain(window), x.NotNull());

    /// <summary>
    /// The mean of the elements of each window of given sizes. Padding is no element: windows over the edge are divided
    /// by what they have. x is as for <see cref="MaxPool"/>.
    /// </summary>
    /// <example><code>
    /// Tensor.Create([[1.0, 5.0, 2.0, 3.0]]).AveragePool([2], Window.Stride(2))   // [[3, 2.5]]
    /// </code></example>
    /// <exception cref="ShapeException">No window fits, or one lies in the padding altogether.</exception>
    /// <exception cref="ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    public static Tensor AveragePool(this Tensor x, IReadOnlyList<int> size, Window? window = null) =>
        Convolutions.averagePool(size.ToFSharpList(), OrPlain(window), x.NotNull());
}
