module Cotangent.Tests.JoiningTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

let private t23 = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]

let private joining =
    tests "concat and stack" [
        "along each axis",
        fun () ->
            equals [ 1; 2; 3; 4 ] (concat 0 [ tensor [ 1 ]; tensor [ 2; 3; 4 ] ])
            equals [ [ 1; 2; 3 ]; [ 4; 5; 6 ]; [ 7; 8; 9 ] ] (concat 0 [ t23; tensor [ [ 7; 8; 9 ] ] ])
            equals [ [ 1; 2; 3; 7 ]; [ 4; 5; 6; 8 ] ] (concat -1 [ t23; tensor [ [ 7 ]; [ 8 ] ] ])
            equals [ [ 1; 2; 3; 1; 2; 3 ]; [ 4; 5; 6; 4; 5; 6 ] ] (concat 1 [ t23; t23 ])
        "sums of several tensors",
        fun () ->
            let three = [ t23; 10 * t23; 100 * t23 ]
            equals (111 * t23) (Tensor.sumOf three)
            equals (111 * t23) (List.sum three)
            equals (111 * t23) (Seq.sum (Seq.ofList three))
            equals (111 * t23) (Array.sumBy id (Array.ofList three))
            equals (37 * t23) (List.average three)
            equals 0.0f (List.sum ([]: Tensor list))
            equals (tensor 3.5) (List.sum [ tensor 1.25; tensor 2.25 ])
            let total x = sum (List.sum [ x; x * x; x ])
            equals [ 4.0; 6.0 ] (grad total (tensor [ 1.0; 2.0 ]))
            equals [ 4.0; 6.0 ] (compile (grad total) (tensor [ 1.0; 2.0 ]))
            throws<ShapeException, _> [ "sumOf: "; "no tensors" ] (fun () -> Tensor.sumOf [])
            throws<DTypeException, _> [ "Int32"; "Float64" ] (fun () -> List.sum [ tensor 1; tensor 1.0 ])
        "one tensor, and empty ones",
        fun () ->
            equals t23 (concat 0 [ t23 ])
            equals [ 1; 2 ] (concat 0 [ tensor ([]: int list); tensor [ 1; 2 ]; tensor ([]: int list) ])

            hasShape
                [ 2; 0 ]
                (concat 1 [ Tensor.zeros DType.Int32 [ 2; 0 ]; Tensor.zeros DType.Int32 [ 2; 0 ] ])
        "views",
        fun () ->
            equals
                [ [ 1; 4; 3 ]; [ 2; 5; 2 ]; [ 3; 6; 1 ] ]
                (concat 1 [ t23.T; (tensor [ [ 1 ]; [ 2 ]; [ 3 ] ]).Flip 0 ])

            equals [ 5; 5; 4; 5; 6 ] (concat 0 [ (tensor 5).Expand [ 2 ]; t23[1] ])
        "every dtype",
        fun () ->
            for dtype in DTypes.real do
                let t = (tensor [ 1; 0 ]).Convert dtype
                equalsAs dtype [ 1; 0; 1; 0 ] (concat 0 [ t; t ])
                equalsAs dtype [ [ 1; 1 ]; [ 0; 0 ] ] (stack 1 [ t; t ])
        "stack along each axis",
        fun () ->
            let a, b = tensor [ 1; 2 ], tensor [ 3; 4 ]
            equals [ [ 1; 2 ]; [ 3; 4 ] ] (stack 0 [ a; b ])
            equals [ [ 1; 3 ]; [ 2; 4 ] ] (stack 1 [ a; b ])
            equals [ [ 1; 3 ]; [ 2; 4 ] ] (stack -1 [ a; b ])
            equals [ 1; 2; 3 ] (stack 0 [ tensor 1; tensor 2; tensor 3 ])
        "refused",
        fun () ->
            throws<ShapeException, _> [ "concat"; "no tensors" ] (fun () -> concat 0 [])
            throws<ShapeException, _> [ "stack"; "no tensors" ] (fun () -> stack 0 [])

            throws<ShapeException, _> [ "concat"; "axis 0"; "(2, 3)"; "(3, 2)"; "stack" ] (fun () ->
                concat 0 [ t23; t23.T ])

            throws<ShapeException, _> [ "concat"; "(2, 3)"; "(3,)" ] (fun () -> concat 0 [ t23; t23[0] ])
            throws<ShapeException, _> [ "stack"; "(2, 3)"; "(3,)" ] (fun () -> stack 0 [ t23; t23[0] ])
            throws<AxisException, _> [ "concat"; "axis 2"; "rank 2" ] (fun () -> concat 2 [ t23; t23 ])
            throws<AxisException, _> [ "concat"; "rank 0" ] (fun () -> concat 0 [ tensor 1; tensor 2 ])
            throws<AxisException, _> [ "stack"; "axis 3" ] (fun () -> stack 3 [ t23; t23 ])

            throws<DTypeException, _> [ "concat"; "Int32 (2, 3)"; "Int64 (2, 3)" ] (fun () ->
                concat 0 [ t23; t23.Convert DType.Int64 ])

            throws<DTypeException, _> [ "stack" ] (fun () -> stack 0 [ tensor 1; tensor 1.0 ])
    ]

let private parting =
    tests "split and unstack" [
        "split",
        fun () ->
            let parts = (tensor [ 1; 2; 3; 4; 5 ]).Split [ 2; 0; 3 ]

            Expect.equal
                (parts |> List.ofArray |> List.map _.ToData<int list>())
                [ [ 1; 2 ]; []; [ 3; 4; 5 ] ]
                "parts"

            let columns = t23.Split([ 1; 2 ], -1)
            Expect.equal columns.Length 2 "two"
            equals [ [ 1 ]; [ 4 ] ] columns[0]
            equals [ [ 2; 3 ]; [ 5; 6 ] ] columns[1]

            Expect.isEmpty ((tensor ([]: int list)).Split []) "no parts of nothing"
        "unstack",
        fun () ->
            Expect.equal
                (t23.Unstack() |> Array.toList |> List.map _.ToData<int list>())
                [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
                "rows"

            Expect.equal
                (t23.Unstack 1 |> Array.toList |> List.map _.ToData<int list>())
                [ [ 1; 4 ]; [ 2; 5 ]; [ 3; 6 ] ]
                "columns"

            Expect.isEmpty ((Tensor.zeros DType.Int32 [ 0; 2 ]).Unstack()) "nothing"
        "refused",
        fun () ->
            throws<ShapeException, _> [ "split"; "[1; 2]"; "axis 0"; "(2, 3)" ] (fun () -> t23.Split [ 1; 2 ])
            throws<ShapeException, _> [ "split"; "[3; -1]" ] (fun () -> t23.Split [ 3; -1 ])
            throws<AxisException, _> [ "split" ] (fun () -> t23.Split([ 1 ], 2))
            throws<AxisException, _> [ "unstack"; "scalar" ] (fun () -> (tensor 1).Unstack())
    ]

let private chunks =
    tests "chunk" [
        "as PyTorch's",
        fun () ->
            // torch.arange(n).chunk(count): sizes
            for n, count, sizes in
                [ 7, 3, [ 3; 3; 1 ]; 6, 3, [ 2; 2; 2 ]; 5, 4, [ 2; 2; 1 ]; 2, 5, [ 1; 1 ]; 4, 1, [ 4 ] ] do
                let t = Tensor.arange DType.Int32 n
                let parts = t.Chunk count
                Expect.equal [ for p in parts -> p.Size ] sizes $"{n} in {count}"
                Expect.equal (concat 0 parts) t "all of them"

            equals [ [ 3 ]; [ 6 ] ] (t23.Chunk(2, 1)).[1]
            hasShape [ 0; 2 ] ((Tensor.zeros DType.Int32 [ 0; 2 ]).Chunk 3).[0]
            throws<ValueException, _> [ "chunk"; "0 parts" ] (fun () -> t23.Chunk 0)
            throws<AxisException, _> [ "chunk" ] (fun () -> t23.Chunk(2, 2))
    ]

let private widening =
    tests "tile, repeat, roll and pad" [
        "repeat",
        fun () ->
            // NumPy: np.repeat
            equals [ 1; 1; 1; 2; 2; 2 ] ((tensor [ 1; 2 ]).Repeat(3, 0))
            equals [ [ 1; 1; 2; 2; 3; 3 ]; [ 4; 4; 5; 5; 6; 6 ] ] (t23.Repeat(2, 1))
            equals [ [ 1; 2; 3 ]; [ 1; 2; 3 ]; [ 4; 5; 6 ]; [ 4; 5; 6 ] ] (t23.Repeat(2, -2))
            hasShape [ 2; 0 ] (t23.Repeat(0, 1))
            throws<ValueException, _> [ "repeat"; "-1" ] (fun () -> t23.Repeat(-1, 0))
            throws<AxisException, _> [ "repeat"; "scalar" ] (fun () -> (tensor 1).Repeat(2, 0))
        "roll",
        fun () ->
            // NumPy: np.roll
            let t = tensor [ 0; 1; 2; 3; 4 ]
            equals [ 3; 4; 0; 1; 2 ] (t.Roll(2, 0))
            equals [ 1; 2; 3; 4; 0 ] (t.Roll(-1, 0))
            equals t (t.Roll(-10, 0))
            equals [ 4; 0; 1; 2; 3 ] (t.Roll(11, 0))
            equals [ [ 3; 1; 2 ]; [ 6; 4; 5 ] ] (t23.Roll(1, 1))
            equals [ [ 4; 5; 6 ]; [ 1; 2; 3 ] ] (t23.Roll(1, 0))
            hasShape [ 0 ] ((Tensor.zeros DType.Int32 [ 0 ]).Roll(3, 0))
            throws<AxisException, _> [ "roll" ] (fun () -> t23.Roll(1, 2))
        "tile",
        fun () ->
            // NumPy: np.tile
            equals [ 1; 2; 1; 2; 1; 2 ] ((tensor [ 1; 2 ]).Tile [ 3 ])
            equals [ [ 1; 2; 1; 2 ]; [ 1; 2; 1; 2 ] ] ((tensor [ 1; 2 ]).Tile [ 2; 2 ])
            equals [ [ 1; 2; 3; 1; 2; 3 ]; [ 4; 5; 6; 4; 5; 6 ] ] (t23.Tile [ 2 ])
            equals [ [ 1; 2; 3 ]; [ 4; 5; 6 ]; [ 1; 2; 3 ]; [ 4; 5; 6 ] ] (t23.Tile [ 2; 1 ])
            equals t23 (t23.Tile [])
            equals [ 7; 7 ] ((tensor 7).Tile [ 2 ])
            hasShape [ 2; 0 ] (t23.Tile [ 1; 0 ])
            throws<ValueException, _> [ "tile"; "-1" ] (fun () -> t23.Tile [ -1 ])
        "pad",
        fun () ->
            // NumPy: np.pad
            equals [ 0; 1; 2; 0; 0 ] ((tensor [ 1; 2 ]).Pad [ 1, 2 ])
            equals [ [ 0; 0; 0; 0 ]; [ 0; 1; 2; 3 ]; [ 0; 4; 5; 6 ] ] (t23.Pad [ 1, 0; 1, 0 ])
            equals [ -1; 1; 2; -1 ] ((tensor [ 1; 2 ]).Pad([ 1, 1 ], -1.0))
            equals [ 1.0; nan ] ((tensor [ 1.0 ]).Pad([ 0, 1 ], nan))
            equals [ infinity; nan; infinity ] ((tensor [ nan ]).Pad([ 1, 1 ], infinity))
            equals [ 5; 5 ] ((Tensor.zeros DType.Int32 [ 0 ]).Pad([ 1, 1 ], 5.0))
            equals t23 (t23.Pad [ 0, 0; 0, 0 ])
            equals 3 ((tensor 3).Pad [])

            for dtype in DTypes.real do
                equalsAs dtype [ 1; 0; 1 ] ((Tensor.zeros dtype [ 1 ]).Pad([ 1, 1 ], 1.0))
        "pad refuses",
        fun () ->
            throws<ShapeException, _> [ "pad"; "2 axes"; "(2, 3)" ] (fun () -> t23.Pad [ 1, 1 ])
            throws<ShapeException, _> [ "pad"; "non-negative" ] (fun () -> t23.Pad [ -1, 0; 0, 0 ])
            throws<DTypeException, _> [ "pad"; "0.5" ] (fun () -> t23.Pad([ 1, 1; 1, 1 ], 0.5))
    ]

let private laws =
    let withAxis = Gen.fullTensor |> Gen.bind (fun t -> Gen.axisOf t |> Gen.map (fun axis -> t, axis))

    let cut = gen {
        let! t, axis = withAxis
        let! first = Gen.choose (0, t.Shape[if axis < 0 then axis + t.Rank else axis])
        return t, axis, first
    }

    let padded = gen {
        let! t = Gen.tensor
        let! widths = Gen.listOfLength t.Rank (Gen.zip (Gen.choose (0, 2)) (Gen.choose (0, 2)))
        return t, widths
    }

    testList "laws" [
        law "split, concat" cut (fun (t, axis, first) ->
            let rest = t.Shape[if axis < 0 then axis + t.Rank else axis] - first
            concat axis (t.Split([ first; rest ], axis)) = t)
        law "unstack, stack" withAxis (fun (t, axis) -> stack axis (t.Unstack axis) = t)
        law "pad, slice" padded (fun (t, widths) ->
            let inside =
                List.map2
                    (fun size (before, _) -> Index.Range(Some before, Some(before + size - 1), 1))
                    (List.ofArray t.Shape)
                    widths

            let whole = t.Pad(widths, 3.0)
            let outside = List.sum (List.ofArray (numbers whole)) - List.sum (List.ofArray (numbers t))
            (t.Size = 0 || whole.Slice inside = t) && outside = 3.0 * float (whole.Size - t.Size))
        law "tile is a concatenation" withAxis (fun (t, axis) ->
            let axis = if axis < 0 then axis + t.Rank else axis
            let repeats = [ for i in 0 .. t.Rank - 1 -> if i = axis then 3 else 1 ]
            t.Tile repeats = concat axis [ t; t; t ])
    ]

[<Tests>]
let all = testList "Joining" [ joining; parting; chunks; widening; laws ]
