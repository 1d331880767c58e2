namespace Cotangent.Images

open System
open System.Numerics

/// Changes of pixels by their neighbours.
module internal Filters =
    /// The weights of a Gaussian bell at whole distances from its middle; they add up to 1.
    let gaussian (size: int) (deviation: float) : float32[] =
        let middle = float (size / 2)
        let weights = Array.init size (fun i -> exp (-0.5 * Math.Pow((float i - middle) / deviation, 2.0)))
        let total = Array.sum weights
        weights |> Array.map (fun weight -> float32 (weight / total))

    /// Adds numbers times a weight to others.
    let private addScaled (weight: float32) (numbers: ReadOnlySpan<float32>) (into: Span<float32>) =
        let mutable i = 0
        let lanes = Vector<float32>.Count

        while i + lanes <= into.Length do
            let sum =
                Vector<float32>(into.Slice(i, lanes))
                + Vector<float32>(weight) * Vector<float32>(numbers.Slice(i, lanes))

            sum.CopyTo(into.Slice(i, lanes))
            i <- i + lanes

        while i < into.Length do
            into[i] <- into[i] + weight * numbers[i]
            i <- i + 1

    /// Weighted sums along rows, then along columns, in single precision; the picture is mirrored at its edge pixels.
    let separable (weights: float32[]) (image: Image) : Image =
        let half = weights.Length / 2
        let padded = Padding.apply "blur" Border.Reflect half half half half image
        let channels, height, width = image.Channels, image.Height, image.Width
        let line = width * channels
        let rows = Array.zeroCreate<float32>(padded.Height * line)
        let levels = Array.zeroCreate<float32>(padded.Width * channels)

        for y in 0 .. padded.Height - 1 do
            let into = rows.AsSpan(y * line, line)
            let from = y * levels.Length

            for i in 0 .. levels.Length - 1 do
                levels[i] <- float32 padded.Bytes[from + i]

            for tap in 0 .. weights.Length - 1 do
                let weight = weights[tap]
                addScaled weight (ReadOnlySpan(levels, tap * channels, line)) into

        let sums = Array.zeroCreate<float32> line

        Image.Make(
            height,
            width,
            channels,
            fun into ->
                for y in 0 .. height - 1 do
                    Array.Clear sums

                    for tap in 0 .. weights.Length - 1 do
                        let weight = weights[tap]
                        addScaled weight (ReadOnlySpan(rows, (y + tap) * line, line)) (Span sums)

                    for i in 0 .. line - 1 do
                        into[y * line + i] <- byte (Math.Clamp(sums[i] + 0.5f, 0.0f, 255.0f))
        )

    /// Pillow's SMOOTH: a pixel counts 5, its eight neighbours 1 each; pixels at the edge stay.
    let smooth (image: Image) : Image =
        let channels = image.Channels
        let line = image.Width * channels
        let from = image.Bytes

        Image.Make(
            image.Height,
            image.Width,
            channels,
            fun into ->
                Buffer.BlockCopy(from, 0, into, 0, from.Length)

                for y in 1 .. image.Height - 2 do
                    for i in y * line + channels .. (y + 1) * line - channels - 1 do
                        let three at = int from[at - channels] + int from[at] + int from[at + channels]
                        let sum = three (i - line) + three i + three (i + line) + 4 * int from[i]
                        into[i] <- byte ((sum + 6) / 13)
        )
