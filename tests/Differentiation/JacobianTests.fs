/// Derivatives of trees by trees: by hand, and against finite differences of every number by every number.
module Cotangent.Tests.JacobianTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

type private Model = { Weights: Tensor; Parts: Tensor list }
type private Output = { Loss: Tensor; Rows: Tensor }

let private model = {
    Weights = tensor [ [ 0.5; -1.0; 0.3 ]; [ 2.0; 0.7; -0.4 ] ]
    Parts = [ tensor 0.8; tensor [ 1.5; -0.6 ] ]
}

let private run (m: Model) : Output =
    let rows = sin (m.Weights * m.Parts[0]) * m.Parts[1].Unsqueeze 1
    { Loss = sum (rows * rows); Rows = rows }

let private flat (tree: 'tree) = Tree.leaves tree |> Array.map _.Flatten() |> concat 0

/// All results by all arguments, by central differences.
let private byDifferences (f: 'p -> 'q) (x: 'p) : float[] =
    let h = 1e-5
    let leaves = Tree.leaves x

    let moved i k d =
        leaves
        |> Array.mapi (fun n t ->
            if n <> i then
                t
            else
                let step = build DType.Float64 [ t.Size ] (fun index -> if index = [ k ] then d else 0.0)
                t + step.Reshape t.Shape)
        |> Tree.rebuild x
        |> f
        |> flat

    [
        for i in 0 .. leaves.Length - 1 do
            for k in 0 .. leaves[i].Size - 1 -> (moved i k h - moved i k -h) / (2.0 * h)
    ]
    |> stack 1
    |> numbers

let private blocksOf (j: Jacobian<'p, 'q>) = [ for row in j.Blocks -> row |> List.map numbers ]

[<Tests>]
let tests =
    testList "Jacobians of trees" [
        test "against finite differences, in both modes, plain and compiled" {
            let expected = byDifferences run model

            for j in
                [
                    jacobians run model
                    jacobiansForward run model
                    compile (jacobians run) model
                    compile (jacobiansForward run) model
                    jacobians (compile run) model
                ] do
                hasShape [ 7; 9 ] (j.ToMatrix())
                close 1e-8 expected (j.ToMatrix())
                close 1e-12 (numbers (flat (run model))) (flat j.Value)
        }
        test "blocks by what they are the derivatives of" {
            let j = jacobians run model
            let ofRows = j.Of(fun y -> y.Rows)
            hasShape [ 2; 3; 2; 3 ] ofRows.Weights
            hasShape [ 2; 3 ] ofRows.Parts[0]
            hasShape [ 2; 3; 2 ] ofRows.Parts[1]
            let byScale = j.By(fun m -> m.Parts[0])
            hasShape [] byScale.Loss
            hasShape [ 2; 3 ] byScale.Rows
            equals ofRows.Parts[0] byScale.Rows
            equals ofRows.Parts[0] (j.Block((fun y -> y.Rows), (fun m -> m.Parts[0])))

            // rows = sin (w s) r: by the scale, cos (w s) w r.
            let w, s, r = model.Weights, model.Parts[0], model.Parts[1].Unsqueeze 1
            close 1e-12 (numbers (cos (w * s) * w * r)) byScale.Rows
            let gradient = grad (run >> _.Loss) model
            closeNumbers 1e-12 (numbers (flat gradient)) (numbers (flat (j.Of _.Loss)))
        }
        test "of one result, a tree like the argument" {
            let rows = run >> _.Rows
            let expected = (jacobians run model).Of _.Rows

            for made in [ jacobian rows model; jacobianForward rows model; compile (jacobian rows) model ] do
                closeNumbers 1e-12 (numbers (flat expected)) (numbers (flat made))
                hasShape [ 2; 3; 2; 3 ] made.Weights
        }
        test "second derivatives of trees" {
            let loss = run >> _.Loss
            let expected = byDifferences (grad loss) model

            for h in [ hessians loss model; compile (hessians loss) model ] do
                hasShape [ 9; 9 ] (h.ToMatrix())
                close 1e-8 expected (h.ToMatrix())

            // f = a² b: [[2 b, 2 a]; [2 a, 0]]
            let h = hessians (fun (a: Tensor, b: Tensor) -> a * a * b) (tensor 2.0, tensor 3.0)
            equals [ [ 6.0; 4.0 ]; [ 4.0; 0.0 ] ] (h.ToMatrix())
            equals 4.0 (h.Block(fst, snd))
            equals 6.0 (fst (h.Of fst))
        }
        test "a vector times the Hessian, and the Hessian times a vector" {
            let loss = run >> _.Loss
            let v = Tree.map (fun t -> cos t) model
            let h = (hessians loss model).ToMatrix()
            let expected = numbers (matmul h (flat v))
            close 1e-11 expected (flat (vhp loss model v))
            close 1e-11 expected (flat (hvp loss model v))
            close 1e-11 expected (flat (compile (vhp loss model) v))
        }
        test "under vmap and under grad" {
            let f (a: Tensor, b: Tensor) = {| First = a * b; Second = sin a |}
            let a, b = tensor [ 0.1; 0.2; 0.3 ], tensor [ 2.0; 3.0; 4.0 ]

            for made in
                [
                    vmap (jacobians f) (a, b)
                    vmap (jacobiansForward f) (a, b)
                    compile (vmap (jacobians f)) (a, b)
                ] do
                close 1e-12 (numbers b) (made.Block(_.First, fst))
                close 1e-12 (numbers a) (made.Block(_.First, snd))
                close 1e-12 (numbers (cos a)) (made.Block(_.Second, fst))

            // ∂/∂a of ∂(sin a)/∂a
            let slope (x: Tensor) = (jacobians (fun x -> x, sin x) x).Block(snd, id)
            close 1e-12 [ -sin 0.4 ] (grad slope (tensor 0.4))
        }
        test "a tensor that stands in two places is one of each" {
            let x = tensor 2.0
            let j = jacobians (fun (a: Tensor, b: Tensor) -> a * b, a) (x, x)
            equals 2.0 (j.Block(fst, snd))
            equals 1.0 (j.Block(snd, fst))
            equals 0.0 (j.Block(snd, snd))
        }
        test "what a result does not depend on is 0, also where its slope is infinite" {
            let f (a: Tensor, b: Tensor) = sqrt a, b * b
            let at = tensor 0.0, tensor 3.0

            for j in [ jacobians f at; jacobiansForward f at; compile (jacobians f) at ] do
                equals 0.0 (j.Block(snd, fst))
                equals 0.0 (j.Block(fst, snd))
                equals 6.0 (j.Block(snd, snd))
                equals infinity (j.Block(fst, fst))
        }
        test "frozen tensors have derivatives of 0, and whole numbers none" {
            let f (x: Tensor, fixed': Frozen<Tensor>) = x * fixed'.Value, Frozen x
            let j = jacobians f (tensor [ 1.0; 2.0 ], Frozen(tensor 5.0))
            equals [ [ 5.0; 0.0 ]; [ 0.0; 5.0 ] ] (j.Block(fst, fst))
            equals [ 0.0; 0.0 ] (j.Block(fst, (fun (_, k) -> k.Value)))
            equals [ [ 0.0; 0.0 ]; [ 0.0; 0.0 ] ] (j.Block((fun (_, k) -> k.Value), fst))
            let forward = jacobiansForward f (tensor [ 1.0; 2.0 ], Frozen(tensor 5.0))
            Expect.equal (blocksOf forward) (blocksOf j) "by columns"

            throws<DTypeException, _> [ "$.Item2"; "jacobians"; "Int32" ] (fun () ->
                jacobians (fun (x: Tensor) -> x, x.Convert DType.Int32) (tensor 1.5))

            throws<DTypeException, _> [ "jacobian"; "Int32" ] (fun () ->
                jacobian (fun (x: Tensor) -> x.Convert DType.Int32) (tensor 1.5))
        }
        test "errors" {
            let j = jacobians run model

            throws<TreeException, _> [ "Jacobian.Of"; "must pick one of the tensors"; "y.Loss" ] (fun () ->
                j.Of(fun y -> y.Loss.Reshape [ 1 ]))

            throws<TreeException, _> [ "Jacobian.By"; "must pick one of the tensors" ] (fun () ->
                j.By(fun _ -> tensor 1.0))

            throws<TreeException, _> [ "jacobians"; "no tensors" ] (fun () ->
                jacobians (fun (_: Tensor list) -> tensor 1.0) [])

            throws<ShapeException, _> [ "hessians:"; "(2, 3)" ] (fun () -> hessians (run >> _.Rows) model)
            let two (x: Tensor) = x * x
            let x = tensor [ 1.0; 2.0 ]
            throws<ShapeException, _> [ "hessian:"; "(2,)" ] (fun () -> hessian two x)
            throws<ShapeException, _> [ "hvp:"; "(2,)" ] (fun () -> hvp two x x)
            throws<ShapeException, _> [ "vhp:"; "(2,)" ] (fun () -> vhp two x x)
        }
    ]
