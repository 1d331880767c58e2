module Cotangent.Distributions.Tests.Inference.AdaptationTests

open System
open Expecto
open Cotangent
open Cotangent.Inference
open Cotangent.Distributions.Tests.Support

/// An ellipse of variances 1 and 4, and its gradient.
let private density (q: float[]) : struct (float * float[]) =
    struct (-0.5 * (q[0] * q[0] + q[1] * q[1] / 4.0), [| -q[0]; -q[1] / 4.0 |])

let private from mass = Leapfrog.resting density [| 1.0; -0.5 |] |> Leapfrog.kick mass [| 0.3; 0.7 |]

let private masses = [
    "diagonal", Mass.Diagonal [| 1.0; 4.0 |]
    "dense",
    Mass.estimate MassMatrix.Dense [| [| 0.0; 0.0 |]; [| 1.0; 0.5 |]; [| 2.0; 3.0 |]; [| 0.0; 1.0 |] |]
]

[<Tests>]
let adaptation =
    testList "Adaptation" [
        test "windows of Stan" {
            // Reference manual, "Adaptation": 75 of the step size, slow windows of 25, 50, 100, 200 and the rest, 50 at the end.
            Expect.equal (Windows.plan 1000) { First = 75; Ends = [ 100; 150; 250; 450; 950 ] } "1000"

            Expect.equal
                (Windows.plan 400)
                { First = 75; Ends = [ 100; 150; 350 ] }
                "the last takes what is left"

            Expect.equal (Windows.plan 150) { First = 75; Ends = [ 100 ] } "150"
            Expect.equal (Windows.plan 100) { First = 15; Ends = [ 90 ] } "shorter: 15 %, 75 %, 10 %"
            Expect.equal (Windows.plan 20) { First = 3; Ends = [ 18 ] } "20"
            Expect.equal (Windows.plan 19) { First = 19; Ends = [] } "none at all"
        }
        for name, mass in masses do
            test $"leapfrog steps can be taken back: {name}" {
                let forth = Seq.fold (fun p _ -> Leapfrog.step mass density 0.1 p) (from mass) [ 1..20 ]
                let back = Seq.fold (fun p _ -> Leapfrog.step mass density -0.1 p) forth [ 1..20 ]
                Array.iter2 (fun a e -> near 1e-12 a e "place") back.Position [| 1.0; -0.5 |]
                Array.iter2 (fun a e -> near 1e-12 a e "momentum") back.Momentum [| 0.3; 0.7 |]
            }

            test $"the error of energy falls with the square of the step: {name}" {
                let error steps =
                    let size = 2.0 / float steps

                    let last =
                        Seq.fold (fun p _ -> Leapfrog.step mass density size p) (from mass) [ 1..steps ]

                    abs (last.Energy - (from mass).Energy)

                near 0.05 (error 20 / error 40) 4.0 "half the step, a quarter of the error"
            }

            test $"momenta have the mass as their covariance: {name}" {
                let random = Stream(Key.create 30L)
                let momenta = Array.init 20_000 (fun _ -> Mass.momentum mass (random.Normals 2))
                // Their velocities then have its inverse, and p · v is χ² of two.
                let shape, inverse = Mass.inverse mass
                let inverse = if shape.Length = 2 then inverse else [| inverse[0]; 0.0; 0.0; inverse[1] |]
                let velocities = momenta |> Array.map (Mass.velocity mass)

                for i in 0..1 do
                    for j in 0..1 do
                        let found = velocities |> Array.averageBy (fun v -> v[i] * v[j])
                        let size = sqrt (inverse[3 * i] * inverse[3 * j])
                        // Five standard errors at most.
                        Expect.isLessThan (abs (found - inverse[2 * i + j])) (0.05 * size) "covariance"
            }
        test "variances are shrunk as Stan shrinks them" {
            // n/(n + 5) of the variance, and 10⁻³ · 5/(n + 5).
            let shape, inverse =
                Mass.inverse (
                    Mass.estimate MassMatrix.Diagonal [|
                        [| 0.0 |]
                        [| 1.0 |]
                        [| 2.0 |]
                        [| 3.0 |]
                        [| 4.0 |]
                    |]
                )

            Expect.equal shape [| 1 |] "shape"
            near 1e-12 inverse[0] (0.5 * 2.5 + 1e-3 * 0.5) "variance"
        }
        test "dual averaging, its first steps by hand" {
            // Hoffman and Gelman, algorithm 5: γ = 0.05, t₀ = 10, κ = 0.75, μ = log 10 ε₀.
            let once = StepSize.adapt 0.8 0.5 (StepSize.start 0.1)
            near 1e-12 once.LogStep (0.0 - 1.0 / 0.05 * (0.3 / 11.0)) "step"
            near 1e-12 once.LogAverage once.LogStep "average"
            let twice = StepSize.adapt 0.8 1.0 once
            let shortfall = (1.0 - 1.0 / 12.0) * (0.3 / 11.0) + 1.0 / 12.0 * -0.2
            near 1e-12 twice.LogStep (-(sqrt 2.0) / 0.05 * shortfall) "second"
            let weight = 2.0 ** -0.75
            near 1e-12 twice.LogAverage (weight * twice.LogStep + (1.0 - weight) * once.LogStep) "average"
        }
        test "random numbers of a stream are uniform and normal" {
            let random = Stream(Key.create 31L)
            kolmogorovSmirnov (Array.init 5000 (fun _ -> random.Uniform())) id "uniform"
            let cdf (x: float) = float (ndtr (tensor x))
            kolmogorovSmirnov (random.Normals 5000) cdf "normal"
        }
    ]
