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
    /// type is <c>Channels.AsStored</c>). Unless told otherwise it is seen in front of white, turned as the camera says, of at most 100
    /// million pixels and in its whole size, and a damaged file is an error.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">The file is something else, damaged, cut short, or too large.</exception>
    /// <example><code lang="csharp">
    /// var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "white.png");
    /// Image.Create(1, 1, 3, new byte[] { 255, 255, 255 }).Save(path);
    /// ImageFile.Load(path, Channels.Gray)[0, 0, 0] // 255
    /// </code></example>
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

    /// <summary>A picture from the bytes of such a file. The options are those of <c>Load</c>.</summary>
    /// <exception cref="T:Cotangent.FileException">The bytes are something else, damaged, cut short, or too large.</exception>
    /// <example><code lang="csharp">
    /// var file = Image.Create(1, 2, 1, new byte[] { 0, 255 }).EncodePng();
    /// ImageFile.Decode(file)[0, 1, 0] // 255
    /// </code></example>
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
    /// <example><code lang="csharp">
    /// var root = Directory.CreateTempSubdirectory().FullName;
    /// var cats = Directory.CreateDirectory(Path.Combine(root, "cat")).FullName;
    /// Image.Create(1, 1, 1, new byte[] { 255 }).Save(Path.Combine(cats, "1.png"));
    /// ImageFile.ReadFolder(root).Files.Length // 1
    /// </code></example>
    static member ReadFolder(root: string) : ImageFolder = ImageFolder.read root

/// <summary>What can be done with a picture, as methods for C#; F# has the modules <c>Image</c>, <c>Geometry</c>, <c>Adjust</c>
/// and <c>Augment</c>, which say more of each.</summary>
[<Extension; AbstractClass; Sealed>]
type ImageExtensions =
    /// <summary>A Float32 tensor (channels, height, width) of numbers from 0 to 1.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 2, 1, new byte[] { 0, 255 }).ToTensor() // [[[0, 1]]]
    /// </code></example>
    [<Extension>]
    static member ToTensor(image: Image) : Tensor = Image.toTensor image

    /// <summary>The same in another dtype; integers are levels from 0 to 255.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 2, 1, new byte[] { 0, 255 }).ToTensor(DType.UInt8) // [[[0, 255]]]
    /// </code></example>
    [<Extension>]
    static member ToTensor(image: Image, dtype: DType) : Tensor = Image.toTensorOf dtype image

    /// <summary>(x - mean) / deviation of each channel, as a Float32 tensor (channels, height, width).</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 2, 1, new byte[] { 0, 255 }).Normalize([0.5], [0.5]) // [[[-1, 1]]]
    /// </code></example>
    [<Extension>]
    static member Normalize(image: Image, mean: float[], deviation: float[]) : Tensor =
        Image.normalize mean deviation image

    /// <summary>
    /// A picture of a tensor (channels, height, width); numbers out of range are an error unless they shall be clamped. They are rounded
    /// to the nearest levels: floating-point numbers go from 0 to 1, integers from 0 to 255.
    /// </summary>
    /// <example><code lang="csharp">
    /// var image = Tensor.Create([0.0, 1.0]).Reshape(1, 1, 2).ToImage();
    /// image[0, 1, 0] // 255
    /// Tensor.Create([1.5]).Reshape(1, 1, 1).ToImage() // throws ValueException
    /// Tensor.Create([1.5]).Reshape(1, 1, 1).ToImage(clamp: true)[0, 0, 0] // 255
    /// </code></example>
    [<Extension>]
    static member ToImage(t: Tensor, [<Optional; DefaultParameterValue(false)>] clamp: bool) : Image =
        if clamp then Image.ofTensorClamped t else Image.ofTensor t

    /// <summary>The pictures of a batch (examples, channels, height, width); numbers out of range are clamped.</summary>
    /// <example><code lang="csharp">
    /// Tensor.Zeros(5, 1, 2, 4).ToImages().Length // 5
    /// </code></example>
    [<Extension>]
    static member ToImages(t: Tensor) : Image[] = Image.unstack t

    /// <summary>A batch (pictures, channels, height, width) of pictures of one size.</summary>
    /// <example><code lang="csharp">
    /// var image = Image.Create(1, 2, 1, new byte[] { 0, 255 });
    /// new[] { image, image, image }.Stack() // shape (3, 1, 1, 2)
    /// </code></example>
    [<Extension>]
    static member Stack(images: IEnumerable<Image>) : Tensor = Image.stack images

    /// <summary>
    /// Pictures of one size as one; the background is black unless another is given. 2 pixels are between and around them unless told otherwise.
    /// </summary>
    /// <example><code lang="csharp">
    /// var image = Image.Create(1, 2, 1, new byte[] { 0, 255 });
    /// new[] { image, image }.Grid(columns: 2, padding: 1).Width // 7
    /// </code></example>
    [<Extension>]
    static member Grid
        (
            images: IEnumerable<Image>,
            columns: int,
            [<Optional; DefaultParameterValue(2)>] padding: int,
            [<Optional>] background: Nullable<Color>
        ) : Image =
        Image.gridOn (if background.HasValue then background.Value else Color.Black) columns padding images

    /// <summary>Writes a PNG, or a JPEG of quality 90, as the path's ending says.</summary>
    /// <example><code lang="csharp">
    /// var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "white.png");
    /// Image.Create(1, 1, 1, new byte[] { 255 }).Save(path);
    /// File.Exists(path) // true
    /// </code></example>
    [<Extension>]
    static member Save(image: Image, path: string) : unit = Image.save path image

    /// <summary>The bytes of a PNG file.</summary>
    /// <example><code lang="csharp">
    /// var image = Image.Create(1, 2, 1, new byte[] { 0, 255 });
    /// ImageFile.Decode(image.EncodePng()).Equals(image) // true
    /// </code></example>
    [<Extension>]
    static member EncodePng(image: Image) : byte[] = Image.encodePng image

    /// <summary>The bytes of a JPEG file. Its quality goes from 1 to 100, and is 90 unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// var white = Image.Create(1, 1, 1, new byte[] { 255 });
    /// ImageFile.Decode(white.EncodeJpeg(quality: 80))[0, 0, 0] // 255
    /// </code></example>
    [<Extension>]
    static member EncodeJpeg(image: Image, [<Optional; DefaultParameterValue(90)>] quality: int) : byte[] =
        Image.encodeJpeg quality image

    /// <summary>Other channels.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 1, 3, new byte[] { 255, 255, 255 }).Convert(Channels.Gray).Channels // 1
    /// </code></example>
    [<Extension>]
    static member Convert(image: Image, channels: Channels) : Image = Image.convert channels image

    /// <summary>As it looks in front of a background. A picture without alpha stays as it is.</summary>
    /// <example><code lang="csharp">
    /// // Transparent, in front of white.
    /// Image.Create(1, 1, 4, new byte[] { 0, 0, 0, 0 }).Flatten(Color.White)[0, 0, 0] // 255
    /// </code></example>
    [<Extension>]
    static member Flatten(image: Image, background: Color) : Image = Image.flatten background image

    /// <summary>Another size, with antialiasing unless told otherwise. <c>Resampling.Bilinear</c> is usual.</summary>
    /// <example><code lang="csharp">
    /// // The mean of four pixels.
    /// Image.Create(2, 2, 1, new byte[] { 0, 100, 50, 150 }).Resize(1, 1, Resampling.Area)[0, 0, 0] // 75
    /// </code></example>
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

    /// <summary>The shorter side brought to a size.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(4, 8, 1, new byte[32]).ResizeShorter(2, Resampling.Bilinear).Width // 4
    /// </code></example>
    [<Extension>]
    static member ResizeShorter(image: Image, size: int, resampling: Resampling) : Image =
        Geometry.resizeShorter resampling size image

    /// <summary>A rectangle.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(2, 2, 1, new byte[] { 1, 2, 3, 4 }).Crop(top: 1, left: 0, height: 1, width: 2)[0, 0, 0] // 3
    /// </code></example>
    [<Extension>]
    static member Crop(image: Image, top: int, left: int, height: int, width: int) : Image =
        Geometry.crop top left height width image

    /// <summary>The middle.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 3, 1, new byte[] { 1, 2, 3 }).CropCenter(1, 1)[0, 0, 0] // 2
    /// </code></example>
    [<Extension>]
    static member CropCenter(image: Image, height: int, width: int) : Image =
        Geometry.cropCenter height width image

    /// <summary>Pixels around it.</summary>
    /// <example><code lang="csharp">
    /// var padded = Image.Create(1, 2, 1, new byte[] { 1, 2 }).Pad(Border.Edge, top: 0, bottom: 0, left: 1, right: 1);
    /// padded.ToTensor(DType.UInt8) // [[[1, 1, 2, 2]]]
    /// </code></example>
    [<Extension>]
    static member Pad(image: Image, border: Border, top: int, bottom: int, left: int, right: int) : Image =
        Geometry.pad border top bottom left right image

    /// <summary>Left and right exchanged.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 3, 1, new byte[] { 1, 2, 3 }).FlipHorizontal().ToTensor(DType.UInt8) // [[[3, 2, 1]]]
    /// </code></example>
    [<Extension>]
    static member FlipHorizontal(image: Image) : Image = Geometry.flipHorizontal image

    /// <summary>Top and bottom exchanged.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(3, 1, 1, new byte[] { 1, 2, 3 }).FlipVertical().ToTensor(DType.UInt8) // [[[3], [2], [1]]]
    /// </code></example>
    [<Extension>]
    static member FlipVertical(image: Image) : Image = Geometry.flipVertical image

    /// <summary>Quarter turns against the clock.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 2, 1, new byte[] { 1, 2 }).QuarterTurns(1).ToTensor(DType.UInt8) // [[[2], [1]]]
    /// </code></example>
    [<Extension>]
    static member QuarterTurns(image: Image, count: int) : Image = Geometry.quarterTurns count image

    /// <summary>
    /// Turned against the clock; in a larger picture if all of it shall be seen. The space around it is black unless told otherwise.
    /// </summary>
    /// <example><code lang="csharp">
    /// var image = Image.Create(1, 2, 1, new byte[] { 1, 2 });
    /// image.Rotate(180, Resampling.Nearest).ToTensor(DType.UInt8) // [[[2, 1]]]
    /// Tensor.Ones(1, 20, 30).ToImage().Rotate(90, Resampling.Bilinear, whole: true).Height // 30
    /// </code></example>
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

    /// <summary>
    /// Turned (clockwise), moved, scaled and sheared about its centre. Nothing of it is changed unless asked for; the space around it is black.
    /// </summary>
    /// <example><code lang="csharp">
    /// var image = Image.Create(1, 3, 1, new byte[] { 1, 2, 3 });
    /// image.Affine(Resampling.Nearest, translateX: 1).ToTensor(DType.UInt8) // [[[0, 1, 2]]]
    /// </code></example>
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
