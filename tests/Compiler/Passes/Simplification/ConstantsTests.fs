/// What is computed while a program is made: only what gives the same numbers then, and where it is written.
module Cotangent.Tests.ConstantsTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Compiler.Rewriting
open Expecto

let private node operation dtype shape : Node = {
    Operation = operation
    Inputs = [||]
    DType = dtype
    Shape = shape
    Device = Device.Cpu
    Place = ""
}

let private full value dtype (shape: int[]) =
    node (Operation.Primitive(Primitive.Full(value, dtype, shape))) dtype shape

let private fold p (input: Node) shape =
    Constants.fold p [| input |] { DType = input.DType; Shape = shape } Device.Cpu

let private sum = Primitive.Reduce(Reduction.Sum, [| 0 |])

[<Tests>]
let tests =
    testList "Constants" [
        test "one number many times over is a product in Int64, where Int32 would leave its range" {
            let count = Constants.mostFolded + 1
            let many dtype = full (Literal.Whole 2_000_000L) dtype [| count |]

            match fold sum (many DType.Int64) [||] with
            | ValueSome(Full(Literal.Whole n)) -> Expect.equal n (2_000_000L * int64 count) "all of them"
            | other -> failtest $"{other}"

            Expect.isTrue
                (fold sum (many DType.Int32) [||]).IsNone
                "Int32 is left to the program, which wraps around"

            let f () = (Tensor.full DType.Int32 [ count ] 2e6).Sum()
            Expect.equal (compile f ()) (f ()) "the same number"
        }
        test "what hides a number from the compiler is not looked through" {
            let one = full (Literal.Real 1.0) DType.Float64 [| 2 |]

            for p in [ Primitive.Barrier; Primitive.Detach ] do
                Expect.isTrue (fold p one [| 2 |]).IsNone (string p)
        }
        test "of one number many times over it is the largest and the smallest" {
            let some = full (Literal.Real 7.0) DType.Float64 [| 2; 3 |]

            for kind in [ Reduction.Max; Reduction.Min ] do
                match fold (Primitive.Reduce(kind, [| 0 |])) some [| 3 |] with
                | ValueSome(Full value) -> Expect.equal value (Literal.Real 7.0) (string kind)
                | other -> failtest $"{other}"
        }
        test "large results are left to be computed" {
            let negative n =
                let iota = node (Operation.Primitive(Primitive.Iota(DType.Int32, n))) DType.Int32 [| n |]
                fold (Primitive.Unary Unary.Negate) iota [| n |]

            Expect.isTrue (negative Constants.mostFolded).IsSome "as many as are folded"
            Expect.isTrue (negative (Constants.mostFolded + 1)).IsNone "more"
        }
        test "a view of numbers that differ stays a view, which costs nothing" {
            let iota = node (Operation.Primitive(Primitive.Iota(DType.Int32, 6))) DType.Int32 [| 6 |]
            Expect.isTrue (fold (Primitive.Reshape [| 2; 3 |]) iota [| 2; 3 |]).IsNone "a reshape"
        }
    ]
