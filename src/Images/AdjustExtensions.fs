namespace Cotangent.Images

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent

/// <summary>Colours changed, as methods for C#; F# has the module <c>Adjust</c>, which says more of each.</summary>
[<Extension; AbstractClass; Sealed>]
type AdjustExtensions =
    /// 0 is black, 1 as it is.
    [<Extension>]
    static member AdjustBrightness(image: Image, factor: float) : Image = Adjust.brightness factor image

    /// 0 is the mean grey, 1 as it is.
    [<Extension>]
    static member AdjustContrast(image: Image, factor: float) : Image = Adjust.contrast factor image

    /// 0 is grey, 1 as it is.
    [<Extension>]
    static member AdjustSaturation(image: Image, factor: float) : Image = Adjust.saturation factor image

    /// From -1/2 to 1/2 around the circle of colours.
    [<Extension>]
    static member AdjustHue(image: Image, shift: float) : Image = Adjust.hue shift image

    /// 0 is smoothed, 1 as it is.
    [<Extension>]
    static member AdjustSharpness(image: Image, factor: float) : Image = Adjust.sharpness factor image

    /// Grey in as many channels as before.
    [<Extension>]
    static member Grayscale(image: Image) : Image = Adjust.grayscale image

    /// The negative.
    [<Extension>]
    static member Invert(image: Image) : Image = Adjust.invert image

    /// Levels of so many bits.
    [<Extension>]
    static member Posterize(image: Image, bits: int) : Image = Adjust.posterize bits image

    /// The negative from a threshold on.
    [<Extension>]
    static member Solarize(image: Image, threshold: int) : Image = Adjust.solarize threshold image

    /// Levels stretched to 0 to 255.
    [<Extension>]
    static member AutoContrast(image: Image) : Image = Adjust.autoContrast image

    /// Levels spread evenly.
    [<Extension>]
    static member Equalize(image: Image) : Image = Adjust.equalize image

    /// Blurred by a Gaussian bell over a square of so many pixels.
    [<Extension>]
    static member Blur(image: Image, size: int, deviation: float) : Image = Adjust.blur size deviation image

/// <summary>Pictures changed at random, as methods for C#; F# has the module <c>Augment</c>, which says more of each.</summary>
[<Extension; AbstractClass; Sealed>]
type AugmentExtensions =
    /// Mirrored with a probability.
    [<Extension>]
    static member RandomFlip
        (image: Image, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Image =
        Augment.flip probability key image

    /// Turned upside down with a probability.
    [<Extension>]
    static member RandomFlipVertical
        (image: Image, key: Key, [<Optional; DefaultParameterValue(0.5)>] probability: float)
        : Image =
        Augment.flipVertical probability key image

    /// A rectangle of the size at a random place.
    [<Extension>]
    static member RandomCrop(image: Image, key: Key, height: int, width: int) : Image =
        Augment.crop height width key image

    /// A rectangle of a random area, shape and place, resized; pixels on straight lines.
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

    /// Brightness, contrast, saturation and hue changed by random amounts.
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

    /// Grey with a probability.
    [<Extension>]
    static member RandomGrayscale
        (image: Image, key: Key, [<Optional; DefaultParameterValue(0.1)>] probability: float)
        : Image =
        Augment.grayscale probability key image

    /// Turned by up to so many degrees to either side.
    [<Extension>]
    static member RandomRotate
        (image: Image, key: Key, most: float, resampling: Resampling, [<Optional>] fill: Nullable<Color>)
        : Image =
        Augment.rotate resampling (if fill.HasValue then fill.Value else Color.Black) most key image

    /// Blurred with a random deviation.
    [<Extension>]
    static member RandomBlur(image: Image, key: Key, size: int, least: float, most: float) : Image =
        Augment.blur size least most key image

    /// A random rectangle in one colour, with a probability.
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

    /// Changes drawn from fourteen, all of one magnitude.
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
