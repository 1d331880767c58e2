(**
---
title: Differential equations
category: Use
categoryindex: 3
index: 17
description: Ordinary and stochastic differential equations: adaptive steps, events, stiff problems, gradients through a solution.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../src/Solvers/bin/Release/net10.0"
#r "Cotangent.Solvers.dll"

(**
# Differential equations

A motion is often known by its law: how the state changes, $y' = f(t, y)$, from a state at the start. The package
`Cotangent.Solvers` follows such laws, and differentiates what comes of them:

    dotnet add package Cotangent.Solvers --prerelease

## A solution

Hares grow in number, foxes eat them: the equations of Lotka and Volterra. The state may be any tree; here it is a record.
*)
open Cotangent
open Cotangent.Solvers

type Population = { Hares: Tensor; Foxes: Tensor }

let hunt (rates: Tensor) (_: Tensor) (p: Population) = {
    Hares = p.Hares * (rates[0] - rates[1] * p.Foxes)
    Foxes = p.Foxes * (rates[2] * p.Hares - rates[3])
}

let rates = tensor [ 1.5; 1.0; 1.0; 3.0 ]
let start = { Hares = tensor 1.0; Foxes = tensor 1.0 }
let times = Tensor.linspace DType.Float64 0.0 10.0 201
let solution = Ode.solve OdeOptions.defaults (hunt rates) times start
solution.Outcome, solution.Accepted, solution.Evaluations
(*** include-it ***)

(**
`times` are the times at which states are wanted, the first that of the start. The solver chooses its steps by the error that it
allows; what lies between comes from the polynomial of a step, so that asking for more times costs little. `States` is the record
with an axis of times in front of each tensor:
*)
(*** hide ***)
open Plotly.NET

(*** hide ***)
let line name (x: Tensor) (y: Tensor) =
    Chart.Line(x = x.ToData<float[]>(), y = y.ToData<float[]>(), Name = name)
(*** hide ***)
[ line "hares" times solution.States.Hares; line "foxes" times solution.States.Foxes ]
|> Chart.combine
|> Chart.withXAxisStyle "time"
(*** include-it ***)

(**
Options say how:
*)
let precise = {
    OdeOptions.defaults with
        Method = OdeMethod.DormandPrince8
        RelativeTolerance = 1e-12
        AbsoluteTolerance = 1e-12
}

(Ode.solve precise (hunt rates) times start).Final.Hares
(*** include-it ***)

(**
`Final` is the state where the solution ended: at the last time if all went well, else as far as it got, and a number all the same.
Look at `Outcome`, or in compiled functions at `Status`, before you trust it or a gradient of it; `Ode.orFail` does that.
*)

(**
| method | order | for |
| --- | --- | --- |
| `Tsitouras5` | 5(4) | the default: most problems, at tolerances from 1e-3 to 1e-9 |
| `DormandPrince5` | 5(4) | the same; what MATLAB's `ode45` and SciPy's `RK45` do |
| `DormandPrince8` | 8(5, 3) | smooth problems at small tolerances; SciPy's `DOP853` |
| `Rodas4` | 4(3) | stiff problems: some parts of the state settle much faster than the part of interest changes |
| `RungeKutta4`, `Heun` | 4(3), 2(1) | steps of one size, `Steps = OdeSteps.Fixed 0.01`, and teaching |

## How it went

A solver that does not get to the end says so. The solution of $y' = y^2$ from 1 is $1/(1 - t)$, which never gets beyond 1:
*)
let explosion =
    Ode.solve OdeOptions.defaults (fun _ y -> y * y) (tensor [ 0.0; 0.5; 2.0 ]) (tensor 1.0)

explosion.Outcome, explosion.FinalTime, explosion.States
(*** include-it ***)

(**
What was not reached is NaN. `Ode.orFail` raises an error instead, which says where it was, why, and what to do:
*)
try
    Ode.orFail explosion |> ignore
with :? SolverException as e ->
    printfn "%s" e.Message
(*** include-output ***)

(**
## Stiff problems

In Robertson's reaction one rate is a billion times another. An explicit method would take steps as short as the fastest part asks,
long after it has died out; `Rodas4` looks at the Jacobian, which forward mode gives it, and takes a few hundred steps over eleven
orders of time:
*)
let robertson (_: Tensor) (y: Tensor) =
    let slow, fast, quadratic = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * square y[1]
    stack 0 [ fast - slow; slow - fast - quadratic; quadratic ]

let stiff = {
    OdeOptions.defaults with
        Method = OdeMethod.Rodas4
        AbsoluteTolerance = 1e-12
}

let reaction =
    Ode.solve stiff robertson (tensor [ 0.0; 40.0; 1e11 ]) (tensor [ 1.0; 0.0; 0.0 ])

reaction.Accepted, reaction.States
(*** include-it ***)

(**
## Events

`solveUntil` stops where a function of time and state passes through 0. A ball that loses a fifth of its speed at each bounce:
*)
let fly (_: Tensor) (height: Tensor, speed: Tensor) = speed, -9.81 * Tensor.onesLike height
let touches (_: Tensor) (height: Tensor, _: Tensor) = height

let bounce (t: Tensor, (height, speed)) =
    let landing =
        Ode.solveUntil
            OdeOptions.defaults
            Crossing.Falling
            touches
            fly
            (stack 0 [ t; t + 9.0 ])
            (height, speed)

    landing.FinalTime, (Tensor.zerosLike height, -0.8 * snd landing.Final)

List.scan (fun state _ -> bounce state) (tensor 0.0, (tensor 1.0, tensor 0.0)) [ 1..5 ]
|> List.map (fst >> float)
(*** include-it ***)

(**
The time of an event is differentiable: $\sqrt{2 h/g}$ by the height $h$ is $1/\sqrt{2 g h}$.
*)
let landingTime (height: Tensor) =
    (Ode.solveUntil
        OdeOptions.defaults
        Crossing.Falling
        touches
        fly
        (tensor [ 0.0; 9.0 ])
        (height, tensor 0.0))
        .FinalTime

grad landingTime (tensor 1.0), 1.0 / sqrt (2.0 * 9.81)
(*** include-it ***)

(**
## As a function of time

`Ode.path` keeps the polynomials of all steps, for times that are not known beforehand. It works outside of `compile` and `vmap`
alone, since it keeps as many steps as it happens to take; there, give `Ode.solve` the times:
*)
let path = Ode.path OdeOptions.defaults (hunt rates) (tensor 0.0, tensor 10.0) start
path.At(tensor [ 0.123; 4.56 ]).Foxes
(*** include-it ***)

(**
## Gradients

A law with unknown rates, and noisy counts at some times: which rates fit best? The gradient of the misfit goes through all the
steps of the solver.
*)
let seenAt = Tensor.linspace DType.Float64 0.0 6.0 25
let truth = (Ode.solve precise (hunt rates) seenAt start).States
let noise key = 0.2 * Random.normal (Key.create key) DType.Float64 [ 25 ]
let seen = { Hares = truth.Hares + noise 1L; Foxes = truth.Foxes + noise 2L }

let bounded = { OdeOptions.defaults with Loop = OdeLoop.Bounded }

let misfit (logRates: Tensor) =
    let found = (Ode.solve bounded (hunt (exp logRates)) seenAt start).States
    mean (square (found.Hares - seen.Hares)) + mean (square (found.Foxes - seen.Foxes))

let misfitAndGradient = compile (valueAndGrad misfit)
misfitAndGradient (tensor [ 0.3; 0.1; -0.1; 1.0 ])
(*** include-it ***)

(**
In a compiled function reverse mode has to know how many steps there can be; `compile (grad ...)` of a solution with the default
`OdeLoop.Open` is an error, and this is the way out: `OdeLoop.Bounded` says that there are at most
`MaximumSteps` between two times, and keeps only some of them, from which the others are computed again. The minimum is found by
the same package, see [Roots and minima](solvers.html):
*)
let fitted =
    Minimize.lbfgs
        { Minimize.defaults with Tolerance = 1e-5 }
        (fun () x -> misfit x)
        ()
        (tensor [ 0.3; 0.1; -0.1; 1.0 ])

exp fitted.Value
(*** include-it ***)

(*** hide ***)
let curve = (Ode.solve OdeOptions.defaults (hunt (exp fitted.Value)) times start).States

let firstGuess =
    (Ode.solve OdeOptions.defaults (hunt (exp (tensor [ 0.3; 0.1; -0.1; 1.0 ]))) times start)
        .States

(*** hide ***)
[
    Chart.Point(
        x = seenAt.ToData<float[]>(),
        y = seen.Hares.ToData<float[]>(),
        Name = "hares, counted"
    )
    Chart.Point(
        x = seenAt.ToData<float[]>(),
        y = seen.Foxes.ToData<float[]>(),
        Name = "foxes, counted"
    )
    line "hares, fitted" times curve.Hares
    line "foxes, fitted" times curve.Foxes
    line "hares, first guess" times firstGuess.Hares
]
|> Chart.combine
|> Chart.withXAxisStyle "time"
(*** include-it ***)

(**
There are three ways to a gradient:

| | takes | memory | note |
| --- | --- | --- | --- |
| `Ode.solve` | all that f uses, closures too | all steps | forward mode everywhere; reverse mode outside of `compile` |
| with `OdeLoop.Bounded` | the same | cube root of `MaximumSteps` | reverse mode in `compile` |
| `Ode.solveAdjoint` | parameters, times, start | that of one step | a second problem, backwards; exact to its tolerances |
| with `OdeMethod.Rodas4` | the same | steps between two times | through these steps: a stiff problem has no way back |

The adjoint takes the parameters by themselves, since a closure could not be seen:
*)
let byAdjoint (rates: Tensor) =
    sum (Ode.solveAdjoint OdeOptions.defaults hunt rates seenAt start).States.Foxes

let throughSteps (rates: Tensor) =
    sum (Ode.solve OdeOptions.defaults (hunt rates) seenAt start).States.Foxes

grad byAdjoint rates, grad throughSteps rates
(*** include-it ***)

(**
## Many at once

`vmap` solves many problems at once, each with steps of its own; `compile` makes a program of all of it:
*)
let ends =
    compile (
        vmap (fun rates ->
            (Ode.solve OdeOptions.defaults (hunt rates) (tensor [ 0.0; 10.0 ]) start)
                .Final.Hares)
    )

ends (stack 0 [ rates; 1.1 * rates; 0.9 * rates ])
(*** include-it ***)

(**
## Noise

A stochastic differential equation has a second term, $dY = f\,dt + g\,dW$, along a path $W$ of Brownian motion. A `Brownian.path`
is drawn by a key, and gives the same value for the same time whenever it is asked, so that a solution can be repeated with smaller
steps along the same path, down to the resolution that it is given, here $10^{-4}$; shorter ones are an error:
*)
let brownian = Brownian.path (Key.create 4L) (0.0, 1.0) 1e-4 DType.Float64 [ 4 ]
let when' = Tensor.linspace DType.Float64 0.0 1.0 101

let prices =
    Sde.solve
        SdeMethod.Milstein
        10
        (fun _ y -> 0.1 * y)
        (fun _ y -> 0.3 * y)
        brownian
        when'
        (Tensor.ones DType.Float64 [ 4 ])

(*** hide ***)
[ for i in 0..3 -> line $"path {i + 1}" when' prices[*, i] ]
|> Chart.combine
|> Chart.withXAxisStyle "time"
(*** include-it ***)

(**
Each number of the state has a motion of its own there, which a `g` like the state scales. With `Sde.solveGeneral` g gives a matrix
$(d, m)$, by which $m$ motions move $d$ numbers: here two stocks that a market moves alike, and each one by itself.
*)
let market = Brownian.path (Key.create 5L) (0.0, 1.0) 1e-4 DType.Float64 [ 3 ]

let volatility (_: Tensor) (y: Tensor) =
    y.Unsqueeze 1 * tensor [ [ 0.3; 0.1; 0.0 ]; [ 0.3; 0.0; 0.1 ] ]

let stocks =
    Sde.solveGeneral
        SdeMethod.Milstein
        10
        (fun _ y -> 0.1 * y)
        volatility
        market
        when'
        (Tensor.ones DType.Float64 [ 2 ])

(*** hide ***)
[ for i in 0..1 -> line $"stock {i + 1}" when' stocks[*, i] ]
|> Chart.combine
|> Chart.withXAxisStyle "time"
(*** include-it ***)

(**
`EulerMaruyama` is for noise of every kind, of strong order 1/2: ten times as many steps make the error along a path three times smaller.
`Milstein` is of order 1, and for noise that commutes: each number moved by its own motion alone, or $L_j g_k = L_k g_j$ for the derivatives of
the columns $g_k$ along each other, as here. It refuses other noise, for which it would have to know the areas between the motions.

Derivatives go through the steps, with respect to all that f and g use; the path stays as it is.

## In C#

The same solvers take a `Func`, and options by name:

```csharp
using Cotangent;
using Cotangent.Solvers;

var options = OdeOptions.Create(OdeMethod.DormandPrince8, relativeTolerance: 1e-10);
var swing = OdeSolver.Solve<(Tensor Angle, Tensor Speed)>(
    (t, y) => (y.Speed, -9.81 * y.Angle.Sin()),
    Tensor.Create([0.0, 1.0, 2.0]),
    (Tensor.Create(0.5), Tensor.Create(0.0)),
    options);

Console.WriteLine(swing.OrFail().States.Angle);
```
*)
