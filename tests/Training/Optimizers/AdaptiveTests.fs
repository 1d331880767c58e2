/// Rates of their own for each number, step by step.
module Cotangent.Tests.AdaptiveTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.Sequence

/// Duchi, Hazan & Singer 2011.
let private adagrad rate initial epsilon =
    each initial (fun s t g _ ->
        let s = s + g * g
        -(rate t) * g / (sqrt s + epsilon), s)

/// Tieleman & Hinton 2012, ε outside the root as PyTorch has it; centred and with momentum after Graves 2013.
let private rmsProp rate decay epsilon momentum isCentred =
    each (0.0, 0.0, 0.0) (fun (v, mean, velocity) t g _ ->
        let v = decay * v + (1.0 - decay) * g * g
        let mean = decay * mean + (1.0 - decay) * g
        let direction = g / (sqrt (if isCentred then v - mean * mean else v) + epsilon)
        let velocity = momentum * velocity + direction
        -(rate t) * velocity, (v, mean, velocity))

/// Zeiler 2012, algorithm 1.
let private adadelta rate decay epsilon =
    each (0.0, 0.0) (fun (s, d) t g _ ->
        let s = decay * s + (1.0 - decay) * g * g
        let change = sqrt (d + epsilon) / sqrt (s + epsilon) * g
        -(rate t) * change, (s, decay * d + (1.0 - decay) * change * change))

let private always rate = fun (_: int) -> rate
let private falling = Schedule.linear 0.3 0.02 7
let private fallen t = 0.3 + float (t - 1) / 7.0 * (0.02 - 0.3)

[<Tests>]
let tests =
    testList "Adaptive rates" [
        follows "adagrad" (Optimizer.adagrad (0.05, 0.3, 0.02)) (adagrad (always 0.05) 0.3 0.02)
        follows "adagrad by default" (Optimizer.adagrad falling) (adagrad fallen 0.0 1e-10)
        follows "rmsProp" (Optimizer.rmsProp (0.02, 0.8, 0.05)) (rmsProp (always 0.02) 0.8 0.05 0.0 false)
        follows "rmsProp by default" (Optimizer.rmsProp falling) (rmsProp fallen 0.99 1e-8 0.0 false)
        follows
            "rmsProp, centred"
            (Optimizer.rmsProp (0.02, 0.8, 0.05, isCentred = true))
            (rmsProp (always 0.02) 0.8 0.05 0.0 true)
        follows
            "rmsProp, momentum"
            (Optimizer.rmsProp (0.02, 0.8, 0.05, 0.7))
            (rmsProp (always 0.02) 0.8 0.05 0.7 false)
        follows
            "rmsProp, momentum and centred"
            (Optimizer.rmsProp (falling, 0.8, 0.05, 0.7, true))
            (rmsProp fallen 0.8 0.05 0.7 true)
        follows "adadelta" (Optimizer.adadelta (0.7, 0.8, 0.01)) (adadelta (always 0.7) 0.8 0.01)
        follows "adadelta by default" (Optimizer.adadelta falling) (adadelta fallen 0.9 1e-6)
        testCase "centred, of equal gradients, is finite" (fun () ->
            let o = Optimizer.rmsProp (0.1, decay = 0.3, isCentred = true)
            let x = tensor [ 1.0f; 0.1f ]
            let once (x, s) _ = Optimizer.step o (tensor [ 0.1f; 1e-3f ]) s x
            let x, _ = Seq.fold once (x, o.Init x) [ 1..30 ]
            Expect.equal (x.IsFinite().All()) (tensor true) "finite")
        testCase "refused" (fun () ->
            throws<ValueException, _> [ "Optimizer.adagrad"; "-1" ] (fun () ->
                Optimizer.adagrad (0.1, initial = -1.0))

            throws<ValueException, _> [ "Optimizer.rmsProp"; "decay"; "1.5" ] (fun () ->
                Optimizer.rmsProp (0.1, decay = 1.5))

            throws<ValueException, _> [ "Optimizer.adadelta"; "decay" ] (fun () ->
                Optimizer.adadelta (0.1, decay = 1.0)))
    ]
