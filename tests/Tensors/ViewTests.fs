module Cotangent.Tests.ViewTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

let private t23 = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
let private t234 = counting DType.Int32 [ 2; 3; 4 ]

let private reshaping =
    tests "reshape" [
        "keeps row-major order",
        fun () ->
            equals [ [ 1; 2 ]; [ 3; 4 ]; [ 5; 6 ] ] (t23.Reshape [ 3; 2 ])
            equals [ 1; 2; 3; 4; 5; 6 ] (t23.Flatten())
            equals [ 1; 2; 3; 4; 5; 6 ] (t23.Flatten 0)
            equals t23 (t23.Flatten 1)
            hasShape [ 2; 3; 20 ] ((Tensor.zeros DType.Int32 [ 2; 3; 4; 5 ]).Flatten -2)
            hasShape [ 2; 0 ] ((Tensor.zeros DType.Int32 [ 2; 3; 0 ]).Flatten 1)
            throws<AxisException, _> [ "flatten"; "axis 2" ] (fun () -> t23.Flatten 2)
            equals [ 7 ] ((tensor 7).Flatten())
            equals 7 ((tensor [ [ 7 ] ]).Reshape [])
        "of a view goes by what the view shows",
        fun () ->
            equals [ [ 1; 4; 2 ]; [ 5; 3; 6 ] ] (t23.T.Reshape [ 2; 3 ])
            equals [ 3; 6; 2; 5; 1; 4 ] (t23.Flip(1).T.Flatten())
            equals [ 9; 9; 9; 9 ] ((tensor 9).Expand([ 2; 2 ]).Flatten())

            close
                0.0
                [ for i in 0..23 -> float i ]
                (t234.Permute([ 0; 2; 1 ]).Permute([ 0; 2; 1 ]).Reshape [ 6; 4 ])
        "-1 is whatever is left",
        fun () ->
            for asked, shape in
                [ [ -1 ], [ 24 ]; [ 4; -1 ], [ 4; 6 ]; [ -1; 1; 8 ], [ 3; 1; 8 ]; [ 24; -1 ], [ 24; 1 ] ] do
                hasShape shape (t234.Reshape asked)

            hasShape [ 0 ] ((tensor ([]: int list)).Reshape [ -1 ])
            hasShape [ 0; 3 ] ((tensor ([]: int list)).Reshape [ -1; 3 ])
        "refused",
        fun () ->
            throws<ShapeException, _> [ "reshape"; "(2, 3)"; "(4,)"; "6"; "-1" ] (fun () -> t23.Reshape [ 4 ])
            throws<ShapeException, _> [ "reshape"; "(4, -1)"; "6" ] (fun () -> t23.Reshape [ 4; -1 ])
            throws<ShapeException, _> [ "only one axis can be -1" ] (fun () -> t23.Reshape [ -1; -1 ])
            throws<ShapeException, _> [ "-2" ] (fun () -> t23.Reshape [ -2; 3 ])
            throws<ShapeException, _> [ "reshape" ] (fun () -> (tensor ([]: int list)).Reshape [ 0; -1 ])
    ]

let private axes =
    tests "order of axes" [
        "transpose",
        fun () ->
            equals [ [ 1; 4 ]; [ 2; 5 ]; [ 3; 6 ] ] t23.T
            equals [ [ 1; 4 ]; [ 2; 5 ]; [ 3; 6 ] ] (t23.Transpose(0, 1))
            hasShape [ 2; 4; 3 ] t234.T
            hasShape [ 4; 3; 2 ] (t234.Transpose(0, -1))
            Expect.equal (t234.Transpose(0, -1)) (t234.Permute [ 2; 1; 0 ]) "as a permutation"
            throws<AxisException, _> [ "transpose"; "(3,)" ] (fun () -> (tensor [ 1; 2; 3 ]).T)
            throws<AxisException, _> [ "transpose"; "axis 3"; "rank 3" ] (fun () -> t234.Transpose(0, 3))
        "permute moves every element",
        fun () ->
            let p = t234.Permute [ 2; 0; -2 ]
            hasShape [ 4; 2; 3 ] p
            let before, after = reader t234, reader p

            for i in 0..1 do
                for j in 0..2 do
                    for k in 0..3 do
                        Expect.equal (after [ k; i; j ]) (before [ i; j; k ]) "element"
        "permute refuses what is no order",
        fun () ->
            throws<AxisException, _> [ "permute"; "(0, 0)"; "(2, 3)" ] (fun () -> t23.Permute [ 0; 0 ])
            throws<AxisException, _> [ "permute"; "(0,)" ] (fun () -> t23.Permute [ 0 ])
            throws<AxisException, _> [ "permute"; "axis 2" ] (fun () -> t23.Permute [ 0; 2 ])
        "move one axis",
        fun () ->
            hasShape [ 3; 4; 2 ] (t234.MoveAxis(0, -1))
            hasShape [ 4; 2; 3 ] (t234.MoveAxis(2, 0))
            Expect.equal (t234.MoveAxis(0, 1)) (t234.Permute [ 1; 0; 2 ]) "as a permutation"
            throws<AxisException, _> [ "moveAxis" ] (fun () -> t23.MoveAxis(0, 2))
        "flip",
        fun () ->
            equals [ [ 4; 5; 6 ]; [ 1; 2; 3 ] ] (t23.Flip 0)
            equals [ [ 3; 2; 1 ]; [ 6; 5; 4 ] ] (t23.Flip -1)
            equals [ [ 6; 5; 4 ]; [ 3; 2; 1 ] ] (t23.Flip(0, 1))
            equals [ [ 6; 5; 4 ]; [ 3; 2; 1 ] ] (t23.Flip())
            equals 1 ((tensor 1).Flip())
            hasShape [ 0; 2 ] ((Tensor.zeros DType.Int32 [ 0; 2 ]).Flip 0)
            throws<AxisException, _> [ "flip"; "axis 2" ] (fun () -> t23.Flip 2)
            throws<AxisException, _> [ "flip"; "twice" ] (fun () -> t23.Flip(0, -2))
    ]

let private sizes =
    tests "axes of size 1" [
        "unsqueeze",
        fun () ->
            hasShape [ 1; 2; 3 ] (t23.Unsqueeze 0)
            hasShape [ 2; 1; 3 ] (t23.Unsqueeze 1)
            hasShape [ 2; 3; 1 ] (t23.Unsqueeze -1)
            hasShape [ 1; 2; 3 ] (t23.Unsqueeze -3)
            hasShape [ 1 ] ((tensor 1).Unsqueeze 0)
            throws<AxisException, _> [ "unsqueeze"; "axis 3" ] (fun () -> t23.Unsqueeze 3)
        "squeeze",
        fun () ->
            let t = Tensor.zeros DType.Int32 [ 1; 2; 1; 3; 1 ]
            hasShape [ 2; 3 ] (t.Squeeze())
            hasShape [ 1; 2; 3; 1 ] (t.Squeeze 2)
            hasShape [ 1; 2; 1; 3 ] (t.Squeeze -1)
            equals 4 ((tensor [ [ 4 ] ]).Squeeze())

            throws<ShapeException, _> [ "squeeze"; "axis 1"; "(1, 2, 1, 3, 1)"; "size 2" ] (fun () ->
                t.Squeeze 1)

            throws<AxisException, _> [ "squeeze"; "axis 5" ] (fun () -> t.Squeeze 5)
        "expand",
        fun () ->
            equals [ [ 1; 1 ]; [ 2; 2 ] ] ((tensor [ [ 1 ]; [ 2 ] ]).Expand [ 2; 2 ])
            equals [ [ 1; 2 ]; [ 1; 2 ]; [ 1; 2 ] ] ((tensor [ 1; 2 ]).Expand [ 3; 2 ])
            hasShape [ 0; 2 ] ((tensor [ 1; 2 ]).Expand [ 0; 2 ])
            hasShape [ 0 ] ((tensor [ 1 ]).Expand [ 0 ])
            throws<ShapeException, _> [ "expand"; "(2,)"; "(3,)" ] (fun () -> (tensor [ 1; 2 ]).Expand [ 3 ])

            throws<ShapeException, _> [ "expand"; "(2, 1)"; "(2,)" ] (fun () ->
                (tensor [ [ 1 ]; [ 2 ] ]).Expand [ 2 ])

            throws<ShapeException, _> [ "expand"; "(2, 3)"; "(1, 3)" ] (fun () -> t23.Expand [ 1; 3 ])
            throws<ShapeException, _> [ "expand"; "negative" ] (fun () -> (tensor [ 1 ]).Expand [ -2 ])
    ]

// What a float that an integer can't hold becomes: the nearest integer that it can; NaN becomes 0.
let private conversions =
    let reals = [ 0.0; -0.0; 1.9; -1.9; 3e9; -3e9; 1e19; -1e19; infinity; -infinity; nan ]

    let to32 = [
        0
        0
        1
        -1
        Int32.MaxValue
        Int32.MinValue
        Int32.MaxValue
        Int32.MinValue
        Int32.MaxValue
        Int32.MinValue
        0
    ]

    let max64, min64 = Int64.MaxValue, Int64.MinValue

    testList "convert" [
        testCase "Float64 to integers" (fun () ->
            let to64 = [ 0L; 0L; 1L; -1L; 3000000000L; -3000000000L; max64; min64; max64; min64; 0L ]
            equals to32 ((tensor reals).Convert DType.Int32)
            equals to64 ((tensor reals).Convert DType.Int64))
        testCase "other floats to Int32" (fun () ->
            equals to32 ((tensor (List.map float32 reals)).Convert DType.Int32)

            equals
                [ 65504; -65504; 0; Int32.MaxValue; 0 ]
                ((tensor (List.map half [ 65504; -65504; -0.5; infinity; nan ])).Convert DType.Int32)

            equals
                [ Int32.MaxValue; -256; 0 ]
                ((tensor (List.map bfloat [ 1e20; -256; nan ])).Convert DType.Int32))
        testCase "rows long enough for vector instructions" (fun () ->
            for n in [ 1; 7; 33 ] do
                let repeat values = List.collect (fun v -> List.replicate n v) values
                equals (repeat to32) ((tensor (repeat reals)).Convert DType.Int32)
                equals (repeat to32) ((tensor (repeat reals |> List.map float32)).Convert DType.Int32))
        testCase "integers saturate" (fun () ->
            equals
                [ Int32.MaxValue; Int32.MinValue; 7 ]
                ((tensor [ 1L <<< 40; -(1L <<< 40); 7L ]).Convert DType.Int32)

            equals
                [ 2147483647L; -2147483648L ]
                ((tensor [ Int32.MaxValue; Int32.MinValue ]).Convert DType.Int64))
        testCase "whatever is not 0 is true" (fun () ->
            equals
                [ false; false; true; true; true; true ]
                ((tensor [ 0.0; -0.0; 0.1; nan; -infinity; 5e-324 ]).Convert DType.Bool)

            equals [ false; true; true ] ((tensor [ 0; -1; 256 ]).Convert DType.Bool)
            equals [ false; true ] ((tensor [ 0L; 1L <<< 40 ]).Convert DType.Bool)
            equals [ false; true ] ((tensor [ half -0.0; half 6e-8 ]).Convert DType.Bool))
        testCase "to the nearest float, ties to even" (fun () ->
            // NumPy's float32 and float16 of these numbers.
            equals
                [ 0.1f; 16777216f; 16777220f; infinityf; 0f ]
                ((tensor [ 0.1; 16777217.0; 16777219.0; 1e39; 1e-46 ]).Convert DType.Float32)

            equals [ 16777216f; 16777220f ] ((tensor [ 16777217; 16777219 ]).Convert DType.Float32)

            close
                0.0
                [ 0.0999755859375; 2048; 2052; infinity; 65504; 0; 5.960464477539063e-08 ]
                ((tensor [ 0.1; 2049; 2051; 65520; 65519; 2e-8; 4e-8 ]).Convert DType.Float16)

            close
                0.0
                [ 1; 1.015625; 256; 0.10009765625; infinity ]
                ((tensor [ 1.00390625; 1.01171875; 257; 0.1; 3.4e38 ]).Convert DType.BFloat16))
        testCase "no double rounding" (fun () ->
            // Just above a tie: rounded to Float32 first it would lie on the tie and go to the even side, down.
            close 0.0 [ 1.0009765625 ] ((tensor [ 1.0 + 1.0 / 2048.0 + 1e-12 ]).Convert DType.Float16)
            close 0.0 [ 1.0078125 ] ((tensor [ 1.0 + 1.0 / 256.0 + 1e-12 ]).Convert DType.BFloat16)
            equals [ 18014400656965632f ] ((tensor [ (1L <<< 54) + (1L <<< 30) + 1L ]).Convert DType.Float32))
        for source in DTypes.real do
            for target in DTypes.real do
                testCase $"{source} to {target} and views" (fun () ->
                    let t = (tensor [ [ 0; 1; 1 ]; [ 1; 0; 1 ] ]).Convert source
                    equalsAs target [ [ 0; 1; 1 ]; [ 1; 0; 1 ] ] (t.Convert target)
                    equalsAs target [ [ 0; 1 ]; [ 1; 0 ]; [ 1; 1 ] ] (t.T.Convert target)
                    equalsAs target [ 1; 0 ] (t[1].[0..1].Convert target))
    ]

let private laws =
    testList "laws" [
        law
            "reshape there and back"
            (Gen.tensor |> Gen.bind (fun t -> Gen.shuffle t.Shape |> Gen.map (fun s -> t, s)))
            (fun (t, shape) -> (t.Reshape shape).Reshape t.Shape = t)
        law
            "reshape keeps the numbers of any view"
            (Gen.fullTensor |> Gen.bind (fun t -> Gen.order t |> Gen.map (fun o -> t, o)))
            (fun (t, order) ->
                let p = t.Permute order
                numbers (p.Reshape [ p.Size; 1 ]) = numbers p)
        law
            "a permutation and its inverse"
            (Gen.tensor |> Gen.bind (fun t -> Gen.order t |> Gen.map (fun o -> t, o)))
            (fun (t, order) ->
                let inverse = order |> Array.mapi (fun i o -> o, i) |> Array.sort |> Array.map snd

                (t.Permute order).Permute inverse = t
                && t.Permute(order).Shape = Array.map (fun a -> t.Shape[a]) order)
        law
            "two transpositions"
            (Gen.fullTensor
             |> Gen.bind (fun t -> Gen.zip (Gen.axisOf t) (Gen.axisOf t) |> Gen.map (fun a -> t, a)))
            (fun (t, (a, b)) -> t.Transpose(a, b).Transpose(b, a) = t)
        law
            "two flips"
            (Gen.fullTensor |> Gen.bind (fun t -> Gen.axisOf t |> Gen.map (fun a -> t, a)))
            (fun (t, axis) -> t.Flip(axis).Flip axis = t)
        law
            "unsqueeze, squeeze"
            (Gen.tensor |> Gen.bind (fun t -> Gen.choose (-t.Rank - 1, t.Rank) |> Gen.map (fun a -> t, a)))
            (fun (t, axis) -> t.Unsqueeze(axis).Squeeze axis = t)
        law
            "what is moved can be moved back"
            (Gen.fullTensor
             |> Gen.bind (fun t -> Gen.zip (Gen.axisOf t) (Gen.axisOf t) |> Gen.map (fun a -> t, a)))
            (fun (t, (a, b)) -> t.MoveAxis(a, b).MoveAxis(b, a) = t)
    ]

[<Tests>]
let all = testList "Views" [ reshaping; axes; sizes; conversions; laws ]
