/// Compiled programs keep the range of the order that was written: what is a number in it, is that number compiled.
module Cotangent.Tests.RangeTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Support

let private same (f: Tensor -> Tensor) (x: Tensor) what =
    for e, c in Seq.zip (numbers (f x)) (numbers (compile f x)) do
        if not (e.Equals c) then failtest $"{what}: {c:R} compiled, {e:R} eager"

let private inverses =
    testList "division by powers of two" [
        for dtype in floats do
            testCase $"{dtype}, to the last bit" (fun () ->
                let least, most =
                    match dtype with
                    | DType.Float64 -> -1074, 1023
                    | DType.Float32 -> -149, 127
                    | DType.Float16 -> -24, 15
                    | _ -> -133, 127

                let xs = [ 0.0; -0.0; 1.0; 3.0; -1.25; nan; infinity ]

                let ends = [
                    for e in [ least; least + 3; -14; 0; 15; most ] do
                        if e >= least && e <= most then Math.ScaleB(1.5, e)
                ]

                let x = (tensor (xs @ ends)).Convert dtype
                let steps = if most > 500 then 37 else 1

                for k in least - 3 .. steps .. min 1023 (most + 3) do
                    let c = Math.ScaleB(1.0, k)
                    same (fun x -> x / c) x $"x / 2^{k}"
                    same (fun x -> x * c) x $"x * 2^{k}")
    ]

let private outer (a: Tensor) (b: Tensor) = matmul (a.Unsqueeze 1) (b.Unsqueeze 0)

/// The numbers that are neither lost nor infinite in the order written.
let private agrees tolerance (f: Tensor * Tensor * Tensor -> Tensor) args what =
    let eager, compiled = numbers (f args), numbers (compile f args)

    for e, c in Seq.zip eager compiled do
        if Double.IsFinite e && abs e > 1e-37 && not (abs (c - e) <= tolerance * abs e) then
            failtest $"{what}: {c:R} compiled, {e:R} eager"

let private products =
    testList "products" [
        testCase "sums of squares of outer products in Float64" (fun () ->
            let f (a, b) = sum (square (outer a b))
            let a, b = Tensor.full DType.Float64 [ 4 ] 1e200, Tensor.full DType.Float64 [ 8 ] 1e-200
            close 1e-12 [ 32.0 ] (compile f (a, b))
            close 1e-12 [ 32.0 ] (f (a, b)))
        testCase "an outer product times a number" (fun () ->
            let f (a, b, c: Tensor) = outer a b * c
            let full n x = Tensor.full DType.Float32 [ n ] x
            agrees 1e-6 f (full 4 1e-30, full 8 1e30, tensor 1e-30f) "small"
            agrees 1e-6 f (full 8 1e-30, full 4 1e30, tensor 1e-30f) "small, transposed"
            agrees 1e-6 f (full 4 1e30, full 8 1e-30, tensor 1e30f) "large")
        testCase "norms that clip" (fun () ->
            let f (a: Tensor, b, c: Tensor) =
                let g = outer a b * c
                g * (0.5 / maximum (norm g) (Tensor.fullLike (norm g) 0.5))

            let full n x = Tensor.full DType.Float32 [ n ] x

            for a, b, c in
                [ 1e30f, 1e-20f, 1e10f; 1e-30f, 1e38f, 1e-7f; 1e19f, 1e19f, 1.0f; 1e-20f, 1e20f, 1.0f ] do
                agrees 1e-5 f (full 10 (float a), full 33 (float b), tensor c) $"{a}, {b}, {c}")
        testCase "at random, in all float dtypes" (fun () ->
            let programs: (string * (Tensor * Tensor * Tensor -> Tensor)) list = [
                "a⊗b c", (fun (a, b, c) -> outer a b * c)
                "a⊗b a c", (fun (a, b, c) -> outer a b * a.Unsqueeze 1 * c)
                "a⊗b a⊗b", (fun (a, b, c) -> outer a b * outer a b * c)
                "Σ (a⊗b)²", (fun (a, b, _) -> sum (square (outer a b)))
                "Σ (a⊗b c)²", (fun (a, b, c) -> sum (square (outer a b * c)))
                "Σ a⊗b c", (fun (a, b, c) -> sum (abs (outer a b) * abs c))
                "a⊗b / c", (fun (a, b, c) -> outer a b / c)
                "Σ of repeats", (fun (a, _, c) -> (a.Unsqueeze 1).Expand([ a.Size; 5 ]).Sum [ 1 ] * c)
            ]

            let random = Random(11)

            for dtype, reach in
                [ DType.Float32, 36; DType.Float64, 300; DType.Float16, 4; DType.BFloat16, 36 ] do
                for name, f in programs do
                    for _ in 1..12 do
                        let draw n =
                            let k = random.Next(-reach, reach)

                            (tensor [ for _ in 1..n -> (1.0 + random.NextDouble()) * 10.0 ** float k ])
                                .Convert
                                dtype

                        let c = (draw 1).Squeeze 0
                        let a, b = draw 5, draw 17
                        let eager, compiled = numbers (f (a, b, c)), numbers (compile f (a, b, c))
                        // Where digits were lost on the way as it is written, the compiled way may have kept them.
                        let exact =
                            numbers (
                                f (a.Convert DType.Float64, b.Convert DType.Float64, c.Convert DType.Float64)
                            )

                        let digits, least =
                            match dtype with
                            | DType.Float64 -> 1e-12, 1e-290
                            | DType.Float32 -> 1e-5, 1e-33
                            | DType.Float16 -> 0.02, 1e-3
                            | _ -> 0.1, 1e-33

                        for e, c, x in Seq.zip3 eager compiled exact do
                            let near e = abs (c - e) <= digits * abs e

                            if Double.IsFinite e && abs e > least && not (near e || near x) then
                                failtest $"{name}, {dtype}: {c:R} compiled, {e:R} eager")
    ]

[<Tests>]
let tests = testList "Ranges" [ inverses; products ]
