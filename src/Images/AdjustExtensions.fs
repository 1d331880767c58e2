namespace Cotangent.Images

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent

/// <summary>Colours changed, as methods for C#; F# has the module <c>Adjust</c>, which says more of each.</summary>
[<Extension; AbstractClass; Sealed>]
type AdjustExtensions =
    /// <summary>0 is black, 1 as it is. The factor is 0 or above.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 1, 1, new byte[] { 200 }).AdjustBrightness(0.5)[0, 0, 0] // 100
    /// </code></example>
    [<Extension>]
    static member AdjustBrightness(image: Image, factor: float) : Image = Adjust.brightness factor image

    /// <summary>0 is the mean grey, 1 as it is. The factor is 0 or above.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 2, 1, new byte[] { 0, 200 }).AdjustContrast(0.5).ToTensor(DType.UInt8) // [[[50, 150]]]
    /// </code></example>
    [<Extension>]
    static member AdjustContrast(image: Image, factor: float) : Image = Adjust.contrast factor image

    /// <summary>0 is grey, 1 as it is. The factor is 0 or above.</summary>
    /// <example><code lang="csharp">
    /// // Red, without its colour.
    /// Image.Create(1, 1, 3, new byte[] { 255, 0, 0 }).AdjustSaturation(0)[0, 0, 2] // 76
    /// </code></example>
    [<Extension>]
    static member AdjustSaturation(image: Image, factor: float) : Image = Adjust.saturation factor image

    /// <summary>From -1/2 to 1/2 around the circle of colours.</summary>
    /// <example><code lang="csharp">
    /// // A third of the circle makes green of red.
    /// Image.Create(1, 1, 3, new byte[] { 255, 0, 0 }).AdjustHue(1.0 / 3)[0, 0, 1] // 255
    /// </code></example>
    [<Extension>]
    static member AdjustHue(image: Image, shift: float) : Image = Adjust.hue shift image

    /// <summary>0 is smoothed, 1 as it is. The factor is 0 or above.</summary>
    /// <example><code lang="csharp">
    /// // One bright pixel, smoothed.
    /// var image = Image.Create(3, 3, 1, new byte[] { 0, 0, 0, 0, 130, 0, 0, 0, 0 });
    /// image.AdjustSharpness(0)[1, 1, 0] // 50
    /// </code></example>
    [<Extension>]
    static member AdjustSharpness(image: Image, factor: float) : Image = Adjust.sharpness factor image

    /// <summary>Grey in as many channels as before.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 1, 3, new byte[] { 255, 0, 0 }).Grayscale().ToTensor(DType.UInt8) // [[[76]], [[76]], [[76]]]
    /// </code></example>
    [<Extension>]
    static member Grayscale(image: Image) : Image = Adjust.grayscale image

    /// <summary>The negative.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 1, 1, new byte[] { 100 }).Invert()[0, 0, 0] // 155
    /// </code></example>
    [<Extension>]
    static member Invert(image: Image) : Image = Adjust.invert image

    /// <summary>Levels of so many bits. There are 1 to 8.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 1, 1, new byte[] { 200 }).Posterize(1)[0, 0, 0] // 128
    /// </code></example>
    [<Extension>]
    static member Posterize(image: Image, bits: int) : Image = Adjust.posterize bits image

    /// <summary>The negative from a threshold on. The threshold goes from 0 to 256.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 2, 1, new byte[] { 100, 200 }).Solarize(128).ToTensor(DType.UInt8) // [[[100, 55]]]
    /// </code></example>
    [<Extension>]
    static member Solarize(image: Image, threshold: int) : Image = Adjust.solarize threshold image

    /// <summary>Levels stretched to 0 to 255.</summary>
    /// <example><code lang="csharp">
    /// Image.Create(1, 2, 1, new byte[] { 50, 101 }).AutoContrast().ToTensor(DType.UInt8) // [[[0, 255]]]
    /// </code></example>
    [<Extension>]
    static member AutoContrast(image: Image) : Image = Adjust.autoContrast image

    /// <summary>Levels spread evenly.</summary>
    /// <example><code lang="csharp">
    /// // Two levels, each in half of the picture.
    /// var image = Tensor.Create([0.3, 0.4]).Reshape(1, 2, 1).Expand(1, 2, 256).ToImage().Equalize();
    /// (image[0, 0, 0], image[1, 0, 0]) // (0, 255)
    /// </code></example>
    [<Extension>]
    static member Equalize(image: Image) : Image = Adjust.equalize image

    /// <summary>Blurred by a Gaussian bell over a square of so many pixels. The size is odd.</summary>
    /// <example><code lang="csharp">
    /// var white = Tensor.Ones(1, 4, 4).ToImage();
    /// white.Blur(3, 1.0).Equals(white) // true
    /// </code></example>
    [<Extension>]
    static member Blur(image: Image, size: int, deviation: float) : Image = Adjust.blur size deviation image

/// <summary>Pictures changed at random, as methods for C#; F# has the module <c>Augment</c>, which says more of each.</summary>
[<Extension; AbstractClass; Sealed>]
type AugmentExtensions =
    /// <summary>Mirrored with a probability. It is 1/2 unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// var image = Image.Create(1, 2, 1, new byte[] { 1, 2 });
    /// image.RandomFlip(Key.Create(0), probability: 1).ToTensor(DType.UInt8) // [[[2, 1]]]
    /// </code></example>
    [<Extension>]
    static member RandomFlip
        (image: Image, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Image =
        Augment.flip probability key image

    /// <summary>Turned upside down with a probability. It is 1/2 unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// var image = Image.Create(2, 1, 1, new byte[] { 1, 2 });
    /// image.RandomFlipVertical(Key.Create(0), probability: 1).ToTensor(DType.UInt8) // [[[2], [1]]]
    /// </code></example>
    [<Extension>]
    static member RandomFlipVertical
        (image: Image, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Image =
        Augment.flipVertical probability key image

    /// <summary>A rectangle of the size at a random place.</summary>
    /// <example><code lang="csharp">
    /// Tensor.Ones(3, 8, 8).ToImage().RandomCrop(Key.Create(0), 4, 6).ToTensor() // shape (3, 4, 6)
    /// </code></example>
    [<Extension>]
    static member RandomCrop(image: Image, key: Key, height: int, width: int) : Image =
        Augment.crop height width key image

    /// <summary>
    /// A rectangle of a random area, shape and place, resized; pixels on straight lines. Areas go from 0.08 to 1 of the picture and ratios
    /// from 3/4 to 4/3 unless told otherwise.
    /// </summary>
    /// <example><code lang="csharp">
    /// var image = Tensor.Ones(3, 20, 30).ToImage();
    /// image.RandomResizedCrop(Key.Create(0), 8, 8, leastArea: 0.3).ToTensor() // shape (3, 8, 8)
    /// </code></example>
    [<Extension>]
    static member RandomResizedCrop
        (
            image: Image,
            key: Key,
            height: int,
            width: int,
            [<Optional; DefaultParameterValue(0.08)>] leastArea: float,
            [<Optional; DefaultParameterValue(1.0)>] mostArea: float,
            [<Optional; DefaultParameterValue(0.75)>] leastRatio: float,
            [<Optional; DefaultParameterValue(1.3333333333333333)>] mostRatio: float
        ) : Image =
        let options = {
            Augment.cropDefaults with
                LeastArea = leastArea
                MostArea = mostArea
                LeastRatio = leastRatio
                MostRatio = mostRatio
        }

        Augment.cropResized options height width key image

    /// <summary>Brightness, contrast, saturation and hue changed by random amounts. What no amount is given for stays.</summary>
    /// <example><code lang="csharp">
    /// // By a factor from 0.6 to 1.4; the least level of white is then 0.6 of 255.
    /// var white = Tensor.Ones(3, 2, 2).ToImage();
    /// white.ColorJitter(Key.Create(0), brightness: 0.4)[0, 0, 0] >= 153 // true
    /// </code></example>
    [<Extension>]
    static member ColorJitter
        (
            image: Image,
            key: Key,
            [<Optional; DefaultParameterValue(0.0)>] brightness: float,
            [<Optional; DefaultParameterValue(0.0)>] contrast: float,
            [<Optional; DefaultParameterValue(0.0)>] saturation: float,
            [<Optional; DefaultParameterValue(0.0)>] hue: float
        ) : Image =
        let options = { Brightness = brightness; Contrast = contrast; Saturation = saturation; Hue = hue }

        Augment.jitter options key image

    /// <summary>Grey with a probability. It is 0.1 unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// var red = Image.Create(1, 1, 3, new byte[] { 255, 0, 0 });
    /// red.RandomGrayscale(Key.Create(0), probability: 1)[0, 0, 2] // 76
    /// </code></example>
    [<Extension>]
    static member RandomGrayscale
        (image: Image, key: Key, [<Optional; DefaultParameterValue(0.1)>] probability: float)
        : Image =
        Augment.grayscale probability key image

    /// <summary>Turned by up to so many degrees to either side. The space around it is black unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// var image = Image.Create(1, 2, 1, new byte[] { 1, 2 });
    /// image.RandomRotate(Key.Create(0), 0, Resampling.Nearest).Equals(image) // true
    /// </code></example>
    [<Extension>]
    static member RandomRotate
        (image: Image, key: Key, most: float, resampling: Resampling, [<Optional>] fill: Nullable<Color>)
        : Image =
        Augment.rotate resampling (if fill.HasValue then fill.Value else Color.Black) most key image

    /// <summary>Blurred with a random deviation.</summary>
    /// <example><code lang="csharp">
    /// var white = Tensor.Ones(3, 8, 8).ToImage();
    /// white.RandomBlur(Key.Create(0), 3, 0.1, 2.0).Equals(white) // true
    /// </code></example>
    [<Extension>]
    static member RandomBlur(image: Image, key: Key, size: int, least: float, most: float) : Image =
        Augment.blur size least most key image

    /// <summary>A random rectangle in one colour, with a probability. It is 1/2, and the colour black, unless told otherwise.</summary>
    /// <example><code lang="csharp">
    /// var erased = Tensor.Ones(3, 8, 8).ToImage().RandomErasing(Key.Create(0), probability: 1);
    /// erased.ToTensor().Min() // 0
    /// </code></example>
    [<Extension>]
    static member RandomErasing
        (
            image: Image,
            key: Key,
            [<Optional; DefaultParameterValue(0.5)>] probability: float,
            [<Optional>] fill: Nullable<Color>
        ) : Image =
        let options = {
            Augment.erasingDefaults with
                Probability = probability
                Fill = if fill.HasValue then fill.Value else Color.Black
        }

        Augment.erase options key image

    /// <summary>
    /// Changes drawn from fourteen, all of one magnitude. There are two, and the magnitude, from 0 to 30, is 9, unless told otherwise.
    /// </summary>
    /// <example><code lang="csharp">
    /// var image = Tensor.Ones(3, 8, 8).ToImage();
    /// image.RandAugment(Key.Create(0)).ToTensor() // shape (3, 8, 8)
    /// </code></example>
    [<Extension>]
    static member RandAugment
        (
            image: Image,
            key: Key,
            [<Optional; DefaultParameterValue(2)>] count: int,
            [<Optional; DefaultParameterValue(9)>] magnitude: int
        ) : Image =
        Augment.randAugment
            { Augment.randAugmentDefaults with Count = count; Magnitude = magnitude }
            key
            image
