(**
---
title: Losses, optimisers, schedules
category: Use
categoryindex: 3
index: 8
description: How losses take their arguments, optimisers as one value for any model, weight decay on some tensors, groups with rates of their own, clipping, micro-batches, schedules, averages of weights, mixed precision.
---
*)
(*** hide ***)
#load "../site/page.fsx"
open Plotly.NET

let message (f: unit -> 'a) =
    try
        f () |> ignore
        "no error"
    with e ->
        e.Message

let lines (title: string) (curves: (string * float list) list) =
    curves
    |> List.map (fun (name, ys) ->
        Chart.Line(x = List.mapi (fun i _ -> i) ys, y = ys, Name = name))
    |> Chart.combine
    |> Chart.withXAxisStyle (TitleText = "steps")
    |> Chart.withYAxisStyle (TitleText = title)

(**
# Losses, optimisers, schedules

## Losses

A loss takes the targets first, then what the model says, and is a mean over examples. `Loss.Each` has the same
functions without the mean, one number for each example. What comes out of a model's last linear layer are logits; losses take them as
they are, since a softmax or sigmoid before the logarithm would lose digits.
*)
open Cotangent

let labels, logits = tensor [ 2; 0 ], tensor [ [ 0.5; 0.1; 2.0 ]; [ 1.0; 1.5; 0.0 ] ]

Loss.crossEntropy labels logits, Loss.Each.crossEntropy labels logits
(*** include-it ***)

(**
Shapes have to be equal: a column beside a row would broadcast to a square, and its mean looks like a loss.
*)
message (fun () ->
    Loss.meanSquaredError (tensor [ [ 1.0 ]; [ 2.0 ] ]) (tensor [ 1.0; 2.0 ]))
(*** include-it ***)

(**
## An optimiser is a value

It holds no parameters and fits any model. `Init` makes the state for some parameters, `Optimizer.step` takes a gradient and
returns new parameters and the new state; nothing is changed in place.
*)
let optimizer = Optimizer.adam 0.05
let model = Mlp.create [ 1; 16; 1 ] Activation.Tanh (Key.create 0L)
let x = (Tensor.linspace DType.Float32 -2.0 2.0 64).Reshape [ 64; 1 ]
let y = sin (2.0f * x)

let step optimizer (model: Mlp, state) =
    let loss, gradient =
        valueAndGrad (fun model -> Loss.meanSquaredError y (Mlp.forward model x)) model

    Optimizer.step optimizer gradient state model, loss

/// Losses of some steps, from the same start.
let train (optimizer: Optimizer) steps =
    let fast = compile (step optimizer)

    List.unfold
        (fun (state, left) ->
            if left = 0 then
                None
            else
                let next, loss = fast state
                Some(float loss, (next, left - 1)))
        ((model, optimizer.Init model), steps)

let runs = [
    "sgd 0.1", train (Optimizer.sgd 0.1) 200
    "momentum 0.03", train (Optimizer.momentum 0.03) 200
    "adam 0.05", train optimizer 200
    "muon 0.05", train (Optimizer.muon 0.05) 200
]

[ for name, losses in runs -> name, List.last losses ]
(*** include-it ***)

(*** hide ***)
lines "mean squared error" runs
(*** include-it ***)

(**
## Put together from parts

An optimiser changes a gradient step by step into what is added to the parameters, and `Optimizer.chain` puts changes one behind the
other: first the clipping, then what remembers. `Optimizer.scale -0.01` at the end would be plain descent.
*)
let clipped = Optimizer.chain [ Optimizer.clipByGlobalNorm 1.0; Optimizer.adam 0.05 ]

List.last (train clipped 200)
(*** include-it ***)

(**
Parts of a model are told apart by a `Selection`: by names with wildcards, or by a predicate. Weight decay is not for biases and
norms, which have one axis (but two in a `Repeat`, whose layers are stacked: name them there, as `"**.bias"`):
*)
let matrices = Selection.where (fun leaf -> leaf.Tensor.Rank > 1)
let decaying = Optimizer.adamW (0.05, decay = 0.01, decayed = matrices)

(**
Groups have optimisers of their own. They have to be a partition of the model, and say so if they are not:
*)
let twoRates =
    Optimizer.groups [
        Selection.named [ "layers.0.*" ], Optimizer.adam 0.01
        Selection.except [ Selection.named [ "layers.0.*" ] ], Optimizer.adam 0.05
    ]

let gap = Optimizer.groups [ Selection.named [ "layers.0.*" ], Optimizer.adam 0.01 ]

List.last (train decaying 200),
List.last (train twoRates 200),
message (fun () -> gap.Init model)
(*** include-it ***)

(**
`Optimizer.freeze selection` leaves tensors as they are; `Optimizer.accumulate n` adds up the gradients of n micro-batches for one step;
`Optimizer.skipNonFinite` passes over a step whose gradient holds NaN or infinity; `Optimizer.lookAhead` and `Optimizer.addNoise`
go around others as well. A state belongs to the optimiser that made it, and another one refuses it by name:
*)
message (fun () -> step (Optimizer.sgd 0.1) (model, optimizer.Init model))
(*** include-it ***)

(**
## Rates that change

Every rate is a schedule; a number is the constant one. The count of steps is in the optimiser's state, so that a training that is
resumed goes on where its schedule was.
*)
let rates (schedule: Schedule) = List.init 200 (fun i -> float (schedule.At i))

[
    "warm-up, then cosine", rates (Schedule.warmUp 20 (Schedule.cosine 1.0 0.0 180))
    "cosine with restarts", rates (Schedule.cosineRestarts 1.0 0.0 50 1)
    "one cycle", rates (Schedule.oneCycle 1.0 200)
    "step", rates (Schedule.step 1.0 0.5 40)
]
|> lines "rate"
(*** include-it ***)

(**
A rate that waits for a metric to stop falling is a `Plateau`, with `Optimizer.adjustable` as the optimiser around which it turns the knob.

## Averages of weights

The mean of the last parameters is often better than the last. `WeightAverage.exponential` keeps one beside the training; it weighs its first steps
right, so that no zeros from before the first are in it. Here every step sees all the data and both are about as good; with mini-batches the mean usually is
the better one.
*)
let averaging (model, state, average) =
    let (model, state), loss = step optimizer (model, state)
    (model, state, WeightAverage.exponential 0.98 model average), loss

let fastAveraging = compile averaging
let start = model, optimizer.Init model, WeightAverage.start model

let last, _, average =
    List.fold (fun state _ -> fst (fastAveraging state)) start [ 1..200 ]

let error model = float (Loss.meanSquaredError y (Mlp.forward model x))
error last, error average.Mean
(*** include-it ***)

(**
## Less memory, faster: 16 bits

`MixedPrecision.computeIn` makes of a function one that converts all that it is given to BFloat16 or Float16, and its result back; the
parameters, and so their gradients, stay in Float32. So do running statistics (whatever is `Frozen`), and what the function returns as
it got it: a model that comes back from `BatchNorm.train` has its parameters bit for bit. Float16 needs a scale, for small gradients
would vanish; `LossScale` holds it, halves it after an overflow and doubles it after a while without.
*)
let lossOf (model, x, y) = Loss.meanSquaredError y (Mlp.forward model x)
let inHalf = MixedPrecision.computeIn DType.BFloat16 lossOf
let slopes = grad (fun model -> inHalf (model, x, y)) model

[ for leaf in Model.select "**.weight" slopes -> leaf.Tensor.DType ],
float (lossOf (model, x, y)),
float (inHalf (model, x, y))
(*** include-it ***)
