/// Values that go to places along an axis, at points, in segments; against plain loops and published examples.
module Cotangent.Tests.ScatterTests

open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck
open FsCheck.FSharp

let private combine how (values: float list) =
    match how with
    | Reduce.Sum -> List.sum values
    | Reduce.Mean -> List.average values
    | Reduce.Prod -> List.fold (*) 1.0 values
    | Reduce.Max -> List.max values
    | Reduce.Min -> List.min values

let private kinds = [ Reduce.Sum; Reduce.Mean; Reduce.Prod; Reduce.Max; Reduce.Min ]

/// A tensor, an axis, indices along it that are fewer or as many beside it, and updates.
let private scattering = gen {
    let! shape = Gen.choose (1, 3) |> Gen.bind (fun rank -> Gen.listOfLength rank (Gen.choose (1, 4)))
    let! t = Gen.numbersIn DType.Float64 shape
    let! axis = Gen.choose (0, shape.Length - 1)

    let! part =
        shape
        |> List.mapi (fun i n -> if i = axis then Gen.choose (0, 6) else Gen.choose (1, n))
        |> Gen.sequenceToList

    let! indices = Gen.arrayOfLength (List.fold (*) 1 part) (Gen.choose (-shape[axis], shape[axis] - 1))
    let! updates = Gen.numbersIn DType.Float64 part
    return t, axis, Tensor.ofArray part indices, updates
}

/// For each place of the tensor the updates that go to it, in order.
let private arriving (t: Tensor) axis (indices: Tensor) (updates: Tensor) =
    let at, update, n = reader indices, reader updates, t.Shape[axis]

    let sent =
        cells (List.ofArray indices.Shape)
        |> List.map (fun cell ->
            let i = int (at cell)
            List.updateAt axis (if i < 0 then i + n else i) cell, update cell)
        |> List.groupBy fst
        |> List.map (fun (place, all) -> place, List.map snd all)
        |> dict

    fun place ->
        match sent.TryGetValue place with
        | true, values -> values
        | false, _ -> []

let private close' (expected: Tensor) (actual: Tensor) =
    expected.Shape = actual.Shape
    && (numbers expected, numbers actual)
       ||> Array.forall2 (fun a b -> abs (a - b) <= 1e-12 * max 1.0 (abs a))

let private alongAxis =
    testList "along an axis" [
        law "gather" scattering (fun (t, axis, indices, _) ->
            let at, from = reader indices, reader t

            let expected =
                build DType.Float64 (List.ofArray indices.Shape) (fun cell ->
                    let i = int (at cell)
                    from (List.updateAt axis (if i < 0 then i + t.Shape[axis] else i) cell))

            (t.Gather(indices, axis)).Equals expected)
        law "scatter: the last one stays" scattering (fun (t, axis, indices, updates) ->
            let arriving = arriving t axis indices updates
            let from = reader t

            let expected =
                build DType.Float64 (List.ofArray t.Shape) (fun place ->
                    match arriving place with
                    | [] -> from place
                    | values -> List.last values)

            (t.Scatter(indices, updates, axis)).Equals expected)
        law "scatterAdd" scattering (fun (t, axis, indices, updates) ->
            let arriving = arriving t axis indices updates
            let from = reader t

            let expected =
                build DType.Float64 (List.ofArray t.Shape) (fun p -> from p + List.sum (arriving p))

            (t.ScatterAdd(indices, updates, axis)).Equals expected)
        for how in kinds do
            law $"scatterReduce: %A{how}, in all modes" scattering (fun (t, axis, indices, updates) ->
                let arriving = arriving t axis indices updates
                let from = reader t

                let expected =
                    build DType.Float64 (List.ofArray t.Shape) (fun p -> combine how (from p :: arriving p))

                let f (t: Tensor, u) = t.ScatterReduce(how, indices, u, axis)
                let both (x: Tensor) = stack 0 [ x; x ]

                close' expected (f (t, updates))
                && close' expected (compile f (t, updates))
                && close' (both expected) (vmap f (both t, both updates)))
        testCase "as PyTorch documents scatter_reduce"
        <| fun () ->
            let src = tensor [ 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 ]
            let index = tensor [ 0; 1; 0; 1; 2; 1 ]

            equals
                [ 5.0; 14.0; 8.0; 4.0 ]
                ((tensor [ 1.0; 2.0; 3.0; 4.0 ]).ScatterReduce(Reduce.Sum, index, src, 0))

            equals
                [ 5.0; 6.0; 5.0; 2.0 ]
                ((tensor [ 5.0; 4.0; 3.0; 2.0 ]).ScatterReduce(Reduce.Max, index, src, 0))
        testCase "of every dtype"
        <| fun () ->
            for dtype in DTypes.real do
                let t, u = (tensor [ 1; 0 ]).Convert dtype, (tensor [ 0; 1 ]).Convert dtype
                let at = tensor [ 0L; 1L ]
                equalsAs dtype [ 0; 1 ] (t.Scatter(at, u, 0))
                equalsAs dtype [ 1; 1 ] (t.ScatterReduce(Reduce.Max, at, u, 0))
                equalsAs dtype [ 0; 0 ] (t.ScatterReduce(Reduce.Min, at, u, 0))
        testCase "refused"
        <| fun () ->
            let t = tensor [ [ 1; 2 ]; [ 3; 4 ] ]
            let at = tensor [ [ 0; 1 ] ]

            throws<IndexException, _> [ "scatter"; "index 2"; "axis 0"; "(2, 2)" ] (fun () ->
                t.Scatter(tensor [ [ 2; 0 ] ], at, 0))

            throws<ShapeException, _> [ "scatter"; "updates (2,)" ] (fun () ->
                t.Scatter(at, tensor [ 1; 2 ], 0))

            throws<ShapeException, _> [ "scatterReduce"; "(3, 1)"; "but axis 1" ] (fun () ->
                let three = tensor [ [ 0 ]; [ 0 ]; [ 0 ] ]
                t.ScatterReduce(Reduce.Max, three, three, 1))

            throws<DTypeException, _> [ "scatterReduce: a mean"; "Int32" ] (fun () ->
                t.ScatterReduce(Reduce.Mean, at, at, 0))

            throws<DTypeException, _> [ "scatter"; "Float64" ] (fun () ->
                t.Scatter(at, tensor [ [ 1.0; 2.0 ] ], 0))

            throws<DTypeException, _> [ "scatter"; "indices must be" ] (fun () ->
                t.Scatter(tensor [ [ 1.0; 2.0 ] ], at, 0))
    ]

let private points =
    tests "at points" [
        "read and changed",
        fun () ->
            let t = counting DType.Int32 [ 3; 4 ]
            let part = t.AtPoints [ tensor [ 0; -1; 0 ]; tensor [ 3; 1; 3 ] ]
            equals [ 3; 9; 3 ] part.Value
            equals [ [ 0; 1; 2; 7 ]; [ 4; 5; 6; 7 ]; [ 8; 6; 10; 11 ] ] (part.Set(tensor [ 5; 6; 7 ]))
            equals [ [ 0; 1; 2; 15 ]; [ 4; 5; 6; 7 ]; [ 8; 15; 10; 11 ] ] (part.Add(tensor [ 5; 6; 7 ]))
            equals [ [ 0; 1; 2; 105 ]; [ 4; 5; 6; 7 ]; [ 8; 54; 10; 11 ] ] (part.Multiply(tensor [ 5; 6; 7 ]))
            equals [ [ 0; 1; 2; 7 ]; [ 4; 5; 6; 7 ]; [ 8; 9; 10; 11 ] ] (part.Max(tensor [ 5; 6; 7 ]))
            equals [ [ 0; 1; 2; 2 ]; [ 4; 5; 6; 7 ]; [ 8; 6; 10; 11 ] ] (part.Min(tensor [ 5; 6; 2 ]))
            equals [ [ 0; 1; 2; 9 ]; [ 4; 5; 6; 7 ]; [ 8; 9; 10; 11 ] ] (part.Set 9.0)
        "coordinates broadcast, and leave rows whole",
        fun () ->
            let t = counting DType.Int32 [ 3; 2; 2 ]
            let grid = t.AtPoints [ tensor [ [ 0 ]; [ 2 ] ]; tensor [ 1; 0 ] ]
            equals [ [ [ 2; 3 ]; [ 0; 1 ] ]; [ [ 10; 11 ]; [ 8; 9 ] ] ] grid.Value
            let rows = t.AtPoints [ tensor [ 1; 1 ] ]
            hasShape [ 2; 2; 2 ] rows.Value
            equals (t[1] + 3 * 7) (rows.Add(tensor 7).Slice [ Index.At 1 ] + 7)
            equals t[0] (rows.Multiply(2.0)[0])
        "refused",
        fun () ->
            let t = counting DType.Int32 [ 3; 4 ]
            let at = tensor [ 0; 1 ]
            throws<IndexException, _> [ "0 coordinates"; "(3, 4)" ] (fun () -> t.AtPoints([]).Value)
            throws<IndexException, _> [ "3 coordinates" ] (fun () -> t.AtPoints([ at; at; at ]).Value)

            throws<IndexException, _> [ "index 4"; "axis 1 of size 4" ] (fun () ->
                t.AtPoints([ at; tensor [ 4; 0 ] ]).Set 1.0)

            throws<ShapeException, _> [ "set"; "(3,)" ] (fun () ->
                t.AtPoints([ at; at ]).Set(tensor [ 1; 2; 3 ]))

            throws<DTypeException, _> [ "add"; "Float64" ] (fun () -> t.AtPoints([ at; at ]).Add(tensor 1.0))
            throws<DTypeException, _> [ "slice"; "indices" ] (fun () -> t.AtPoints([ tensor 1.0 ]).Value)
            throws<ShapeException, _> [ "slice" ] (fun () -> t.AtPoints([ at; tensor [ 0; 1; 2 ] ]).Value)

            throws<DTypeException, _> [ "multiply"; "product"; "Bool" ] (fun () ->
                (tensor [ true ]).At[0].Multiply(tensor true))
    ]

let private brackets =
    tests "by brackets" [
        "multiply, max, min",
        fun () ->
            let t = tensor [ 10; 11; 12; 13 ]
            equals [ 10; 22; 36; 13 ] (t.At[1..2].Multiply(tensor [ 2; 3 ]))
            equals [ 10; 66; 12; 13 ] (t.At[tensor [ 1; 1 ]].Multiply(tensor [ 2; 3 ]))
            equals [ 12; 12; 12; 13 ] (t.At[..1].Max 12.0)
            equals [ 10; 11; 5; 13 ] (t.At[tensor [ 2; 2 ]].Min(tensor [ 5; 7 ]))
            equals [ 20; 11; 24; 13 ] (t.At[tensor [ true; false; true; false ]].Multiply 2.0)
    ]

/// Slices, and the segment of each.
let private segmented = gen {
    let! n = Gen.choose (0, 7)
    let! count = Gen.choose (1, 4)
    let! width = Gen.choose (1, 3)
    let! t = Gen.numbersIn DType.Float64 [ n; width ]
    let! segments = Gen.arrayOfLength n (Gen.choose (0, count - 1))
    return t, segments, count
}

let private segments =
    testList "segments" [
        for how in kinds do
            law $"%A{how}" segmented (fun (t, segments, count) ->
                let from = reader t

                let expected =
                    build DType.Float64 [ count; t.Shape[1] ] (fun cell ->
                        let own = [
                            for i in 0 .. segments.Length - 1 do
                                if segments[i] = cell[0] then from [ i; cell[1] ]
                        ]

                        match how, own with
                        | Reduce.Mean, [] -> nan
                        | Reduce.Max, [] -> -infinity
                        | Reduce.Min, [] -> infinity
                        | (Reduce.Sum | Reduce.Prod | Reduce.Mean | Reduce.Max | Reduce.Min), own ->
                            combine how own)

                let ids = Tensor.ofArray [ segments.Length ] segments
                let found = t.SegmentReduce(how, ids, count)

                (expected.AllClose(found)
                 || expected.Equals found
                 || how = Reduce.Mean
                    && (expected.IsNaN()).Equals(found.IsNaN())
                    && (where (expected.IsNaN()) (Tensor.zerosLike expected) expected)
                        .AllClose(where (found.IsNaN()) (Tensor.zerosLike found) found))
                && (t.T.SegmentReduce(how, ids, count, 1)).Equals found.T)
        testCase "of integers that are none"
        <| fun () ->
            let none = (tensor ([]: int list)).SegmentReduce(Reduce.Max, tensor ([]: int list), 2)
            equals [ System.Int32.MinValue; System.Int32.MinValue ] none
            let least = (tensor [ 5L ]).SegmentReduce(Reduce.Min, tensor [ 1 ], 2)
            equals [ System.Int64.MaxValue; 5L ] least
        testCase "extremes share their change equally, NaN counts"
        <| fun () ->
            let at = tensor [ 0; 0; 1; 0; 1 ]
            let weights = tensor [ 6.0; 5.0; 7.0 ]
            let loss how (t: Tensor) = sum (t.SegmentReduce(how, at, 3)[0..1] * weights[0..1])
            let t = tensor [ 2.0; 2.0; 1.0; 2.0; 3.0 ]
            equals [ 2.0; 2.0; 0.0; 2.0; 5.0 ] (grad (loss Reduce.Max) t)
            equals [ 2.0; 2.0; 5.0; 2.0; 0.0 ] (grad (loss Reduce.Min) t)
            equals [ 2.0; 2.0; 0.0; 2.0; 5.0 ] (compile (grad (loss Reduce.Max)) t)

            equals
                [ [ 2.0; 2.0; 0.0; 2.0; 5.0 ]; [ 2.0; 2.0; 5.0; 2.0; 0.0 ] ]
                (vmap (grad (loss Reduce.Max)) (stack 0 [ t; -t ]))

            equals
                [ nan; 3.0; -infinity ]
                ((tensor [ 2.0; nan; 1.0; 2.0; 3.0 ]).SegmentReduce(Reduce.Max, at, 3))

            for dtype in DTypes.all |> List.filter _.IsInteger do
                let t = (tensor [ 5; 9; 7; 9; 4 ]).Convert dtype
                equalsAs dtype [ 9; 7 ] (t.SegmentReduce(Reduce.Max, at, 2))
                equalsAs dtype [ 5; 4 ] (t.SegmentReduce(Reduce.Min, at, 2))

            equals
                [ true; false; false ]
                ((tensor [ false; true; false; false; false ]).SegmentReduce(Reduce.Max, at, 3))
        testCase "halves keep their digits"
        <| fun () ->
            let many = Tensor.full DType.Float16 [ 4096 ] 1.0
            let at = Tensor.zeros DType.Int32 [ 4096 ]
            equalsAs DType.Float16 [ 4096.0 ] (many.SegmentReduce(Reduce.Sum, at, 1))
        testCase "refused"
        <| fun () ->
            let t = tensor [ 1.0; 2.0 ]

            throws<IndexException, _> [ "segmentReduce"; "index 3"; "size 3" ] (fun () ->
                t.SegmentReduce(Reduce.Sum, tensor [ 0; 3 ], 3))

            throws<ShapeException, _> [ "segmentReduce"; "(3,)"; "each of its 2 slices" ] (fun () ->
                t.SegmentReduce(Reduce.Sum, tensor [ 0; 1; 1 ], 3))

            throws<ValueException, _> [ "segmentReduce"; "-1" ] (fun () ->
                t.SegmentReduce(Reduce.Sum, tensor [ 0; 0 ], -1))
    ]

/// More than kernels take at a time, with positions from the start alone and from both ends.
let private many =
    testCase "many" (fun () ->
        let n = 100_000
        let dice = System.Random 7
        let data = Array.init n (fun i -> float32 (i % 1000) - 500.0f)
        let updates = Tensor.ofArray [ n ] data

        for places in [ 3; 1000; 70_000 ] do
            let before = Array.init places (fun i -> float32 (-i))
            let t = Tensor.ofArray [ places ] before

            for least in [ 0; -places ] do
                let indices = Array.init n (fun _ -> dice.Next(least, places))
                let at i = if indices[i] < 0 then indices[i] + places else indices[i]
                let positions = Tensor.ofArray [ n ] indices
                let name = $"{places} places, from {least}"
                let items (t: Tensor) = t.ToData<float32[]>()

                let set, sums, counts =
                    Array.copy before, Array.zeroCreate<float> places, Array.zeroCreate<int64> places

                for i in 0 .. n - 1 do
                    set[at i] <- data[i]
                    sums[at i] <- sums[at i] + float data[i]
                    counts[at i] <- counts[at i] + 1L

                let totals = sums |> Array.map float32
                Expect.equal (items (t.Scatter(positions, updates, 0))) set $"set, {name}"

                Expect.equal
                    (items (updates.SegmentReduce(Reduce.Sum, positions, places)))
                    totals
                    $"sums, {name}"

                Expect.equal
                    (items (t.ScatterAdd(positions, updates, 0)))
                    (Array.map2 (+) before totals)
                    $"added, {name}"

                Expect.equal
                    (items (t.Take(positions, 0)))
                    (Array.init n (fun i -> before[at i]))
                    $"taken, {name}"

                // Of a batch, each with a part of the positions.
                let rows = stack 0 [ t; t + 1.0f ]
                let halves = positions.Reshape [ 2; n / 2 ]

                Expect.equal
                    (items ((rows.Gather(halves, 1)).Flatten()))
                    (Array.init n (fun i -> before[at i] + (if i < n / 2 then 0.0f else 1.0f)))
                    $"of two rows, {name}"

                if least = 0 then
                    Expect.equal
                        ((positions.BinCount(length = places)).ToData<int64[]>())
                        counts
                        $"counts, {name}"

                    Expect.equal
                        ((positions.Unique()).ToData<int[]>())
                        (indices |> Array.distinct |> Array.sort)
                        $"different ones, {name}"

        // Half of all go to one place among many: added one by one in Float32, they would be 1 in a thousand off.
        let crowd = Tensor.ofArray [ n ] (Array.init n (fun i -> if i % 2 = 0 then 0 else i))
        let sums = (Tensor.full DType.Float32 [ n ] 0.1).SegmentReduce(Reduce.Sum, crowd, n)
        Expect.equal ((sums.ToData<float32[]>())[0]) (float32 (float (n / 2) * float 0.1f)) "a crowd"

        let index = Tensor.ofArray [ 3 ] [| 0; 5; 1 |]
        let five = Tensor.zeros DType.Float32 [ 5 ]

        for call in
            [
                fun () -> five.Scatter(index, Tensor.zeros DType.Float32 [ 3 ], 0)
                fun () -> five.ScatterReduce(Reduce.Sum, index, Tensor.zeros DType.Float32 [ 3 ], 0)
                fun () -> (Tensor.zeros DType.Float32 [ 3 ]).SegmentReduce(Reduce.Max, index, 5)
            ] do
            throws<IndexException, _> [ "5"; "size 5"; "from -5 to 4" ] call)

[<Tests>]
let all = testList "Scatter" [ alongAxis; points; brackets; segments; many ]
