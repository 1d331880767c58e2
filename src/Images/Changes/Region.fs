namespace Cotangent.Images

open System
open System.Buffers
open Cotangent

/// A rectangle of a picture.
[<Struct>]
type internal Region = { Top: int; Left: int; Height: int; Width: int }

module internal Region =
    let whole (image: Image) = { Top = 0; Left = 0; Height = image.Height; Width = image.Width }

    let crop (region: Region) (image: Image) : Image =
        let channels = image.Channels
        let line = region.Width * channels

        Image.Make(
            region.Height,
            region.Width,
            channels,
            fun into ->
                for y in 0 .. region.Height - 1 do
                    let from = ((region.Top + y) * image.Width + region.Left) * channels
                    Buffer.BlockCopy(image.Bytes, from, into, y * line, line)
        )

/// Colours multiplied by alpha, so that what is transparent adds nothing to a sum, and back.
module internal Premultiplied =
    let private each (image: Image) (change: int -> byte -> byte) =
        let from = image.Bytes

        Image.Make(
            image.Height,
            image.Width,
            4,
            fun into ->
                for i in 0..4 .. from.Length - 4 do
                    let alpha = int from[i + 3]
                    into[i] <- change alpha from[i]
                    into[i + 1] <- change alpha from[i + 1]
                    into[i + 2] <- change alpha from[i + 2]
                    into[i + 3] <- from[i + 3]
        )

    let into (image: Image) : Image =
        each image (fun alpha color -> byte (ChannelConversion.scaled (int color) alpha))

    let out (image: Image) : Image =
        each image (fun alpha color ->
            if alpha = 0 || alpha = 255 then color else byte (Math.Min(255, 255 * int color / alpha)))

    /// A change of a picture whose pixels it adds up.
    let around (change: Image -> Image) (image: Image) : Image =
        if image.HasAlpha then out (change (into image)) else change image

/// Pictures, and rectangles of them, in another size.
module internal Resizing =
    let private nearest (region: Region) height width (image: Image) : Image =
        let rows, columns = Taps.nearest region.Height height, Taps.nearest region.Width width
        let channels, from = image.Channels, image.Bytes

        Image.Make(
            height,
            width,
            channels,
            fun into ->
                let mutable o = 0

                for y in 0 .. height - 1 do
                    let line = ((region.Top + rows[y]) * image.Width + region.Left) * channels

                    for x in 0 .. width - 1 do
                        let i = line + columns[x] * channels

                        for c in 0 .. channels - 1 do
                            into[o + c] <- from[i + c]

                        o <- o + channels
        )

    /// First along rows, of those that count, then along columns; an axis that keeps its size is left alone.
    let private summed (taps: int -> int -> Taps) (region: Region) height width (image: Image) : Image =
        let channels = image.Channels
        let stride = image.Width * channels
        let start = region.Top * stride + region.Left * channels

        if width = region.Width && height = region.Height then
            Region.crop region image
        elif width = region.Width then
            Image(
                height,
                width,
                channels,
                ResizeKernels.down image.Bytes start stride (width * channels) (taps region.Height height)
            )
        else
            let line = width * channels

            // Large arrays of a moment would have the collector look through all memory again and again.
            let rows = ArrayPool.Shared.Rent(ResizeKernels.roomAcross region.Height width channels)

            try
                ResizeKernels.across
                    image.Bytes
                    start
                    stride
                    region.Height
                    channels
                    (taps region.Width width)
                    rows

                let bytes =
                    if height = region.Height then
                        Array.sub rows 0 (height * line)
                    else
                        ResizeKernels.down rows 0 line line (taps region.Height height)

                Image(height, width, channels, bytes)
            finally
                ArrayPool.Shared.Return rows

    /// The rectangle in another size, which does not see what is around it.
    let region
        (antialias: bool)
        (resampling: Resampling)
        (region: Region)
        height
        width
        (image: Image)
        : Image =
        match resampling with
        | Resampling.Nearest -> nearest region height width image
        | Resampling.Bilinear
        | Resampling.Bicubic
        | Resampling.Area ->
            let taps = if antialias then Taps.antialiased resampling else Taps.plain resampling

            if image.HasAlpha then
                Region.crop region image
                |> Premultiplied.around (fun part -> summed taps (Region.whole part) height width part)
            else
                summed taps region height width image
