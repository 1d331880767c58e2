(**
---
title: Roots and minima
category: Use
categoryindex: 3
index: 18
description: Roots, fixed points, linear systems, minima, least squares and integrals, differentiable by the implicit function theorem.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../src/Solvers/bin/Release/net10.0"
#r "Cotangent.Solvers.dll"

(**
# Roots and minima

Much is defined by a condition rather than a formula: the $x$ at which a function is 0, or smallest. The package `Cotangent.Solvers`
finds it, and gives its derivatives with respect to what the condition depends on:

    dotnet add package Cotangent.Solvers --prerelease

## A root and its derivative

Kepler's equation $x - e \sin x = m$ tells where on its orbit a planet is, and has no solution in closed form:
*)
open Cotangent
open Cotangent.Solvers

let kepler (e: Tensor) (x: Tensor) = x - e * sin x - 1.0
let found = Root.newton Root.defaults kepler (tensor 0.5) (tensor 1.0)
found.Value, found.Converged, found.Steps, found.Residual
(*** include-it ***)

(**
Solvers take a function of two arguments: parameters, and the unknowns; each may be any tree. (`Quadrature.tanhSinh`,
`Quadrature.gaussLegendre` and `LinearSystem.lanczos` take no parameters: they are differentiated through their steps, by all that the
function uses.) The result says how it went: `Value` is the best that was found, whether that is a solution or not. So look at
`Converged` before you trust it, or a gradient, which is that of a solution. `Solved.orFail` raises an error where it did not
converge:
*)
try
    Root.newton Root.defaults (fun () x -> x * x + 1.0) () (tensor 0.5)
    |> Solved.orFail
    |> ignore
with :? SolverException as e ->
    printfn "%s" e.Message
(*** include-output ***)

(**
Where $F(p, x) = 0$ makes $x$ a function of $p$, its derivative is $-(\partial F/\partial x)^{-1}\, \partial F/\partial p$: the implicit
function theorem. So a gradient costs one linear system, whatever the number of steps, and is exact where the solution is:
*)
let anomaly e = (Root.newton Root.defaults kepler e (tensor 1.0)).Value
grad anomaly (tensor 0.5), grad (grad anomaly) (tensor 0.5)
(*** include-it ***)

(**
What is differentiated must come in by the parameters: if the function closes over a tensor that is being differentiated, forwards or
backwards, that is an error, never a gradient that is silently 0. Without parameters, pass `()`.

| | finds |
| --- | --- |
| `Root.newton`, `Root.broyden` | f p x = 0 for any number of unknowns |
| `Root.bisect`, `Root.brent` | f p x = 0 for one number between two places |
| `FixedPoint.iterate`, `FixedPoint.anderson` | g p x = x |
| `LinearSystem.conjugateGradients`, `gmres`, `biConjugateGradients` | a p x = b for a linear function, without its matrix |
| `LinearSystem.lanczos` | eigenvalues of a symmetric linear function |
| `Minimize.lbfgs`, `bfgs`, `conjugateGradients`, `trustRegion` | the x for which f p x is smallest |
| `LeastSquares.levenbergMarquardt` | the x for which the sum of the squares of residuals is smallest |
| `Quadrature.adaptive`, `toInfinity`, `gaussLegendre`, `tanhSinh` | integrals |

They stop when the residual is within the tolerance (or within what rounding leaves of it in the dtype: for roots, fixed points and
integrals), or after so many steps:

| `defaults` of | tolerance | steps, at most | `Residual` is |
| --- | --- | --- | --- |
| `Root` | 1e-10 | 100 | the largest magnitude in f for `newton`, `broyden`; the width of the interval that is left for `bisect`, `brent` |
| `FixedPoint` | 1e-10 | 1000 | the largest magnitude in g - x |
| `LinearSystem` | 1e-8 | 1000 | the norm of b - a x over that of b |
| `Minimize` | 1e-8 | 1000 | the largest number of the gradient, divided by the value where that is above 1 |
| `LeastSquares` | 1e-6 | 500 | the largest cosine between the residuals and a column of their Jacobian, or the relative length of a step |
| `Quadrature` | 1e-8 relative, 1e-10 absolute | 50 intervals | the estimate of the error |

`Quadrature.tanhSinh` takes the options of the others, such as `Root.defaults`; its residual is the last change, and its steps are
levels, at most nine.

## Linear systems without a matrix

The temperature of a plate with a cold edge that is heated evenly: the second difference is a function of a few lines, its matrix
would have 2304² numbers.
*)
let n = 48
let edge = Tensor.zeros DType.Float64 [ 1; n ]

let laplacian (conductivity: Tensor) (u: Tensor) =
    let down, up = concat 0 [ edge; u[.. n - 2] ], concat 0 [ u[1..]; edge ]
    let left, right = concat 1 [ edge.T; u[*, .. n - 2] ], concat 1 [ u[*, 1..]; edge.T ]
    conductivity * (4.0 * u - down - up - left - right)

let heat = Tensor.full DType.Float64 [ n; n ] 1e-2

let plate =
    LinearSystem.conjugateGradients LinearSystem.defaults laplacian (tensor 1.0) heat

plate.Steps, plate.Residual
(*** include-it ***)
(*** hide ***)
open Plotly.NET

(*** hide ***)
Chart.Heatmap(zData = plate.Value.ToData<float[][]>())
(*** include-it ***)

(**
The derivative of a solution is another such system, with the transpose:
*)
let hottest conductivity =
    (LinearSystem.conjugateGradients LinearSystem.defaults laplacian conductivity heat)
        .Value.Max()

hottest (tensor 1.0), grad hottest (tensor 1.0)
(*** include-it ***)

(**
## Minima

Rosenbrock's valley, whose minimum at $(p, p^2)$ lies at the end of a bent and narrow floor:
*)
let valley (p: Tensor) (x: Tensor) = 100.0 * square (x[1] - square x[0]) + square (p - x[0])
let far = tensor [ -1.2; 1.0 ]

for name, minimise in
    [
        "L-BFGS", Minimize.lbfgs
        "BFGS", Minimize.bfgs
        "conjugate gradients", Minimize.conjugateGradients
        "trust region", Minimize.trustRegion
    ] do
    let found = minimise Minimize.defaults valley (tensor 1.0) far

    printfn
        "%-20s %d steps, %d evaluations, |x - 1| = %.1e"
        name
        (int found.Steps)
        (int found.Evaluations)
        (float (norm (found.Value - 1.0)))
(*** include-output ***)

(**
The minimum by $p$: $(1, 2p)$.
*)
let minimum p = (Minimize.lbfgs Minimize.defaults valley p far).Value
jacobian minimum (tensor 1.0)
(*** include-it ***)

(**
For sums of squares the method of Levenberg and Marquardt needs fewer steps, since it sees each residual. A decay is fitted to
measurements, and the gradient says how much each of them moves the rate that is found:
*)
let at = tensor [ 0.0; 0.5; 1.0; 1.5; 2.0; 3.0; 4.0 ]
let measured = tensor [ 4.1; 3.0; 2.5; 1.7; 1.5; 0.9; 0.5 ]

let residuals (seen: Tensor) (amplitude: Tensor, rate: Tensor) =
    amplitude * exp (-rate * at) - seen

let rate seen =
    snd
        (LeastSquares.levenbergMarquardt
            LeastSquares.defaults
            residuals
            seen
            (tensor 1.0, tensor 1.0))
            .Value

rate measured, grad rate measured
(*** include-it ***)
(*** hide ***)
let amplitude, fittedRate =
    (LeastSquares.levenbergMarquardt
        LeastSquares.defaults
        residuals
        measured
        (tensor 1.0, tensor 1.0))
        .Value

let fine = Tensor.linspace DType.Float64 0.0 4.0 81

(*** hide ***)
[
    Chart.Point(x = at.ToData<float[]>(), y = measured.ToData<float[]>(), Name = "measured")
    Chart.Line(
        x = fine.ToData<float[]>(),
        y = (amplitude * exp (-fittedRate * fine)).ToData<float[]>(),
        Name = "fitted"
    )
]
|> Chart.combine
(*** include-it ***)

(**
## Integrals

`Quadrature.adaptive` halves the interval with the largest error until the sum of the estimates is within the tolerance. The function
sees many points at once, and gives a value, or a tensor, for each:
*)
let peak (width: Tensor) (x: Tensor) = width / (square (x - 0.3) + square width)

let integral width =
    (Quadrature.adaptive Quadrature.defaults peak width (tensor 0.0, tensor 1.0)).Value

integral (tensor 1e-3), grad integral (tensor 1e-3)
(*** include-it ***)

(**
`Quadrature.tanhSinh` is for functions that are infinite at an end:
*)
(Quadrature.tanhSinh Root.defaults (fun x -> log x / sqrt x) (tensor 0.0, tensor 1.0)).Value
(*** include-it ***)

(**
All of it runs eagerly and inside `compile`, and under `vmap`, where each example takes as many steps as it needs:
*)
compile (vmap anomaly) (tensor [ 0.0; 0.3; 0.6; 0.9 ])
(*** include-it ***)

(**
## In C#

`RootSolver`, `FixedPointSolver`, `LinearSolver`, `Minimizer`, `LeastSquaresSolver` and `Integrator` have the same methods:

```csharp
var root = RootSolver.Newton((a, x) => x * x - a, Tensor.Create(2.0), Tensor.Create(1.0));
Console.WriteLine($"{root.OrFail().Value} after {root.Steps} steps");
```
*)
