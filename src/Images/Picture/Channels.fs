namespace Cotangent.Images

/// <summary>What the channels of a picture mean.</summary>
/// <example><code>
/// Image.convert Channels.Gray (Image.filled 2 3 Color.White) // image 2 × 3 × 1
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Channels =
    /// As the file has them: grey 1, colours 3, any of these with transparency 4.
    | AsStored
    /// 1: the luma of the colours, 0.299 red + 0.587 green + 0.114 blue.
    | Gray
    /// 3: red, green, blue.
    | Rgb
    /// 4: red, green, blue, alpha.
    | Rgba

/// From channels to channels.
module internal ChannelConversion =
    /// (a · b) / 255, rounded.
    let inline scaled (a: int) (b: int) =
        let product = a * b + 128
        ((product >>> 8) + product) >>> 8

    /// What a pixel of 4 channels looks like in front of a background.
    let inline private over (alpha: byte) (color: byte) (background: byte) =
        byte (scaled (int color) (int alpha) + scaled (int background) (255 - int alpha))

    let private each (image: Image) channels (put: byte[] -> int -> byte[] -> int -> unit) =
        let from, step = image.Bytes, image.Channels

        Image.Make(
            image.Height,
            image.Width,
            channels,
            fun into ->
                for i in 0 .. image.Height * image.Width - 1 do
                    put from (i * step) into (i * channels)
        )

    let flattened (background: Color) (image: Image) =
        each image 3 (fun from i into o ->
            let alpha = from[i + 3]
            into[o] <- over alpha from[i] background.Red
            into[o + 1] <- over alpha from[i + 1] background.Green
            into[o + 2] <- over alpha from[i + 2] background.Blue)

    let private grayOfRgb image =
        each image 1 (fun from i into o -> into[o] <- Luma.ofRgb from[i] from[i + 1] from[i + 2])

    let private rgbOfGray image =
        each image 3 (fun from i into o ->
            into[o] <- from[i]
            into[o + 1] <- from[i]
            into[o + 2] <- from[i])

    let private opaque image =
        let gray = (image: Image).Channels = 1

        each image 4 (fun from i into o ->
            into[o] <- from[i]
            into[o + 1] <- if gray then from[i] else from[i + 1]
            into[o + 2] <- if gray then from[i] else from[i + 2]
            into[o + 3] <- 255uy)

    let convert (channels: Channels) (background: Color) (image: Image) : Image =
        match channels, image.Channels with
        | Channels.AsStored, _
        | Channels.Gray, 1
        | Channels.Rgb, 3
        | Channels.Rgba, 4 -> image
        | Channels.Gray, 3 -> grayOfRgb image
        | Channels.Gray, _ -> grayOfRgb (flattened background image)
        | Channels.Rgb, 1 -> rgbOfGray image
        | Channels.Rgb, _ -> flattened background image
        | Channels.Rgba, _ -> opaque image
