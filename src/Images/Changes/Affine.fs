namespace Cotangent.Images

open System
open Cotangent

/// <summary>
/// An affine change of a picture about its centre: sheared, turned and scaled, then moved. The same numbers as torchvision's
/// <c>affine</c>, in whose order and sense they are meant.
/// </summary>
/// <example><code>
/// { Affine.Identity with Angle = 30.0; Scale = 1.2 }
/// </code></example>
type Affine = {
    /// Degrees, clockwise on the screen.
    Angle: float
    /// Pixels to the right.
    TranslateX: float
    /// Pixels downwards.
    TranslateY: float
    /// 2 makes everything twice as large; above 0.
    Scale: float
    /// Degrees by which columns lean.
    ShearX: float
    /// Degrees by which rows lean.
    ShearY: float
} with

    /// The change that changes nothing.
    static member Identity: Affine = {
        Angle = 0.0
        TranslateX = 0.0
        TranslateY = 0.0
        Scale = 1.0
        ShearX = 0.0
        ShearY = 0.0
    }

/// From a place of the new picture, in pixels and with centres at halves, to a place of the old one:
/// x' = XX · x + XY · y + X, and so for y.
[<Struct>]
type internal Placement = { XX: float; XY: float; X: float; YX: float; YY: float; Y: float }

module internal Placement =
    let private radians degrees = degrees * Math.PI / 180.0

    /// The inverse of the change about a centre.
    let ofAffineAbout (centerX: float) (centerY: float) (affine: Affine) : Placement =
        let angle, shearX, shearY = radians affine.Angle, radians affine.ShearX, radians affine.ShearY
        let a = cos (angle - shearY) / cos shearY
        let b = -(cos (angle - shearY)) * tan shearX / cos shearY - sin angle
        let c = sin (angle - shearY) / cos shearY
        let d = -(sin (angle - shearY)) * tan shearX / cos shearY + cos angle
        let xx, xy, yx, yy = d / affine.Scale, -b / affine.Scale, -c / affine.Scale, a / affine.Scale
        let x, y = -centerX - affine.TranslateX, -centerY - affine.TranslateY

        { XX = xx; XY = xy; X = xx * x + xy * y + centerX; YX = yx; YY = yy; Y = yx * x + yy * y + centerY }

    let ofAffine (height: int) (width: int) (affine: Affine) : Placement =
        ofAffineAbout (float width / 2.0) (float height / 2.0) affine

    /// Checks the numbers of a change.
    let require (operation: string) (affine: Affine) =
        for name, value in
            [
                "Angle", affine.Angle
                "TranslateX", affine.TranslateX
                "TranslateY", affine.TranslateY
                "Scale", affine.Scale
                "ShearX", affine.ShearX
                "ShearY", affine.ShearY
            ] do
            Given.finite operation name value

        if affine.Scale <= 0.0 then
            raise (ValueException $"{operation}: Scale is {affine.Scale}; it must be above 0.")

        for name, value in [ "ShearX", affine.ShearX; "ShearY", affine.ShearY ] do
            if abs value >= 90.0 then
                raise (
                    ValueException $"{operation}: {name} is {value} degrees; it must lie between -90 and 90."
                )

    /// A quarter turn is an exact one.
    let private exact (x: float) = Math.Round(x, 15)

    /// A turn against the clock about the centre, and the size of the picture that holds all of the turned one.
    let ofRotation
        (expand: bool)
        (height: int)
        (width: int)
        (degrees: float)
        : struct (Placement * int * int) =
        let cosine, sine = exact (cos (radians degrees)), exact (sin (radians degrees))
        let centerX, centerY = float width / 2.0, float height / 2.0

        // Where the new picture's place (x, y), seen from its centre, lies in the old one.
        let placed height width = {
            XX = cosine
            XY = -sine
            X = centerX - (cosine * float width / 2.0 - sine * float height / 2.0)
            YX = sine
            YY = cosine
            Y = centerY - (sine * float width / 2.0 + cosine * float height / 2.0)
        }

        if expand then
            // The corners of the old picture, about its centre, in the new one.
            let corners = [
                for x in [ -centerX; centerX ] do
                    for y in [ -centerY; centerY ] -> cosine * x + sine * y, -sine * x + cosine * y
            ]

            let span axis origin =
                let places = corners |> List.map (fun corner -> axis corner + origin)
                int (ceil (List.max places)) - int (floor (List.min places))

            let width', height' = span fst centerX, span snd centerY
            struct (placed height' width', height', width')
        else
            struct (placed height width, height, width)

/// Pictures seen through a placement.
module internal Warping =
    let inline private within size i = Math.Clamp(i, 0, size - 1)

    /// Keys's cubic with a = -1/2, for four neighbours of which the second is t away.
    let private cubic (t: float) : struct (float * float * float * float) =
        let square, cube = t * t, t * t * t

        struct (-0.5 * cube + square - 0.5 * t,
                1.5 * cube - 2.5 * square + 1.0,
                -1.5 * cube + 2.0 * square + 0.5 * t,
                0.5 * cube - 0.5 * square)

    let inline private level (x: float) = byte (Math.Clamp(x + 0.5, 0.0, 255.0))

    let private bilinear (image: Image) (x: float) (y: float) (into: byte[]) o =
        let from, step = image.Bytes, image.Channels
        let x, y = x - 0.5, y - 0.5
        let column, row = int (floor x), int (floor y)
        let s, t = x - float column, y - float row
        let left, right = within image.Width column * step, within image.Width (column + 1) * step
        let above = within image.Height row * image.Width * step
        let below = within image.Height (row + 1) * image.Width * step

        for c in 0 .. step - 1 do
            let first = float from[above + left + c] * (1.0 - s) + float from[above + right + c] * s
            let second = float from[below + left + c] * (1.0 - s) + float from[below + right + c] * s
            into[o + c] <- level (first * (1.0 - t) + second * t)

    let private bicubic (image: Image) (x: float) (y: float) (into: byte[]) o =
        let from, step = image.Bytes, image.Channels
        let x, y = x - 0.5, y - 0.5
        let column, row = int (floor x), int (floor y)
        let struct (a, b, c, d) = cubic (x - float column)
        let struct (e, f, g, h) = cubic (y - float row)
        let place offset = within image.Width (column + offset) * step

        for channel in 0 .. step - 1 do
            let line offset =
                let start = within image.Height (row + offset) * image.Width * step + channel
                let at offset = float from[start + place offset]
                a * at -1 + b * at 0 + c * at 1 + d * at 2

            into[o + channel] <- level (e * line -1 + f * line 0 + g * line 1 + h * line 2)

    let private nearest (image: Image) (x: float) (y: float) (into: byte[]) o =
        let i = (int y * image.Width + int x) * image.Channels

        for c in 0 .. image.Channels - 1 do
            into[o + c] <- image.Bytes[i + c]

    let inline private warp
        ([<InlineIfLambda>] sample: Image -> float -> float -> byte[] -> int -> unit)
        (fill: byte[])
        (placement: Placement)
        height
        width
        (image: Image)
        : Image =
        let channels = image.Channels

        Image.Make(
            height,
            width,
            channels,
            fun into ->
                let mutable o = 0

                for row in 0 .. height - 1 do
                    for column in 0 .. width - 1 do
                        let u, v = float column + 0.5, float row + 0.5
                        let x = placement.XX * u + placement.XY * v + placement.X
                        let y = placement.YX * u + placement.YY * v + placement.Y

                        if x >= 0.0 && x < float image.Width && y >= 0.0 && y < float image.Height then
                            sample image x y into o
                        else
                            for c in 0 .. channels - 1 do
                                into[o + c] <- fill[c]

                        o <- o + channels
        )

    /// What lies outside of the picture has the colour.
    let apply
        (operation: string)
        (resampling: Resampling)
        (fill: Color)
        placement
        height
        width
        (image: Image)
        : Image =
        let fill = Color.channels image.Channels fill

        match resampling with
        | Resampling.Nearest ->
            warp (fun image x y into o -> nearest image x y into o) fill placement height width image
        | Resampling.Bilinear
        | Resampling.Bicubic ->
            let fill =
                if image.HasAlpha then
                    fill
                    |> Array.mapi (fun c x ->
                        if c = 3 then x else byte (ChannelConversion.scaled (int x) (int fill[3])))
                else
                    fill

            image
            |> Premultiplied.around (fun image ->
                if resampling = Resampling.Bicubic then
                    warp (fun image x y into o -> bicubic image x y into o) fill placement height width image
                else
                    warp
                        (fun image x y into o -> bilinear image x y into o)
                        fill
                        placement
                        height
                        width
                        image)
        | Resampling.Area ->
            raise (
                ValueException
                    $"{operation}: Resampling.Area is for resizing. Take Bilinear, Bicubic or Nearest."
            )
