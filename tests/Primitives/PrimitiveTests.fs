/// Primitives as values: equal cases with equal attributes are equal, and no others.
module Cotangent.Tests.PrimitiveTests

open System.Collections.Generic
open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Tests.PrimitiveTable

/// What a row draws from a seed.
let private drawn (row: Row) seed = (row.Draw (Dice seed) Numbers.Ordinary row.DTypes.Head).Primitive

let private full value = Primitive.Full(Literal.Real value, DType.Float64, [| 2 |])

let private nodes (f: Tensor -> Tensor) =
    let like = [| ({ DType = DType.Float64; Shape = [| 2; 3 |] }: Signature), Device.Cpu |]
    (Simplify.graph Cpu.target (Stage.closed "compile" (fun xs -> [| f xs[0] |]) like)).Nodes.Length

[<Tests>]
let tests =
    testList "Primitives" [
        test "drawn twice from one seed, they are equal, and hash so" {
            for row in rows do
                for seed in 1..5 do
                    let a, b = drawn row seed, drawn row seed
                    Expect.equal a b row.Name
                    Expect.equal (hash a) (hash b) row.Name
        }
        test "those of different rows differ" {
            let all = HashSet<Primitive>()

            for row in rows do
                Expect.isTrue (all.Add(drawn row 1)) row.Name
        }
        test "attributes tell them apart" {
            let apart = [
                Primitive.Reshape [| 2; 3 |]
                Primitive.Reshape [| 3; 2 |]
                Primitive.Broadcast [| 2; 3 |]
                Primitive.Reduce(Reduction.Sum, [| 0 |])
                Primitive.Reduce(Reduction.Sum, [| 1 |])
                Primitive.Reduce(Reduction.Max, [| 0 |])
                Primitive.Fused(Fused.Softmax(true, 0))
                Primitive.Fused(Fused.Softmax(false, 0))
                Primitive.Fused(Fused.Normalize(true, 1e-5))
                Primitive.Fused(Fused.Normalize(true, 1e-6))
                Primitive.Fused(Fused.Normalize(false, 1e-5))
            ]

            Expect.equal (HashSet<Primitive>(apart).Count) apart.Length "distinct"
        }
        test "0 is not -0, and NaN is itself" {
            Expect.notEqual (full 0.0) (full -0.0) "zeros"
            Expect.isTrue ((full nan).Equals(full nan)) "NaN"
            Expect.notEqual (Literal.Real 1.0) (Literal.Whole 1L) "a float and an integer"
            Expect.notEqual (Literal.Real 0.0) (Literal.Whole 0L) "whose bits are the same"
        }
        test "equal primitives of equal values are computed once, others are not" {
            let sums f = nodes (fun x -> f (x.Sum [ 0 ]) (x.Sum [ 0 ]))
            Expect.equal (sums (fun a b -> a * b)) 3 "the input, a sum and its square"
            Expect.equal (nodes (fun x -> sum (x.Sum [ 0 ]) * sum (x.Sum [ 1 ]))) 6 "the other axis"
        }
    ]
