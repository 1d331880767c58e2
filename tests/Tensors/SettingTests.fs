/// Changing part of a tensor, and the laws of reading and changing.
module Cotangent.Tests.SettingTests

open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

let private t5 = tensor [ 10; 11; 12; 13; 14 ]
let private t23 = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]

let private setting =
    tests "set and add" [
        "by slice",
        fun () ->
            equals [ 10; 7; 7; 13; 14 ] (t5.At[1..2].Set(tensor 7))
            equals [ 10; 7; 8; 13; 14 ] (t5.At[1..2].Set(tensor [ 7; 8 ]))
            equals [ 1; 11; 2; 13; 3 ] (t5.At[[ Index.Range(None, None, 2) ]].Set(tensor [ 1; 2; 3 ]))
            equals [ 5; 4; 3; 2; 1 ] (t5.At[[ Index.Range(None, None, -1) ]].Set(tensor [ 1; 2; 3; 4; 5 ]))
            equals [ [ 1; 9; 3 ]; [ 4; 9; 6 ] ] (t23.At[*, 1].Set(9.0))
            equals [ [ 1; 2; 3 ]; [ 0; 1; 2 ] ] (t23.At[-1].Set(tensor [ 0; 1; 2 ]))
            equals t5 (t5.At[3..2].Set(tensor 7))
            equals 8 ((tensor 7).At[[]].Set(tensor 8))
            equals [ [ 0; 0; 0 ]; [ 0; 0; 0 ] ] (t23.At[[ Index.Rest ]].Set(0.0))
            equals [ 10; 11; 12; 13; 14 ] t5
        "by index tensor",
        fun () ->
            equals [ 10; 1; 12; 2; 14 ] (t5.At[tensor [ 1; 3 ]].Set(tensor [ 1; 2 ]))

            equals
                [ [ 7; 2; 8 ]; [ 4; 5; 6 ] ]
                (t23.At[[ Index.At 0; Index.Take(tensor [ 0; 2 ]) ]].Set(tensor [ 7; 8 ]))

            equals [ [ 7; 7; 7 ]; [ 4; 5; 6 ] ] (t23.At[tensor [ 0 ]].Set(7.0))
        "of repeated positions the last one wins",
        fun () ->
            equals [ 3; 11; 2; 13; 14 ] (t5.At[tensor [ 0; 2; 0 ]].Set(tensor [ 1; 2; 3 ]))

            equals
                [ [ 1; 2; 3 ]; [ 5; 5; 5 ] ]
                (t23.At[tensor [ 1; 1 ]].Set(tensor [ [ 9; 9; 9 ]; [ 5; 5; 5 ] ]))
        "by mask",
        fun () ->
            equals [ 10; 0; 12; 0; 14 ] (t5.At[tensor [ false; true; false; true; false ]].Set(tensor 0))
            equals [ [ 1; 0; 3 ]; [ 4; 0; 6 ] ] (t23.At[tensor [ false; true; false ]].Set(tensor 0))

            equals
                [ [ 7; 2; 9 ]; [ 4; 8; 6 ] ]
                (t23.At[tensor [ [ true; false; true ]; [ false; true; false ] ]].Set(tensor [ 7; 8; 9 ]))
        "every dtype",
        fun () ->
            for dtype in DTypes.real do
                let t = (tensor [ 1; 0; 1 ]).Convert dtype
                equalsAs dtype [ 1; 1; 1 ] (t.At[1].Set(1.0))
                equalsAs dtype [ 0; 0; 1 ] (t.At[tensor [ 0; 1 ]].Set(0.0))
        "NaN replaced leaves no trace",
        fun () ->
            equals [ 1.0; 2.0 ] ((tensor [ nan; 2.0 ]).At[0].Set(1.0))
            equals [ 1.0; 2.0 ] ((tensor [ nan; 2.0 ]).At[tensor [ 0 ]].Set(1.0))

            equals [ nan; 2.0 ] ((tensor [ 1.0; 2.0 ]).At[tensor [ 0; 0 ]].Set(tensor [ 1.0; nan ]))
        "add",
        fun () ->
            equals [ 10; 12; 14; 13; 14 ] (t5.At[1..2].Add(tensor [ 1; 2 ]))
            equals [ 14; 11; 14; 13; 14 ] (t5.At[tensor [ 0; 2; 0 ]].Add(tensor [ 1; 2; 3 ]))
            equals [ [ 11; 12; 13 ]; [ 4; 5; 6 ] ] (t23.At[0].Add(tensor 10))
        "every form of brackets names what it reads",
        fun () ->
            let t = counting DType.Int32 [ 3; 4; 2 ]

            for part, read in
                [
                    t.At[1], t[1]
                    t.At[1, -1], t[1, -1]
                    t.At[1..], t[1..]
                    t.At[1.., 0], t[1.., 0]
                    t.At[0, 1..2], t[0, 1..2]
                    t.At[..1, 1..], t[..1, 1..]
                    t.At[*, tensor [ 3; 0 ]], t[*, tensor [ 3; 0 ]]
                    t.At[tensor [ 2; 0 ], 1..], t[tensor [ 2; 0 ], 1..]
                    t.At[*, 1.., *], t[*, 1.., *]
                    t.At[*, 1..2, 1], t[*, 1..2, 1]
                    t.At[*, 1, 1..], t[*, 1, 1..]
                    t.At[1.., 2, 0], t[1.., 2, 0]
                    t.At[2, ..0, *], t[2, ..0, *]
                    t.At[2, *, 0], t[2, *, 0]
                    t.At[2, 3, *], t[2, 3, *]
                    t.At[tensor [ 1; 2 ]], t[tensor [ 1; 2 ]]
                    t.At[t.Greater 5.0], t[t.Greater 5.0]
                    t.At[[ Index.Rest; Index.At 1 ]], t.Slice [ Index.Rest; Index.At 1 ]
                ] do
                Expect.equal part.Value read "the part"
                Expect.equal (part.Set(part.Value.Sum() * 0 - 1)) (part.Set(-1.0)) "a tensor or a number"
                let added = numbers (part.Add 1.0 - t)
                Expect.equal (Array.sum added) (float read.Size) "1 for each element of the part"
                Expect.equal (Array.max added) 1.0 "once"
        "add under a mask",
        fun () ->
            let mask = tensor [ true; false; true; false; false ]
            equals [ 11; 11; 13; 13; 14 ] (t5.At[mask].Add(tensor 1))
            equals [ 10; 11; 14; 13; 14 ] (t5.At[mask].Add(tensor [ 0; 1; 2; 3; 4 ]))
            throws<ShapeException, _> [ "add"; "(2,)" ] (fun () -> t5.At[mask].Add(tensor [ 1; 2 ]))
        "refused",
        fun () ->
            throws<ShapeException, _> [ "set"; "(2,)"; "(3,)" ] (fun () -> t5.At[0..2].Set(tensor [ 1; 2 ]))

            throws<ShapeException, _> [ "set"; "(2,)"; "(3,)" ] (fun () ->
                t5.At[tensor [ 0; 1; 2 ]].Set(tensor [ 1; 2 ]))

            throws<ShapeException, _> [ "set"; "(1, 3)"; "(3,)" ] (fun () ->
                t23.At[0].Set(tensor [ [ 1; 2; 3 ] ]))

            throws<DTypeException, _> [ "set"; "Int32 (5,)"; "Float64" ] (fun () -> t5.At[0].Set(tensor 1.0))

            throws<DTypeException, _> [ "set"; "0.5" ] (fun () -> t5.At[0].Set(0.5))
            throws<IndexException, _> [ "index 5" ] (fun () -> t5.At[5].Set(0.0))

            throws<DTypeException, _> [ "integers"; "Float64" ] (fun () -> t5.At[tensor [ 1.0 ]].Set(t5))

            throws<ShapeException, _> [ "set"; "mask"; "(2,)" ] (fun () ->
                t5.At[tensor [ true; true ]].Set(t5))

            throws<ShapeException, _> [ "add"; "(2,)"; "(5,)" ] (fun () -> t5.At[*].Add(tensor [ 1; 2 ]))

            throws<DTypeException, _> [ "add" ] (fun () -> t5.At[*].Add(tensor 1.0))
    ]

// A random index of a random tensor, and the positions it selects along each axis, by a loop.
let private laws =
    let along size = gen {
        let! first = Gen.choose (0, size - 1)
        let! last = Gen.choose (0, size - 1)
        let! step = Gen.elements [ -2; -1; 1; 2 ]

        let! positions =
            Gen.choose (1, 3) |> Gen.bind (fun n -> Gen.listOfLength n (Gen.choose (0, size - 1)))

        return!
            Gen.elements [
                Index.All, [ 0 .. size - 1 ]
                Index.At(first - size), [ first ]
                Index.Range(Some first, Some last, step), [ first..step..last ]
                Index.Take(tensor positions), positions
            ]
    }

    let indexed = gen {
        let! t = Gen.fullTensor
        let! indices = t.Shape |> Array.map along |> Gen.sequenceToArray
        return t, List.ofArray indices
    }

    let rec product (lists: int list list) =
        match lists with
        | [] -> [ [] ]
        | first :: rest -> [
            for i in first do
                for others in product rest -> i :: others
          ]

    let selected indices = product (List.map snd indices)

    testList "laws" [
        law "a slice is what a loop picks" indexed (fun (t, indices) ->
            let picked = selected indices |> List.map (reader t)
            picked = List.ofArray (numbers (t.Slice(List.map fst indices))))
        law "what was set is there, the rest is as before" indexed (fun (t, indices) ->
            let index = List.map fst indices
            let changed = t.At[index].Set(77.0)
            let at, before, inside = reader changed, reader t, set (selected indices)

            numbers (changed.Slice index) |> Array.forall ((=) 77.0)
            && cells (List.ofArray t.Shape) |> List.forall (fun i -> inside.Contains i || at i = before i))
        law "a part set to itself changes nothing" indexed (fun (t, indices) ->
            let index = List.map fst indices
            t.At[index].Set(t.Slice index) = t)
        law "a part set to a tensor is that tensor, unless positions repeat" indexed (fun (t, indices) ->
            let index = List.map fst indices
            let part = t.Slice index
            let value = counting DType.Float64 (List.ofArray part.Shape)
            let once = List.distinct (selected indices) = selected indices
            not once || t.At[index].Set(value).Slice index = value)
        law "adding 1 adds up to the number of positions" indexed (fun (t, indices) ->
            let added = t.At[List.map fst indices].Add(tensor 1.0)
            float (sum added) - float (sum t) = float (selected indices).Length)
        law "gather undoes a sort" Gen.fullTensor (fun t ->
            let order = t.ArgSort -1
            t.Gather(order, -1).Gather(order.ArgSort -1, -1) = t)
    ]

[<Tests>]
let all = testList "Setting" [ setting; laws ]
