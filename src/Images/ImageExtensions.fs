namespace Cotangent.Images

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent

/// <summary>Pictures from files, for C#: <c>ImageFile.Load("cat.jpg", Channels.Rgb)</c>. F# has the module <c>Image</c>.</summary>
[<AbstractClass; Sealed>]
type ImageFile =
    static member private Options
        (
            channels: Channels,
            background: Nullable<Color>,
            orient: bool,
            maxPixels: int64,
            allowDamaged: bool,
            shorterSide: int
        ) : DecodeOptions = {
        Channels = channels
        Background = if background.HasValue then background.Value else Color.White
        Orient = orient
        MaxPixels = maxPixels
        AllowDamaged = allowDamaged
        ShorterSide = shorterSide
    }

    /// <summary>
    /// A picture from a PNG, JPEG, WebP, BMP or GIF file. Channels are those of the file unless others are asked for (the default of the
    /// type is <c>Channels.AsStored</c>).
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">The file is something else, damaged, cut short, or too large.</exception>
    static member Load
        (
            path: string,
            [<Optional>] channels: Channels,
            [<Optional>] background: Nullable<Color>,
            [<Optional; DefaultParameterValue(true)>] orient: bool,
            [<Optional; DefaultParameterValue(100_000_000L)>] maxPixels: int64,
            [<Optional; DefaultParameterValue(false)>] allowDamaged: bool,
            [<Optional; DefaultParameterValue(0)>] shorterSide: int
        ) : Image =
        Image.loadWith
            (ImageFile.Options(channels, background, orient, maxPixels, allowDamaged, shorterSide))
            path

    /// <summary>A picture from the bytes of such a file.</summary>
    /// <exception cref="T:Cotangent.FileException">The bytes are something else, damaged, cut short, or too large.</exception>
    static member Decode
        (
            file: byte[],
            [<Optional>] channels: Channels,
            [<Optional>] background: Nullable<Color>,
            [<Optional; DefaultParameterValue(true)>] orient: bool,
            [<Optional; DefaultParameterValue(100_000_000L)>] maxPixels: int64,
            [<Optional; DefaultParameterValue(false)>] allowDamaged: bool,
            [<Optional; DefaultParameterValue(0)>] shorterSide: int
        ) : Image =
        Image.decodeWith
            (ImageFile.Options(channels, background, orient, maxPixels, allowDamaged, shorterSide))
            file

    /// <summary>The pictures in the folders of a folder, each of which is a class; paths with labels, in ordinal order.</summary>
    /// <exception cref="T:Cotangent.FileException">There is no such folder, no folder in it, or one without a picture.</exception>
    static member ReadFolder(root: string) : ImageFolder = ImageFolder.read root

/// <summary>What can be done with a picture, as methods for C#; F# has the modules <c>Image</c>, <c>Geometry</c>, <c>Adjust</c>
/// and <c>Augment</c>, which say more of each.</summary>
[<Extension; AbstractClass; Sealed>]
type ImageExtensions =
    /// A Float32 tensor (channels, height, width) of numbers from 0 to 1.
    [<Extension>]
    static member ToTensor(image: Image) : Tensor = Image.toTensor image

    /// The same in another dtype; integers are levels from 0 to 255.
    [<Extension>]
    static member ToTensor(image: Image, dtype: DType) : Tensor = Image.toTensorOf dtype image

    /// (x - mean) / deviation of each channel, as a Float32 tensor (channels, height, width).
    [<Extension>]
    static member Normalize(image: Image, mean: float[], deviation: float[]) : Tensor =
        Image.normalize mean deviation image

    /// A picture of a tensor (channels, height, width); numbers out of range are an error unless they shall be clamped.
    [<Extension>]
    static member ToImage(t: Tensor, [<Optional; DefaultParameterValue(false)>] clamp: bool) : Image =
        if clamp then Image.ofTensorClamped t else Image.ofTensor t

    /// The pictures of a batch (examples, channels, height, width); numbers out of range are clamped.
    [<Extension>]
    static member ToImages(t: Tensor) : Image[] = Image.unstack t

    /// A batch (pictures, channels, height, width) of pictures of one size.
    [<Extension>]
    static member Stack(images: IEnumerable<Image>) : Tensor = Image.stack images

    /// Pictures of one size as one; the background is black unless another is given.
    [<Extension>]
    static member Grid
        (
            images: IEnumerable<Image>,
            columns: int,
            [<Optional; DefaultParameterValue(2)>] padding: int,
            [<Optional>] background: Nullable<Color>
        ) : Image =
        Image.gridOn (if background.HasValue then background.Value else Color.Black) columns padding images

    /// Writes a PNG, or a JPEG of quality 90, as the path's ending says.
    [<Extension>]
    static member Save(image: Image, path: string) : unit = Image.save path image

    /// The bytes of a PNG file.
    [<Extension>]
    static member EncodePng(image: Image) : byte[] = Image.encodePng image

    /// The bytes of a JPEG file.
    [<Extension>]
    static member EncodeJpeg(image: Image, [<Optional; DefaultParameterValue(90)>] quality: int) : byte[] =
        Image.encodeJpeg quality image

    /// Other channels.
    [<Extension>]
    static member Convert(image: Image, channels: Channels) : Image = Image.convert channels image

    /// As it looks in front of a background.
    [<Extension>]
    static member Flatten(image: Image, background: Color) : Image = Image.flatten background image

    /// Another size, with antialiasing unless told otherwise. <c>Resampling.Bilinear</c> is usual.
    [<Extension>]
    static member Resize
        (
            image: Image,
            height: int,
            width: int,
            resampling: Resampling,
            [<Optional; DefaultParameterValue(true)>] antialias: bool
        ) : Image =
        if antialias then
            Geometry.resize resampling height width image
        else
            Geometry.interpolate resampling height width image

    /// The shorter side brought to a size.
    [<Extension>]
    static member ResizeShorter(image: Image, size: int, resampling: Resampling) : Image =
        Geometry.resizeShorter resampling size image

    /// A rectangle.
    [<Extension>]
    static member Crop(image: Image, top: int, left: int, height: int, width: int) : Image =
        Geometry.crop top left height width image

    /// The middle.
    [<Extension>]
    static member CropCenter(image: Image, height: int, width: int) : Image =
        Geometry.cropCenter height width image

    /// Pixels around it.
    [<Extension>]
    static member Pad(image: Image, border: Border, top: int, bottom: int, left: int, right: int) : Image =
        Geometry.pad border top bottom left right image

    /// Left and right exchanged.
    [<Extension>]
    static member FlipHorizontal(image: Image) : Image = Geometry.flipHorizontal image

    /// Top and bottom exchanged.
    [<Extension>]
    static member FlipVertical(image: Image) : Image = Geometry.flipVertical image

    /// Quarter turns against the clock.
    [<Extension>]
    static member QuarterTurns(image: Image, count: int) : Image = Geometry.quarterTurns count image

    /// Turned against the clock; in a larger picture if all of it shall be seen.
    [<Extension>]
    static member Rotate
        (
            image: Image,
            degrees: float,
            resampling: Resampling,
            [<Optional; DefaultParameterValue(false)>] whole: bool,
            [<Optional>] fill: Nullable<Color>
        ) : Image =
        let fill = if fill.HasValue then fill.Value else Color.Black

        if whole then
            Geometry.rotateWhole resampling fill degrees image
        else
            Geometry.rotate resampling fill degrees image

    /// Turned (clockwise), moved, scaled and sheared about its centre.
    [<Extension>]
    static member Affine
        (
            image: Image,
            resampling: Resampling,
            [<Optional; DefaultParameterValue(0.0)>] angle: float,
            [<Optional; DefaultParameterValue(0.0)>] translateX: float,
            [<Optional; DefaultParameterValue(0.0)>] translateY: float,
            [<Optional; DefaultParameterValue(1.0)>] scale: float,
            [<Optional; DefaultParameterValue(0.0)>] shearX: float,
            [<Optional; DefaultParameterValue(0.0)>] shearY: float,
            [<Optional>] fill: Nullable<Color>
        ) : Image =
        image
        |> Geometry.affine resampling (if fill.HasValue then fill.Value else Color.Black) {
            Angle = angle
            TranslateX = translateX
            TranslateY = translateY
            Scale = scale
            ShearX = shearX
            ShearY = shearY
        }
