namespace Cotangent.Images

open System
open Cotangent
open Cotangent.Notebooks

/// <summary>
/// A picture: height × width pixels of 1 (grey), 3 (red, green, blue) or 4 channels (and alpha, not multiplied into the others), 8 bits
/// each. Immutable, in main memory, row by row from the top, the channels of a pixel side by side. What workers decode and change before
/// <c>Image.toTensor</c> makes numbers of it; it isn't a tensor, and has no derivatives.
/// </summary>
/// <remarks>Two pictures are equal if their sizes and all of their bytes are.</remarks>
[<Sealed; AllowNullLiteral(false); TypeFormatterSource(typeof<NotebookFormatters>)>]
type Image internal (height: int, width: int, channels: int, bytes: byte[]) =

    /// Pixels from top to bottom.
    member _.Height = height

    /// Pixels from left to right.
    member _.Width = width

    /// 1 (grey), 3 (red, green, blue) or 4 (red, green, blue, alpha).
    member _.Channels = channels

    /// Whether the last channel is alpha.
    member _.HasAlpha = (channels = 4)

    /// Never to be changed by who reads it.
    member internal _.Bytes = bytes

    /// <summary>
    /// The bytes without a copy, <c>Height · Width · Channels</c> of them: that of row y, column x and channel c is at
    /// (y · Width + x) · Channels + c.
    /// </summary>
    member _.Pixels: ReadOnlyMemory<byte> = ReadOnlyMemory bytes

    /// <summary>One number of one pixel, all counted from 0.</summary>
    /// <exception cref="T:Cotangent.IndexException">There is no such pixel or channel.</exception>
    member _.Item
        with get (row: int, column: int, channel: int): byte =
            if uint row >= uint height || uint column >= uint width || uint channel >= uint channels then
                raise (
                    IndexException
                        $"Image: there is no pixel [{row}, {column}, {channel}] in {height} × {width} × {channels}; rows, columns and channels count from 0."
                )

            bytes[(row * width + column) * channels + channel]

    /// <summary>A picture of bytes, which are copied, in the order that <c>Pixels</c> tells.</summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1, or the channels are not 1, 3 or 4.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There are more or fewer bytes than the sizes ask for.</exception>
    /// <example><code lang="csharp">
    /// // A red pixel and a blue one.
    /// var image = Image.Create(1, 2, 3, new byte[] { 255, 0, 0, 0, 0, 255 });
    /// image[0, 1, 2] // 255
    /// </code></example>
    static member Create(height: int, width: int, channels: int, pixels: ReadOnlyMemory<byte>) : Image =
        Image.Check("Image.create", height, width, channels)

        if pixels.Length <> height * width * channels then
            raise (
                ShapeException
                    $"Image.create: {pixels.Length} bytes are not {height} × {width} × {channels}, which takes {height * width * channels}."
            )

        Image(height, width, channels, pixels.ToArray())

    /// Sizes that a picture can have.
    static member internal Check(operation: string, height: int, width: int, channels: int) =
        Given.positive operation "the height" height
        Given.positive operation "the width" width

        if channels <> 1 && channels <> 3 && channels <> 4 then
            raise (
                ValueException
                    $"{operation}: {channels} channels; a picture has 1 (grey), 3 (red, green, blue) or 4 (and alpha)."
            )

        if int64 height * int64 width * int64 channels > int64 Array.MaxLength then
            raise (
                ValueException
                    $"{operation}: {height} × {width} × {channels} bytes are more than an array of .NET holds. Work on parts of the picture."
            )

    /// A picture of the given size whose bytes a function fills in.
    static member internal Make(height: int, width: int, channels: int, fill: byte[] -> unit) : Image =
        let bytes = GC.AllocateUninitializedArray<byte>(height * width * channels)
        fill bytes
        Image(height, width, channels, bytes)

    override image.Equals(other: obj | null) =
        match other with
        | :? Image as other ->
            height = other.Height
            && width = other.Width
            && channels = other.Channels
            && ReadOnlySpan(bytes).SequenceEqual(ReadOnlySpan other.Bytes)
        | _ -> false

    override _.GetHashCode() =
        let mutable hash = HashCode()
        hash.Add height
        hash.Add width
        hash.Add channels
        hash.AddBytes(ReadOnlySpan bytes)
        hash.ToHashCode()

    interface IEquatable<Image> with
        member image.Equals(other: Image | null) =
            match other with
            | null -> false
            | other -> image.Equals(box other)

    /// <summary>The sizes, as in "image 375 × 500 × 3".</summary>
    /// <example><code>
    /// string (Image.filled 2 4 Color.White) = "image 2 × 4 × 3" // true
    /// </code></example>
    override _.ToString() = $"image {height} × {width} × {channels}"

    /// Small pictures by larger pixels, some 200 of the screen's wide.
    interface INotebookView with
        member image.Text = image.ToString()

        member image.Html =
            match Pixels.png height width channels bytes with
            | null -> image.ToString()
            | png ->
                $"<img width=\"{width * max 1 (200 / width)}\" style=\"image-rendering: pixelated\" src=\"data:image/png;base64,{Convert.ToBase64String png}\">"
