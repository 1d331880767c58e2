using Microsoft.FSharp.Collections;

namespace Cotangent;

/// <summary>Images, signals and volumes made larger and smaller.</summary>
public static class ResizingOfTensors
{
    extension(ResizeCoordinates)
    {
        /// <summary>A part of each spatial axis, from a start to a stop of which 0 is its first number and 1 its last.</summary>
        /// <example><code>
        /// var coordinates = ResizeCoordinates.CropTo([0.2], [0.6]);
        /// Tensor.Create([0.0, 0.0, 8.0, 0.0, 0.0, 0.0]).ResizeWith([3], coordinates: coordinates) // [0, 8, 0]
        /// </code></example>
        public static ResizeCoordinates CropTo(IReadOnlyList<double> starts, IReadOnlyList<double> stops) =>
            ResizeCoordinates.NewCrop(ListModule.OfSeq(starts.NoneNull()), ListModule.OfSeq(stops.NoneNull()));
    }

    /// <summary>
    /// The last axes, one to three spatial ones, brought to given sizes by interpolation, the nearest number unless
    /// another is given. With corners aligned, first and last numbers along an axis stay what they are; else a number
    /// stands for a cell, and the edges of the outermost cells stay where they are.
    /// </summary>
    /// <exception cref="ShapeException">
    /// There are not one to three sizes, one is below 1, or x has fewer axes or an empty one.
    /// </exception>
    /// <exception cref="ValueException">Corners are to be aligned with the nearest number.</exception>
    /// <exception cref="DTypeException">Linear or cubic interpolation of what is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([[0.0, 4.0]]).Resize([4], Interpolation.Linear) // [[0, 1, 3, 4]]
    /// Tensor.Create([[0.0, 4.0]]).Resize([5], Interpolation.Linear, alignCorners: true) // [[0, 1, 2, 3, 4]]
    /// </code></example>
    public static Tensor Resize(
        this Tensor x,
        IReadOnlyList<int> sizes,
        Interpolation mode = default,
        bool alignCorners = false
    ) => Resizing.Resize(x.NotNull(), sizes.NoneNull(), mode, alignCorners);

    /// <summary>
    /// The last axes, one to three spatial ones, brought to given sizes, with all that can be told. <c>Resize</c> is for the
    /// usual.
    /// </summary>
    /// <param name="x">Any leading axes, then the spatial ones.</param>
    /// <param name="sizes">What the spatial axes shall be.</param>
    /// <param name="mode">How numbers in between are found; linear by default.</param>
    /// <param name="coordinates">Where new numbers lie on the old axes; edges of cells stay where they are by default.</param>
    /// <param name="rounding">What the nearest number is.</param>
    /// <param name="cubicCoefficient">Keys's a: -0.75 as PyTorch has it, -0.5 as Pillow and JAX do.</param>
    /// <param name="excludeOutside">Whether neighbours outside the axis weigh nothing.</param>
    /// <param name="antialias">Whether what is made smaller is smoothed first.</param>
    /// <param name="scales">The scale of each axis, where it is not that of the sizes.</param>
    /// <param name="outside">What stands at places outside the axis, of a crop.</param>
    /// <exception cref="ShapeException">
    /// There are not one to three sizes, one is below 1, or x has fewer axes or an empty one.
    /// </exception>
    /// <exception cref="ValueException">There are scales, starts or stops of another number of axes, or a scale that is not positive.</exception>
    /// <exception cref="DTypeException">Linear or cubic interpolation of what is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 0.0, 8.0, 0.0, 0.0, 0.0]).ResizeWith([3], antialias: true) // [1.1429, 3, 0]
    /// </code></example>
    public static Tensor ResizeWith(
        this Tensor x,
        IReadOnlyList<int> sizes,
        Interpolation? mode = null,
        ResizeCoordinates? coordinates = null,
        NearestRounding rounding = default,
        double cubicCoefficient = -0.75,
        bool excludeOutside = false,
        bool antialias = false,
        IReadOnlyList<double>? scales = null,
        double? outside = null
    ) =>
        Resizing.resizeWith(
            new ResizeOptions(
                mode ?? Interpolation.Linear,
                coordinates ?? ResizeCoordinates.HalfPixel,
                rounding,
                cubicCoefficient,
                excludeOutside,
                antialias,
                ListModule.OfSeq(scales ?? []),
                outside.ToOption()
            ),
            sizes.NoneNull(),
            x.NotNull()
        );

    /// <summary>
    /// The numbers at places of a grid, which lie between those of this tensor: x is (examples, channels) and one to three
    /// spatial sizes, the grid (examples,) and as many sizes of its own, and a last axis of coordinates, that along the last
    /// spatial axis first, each from -1 (one end) to 1 (the other). Linear unless another interpolation is given. With corners
    /// aligned, -1 and 1 are the first and last numbers; else the outer edges of their cells. Beyond the ends stands what the
    /// padding says. Differentiable by both.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit, or a spatial axis is empty.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[[10.0, 20.0, 40.0]]]);
    /// x.GridSample(Tensor.Create([-1.0, 0.5, 1.0]).Reshape(1, 3, 1), alignCorners: true) // [[[10, 30, 40]]]
    /// </code></example>
    public static Tensor GridSample(
        this Tensor x,
        Tensor grid,
        Interpolation? mode = null,
        PaddingMode padding = default,
        bool alignCorners = false
    ) => GridSampling.GridSample(x.NotNull(), grid.NotNull(), mode.ToOption(), padding, alignCorners);

    /// <summary>Channels made space: (…, C·r², H, W) to (…, C, H·r, W·r).</summary>
    /// <exception cref="ShapeException">There are fewer than three axes, or r² does not divide the channels.</exception>
    /// <exception cref="ValueException">r is below 1.</exception>
    /// <example><code>
    /// Tensor.Create([[[1]], [[2]], [[3]], [[4]]]).PixelShuffle(2) // [[[1, 2], [3, 4]]]
    /// </code></example>
    public static Tensor PixelShuffle(this Tensor x, int r) => Resizing.pixelShuffle(r, x.NotNull());

    /// <summary>Space made channels, the inverse: (…, C, H·r, W·r) to (…, C·r², H, W).</summary>
    /// <exception cref="ShapeException">There are fewer than three axes, or r does not divide height and width.</exception>
    /// <exception cref="ValueException">r is below 1.</exception>
    /// <example><code>
    /// Tensor.Create([[[1, 2], [3, 4]]]).PixelUnshuffle(2) // [[[1]], [[2]], [[3]], [[4]]]
    /// </code></example>
    public static Tensor PixelUnshuffle(this Tensor x, int r) => Resizing.pixelUnshuffle(r, x.NotNull());

    /// <summary>The mean of each channel over all spatial axes: (examples, channels).</summary>
    /// <exception cref="ShapeException">There are no spatial axes, or one is empty.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([[[1.0, 3.0], [5.0, 9.0]]]).GlobalAveragePool() // [[2, 7]]
    /// </code></example>
    public static Tensor GlobalAveragePool(this Tensor x) => AdaptivePooling.globalAveragePool(x.NotNull());

    /// <summary>The largest number of each channel over all spatial axes: (examples, channels).</summary>
    /// <exception cref="ShapeException">There are no spatial axes, or one is empty.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([[[1.0, 3.0], [5.0, 9.0]]]).GlobalMaxPool() // [[3, 9]]
    /// </code></example>
    public static Tensor GlobalMaxPool(this Tensor x) => AdaptivePooling.globalMaxPool(x.NotNull());

    /// <summary>Means over windows that make the last axes, one to three spatial ones, as long as is said.</summary>
    /// <exception cref="ShapeException">
    /// There are not one to three sizes, one is below 1, or x has fewer axes or an empty one.
    /// </exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0, 3.0, 4.0, 5.0]]).AdaptiveAveragePool([2]) // [[2, 4]]
    /// </code></example>
    public static Tensor AdaptiveAveragePool(this Tensor x, IReadOnlyList<int> sizes) =>
        AdaptivePooling.adaptiveAveragePool(sizes.ToFSharpList(), x.NotNull());

    /// <summary>
    /// The largest numbers of windows that make the last axes, one to three spatial ones, as long as is said.
    /// </summary>
    /// <exception cref="ShapeException">
    /// There are not one to three sizes, one is below 1, or x has fewer axes or an empty one.
    /// </exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0, 3.0, 4.0, 5.0]]).AdaptiveMaxPool([2]) // [[3, 5]]
    /// </code></example>
    public static Tensor AdaptiveMaxPool(this Tensor x, IReadOnlyList<int> sizes) =>
        AdaptivePooling.adaptiveMaxPool(sizes.ToFSharpList(), x.NotNull());

    extension(Upsample)
    {
        /// <summary>A layer that makes images larger by a factor.</summary>
        /// <param name="scale">By how much along each of the two spatial axes.</param>
        /// <param name="mode">How numbers in between are found; the nearest by default.</param>
        /// <param name="alignCorners">Whether first and last numbers along an axis stay what they are.</param>
        /// <exception cref="ValueException">The scale is below 1.</exception>
        /// <example><code>
        /// Upsample.Create(2).Forward(Tensor.Create([[[1, 2]]])) // [[[1, 1, 2, 2], [1, 1, 2, 2]]]
        /// </code></example>
        public static Upsample Create(int scale, Interpolation mode = default, bool alignCorners = false) =>
            Upsample.Create([scale, scale], mode, alignCorners);

        /// <summary>A layer with a scale for each of one to three spatial axes.</summary>
        /// <param name="scales">By how much along each spatial axis.</param>
        /// <param name="mode">How numbers in between are found; the nearest by default.</param>
        /// <param name="alignCorners">Whether first and last numbers along an axis stay what they are.</param>
        /// <exception cref="ValueException">There are not one to three scales, or one is below 1.</exception>
        /// <example><code>
        /// Upsample.Create([2], Interpolation.Linear, true).Forward(Tensor.Create([[0.0, 3.0]])) // [[0, 1, 2, 3]]
        /// </code></example>
        public static Upsample Create(
            IReadOnlyList<int> scales,
            Interpolation mode = default,
            bool alignCorners = false
        ) => new(UpsampleModule.init(mode, scales.ToFSharpList()).Scales, mode, alignCorners);
    }
}
