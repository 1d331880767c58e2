namespace Cotangent.Images

open Microsoft.FSharp.NativeInterop
open SkiaSharp

/// From the bytes of pixels to those of a file.
module internal Pixels =
    /// What `encode` makes of the pixels where they lie; null where it can't.
    let encoded height width channels (bytes: byte[]) (encode: SKPixmap -> SKData | null) : byte[] | null =
        let color, alpha, bytes =
            match channels with
            | 1 -> SKColorType.Gray8, SKAlphaType.Opaque, bytes
            | 3 -> SKColorType.Rgb888x, SKAlphaType.Opaque, Unpacking.toFour bytes (height * width)
            | _ -> SKColorType.Rgba8888, SKAlphaType.Unpremul, bytes

        use pixels = fixed bytes
        let info = SKImageInfo(width, height, color, alpha)
        use pixmap = new SKPixmap(info, NativePtr.toNativeInt pixels)

        match encode pixmap with
        | null -> null
        | data ->
            use data = data
            data.ToArray()

    let png height width channels (bytes: byte[]) : byte[] | null =
        encoded height width channels bytes (fun pixmap -> pixmap.Encode SKPngEncoderOptions.Default)
