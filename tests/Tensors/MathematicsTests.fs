module Cotangent.Tests.MathematicsTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

let private operators =
    let x = tensor [ 6.0f; -3.0f ]
    let i = tensor [ 7; -7 ]

    tests "operators" [
        "two tensors",
        fun () ->
            let a, b = tensor [ 6.0; -3.0 ], tensor [ 4.0; 0.5 ]
            equals [ 10.0; -2.5 ] (a + b)
            equals [ 2.0; -3.5 ] (a - b)
            equals [ 24.0; -1.5 ] (a * b)
            equals [ 1.5; -6.0 ] (a / b)
            equals [ 2.0; -0.0 ] (a % b)
            equals [ -6.0; 3.0 ] -a
            equals [ 1296.0; nan ] (a ** b)
        "float literals take the dtype",
        fun () ->
            equals [ 6.5f; -2.5f ] (x + 0.5)
            equals [ 6.5f; -2.5f ] (0.5 + x)
            equals [ 5.5f; -3.5f ] (x - 0.5)
            equals [ -5.5f; 3.5f ] (0.5 - x)
            equals [ 3f; -1.5f ] (0.5 * x)
            equals [ 3f; -1.5f ] (x * 0.5)
            equals [ 12f; -6f ] (x / 0.5)
            equals [ 0.5f; -1f ] (3.0 / x)
            equals [ 2f; -3f ] (x % 4.0)
            equals [ 4f; 1f ] (4.0 % x)
            equals [ 36f; 9f ] (x ** 2.0)
        "float32 literals",
        fun () ->
            equals [ 6.5f; -2.5f ] (x + 0.5f)
            equals [ 6.5f; -2.5f ] (0.5f + x)
            equals [ 5.5f; -3.5f ] (x - 0.5f)
            equals [ -5.5f; 3.5f ] (0.5f - x)
            equals [ 3f; -1.5f ] (0.5f * x)
            equals [ 3f; -1.5f ] (x * 0.5f)
            equals [ 12f; -6f ] (x / 0.5f)
            equals [ 0.5f; -1f ] (3f / x)
            equals [ 2f; -3f ] (x % 4f)
            equals [ 4f; 1f ] (4f % x)
            equals [ 36f; 9f ] (x ** 2f)
        "int literals",
        fun () ->
            equals [ 7f; -2f ] (x + 1)
            equals [ 8; -6 ] (1 + i)
            equals [ 5f; -4f ] (x - 1)
            equals [ -6; 8 ] (1 - i)
            equals [ 14; -14 ] (2 * i)
            equals [ 12f; -6f ] (x * 2)
            equals [ 3f; -1.5f ] (x / 2)
            equals [ 0.5f; -1f ] (3 / x)
            equals [ 3; -3 ] (i % 4)
            equals [ 4; 4 ] (4 % i)
            equals [ 216f; -27f ] (x ** 3)
            equals [ 49; 49 ] (i ** 2)
        "whole literals meet integers",
        fun () ->
            equals [ 9L; -5L ] (tensor [ 7L; -7L ] + 2.0)
            throws<DTypeException, _> [ "add"; "0.5"; "Int32" ] (fun () -> i + 0.5)
            throws<DTypeException, _> [ "multiply"; "0.5" ] (fun () -> 0.5f * i)
        // As F# and C do, and unlike NumPy and PyTorch, which round down.
        "integers divide towards zero",
        fun () ->
            equals [ 3; -3; -3; 3 ] (tensor [ 7; -7; 7; -7 ] / tensor [ 2; 2; -2; -2 ])
            equals [ 1; -1; 1; -1 ] (tensor [ 7; -7; 7; -7 ] % tensor [ 2; 2; -2; -2 ])
        "the remainder takes the sign of the dividend",
        fun () ->
            equals
                [ 1.5; -1.5; 1.5; -1.5; nan; 5.0; nan ]
                (tensor [ 7.5; -7.5; 7.5; -7.5; infinity; 5.0; 5.0 ] %
                    tensor [ 2.0; 2.0; -2.0; -2.0; 2.0; infinity; 0.0 ])
        "integers wrap around",
        fun () ->
            equals [ Int32.MinValue ] (tensor [ Int32.MaxValue ] + 1)
            equals [ Int64.MaxValue ] (tensor [ Int64.MinValue ] - 1)
            equals [ Int32.MinValue ] -(tensor [ Int32.MinValue ])
            equals [ Int32.MinValue; 0 ] (tensor [ Int32.MinValue; 0 ] / -1)
    ]

/// Values from Abramowitz and Stegun, tables 7.1 and 26.1, and the NIST Digital Library of Mathematical Functions, 7.
let private published =
    let erfs = [ 0.1, 0.1124629160; 0.5, 0.5204998778; 1.0, 0.8427007929; 2.0, 0.9953222650 ]
    let tails = [ 1.0, 0.15729920705028513; 5.0, 1.5374597944280349e-12; 10.0, 2.088487583762545e-45 ]
    let normals = [ 1.0, 0.84134474606854293; -1.0, 0.15865525393145707; 2.0, 0.97724986805182079 ]
    let at (values: (float * float) list) = tensor (List.map fst values)

    tests "the error function" [
        "values in tables",
        fun () ->
            close 1e-10 (List.map snd erfs) (erf (at erfs))
            close 1e-10 (erfs |> List.map (snd >> (~-))) (erf -(at erfs))
            let ofTails = numbers (erfc (at tails))
            closeNumbers 1e-15 [ for _ in tails -> 1.0 ] (Array.map2 (/) ofTails [| for _, y in tails -> y |])
            close 1e-15 [ for x, y in normals -> x * y ] (gelu (at normals))
        "both ends",
        fun () ->
            let ends = tensor [ 0.0; -0.0; infinity; -infinity; nan ]
            equals [ 0.0; -0.0; 1.0; -1.0; nan ] (erf ends)
            equals [ 1.0; 1.0; 0.0; 2.0; nan ] (erfc ends)
            equals [ 0.0; -0.0; infinity; -0.0; nan ] (gelu ends)
            Expect.isTrue (Double.IsNegative((numbers (gelu ends))[3])) "-0"
        "approximations of gelu",
        fun () ->
            let x = Tensor.linspace DType.Float64 -6.0 6.0 97
            Expect.isLessThan (float ((abs (geluTanh x - gelu x)).Max())) 5e-4 "the error of geluTanh"
            // What PyTorch documents: silu 1 = sigmoid 1.
            close 1e-15 [ 0.7310585786300049 ] (silu (tensor [ 1.0 ]))
        "every float dtype",
        fun () ->
            for dtype in floats do
                let x = (tensor [ -1.0; 0.5; 3.0 ]).Convert dtype
                let tolerance = max 1e-8 (Oracle.epsilon dtype)
                close tolerance [ -0.15865525; 0.34573123; 2.9959503 ] (gelu x)
                close tolerance [ -0.84270079; 0.52049988; 0.99997791 ] (erf x)

            throws<DTypeException, _> [ "gelu"; "Int32" ] (fun () -> gelu (tensor [ 1 ]))
    ]

let private lining =
    let shapes = [
        [], []
        [], [ 3 ]
        [ 3 ], [ 3 ]
        [ 3 ], [ 2; 3 ]
        [ 2; 1 ], [ 3 ]
        [ 2; 1 ], [ 1; 3 ]
        [ 1; 1 ], [ 2; 3; 2 ]
        [ 2; 1; 4 ], [ 3; 1 ]
        [ 0; 1 ], [ 3 ]
        [ 1 ], [ 0 ]
    ]

    // What NumPy does: aligned right, an axis of size 1 always read at 0.
    let stretched (a: int list) (b: int list) =
        let rank = max a.Length b.Length
        let pad (s: int list) = List.replicate (rank - s.Length) 1 @ s
        List.map2 (fun x y -> if x = 1 then y else x) (pad a) (pad b)

    let seen (shape: int list) (index: int list) =
        List.skip (index.Length - shape.Length) index
        |> List.map2 (fun size i -> if size = 1 then 0 else i) shape

    testList "broadcasting and dtypes" [
        for a, b in shapes do
            testCase $"{a} and {b}" (fun () ->
                for a, b in [ a, b; b, a ] do
                    let x, y = counting DType.Float64 a, counting DType.Float64 b

                    let expected =
                        build DType.Float64 (stretched a b) (fun i ->
                            10.0 * float (place a (seen a i)) - float (place b (seen b i)))

                    Expect.equal (10.0 * x - y) expected "as a loop does it")
        testCase "shapes that do not fit" (fun () ->
            for a, b in [ [ 2 ], [ 3 ]; [ 2; 3 ], [ 2 ]; [ 2; 1; 3 ], [ 3; 2 ]; [ 0 ], [ 2 ] ] do
                throws<ShapeException, _> [ "multiply"; "broadcast"; "reshape" ] (fun () ->
                    counting DType.Int32 a * counting DType.Int32 b)

            throws<ShapeException, _> [ "add"; "(2, 3)"; "(2,)"; "axis -1"; "3 and 2" ] (fun () ->
                counting DType.Int32 [ 2; 3 ] + counting DType.Int32 [ 2 ]))
        testCase "dtypes never mix" (fun () ->
            for a in DTypes.real do
                for b in DTypes.real do
                    if a <> b then
                        let x, y = Tensor.ones a [ 2 ], Tensor.ones b [ 1 ]

                        throws<DTypeException, _>
                            [ string a; string b; "(2,)"; "(1,)"; "Convert" ]
                            (fun () -> maximum x y))
        testCase "what a dtype has no arithmetic for" (fun () ->
            let flags = tensor [ true ]
            throws<DTypeException, _> [ "add"; "Bool"; "Convert" ] (fun () -> flags + flags)
            throws<DTypeException, _> [ "power"; "Bool" ] (fun () -> flags ** 2.0)
            throws<DTypeException, _> [ "negate"; "Bool" ] (fun () -> -flags)
            throws<DTypeException, _> [ "power"; "Int32" ] (fun () -> tensor [ 2 ] ** -3)
            throws<DTypeException, _> [ "exp"; "Int32" ] (fun () -> exp (tensor [ 2 ]))
            throws<DTypeException, _> [ "and"; "Float64" ] (fun () -> (tensor [ 2.0 ]).And(tensor [ 2.0 ])))
    ]

let private comparing =
    tests "comparing and choosing" [
        "comparisons",
        fun () ->
            let a, b = tensor [ 1.0; 2.0; nan; 0.0 ], tensor [ 2.0; 2.0; nan; -0.0 ]
            equals [ false; true; false; true ] (a.Equal b)
            equals [ true; false; true; false ] (a.NotEqual b)
            equals [ true; false; false; false ] (a.Less b)
            equals [ true; true; false; true ] (a.LessEqual b)
            equals [ false; false; false; false ] (a.Greater b)
            equals [ false; true; false; true ] (a.GreaterEqual b)
        "with literals",
        fun () ->
            let i = tensor [ 1; 2; 3 ]
            equals [ false; true; false ] (i.Equal 2.0)
            equals [ true; false; true ] (i.NotEqual 2)
            equals [ true; false; false ] (i.Less 2.0)
            equals [ true; true; false ] (i.LessEqual 2)
            equals [ false; false; true ] (i.Greater 2.0)
            equals [ false; true; true ] (i.GreaterEqual 2.0)
            throws<DTypeException, _> [ "less"; "1.5" ] (fun () -> i.Less 1.5)
        "every dtype",
        fun () ->
            for dtype in DTypes.real do
                let a, b = (tensor [ 0; 1; 1 ]).Convert dtype, (tensor [ 1; 1; 0 ]).Convert dtype
                equals [ true; false; false ] (a.Less b)
                equals [ false; true; false ] (a.Equal b)
                equals [ true; true; false ] (a.LessEqual b)
                equalsAs dtype [ 1; 1; 1 ] (maximum a b)
                equalsAs dtype [ 0; 1; 0 ] (minimum a b)
        "they broadcast",
        fun () ->
            equals [ [ false; true ]; [ false; false ] ] ((tensor [ [ 1 ]; [ 2 ] ]).Less(tensor [ 1; 2 ]))
        "logic",
        fun () ->
            let p, q = tensor [ true; true; false; false ], tensor [ true; false; true; false ]
            equals [ true; false; false; false ] (p.And q)
            equals [ true; true; true; false ] (p.Or q)
            equals [ false; true; true; false ] (p.Xor q)
            equals [ false; false; true; true ] (p.Not())
            equals [ 0b1000; -1 ] ((tensor [ 0b1100; -1 ]).And(tensor [ 0b1010; -1 ]))
            equals [ 0b1110L ] ((tensor [ 0b1100L ]).Or(tensor [ 0b1010L ]))
            equals [ 0b0110 ] ((tensor [ 0b1100 ]).Xor(tensor [ 0b1010 ]))
        "where",
        fun () ->
            equals
                [ 1; -2; 3 ]
                (where (tensor [ true; false; true ]) (tensor [ 1; 2; 3 ]) (tensor [ -1; -2; -3 ]))

            equals
                [ [ 1.0; 9.0 ]; [ 9.0; 9.0 ] ]
                (where (tensor [ [ true; false ]; [ false; false ] ]) (tensor [ 1.0; nan ]) (tensor 9.0))

            equals
                [ [ 1; 2 ]; [ 0; 0 ] ]
                (where (tensor [ [ true ]; [ false ] ]) (tensor [ 1; 2 ]) (tensor 0))

            for dtype in DTypes.real do
                let one, zero = Tensor.ones dtype [ 2 ], Tensor.zeros dtype [ 2 ]
                equalsAs dtype [ 0; 1 ] (where (tensor [ false; true ]) one zero)

            throws<DTypeException, _> [ "where"; "Bool"; "Int32 (1,)" ] (fun () ->
                where (tensor [ 1 ]) (tensor [ 1 ]) (tensor [ 1 ]))

            throws<DTypeException, _> [ "where"; "Float64"; "Int32" ] (fun () ->
                where (tensor true) (tensor 1.0) (tensor 1))

            throws<ShapeException, _> [ "where"; "(2,)"; "(3,)" ] (fun () ->
                where (tensor [ true; true ]) (tensor [ 1; 2; 3 ]) (tensor 1))
        "the larger and the smaller",
        fun () ->
            equals
                [ 2.0; nan; nan; infinity ]
                (maximum (tensor [ 1.0; nan; 1.0; infinity ]) (tensor [ 2.0; 1.0; nan; -infinity ]))

            equals
                [ 1.0; nan; nan; -infinity ]
                (minimum (tensor [ 1.0; nan; 1.0; infinity ]) (tensor [ 2.0; 1.0; nan; -infinity ]))
        "clamp",
        fun () ->
            equals
                [ -1.0; 0.5; 1.0; -1.0; 1.0; nan ]
                (clamp -1.0 1.0 (tensor [ -2.0; 0.5; 2.0; -infinity; infinity; nan ]))

            equals [ 0; 1; 2 ] (clamp 0.0 2.0 (tensor [ -5; 1; 5 ]))
            equals [ 3f; 3f ] (clamp 3.0 3.0 (tensor [ 1f; 5f ]))
            throws<ValueException, _> [ "clamp"; "2"; "1" ] (fun () -> clamp 2.0 1.0 (tensor [ 1.0 ]))
            throws<ValueException, _> [ "clamp"; "NaN" ] (fun () -> clamp nan 1.0 (tensor [ 1.0 ]))
        "questions",
        fun () ->
            let t = tensor [ 1.0; nan; infinity; -infinity ]
            equals [ false; true; false; false ] (t.IsNaN())
            equals [ true; false; false; false ] (t.IsFinite())
            equals [ 1.0; nan; 1.0; -1.0 ] (t.Sign())
            equals [ 0.0; 0.0; 1.0; -1.0 ] ((tensor [ 0.0; -0.0; 5e-324; -0.1 ]).Sign())
            equals [ 1; 0; -1 ] ((tensor [ 5; 0; -5 ]).Sign())
        "absolute integers, rectified integers",
        fun () ->
            equals [ 5; 0; Int32.MaxValue ] (abs (tensor [ -5; 0; Int32.MinValue + 1 ]))
            equals [ 0L; 5L ] (relu (tensor [ -5L; 5L ]))
            equals [ 9; 4 ] (square (tensor [ -3; 2 ]))
            equals [ -0.2; 3.0; nan ] (leakyRelu 0.1 (tensor [ -2.0; 3.0; nan ]))
    ]

// 16-bit floats: each operation is exact and then rounded once.
let private halves =
    tests "16-bit floats" [
        "Float16 as NumPy does it",
        fun () ->
            let numbers values = tensor (List.map half values)
            let a = numbers [ 0.1; 1.0 / 3.0; 65504.0; 6e-8; 2048.0; 1.0 ]
            let b = numbers [ 0.2; 3.0; 65504.0; 6e-8; 1.0; 1.0 / 2048.0 ]
            close 0.0 [ 0.2998046875; 3.333984375; infinity; 1.1920928955078125e-07; 2048.0; 1.0 ] (a + b)
            close 0.0 [ -0.0999755859375; -2.666015625; 0.0; 0.0; 2047.0; 0.99951171875 ] (a - b)
            close 0.0 [ 0.019989013671875; 1.0; infinity; 0.0; 2048.0; 0.00048828125 ] (a * b)
            close 0.0 [ 0.5; 0.111083984375; 1.0; 1.0; 2048.0; 2048.0 ] (a / b)
            Expect.equal (a + b).DType DType.Float16 "dtype"
        "BFloat16 rounds to 8 bits, ties to even",
        fun () ->
            let numbers values = tensor (List.map bfloat values)

            let sums =
                numbers [ 1.0; 1.0; 1.0078125; 256.0 ]
                + numbers [ 1.0 / 256.0; 3.0 / 512.0; 1.0 / 256.0; 1.0 ]

            close 0.0 [ 1.0; 1.0078125; 1.015625; 256.0 ] sums

            close
                0.0
                [ infinity; 9.183549615799121e-41 ]
                (numbers [ 3e38; 9.183549615799121e-41 ] * numbers [ 2.0; 1.0 ])
        "functions, comparisons, literals",
        fun () ->
            for dtype in [ DType.Float16; DType.BFloat16 ] do
                let t = (tensor [ 0.0; 1.0; 4.0 ]).Convert dtype
                equalsAs dtype [ 0; 1; 2 ] (sqrt t)
                equalsAs dtype [ 1.0; Math.E; Math.Exp 4.0 ] (exp t)
                equalsAs dtype [ 0.5; 1.5; 4.5 ] (t + 0.5)
                equals [ false; false; true ] (t.Greater 1.0)
    ]

let private laws =
    let pair =
        Gen.tensor
        |> Gen.bind (fun t -> Gen.numbersIn DType.Float64 (List.ofArray t.Shape) |> Gen.map (fun u -> t, u))

    testList "laws" [
        law "a - b = -(b - a)" pair (fun (a, b) -> a - b = -(b - a))
        law "(a + b)² = a² + 2ab + b²" pair (fun (a, b) -> square (a + b) = square a + 2 * a * b + square b)
        law "views compute like copies" pair (fun (a, b) ->
            let order = [ for i in a.Rank - 1 .. -1 .. 0 -> i ]
            (a.Permute order * b.Permute order).Permute order = a * b)
        law "the smaller and the larger are both" pair (fun (a, b) -> minimum a b + maximum a b = a + b)
        law "clamp is minimum and maximum" pair (fun (a, _) ->
            clamp -2.0 3.0 a = minimum (maximum a (Tensor.fullLike a -2.0)) (Tensor.fullLike a 3.0))
        law "quotient and remainder" pair (fun (a, b) ->
            let b = where (b.Equal 0.0) (Tensor.onesLike b) b
            let i, j = a.Convert DType.Int32, b.Convert DType.Int32
            i / j * j + i % j = i)
    ]

[<Tests>]
let all = testList "Mathematics" [ operators; published; lining; comparing; halves; laws ]
