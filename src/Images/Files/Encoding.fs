namespace Cotangent.Images

open System
open System.IO
open Microsoft.FSharp.NativeInterop
open SkiaSharp
open Cotangent

/// From a picture to the bytes of a file.
module internal Encoding =
    /// What `encode` makes of the pixels where they lie.
    let private encoded (operation: string) (image: Image) (encode: SKPixmap -> SKData | null) : byte[] =
        let color, alpha, bytes =
            match image.Channels with
            | 1 -> SKColorType.Gray8, SKAlphaType.Opaque, image.Bytes
            | 3 ->
                SKColorType.Rgb888x,
                SKAlphaType.Opaque,
                Unpacking.toFour image.Bytes (image.Height * image.Width)
            | _ -> SKColorType.Rgba8888, SKAlphaType.Unpremul, image.Bytes

        use pixels = fixed bytes
        let info = SKImageInfo(image.Width, image.Height, color, alpha)
        use pixmap = new SKPixmap(info, NativePtr.toNativeInt pixels)

        match encode pixmap with
        | null ->
            raise (
                ValueException
                    $"{operation}: the codec can't encode an {image}; is it too large for the format?"
            )
        | data ->
            use data = data
            data.ToArray()

    let png (operation: string) (image: Image) : byte[] =
        encoded operation image (fun pixmap -> pixmap.Encode(SKPngEncoderOptions.Default))

    let jpeg (operation: string) (quality: int) (image: Image) : byte[] =
        if quality < 1 || quality > 100 then
            raise (ValueException $"{operation}: quality {quality}; it goes from 1 (smallest) to 100 (best).")

        if image.HasAlpha then
            raise (
                ValueException
                    $"{operation}: an {image} has alpha, and JPEG none. Flatten it first, `Image.flatten Color.White image`, or write a PNG."
            )

        encoded operation image (fun pixmap ->
            pixmap.Encode(
                SKJpegEncoderOptions(
                    quality,
                    SKJpegEncoderDownsample.Downsample420,
                    SKJpegEncoderAlphaOption.Ignore
                )
            ))

    /// Written under another name and renamed, so that what was there before is whole until the new file is.
    let private replace (path: string) (bytes: byte[]) =
        let full = Path.GetFullPath path
        let beside = $"{full}.{Guid.NewGuid():N}.tmp"

        try
            File.WriteAllBytes(beside, bytes)
            File.Move(beside, full, overwrite = true)
        finally
            File.Delete beside

    let save (operation: string) (quality: int) (path: string) (image: Image) : unit =
        match (string (Path.GetExtension path)).ToLowerInvariant() with
        | ".png" -> replace path (png operation image)
        | ".jpg"
        | ".jpeg" -> replace path (jpeg operation quality image)
        | other ->
            raise (
                ValueException
                    $"{operation}: '{path}' ends in '{other}'; pictures are written as .png, .jpg or .jpeg."
            )
