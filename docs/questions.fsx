(**
---
title: Questions and answers
category: Start
categoryindex: 1
index: 7
description: Why not TorchSharp, why functional, GPUs, notebooks, ASP.NET, saving models, reproducibility, mixed precision, profiling, printing inside compiled code, versions and stability, licence.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Questions and answers

## What is it for?

For programs that need derivatives: training neural networks, fitting models to data, optimisation, simulations whose parameters
are to be learned. You write an ordinary function of tensors, and `grad` turns it into its gradient.

## Why not TorchSharp?

TorchSharp is a binding of PyTorch's C++ library, libtorch. Take it for what libtorch has and this library lacks: TorchScript models,
many more operations, and code that can be carried over from PyTorch line by line. Cotangent is a different design:

- a model is an immutable record, and nothing needs to be disposed;
- gradients are functions of functions, so gradients of gradients, Jacobians, `vmap` over batches and your own derivatives compose;
- `compile` fuses a whole training step into machine code, which pays off most for small and middle-sized models on the CPU;
- the library is managed code, without a native library unless you want one. (Its own engine for GPUs is libtorch, too.)

[Measurements of both](https://github.com/cotangent/cotangent/blob/main/benchmarks/RESULTS.md), also where TorchSharp is faster, are in the repository.

## Why functional? Isn't it slow to copy everything?

A function without side effects can be differentiated, batched, compiled, repeated and tested, and nobody has to think of what it
changes elsewhere. Little is copied: slices share memory with the tensor that they are from, and compiled functions reuse their working
memory from call to call. The code around such functions may be as imperative as you like.

## Do I need F#?

No. The package `Cotangent.CSharp` is the library for C#: see the [quick start](quickstart-csharp.html), and, if machine learning is new
to you, [this introduction](csharp-and-machine-learning.html).

## Does it run on a GPU?

On NVIDIA GPUs, through libtorch: reference `Cotangent-cuda-linux` or `Cotangent-cuda-windows`, and move tensors with `x.To(Device.cuda 0)`.
Compiled functions run there, too, but operations are not fused as on the CPU: each is a call of libtorch. GPUs of other makers are
not supported, nor is training on several devices or machines at once. See [Devices and engines](devices.html).

## Does it work in notebooks?

Yes, in those with the kernels of .NET Interactive, in F# and in C#: [Install](install.html) has the line for the first cell. Tensors,
records of them and pictures are shown as such. The pages of
this site are evaluated in the same way, one block after the other. For charts, [Plotly.NET](https://plotly.net) is a good companion.

## Can I serve a model in ASP.NET?

Yes. A model is immutable, so all requests can share one, and a compiled function may be called from several threads at once. Load the
model and compile the function once, when the program starts. With the network of [Your first classifier](first-classifier.html):

```csharp
var net = Checkpoint.Load("clothes.safetensors", Net.Create(Key.Create(0)));
var predict = Transform.Compile((Net net, Tensor images) => net.Forward(images));

app.MapPost("/kind", (float[] pixels) =>
    (int)predict(net, Tensor.Create<float>(pixels, [1, 1, 28, 28])).Slice(0).ArgMax());
```

The first call compiles, which takes a second or two: make one when the server starts. The model and `predict` may be singletons; requests
need no lock.

By default a call shares its work among all cores. If there are many requests at a time, set the environment variable
`COTANGENT_THREADS` to 1, so that each request keeps to its own thread.

## How do I save and load a model?

`Checkpoint.save path model` and `Checkpoint.load path template`, where the template is a model of the same shape, made with any key. Files
are safetensors, which PyTorch and JAX read, too. Weights from `.pt`, `.npz` and ONNX files can be read. A training can be
saved while it runs, and resumed bit for bit. See [Saving, loading, resuming](checkpoints.html).

## Can it run ONNX models?

No. `Onnx.read` reads the weights of a model, and you write the network as a function.

## Are results reproducible?

On one machine, two runs with the same keys give the same numbers, bit for bit, with any number of threads. Random draws are the same
on every machine. Sums and products may differ in the last digits between kinds of processors, and between managed code, libtorch and
CUDA. [Sharp bits](sharp-bits.html) has the whole table.

## Is there mixed precision?

Yes: `MixedPrecision.computeIn DType.BFloat16` computes a function in 16 bits while parameters stay in Float32, and `LossScale` is
for Float16. It saves memory, and lets the tensor cores of NVIDIA's GPUs work. On a CPU it is slower. See [Losses, optimisers, schedules](optimizers.html).

## How do I see what is slow?

`Profile.run` lists what the time went to:
*)
open Cotangent

let x = Tensor.ones DType.Float32 [ 200; 200 ]
let _, report = Profile.run (fun () -> sum (tanh (matmul x x)))

[ for row in report.Rows -> row.Name, row.Calls ]
(*** include-it ***)

(**
The usual causes are a training step that is not compiled, `compile` called inside a loop, a number that changes and therefore
compiles again at every step (`Compile.explain` tells), and reading a number from a CUDA device at every step. See
[Where the time goes](profiling.html).

## How do I print inside compiled code?

`printfn` runs once, while the function is traced. `Debug.print` prints whenever the program runs:
*)
let f =
    compile (fun (x: Tensor) ->
        sum (Debug.print "squares" (x * x)))

f (tensor [ 1.0; 2.0 ]) |> ignore
f (tensor [ 3.0; 4.0 ]) |> ignore
(*** include-output ***)

(**
In C# it is `Checks.Print`.

## My loss is NaN. Where does it come from?

`Debug.checkNumbers (fun () -> grad loss model)` raises an error at the first operation that makes a NaN or an infinity, and names it.

## How stable is it?

It is a prerelease: names and signatures still change between versions. Every change is in the
[changelog](https://github.com/cotangent/cotangent/blob/main/CHANGELOG.md), and the public interface is recorded in a file that the tests compare, so that
nothing changes unnoticed. Versions follow [Semantic Versioning](https://semver.org). To be safe, name an exact version in your project.

## Which platforms?

.NET 10 on Linux, Windows and macOS. Native AOT and trimming work: see [Install](install.html). Browsers and phones
have not been tried.

## What is the licence?

MIT: use it for anything, also in commercial products. The packages that it needs have licences of their own: FSharp.Core,
System.Numerics.Tensors and Spectre.Console are MIT, too.

## Where do I ask?

In [an issue](https://github.com/cotangent/cotangent/issues). For a vulnerability, please use
[private reporting](https://github.com/cotangent/cotangent/security/advisories/new) instead.
*)
