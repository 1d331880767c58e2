/// Batches: as the same changes of single pictures, compiled as not, differentiated as finite differences say.
module Cotangent.Images.Tests.BatchTests

open System
open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Images.Tests.Support

/// Eight pictures 12 × 10 of three channels, no number twice.
let private batch =
    let n, c, h, w = 8, 3, 12, 10
    (Tensor.arange DType.Float32 (n * c * h * w)).Reshape [ n; c; h; w ] + 1.0

let private labels = Tensor.oneHot DType.Float32 8 (Tensor.arange DType.Int32 8)

let private all: (string * (Key -> Tensor -> Tensor)) list = [
    "flip", ImageBatch.flip 0.5
    "flipVertical", ImageBatch.flipVertical 0.5
    "crop", ImageBatch.crop 7 8
    "shift", ImageBatch.shift 2
    "erase", ImageBatch.erase { Augment.erasingDefaults with Probability = 1.0 }
    "rotate", ImageBatch.rotate 0.5 30.0
    "mixup", (fun key x -> fst (ImageBatch.mixup 0.4 key (x, labels)))
    "cutmix", (fun key x -> fst (ImageBatch.cutmix 1.0 key (x, labels)))
    "normalize", (fun _ x -> ImageBatch.normalize [| 1.0; 2.0; 3.0 |] [| 4.0; 5.0; 6.0 |] x)
    "resize", (fun _ x -> ImageBatch.resize Resampling.Bicubic 7 19 x)
    "affine",
    (fun _ x ->
        ImageBatch.affine
            0.0
            [ for i in 0..7 -> { Affine.Identity with Angle = float (7 * i); Scale = 1.2 } ]
            x)
]

/// What a derivative along a direction is, by finite differences in Float64.
let private expectGradient (f: Tensor -> Tensor) (x: Tensor) =
    let direction = Random.normal (Key.create 9L) DType.Float64 x.Shape
    let weights = Random.normal (Key.create 10L) DType.Float64 (f x).Shape
    let loss x = sum (weights * f x)
    let step = 1e-5
    let expected = float (loss (x + step * direction) - loss (x - step * direction)) / (2.0 * step)
    let actual = float (sum (grad loss x * direction))
    Expect.isLessThan (abs (actual - expected)) (1e-4 * (1.0 + abs expected)) $"{actual} for {expected}"

[<Tests>]
let tests =
    testList "Batches" [
        for name, change in all do
            test $"{name}: compiled as not" {
                let key = Key.create 4L
                let plain = change key batch
                expectNear 2e-3 (compile (fun (key, x) -> change key x) (key, batch)) plain
                Expect.equal (change key batch) plain "the same by the same key"
            }

            test $"{name}: the gradient is that of finite differences" {
                let key = Key.create 4L
                expectGradient (change key) (batch.Convert DType.Float64 / 100.0)
            }

        test "16 bits stay 16 bits" {
            for name, change in all do
                for dtype in [ DType.Float16; DType.BFloat16; DType.Float64 ] do
                    if name <> "mixup" && name <> "cutmix" then
                        Expect.equal
                            (change (Key.create 1L) (batch.Convert dtype / 100.0)).DType
                            dtype
                            $"{name} of {dtype}"
        }

        test "each example is one of those it may become, and each in its own way" {
            let n = 200
            let x = (Tensor.arange DType.Float32 (n * 12)).Reshape [ n; 1; 3; 4 ] + 1.0
            let data (t: Tensor) = t.ToData<float32[,,,]>()
            let before = data x

            let found (ways: (string * (int -> int -> int * int)) list) (after: Tensor) = [
                let after = data after
                let height, width = Array4D.length3 after, Array4D.length4 after

                for i in 0 .. n - 1 ->
                    ways
                    |> List.filter (fun (_, way) ->
                        List.forall
                            (fun (y, x) ->
                                let y', x' = way y x

                                let expected =
                                    if y' < 0 || y' > 2 || x' < 0 || x' > 3 then
                                        0.0f
                                    else
                                        before[i, 0, y', x']

                                after[i, 0, y, x] = expected)
                            [
                                for y in 0 .. height - 1 do
                                    for x in 0 .. width - 1 -> y, x
                            ])
                    |> List.map fst
            ]

            let expectAll (ways: (string * (int -> int -> int * int)) list) (found: string list list) =
                for each in found do
                    Expect.equal each.Length 1 "one of them"

                let counts = found |> List.countBy List.head
                Expect.equal counts.Length (List.length ways) "each occurs"
                let mean = float n / float counts.Length

                for _, count in counts do
                    Expect.isLessThan (abs (float count - mean)) (5.0 * sqrt mean) "about as often"

            let flips = [ "as it was", (fun y x -> y, x); "mirrored", (fun y x -> y, 3 - x) ]
            ImageBatch.flip 0.5 (Key.create 1L) x |> found flips |> expectAll flips
            let turned = [ "as it was", (fun y x -> y, x); "upside down", (fun y x -> 2 - y, x) ]
            ImageBatch.flipVertical 0.5 (Key.create 1L) x |> found turned |> expectAll turned

            let shifts = [
                for dy in -1 .. 1 do
                    for dx in -1 .. 1 -> $"{dy} {dx}", (fun y x -> y + dy, x + dx)
            ]

            ImageBatch.shift 1 (Key.create 1L) x |> found shifts |> expectAll shifts

            let crops = [
                for dy in 0..1 do
                    for dx in 0..2 -> $"{dy} {dx}", (fun y x -> y + dy, x + dx)
            ]

            ImageBatch.crop 2 2 (Key.create 1L) x |> found crops |> expectAll crops
        }

        test "resized as single pictures are" {
            // Without extremes, so that no cubic leaves the range and is brought back into it half-way.
            let images = [|
                Adjust.contrast 0.3 source
                Geometry.flipHorizontal (Adjust.contrast 0.4 source)
            |]

            let x = Image.stack images

            for resampling in [ Resampling.Nearest; Resampling.Bilinear; Resampling.Bicubic; Resampling.Area ] do
                for height, width in [ 13, 11; 58, 74; 29, 20; 17, 37 ] do
                    let expected =
                        images |> Array.map (Geometry.resize resampling height width) |> Image.stack

                    let actual = clamp 0.0 1.0 (ImageBatch.resize resampling height width x)
                    // Pictures are rounded to levels after each of two steps.
                    expectNear (1.2 / 255.0) actual expected
        }

        test "normalised as single pictures are" {
            let mean, deviation = [| 0.485; 0.456; 0.406 |], [| 0.229; 0.224; 0.225 |]
            let expected = Image.normalize mean deviation source

            expectNear
                2e-6
                (ImageBatch.normalize mean deviation ((Image.toTensor source).Unsqueeze 0)).[0]
                expected
        }

        test "affine changes as those of single pictures" {
            let changes = [
                { Affine.Identity with Angle = 20.0; TranslateX = 3.0; TranslateY = -2.0; Scale = 1.2 }
                { Angle = -40.0; TranslateX = 1.5; TranslateY = 2.5; Scale = 0.7; ShearX = 8.0; ShearY = 5.0 }
                Affine.Identity
            ]

            let fill = Color.OfGray 51uy

            let expected =
                changes
                |> List.map (fun change -> Geometry.affine Resampling.Bilinear fill change source)
                |> Image.stack

            let actual = ImageBatch.affine 0.2 changes (Image.stack [ source; source; source ])
            // A place at the very edge may fall to either side of it in single precision.
            let far = (abs (actual - expected)).Greater(0.6 / 255.0).Convert(DType.Int32).Sum() |> int
            Expect.isLessThanOrEqual far 9 "pixels apart"
        }

        test "rotated by no angle, nothing; by 30 degrees at most, no further" {
            expectNear 1e-3 (ImageBatch.rotate 0.0 0.0 (Key.create 0L) batch) batch
            // A point at distance 10 from the middle moves along its circle.
            let x = (Tensor.zeros DType.Float32 [ 64; 1; 41; 41 ]).ToData<float32[,,,]>()

            for i in 0..63 do
                x[i, 0, 20, 36] <- 1.0f

            let turned = (ImageBatch.rotate 0.0 30.0 (Key.create 0L) (tensor x)).ToData<float32[,,,]>()

            let angles = [
                for i in 0..63 do
                    let lit = [
                        for r in 0..40 do
                            for c in 0..40 do
                                if turned[i, 0, r, c] > 0.2f then float (r - 20), float (c - 20)
                    ]

                    let r, c = List.averageBy fst lit, List.averageBy snd lit
                    Expect.isLessThan (abs (sqrt (r * r + c * c) - 16.0)) 0.8 "on its circle"
                    atan2 -r c * 180.0 / Math.PI
            ]

            Expect.isTrue (List.max angles < 32.0 && List.max angles > 20.0) $"to {List.max angles}"
            Expect.isTrue (List.min angles > -32.0 && List.min angles < -20.0) $"from {List.min angles}"
        }

        test "the gradient by the matrices" {
            let x =
                (Image.toTensorOf DType.Float64 (Geometry.resize Resampling.Bilinear 9 9 source)).Unsqueeze 0
            // Places between pixels, so that no neighbour changes.
            let matrix = tensor [ [ [ 0.9313; 0.0517; 0.2171 ]; [ -0.0431; 0.9173; 0.3337 ] ] ]
            let loss matrix = sum (ImageBatch.warp 0.0 matrix x)
            let gradient = (grad loss matrix).ToData<float[,,]>()
            let step = 1e-6

            for i in 0..1 do
                for j in 0..2 do
                    let moved sign =
                        matrix
                        + sign
                          * step
                          * (tensor (Array3D.init 1 2 3 (fun _ a b -> if a = i && b = j then 1.0 else 0.0)))

                    let expected = float (loss (moved 1.0) - loss (moved -1.0)) / (2.0 * step)

                    Expect.isLessThan
                        (abs (gradient[0, i, j] - expected))
                        (1e-4 * (1.0 + abs expected))
                        $"{i}, {j}"
        }

        test "what is no batch is refused" {
            for name, change in all do
                throws<ShapeException, _> (fun () -> change (Key.create 0L) batch[0]) $"ImageBatch.{name}"

            let key = Key.create 0L

            throws<DTypeException, _>
                (fun () ->
                    ImageBatch.normalize [| 0.0; 0.0; 0.0 |] [| 1.0; 1.0; 1.0 |] (batch.Convert DType.Int32))
                "/ 255.0"

            throws<ValueException, _> (fun () -> ImageBatch.crop 13 1 key batch) "13 × 1"
            throws<ValueException, _> (fun () -> ImageBatch.mixup 0.0 key (batch, labels)) "alpha"
            throws<ShapeException, _> (fun () -> ImageBatch.affine 0.0 [ Affine.Identity ] batch) "1 changes"

            throws<ShapeException, _>
                (fun () -> ImageBatch.warp 0.0 (Tensor.zeros DType.Float32 [ 8; 3; 2 ]) batch)
                "(8, 2, 3)"

            Expect.equal
                (ImageBatch.flip 1.0 key (batch.Convert DType.Int32)).DType
                DType.Int32
                "levels can be moved"
        }
    ]
