/// What `vmap` promises beyond the law (BatchLawTests): trees and axes, keys, composition, custom derivatives, errors;
/// and the derivatives that are built on it.
module Cotangent.Tests.BatchTests

open Expecto
open Cotangent

let internal draw seed (shape: int list) = Random.normal (Key.create seed) DType.Float64 shape

let internal near what (expected: Tensor) (actual: Tensor) =
    match Laws.difference what 1e-12 expected actual with
    | None -> ()
    | Some wrong -> failtest wrong

let internal nearTree what (expected: 'tree) (actual: 'tree) =
    Array.iteri2 (fun i e a -> near $"{what}, leaf {i}" e a) (Tree.leaves expected) (Tree.leaves actual)

/// A tree against the stacked leaves of a list of trees.
let internal nearStack what (expected: 'tree list) (actual: 'tree) =
    let each = expected |> List.map Tree.leaves

    Tree.leaves actual
    |> Array.iteri (fun i t -> near $"{what}, leaf {i}" (stack 0 [ for leaves in each -> leaves[i] ]) t)

type private Layer = { Weight: Tensor; Bias: Tensor }

let private layer seed inputs outputs = {
    Weight = draw seed [ inputs; outputs ]
    Bias = draw (seed + 1L) [ outputs ]
}

let private forward (layers: Layer list) (x: Tensor) =
    layers |> List.fold (fun x l -> tanh (matmul x l.Weight + l.Bias)) x

// ---- Trees and axes ----

let private trees =
    testList "trees and axes" [
        test "the function is called once" {
            let mutable calls = 0

            let f (x: Tensor) =
                calls <- calls + 1
                x * x

            vmap f (draw 1L [ 50; 2 ]) |> ignore
            Expect.equal calls 1 "calls"
        }
        test "records, lists and tuples in and out; static fields stay" {
            let f (l: Layer, xs: Tensor list, name: string) = (name, [ matmul xs[0] l.Weight + l.Bias ])
            let l = { Weight = draw 1L [ 5; 3; 2 ]; Bias = draw 2L [ 5; 2 ] }
            let x = draw 3L [ 5; 3 ]
            let name, y = vmap f (l, [ x ], "name")
            Expect.equal name "name" "a static field"

            y[0] |> near "result" (stack 0 [ for i in 0..4 -> matmul x[i] l.Weight[i] + l.Bias[i] ])
        }
        test "results that do not depend on the batch are repeated" {
            let one = draw 1L [ 2 ]
            near "result" (stack 0 [ one; one; one ]) (vmap (fun (_: Tensor) -> one) (draw 2L [ 3 ]))
        }
        test "the example of vmapWith" {
            let columns = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
            let scale (column: Tensor, v: Tensor) = column * v

            vmapWith { In = [ Some 1; None ]; Out = 1 } scale (columns, tensor [ 10.0; 1.0 ])
            |> near "result" (tensor [ [ 10.0; 20.0 ]; [ 3.0; 4.0 ] ])
        }
        test "axes from the end, and of fields with many tensors" {
            let x, l = draw 1L [ 3; 4 ], { Weight = draw 2L [ 3; 2; 4 ]; Bias = draw 3L [ 2; 4 ] }
            let f (x, l) = forward [ l ] x

            let expected =
                stack 1 [
                    for i in 0..3 ->
                        let at (t: Tensor) = t.Slice [ Index.Rest; Index.At i ]
                        f (at x, Tree.map at l)
                ]

            near "a list of both" expected (vmapWith { In = [ Some 1; Some -1 ]; Out = -1 } f (x, l))
            near "one for all" expected (vmapWith { In = [ Some -1 ]; Out = 1 } f (x, l))
        }
    ]

// ---- Composition ----

let private cube (x: Tensor) = sum (x * x * sin x)

let private composition =
    testList "composition" [
        test "nested: all pairs" {
            let x, y = draw 1L [ 4; 3 ], draw 2L [ 5; 3 ]
            let pairs = vmap (fun a -> vmap (fun b -> norm (a - b)) y) x
            near "distances" ((x.Unsqueeze 1 - y.Unsqueeze 0).Norm [ 2 ]) pairs
        }
        test "vmap of grad, of hessian, of hvp, of jacobian" {
            let x = draw 1L [ 4; 3 ]
            let rows f = stack 0 [ for i in 0..3 -> f x[i] ]
            let v = draw 2L [ 3 ]
            near "grad" (rows (grad cube)) (vmap (grad cube) x)
            near "hessian" (rows (hessian cube)) (vmap (hessian cube) x)
            near "hvp" (rows (fun x -> hvp cube x v)) (vmap (fun x -> hvp cube x v) x)
            near "jacobian" (rows (jacobian sin)) (vmap (jacobian sin) x)
            near "laplacian" (rows (laplacian cube)) (vmap (laplacian cube) x)
        }
        test "grad, jvp, hessian of vmap" {
            let x, v = draw 1L [ 4; 3 ], draw 2L [ 4; 3 ]
            let byVmap x = sum (vmap cube x)
            near "grad" (grad cube x) (grad byVmap x)
            near "jvp" (snd (jvp cube x v)) (snd (jvp byVmap x v))
            near "hessian" (hessian cube x) (hessian byVmap x)
        }
        test "grad of vmap of grad: a gradient penalty" {
            let layers = [ layer 1L 3 4; layer 3L 4 1 ]
            let x = draw 5L [ 6; 3 ]
            let slope layers x = norm (grad (fun x -> sum (forward layers x)) x)
            let byVmap layers = sum (square (vmap (slope layers) x - 1))
            let byLoop layers = sum (square (stack 0 [ for i in 0..5 -> slope layers x[i] ] - 1))
            nearTree "penalty" (grad byLoop layers) (grad byVmap layers)
        }
        test "gradients for each example of an MLP" {
            let layers = [ layer 1L 3 8; layer 3L 8 8; layer 5L 8 2 ]
            let xs, ys = draw 7L [ 10; 3 ], draw 8L [ 10; 2 ]
            let loss (x, y) layers = mean (square (forward layers x - y))
            let one (x, y) = valueAndGrad (loss (x, y)) layers
            let losses, gradients = vmap one (xs, ys)
            let loop = [ for i in 0..9 -> one (xs[i], ys[i]) ]
            near "losses" (stack 0 (List.map fst loop)) losses
            nearStack "gradients" (List.map snd loop) gradients
        }
        test "a batch of pulls and of pushes" {
            let x, c = draw 1L [ 3 ], draw 2L [ 5; 3 ]
            let f (x: Tensor) = x * sin x
            let y, pull = vjp f x
            let _, push = linearize f x
            near "pull" (stack 0 [ for i in 0..4 -> pull c[i] ]) (vmap pull c)
            near "push" (stack 0 [ for i in 0..4 -> push c[i] ]) (vmap push c)
            near "transpose" (vmap pull c) (vmap (linearTranspose push y) c)
        }
        test "stopGradient keeps the batch" {
            let x = draw 1L [ 4; 3 ]
            near "value" (sin x) (vmap (fun x -> stopGradient (sin x)) x)
            near "grad" (sin x) (grad (fun x -> sum (vmap (fun x -> x * stopGradient (sin x)) x)) x)
        }
        test "keys batched are keys looped" {
            let keys = Key.batch 6 (Key.create 7L)
            let key (i: int) = { Data = keys.Data[i] }

            let noise key =
                let a, b = Key.split key

                [
                    Random.normal a DType.Float64 [ 3; 2 ]
                    (Random.permutation (Key.fold 3L b) 7).Convert DType.Float64
                    Random.uniformIn b -1.0 2.0 DType.Float64 []
                ]

            nearStack "draws" [ for i in 0..5 -> noise (key i) ] (vmap noise keys)
            let split = Key.splitMany 6 (Key.create 7L)
            nearStack "Key.batch and Key.splitMany" (List.ofArray split) keys
        }
    ]

// ---- Derivatives built on batches ----

let private basis (t: Tensor) =
    (Tensor.eye t.DType t.Size).Reshape(Array.append [| t.Size |] t.Shape).Unstack()

/// Row by row, and column by column.
let private jacobianLoop f (x: Tensor) =
    let y, pull = vjp f x
    (basis y |> Array.map pull |> stack 0).Reshape(Array.append y.Shape x.Shape)

let private forwardLoop f (x: Tensor) =
    let (y: Tensor), push = linearize f x
    (stack y.Rank [ for e in basis x -> push e ]).Reshape(Array.append y.Shape x.Shape)

let private derivatives =
    let f (x: Tensor) = matmul (sin x) x.T
    let x = draw 1L [ 2; 3 ]

    testList "jacobian and its kin" [
        test "are what loops over the basis give" {
            near "jacobian" (jacobianLoop f x) (jacobian f x)
            near "jacobianForward" (forwardLoop f x) (jacobianForward f x)
            near "both" (jacobian f x) (jacobianForward f x)
            near "hessian" (forwardLoop (grad cube) x) (hessian cube x)
            let second = (hessian cube x).Reshape [ 6; 6 ]
            near "laplacian" (List.reduce (+) [ for i in 0..5 -> second[i, i] ]) (laplacian cube x)
            near "divergence" (sum (cos x)) (divergence sin x)
        }
        test "of nothing" {
            let none = draw 1L [ 0 ]
            Expect.equal (jacobian sin none).Shape [| 0; 0 |] "jacobian"

            Expect.equal
                (jacobianForward (fun x -> concat 0 [ x; tensor [ 1.0 ] ]) none).Shape
                [| 1; 0 |]
                "jacobianForward"

            Expect.equal (float (laplacian sum none)) 0.0 "laplacian"
        }
        test "the basis in parts" {
            for atOnce in [ 1; 4; 5; 6; 7 ] do
                Cotangent.Batching.Batch.overBasis "parts" atOnce (fun e -> e * x) x
                |> near $"{atOnce} at once" (stack 0 [ for e in basis x -> e * x ])
        }
        test "nested: all third derivatives" {
            let expected =
                6.0 * (Tensor.eye DType.Float64 3).Unsqueeze(-1) * (Tensor.eye DType.Float64 3).Unsqueeze 0

            near "jacobian of hessian" expected (jacobian (hessian (fun x -> sum (x ** 3.0))) (draw 1L [ 3 ]))
        }
    ]

[<Tests>]
let tests = testList "Batch" [ trees; composition; derivatives ]
