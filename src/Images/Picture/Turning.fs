namespace Cotangent.Images

open System

/// The eight ways to turn and mirror a picture by whole pixels.
[<RequireQualifiedAccess; Struct>]
type internal Turn =
    | Mirror
    | UpsideDown
    | Half
    | Transpose
    | Transverse
    | QuarterLeft
    | QuarterRight

/// Pictures turned and mirrored: each is walked with other steps.
module internal Turning =
    /// Copies pixels from where they are found by a first place and steps, counted in pixels.
    let private walk (from: byte[]) channels first rowStep columnStep height width (into: byte[]) =
        let mutable o = 0

        for row in 0 .. height - 1 do
            let mutable i = (first + row * rowStep) * channels
            let step = columnStep * channels

            if columnStep = 1 then
                Buffer.BlockCopy(from, i, into, o, width * channels)
                o <- o + width * channels
            else
                let three = channels = 3

                for _ in 1..width do
                    if three then
                        into[o] <- from[i]
                        into[o + 1] <- from[i + 1]
                        into[o + 2] <- from[i + 2]
                    else
                        for c in 0 .. channels - 1 do
                            into[o + c] <- from[i + c]

                    o <- o + channels
                    i <- i + step

    let apply (turn: Turn) (image: Image) : Image =
        let h, w = image.Height, image.Width

        let made height width first rowStep columnStep =
            Image.Make(
                height,
                width,
                image.Channels,
                walk image.Bytes image.Channels first rowStep columnStep height width
            )

        match turn with
        | Turn.Mirror -> made h w (w - 1) w -1
        | Turn.UpsideDown -> made h w ((h - 1) * w) -w 1
        | Turn.Half -> made h w (h * w - 1) -w -1
        | Turn.Transpose -> made w h 0 1 w
        | Turn.Transverse -> made w h (h * w - 1) -1 -w
        | Turn.QuarterLeft -> made w h (w - 1) -1 w
        | Turn.QuarterRight -> made w h ((h - 1) * w) 1 -w
