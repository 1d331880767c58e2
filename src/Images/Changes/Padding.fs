namespace Cotangent.Images

open System
open Cotangent

/// <summary>What a picture is surrounded with when it grows.</summary>
/// <example><code>
/// Geometry.pad Border.Edge 1 1 1 1 (Image.filled 4 4 Color.White) // image 6 × 6 × 3
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Border =
    /// One colour.
    | Constant of color: Color
    /// The pixels at the edge go on.
    | Edge
    /// The picture mirrored at its edge pixels, which are not doubled.
    | Reflect

module internal Padding =
    let private reflected size i =
        let i = if i < 0 then -i else i
        if i >= size then 2 * size - 2 - i else i

    /// For each position of an axis that grew, where its pixel comes from.
    let private sources
        (operation: string)
        (axis: string)
        (border: Border)
        (before: int)
        (size: int)
        (after: int)
        : int[] =
        match border with
        | Border.Reflect when Math.Max(before, after) >= size ->
            raise (
                ValueException
                    $"{operation}: {before} and {after} pixels at the ends of a {axis} of {size} can't be reflected, which gives {size - 1} at most. Pad less, or with Border.Edge."
            )
        | Border.Reflect -> Array.init (before + size + after) (fun i -> reflected size (i - before))
        | Border.Edge
        | Border.Constant _ ->
            Array.init (before + size + after) (fun i -> Math.Clamp(i - before, 0, size - 1))

    let apply
        (operation: string)
        (border: Border)
        (top: int)
        (bottom: int)
        (left: int)
        (right: int)
        (image: Image)
        : Image =
        for side, width in [ "top", top; "bottom", bottom; "left", left; "right", right ] do
            if width < 0 then
                raise (
                    ValueException
                        $"{operation}: {width} pixels at the {side}; they must be 0 or more. `Geometry.crop` takes some away."
                )

        let height, width, channels = image.Height + top + bottom, image.Width + left + right, image.Channels
        Image.Check(operation, height, width, channels)

        match border with
        | Border.Constant color ->
            let padded = Pasting.filled height width channels color
            Pasting.paste image top left width padded.Bytes
            padded
        | Border.Edge
        | Border.Reflect ->
            let rows = sources operation "height" border top image.Height bottom
            let columns = sources operation "width" border left image.Width right

            Image.Make(
                height,
                width,
                channels,
                fun into ->
                    let mutable o = 0

                    for y in 0 .. height - 1 do
                        for x in 0 .. width - 1 do
                            let i = (rows[y] * image.Width + columns[x]) * channels

                            for c in 0 .. channels - 1 do
                                into[o + c] <- image.Bytes[i + c]

                            o <- o + channels
            )
