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

<p class="lead">Differentiable programming and neural networks for .NET: what JAX is to Python, F# first, with a C# face. A model is a
pure function over an immutable record of tensors; transformations turn it into its gradient, or the same over a batch, or a compiled
program, in any order and to any depth.</p>
*)
open Cotangent

type Model = { Hidden: Linear; Output: Linear }

let forward model x =
    x
    |> Linear.forward model.Hidden
    |> Linear.forward model.Output

let loss x y model = forward model x |> Loss.meanSquaredError y

let init key =
    let k1, k2 = Key.split key
    let tanh = { Linear.defaults with Activation = Activation.Tanh }

    {
        Hidden = Linear.init tanh 1 32 k1
        Output = Linear.init Linear.defaults 32 1 k2
    }

let x = (Tensor.linspace DType.Float32 -3.0 3.0 64).Unsqueeze 1
let y = sin (2 * x)
let optimizer = Optimizer.adam 0.02

let step = // one program; the gradient of a Model is a Model
    compile (fun (model, state) ->
        let gradient = grad (loss x y) model
        Optimizer.step optimizer gradient state model)

let start = init (Key.create 0L)
let next now _ = step now
let steps = Seq.scan next (start, optimizer.Init start) [ 1..1000 ]
(*** hide ***)
open Plotly.NET

let flat (t: Tensor) = t.Flatten().ToData<float32[]>()
let models = Array.ofSeq steps

[
    Chart.Point(flat x, flat y, Name = "data", Opacity = 0.5)
    for i in [ 0; 100; 1000 ] do
        Chart.Line(
            flat x,
            flat (forward (fst models[i]) x),
            Name = $"step {i}"
        )
]
|> Chart.combine
|> Chart.withYAxisStyle (MinMax = (-1.6, 1.6))
|> Chart.withSize (Height = 460)
(*** include-it ***)

(**
<ul class="ways">
<li><a href="quickstart-fsharp.html">Quick start, F#</a><span>tensors, gradients, a model, its training</span></li>
<li><a href="quickstart-csharp.html">Quick start, C#</a><span>the same for C#</span></li>
<li><a href="first-classifier.html">Your first classifier</a><span>real data, batches, accuracy, saved and loaded</span></li>
<li><a href="csharp-and-machine-learning.html">New to machine learning?</a><span>its words, for C# developers</span></li>
<li><a href="tour.html">The idea</a><span>derivatives are linear maps, held as data</span></li>
<li><a href="coming-from.html">Coming from PyTorch, JAX, …</a><span>what you know, in these terms</span></li>
</ul>

- **Fast where others are slow.** The training of a small GAN, one program of SIMD machine code, runs hundreds of times faster than
  in NumPy or TorchSharp, and faster than hand-written C++.
- **No native library.** .NET 10 and a download of 24 MB: scripts, notebooks, servers, trimmed programs. One more package brings
  [libtorch and CUDA](devices.html).
- **Hard to use wrongly.** Nothing is promoted or stretched in silence, random numbers follow from keys, and every error says what was
  wanted and [a way out](errors.html).

In scripts: `#r "nuget: Cotangent, *-*"`. In projects: `dotnet add package Cotangent --prerelease`, or `Cotangent.CSharp`. [Install](install.html) tells more.

## How fast
*)
(*** hide ***)
/// The chart of README, in the colours of the page.
let speed =
    let file =
        System.IO.Path.Combine(
            Page.repository,
            "docs",
            "img",
            "speed-light.svg"
        )

    [
        "#1f2937", "var(--text)"
        "#6b7280", "var(--quiet)"
        "#2563eb", "var(--c1)"
        "#9aa4b1", "var(--line)"
    ]
    |> List.fold
        (fun (svg: string) (colour, variable) ->
            svg.Replace(colour, variable))
        (System.IO.File.ReadAllText file)

$"<figure>{speed}</figure>"
(*** include-it-raw ***)

(**
Medians on two cores of AMD EPYC processors, 28 and 29 November 2026; how they were measured, and where others win, is in
[RESULTS.md](https://github.com/cotangent/cotangent/blob/main/benchmarks/RESULTS.md).

## Derivatives of every order

`diff` differentiates a function of one number, `vmap` maps over a batch. `vmap (diffn n tanh)` is the n-th derivative of
the hyperbolic tangent at many points:
*)
let points = Tensor.linspace DType.Float64 -4.0 4.0 161

let curve n =
    Chart.Line(
        points.ToData<float[]>(),
        (vmap (diffn n tanh) points).ToData<float[]>(),
        Name = $"order {n}"
    )

[ 0..4 ] |> List.map curve |> Chart.combine
(*** include-it ***)

(**
## A generative adversarial network

WGAN-GP trains on the gradient of a gradient, here of a critic's gradient with respect to its *input* inside a loss
that is differentiated with respect to its *parameters*. Signals from the trained generator, beside real ones:

<p><a href="sine-gan.html"><img class="picture in-light" src="img/gan.png" alt="Generated signals, each on the nearest real sine, and the losses of the training" loading="lazy"><img class="picture in-dark" src="img/gan-dark.png" alt="Generated signals, each on the nearest real sine, and the losses of the training" loading="lazy"></a></p>

[The sine GAN](sine-gan.html) builds it from nothing; `dotnet fsi build.fsx gan` trains it.

## The same from C#

*)
(*** hide ***)
Page.csharpCode "QuickStart.cs" "Model"
+ Page.csharp "QuickStart.cs" "Training"
(*** include-it-raw ***)

(**
Records, operators, ranges, `async`: [the quick start](quickstart-csharp.html) shows the rest.
*)
