namespace Cotangent;

/// <summary>
/// How windows slide over the spatial axes. A list of one entry holds for all axes.
/// </summary>
/// <example><code>
/// var images = Tensor.Zeros(8, 3, 28, 28);
/// var kernel = Tensor.Ones(16, 3, 3, 3);
/// images.Convolve(kernel, new Window { Strides = [2], Padding = Padding.Same })   // shape (8, 16, 14, 14)
/// </code></example>
public sealed record Window
{
    /// <summary>Strides and dilation of 1, no padding.</summary>
    /// <example><code>
    /// Tensor.Create([[[1.0, 2.0, 3.0]]]).Convolve(Tensor.Ones([1, 1, 3], DType.Float64), Window.Plain) // [[[6]]]
    /// </code></example>
    public static Window Plain { get; } = new();

    /// <summary>Strides and dilation of 1, as many windows as elements.</summary>
    /// <example><code>
    /// Tensor.Create([[[1.0, 2.0, 3.0]]]).Convolve(Tensor.Ones([1, 1, 3], DType.Float64), Window.Same) // [[[3, 6, 5]]]
    /// </code></example>
    public static Window Same { get; } = new() { Padding = Padding.Same };

    /// <summary>How far apart the first elements of neighbouring windows are.</summary>
    /// <example><code>
    /// var (x, kernel) = (Tensor.Create([[[1.0, 2.0, 3.0, 4.0]]]), Tensor.Create([[[1.0, 1.0]]]));
    /// x.Convolve(kernel, new Window { Strides = [2] }) // [[[3, 7]]]
    /// </code></example>
    public IReadOnlyList<int> Strides
    {
        get;
        init
        {
            value.NoneNull(nameof(Strides));
            field = value;
        }
    } = [1];

    /// <summary>What surrounds the spatial axes; nothing by default.</summary>
    /// <example><code>
    /// var (x, kernel) = (Tensor.Create([[[1.0, 2.0, 3.0, 4.0]]]), Tensor.Create([[[1.0, 1.0]]]));
    /// x.Convolve(kernel, new Window { Padding = Padding.Around(1) }) // [[[1, 3, 5, 7, 4]]]
    /// </code></example>
    public Padding Padding { get; init; } = Padding.Valid;

    /// <summary>How far apart the elements of one window are.</summary>
    /// <example><code>
    /// var (x, kernel) = (Tensor.Create([[[1.0, 2.0, 3.0, 4.0]]]), Tensor.Create([[[1.0, 1.0]]]));
    /// x.Convolve(kernel, new Window { Dilation = [2] }) // [[[4, 6]]]
    /// </code></example>
    public IReadOnlyList<int> Dilation
    {
        get;
        init
        {
            value.NoneNull(nameof(Dilation));
            field = value;
        }
    } = [1];

    /// <summary>A stride along all axes; no padding.</summary>
    /// <example><code>
    /// Tensor.Create([[[1.0, 3.0, 2.0, 4.0]]]).MaxPool([2], Window.Stride(2)) // [[[3, 4]]]
    /// </code></example>
    public static Window Stride(int step) => new() { Strides = [step] };

    internal FSharpWindow ToFSharp() => new(Strides.ToFSharpList(), Padding, Dilation.ToFSharpList());

    internal static Window FromFSharp(FSharpWindow window) =>
        new()
        {
            Strides = [.. window.Strides],
            Padding = window.Padding,
            Dilation = [.. window.Dilation],
        };
}

/// <summary>
/// What surrounds the spatial axes: <c>Padding.Valid</c>, <c>Padding.Same</c>, <c>Padding.Around(1)</c>, and so on.
/// </summary>
public static class Paddings
{
    extension(Padding)
    {
        /// <summary>As much before and after each axis.</summary>
        /// <example><code>
        /// var (x, kernel) = (Tensor.Create([[[1.0, 2.0, 3.0]]]), Tensor.Create([[[1.0, 1.0, 1.0]]]));
        /// x.Convolve(kernel, new Window { Padding = Padding.Around(1) }) // [[[3, 6, 5]]]
        /// </code></example>
        public static Padding Around(int width) => Padding.NewAround(width);

        /// <summary>Before and after, axis by axis. A single pair holds for all axes.</summary>
        /// <example><code>
        /// // Two before and nothing after: what comes out looks back only.
        /// var (x, kernel) = (Tensor.Create([[[1.0, 2.0, 3.0]]]), Tensor.Create([[[1.0, 1.0, 1.0]]]));
        /// x.Convolve(kernel, new Window { Padding = Padding.Sides((2, 0)) }) // [[[1, 3, 6]]]
        /// </code></example>
        public static Padding Sides(params ReadOnlySpan<(int Before, int After)> widths) =>
            Padding.NewSides(widths.ToArray().Select(pair => pair.ToTuple()).ToFSharpList());
    }
}
