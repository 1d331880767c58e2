/// Complex tensors against loops over .NET's own complex numbers, and against what NumPy prints.
module Cotangent.Tests.ComplexTests

open System
open System.Numerics
open Cotangent
open Expecto
open Cotangent.Tests.Dice
open Cotangent.Tests.Support

let private i = Complex.ImaginaryOne

let private tolerance (dtype: DType) = if dtype = DType.Complex64 then 2e-6 else 1e-13

/// The numbers in row-major order.
let items (t: Tensor) : Complex[] = ((t.Convert DType.Complex128).Flatten()).ToData<Complex[]>()

/// The same numbers, up to rounding relative to the largest.
let closeTo (tolerance: float) (expected: Complex seq) (actual: Complex seq) =
    let expected, actual = Array.ofSeq expected, Array.ofSeq actual
    Expect.equal actual.Length expected.Length "how many numbers"
    let scale = expected |> Array.fold (fun m z -> max m (Complex.Abs z)) 1.0

    for k in 0 .. expected.Length - 1 do
        if not (Complex.Abs(actual[k] - expected[k]) <= tolerance * scale) then
            failtest $"Number {k}: {actual[k]} is not close to {expected[k]}."

let private drawn (seed: int) (dtype: DType) (shape: int[]) =
    let dice = Dice seed
    tensorOf dice dtype shape (fun () -> dice.Between -2.0 2.0)

let private elementwise =
    let unary: (string * (Tensor -> Tensor) * (Complex -> Complex)) list = [
        "negate", (fun z -> -z), (fun z -> -z)
        "exp", exp, Complex.Exp
        "log", log, Complex.Log
        "log10", log10, Complex.Log10
        "sqrt", sqrt, Complex.Sqrt
        "sin", sin, Complex.Sin
        "cos", cos, Complex.Cos
        "tan", tan, (fun z -> Complex.Sin z / Complex.Cos z)
        "sinh", sinh, Complex.Sinh
        "cosh", cosh, Complex.Cosh
        "tanh", tanh, (fun z -> Complex.Sinh z / Complex.Cosh z)
        "square", square, (fun z -> z * z)
        "power of 2", (fun z -> z ** 2.0), (fun z -> z * z)
        "power of 3", (fun z -> z ** 3), (fun z -> z * z * z)
        "power of -2", (fun z -> z ** -2), (fun z -> 1.0 / (z * z))
        "power of 1/2", (fun z -> z ** 0.5), Complex.Sqrt
        "reciprocal", (fun z -> 1 / z), (fun z -> 1.0 / z)
        "with numbers", (fun z -> 2.0 * z - 1 + z / 4.0), (fun z -> 2.0 * z - 1.0 + z / 4.0)
        "conj", conj, Complex.Conjugate
    ]

    let binary: (string * (Tensor -> Tensor -> Tensor) * (Complex -> Complex -> Complex)) list = [
        "add", (fun a b -> a + b), (fun a b -> a + b)
        "subtract", (fun a b -> a - b), (fun a b -> a - b)
        "multiply", (fun a b -> a * b), (fun a b -> a * b)
        "divide", (fun a b -> a / b), (fun a b -> a / b)
        "power", (fun a b -> a ** b), (fun a b -> Complex.Exp(b * Complex.Log a))
    ]

    testList "elementwise" [
        for dtype in DTypes.complex do
            for name, f, expected in unary do
                testCase $"{name}, {dtype}" (fun () ->
                    let z = drawn 1 dtype [| 3; 5 |]
                    let y = f z
                    Expect.equal y.DType dtype "dtype"
                    closeTo (20.0 * tolerance dtype) (items z |> Array.map expected) (items y))

            for name, f, expected in binary do
                testCase $"{name}, {dtype}" (fun () ->
                    let a, b = drawn 2 dtype [| 4; 3 |], drawn 3 dtype [| 3 |]
                    let y = f a b
                    Expect.equal y.DType dtype "dtype"
                    let b = items (b.Expand [| 4; 3 |])
                    closeTo (20.0 * tolerance dtype) (Array.map2 expected (items a) b) (items y))
        testCase "whole powers are exact" (fun () ->
            let z = tensor [ Complex(1.0, 2.0); Complex(0.0, 1.0) ]
            Expect.equal (items (z ** 2.0)) [| Complex(-3.0, 4.0); Complex(-1.0, 0.0) |] "squares"
            Expect.equal (items (z ** 3)) [| Complex(-11.0, -2.0); Complex(0.0, -1.0) |] "cubes"
            Expect.equal (items (z ** 0)) [| Complex.One; Complex.One |] "ones")
        testCase "absolute values neither overflow nor vanish" (fun () ->
            let z = tensor [ Complex(3e200, -4e200); Complex(3e-200, 4e-200); Complex.Zero ]
            Expect.floatClose Accuracy.veryHigh (float (abs z[0])) 5e200 "large"
            Expect.floatClose Accuracy.veryHigh (float (abs z[1]) * 1e200) 5.0 "small"
            Expect.equal (float (abs z[2])) 0.0 "nothing"
            let single = (complex (tensor [ 3e30f ]) (tensor [ 4e30f ]))
            Expect.equal ((abs single).ToData<float32[]>()) [| 5e30f |] "Float32")
        testCase "parts" (fun () ->
            let z = complex (tensor [ 1.0; -2.0 ]) (tensor [ 3.0; 0.5 ])
            equals [ Complex(1.0, 3.0); Complex(-2.0, 0.5) ] z
            equals [ 1.0; -2.0 ] (real z)
            equals [ 3.0; 0.5 ] (imag z)
            close 1e-15 [ Math.Atan2(3.0, 1.0); Math.Atan2(0.5, -2.0) ] (angle z)
            close 1e-15 [ sqrt 10.0; sqrt 4.25 ] (abs z)
            closeTo 1e-15 (items z) (items (polar (abs z) (angle z)))
            // Of real numbers.
            let x = tensor [ 2.0; -3.0 ]
            equals x (real x)
            equals [ 0.0; 0.0 ] (imag x)
            equals x (conj x)
            close 1e-15 [ 0.0; Math.PI ] (angle x)
            // Broadcast.
            equals
                [ [ Complex(1.0, 5.0); Complex(2.0, 5.0) ]; [ Complex(1.0, 6.0); Complex(2.0, 6.0) ] ]
                (complex (tensor [ 1.0; 2.0 ]) (tensor [ [ 5.0 ]; [ 6.0 ] ])))
        testCase "comparison and numbers that are none" (fun () ->
            let z =
                tensor [ Complex(1.0, 2.0); Complex(nan, 0.0); Complex(0.0, infinity); Complex(1.0, nan) ]

            equals
                [ true; false; false; false ]
                (z.Equal(
                    Tensor.full DType.Complex128 [ 4 ] 1.0
                    + complex (Tensor.zeros DType.Float64 [ 4 ]) (Tensor.full DType.Float64 [ 4 ] 2.0)
                ))

            equals [ true; true; true; true ] (z.NotEqual 1.0)
            equals [ false; true; false; true ] (z.IsNaN())
            equals [ true; false; false; false ] (z.IsFinite())
            equals [ false; false; true; false ] (z.IsInfinity())
            Expect.equal z (tensor (items z)) "a NaN equals itself, as a whole"
            Expect.equal (z.GetHashCode()) ((tensor (items z)).GetHashCode()) "hash"
            Expect.notEqual z (conj z) "conjugates differ"
            Expect.isTrue (z[0..0].AllClose(z[0..0] + 1e-9)) "close")
    ]

let private conversions =
    testList "conversions" [
        testCase "real numbers become complex ones" (fun () ->
            for source in DTypes.real do
                for target in DTypes.complex do
                    let z = (Tensor.ones source [ 2; 3 ]).Convert target
                    Expect.equal z.DType target "dtype"
                    closeTo 0.0 (Array.create 6 Complex.One) (items z)

            equals [ Complex64(0.1f, 0.0f) ] ((tensor [ 0.1f ]).Convert DType.Complex64)

            Expect.equal
                ((tensor [ Complex(0.1, 1e-300) ]).Convert DType.Complex64)
                (tensor [ Complex64(0.1f, 0.0f) ])
                "rounded part by part")
        testCase "complex numbers become no real ones" (fun () ->
            let z = Tensor.ones DType.Complex64 [ 2 ]

            for target in DTypes.real do
                throws<DTypeException, _> [ "Complex64 (2,)"; string target; "`real`" ] (fun () ->
                    z.Convert target)

            throws<DTypeException, _> [ "`real`" ] (fun () -> float (Tensor.ones DType.Complex64 []))
            // And where only shapes are known.
            throws<DTypeException, _> [ "`real`" ] (fun () ->
                compile (fun (z: Tensor) -> z.Convert DType.Float32) z))
        testCase "data in and out" (fun () ->
            let data = [ [ Complex(1.0, 2.0) ]; [ Complex(3.0, -4.0) ] ]
            Expect.equal ((tensor data).ToData<Complex list list>()) data "Complex"
            let single = [| Complex64(1.0f, 2.0f); Complex64(3.0f, 4.0f) |]
            Expect.equal ((tensor single).ToData<Complex64[]>()) single "Complex64"
            Expect.equal ((tensor Complex.ImaginaryOne).ToData<Complex>()) i "a number"
            Expect.equal (Tensor.ofArray [ 2 ] single).DType DType.Complex64 "from an array")
        testCase "whole numbers and literals" (fun () ->
            closeNumbers 0.0 [ 0.0; 1.0; 2.0 ] (numbers (real (Tensor.arange DType.Complex64 3)))
            equals [ Complex(1.5, 0.0); Complex(1.5, 0.0) ] (Tensor.full DType.Complex128 [ 2 ] 1.5)
            closeNumbers 0.0 [ 0.0; 0.5; 1.0 ] (numbers (real (Tensor.linspace DType.Complex128 0.0 1.0 3))))
    ]

let private print =
    // What NumPy 1.24 prints.
    testList "print" [
        let prints name (expected: string) (data: Complex list) =
            testCase name (fun () -> Expect.equal (string (tensor data)) expected "text")

        prints "whole" "[1.+2.j 3.-1.j]" [ Complex(1.0, 2.0); Complex(3.0, -1.0) ]
        prints "of unequal lengths" "[ 1.5+10.25j -2.  -0.5j ]" [ Complex(1.5, 10.25); Complex(-2.0, -0.5) ]
        prints "not finite" "[nan +0.j  1.+infj]" [ Complex(nan, 0.0); Complex(1.0, infinity) ]
        prints "large and small" "[1.e+10+0.e+00j 1.e+00+1.e-05j]" [ Complex(1e10, 0.0); Complex(1.0, 1e-5) ]
        testCase "a number" (fun () -> Expect.equal (string (tensor (Complex(1.0, -2.5)))) "1.0-2.5j" "text")

        testCase "single precision" (fun () ->
            Expect.equal (string (tensor [ Complex64(0.1f, 0.2f) ])) "[0.1+0.2j]" "text")
    ]

let private wholeTensors =
    testList "whole tensors" [
        for dtype in DTypes.complex do
            testCase $"sums, {dtype}" (fun () ->
                let z = drawn 4 dtype [| 3; 4; 2 |]
                let total = Array.fold (+) Complex.Zero (items z)
                closeTo (tolerance dtype) [ total ] (items (z.Sum()))
                closeTo (tolerance dtype) [ total / 24.0 ] (items (z.Mean()))
                let data = items z
                let expected = Array.init 8 (fun k -> data[k] + data[8 + k] + data[16 + k])
                closeTo (tolerance dtype) expected (items (z.Sum [ 0 ]))

                let row = z[0].Flatten()

                closeTo
                    (tolerance dtype)
                    (Array.scan (+) Complex.Zero (items row) |> Array.tail)
                    (items (row.CumulativeSum 0))

                closeTo
                    (10.0 * tolerance dtype)
                    [ Array.fold (*) Complex.One (items row) ]
                    (items (row.Prod())))

            testCase $"products of matrices, {dtype}" (fun () ->
                let a, b = drawn 5 dtype [| 2; 3; 4 |], drawn 6 dtype [| 4; 5 |]
                let x, y = items a, items b

                let expected = [|
                    for n in 0..1 do
                        for r in 0..2 do
                            for c in 0..4 do
                                let mutable sum = Complex.Zero

                                for k in 0..3 do
                                    sum <- sum + x[n * 12 + r * 4 + k] * y[k * 5 + c]

                                sum
                |]

                closeTo (4.0 * tolerance dtype) expected (items (matmul a b))
                closeTo (4.0 * tolerance dtype) expected (items (einsum "nij,jk->nik" [ a; b ])))

            testCase $"elements that move, {dtype}" (fun () ->
                let z = drawn 7 dtype [| 3; 4 |]
                let data = items z
                let at r c = data[4 * r + c]
                closeTo 0.0 [ at 1 0; at 1 1 ] (items z[1, 0..1])
                closeTo 0.0 (Array.append data data) (items (concat 0 [ z; z ]))

                closeTo
                    0.0
                    [
                        for c in 0..3 do
                            for r in 0..2 -> at r c
                    ]
                    (items z.T)

                closeTo
                    0.0
                    [
                        for r in [ 2; 0 ] do
                            for c in 0..3 -> at r c
                    ]
                    (items (z.Take(tensor [ 2; 0 ], 0)))

                closeTo
                    0.0
                    [
                        for r in 0..2 do
                            for c in 3..-1..0 -> at r c
                    ]
                    (items (z.Flip 1))

                let isLarge = (abs z).Greater 1.0
                let chosen = where isLarge z (Tensor.zerosLike z)

                closeTo
                    0.0
                    (data |> Array.map (fun w -> if Complex.Abs((w: Complex)) > 1.0 then w else Complex.Zero))
                    (items chosen)

                closeTo
                    (tolerance dtype)
                    [ at 0 0 + at 1 0; at 2 0 ]
                    (items (z[*, 0].SegmentReduce(Reduce.Sum, tensor [ 0; 0; 1 ], 2))))
        testCase "compiled as eager" (fun () ->
            let f (z: Tensor) =
                let w = exp (z * 0.5) + conj z / 3.0 - 1
                let s = matmul w w.T
                (abs s).Sum() + (real s * imag s).Sum(), s.Convert DType.Complex64, tanh z ** 2.0

            for seed in 1..5 do
                let z = drawn seed DType.Complex128 [| 3; 3 |]
                let eagerly, compiled = f z, compile f z
                let total (x, _, _) = x
                let products (_, x, _) = x
                let powers (_, _, x) = x
                closeNumbers 1e-13 (numbers (total eagerly)) (numbers (total compiled))
                closeTo 1e-7 (items (products eagerly)) (items (products compiled))
                closeTo 1e-13 (items (powers eagerly)) (items (powers compiled)))
        testCase "constants that are compiled in" (fun () ->
            let c = tensor (Complex(0.0, 2.0))
            let f (z: Tensor) = z * c.Expand [| 2 |] + Tensor.full DType.Complex128 [ 2 ] 3.0
            let z = tensor [ Complex(1.0, 1.0); Complex(0.0, -1.0) ]
            Expect.equal (compile f z) (f z) "compiled"
            closeTo 1e-15 [ Complex(1.0, 2.0); Complex(5.0, 0.0) ] (items (compile f z)))
        testCase "complex numbers as operands" (fun () ->
            let c = Complex(2.0, -1.0)

            for dtype in DTypes.complex do
                let z = drawn 9 dtype [| 2; 3 |]
                let each (f: Complex -> Complex) = items z |> Array.map f

                let cases: ((Tensor -> Tensor) * (Complex -> Complex)) list = [
                    (fun z -> z + c), (fun z -> z + c)
                    (fun z -> c + z), (fun z -> c + z)
                    (fun z -> z - c), (fun z -> z - c)
                    (fun z -> c - z), (fun z -> c - z)
                    (fun z -> z * c), (fun z -> z * c)
                    (fun z -> c * z), (fun z -> c * z)
                    (fun z -> z / c), (fun z -> z / c)
                    (fun z -> c / z), (fun z -> c / z)
                ]

                for f, expected in cases do
                    Expect.equal (f z).DType dtype "dtype"
                    closeTo (tolerance dtype) (each expected) (items (f z))
                    closeTo (tolerance dtype) (each expected) (items (compile f z))

            // The derivative of c z is c.
            let pushed =
                snd (
                    jvp
                        (fun (z: Tensor) -> c * z)
                        (drawn 1 DType.Complex128 [| 2 |])
                        (Tensor.ones DType.Complex128 [ 2 ])
                )

            closeTo 1e-15 [ c; c ] (items pushed)

            throws<DTypeException, _> [ "multiply"; "Float32"; "Complex64" ] (fun () ->
                Tensor.ones DType.Float32 [ 2 ] * c)

            throws<DTypeException, _> [ "add"; "Int32"; "Complex128" ] (fun () -> c + tensor [ 1 ]))
        testCase "vmap" (fun () ->
            let z = drawn 8 DType.Complex128 [| 4; 3 |]
            let f (row: Tensor) = (conj row * row).Sum() + fft row
            let each = stack 0 [ for r in 0..3 -> f z[r] ]
            closeTo 1e-13 (items each) (items (vmap f z)))
    ]

let private refused =
    testList "refused" [
        let z = Tensor.ones DType.Complex64 [ 2; 2 ]

        let operations: (string * (Tensor -> Tensor)) list = [
            "less", (fun z -> z.Less z)
            "less than a number", (fun z -> z.Less 1.0)
            "lessEqual", (fun z -> z.LessEqual z)
            "greater", (fun z -> z.Greater 0.0)
            "max", (fun z -> z.Max())
            "min", (fun z -> z.Min [ 0 ])
            "argmax", (fun z -> z.ArgMax())
            "sort", (fun z -> z.Sort 0)
            "maximum", (fun z -> maximum z z)
            "relu", relu
            "sign", (fun z -> z.Sign())
            "floor", floor
            "remainder", (fun z -> z % z)
            "atan2", (fun z -> atan2 z z)
            "sigmoid", sigmoid
            "erf", erf
            "clamp", clamp 0.0 1.0
            "clampMin", clampMin 0.0
            "clampMax", clampMax 1.0
            "softmax", (fun z -> z.Softmax())
            "variance", (fun z -> z.Variance())
            "cumulativeMax", (fun z -> z.CumulativeMax 0)
            "rfft", rfft
        ]

        for name, f in operations do
            // Its first word is what the message calls it.
            let called = name.Split(' ')[0]

            testCase name (fun () ->
                throws<DTypeException, _> [ called; "omplex"; "real" ] (fun () -> f z)
                throws<DTypeException, _> [ called; "omplex"; "real" ] (fun () -> compile f z))

        testCase "dtypes that do not meet" (fun () ->
            throws<DTypeException, _> [ "Complex64"; "Float32" ] (fun () ->
                z + Tensor.ones DType.Float32 [ 2 ])

            throws<DTypeException, _> [ "complex"; "Int32" ] (fun () ->
                complex (tensor [ 1 ]) (tensor [ 2 ]))

            throws<DTypeException, _> [ "complex"; "Float64" ] (fun () ->
                complex (tensor [ 1f ]) (tensor [ 2.0 ]))

            throws<ShapeException, _> [ "complex" ] (fun () ->
                complex (tensor [ 1f; 2f ]) (tensor [ 1f; 2f; 3f ]))

            throws<DTypeException, _> [ "real"; "Int32" ] (fun () -> real (tensor [ 1 ]))
            throws<DTypeException, _> [ "angle"; "Bool" ] (fun () -> angle (tensor [ true ])))
    ]

[<Tests>]
let tests = testList "Complex" [ elementwise; conversions; print; wholeTensors; refused ]
