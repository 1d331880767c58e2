/// Products in loops and their ways back: none is computed twice, and what each round adds to a gradient is one product after all of
/// them.
module Cotangent.Tests.LoopProductTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support

let private like (shape: int list) =
    ({ DType = DType.Float64; Shape = Array.ofList shape }: Signature), Device.Cpu

let private complete (shapes: int list list) (f: Tensor[] -> Tensor[]) : Graph =
    Stage.closed "compile" f (shapes |> List.map like |> Array.ofList)
    |> Passes.complete { Watch.ofEnvironment.Value with Verifies = true } Cpu.target

let private products (g: Graph) =
    g.Nodes
    |> Array.filter (fun node ->
        match node.Operation with
        | Operation.Primitive Primitive.MatMul -> true
        | _ -> false)
    |> Array.length

/// Those of the loops, in order, and those around them.
let private inLoops (g: Graph) =
    [
        for node in g.Nodes do
            match node.Operation with
            | Operation.Control(Control.Scan s) -> products s.Body
            | _ -> ()
    ],
    products g

let private rounds, batch, width = 5, 3, 4

let private shapes = [ [ width; width ]; [ batch; width ]; [ rounds; batch; width ] ]

let private example = [
    for i, shape in List.indexed shapes -> Random.normal (Key.create (int64 i)) DType.Float64 shape
]

/// A recurrent net: h <- tanh(h w + x).
let private loss (step: Tensor -> Tensor -> Tensor) (xs: Tensor[]) =
    let states, _ = scan (fun h x -> let next = step h x in next, next) xs[1] xs[2]
    sum (square states)

let private gradients step (xs: Tensor[]) =
    let dw, dh = grad (fun (w, h) -> loss (step w) [| w; h; xs[2] |]) (xs[0], xs[1])
    [| dw; dh |]

let private recurrent (w: Tensor) (h: Tensor) (x: Tensor) = tanh (matmul h w + x)

let private hasNumbers step =
    let inputs = Array.ofList example
    let expected = gradients step inputs
    let compiled = compile (gradients step) inputs
    Array.iter2 (fun (e: Tensor) actual -> close 1e-12 (numbers e) actual) expected compiled

[<Tests>]
let tests =
    testList "products in loops" [
        test "one there, one back, and one for all rounds" {
            let made = complete shapes (gradients recurrent)
            Expect.equal (inLoops made) ([ 1; 1 ], 1) "h w; δ wᵀ; Σ hᵀ δ"
            hasNumbers recurrent
        }
        test "what a checkpoint computes again it computes again" {
            let step w h x = checkpoint (fun (w, h, x) -> recurrent w h x) (w, h, x)
            let made = complete shapes (gradients step)
            Expect.equal (fst (inLoops made)) [ 1; 2 ] "the product is made twice"
            hasNumbers step
        }
        test "what is behind a barrier is shared with no other loop, though both have it" {
            // The second loop reads the states of the first and makes their products once more.
            let twice (mark: Tensor -> Tensor) (xs: Tensor[]) =
                let next h x = tanh (matmul (mark h) xs[0] + x)
                let last, states = scan (fun h x -> next h x, h) xs[1] xs[2]
                let total, _ = scan (fun t h -> tanh (t + next h t), t) xs[1] states
                [| last; total |]

            let barrier (t: Tensor) = Bind.one Primitive.Barrier [| t |]
            let counts mark = fst (inLoops (complete shapes (twice mark)))
            Expect.equal (counts barrier) [ 1; 1 ] "behind a barrier"
            Expect.equal (counts id) [ 1; 0 ] "without one"

            for mark in [ barrier; id ] do
                let inputs = Array.ofList example

                Array.iter2
                    (fun (e: Tensor) actual -> close 1e-12 (numbers e) actual)
                    (twice id inputs)
                    (compile (twice mark) inputs)
        }
        test "convolutions too" {
            let signals = [ [ 2; 2; 3 ]; [ 1; 2; 6 ]; [ rounds; 1; 2; 6 ] ]
            let step (w: Tensor) (h: Tensor) (x: Tensor) = tanh (convolve Window.same w h + x)
            let made = complete signals (gradients step)

            let convolutions = [
                for node in made.Nodes do
                    match node.Operation with
                    | Operation.Control(Control.Scan s) ->
                        s.Body.Nodes
                        |> Array.filter (fun node ->
                            match node.Operation with
                            | Operation.Primitive(Primitive.Convolution(ConvolutionTerm.Output, _, _)) ->
                                true
                            | _ -> false)
                        |> Array.length
                    | _ -> ()
            ]

            Expect.equal convolutions [ 1; 0 ] "forward on the way there alone"
        }
        test "the sum over a stack of products is one" {
            let made = complete [ [ 7; 3; 2 ]; [ 7; 2; 4 ] ] (fun xs -> [| (matmul xs[0] xs[1]).Sum 0 |])

            Expect.equal
                [
                    for node in made.Nodes do
                        match node.Operation with
                        | Operation.Primitive Primitive.MatMul -> List.ofArray node.Shape
                        | _ -> ()
                ]
                [ [ 3; 4 ] ]
                "of two matrices"

            let a, b =
                Random.normal (Key.create 5L) DType.Float64 [ 7; 3; 2 ],
                Random.normal (Key.create 6L) DType.Float64 [ 7; 2; 4 ]

            let sum (a: Tensor, b: Tensor) = (matmul a b).Sum 0
            close 1e-13 (numbers (sum (a, b))) (compile sum (a, b))
        }
    ]
