/// Shapes and dtypes without numbers: those of the function itself, for trees, control flow, transformations and random draws.
module Cotangent.Tests.ShapeOnlyTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private describe (tree: 'tree) = [
    for leaf in Tree.entries tree -> leaf.Path, leaf.Tensor.DType, leaf.Tensor.Shape
]

/// What it says is what the function returns.
let private agrees (f: 'p -> 'q) (x: 'p) =
    Expect.equal (describe (evalShape f x)) (describe (f x)) "shapes and dtypes"

let private x = Random.normal (Key.create 1L) DType.Float32 [ 5; 3 ]

[<Tests>]
let tests =
    testList "evalShape" [
        test "of trees, integers and floats" {
            agrees (fun (x: Tensor) -> {| Gram = matmul x.T x; Parts = [ sum x; x.ArgMax 1 ] |}) x
            agrees (fun (a: Tensor, b: Tensor) -> a.Convert DType.Float64 * b) (x, tensor [ 1.0; 2.0; 3.0 ])
            agrees (fun (x: Tensor) -> x, x.Greater 0.0) x
        }
        test "of control flow and transformations" {
            agrees (iterate 3 (fun (x: Tensor) -> x * 2.0f)) x
            agrees (scan (fun (s: Tensor) (row: Tensor) -> s + sum row, row * s) (tensor 0.0f)) x

            agrees
                (fun (x: Tensor) -> cond ((sum x).Greater 0.0) (fun (x: Tensor) -> x.T) (fun x -> -x.T) x)
                x

            agrees (whileLoop (fun (x: Tensor) -> (sum x).Less 9.0) (fun x -> x * x + 1.0f)) x
            agrees (grad (fun x -> sum (x * x))) x
            agrees (vmap (fun row -> jacobian sin row)) x
            agrees (compile (fun (x: Tensor) -> svd x)) x
        }
        test "of models and keys" {
            let init key =
                Mlp.init
                    4
                    [ 8, { Linear.defaults with Activation = Activation.Relu }; 2, Linear.defaults ]
                    key

            agrees init (Key.create 0L)
            let shapes = evalShape init (Key.create 0L)

            let y =
                evalShape (fun (model, x) -> Mlp.forward model x) (shapes, Tensor.ones DType.Float32 [ 7; 4 ])

            hasShape [ 7; 2 ] y
        }
        test "without an argument, and without tensors" {
            agrees (fun () -> Tensor.zeros DType.Int64 [ 2; 2 ]) ()
            Expect.equal (evalShape (fun (x: Tensor) -> x.Shape[0] + 1) x) 6 "a number that shapes tell"
        }
        test "takes no memory and no time" {
            let huge = (Tensor.zeros DType.Float32 []).Expand [ 40_000; 40_000 ]
            let y = evalShape (fun (x: Tensor) -> matmul x x |> exp) huge
            hasShape [ 40_000; 40_000 ] y
        }
        test "inside of other transformations" {
            let f (x: Tensor) = x * float32 (evalShape (fun (x: Tensor) -> x.T) x).Shape[0]
            equals [ 3.0f; 3.0f; 3.0f ] (sliceAxis 0 0 1 (grad (f >> sum) x) |> _.Flatten())
            equals (numbers (3.0f * x)) (compile f x |> numbers |> tensor)
            let rows (x: Tensor) = x + float32 (evalShape id x).Rank
            equals (numbers (x + 1.0f)) (vmap rows x |> numbers |> tensor)
        }
        test "numbers are refused, of the result and in the function" {
            let y = evalShape (fun (x: Tensor) -> sum x) x
            throws<TraceException, _> [ "evalShape"; "no numbers"; "()" ] (fun () -> float y)
            throws<TraceException, _> [ "evalShape"; "no numbers"; "Call the function" ] (fun () -> y + 1.0f)
            throws<TraceException, _> [ "evalShape"; "no numbers" ] (fun () -> stopGradient y)

            throws<TraceException, _> [ "evalShape"; "no numbers" ] (fun () ->
                compile (fun (x: Tensor) -> x * y) x)

            throws<TraceException, _> [ "evalShape"; "no numbers yet" ] (fun () ->
                evalShape (fun x -> if float (sum x) > 0.0 then x else -x) x)

            Expect.stringContains (string y) "Float32 ()" "its text"
            Expect.equal y y "itself"
        }
        test "errors of shapes are those of the function" {
            throws<ShapeException, _> [ "matmul"; "(5, 3)" ] (fun () -> evalShape (fun x -> matmul x x) x)
        }
    ]
