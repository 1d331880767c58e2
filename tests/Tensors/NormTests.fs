/// Norms over the whole range of each dtype, and what deviates from a mean: of equal numbers, nothing.
module Cotangent.Tests.NormTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Support

/// 3 and 4 times a number give 5 times it.
let private sizes: (DType * float list) list = [
    DType.Float64, [ 1e-320; 1e-300; 1e-160; 1e-140; 1.0; 1e140; 1e150; 1e200; 3e307 ]
    DType.Float32, [ 1e-42; 1e-30; 1e-20; 1.0; 1e20; 1e25; 5e37 ]
    DType.BFloat16, [ 1e-30; 1.0; 1e25 ]
    DType.Float16, [ 1e-5; 1.0; 1e4 ]
]

let private precision (dtype: DType) x =
    match dtype with
    | DType.Float64 -> if x < 1e-300 then 1e-2 else 1e-14
    | DType.Float32 -> if x < 1e-36 then 1e-2 else 1e-6
    | _ -> 0.02

let private range =
    testList "norms" [
        for dtype, sizes in sizes do
            for size in sizes do
                for name, run in [ "", id; ", compiled", compile ] do
                    testCase $"{dtype}, {size}{name}" (fun () ->
                        let x = (tensor [ [ 3.0 * size; 4.0 * size ]; [ 0.0; size ] ]).Convert dtype

                        let near e (found: float seq) =
                            for e, f in Seq.zip e found do
                                Expect.isLessThan
                                    (abs (f - e))
                                    (precision dtype size * abs e + 1e-300)
                                    $"{f:R}, right {e:R}"

                        let five = 5.0 * size
                        near [ five; size ] (numbers (run (fun (x: Tensor) -> x.Norm [ 1 ]) x))
                        near [ five; size ] (numbers (run (fun (x: Tensor) -> x.Norm([ 1 ], true)) x))
                        near [ five ] (numbers (run (fun (x: Tensor) -> Tree.norm [ x[0, 0]; x[0, 1] ]) x))
                        let whole = Math.Sqrt 26.0 * size

                        near [ whole; whole ] [
                            yield! numbers (run norm x)
                            yield! numbers (run (fun x -> Tree.norm [ x ]) x)
                        ]

                        let slopes = [ 0.6; 0.8; 0.0; 1.0 ]
                        let slope = run (grad (fun (x: Tensor) -> sum (x.Norm [ 1 ]))) x
                        near slopes (numbers slope)
                        // Two numbers ±size apart from their mean.
                        let pair = (tensor [ -size; size ]).Convert dtype
                        near [ (numbers pair)[1] ] (numbers (run (fun (x: Tensor) -> x.Std()) pair)))

        testCase "infinities, NaN and nothing" (fun () ->
            for dtype in floats do
                let of' (x: float list) = (numbers (norm ((tensor x).Convert dtype)))[0]
                Expect.equal (of' [ 1.0; -infinity ]) infinity "infinity"
                Expect.isTrue (Double.IsNaN(of' [ 1.0; nan ])) "NaN"
                Expect.equal (numbers (norm (Tensor.zeros dtype [ 0 ]))) [| 0.0 |] "nothing")

        testCase "second derivatives of scaled norms" (fun () ->
            let h x = numbers (hessian norm (tensor [ 3.0 * x; 4.0 * x ])) |> Array.map (fun v -> v * x)
            let expected = [ 16.0 / 125.0; -12.0 / 125.0; -12.0 / 125.0; 9.0 / 125.0 ]

            for x in [ 1.0; 1e160; 1e-160 ] do
                closeNumbers 1e-12 expected (h x))

        testCase "squares of norms and deviations at their origin" (fun () ->
            let equals = tensor [ 2.0; 2.0 ]
            let twice = [ 2.0; 0.0; 0.0; 2.0 ]
            let apart = [ 0.5; -0.5; -0.5; 0.5 ]

            for dtype in [ DType.Float64; DType.Float32 ] do
                for x, f, expected in
                    [
                        Tensor.zerosLike equals, norm >> square, twice
                        Tensor.zerosLike equals,
                        (fun x -> sum (vmap (norm >> square) (x.Unsqueeze 0))),
                        twice
                        equals, (fun x -> square (x.Std())), apart
                    ] do
                    let x = x.Convert dtype
                    closeNumbers 1e-6 expected (numbers (hessian f x))
                    closeNumbers 1e-6 expected (numbers (jacobian (grad f) x))
                    closeNumbers 1e-6 expected (numbers (compile (hessian f) x)))

        testCase "squares of norms and deviations with kept axes, and in 16 bits, at their origin" (fun () ->
            let all (x: Tensor) = sum x
            let kept (x: Tensor) = x.Norm([ 0 ], keepDims = true)
            let spread (x: Tensor) = x.Std([ 0 ], keepDims = true)
            let twice, apart = [ 2.0; 0.0; 0.0; 2.0 ], [ 0.5; -0.5; -0.5; 0.5 ]

            for dtype in floats do
                for x, f, expected in
                    [
                        [ 0.0; 0.0 ], norm >> square, twice
                        [ 0.0; 0.0 ], (fun x -> norm x ** 2.0), twice
                        [ 0.0; 0.0 ], kept >> square >> all, twice
                        [ 0.0; 0.0 ], (fun x -> all (kept x ** 2.0)), twice
                        [ 0.0; 0.0 ], (fun x -> all (vmap (kept >> square) (x.Unsqueeze 0))), twice
                        [ 2.0; 2.0 ], (fun x -> square (x.Std())), apart
                        [ 2.0; 2.0 ], spread >> square >> all, apart
                    ] do
                    let x = (tensor x).Convert dtype
                    closeNumbers 1e-6 expected (numbers (hessian f x))
                    closeNumbers 1e-6 expected (numbers (jacobian (grad f) x))
                    closeNumbers 1e-6 expected (numbers (compile (hessian f) x)))

        testCase "a tree of several dtypes has no norm" (fun () ->
            throws<DTypeException, _> [ "Tree.norm"; "`$[1]`" ] (fun () ->
                Tree.norm [ tensor 1.0; tensor 1.0f ]))
    ]

let private equal =
    testList "equal numbers" [
        for dtype in floats do
            for n in [ 1; 2; 3; 7; 100; 768; 1000; 4097; 70_000 ] do
                testCase $"{dtype}, {n}" (fun () ->
                    for value in [ 1000.1; 0.1; -3.3e4; 1e-3 ] do
                        let x = Tensor.full dtype [ 2; n ] value

                        for run in [ id; compile ] do
                            let zero name (f: Tensor -> Tensor) =
                                let worst = numbers (run f x) |> Array.map abs |> Array.max
                                Expect.equal worst 0.0 $"{name} of {value}"

                            zero "layerNorm" layerNorm
                            zero "layerNorm with a gain" (fun x -> x.LayerNorm(gain = Tensor.onesLike x[0]))
                            zero "variance" (fun x -> x.Variance [ 1 ])
                            zero "standard deviation" (fun x -> x.Std [ 1 ])
                            zero "gradient of the standard deviation" (grad (fun x -> sum (x.Std [ 1 ])))
                            // Of a gain in the pull, Σ c y.
                            zero "gradient of the gain" (fun x ->
                                grad
                                    (fun gain -> sum (x.LayerNorm(gain = gain) * 3.0))
                                    (Tensor.onesLike x[0])))
    ]

/// Numbers whose deviations are much smaller than they are, against Float64.
let private near =
    testList "nearly equal numbers" [
        for n in [ 10; 768; 5000 ] do
            for name, run in [ "", id; ", compiled", compile ] do
                testCase $"{n}{name}" (fun () ->
                    let noise = Random.normal (Key.create 3L) DType.Float32 [ 4; n ]
                    let x = noise * 0.01f + 1000.1f
                    let exact = x.Convert DType.Float64

                    let relative (a: Tensor) (b: Tensor) =
                        float (norm (a.Convert DType.Float64 - b)) / float (norm b)

                    let v = relative (run (fun (x: Tensor) -> x.Variance [ 1 ]) x) (exact.Variance [ 1 ])
                    Expect.isLessThan v 1e-5 "variance"
                    let s = relative (run (fun (x: Tensor) -> x.Std [ 1 ]) x) (exact.Std [ 1 ])
                    Expect.isLessThan s 1e-5 "standard deviation"
                    // The mean lies between two numbers of Float32, 6e-5 apart.
                    Expect.isLessThan (relative (run layerNorm x) (layerNorm exact)) 4e-3 "layerNorm"
                    let weight = Random.normal (Key.create 4L) DType.Float32 [ 4; n ]
                    let pull (x: Tensor) = grad (fun x -> sum (layerNorm x * weight.Convert x.DType)) x
                    Expect.isLessThan (relative (run pull x) (pull exact)) 2e-2 "gradient")
    ]

[<Tests>]
let tests = testList "Norms" [ range; equal; near ]
