/// Values nested deep, or in themselves, as trees and as the data of tensors: used, or refused at a stated depth.
module Cotangent.Tests.DeepTreeTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks

type Chain =
    | End of Tensor
    | Link of Tensor * Chain

type Ring = { Value: Tensor; mutable Next: Ring option }

[<Sealed>]
type Knot(value: Tensor) =
    member val Value = value with get, set
    member val Next: Knot | null = null with get, set

type Growing<'a> = { Own: int; Larger: Growing<'a list> option }

let private chain n = Seq.fold (fun rest _ -> Link(tensor 1.0, rest)) (End(tensor 1.0)) (seq { 1..n })

let private total tree = Tree.fold (fun sum (t: Tensor) -> sum + t) (tensor 0.0) tree

/// Each way through a tree, by name.
let private walks<'tree> : (string * ('tree -> unit)) list = [
    "leaves", (Tree.leaves >> ignore)
    "paths", (Tree.paths >> ignore)
    "map", (Tree.map (fun t -> t * 2.0) >> ignore)
    "map2", (fun tree -> Tree.map2 (+) tree tree |> ignore)
    "grad", (grad total >> ignore)
    "compile", (compile total >> ignore)
]

let private refuses (make: unit -> 'tree) =
    for name, walk in walks<'tree> do
        raises<TreeException, _>
            "nested more than 1000 deep"
            (fun () -> onSmallStack (fun () -> walk (make ())))
            name

let private data =
    let nested n = Seq.fold (fun (inside: objnull) _ -> box [| inside |]) (box 1.0) (seq { 1..n })

    testList "data" [
        test "64 deep" { Expect.equal (tensor (nested 64)).Rank 64 "rank" }
        test "deeper" {
            raises<ShapeException, _>
                "nested more than 64 deep"
                (fun () -> onSmallStack (fun () -> tensor (nested 100_000)))
                "arrays in arrays"
        }
        test "in itself" {
            let own = Array.zeroCreate<objnull> 1
            own[0] <- box own

            raises<ShapeException, _>
                "nested more than 64 deep"
                (fun () -> onSmallStack (fun () -> tensor (box own)))
                "an array"

            let typed: objnull[] = [| box 1.0; box own |]

            raises<ShapeException, _>
                ""
                (fun () -> onSmallStack (fun () -> tensor (box typed)))
                "beside a number"
        }
    ]

[<Tests>]
let tests =
    testList "deep trees" [
        test "999 levels, on a small stack" {
            let t = chain 998

            for _, walk in walks<Chain> do
                onSmallStack (fun () -> walk t)

            let doubled = onSmallStack (fun () -> Tree.map (fun t -> t * 2.0) t)
            Expect.equal (Tree.leaves doubled).Length 999 "leaves"
            Expect.all (Tree.leaves doubled) (fun t -> t.ToData<float>() = 2.0) "all doubled"
        }
        test "100,000 levels" { refuses (fun () -> chain 100_000) }
        test "a record that holds itself" {
            refuses (fun () ->
                let ring = { Value = tensor 1.0; Next = None }
                ring.Next <- Some ring
                ring)
        }
        test "an object that holds itself" {
            refuses (fun () ->
                let knot = Knot(tensor 1.0)
                knot.Next <- knot
                knot)
        }
        test "a type that holds ever larger types" {
            raises<TreeException, _>
                "ever larger types"
                (fun () -> onSmallStack (fun () -> Tree.leaves ({ Own = 1; Larger = None }: Growing<int>)))
                "a record"
        }
        data
    ]
