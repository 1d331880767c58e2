(**
---
title: Cotangent
category: Start
categoryindex: 1
index: 1
description: Differentiable programming for .NET. F# first, C# too.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Cotangent

<p class="lead">Differentiable programming for .NET, F# first. A model is a pure function over an immutable record of
tensors. A transformation turns it into another function: its gradient, its derivative in a direction, the same function
over a batch. Transformations compose in any order and to any depth.</p>
*)
open Cotangent

type Model = { Hidden: Linear; Output: Linear } // any record, nested any way

let forward model x = x |> Linear.forward model.Hidden |> Linear.forward model.Output
let loss x y model = Loss.meanSquaredError y (forward model x)

let k1, k2 = Key.split (Key.create 0L)
let tanhLayer = { Linear.defaults with Activation = Activation.Tanh }

let start = {
    Hidden = Linear.init tanhLayer 1 32 k1
    Output = Linear.init Linear.defaults 32 1 k2
}

let x = Tensor.linspace DType.Float32 -3.0 3.0 64 |> fun t -> t.Reshape [ 64; 1 ]
let optimizer = Optimizer.adam 0.01

let step (model, state) _ = // the gradient of a Model is a Model
    Optimizer.step optimizer (grad (loss x (sin x)) model) state model

let trained, _ = Seq.fold step (start, optimizer.Init start) [ 1..1000 ]
loss x (sin x) trained
(*** include-it ***)

(**
It needs .NET 10 and nothing else: no native library, in scripts and in projects. The names are those of JAX and DiffSharp
where they have one.

<ul class="ways">
<li><a href="quickstart-fsharp.html">Quick start, F#</a><span>tensors, gradients, a model, a training loop</span></li>
<li><a href="quickstart-csharp.html">Quick start, C#</a><span>the same for C#</span></li>
<li><a href="tour.html">The idea</a><span>derivatives are linear maps, held as data</span></li>
<li><a href="coming-from.html">Coming from PyTorch, JAX, …</a><span>what you know, in these terms</span></li>
</ul>

## A generative adversarial network

WGAN-GP trains on the gradient of a gradient, here of a critic's gradient by its *input* inside a loss that is
differentiated by its *parameters*. Signals from the trained generator, beside real ones:

<p><a href="sine-gan.html"><img class="picture" src="img/gan.png" alt="Generated and real sine signals and the losses of the training"></a></p>

[The sine GAN](sine-gan.html) builds it from nothing; `dotnet fsi build.fsx gan` trains it.

## Derivatives of every order

`diff` differentiates a function of one number, `vmap` maps over a batch. `vmap (diffn n tanh)` is the n-th derivative of
the hyperbolic tangent at many points:
*)
open Plotly.NET

let points = Tensor.linspace DType.Float64 -4.0 4.0 161

let curve n =
    Chart.Line(
        points.ToData<float[]>(),
        (vmap (diffn n tanh) points).ToData<float[]>(),
        Name = $"order {n}"
    )

[ 0..4 ] |> List.map curve |> Chart.combine
(*** include-it ***)
