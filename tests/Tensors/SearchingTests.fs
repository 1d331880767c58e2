/// Elements looked for and counted, against .NET's own collections and NumPy's documentation.
module Cotangent.Tests.SearchingTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck
open FsCheck.FSharp

let private wholes: Gen<Tensor> = Gen.shape |> Gen.bind (Gen.numbersIn DType.Int32)

let private nonZeros =
    testList "nonZero" [
        law "are the places of what is not 0" wholes (fun t ->
            let read = reader t
            let expected = cells (List.ofArray t.Shape) |> List.filter (fun cell -> read cell <> 0.0)
            let found = t.NonZero()

            found.Shape = [| expected.Length; t.Rank |]
            && List.ofArray (numbers found) = (expected |> List.concat |> List.map float))
        law "of a fixed size, compiled and of a batch" wholes (fun t ->
            let all = t.NonZero()
            let count = all.Shape[0]

            [ 0; 1; count; count + 2 ]
            |> List.forall (fun size ->
                let f (t: Tensor) = t.NonZero(size = size, fill = -7)
                let missing = Tensor.full DType.Int32 [ max 0 (size - count); t.Rank ] -7.0
                let expected = concat 0 [ all.SplitAt([ min size count ])[0]; missing ]

                (f t).Equals expected
                && (compile f t).Equals expected
                && (vmap f (stack 0 [ t; t ])).Equals(stack 0 [ expected; expected ])))
        testCase "as NumPy documents it"
        <| fun () ->
            let x = tensor [ [ 3; 0; 0 ]; [ 0; 4; 0 ]; [ 5; 6; 0 ] ]
            equals [ [ 0; 0 ]; [ 1; 1 ]; [ 2; 0 ]; [ 2; 1 ] ] (x.NonZero())
            equals [ [ 1 ]; [ 2 ] ] ((tensor [ false; true; true ]).NonZero())
            equals [ [ 0 ]; [ 2 ] ] ((tensor [ nan; 0.0; 1e-300 ]).NonZero())
        testCase "inside of compile without a size"
        <| fun () ->
            let t = tensor [ 1; 0 ]

            throws<TraceException, _> [ "nonZero"; "`compile`"; "Give the size" ] (fun () ->
                compile (fun (t: Tensor) -> t.NonZero()) t)

            throws<TraceException, _> [ "nonZero"; "`vmap`" ] (fun () ->
                vmap (fun (t: Tensor) -> t.NonZero()) t)

            throws<ValueException, _> [ "nonZero"; "-1" ] (fun () -> t.NonZero(size = -1))
            // What is known is counted there, too; derivatives know their numbers.
            equals [ [ 6 ] ] (compile (fun (x: Tensor) -> x + t.NonZero()) (tensor 6))
            let f (x: Tensor) = sum (x.Take((x.Greater 0.0).NonZero().Flatten()))
            equals [ 0.0; 1.0 ] (grad f (tensor [ -1.0; 2.0 ]))
    ]

let private masks =
    tests "masked, of a fixed size" [
        "the first so many",
        fun () ->
            let t = tensor [ [ 1; 2 ]; [ 3; 4 ]; [ 5; 6 ] ]
            let mask = tensor [ true; false; true ]
            equals [ [ 1; 2 ]; [ 5; 6 ]; [ 9; 9 ] ] (t.Masked(mask, 3, 9.0))
            equals [ [ 1; 2 ] ] (compile (fun (t: Tensor) -> t.Masked(mask, 1)) t)
            equals [ 1; 3; 0 ] (t.Masked(t.NotEqual(2.0).And(t.Less 4.0), 3))
            equals [ 0; 0 ] ((tensor ([]: int list)).Masked(tensor ([]: bool list), 2))
            throws<ShapeException, _> [ "masked"; "(3,)" ] (fun () -> t.T.Masked(mask, 1))
            throws<DTypeException, _> [ "masked"; "Bool" ] (fun () -> t.Masked(t, 1))
    ]

let private uniques =
    testList "unique" [
        law "the different elements, their places and counts" wholes (fun t ->
            let all = numbers t |> List.ofArray
            let values = all |> List.distinct |> List.sort
            let found = t.UniqueAll()

            List.ofArray (numbers found.Values) = values
            && (t.Unique()).Equals found.Values
            && List.ofArray (numbers found.Positions) =
                (values |> List.map (fun v -> float (List.findIndex ((=) v) all)))
            && List.ofArray (numbers found.Counts) =
                (values |> List.map (fun v -> all |> List.filter ((=) v) |> List.length |> float))
            && found.Inverse.Shape = t.Shape
            && (t.Size = 0 || (found.Values.Take found.Inverse).Equals t)
            && found.Counts.DType = DType.Int64)
        law "of a fixed size, compiled" wholes (fun t ->
            let all = t.UniqueAll()
            let count = all.Values.Size

            [ 0; count; count + 2 ]
            |> List.forall (fun size ->
                let found = compile (fun (t: Tensor) -> t.UniqueAll(size = size, fill = 99.0)) t
                let both = min size count
                let rest = Tensor.full DType.Int32 [ size - both ] 99.0

                found.Values.Equals(concat 0 [ all.Values.SplitAt([ both ])[0]; rest ])
                && found.Counts.Equals(
                    concat 0 [ all.Counts.SplitAt([ both ])[0]; Tensor.zeros DType.Int64 [ size - both ] ]
                )
                && (size < count || found.Inverse.Equals all.Inverse)))
        testCase "as NumPy documents it, and NaN"
        <| fun () ->
            let found = (tensor [ 1; 2; 6; 4; 2; 3; 2 ]).UniqueAll()
            equals [ 1; 2; 3; 4; 6 ] found.Values
            equals [ 0; 1; 4; 3; 1; 2; 1 ] found.Inverse
            equals [ 1L; 3L; 1L; 1L; 1L ] found.Counts
            equals [ 1.0; nan ] ((tensor [ nan; 1.0; nan ]).Unique())
            equals [ false; true ] ((tensor [ true; false; true ]).Unique())

            // As they are met, and slices: NumPy's with `axis`, and pandas's.
            let t = tensor [ 3; 1; 3; 2; 1 ]
            let found = t.UniqueAll(sorted = false)
            equals [ 3; 1; 2 ] found.Values
            equals [ 0; 1; 3 ] found.Positions
            equals [ 0; 1; 0; 2; 1 ] found.Inverse
            equals [ 2L; 2L; 1L ] found.Counts
            equals [ 3; 1 ] (t.Unique(size = 2, sorted = false))

            equals
                [ 3; 1; 2; 9 ]
                (compile (fun (t: Tensor) -> t.Unique(size = 4, fill = 9.0, sorted = false)) t)

            let rows = tensor [ [ 1; 0 ]; [ 0; 7 ]; [ 1; 0 ]; [ 1; -1 ] ]
            let found = rows.UniqueAll(axis = 0)
            equals (tensor [ [ 0; 7 ]; [ 1; -1 ]; [ 1; 0 ] ]) found.Values
            equals [ 1; 3; 0 ] found.Positions
            equals [ 2; 0; 2; 1 ] found.Inverse
            equals [ 1L; 1L; 2L ] found.Counts
            equals (tensor [ [ 1; 0; 1 ]; [ 0; 7; -1 ] ]) (rows.T.Unique(axis = 1, sorted = false))

            throws<AxisException, _> [ "unique"; "2" ] (fun () -> rows.Unique(axis = 2))

            throws<TraceException, _> [ "unique"; "`compile`" ] (fun () ->
                compile (fun (t: Tensor) -> t.Unique()) (tensor [ 1 ]))

            throws<TraceException, _> [ "uniqueAll" ] (fun () ->
                compile (fun (t: Tensor) -> t.UniqueAll().Values) (tensor [ 1 ]))
        testCase "has a derivative"
        <| fun () ->
            equals [ 1.0; 0.0; 1.0 ] (grad (fun (t: Tensor) -> sum (t.Unique())) (tensor [ 2.0; 2.0; 1.0 ]))
    ]

/// What is sorted, with equal ones, and values among them and beyond.
let private sorted = gen {
    let! edges = Gen.choose (0, 9) |> Gen.bind (fun n -> Gen.arrayOfLength n (Gen.choose (-5, 5)))
    let! values = Gen.arrayOfLength 6 (Gen.choose (-7, 7))
    return Array.sort edges, values
}

let private searches =
    testList "search in what is sorted" [
        law "counts what is less, or less or equal" sorted (fun (edges, values) ->
            let t, v = Tensor.ofArray [ edges.Length ] edges, Tensor.ofArray [ 2; 3 ] values

            [ false; true ]
            |> List.forall (fun right ->
                let expected =
                    values
                    |> Array.map (fun v ->
                        edges |> Array.filter (fun e -> e < v || right && e = v) |> Array.length)

                let expected = Tensor.ofArray [ 2; 3 ] expected
                let f (t: Tensor, v) = t.SearchSorted(v, right)
                let row (x: Tensor) = stack 0 [ x; x ]

                (f (t, v)).Equals expected
                && (compile f (t, v)).Equals expected
                && (vmap f (row t, row v)).Equals(row expected)
                && (f (row t, row (v.Flatten()))).Equals(row (expected.Flatten()))))
        testCase "as NumPy documents it"
        <| fun () ->
            equals [ 0; 5; 1; 2 ] ((tensor [ 11; 12; 13; 14; 15 ]).SearchSorted(tensor [ -10; 20; 12; 13 ]))
            equals 2 ((tensor [ 11; 12; 13; 14; 15 ]).SearchSorted(tensor 13))
            equals 3 ((tensor [ 11; 12; 13; 14; 15 ]).SearchSorted(tensor 13, right = true))
            let bins = tensor [ 0.0; 1.0; 2.5; 4.0; 10.0 ]
            equals [ 1; 4; 3; 2 ] ((tensor [ 0.2; 6.4; 3.0; 1.6 ]).Digitize bins)
            let x = tensor [ 1.2; 10.0; 12.4; 15.5; 20.0 ]
            let bins = tensor [ 0.0; 5.0; 10.0; 15.0; 20.0 ]
            equals [ 1; 2; 3; 4; 4 ] (x.Digitize(bins, right = true))
            equals [ 1; 3; 3; 4; 5 ] (x.Digitize bins)
            // NaN is sorted behind all numbers.
            equals [ 1; 2 ] ((tensor [ 1.0; nan ]).SearchSorted(tensor [ 2.0; nan ], right = true))
            equals [ 1; 1 ] ((tensor [ 1.0; nan ]).SearchSorted(tensor [ 2.0; nan ]))
            equals [ true; false; true ] ((tensor [ 1; 2; 3 ]).IsIn(tensor [ [ 3 ]; [ 1 ] ]))
            equals [ false ] ((tensor [ 1 ]).IsIn(tensor ([]: int list)))
        testCase "refused"
        <| fun () ->
            let t = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
            throws<ShapeException, _> [ "searchSorted"; "(2, 2)"; "(2,)" ] (fun () -> t.SearchSorted t[0])
            throws<DTypeException, _> [ "searchSorted"; "Int32" ] (fun () -> t.SearchSorted(tensor [ 1 ]))
            throws<ShapeException, _> [ "digitize"; "(2, 2)" ] (fun () -> t.Digitize t)
            throws<DTypeException, _> [ "isIn"; "Int32" ] (fun () -> t.IsIn(tensor [ 1 ]))
    ]

let private interpolation =
    tests "interp" [
        "as NumPy documents it",
        fun () ->
            let xs, ys = tensor [ 1.0; 2.0; 3.0 ], tensor [ 3.0; 2.0; 0.0 ]
            close 1e-15 [ 1.0 ] (interp (tensor 2.5) xs ys)
            close 1e-15 [ 3.0; 3.0; 2.5; 0.56; 0.0 ] (interp (tensor [ 0.0; 1.0; 1.5; 2.72; 3.14 ]) xs ys)
            equals [ 3.0; 2.0; 0.0; nan ] (interp (tensor [ 1.0; 2.0; 3.0; nan ]) xs ys)
            equals [ 7.0; 7.0 ] (interp (tensor [ 1.0; 5.0 ]) (tensor [ 2.0 ]) (tensor [ 7.0 ]))
        "derivatives",
        fun () ->
            let xs, ys = tensor [ 1.0; 2.0; 4.0 ], tensor [ 3.0; 2.0; 0.5 ]
            let dx, dxs, dys = grad (fun (x, xs, ys) -> interp x xs ys) (tensor 2.5, xs, ys)
            close 1e-15 [ -0.75 ] dx
            close 1e-15 [ 0.0; 0.75 * 0.75; 0.75 * 0.25 ] dxs
            close 1e-15 [ 0.0; 0.75; 0.25 ] dys
            equals [ 0.0; 0.0; 0.0 ] (grad (fun xs -> interp (tensor 9.0) xs ys) xs)
        "refused",
        fun () ->
            let v = tensor [ 1.0; 2.0 ]

            throws<ShapeException, _> [ "interp"; "(2,)"; "(3,)" ] (fun () ->
                interp v v (tensor [ 1.0; 2.0; 3.0 ]))

            throws<ShapeException, _> [ "interp"; "(0,)" ] (fun () ->
                let none = tensor ([]: float list)
                interp v none none)

            throws<DTypeException, _> [ "interp"; "Int32" ] (fun () ->
                interp (tensor [ 1 ]) (tensor [ 1 ]) (tensor [ 1 ]))
    ]

let private counts =
    testList "counts" [
        law "binCount" (Gen.shape |> Gen.bind (Gen.numbersIn DType.Int32)) (fun t ->
            let t = abs t
            let all = numbers t |> Array.map int
            let most = if all.Length = 0 then 0 else Array.max all + 1
            let expected = Array.init most (fun i -> all |> Array.filter ((=) i) |> Array.length |> int64)
            let weights = t.Convert DType.Float64 * 0.5

            (t.BinCount()).Equals(Tensor.ofArray [ most ] expected)
            && (compile (fun (t: Tensor) -> t.BinCount(length = most + 1)) t)
                .Equals(Tensor.ofArray [ most + 1 ] (Array.append expected [| 0L |]))
            && (t.BinCount(weights))
                .Equals(
                    Tensor.ofArray [ most ] (expected |> Array.mapi (fun i n -> float n * float i * 0.5))
                ))
        testCase "binCount, as NumPy documents it"
        <| fun () ->
            equals [ 1L; 3L; 1L; 1L; 0L; 0L; 0L; 1L ] ((tensor [ 0; 1; 1; 3; 2; 1; 7 ]).BinCount())
            let w = tensor [ 0.3; 0.5; 0.2; 0.7; 1.0; -0.6 ]
            close 1e-15 [ 0.3; 0.7; 1.1 ] ((tensor [ 0; 1; 1; 2; 2; 2 ]).BinCount w)
        testCase "binCount refused"
        <| fun () ->
            throws<ValueException, _> [ "binCount"; "-3" ] (fun () -> (tensor [ 1; -3 ]).BinCount())

            throws<IndexException, _> [ "binCount"; "5"; "3 counts" ] (fun () ->
                (tensor [ 1; 5 ]).BinCount(length = 3))

            throws<DTypeException, _> [ "binCount"; "Float64" ] (fun () -> (tensor [ 1.0 ]).BinCount())

            throws<ShapeException, _> [ "binCount"; "(1,)"; "(2,)" ] (fun () ->
                (tensor [ 1; 2 ]).BinCount(tensor [ 1.0 ]))

            throws<TraceException, _> [ "binCount"; "Give the length" ] (fun () ->
                compile (fun (t: Tensor) -> t.BinCount()) (tensor [ 1 ]))
            // Compiled, too, a negative number is not counted from the end.
            throws<IndexException, _> [ "2" ] (fun () ->
                compile (fun (t: Tensor) -> t.BinCount(length = 2)) (tensor [ 0; -1 ]))
        testCase "histogram, as NumPy documents it"
        <| fun () ->
            equals [ 0L; 2L; 1L ] ((tensor [ 1.0; 2.0; 1.0 ]).Histogram(tensor [ 0.0; 1.0; 2.0; 3.0 ]))

            equals
                [ 1L; 4L; 1L ]
                ((tensor [ [ 1.0; 2.0; 1.0 ]; [ 1.0; 0.0; 1.0 ] ]).Histogram(tensor [ 0.0; 1.0; 2.0; 3.0 ]))

            let counts, edges = (Tensor.arange DType.Float64 5).Histogram 5
            equals [ 1L; 1L; 1L; 1L; 1L ] counts
            close 1e-15 [ 0.0; 0.8; 1.6; 2.4; 3.2; 4.0 ] edges
        testCase "histogram at its ends"
        <| fun () ->
            let t = tensor [ -1.0; 0.0; 1.0; 1.5; 2.0; 2.5; nan; infinity ]
            equals [ 1L; 3L ] (t.Histogram(tensor [ 0.0; 1.0; 2.0 ]))

            equals
                [ 0.5; 2.25 ]
                (t.Histogram(
                    tensor [ 0.0; 1.0; 2.0 ],
                    weights = tensor [ 9.0; 0.5; 1.0; 1.0; 0.25; 9.0; 9.0; 9.0 ]
                ))

            let counts, edges = (tensor [ 2.0; 2.0 ]).Histogram 2
            equals [ 0L; 2L ] counts
            equals [ 1.5; 2.0; 2.5 ] edges
            let counts, edges = (tensor [ 0.1f; 0.7f ]).Histogram(7, low = 0.0)
            equals 2L (counts.Sum())
            equals 0.7f edges[-1]
            let f (t: Tensor) = fst (t.Histogram(3, low = 0.0, high = 3.0))
            equals [ 1L; 2L; 1L ] (compile f (tensor [ 0.5; 1.0; 1.5; 3.0; 7.0 ]))
        testCase "histogram refused"
        <| fun () ->
            let t = tensor [ 1.0 ]
            throws<ValueException, _> [ "histogram"; "0 bins" ] (fun () -> t.Histogram 0)

            throws<ValueException, _> [ "histogram"; "2"; "1" ] (fun () ->
                t.Histogram(2, low = 2.0, high = 1.0))

            throws<ShapeException, _> [ "histogram"; "(1,)" ] (fun () -> t.Histogram t)

            throws<ShapeException, _> [ "histogram"; "nothing" ] (fun () ->
                (tensor ([]: float list)).Histogram 2)

            throws<DTypeException, _> [ "histogram"; "Int32" ] (fun () -> (tensor [ 1 ]).Histogram 2)

            throws<DTypeException, _> [ "histogram"; "Float32" ] (fun () ->
                t.Histogram(tensor [ 1.0f; 2.0f ]))
    ]

[<Tests>]
let all = testList "Searching" [ nonZeros; masks; uniques; searches; interpolation; counts ]
