/// Sizes, crops, borders, turns: against what Pillow makes, and against themselves.
module Cotangent.Images.Tests.GeometryTests

open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Images.Tests.Support

let private resamplings = [
    "nearest", Resampling.Nearest
    "bilinear", Resampling.Bilinear
    "bicubic", Resampling.Bicubic
    "area", Resampling.Area
]

let private fill = Color.OfRgb(10uy, 20uy, 30uy)

/// What a plain loop over PyTorch's formula gives: places between pixels, the edge going on.
let private interpolated (image: Image) height width =
    let at y x c = float image[min (image.Height - 1) (max 0 y), min (image.Width - 1) (max 0 x), c]

    Image.create height width 3 [|
        for y in 0 .. height - 1 do
            for x in 0 .. width - 1 do
                let v = (float y + 0.5) * float image.Height / float height - 0.5
                let u = (float x + 0.5) * float image.Width / float width - 0.5
                let row, column = int (floor v), int (floor u)
                let t, s = v - floor v, u - floor u

                for c in 0..2 do
                    let line row = (1.0 - s) * at row column c + s * at row (column + 1) c
                    byte ((1.0 - t) * line row + t * line (row + 1) + 0.5)
    |]

[<Tests>]
let tests =
    testList "Geometry" [
        for name, resampling in resamplings do
            test $"resize, {name}, exactly as Pillow" {
                for height, width in [ 13, 11; 58, 74; 29, 20; 17, 37; 41, 15 ] do
                    expectWithin
                        0
                        (Geometry.resize resampling height width source)
                        (made $"resize-{name}-{height}x{width}")

                expectWithin
                    0
                    (Geometry.resize resampling 13 11 sourceGray)
                    (made $"resize-gray-{name}-13x11")

                expectWithin
                    0
                    (Geometry.resize resampling 13 11 sourceAlpha)
                    (made $"resize-alpha-{name}-13x11")

                // A crop does not see what was around it.
                let cropped = Geometry.crop 4 5 20 25 source
                expectWithin 0 (Geometry.resize resampling 12 12 cropped) (made $"crop-resize-{name}")

                let region = { Top = 4; Left = 5; Height = 20; Width = 25 }

                expectWithin
                    0
                    (Resizing.region true resampling region 12 12 source)
                    (made $"crop-resize-{name}")
            }

            test $"resize, {name}, leaves one colour and one size alone" {
                for channels in [ 1; 3; 4 ] do
                    let image = noise 3 7 9 channels

                    Expect.equal
                        (Geometry.resize resampling 7 9 image)
                        (Geometry.resize resampling 7 9 image)
                        "twice"

                    if channels < 4 then
                        Expect.equal (Geometry.resize resampling 7 9 image) image "the same size"

                    let color = Image.create 5 5 channels (Array.create (25 * channels) 77uy)

                    for height, width in [ 1, 1; 3, 11; 40, 2 ] do
                        let resized = Geometry.resize resampling height width color

                        expectWithin
                            (if channels = 4 then 1 else 0)
                            resized
                            (Image.create
                                height
                                width
                                channels
                                (Array.create (height * width * channels) 77uy))

                        let plain = Geometry.interpolate resampling height width color
                        expectWithin (if channels = 4 then 1 else 0) plain resized
            }

        test "interpolate, without antialiasing, as PyTorch's formula" {
            for height, width in [ 13, 11; 58, 74; 3, 40 ] do
                expectWithin
                    1
                    (Geometry.interpolate Resampling.Bilinear height width source)
                    (interpolated source height width)

            // A cubic of a = -3/4, half way, where the last pixel goes on: -0.09375 (80 + 240) + 0.59375 (160 + 240) = 207.5.
            let ramp = Image.create 1 4 1 [| 0uy; 80uy; 160uy; 240uy |]

            Expect.equal
                (Geometry.interpolate Resampling.Bicubic 1 2 ramp).[0, 1, 0]
                208uy
                "a place between 160 and 240"
        }

        test "the shorter side" {
            for height, width, expected in [ 375, 500, (256, 341); 500, 375, (341, 256); 64, 64, (256, 256) ] do
                let resized =
                    Geometry.resizeShorter Resampling.Bilinear 256 (Image.filled height width Color.White)

                Expect.equal (resized.Height, resized.Width) expected $"{height} × {width}"
        }

        test "crops" {
            let crop = Geometry.crop 4 5 3 2 source

            for y in 0..2 do
                for x in 0..1 do
                    for c in 0..2 do
                        Expect.equal crop[y, x, c] source[y + 4, x + 5, c] "pixel"

            // Halves are rounded to even, as Python does: (29 - 10) / 2 = 9.5 to 10, (37 - 10) / 2 = 13.5 to 14.
            Expect.equal (Geometry.cropCenter 10 10 source) (Geometry.crop 10 14 10 10 source) "the middle"
            Expect.equal (Geometry.crop 0 0 29 37 source) source "all"
            throws<ValueException, _> (fun () -> Geometry.crop 0 0 30 1 source) "do not lie inside"
            throws<ValueException, _> (fun () -> Geometry.crop -1 0 1 1 source) "row -1"
            throws<ValueException, _> (fun () -> Geometry.crop 0 0 0 1 source) "0 × 1"

            throws<ValueException, _>
                (fun () -> Geometry.crop 1 1 System.Int32.MaxValue 1 source)
                "do not lie"

            throws<ValueException, _> (fun () -> Geometry.cropCenter 30 1 source) "Pad or resize"
        }

        test "borders" {
            for name, border in
                [ "constant", Border.Constant fill; "edge", Border.Edge; "reflect", Border.Reflect ] do
                expectWithin 0 (Geometry.pad border 5 2 3 7 source) (made $"pad-{name}")

            throws<ValueException, _> (fun () -> Geometry.pad Border.Reflect 29 0 0 0 source) "28 at most"
            throws<ValueException, _> (fun () -> Geometry.pad Border.Edge 0 -1 0 0 source) "at the bottom"
            Geometry.pad Border.Reflect 28 28 36 36 source |> ignore
        }

        test "flips and quarter turns" {
            for image in [ source; sourceAlpha; sourceGray ] do
                let turn n = Geometry.quarterTurns n image
                Expect.equal (Geometry.flipHorizontal (Geometry.flipHorizontal image)) image "twice"
                Expect.equal (Geometry.flipVertical (Geometry.flipHorizontal image)) (turn 2) "both"
                Expect.equal (Geometry.quarterTurns 3 (turn 1)) image "around"
                Expect.equal (turn -1) (turn 3) "with the clock"

                Expect.equal
                    (turn 1).[0, 0, 0]
                    image[0, image.Width - 1, 0]
                    "the corner at the right comes to the left"

                Expect.equal (Geometry.flipHorizontal image).[2, 0, 0] image[2, image.Width - 1, 0] "mirror"

                Expect.equal
                    (Geometry.flipVertical image).[0, 2, 0]
                    image[image.Height - 1, 2, 0]
                    "upside down"
        }

        test "turned, as Pillow does it" {
            for degrees in [ 0; 17; 45; 90; 180; 270; -33 ] do
                let angle = float degrees
                // Pillow cuts where we round.
                expectWithin
                    1
                    (Geometry.rotate Resampling.Bilinear fill angle source)
                    (made $"rotate-bilinear-{degrees}")

                expectWithin
                    0
                    (Geometry.rotate Resampling.Nearest fill angle source)
                    (made $"rotate-nearest-{degrees}")

                expectWithin
                    1
                    (Geometry.rotateWhole Resampling.Bilinear fill angle source)
                    (made $"rotate-expand-{degrees}")

            for turns in 0..3 do
                for _, resampling in resamplings[..2] do
                    Expect.equal
                        (Geometry.rotateWhole resampling fill (90.0 * float turns) source)
                        (Geometry.quarterTurns turns source)
                        "quarters are exact"

            throws<ValueException, _> (fun () -> Geometry.rotate Resampling.Area fill 1.0 source) "Area"

            throws<ValueException, _>
                (fun () -> Geometry.rotate Resampling.Nearest fill nan source)
                "the angle"
        }

        test "affine changes, as torchvision does them" {
            let changes = [
                { Affine.Identity with Angle = 20.0; TranslateX = 3.0; TranslateY = -2.0; Scale = 1.2 }
                { Affine.Identity with ShearX = 15.0 }
                { Affine.Identity with ShearY = -10.0 }
                { Angle = -40.0; TranslateX = 1.5; TranslateY = 2.5; Scale = 0.7; ShearX = 8.0; ShearY = 5.0 }
            ]

            changes
            |> List.iteri (fun i change ->
                expectWithin 1 (Geometry.affine Resampling.Bilinear fill change source) (made $"affine-{i}"))

            for _, resampling in resamplings[..2] do
                for image in [ source; sourceGray ] do
                    Expect.equal (Geometry.affine resampling fill Affine.Identity image) image "nothing"

            throws<ValueException, _>
                (fun () ->
                    Geometry.affine Resampling.Nearest fill { Affine.Identity with Scale = 0.0 } source)
                "Scale"
        }

        test "a bicubic turn keeps a plane a plane" {
            let plane =
                Image.create 20 20 1 [|
                    for y in 0..19 do
                        for x in 0..19 -> byte (3 * x + 5 * y + 20)
                |]

            let change = { Affine.Identity with TranslateX = 0.5; TranslateY = 0.25 }
            let moved = Geometry.affine Resampling.Bicubic fill change plane

            for y in 3..16 do
                for x in 3..16 do
                    let expected = 3.0 * (float x - 0.5) + 5.0 * (float y - 0.25) + 20.0
                    Expect.isLessThan (abs (float moved[y, x, 0] - expected)) 0.51 $"{y}, {x}"
        }

        test "what is transparent does not bleed" {
            let red, green = [| 255uy; 0uy; 0uy; 255uy |], [| 0uy; 255uy; 0uy; 0uy |]

            let image =
                Image.create
                    2
                    8
                    4
                    (Array.concat [
                        for _ in 0..1 do
                            for x in 0..7 -> if x < 4 then red else green
                    ])

            for changed in
                [
                    Geometry.resize Resampling.Bilinear 1 4 image
                    Geometry.resize Resampling.Area 2 3 image
                    Geometry.affine
                        Resampling.Bilinear
                        Color.Transparent
                        { Affine.Identity with Angle = 10.0 }
                        image
                    Adjust.blur 3 1.0 image
                ] do
                for i in 0..4 .. changed.Bytes.Length - 4 do
                    if changed.Bytes[i + 3] > 0uy then
                        Expect.equal changed.Bytes[i + 1] 0uy $"green in {changed}"
        }
    ]
