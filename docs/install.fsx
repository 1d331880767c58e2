(**
---
title: Install
category: Start
categoryindex: 1
index: 2
description: Scripts, notebooks, F# and C# projects, the optional packages and their sizes, libtorch and CUDA, a checkout, Native AOT and trimming, and what to do when something fails.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Install

You need the [.NET 10 SDK](https://dotnet.microsoft.com/download) or a later one, and nothing else: no Python, no C++ compiler, no
native library. The packages run on Linux, Windows and macOS, on x64 and Arm64.

So far, there are only prereleases, which NuGet passes over unless it is asked for them. That is what `*-*` and `--prerelease` below
are for. Once there is a release, leave them out.

## In a script

Put this at the top of a file `try.fsx`, and run it with `dotnet fsi try.fsx`:
*)
(*** hide ***)
Page.code
    "fsharp"
    "#r \"nuget: Cotangent, *-*\"\nopen Cotangent"
(*** include-it-raw ***)

(**
In F# Interactive (`dotnet fsi` without a file), end each input with `;;`. To see that it works, take a derivative, here of the sum
of x³:
*)
open Cotangent

grad (fun x -> sum (x ** 3.0)) (tensor [ 1.0; 2.0 ])
(*** include-it ***)

(**
## In a notebook

In Jupyter and in other notebooks with the F# kernel of .NET Interactive, the same line in a cell of its own:
*)
(*** hide ***)
Page.code "fsharp" "#r \"nuget: Cotangent, *-*\""
(*** include-it-raw ***)

(**
A tensor at the end of a cell shows its dtype, its shape and its values, a record a table of its tensors. Pictures of `Cotangent.Images` and
`Cotangent.Charts` are drawn, and summaries of models, profiles and posteriors keep their columns.

For the C# kernel, name the package `Cotangent.CSharp`. Both were tried with `Microsoft.dotnet-interactive` 1.0.7120, which runs
on .NET 10.

## In an F# project

```text
dotnet new console -lang F# -o MyModel
cd MyModel
dotnet add package Cotangent --prerelease
```

## In a C# project

```text
dotnet new console -o MyModel
cd MyModel
dotnet add package Cotangent.CSharp --prerelease
```

`Cotangent.CSharp` is a thin layer in the manner of C#, and brings `Cotangent` with it. The namespace is `Cotangent` in both
languages: `using Cotangent;`.

## Optional packages

Each of these is added in the same way, as `#r "nuget: Cotangent.Data, *-*"` or with `dotnet add package`. Referencing one of them
also brings `Cotangent` itself.

| package | what it is for | page |
| --- | --- | --- |
| `Cotangent.Data` | datasets, loaders with worker threads, IDX, CSV, Parquet, Arrow, HDF5 and WAV files, tokenizers | [Data](data.html) |
| `Cotangent.Images` | reading, resizing and augmenting pictures | [Pictures](images.html) |
| `Cotangent.Video` | frames of videos as pictures, videos of pictures | [Pictures](images.html) |
| `Cotangent.Charts` | a page that follows a training, TensorBoard files | [Watching a training](watching.html) |
| `Cotangent.Distributions` | probability distributions: densities, draws, quantiles, with derivatives; Bayesian inference | [Probability distributions](distributions.html), [Bayesian inference](inference.html) |
| `Cotangent.Solvers` | differential equations, roots, linear systems, minima, integrals, with derivatives | [Differential equations](differential-equations.html), [Roots and minima](solvers.html) |
| `Cotangent-cpu` | libtorch for the CPU: faster large convolutions, on Intel's processors matrix products, too | [Devices](devices.html) |
| `Cotangent-cuda-linux`, `Cotangent-cuda-windows` | libtorch with CUDA 12.8, for NVIDIA GPUs | [Devices](devices.html) |
| `Cotangent.Torch` | the same engine, for a libtorch or PyTorch that is installed already | [Devices](devices.html) |

libtorch is the C++ library under PyTorch. Of the last three rows you need at most one package. There is nothing to configure: code
stays the same, and large operations go to libtorch where it is faster. The CUDA packages work in projects. In a script, reference
`Cotangent.Torch` and let the environment variable `COTANGENT_LIBTORCH` name the `lib` folder of an installed PyTorch or libtorch.

## Sizes

Measured in November 2026, for version 0.1.0-alpha; 1 MB is a million bytes. A download is made once, and then kept in NuGet's cache.

| package | its own download | what it needs besides |
| --- | --- | --- |
| `Cotangent` | 24 MB | 7 MB: FSharp.Core, System.Numerics.Tensors, Spectre.Console |
| `Cotangent.CSharp` | 0.2 MB | `Cotangent` |
| `Cotangent.Data` | 0.2 MB | `Cotangent`, and 7 MB of managed libraries |
| `Cotangent.Images` | 0.2 MB | `Cotangent`, and 175 MB: Skia's native libraries for every platform |
| `Cotangent.Charts` | 0.5 MB | `Cotangent` |
| `Cotangent.Distributions` | 0.2 MB | `Cotangent` |
| `Cotangent.Solvers` | 0.2 MB | `Cotangent` |
| `Cotangent-cpu` | 0.02 MB | `Cotangent`, and libtorch: 1.2 GB on disk for all platforms, 0.6 GB of it for Linux |
| `Cotangent-cuda-*` | 0.02 MB | `Cotangent`, and libtorch with CUDA: several GB |

The assembly of `Cotangent` takes 2 MB of its package; the rest is the same assembly compiled ahead for four platforms, nearly 5 MB each,
so that a program begins in half the time ([how long](https://github.com/cotangent/cotangent/blob/main/benchmarks/RESULTS.md) it takes).
A program that is published for one platform (`dotnet publish -r linux-x64`) carries only that platform's, 10 MB on disk; likewise it
carries 12 MB of Skia.

## From a checkout

To use the sources as they are today, make packages of them, and name their folder as a source of packages:

```text
git clone https://github.com/cotangent/cotangent
cd cotangent
dotnet fsi build.fsx pack
```

In a script, add one line before the reference:
*)
(*** hide ***)
Page.code
    "fsharp"
    "#i \"nuget: /path/to/cotangent/artifacts/packages\"\n#r \"nuget: Cotangent, *-*\""
(*** include-it-raw ***)

(**
For projects, name the folder once:

```text
dotnet nuget add source /path/to/cotangent/artifacts/packages
dotnet add package Cotangent --prerelease
```

## Native AOT and trimming

A program may be published trimmed (`PublishTrimmed`: code that is never called is removed) or compiled to machine code ahead of
time (`PublishAot`, Native AOT). Both work without further settings for models of your own, and the tests publish a program in both
ways. In a trimmed program everything works, `compile` included. With Native AOT, gradients, `vmap`, training and random numbers work.
`compile` works too, but gains less, since no machine code can be made while the program runs. Models that come in somebody else's
package must be named, or the trimmer removes parts of them. [Compiling](compile.html) says how, and lists what else differs.

## If something fails

| what you see | what helps |
| --- | --- |
| *There are no stable versions available*; *Unable to find a stable package Cotangent* (NU1103) | only prereleases exist: add `--prerelease`, or `, *-*` in a script |
| *Unable to find package Cotangent* (NU1101) | the source of packages is missing or misspelt: `dotnet nuget list source` |
| *The namespace or module 'Cotangent' is not defined* | the package is not referenced, or the project is built for an older .NET: it must say `<TargetFramework>net10.0</TargetFramework>` |
| *A compatible .NET SDK was not found* | `dotnet --list-sdks` must list a 10.0 |
| a downgrade of FSharp.Core (NU1605) | the project names an older FSharp.Core than 10.0.100: remove that line or raise the version |
| *The value or constructor 'tensor' is not defined* | `open Cotangent` is missing |
| a `DeviceException` that names libtorch | the page on [devices](devices.html) has a table of causes |
| *Two copies of libtorch in one process* | reference only one of the libtorch packages |
| any other `CotangentException` | its message ends with a way out; [Errors](errors.html) lists them all |

If that does not help, [open an issue](https://github.com/cotangent/cotangent/issues) with the message, the output of `dotnet --info`, and
the few lines that show it.

Next: [quick start in F#](quickstart-fsharp.html), [quick start in C#](quickstart-csharp.html), or
[your first classifier](first-classifier.html).
*)
