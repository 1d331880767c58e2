(**
---
title: Layers and models
category: Use
categoryindex: 3
index: 4
description: Neural networks as records of layers: composition with Sequential, Repeat and plain functions, batch normalisation and dropout in training and in use, shared weights, and surgery on models by the names of their tensors.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Layers and models

A layer is a record of tensors and two functions: one draws it from a key, one applies it. A model is a record of layers, so
there is nothing to inherit from, nothing to register, and no mode that is on or off: whatever a call needs stands in its
arguments.
*)
open Cotangent

let layer = Linear.create 3 2 (Key.create 0L)

layer.Weight.Shape,
layer.Bias.Shape,
(layer.Forward(Tensor.ones DType.Float32 [ 5; 3 ])).Shape
(*** include-it ***)

(**
The weight is (inputs, outputs), and a batch stands in the first axes. `create` has what papers and other libraries
take by default; `init` takes options, `Linear.defaults` among them:
*)
let small = { Linear.defaults with Weight = Init.heNormal; Bias = None }

(Linear.init small 3 2 (Key.create 0L)).Bias |> isNull
(*** include-it ***)

(**
## Your own record

This is the usual way to write a model. Here it is a small residual network with two branches that are added up: connections are
plain code.
*)
type Block = { Wide: Convolution; Back: Convolution; Norm: BatchNorm }

module Block =
    let create channels key =
        let a, b = Key.split key

        {
            Wide = Convolution.create 3 (channels, 2 * channels) a
            Back = Convolution.create 1 (2 * channels, channels) b
            Norm = BatchNorm.create channels
        }

    let forward block (x: Tensor) =
        x |> Convolution.forward block.Wide |> relu |> Convolution.forward block.Back

(**
`Convolution.create 3` has no padding, so the sum would not fit. The error says what met what:
*)
(*** hide ***)
let message (f: unit -> 'a) =
    try
        f () |> ignore
        "no error"
    with e ->
        e.Message

(*** show ***)
let block = Block.create 4 (Key.create 1L)
let images = Tensor.ones DType.Float32 [ 2; 4; 8; 8 ]

message (fun () -> images + Block.forward block images)
(*** include-it ***)

(**
With `Window.same`, sizes stay as they are:
*)
let samePadding = { Convolution.defaults with Window = Window.same }

let wide = Convolution.init samePadding [ 3; 3 ] (4, 8) (Key.create 2L)
let padded = { block with Wide = wide }

(images + Block.forward padded images).Shape
(*** include-it ***)

(**
## Chains

Where a model is a chain, `Sequential` is shorter. It holds unlike layers, activations and functions:
*)
let chain key =
    let a, b, c = Key.split3 key

    Sequential.create [
        Convolution.create 3 (1, 8) a
        Activation.Relu
        Layer.ofFunction (maxPool [ 2 ] (Window.stride 2))
        Residual.create (Sequential.create [ BatchNorm.create 8; Activation.Gelu ])
        Layer.ofFunction (fun x -> x.Flatten 1)
        Linear.create (8 * 13 * 13) 10 c
    ]

let digits = chain (Key.create 3L)
Model.summary Sequential.forward (Tensor.zeros DType.Float32 [ 1; 1; 28; 28 ]) digits
(*** include-it ***)

(**
Many layers of one kind, a transformer's blocks for instance, are a `Repeat`: their parameters are stacked along a new first
axis, and `Repeat.fold` goes through them by `scan`. However many there are, they are compiled as one.
*)
let deep = Repeat.create 48 (Linear.create 16 16) (Key.create 4L)
let through x = Repeat.fold (fun layer x -> x + tanh (Linear.forward layer x)) deep x

deep.Stacked.Weight.Shape, (through (Tensor.ones DType.Float32 [ 5; 16 ])).Shape
(*** include-it ***)

(**
`Connect.residual`, `Connect.dense` (each function sees all results so far) and `Connect.around` (a level of a U-net) are
plain functions of functions. Here a U-net of two levels, over a signal of 16 numbers:
*)
let down (x: Tensor) = x.Reshape([ 1; -1; 2 ]).Mean 2
let up (x: Tensor) = (stack 2 [ x; x ]).Flatten 1
let level inner = Connect.around 0 down (inner >> up) id

(level (level id) (Tensor.ones DType.Float32 [ 1; 16 ])).Shape
(*** include-it ***)

(**
## Training and prediction

Batch normalisation and dropout do not do the same in both. There is no flag for it; they have a function more. `Dropout.train`
takes a key, `Dropout.forward` does nothing. `BatchNorm.train` normalises by the batch and returns the layer with new running
statistics beside its output; `BatchNorm.forward` uses those that it has.
*)
let norm = BatchNorm.create 4
let far = images * 3.0f + Random.normal (Key.create 5L) DType.Float32 images.Shape
let _, moved = BatchNorm.train norm far

norm.RunningMean.Value, moved.RunningMean.Value
(*** include-it ***)

(**
Running statistics are `Frozen`: part of the record, so they are saved, moved to a device and compiled with it, but `grad` gives
nothing for them and optimisers leave them alone. In a loss, return the new model beside the number, with
`valueAndGradWith`:
*)
let loss model =
    let y, model = BatchNorm.train model far
    mean (y * y * y), model

let (value, after), gradient = valueAndGradWith loss norm
gradient.Weight, gradient.RunningMean.Value, after.RunningMean.Value
(*** include-it ***)

(**
A chain does this for all of its layers at once:
*)
let dropping =
    Sequential.create [
        Linear.create 4 8 (Key.create 6L)
        Dropout.create 0.5
        Activation.Relu
    ]

let x = Tensor.ones DType.Float32 [ 2; 4 ]
let output, _ = Sequential.train dropping (Key.create 7L) x

output, Sequential.forward dropping x
(*** include-it ***)

(**
## Shared weights

Use one layer twice and its gradient is the sum of both uses; no more is needed. A language model whose output layer is its embedding
asks the embedding for logits: `Embedding.logits`, with no second matrix.

## Surgery

Every tensor has a name, the path to it: `layers.0.weight`. `*` stands for one part of a name, `**` for any number of
them.
*)
let mlp = Mlp.create [ 4; 8; 8; 2 ] Activation.Relu (Key.create 8L)
Model.names mlp
(*** include-it ***)

Model.count mlp, [ for leaf in Model.select "**.bias" mlp -> leaf.Name, leaf.Tensor.Shape ]
(*** include-it ***)

(**
`Model.freeze` gives a model some of whose tensors have no gradient, and `Model.mapAt` changes tensors. A frozen tensor still belongs to
the model, so it is enough to freeze inside of the loss. (A gradient of 0 does not stop an optimiser's weight decay, nor the momentum
of earlier steps. To hold tensors still, as in fine-tuning, tell the optimiser: `Optimizer.freeze (Selection.named [ "layers.0.*" ])`.)
*)
let fine (model: Mlp) =
    let body = model |> Model.freeze "layers.0.*" |> Model.freeze "layers.1.*"
    sum (Mlp.forward body x)

[
    for leaf in Model.select "**.weight" (grad fine mlp) ->
        leaf.Name, float (sum (abs leaf.Tensor))
]
(*** include-it ***)

(**
A new head is record syntax, `{ model with ... }`, or `Model.replace` by name; a name that is not there raises, with the
nearest ones:
*)
message (fun () -> Model.replace "layers.2.weights" (tensor [ 1.0f ]) mlp)
(*** include-it ***)

(**
A fixed table or a pretrained part that never learns can be wrapped in `Frozen` in the record itself. What optimisers do with parts of a
model, rates of their own or no weight decay on biases, is said by a `Selection`: [Losses, optimisers, schedules](optimizers.html).
*)
