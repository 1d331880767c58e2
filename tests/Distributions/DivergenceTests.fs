/// Divergences against quadrature and sums.
module Cotangent.Distributions.Tests.DivergenceTests

open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support

let private s = scalar

let private pairs: (string * Univariate * Univariate) list = [
    "Normal", Normal(s 0.0, s 1.0), Normal(s 1.0, s 2.0)
    "LogNormal", LogNormal(s 0.0, s 1.0), LogNormal(s 0.5, s 2.0)
    "HalfNormal", HalfNormal(s 1.0), HalfNormal(s 2.0)
    "Laplace", Laplace(s 0.0, s 1.0), Laplace(s 1.0, s 2.0)
    "Gumbel", Gumbel(s 0.0, s 1.0), Gumbel(s 0.5, s 2.0)
    "Cauchy", Cauchy(s 0.0, s 1.0), Cauchy(s 1.0, s 3.0)
    "Uniform", Uniform(s 0.0, s 1.0), Uniform(s -1.0, s 3.0)
    "Exponential", Exponential(s 2.0), Exponential(s 0.7)
    "Gamma", Gamma(s 2.0, s 1.0), Gamma(s 3.0, s 0.5)
    "InverseGamma", InverseGamma(s 3.0, s 1.0), InverseGamma(s 2.0, s 2.0)
    "ChiSquare", ChiSquare(s 3.0), ChiSquare(s 5.0)
    "Weibull", Weibull(s 2.0, s 1.0), Weibull(s 1.5, s 2.0)
    "Pareto", Pareto(s 3.0, s 2.0), Pareto(s 2.0, s 1.0)
    "Beta", Beta(s 2.0, s 3.0), Beta(s 1.5, s 1.0)
]

[<Tests>]
let divergences =
    testList "Divergences" [
        for name, p, q in pairs do
            test name {
                let kinks = if name = "Laplace" then [ 0.5; float (p.Cdf(s 1.0)) ] else []

                let byQuadrature =
                    integral kinks (fun u ->
                        let x = p.Quantile(s u)
                        float (p.LogProb x) - float (q.LogProb x))

                near 1e-6 (float (p.KlTo q)) byQuadrature "by quadrature"
                near 1e-12 (float (p.KlTo p)) 0.0 "of a distribution to itself"
            }
        test "counts and classes" {
            let bySum (p: Univariate) (q: Univariate) =
                Seq.sum (
                    seq {
                        for k in 0..200 do
                            let a, b = float (p.LogProb(s (float k))), float (q.LogProb(s (float k)))
                            if a > -700.0 then exp a * (a - b)
                    }
                )

            let check (p: Univariate) (q: Univariate) =
                near 1e-9 (float (p.KlTo q)) (bySum p q) (p.ToString())

            check (Poisson(s 3.0)) (Poisson(s 5.0))
            check (Geometric(s 0.3)) (Geometric(s 0.2))
            check (Binomial(s 10.0, s 0.3)) (Binomial(s 10.0, s 0.6))
            check (Bernoulli(s 0.3)) (Bernoulli(s 0.6))
            check (Bernoulli(s 0.0)) (Bernoulli(s 0.6))
            let p, q = Categorical(tensor [ 0.5; 0.5; 0.0 ]), Categorical(tensor [ 0.25; 0.5; 0.25 ])
            near 1e-12 (float (p.KlTo q)) (0.5 * log 2.0) "classes"
            near 0.0 (float (q.KlTo p)) infinity "values that the other has not"

            near
                0.0
                (float (Uniform(s 0.0, s 2.0).KlTo(Uniform(s 0.0, s 1.0))))
                infinity
                "outside the other's bounds"
        }
        test "what there is no form for, says so" {
            let p, q = Normal(s 0.0, s 1.0), Laplace(s 0.0, s 1.0)
            Expect.throwsT<DistributionException> (fun () -> p.KlTo q |> ignore) "two families"

            Expect.throwsT<DTypeException>
                (fun () -> p.KlTo(Normal(tensor 0.0f, tensor 1.0f)) |> ignore)
                "dtypes"

            let three, two = Normal(tensor [ 0.0; 1.0; 2.0 ], s 1.0), Normal(tensor [ 0.0; 1.0 ], s 1.0)
            Expect.throwsT<ShapeException> (fun () -> three.KlTo two |> ignore) "batches"
        }
    ]
