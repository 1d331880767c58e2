module Cotangent.Distributions.Tests.Inference.SamplerTests

open System
open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Inference
open Cotangent.Distributions.Tests.Support
open Cotangent.Distributions.Tests.Inference.Models

let private few = { Nuts.defaults with Chains = 2; WarmUp = 300; Draws = 200 }

/// Every tenth draw, which are as good as independent.
let private thinned (draws: Tensor) =
    draws.ToData<float[][]>()
    |> Array.collect (Array.indexed >> Array.filter (fun (i, _) -> i % 10 = 0) >> Array.map snd)

/// Mean and standard deviation of slope and intercept of a logistic regression, on a fine grid.
let private byQuadrature (logDensity: float -> float -> float) =
    let cells = [
        for i in 0..400 do
            for j in 0..400 do
                let a, b = -4.0 + float i * 0.025, -3.0 + float j * 0.015
                struct (a, b, exp (logDensity a b))
    ]

    let total = cells |> List.sumBy (fun struct (_, _, w) -> w)
    let expected f = (cells |> List.sumBy (fun struct (a, b, w) -> w * f a b)) / total
    let a, b = expected (fun a _ -> a), expected (fun _ b -> b)
    (a, expected (fun x _ -> (x - a) ** 2.0)), (b, expected (fun _ x -> (x - b) ** 2.0))

let private samplers = [
    "Nuts", Nuts.sample, Nuts.defaults
    "Nuts, dense", Nuts.sample, { Nuts.defaults with MassMatrix = MassMatrix.Dense }
    "Hmc", Hmc.sample, { Hmc.defaults with Draws = 4000 }
]

[<Tests>]
let posteriors =
    testList "Posteriors" [
        for name, sample, options in samplers do
            test $"a correlated normal density: {name}" {
                let found = sample options correlated (Tensor.zeros DType.Float64 [ 3 ]) (Key.create 1L)
                correlatedIs found.Draws
                Expect.equal found.Divergences 0 "divergences"
                meanIs 0.0 (found.LogDensity - correlated (tensor means) + 1.5) "half a χ² of three"
            }
        for name, sample, options in [ "Nuts", Nuts.sample, Nuts.defaults; "Hmc", Hmc.sample, Hmc.defaults ] do
            test $"a density that is not normal, by coarse steps: {name}" {
                // Acceptance of 0.5 leaves errors of energy that weights must mend: without them this fails.
                let options = { options with Draws = 5000; TargetAcceptance = 0.5 }
                let target = Gumbel(tensor 1.0, tensor 2.0)
                let found = sample options target.LogProb (tensor 0.0) (Key.create 2L)
                let cdf (x: float) = exp (-exp(-(x - 1.0) / 2.0))
                kolmogorovSmirnov (thinned found.Draws) cdf "Gumbel"
            }
        test "eight schools" {
            let found =
                Nuts.sample
                    { Nuts.defaults with Draws = 2500 }
                    schools.LogDensity
                    (schoolsStart ())
                    (Key.create 3L)

            let draws = schools.Constrain found.Draws
            // By quadrature, as in PosteriorTests: 4.400, 3.318, 3.603, 3.216; posteriordb has 4.4, 3.3, 3.6, 3.2 from 10,000 draws.
            momentsAre 4.400 (3.318 ** 2.0) draws.Mean "mean effect"
            meanIs 3.603 draws.Spread "spread"
            Expect.isLessThan (abs (float (draws.Spread.Std()) - 3.216)) 0.35 "its deviation, of heavy tails"
            Expect.isLessThan found.Divergences 20 "divergences"
            Expect.isTrue (found.Summary().Rows |> Array.forall (fun row -> row.RHat < 1.01)) "R-hat"
        }
        test "Neal's funnel in coordinates that are not centred" {
            // v is normal of deviation 3, and nine x of deviation exp(v/2) (Neal 2003): as v = 3 u, x = z exp(v/2).
            let logDensity (u, z) =
                let standard = Normal(tensor 0.0, tensor 1.0)
                standard.LogProb u + sum (standard.LogProb z)

            let found =
                Nuts.sample
                    Nuts.defaults
                    logDensity
                    (tensor 0.0, Tensor.zeros DType.Float64 [ 9 ])
                    (Key.create 4L)

            let u, z = found.Draws
            let v = 3.0 * u
            momentsAre 0.0 9.0 v "v"
            let x = z[*, *, 0] * exp (0.5 * v)
            let cdf (x: float) = float (Normal(tensor 0.0, tensor 3.0).Cdf(tensor x))
            kolmogorovSmirnov (thinned v) cdf "v"
            // Half of x / exp(v/2) lies within 0.6745, wherever v is.
            let within (draws: Tensor) = (abs draws).Less(0.67449 * exp (0.5 * v))
            meanIs 0.5 ((within x).Convert DType.Float64) "x"
            Expect.equal found.Divergences 0 "divergences"
        }
        test "the funnel itself is told to be a trap" {
            let logDensity (v: Tensor, x: Tensor) =
                Normal(tensor 0.0, tensor 3.0).LogProb v + sum (Normal(tensor 0.0, exp (0.5 * v)).LogProb x)

            let found =
                Nuts.sample
                    Nuts.defaults
                    logDensity
                    (tensor 0.0, Tensor.zeros DType.Float64 [ 9 ])
                    (Key.create 5L)

            Expect.isGreaterThan found.Divergences 0 "divergences"
            Expect.equal found.Divergences (int ((found.Diverged.Convert DType.Int32).Sum())) "counted"
            let warnings = found.Warnings()
            Expect.stringStarts warnings[0] $"{found.Divergences} of 4000 trajectories diverged" "told"
            Expect.stringContains (string (found.Summary())) warnings[0] "in the table, too"
        }
        test "a logistic regression against quadrature" {
            let x = [| -2.0; -1.5; -1.0; -0.5; 0.0; 0.5; 1.0; 1.5; 2.0; 2.5 |]
            let y = [| 0.0; 0.0; 1.0; 0.0; 0.0; 1.0; 1.0; 0.0; 1.0; 1.0 |]

            let logDensity (slope: Tensor, intercept: Tensor) =
                Normal(tensor 0.0, tensor 2.0).LogProb slope
                + Normal(tensor 0.0, tensor 2.0).LogProb intercept
                + sum (Bernoulli.OfLogits(slope * tensor x + intercept).LogProb(tensor y))

            let plain a b =
                -(a * a + b * b) / 8.0
                + Array.sum (Array.map2 (fun x y -> let t = a * x + b in y * t - log (1.0 + exp t)) x y)

            let found = Nuts.sample Nuts.defaults logDensity (tensor 0.0, tensor 0.0) (Key.create 6L)
            let slope, intercept = found.Draws
            let (a, varianceA), (b, varianceB) = byQuadrature plain
            momentsAre a varianceA slope "slope"
            momentsAre b varianceB intercept "intercept"
        }
    ]

type private Model = { Weight: Tensor; Nested: Tensor list; Fixed: Frozen<Tensor> }

let private nested = {
    Weight = Tensor.zeros DType.Float32 [ 2; 3 ]
    Nested = [ tensor 0.0; Tensor.zeros DType.Float64 [ 2 ] ]
    Fixed = Frozen(tensor 7.0)
}

let private logNested (m: Model) =
    -0.5 * (sum (square m.Weight)).Convert DType.Float64
    - 0.5 * Seq.sum (m.Nested |> List.map (fun t -> sum (square (t - m.Fixed.Value))))

let private standard (x: Tensor) = -0.5 * sum (square x)
let private origin = Tensor.zeros DType.Float64 [ 2 ]

let private same (a: Samples<Tensor>) (b: Samples<Tensor>) =
    Expect.equal (numbers a.Draws) (numbers b.Draws) "draws"
    Expect.equal (numbers a.Energy) (numbers b.Energy) "energies"

/// What is reported, and what is done after so many reports.
let private listener (act: int -> unit) =
    let heard = ResizeArray<ProgressReport>()

    heard,
    {
        new IProgress<ProgressReport> with
            member _.Report report =
                heard.Add report
                act heard.Count
    }

[<Tests>]
let samplers' =
    testList "Samplers" [
        test "trees of several dtypes, with parts that are fixed" {
            let found = Nuts.sample few logNested nested (Key.create 10L)
            Expect.equal found.Draws.Weight.Shape [| 2; 200; 2; 3 |] "chains and draws in front"
            Expect.equal found.Draws.Weight.DType DType.Float32 "dtype"
            Expect.equal (found.Draws.Nested[0]).Shape [| 2; 200 |] "a scalar"
            Expect.equal (float found.Draws.Fixed.Value) 7.0 "what is fixed"
            let second = found.Draws.Nested[1]
            momentsAre 7.0 1.0 second[*, *, 1] "around what is fixed"
            Expect.equal (found.Summary().Rows |> Array.map _.Name |> Array.last) "Nested[1][1]" "name"
            // The log-density belongs to the draw beside it.
            let at = found.Draws |> Tree.map (fun t -> if t.Rank < 2 then t else t[1, 150])
            near 1e-6 (float (logNested at)) (float found.LogDensity[1, 150]) "log-density"
        }
        test "statistics of each transition" {
            let found = Nuts.sample few standard origin (Key.create 11L)

            for t in
                [
                    found.LogDensity
                    found.Acceptance
                    found.Steps
                    found.Depth
                    found.Diverged
                    found.Saturated
                    found.Energy
                ] do
                Expect.equal t.Shape [| 2; 200 |] "shape"

            Expect.equal found.StepSize.Shape [| 2 |] "a step size for each chain"
            Expect.equal found.InverseMass.Shape [| 2; 2 |] "variances"
            let steps, depths = numbers found.Steps, numbers found.Depth

            Expect.isTrue
                (Array.forall2
                    (fun steps depth -> steps >= 2.0 ** depth - 1.0 && steps <= 2.0 ** (depth + 1.0) - 1.0)
                    steps
                    depths)
                "a trajectory that was doubled k times has 2^k - 1 steps, and the attempt to double it again as many as that more"
            // Energy is potential and kinetic, and the kinetic part is positive.
            Expect.isTrue
                (Array.forall2 (fun e l -> e > -l) (numbers found.Energy) (numbers found.LogDensity))
                "energy"

            Expect.isLessThan (abs (float (mean found.Acceptance) - 0.8)) 0.15 "acceptance that was asked for"
            // Two normal numbers: energies are Gamma of concentration 2, and half of their variance is of the momentum.
            meanIs 2.0 found.Energy "mean energy"
        }
        test "the step size follows the acceptance that is asked for" {
            let stepFor target =
                let options = { few with TargetAcceptance = target; WarmUp = 1000 }
                let found = Nuts.sample options standard origin (Key.create 12L)
                Expect.isLessThan (abs (float (mean found.Acceptance) - target)) 0.1 $"{target}"
                float (mean found.StepSize)

            Expect.isLessThan (stepFor 0.95) (0.7 * stepFor 0.6) "smaller steps for more"
        }
        test "mass matrices learn variances and covariances" {
            let learned kind =
                (Nuts.sample
                    { Nuts.defaults with MassMatrix = kind }
                    correlated
                    (Tensor.zeros DType.Float64 [ 3 ])
                    (Key.create 13L))
                    .InverseMass

            let diagonal, dense, unit' =
                learned MassMatrix.Diagonal, learned MassMatrix.Dense, learned MassMatrix.Unit

            Expect.equal dense.Shape [| 4; 3; 3 |] "dense"
            Expect.equal (numbers unit') (Array.create 12 1.0) "unit"
            // From 500 draws, within a third.
            for chain in 0..3 do
                for i in 0..2 do
                    let expected = covariance[i][i]
                    Expect.isLessThan (abs (float diagonal[chain, i] / expected - 1.0)) 0.33 "variance"
                    Expect.isLessThan (abs (float dense[chain, i, i] / expected - 1.0)) 0.33 "of a covariance"

                Expect.isLessThan (abs (float dense[chain, 0, 1] / 0.08 - 1.0)) 0.4 "covariance"
        }
        test "equal keys give equal draws, however many chains run at a time" {
            let draw atOnce = Nuts.sample { few with AtOnce = atOnce } standard origin (Key.create 14L)
            same (draw 1) (draw 2)
            let other = Nuts.sample few standard origin (Key.create 15L)
            Expect.notEqual (numbers other.Draws) (numbers (draw 1).Draws) "another key"
            let draws = (draw 1).Draws
            Expect.notEqual (numbers draws[0]) (numbers draws[1]) "another chain"
        }
        test "a compiled density gives what a plain one does" {
            let draw compiled =
                Nuts.sample
                    { few with Compiled = compiled; Draws = 20; WarmUp = 30 }
                    standard
                    origin
                    (Key.create 16L)

            allNear 1e-6 (draw true).Draws (draw false).Draws "draws"
        }
        test "MaximumDepth cuts trajectories off, and that is told" {
            let options = { few with MaximumDepth = 2; FirstStep = Some 0.01; WarmUp = 0 }
            let found = Nuts.sample options standard origin (Key.create 17L)
            Expect.isTrue (numbers found.Steps |> Array.forall (fun steps -> steps <= 3.0)) "1 + 2 steps"
            Expect.isTrue (found.Saturated.All().ToData<bool>()) "cut off"
            Expect.stringContains (found.Warnings()[0]) "400 of 400 trajectories were cut off" "told"
            allNear 1e-12 found.StepSize (tensor [ 0.01; 0.01 ]) "the step given, without warm-up"
        }
        test "progress is told to the end" {
            let heard, progress = listener ignore

            Nuts.sample { few with Progress = progress; ReportEvery = 70 } standard origin (Key.create 18L)
            |> ignore

            Expect.equal (heard |> Seq.map _.Done |> List.ofSeq) ([ 70..70..1000 ] @ [ 1000 ]) "transitions"
            Expect.isTrue (heard |> Seq.forall (fun r -> r.Total = 1000)) "in all"
            Expect.equal (heard[0].Figures |> List.map fst) [ "acceptance"; "divergences" ] "figures"
        }
        test "what is cancelled returns what was drawn" {
            let cancelled at =
                use source = new Threading.CancellationTokenSource()
                let _, progress = listener (fun reports -> if reports = at then source.Cancel())

                let options = {
                    few with
                        Progress = progress
                        ReportEvery = 1
                        AtOnce = 1
                        Chains = 1
                        Cancellation = source.Token
                }

                Nuts.sample options standard origin (Key.create 19L)

            let whole = cancelled 10_000
            Expect.isTrue whole.IsComplete "complete"
            let part = cancelled 350
            Expect.isFalse part.IsComplete "not complete"
            Expect.equal part.Draws.Shape [| 1; 50; 2 |] "fifty draws after 300 of warm-up"
            Expect.equal (numbers part.Draws) (numbers whole.Draws[*, ..49]) "the first"
            let none = cancelled 100
            Expect.equal (none.Draws.Shape, none.Energy.Shape) ([| 1; 0; 2 |], [| 1; 0 |]) "none in warm-up"
        }
        test "an error in the density is the caller's to see" {
            let calls = ref 0

            let fails (x: Tensor) : Tensor =
                if Threading.Interlocked.Increment &calls.contents > 200 then invalidOp "mine"
                standard x

            Expect.throwsT<InvalidOperationException>
                (fun () -> Nuts.sample { few with Compiled = false } fails origin (Key.create 20L) |> ignore)
                "as it was raised"
        }
        test "chains begin apart, within the radius" {
            let options = {
                few with
                    WarmUp = 0
                    Draws = 1
                    FirstStep = Some 1e-9
                    MaximumDepth = 1
                    Chains = 8
                    StartRadius = 3.0
            }

            let places = numbers (Nuts.sample options standard origin (Key.create 21L)).Draws
            Expect.isTrue (places |> Array.forall (fun x -> abs x < 3.001)) "within"
            Expect.isGreaterThan (Array.max places - Array.min places) 3.0 "apart"

            let together =
                numbers
                    (Nuts.sample { options with StartRadius = 0.0 } standard origin (Key.create 21L)).Draws

            Expect.isTrue (together |> Array.forall (fun x -> abs x < 1e-6)) "all at the start"
        }
        test "errors" {
            let sampling options (logDensity: Tensor -> Tensor) (start: Tensor) () =
                Nuts.sample options logDensity start (Key.create 22L) |> ignore

            throws<ShapeException> (sampling few square origin) "one floating-point number"
            throws<DTypeException> (sampling few standard (tensor [ 1; 2 ])) "Int32"
            throws<ValueException> (sampling few standard (tensor [ nan ])) "must be finite"
            throws<ValueException> (sampling few (fun x -> sum (log (-1.0 - abs x))) origin) "Unconstrained"
            throws<ValueException> (sampling few (fun x -> 0.0 * sum x) origin) "flat"
            throws<ValueException> (sampling { few with Chains = 0 } standard origin) "Chains is 0"
            throws<ValueException> (sampling { few with Draws = 0 } standard origin) "Draws is 0"
            throws<ValueException> (sampling { few with WarmUp = -1 } standard origin) "WarmUp is -1"

            throws<ValueException>
                (sampling { few with TargetAcceptance = 1.0 } standard origin)
                "TargetAcceptance is 1"

            throws<ValueException>
                (sampling { few with MaximumDepth = 0 } standard origin)
                "MaximumDepth is 0"

            throws<ValueException>
                (sampling { few with FirstStep = Some 0.0 } standard origin)
                "FirstStep is 0"

            throws<ValueException>
                (sampling { few with TrajectoryLength = 0.0 } standard origin)
                "TrajectoryLength is 0"

            throws<ValueException>
                (sampling { few with StartRadius = -1.0 } standard origin)
                "StartRadius is -1"

            throws<ValueException>
                (sampling { few with DivergenceLimit = 0.0 } standard origin)
                "DivergenceLimit is 0"
        }
    ]
