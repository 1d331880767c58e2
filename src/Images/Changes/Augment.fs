namespace Cotangent.Images

open System
open Cotangent

/// <summary>
/// Pictures changed at random, in workers. The same key gives the same change on every machine; give each example of each epoch a key
/// of its own, as <c>Key.fold</c> makes them. Each function spends its key: split it where there are several.
/// </summary>
/// <example><code>
/// // What networks for ImageNet are trained on.
/// let trainingExample (key: Key) (image: Image) =
///     let forCrop, forFlip = Key.split key
///     image
///     |> Augment.cropResized Augment.cropDefaults 224 224 forCrop
///     |> Augment.flip 0.5 forFlip
///     |> Image.normalize [| 0.485; 0.456; 0.406 |] [| 0.229; 0.224; 0.225 |]
/// trainingExample (Key.fold 17L (Key.create 0L)) (Image.filled 375 500 Color.White) // shape (3, 224, 224)
/// </code></example>
[<RequireQualifiedAccess>]
module Augment =
    /// <summary>
    /// Areas from 0.08 to 1 of the picture, ratios from 3/4 to 4/3, Bilinear: Szegedy et al., "Going deeper with convolutions", 2015.
    /// </summary>
    let cropDefaults: RandomCrop = {
        LeastArea = 0.08
        MostArea = 1.0
        LeastRatio = 3.0 / 4.0
        MostRatio = 4.0 / 3.0
        Resampling = Resampling.Bilinear
    }

    /// <summary>No change of any colour: say which, <c>{ Augment.jitterDefaults with Brightness = 0.4 }</c>.</summary>
    let jitterDefaults: ColorJitter = { Brightness = 0.0; Contrast = 0.0; Saturation = 0.0; Hue = 0.0 }

    /// <summary>
    /// With probability 1/2, an area from 0.02 to 0.33, ratios from 0.3 to 3.3, black: Zhong et al., "Random erasing data augmentation",
    /// 2020.
    /// </summary>
    let erasingDefaults: RandomErasing = {
        Probability = 0.5
        LeastArea = 0.02
        MostArea = 0.33
        LeastRatio = 0.3
        MostRatio = 3.3
        Fill = Color.Black
    }

    /// <summary>Two changes of magnitude 9.</summary>
    let randAugmentDefaults: RandAugment = {
        Count = 2
        Magnitude = 9
        Resampling = Resampling.Nearest
        Fill = Color.Black
    }

    /// <summary>Mirrored with a probability, left to right.</summary>
    /// <exception cref="T:Cotangent.ValueException">The probability isn't one.</exception>
    /// <example><code>
    /// let image = Image.create 1 2 1 [| 1uy; 2uy |]
    /// (Augment.flip 1.0 (Key.create 0L) image)[0, 0, 0] // 2
    /// </code></example>
    let flip (probability: float) (key: Key) (image: Image) : Image =
        Given.check "key" key
        Given.check "image" image
        Given.probability "Augment.flip" probability
        if Draws.one key < probability then Geometry.flipHorizontal image else image

    /// <summary>Turned upside down, as a mirror on the floor does, with a probability.</summary>
    /// <exception cref="T:Cotangent.ValueException">The probability isn't one.</exception>
    /// <example><code>
    /// let image = Image.create 2 1 1 [| 1uy; 2uy |]
    /// (Augment.flipVertical 1.0 (Key.create 0L) image)[0, 0, 0] // 2
    /// </code></example>
    let flipVertical (probability: float) (key: Key) (image: Image) : Image =
        Given.check "key" key
        Given.check "image" image
        Given.probability "Augment.flipVertical" probability
        if Draws.one key < probability then Geometry.flipVertical image else image

    /// <summary>A rectangle of the size at a random place.</summary>
    /// <exception cref="T:Cotangent.ValueException">The picture is smaller: pad it first.</exception>
    /// <example><code>
    /// // The usual change of small pictures: shifted by up to 4 pixels.
    /// Image.filled 32 32 Color.White |> Geometry.pad Border.Reflect 4 4 4 4 |> Augment.crop 32 32 (Key.create 0L) // image 32 × 32 × 3
    /// </code></example>
    let crop (height: int) (width: int) (key: Key) (image: Image) : Image =
        Given.check "key" key
        Given.check "image" image
        Image.Check("Augment.crop", height, width, image.Channels)

        if height > image.Height || width > image.Width then
            raise (
                ValueException
                    $"Augment.crop: {height} × {width} pixels are not in an {image}. Pad or resize it first."
            )

        let u = Draws.uniform key 2

        image
        |> Region.crop {
            Top = Draws.below (image.Height - height + 1) u[0]
            Left = Draws.below (image.Width - width + 1) u[1]
            Height = height
            Width = width
        }

    /// Names bounds that are none.
    let private requireAreas operation least most ratioLeast ratioMost =
        Given.range operation "areas" least most
        Given.range operation "ratios" ratioLeast ratioMost

        if most > 1.0 then
            raise (ValueException $"{operation}: areas up to {most}; 1 is all of the picture.")

    /// <summary>
    /// A rectangle of a random area, shape and place, resized: torchvision's <c>RandomResizedCrop</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1, or the bounds are none.</exception>
    /// <example><code>
    /// Augment.cropResized Augment.cropDefaults 224 224 (Key.create 0L) (Image.filled 375 500 Color.White) // image 224 × 224 × 3
    /// </code></example>
    let cropResized (options: RandomCrop) (height: int) (width: int) (key: Key) (image: Image) : Image =
        Given.check "options" options
        Given.check "key" key
        Given.check "image" image
        let operation = "Augment.cropResized"
        Image.Check(operation, height, width, image.Channels)
        requireAreas operation options.LeastArea options.MostArea options.LeastRatio options.MostRatio
        let areas = struct (options.LeastArea, options.MostArea)
        let ratios = struct (options.LeastRatio, options.MostRatio)

        let region =
            Rectangles.forCrop areas ratios image.Height image.Width (Draws.uniform key Rectangles.draws)

        Resizing.region true options.Resampling region height width image

    /// <summary>
    /// Brightness, contrast, saturation and hue changed by random amounts, in a random order: torchvision's <c>ColorJitter</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A number is negative, or that of the hue more than 1/2.</exception>
    /// <example><code>
    /// let options = { Augment.jitterDefaults with Brightness = 0.4; Hue = 0.1 }
    /// Augment.jitter options (Key.create 0L) (Image.filled 20 30 Color.White) // image 20 × 30 × 3
    /// </code></example>
    let jitter (options: ColorJitter) (key: Key) (image: Image) : Image =
        Given.check "options" options
        Given.check "key" key
        Given.check "image" image
        Given.notNegative "Augment.jitter" "Brightness" options.Brightness
        Given.notNegative "Augment.jitter" "Contrast" options.Contrast
        Given.notNegative "Augment.jitter" "Saturation" options.Saturation
        Given.notNegative "Augment.jitter" "Hue" options.Hue

        if options.Hue > 0.5 then
            raise (
                ValueException
                    $"Augment.jitter: Hue is {options.Hue}; it must be 0.5 or less, half of the circle."
            )

        let u = Draws.uniform key 8
        let factor most u = Draws.between (Math.Max(0.0, 1.0 - most)) (1.0 + most) u

        let changes = [|
            if options.Brightness > 0.0 then
                struct (u[4], Adjust.brightness (factor options.Brightness u[0]))
            if options.Contrast > 0.0 then
                struct (u[5], Adjust.contrast (factor options.Contrast u[1]))
            if options.Saturation > 0.0 then
                struct (u[6], Adjust.saturation (factor options.Saturation u[2]))
            if options.Hue > 0.0 then
                struct (u[7], Adjust.hue (Draws.between -options.Hue options.Hue u[3]))
        |]

        changes
        |> Array.sortBy (fun (struct (order, _)) -> order)
        |> Array.fold (fun image (struct (_, change)) -> change image) image

    /// <summary>Grey in as many channels as before, with a probability.</summary>
    /// <exception cref="T:Cotangent.ValueException">The probability isn't one.</exception>
    /// <example><code>
    /// let red = Image.filled 1 1 (Color.OfRgb(255uy, 0uy, 0uy))
    /// (Augment.grayscale 1.0 (Key.create 0L) red)[0, 0, 2] // 76
    /// </code></example>
    let grayscale (probability: float) (key: Key) (image: Image) : Image =
        Given.check "key" key
        Given.check "image" image
        Given.probability "Augment.grayscale" probability
        if Draws.one key < probability then Adjust.grayscale image else image

    /// <summary>Turned by a random angle, up to so many degrees to either side.</summary>
    /// <exception cref="T:Cotangent.ValueException">The angle is negative or not finite, or the resampling is <c>Area</c>.</exception>
    /// <example><code>
    /// let image = Image.create 1 2 1 [| 1uy; 2uy |]
    /// Augment.rotate Resampling.Nearest Color.Black 0.0 (Key.create 0L) image = image // true
    /// </code></example>
    let rotate (resampling: Resampling) (fill: Color) (most: float) (key: Key) (image: Image) : Image =
        Given.check "key" key
        Given.check "image" image
        Given.notNegative "Augment.rotate" "the angle" most
        Geometry.rotate resampling fill (Draws.between -most most (Draws.one key)) image

    /// <summary>
    /// Blurred over a square of so many pixels by a Gaussian bell whose deviation is random, between two bounds.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is none that <c>Adjust.blur</c> takes, or the bounds are none.</exception>
    /// <example><code>
    /// let white = Image.filled 8 8 Color.White
    /// Augment.blur 3 0.1 2.0 (Key.create 0L) white = white // true
    /// </code></example>
    let blur (size: int) (least: float) (most: float) (key: Key) (image: Image) : Image =
        Given.check "key" key
        Given.check "image" image
        Given.range "Augment.blur" "deviations" least most
        Adjust.blur size (Draws.between least most (Draws.one key)) image

    /// <summary>A random rectangle in one colour, with a probability: torchvision's <c>RandomErasing</c>.</summary>
    /// <exception cref="T:Cotangent.ValueException">The probability isn't one, or the bounds are none.</exception>
    /// <example><code>
    /// Augment.erase Augment.erasingDefaults (Key.create 0L) (Image.filled 20 30 Color.White) // image 20 × 30 × 3
    /// </code></example>
    let erase (options: RandomErasing) (key: Key) (image: Image) : Image =
        Given.check "options" options
        Given.check "key" key
        Given.check "image" image
        Given.probability "Augment.erase" options.Probability
        requireAreas "Augment.erase" options.LeastArea options.MostArea options.LeastRatio options.MostRatio
        let u = Draws.uniform key (1 + Rectangles.draws)

        if u[0] >= options.Probability then
            image
        else
            let areas = struct (options.LeastArea, options.MostArea)
            let ratios = struct (options.LeastRatio, options.MostRatio)

            match Rectangles.forErasing areas ratios image.Height image.Width u[1..] with
            | ValueNone -> image
            | ValueSome region ->
                let patch = Pasting.filled region.Height region.Width image.Channels options.Fill

                Image.Make(
                    image.Height,
                    image.Width,
                    image.Channels,
                    fun into ->
                        Buffer.BlockCopy(image.Bytes, 0, into, 0, into.Length)
                        Pasting.paste patch region.Top region.Left image.Width into
                )

    /// <summary>
    /// Changes drawn from fourteen (turns, shears, shifts, colours), all of one magnitude: RandAugment (Cubuk et al., 2019), as in
    /// torchvision.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The count is negative, or the magnitude not from 0 to 30.</exception>
    /// <example><code>
    /// Augment.randAugment Augment.randAugmentDefaults (Key.create 0L) (Image.filled 20 30 Color.White) // image 20 × 30 × 3
    /// </code></example>
    let randAugment (options: RandAugment) (key: Key) (image: Image) : Image =
        Given.check "options" options
        Given.check "key" key
        Given.check "image" image

        if options.Count < 0 then
            raise (ValueException $"Augment.randAugment: {options.Count} changes; ask for 0 or more.")

        if options.Magnitude < 0 || options.Magnitude > RandAugmentation.Most then
            raise (
                ValueException
                    $"Augment.randAugment: a magnitude of {options.Magnitude}; it goes from 0 to {RandAugmentation.Most}."
            )

        let u = Draws.uniform key (2 * options.Count)
        let share = float options.Magnitude / float RandAugmentation.Most

        Seq.fold
            (fun image i ->
                let change = RandAugmentation.all[Draws.below RandAugmentation.all.Length u[2 * i]]
                RandAugmentation.apply options change share (u[2 * i + 1] < 0.5) image)
            image
            (seq { 0 .. options.Count - 1 })
