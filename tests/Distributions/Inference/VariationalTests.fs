module Cotangent.Distributions.Tests.Inference.VariationalTests

open System
open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Inference
open Cotangent.Distributions.Tests.Support
open Cotangent.Distributions.Tests.Inference.Models

let private covariance = tensor [ [ 1.0; 0.8 ]; [ 0.8; 2.0 ] ]
let private target = MultivariateNormal.OfCovariance(tensor [ 3.0; -1.0 ], covariance)
let private origin = tensor [ 0.0; 0.0 ]
let private quick = { Variational.defaults with Steps = 500; Optimizer = Optimizer.adam 0.05 }

[<Tests>]
let variational =
    testList "Variational" [
        test "full rank finds a normal density exactly" {
            // There the gradient has no noise, and the bound is the logarithm of the integral, here of 5 p.
            let logDensity x = target.LogProb x + log 5.0
            let q = Variational.fullRank Variational.defaults logDensity origin (Key.create 50L)
            allNear 1e-4 q.Mean (tensor [ 3.0; -1.0 ]) "mean"
            allNear 1e-4 q.StandardDeviation (tensor [ 1.0; sqrt 2.0 ]) "deviation"
            allNear 1e-4 (q.Distribution :?> MultivariateNormal).Covariance covariance "covariance"
            near 1e-6 (float q.Bound) (log 5.0) "bound"
        }
        test "mean field finds the diagonal of the precision" {
            // Bishop, "Pattern recognition and machine learning" (2006), section 10.1.2: the mean, and 1 over the diagonal of the inverse
            // of the covariance, which is 2/1.36 and 1/1.36 here; the divergence is half the logarithm of what determinants differ by.
            let q = Variational.meanField Variational.defaults target.LogProb origin (Key.create 51L)
            let variances = [| 1.36 / 2.0; 1.36 |]
            allNear 0.02 q.Mean (tensor [ 3.0; -1.0 ]) "mean"
            allNear 0.02 q.StandardDeviation (sqrt (tensor variances)) "deviation"
            near 0.02 (float q.Bound) (0.5 * log (variances[0] * variances[1] / 1.36)) "bound"
        }
        test "a gamma density by log-normal ones" {
            // Where E log p is a log b - log Γ(a) + (a - 1) μ - b exp(μ + σ²/2), the best are σ² = 1/a and μ = log(a/b) - 1/2a.
            let family (loc, logScale) = LogNormal(loc, exp logScale) :> Distribution
            let start = tensor 0.0, tensor 0.0

            let fit =
                Variational.fit
                    Variational.defaults
                    family
                    (Gamma(tensor 9.0, tensor 3.0).LogProb)
                    start
                    (Key.create 52L)

            let loc, logScale = fit.Parameters
            near 0.01 (float loc) (log 3.0 - 1.0 / 18.0) "loc"
            near 0.01 (float logScale) (log (1.0 / 3.0)) "scale"
        }
        test "a family that holds the density, with implicit derivatives" {
            let family (a, b) = Gamma(exp a, exp b) :> Distribution
            let start = tensor 0.0, tensor 0.0

            let fit =
                Variational.fit
                    Variational.defaults
                    family
                    (Gamma(tensor 9.0, tensor 3.0).LogProb)
                    start
                    (Key.create 53L)

            let a, b = fit.Parameters
            near 1e-3 (float (exp a)) 9.0 "concentration"
            near 1e-3 (float (exp b)) 3.0 "rate"
            near 1e-6 (float fit.Bound) 0.0 "bound"
        }
        test "a transformed distribution of vectors" {
            // A logistic-normal one, near a Dirichlet density of three: what is compared is the mean, which it meets well.
            let family (loc, logScale) =
                Transformed(MultivariateNormalDiagonal(loc, exp logScale), Bijections.Simplex) :> Distribution

            let start = tensor [ 0.0; 0.0 ], tensor [ -1.0; -1.0 ]
            let p = Dirichlet(tensor [ 20.0; 30.0; 50.0 ])
            let fit = Variational.fit Variational.defaults family p.LogProb start (Key.create 54L)
            let draws = (family fit.Parameters).Sample(Key.create 55L, 20_000)
            allNear 0.01 (draws.Mean 0) (tensor [ 0.2; 0.3; 0.5 ]) "mean"
            allNear 0.003 (draws.Std 0) (p.StandardDeviation()) "deviation"
            Expect.isLessThan (abs (float fit.Bound)) 0.01 $"bound {fit.Bound}"
        }
        test "eight schools, as far as normal distributions go" {
            let q =
                Variational.meanField
                    Variational.defaults
                    schools.LogDensity
                    (schoolsStart ())
                    (Key.create 56L)
            // The evidence bounds the bound: that of the data, by quadrature over mean and spread, is -31.2.
            Expect.isTrue (float q.Bound > -33.0 && float q.Bound < -31.1) $"bound {q.Bound}"
            let draws = schools.Constrain(q.Sample(Key.create 57L, 4000))
            Expect.equal draws.Each.Shape [| 4000; 8 |] "draws in front"
            Expect.isLessThan (abs (float (mean draws.Mean) - 4.4)) 0.7 "mean effect"
        }
        test "trees, and what is fixed in them" {
            let logDensity (a: Tensor, b: Frozen<Tensor>) = sum (Normal(b.Value, tensor 0.5f).LogProb a)
            let start = Tensor.zeros DType.Float32 [ 2; 2 ], Frozen(tensor 3.0f)
            let q = Variational.meanField quick logDensity start (Key.create 58L)
            Expect.equal (fst q.Mean).DType DType.Float32 "dtype"
            allNear 1e-3 (fst q.Mean) (Tensor.full DType.Float32 [ 2; 2 ] 3.0) "mean"
            allNear 1e-3 (fst q.StandardDeviation) (Tensor.full DType.Float32 [ 2; 2 ] 0.5) "deviation"
            Expect.equal (fst (q.Sample(Key.create 59L, 7))).Shape [| 7; 2; 2 |] "draws"
            Expect.equal (float (snd q.Mean).Value) 3.0 "what is fixed"
        }
        test "history, progress, and the end that is asked for" {
            use source = new Threading.CancellationTokenSource()
            let heard = ResizeArray<ProgressReport>()

            let progress = {
                new IProgress<ProgressReport> with
                    member _.Report report =
                        heard.Add report
                        if heard.Count = 2 then source.Cancel()
            }

            let whole = Variational.meanField quick target.LogProb origin (Key.create 60L)
            Expect.equal whole.History.Shape [| 500 |] "history"
            Expect.isTrue whole.IsComplete "complete"
            Expect.isGreaterThan (float whole.History[499]) (float whole.History[0]) "it rises"
            let options = { quick with Progress = progress; Cancellation = source.Token }
            let part = Variational.meanField options target.LogProb origin (Key.create 60L)
            Expect.isFalse part.IsComplete "not complete"
            Expect.equal (numbers part.History) (numbers whole.History[..199]) "the first steps"
            Expect.equal (heard |> Seq.map _.Done |> List.ofSeq) [ 100; 200 ] "reports"

            let plain =
                Variational.meanField
                    { quick with Compiled = false; Steps = 20 }
                    target.LogProb
                    origin
                    (Key.create 60L)

            allNear 1e-9 plain.History whole.History[..19] "uncompiled"
        }
        test "errors" {
            let meanField options logDensity () =
                Variational.meanField options logDensity origin (Key.create 61L) |> ignore

            throws<ValueException> (meanField { quick with Steps = 0 } target.LogProb) "Steps is 0"
            throws<ValueException> (meanField { quick with Draws = 0 } target.LogProb) "Draws is 0"

            throws<ValueException>
                (meanField { quick with StepsPerCall = 0 } target.LogProb)
                "StepsPerCall is 0"

            throws<ValueException>
                (meanField { quick with StartScale = 0.0 } target.LogProb)
                "StartScale is 0"

            throws<ValueException> (meanField quick (fun x -> sum (log x))) "the bound is NaN"
            throws<ShapeException> (meanField quick square) "one floating-point number"

            let fit (family: Tensor -> Distribution) logDensity () =
                Variational.fit quick family logDensity (tensor 0.0) (Key.create 62L) |> ignore

            throws<ValueException> (fit (fun x -> Poisson(exp x)) id) "no derivatives"
            throws<ShapeException> (fit (fun x -> Normal(x, tensor [ 1.0; 2.0 ])) id) "batch"
        }
    ]
