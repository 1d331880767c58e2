/// Draws against their distribution, with fixed keys.
module Cotangent.Distributions.Tests.DrawTests

open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support
open Cotangent.Distributions.Tests.Families

[<Tests>]
let draws =
    testList "Draws" [
        testList
            "follow their distribution"
            (each (fun _ _ d oracle ->
                let drawn = d.Sample(Key.create 11L, 10000)
                Expect.equal drawn.Shape [| 10000 |] "shape"
                kolmogorovSmirnov (numbers drawn) oracle.Cdf "Kolmogorov-Smirnov"))
        testList
            "have the moments that they should"
            (each (fun family set d oracle ->
                let hasFourth =
                    match family.Name with
                    | "Cauchy"
                    | "HalfCauchy"
                    | "Pareto"
                    | "InverseGamma" -> false
                    | "StudentT" -> set[0] > 4.0
                    | _ -> true

                if hasFourth then
                    let drawn = numbers (d.Sample(Key.create 12L, 100000))
                    let hasThinTails = family.Name <> "LogNormal" && family.Name <> "StudentT"
                    moments drawn oracle.Mean oracle.Variance hasThinTails "draws"))
        test "shapes: sample, then batch" {
            let d = Gamma(tensor [ 1.0; 20.0 ], tensor 1.0)
            let drawn = d.Sample(Key.create 1L, 2000, 1)
            Expect.equal drawn.Shape [| 2000; 1; 2 |] "shape"

            kolmogorovSmirnov
                (numbers drawn[*, 0, 1])
                (MathNet.Numerics.Distributions.Gamma(20.0, 1.0).CumulativeDistribution)
                "the second"

            Expect.equal (d.Sample(Key.create 1L)).Shape [| 2 |] "one draw of each"
        }
        test "the same key, the same numbers" {
            let d = Beta(tensor 0.5, tensor 2.0)
            Expect.equal (d.Sample(Key.create 5L, 10)) (d.Sample(Key.create 5L, 10)) "again"
            Expect.notEqual (d.Sample(Key.create 5L, 10)) (d.Sample(Key.create 6L, 10)) "another key"
        }
        test "small concentrations do not run out of numbers before they must" {
            let drawn = Beta(tensor 0.001, tensor 0.001).Sample(Key.create 3L, 1000)
            let mean = float (mean drawn)
            Expect.isFalse (drawn.IsNaN().Any().ToData<bool>()) "numbers"
            // The standard deviation is near ½: five of its standard errors.
            Expect.isLessThan (abs (mean - 0.5)) (2.5 / sqrt 1000.0) "mean"
        }
        test "parameters that are none, where nobody looks, give NaN and no endless loop" {
            let run = compile (fun (a: Tensor) -> Gamma(a, Tensor.onesLike a).Sample(Key.create 1L))
            let drawn = numbers (run (tensor [ -1.0; 2.0; nan ]))

            Expect.isTrue
                (System.Double.IsNaN drawn[0] && drawn[1] > 0.0 && System.Double.IsNaN drawn[2])
                "NaN"
        }
    ]
