/// Which results may lie in the memory of arguments that are given away, on steps written by hand.
module Cotangent.Tests.InPlaceTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support
open Expecto

let private slot home count = { DType = DType.Float32; Count = count; Home = home }
let private row count s = Layout.contiguous s [| count |]

/// Slot 0 is the argument that is given away, slot 1 the result.
let private plan (slots: Slot[]) steps =
    InPlace.plan slots steps 1 [| Layout.contiguous 1 [| slots[1].Count |] |]

let private two = [| slot (Home.Input 0) 8; slot (Home.Output 0) 8 |]
let private engine (v: View) = Step.Engine(Primitive.Barrier, [| v |], [| ValueSome(row 8 1) |])
let private access slot offset stride : Access = { Slot = slot; Offset = offset; Strides = [| stride |] }
let private load a = Instruction.Load(DType.Float32, a)

let private nest body stores =
    Step.Nest { Axes = [| 8 |]; Reduced = 0; Body = Array.ofList body; Stores = Array.ofList stores }

let private inPlace name steps = test name { Expect.equal (plan two steps) [| 0 |] "the argument's memory" }
let private apart name steps = test name { Expect.equal (plan two steps) [| -1 |] "memory of its own" }

let private engines =
    let shape = [| 2; 4 |]

    testList "what an engine reads" [
        inPlace "as it lies in memory" [| engine (row 8 0) |]
        apart "transposed" [| engine (Layout.permute [| 1; 0 |] (Layout.contiguous 0 shape)) |]
        apart "from an element on" [| engine { row 7 0 with Offset = 1 } |]
        apart "backwards" [| engine { row 8 0 with Offset = 7; Strides = [| -1 |] } |]
        apart "repeated" [| engine (Layout.broadcast [| 8; 8 |] (row 8 0)) |]
        test "a Float16 that is given away comes back transposed, not mixed" {
            let data = Array.init 64 float
            let matrix () = (Tensor.ofArray [ 8; 8 ] data).Convert DType.Float16
            // The copy in between is the argument's own, whatever the pool of arrays has.
            let given = matrix () + Tensor.zeros DType.Float16 [ 8; 8 ]
            let turned = compileDonating (fun (x: Tensor, ()) -> x.T) (given, ())
            close 0.0 (numbers (matrix().T)) turned
        }
    ]

let private nests =
    testList "what a nest reads" [
        inPlace "each element where it is written" [| nest [ load (access 0 0 1) ] [ access 1 0 1, 0 ] |]
        inPlace "and others that are not given away" [|
            nest [ load (access 0 0 1); load (access 1 0 1) ] [ access 1 0 1, 0 ]
        |]
        apart "backwards" [| nest [ load (access 0 7 -1) ] [ access 1 0 1, 0 ] |]
        apart "one and the same element" [| nest [ load (access 0 0 0) ] [ access 1 0 1, 0 ] |]
        apart "from another element on" [| nest [ load (access 0 1 1) ] [ access 1 0 1, 0 ] |]
        apart "also elsewhere" [|
            nest [ load (access 0 0 1); load (access 0 7 -1); Instruction.Binary(Binary.Add, 0, 1) ] [
                access 1 0 1, 2
            ]
        |]
        apart "where it stores twice" [|
            nest [ load (access 0 0 1); Instruction.Unary(Unary.Sin, 0) ] [ access 1 0 1, 0; access 1 0 1, 1 ]
        |]
    ]

let private uses =
    testList "when" [
        test "it was read for the last time before" {
            let slots = Array.append two [| slot Home.Arena 8 |]

            let steps = [|
                nest [ load (access 0 7 -1) ] [ access 2 0 1, 0 ]
                nest [ load (access 2 0 1) ] [ access 1 0 1, 0 ]
            |]

            Expect.equal (plan slots steps) [| 0 |] "the argument's memory, backwards though it is read"
        }
        apart "it is read later" [|
            nest [ load (access 0 0 1) ] [ access 1 0 1, 0 ]
            nest [ load (access 0 0 1) ] [ access 1 0 1, 0 ]
        |]
        apart "a product reads it" [|
            Step.Product(Layout.contiguous 0 [| 4; 2 |], Layout.contiguous 0 [| 2; 2 |], row 8 1)
        |]
        apart "a choice reads it" [|
            Step.Cond(row 1 0, [| nest [ load (access 0 0 1) ] [ access 1 0 1, 0 ] |], [||])
        |]
        test "of another dtype, and of another size" {
            let steps = [| engine (row 8 0) |]
            let other = { slot (Home.Output 0) 8 with DType = DType.Float64 }
            Expect.equal (plan [| two[0]; other |] steps) [| -1 |] "dtype"
            Expect.equal (plan [| slot (Home.Input 0) 9; two[1] |] steps) [| -1 |] "size"
        }
        test "not given away" {
            let given = InPlace.plan two [| engine (row 8 0) |] 0 [| row 8 1 |]
            Expect.equal given [| -1 |] "none is"
            let second = [| slot (Home.Input 1) 8; two[1] |]
            Expect.equal (plan second [| engine (row 8 0) |]) [| -1 |] "another is"
        }
        test "it is returned as it came" {
            let steps = [| engine (row 8 0) |]

            Expect.equal
                (InPlace.plan two steps 1 [| row 8 1; row 8 0 |])
                [| -1; -1 |]
                "whoever gets it reads it"
        }
        test "two results want it" {
            let slots = [| slot (Home.Input 0) 8; slot (Home.Output 0) 8; slot (Home.Output 1) 8 |]

            let full target =
                Step.Engine(
                    Primitive.Full(Literal.Real 1.0, DType.Float32, [| 8 |]),
                    [||],
                    [| ValueSome(row 8 target) |]
                )

            let found = InPlace.plan slots [| full 1; full 2 |] 1 [| row 8 1; row 8 2 |]
            Expect.equal found [| 0; -1 |] "one gets it"
        }
    ]

[<Tests>]
let tests = testList "InPlace" [ engines; nests; uses ]
