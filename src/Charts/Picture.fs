namespace Cotangent.Charts

open System
open Cotangent
open Cotangent.Notebooks

/// <summary>A picture, as PNG.</summary>
[<Sealed; TypeFormatterSource(typeof<NotebookFormatters>)>]
type Picture internal (width: int, height: int, outside: int64, png: byte[]) =
    /// Pixels in a row.
    member _.Width = width
    /// Rows of pixels.
    member _.Height = height
    /// How many of the tensor's numbers were no shade: below 0, above 1, or NaN. They are drawn as the nearest shade, NaN as black.
    member _.Outside = outside
    /// The file.
    member _.Png = png
    override _.ToString() = $"{width} × {height} pixels"

    /// Small pictures by larger pixels, some 200 of the screen's wide.
    interface INotebookView with
        member picture.Text = picture.ToString()

        member _.Html =
            $"<img width=\"{width * max 1 (200 / width)}\" style=\"image-rendering: pixelated\" src=\"data:image/png;base64,{Convert.ToBase64String png}\">"

    /// <summary>
    /// The picture of a tensor (channels, rows, columns), or the grid of those of a batch (number, channels, rows, columns), with
    /// 1 channel for grey, 3 for red, green and blue, 4 with alpha. Numbers are shades from 0 to 1, also of integers.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shape is another, or an axis is empty.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside a transformation, where there are no numbers yet.</exception>
    /// <example><code>
    /// // Nine squares of noise, three in a row.
    /// let picture = Picture.OfTensor(Random.uniform (Key.create 0L) DType.Float32 [ 9; 3; 8; 8 ])
    /// picture.Width // three of 8 pixels, and 4 lines around them: 28
    /// </code></example>
    static member OfTensor(tensor: Tensor) : Picture =
        ArgumentNullException.ThrowIfNull(box tensor, nameof tensor)
        let shape = tensor.Shape

        let number, channels, rows, columns =
            match shape with
            | [| c; h; w |] -> 1, c, h, w
            | [| n; c; h; w |] -> n, c, h, w
            | _ -> 0, 0, 0, 0

        let fits = number > 0 && rows > 0 && columns > 0 && (channels = 1 || channels = 3 || channels = 4)

        if not fits then
            let got = shape |> Array.map string |> String.concat ", "

            raise (
                ShapeException
                    $"Picture.OfTensor: got a tensor of shape ({got}); wanted (channels, rows, columns), or (number, channels, rows, columns), with 1, 3 or 4 channels and no empty axis. `Reshape` adds an axis, `Transpose` brings channels to the front."
            )

        let shades = (tensor.Convert DType.Float32).Reshape([ tensor.Size ]).ToData<float32[]>()
        PictureGrid.draw number channels rows columns shades

/// How pictures are put beside one another.
and internal PictureGrid =
    static member draw number channels rows columns (shades: float32[]) : Picture =
        let across = int (ceil (sqrt (float number)))
        let down = (number + across - 1) / across
        // A line around each of several.
        let line = if number > 1 then 1 else 0
        let width = across * (columns + line) + line
        let height = down * (rows + line) + line
        let pixels = Array.create (width * height * channels) 128uy
        let mutable outside = 0L

        for n in 0 .. number - 1 do
            let top = n / across * (rows + line) + line
            let left = n % across * (columns + line) + line

            for c in 0 .. channels - 1 do
                for y in 0 .. rows - 1 do
                    for x in 0 .. columns - 1 do
                        let shade = shades[((n * channels + c) * rows + y) * columns + x]
                        if not (shade >= 0.0f && shade <= 1.0f) then outside <- outside + 1L

                        let nearest = if Single.IsNaN shade then 0.0f else min (max shade 0.0f) 1.0f

                        pixels[((top + y) * width + left + x) * channels + c] <-
                            byte (MathF.Round(nearest * 255.0f))

        Picture(width, height, outside, Png.encode width height channels pixels)
