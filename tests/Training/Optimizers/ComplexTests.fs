/// Optimisers of complex parameters, against the same of their parts as real ones.
module Cotangent.Tests.ComplexOptimizerTests

open System.Numerics
open Expecto
open Cotangent
open Cotangent.Tests.ComplexTests
open Cotangent.Tests.Support

let private goal = tensor [ Complex(0.5, -1.0); Complex(2.0, 2.0) ]
let private start = tensor [ Complex(1.0, 2.0); Complex(-3.0, 0.5) ]

/// Not analytic, and of both parts together.
let private loss (z: Tensor) =
    (abs (z - goal) ** 2.0).Sum() + 0.1 * (real z * imag z).Sum() + 0.01 * (abs z ** 4.0).Sum()

let private ofParts (x: Tensor, y: Tensor) = loss (complex x y)

let private optimizers: (string * Optimizer) list = [
    "sgd", Optimizer.sgd 0.05
    "momentum", Optimizer.momentum (0.05, 0.9, nesterov = true)
    "adagrad", Optimizer.adagrad 0.1
    "rmsProp", Optimizer.rmsProp 0.01
    "adam", Optimizer.adam 0.05
    "adamW", Optimizer.adamW 0.05
    "a chain", Optimizer.chain [ Optimizer.clipByValue 0.5; Optimizer.adam 0.05 ]
]

[<Tests>]
let tests =
    testList "Optimisers of complex parameters" [
        for name, optimizer in optimizers do
            test $"{name}: as of pairs of real parameters" {
                let mutable z, state = start, optimizer.Init start
                let mutable parts = real start, imag start
                let mutable ofPairs = optimizer.Init parts
                let step = compile (fun (z, s) -> Optimizer.step optimizer (grad loss z) s z)

                for i in 1..20 do
                    let next, after =
                        if i % 2 = 0 then step (z, state) else Optimizer.step optimizer (grad loss z) state z

                    z <- next
                    state <- after
                    let next, after = Optimizer.step optimizer (grad ofParts parts) ofPairs parts
                    parts <- next
                    ofPairs <- after

                Expect.equal z.DType DType.Complex128 "dtype"
                closeTo 1e-12 (items (complex (fst parts) (snd parts))) (items z)
            }

        test "they reach the least" {
            let optimizer = Optimizer.adam 0.1
            let distance (z: Tensor) = (abs (z - goal) ** 2.0).Sum()
            let mutable z, state = start, optimizer.Init start

            for _ in 1..400 do
                let next, after = Optimizer.step optimizer (grad distance z) state z
                z <- next
                state <- after

            closeTo 1e-3 (items goal) (items z)
        }
        test "beside real ones, clipped by one norm" {
            // (3 + 4i, 12): the norm is 13.
            let p = tensor [ Complex(0.0, 0.0) ], tensor [ 0.0 ]
            let gradient = tensor [ Complex(3.0, 4.0) ], tensor [ 12.0 ]
            let optimizer = Optimizer.chain [ Optimizer.clipByGlobalNorm 1.0; Optimizer.sgd 1.0 ]
            let z, x = fst (optimizer.Update gradient (optimizer.Init p) p)
            closeTo 1e-14 [ Complex(-3.0 / 13.0, 4.0 / 13.0) ] (items z)
            close 1e-14 [ -12.0 / 13.0 ] x
        }
    ]
