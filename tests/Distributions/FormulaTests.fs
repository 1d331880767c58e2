/// Densities, distribution functions, quantiles, moments, entropies and modes against MathNet, closed forms and quadrature.
module Cotangent.Distributions.Tests.FormulaTests

open System
open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support
open Cotangent.Distributions.Tests.Families

let private levels = [ 1e-4; 0.05; 0.3; 0.5; 0.8; 0.99; 0.9999 ]
let private at (d: Univariate) p = float (d.Quantile(scalar p))

[<Tests>]
let formulas =
    testList "Formulas" [
        testList
            "log-density"
            (each (fun _ _ d oracle ->
                for p in levels do
                    let x = at d p
                    near 1e-10 (float (d.LogProb(scalar x))) (oracle.LogDensity x) $"at {x}"))
        testList
            "distribution function"
            (each (fun _ _ d oracle ->
                for p in levels do
                    let x = at d p
                    near 1e-10 (float (d.Cdf(scalar x))) (oracle.Cdf x) $"at {x}"))
        testList
            "quantile"
            (each (fun _ _ d oracle ->
                for p in levels do
                    near 1e-10 (oracle.Cdf(at d p)) p "its distribution function"

                let p = numbers (d.Quantile(tensor [ -0.1; 1.1; nan ]))
                Expect.isTrue (Array.forall Double.IsNaN p) "no probabilities"
                let ends = numbers (d.Cdf(d.Quantile(tensor [ 0.0; 1.0 ])))
                near 1e-12 ends[0] 0.0 "at 0"
                near 1e-12 ends[1] 1.0 "at 1"))
        testList
            "mean and variance"
            (each (fun _ _ d oracle ->
                near 1e-10 (float (d.Mean())) oracle.Mean "mean"
                near 1e-10 (float (d.Variance())) oracle.Variance "variance"))
        testList
            "entropy"
            (each (fun _ _ d _ ->
                // The mean of -log density over quantiles of uniform probabilities.
                let byQuadrature = integral [ 0.5 ] (fun p -> -(float (d.LogProb(d.Quantile(scalar p)))))
                near 1e-6 (float (d.Entropy())) byQuadrature "by quadrature"))
        testList
            "mode"
            (each (fun family set d _ ->
                if family.Name = "Uniform" then
                    Expect.throwsT<DistributionException> (fun () -> d.Mode() |> ignore) "none"
                elif
                    family.Name = "Beta" && set = [| 0.4; 0.7 |]
                    || set = [| 1.0; 1.0 |] && family.Name = "Beta"
                then
                    Expect.isTrue (Double.IsNaN(float (d.Mode()))) "several"
                else
                    let best = float (d.LogProb(d.Mode()))

                    for p in levels do
                        let there = float (d.LogProb(d.Quantile(scalar p)))
                        Expect.isGreaterThanOrEqual best (there - 1e-12) $"at the quantile of {p}"))
        testList
            "outside"
            (each (fun family set d _ ->
                let low, high = at d 0.0, at d 1.0

                if not (Double.IsInfinity low) then
                    near 0.0 (float (d.LogProb(scalar (low - 1.0)))) -infinity "below"
                    near 0.0 (float (d.Cdf(scalar (low - 1.0)))) 0.0 "below"

                if not (Double.IsInfinity high) then
                    near 0.0 (float (d.LogProb(scalar (high + 1.0)))) -infinity "above"
                    near 0.0 (float (d.Cdf(scalar (high + 1.0)))) 1.0 "above"

                Expect.isTrue (Double.IsNaN(float (d.LogProb(scalar nan)))) "NaN stays NaN"
                // No NaN in gradients by the parameters either.
                let outside = if Double.IsInfinity low then infinity else low - 1.0

                if not (Double.IsInfinity outside) then
                    let gradient = grad (fun p -> (family.Make p).LogProb(scalar outside)) (tensors set)

                    for g in gradient do
                        Expect.isFalse (Double.IsNaN(float g)) "gradient outside"))
    ]

[<Tests>]
let published =
    testList "Published values" [
        // Abramowitz and Stegun, tables 26.1, 26.7, 26.8 and 26.10.
        test "quantiles in tables" {
            let standard = Normal(tensor 0.0, tensor 1.0)
            near 1e-9 (float (standard.Quantile(tensor 0.975))) 1.959963984540054 "normal"
            near 1e-4 (float (ChiSquare(tensor 10.0).Quantile(tensor 0.95))) 18.3070 "χ²"

            near
                1e-4
                (float (StudentT(tensor 10.0, tensor 0.0, tensor 1.0).Quantile(tensor 0.975)))
                2.2281
                "t"
        }
        test "single precision" {
            let d = Gamma(tensor 2.5f, tensor 1.5f)
            let oracle = MathNet.Numerics.Distributions.Gamma(2.5, 1.5)
            Expect.equal (d.Sample(Key.create 0L, 3)).DType DType.Float32 "draws"
            near 1e-6 (float (d.LogProb(tensor 2.0f))) (oracle.DensityLn 2.0) "log-density"
            near 1e-6 (float (d.Cdf(tensor 2.0f))) (oracle.CumulativeDistribution 2.0) "cdf"

            near
                1e-6
                (float (d.Quantile(tensor 0.3f)))
                (oracle.InverseCumulativeDistribution(float 0.3f))
                "quantile"
        }
        test "far tails" {
            let standard = Normal(tensor 0.0, tensor 1.0)
            near 1e-10 (log (float (standard.Cdf(tensor -30.0)))) -454.3212439955026 "normal"

            near
                1e-10
                (float (Cauchy(tensor 0.0, tensor 1.0).Cdf(tensor -1e20)) * 1e20)
                (1.0 / Math.PI)
                "Cauchy"

            near
                1e-10
                (float (Gamma(tensor 0.001, tensor 1.0).Quantile(tensor 0.5)))
                0.0
                "small concentration"
        }
    ]
