/// The elementwise functions against System.Math, at ordinary and at awkward numbers.
module Cotangent.Tests.FunctionTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto

let private awkward =
    [
        0.0
        -0.0
        infinity
        -infinity
        nan
        5e-324
        -5e-324
        1e-310
        2.2250738585072014e-308
        1e-20
        1e-8
        1e-4
    ]
    @ [
        0.1
        0.3
        0.5
        0.7
        1.0
        1.5
        2.0
        2.5
        3.5
        Math.PI
        4.0
        10.0
        20.0
        88.0
        100.0
        700.0
        709.7
        710.5
        1e5
        1e10
        1e300
    ]
    @ [
        -0.1
        -0.3
        -0.5
        -0.7
        -1.0
        -1.5
        -2.5
        -Math.PI
        -10.0
        -20.0
        -87.0
        -100.0
        -700.0
        -740.0
        -760.0
        -1e5
        -1e300
    ]

let private sigmoidOf x = if x < 0.0 then exp x / (1.0 + exp x) else 1.0 / (1.0 + exp -x)

let private functions: (string * (Tensor -> Tensor) * (float -> float)) list = [
    "abs", abs, Math.Abs
    "sign", _.Sign(), (fun x -> if Double.IsNaN x then nan else float (Math.Sign x))
    "floor", floor, Math.Floor
    "ceil", ceil, Math.Ceiling
    "round", round, Math.Round
    "truncate", truncate, Math.Truncate
    "exp", exp, Math.Exp
    "log", log, Math.Log
    "log10", log10, Math.Log10
    "sqrt", sqrt, Math.Sqrt
    "sin", sin, Math.Sin
    "cos", cos, Math.Cos
    "tan", tan, Math.Tan
    "asin", asin, Math.Asin
    "acos", acos, Math.Acos
    "atan", atan, Math.Atan
    "sinh", sinh, Math.Sinh
    "cosh", cosh, Math.Cosh
    "tanh", tanh, Math.Tanh
    "asinh", asinh, Math.Asinh
    "acosh", acosh, Math.Acosh
    "atanh", atanh, Math.Atanh
    "sigmoid", sigmoid, sigmoidOf
    "relu", relu, (fun x -> Math.Max(x, 0.0))
    "square", square, (fun x -> x * x)
    "reciprocal", (fun x -> 1.0 / x), (fun x -> 1.0 / x)
    "cube", (fun x -> x ** 3.0), (fun x -> Math.Pow(x, 3.0))
    "root", (fun x -> x ** 0.5), (fun x -> Math.Pow(x, 0.5))
]

/// In units of the last place of a format of so many bits; the sign of a zero counts.
let private far (bits: int) (least: float) (expected: float) (actual: float) =
    if
        expected.Equals actual && (expected <> 0.0 || Double.IsNegative expected = Double.IsNegative actual)
    then
        0.0
    elif not (Double.IsFinite expected && Double.IsFinite actual) || (expected = 0.0 && actual = 0.0) then
        infinity
    else
        let unit = Math.ScaleB(1.0, Math.ILogB(max (abs expected) least) - bits + 1)
        abs (expected - actual) / unit

let private compare
    name
    (arguments: float list)
    (f: Tensor -> Tensor)
    (g: float -> float)
    (convert: float list -> Tensor)
    bits
    least
    allowed
    =
    // Each alone, and all in rows long enough for vector instructions.
    let row = f (convert arguments) |> numbers
    let repeated = f (convert (arguments @ List.rev arguments)) |> numbers

    for i in 0 .. arguments.Length - 1 do
        let x = arguments[i]
        let expected = g x

        let results = [
            numbers(f (convert [ x ])).[0]
            row[i]
            repeated[i]
            repeated[repeated.Length - 1 - i]
        ]

        for actual in results do
            let units = far bits least expected actual

            if units > allowed then
                failtest $"{name} {x:R}: {actual:R} is {units:F1} units from {expected:R}."

/// log10 is the sum of two logarithms; a tangent near its pole has lost what the argument has lost.
let private units name =
    match name with
    | "log10"
    | "tan" -> 4.0
    | _ -> 2.5

/// A truncation is a product, which forgets the sign of 0.
let private argumentsOf name = if name = "truncate" then List.filter (fun x -> x <> 0.0) else id

let private againstMath =
    testList "against System.Math" [
        for name, f, g in functions do
            testCase $"{name}, Float64" (fun () ->
                compare name (argumentsOf name awkward) f g tensor 53 2.2250738585072014e-308 (units name))

            testCase $"{name}, Float32" (fun () ->
                let singles = awkward |> List.map (fun x -> float (float32 x)) |> argumentsOf name
                let round (x: float) = float (float32 x)

                compare
                    name
                    singles
                    f
                    (g >> round)
                    (List.map float32 >> tensor)
                    24
                    1.1754943508222875e-38
                    (units name))
    ]

let private accurate =
    // NumPy's values.
    let log1ps = [
        1e-20, 1e-20
        -1e-20, -1e-20
        1e-10, 9.999999999500001e-11
        -1e-10, -1.00000000005e-10
        1e-5, 9.999950000333332e-06
        -1e-5, -1.0000050000333337e-05
        0.3, 0.26236426446749106
        -0.3, -0.35667494393873234
        0.9, 0.6418538861723948
        -0.9, -2.302585092994046
        5.0, 1.791759469228055
        1e10, 23.025850930040455
        0.0, 0.0
        -1.0, -infinity
        -2.0, nan
        infinity, infinity
        nan, nan
        5e-324, 5e-324
    ]

    let expm1s = [
        1e-20, 1e-20
        -1e-20, -1e-20
        1e-10, 1.00000000005e-10
        -1e-10, -9.999999999500001e-11
        1e-5, 1.0000050000166668e-05
        -1e-5, -9.999950000166666e-06
        0.3, 0.3498588075760031
        -0.3, -0.2591817793182821
        5.0, 147.4131591025766
        -5.0, -0.9932620530009145
        50.0, 5.184705528587072e+21
        -50.0, -1.0
        0.0, 0.0
        1000.0, infinity
        -1000.0, -1.0
        infinity, infinity
        -infinity, -1.0
        nan, nan
    ]

    let log1pSingles = [
        1e-20f, 1e-20f
        -1e-20f, -1e-20f
        1e-10f, 1e-10f
        -1e-10f, -1e-10f
        1e-5f, 9.99995e-06f
        -1e-5f, -1.000005e-05f
        0.3f, 0.26236427f
        -0.3f, -0.35667497f
        0.9f, 0.64185387f
        -0.9f, -2.302585f
        5f, 1.7917595f
        1e10f, 23.02585f
    ]

    let expm1Singles = [
        1e-20f, 1e-20f
        -1e-20f, -1e-20f
        1e-10f, 1e-10f
        -1e-10f, -1e-10f
        1e-5f, 1.000005e-05f
        -1e-5f, -9.99995e-06f
        0.3f, 0.34985882f
        -0.3f, -0.2591818f
        5f, 147.41316f
        -5f, -0.99326205f
        50f, 5.1847055e+21f
        -50f, -1f
    ]

    let softpluses = [
        0.0, 0.6931471805599453
        1.0, 1.3132616875182228
        -1.0, 0.31326168751822286
        50.0, 50.0
        -50.0, 1.9287498479639178e-22
        1000.0, 1000.0
        -1000.0, 0.0
        infinity, infinity
        -infinity, 0.0
        nan, nan
    ]

    testList "accurate near 0 and far out" [
        for name, f, table in
            [ "log1p", log1p, log1ps; "expm1", expm1, expm1s; "softplus", softplus, softpluses ] do
            testCase name (fun () ->
                for x, expected in table do
                    for n in [ 1; 20 ] do
                        for actual in numbers (f (tensor (List.replicate n x))) do
                            let units = far 53 2.2250738585072014e-308 expected actual

                            if units > 4.0 then
                                failtest $"{name} {x:R}: {actual:R} is {units:F1} units from {expected:R}.")
        for name, f, table in [ "log1p", log1p, log1pSingles; "expm1", expm1, expm1Singles ] do
            testCase $"{name}, Float32" (fun () ->
                for x, expected in table do
                    for n in [ 1; 20 ] do
                        for actual in numbers (f (tensor (List.replicate n x))) do
                            let units = far 24 1.1754943508222875e-38 (float expected) actual

                            if units > 4.0 then
                                failtest $"{name} {x:R}: {actual:R} is {units:F1} units from {expected:R}.")
    ]

let private zeros =
    testCase "log1p and expm1 keep the sign of 0" (fun () ->
        for f in [ log1p; expm1 ] do
            for n in [ 1; 20 ] do
                for dtype in floats do
                    let zeros = numbers (f (Tensor.full dtype [ n ] -0.0))
                    Expect.all zeros (fun x -> x = 0.0 && Double.IsNegative x) $"-0 in {dtype}")

let private twoArguments =
    let special = [ 0.0; -0.0; 1.0; -1.0; 0.5; 2.0; -2.0; 3.0; 1e-310; 1e300; infinity; -infinity; nan ]

    let pairs = [
        for y in special do
            for x in special -> y, x
    ]

    let check name (f: Tensor -> Tensor -> Tensor) (g: float -> float -> float) =
        testCase name (fun () ->
            let ys, xs = List.map fst pairs, List.map snd pairs
            let all = numbers (f (tensor ys) (tensor xs))

            pairs
            |> List.iteri (fun i (y, x) ->
                for actual in [ all[i]; (numbers (f (tensor y) (tensor x)))[0] ] do
                    let units = far 53 2.2250738585072014e-308 (g y x) actual

                    if units > 2.5 then
                        failtest $"{name} {y:R} {x:R}: {actual:R} is {units:F1} units from {g y x:R}."))

    testList "functions of two numbers" [
        check "atan2" (fun y x -> atan2 y x) (fun y x -> Math.Atan2(y, x))
        check "power" (fun y x -> y ** x) (fun y x -> Math.Pow(y, x))
        check "remainder" (fun y x -> y % x) (fun y x -> y % x)
        check "division" (fun y x -> y / x) (fun y x -> y / x)
        check "maximum" maximum (fun y x -> Math.Max(y, x))
        check "minimum" minimum (fun y x -> Math.Min(y, x))
    ]

let private powersOfTen =
    testCase "log10 of powers of ten is whole" (fun () ->
        for n in -307 .. 308 do
            Expect.equal (float (log10 (tensor (float $"1e{n}")))) (float n) $"1e{n}"

        for n in -37 .. 38 do
            Expect.equal (float (log10 (tensor (float32 $"1e{n}")))) (float n) $"1e{n}f"

        let specials = log10 (tensor [ 0.0; -1.0; infinity; nan ])
        Expect.equal specials (tensor [ -infinity; nan; infinity; nan ]) "specials"

        closeNumbers
            1e-15
            [ Math.Log10 5e-324; Math.Log10 3e-310 ]
            (log10 (tensor [ 5e-324; 3e-310 ]) |> numbers)

        // The derivative at a power of ten is that of any other number.
        for x in [ 1000.0; 999.0; 0.01 ] do
            closeNumbers 1e-15 [ 1.0 / (x * Math.Log 10.0) ] (diff log10 (tensor x) |> numbers))

/// Short rows have loops of their own.
let private rows =
    let x =
        [ for i in 0..299 -> (float (i * 37 % 101) - 50.0) / 7.0 ]
        |> List.updateAt 3 nan
        |> List.updateAt 4 -0.0

    let y = [ for i in 0..299 -> (float (i * 53 % 89) - 44.0) / 3.0 ] |> List.updateAt 9 infinity

    let bits (t: Tensor) =
        numbers t |> Array.map (fun v -> if Double.IsNaN v then 0L else BitConverter.DoubleToInt64Bits v)

    let operations: (string * (Tensor -> Tensor -> Tensor)) list = [
        "negate", (fun a _ -> -a)
        "add", (fun a b -> a + b)
        "subtract", (fun a b -> a - b)
        "multiply", (fun a b -> a * b)
        "divide", (fun a b -> a / where (b.Equal 0) (Tensor.onesLike b) b)
        "equal", (fun a b -> a.Equal b)
        "less", (fun a b -> a.Less b)
        "at most", (fun a b -> a.LessEqual b)
        "select", (fun a b -> where (a.Less b) a b)
        "a number", (fun a _ -> a * 3)
        "Float64", (fun a _ -> a.Convert DType.Float64)
        "Float32", (fun a _ -> a.Convert DType.Float32)
        "Int64", (fun a b -> (where (b.Equal b) b a).Convert DType.Int64)
    ]

    testList "rows of every length" [
        for dtype in [ DType.Float32; DType.Float64; DType.Int32; DType.Int64 ] do
            for name, f in operations do
                testCase $"{name} of {dtype}" (fun () ->
                    let a, b = (tensor x).Convert dtype, (tensor y).Convert dtype
                    let whole = bits (f a b)

                    for n in [ 1; 3; 4; 7; 127; 128; 129; 255; 256; 257 ] do
                        Expect.equal (bits (f a[.. n - 1] b[.. n - 1])) whole[.. n - 1] $"{n} elements")
    ]

[<Tests>]
let all = testList "Functions" [ againstMath; accurate; zeros; twoArguments; powersOfTen; rows ]
