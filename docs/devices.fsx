(**
---
title: Devices and engines
category: Understand
categoryindex: 2
index: 5
description: What computes: managed code, libtorch on the CPU, CUDA devices; moving tensors, memory, and what to do when libtorch does not load.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Devices and engines

A tensor is on a *device*, and an *engine* computes there. Nothing above the engines knows which it is: derivatives, batches,
compiled functions and random numbers are the same on all of them.

| package | what computes |
| --- | --- |
| `Cotangent` | managed code on the CPU; nothing else to install, on every platform of .NET |
| `Cotangent-cpu` | the same, with libtorch: on Intel's processors and those without AVX-512, large matrix products go to MKL |
| `Cotangent-cuda-linux`, `Cotangent-cuda-windows` | the same, and libtorch with CUDA on NVIDIA devices |
| `Cotangent.Torch` | the engine without a libtorch, for one that is there |

Referencing one of them is enough, in a project as in a script: `#r "nuget: Cotangent-cpu, *-*"`. There is nothing to open, to call or
to configure, and code that runs with one runs with all.

## On the CPU

Each operation goes to whichever is faster at its size. libtorch works on the memory of managed arrays, without copies, and writes
its results into them, too. Three of its kernels can't be told where to write, convolutions, layer normalisation and attention:
their results are copied, which takes 1 to 10 percent of a convolution's time.

| to libtorch go | from on | how much faster |
| --- | --- | --- |
| matrix products, Float32 and Float64 | a million multiplications | a little |
| running sums, Float32 and Float64, without vectors of 512 bits | 10,000 elements | 3 to 12 times |
| the same from the end | 10,000 to 100,000 elements | 1.1 to 4 times |
| largest and smallest elements, Float32 | 10⁷ elements, eight or more to one | 1.4 to 1.9 times |
| `gelu`, Float32 | a million elements | 1.7 to 2.1 times |
| derivative of the logarithm of softmax, Float32 | a million elements | 1.5 to 2.3 times |
| attention where every query sees all keys, Float32 | 256 keys | 1.1 to 1.5 times |
| convolutions over two and three axes and their derivatives, Float32, one group, 16 channels or more, but for kernels of 3 × 3 with step 1 where vectors have 512 bits | 10⁸ multiplications, with one thread 3·10⁷ | 1.1 to 2 times |
| derivatives by the kernel of convolutions with a group for each channel, Float32 | 3·10⁶ multiplications | 1.2 to 5 times |

All else stays with managed code. Measured as fast or faster there: other elementwise functions, sums, softmax,
cross-entropy, layer normalisation, causal attention, the derivatives of attention, convolutions in Float64, over one axis, with
few channels or several groups, pooling, sorting, joining, indexing.
`dotnet fsi build.fsx bench engines crossings` measures it anew. libtorch is loaded when the first of these comes; small programs
never load it. Sums in another order round otherwise: results can differ in the last digits with and without libtorch.

To have one engine do everything, for a comparison or to look for a fault, name it for a while, or for the whole program by the
environment variable `COTANGENT_CPU_ENGINE`, which is `fastest`, `managed` or `libtorch`:
*)
open Cotangent

let x = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]

withCpuEngine CpuEngine.Managed (fun () -> matmul x x)
(*** include-it ***)

(**
`COTANGENT_THREADS` says how many threads kernels share their work among, instead of as many as there are cores.

These threads are the library's own, not those of .NET's pool: the one that calls, and as many beside it as there are further cores. They
begin within a microsecond while they are awake; some 50 microseconds after the last work they sleep. The calling thread takes part and
can always finish its work alone, so calls from many threads at a time, as of a web server, never wait for each other's: there, where
requests keep all cores busy anyway, `COTANGENT_THREADS=1` saves the sharing. The number of threads does not change the order in which managed
kernels add, and so not their results.

## On a CUDA device

`Device.available ()` lists what there is; on the machine that built this page:
*)
Device.available ()
(*** include-it ***)

(**
The first device is `Device.cuda 0`. Tensors get there by `To`, or are made there inside of `onDevice`: from data, from numbers and
from the seeds of keys. What is computed from tensors is where they are.

```fsharp
let device = Device.cuda 0

let there = x.To device                       // a copy
let model = Tree.map _.To(device) trained     // all tensors of a record

let result =
    onDevice device (fun () ->
        let key = Key.create 0L               // the same random numbers as on the CPU
        let model = Mlp.init 784 layers key
        train model)

result.To Device.Cpu
```

A training runs there in the same way. What it begins with is made inside of `onDevice`, and each batch is moved as it is asked for:

```fsharp
let there (images: Tensor, labels: Tensor) = images.To device, labels.To device

let run =
    onDevice device (fun () ->
        let net = create (Key.create 0L)
        let batches = Data.batches 32 key training |> Batches.map there
        Train.run options step batches (net, optimizer.Init net))
```

So a program that runs on whatever there is needs one line more:
*)
let best = Device.available () |> List.last

let total =
    onDevice best (fun () -> sum (Random.normal (Key.create 0L) DType.Float64 [ 1000 ]))

total.Device, float total
(*** include-it ***)

(**
Derivatives go through `To`, and come back to the device that they are from. Reading a number (`float`, `ToData`, printing) waits
for the device and copies; everything else returns as soon as the work is given to it. `Device.synchronize` waits, for measuring
time.

Tensors on different devices don't meet:

```text
add: tensors on cpu and cuda:0 can't meet. Move one with `t.To device`.
```

and a device that is not there says what is missing:
*)
try
    (tensor 1.0).To(Device.cuda 0) |> ignore
with :? DeviceException as e ->
    printfn "%s" e.Message
(*** include-output ***)

(**
### Memory

A tensor on a device is freed when the garbage collector finds that nothing holds it. The collector is told: after every 256 MiB
taken there it looks among the youngest objects, and among all once memory has doubled. A training loop therefore runs in constant
memory without a word about it. `scope` gives memory back at once, rather than some steps later:

```fsharp
for batch in batches do
    state <- scope (fun () -> step state batch)   // all but the new state is freed here
```

`Device.memory` tells the bytes that tensors hold, now and at most. libtorch keeps what was freed for the next tensor, so other
programs, `nvidia-smi` among them, see more in use.
*)
let memory = Device.memory Device.Cpu
memory.Live > 0L && memory.Peak > memory.Live
(*** include-it ***)

(**
When there is no room, all that is dead is freed and the operation tried once more. Then a `MemoryException` tells the
operation, its operands, the bytes that it wanted and those that are held. Smaller batches, `scope` and `checkpoint` help.

### Numbers

Float32 is computed in Float32. NVIDIA's tensor cores can round operands of products and convolutions to TF32, with 10 bits in place
of 23, and are several times faster then; `COTANGENT_TF32=1` lets them. BFloat16 and Float16 use them in any case.

Random bits and uniform numbers are the same on all devices and machines, to the last bit; what is computed from them, such as normal
numbers, is the same up to rounding. Sums are not: they are added in another order. Where positions repeat,
`scatterAdd` (and with it the derivative of indexing) adds in whatever order threads arrive, so that on CUDA two runs can differ in
the last digits of floats.

## Which libtorch

The engine is built against libtorch 2.10. It looks for it, in this order,

1. in the folder that the environment variable `COTANGENT_LIBTORCH` names, and nowhere else if it is set: the `lib` folder of a libtorch
   or of Python's PyTorch, with or without CUDA, for example `…/site-packages/torch/lib`;
2. beside the program, where a build has put the libraries of the packages;
3. in the package cache, which scripts use directly.

Libraries are loaded by their full path, so that another libtorch on the system's path does no harm.

## When it does not load

The managed engine goes on working. To see why libtorch did not load, ask for it: `withCpuEngine CpuEngine.Libtorch` or
`x.To(Device.cuda 0)` raise a `DeviceException` that lists every file and folder that was tried, and what happened there.

| what it says | what helps |
| --- | --- |
| *libtorch could not be loaded … no libtorch_cpu.so there* | reference `Cotangent-cpu`, or set `COTANGENT_LIBTORCH`; in a project that is built for another system than this one, build it for this one |
| *COTANGENT_LIBTORCH names …: no libtorch_cpu.so there* | the variable must name the folder that holds the libraries themselves: `torch/lib`, not `torch` |
| *undefined symbol* | the libtorch is too far from 2.10 for the engine; use another version |
| *Two copies of libtorch in one process would abort it* | reference only one of the bundles, and either a bundle or the variable; with TorchSharp beside it, the same libtorch for both |
| *There is no cuda:0: the libtorch in … is one for the CPU* | reference a CUDA bundle instead of `Cotangent-cpu`, or name a CUDA build by the variable |
| *finds none: is there a device, and a driver that is new enough?* | `nvidia-smi` tells the driver's CUDA version: it must not be below that of the libtorch |
| *GLIBCXX_3.4.32 not found* | is met with by itself on systems with an older libstdc++ (Debian 12, Ubuntu 22.04, RHEL 9): a copy of TorchSharp's library that does not ask for it is put in `~/.cache/cotangent`. Where no folder can be written this fails: set `XDG_CACHE_HOME` to one that can |

In scripts the CUDA bundles don't work, since only a build puts their large files together: reference `Cotangent.Torch` there, and set
`COTANGENT_LIBTORCH`.

## Checking a machine with a GPU

From a checkout of the repository,

```text
dotnet fsi build.fsx gpu
```

packs a program with all that it needs but libtorch, .NET included, into one archive of 38 MiB. On a Linux machine with an NVIDIA
driver and PyTorch (`python3 -c "import torch"`) or a libtorch:

```text
tar xzf cotangent-gpu-linux-x64.tar.gz && cd cotangent-gpu
./run                                           # with the torch of python3
COTANGENT_LIBTORCH=/path/to/torch/lib ./run     # with another
```

It runs every primitive in every dtype, trains an MLP, a convolutional net, a block of attention and two GANs, eager and compiled, and
compares all with the CPU; watches memory over 10,000 steps; fills the device to see the error; measures times; and writes versions,
results and figures to `report.json`. Where there is no CUDA it says so, and runs the same on libtorch's CPU.
*)
