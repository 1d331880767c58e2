namespace Cotangent.Images

open System
open Cotangent

/// One picture inside of another.
module internal Pasting =
    /// A picture of one colour.
    let filled height width channels (color: Color) : Image =
        let pixel = Color.channels channels color

        Image.Make(
            height,
            width,
            channels,
            fun into ->
                for i in 0 .. into.Length - 1 do
                    into[i] <- pixel[i % channels]
        )

    /// Copies a picture to a place of the bytes of one that is `width` wide.
    let paste (image: Image) row column width (into: byte[]) =
        let channels = image.Channels
        let line = image.Width * channels

        for y in 0 .. image.Height - 1 do
            Buffer.BlockCopy(image.Bytes, y * line, into, ((row + y) * width + column) * channels, line)

/// Pictures side by side.
module internal Grid =
    let make (operation: string) (columns: int) (padding: int) (background: Color) (images: Image[]) : Image =
        Given.positive operation "the number of columns" columns
        Given.notNegative operation "the padding" (float padding)

        if images.Length = 0 then
            raise (ValueException $"{operation}: there are no pictures. Give at least one.")

        let first = images[0]

        images
        |> Array.iteri (fun n image ->
            if
                image.Height <> first.Height
                || image.Width <> first.Width
                || image.Channels <> first.Channels
            then
                raise (
                    ShapeException
                        $"{operation}: picture {n} is an {image}, picture 0 an {first}; all must have one size. Resize them, or convert their channels."
                ))

        let columns = min columns images.Length
        let rows = (images.Length + columns - 1) / columns
        let along count size = count * (size + padding) + padding
        let height, width = along rows first.Height, along columns first.Width
        Image.Check(operation, height, width, first.Channels)
        let grid = Pasting.filled height width first.Channels background

        images
        |> Array.iteri (fun n image ->
            Pasting.paste
                image
                (padding + n / columns * (first.Height + padding))
                (padding + n % columns * (first.Width + padding))
                width
                grid.Bytes)

        grid
