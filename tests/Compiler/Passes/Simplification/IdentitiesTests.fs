/// Identities of arithmetic hold to the last bit, whatever the number.
module Cotangent.Tests.IdentitiesTests

open System
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support
open Expecto

let private bits (t: Tensor) =
    numbers t |> Array.map (fun x -> if Double.IsNaN x then -1L else BitConverter.DoubleToInt64Bits x)

/// What is left of a function of a vector.
let private simplified dtype (f: Tensor -> Tensor) =
    let like = [| ({ DType = dtype; Shape = [| 12 |] }: Signature), Device.Cpu |]
    Simplify.graph Cpu.target (Stage.closed "compile" (fun xs -> [| f xs[0] |]) like)

let private has operation (g: Graph) =
    g.Nodes
    |> Array.exists (fun node ->
        match node.Operation with
        | Operation.Primitive p -> string p = operation
        | _ -> false)

let private special dtype (scale: float) =
    (tensor [ nan; infinity; -infinity; 0.0; -0.0; 1.0; -1.0; 3.0; scale; -scale; scale * 1.5; 1e-3 ]).Convert
        dtype

let private agrees dtype what (f: Tensor -> Tensor) (x: Tensor) =
    let made = simplified dtype f
    let found = GraphInterpreter.Run made [| x |]
    Expect.equal (bits found[0]) (bits (f x)) what

let private powers dtype least greatest = test $"division by every power of two of {dtype} is what it was" {
    for exponent in least..greatest do
        let c = Math.ScaleB(1.0, exponent)
        let f (x: Tensor) = x / Tensor.fullLike x c
        agrees dtype $"2 ** {exponent}" f (special dtype c)
        agrees dtype $"-2 ** {exponent}" (fun x -> x / Tensor.fullLike x -c) (special dtype c)
}

let private divisions =
    testList "divisions" [
        powers DType.Float32 -149 127
        powers DType.Float64 -1074 1023
        test "a division by 4 is a product, one by 3 is not" {
            Expect.isFalse (has "divide" (simplified DType.Float32 (fun x -> x / 4.0))) "by 4"
            Expect.isTrue (has "divide" (simplified DType.Float32 (fun x -> x / 3.0))) "by 3"
            Expect.isTrue (has "divide" (simplified DType.Float32 (fun x -> x / 0.0))) "by 0"

            Expect.isTrue
                (has "divide" (simplified DType.Int32 (fun x -> x / Tensor.fullLike x 4.0)))
                "of integers"
        }
        test "others are what they were" {
            for dtype in [ DType.Float32; DType.Float64 ] do
                for c in [ 3.0; 0.1; 0.0; -0.0; infinity; -infinity; nan; 1.0; -1.0; 1e30; 1e-30; 6.0 ] do
                    agrees dtype $"/ {c}" (fun x -> x / Tensor.fullLike x c) (special dtype 2.0)
        }
    ]

let private zerosAndOnes =
    testList "zeros and ones" [
        for dtype in floats do
            test $"in {dtype}, with NaN, infinities and both zeros" {
                let x = special dtype 2.0

                for c in [ 0.0; -0.0; 1.0; -1.0; 2.0 ] do
                    let full (x: Tensor) = Tensor.fullLike x c
                    agrees dtype $"x + {c}" (fun x -> x + full x) x
                    agrees dtype $"{c} + x" (fun x -> full x + x) x
                    agrees dtype $"x - {c}" (fun x -> x - full x) x
                    agrees dtype $"{c} - x" (fun x -> full x - x) x
                    agrees dtype $"x * {c}" (fun x -> x * full x) x
                    agrees dtype $"{c} * x" (fun x -> full x * x) x
                    agrees dtype $"x / {c}" (fun x -> x / full x) x
                    agrees dtype $"{c} / x" (fun x -> full x / x) x
                    agrees dtype $"x ** {c}" (fun x -> x ** full x) x
            }

            test $"negations in {dtype}" {
                let x = special dtype 2.0
                agrees dtype "-(-x)" (fun x -> -(-x)) x
                agrees dtype "x + -y" (fun x -> x + -(x * 2.0)) x
                agrees dtype "-y + x" (fun x -> -(x * 2.0) + x) x
                agrees dtype "x - -y" (fun x -> x - -(x * 2.0)) x
                agrees dtype "-x - y" (fun x -> -x - (x * 2.0)) x
            }
        test "a choice whose test is known, or whose branches are one" {
            let x = special DType.Float32 2.0
            let truth (x: Tensor) v = (Tensor.fullLike x v).Greater 0.0
            agrees DType.Float32 "true" (fun x -> where (truth x 1.0) x (x * 2.0)) x
            agrees DType.Float32 "false" (fun x -> where (truth x -1.0) x (x * 2.0)) x
            agrees DType.Float32 "one" (fun x -> where (x.Greater 0.0) x x) x
        }
    ]

[<Tests>]
let tests = testList "Identities" [ divisions; zerosAndOnes ]
