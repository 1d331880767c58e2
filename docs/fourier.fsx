(**
---
title: Fourier transforms
category: Use
categoryindex: 3
index: 14
description: fft and its kin, of any length and with derivatives: a filter by frequencies, a spectrogram, cosines, and a filter that is learned.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Fourier transforms

`fft`, `ifft`, `rfft`, `irfft`, `fft2`, and `Fftn` along any axes are NumPy's, with its signs and factors. Any length will do; those without
large primes are the fastest. They run eagerly, compiled and under `vmap`, and have derivatives of every order.
*)
open Cotangent

let x = tensor [ 1.0; 2.0; 4.0; 3.0 ]
fft x, rfft x, irfft (rfft x)
(*** include-it ***)

(**
`rfft` is for real signals: it takes half the time and leaves out the second half, which is the conjugate of the first. Options say along
which axis, of which length, and where the factor $1/n$ stands: `x.Fft(axis = 0, length = 8, norm = FourierNorm.Orthonormal)`.

## A filter

A slow wave with a hum on it, a second of it at 500 samples a second:
*)
let rate = 500.0
let time = Tensor.arange DType.Float64 500 / rate
let wave (frequency: float) = sin (time * (2.0 * System.Math.PI * frequency))
let noise = Random.normal (Key.create 1L) DType.Float64 [ 500 ] * 0.2
let heard = wave 3.0 + 0.5 * wave 50.0 + noise
(*** hide ***)
open Plotly.NET

(*** hide ***)
let line name (x: Tensor) (y: Tensor) =
    Chart.Line(x = x.ToData<float[]>(), y = y.ToData<float[]>(), Name = name)

(**
Its spectrum tells the two apart, and the noise from both:
*)
let spectrum = rfft heard
let frequencies = rfftFrequencies DType.Float64 500 (1.0 / rate)
(*** hide ***)
line "amplitude" frequencies (abs spectrum / 250.0)
|> Chart.withXAxisStyle (TitleText = "frequency, Hz")
|> Chart.withYAxisStyle (TitleText = "amplitude")
(*** include-it ***)

(**
So the filter keeps what is below 10 Hz, and goes back:
*)
let kept = where (frequencies.Less 10.0) spectrum (Tensor.zerosLike spectrum)
let clean = irfft kept
(*** hide ***)
[ line "heard" time heard; line "filtered" time clean ]
|> Chart.combine
|> Chart.withXAxisStyle (TitleText = "time, s")
(*** include-it ***)

(**
## A spectrogram

`Stft` is the spectrum of one piece after the other, each under a window of `SignalWindow` (`hann`, `hamming`, `blackman`, `kaiser`) so that its
ends do not show. A tone that rises from 20 to 200 Hz:
*)
let rising = sin (2.0 * System.Math.PI * (20.0 * time + 90.0 * time * time))
let window = SignalWindow.hann DType.Float64 64
let pieces = rising.Stft(window, 8)
pieces.Shape
(*** include-it ***)
(*** hide ***)
Chart.Heatmap(zData = (abs pieces).ToData<float[][]>(), ShowScale = false)
|> Chart.withXAxisStyle (TitleText = "piece")
|> Chart.withYAxisStyle (TitleText = "frequency, in steps of 8 Hz")
(*** include-it ***)

(**
`Istft` goes back, also from spectra that were changed:
*)
pieces.Istft(window, 8).AllClose rising[0..495]
(*** include-it ***)

(**
## Convolution, and cosines

`a.FftConvolve b` is the convolution of whole lines, by way of their spectra: for long ones it is faster than `convolve`. `x.Dct` and `x.Idct` are
the cosine transforms of kinds 2 and 3, which sounds and pictures are compressed by: of a smooth line a few numbers say nearly all.
*)
let smooth = exp (time * -2.0)
let cosines = smooth.Dct(orthonormal = true)
let few = concat 0 [ cosines[0..19]; Tensor.zeros DType.Float64 [ 480 ] ]
float ((abs (few.Idct(orthonormal = true) - smooth)).Mean())
(*** include-it ***)

(**
## A filter that is learned

All of this is differentiable, so a filter need not be designed. One factor for each frequency, learned from the wave that should come out:
*)
let filtered (factors: Tensor) = irfft (spectrum * factors.Convert DType.Complex128)
let loss factors = Loss.meanSquaredError (wave 3.0) (filtered factors)

let learned =
    let step = compile (fun factors -> factors - 0.5 * grad loss factors)
    let mutable factors = Tensor.ones DType.Float64 [ 251 ]

    for _ in 1..200 do
        factors <- step factors

    factors
(*** hide ***)
line "factor" frequencies learned
|> Chart.withXAxisStyle (TitleText = "frequency, Hz")
(*** include-it ***)

(**
It lets 3 Hz through, has taken out the hum at 50 Hz, and has left alone what hardly matters to the loss. Spectra are
[complex numbers](complex.html); that page says what a derivative with respect to one is.
*)
