namespace Cotangent.Images

open System
open System.IO
open SkiaSharp
open Cotangent

/// From a picture to the bytes of a file.
module internal Encoding =
    let private made (operation: string) (image: Image) (bytes: byte[] | null) : byte[] =
        match bytes with
        | null ->
            raise (
                ValueException
                    $"{operation}: the codec can't encode an {image}; is it too large for the format?"
            )
        | bytes -> bytes

    let png (operation: string) (image: Image) : byte[] =
        made operation image (Pixels.png image.Height image.Width image.Channels image.Bytes)

    let jpeg (operation: string) (quality: int) (image: Image) : byte[] =
        if quality < 1 || quality > 100 then
            raise (ValueException $"{operation}: quality {quality}; it goes from 1 (smallest) to 100 (best).")

        if image.HasAlpha then
            raise (
                ValueException
                    $"{operation}: an {image} has alpha, and JPEG none. Flatten it first, `Image.flatten Color.White image`, or write a PNG."
            )

        let options =
            SKJpegEncoderOptions(
                quality,
                SKJpegEncoderDownsample.Downsample420,
                SKJpegEncoderAlphaOption.Ignore
            )

        Pixels.encoded image.Height image.Width image.Channels image.Bytes _.Encode(options)
        |> made operation image

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
