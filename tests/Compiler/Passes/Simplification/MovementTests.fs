/// Rules for what only moves elements: which operations are left of two, and that the elements are the same.
module Cotangent.Tests.MovementTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice
open Cotangent.Tests.Support
open Expecto

let private graphOf (shape: int list) (f: Tensor -> Tensor) =
    let like = [| ({ DType = DType.Float64; Shape = Array.ofList shape }: Signature), Device.Cpu |]
    Stage.closed "compile" (fun xs -> [| f xs[0] |]) like

/// The operations that are left of a function of numbers that count up, whose elements stay the same.
let private left (shape: int list) (f: Tensor -> Tensor) =
    let g = graphOf shape f
    let made = Simplify.graph Cpu.target g
    Verify.graph made
    let x = [| counting DType.Float64 shape |]
    Array.iter2 equals (GraphInterpreter.Run g x) (GraphInterpreter.Run made x)

    [
        for node in made.Nodes do
            match node.Operation with
            | Operation.Primitive p -> p
            | _ -> ()
    ]

let private part axis first last step (t: Tensor) =
    t
    |> Subset.slice [
        for a in 0 .. t.Rank - 1 -> if a = axis then Index.Range(Some first, Some last, step) else Index.All
    ]

let private becomes name expected shape f = test name {
    Expect.equal (left shape f |> List.map OperationText.primitive) expected name
}

let private region full start count step =
    Primitive.Slice { Full = full; Start = start; Count = count; Step = step }

let private rules =
    testList "rules" [
        test "a slice of a slice, each with steps" {
            let f (x: Tensor) = x |> part 0 1 28 3 |> part 0 2 8 2
            Expect.equal (left [ 30 ] f) [ region [| 30 |] [| 7 |] [| 4 |] [| 6 |] ] "1 + 3·2, every 3·2th"
        }
        test "backwards, too, and along two axes" {
            let f (x: Tensor) = x |> part 0 9 1 -2 |> part 1 1 5 2 |> part 0 3 1 -1 |> part 1 1 2 1

            Expect.equal
                (left [ 10; 7 ] f)
                [ region [| 10; 7 |] [| 3; 3 |] [| 3; 2 |] [| 2; 2 |] ]
                "one slice"
        }
        test "two permutations that do not commute" {
            let f (x: Tensor) = x.Permute([ 1; 2; 0 ]).Permute [ 1; 0; 2 ]
            Expect.equal (left [ 2; 3; 4 ] f) [ Primitive.Permute [| 2; 1; 0 |] ] "one"
            let other (x: Tensor) = x.Permute([ 1; 0; 2 ]).Permute [ 1; 2; 0 ]
            Expect.equal (left [ 2; 3; 4 ] other) [ Primitive.Permute [| 0; 2; 1 |] ] "the other way round"
        }
        becomes "permutations that undo each other" [] [ 2; 3; 4 ] (fun x ->
            x.Permute([ 1; 2; 0 ]).Permute [ 2; 0; 1 ])
        becomes "a permutation of axes of one element" [ "reshape [3 1]" ] [ 1; 3 ] (fun x ->
            x.Permute [ 1; 0 ])
        becomes "not of others" [ "permute [1 0]" ] [ 2; 3 ] (fun x -> x.Permute [ 1; 0 ])
        becomes "a slice of all of it" [] [ 4; 3 ] (fun x -> part 0 0 3 1 x)
        test "all of it backwards is not it" {
            Expect.equal (left [ 4 ] (fun x -> x.Flip 0)).Length 1 "a slice"
        }
        test "a repetition of a repetition" {
            let f (x: Tensor) = (x.Expand [ 5; 3 ]).Expand [ 2; 5; 3 ]
            Expect.equal (left [ 3 ] f) [ Primitive.Broadcast [| 2; 5; 3 |] ] "one"
        }
    ]

let private random = test "random ones move the same elements" {
    for seed in firstSeed .. firstSeed + cases 300 - 1 do
        let shape = [ for _ in 0 .. (Dice seed).Below 4 -> (Dice(seed * 7)).Pick [ 1; 2; 3; 4; 5 ] ]

        let f (x: Tensor) =
            let dice = Dice(seed + 1)
            let mutable t = x

            for _ in 0 .. 1 + dice.Below 4 do
                let axis = dice.Below t.Rank
                let size = t.Shape[axis]

                t <-
                    match dice.Below 5 with
                    | 0
                    | 1 -> t.Permute(dice.Order t.Rank)
                    | 2 -> part axis (dice.Below size) (size - 1) 1 t
                    | 3 -> part axis (size - 1) (dice.Below size) -1 t
                    | _ -> part axis 0 (size - 1) (dice.Pick [ 1; 2; 3 ]) t

            t

        left shape f |> ignore
}

[<Tests>]
let tests = testList "Movement" [ rules; random ]
