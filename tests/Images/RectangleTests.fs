/// Rectangles at random: their areas, ratios and places; crops and erased parts.
module Cotangent.Images.Tests.RectangleTests

open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Images.Tests.Support

[<Tests>]
let tests =
    testList "Rectangles" [
        test "rectangles have the areas and ratios asked for" {
            for i, key in List.indexed (keys 300) do
                let u = Draws.uniform key Rectangles.draws
                let region = Rectangles.forCrop (struct (0.08, 1.0)) (struct (0.75, 4.0 / 3.0)) 100 200 u

                Expect.isTrue
                    (region.Top >= 0
                     && region.Left >= 0
                     && region.Top + region.Height <= 100
                     && region.Left + region.Width <= 200)
                    $"{i}: inside"

                let area = float (region.Height * region.Width) / 20000.0
                // Sides are whole numbers.
                Expect.isTrue (area > 0.07 && area < 1.01) $"{i}: area {area}"
                let ratio = float region.Width / float region.Height
                Expect.isTrue (ratio > 0.72 && ratio < 1.37) $"{i}: ratio {ratio}"

            // No rectangle of half of a picture 1000 times as wide as high has such a ratio: the middle is taken.
            let middle =
                Rectangles.forCrop
                    (struct (0.5, 1.0))
                    (struct (0.75, 4.0 / 3.0))
                    2
                    2000
                    (Draws.uniform (Key.create 0L) Rectangles.draws)

            Expect.equal middle { Top = 0; Left = 998; Height = 2; Width = 3 } "the middle"
        }

        test "areas are uniform, and so are logarithms of ratios" {
            let regions = [
                for key in keys 400 ->
                    Rectangles.forCrop
                        (struct (0.1, 0.3))
                        (struct (0.5, 2.0))
                        1000
                        1000
                        (Draws.uniform key Rectangles.draws)
            ]

            let share predicate = regions |> List.filter predicate |> List.length
            expectShare 0.5 (share (fun r -> r.Height * r.Width < 200_000)) 400
            expectShare 0.5 (share (fun r -> r.Width < r.Height)) 400
        }

        test "a crop resized is the crop, resized" {
            for key in keys 10 do
                let u = Draws.uniform key Rectangles.draws
                let r = Rectangles.forCrop (struct (0.08, 1.0)) (struct (0.75, 4.0 / 3.0)) 29 37 u

                let expected =
                    source
                    |> Geometry.crop r.Top r.Left r.Height r.Width
                    |> Geometry.resize Resampling.Bilinear 16 16

                Expect.equal (Augment.cropResized Augment.cropDefaults 16 16 key source) expected "pixels"

            throws<ValueException, _>
                (fun () ->
                    Augment.cropResized
                        { Augment.cropDefaults with LeastArea = 2.0 }
                        16
                        16
                        (Key.create 0L)
                        source)
                "areas"
        }

        test "erased: one rectangle in one colour, the rest as it was" {
            let fill = Color.OfRgb(1uy, 2uy, 254uy)
            let options = { Augment.erasingDefaults with Probability = 1.0; Fill = fill }
            let mutable erased = 0

            for key in keys 100 do
                let image = Augment.erase options key map

                let changed = [
                    for y in 0..99 do
                        for x in 0..199 do
                            if image[y, x, 2] = 254uy then y, x
                ]

                if not changed.IsEmpty then
                    erased <- erased + 1
                    let rows, columns = List.map fst changed, List.map snd changed
                    let height = List.max rows - List.min rows + 1
                    let width = List.max columns - List.min columns + 1
                    Expect.equal changed.Length (height * width) "a rectangle"
                    let area = float changed.Length / 20000.0
                    Expect.isTrue (area > 0.018 && area < 0.34) $"area {area}"

                for y in 0..99 do
                    for x in 0..199 do
                        if image[y, x, 2] = 255uy then
                            Expect.equal (image[y, x, 0], image[y, x, 1]) (byte y, byte x) "kept"

            Expect.isGreaterThan erased 95 "nearly always"

            let often =
                keys 400 |> List.filter (fun key -> Augment.erase Augment.erasingDefaults key map <> map)

            expectShare 0.5 often.Length 400
        }

        test "erased in a batch: a rectangle in one colour" {
            let fill = Color.OfRgb(0uy, 51uy, 255uy)
            let x = Tensor.full DType.Float32 [ 60; 3; 30; 20 ] 0.5

            let erased =
                (ImageBatch.erase
                    { Augment.erasingDefaults with Probability = 1.0; Fill = fill }
                    (Key.create 2L)
                    x)
                    .ToData<float32[,,,]>()

            let mutable rectangles = Set.empty

            for i in 0..59 do
                let changed = [
                    for r in 0..29 do
                        for c in 0..19 do
                            if erased[i, 0, r, c] <> 0.5f then r, c
                ]

                let rows, columns = List.map fst changed, List.map snd changed
                let height, width = List.max rows - List.min rows + 1, List.max columns - List.min columns + 1
                Expect.equal changed.Length (height * width) "a rectangle"
                let area = float changed.Length / 600.0
                Expect.isTrue (area > 0.01 && area < 0.36) $"area {area}"
                let r, c = changed.Head

                Expect.equal
                    [ for channel in 0..2 -> erased[i, channel, r, c] ]
                    [ 0.0f; 0.2f; 1.0f ]
                    "the colour"

                rectangles <- rectangles.Add(List.min rows, List.min columns, height, width)

            Expect.isGreaterThan rectangles.Count 50 "each its own"

            let often =
                ImageBatch.erase
                    { Augment.erasingDefaults with Fill = fill }
                    (Key.create 3L)
                    (Tensor.full DType.Float32 [ 400; 1; 30; 20 ] 0.5)

            let count = (often.Min([ 1; 2; 3 ]).Less 0.5).Convert(DType.Int32).Sum() |> int
            Expect.isLessThan (abs (count - 200)) 50 "half of them"
        }
    ]
