(**
---
title: Hares and lynxes
category: Use
categoryindex: 3
index: 20
description: A predator-prey model fitted to a century-old record of furs: Bayesian inference by NUTS through the solution of a differential equation.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../src/Distributions/bin/Release/net10.0"
#r "Cotangent.Distributions.dll"
#I "../src/Solvers/bin/Release/net10.0"
#r "Cotangent.Solvers.dll"

open Plotly.NET

(**
# Hares and lynxes

The Hudson's Bay Company wrote down how many pelts it bought. Snowshoe hares and the lynxes that eat them rise and fall in turns, about every ten
years; here are those of 1900 to 1920, in thousands (Hewitt 1921). What law do they follow, and how sure can one be? This page
takes the oldest law of that kind, puts it into a probability model, and draws from all that the data leave possible. It needs two
packages, `Cotangent.Solvers` and `Cotangent.Distributions`.
*)
open Cotangent
open Cotangent.Solvers
open Cotangent.Distributions
open Cotangent.Inference

/// The numbers of a text.
let counts (text: string) =
    tensor [
        for n in text.Split(' ', '\n') do
            if n <> "" then float n
    ]

let hares =
    counts
        "30.0 47.2 70.2 77.4 36.3 20.6 18.1 21.4 22.0
         25.4 27.1 40.3 57.0 76.6 52.3 19.5 11.2 7.6 14.6 16.2 24.7"

let lynxes =
    counts
        "4.0 6.1 9.8 35.2 59.4 41.7 19.0 13.0 8.3 9.1 7.4
         8.0 12.3 19.5 45.7 51.1 29.7 15.8 9.7 10.1 8.6"

let years = Tensor.linspace DType.Float64 0.0 20.0 21

(**
## The model

Lotka's and Volterra's law: hares multiply at a rate $\alpha$ and are eaten at a rate $\beta v$ by $v$ lynxes; lynxes starve at a
rate $\gamma$ and multiply by what they eat, at a rate $\delta u$ where there are $u$ hares. The adjoint method gives the gradient with respect to
rates and start, from a second differential equation that is solved backwards:
*)
type Animals = { Hares: Tensor; Lynxes: Tensor }

let hunt (rates: Tensor) (_: Tensor) (n: Animals) = {
    Hares = n.Hares * (rates[0] - rates[1] * n.Lynxes)
    Lynxes = n.Lynxes * (rates[3] * n.Hares - rates[2])
}

let exact = { OdeOptions.defaults with RelativeTolerance = 1e-4; AbsoluteTolerance = 1e-4 }

let follow rates (start: Tensor) times =
    let first = { Hares = start[0]; Lynxes = start[1] }
    (Ode.solveAdjoint exact hunt rates times first).States

(**
Counts are off by a factor that is log-normal. Rates, the numbers at the start and the width of that noise are unknown; the priors are
those of Carpenter's study of these data, [Predator-Prey Population Dynamics](https://mc-stan.org/users/documentation/case-studies/lotka-volterra-predator-prey.html)
(2018).
*)
type Unknown = { Rates: Tensor; Start: Tensor; Noise: Tensor }

let logPosterior (q: Unknown) =
    let n = follow q.Rates q.Start years

    let seen (count: Tensor) expected (noise: Tensor) =
        sum (LogNormal(log expected, noise).LogProb count)

    sum (
        Normal(tensor [ 1.0; 0.05; 1.0; 0.05 ], tensor [ 0.5; 0.05; 0.5; 0.05 ]).LogProb
            q.Rates
    )
    + sum (LogNormal(tensor (log 10.0), tensor 1.0).LogProb q.Start)
    + sum (LogNormal(tensor -1.0, tensor 1.0).LogProb q.Noise)
    + seen hares n.Hares q.Noise[0]
    + seen lynxes n.Lynxes q.Noise[1]

(**
All unknowns are positive:
*)
let model =
    Unconstrained(logPosterior)
        .With((fun q -> q.Rates), Bijections.Exp)
        .With((fun q -> q.Start), Bijections.Exp)
        .With((fun q -> q.Noise), Bijections.Exp)

let guess = {
    Rates = tensor [ 0.5; 0.03; 0.8; 0.03 ]
    Start = tensor [ 30.0; 5.0 ]
    Noise = tensor [ 0.5; 0.5 ]
}

(**
## What the data leave possible

Each gradient is that of a whole solution, compiled. Chains begin near a guess, since most rates are far from any that cycle at all.
The rates are strongly correlated, so the mass matrix is dense, which makes trajectories three times shorter.
*)
let chains =
    Nuts.sample
        {
            Nuts.defaults with
                Chains = 2
                WarmUp = 200
                Draws = 300
                StartRadius = 0.1
                MassMatrix = MassMatrix.Dense
        }
        model.LogDensity
        (model.Free guess)
        (Key.create 1L)
    |> Samples.map model.Constrain

chains.Summary()
(*** include-it ***)

(**
That study gives 0.55, 0.028, 0.80 and 0.024 as the means of the rates, and 0.25 for both widths (its section "Comparing the fitted model
to data"). Two short chains are enough for a page; for a paper draw more: the summary's R-hat says which chains still differ.

Each draw is a world that may have been. A hundred of them, solved for all times in between under `vmap`, show how certain the fitted law is:
*)
let fine = Tensor.linspace DType.Float64 0.0 20.0 201

let worlds =
    let some (t: Tensor) = t[*, ..49].Reshape [ -1; t.Shape[2] ]
    let solve = compile (vmap (fun (rates, start) -> follow rates start fine))
    solve (some chains.Draws.Rates, some chains.Draws.Start)

(*** hide ***)
let curves name (colour: string) (t: Tensor) (counted: Tensor) =
    [
        for i in 0..3 .. t.Shape[0] - 1 do
            Chart.Line(
                x = (1900.0 + fine).ToData<float[]>(),
                y = t[i].ToData<float[]>(),
                Opacity = 0.15,
                LineColor = Color.fromString colour,
                ShowLegend = false
            )
        Chart.Point(
            x = (1900.0 + years).ToData<float[]>(),
            y = counted.ToData<float[]>(),
            Name = name,
            MarkerColor = Color.fromString colour
        )
    ]
    |> Chart.combine

let picture =
    [
        curves "hares" "#3987e5" worlds.Hares hares
        curves "lynxes" "#d95926" worlds.Lynxes lynxes
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle "year"
    |> Chart.withYAxisStyle "thousand pelts"

picture
(*** include-it ***)

(**
## A question to the posterior

How long is a cycle? Near its equilibrium, the system oscillates with a period of $2\pi/\sqrt{\alpha\gamma}$; each draw has one, and their
spread is the answer:
*)
let rates = chains.Draws.Rates
Summary.Of {| Period = 2.0 * System.Math.PI / sqrt (rates[*, *, 0] * rates[*, *, 2]) |}
(*** include-it ***)

(**
The law is a caricature, and the noise has to pay for it: a width of 0.25 says that counts are a quarter off the curve on average. What else
may be asked of such draws, and whether to believe them, is in [Bayesian inference](inference.html); how solutions are
differentiated, in [Differential equations](differential-equations.html).
*)
