namespace Cotangent.Images

open System

/// Changes of colours that look at one pixel at a time. Alpha stays as it is.
module internal Levels =
    /// How many channels are colours.
    let colors (image: Image) = if image.HasAlpha then 3 else image.Channels

    /// Each colour channel by a table of its own.
    let mapEach (tables: byte[][]) (image: Image) : Image =
        let from, channels, colors = image.Bytes, image.Channels, colors image

        Image.Make(
            image.Height,
            image.Width,
            channels,
            fun into ->
                for i in 0 .. image.Height * image.Width - 1 do
                    for c in 0 .. channels - 1 do
                        let at = i * channels + c
                        into[at] <- if c < colors then tables[c][int from[at]] else from[at]
        )

    /// All colour channels by one table.
    let map (table: int -> byte) (image: Image) : Image =
        mapEach (Array.replicate 3 (Array.init 256 table)) image

    /// Each pixel of red, green and blue; grey pictures are their business that call.
    let inline mapPixels
        ([<InlineIfLambda>] change: byte -> byte -> byte -> struct (byte * byte * byte))
        (image: Image)
        : Image =
        let from, channels = image.Bytes, image.Channels

        Image.Make(
            image.Height,
            image.Width,
            channels,
            fun into ->
                for i in 0..channels .. from.Length - channels do
                    let struct (r, g, b) = change from[i] from[i + 1] from[i + 2]
                    into[i] <- r
                    into[i + 1] <- g
                    into[i + 2] <- b
                    if channels = 4 then into[i + 3] <- from[i + 3]
        )

    /// Between a level at factor 0 and another at factor 1, or beyond: cut to whole numbers in single precision, as Pillow does it.
    let inline blend (factor: float32) (zero: byte) (one: byte) : byte =
        byte (Math.Clamp(float32 zero + factor * float32 (int one - int zero), 0.0f, 255.0f))

    /// The luma of a pixel; on grey pictures the pixel.
    let inline luma (bytes: byte[]) channels i : byte =
        if channels < 3 then bytes[i] else Luma.ofRgb bytes[i] bytes[i + 1] bytes[i + 2]

    /// The mean luma, rounded to a level.
    let meanLuma (image: Image) : byte =
        let mutable sum = 0L
        let channels = image.Channels

        for i in 0..channels .. image.Bytes.Length - channels do
            sum <- sum + int64 (luma image.Bytes channels i)

        byte (float sum / float (image.Height * image.Width) + 0.5)

    /// How often each level of each colour channel occurs.
    let histograms (image: Image) : int[][] =
        let counts = Array.init (colors image) (fun _ -> Array.zeroCreate<int> 256)
        let channels = image.Channels

        for i in 0..channels .. image.Bytes.Length - channels do
            for c in 0 .. counts.Length - 1 do
                let level = int image.Bytes[i + c]
                counts[c][level] <- counts[c][level] + 1

        counts

    /// The levels that occur, stretched to all of 0 to 255.
    let stretched (counts: int[]) : byte[] =
        let low, high = Array.findIndex ((<) 0) counts, Array.findIndexBack ((<) 0) counts

        if high <= low then
            Array.init 256 byte
        else
            let scale = 255.0 / float (high - low)
            let offset = -(float low) * scale
            Array.init 256 (fun i -> byte (Math.Clamp(float i * scale + offset, 0.0, 255.0)))

    /// The levels so that each range of them has about as many pixels as any other.
    let equalized (counts: int[]) : byte[] =
        let step = (Array.sum counts - counts[Array.findIndexBack ((<) 0) counts]) / 255

        if (counts |> Array.filter ((<) 0)).Length <= 1 || step = 0 then
            Array.init 256 byte
        else
            counts
            |> Array.scan (+) (step / 2)
            |> Array.take 256
            |> Array.map (fun n -> byte (Math.Min(255, n / step)))

/// Hue, saturation and value, each from 0 to 1.
module internal Hue =
    /// The colour whose hue is so much further around the circle, of which 1 is the whole.
    let shift (by: float32) (r: byte) (g: byte) (b: byte) : struct (byte * byte * byte) =
        let most, least = Math.Max(r, Math.Max(g, b)), Math.Min(r, Math.Min(g, b))

        if most = least then
            struct (r, g, b)
        else
            let width = float32 (int most - int least)

            let sixths =
                if r = most then float32 (int g - int b) / width
                elif g = most then 2.0f + float32 (int b - int r) / width
                else 4.0f + float32 (int r - int g) / width

            // 0 to 6.
            let turned = sixths + 6.0f * by
            let turned = turned - 6.0f * floor (turned / 6.0f)
            let sector = int turned % 6
            let part = turned - floor turned
            let level (x: float32) = byte (x + 0.5f)
            let falling = level (float32 most - width * part)
            let rising = level (float32 least + width * part)

            match sector with
            | 0 -> struct (most, rising, least)
            | 1 -> struct (falling, most, least)
            | 2 -> struct (least, most, rising)
            | 3 -> struct (least, falling, most)
            | 4 -> struct (rising, least, most)
            | _ -> struct (most, least, falling)
