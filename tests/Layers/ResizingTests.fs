/// Images made larger and smaller: against published values and the formulas place by place.
module Cotangent.Tests.ResizingTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private random seed shape = Random.normal (Key.create seed) DType.Float64 shape

let private image (rows: float list list) = (tensor rows).Unsqueeze 0

/// Values of the documentation of PyTorch's `Upsample` and of ONNX's operator `Resize`.
let private published =
    testList "published values" [
        for name, rows, corners, expected in
            [
                "bilinear",
                [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ],
                false,
                [
                    [ 1.0; 1.25; 1.75; 2.0 ]
                    [ 1.5; 1.75; 2.25; 2.5 ]
                    [ 2.5; 2.75; 3.25; 3.5 ]
                    [ 3.0; 3.25; 3.75; 4.0 ]
                ]
                "bilinear, corners aligned",
                [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ],
                true,
                [
                    [ 1.0; 1.3333; 1.6667; 2.0 ]
                    [ 1.6667; 2.0; 2.3333; 2.6667 ]
                    [ 2.3333; 2.6667; 3.0; 3.3333 ]
                    [ 3.0; 3.3333; 3.6667; 4.0 ]
                ]
                "bilinear of three",
                [ [ 1.0; 2.0; 0.0 ]; [ 3.0; 4.0; 0.0 ]; [ 0.0; 0.0; 0.0 ] ],
                false,
                [
                    [ 1.0; 1.25; 1.75; 1.5; 0.5; 0.0 ]
                    [ 1.5; 1.75; 2.25; 1.875; 0.625; 0.0 ]
                    [ 2.5; 2.75; 3.25; 2.625; 0.875; 0.0 ]
                    [ 2.25; 2.4375; 2.8125; 2.25; 0.75; 0.0 ]
                    [ 0.75; 0.8125; 0.9375; 0.75; 0.25; 0.0 ]
                    [ 0.0; 0.0; 0.0; 0.0; 0.0; 0.0 ]
                ]
                "bilinear of three, corners aligned",
                [ [ 1.0; 2.0; 0.0 ]; [ 3.0; 4.0; 0.0 ]; [ 0.0; 0.0; 0.0 ] ],
                true,
                [
                    [ 1.0; 1.4; 1.8; 1.6; 0.8; 0.0 ]
                    [ 1.8; 2.2; 2.6; 2.24; 1.12; 0.0 ]
                    [ 2.6; 3.0; 3.4; 2.88; 1.44; 0.0 ]
                    [ 2.4; 2.72; 3.04; 2.56; 1.28; 0.0 ]
                    [ 1.2; 1.36; 1.52; 1.28; 0.64; 0.0 ]
                    [ 0.0; 0.0; 0.0; 0.0; 0.0; 0.0 ]
                ]
            ] do
            testCase name (fun () ->
                let layer = { Upsample.init Interpolation.Linear [ 2; 2 ] with AlignCorners = corners }

                close 1e-4 (List.concat expected) (Upsample.forward layer (image rows)))

        for corners, rows in
            [
                false,
                [
                    [ 0.47265625; 0.76953125; 1.24609375; 1.875; 2.28125; 2.91015625; 3.38671875; 3.68359375 ]
                    [
                        1.66015625
                        1.95703125
                        2.43359375
                        3.0625
                        3.46875
                        4.09765625
                        4.57421875
                        4.87109375
                    ]
                ]
                true, [ [ 1.0; 1.34110787; 1.80029155; 2.32944606; 2.67055394; 3.19970845; 3.65889213; 4.0 ] ]
            ] do
            testCase $"bicubic, corners aligned: {corners}" (fun () ->
                let x = image [ for row in 0..3 -> [ for column in 1..4 -> float (4 * row + column) ] ]
                let y = x.Resize([ 8; 8 ], Interpolation.Cubic, corners)
                close 1e-8 (List.concat rows) y[0, .. rows.Length - 1])

        testCase "nearest: the number at ⌊place · old / new⌋" (fun () ->
            let x = tensor [ [ 0.0; 1.0; 2.0; 3.0; 4.0 ] ]
            equals [ [ 0.0; 0.0; 1.0; 2.0; 2.0; 3.0; 4.0 ] ] (x.Resize [ 7 ])
            equals [ [ 0.0; 1.0; 3.0 ] ] (x.Resize [ 3 ])
            equals [ [ 0.0; 1.0; 1.0; 2.0; 3.0; 3.0; 4.0 ] ] (x.Resize([ 7 ], Interpolation.NearestExact))
            equals [ [ 0.0; 2.0; 4.0 ] ] (x.Resize([ 3 ], Interpolation.NearestExact))
            equals [ [ 0.0; 0.0; 1.0; 1.0; 2.0; 2.0; 3.0; 3.0; 4.0; 4.0 ] ] (x.Resize [ 10 ])
            equals [ [ 0; 0; 1; 1 ] ] ((tensor [ [ 0; 1 ] ]).Resize [ 4 ]))
    ]

/// A number between those of a row, by the formulas of PyTorch's kernels.
let private between mode alignCorners wanted (row: float[]) i =
    let size = row.Length
    let at k = row[max 0 (min (size - 1) k)]

    let source =
        if alignCorners then
            (if wanted = 1 then 0.0 else float i * float (size - 1) / float (wanted - 1))
        else
            (float i + 0.5) * float size / float wanted - 0.5

    match mode with
    | Interpolation.Linear ->
        let source = max 0.0 source
        let k = int source
        at k + (source - float k) * (at (k + 1) - at k)
    | Interpolation.Cubic ->
        let k = int (floor source)

        List.sum [
            for tap in k - 1 .. k + 2 ->
                let d = abs (source - float tap)

                at tap
                * (if d <= 1.0 then
                       1.25 * d ** 3.0 - 2.25 * d * d + 1.0
                   else
                       -0.75 * (d ** 3.0 - 5.0 * d * d + 8.0 * d - 4.0))
        ]
    | Interpolation.Nearest -> at (i * size / wanted)
    | Interpolation.NearestExact -> at (int (floor ((float i + 0.5) * float size / float wanted)))

let private along mode corners axis wanted (x: Tensor) =
    let shape, at = List.ofArray x.Shape, reader x

    build DType.Float64 (List.updateAt axis wanted shape) (fun index ->
        let row = [| for k in 0 .. shape[axis] - 1 -> at (List.updateAt axis k index) |]
        between mode corners wanted row index[axis])

let private cases = [
    for mode in
        [ Interpolation.Nearest; Interpolation.NearestExact; Interpolation.Linear; Interpolation.Cubic ] do
        mode, false

        match mode with
        | Interpolation.Linear
        | Interpolation.Cubic -> mode, true
        | Interpolation.Nearest
        | Interpolation.NearestExact -> ()
]

let private formulas =
    testList "formulas" [
        for mode, corners in cases do
            testCase
                $"{mode}, corners aligned: {corners}; one to three axes, larger, smaller, uneven"
                (fun () ->
                    for full, sizes in
                        [
                            [ 5 ], [ 8 ]
                            [ 8 ], [ 3 ]
                            [ 4 ], [ 1 ]
                            [ 1 ], [ 3 ]
                            [ 3; 4 ], [ 6; 7 ]
                            [ 2; 3; 4 ], [ 3; 3; 8 ]
                        ] do
                        let x = random 1L ([ 2 ] @ full)

                        let expected =
                            sizes
                            |> List.indexed
                            |> List.fold (fun x (i, n) -> along mode corners (i + 1) n x) x

                        let actual = if corners then x.Resize(sizes, mode, true) else x.Resize(sizes, mode)
                        Expect.equal (List.ofArray actual.Shape) (List.ofArray expected.Shape) "shape"
                        close 1e-12 (numbers expected) actual
                        let resize (x: Tensor) = x.Resize(sizes, mode, corners)
                        if full.Length = 3 then close 1e-12 (numbers expected) (compile resize x)
                        close 1e-12 (numbers expected) (vmap resize x)
                        // Linear in x: the gradient of a weighted sum has the same weights for every x.
                        let weights = random 2L (List.ofArray expected.Shape)
                        let g = grad (fun x -> sum (weights * resize x)) x
                        close 1e-11 [ float (sum (weights * actual)) ] (sum (g * x)))

        testCase "16 bits stay, rounded once" (fun () ->
            let x = (random 1L [ 2; 5 ]).Convert DType.BFloat16
            let y = x.Resize([ 9 ], Interpolation.Cubic)
            equals (((x.Convert DType.Float32).Resize([ 9 ], Interpolation.Cubic)).Convert DType.BFloat16) y)
    ]

let private shuffles =
    testCase "pixelShuffle and back" (fun () ->
        let x = random 1L [ 2; 12; 3; 2 ]
        let at = reader x

        let expected =
            build DType.Float64 [ 2; 3; 6; 4 ] (fun i ->
                at [ i[0]; i[1] * 4 + i[2] % 2 * 2 + i[3] % 2; i[2] / 2; i[3] / 2 ])

        equals expected (pixelShuffle 2 x)
        equals x (pixelUnshuffle 2 expected)
        equals expected[1] (pixelShuffle 2 x[1])
        equals x[1] (pixelUnshuffle 2 expected[1])
        equals x (pixelShuffle 1 x)

        throws<ShapeException, _> [ "pixelShuffle"; "(2, 12, 3, 2)"; "3²" ] (fun () -> pixelShuffle 3 x)
        throws<ValueException, _> [ "pixelShuffle"; "0" ] (fun () -> pixelShuffle 0 x)
        throws<ShapeException, _> [ "pixelUnshuffle"; "(2, 12, 3, 2)" ] (fun () -> pixelUnshuffle 2 x)
        throws<ShapeException, _> [ "pixelShuffle"; "(3, 2)" ] (fun () -> pixelShuffle 1 x[0, 0]))

let private upsampling =
    testCase "Upsample" (fun () ->
        let x = random 1L [ 2; 3; 4; 5 ]
        equals (x.Resize [ 12; 15 ]) (Upsample.forward (Upsample.create 3) x)

        equals
            (x.Resize([ 8; 15 ], Interpolation.Cubic))
            (Upsample.forward (Upsample.init Interpolation.Cubic [ 2; 3 ]) x)

        throws<ShapeException, _> [ "Upsample.forward"; "(4,)" ] (fun () ->
            Upsample.forward (Upsample.create 2) (Tensor.zeros DType.Float64 [ 4 ]))

        throws<ValueException, _> [ "Upsample.init"; "0" ] (fun () -> Upsample.create 0)

        throws<ValueException, _> [ "Upsample.init"; "4 scales" ] (fun () ->
            Upsample.init Interpolation.Linear [ 1; 1; 1; 1 ])

        throws<ValueException, _> [ "resize"; "corners" ] (fun () ->
            x.Resize([ 2 ], Interpolation.Nearest, true))

        throws<DTypeException, _> [ "resize"; "Int32" ] (fun () ->
            (tensor [ 1; 2 ]).Resize([ 3 ], Interpolation.Linear))

        throws<ShapeException, _> [ "resize"; "(2, 3, 4, 5)"; "(0,)" ] (fun () -> x.Resize [ 0 ]))

let private pools =
    testList "pooling to a size" [
        testCase "windows as PyTorch's, means and largest" (fun () ->
            for full, sizes in
                [ [ 5 ], [ 3 ]; [ 6 ], [ 3 ]; [ 3 ], [ 5 ]; [ 7; 4 ], [ 3; 2 ]; [ 2; 5; 4 ], [ 1; 2; 4 ] ] do
                let x = random 1L ([ 2; 3 ] @ full)
                let at = reader x

                let over i n wanted =
                    let first = float i * float n / float wanted |> floor |> int
                    let next = float (i + 1) * float n / float wanted |> ceil |> int
                    [ first .. next - 1 ]

                let expected (fold: float list -> float) =
                    build DType.Float64 ([ 2; 3 ] @ sizes) (fun index ->
                        let windows = List.map3 over index[2..] full sizes

                        let rec all windows =
                            match windows with
                            | [] -> [ [] ]
                            | first :: rest -> [
                                for i in first do
                                    for more in all rest -> i :: more
                              ]

                        all windows |> List.map (fun places -> at (index[..1] @ places)) |> fold)

                close 1e-12 (numbers (expected List.average)) (adaptiveAveragePool sizes x)
                close 1e-12 (numbers (expected List.max)) (adaptiveMaxPool sizes x)
                close 1e-12 (numbers (expected List.average)) (compile (adaptiveAveragePool sizes) x)
                close 1e-12 (numbers (expected List.average)) (vmap (adaptiveAveragePool sizes) x))

        testCase "over all places" (fun () ->
            for spatial in [ [ 5 ]; [ 2; 3 ]; [ 2; 1; 3 ] ] do
                let x = random 1L ([ 2; 3 ] @ spatial)
                let rows = x.Reshape [ 2; 3; -1 ]
                close 1e-12 (numbers (rows.Mean [ 2 ])) (globalAveragePool x)
                equals (rows.Max [ 2 ]) (globalMaxPool x)

            throws<ShapeException, _> [ "globalAveragePool"; "(2, 3)" ] (fun () ->
                globalAveragePool (Tensor.zeros DType.Float32 [ 2; 3 ]))

            throws<DTypeException, _> [ "adaptiveMaxPool"; "Int32" ] (fun () ->
                adaptiveMaxPool [ 1 ] (tensor [ 1; 2 ]))

            throws<ShapeException, _> [ "adaptiveAveragePool"; "(0,)" ] (fun () ->
                adaptiveAveragePool [ 0 ] (tensor [ 1.0; 2.0 ])))
    ]

/// What Pillow, JAX and PyTorch do when they make something smaller: a triangle as wide as the distance of the new numbers, place by
/// place, of the numbers inside, its weights summing to 1.
let private antialiased support (weight: float -> float) (x: float[]) (wanted: int) : float list =
    let stretch = max 1.0 (float x.Length / float wanted)

    [
        for i in 0 .. wanted - 1 ->
            let centre = (float i + 0.5) * float x.Length / float wanted - 0.5

            let weights = [|
                for j in 0 .. x.Length - 1 ->
                    let distance = abs (float j - centre) / stretch
                    if distance < support then weight distance else 0.0
            |]

            Array.fold2 (fun s w x -> s + w * x) 0.0 weights x / Array.sum weights
    ]

let private options =
    testList "options" [
        test "antialiased" {
            let x = numbers (random 5L [ 23 ])

            for wanted in [ 2; 3; 7; 22; 23; 40 ] do
                let resized mode a =
                    resizeWith
                        {
                            resizeDefaults with
                                Mode = mode
                                Antialias = true
                                CubicCoefficient = a
                                ExcludeOutside = true
                        }
                        [ wanted ]
                        (tensor x)

                let triangle = antialiased 1.0 (fun d -> 1.0 - d) x wanted
                close 1e-13 triangle (resized Interpolation.Linear -0.5)

                let cubic d =
                    if d < 1.0 then
                        1.5 * d ** 3.0 - 2.5 * d * d + 1.0
                    else
                        -0.5 * d ** 3.0 + 2.5 * d * d - 4.0 * d + 2.0

                close 1e-13 (antialiased 2.0 cubic x wanted) (resized Interpolation.Cubic -0.5)
        }
        test "crops" {
            let x = tensor [ 0.0; 10.0; 20.0; 30.0; 40.0 ]

            let crop starts stops = {
                resizeDefaults with
                    Coordinates = ResizeCoordinates.Crop(starts, stops)
            }
            // From a quarter to three quarters of four steps.
            close 1e-14 [ 10.0; 15.0; 20.0; 25.0; 30.0 ] (resizeWith (crop [ 0.25 ] [ 0.75 ]) [ 5 ] x)
            close 1e-14 [ 30.0; 20.0; 10.0 ] (resizeWith (crop [ 0.75 ] [ 0.25 ]) [ 3 ] x)
            close 1e-14 [ 20.0 ] (resizeWith (crop [ 0.25 ] [ 0.75 ]) [ 1 ] x)
            let outside = { crop [ -0.5 ] [ 0.5 ] with Outside = Some 7.0 }
            close 1e-14 [ 7.0; 0.0; 20.0 ] (resizeWith outside [ 3 ] x)
        }
        test "nearest numbers, half-way" {
            let x = tensor [ 0.0; 1.0; 2.0; 3.0 ]

            for rounding, expected in
                [
                    // Places 0, 3/2, 3.
                    NearestRounding.HalfDown, [ 0.0; 1.0; 3.0 ]
                    NearestRounding.HalfUp, [ 0.0; 2.0; 3.0 ]
                    NearestRounding.Down, [ 0.0; 1.0; 3.0 ]
                    NearestRounding.Up, [ 0.0; 2.0; 3.0 ]
                ] do
                let options = {
                    resizeDefaults with
                        Mode = Interpolation.Nearest
                        Coordinates = ResizeCoordinates.AlignCorners
                        Rounding = rounding
                }

                close 0.0 expected (resizeWith options [ 3 ] x)
        }
        test "scales of their own, compiled, of batches, differentiated" {
            let options = { resizeDefaults with Scales = [ 0.6 ]; Antialias = true }
            let x = random 6L [ 3; 5 ]
            let f (x: Tensor) = resizeWith options [ 3 ] x
            close 1e-14 (numbers (f x)) (compile f x)
            close 1e-14 (numbers (f x)) (vmap f x)
            let c = random 7L [ 3; 3 ]
            // It is linear.
            close 1e-13 (numbers (sum (f x * c))) (sum ((snd (vjp f x)) c * x))
        }
        test "what is asked" {
            throws<ValueException, _> [ "resizeWith"; "2 scales" ] (fun () ->
                resizeWith { resizeDefaults with Scales = [ 1.0; 2.0 ] } [ 3 ] (tensor [ 1.0 ]))

            throws<ValueException, _> [ "resizeWith"; "scale of 0" ] (fun () ->
                resizeWith { resizeDefaults with Scales = [ 0.0 ] } [ 3 ] (tensor [ 1.0 ]))

            throws<DTypeException, _> [ "resizeWith"; "Int32" ] (fun () ->
                resizeWith resizeDefaults [ 3 ] (tensor [ 1 ]))
        }
    ]

/// One box after another, as the definition says.
let private plainSuppression threshold (boxes: float[][]) (scores: float[]) : int list =
    let area (b: float[]) = (b[2] - b[0]) * (b[3] - b[1])

    let iou (a: float[]) (b: float[]) =
        let side i = max 0.0 (min a[i + 2] b[i + 2] - max a[i] b[i])
        let common = side 0 * side 1
        common / (area a + area b - common)

    [ 0 .. scores.Length - 1 ]
    |> List.sortBy (fun i -> -scores[i])
    |> List.fold
        (fun kept i ->
            if List.exists (fun k -> iou boxes[k] boxes[i] > threshold) kept then
                kept
            else
                kept @ [ i ])
        []

let private boxes =
    testList "boxes" [
        test "suppression, box by box" {
            for seed in 1L .. 12L do
                let n = 3 * int seed
                let corner = Random.uniform (Key.create seed) DType.Float64 [ n; 2 ] * 3.0
                let size = Random.uniform (Key.create (seed + 50L)) DType.Float64 [ n; 2 ] + 0.5
                let all = concat 1 [ corner; corner + size ]
                let scores = Random.uniform (Key.create (seed + 90L)) DType.Float64 [ n ]

                let rows =
                    numbers all |> List.ofSeq |> List.chunkBySize 4 |> List.map Array.ofList |> Array.ofList

                let expected = plainSuppression 0.3 rows (numbers scores |> Array.ofSeq)
                let found = Boxes.nonMaximumSuppression 0.3 all scores
                equals (expected |> List.map float) (found.Convert DType.Float64)
                let size = expected.Length + 2
                let f (all: Tensor, scores: Tensor) = Boxes.nonMaximumSuppressionOf size 0.3 all scores
                let padded = (expected @ [ -1; -1 ]) |> List.map float
                equals padded ((f (all, scores)).Convert DType.Float64)
                equals padded ((compile f (all, scores)).Convert DType.Float64)
                let twice (t: Tensor) = stack 0 [ t; t ]

                equals
                    (padded @ padded)
                    (((vmap f (twice all, twice scores)).Convert DType.Float64).Flatten())

                let isKept = Boxes.isKept 0.3 all scores

                equals
                    [ for i in 0 .. n - 1 -> if List.contains i expected then 1.0 else 0.0 ]
                    (isKept.Convert DType.Float64)
        }
        test "areas, centres, overlaps" {
            let a = tensor [ [ 0.0; 0.0; 2.0; 4.0 ]; [ 1.0; 1.0; 1.0; 1.0 ] ]
            equals [ 8.0; 0.0 ] (Boxes.area a)
            equals (numbers a |> List.ofSeq) ((Boxes.ofCenters (Boxes.toCenters a)).Flatten())
            close 1e-15 [ 1.0; 0.0; 0.0; 0.0 ] ((Boxes.iou a a).Flatten())
            // Half of each, over a side: common 4, together 12.
            let b = tensor [ [ 0.0; 2.0; 2.0; 6.0 ] ]
            close 1e-15 [ 1.0 / 3.0; 0.0 ] ((Boxes.iou a b).Flatten())

            let loss (b: Tensor) = sum (Boxes.iou (a[0..0]) b)
            let h = 1e-6
            let moved = tensor [ [ 0.0; h; 0.0; 0.0 ] ]
            let slope = float (loss (b + moved) - loss (b - moved)) / (2.0 * h)
            close 1e-8 [ slope ] ((grad loss b)[0, 1])
        }
        test "what is asked" {
            throws<ShapeException, _> [ "Boxes.area"; "(3,)"; "4 numbers" ] (fun () ->
                Boxes.area (tensor [ 1.0; 2.0; 3.0 ]))

            throws<ShapeException, _> [ "Boxes.isKept"; "(2,)"; "(1, 4)" ] (fun () ->
                Boxes.isKept 0.5 (tensor [ [ 0.0; 0.0; 1.0; 1.0 ] ]) (tensor [ 1.0; 2.0 ]))

            throws<TraceException, _>
                [ "Boxes.nonMaximumSuppression"; "`compile`"; "nonMaximumSuppressionOf" ]
                (fun () ->
                    compile
                        (fun (b: Tensor) -> Boxes.nonMaximumSuppression 0.5 b (tensor [ 1.0 ]))
                        (tensor [ [ 0.0; 0.0; 1.0; 1.0 ] ]))

            hasShape
                [ 0 ]
                (Boxes.nonMaximumSuppression
                    0.5
                    (Tensor.zeros DType.Float64 [ 0; 4 ])
                    (Tensor.zeros DType.Float64 [ 0 ]))
        }
    ]

[<Tests>]
let tests =
    testList "Resizing layers" [ published; formulas; shuffles; upsampling; pools; options; boxes ]
