module Cotangent.Tests.SortingTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

let private ordering =
    tests "sort and argsort" [
        "along each axis, each way",
        fun () ->
            let t = tensor [ [ 3; 1; 2 ]; [ 4; 6; 5 ] ]
            equals [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ] (t.Sort())
            equals [ [ 3; 2; 1 ]; [ 6; 5; 4 ] ] (t.Sort(descending = true))
            equals [ [ 3; 1; 2 ]; [ 4; 6; 5 ] ] (t.Sort 0)
            equals [ [ 4; 6; 5 ]; [ 3; 1; 2 ] ] (t.Sort(0, true))
            equals [ [ 1; 2; 0 ]; [ 0; 2; 1 ] ] (t.ArgSort())
            equals [ [ 1; 1; 1 ]; [ 0; 0; 0 ] ] (t.ArgSort(0, true))
            equals [ [ 1; 4 ]; [ 2; 5 ]; [ 3; 6 ] ] (t.T.Sort 0)
        "equal elements keep their order",
        fun () ->
            equals [ 1; 3; 0; 2; 4 ] ((tensor [ 5; 1; 5; 1; 5 ]).ArgSort())
            equals [ 0; 2; 4; 1; 3 ] ((tensor [ 5; 1; 5; 1; 5 ]).ArgSort(descending = true))
            equals [ 0; 1; 2 ] ((tensor [ 0.0; -0.0; 0.0 ]).ArgSort())
            let many = [ for i in 0..999 -> (i * 7919) % 13 ]
            let expected = many |> List.indexed |> List.sortBy snd |> List.map fst
            equals expected ((tensor many).ArgSort())
        "long rows, of numbers of every size and sign",
        fun () ->
            let random = Random 1

            let drawn count = [
                for _ in 1..count ->
                    match random.Next 10 with
                    | 0 -> nan
                    | 1 -> float (random.Next 5) - 2.0
                    | 2 -> -0.0
                    | _ -> Math.ScaleB(random.NextDouble() - 0.5, random.Next 40 - 20)
            ]

            for count in [ 511; 512; 513; 5000 ] do
                let numbers = drawn count

                let order sign =
                    numbers
                    |> List.indexed
                    |> List.sortBy (fun (_, x) -> if Double.IsNaN x then infinity else sign * x)
                    |> List.map fst

                equals (order 1.0) ((tensor numbers).ArgSort())
                equals (order -1.0) ((tensor numbers).ArgSort(descending = true))
                let whole = [ for _ in 1..count -> random.NextInt64(Int64.MinValue, Int64.MaxValue) ]
                equals (List.sort whole) ((tensor whole).Sort())
        "NaN comes last, each way",
        fun () ->
            equals
                [ -infinity; 1.0; infinity; nan; nan ]
                ((tensor [ nan; infinity; nan; -infinity; 1.0 ]).Sort())

            equals
                [ infinity; 1.0; -infinity; nan; nan ]
                ((tensor [ nan; infinity; nan; -infinity; 1.0 ]).Sort(descending = true))

            equals [ 1; 0; 2 ] ((tensor [ nan; 1.0; -nan ]).ArgSort())
        "every dtype",
        fun () ->
            for dtype in numeric do
                equalsAs dtype [ -7; -1; 0; 3; 9 ] (((tensor [ 3; -7; 9; 0; -1 ]).Convert dtype).Sort())

            equals [ false; false; true ] ((tensor [ true; false; false ]).Sort())

            equals
                [ Int64.MinValue; -1L; 9007199254740992L; 9007199254740993L; Int64.MaxValue ]
                ((tensor [ Int64.MaxValue; 9007199254740993L; -1L; 9007199254740992L; Int64.MinValue ]).Sort())

            equals [ -1e300; -5e-324; 5e-324; 1e300 ] ((tensor [ 1e300; 5e-324; -5e-324; -1e300 ]).Sort())
        "nothing to sort",
        fun () ->
            hasShape [ 0 ] ((tensor ([]: int list)).Sort())
            hasShape [ 2; 0 ] ((Tensor.zeros DType.Float32 [ 2; 0 ]).ArgSort())
            hasShape [ 0; 2 ] ((Tensor.zeros DType.Float32 [ 0; 2 ]).Sort 1)
            throws<AxisException, _> [ "argsort"; "scalar" ] (fun () -> (tensor 1).ArgSort())
            throws<AxisException, _> [ "sort"; "axis 1" ] (fun () -> (tensor [ 1 ]).Sort 1)
    ]

let private largest =
    tests "top k" [
        "values and positions",
        fun () ->
            let values, at = (tensor [ [ 3; 9; 9 ]; [ 1; 0; 2 ] ]).TopK 2
            equals [ [ 9; 9 ]; [ 2; 1 ] ] values
            equals [ [ 1; 2 ]; [ 2; 0 ] ] at
            let values, at = (tensor [ [ 3; 9 ]; [ 4; 0 ] ]).TopK(1, 0)
            equals [ [ 4; 9 ] ] values
            equals [ [ 1; 0 ] ] at
            hasShape [ 0 ] (fst ((tensor [ 1.0 ]).TopK 0))
            equals [ 2.0; nan ] (fst ((tensor [ nan; 2.0 ]).TopK 2))
        "refused",
        fun () ->
            throws<ValueException, _> [ "topK"; "3 of the 2"; "axis 0"; "(2,)" ] (fun () ->
                (tensor [ 1; 2 ]).TopK 3)

            throws<ValueException, _> [ "topK"; "-1" ] (fun () -> (tensor [ 1; 2 ]).TopK -1)
            throws<AxisException, _> [ "topK"; "axis 1" ] (fun () -> (tensor [ 1; 2 ]).TopK(1, 1))
    ]

let private laws =
    let along =
        Gen.fullTensor
        |> Gen.bind (fun t ->
            Gen.zip (Gen.axisOf t) (Gen.elements [ true; false ]) |> Gen.map (fun a -> t, a))

    let row = Gen.choose (0, 70) |> Gen.bind (fun n -> Gen.numbersIn DType.Float64 [ n ])

    testList "laws" [
        law "a row as Array.sort has it" row (fun t -> numbers (t.Sort()) = Array.sort (numbers t))
        law "positions as a stable sort has them" row (fun t ->
            let expected = numbers t |> List.ofArray |> List.indexed |> List.sortBy snd |> List.map fst
            t.ArgSort().ToData<int list>() = expected)
        law "positions lead to the sorted elements" along (fun (t, (axis, descending)) ->
            t.Gather(t.ArgSort(axis, descending), axis) = t.Sort(axis, descending))
        law "each row is in order and has the same elements" along (fun (t, (axis, descending)) ->
            let rows (t: Tensor) =
                t.MoveAxis(axis, -1).Reshape([ -1; t.MoveAxis(axis, -1).Shape[t.Rank - 1] ]).Unstack()
                |> Array.map (numbers >> List.ofArray)
                |> List.ofArray

            List.forall2
                (fun before after ->
                    after = (if descending then List.sortDescending before else List.sort before))
                (rows t)
                (rows (t.Sort(axis, descending))))
        law "the largest is the top" Gen.fullTensor (fun t -> (fst (t.TopK 1)).Squeeze -1 = t.Max [ -1 ])
    ]

[<Tests>]
let all = testList "Sorting" [ ordering; largest; laws ]
