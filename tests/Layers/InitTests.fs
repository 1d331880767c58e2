/// Initialisers: their spread is that of the papers' formulas, whatever the shape says of the fans.
module Cotangent.Tests.InitTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private key = Key.create 7L
let private numbersOf init shape = numbers (Init.draw init shape DType.Float32 key)
let private variance (xs: float[]) = xs |> Array.averageBy (fun x -> x * x)

let private fans =
    testList "Fans" [
        for shape, groups, fanIn, fanOut in
            [
                [ 784; 256 ], 1, 784, 256
                // 16 inputs and 32 outputs, windows of 3 by 5.
                [ 32; 16; 3; 5 ], 1, 240, 480
                // Each output sees 2 inputs, each input feeds 16 / 4 outputs.
                [ 16; 2; 3; 3 ], 4, 18, 36
                // Depthwise: one to one.
                [ 8; 1; 7 ], 8, 7, 7
                [ 10 ], 1, 1, 10
            ] do
            testCase $"%A{shape}, {groups} groups" (fun () ->
                Expect.equal (Fans.ofGroups groups shape) { FanIn = fanIn; FanOut = fanOut } "fans")
    ]

let private spreads =
    testList "variance" [
        for name, init, shape, expected in
            [
                "glorotUniform", Init.glorotUniform, [ 100; 300 ], 2.0 / 400.0
                "glorotNormal", Init.glorotNormal, [ 300; 100 ], 2.0 / 400.0
                "heUniform", Init.heUniform, [ 100; 300 ], 2.0 / 100.0
                "heNormal of a convolution", Init.heNormal, [ 64; 16; 3; 3 ], 2.0 / 144.0
                "lecunNormal", Init.lecunNormal, [ 100; 300 ], 1.0 / 100.0
                "inverseRoot", Init.inverseRoot, [ 100; 300 ], 1.0 / 300.0
                "by the outputs",
                Init.varianceScaling 3.0 FanMode.Out Spread.Normal,
                [ 100; 300 ],
                3.0 / 300.0
                "by the inputs", Init.varianceScaling 3.0 FanMode.In Spread.Uniform, [ 100; 300 ], 3.0 / 100.0
                "by both",
                Init.varianceScaling 3.0 FanMode.Average Spread.Truncated,
                [ 100; 300 ],
                3.0 / 200.0
                "truncated", Init.truncatedNormalOf (fun f -> float f.FanOut), [ 100; 300 ], 90000.0
            ] do
            testCase name (fun () ->
                let v = variance (numbersOf init shape)
                Expect.isTrue (abs (v / expected - 1.0) < 0.04) $"{v}, expected {expected}")

        testCase "a truncated normal ends at two deviations of the uncut one" (fun () ->
            let xs = numbersOf (Init.truncatedNormalOf (fun _ -> 1.0)) [ 100; 300 ]
            Expect.isLessThanOrEqual (xs |> Array.map abs |> Array.max) (2.0 / 0.8796) "largest"
            Expect.isGreaterThan (xs |> Array.map abs |> Array.max) 2.2 "largest")
    ]

let private identityOf n = [ for i in 0 .. n * n - 1 -> if i / n = i % n then 1.0 else 0.0 ]

let private structured =
    testList "structure" [
        for rows, columns in [ 3, 5; 5, 3; 4, 4 ] do
            testCase $"orthogonal ({rows}, {columns})" (fun () ->
                let w = Init.draw (Init.orthogonal 2.0) [ rows; columns ] DType.Float64 key
                let gram = if rows <= columns then matmul w w.T else matmul w.T w
                close 1e-12 (identityOf (min rows columns)) (gram / 4.0))

        testCase "orthogonal of a convolution: its outputs' weights" (fun () ->
            let w = Init.draw (Init.orthogonal 1.0) [ 4; 2; 3; 3 ] DType.Float64 key
            let rows = w.Reshape [ 4; 18 ]
            close 1e-12 (identityOf 4) (matmul rows rows.T))

        testCase "orthogonal prefers no sign" (fun () ->
            // Householder's Q alone has a first entry of one sign.
            let signs = [
                for seed in 0L .. 39L ->
                    float (Init.draw (Init.orthogonal 1.0) [ 3; 3 ] DType.Float64 (Key.create seed)).[0, 0] >
                        0.0
            ]

            let positive = signs |> List.filter id |> List.length
            Expect.isTrue (positive > 8 && positive < 32) $"{positive} of 40 are positive")

        testCase "orthogonal under vmap and in 16 bits" (fun () ->
            let ws =
                vmap
                    (fun key -> Init.draw (Init.orthogonal 1.0) [ 3; 3 ] DType.Float64 key)
                    (Key.batch 5 key)

            close 1e-12 (List.concat (List.replicate 5 (identityOf 3))) (matmul ws (ws.Transpose()))

            Expect.equal
                (Init.draw (Init.orthogonal 1.0) [ 3; 3 ] DType.BFloat16 key).DType
                DType.BFloat16
                "dtype")

        testCase "identity" (fun () ->
            equals
                [ [ 1.0; 0.0; 0.0 ]; [ 0.0; 1.0; 0.0 ] ]
                (Init.draw Init.identity [ 2; 3 ] DType.Float64 key)

            let kernel = Init.draw Init.identity [ 2; 2; 3; 5 ] DType.Float64 key
            let x = Random.normal key DType.Float64 [ 1; 2; 6; 7 ]
            equals x (convolve Window.same kernel x))

        testCase "deltaOrthogonal keeps the length of signals" (fun () ->
            let kernel = Init.draw (Init.deltaOrthogonal 1.0) [ 4; 3; 3; 3 ] DType.Float64 key
            let x = Random.normal key DType.Float64 [ 1; 3; 6; 7 ]
            let y = convolve Window.same kernel x
            close 1e-12 [ float (norm x) ] (norm y))

        testCase "shapes that are no kernels" (fun () ->
            throws<ShapeException, _> [ "Init.orthogonal"; "(3,)" ] (fun () ->
                Init.draw (Init.orthogonal 1.0) [ 3 ] DType.Float32 key)

            throws<ShapeException, _> [ "Init.identity" ] (fun () ->
                Init.draw Init.identity [ 3 ] DType.Float32 key)

            throws<ShapeException, _> [ "Init.deltaOrthogonal"; "(2, 3, 3)" ] (fun () ->
                Init.draw (Init.deltaOrthogonal 1.0) [ 2; 3; 3 ] DType.Float32 key))

        testCase "dtypes" (fun () ->
            for init in [ Init.heNormal; Init.zeros; Init.ones; Init.glorotUniform; Init.identity ] do
                for dtype in floats do
                    Expect.equal (Init.draw init [ 2; 2 ] dtype key).DType dtype "dtype")
    ]

[<Tests>]
let tests = testList "Init" [ fans; spreads; structured ]
