(**
---
title: Complex numbers
category: Use
categoryindex: 3
index: 13
description: Tensors of complex numbers, what a derivative with respect to one is, how to descend, and a filter whose poles are learned.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Complex numbers

`Complex128` is .NET's `System.Numerics.Complex`, two Float64; `Complex64` is two Float32. They are made from data, from real and
imaginary parts, or from absolute values and angles:
*)
open System.Numerics
open Cotangent

let z = complex (tensor [ 3.0; 0.0; -1.0 ]) (tensor [ 4.0; 1.0; 0.0 ])
let turn = polar (tensor 1.0) (tensor (System.Math.PI / 3.0))
z, tensor [ Complex(1.0, 2.0); Complex.ImaginaryOne ], turn ** 3
(*** include-it ***)

(**
Arithmetic is as with any other tensor; literals take the dtype, and `Complex` numbers may stand beside a complex tensor. `abs`, `real`,
`imag` and `angle` give real tensors, `conj` the conjugate:
*)
(z * 2.0 + conj z) / turn, abs z, angle z
(*** include-it ***)

(**
Negation, `exp`, `log`, `sqrt`, powers, `sin`, `cos`, `tan`, `sinh`, `cosh`, `tanh`, sums, means, products of matrices, `einsum`, and all
that moves elements take complex tensors, eagerly, compiled, and under `vmap`. The cuts of `log`, `sqrt` and powers run along the negative
real axis. Complex numbers have no order: `<`, `max` and `sort` are errors that name the way out. Nothing is converted silently, and to a
real dtype not at all: say which part is meant.
*)
let say f =
    try
        f () |> ignore
        "no error"
    with :? CotangentException as e ->
        e.Message

say (fun () -> z.Max()), say (fun () -> z.Convert DType.Float64)
(*** include-it ***)

(**
## What a derivative is

A loss is real. Of a real function $f$ of $z = x + iy$, `grad` is

$$\frac{\partial f}{\partial x} - i\,\frac{\partial f}{\partial y},$$

which is JAX's convention. So the loss changes by $\mathrm{Re}\sum g\, dz$ where $z$ changes by $dz$, without a conjugate anywhere; where
$f$ is the real part of an analytic function, $g$ is that function's derivative, as one learned it:
*)
grad (fun z -> sum (real (z ** 3))) z, 3.0 * z * z
(*** include-it ***)

(**
The direction in which a loss rises fastest is the conjugate of that, so descent is

$$z \leftarrow z - \eta\,\overline{g}.$$

`jvp` pushes changes $dz$ forward; `vjp` is its transpose by the same pairing, $\mathrm{Re}\sum x\,y$. A complex loss has no gradient, and is
an error: take `real` or `abs` of it. PyTorch's gradient is the conjugate of this one.

The optimisers of the library know this: to them a complex parameter is a pair of real ones, so give them what `grad` gives.

## A resonance, found by its sound

A struck glass rings: $y_t = \mathrm{Re}\,(a\, p^t)$, where the pole $p$ inside the unit circle says how fast it decays and how high it
sounds, and $a$ how loud it is and where the wave began. From noisy samples, which glass was it?
*)
let steps = Tensor.arange DType.Float64 60

let ring (amplitude: Tensor) (logPole: Tensor) =
    real (amplitude * exp (logPole * steps.Convert DType.Complex128))

let truth = ring (tensor (Complex(1.0, 0.5))) (tensor (Complex(-0.05, 0.6)))
let noise = Random.normal (Key.create 1L) DType.Float64 [ 60 ] * 0.05
let heard = truth + noise

(**
The logarithm of the pole is what is learned: $p^t = \exp(t \log p)$. The start is a guess a little too low, without decay:
*)
type Glass = { Amplitude: Tensor; LogPole: Tensor }

let loss (g: Glass) = Loss.meanSquaredError heard (ring g.Amplitude g.LogPole)

let mutable glass = {
    Amplitude = tensor (Complex(0.5, 0.0))
    LogPole = tensor (Complex(-0.02, 0.58))
}

let optimizer = Optimizer.adam 0.01
let step = compile (fun (g, state) -> Optimizer.step optimizer (grad loss g) state g)
let mutable state = optimizer.Init glass

for _ in 1..1000 do
    let next, after = step (glass, state)
    glass <- next
    state <- after

glass.Amplitude, glass.LogPole, loss glass
(*** include-it ***)

(**
The truth was $1 + 0.5i$ and $-0.05 + 0.6i$; what is left of the loss is the noise.

Spectra are complex, too: see [Fourier transforms](fourier.html); and so are eigenvalues: see [Linear algebra](linear-algebra.html).
*)
