(**
---
title: Probability distributions
category: Use
categoryindex: 3
index: 15
description: Densities, draws with derivatives, quantiles, bijections, mixtures and divergences, as trees over their parameters.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../src/Distributions/bin/Release/net10.0"
#r "Cotangent.Distributions.dll"

open Plotly.NET

(**
# Probability distributions

The package `Cotangent.Distributions` has the distributions that models are made of: their densities, draws, distribution functions and
quantiles, moments, entropies and divergences. A distribution is an immutable value over tensors of parameters, and so a tree like any
other: `grad`, `vmap` and `compile` work through its parameters.

    dotnet add package Cotangent.Distributions --prerelease
*)
open Cotangent
open Cotangent.Distributions

let d = Normal(tensor 0.0, tensor [ 1.0; 2.0; 4.0 ])
d.LogProb(tensor 1.0)
(*** include-it ***)

(**
Parameters broadcast; their common shape is the *batch shape*, one distribution for each place in it. What one distribution draws has
the *event shape*: () for numbers, (n) for vectors. Draws have the shape that is asked for, then the batch's, then the event's.
*)
let draws = d.Sample(Key.create 1L, 1000)
draws.Shape, draws.Std 0
(*** include-it ***)

(**
The same as functions, to be piped: `Distribution.sample`, `logProb`, `cdf`, `quantile`, `mean`, `variance`, `mode`, `entropy`, `kl`.
*)
d |> Distribution.quantile (tensor 0.975)
(*** include-it ***)

(**
## What there is

Parameters come in this order. They are tensors, all of one dtype; only the `int`s of `Multinomial` and `Independent` are not.

| of | constructors |
| --- | --- |
| numbers | `Normal(loc, scale)`, `Laplace(loc, scale)`, `Logistic(loc, scale)`, `Gumbel(loc, scale)`, `Cauchy(loc, scale)`, `StudentT(freedom, loc, scale)` |
| positive numbers | `Exponential(rate)`, `Gamma(concentration, rate)`, `InverseGamma(concentration, scale)`, `ChiSquare(freedom)`, `HalfNormal(scale)`, `HalfCauchy(scale)`, `LogNormal(loc, scale)`, `Weibull(concentration, scale)`, `Pareto(concentration, scale)` |
| numbers between bounds | `Uniform(low, high)`, `Beta(a, b)`, `TruncatedNormal(loc, scale, low, high)` |
| counts | `Bernoulli(probability)`, `Bernoulli.OfLogits(logits)`, `Geometric(probability)`, `Binomial(count, probability)`, `Poisson(rate)` |
| angles | `VonMises(loc, concentration)` |
| classes | `Categorical(probabilities)`, `Categorical.OfLogits(logits)` |
| vectors of counts | `Multinomial(count, probabilities)`, `Multinomial.OfLogits(count, logits)` |
| vectors | `MultivariateNormal(loc, factor)`, `MultivariateNormal.OfCovariance(loc, covariance)`, `MultivariateNormalDiagonal(loc, scale)`, `MultivariateNormalLowRank(loc, factor, diagonal)`, `Dirichlet(concentration)` |
| matrices | `Wishart(freedom, factor)` |
| others made of these | `Independent(distribution, axes)`, `Transformed(distribution, bijection)`, `TransformedNumber(distribution, bijection)`, `Mixture(weights, components)`, `MixtureOfNumbers(weights, components)` |

All of them are `Distribution`s. Those in the first four rows, `TransformedNumber` and `MixtureOfNumbers` are `Univariate` too: only these have
`Cdf` and `Quantile`. Draws have the dtype of the parameters, counts too; only the classes of `Categorical` are Int32. `VonMises.Variance` is the
circular variance, between 0 and 1. Rates are positive: `Poisson(tensor 0.0)` is refused.

Where a family has no closed form the call throws a `DistributionException` that says what to do instead. Outside the support `LogProb` is -∞,
and its derivatives are 0, not NaN.
*)
(*** hide ***)
let line (name: string) (d: Univariate) (x: Tensor) =
    Chart.Line(
        x = x.ToData<float[]>(),
        y = (exp (d.LogProb x)).ToData<float[]>(),
        Name = name
    )

let at = Tensor.linspace DType.Float64 0.001 8.0 400

let densities =
    [
        line "Gamma(2, 1)" (Gamma(tensor 2.0, tensor 1.0)) at
        line "LogNormal(1, 0.5)" (LogNormal(tensor 1.0, tensor 0.5)) at
        line "Weibull(3, 4)" (Weibull(tensor 3.0, tensor 4.0)) at
        line "HalfCauchy(1)" (HalfCauchy(tensor 1.0)) at
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle "x"
    |> Chart.withYAxisStyle "density"

densities
(*** include-it ***)

(**
## Derivatives with respect to the parameters

The gradient of a distribution is one of the same type. By the logarithm of the parameters, which keeps them positive, Adam finds
the gamma distribution under which some data are most likely:
*)
let data = Gamma(tensor 3.0, tensor 2.0).Sample(Key.create 2L, 1000)

let loss (logA, logRate) = -(mean (Gamma(exp logA, exp logRate).LogProb data))

let optimizer = Optimizer.adam 0.05
let step = compile (fun (p, state) -> Optimizer.step optimizer (grad loss p) state p)
let start = tensor 0.0, tensor 0.0

let (logA, logRate), _ =
    Seq.fold (fun state _ -> step state) (start, optimizer.Init start) [ 1..300 ]

exp logA, exp logRate
(*** include-it ***)

(**
Models of counts and classes compute log-odds or logits, any numbers at all; `OfLogits` takes them as they are, and has digits where a
probability is so near 0 or 1 that it has none. Logistic regression is the maximum of this likelihood:
*)
let inputs = Random.normal (Key.create 8L) DType.Float64 [ 500; 2 ]
let logOdds (weights: Tensor, bias: Tensor) = inputs.MatMul weights + bias
let truth = tensor [ 2.0; -1.0 ], tensor 0.5
let outcomes = Bernoulli.OfLogits(logOdds truth).Sample(Key.create 9L)
let surprise model = -(mean (Bernoulli.OfLogits(logOdds model).LogProb outcomes))

let descend =
    compile (fun model -> Tree.addScaled (tensor -1.0) (grad surprise model) model)

Seq.fold (fun model _ -> descend model) (tensor [ 0.0; 0.0 ], tensor 0.0) [ 1..300 ]
(*** include-it ***)

(**
## Derivatives of draws

Draws of most continuous families are functions of their parameters, and differentiable; where `IsReparameterised` is false they are
constants. A normal draw is
$\mu + \sigma\varepsilon$. A gamma draw, made by rejection, has the *implicit* derivative
$\frac{dz}{d\theta} = -\frac{\partial F}{\partial\theta} / f(z)$, where $F$ is the distribution function and $f$ the density (Figurnov,
Mohamed & Mnih 2018); beta, Dirichlet, Student's t and Wishart draws rest on it. The mean of such derivatives is the derivative of the mean:
*)
let meanOfSquares (a: Tensor) =
    mean (square (Gamma(a, tensor 1.0).Sample(Key.create 3L, 10000)))

let a = tensor 1.5
grad meanOfSquares a, 2.0 * a + 1.0 // the second moment is a² + a
(*** include-it ***)

(**
Draws of counts, classes, angles and mixtures are constants: their derivatives are 0. For these there is the derivative of the log-probability,
as in the score-function estimator.

## Batches

`vmap` gives each example its own distribution and its own key. The function is written for one example: the rate that it gets here is one
number, of shape ().
*)
let noisy (rate: Tensor, key: Key) = Poisson(rate).Sample(key, 4)
vmap noisy (tensor [ 0.5; 5.0; 500.0 ], Key.batch 3 (Key.create 4L))
(*** include-it ***)

(**
## Bijections

`TransformedNumber` is the distribution of a function's values; the function is a bijection that knows by how much it stretches.
`Bijections` has `Affine`, `Exp`, `Softplus`, `Sigmoid`, `Tanh` and chains of these for numbers, `Simplex` for vectors of probabilities,
and `CholeskyFactor` for the factors of covariances. They also serve to keep parameters in their range while they are fitted.
*)
let logitNormal =
    TransformedNumber(Normal(tensor 0.0, tensor [ 0.5; 1.8; 3.0 ]), Bijections.Sigmoid)

logitNormal.LogProb(tensor 0.9), logitNormal.Quantile(tensor 0.9)
(*** include-it ***)

let covariance =
    Bijections.CholeskyFactor.Forward(tensor [ 0.0; 0.8; -0.5 ])
    |> fun factor -> MultivariateNormal(tensor [ 0.0; 0.0 ], factor)

covariance.Covariance
(*** include-it ***)

(**
## Mixtures

The components are one batch, whose last axis counts them.
*)
let mixture =
    MixtureOfNumbers(
        Categorical(tensor [ 0.3; 0.5; 0.2 ]),
        Normal(tensor [ -2.0; 1.0; 4.0 ], tensor [ 0.5; 1.0; 0.3 ])
    )

mixture.Mean(), mixture.Quantile(tensor [ 0.05; 0.5; 0.95 ])
(*** include-it ***)
(*** hide ***)
let places = Tensor.linspace DType.Float64 -5.0 6.0 500

let picture =
    [
        Chart.Histogram(
            X = mixture.Sample(Key.create 5L, 5000).ToData<float[]>(),
            HistNorm = StyleParam.HistNorm.ProbabilityDensity,
            NBinsX = 80,
            Name = "draws"
        )
        line "density" mixture places
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle "x"

picture
(*** include-it ***)

(**
`Mixture` is the same for vectors. `Independent` takes axes of a batch for axes of events, so that log-densities are summed over them.

## Divergences

`p.KlTo q`, or `Distribution.kl p q`, in closed form for two distributions of one family:
*)
Distribution.kl (Gamma(tensor 2.0, tensor 1.0)) (Gamma(tensor 3.0, tensor 1.0))
(*** include-it ***)

(**
## A posterior: eight schools

[Bayesian inference](inference.html) has samplers ready made; this section writes one, to show what they are made of. Any log-density is a
function to be sampled. Eight schools tried the same coaching; each reports its effect and a standard error. How large is
the effect, and how much does it differ between schools (Rubin 1981)? The posterior is the sum of log-densities; the schools' own effects are
written as `Mean + spread * Each`, which keeps them independent of the spread, and `LogSpread` makes that positive, which is why its own
slope is added.
*)
type Schools = { Mean: Tensor; LogSpread: Tensor; Each: Tensor }

let effects = tensor [ 28.0; 8.0; -3.0; 7.0; -1.0; 1.0; 18.0; 12.0 ]
let errors = tensor [ 15.0; 10.0; 16.0; 11.0; 9.0; 11.0; 10.0; 18.0 ]

let logPosterior (q: Schools) =
    let spread = exp q.LogSpread

    Normal(tensor 0.0, tensor 5.0).LogProb q.Mean
    + HalfCauchy(tensor 5.0).LogProb spread
    + q.LogSpread
    + sum (Normal(tensor 0.0, tensor 1.0).LogProb q.Each)
    + sum (Normal(q.Mean + spread * q.Each, errors).LogProb effects)

(**
Hamiltonian Monte Carlo moves a point like a ball on the negative log-density, by leapfrog steps along its gradient. Exact motion would keep
the ball's energy; steps do not quite, and where they end is accepted with the probability exp(-gain), where the gain is that in energy, and
always where energy was lost (Duane et al. 1987; Neal 2011). A point is any tree. The whole chain is one program: `scan` runs its
steps, `vmap` four chains at once, `compile` makes machine code of it.
*)
let move logDensity steps (size: float) (q: 'q) (key: Key) : 'q =
    let forMomentum, forSize, forChoice = Key.split3 key
    let size = size * (0.8 + 0.4 * Random.uniform forSize DType.Float64 [])

    let momentum =
        q
        |> Tree.mapEntries (fun leaf ->
            Random.normal (Key.named leaf.Path forMomentum) DType.Float64 leaf.Tensor.Shape)

    let kick part q p = Tree.addScaled (part * size) (grad logDensity q) p
    let energy q p = 0.5 * Tree.dot p p - logDensity q

    let leap (q, p) =
        let q = Tree.addScaled size p q
        q, kick 1.0 q p

    let q1, p1 = leap (iterate (steps - 1) leap (q, kick 0.5 q momentum))
    let p1 = kick -0.5 q1 p1 // the last kick is half a kick
    let chance = energy q momentum - energy q1 p1
    let isAccepted = (log (Random.uniform forChoice DType.Float64 [])).Less chance
    Tree.map2 (where isAccepted) q1 q

let chains =
    compile (
        vmap (fun (start: Schools, key: Key) ->
            let step q key =
                let q = move logPosterior 15 0.25 q key
                q, q

            snd (scan step start (Key.batch 1500 key)))
    )

let startPoint = {
    Mean = Tensor.zeros DType.Float64 [ 4 ]
    LogSpread = Tensor.zeros DType.Float64 [ 4 ]
    Each = Random.normal (Key.create 6L) DType.Float64 [ 4; 8 ]
}

let found = chains (startPoint, Key.batch 4 (Key.create 7L))
let means = found.Mean[*, 500..] // without the first 500 steps, the burn-in
let spreads = exp found.LogSpread[*, 500..]
(mean means, means.Std()), (mean spreads, spreads.Std())
(*** include-it ***)

(**
By quadrature these are 4.40 ± 3.32 and 3.60 ± 3.22. Gelman and Rubin's $\hat R$ compares the variance between chains with that within; near 1
they agree.
*)
let rHat (x: Tensor) =
    let n = float x.Shape[1]
    let within = mean (x.Variance(1, correction = 1))
    let between = (x.Mean 1).Variance(correction = 1)
    sqrt ((n - 1.0) / n + between / within)

rHat means, rHat spreads
(*** include-it ***)
(*** hide ***)
let funnel =
    Chart.Point(
        x = means.Flatten().ToData<float[]>(),
        y = (log (spreads.Flatten())).ToData<float[]>(),
        Opacity = 0.3
    )
    |> Chart.withXAxisStyle "mean effect"
    |> Chart.withYAxisStyle "log of the spread"

funnel
(*** include-it ***)

(**
## How exact it is

In the tests log-densities, distribution functions and quantiles are compared with those of another library, in Float64. In Float32 the formulas
are worked in Float32, and lose some of its seven digits where large terms cancel, as `lgamma` of large numbers do; only gamma, beta and
Student's t variables, incomplete gamma and beta functions, and the bounds of `TruncatedNormal` are worked in Float64, whatever the dtype. The
variance of `TruncatedNormal` loses digits where both bounds are far out in one tail: six are left at 100 scales from the mean.

Parameters out of range are an error at construction, where their numbers are known, as they are under `grad` alone. Inside `compile` and `vmap`
they are not: there such a parameter becomes NaN, and with it the densities, moments and draws that depend on it. Draws of `Bernoulli`,
`Categorical` and `Multinomial`, and the choices of mixtures, cannot be NaN: check these parameters beforehand.

A probability may be exactly 0 or 1. Gradients through a saturated `sigmoid` or `softmax` are then 0, not NaN. The entropy's own slope at a
probability of 0, which is infinite, is given as 0.
*)
