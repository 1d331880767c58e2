(**
---
title: Quick start, C#
category: Start
categoryindex: 1
index: 4
description: Tensors, gradients, a model and a training loop in C#.
---
*)
(*** hide ***)
#load "../site/page.fsx"
open Page

let show = csharp "QuickStart.cs"

(**
# Quick start, C#

The package `Cotangent.CSharp` is a thin layer over `Cotangent` in the manner of C#: `dotnet add package Cotangent.CSharp
--prerelease`, then `using Cotangent;`. What stands under the code on this page is what it printed when the page was made.

## Tensors

Operators, comparisons and broadcasting are those of NumPy; mathematics are methods.
*)
(*** hide ***)
show "Tensors"
(*** include-it-raw ***)

(**
Parts are taken with C#'s own ranges and indices, which exclude their end: `x.Slice(1..3, ^1)` is what `x[1:3, -1]` is in
Python. Tensors are immutable; `At` names a part in brackets and makes a copy in which it is replaced.
*)
(*** hide ***)
show "Parts"
(*** include-it-raw ***)

(**
## Gradients

`Differentiate` has the derivatives, `Transform` the other transformations: `Vectorize` for batches, `Compile`. Each works on tensors, tuples, arrays, and records of these, nested any way; the
gradient has the type of the argument.
*)
(*** hide ***)
show "Gradients"
(*** include-it-raw ***)

(**
## Randomness

A draw takes a key; the same key gives the same numbers. Split a key for each use.
*)
(*** hide ***)
show "Randomness"
(*** include-it-raw ***)

(**
## A model and its training

A model is a record, and so is its gradient. Nothing is inherited, nothing registered.
*)
(*** hide ***)
csharpCode "QuickStart.cs" "Model" + show "Training"
(*** include-it-raw ***)

(**
The same, compiled. `Control` has the loops and choices of compiled functions; a state of an optimiser is a tree, like a
model:
*)
(*** hide ***)
show "Compiled"
(*** include-it-raw ***)

(**
Optimisers are gradient transformations, put together with `Then`; one of your own is a name, what it keeps of each tensor, and a rule:
*)
(*** hide ***)
show "Optimisers"
(*** include-it-raw ***)

(**
## Devices

With [libtorch](devices.html) (the package `Cotangent-cuda-linux` or `Cotangent-cuda-windows`), tensors live and compute on CUDA devices, too:
*)
(*** hide ***)
show "Devices"
(*** include-it-raw ***)

(**
## A custom derivative
*)
(*** hide ***)
show "OwnDerivative"
(*** include-it-raw ***)

(**
## Errors

Everything that Cotangent throws on purpose is a `CotangentException` that says the operation, what it got and a way out:
*)
(*** hide ***)
show "Errors"
(*** include-it-raw ***)

(**
## Long work

Long work reports through `IProgress<ProgressReport>`, which `Progress` shows as a bar on a terminal and as lines elsewhere;
between two calls of a compiled function, a cancellation ends it with what was reached. `samples/SineGan.CSharp` trains that
way:
*)
(*** hide ***)
show "LongWork"
(*** include-it-raw ***)

(**
Next: [your first classifier](first-classifier.html) on real data, [the idea behind it](tour.html), [the sine GAN](sine-gan.html) (both in F#; most functions have the same names with a
capital letter, and where C# has a name of its own, such as `Gradient` for `grad`, the reference says so), and the [reference](reference-csharp/index.html), with an example of each method.
*)
