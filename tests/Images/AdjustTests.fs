/// Colours changed: against what Pillow, Python's colorsys and plain formulas make.
module Cotangent.Images.Tests.AdjustTests

open System.Globalization
open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Images.Tests.Support

let private text (x: float) = x.ToString("0.0", CultureInfo.InvariantCulture)

[<Tests>]
let tests =
    testList "Adjust" [
        for name, change in
            [
                "brightness", Adjust.brightness
                "contrast", Adjust.contrast
                "saturation", Adjust.saturation
                "sharpness", Adjust.sharpness
            ] do
            test $"{name}, exactly as Pillow" {
                for factor in [ 0.0; 0.4; 1.0; 1.7; 2.6 ] do
                    expectWithin 0 (change factor source) (made $"{name}-{text factor}")

                for image in [ source; sourceAlpha; sourceGray ] do
                    Expect.equal (change 1.0 image) image "1 changes nothing"

                // Alpha is no colour.
                let alphas (image: Image) = [ for i in 3..4 .. image.Bytes.Length - 1 -> image.Bytes[i] ]
                Expect.equal (alphas (change 0.3 sourceAlpha)) (alphas sourceAlpha) "alpha"
                throws<ValueException, _> (fun () -> change -0.1 source) "the factor"
                throws<ValueException, _> (fun () -> change nan source) "the factor"
            }

        test "hue, as Python's colorsys" {
            for shift, name in [ -0.5, "-0.5"; -0.2, "-0.2"; 0.1, "0.1"; 0.35, "0.35" ] do
                expectWithin 1 (Adjust.hue shift source) (made $"hue-{name}")

            Expect.equal (Adjust.hue 0.0 source) source "0 changes nothing"
            Expect.equal (Adjust.hue 0.2 sourceGray) sourceGray "nor any on grey"
            throws<ValueException, _> (fun () -> Adjust.hue 0.6 source) "half of the circle"
        }

        test "by tables, exactly as Pillow" {
            expectWithin 0 (Adjust.invert source) (made "invert")
            expectWithin 0 (Adjust.equalize source) (made "equalize")
            expectWithin 0 (Adjust.autoContrast (Adjust.contrast 0.5 source)) (made "autocontrast-0.5")

            for bits in [ 1; 4; 7 ] do
                expectWithin 0 (Adjust.posterize bits source) (made $"posterize-{bits}")

            for threshold in [ 0; 100; 255 ] do
                expectWithin 0 (Adjust.solarize threshold source) (made $"solarize-{threshold}")

            let one = Image.filled 3 3 (Color.OfGray 9uy)
            Expect.equal (Adjust.equalize one) one "one level stays"
            Expect.equal (Adjust.autoContrast one) one "one level stays"
            Expect.equal (Image.convert Channels.Gray (Adjust.grayscale source)) sourceGray "grayscale"
            throws<ValueException, _> (fun () -> Adjust.posterize 0 source) "0 bits"
            throws<ValueException, _> (fun () -> Adjust.solarize 257 source) "257"
        }

        test "blur, by the formula" {
            expectWithin 1 (Adjust.blur 5 1.1 source) (made "blur-5-1.1")
            expectWithin 1 (Adjust.blur 9 2.0 source) (made "blur-9-2.0")
            Expect.equal (Adjust.blur 1 1.0 source) source "a single pixel"
            throws<ValueException, _> (fun () -> Adjust.blur 4 1.0 source) "odd"
            throws<ValueException, _> (fun () -> Adjust.blur 59 1.0 source) "smaller side"
            throws<ValueException, _> (fun () -> Adjust.blur 3 0.0 source) "deviation"
        }
    ]
