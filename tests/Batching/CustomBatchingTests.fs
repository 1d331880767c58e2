/// Functions with batching rules of their own: when the rule runs, with what, and that derivatives and other transformations agree with
/// those of the function without a rule.
module Cotangent.Tests.CustomBatchingTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private w = tensor [ [ 1.0; 2.0; 0.5 ]; [ -1.0; 0.3; 2.0 ] ]

let private xs =
    tensor [ [ 1.0; 0.5; -2.0 ]; [ 0.2; -0.7; 1.1 ]; [ 2.0; 0.0; 0.4 ]; [ -1.0; 3.0; 0.6 ] ]

let private plain (w: Tensor, x: Tensor) = sin ((matmul w (x.Unsqueeze 1)).Squeeze 1)

/// The same, of all examples by one product where all share the matrix; and how often it was asked.
let private ruled () =
    let asked = ResizeArray<int * bool list>()

    let rule (batch: BatchedArgument<Tensor * Tensor>) =
        asked.Add(batch.Examples, batch.IsBatched)

        match batch.IsBatched with
        | [ false; true ] ->
            let w, x = batch.Value
            sin (matmul x w.T)
        | _ ->
            let w, x = batch.Expanded
            sin ((matmul w (x.Unsqueeze 2)).Squeeze 2)

    asked, withBatching rule plain

let private loss f (w: Tensor, x: Tensor) = let y = f (w, x) in sum (y * y * y)

let private flat (a: Tensor, b: Tensor) = Array.append (numbers a) (numbers b)

[<Tests>]
let tests =
    testList "withBatching" [
        test "the rule is what vmap runs, with what is batched and what is shared" {
            let asked, f = ruled ()
            close 1e-14 (numbers (vmap (fun x -> plain (w, x)) xs)) (vmap (fun x -> f (w, x)) xs)
            Expect.equal (List.ofSeq asked) [ 4, [ false; true ] ] "asked once"
            let ws = stack 0 [ w; 2.0 * w; -w; w + 1.0 ]
            close 1e-14 (numbers (vmap plain (ws, xs))) (vmap f (ws, xs))
            close 1e-14 (numbers (vmap (fun w -> plain (w, xs[0])) ws)) (vmap (fun w -> f (w, xs[0])) ws)

            Expect.equal
                (List.ofSeq asked |> List.map snd)
                [ [ false; true ]; [ true; true ]; [ true; false ] ]
                "each way"
        }
        test "without a batch the function runs, and has its own derivatives" {
            let asked, f = ruled ()

            for way in [ f; compile f ] do
                close 1e-14 (numbers (plain (w, xs[0]))) (way (w, xs[0]))

            for way in [ grad (loss f); compile (grad (loss f)); grad (compile (loss f)) ] do
                closeNumbers 1e-13 (flat (grad (loss plain) (w, xs[0]))) (flat (way (w, xs[0])))

            Expect.equal asked.Count 0 "never asked"
        }
        test "derivatives of batches are the rule's, in every order of transformations" {
            let asked, f = ruled ()
            let each f (w, x) = vmap (fun x -> loss f (w, x)) x |> sum
            let expected = flat (grad (each plain) (w, xs))

            for way in [ grad (each f); compile (grad (each f)); grad (compile (each f)) ] do
                closeNumbers 1e-12 expected (flat (way (w, xs)))

            // A gradient of each example, by what is shared and by what is not.
            let gradients f = vmap (fun x -> grad (loss f) (w, x))
            let expected = flat (gradients plain xs)

            for way in [ gradients f; compile (gradients f); gradients (compile f) ] do
                closeNumbers 1e-12 expected (flat (way xs))

            let v = Tree.map cos (w, xs)
            closeNumbers 1e-12 (flat (hvp (each plain) (w, xs) v)) (flat (hvp (each f) (w, xs) v))
            closeNumbers 1e-12 (flat (hvp (each plain) (w, xs) v)) (flat (compile (hvp (each f) (w, xs)) v))

            let pushed f = snd (jvp (fun (w, xs) -> vmap (fun x -> f (w, x)) xs) (w, xs) v)
            close 1e-13 (numbers (pushed plain)) (pushed f)
            let pushed f = vmap (fun x -> snd (jvp (fun x -> f (w, x)) x (cos x))) xs
            close 1e-13 (numbers (pushed plain)) (pushed f)
            Expect.isGreaterThan asked.Count 8 "the rule was asked each time"
        }
        test "batches of batches" {
            let _, f = ruled ()
            let deep = stack 0 [ xs; 2.0 * xs ]
            let expected = vmap (vmap (fun x -> plain (w, x))) deep

            for way in [ id; compile ] do
                close 1e-13 (numbers expected) (way (vmap (vmap (fun x -> f (w, x)))) deep)
        }
        test "it holds through compile" {
            let asked, f = ruled ()
            let compiled = compile (fun x -> f (w, x))
            close 1e-14 (numbers (vmap (fun x -> plain (w, x)) xs)) (vmap compiled xs)
            Expect.equal asked.Count 1 "asked while the batch was compiled"
        }
        test "a function that reads numbers can be batched" {
            // The least exponent n with 2ⁿ >= x, found by a loop over numbers; of a batch by logarithms.
            let exponent (x: Tensor) =
                let mutable n = 0

                while 2.0 ** float n < float x do
                    n <- n + 1

                tensor (float n)

            let f = withBatching (fun (batch: BatchedArgument<Tensor>) -> ceil (log2 batch.Value)) exponent
            equals 4.0 (f (tensor 9.0))
            equals [ 4.0; 0.0; 3.0 ] (vmap f (tensor [ 9.0; 1.0; 8.0 ]))
        }
        test "with a derivative of one's own, in either order" {
            let derivative = Derivative.Pull(fun (x: Tensor) (c: Tensor) -> 10.0 * c * cos x)
            let rule (batch: BatchedArgument<Tensor>) = withDerivative derivative sin batch.Value
            let inner = withBatching rule (withDerivative derivative sin)

            let outer =
                withDerivative derivative (withBatching (fun (b: BatchedArgument<Tensor>) -> sin b.Value) sin)

            let x = tensor [ 0.1; 0.2 ]

            for f in [ inner; outer ] do
                close 1e-14 (numbers (10.0 * cos x)) (vmap (grad f) x)
                close 1e-14 (numbers (10.0 * cos x)) (grad (vmap f >> sum) x)
        }
        test "errors" {
            let wrong (batch: BatchedArgument<Tensor>) = sum batch.Value

            throws<ShapeException, _> [ "withBatching"; "()"; "2 examples"; "axis 0" ] (fun () ->
                vmap (withBatching wrong sin) (tensor [ 1.0; 2.0 ]))

            throws<DerivativeException, _> [ "withBatching"; "vmap"; "argument" ] (fun () ->
                vmap
                    (fun x ->
                        withBatching (fun (b: BatchedArgument<Tensor>) -> b.Value * x) (fun y -> y * x) x)
                    (tensor [ 1.0; 2.0 ]))
        }
    ]
