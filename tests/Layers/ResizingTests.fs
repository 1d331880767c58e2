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

[<Tests>]
let tests = testList "Resizing layers" [ published; formulas; shuffles; upsampling; pools ]
