(**
---
title: Bayesian inference
category: Use
categoryindex: 3
index: 16
description: Draws from any log-density by NUTS and HMC, whether chains can be trusted, and variational inference: over any tree of parameters.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../src/Distributions/bin/Release/net10.0"
#r "Cotangent.Distributions.dll"

open Plotly.NET

(**
# Bayesian inference

A model says how likely data are, given parameters; a prior says how likely parameters are. Their product, as a function of the parameters, is
the *posterior*, up to a factor that nobody needs: it can be drawn from wherever its logarithm has a gradient. The package
`Cotangent.Distributions` does that in the namespace `Cotangent.Inference`:

    dotnet add package Cotangent.Distributions --prerelease

## Eight schools

Eight schools tried the same coaching; each reports its effect and a standard error (Rubin 1981). How large is the effect, and how much does
it differ between schools? A log-density is any function from a tree to one number. The schools' own effects are written as
`Mean + Spread * Each`, with `Each` around 0 and 1 wide whatever the spread is: coordinates that are *not centred*.
*)
open Cotangent
open Cotangent.Distributions
open Cotangent.Inference

type Schools = { Mean: Tensor; Spread: Tensor; Each: Tensor }

let effects = tensor [ 28.0; 8.0; -3.0; 7.0; -1.0; 1.0; 18.0; 12.0 ]
let errors = tensor [ 15.0; 10.0; 16.0; 11.0; 9.0; 11.0; 10.0; 18.0 ]

let logPosterior (q: Schools) =
    Normal(tensor 0.0, tensor 5.0).LogProb q.Mean
    + HalfCauchy(tensor 5.0).LogProb q.Spread
    + sum (Normal(tensor 0.0, tensor 1.0).LogProb q.Each)
    + sum (Normal(q.Mean + q.Spread * q.Each, errors).LogProb effects)

(**
Samplers move through all numbers, and a spread is positive. `Unconstrained` makes a density of free numbers: the spread is the value of a
bijection, here the exponential, and the logarithm of how much that stretches is added. `Free` and `Constrain` go from one to the other.
*)
let model = Unconstrained(logPosterior).With((fun q -> q.Spread), Bijections.Exp)

let start =
    model.Free {
        Mean = tensor 0.0
        Spread = tensor 1.0
        Each = Tensor.zeros DType.Float64 [ 8 ]
    }

let chains =
    Nuts.sample
        { Nuts.defaults with TargetAcceptance = 0.9 }
        model.LogDensity
        start
        (Key.create 1L)
    |> Samples.map model.Constrain

chains.Summary()
(*** include-it ***)

(**
Computed by quadrature, mean and spread are 4.40 ± 3.32 and 3.60 ± 3.22. What happened: the *No-U-Turn Sampler* (Hoffman & Gelman 2014) rolls a ball over the
negative log-density, from where a chain is, with a random momentum; it doubles the ball's way, forwards or backwards, until it turns back,
and draws one of the points on it by their weights (Betancourt 2017). In 1000 transitions of warm-up, which are not kept, each chain
finds a step size, by dual averaging, and the scale of each number. Gradients are compiled; chains run on threads of their own.

`Draws` is the tree with two axes in front, chains and draws:
*)
chains.Draws.Spread.Shape, chains.Draws.Each.Shape, chains.StepSize
(*** include-it ***)
(*** hide ***)
let trace =
    [
        for i in 0..3 ->
            Chart.Line(
                x = [ 1..1000 ],
                y = chains.Draws.Spread[i].ToData<float[]>(),
                Name = $"chain {i + 1}",
                Opacity = 0.6
            )
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle "draw"
    |> Chart.withYAxisStyle "spread"

trace
(*** include-it ***)

(**
## Whether to believe it

The columns of the summary say it, and lines below the table where something is wrong:

| column | is | should be |
| --- | --- | --- |
| bulk | the effective sample size of the body: so many independent draws would tell as much | 100 a chain, or more |
| tail | that of the 5 % and 95 % quantiles | the same |
| R-hat | how much wider all draws are than those of half a chain, by ranks | below 1.01 |

These are those of Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), equal to those of R's package *posterior* to nine digits. `Diagnostics`
has them one by one, with the standard error of a mean and the energy's fraction of missing information; `Summary.Of` takes any
tree of draws, such as quantities that were computed of others:
*)
Summary.Of {|
    First = chains.Draws.Mean + chains.Draws.Spread * chains.Draws.Each[*, *, 0]
    Last = chains.Draws.Mean + chains.Draws.Spread * chains.Draws.Each[*, *, 7]
|}
(*** include-it ***)

(**
The same model in *centred* coordinates, where the effects themselves are parameters, is a funnel: where the spread is small, effects must
be near each other, in a space so narrow that steps of the size that serves elsewhere fly out of it. Their energy then grows without
bound. Such trajectories are called *divergences*:
*)
let centred (q: Schools) =
    Normal(tensor 0.0, tensor 5.0).LogProb q.Mean
    + HalfCauchy(tensor 5.0).LogProb q.Spread
    + sum (Normal(q.Mean, q.Spread).LogProb q.Each)
    + sum (Normal(q.Each, errors).LogProb effects)

let funnel = Unconstrained(centred).With((fun q -> q.Spread), Bijections.Exp)

let trapped =
    Nuts.sample Nuts.defaults funnel.LogDensity start (Key.create 2L)
    |> Samples.map funnel.Constrain

for warning in trapped.Warnings() do
    printfn "%s" warning
(*** include-output ***)

(**
They mark where the space becomes too narrow; what lies beyond is missing from the draws. On the left the centred model, with divergences as crosses, on
the right the other one:
*)
(*** hide ***)
let scatter (found: Samples<Schools>) name =
    let first = found.Draws.Mean + found.Draws.Spread * found.Draws.Each[*, *, 0]
    let first = if name = "centred" then found.Draws.Each[*, *, 0] else first
    let x = first.Flatten().ToData<float[]>()
    let y = (log found.Draws.Spread).Flatten().ToData<float[]>()
    let diverged = found.Diverged.Flatten().ToData<bool[]>()
    let chosen = Array.filter fst >> Array.map snd

    [
        Chart.Point(x = x, y = y, Name = name, Opacity = 0.25)
        Chart.Point(
            x = chosen (Array.zip diverged x),
            y = chosen (Array.zip diverged y),
            Name = $"{name}: diverged",
            MarkerSymbol = StyleParam.MarkerSymbol.X
        )
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle ("effect of the first school", MinMax = (-20.0, 50.0))
    |> Chart.withYAxisStyle ("log of the spread", MinMax = (-5.0, 4.0))

let besides =
    [ scatter trapped "centred"; scatter chains "not centred" ] |> Chart.Grid(1, 2)

besides
(*** include-it ***)

(**
What to do, in this order: reparameterise the model, as above; raise `TargetAcceptance`, to 0.95, for smaller steps; where numbers are strongly
correlated, and not too many, learn their covariance with `MassMatrix.Dense`.

## A regression

Logistic regression with a prior: the chance that a beam breaks under a load, from twelve trials. Its uncertainty is drawn as well as its mean.
*)
let loads = tensor [ 1.0; 1.5; 2.0; 2.5; 3.0; 3.2; 3.5; 4.0; 4.2; 4.5; 5.0; 5.5 ]
let broke = tensor [ 0.0; 0.0; 0.0; 0.0; 1.0; 0.0; 1.0; 0.0; 1.0; 1.0; 1.0; 1.0 ]

let logBeam (slope: Tensor, middle: Tensor) =
    LogNormal(tensor 0.0, tensor 1.0).LogProb slope
    + Normal(tensor 3.0, tensor 2.0).LogProb middle
    + sum (Bernoulli.OfLogits(slope * (loads - middle)).LogProb broke)

let beam = Unconstrained(logBeam).With(fst, Bijections.Exp)
let beamStart = beam.Free(tensor 1.0, tensor 3.0)

let beams =
    Nuts.sample Nuts.defaults beam.LogDensity beamStart (Key.create 3L)
    |> Samples.map beam.Constrain

beams.Summary()
(*** include-it ***)
(*** hide ***)
let at = Tensor.linspace DType.Float64 0.0 7.0 100

let chances =
    let slope, middle = beams.Draws
    sigmoid ((slope.Reshape [ -1; 1 ]) * (at - middle.Reshape [ -1; 1 ]))

let curve name (y: Tensor) =
    Chart.Line(x = at.ToData<float[]>(), y = y.ToData<float[]>(), Name = name)

let band =
    [
        Chart.Point(
            x = loads.ToData<float[]>(),
            y = broke.ToData<float[]>(),
            Name = "trials"
        )
        curve "mean" (chances.Mean 0)
        curve "5 %" (chances.Quantile(0.05, 0))
        curve "95 %" (chances.Quantile(0.95, 0))
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle "load"
    |> Chart.withYAxisStyle "chance of breaking"

band
(*** include-it ***)

(**
`Hmc.sample` has trajectories of a given length instead, `TrajectoryLength`: fewer gradients where the right length is known, and no protection
where it is not.
*)
let short = Hmc.sample Hmc.defaults beam.LogDensity beamStart (Key.create 4L)
let gradients (found: Samples<_>) = int (sum found.Steps)
let size (found: Samples<Tensor * Tensor>) = Diagnostics.BulkSize(snd found.Draws)
(gradients short, size short), (gradients beams, size beams)
(*** include-it ***)

(**
## Variational inference

Where sampling costs too much, fit a distribution instead: the member of a family that comes nearest, as measured by the *evidence lower bound*,
whose gradient goes through the distribution's own draws (Kucukelbir, Tran, Ranganath, Gelman & Blei 2017). `meanField` takes normal distributions in
which all numbers are independent, `fullRank` those with a covariance:
*)
let independent =
    Variational.meanField Variational.defaults beam.LogDensity beamStart (Key.create 5L)

let correlated =
    Variational.fullRank Variational.defaults beam.LogDensity beamStart (Key.create 6L)

independent.Bound, correlated.Bound
(*** include-it ***)

(**
The larger bound is the better one. Beside the draws of NUTS, in free coordinates, each shows what it can represent: independent
numbers cannot be correlated.
*)
(*** hide ***)
let cloud name (slope: Tensor, middle: Tensor) =
    Chart.Point(
        x = slope.Flatten().[..999].ToData<float[]>(),
        y = middle.Flatten().[..999].ToData<float[]>(),
        Name = name,
        Opacity = 0.4
    )

let clouds =
    [
        cloud "NUTS" (beam.Free beams.Draws)
        cloud "mean field" (independent.Sample(Key.create 7L, 1000))
        cloud "full rank" (correlated.Sample(Key.create 8L, 1000))
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle "log of the slope"
    |> Chart.withYAxisStyle "middle"

clouds
(*** include-it ***)

(**
A family of your own is a function from parameters to a distribution. This one contains the density itself, so the fit is exact, and the
bound is 0:
*)
let family (a, b) = Gamma(exp a, exp b) :> Distribution

let fit =
    Variational.fit
        Variational.defaults
        family
        (Gamma(tensor 9.0, tensor 3.0).LogProb)
        (tensor 0.0, tensor 0.0)
        (Key.create 9L)

exp (fst fit.Parameters), exp (snd fit.Parameters), fit.Bound
(*** include-it ***)

(**
A `Transformed` distribution reaches densities that no plain one does; any optimiser of the library can be named in the options.

## Long runs

`Progress` is told how far chains are, how they accept and whether they diverge: `Progress.show` makes a bar of it. A `Cancellation` token ends
sampling within one gradient, and what was drawn by then is returned.
*)
let watched =
    Progress.show "Beams" (fun progress ->
        Nuts.sample
            { Nuts.defaults with Progress = progress; ReportEvery = 4000 }
            beam.LogDensity
            beamStart
            (Key.create 10L))
(*** include-output ***)

(**
Equal keys give equal draws, however many chains run at a time. What is in a `Frozen` is not moved. The log-density may be that of a
network, or go through the solution of a [differential equation](differential-equations.html); what it closes over, data too, is a constant of the
compiled program. Positions are kept in main memory in Float64, so that on a GPU each gradient costs a transfer: there it pays for models
whose gradient takes milliseconds.

## In C#

```csharp
using Cotangent;
using Cotangent.Distributions;
using Cotangent.Inference;

var model = new Unconstrained<Schools>(LogPosterior).With(q => q.Spread, Bijections.Exp);
var start = model.Free(new Schools(Tensor.Create(0.0), Tensor.Create(1.0), Tensor.Zeros(DType.Float64, 8)));
var chains = Sampler.Nuts(model.LogDensity, start, Key.Create(1), SamplerOptions.Create(draws: 2000)).Map(model.Constrain);
Console.WriteLine(chains.Summary());
Console.WriteLine(VariationalInference.MeanField(model.LogDensity, start, Key.Create(2)).Bound);

record Schools(Tensor Mean, Tensor Spread, Tensor Each);
```
*)
