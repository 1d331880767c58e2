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

let private expectNear (tolerance: float) (actual: Tensor) (expected: Tensor) =
    Expect.equal actual.Shape expected.Shape "shape"
    let apart = float ((abs (actual.Convert DType.Float64 - expected.Convert DType.Float64)).Max())
    Expect.isLessThanOrEqual apart tolerance $"{apart} apart"

/// What a derivative along a direction is, by finite differences in Float64.
let private expectGradient (f: Tensor -> Tensor) (x: Tensor) =
    let direction = Random.normal (Key.create 9L) DType.Float64 x.Shape
    let weights = Random.normal (Key.create 10L) DType.Float64 (f x).Shape
    let loss x = sum (weights * f x)
    let step = 1e-5
    let expected = float (loss (x + step * direction) - loss (x - step * direction)) / (2.0 * step)
    let actual = float (sum (grad loss x * direction))
    Expect.isLessThan (abs (actual - expected)) (1e-4 * (1.0 + abs expected)) $"{actual} for {expected}"

/// The largest distance between how many of the numbers are below each, and a distribution.
let private kolmogorov (distribution: float -> float) (numbers: float[]) =
    let sorted = Array.sort numbers
    let n = float sorted.Length

    sorted
    |> Array.mapi (fun i x ->
        max (abs (float i / n - distribution x)) (abs (float (i + 1) / n - distribution x)))
    |> Array.max

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

        test "erased: a rectangle in one colour" {
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

        test "mixed pictures and mixed labels tell the same" {
            // Every pixel of picture i is i: the mean of a mixed one is what its label says.
            let n = 64

            let x =
                (Tensor.arange DType.Float32 n).Reshape [ n; 1; 1; 1 ]
                + Tensor.zeros DType.Float32 [ n; 1; 20; 20 ]

            let y = Tensor.oneHot DType.Float32 n (Tensor.arange DType.Int32 n)

            for mix in [ ImageBatch.mixup 0.4; ImageBatch.cutmix 1.0 ] do
                let mixed, labels = mix (Key.create 6L) (x, y)
                expectNear 1e-5 (labels.Sum 1) (Tensor.ones DType.Float32 [ n ])
                expectNear 2e-4 (mixed.Mean [ 1; 2; 3 ]) (matmul labels (Tensor.arange DType.Float32 n))
                let strongest = labels.Max 1
                Expect.isGreaterThan (float (strongest.Max() - strongest.Min())) 0.2 "each in its own way"

                throws<ShapeException, _>
                    (fun () -> mix (Key.create 6L) (x, Tensor.arange DType.Int32 n))
                    "Tensor.oneHot"

            let cut, _ = ImageBatch.cutmix 1.0 (Key.create 6L) (x, y)
            let data = cut.ToData<float32[,,,]>()

            for i in 0 .. n - 1 do
                let levels =
                    List.distinct [
                        for r in 0..19 do
                            for c in 0..19 -> data[i, 0, r, c]
                    ]

                Expect.isLessThanOrEqual levels.Length 2 "pixels are not mixed"
        }

        test "shares are drawn from Beta" {
            let numbers alpha =
                (BetaDraws.symmetric alpha 100000 (Key.create 8L)).ToData<float32[]>() |> Array.map float
            // The 0.1 % bound of Kolmogorov and Smirnov.
            let bound = 1.95 / sqrt 100000.0
            Expect.isLessThan (kolmogorov id (numbers 1.0)) bound "1: uniform"
            Expect.isLessThan (kolmogorov (fun x -> x * x * (3.0 - 2.0 * x)) (numbers 2.0)) bound "2"

            Expect.isLessThan
                (kolmogorov (fun x -> 2.0 / Math.PI * asin (sqrt x)) (numbers 0.5))
                bound
                "1/2: arcsine"

            for alpha in [ 0.01; 0.2; 10.0 ] do
                let numbers = numbers alpha
                Expect.isTrue (numbers |> Array.forall (fun x -> x >= 0.0 && x <= 1.0)) "in range"
                let variance = numbers |> Array.averageBy (fun x -> (x - 0.5) ** 2.0)
                let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0))
                Expect.isLessThan (abs (variance / expected - 1.0)) 0.05 $"variance for {alpha}"
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
