module Cotangent.Tests.PrintTests

open System
open System.Globalization
open Cotangent
open Expecto

let private own dtype shape (data: 'T[]) : HostBuffer = HostBuffer.own dtype shape data

let private float32s (data: float list) = own DType.Float32 [| data.Length |] [| for x in data -> float32 x |]

let private float64s (data: float list) = own DType.Float64 [| data.Length |] (Array.ofList data)

let private halves (data: float list) =
    own DType.Float16 [| data.Length |] [| for x in data -> (Half.op_Explicit x: Half) |]

let private bfloats (data: float list) =
    own DType.BFloat16 [| data.Length |] [| for x in data -> BFloat16.OfSingle(float32 x) |]

let private range shape = own DType.Int32 shape [| 0 .. Array.fold (*) 1 shape - 1 |]

let private scalar32 (x: float) = own DType.Float32 [||] [| float32 x |]
let private scalar64 (x: float) = own DType.Float64 [||] [| x |]
let private lines (l: string list) = String.Join('\n', l)

/// The expected texts are NumPy's own `str`, but for BFloat16, which NumPy lacks, and the case of `true`.
let private prints name (b: HostBuffer) expected = test name {
    Expect.equal (Print.buffer b) (lines expected) "as NumPy prints it"
}

let private numbers =
    testList "numbers" [
        prints "whole" (own DType.Float32 [| 2; 3 |] [| 1f; 2f; 3f; 4f; 5f; 6f |]) [
            "[[1. 2. 3.]"
            " [4. 5. 6.]]"
        ]
        prints "points are aligned" (float32s [ 1; 2.5; 3 ]) [ "[1.  2.5 3. ]" ]
        prints "shortest digits of Float32" (float32s [ 0.1; 1.0 / 3.0; 2.0 / 3.0 ]) [
            "[0.1        0.33333334 0.6666667 ]"
        ]
        prints "eight digits of Float64" (float64s [ 0.1; 1.0 / 3.0; 2.0 / 3.0 ]) [
            "[0.1        0.33333333 0.66666667]"
        ]
        prints "ties go to even" (float64s [ 0.001953125; 0.005859375 ]) [ "[0.00195312 0.00585938]" ]
        prints "small ones need exponents" (float32s [ 1e-5; 1 ]) [ "[1.e-05 1.e+00]" ]
        prints "1e-4 is not small" (float32s [ 1e-4; 0.05 ]) [ "[0.0001 0.05  ]" ]
        prints "large ones need exponents" (float32s [ 1e8 ]) [ "[1.e+08]" ]
        prints "just below large" (float64s [ 99999999; 123456 ]) [ "[99999999.   123456.]" ]
        prints "a thousandfold range is fixed" (float32s [ 1; 1000 ]) [ "[   1. 1000.]" ]
        prints "a wider range needs exponents" (float32s [ 1; 1001 ]) [ "[1.000e+00 1.001e+03]" ]
        prints "zeros do not widen the range" (float32s [ 0; -0.0; 1000 ]) [ "[   0.   -0. 1000.]" ]
        prints "exponents of three digits" (float64s [ 1e-100; -2.5 ]) [ "[ 1.0e-100 -2.5e+000]" ]
        prints "NaN and infinities" (float32s [ 1; nan; -infinity ]) [ "[  1.  nan -inf]" ]
        prints "infinity among fractions" (float32s [ infinity; 0.5 ]) [ "[inf 0.5]" ]
        prints "nothing finite" (float32s [ -infinity; infinity ]) [ "[-inf  inf]" ]
        prints "whole Float16" (halves [ 5808; 306.2; 65504 ]) [ "[ 5808.    306.2 65504. ]" ]
        prints "Float16 just below a power of ten" (halves [ 0.1; 1000.5 ]) [ "[9.9976e-02 1.0005e+03]" ]
        prints "BFloat16" (bfloats [ 0.1; 1.0 / 3.0; -3 ]) [ "[ 0.1    0.334 -3.   ]" ]
        prints "Int32" (own DType.Int32 [| 2; 2 |] [| 1; -20; 300; 4 |]) [ "[[  1 -20]"; " [300   4]]" ]
        prints "Int64" (own DType.Int64 [| 3 |] [| Int64.MinValue; Int64.MaxValue; 9007199254740993L |]) [
            "[-9223372036854775808  9223372036854775807     9007199254740993]"
        ]
        prints "Bool" (own DType.Bool [| 2 |] [| true; false |]) [ "[ true false]" ]
    ]

let private scalars =
    testList "scalars" [
        for b, expected in
            [
                scalar32 3, "3.0"
                scalar32 0.1, "0.1"
                scalar32 1e-4, "1e-04"
                scalar32 -0.0, "-0.0"
                scalar64 123456789012345.0, "123456789012345.0"
                scalar64 1e16, "1e+16"
                scalar64 1.5e-7, "1.5e-07"
                scalar64 nan, "nan"
                own DType.Int32 [||] [| -7 |], "-7"
                own DType.Bool [||] [| true |], "true"
            ] do
            prints expected b [ expected ]
    ]

let private layout =
    testList "layout" [
        prints "blank lines between blocks" (range [| 2; 2; 1; 1 |]) [
            "[[[[0]]"
            ""
            "  [[1]]]"
            ""
            ""
            " [[[2]]"
            ""
            "  [[3]]]]"
        ]
        prints "long rows wrap" (float32s [ for i in 0..29 -> float i ]) [
            "[ 0.  1.  2.  3.  4.  5.  6.  7.  8.  9. 10. 11. 12. 13. 14. 15. 16. 17."
            " 18. 19. 20. 21. 22. 23. 24. 25. 26. 27. 28. 29.]"
        ]
        prints "summary of a row" (range [| 1001 |]) [ "[   0    1    2 ...  998  999 1000]" ]
        prints "summary of a matrix" (range [| 100; 100 |]) [
            "[[   0    1    2 ...   97   98   99]"
            " [ 100  101  102 ...  197  198  199]"
            " [ 200  201  202 ...  297  298  299]"
            " ..."
            " [9700 9701 9702 ... 9797 9798 9799]"
            " [9800 9801 9802 ... 9897 9898 9899]"
            " [9900 9901 9902 ... 9997 9998 9999]]"
        ]
        prints "a thousand are shown in full" (own DType.Bool [| 1000; 1 |] (Array.create 1000 true)) [
            for i in 0..999 ->
                (if i = 0 then "[[ true]"
                 elif i = 999 then " [ true]]"
                 else " [ true]")
        ]
        prints "empty" (own DType.Float32 [| 2; 0; 3 |] Array.empty<float32>) [ "[]" ]
        prints "flipped and transposed" ((range [| 2; 3 |]).View([| 3; 2 |], [| -1; 3 |], 2)) [
            "[[2 5]"
            " [1 4]"
            " [0 3]]"
        ]
        prints "broadcast" ((float32s [ 1.5; 2 ]).View([| 3; 2 |], [| 0; 1 |], 0)) [
            "[[1.5 2. ]"
            " [1.5 2. ]"
            " [1.5 2. ]]"
        ]
        test "only the elements shown are read" {
            let wide = (range [| 2; 3 |]).View([| 2; 1000000000 |], [| 3; 0 |], 1)
            let started = Diagnostics.Stopwatch.StartNew()
            Expect.equal (Print.buffer wide) "[[1 1 1 ... 1 1 1]\n [4 4 4 ... 4 4 4]]" "two rows of 10^9"
            Expect.isLessThan started.Elapsed.TotalSeconds 1.0 "no time to read them all"
        }
        test "many short axes are cut" {
            let deep = (scalar32 1).View(Array.create 27 2, Array.create 27 0, 0)
            let text = Print.buffer deep
            Expect.isLessThan text.Length 500000 "2^27 numbers were not shown"
            Expect.stringEnds text " ...]" "the outermost axis says so"
        }
        test "no culture matters" {
            let before = CultureInfo.CurrentCulture

            try
                CultureInfo.CurrentCulture <- CultureInfo("de-DE")
                Expect.equal (Print.buffer (float32s [ -1.5; 1e9 ])) "[-1.5e+00  1.0e+09]" "as anywhere"
            finally
                CultureInfo.CurrentCulture <- before
        }
    ]

/// What "%A" makes of a tensor, which is what F# Interactive shows.
let private shows name (value: obj) expected = test name {
    Expect.equal ($"%A{value}".ReplaceLineEndings "\n") (lines expected) "with dtype and shape"
}

let private interactive =
    let upTo n = Tensor.arange DType.Int32 n
    let vector = upTo 3
    let matrix = vector.Reshape [ 3; 1 ]

    testList "F# Interactive" [
        shows "a scalar" (tensor 3.5f) [ "Float32 3.5" ]
        shows "a vector" vector [ "Int32 (3,) [0 1 2]" ]
        shows "a long vector" (upTo 30) [
            "Int32 (30,)"
            "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"
            " 24 25 26 27 28 29]"
        ]
        shows "a matrix" matrix [ "Int32 (3, 1) [[0]"; "              [1]"; "              [2]]" ]
        shows "a large matrix" ((upTo 40000).Reshape [ 4; 10000 ]) [ "Int32 (4, 10000) [0 1 2 ... 39999]" ]
        shows "a view of one" (((upTo 40000).Reshape [ 4; 10000 ]).T) [
            "Int32 (10000, 4) [0 10000 20000 ... 39999]"
        ]
        shows "a record of large ones" {| Mean = (upTo 200).Convert DType.Float64 / 8.0; Steps = upTo 2 |} [
            "{ Mean = Float64 (200,) [0. 0.125 0.25 ... 24.875]"
            "  Steps = Int32 (2,) [0 1]}"
        ]
        shows "no numbers" (Tensor.zeros DType.Float32 [ 2; 0 ]) [ "Float32 (2, 0) []" ]
        shows "more axes" (Tensor.zeros DType.Int32 [ 2; 1; 1 ]) [
            "Int32 (2, 1, 1)"
            "[[[0]]"
            ""
            " [[0]]]"
        ]
        shows "rows of more axes" ((upTo 12).Reshape [ 2; 2; 3 ]) [
            "Int32 (2, 2, 3)"
            "[[[ 0  1  2]"
            "  [ 3  4  5]]"
            ""
            " [[ 6  7  8]"
            "  [ 9 10 11]]]"
        ]
        shows "a record" {| Bias = vector; Weight = matrix |} [
            "{ Bias = Int32 (3,) [0 1 2]"
            "  Weight = Int32 (3, 1) [[0]"
            "                         [1]"
            "                         [2]] }"
        ]
        shows "deep in a tree" [ [ Some(Choice<Tensor, unit>.Choice1Of2 matrix) ] ] [
            "[[Some (Choice1Of2 Int32 (3, 1) [[0]"
            "                                 [1]"
            "                                 [2]])]]"
        ]
        test "a traced tensor" {
            let mutable seen = ""

            let f (x: Tensor) =
                seen <- $"%A{x}"
                sum x

            grad f (tensor [ 1.0; 2.0 ]) |> ignore
            Expect.equal seen "traced by grad: Float64 (2,)" "no values"
        }
    ]

let private inspection =
    let transposed (data: float[]) : HostBuffer =
        (own DType.Float64 [| 2; 3 |] data).View([| 3; 2 |], [| 1; 3 |], 0)

    testList "inspection" [
        test "the first non-finite number, wherever it is" {
            for length in [ 1; 7; 8; 9; 33; 100 ] do
                for at in 0 .. length - 1 do
                    let b = float32s [ for i in 0 .. length - 1 -> if i >= at then infinity else 1.0 ]

                    match Inspect.firstNonFinite b with
                    | ValueSome(struct ([| i |], x)) when i = at && x = infinity -> ()
                    | found -> failtest $"{length} numbers, infinity from {at}: found %A{found}"
        }
        test "row-major order in a view" {
            match Inspect.firstNonFinite (transposed [| 1; 2; infinity; nan; 5; 6 |]) with
            | ValueSome(struct (index, x)) ->
                Expect.equal index [| 0; 1 |] "index"
                Expect.isTrue (Double.IsNaN x) "value"
            | ValueNone -> failtest "nothing found"
        }
        test "numbers outside a view do not count" {
            let b = (float64s [ 1; nan; 2; nan; 3 ]).View([| 3 |], [| 2 |], 0)
            Expect.equal (Inspect.firstNonFinite b) ValueNone "every other one"
            Expect.equal (Inspect.firstNonFinite (range [| 3 |])) ValueNone "integers"
            Expect.equal (Inspect.firstNonFinite (float32s [])) ValueNone "none at all"
            Expect.equal (Inspect.firstNonFinite (halves [ 65504; -0.0 ])) ValueNone "Float16"
            Expect.isTrue (Inspect.firstNonFinite(bfloats [ 1; nan ]).IsSome) "BFloat16"
        }
        test "same values" {
            let a = transposed [| 1; 2; 3; nan; 0; 6 |]
            let b = own DType.Float64 [| 3; 2 |] [| 1.0; nan; 2.0; -0.0; 3.0; 6.0 |]

            Expect.isTrue
                (Inspect.sameValues a b)
                "NaN equals NaN and 0 equals -0, in whatever order they lie"

            Expect.isTrue (Inspect.sameValues (bfloats [ nan; 0 ]) (bfloats [ -nan; -0.0 ])) "so for BFloat16"
            Expect.isFalse (Inspect.sameValues (bfloats [ nan; 1 ]) (bfloats [ nan; 2 ])) "1 is not 2"
            Expect.isFalse (Inspect.sameValues a (transposed [| 1; 2; 3; nan; 0; 7 |])) "6 is not 7"
            let everyOther (b: HostBuffer) = b.View([| 2 |], [| 2 |], 0)

            Expect.isTrue
                (Inspect.sameValues (everyOther (float32s [ 1; 2; 3 ])) (everyOther (float32s [ 1; 9; 3 ])))
                "gaps"

            Expect.isFalse
                (Inspect.sameValues (range [| 2 |]) (own DType.Int32 [| 2 |] [| 0; 2 |]))
                "integers"
        }
    ]

[<Tests>]
let tests = testList "Print" [ numbers; scalars; layout; interactive; inspection ]
