module Cotangent.Tests.IndexingTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto

let private t5 = tensor [ 10; 11; 12; 13; 14 ]
let private t23 = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
let private t234 = counting DType.Int32 [ 2; 3; 4 ]

let private brackets =
    tests "brackets" [
        "positions",
        fun () ->
            equals 12 t5[2]
            equals 14 t5[-1]
            equals [ 4; 5; 6 ] t23[1]
            equals 3 t23[0, -1]
            equals [ 20; 21; 22; 23 ] t234[1, 2]
            equals 23 t234[-1, -1, -1]
        "slices include both ends",
        fun () ->
            equals [ 11; 12 ] t5[1..2]
            equals [ 10; 11; 12 ] t5[..2]
            equals [ 13; 14 ] t5[3..]
            equals t5 t5[*]
            equals [ 13; 14 ] t5[-2 ..]
            equals [ 10; 11; 12; 13 ] t5[.. -2]
            equals [ 12 ] t5[2..2]
            equals [ 11; 12; 13 ] t5[1 .. -2]
        "empty slices",
        fun () ->
            equals ([]: int list) t5[3..2]
            equals ([]: int list) t5[5..]
            equals ([]: int list) t5[2..0]
            hasShape [ 0; 3 ] t23[1..0, *]
            hasShape [ 0 ] ((Tensor.zeros DType.Int32 [ 0 ]).[*])
        "several axes",
        fun () ->
            equals [ [ 2; 3 ]; [ 5; 6 ] ] t23[*, 1..2]
            equals [ 3; 6 ] t23[*, -1]
            equals [ [ 4; 5 ] ] t23[1..1, ..1]
            // NumPy: t[1, 1:3, -1], t[:, 1], t[1:, :, 0]
            equals [ 19; 23 ] t234[1, 1..2, -1]
            equals [ [ 4; 5; 6; 7 ]; [ 16; 17; 18; 19 ] ] t234[*, 1, *]
            equals [ [ 12; 16; 20 ] ] t234[1.., *, 0]
            equals [ [ 4; 5; 6; 7 ]; [ 16; 17; 18; 19 ] ] t234[*, 1]
        "index tensors among slices",
        fun () ->
            equals [ [ 2; 3 ] ] t23[tensor [ 0 ], 1..2]
            equals [ [ 3; 1 ]; [ 6; 4 ] ] t23[*, tensor [ 2; 0 ]]
        "out of range",
        fun () ->
            throws<IndexException, _> [ "index 5"; "axis 0"; "size 5"; "(5,)"; "-5 to 4" ] (fun () -> t5[5])
            throws<IndexException, _> [ "index -6" ] (fun () -> t5[-6])
            throws<IndexException, _> [ "index 3"; "axis 1"; "(2, 3)" ] (fun () -> t23[0, 3])
            throws<IndexException, _> [ "3..5"; "size 5"; "0 to 4" ] (fun () -> t5[3..5])
            throws<IndexException, _> [ "slice" ] (fun () -> t5[-6 .. 2])
            throws<IndexException, _> [ "axis 2" ] (fun () -> t234[0, *, 2..4])
            throws<IndexException, _> [ "2 indices"; "(5,)"; "1 axes" ] (fun () -> t5[0, 0])
            throws<IndexException, _> [ "1 indices"; "()" ] (fun () -> (tensor 1)[0])

            throws<IndexException, _> [ "axis 0"; "size 0" ] (fun () ->
                (Tensor.zeros DType.Int32 [ 0; 2 ])[0])
    ]

// Index.Range against a loop over positions.
let private ranges =
    let loop (first: int option) (last: int option) step (n: int) =
        let fromEnd = Option.map (fun i -> if i < 0 then i + n else i)
        let first = defaultArg (fromEnd first) (if step > 0 then 0 else n - 1)
        let last = defaultArg (fromEnd last) (if step > 0 then n - 1 else 0)
        [ for i in first..step..last -> i ]

    testList "ranges" [
        testCase "with steps" (fun () ->
            equals [ 10; 12; 14 ] (t5.Slice [ Index.Range(None, None, 2) ])
            equals [ 11; 13 ] (t5.Slice [ Index.Range(Some 1, None, 2) ])
            equals [ 14; 13; 12; 11; 10 ] (t5.Slice [ Index.Range(None, None, -1) ])
            equals [ 13; 11 ] (t5.Slice [ Index.Range(Some 3, Some 1, -2) ])
            equals [ 14; 11 ] (t5.Slice [ Index.Range(None, None, -3) ])
            equals ([]: int list) (t5.Slice [ Index.Range(Some 1, Some 3, -1) ])

            equals
                [ [ 6; 4 ]; [ 3; 1 ] ]
                (t23.Slice [ Index.Range(None, None, -1); Index.Range(None, None, -2) ]))
        testCase "every range over four positions" (fun () ->
            let bounds = None :: [ for i in -4 .. 3 -> Some i ]
            let t = counting DType.Int32 [ 4 ]

            for first in bounds do
                for last in bounds do
                    for step in [ -3; -2; -1; 1; 2; 3 ] do
                        equals (loop first last step 4) (t.Slice [ Index.Range(first, last, step) ]))
        testCase "refused" (fun () ->
            throws<IndexException, _> [ "step 0" ] (fun () -> t5.Slice [ Index.Range(None, None, 0) ])

            throws<IndexException, _> [ "4..-1"; "size 5" ] (fun () ->
                t5.Slice [ Index.Range(None, Some -6, -1) ]))
    ]

let private cases =
    tests "the cases of Index" [
        "new axes, the rest",
        fun () ->
            hasShape [ 1; 5 ] (t5.Slice [ Index.NewAxis ])
            hasShape [ 5; 1 ] (t5.Slice [ Index.All; Index.NewAxis ])
            hasShape [ 2; 1; 4 ] (t234.Slice [ Index.All; Index.At 0; Index.NewAxis ])
            equals [ [ 0; 4; 8 ]; [ 12; 16; 20 ] ] (t234.Slice [ Index.Rest; Index.At 0 ])
            equals [ 12; 16; 20 ] (t234.Slice [ Index.At 1; Index.Rest; Index.At 0 ])
            hasShape [ 2; 3; 4; 1 ] (t234.Slice [ Index.Rest; Index.NewAxis ])
            equals t5 (t5.Slice [])
            equals t5 (t5.Slice [ Index.All; Index.Rest ])
            equals 3 ((tensor 3).Slice [ Index.Rest ])
            throws<IndexException, _> [ "Index.Rest"; "(5,)" ] (fun () -> t5.Slice [ Index.Rest; Index.Rest ])
        "several index tensors select rows and columns",
        fun () ->
            // NumPy: t[np.ix_([1, 0], [2, 2, 0])]
            equals
                [ [ 6; 6; 4 ]; [ 3; 3; 1 ] ]
                (t23.Slice [ Index.Take(tensor [ 1; 0 ]); Index.Take(tensor [ 2; 2; 0 ]) ])
            // The axes of an index tensor take the place of the one it indexes: t.take([[0, 2], [1, 1]], axis=1)
            let taken = t234.Slice [ Index.All; Index.Take(tensor [ [ 0; 2 ]; [ 1; 1 ] ]); Index.At 3 ]
            equals [ [ [ 3; 11 ]; [ 7; 7 ] ]; [ [ 15; 23 ]; [ 19; 19 ] ] ] taken
            equals [ 4; 5; 6 ] (t23.Slice [ Index.Take(tensor 1) ])
        "eight axes",
        fun () ->
            let shape = [ 2; 1; 3; 2; 1; 2; 2; 3 ]
            let t = counting DType.Int32 shape
            let at = reader t
            equals (int (at [ 1; 0; 2; 1; 0; 0; 1; 2 ])) t[1, 0, 2, 1, 0, 0, 1, 2]
            #nowarn "3559" // more axes than the overloads of GetSlice: the open ends have no type
            let s = t[1, *, 1..2, *, 0, ..0, *, -1]
            #warnon "3559"
            hasShape [ 1; 2; 2; 1; 2 ] s

            let expected = [
                for c in 1..2 do
                    for d in 0..1 do
                        for g in 0..1 -> at [ 1; 0; c; d; 0; 0; g; 2 ]
            ]

            close 0.0 expected s
            let p = t.Permute [ 7; 6; 5; 4; 3; 2; 1; 0 ]
            equals (int (at [ 1; 0; 2; 1; 0; 0; 1; 2 ])) p[2, 1, 0, 0, 1, 2, 0, 1]
    ]

let private selecting =
    tests "index tensors and masks" [
        "integers take slices of axis 0",
        fun () ->
            equals [ 14; 10; 14 ] t5[tensor [ 4; 0; 4 ]]
            equals [ [ 4; 5; 6 ]; [ 1; 2; 3 ] ] t23[tensor [ 1L; 0L ]]
            equals [ [ [ 4; 5; 6 ] ]; [ [ 1; 2; 3 ] ] ] t23[tensor [ [ 1 ]; [ 0 ] ]]
            hasShape [ 0; 3 ] t23[tensor ([]: int list)]
        "take along any axis",
        fun () ->
            equals [ [ 3; 1 ]; [ 6; 4 ] ] (t23.Take(tensor [ 2; 0 ], 1))
            equals [ [ 3; 1 ]; [ 6; 4 ] ] (t23.Take(tensor [ 2; 0 ], -1))
            hasShape [ 2; 2; 2; 4 ] (t234.Take(tensor [ [ 0; 1 ]; [ 2; 0 ] ], 1))
            hasShape [ 2; 4 ] (t234.Take(tensor 0, 1))
        "gather element by element",
        fun () ->
            // NumPy: np.take_along_axis
            equals [ [ 3; 1 ]; [ 4; 4 ] ] (t23.Gather(tensor [ [ 2; 0 ]; [ 0; 0 ] ], 1))
            equals [ [ 4; 2; 6 ] ] (t23.Gather(tensor [ [ 1; 0; 1 ] ], 0))
            equals [ 14; 14 ] (t5.Gather(tensor [ 4; 4 ], 0))
            hasShape [ 2; 0 ] (t23.Gather(Tensor.zeros DType.Int32 [ 2; 0 ], 1))
        "scatterAdd adds whatever meets",
        fun () ->
            equals
                [ [ 31; 2; 3 ]; [ 4; 55; 6 ] ]
                (t23.ScatterAdd(tensor [ [ 0; 0 ]; [ 1; 1 ] ], tensor [ [ 10; 20 ]; [ 20; 30 ] ], 1))

            equals
                [ [ 1; 2; 8 ]; [ 10; 11; 6 ] ]
                (t23.ScatterAdd(tensor [ [ 1; 1; 0 ] ], tensor [ [ 6; 6; 5 ] ], 0))

            equals
                t23
                (t23.ScatterAdd(Tensor.zeros DType.Int32 [ 2; 0 ], Tensor.zeros DType.Int32 [ 2; 0 ], 1))
        "masks",
        fun () ->
            equals [ 10; 12 ] t5[tensor [ true; false; true; false; false ]]
            equals [ [ 4; 5; 6 ] ] t23[tensor [ false; true ]]
            equals [ 2; 4; 6 ] t23[(t23.Convert DType.Float32 % 2.0).Equal 0.0]
            hasShape [ 0; 3 ] (t23.Masked(tensor [ false; false ]))
            equals [ 5 ] ((tensor 5).Masked(tensor true))
        "refused",
        fun () ->
            throws<IndexException, _> [ "slice"; "5"; "axis 0"; "size 5" ] (fun () -> t5[tensor [ 0; 5 ]])
            throws<IndexException, _> [ "-6" ] (fun () -> t5[tensor [ -6 ]])
            throws<IndexException, _> [ "size 0" ] (fun () -> (Tensor.zeros DType.Int32 [ 0 ])[tensor [ 0 ]])
            throws<IndexException, _> [ "scatter" ] (fun () -> t5.ScatterAdd(tensor [ 5 ], tensor [ 1 ], 0))
            throws<DTypeException, _> [ "index"; "Float64"; "(1,)" ] (fun () -> t5[tensor [ 1.0 ]])
            throws<DTypeException, _> [ "take"; "Bool" ] (fun () -> t5.Take(tensor [ true ]))
            throws<DTypeException, _> [ "gather"; "Float64" ] (fun () -> t5.Gather(tensor [ 1.0 ], 0))
            throws<AxisException, _> [ "take"; "axis 1" ] (fun () -> t5.Take(tensor [ 1 ], 1))

            throws<ShapeException, _> [ "gather"; "(3, 1)"; "(2, 3)" ] (fun () ->
                t23.Gather(tensor [ [ 0 ]; [ 0 ]; [ 0 ] ], 1))

            throws<ShapeException, _> [ "scatterAdd"; "(2, 1)"; "(2, 2)" ] (fun () ->
                t23.ScatterAdd(tensor [ [ 0 ]; [ 0 ] ], tensor [ [ 1; 1 ]; [ 1; 1 ] ], 1))

            throws<DTypeException, _> [ "scatterAdd" ] (fun () ->
                t23.ScatterAdd(tensor [ [ 0 ]; [ 0 ] ], tensor [ [ 1.0 ]; [ 1.0 ] ], 1))

            throws<ShapeException, _> [ "masked"; "(3,)"; "(2, 3)" ] (fun () ->
                t23[tensor [ true; true; false ]])

            throws<DTypeException, _> [ "masked"; "Int32" ] (fun () -> t5.Masked t5)
    ]

let private negative =
    testCase "negative integers in an index tensor count from the end" (fun () ->
        equals [ 14; 10; 13 ] t5[tensor [ -1; -5; 3 ]]
        equals [ [ 3; 2 ]; [ 6; 5 ] ] (t23.Take(tensor [ -1; 1 ], 1))
        equals [ [ 3 ]; [ 5 ] ] (t23.Gather(tensor [ [ -1 ]; [ -2 ] ], 1))
        equals [ 10; 11; 12; 13; 99 ] (t5.At[tensor [ -1 ]].Set(tensor 99))
        equals [ 10; 11; 12; 18; 14 ] (t5.At[tensor [ -2; 3 ]].Add(tensor [ 2; 3 ]))

        equals
            [ [ 1; 2; 4 ]; [ 5; 5; 6 ] ]
            (t23.ScatterAdd(tensor [ [ -1 ]; [ -3 ] ], tensor [ [ 1 ]; [ 1 ] ], 1)))

[<Tests>]
let all = testList "Indexing" [ brackets; ranges; cases; selecting; negative ]
