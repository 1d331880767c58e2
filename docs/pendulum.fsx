(**
---
title: A pendulum, measured
category: Use
categoryindex: 3
index: 19
description: The length and the friction of a pendulum from noisy measurements of its angle: least squares through a differential equation, and how sure the answer is.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../src/Solvers/bin/Release/net10.0"
#r "Cotangent.Solvers.dll"

open Plotly.NET

(**
# A pendulum, measured

A pendulum swings, and a camera sees its angle ten times a second, with an error of three degrees. How long is it, and how much does the
air brake it? The law of motion is known, its numbers are not: they are what makes the solution of a differential equation pass through the
measurements.

## The law

Gravity pulls the angle back, friction brakes the speed: $\theta'' = -\frac{g}{l} \sin\theta - c\,\theta'$. Of wide swings, as here, there is
no solution in closed form; the solver of `Cotangent.Solvers` follows them.
*)
open Cotangent
open Cotangent.Solvers

type Swing = { Angle: Tensor; Speed: Tensor }

/// What is not known: the length in metres, the friction in 1/s, and how the pendulum was let go.
type Pendulum = { Length: Tensor; Friction: Tensor; Start: Swing }

let move (p: Pendulum) (_: Tensor) (s: Swing) = {
    Angle = s.Speed
    Speed = -9.81 / p.Length * sin s.Angle - p.Friction * s.Speed
}

let precise = {
    OdeOptions.defaults with
        RelativeTolerance = 1e-8
        AbsoluteTolerance = 1e-8
}

let angles (p: Pendulum) times = (Ode.solve precise (move p) times p.Start).States.Angle

(**
## The measurements

They are made here, from a pendulum that nobody below looks at again: 1.2 m long, let go at two radians.
*)
let truth = {
    Length = tensor 1.2
    Friction = tensor 0.25
    Start = { Angle = tensor 2.0; Speed = tensor 0.0 }
}

let deviation = 0.05
let times = Tensor.linspace DType.Float64 0.0 8.0 81

let seen =
    angles truth times + deviation * Random.normal (Key.create 1L) DType.Float64 [ 81 ]

(**
## The fit

Least squares: the residuals are what is seen beside what the law says, and Levenberg and Marquardt's method finds the pendulum for which their
squares are least. It needs the derivatives of each residual with respect to each unknown, which forward mode carries through all steps of the
solver.
*)
let residuals (seen: Tensor) (p: Pendulum) = (angles p times - seen) / deviation

let guess = {
    Length = tensor 1.0
    Friction = tensor 0.1
    Start = { Angle = tensor 1.5; Speed = tensor 0.0 }
}

let found =
    LeastSquares.levenbergMarquardt LeastSquares.defaults residuals seen guess
    |> Solved.orFail

let fitted = found.Value
fitted, found.Steps
(*** include-it ***)

(*** hide ***)
let fine = Tensor.linspace DType.Float64 0.0 8.0 401

(*** hide ***)
[
    Chart.Point(x = times.ToData<float[]>(), y = seen.ToData<float[]>(), Name = "measured")
    Chart.Line(
        x = fine.ToData<float[]>(),
        y = (angles fitted fine).ToData<float[]>(),
        Name = "fitted"
    )
    Chart.Line(
        x = fine.ToData<float[]>(),
        y = (angles guess fine).ToData<float[]>(),
        Name = "first guess"
    )
]
|> Chart.combine
|> Chart.withXAxisStyle "seconds"
|> Chart.withYAxisStyle "angle"
(*** include-it ***)

(**
## How sure

With $J$ the derivatives of the residuals at the fit, each in units of the measurements' error, $(J^T J)^{-1}$ is the covariance of the answer, as
far as the law is straight that near. Its diagonal gives standard deviations: of length and friction,
*)
let alone (x: Tensor) = {
    Length = x[0]
    Friction = x[1]
    Start = { Angle = x[2]; Speed = x[3] }
}

let best =
    stack 0 [ fitted.Length; fitted.Friction; fitted.Start.Angle; fitted.Start.Speed ]

let slopes = jacobianForward (alone >> residuals seen) best
let covariance = inv (matmul slopes.T slopes)
let errors = sqrt (covariance.Diagonal())
best[..1], errors[..1]
(*** include-it ***)

(**
The true ones, 1.2 and 0.25, are within two of them. The squares of the 81 residuals should add up to about 81 - 4, one for each measurement less the
unknowns; much more would say that the law is wrong:
*)
sum (square (residuals seen fitted))
(*** include-it ***)

(**
## What a measurement is worth

A solution of `LeastSquares` is differentiable, by the implicit function theorem: with respect to what it was fitted to, too. So one can ask how far the
length would move if one measurement did, for all of them at once.
*)
let lengthOf (seen: Tensor) =
    (LeastSquares.levenbergMarquardt LeastSquares.defaults residuals seen fitted)
        .Value.Length

let worth = grad lengthOf seen

Chart.Column(values = worth.ToData<float[]>(), Keys = times.ToData<float[]>())
|> Chart.withXAxisStyle "seconds"
|> Chart.withYAxisStyle "metres for a radian"
(*** include-it ***)

(**
Measurements of fast swings late in time tell the most: there the phases of a long and a short pendulum have drifted apart. The variance
of the length is the sum of the squares of all these, times that of one measurement, the same as above:
*)
deviation * norm worth, errors[0]
(*** include-it ***)

(**
Where the law itself is not known, a network can take its place: `dotnet fsi build.fsx sample pendulum` learns it from such measurements. A
whole distribution of answers in place of one is what the next page draws, [Hares and lynxes](predator-prey.html).
*)
