/// Adam and its relatives, step by step.
module Cotangent.Tests.AdamTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.Sequence

let private falling = Schedule.cosine 0.3 0.02 7
let private fallen t = 0.02 + 0.5 * (1.0 + cos (System.Math.PI * float (t - 1) / 7.0)) * (0.3 - 0.02)

/// Kingma & Ba 2015, algorithm 1: the direction.
let private direction beta1 beta2 epsilon (m, v) t (g: float) =
    let m = beta1 * m + (1.0 - beta1) * g
    let v = beta2 * v + (1.0 - beta2) * g * g
    m / (1.0 - beta1 ** float t) / (sqrt (v / (1.0 - beta2 ** float t)) + epsilon), (m, v)

let private adam rate beta1 beta2 epsilon =
    each (0.0, 0.0) (fun kept t g _ ->
        let d, kept = direction beta1 beta2 epsilon kept t g
        -(rate t) * d, kept)

/// Loshchilov & Hutter 2019, algorithm 2.
let private adamW rate decay beta1 beta2 epsilon =
    each (0.0, 0.0) (fun kept t g p ->
        let d, kept = direction beta1 beta2 epsilon kept t g
        -(rate t) * (d + decay * p), kept)

let private sequences =
    testList "by hand" [
        follows "adam" (Optimizer.adam (0.05, 0.8, 0.95, 0.03)) (adam (fun _ -> 0.05) 0.8 0.95 0.03)
        follows "adam by default" (Optimizer.adam 0.05) (adam (fun _ -> 0.05) 0.9 0.999 1e-8)
        follows "adam, a schedule" (Optimizer.adam (falling, beta2 = 0.9)) (adam fallen 0.9 0.9 1e-8)
        follows
            "adam without a mean"
            (Optimizer.adam (0.05, beta1 = 0.0))
            (adam (fun _ -> 0.05) 0.0 0.999 1e-8)
        follows
            "adamW"
            (Optimizer.adamW (0.05, 0.3, 0.8, 0.95, 0.03))
            (adamW (fun _ -> 0.05) 0.3 0.8 0.95 0.03)
        follows "adamW by default" (Optimizer.adamW 0.05) (adamW (fun _ -> 0.05) 0.01 0.9 0.999 1e-8)
        follows "adamW, a schedule" (Optimizer.adamW (falling, 0.3)) (adamW fallen 0.3 0.9 0.999 1e-8)
        follows
            "scaleByAdam"
            (Optimizer.scaleByAdam (0.8, 0.95, 0.03))
            (each (0.0, 0.0) (fun kept t g _ -> direction 0.8 0.95 0.03 kept t g))
    ]

/// A count in Float32 or biases of little digits would part ways with these.
let private long = test "10,000 steps in a compiled loop are those of eager ones, and those by hand" {
    let optimizer = Optimizer.adam (Schedule.linear 0.02 0.001 10_000, beta1 = 0.9, beta2 = 0.999)
    let target = tensor [ 0.3; -2.0; 5.0 ]
    // Gradients that never come to rest.
    let gradient (step: Tensor) (x: Tensor) = x - target + sin (step.Convert DType.Float64 + x)

    let once (x, state, step: Tensor) =
        let x, state = Optimizer.step optimizer (gradient step x) state x
        x, state, step + 1

    let x = tensor [ 1.0; 1.0; 1.0 ]
    let first = x, optimizer.Init x, tensor 0
    let compiled, _, _ = compile (iterate 10_000 once) first
    let mutable eager = first

    for _ in 1..10_000 do
        eager <- once eager

    let eager, state, _ = eager
    close 1e-9 (numbers eager) compiled
    equals 10_000 state.Numbers["step"]

    let byHand start target =
        let mutable x, kept = start, (0.0, 0.0)

        for t in 1..10_000 do
            let d, next = direction 0.9 0.999 1e-8 kept t (x - target + sin (float (t - 1) + x))
            kept <- next
            x <- x - (0.02 + float (t - 1) / 10_000.0 * (0.001 - 0.02)) * d

        x

    close 1e-9 [ for t in numbers target -> byHand 1.0 t ] eager
}

[<Tests>]
let tests = testList "Adam's family" [ sequences; long ]
