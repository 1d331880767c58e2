(**
---
title: The sine GAN from nothing
category: Understand
categoryindex: 2
index: 2
description: A generative adversarial network in a hundred lines: the family, the players, the losses, a collapse, and WGAN-GP as a gradient of a gradient.
---
*)
(*** hide ***)
#load "../site/page.fsx"

open Plotly.NET
open Plotly.NET.LayoutObjects

/// Small multiples: each signal in a cell of its own, five in a row.
let drawn (name: string) colour (signals: Cotangent.Tensor) =
    let cell i (signal: float32[]) =
        Chart.Line(
            [ 0..9 ] |> List.map (fun at -> at + 11 * (i % 5)),
            signal |> Array.map (fun y -> y - 2.4f * float32 (i / 5)),
            Name = name,
            ShowLegend = false,
            ShowMarkers = true,
            LineColor = Color.fromString colour,
            LineWidth = 1.0,
            Marker = TraceObjects.Marker.init (Size = 4, Color = Color.fromString colour)
        )

    signals.ToData<float32[][]>()
    |> Array.truncate 25
    |> Array.mapi cell
    |> Chart.combine
    |> Chart.withXAxis (
        LinearAxis.init (
            Title = Title.init name,
            ShowTickLabels = false,
            ShowGrid = false,
            ZeroLine = false
        )
    )
    |> Chart.withYAxis (LinearAxis.init (Visible = false))

let sideBySide charts =
    Chart.Grid
        (1, List.length charts, Pattern = StyleParam.LayoutGridPattern.Independent)
        charts
    |> Chart.withSize (Height = 360)

(**
# The sine GAN from nothing

A *generator* turns noise into signals; a *discriminator* tells them from real ones; each learns from the other. This page
builds such a pair with nothing but tensors, layers and `grad`, watches it collapse, and mends it. Everything was run when
the page was made.

## The family

A signal has ten samples of a sine with random amplitude, phase and frequency:
*)
open Cotangent

let signals (count: int) key =
    let draw low high key = Random.uniformIn key low high DType.Float32 [ count; 1 ]

    let a, b, c = Key.split3 key
    let i = Tensor.arange DType.Float32 10
    draw 0.3 1.0 a * sin (draw 0.0 (2.0 * System.Math.PI) b + draw 0.6 1.8 c * i)

let key = Key.create 0L
let real = signals 60 (Key.fold 1L key)
(*** hide ***)
drawn "25 real signals" "--c3" real |> Chart.withSize (Height = 360)
(*** include-it ***)

(**
## The players

Both are multilayer perceptrons: records of weights, made from a key. This is the small GAN of the article that this
library grew out of: one number of noise, layers of ten, weights uniform within $\pm\sqrt{2/(in+out)}$, and biases
likewise, as the weights of an input that is always 1.
*)
let layer size activation =
    let within inputs outputs =
        Init.uniformWithin (fun _ -> sqrt (2.0 / (inputs + outputs)))

    let weight: Init = fun fans -> within (float fans.FanIn) (float fans.FanOut) fans
    let bias: Init = fun fans -> within 1.0 (float fans.FanOut) fans

    size,
    { Linear.defaults with Activation = activation; Weight = weight; Bias = Some bias }

let leaky = Activation.LeakyRelu 0.2

let generator =
    Mlp.init
        1
        [ layer 10 Activation.Relu; layer 10 Activation.Relu; layer 10 Activation.Tanh ]
        (Key.fold 2L key)

let discriminator =
    Mlp.init
        10
        [ layer 10 leaky; layer 10 leaky; layer 1 Activation.Sigmoid ]
        (Key.fold 3L key)

(**
## The losses

The discriminator says how probable it thinks a signal real. It wants 1 for real and 0 for generated signals, the
generator wants 1 for its own: three times the same cross-entropy.
*)
let judgedAs truth examples discriminator =
    let judgement = Mlp.forward discriminator examples
    Loss.binaryCrossEntropy 1e-7 (Tensor.fullLike judgement truth) judgement

(**
## A step

A function from the players to the players. The optimiser clips the gradient of each tensor, then goes down it; both parts
keep nothing from step to step, so their state can be made anew. Afterwards all parameters are clamped. One signal is generated:
both players learn from it.
*)
let optimizer = Optimizer.chain [ Optimizer.clipEachByNorm 0.2; Optimizer.sgd 0.01 ]

let improve loss player =
    let updated, _ =
        Optimizer.step optimizer (grad loss player) (optimizer.Init player) player

    Tree.map (clamp -0.25 0.25) updated

let articleStep (g, d) key =
    let forReal, forNoise = Key.split key
    let noise = Random.normal forNoise DType.Float32 [ 1; 1 ]

    let d = d |> improve (judgedAs 1.0 (signals 1 forReal))
    let d = d |> improve (judgedAs 0.0 (Mlp.forward g noise))
    let g = g |> improve (fun g -> judgedAs 1.0 (Mlp.forward g noise) d)
    g, d

(**
Nothing here says which parameters are held fixed: `grad` differentiates with respect to its argument, and the other player is a
constant.
*)
let collapsed, _ =
    Seq.fold
        (fun players i -> articleStep players (Key.fold i key))
        (generator, discriminator)
        [ 10L .. 6009L ]

let noise count key = Random.normal key DType.Float32 [ count; 1 ]
(*** hide ***)
sideBySide [
    drawn "generated" "--c1" (Mlp.forward collapsed (noise 60 (Key.fold 4L key)))
    drawn "real" "--c3" real
]
(*** include-it ***)

(**
Whatever the noise, the generator draws the same signal: it has *collapsed*. `Quality.measure` of the sample (the folder
`samples/Sines`) measures what the picture shows. Precision is the share of generated signals that belong to the family, coverage the share of the family that is
met by one of them; the energy distance is 0 only between equal distributions.
*)
let forMeasure = Key.fold 5L key

Samples.Quality.measure
    Samples.Sines.wide
    (Mlp.forward collapsed (noise 1000 (Key.fold 6L key)))
    forMeasure
(*** include-it ***)

(**
## A gradient of a gradient

WGAN-GP (Gulrajani et al. 2017) replaces the discriminator by a *critic*, which may say any number, and holds its slope
near 1: at points between real and generated signals, the gradient of the critic with respect to its *input* should have norm 1. This
penalty is part of the loss that is differentiated with respect to the critic's *parameters*: a gradient inside a gradient.
*)
let penalty (critic: Tensor -> Tensor) (real: Tensor) (fake: Tensor) key =
    let position = Random.uniform key DType.Float32 [ real.Shape[0]; 1 ]
    let between = real + position * (fake - real)
    // Signals do not meet in the critic, so the gradient of the sum holds each one's own.
    let slopes = grad (fun x -> sum (critic x)) between
    mean (square (slopes.Norm [ 1 ] - 1))

let criticLoss real fake key parameters =
    let critic = Mlp.forward parameters
    mean (critic fake) - mean (critic real) + penalty critic real fake key

(**
`grad` inside a function that `grad` differentiates needs no flag and no graph that is kept: see
[the idea](tour.html). The rest is as before, with wider layers, batches of 64 signals, eight numbers of noise, Adam,
and three steps of the critic for each of the generator's:
*)
let steps = 1500

let wide size activation =
    let bound = Init.inverseRoot

    size,
    { Linear.defaults with Activation = activation; Weight = bound; Bias = Some bound }

let adam updates =
    Optimizer.adam (Schedule.linear 2e-3 0.0 (steps * updates), beta1 = 0.0, beta2 = 0.9)

let forGenerator, forCritic = adam 1, adam 3
let latent key = Random.normal key DType.Float32 [ 64; 8 ]

let criticStep g (c, state) key =
    let forReal, forLatent, forPenalty = Key.split3 key
    let fake = Mlp.forward g (latent forLatent)
    let loss = criticLoss (signals 64 forReal) fake forPenalty
    Optimizer.step forCritic (grad loss c) state c

let wassersteinStep ((g, gState), critic) key =
    let keys = Key.splitMany 4 key
    let c, cState = Array.fold (criticStep g) critic keys[1..]
    let generatorLoss g = -(mean (Mlp.forward c (Mlp.forward g (latent keys[0]))))
    Optimizer.step forGenerator (grad generatorLoss g) gState g, (c, cState)

let startGenerator =
    Mlp.init
        8
        [ wide 64 Activation.Relu; wide 64 Activation.Relu; wide 10 Activation.Identity ]
        (Key.fold 7L key)

let startCritic =
    Mlp.init
        10
        [ wide 64 leaky; wide 64 leaky; wide 1 Activation.Identity ]
        (Key.fold 8L key)

let (trained, _), _ =
    Seq.fold
        (fun state i -> wassersteinStep state (Key.fold i key))
        ((startGenerator, forGenerator.Init startGenerator),
         (startCritic, forCritic.Init startCritic))
        [ 10_000L .. 10_000L + int64 steps - 1L ]

let sample count key = Mlp.forward trained (Random.normal key DType.Float32 [ count; 8 ])
(*** hide ***)
sideBySide [
    drawn "generated" "--c1" (sample 60 (Key.fold 9L key))
    drawn "real" "--c3" real
]
(*** include-it ***)

(**
The same measures after this short training:
*)
Samples.Quality.measure Samples.Sines.wide (sample 1000 (Key.fold 6L key)) forMeasure
(*** include-it ***)

(**
## The library's own

[`Gan`](reference/cotangent-ganmodule.html) holds both kinds of step for any players, any shape of examples, any
optimisers and any of the losses of the field; whether the generator learns on the signals that the discriminator has just been shown, as above, or on fresh
ones, is a field of it. The sample, in F# and in C#, has the presets (`samples/Sines/SineGan.fs`), trains them compiled and
longer, keeps a running average of the generator, and draws a page:

    [lang=text]
    dotnet fsi build.fsx gan
    dotnet fsi build.fsx gan --preset article --family wide

<p><img class="picture in-light" src="img/gan.png" alt="Signals of the trained generator, each on the nearest real sine, and the losses" loading="lazy"><img class="picture in-dark" src="img/gan-dark.png" alt="The same signals and losses" loading="lazy"></p>

## What the presets reach

One training says little: seeds differ more than presets do. These are medians (and quartiles) of 2,000 generated against 2,000
real signals, as `dotnet fsi build.fsx bench gan` measures them: of the article's over the seeds 0 to 23, on two cores of an AMD EPYC
(Zen 5, AVX-512); of the others over the seeds 0 to 19, on two cores of Zen 4 on 30 November 2026:

| preset, family | iterations | precision | coverage | energy distance | its worst |
| --- | --- | --- | --- | --- | --- |
| `article`, the article's family | 50,000 | 0.813 (0.469, 0.931) | 0.174 (0.025, 0.215) | 0.1405 (0.0817, 0.2537) | |
| `wgan-gp`, the article's family | 4,500 | 1.000 (0.999, 1.000) | 1.000 (1.000, 1.000) | 0.0005 (0.0004, 0.0006) | 0.0010 |
| real signals, the article's family | | 1.000 (1.000, 1.000) | 1.000 (1.000, 1.000) | 0.0004 (0.0003, 0.0005) | 0.0008 |
| `wgan-gp`, the wide family | 9,000 | 0.997 (0.997, 0.998) | 0.923 (0.916, 0.925) | 0.0020 (0.0018, 0.0023) | 0.0035 |
| real signals, the wide family | | 1.000 (1.000, 1.000) | 0.927 (0.921, 0.933) | 0.0021 (0.0014, 0.0023) | 0.0028 |

The rows of real signals have these in place of generated ones: so much of the figures is the chance of the draws. Of 400 pairs of real
samples of the article's family, 19 are further apart than 0.001; of 400 pairs of a sample of the trained generators (20 seeds, 20 pairs
each) and a real one, 19, too.

The players of `wgan-gp` see standardised signals: each number less its mean over 2,000 real signals, in its standard deviations, which
are 0.06 to 0.16 in the article's family. Without this the energy distance is 0.0008 in the median of the same seeds, and 0.0018 at the
worst, after 3,000 iterations; with it, after as many, 0.0006 and 0.0010.

The article's own code gives an energy distance of 0.138 in the median of 12 seeds, the same in NumPy 0.164 after 40,000
iterations (`benchmarks/numpy/sine_gan_seeds.py`). With uniform noise in place of normal, it is 0.37
in the median of 64 seeds.
*)
