namespace Cotangent.Images

open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent

/// <summary>Batches (examples, channels, height, width) changed, as methods for C#; F# has the module <c>ImageBatch</c>, which says more
/// of each.</summary>
[<Extension; AbstractClass; Sealed>]
type ImageBatchExtensions =
    /// Each example mirrored with a probability.
    [<Extension>]
    static member FlipImages
        (x: Tensor, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Tensor =
        ImageBatch.flip probability key x

    /// Each example turned upside down with a probability.
    [<Extension>]
    static member FlipImagesVertically
        (x: Tensor, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Tensor =
        ImageBatch.flipVertical probability key x

    /// A rectangle from each example, at a place of its own.
    [<Extension>]
    static member CropImages(x: Tensor, key: Key, height: int, width: int) : Tensor =
        ImageBatch.crop height width key x

    /// Each example moved by up to so many pixels.
    [<Extension>]
    static member ShiftImages(x: Tensor, key: Key, most: int) : Tensor = ImageBatch.shift most key x

    /// (x - mean) / deviation of each channel.
    [<Extension>]
    static member NormalizeImages(x: Tensor, mean: float[], deviation: float[]) : Tensor =
        ImageBatch.normalize mean deviation x

    /// In each example a black rectangle of its own, with a probability.
    [<Extension>]
    static member EraseImages
        (x: Tensor, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Tensor =
        ImageBatch.erase { Augment.erasingDefaults with Probability = probability } key x

    /// Each example and its label mixed with another's.
    [<Extension>]
    static member Mixup(x: Tensor, y: Tensor, key: Key, alpha: float) : struct (Tensor * Tensor) =
        let x, y = ImageBatch.mixup alpha key (x, y)
        struct (x, y)

    /// In each example a rectangle of another, and as much of its label.
    [<Extension>]
    static member Cutmix(x: Tensor, y: Tensor, key: Key, alpha: float) : struct (Tensor * Tensor) =
        let x, y = ImageBatch.cutmix alpha key (x, y)
        struct (x, y)

    /// All pictures in another size, with antialiasing.
    [<Extension>]
    static member ResizeImages(x: Tensor, height: int, width: int, resampling: Resampling) : Tensor =
        ImageBatch.resize resampling height width x

    /// Each example seen through a matrix of its own, of a tensor (examples, 2, 3).
    [<Extension>]
    static member WarpImages
        (x: Tensor, matrices: Tensor, [<Optional; DefaultParameterValue(0.0)>] fill: float)
        : Tensor =
        ImageBatch.warp fill matrices x

    /// Each example changed by its own affine change.
    [<Extension>]
    static member TransformImages
        (x: Tensor, changes: IEnumerable<Affine>, [<Optional; DefaultParameterValue(0.0)>] fill: float)
        : Tensor =
        ImageBatch.affine fill changes x

    /// Each example turned by an angle of its own, up to so many degrees to either side.
    [<Extension>]
    static member RotateImages
        (x: Tensor, key: Key, most: float, [<Optional; DefaultParameterValue(0.0)>] fill: float)
        : Tensor =
        ImageBatch.rotate fill most key x
