/// Sliding windows, differences, parts, distances and kinds of pooling, against plain loops and published examples.
module Cotangent.Tests.SlidingTests

open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck
open FsCheck.FSharp

let private sliding = gen {
    let! t = Gen.fullTensor
    let! axis = Gen.choose (0, t.Rank - 1)
    let! size = Gen.choose (1, t.Shape[axis])
    let! step = Gen.choose (1, 3)
    return t, axis, size, step
}

let private unfolding =
    testList "unfold" [
        law "a window in each place" sliding (fun (t, axis, size, step) ->
            let from = reader t
            let count = (t.Shape[axis] - size) / step + 1
            let shape = List.updateAt axis count (List.ofArray t.Shape) @ [ size ]

            let expected =
                build DType.Float64 shape (fun cell ->
                    let k = List.last cell
                    from (List.updateAt axis (cell[axis] * step + k) (List.take t.Rank cell)))

            (t.Unfold(axis, size, step)).Equals expected)
        testCase "wide windows"
        <| fun () ->
            let t = counting DType.Int32 [ 2; 50 ]
            let wide = t.Unfold(1, 20, 3)
            hasShape [ 2; 11; 20 ] wide
            equals t[1, 9..28] wide[1, 3]
        testCase "as NumPy documents sliding_window_view"
        <| fun () ->
            equals
                [ [ 0; 1; 2 ]; [ 1; 2; 3 ]; [ 2; 3; 4 ]; [ 3; 4; 5 ] ]
                ((Tensor.arange DType.Int32 6).Unfold(0, 3))
        testCase "refused"
        <| fun () ->
            let t = tensor [ 1; 2 ]

            throws<ShapeException, _> [ "unfold"; "windows of 3"; "axis 0 of size 2" ] (fun () ->
                t.Unfold(0, 3))

            throws<ValueException, _> [ "unfold"; "0" ] (fun () -> t.Unfold(0, 0))
            throws<ValueException, _> [ "unfold" ] (fun () -> t.Unfold(0, 1, 0))
    ]

let private neighbours =
    tests "differences" [
        "as NumPy documents diff",
        fun () ->
            let x = tensor [ 1; 2; 4; 7; 0 ]
            equals [ 1; 2; 3; -7 ] (x.Diff())
            equals [ 1; 1; -10 ] (x.Diff(order = 2))
            let x = tensor [ [ 1; 3; 6; 10 ]; [ 0; 5; 6; 8 ] ]
            equals [ [ 2; 3; 4 ]; [ 5; 1; 2 ] ] (x.Diff())
            equals [ [ -1; 2; 0; -2 ] ] (x.Diff 0)
        "of no order, of too high an order, of Bool",
        fun () ->
            equals [ 1; 2 ] ((tensor [ 1; 2 ]).Diff(order = 0))
            hasShape [ 0 ] ((tensor [ 1; 2 ]).Diff(order = 1000000))
            hasShape [ 0 ] ((tensor ([]: int list)).Diff())
            equals [ true; false ] ((tensor [ true; false; false ]).Diff())
            throws<ValueException, _> [ "diff"; "-1" ] (fun () -> (tensor [ 1 ]).Diff(order = -1))
    ]

let private parts =
    tests "parts" [
        "cut at positions",
        fun () ->
            let parts = (Tensor.arange DType.Int32 8).SplitAt [ 3; 5; -2 ]
            equals [ 0; 1; 2 ] parts[0]
            equals [ 3; 4 ] parts[1]
            equals [ 5 ] parts[2]
            equals [ 6; 7 ] parts[3]
            let parts = (Tensor.zeros DType.Float32 [ 2; 3 ]).SplitAt([ 0 ], 1)
            hasShape [ 2; 0 ] parts[0]

            throws<IndexException, _> [ "splitAt"; "[3; 2]"; "8" ] (fun () ->
                (Tensor.arange DType.Int32 8).SplitAt [ 3; 2 ])

            throws<IndexException, _> [ "splitAt"; "9" ] (fun () ->
                (Tensor.arange DType.Int32 8).SplitAt [ 9 ])
        "of nearly one size, as NumPy documents array_split",
        fun () ->
            let parts = (Tensor.arange DType.Int32 8).SplitEvenly 3
            equals [ 0; 1; 2 ] parts[0]
            equals [ 3; 4; 5 ] parts[1]
            equals [ 6; 7 ] parts[2]
            let parts = (tensor [ 1 ]).SplitEvenly 2
            hasShape [ 0 ] parts[1]
            throws<ValueException, _> [ "splitEvenly"; "0" ] (fun () -> (tensor [ 1 ]).SplitEvenly 0)
        "repeated, as NumPy documents repeat",
        fun () ->
            let x = tensor [ [ 1; 2 ]; [ 3; 4 ] ]
            equals [ [ 1; 2 ]; [ 3; 4 ]; [ 3; 4 ] ] (x.Repeat(tensor [ 1; 2 ], 0))
            equals [ [ 2; 2 ]; [ 4; 4 ] ] (x.Repeat(tensor [ 0; 2 ], 1))

            equals
                [ [ 1; 2 ]; [ 3; 4 ] ]
                (compile (fun (c: Tensor) -> x.Repeat(c, 0, length = 2)) (tensor [ 1; 2 ]))

            throws<TraceException, _> [ "repeat"; "Give the length" ] (fun () ->
                compile (fun (c: Tensor) -> x.Repeat(c, 0)) (tensor [ 1; 2 ]))

            throws<ShapeException, _> [ "repeat"; "(3,)" ] (fun () -> x.Repeat(tensor [ 1; 2; 3 ], 0))
            throws<ValueException, _> [ "repeat"; "-1" ] (fun () -> x.Repeat(tensor [ 1; -1 ], 0))

            throws<IndexException, _> [ "repeat"; "index 2" ] (fun () ->
                x.Repeat(tensor [ 1; 1 ], 0, length = 3))

            throws<DTypeException, _> [ "repeat" ] (fun () -> x.Repeat(tensor [ 1.0; 1.0 ], 0))
    ]

let private distances =
    tests "cdist" [
        "as PyTorch documents it",
        fun () ->
            let a = tensor [ [ 0.9041; 0.0196 ]; [ -0.3108; -2.4423 ]; [ -0.4821; 1.0590 ] ]
            let b = tensor [ [ -2.1763; -0.4713 ]; [ -0.6986; 1.3702 ] ]
            close 5e-5 [ 3.1193; 2.0959; 2.7138; 3.8322; 2.2830; 0.3791 ] (a.Cdist b)
        "other orders, batches, and the same point",
        fun () ->
            let a = tensor [ [ 0.0; 0.0 ]; [ 3.0; 4.0 ] ]
            equals [ [ 0.0; 4.0 ]; [ 4.0; 0.0 ] ] (a.Cdist(a, order = infinity))
            equals [ [ 0.0; 7.0 ]; [ 7.0; 0.0 ] ] (a.Cdist(a, 1.0))

            hasShape
                [ 5; 4; 2; 3 ]
                ((Tensor.zeros DType.Float32 [ 4; 2; 6 ]).Cdist(Tensor.zeros DType.Float32 [ 5; 1; 3; 6 ]))

            close 1e-15 [ -1.2; -1.6; 1.2; 1.6 ] (grad (fun (x: Tensor) -> sum (x.Cdist x)) a)
        "refused",
        fun () ->
            let a = tensor [ [ 1.0; 2.0 ] ]
            throws<ShapeException, _> [ "cdist"; "(1, 3)" ] (fun () -> a.Cdist(tensor [ [ 1.0; 2.0; 3.0 ] ]))
            throws<ShapeException, _> [ "cdist"; "(2,)" ] (fun () -> a.Cdist(tensor [ 1.0; 2.0 ]))
            throws<ValueException, _> [ "cdist"; "3" ] (fun () -> a.Cdist(a, 3.0))

            throws<DTypeException, _> [ "cdist"; "Int32" ] (fun () ->
                (tensor [ [ 1 ] ]).Cdist(tensor [ [ 1 ] ]))
    ]

let private image = Random.normal (Key.create 3L) DType.Float64 [ 2; 3; 6; 5 ]

let private window = {
    Window.plain with
        Strides = [ 2; 1 ]
        Padding = Padding.Sides [ (1, 0); (2, 1) ]
        Dilation = [ 1; 2 ]
}

let private columns =
    tests "windows as columns" [
        "a convolution is their product with the kernel",
        fun () ->
            let kernel = Random.normal (Key.create 4L) DType.Float64 [ 4; 3; 3; 2 ]
            let expected = convolve window kernel image
            let columns = unfoldWindows [ 3; 2 ] window image
            let product = matmul (kernel.Reshape [ 4; -1 ]) columns
            close 1e-12 (numbers expected) (product.Reshape expected.Shape)
            equals columns[1] (unfoldWindows [ 3; 2 ] window image[1])
        "folding is the transpose",
        fun () ->
            let columns = unfoldWindows [ 3; 2 ] window image
            let y = Random.normal (Key.create 5L) DType.Float64 (List.ofArray columns.Shape)
            let back = foldWindows [ 6; 5 ] [ 3; 2 ] window y
            close 1e-12 (numbers (sum (columns * y))) (sum (image * back))
            close 1e-12 (numbers (linearTranspose (unfoldWindows [ 3; 2 ] window) image y)) back
        "integers, and a single axis",
        fun () ->
            let x = tensor [ [ 1; 2; 3; 4 ] ]
            equals [ [ 1; 2; 3 ]; [ 2; 3; 4 ] ] (unfoldWindows [ 2 ] Window.plain x)

            equals
                [ [ 1; 4; 6; 4 ] ]
                (foldWindows [ 4 ] [ 2 ] Window.plain (unfoldWindows [ 2 ] Window.plain x))
        "refused",
        fun () ->
            throws<ShapeException, _> [ "unfoldWindows"; "(2,)" ] (fun () ->
                unfoldWindows [ 2 ] Window.plain (tensor [ 1; 2 ]))

            throws<ValueException, _> [ "unfoldWindows"; "0" ] (fun () ->
                unfoldWindows [ 0 ] Window.plain image)

            throws<ShapeException, _> [ "unfoldWindows"; "reach over" ] (fun () ->
                unfoldWindows [ 9; 9 ] Window.plain image)

            throws<ShapeException, _> [ "foldWindows"; "(3, 4)"; "2 elements" ] (fun () ->
                foldWindows [ 5 ] [ 2 ] Window.plain (Tensor.ones DType.Float32 [ 3; 4 ]))

            throws<ShapeException, _> [ "foldWindows"; "4 windows" ] (fun () ->
                foldWindows [ 5 ] [ 2 ] Window.plain (Tensor.ones DType.Float32 [ 2; 3 ]))
    ]

let private pools =
    tests "pooling" [
        "a mean that counts the padding",
        fun () ->
            let window = { Window.stride 2 with Padding = Padding.Around 1 }
            let from, divisor = reader image, 6.0
            let pooled = averagePoolWithZeros [ 3; 2 ] window image

            let expected =
                build DType.Float64 (List.ofArray pooled.Shape) (fun cell ->
                    [
                        for i in 0..2 do
                            for j in 0..1 do
                                let y, x = cell[2] * 2 - 1 + i, cell[3] * 2 - 1 + j
                                if y >= 0 && y < 6 && x >= 0 && x < 5 then from [ cell[0]; cell[1]; y; x ]
                    ]
                    |> List.sum
                    |> fun total -> total / divisor)

            hasShape [ 2; 3; 3; 3 ] pooled
            close 1e-12 (numbers expected) pooled

            close
                1e-12
                (numbers (averagePool [ 2; 2 ] (Window.stride 2) image))
                (averagePoolWithZeros [ 2; 2 ] (Window.stride 2) image)
        "with positions and back, as PyTorch documents MaxUnpool2d",
        fun () ->
            let x = (counting DType.Float64 [ 1; 1; 4; 4 ]) + 1.0
            let values, positions = maxPoolWithPositions [ 2; 2 ] (Window.stride 2) x
            equals [ [ [ [ 6.0; 8.0 ]; [ 14.0; 16.0 ] ] ] ] values
            equals [ [ [ [ 5; 7 ]; [ 13; 15 ] ] ] ] positions

            let expected =
                tensor [
                    [
                        [
                            [ 0.0; 0.0; 0.0; 0.0 ]
                            [ 0.0; 6.0; 0.0; 8.0 ]
                            [ 0.0; 0.0; 0.0; 0.0 ]
                            [ 0.0; 14.0; 0.0; 16.0 ]
                        ]
                    ]
                ]

            equals expected (maxUnpool [ 4; 4 ] positions values)
            equals expected[0] (maxUnpool [ 4; 4 ] positions[0] values[0])
            hasShape [ 1; 1; 5; 5 ] (maxUnpool [ 5; 5 ] positions values)
        "refused",
        fun () ->
            let values, positions = maxPoolWithPositions [ 2; 2 ] (Window.stride 2) image

            throws<IndexException, _> [ "maxUnpool"; "axis 2 of size 6" ] (fun () ->
                maxUnpool [ 2; 3 ] positions values)

            throws<ShapeException, _> [ "maxUnpool" ] (fun () -> maxUnpool [ 6; 5 ] positions[0] values)
            throws<DTypeException, _> [ "maxUnpool" ] (fun () -> maxUnpool [ 6; 5 ] values values)

            throws<DTypeException, _> [ "averagePoolWithZeros"; "Int32" ] (fun () ->
                averagePoolWithZeros [ 2 ] Window.plain (tensor [ [ 1; 2 ] ]))

            throws<DTypeException, _> [ "maxPoolWithPositions" ] (fun () ->
                maxPoolWithPositions [ 2 ] Window.plain (tensor [ [ 1; 2 ] ]))
    ]

let private shapes =
    tests "other shapes" [
        "turned by quarters, as NumPy documents rot90",
        fun () ->
            let m = tensor [ [ 1; 2 ]; [ 3; 4 ] ]
            equals [ [ 2; 4 ]; [ 1; 3 ] ] (m.Rot90())
            equals [ [ 4; 3 ]; [ 2; 1 ] ] (m.Rot90 2)
            equals m (m.Rot90 -4)
            let cube = counting DType.Int32 [ 2; 2; 2 ]
            equals [ [ [ 1; 3 ]; [ 0; 2 ] ]; [ [ 5; 7 ]; [ 4; 6 ] ] ] (cube.Rot90(1, 1, 2))
            throws<AxisException, _> [ "rot90"; "twice" ] (fun () -> m.Rot90(1, 0, -2))
        "some axes flattened",
        fun () ->
            let t = counting DType.Int32 [ 2; 3; 4; 5 ]
            equals (t.Reshape [ 2; 12; 5 ]) (t.Flatten(1, 2))
            equals (t.Reshape [ 24; 5 ]) (t.Flatten(last = -2))
            equals t (t.Flatten(1, 1))
            throws<AxisException, _> [ "flatten"; "2 to 1" ] (fun () -> t.Flatten(2, 1))
        "expanded, with axes that stay",
        fun () ->
            let t = tensor [ [ 1 ]; [ 2 ] ]
            equals [ [ 1; 1; 1 ]; [ 2; 2; 2 ] ] (t.Expand [ -1; 3 ])
            hasShape [ 4; 2; 1 ] (t.Expand [ 4; -1; -1 ])
            throws<ShapeException, _> [ "expand"; "-1" ] (fun () -> t.Expand [ -1; 2; 1 ])
        "clamped on one side",
        fun () ->
            let x = tensor [ -2.0; 0.0; nan; 3.0 ]
            equals [ 0.0; 0.0; nan; 3.0 ] (clampMin 0.0 x)
            equals [ -2.0; 0.0; nan; 1.0 ] (clampMax 1.0 x)
            equals [ 1; 2 ] (clampMin 1.0 (tensor [ 0; 2 ]))
            equals [ 0.0; 1.0 ] (grad (fun x -> sum (clampMin 0.0 x)) (tensor [ -1.0; 0.0 ]))
            throws<ValueException, _> [ "clampMax"; "NaN" ] (fun () -> clampMax nan x)
            throws<DTypeException, _> [ "clampMin" ] (fun () -> clampMin 0.5 (tensor [ 1 ]))
        "powers of ten, as NumPy documents logspace",
        fun () ->
            close
                1e-9
                [ 100.0; 215.443469003; 464.158883361; 1000.0 ]
                (Tensor.logspace DType.Float64 2.0 3.0 4)

            throws<ValueException, _> [ "logspace"; "0 points" ] (fun () ->
                Tensor.logspace DType.Float64 0.0 1.0 0)

            throws<DTypeException, _> [ "logspace"; "Int32" ] (fun () ->
                Tensor.logspace DType.Int32 0.0 1.0 2)
    ]

[<Tests>]
let all = testList "Sliding" [ unfolding; neighbours; parts; distances; columns; pools; shapes ]
