namespace Cotangent.Images

open System
open Cotangent

/// <summary>
/// Colours changed, as Pillow and torchvision do it. Alpha stays as it is.
/// </summary>
[<RequireQualifiedAccess>]
module Adjust =
    /// <summary>0 is black, 1 the picture as it is, 2 twice as bright.</summary>
    /// <exception cref="T:Cotangent.ValueException">The factor is negative or not finite.</exception>
    /// <example><code>
    /// (Adjust.brightness 0.5 (Image.filled 1 1 (Color.OfGray 200uy)))[0, 0, 0] // 100
    /// </code></example>
    let brightness (factor: float) (image: Image) : Image =
        Given.check "image" image
        Given.notNegative "Adjust.brightness" "the factor" factor
        image |> Levels.map (fun level -> Levels.blend (float32 factor) 0uy (byte level))

    /// <summary>0 is the mean grey, 1 the picture as it is, 2 twice as far from that grey.</summary>
    /// <exception cref="T:Cotangent.ValueException">The factor is negative or not finite.</exception>
    /// <example><code>
    /// let image = Image.create 1 2 1 [| 0uy; 200uy |]
    /// (Adjust.contrast 0.5 image)[0, 0, 0] // 50
    /// </code></example>
    let contrast (factor: float) (image: Image) : Image =
        Given.check "image" image
        Given.notNegative "Adjust.contrast" "the factor" factor
        let mean = Levels.meanLuma image
        image |> Levels.map (fun level -> Levels.blend (float32 factor) mean (byte level))

    /// <summary>0 is grey, 1 the picture as it is, 2 twice as colourful. Grey pictures stay.</summary>
    /// <exception cref="T:Cotangent.ValueException">The factor is negative or not finite.</exception>
    /// <example><code>
    /// // Red, without its colour.
    /// (Adjust.saturation 0.0 (Image.filled 1 1 (Color.OfRgb(255uy, 0uy, 0uy))))[0, 0, 2] // 76
    /// </code></example>
    let saturation (factor: float) (image: Image) : Image =
        Given.check "image" image
        Given.notNegative "Adjust.saturation" "the factor" factor
        let factor = float32 factor

        if image.Channels = 1 then
            image
        else
            image
            |> Levels.mapPixels (fun r g b ->
                let gray = Luma.ofRgb r g b
                struct (Levels.blend factor gray r, Levels.blend factor gray g, Levels.blend factor gray b))

    /// <summary>
    /// Colours turned on their circle: from -1/2 to 1/2, which is the opposite of each; 1/3 makes green of red. Grey stays.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The shift is not between -1/2 and 1/2.</exception>
    /// <example><code>
    /// (Adjust.hue (1.0 / 3.0) (Image.filled 1 1 (Color.OfRgb(255uy, 0uy, 0uy))))[0, 0, 1] // 255
    /// </code></example>
    let hue (shift: float) (image: Image) : Image =
        Given.check "image" image

        if not (abs shift <= 0.5) then
            raise (
                ValueException
                    $"Adjust.hue: a shift of {shift}; it must lie between -0.5 and 0.5, half of the circle."
            )

        if image.Channels = 1 then
            image
        else
            let by = float32 shift
            image |> Levels.mapPixels (fun r g b -> Hue.shift by r g b)

    /// <summary>0 is a smoothed picture, 1 the picture as it is, 2 one twice as sharp.</summary>
    /// <exception cref="T:Cotangent.ValueException">The factor is negative or not finite.</exception>
    /// <example><code>
    /// // One bright pixel, smoothed.
    /// let image = Image.create 3 3 1 [| 0uy; 0uy; 0uy; 0uy; 130uy; 0uy; 0uy; 0uy; 0uy |]
    /// (Adjust.sharpness 0.0 image)[1, 1, 0] // 50
    /// </code></example>
    let sharpness (factor: float) (image: Image) : Image =
        Given.check "image" image
        Given.notNegative "Adjust.sharpness" "the factor" factor
        let smooth, factor, channels = Filters.smooth image, float32 factor, image.Channels

        Image.Make(
            image.Height,
            image.Width,
            channels,
            fun into ->
                for i in 0 .. into.Length - 1 do
                    into[i] <-
                        if channels = 4 && i % 4 = 3 then
                            image.Bytes[i]
                        else
                            Levels.blend factor smooth.Bytes[i] image.Bytes[i]
        )

    /// <summary>
    /// Grey levels in as many channels as before: a model of colours takes it still. <c>Image.convert Channels.Gray</c> gives one channel.
    /// </summary>
    /// <example><code>
    /// // 0.299 of the red.
    /// let grey = Adjust.grayscale (Image.filled 1 1 (Color.OfRgb(255uy, 0uy, 0uy)))
    /// grey.Channels, grey[0, 0, 2] // (3, 76)
    /// </code></example>
    let grayscale (image: Image) : Image =
        Given.check "image" image

        if image.Channels = 1 then
            image
        else
            image
            |> Levels.mapPixels (fun r g b ->
                let gray = Luma.ofRgb r g b
                struct (gray, gray, gray))

    /// <summary>The negative: 255 less each level.</summary>
    /// <example><code>
    /// (Adjust.invert (Image.filled 1 1 (Color.OfGray 100uy)))[0, 0, 0] // 155
    /// </code></example>
    let invert (image: Image) : Image =
        Given.check "image" image
        image |> Levels.map (fun level -> byte (255 - level))

    /// <summary>Levels of so many bits, 1 to 8: the others become 0.</summary>
    /// <exception cref="T:Cotangent.ValueException">The bits are not 1 to 8.</exception>
    /// <example><code>
    /// (Adjust.posterize 1 (Image.filled 1 1 (Color.OfGray 200uy)))[0, 0, 0] // 128
    /// </code></example>
    let posterize (bits: int) (image: Image) : Image =
        Given.check "image" image

        if bits < 1 || bits > 8 then
            raise (ValueException $"Adjust.posterize: {bits} bits; a level has 1 to 8.")

        image |> Levels.map (fun level -> byte (level &&& (0xFF <<< (8 - bits))))

    /// <summary>The negative of all levels from a threshold (0 to 256) on.</summary>
    /// <exception cref="T:Cotangent.ValueException">The threshold is out of range.</exception>
    /// <example><code>
    /// let image = Adjust.solarize 128 (Image.create 1 2 1 [| 100uy; 200uy |])
    /// image[0, 0, 0], image[0, 1, 0] // (100, 55)
    /// </code></example>
    let solarize (threshold: int) (image: Image) : Image =
        Given.check "image" image

        if threshold < 0 || threshold > 256 then
            raise (ValueException $"Adjust.solarize: a threshold of {threshold}; it goes from 0 to 256.")

        image |> Levels.map (fun level -> byte (if level < threshold then level else 255 - level))

    /// <summary>The levels of each channel stretched so that the darkest is 0 and the brightest 255.</summary>
    /// <example><code>
    /// let image = Adjust.autoContrast (Image.create 1 2 1 [| 50uy; 101uy |])
    /// image[0, 0, 0], image[0, 1, 0] // (0, 255)
    /// </code></example>
    let autoContrast (image: Image) : Image =
        Given.check "image" image
        image |> Levels.mapEach (Levels.histograms image |> Array.map Levels.stretched)

    /// <summary>The levels of each channel spread so that all occur about equally often.</summary>
    /// <example><code>
    /// // Two levels, each in half of the picture.
    /// let image = Image.ofTensor ((tensor [ 0.3; 0.4 ]).Reshape([ 1; 2; 1 ]).Expand [ 1; 2; 256 ]) |> Adjust.equalize
    /// image[0, 0, 0], image[1, 0, 0] // (0, 255)
    /// </code></example>
    let equalize (image: Image) : Image =
        Given.check "image" image
        image |> Levels.mapEach (Levels.histograms image |> Array.map Levels.equalized)

    /// <summary>
    /// Blurred by a Gaussian bell of a standard deviation in pixels, over a square of an odd number of pixels; mirrored at the edges. What
    /// is transparent does not bleed.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The size isn't odd and positive, twice the picture or more, or the deviation not above 0.
    /// </exception>
    /// <example><code>
    /// Adjust.blur 5 1.5 (Image.filled 20 30 Color.White) // image 20 × 30 × 3
    /// </code></example>
    let blur (size: int) (deviation: float) (image: Image) : Image =
        Given.check "image" image

        if size < 1 || size % 2 = 0 || size / 2 >= Math.Min(image.Height, image.Width) then
            raise (
                ValueException
                    $"Adjust.blur: a size of {size} on an {image}; it must be odd, and half of it less than the picture's smaller side."
            )

        if not (deviation > 0.0 && Double.IsFinite deviation) then
            raise (
                ValueException
                    $"Adjust.blur: a deviation of {deviation} pixels; it must be a finite number above 0."
            )

        image |> Premultiplied.around (Filters.separable (Filters.gaussian size deviation))
