module Cotangent.Solvers.Tests.SdeTests

open System
open Cotangent
open Cotangent.Solvers
open Cotangent.Solvers.Tests.Near
open Cotangent.Solvers.Tests.Raises
open Expecto

let private paths = 1500

/// W of many independent paths, as one state.
let private path = Brownian.path (Key.create 11L) (0.0, 2.0) 1e-4 DType.Float64 [ paths ]
let private at (t: float) = numbers (path.At(tensor t))
let private average (xs: float[]) = Array.average xs

let private geometric method steps =
    let times = tensor [ 0.0; 1.0 ]

    let states =
        Sde.solve
            method
            steps
            (fun _ y -> 0.5 * y)
            (fun _ y -> 0.8 * y)
            path
            times
            (Tensor.ones DType.Float64 [ paths ])

    numbers states[1]

[<Tests>]
let tests =
    testList "SDEs" [
        test "a path is the same whenever it is asked" {
            let later = at 1.3
            at 0.2 |> ignore
            Expect.equal (at 1.3) later "again"
            let same = Brownian.path (Key.create 11L) (0.0, 2.0) 1e-4 DType.Float64 [ paths ]
            Expect.equal (numbers (same.At(tensor 1.3))) later "from the same key"
            Expect.equal (numbers ((compile (fun t -> path.At t)) (tensor 1.3))) later "compiled"
            near 0.0 (Array.zeroCreate paths) (path.At(tensor 0.0)) "0 at the start"
        }
        test "a path ends where it ends" {
            let path = Brownian.path (Key.create 1L) (0.1, 0.7) 1e-3 DType.Float32 []
            // The ends as Float32 rounds them, the first below 0.1 or above it.
            near 0.0 [ 0.0 ] (path.At(tensor 0.1f)) "the first time"
            Expect.isTrue (Double.IsFinite(float (path.At(tensor 0.7f)))) "the last time"

            for outside in [ 0.0f; 0.8f; nanf ] do
                raises<ValueException, _>
                    "goes from 0.1 to 0.7"
                    (fun () -> path.At(tensor outside))
                    $"at {outside}"

                Expect.isTrue
                    (Double.IsNaN(float (compile path.At (tensor outside))))
                    $"compiled, at {outside}"

            let solve times =
                Sde.solve SdeMethod.EulerMaruyama 10 (fun _ y -> y) (fun _ y -> y) path times (tensor 1.0f)

            let states = numbers (compile solve (tensor [ 0.1f; 0.7f; 0.9f ]))
            Expect.isTrue (Double.IsFinite states[1] && Double.IsNaN states[2]) "NaN beyond the path"

            raises<ValueException, _>
                "the Brownian path goes from 0.1 to 0.7"
                (fun () -> solve (tensor [ 0.1f; 0.9f ]))
                "a solution beyond"
        }
        test "it is Brownian motion" {
            // Of 1500 draws the mean square has a relative deviation of √(2/1500) = 0.037: five of them.
            let isVariance expected (xs: float[]) what =
                Expect.isLessThan (abs (average (Array.map (fun x -> x * x) xs) / expected - 1.0)) 0.18 what
                Expect.isLessThan (abs (average xs)) (5.0 * sqrt (expected / float paths)) $"{what}: mean"

            for t in [ 0.1; 0.7; 1.0; 1.31; 2.0 ] do
                isVariance t (at t) $"W({t})"

            let increment a b = Array.map2 (-) (at b) (at a)
            isVariance 0.3 (increment 0.4 0.7) "an increment"
            isVariance 0.001 (increment 0.9995 1.0005) "a small one, across the middle"
            let product = Array.map2 (*) (increment 0.0 0.5) (increment 0.5 1.5)

            Expect.isLessThan
                (abs (average product))
                (5.0 * sqrt (0.5 / float paths))
                "increments are independent"
        }
        test "strong orders, along one path" {
            // exp ((0.5 - 0.32) + 0.8 W(1)).
            let exact = at 1.0 |> Array.map (fun w -> exp (0.18 + 0.8 * w))

            let error method steps =
                average (Array.map2 (fun (a: float) b -> abs (a - b)) (geometric method steps) exact)

            let order method = Math.Log2(error method 8 / error method 128) / 4.0
            let euler, milstein = order SdeMethod.EulerMaruyama, order SdeMethod.Milstein
            Expect.isLessThan (abs (euler - 0.5)) 0.12 $"Euler and Maruyama: {euler}"
            Expect.isLessThan (abs (milstein - 1.0)) 0.12 $"Milstein: {milstein}"
        }
        test "derivatives go through the steps, compiled too" {
            let small = Brownian.path (Key.create 3L) (0.0, 1.0) 1e-3 DType.Float64 [ 2 ]
            let start = tensor [ 1.0; 2.0 ]

            let loss (p: Tensor) =
                let drift _ (y: Tensor) = p[0] * y
                let diffusion _ (y: Tensor) = p[1] * sin y

                let states =
                    Sde.solve SdeMethod.Milstein 20 drift diffusion small (tensor [ 0.0; 0.4; 1.0 ]) start

                sum states[2]

            let p = tensor [ 0.3; 0.4 ]
            let expected = differences 1e-6 loss p
            near 1e-7 expected (grad loss p) "eagerly"
            near 1e-7 expected (compile (grad loss) p) "compiled"
        }
        test "without noise it is Euler's method" {
            let states =
                Sde.solve
                    SdeMethod.EulerMaruyama
                    4
                    (fun _ y -> -y)
                    (fun _ y -> 0.0 * y)
                    path
                    (tensor [ 0.0; 1.0 ])
                    (Tensor.ones DType.Float64 [ paths ])

            Expect.floatClose Accuracy.high (numbers states[1]).[7] (0.75 ** 4.0) "four steps"
        }
        test "mistakes" {
            let one = Brownian.path (Key.create 3L) (0.0, 1.0) 1e-3 DType.Float64 []

            let solve steps times start =
                fun () -> Sde.solve SdeMethod.Milstein steps (fun _ y -> y) (fun _ y -> y) one times start

            raises<ValueException, _> "0 steps" (solve 0 (tensor [ 0.0; 1.0 ]) (tensor 1.0)) "steps"

            raises<ValueException, _>
                "from 0 to 2"
                (solve 1 (tensor [ 0.0; 2.0 ]) (tensor 1.0))
                "beyond the path"

            raises<ValueException, _>
                "later than the last"
                (solve 1 (tensor [ 1.0; 0.0 ]) (tensor 1.0))
                "backwards"

            raises<ShapeException, _>
                "must be alike"
                (solve 1 (tensor [ 0.0; 1.0 ]) (tensor [ 1.0 ]))
                "shapes"

            raises<ShapeException, _> "vmap" (fun () -> one.At(tensor [ 0.5 ])) "many times"

            raises<ValueException, _>
                "go forwards"
                (fun () -> Brownian.path (Key.create 3L) (1.0, 1.0) 1e-3 DType.Float64 [])
                "empty"
        }
    ]
