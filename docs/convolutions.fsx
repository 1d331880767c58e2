(**
---
title: Convolutions and pooling
category: Use
categoryindex: 3
index: 10
description: Windows that slide over signals, images and volumes: shapes, strides, padding, dilation, groups, the transpose, pooling, and a small net that learns from images.
---
*)
(*** hide ***)
#load "../site/page.fsx"
open Plotly.NET

let picture (name: string) (image: Cotangent.Tensor) =
    Chart.Heatmap(
        zData = image.ToData<float32[][]>(),
        ColorScale = StyleParam.Colorscale.Greys,
        ShowScale = false,
        ReverseYAxis = true
    )
    |> Chart.withXAxisStyle (TitleText = name)

let sideBySide charts =
    Chart.Grid
        (1, List.length charts, Pattern = StyleParam.LayoutGridPattern.Independent)
        charts
    |> Chart.withSize (Height = 300)

(**
# Convolutions and pooling

A convolution slides a window over a signal, an image or a volume, and takes at each place the sum of what it sees, with
the weights of a *kernel*:

$$y_{n,o,i} = \sum_{c,k} w_{o,c,k}\; x_{n,c,\; i \cdot \mathrm{stride} + k \cdot \mathrm{dilation} - \mathrm{before}}$$

<figure>
<svg class="drawing" viewBox="0 0 720 190" role="img" aria-label="Two neighbouring windows of three elements, with dilation 2 and stride 2, over seven elements and one of padding on each side.">
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="line-head" d="M0 0 8 4 0 8z"/></marker></defs>
<text x="8" y="145">x</text><text x="8" y="45">y</text>
<g text-anchor="middle">
<rect class="box" x="60" y="120" width="60" height="40" stroke-dasharray="4 4"/><text class="quiet" x="90" y="145">0</text>
<rect class="box" x="130" y="120" width="60" height="40"/><text class="mono" x="160" y="145">x₀</text>
<rect class="box" x="200" y="120" width="60" height="40"/><text class="mono" x="230" y="145">x₁</text>
<rect class="box" x="270" y="120" width="60" height="40"/><text class="mono" x="300" y="145">x₂</text>
<rect class="box" x="340" y="120" width="60" height="40"/><text class="mono" x="370" y="145">x₃</text>
<rect class="box" x="410" y="120" width="60" height="40"/><text class="mono" x="440" y="145">x₄</text>
<rect class="box" x="480" y="120" width="60" height="40"/><text class="mono" x="510" y="145">x₅</text>
<rect class="box" x="550" y="120" width="60" height="40"/><text class="mono" x="580" y="145">x₆</text>
<rect class="box" x="620" y="120" width="60" height="40" stroke-dasharray="4 4"/><text class="quiet" x="650" y="145">0</text>
<rect class="box" x="200" y="20" width="60" height="40"/><text class="mono" x="230" y="45">y₀</text>
<rect class="box" x="340" y="20" width="60" height="40"/><text class="mono" x="370" y="45">y₁</text>
<rect class="box" x="480" y="20" width="60" height="40"/><text class="mono" x="510" y="45">y₂</text>
<path class="push" d="M90 120 226 62M230 120 230 62M370 120 234 62"/>
<path class="pull" d="M230 120 366 62M370 120 370 62M510 120 374 62"/>
<text class="push-text mono" x="130" y="92">w₀</text><text class="push-text mono" x="214" y="92">w₁</text><text class="push-text mono" x="276" y="78">w₂</text>
<text class="pull-text mono" x="330" y="92">w₀</text><text class="pull-text mono" x="386" y="92">w₁</text><text class="pull-text mono" x="464" y="92">w₂</text>
<text class="quiet" x="90" y="178">padding</text><text class="quiet" x="650" y="178">padding</text>
</g>
</svg>
</figure>

Here windows of three elements have `Dilation = [ 2 ]` (they skip every other element), `Strides = [ 2 ]` (the second begins
two elements after the first) and `Padding.Around 1`.
*)
open Cotangent

let dilated = { Strides = [ 2 ]; Dilation = [ 2 ]; Padding = Padding.Around 1 }

convolve dilated (tensor [ [ [ 1.0; 10.0; 100.0 ] ] ]) (tensor [ [ 1.0 .. 7.0 ] ])
(*** include-it ***)

(**
## Edges of an image

Tensors are (channels, rows, columns), or (examples, channels, rows, columns) for many; kernels (outputs, channels, rows,
columns), as in PyTorch. One spatial axis makes it signals, three volumes. This kernel has two outputs: how much an image
rises to the right, and downwards.
*)
let axis = Tensor.linspace DType.Float32 -1.0 1.0 96
let radius = sqrt (axis * axis + (axis * axis).Unsqueeze 1)
let image = sigmoid (30.0 * (0.3 - abs (radius - 0.5))) // a ring

let sobel =
    let right =
        tensor [ [ -1.0f; 0.0f; 1.0f ]; [ -2.0f; 0.0f; 2.0f ]; [ -1.0f; 0.0f; 1.0f ] ]

    (stack 0 [ right; right.T ]).Unsqueeze 1 // outputs 2, channels 1, 3 x 3

let edges = convolve Window.same sobel (image.Unsqueeze 0)

(*** hide ***)
sideBySide [
    picture "image" image
    picture "to the right" edges[0]
    picture "downwards" edges[1]
]
(*** include-it ***)

(**
## Windows

A `Window` says how windows slide. `Window.plain` has strides and dilation of 1 and no padding, `Window.same` makes as many
windows as there are elements, `Window.stride 2` every other one; change any field by `{ Window.plain with … }`. A list of
one number holds for all axes.

| `Padding` | surrounds each axis with | windows over $n$ elements |
| --- | --- | --- |
| `Valid` | nothing | $\lfloor (n - r) / s \rfloor + 1$ |
| `Same` | what is needed, an odd one at the end | $\lceil n / s \rceil$ |
| `Around p` | $p$ before and after | $\lfloor (n + 2p - r) / s \rfloor + 1$ |
| `Sides [ a, b; … ]` | $a$ before and $b$ after, axis by axis | $\lfloor (n + a + b - r) / s \rfloor + 1$ |

with the stride $s$ and the reach $r = (k - 1) \cdot \mathrm{dilation} + 1$ of a window of $k$ elements.

`convolveGroups` splits channels into groups that do not meet; with as many groups as channels it is *depthwise*: each
channel has kernels of its own.
*)
let depthwise = convolveGroups 2 Window.same (Tensor.ones DType.Float32 [ 2; 1; 5; 5 ])
(depthwise edges).Shape
(*** include-it ***)

(**
## Back again

`convolveTransposed` is the transpose: with the same window and kernel it goes from what a convolution gives back to the
shape of what it took, and $\langle w * x, y \rangle = \langle x, w *^\top y \rangle$ holds. With strides it enlarges, as the
second half of an autoencoder does:
*)
let small = averagePool [ 4; 4 ] (Window.stride 4) (image.Unsqueeze 0)

let tent =
    let line = tensor [ 0.25f; 0.5f; 0.75f; 1.0f; 0.75f; 0.5f; 0.25f ]
    (line * line.Unsqueeze 1).Reshape [ 1; 1; 7; 7 ]

let large = convolveTransposed { Window.same with Strides = [ 4 ] } tent small

(*** hide ***)
sideBySide [ picture "24 by 24" small[0]; picture "96 by 96 again" large[0] ]
(*** include-it ***)

(**
A convolution is linear in each of three things: image, kernel, and what it is multiplied with on the way back. The rule of
each is one of the two others, so derivatives of every order come from one primitive; see [the idea](tour.html).

In Float32, kernels of 3 by 3 that move element by element go by Winograd's algorithm F(4 × 4, 3 × 3) or F(2 × 2, 3 × 3) where the processor has
vectors of 256 bits with multiply-adds (AVX2) or of 512 (AVX-512) and it takes less time: a quarter of the products, or four ninths, for errors up to about five times as large, 2·10⁻⁶ of
the largest result of 256 channels, where sums of products have 4·10⁻⁷. What is not finite, or much larger than the rest, reaches results up to two places further than by sums. Which way is
taken depends on shapes, the number of examples among them, and on whether kernels are constants of a program: an example alone may differ in
its last digits from the same one in a batch, and a compiled function from an eager one. Float64 is always summed.

## Pooling

`maxPool` takes the largest element of each window and `averagePool` the mean. Padding is no element here: it is never the
largest, and means are taken of what there is. Of equal elements, the first has the derivative.
*)
let row = tensor [ [ 1.0; 5.0; 2.0; 3.0; 3.0 ] ]
let pooled = maxPool [ 3 ] { Window.same with Strides = [ 2 ] }
pooled row, averagePool [ 2 ] (Window.stride 2) row, grad (fun x -> sum (pooled x)) row
(*** include-it ***)

(**
## A net that learns

Stripes, horizontal or vertical, of any width and place, in noise. A convolution, a mean over places, and a linear
layer on what is left tell them apart; the model is a record, as ever.
*)
let stripes count key =
    let k1, k2, k3 = Key.split3 key
    let forNoise, forKind = Key.split k3
    let i = Tensor.arange DType.Float32 12
    let frequency = Random.uniformIn k1 0.8 1.6 DType.Float32 [ count; 1; 1 ]
    let phase = Random.uniformIn k2 0.0 6.28 DType.Float32 [ count; 1; 1 ]
    let waves = sin (frequency * i + phase)
    let across = waves.Expand [ count; 12; 12 ]
    let isVertical = (Random.uniform forKind DType.Float32 [ count ]).Less 0.5
    let images = where (isVertical.Reshape [ count; 1; 1 ]) across across.T
    let noise = Random.normal forNoise DType.Float32 [ count; 12; 12 ]
    (images + 0.8 * noise).Unsqueeze 1, isVertical.Convert DType.Float32

type Net = { Kernel: Tensor; Last: Linear }

let init key =
    let k1, k2 = Key.split key

    {
        Kernel = 0.3 * Random.normal k1 DType.Float32 [ 6; 1; 5; 5 ]
        Last = Linear.init Linear.defaults 6 1 k2
    }

/// One number for each image: positive where its stripes are vertical.
let forward net images =
    let hidden = relu (convolve Window.plain net.Kernel images) // (examples, 6, 8, 8)
    let seen = hidden.Mean [ 2; 3 ] // (examples, 6)
    (Linear.forward net.Last seen).Squeeze 1

let optimizer = Optimizer.adam 0.02

let learn =
    compile (fun (net, state, key) ->
        let images, isVertical = stripes 32 key
        let loss net = Loss.binaryCrossEntropyWithLogits isVertical (forward net images)

        let value, gradient = valueAndGrad loss net
        let net, state = Optimizer.step optimizer gradient state net
        value, net, state)

let start = init (Key.create 1L)

let losses, (trained, _) =
    [ 1L .. 300L ]
    |> List.mapFold
        (fun (net, state) i ->
            let loss, net, state = learn (net, state, Key.fold i (Key.create 2L))
            loss, (net, state))
        (start, optimizer.Init start)

let tests, answers = stripes 1000 (Key.create 3L)
let right = ((forward trained tests).Greater 0.0).Equal(answers.Greater 0.5)

printfn "%.1f %% of 1000 new images" (100.0 * float (mean (right.Convert DType.Float64)))
(*** include-output ***)

(**
Eight of the images, and the six kernels that it found: stripes of both kinds.
*)
(*** hide ***)
let inRow count (images: Cotangent.Tensor) =
    concat 1 [ for i in 0 .. count - 1 -> images[i, 0].Pad [ (1, 1); (1, 1) ] ]

sideBySide [
    picture "images" (concat 0 [ inRow 4 tests; inRow 4 tests[4..] ])
    picture "kernels" (concat 0 [ inRow 3 trained.Kernel; inRow 3 trained.Kernel[3..] ])
]
(*** include-it ***)
