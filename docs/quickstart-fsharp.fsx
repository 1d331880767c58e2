(**
---
title: Quick start, F#
category: Start
categoryindex: 1
index: 3
description: Tensors, gradients, a model and a training loop in F#.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Quick start, F#

In a script, `#r "nuget: Cotangent, *-*"`; in a project, `dotnet add package Cotangent --prerelease` ([Install](install.html) tells more). Then:
*)
open Cotangent

(**
## Tensors

A tensor is an immutable array of numbers. Its dtype follows the data: F#'s `1.0` is Float64, `1.0f` Float32.
*)
let a = tensor [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ]
a
(*** include-it ***)

(**
Shapes broadcast as in NumPy. A literal takes the tensor's dtype.
*)
a * tensor [ 10.0; 100.0; 1000.0 ] + 1
(*** include-it ***)

(**
F#'s own `sin`, `exp`, `abs`, `sqrt`, `tanh`, `floor` and their like work on tensors (not `sign`, which is `x.Sign()`), and so does `**` with a tensor on its left; `sum`, `mean`, `matmul`, `relu`, `where`, `concat` and
others are functions, and what takes options is a member. Slices include both ends, as everywhere in F#; negative
positions count from the end.
*)
exp -a[0, 1..], a.Mean [ 0 ], matmul a a.T
(*** include-it ***)

(**
Comparisons are members, since F#'s `<` gives one `bool`. Tensors never change: `At` names a part, by the same brackets or
by a mask, and makes a copy in which it is replaced.
*)
a.At[0, 1..].Set 0.0, a.At[a.Greater 4.0].Add 10.0
(*** include-it ***)

(**
Two dtypes never meet silently. Every error says the operation, what it got and a way out:
*)
try
    a + tensor [ 1.0f ] |> ignore
with :? DTypeException as e ->
    printfn "%s" e.Message
(*** include-output ***)

(**
Out again: `float t` for one number, `ToData` for arrays and lists of any nesting.
*)
float (sum a), a.ToData<float[,]>()
(*** include-it ***)

(**
## Gradients

`grad` turns a function that returns one number into its gradient. (A function that uses members of its argument says that
it is a tensor: `fun (x: Tensor) -> x.Max()`.)
*)
let f x = sum (sin x * x)
grad f (tensor [ 0.0; 1.0; 2.0 ])
(*** include-it ***)

(**
It is a function like any other, so it can be differentiated again. [`Core`](reference/cotangent-core.html) lists all
transformations: `valueAndGrad`, `jvp`, `vjp`, `linearize`, `jacobian`, `hessian`, `hvp`, `vmap`, …
*)
hessian f (tensor [ 0.0; 1.0; 2.0 ])
(*** include-it ***)

(**
## Randomness

A draw takes a *key*, and the same key gives the same numbers. Split a key for each use;
`Debug.checkKeys` finds one that was used twice.
*)
let forNoise, forModel = Key.split (Key.create 42L)
Random.normal forNoise DType.Float32 [ 3 ]
(*** include-it ***)

(**
## A model

A model is a record of parameters, a function of it, and a loss. Here a curve is fitted to 64 noisy points. There is
nothing to inherit from and nothing to register: the gradient with respect to a `Model` is a `Model`.
*)
type Model = { Hidden: Linear; Output: Linear }

let forward model x =
    x
    |> Linear.forward model.Hidden
    |> Linear.forward model.Output

let init key =
    let forHidden, forOutput = Key.split key

    let tanh = {
        Linear.defaults with
            Activation = Activation.Tanh
    }

    {
        Hidden = Linear.init tanh 1 32 forHidden
        Output = Linear.init Linear.defaults 32 1 forOutput
    }

let x = (Tensor.linspace DType.Float32 -3.0 3.0 64).Unsqueeze 1

let noise =
    Random.normal (Key.fold 1L forNoise) DType.Float32 x.Shape

let y = sin (2 * x) + 0.1 * noise

let loss model = Loss.meanSquaredError y (forward model x)

(**
## A training loop

An optimiser is one value for models of every type, and pure: it makes a first state, and one update. A step goes from model and state to the next
model and state; `compile` makes one fused program of it, and a loop is a fold.
*)
let optimizer = Optimizer.adam (Schedule.cosine 0.02 0.0 1500)

let step =
    compile (fun (model, state) ->
        let value, gradient = valueAndGrad loss model
        value, Optimizer.step optimizer gradient state model)

let start = init forModel

let losses, (trained, _) =
    [ 1..1500 ]
    |> List.mapFold
        (fun now _ -> step now)
        (start, optimizer.Init start)

(*** hide ***)
open Plotly.NET
let flat (t: Tensor) = t.Flatten().ToData<float32[]>()

(**
Drawn with [Plotly.NET](https://plotly.net). In F# Interactive such a chart prints as one line,
`{| Chart = "3 scatter" |}`, and `Chart.show` opens it in a browser:
*)
[
    Chart.Point(flat x, flat y, Name = "data", Opacity = 0.6)
    Chart.Line(flat x, flat (forward start x), Name = "before")
    Chart.Line(flat x, flat (forward trained x), Name = "after")
]
|> Chart.combine
(*** include-it ***)

(**
A batch of examples is one more axis in front: layers take `(…, inputs)`. A function written for one example becomes one
for a batch with `vmap`, and `vmap` composes with `grad`: the gradient of the loss at each of three examples, with respect to the
output's bias:
*)
let oneLoss model (x, y) =
    Loss.meanSquaredError y (forward model x)

let perExample =
    vmap
        (fun example ->
            grad (fun model -> oneLoss model example) trained)
        (x[..2], y[..2])

perExample.Output.Bias
(*** include-it ***)

(**
## When numbers go wrong

`Debug.checkNumbers` runs a function and raises an error at the first operation that makes a NaN or an infinity, forward
or on the way back:
*)
try
    Debug.checkNumbers (fun () ->
        grad (fun x -> sum (sqrt x)) (tensor [ 1.0; 0.0 ]))
    |> ignore
with :? NumberException as e ->
    printfn "%s" e.Message
(*** include-output ***)

(**
Next: [your first classifier](first-classifier.html) on real data, [the idea behind it](tour.html), [the sine GAN](sine-gan.html), [layers and optimisers of your own](extending.html).
*)
