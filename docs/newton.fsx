(**
---
title: Hessians and Newton's method
category: Understand
categoryindex: 2
index: 3
description: Second derivatives: Newton's method on Rosenbrock's function, logistic regression, Hessian-vector products with conjugate gradients.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Hessians and Newton's method

Gradient descent follows the slope. Newton's method uses the curvature, too: near a point, a function is about

$$ f(x + p) \approx f(x) + g^\top p + \tfrac12\, p^\top H p, $$

with gradient $g$ and Hessian $H$, and the minimum of the right-hand side is at $p = -H^{-1} g$. Both derivatives come
from transformations of the same plain function.

## Rosenbrock's valley

The classic test has its minimum at (1, 1), at the end of a bent and narrow valley:
*)
open Cotangent

let rosenbrock (x: Tensor) = (1 - x[0]) ** 2.0 + 100 * (x[1] - x[0] ** 2.0) ** 2.0

let start = tensor [ -1.2; 1.0 ]
hessian rosenbrock start
(*** include-it ***)

(**
A step solves a linear system:
*)
let newton f x = x - solve (hessian f x) (grad f x)

let descent rate f x = x - rate * grad f x

let path step count =
    List.scan (fun x _ -> step x) start [ 1..count ]
    |> List.map (fun x -> x.ToData<float[]>())

let newtonPath = path (newton rosenbrock) 6
let descentPath = path (descent 2e-3 rosenbrock) 2000

for x in newtonPath do
    printfn "%9.6f %9.6f   f = %.2g" x[0] x[1] (float (rosenbrock (tensor x)))
(*** include-output ***)

(**
Six Newton steps reach the minimum; two thousand steps of gradient descent at rate 0.002 are still on the way:
*)
(*** hide ***)
open Plotly.NET

(*** hide ***)
let contour =
    let xs = [ -1.6 .. 0.04..1.6 ]
    let ys = [ -0.4 .. 0.04..1.6 ]

    let z = [
        for y in ys -> [ for x in xs -> log (1e-3 + float (rosenbrock (tensor [ x; y ]))) ]
    ]

    Chart.Contour(
        z,
        X = xs,
        Y = ys,
        ShowScale = false,
        ColorScale = StyleParam.Colorscale.Greys,
        Opacity = 0.35,
        NContours = 14
    )

let line name (path: float[] list) mode =
    Chart.Scatter(
        x = [ for p in path -> p[0] ],
        y = [ for p in path -> p[1] ],
        mode = mode,
        Name = name
    )

[
    contour
    line "gradient descent, 2000 steps" descentPath StyleParam.Mode.Lines
    line "Newton, 6 steps" newtonPath StyleParam.Mode.Lines_Markers
]
|> Chart.combine
|> Chart.withXAxisStyle (TitleText = "x₀", MinMax = (-1.6, 1.6))
|> Chart.withYAxisStyle (TitleText = "x₁", MinMax = (-0.4, 1.6))
|> Chart.withSize (Height = 440)
(*** include-it ***)

(**
## Without the Hessian: conjugate gradients

The Hessian of a function of $n$ numbers has $n^2$ entries. But the method of conjugate gradients solves $H p = -g$ by
products $H v$ alone, and `hvp` computes one without the matrix, as the derivative of the gradient in the direction $v$.
It works on trees, so parameters can stay in their records:
*)
let conjugateGradients (multiply: 'p -> 'p) (b: 'p) steps =
    let rec go x r p (rr: Tensor) n =
        if n = 0 || float rr < 1e-20 then
            x
        else
            let q = multiply p
            let a = rr / Tree.dot p q
            let r' = r |> Tree.addScaled -a q
            let next = Tree.dot r' r'

            go
                (x |> Tree.addScaled a p)
                r'
                (r' |> Tree.addScaled (next / rr) p)
                next
                (n - 1)

    go (Tree.zerosLike b) b b (Tree.dot b b) steps

(**
## Logistic regression

Two classes of 500 points each in 20 dimensions, a linear model, a little weight decay. The loss is convex, so Newton's
method needs no care:
*)
type Classifier = { Weight: Tensor; Bias: Tensor }

let examples = 1000
let forPoints, forShift = Key.split (Key.create 7L)
let labels = Tensor.arange DType.Float64 examples % 2.0
let shift = Random.normal forShift DType.Float64 [ 20 ] * 0.4

let points =
    Random.normal forPoints DType.Float64 [ examples; 20 ] + labels.Unsqueeze 1 * shift

let loss model =
    let logits = matmul points model.Weight + model.Bias
    Loss.binaryCrossEntropyWithLogits labels logits + 1e-3 * Tree.dot model model

let zero = { Weight = Tensor.zeros DType.Float64 [ 20 ]; Bias = tensor 0.0 }

let newtonStep model =
    let g = grad loss model
    Tree.subtract model (conjugateGradients (hvp loss model) g 25)

let fitted = List.scan (fun model _ -> newtonStep model) zero [ 1..6 ]

for model in fitted do
    printfn "%.6f  %.2g" (float (loss model)) (float (Tree.norm (grad loss model)))
(*** include-output ***)

(**
Each row is the loss and the norm of the gradient after one more step: the norm falls quadratically, until it meets the
accuracy of the inner solve. `hvp loss model` is partially applied: a linear function from a `Classifier` to a `Classifier`, which is
all that conjugate gradients asks for.
*)
let logits = matmul points fitted[6].Weight + fitted[6].Bias
float (mean ((logits.Greater 0.0).Equal(labels.Greater 0.5).Convert DType.Float64))
(*** include-it ***)

(**
is the share of points on the right side.

## Blocks of trees

A model is a record, and its first and second derivatives are asked for by its fields. `jacobian` and `jacobianForward` take a function
from any tree to a tensor and return such a tree; `jacobians` takes one to any tree, and `hessians` a scalar function. They return a
`Jacobian`: each tensor of the one by each tensor of the other, picked by functions:
*)
let predicted (slope: Tensor, offset: Tensor) = slope * tensor [ 1.0; 2.0 ] + offset
let residuals p = {| Errors = predicted p - tensor [ 1.0; 5.0 ]; Sum = sum (predicted p) |}
let j = jacobians residuals (tensor 3.0, tensor 0.0)
j.Of(fun y -> y.Errors), (j.By fst).Sum, j.Block((fun y -> y.Errors), snd)
(*** include-it ***)

(**
`ToMatrix` puts all blocks into one matrix, here the Hessian of a sum of squares, which is twice $J^\top J$ of the errors:
*)
let squares p = sum ((residuals p).Errors ** 2.0)
let h = hessians squares (tensor 3.0, tensor 0.0)
h.ToMatrix()
(*** include-it ***)

(**
## Taylor series

A derivative of a derivative of a derivative costs twice as much at each step: the tenth one, a thousand evaluations. *Taylor mode* carries
the series of every value along instead, so that all derivatives up to the n-th take of the order of $n^2$ evaluations. `taylor n f x` has the
coefficients of $f(x + t)$ in the powers of $t$:
*)
taylor 5 (fun x -> exp (sin x)) (tensor 0.0)
(*** include-it ***)

(**
`k!` times the k-th coefficient is the k-th derivative, which `diffn k` finds in this way. `taylorAlong n f x v` goes along a line in any tree, and
`jet f` along any curve that is itself given by its coefficients: of the curve, and of $f$ along it, there is a list.

That is all it takes to solve a differential equation $y' = f(y)$ by its Taylor series, the oldest of methods, and still among the most
exact. The coefficients of the left-hand side are $(k + 1) y_{k+1}$, those of the right-hand side a jet along what is known so far, so each one
gives the next. A pendulum, angle and speed, over 20 seconds in steps of half a second, of order 16:
*)
let pendulum (angle: Tensor, speed: Tensor) = speed, -(sin angle)

let series order state =
    List.fold
        (fun terms k ->
            let change = List.last (jet pendulum terms)
            terms @ [ Tree.map (fun c -> c / float k) change ]) [ state ] [ 1..order ]

let step (h: float) state =
    // Horner's rule.
    series 16 state
    |> List.reduceBack (fun term rest -> Tree.map2 (fun a b -> a + h * b) term rest)

let energy (angle: Tensor, speed: Tensor) = speed * speed / 2.0 - cos angle
let released = tensor 2.0, tensor 0.0
let after = List.fold (fun state _ -> step 0.5 state) released [ 1..40 ]

float (energy after - energy released)
(*** include-it ***)

(**
is what the energy has changed by. `compile (step 0.5)` is one program, and `grad` of anything that follows from the steps works as ever.

`laplacian` is Taylor mode of order two along all axes at once, of which each primitive passes on the sum alone: the residual of a partial
differential equation, for a network that shall solve it, at many points:
*)
let field = Mlp.create [ 2; 32; 32; 1 ] Activation.Tanh (Key.create 0L)
let places = Random.uniform (Key.create 1L) DType.Float32 [ 64; 2 ]

/// Poisson's equation Δu = 1.
let misfit (u: Mlp) =
    let residual (x: Tensor) = laplacian (fun x -> sum (u.Forward x)) x - 1.0
    mean (square (vmap residual places))

float (misfit field), float (Tree.norm (grad misfit field))
(*** include-it ***)

(**
## Which transformation for what

| wanted | use | which is |
| --- | --- | --- |
| $H$ of a small function | `hessian f x` | forward over reverse, all columns |
| $H$ of a function of a tree | `hessians f x` | the same, by blocks |
| $J$ of a function of trees | `jacobians f x`, `jacobiansForward f x` | by rows, by columns |
| $H v$ | `hvp f x v` | `jvp (grad f) x v` |
| $v^\top H$ | `vhp f x v` | `snd (vjp (grad f) x) v` |
| $H v$ for many $v$ at one $x$ | `snd (linearize (grad f) x)` | the gradient is evaluated once |
| the trace of $H$ | `laplacian f x` | Taylor mode along all axes |
| $J^\top J v$ (Gauss–Newton) | `let y, push = linearize f x` and `vjp` | push, then pull |
| a higher derivative with respect to one number | `diffn n f x` | Taylor mode |
| all derivatives up to the n-th, by one number or along a line | `taylor n f x`, `taylorAlong n f x v` | Taylor mode: the coefficient of $t^k$ is the k-th over $k!$ |
| the series along a curve given by its series | `jet f terms` | Taylor mode |
*)
