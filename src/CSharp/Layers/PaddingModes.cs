namespace Cotangent;

/// <summary>Padding with the numbers of the tensor itself.</summary>
public static class PaddingModes
{
    /// <summary>The last axes widened by so much before and after each; other axes stay.</summary>
    /// <exception cref="ShapeException">
    /// There are more widths than axes, one is negative, or an axis is too short to be reflected or to go round.
    /// </exception>
    /// <example><code>
    /// var x = Tensor.Create([1, 2, 3]);
    /// x.Pad(PaddingMode.Reflect, (2, 1)) // [3, 2, 1, 2, 3, 2]
    /// x.Pad(PaddingMode.Circular, (2, 1)) // [2, 3, 1, 2, 3, 1]
    /// </code></example>
    public static Tensor Pad(
        this Tensor x,
        PaddingMode mode,
        params ReadOnlySpan<(int Before, int After)> widths
    ) => PaddingModeModule.pad(mode, widths.ToArray().Select(pair => pair.ToTuple()).ToFSharpList(), x.NotNull());
}
