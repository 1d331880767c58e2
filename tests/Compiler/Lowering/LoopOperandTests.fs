/// Right operands of products that all rounds of a loop share: copied before it into rows that suit the kernels, where that is better,
/// with the same results.
module Cotangent.Tests.LoopOperandTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support

let private width = 64

let private like (shape: int list) =
    ({ DType = DType.Float64; Shape = Array.ofList shape }: Signature), Device.Cpu

/// The right operands of the products in the loops of a compiled function.
let private operands (shapes: int list list) (f: Tensor[] -> Tensor[]) : View list =
    let g =
        Stage.closed "compile" f (shapes |> List.map like |> Array.ofList)
        |> Passes.complete { Watch.ofEnvironment.Value with Verifies = true } Cpu.target

    let lowering = Lowering Cpu.target

    let views =
        g.Inputs
        |> Array.mapi (fun n i ->
            let node = g.Nodes[i]
            Layout.contiguous (lowering.Slot(node.DType, Shape.count node.Shape, Home.Input n)) node.Shape)

    let struct (steps, _) = lowering.Graph(g, views, Array.create g.Outputs.Length -1)
    VerifySteps.steps (lowering.Slots.ToArray()) steps

    let inside (steps: Step[]) = [
        for step in steps do
            match step with
            | Step.Product(_, b, _) -> b
            | _ -> ()
    ]

    [
        for step in steps do
            match step with
            | Step.Scan s -> yield! inside s.Body
            | Step.While w -> yield! inside w.Round
            | _ -> ()
    ]

/// Whether rows are runs of neighbours, and begin an odd number of lines of the caches apart.
let private isInRows (b: View) = b.Strides[1] = 1 && b.Strides[0] * 8 / 64 % 2 = 1

/// The gradients of a recurrent net with respect to weights and first state.
let private gradients (xs: Tensor[]) =
    let loss (w: Tensor, h: Tensor) =
        let last, _ = scan (fun h x -> let next = tanh (matmul h w + x) in next, next) h xs[2]
        sum (square last)

    let dw, dh = grad loss (xs[0], xs[1])
    [| dw; dh |]

/// Products with a transpose until a number of rounds is over.
let private powers (xs: Tensor[]) =
    let h, _ =
        whileLoop
            (fun (_, i: Tensor) -> i.Less 4.0)
            (fun (h, i) -> tanh (matmul h (xs[0].Transpose())), i + 1.0)
            (xs[1], tensor 0.0)

    [| h |]

let private shapes rows = [ [ width; width ]; [ rows; width ]; [ 5; rows; width ] ]

let private agrees f (shapes: int list list) =
    let inputs = [|
        for i, shape in List.indexed shapes -> 0.2 * Random.normal (Key.create (int64 i)) DType.Float64 shape
    |]

    let compiled = compile f inputs
    Array.iter2 (fun (e: Tensor) a -> close 1e-12 (numbers e) a) (f inputs) compiled

[<Tests>]
let tests =
    testList "operands of loops" [
        test "weights lie in rows of their own, on the way there and back" {
            let found = operands (shapes 40) gradients
            Expect.equal (found |> List.map isInRows) [ true; true ] "h w and δ wᵀ"
            agrees gradients (shapes 40)
        }
        test "until a condition holds no more, too" {
            let found = operands [ [ width; width ]; [ 40; width ] ] powers
            Expect.equal (found |> List.map isInRows) [ true ] "h wᵀ"
            agrees powers [ [ width; width ]; [ 40; width ] ]
        }
        test "not where so few rows read them that columns are read in place as well" {
            let wide = 256
            let shapes = [ [ wide; wide ]; [ 3; wide ] ]
            Expect.equal (operands shapes powers |> List.map isInRows) [ false ] "three rows"
            agrees powers shapes
        }
    ]
