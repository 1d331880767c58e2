(**
---
title: Migrating from DiffSharp
category: Use
categoryindex: 3
index: 3
description: DiffSharp programs and what becomes of them, by example: tensors, gradients, models, training, a GAN, a variational autoencoder, and what has no counterpart.
---
*)
(*** hide ***)
#load "../site/page.fsx"

let file = System.IO.Path.GetTempFileName()

(**
# Migrating from DiffSharp

Programs written for [DiffSharp](https://github.com/DiffSharp/DiffSharp), later called Furnace, and what becomes of them, piece by
piece. The first block of each pair is DiffSharp's, the second is Cotangent's. A table of single calls is in
[Coming from DiffSharp](coming-from.html).

Three things are different everywhere:

- **There is no global state.** Dtype and device are given where a tensor is made, in place of `dsharp.config`. Random draws take a
  key, in place of `dsharp.seed`.
- **A model is data, not an object.** It is a record of tensors and layers, with functions beside it. Nothing is registered, nothing is
  changed in place, and the gradient of a model is a record of the same type.
- **Differentiation is a function.** There is no `reverseDiff` and no `reverse`: `grad` takes a function and gives its gradient. For
  `x.noDiff()` within a function there is `stopGradient x`.

Methods in small letters become functions (`sum x`, `matmul a b`) or members with a capital (`x.Sum [ 0 ]`, `x.Sign()`).

## Tensors

```fsharp
open DiffSharp
dsharp.config(dtype = Dtype.Float32, backend = Backend.Torch)
dsharp.seed(0)

let a = dsharp.tensor([ [ 1.; 2. ]; [ 3.; 4. ] ])
let b = dsharp.randn([ 2; 2 ])
a.matmul(b) + a.sum()
```
*)
open Cotangent

let a = tensor [ [ 1.0f; 2.0f ]; [ 3.0f; 4.0f ] ]
let b = Random.normal (Key.create 0L) DType.Float32 [ 2; 2 ]

matmul a b + sum a
(*** include-it ***)

(**
The dtype follows the numbers: `1.0f` is Float32, `1.0` is Float64 as everywhere in F#. DiffSharp makes Float32 of both, so this is the first
thing that a port meets: an old `dsharp.tensor [ 1.; 2. ]` becomes `tensor [ 1.0f; 2.0f ]`, or else it raises beside random draws and
layers of Float32. Two dtypes don't mix; convert one, `a.Convert DType.Float32`. There is no setting for the backend either: with the package `Cotangent-cpu` libtorch computes what it is faster at, and without it
managed code computes everything ([Devices and engines](devices.html)).

## Gradients

```fsharp
let f (x: Tensor) = sin x.[0] + x.[0] * x.[1]
let x = dsharp.tensor([ 1.; 2. ])

dsharp.grad f x
dsharp.hessian f x
dsharp.gradv f x (dsharp.tensor([ 1.; 0. ]))

let xr = x.reverseDiff()
let y = f xr
y.reverse()
xr.derivative
```
*)
let f (x: Tensor) = sin x[0] + x[0] * x[1]
let x = tensor [ 1.0f; 2.0f ]

grad f x, hessian f x, snd (jvp f x (tensor [ 1.0f; 0.0f ]))
(*** include-it ***)

(**
`reverseDiff` and `reverse` become `vjp`, which returns the value, and a function from the derivative with respect to the result to that
with respect to the argument. Nesting needs no tags: `grad` works inside `grad`, to any depth.
*)
let y, pull = vjp f x
pull (tensor 1.0f)
(*** include-it ***)

(**
## Models

```fsharp
open DiffSharp.Model
open DiffSharp.Compose

let classifier =
    Linear(784, 128)
    --> dsharp.relu
    --> dsharp.dropout(0.5)
    --> Linear(128, 10)
```
*)
let createClassifier key =
    let first, second = Key.split key

    Sequential.create [
        Linear.create 784 128 first
        Activation.Relu
        Dropout.create 0.5
        Linear.create 128 10 second
    ]

let classifier = createClassifier (Key.create 1L)

Model.count classifier, Model.names classifier
(*** include-it ***)

(**
There is no `-->`. A function in a chain, such as flattening or pooling, is `Layer.ofFunction (fun x -> x.Flatten 1)`, a model in a model is a
`Sequential` in a `Sequential`, and outside of models `|>` does it: [Layers and models](layers.html).

A class that inherits from `Model` becomes a record and a function:

```fsharp
type Net() =
    inherit Model()
    let first = Linear(784, 128)
    let second = Linear(128, 10)
    do base.add([ first; second ])
    override _.forward(x) =
        x |> first.forward |> dsharp.relu |> second.forward
```
*)
type Net = { First: Linear; Second: Linear }

let forward net x = x |> Linear.forward net.First |> relu |> Linear.forward net.Second

let createNet key =
    let first, second = Key.split key

    { First = Linear.create 784 128 first; Second = Linear.create 128 10 second }

(**
There is no training mode that is on or off. `Sequential.forward` uses a model; `Sequential.train` takes a key for dropout, and returns
the model beside the output, since batch normalisation may have new statistics. A new layer does not start from the same random
numbers as DiffSharp's: options such as `{ Linear.defaults with Weight = Init.heNormal }` choose others.

## Training

```fsharp
let optimizer = Adam(classifier, lr = dsharp.tensor(0.001))

for epoch = 1 to 20 do
    for i, data, target in loader.epoch() do
        classifier.reverseDiff()
        let output = data --> classifier
        let loss = dsharp.crossEntropyLoss(output, target)
        loss.reverse()
        optimizer.step()
```

The optimiser doesn't own the model. A step takes the model and the state of the optimiser, and returns the next ones. Labels come
before predictions in every loss. `Batches.withKeys` puts a key beside each batch, which dropout needs. The examples here are noise,
just to have some:
*)
let images = Random.normal (Key.create 2L) DType.Float32 [ 256; 784 ]
let labels = Random.integers (Key.create 3L) 0L 10L DType.Int32 [ 256 ]
let batches = Data.batches 64 (Key.create 4L) (images, labels)
let keyed = batches |> Batches.withKeys (Key.create 5L)

let optimizer = Optimizer.adam 1e-3

let step (model, state) ((images, labels), key) =
    let loss model =
        let logits, model = Sequential.train model key images
        Loss.crossEntropy labels logits, model

    let (loss, model), gradient = valueAndGradWith loss model
    Optimizer.step optimizer gradient state model, loss

let run =
    Train.run
        { Train.defaults with Epochs = 20 }
        step
        keyed
        (classifier, optimizer.Init classifier)

let trained, _ = run.Last.State
run.Last.Steps, run.Last.Figures
(*** include-it ***)

(**
`valueAndGradWith` is for a loss that returns something else beside the number, here the model. Without dropout and batch normalisation
the step is shorter: see [Your first classifier](first-classifier.html). `Train.run` compiles the step; DiffSharp has no compiler.

`loader.epoch()` of DiffSharp's `DataLoader` is `loader.Epoch` of the package `Cotangent.Data`, which loads in the background:
`Dataset.ofTensors (images, labels) |> Dataset.shuffle key |> Dataset.batch 64 |> Loader.create` ([Data](data.html)).

`model.save` and `model.load` become `Checkpoint.save` and `Checkpoint.load`. Files that DiffSharp has saved can't be read; the numbers
can be carried over as arrays, with `toArray` there and `tensor` here. Tensors without a model are saved by
`Safetensors.write path (Map [ "x", x ])`, and `(Safetensors.read path)["x"]` needs no template.
*)
Checkpoint.save file trained
let again = Checkpoint.load file (createClassifier (Key.create 0L))
(*** hide ***)
System.IO.File.Delete file
(**
## A GAN

```fsharp
let gopt = Adam(generator, lr = dsharp.tensor(0.0002), beta1 = dsharp.tensor(0.5))
let dopt = Adam(discriminator, lr = dsharp.tensor(0.0002), beta1 = dsharp.tensor(0.5))

for i, x, _ in loader.epoch() do
    generator.noDiff()
    discriminator.reverseDiff()
    let z = dsharp.randn([ batchSize; nz ])
    let real = dsharp.bceLoss(x --> discriminator, labelReal)
    let fake = dsharp.bceLoss(z --> generator --> discriminator, labelFake)
    (real + fake).reverse()
    dopt.step()

    generator.reverseDiff()
    discriminator.noDiff()
    let loss = dsharp.bceLoss(z --> generator --> discriminator, labelReal)
    loss.reverse()
    gopt.step()
```

`Gan.create` sets up the same game. It takes the two networks as functions, the size of the noise, and an optimiser for both. The
discriminator gives logits, not probabilities, so its last layer has no sigmoid. In this example the networks are small, and the real
examples are points on a circle:
*)
let gan = {
    Gan.create Mlp.forward Mlp.forward 8 (Optimizer.adam (2e-4, beta1 = 0.5)) with
        GeneratorNoise = GeneratorNoise.Shared
}

let generator = Mlp.create [ 8; 32; 2 ] (Activation.LeakyRelu 0.2) (Key.create 6L)

let discriminator = Mlp.create [ 2; 32; 1 ] (Activation.LeakyRelu 0.2) (Key.create 7L)

/// Points on a circle.
let real (count: int) key =
    let turn = 2.0 * System.Math.PI
    let angle = Random.uniformIn key 0.0 turn DType.Float32 [ count; 1 ]
    concat 1 [ cos angle; sin angle ]

let play =
    compile (fun (state, key) ->
        let forReal, forGan = Key.split key
        Gan.step gan state [ real 64 forReal ] forGan)

let ganStart = Gan.start gan generator discriminator

let played =
    [ 1L .. 200L ]
    |> List.fold (fun state i -> fst (play (state, Key.fold i (Key.create 10L)))) ganStart

(Gan.sample gan played.Generator 3 (Key.create 11L)).Shape
(*** include-it ***)

(**
There is no `noDiff`: each player's loss is a function of its own parameters, and everything else in it is a constant. The page
[The sine GAN](sine-gan.html) writes such a step by hand, down to a penalty on a gradient (WGAN-GP), and explains what it does.

## A variational autoencoder

```fsharp
type VAE(xDim: int, zDim: int) =
    inherit Model()
    …
    let sampleLatent mu (logVar: Tensor) =
        let std = dsharp.exp(0.5 * logVar)
        mu + std * dsharp.randnLike(std)

    static member loss(xRecon: Tensor, x: Tensor, mu: Tensor, logVar: Tensor) =
        let bce = dsharp.bceLoss(xRecon, x, reduction = "sum")
        let kl = -0.5 * dsharp.sum(1. + logVar - mu.pow(2.) - logVar.exp())
        bce + kl
```

The two networks are a record, and the noise comes from a key that is passed in:
*)
type Vae = { Encoder: Mlp; Decoder: Mlp }

let latent = 4

let createVae key =
    let forEncoder, forDecoder = Key.split key

    {
        Encoder = Mlp.create [ 784; 64; 2 * latent ] Activation.Relu forEncoder
        Decoder = Mlp.create [ latent; 64; 784 ] Activation.Relu forDecoder
    }

let vaeLoss vae key (x: Tensor) =
    let halves = (Mlp.forward vae.Encoder x).Chunk(2, 1)
    let mean, logVariance = halves[0], halves[1]
    let noise = Random.normal key DType.Float32 mean.Shape
    let drawn = mean + exp (0.5 * logVariance) * noise
    let logits = Mlp.forward vae.Decoder drawn
    let pixels = 784.0 * Loss.binaryCrossEntropyWithLogits x logits
    pixels + Loss.gaussianKl logVariance mean

let vae = createVae (Key.create 8L)

vaeLoss vae (Key.create 9L) (sigmoid images)
(*** include-it ***)

(**
DiffSharp's example adds up over examples and pixels; here a loss is a mean over both, hence the factor 784. `Loss.gaussianKl` is the mean
over examples of what `kl` adds up. A step is `valueAndGrad (fun vae -> vaeLoss vae key x) vae` and then `Optimizer.step`, as above.

## What has no counterpart

| DiffSharp | here |
| --- | --- |
| `dsharp.config`, backends | none: dtype and device stand where a tensor is made; a package brings libtorch |
| `model.asFunction` | a model is a value, and functions take it |
| `model.parametersVector` | `concat 0 [ for t in Tree.leaves model -> t.Flatten() ]`; for the Hessian by all parameters `(hessians loss model).ToMatrix()`: [Hessians](newton.html) |
| `x.primal`, `x.derivative`, `dsharp.nest` | `jvp` and `vjp` return both, and nesting needs nothing |
| `Tensor.Op`, `UnaryOpElementwise` (own derivatives) | `withDerivative`: [Extending](extending.html) |
| `Optimizer.adam(f, x0, lr, iters)` (a function made small) | `iterate 500 (fun (x, state) -> Optimizer.step optimizer (grad f x) state x)`; or [Roots and minima](solvers.html) |
| `dsharp.rand`, `randint`, `bernoulli`, `multinomial`, `randperm` | `Random.uniform`, `integers`, `bernoulli`, `categorical`, `permutation`, each with a key; for a tensor of probabilities `(Random.uniform key DType.Float32 p.Shape).Less p` |
| `dsharp.nllLoss` of `logsoftmax` | `Loss.crossEntropy` of the logits; of log-probabilities it gives the same |
| `numgrad` and its like | none: [Extending](extending.html) shows a difference quotient |
| `hyperdescent = true` (rates that learn) | write the step with a tensor as its rate, and differentiate through it |
| `DiffSharp.Distributions` | the package `Cotangent.Distributions`: [Probability distributions](distributions.html) |
| `MNIST`, `CIFAR10` that fetch themselves | nothing is fetched: `ReadySets.mnistDigits` and `ReadySets.fashionMnist` find what is installed, `Idx.read` and others read files: [Data](data.html) |
| `Pyplot`, `saveImage` | [Plotly.NET](https://plotly.net) beside it (`#r "nuget: Plotly.NET"`, whose warnings NU1605 on FSharp.Core do no harm); `Image.save` of `Cotangent.Images`: [Pictures](images.html) |
| dtypes Int8, Int16, Byte | Int8, Int16, UInt8; and Float32, Float64, BFloat16, Float16, Int32, Int64, UInt16, UInt32, UInt64, Bool. `sum` keeps the dtype and wraps around; convert first where it may not |

And what is new: `compile`, `vmap`, gradients of whole records, loops and choices inside compiled functions, checkpoints that resume,
a loader with worker threads, and C#.
*)
