namespace Cotangent.Images

open System
open System.Buffers
open System.IO
open Microsoft.FSharp.NativeInterop
open SkiaSharp
open Cotangent

/// From the bytes of a file to a picture, by Skia's codecs. Sizes are read and judged before memory is taken, and only what begins
/// as one of the five formats reaches native code.
module internal Decoding =
    /// The largest array, in bytes, that is kept for the next picture.
    [<Literal>]
    let private Kept = 67108864

    /// Raises what is wrong with a file; the subject is its name, or what stands for one.
    let private wrong (operation: string) (subject: string) (text: string) : 'a =
        raise (FileException $"{operation}: {subject} {text}")

    let private ofResult (result: SKCodecResult) =
        match result with
        | SKCodecResult.IncompleteInput -> "is cut short: it ends before its last pixel"
        | SKCodecResult.ErrorInInput -> "is damaged: not all of it can be decoded"
        | SKCodecResult.InvalidInput -> "is damaged: its header does not fit its format"
        | SKCodecResult.Unimplemented -> "is of a variety of its format that isn't supported"
        | _ -> $"can't be decoded (Skia's codec says {result})"

    let private judge operation subject (options: DecodeOptions) (info: SKImageInfo) =
        let pixels = int64 info.Width * int64 info.Height

        if pixels < 1L then
            wrong operation subject $"has no pixels: its size is {info.Height} × {info.Width}."

        if pixels > options.MaxPixels then
            wrong
                operation
                subject
                $"says that it is {info.Height} × {info.Width} pixels, {pixels} in all, more than the {options.MaxPixels} that MaxPixels allows. Raise that if you trust the file."

        if pixels * 4L > int64 Array.MaxLength then
            wrong
                operation
                subject
                $"is {info.Height} × {info.Width} pixels, which do not fit into an array of .NET. Cut it into parts first."

    /// Whether a picture came out; throws where none did, or a damaged one that the options do not allow.
    let private check operation subject kind (options: DecodeOptions) (result: SKCodecResult) =
        match result with
        | SKCodecResult.Success -> ()
        | SKCodecResult.IncompleteInput
        | SKCodecResult.ErrorInInput when options.AllowDamaged -> ()
        | SKCodecResult.IncompleteInput
        | SKCodecResult.ErrorInInput ->
            wrong
                operation
                subject
                $"{ofResult result} ({PictureKind.name kind}). Get it again, or set AllowDamaged to take what there is of it."
        | _ -> wrong operation subject $"{ofResult result} ({PictureKind.name kind})."

    /// The size that a picture is decoded in.
    let private size (options: DecodeOptions) (codec: SKCodec) : SKSizeI =
        let info = codec.Info
        let whole = SKSizeI(info.Width, info.Height)

        let isEnough (size: SKSizeI) = Math.Min(size.Width, size.Height) >= options.ShorterSide

        if options.ShorterSide < 1 || codec.EncodedFormat <> SKEncodedImageFormat.Jpeg then
            whole
        else
            [ 0.125f; 0.25f; 0.5f ]
            |> List.map codec.GetScaledDimensions
            |> List.tryFind isEnough
            |> Option.defaultValue whole

    /// All pixels in one layout.
    let private pixelsInto
        operation
        subject
        kind
        (options: DecodeOptions)
        (codec: SKCodec)
        (size: SKSizeI)
        color
        alpha
        (into: byte[])
        bytes
        =
        // Of a damaged file some are not written.
        if options.AllowDamaged then Array.Clear(into, 0, bytes)

        let wanted = SKImageInfo(size.Width, size.Height, color, alpha, (null: SKColorSpace | null))

        use target = fixed into

        codec.GetPixels(wanted, NativePtr.toNativeInt target) |> check operation subject kind options

    let private stored operation subject kind options (codec: SKCodec) : Image =
        let info = codec.Info
        let size = size options codec
        let height, width = size.Height, size.Width
        let pixels = height * width
        let pixelsInto = pixelsInto operation subject kind options codec size

        if info.ColorType = SKColorType.Gray8 && info.AlphaType = SKAlphaType.Opaque then
            let bytes = Array.zeroCreate pixels
            pixelsInto SKColorType.Gray8 SKAlphaType.Opaque bytes bytes.Length
            Image(height, width, 1, bytes)
        elif info.AlphaType = SKAlphaType.Opaque then
            let isKept = 4 * pixels <= Kept
            let four = if isKept then ArrayPool.Shared.Rent(4 * pixels) else Array.zeroCreate (4 * pixels)

            try
                pixelsInto SKColorType.Rgba8888 SKAlphaType.Unpremul four (4 * pixels)
                use from = fixed four
                Image.Make(height, width, 3, (fun into -> Unpacking.toThree from pixels into))
            finally
                if isKept then ArrayPool.Shared.Return four
        else
            let bytes = Array.zeroCreate (4 * pixels)
            pixelsInto SKColorType.Rgba8888 SKAlphaType.Unpremul bytes bytes.Length
            Image(height, width, 4, bytes)

    let private oriented (origin: SKEncodedOrigin) (image: Image) : Image =
        match origin with
        | SKEncodedOrigin.TopRight -> Turning.apply Turn.Mirror image
        | SKEncodedOrigin.BottomRight -> Turning.apply Turn.Half image
        | SKEncodedOrigin.BottomLeft -> Turning.apply Turn.UpsideDown image
        | SKEncodedOrigin.LeftTop -> Turning.apply Turn.Transpose image
        | SKEncodedOrigin.RightTop -> Turning.apply Turn.QuarterRight image
        | SKEncodedOrigin.RightBottom -> Turning.apply Turn.Transverse image
        | SKEncodedOrigin.LeftBottom -> Turning.apply Turn.QuarterLeft image
        | _ -> image

    let private pictureKind operation subject (file: byte[]) =
        match PictureKind.recognise (ReadOnlySpan(file, 0, min file.Length PictureKind.Looked)) with
        | PictureKind.Other what -> wrong operation subject $"is no picture that can be decoded: it is {what}"
        | PictureKind.Unknown ->
            wrong
                operation
                subject
                "is no picture that can be decoded: it begins as none of PNG, JPEG, WebP, BMP and GIF does."
        | kind -> kind

    let decode (operation: string) (subject: string) (options: DecodeOptions) (file: byte[]) : Image =
        let kind = pictureKind operation subject file
        use contents = fixed file
        use data = SKData.Create(NativePtr.toNativeInt contents, file.Length)
        let mutable result = SKCodecResult.Success

        match SKCodec.Create(new SKMemoryStream(data), &result) with
        | null -> wrong operation subject $"{ofResult result} ({PictureKind.name kind})."
        | codec ->
            use codec = codec
            judge operation subject options codec.Info

            if kind = PictureKind.Jpeg && not (JpegEnd.isThere file) then
                check operation subject kind options SKCodecResult.IncompleteInput

            stored operation subject kind options codec
            |> (if options.Orient then oriented codec.EncodedOrigin else id)
            |> ChannelConversion.convert options.Channels options.Background

    let load (operation: string) (options: DecodeOptions) (path: string) : Image =
        if Directory.Exists path then
            raise (FileException $"{operation}: '{path}' is a folder. Name a file in it.")

        decode operation $"'{path}'" options (File.ReadAllBytes path)
