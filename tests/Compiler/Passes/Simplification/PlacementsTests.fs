/// Sums of parts that lie side by side are concatenations, to the last bit; all other sums of parts are left alone.
module Cotangent.Tests.PlacementsTests

open System
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support
open Expecto

let private like shape = [| ({ DType = DType.Float64; Shape = shape }: Signature), Device.Cpu |]

let private simplified shape (f: Tensor -> Tensor) =
    Simplify.graph Cpu.target (Stage.closed "compile" (fun xs -> [| f xs[0] |]) (like shape))

let private count name (g: Graph) =
    g.Nodes
    |> Array.filter (fun node ->
        match node.Operation with
        | Operation.Primitive p -> (string p).StartsWith(name: string)
        | _ -> false)
    |> Array.length

let private bits (t: Tensor) = numbers t |> Array.map BitConverter.DoubleToInt64Bits

/// Whether the gradient of what takes x apart is one concatenation; and its numbers are those of eager code.
let private becomes concatenations what (f: Tensor -> Tensor) = test what {
    let x = tensor [ [ 1.0; -2.0; 0.0; 3.0; 0.5; -0.25 ]; [ 4.0; 2.0; -0.0; 1.0; -1.5; 8.0 ] ]
    let made = simplified [| 2; 6 |] (grad f)
    Expect.equal (count "concat" made) concatenations "concatenations"
    Expect.equal (count "pad" made = 0) (concatenations > 0) "parts placed among zeros"
    let found = GraphInterpreter.Run made [| x |]
    Expect.equal (bits found[0]) (bits (grad f x)) "numbers"
    Expect.equal (bits (compile (grad f) x)) (bits (grad f x)) "compiled"
}

let private window rows columns step (x: Tensor) =
    let first, count = fst rows, snd rows
    let from, wide = fst columns, snd columns

    Bind.one
        (Primitive.Slice {
            Full = [| 2; 6 |]
            Start = [| first; from |]
            Count = [| count; wide |]
            Step = [| 1; step |]
        })
        [| x |]

let private part first count x = window (0, 2) (first, count) 1 x

[<Tests>]
let tests =
    testList "parts side by side" [
        becomes 1 "thirds" (fun x ->
            sum (sin (part 0 2 x)) + sum (exp (part 2 2 x)) + sum (square (part 4 2 x)))
        becomes 1 "in any order, of unlike lengths" (fun x ->
            sum (sin (part 3 3 x)) + sum (exp (part 0 1 x)) + sum (square (part 1 2 x)))
        becomes 1 "with negative zeros" (fun x ->
            sum (square (part 0 3 x) * 0.0) + sum (square (part 3 3 x) * -0.0))
        becomes 0 "with a gap" (fun x -> sum (sin (part 0 2 x)) + sum (exp (part 3 3 x)))
        becomes 0 "overlapping" (fun x -> sum (sin (part 0 4 x)) + sum (exp (part 2 4 x)))
        becomes 0 "by steps" (fun x ->
            sum (sin (window (0, 2) (0, 3) 2 x)) + sum (exp (window (0, 2) (1, 3) 2 x)))
        becomes 0 "quarters" (fun x ->
            sum (sin (window (0, 1) (0, 3) 1 x))
            + sum (exp (window (1, 1) (0, 3) 1 x))
            + sum (square (window (0, 1) (3, 3) 1 x))
            + sum (tanh (window (1, 1) (3, 3) 1 x)))
    ]
