/// Rates of their own for each number, step by step.
module Cotangent.Tests.AdaptiveTests

open Expecto
open Cotangent
open Cotangent.Tests.Sequence

/// Tieleman & Hinton 2012, ε outside the root as PyTorch has it.
let private rmsProp rate decay epsilon =
    each 0.0 (fun v t g _ ->
        let v = decay * v + (1.0 - decay) * g * g
        -(rate t) * g / (sqrt v + epsilon), v)

[<Tests>]
let tests =
    testList "Adaptive rates" [
        follows "rmsProp" (Optimizer.rmsProp (0.02, 0.8, 0.05)) (rmsProp (fun _ -> 0.02) 0.8 0.05)
        follows "rmsProp by default" (Optimizer.rmsProp 0.02) (rmsProp (fun _ -> 0.02) 0.99 1e-8)
    ]
