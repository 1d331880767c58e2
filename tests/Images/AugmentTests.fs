/// Pictures changed at random: the same by the same key, every example in its own way, and as often as is said.
module Cotangent.Images.Tests.AugmentTests

open Expecto
open FsCheck
open Cotangent
open Cotangent.Images
open Cotangent.Images.Tests.Support

let private all: (string * (Key -> Image -> Image)) list = [
    "flip", Augment.flip 0.5
    "flipVertical", Augment.flipVertical 0.5
    "crop", Augment.crop 20 20
    "cropResized", Augment.cropResized Augment.cropDefaults 16 16
    "jitter", Augment.jitter { Brightness = 0.4; Contrast = 0.4; Saturation = 0.4; Hue = 0.1 }
    "grayscale", Augment.grayscale 0.5
    "rotate", Augment.rotate Resampling.Bilinear Color.Black 30.0
    "blur", Augment.blur 5 0.1 2.0
    "erase", Augment.erase Augment.erasingDefaults
    "randAugment", Augment.randAugment Augment.randAugmentDefaults
]

[<Tests>]
let tests =
    testList "Augment" [
        for name, change in all do
            test $"{name}: by the key alone" {
                for image in [ source; sourceAlpha; sourceGray ] do
                    for key in keys 5 do
                        Expect.equal (change key image) (change key image) "the same key"

                let different = keys 40 |> List.map (fun key -> change key source) |> List.distinct
                Expect.isGreaterThan different.Length 1 "another key"
            }

            test $"{name}: a key is spent once" {
                let key = Key.create 5L

                Debug.checkKeys (fun () ->
                    change key source |> ignore
                    throws<KeyException, _> (fun () -> change key source) "used before")
            }

        test "in many workers at once as in one" {
            let file = Image.encodePng source

            let example (i: int) =
                let forCrop, forColors, forErasing = Key.split3 (Key.fold (int64 i) (Key.create 2L))
                // Of several sizes, so that no worker can count on what it kept.
                let size = 8 + i % 5

                Image.decode file
                |> Augment.cropResized Augment.cropDefaults size size forCrop
                |> Augment.randAugment Augment.randAugmentDefaults forColors
                |> Augment.erase Augment.erasingDefaults forErasing
                |> Image.toTensor

            let alone = Array.init 300 example
            let together = Array.Parallel.init 300 example
            Expect.equal together alone "the same"
        }

        test "as often as is said" {
            let count change = keys 400 |> List.filter (fun key -> change key source <> source) |> List.length
            expectShare 0.5 (count (Augment.flip 0.5)) 400
            expectShare 0.2 (count (Augment.flipVertical 0.2)) 400
            expectShare 0.7 (count (Augment.grayscale 0.7)) 400
            Expect.equal (count (Augment.flip 0.0)) 0 "never"
            Expect.equal (count (Augment.flip 1.0)) 400 "always"
            throws<ValueException, _> (fun () -> Augment.flip 1.5 (Key.create 0L) source) "probability"
        }

        test "every place of a crop occurs" {
            let corners =
                keys 300
                |> List.map (fun key ->
                    (Augment.crop 98 199 key map)[0, 0, 0], (Augment.crop 98 199 key map)[0, 0, 1])

            let counts = List.countBy id corners |> Map

            Expect.equal
                (Map.keys counts |> Seq.sort |> List.ofSeq)
                [
                    for y in 0uy .. 2uy do
                        for x in 0uy .. 1uy -> y, x
                ]
                "places"

            for KeyValue(_, count) in counts do
                expectShare (1.0 / 6.0) count 300

            Expect.equal (Augment.crop 100 200 (Key.create 0L) map) map "all of it"
            throws<ValueException, _> (fun () -> Augment.crop 101 1 (Key.create 0L) map) "Pad or resize"
        }

        test "jitter of nothing changes nothing; of one colour, as far as is said" {
            let key = Key.create 0L
            Expect.equal (Augment.jitter Augment.jitterDefaults key source) source "nothing"
            let gray = Image.filled 1 1 (Color.OfGray 100uy)

            let levels = [
                for key in keys 200 ->
                    float (Augment.jitter { Augment.jitterDefaults with Brightness = 0.4 } key gray).[0, 0, 0]
            ]

            Expect.isTrue (List.min levels >= 59.0 && List.min levels < 65.0) "60 to"
            Expect.isTrue (List.max levels <= 140.0 && List.max levels > 135.0) "140"

            throws<ValueException, _>
                (fun () -> Augment.jitter { Augment.jitterDefaults with Hue = 0.6 } key source)
                "Hue"
        }

        test "RandAugment: what each change is at a magnitude, from the paper's code in torchvision" {
            let options = { Augment.randAugmentDefaults with Fill = Color.OfGray 128uy }
            let apply change share negative image = RandAugmentation.apply options change share negative image
            let fill = Color.OfGray 128uy
            let nearest = Resampling.Nearest
            Expect.equal RandAugmentation.all.Length 14 "fourteen"
            // Magnitude 9 of 30 bins: brightness 0.27, 9 degrees, 4 · 0.3 = 1.2 bits, a threshold of 178.5.
            Expect.equal
                (apply Augmentation.Brightness 0.3 false source)
                (Adjust.brightness 1.27 source)
                "brighter"

            Expect.equal
                (apply Augmentation.Brightness 0.3 true source)
                (Adjust.brightness 0.73 source)
                "darker"

            Expect.equal (apply Augmentation.Color 0.3 true source) (Adjust.saturation 0.73 source) "paler"

            Expect.equal
                (apply Augmentation.Contrast 0.3 false source)
                (Adjust.contrast 1.27 source)
                "contrast"

            Expect.equal
                (apply Augmentation.Sharpness 0.3 false source)
                (Adjust.sharpness 1.27 source)
                "sharper"

            Expect.equal (apply Augmentation.Posterize 0.3 false source) (Adjust.posterize 7 source) "7 bits"

            Expect.equal
                (apply Augmentation.Solarize 0.3 false source)
                (Adjust.solarize 179 source)
                "solarize"

            Expect.equal
                (apply Augmentation.AutoContrast 0.3 false source)
                (Adjust.autoContrast source)
                "auto"

            Expect.equal (apply Augmentation.Equalize 0.3 true source) (Adjust.equalize source) "equalize"

            Expect.equal
                (apply Augmentation.Rotate 0.3 false source)
                (Geometry.rotate nearest fill 9.0 source)
                "rotate"

            Expect.equal (apply Augmentation.Identity 1.0 true source) source "identity"
            // 150/331 · 0.3 · 200 = 27.19 columns.
            let moved = apply Augmentation.TranslateX 0.3 false map

            Expect.equal
                (moved[5, 26, 1], moved[5, 27, 1], moved[5, 199, 1])
                (128uy, 0uy, 172uy)
                "to the right"
            // Row 99 leans by 0.09 · 99.5 = 8.96 columns, row 0 by nothing.
            let leaning = apply Augmentation.ShearX 0.3 false map
            Expect.equal (leaning[0, 50, 1], leaning[99, 50, 1]) (50uy, 59uy) "leaning"

            Expect.equal
                (Augment.randAugment { options with Count = 0 } (Key.create 0L) source)
                source
                "no changes"

            throws<ValueException, _>
                (fun () -> Augment.randAugment { options with Magnitude = 31 } (Key.create 0L) source)
                "31"

            // All changes run on all kinds of pictures, at the ends of the range.
            for change in RandAugmentation.all do
                for image in [ source; sourceAlpha; sourceGray; Image.filled 1 1 Color.White ] do
                    for share in [ 0.0; 1.0 ] do
                        for negative in [ false; true ] do
                            Expect.equal
                                (string (apply change share negative image))
                                (string image)
                                $"{change}"
        }

        testProperty
            "any picture of any size goes through all of it"
            (fun (PositiveInt h) (PositiveInt w) (seed: int) ->
                let height, width = 1 + h % 40, 1 + w % 40
                let image = noise seed height width (List.item ((seed % 3 + 3) % 3) [ 1; 3; 4 ])
                let key = Key.create (int64 seed)
                let sizes (changed: Image) = changed.Height, changed.Width, changed.Channels

                for name, change in all do
                    let needs =
                        match name with
                        | "crop" -> 20
                        | "blur" -> 3
                        | _ -> 1

                    if min height width >= needs then
                        match name with
                        | "crop" -> Expect.equal (sizes (change key image)) (20, 20, image.Channels) name
                        | "cropResized" ->
                            Expect.equal (sizes (change key image)) (16, 16, image.Channels) name
                        | _ -> Expect.equal (sizes (change key image)) (sizes image) name

                for resampling in
                    [ Resampling.Nearest; Resampling.Bilinear; Resampling.Bicubic; Resampling.Area ] do
                    let other = 1 + abs (seed % 50)

                    Expect.equal
                        (sizes (Geometry.resize resampling other (51 - other % 50) image))
                        (other, 51 - other % 50, image.Channels)
                        "resize"

                    Expect.equal
                        (sizes (Geometry.interpolate resampling other 7 image))
                        (other, 7, image.Channels)
                        "interpolate")
    ]
