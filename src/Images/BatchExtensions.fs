namespace Cotangent.Images

open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent

/// <summary>Batches (examples, channels, height, width) changed, as methods for C#; F# has the module <c>ImageBatch</c>, which says more
/// of each.</summary>
[<Extension; AbstractClass; Sealed>]
type ImageBatchExtensions =
    /// <summary>Each example mirrored with a probability. It is 1/2 unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// var x = Tensor.Create([1.0, 2.0, 3.0]).Reshape(1, 1, 1, 3);
    /// x.FlipImages(Key.Create(0), probability: 1) // [[[[3, 2, 1]]]]
    /// </code></example>
    [<Extension>]
    static member FlipImages
        (x: Tensor, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Tensor =
        ImageBatch.flip probability key x

    /// <summary>Each example turned upside down with a probability. It is 1/2 unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// var x = Tensor.Create([1.0, 2.0]).Reshape(1, 1, 2, 1);
    /// x.FlipImagesVertically(Key.Create(0), probability: 1) // [[[[2], [1]]]]
    /// </code></example>
    [<Extension>]
    static member FlipImagesVertically
        (x: Tensor, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Tensor =
        ImageBatch.flipVertical probability key x

    /// <summary>A rectangle from each example, at a place of its own.</summary>
    /// <example><code lang="csharp">
    /// Tensor.Zeros(8, 3, 32, 32).CropImages(Key.Create(0), 24, 28) // shape (8, 3, 24, 28)
    /// </code></example>
    [<Extension>]
    static member CropImages(x: Tensor, key: Key, height: int, width: int) : Tensor =
        ImageBatch.crop height width key x

    /// <summary>Each example moved by up to so many pixels. Zeros come in at the edges.</summary>
    /// <example><code lang="csharp">
    /// Tensor.Ones(8, 3, 32, 32).ShiftImages(Key.Create(0), 4) // shape (8, 3, 32, 32)
    /// </code></example>
    [<Extension>]
    static member ShiftImages(x: Tensor, key: Key, most: int) : Tensor = ImageBatch.shift most key x

    /// <summary>(x - mean) / deviation of each channel.</summary>
    /// <example><code lang="csharp">
    /// Tensor.Ones(1, 1, 1, 2).NormalizeImages([0.5], [0.25]) // [[[[2, 2]]]]
    /// </code></example>
    [<Extension>]
    static member NormalizeImages(x: Tensor, mean: float[], deviation: float[]) : Tensor =
        ImageBatch.normalize mean deviation x

    /// <summary>In each example a black rectangle of its own, with a probability. It is 1/2 unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// Tensor.Ones(1, 3, 8, 8).EraseImages(Key.Create(0), probability: 1).Min() // 0
    /// </code></example>
    [<Extension>]
    static member EraseImages
        (x: Tensor, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Tensor =
        ImageBatch.erase { Augment.erasingDefaults with Probability = probability } key x

    /// <summary>Each example and its label mixed with another's. Labels are rows of probabilities, (examples, classes).</summary>
    /// <example><code lang="csharp">
    /// var labels = Tensor.Eye(4);
    /// var (mixed, rows) = Tensor.Ones(4, 3, 8, 8).Mixup(labels, Key.Create(0), alpha: 0.4);
    /// rows.Sum(1) // [1, 1, 1, 1]
    /// </code></example>
    [<Extension>]
    static member Mixup(x: Tensor, y: Tensor, key: Key, alpha: float) : struct (Tensor * Tensor) =
        let x, y = ImageBatch.mixup alpha key (x, y)
        struct (x, y)

    /// <summary>In each example a rectangle of another, and as much of its label. Labels are rows of probabilities, (examples, classes).</summary>
    /// <example><code lang="csharp">
    /// var labels = Tensor.Eye(4);
    /// var (mixed, rows) = Tensor.Ones(4, 3, 8, 8).Cutmix(labels, Key.Create(0), alpha: 1);
    /// rows.Sum(1) // [1, 1, 1, 1]
    /// </code></example>
    [<Extension>]
    static member Cutmix(x: Tensor, y: Tensor, key: Key, alpha: float) : struct (Tensor * Tensor) =
        let x, y = ImageBatch.cutmix alpha key (x, y)
        struct (x, y)

    /// <summary>All pictures in another size, with antialiasing.</summary>
    /// <example><code lang="csharp">
    /// var x = Tensor.Create([1.0, 2.0, 3.0, 4.0]).Reshape(1, 1, 2, 2);
    /// x.ResizeImages(1, 1, Resampling.Area) // [[[[2.5]]]]
    /// </code></example>
    [<Extension>]
    static member ResizeImages(x: Tensor, height: int, width: int, resampling: Resampling) : Tensor =
        ImageBatch.resize resampling height width x

    /// <summary>
    /// Each example seen through a matrix of its own, of a tensor (examples, 2, 3). What lies outside is 0 unless told otherwise.
    /// </summary>
    /// <example><code lang="csharp">
    /// // Two columns to the left.
    /// var matrix = Tensor.Create([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]).Unsqueeze(0);
    /// Tensor.Create([0.0, 1.0, 2.0, 3.0]).Reshape(1, 1, 1, 4).WarpImages(matrix) // [[[[2, 3, 0, 0]]]]
    /// </code></example>
    [<Extension>]
    static member WarpImages
        (x: Tensor, matrices: Tensor, [<Optional; DefaultParameterValue(0.0)>] fill: float)
        : Tensor =
        ImageBatch.warp fill matrices x

    /// <summary>Each example changed by its own affine change. What lies outside is 0 unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// // A column to the right, in the same size.
    /// var change = new Affine(angle: 0, translateX: 1, translateY: 0, scale: 1, shearX: 0, shearY: 0);
    /// Tensor.Create([1.0, 2.0, 3.0]).Reshape(1, 1, 1, 3).TransformImages([change]) // [[[[0, 1, 2]]]]
    /// </code></example>
    [<Extension>]
    static member TransformImages
        (x: Tensor, changes: IEnumerable<Affine>, [<Optional; DefaultParameterValue(0.0)>] fill: float)
        : Tensor =
        ImageBatch.affine fill changes x

    /// <summary>
    /// Each example turned by an angle of its own, up to so many degrees to either side. What lies outside is 0 unless told otherwise.
    /// </summary>
    /// <example><code lang="csharp">
    /// Tensor.Ones(8, 3, 32, 32).RotateImages(Key.Create(0), 15) // shape (8, 3, 32, 32)
    /// </code></example>
    [<Extension>]
    static member RotateImages
        (x: Tensor, key: Key, most: float, [<Optional; DefaultParameterValue(0.0)>] fill: float)
        : Tensor =
        ImageBatch.rotate fill most key x
