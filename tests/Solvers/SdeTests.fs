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

// ---- General noise ----

/// dZ = a Z dt + b₁ Z dW₁ + b₂ Z dW₂ of complex numbers, as pairs of real ones: noise that is not diagonal but commutes, since complex numbers
/// do. Z = exp ((a - (b₁² + b₂²)/2) t + b₁ W₁ + b₂ W₂).
module private Spiral =
    let a, b1, b2 = Numerics.Complex(0.3, 1.0), Numerics.Complex(0.5, 0.4), Numerics.Complex(0.2, -0.6)

    /// What a complex factor does to a pair.
    let private times (z: Numerics.Complex) (y: Tensor) =
        stack 0 [ z.Real * y[0] - z.Imaginary * y[1]; z.Imaginary * y[0] + z.Real * y[1] ]

    let drift (_: Tensor) (y: Tensor) = times a y
    let diffusion (_: Tensor) (y: Tensor) = stack 1 [ times b1 y; times b2 y ]

    let exact (time: float) (w1: float, w2: float) : Numerics.Complex =
        Numerics.Complex.Exp((a - (b1 * b1 + b2 * b2) / 2.0) * time + b1 * w1 + b2 * w2)

/// States at the time 1 from (1, 0) or so, and what the Brownian motions are there: one row for each of many paths.
let private ends count seed method steps noises drift diffusion (start: Tensor) : float[][] * float[][] =
    let one key =
        let path = Brownian.path key (0.0, 1.0) 1e-4 DType.Float64 [ noises ]
        let states = Sde.solveGeneral method steps drift diffusion path (tensor [ 0.0; 1.0 ]) start
        states[1], path.At(tensor 1.0)

    let states, motions = vmap one (Key.batch count (Key.create seed))
    let rows (t: Tensor) = numbers t |> Array.chunkBySize t.Shape[1]
    rows states, rows motions

let private spirals count method steps =
    let states, motions = ends count 21L method steps 2 Spiral.drift Spiral.diffusion (tensor [ 1.0; 0.0 ])

    Array.map2
        (fun (y: float[]) (w: float[]) -> Numerics.Complex(y[0], y[1]), Spiral.exact 1.0 (w[0], w[1]))
        states
        motions

/// Three motions that move two numbers, of which the second is moved by the first: this noise does not commute.
let private chained (_: Tensor) (y: Tensor) =
    let one, zero = Tensor.onesLike y[0], Tensor.zerosLike y[0]
    stack 0 [ stack 0 [ one; zero; zero ]; stack 0 [ zero; y[0]; 0.5 * one ] ]

let private general =
    testList "general noise" [
        test "strong orders, against the closed form along the same paths" {
            let error method steps =
                spirals 600 method steps |> Array.averageBy (fun (z, exact) -> (z - exact).Magnitude)

            let order method = Math.Log2(error method 8 / error method 128) / 4.0
            let euler, milstein = order SdeMethod.EulerMaruyama, order SdeMethod.Milstein
            Expect.isLessThan (abs (euler - 0.5)) 0.12 $"Euler and Maruyama: {euler}"
            Expect.isLessThan (abs (milstein - 1.0)) 0.12 $"Milstein: {milstein}"
        }
        test "weak order 1: the mean of |Z|², against E |Z(1)|² = exp (2 Re a + |b₁|² + |b₂|²)" {
            let squared (z: Numerics.Complex) = z.Magnitude * z.Magnitude
            let noise = squared Spiral.b1 + squared Spiral.b2

            // Euler's own moments are known: each step multiplies the mean by |1 + a h|² + (|b₁|² + |b₂|²) h.
            let moment steps =
                let h = 1.0 / float steps
                (squared (1.0 + Spiral.a * h) + noise * h) ** float steps

            let exact = exp (2.0 * Spiral.a.Real + noise)

            for method in [ SdeMethod.EulerMaruyama; SdeMethod.Milstein ] do
                let weak steps =
                    // The means differ from those of the exact solutions along the same paths, which takes most of the chance away.
                    let apart =
                        spirals 3000 method steps |> Array.map (fun (z, exact) -> squared z - squared exact)

                    let mean = Array.average apart

                    let deviation =
                        sqrt (Array.averageBy (fun x -> (x - mean) * (x - mean)) apart / float apart.Length)

                    mean, deviation

                let coarse, fine = weak 4, weak 16

                if method = SdeMethod.EulerMaruyama then
                    for (mean, deviation), steps in [ coarse, 4; fine, 16 ] do
                        Expect.isLessThan
                            (abs (mean - (moment steps - exact)))
                            (5.0 * deviation)
                            $"{method}, {steps} steps: {mean} in place of {moment steps - exact}"

                // A quarter of the step makes a quarter of the error, within five standard deviations.
                let (large, dLarge), (small, dSmall) = coarse, fine

                Expect.isLessThan
                    (abs (large / 4.0 - small))
                    (5.0 * (dLarge / 4.0 + dSmall) + abs large / 12.0)
                    $"{method}: {large}, then {small}"
        }
        test "a diagonal matrix is diagonal noise" {
            let path = Brownian.path (Key.create 5L) (0.0, 1.0) 1e-3 DType.Float64 [ 3 ]
            let times, start = tensor [ 0.0; 0.4; 1.0 ], tensor [ 1.0; 2.0; -1.0 ]
            let drift _ (y: Tensor) = -0.5 * y
            let each _ (y: Tensor) = 0.3 * sin y

            for method in [ SdeMethod.EulerMaruyama; SdeMethod.Milstein ] do
                let expected = Sde.solve method 10 drift each path times start
                let matrix t y = (each t y).Unsqueeze 1 * Tensor.eye DType.Float64 3
                let states = Sde.solveGeneral method 10 drift matrix path times start
                near 1e-13 (numbers expected) states $"{method}"

                let compiled = compile (Sde.solveGeneral method 10 drift matrix path times)
                near 1e-13 (numbers expected) (compiled start) $"{method}, compiled"
        }
        test "more motions than numbers: moments of noise that does not commute" {
            // dX = dW₁, dY = X dW₂ + dW₃/2: E Y(1) = 0, E Y² = 1/2 + 1/4; of n steps of Euler's method 1/2 (1 - 1/n) + 1/4.
            let steps, count = 16, 4000

            let states, _ =
                ends
                    count
                    8L
                    SdeMethod.EulerMaruyama
                    steps
                    3
                    (fun _ y -> 0.0 * y)
                    chained
                    (tensor [ 0.0; 0.0 ])

            let ys = states |> Array.map (fun y -> y[1])
            let squares = ys |> Array.map (fun y -> y * y)
            let mean = Array.average squares

            let deviation = sqrt (Array.averageBy (fun x -> (x - mean) * (x - mean)) squares / float count)

            let expected = 0.5 * (1.0 - 1.0 / float steps) + 0.25
            Expect.isLessThan (abs (mean - expected)) (5.0 * deviation) $"{mean} in place of {expected}"
            Expect.isLessThan (abs (Array.average ys)) (5.0 * sqrt (expected / float count)) "the mean"
        }
        test "Milstein's method is for noise that commutes" {
            let path = Brownian.path (Key.create 5L) (0.0, 1.0) 1e-3 DType.Float64 [ 3 ]
            let times, start = tensor [ 0.0; 1.0 ], tensor [ 1.0; 2.0 ]
            let solve = Sde.solveGeneral SdeMethod.Milstein 4 (fun _ y -> -y) chained path times

            raises<ValueException, _> "noise that does not commute" (fun () -> solve start) "eagerly"
            Expect.isTrue (Array.forall Double.IsNaN (numbers (compile solve start)).[2..]) "compiled: NaN"

            // At the start all slopes are 0, later they are not.
            let late t (y: Tensor) =
                where ((sum (abs y)).Greater 0.5) (chained t y) (0.3 * Tensor.onesLike (chained t y))

            let states =
                Sde.solveGeneral SdeMethod.Milstein 4 (fun _ y -> 1.0 + 0.0 * y) late path times (0.0 * start)

            Expect.isTrue (Array.forall Double.IsNaN (numbers states).[2..]) "on the way: NaN"
        }
        test "derivatives go through the steps, compiled too" {
            let small = Brownian.path (Key.create 3L) (0.0, 1.0) 1e-3 DType.Float64 [ 2 ]

            for method in [ SdeMethod.EulerMaruyama; SdeMethod.Milstein ] do
                let loss (p: Tensor) =
                    let drift t y = p[0] * Spiral.drift t y
                    let diffusion t y = p[1] * Spiral.diffusion t y
                    let times = tensor [ 0.0; 0.4; 1.0 ]
                    let states = Sde.solveGeneral method 10 drift diffusion small times (tensor [ 1.0; 2.0 ])
                    sum (states[2] * tensor [ 1.0; 2.0 ])

                let p = tensor [ 0.7; 1.3 ]
                let expected = differences 1e-6 loss p
                near 1e-7 expected (grad loss p) $"{method}, eagerly"
                near 1e-7 expected (compile (grad loss) p) $"{method}, compiled"
        }
        test "mistakes" {
            let path m = Brownian.path (Key.create 3L) (0.0, 1.0) 1e-3 DType.Float64 m
            let times, start = tensor [ 0.0; 1.0 ], tensor [ 1.0; 2.0 ]
            let matrix (d: int) (m: int) = fun (_: Tensor) (_: Tensor) -> Tensor.ones DType.Float64 [ d; m ]

            let solve diffusion drift shape start =
                fun () -> Sde.solveGeneral SdeMethod.EulerMaruyama 2 drift diffusion (path shape) times start

            let still _ (y: Tensor) = 0.0 * y

            raises<ShapeException, _>
                "the diffusion is Float64 (3, 2); Float64 (2, 3) is wanted"
                (solve (matrix 3 2) still [ 3 ] start)
                "a matrix turned over"

            raises<ShapeException, _>
                "the drift is Float64 (); Float64 (2,) is wanted"
                (solve (matrix 2 3) (fun _ y -> sum y) [ 3 ] start)
                "a drift that would be stretched"

            raises<ShapeException, _>
                "must be vectors, (d,) and (m,)"
                (solve (matrix 2 3) still [ 3 ] (tensor 1.0))
                "one number"

            raises<ShapeException, _>
                "the drift is Float64 ()"
                (fun () ->
                    Sde.solve SdeMethod.Milstein 2 (fun _ y -> sum y) (fun _ y -> y) (path [ 2 ]) times start)
                "with diagonal noise, too"

            raises<ShapeException, _>
                "`Sde.solveGeneral`"
                (fun () -> Sde.solve SdeMethod.Milstein 2 still (matrix 2 3) (path [ 3 ]) times start)
                "a matrix for diagonal noise"
        }
    ]

[<Tests>]
let tests =
    testList "SDEs" [
        general
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
        test "steps of the resolution have the variance of steps" {
            // Their ends fall anywhere between the tree's nodes. The mean of 300 × 1500 squares has a deviation of 0.2 %.
            let path = Brownian.path (Key.create 12L) (0.0, 1.0) (1.0 / 300.0) DType.Float64 [ paths ]
            let states = vmap path.At (Tensor.linspace DType.Float64 0.0 1.0 301)
            let steps = states[1..] - states[..299]
            let sum = float ((steps * steps).Sum()) / float paths
            Expect.isLessThan (abs (sum - 1.0)) 0.03 "quadratic variation"
        }
        test "steps shorter than the resolution are no noise" {
            let path = Brownian.path (Key.create 1L) (0.0, 1.0) 1e-2 DType.Float64 []

            let solve steps times =
                Sde.solve SdeMethod.EulerMaruyama steps (fun _ y -> y) (fun _ y -> y) path times (tensor 1.0)

            let times = tensor [ 0.0; 0.5; 1.0 ]
            solve 50 times |> ignore

            raises<ValueException, _> "a resolution of 0.01" (fun () -> solve 60 times) "finer than the path"

            let states = numbers (compile (solve 50) (tensor [ 0.0; 0.5; 0.6 ]))
            Expect.isTrue (Double.IsFinite states[1] && Double.IsNaN states[2]) "NaN in compiled code"
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
