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
        test "vectors and angles" {
            let a, b = tensor [ [ 1.0; 0.0 ]; [ 0.5; 2.0 ] ], tensor [ [ 2.0; 0.0 ]; [ -0.5; 1.0 ] ]
            let m, n = tensor [ 0.0; 1.0 ], tensor [ 1.0; -1.0 ]
            let p, q = MultivariateNormal(m, a), MultivariateNormal(n, b)
            // ½ (tr(S⁻¹ R) + dᵀ S⁻¹ d - k + ln det S - ln det R)
            let inverse = inv q.Covariance
            let distance = dot (n - m) (matmul inverse (n - m))
            let ratio = log (det q.Covariance) - log (det p.Covariance)
            let byHand = 0.5 * (trace (matmul inverse p.Covariance) + distance - 2.0 + ratio)
            near 1e-10 (float (p.KlTo q)) (float byHand) "normal"
            let diagonal (m: Tensor) scale = MultivariateNormalDiagonal(m, tensor scale)
            let dense (m: Tensor) scale = MultivariateNormal(m, Tensor.diag (tensor scale))
            let ofDiagonal = (diagonal m [ 1.0; 2.0 ]).KlTo(diagonal n [ 0.5; 3.0 ])

            near
                1e-10
                (float ofDiagonal)
                (float ((dense m [ 1.0; 2.0 ]).KlTo(dense n [ 0.5; 3.0 ])))
                "diagonal"

            let each =
                Independent(Normal(m, tensor [ 1.0; 2.0 ]), 1)
                    .KlTo(Independent(Normal(n, tensor [ 0.5; 3.0 ]), 1))

            near 1e-12 (float each) (float ofDiagonal) "independent"
            let two = Dirichlet(tensor [ 2.0; 3.0 ]).KlTo(Dirichlet(tensor [ 1.0; 4.0 ]))
            near 1e-12 (float two) (float (Beta(s 2.0, s 3.0).KlTo(Beta(s 1.0, s 4.0)))) "Dirichlet"
            let angle, other = VonMises(s 0.5, s 2.0), VonMises(s -0.5, s 1.0)
            let points = [ for i in 0..399 -> float i * System.Math.PI / 200.0 ]
            let term x = exp (float (angle.LogProb(s x))) * float (angle.LogProb(s x) - other.LogProb(s x))

            near
                1e-10
                (float (angle.KlTo other))
                (System.Math.PI / 200.0 * List.sumBy term points)
                "von Mises"

            let logNormal m v = TransformedNumber(Normal(s m, s v), Bijections.Exp)
            let ofNormal = Normal(s 0.0, s 1.0).KlTo(Normal(s 1.0, s 2.0))
            near 1e-12 (float ((logNormal 0.0 1.0).KlTo(logNormal 1.0 2.0))) (float ofNormal) "transformed"
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
