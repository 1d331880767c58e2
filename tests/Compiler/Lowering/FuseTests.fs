/// Which values get memory of their own, and which are computed where they are read.
module Cotangent.Tests.FuseTests

open Cotangent
open Cotangent.Compiler
open Expecto

let private like dtype (shape: int list) =
    ({ DType = dtype; Shape = Array.ofList shape }: Signature), Device.Cpu

let private vector = like DType.Float64 [ 100 ]

/// Of the nodes of an operation, which are stored.
let private stored operation inputs (f: Tensor[] -> Tensor[]) =
    let g = Stage.closed "compile" f (Array.ofList inputs)
    let struct (_, stored) = Fuse.plan Cpu.target g

    [
        for i in 0 .. g.Nodes.Length - 1 do
            match g.Nodes[i].Operation with
            | Operation.Primitive p when string p = operation -> stored[i]
            | _ -> ()
    ]

let private isStored name operation inputs f = test name {
    Expect.equal (stored operation inputs f) [ true ] name
}

let private isNot name operation inputs f = test name {
    Expect.equal (stored operation inputs f) [ false ] name
}

let private readers =
    testList "readers" [
        isNot "one: computed there" "exp" [ vector ] (fun xs -> [| sin (exp xs[0]) |])
        isStored "two: what is dear is computed once" "exp" [ vector ] (fun xs ->
            let y = exp xs[0]
            [| sin y; cos y |])
        isStored "two behind views" "exp" [ like DType.Float64 [ 10; 10 ] ] (fun xs ->
            let y = exp xs[0]
            [| sin y.T; cos (y.Flip 0) |])
        isStored "two of one view" "exp" [ like DType.Float64 [ 10; 10 ] ] (fun xs ->
            let y = (exp xs[0]).T
            [| sin y; cos y |])
        isNot "two of what is cheap" "negate" [ vector ] (fun xs ->
            let y = -xs[0]
            [| sin y; cos y |])
        isStored "two of what is dear by what it is made of" "negate" [ vector ] (fun xs ->
            let y = -(exp xs[0])
            [| sin y; cos y |])
        isNot "none of a truth, whatever its price" "less" [ vector ] (fun xs ->
            let isLess = (exp xs[0]).Less 0.5
            [| where isLess xs[0] (sin xs[0]); where isLess (cos xs[0]) xs[0] |])
        isStored "a result" "exp" [ vector ] (fun xs -> [| exp xs[0] |])
    ]

let private demands =
    testList "what is stored for its reader" [
        isStored "before a fold's engine" "exp" [ vector ] (fun xs -> [| (exp xs[0]).CumulativeSum 0 |])
        isStored "a row that is spread" "exp" [ vector ] (fun xs -> [|
            sin ((exp xs[0]).Expand [ 50; 100 ])
        |])
        isNot "but not a number" "exp" [ like DType.Float64 [] ] (fun xs -> [|
            sin ((exp xs[0]).Expand [ 100 ])
        |])
        isStored "factors of a matrix product" "exp" [ like DType.Float64 [ 4; 4 ] ] (fun xs -> [|
            matmul (exp xs[0]) xs[0]
        |])
        isStored "before a change of size" "exp" [ vector ] (fun xs -> [|
            sin ((exp xs[0]).Convert DType.Float32)
        |])
        isNot "not before one that keeps it" "exp" [ vector ] (fun xs -> [|
            (exp xs[0]).Convert DType.Int64
        |])
        isStored "before a reshape that joins axes" "exp" [ like DType.Float64 [ 10; 10 ] ] (fun xs -> [|
            sin ((exp xs[0]).Reshape [ 100 ])
        |])
        isNot "not before one that splits them" "exp" [ vector ] (fun xs -> [|
            sin ((exp xs[0]).Reshape [ 10; 10 ])
        |])
        test "now and then in a long chain" {
            let found = stored "sin" [ vector ] (fun xs -> [| Seq.fold (fun x _ -> sin x) xs[0] [ 1..100 ] |])
            let count = found |> List.filter id |> List.length
            Expect.equal count 3 "of 100, with bodies of 40 at most, and the result"
        }
    ]

[<Tests>]
let tests = testList "Fuse" [ readers; demands ]
