/// `checkpoint`: what it changes (memory) and what it must not (anything else), also for functions that close over what is
/// differentiated.
module Cotangent.Tests.CheckpointTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private x = tensor [ 1.0; 2.0; 3.0 ]

/// Σ tanh (x w): its slope by w is Σ x (1 - tanh² (x w)).
let private loss (w: Tensor) = sum (checkpoint (fun x -> tanh (x * w)) x)
let private w = tensor 0.5
let private slope = [ 1.0; 2.0; 3.0 ] |> List.sumBy (fun x -> x * (1.0 - tanh (0.5 * x) ** 2.0))

let private everyWay (f: Tensor -> Tensor) (at: Tensor) = [ f at; compile f at ]

[<Tests>]
let tests =
    testList "checkpoint" [
        test "gradients arrive at what the function closes over, in every order" {
            for gradient in
                everyWay (grad loss) w
                @ everyWay (grad (compile loss)) w
                @ everyWay (fun w -> snd (jvp loss w (tensor 1.0))) w do
                close 1e-14 [ slope ] gradient
        }
        test "second derivatives, too" {
            let plain w = sum (tanh (x * w))
            let expected = grad (grad plain) w

            for second in everyWay (grad (grad loss)) w @ everyWay (hvp loss w) (tensor 1.0) do
                close 1e-13 (numbers expected) second
        }
        test "arguments and closures at once, in a loop and in a batch" {
            let f save (c: Tensor, w: Tensor) =
                sum (iterate 3 (save (fun (x: Tensor) -> tanh (x * c))) (x * w))

            let expected = grad (f id) (tensor 3.0, w)

            for c, w in
                [
                    grad (f checkpoint) (tensor 3.0, w)
                    compile (grad (f checkpoint)) (tensor 3.0, w)
                    grad (compile (f checkpoint)) (tensor 3.0, w)
                ] do
                close 1e-14 (numbers (fst expected)) c
                close 1e-14 (numbers (snd expected)) w

            let each save c = grad (fun w -> sum (save (fun (x: Tensor) -> tanh (x * c)) (x * w))) w
            let batch = tensor [ 1.0; -2.0 ]
            close 1e-14 (numbers (vmap (each id) batch)) (vmap (each checkpoint) batch)
            close 1e-14 (numbers (vmap (each id) batch)) (compile (vmap (each checkpoint)) batch)
        }
        test "values are computed again on the way back, not kept" {
            let mutable runs = 0

            let f (x: Tensor) =
                runs <- runs + 1
                tanh x

            let _, pull = vjp (fun x -> checkpoint f x) x
            runs <- 0
            close 1e-15 (numbers (1.0 - square (tanh x))) (pull (Tensor.onesLike x))
            Expect.equal runs 1 "on the way back"
        }
        test "the plan is smaller for layers that close over their parameters, too" {
            let layers = [ for i in 1L .. 12L -> 0.1 * Random.normal (Key.create i) DType.Float32 [ 64; 64 ] ]
            let data = Random.normal (Key.create 0L) DType.Float32 [ 64; 64 ]

            let loss save layers =
                List.chunkBySize 4 layers
                |> List.fold
                    (fun x some -> save (fun x -> List.fold (fun x w -> tanh (matmul x w)) x some) x)
                    data
                |> sum

            let between save = (Compile.memory (grad (loss save)) layers).Between

            Expect.isLessThan
                (between checkpoint)
                (between id * 3L / 4L)
                "bytes with checkpoints against without"

            for plain, saved in List.zip (grad (loss id) layers) (grad (loss checkpoint) layers) do
                close 1e-5 (numbers plain) saved
        }
        test "integers, keys and Bools among arguments and closures" {
            let key, at = Key.create 1L, tensor [ 2; 0; 2 ]

            let f save (x: Tensor) =
                let g (x: Tensor, at: Tensor, key: Key) =
                    x.Take at * Random.normal key DType.Float64 [ 3 ], at

                let y, _ = save g (x, at, key)
                sum (y * y)

            let expected = grad (f id) x

            for g in [ grad (f checkpoint); compile (grad (f checkpoint)); grad (compile (f checkpoint)) ] do
                close 1e-14 (numbers expected) (g x)
        }
        test "one that reads numbers works outside of compiled functions" {
            let f (x: Tensor) = if float (sum x) > 0.0 then x * x else x
            close 1e-15 [ 2.0; 4.0; 6.0 ] (grad (fun x -> sum (checkpoint f x)) x)
        }
        test "checkpoints in checkpoints" {
            let nested (x: Tensor) =
                checkpoint (fun x -> checkpoint (fun x -> tanh (x * w)) (checkpoint (fun x -> x * w) x)) x

            let f w' = sum (checkpoint (fun x -> nested x * w') x)
            close 1e-14 [ float (sum (tanh (x * 0.25))) ] (grad f w)
            close 1e-14 [ float (sum (tanh (x * 0.25))) ] (compile (grad f) w)
        }
    ]
