(**
---
title: Compiling
category: Understand
categoryindex: 2
index: 4
description: From a plain function to one fused program: graphs, loop nests, loops and choices inside, signatures, what can't be compiled.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Compiling

`compile f` is `f`, as one program. The first call traces `f` into a graph of primitives, simplifies it, fuses it into a few
loop nests over planned memory and turns those into SIMD machine code; later calls run that code. Nothing else changes: the
numbers are those of the plain function up to rounding, random draws are the same, and every other transformation still
applies, before or after. (Products and sums may be taken in another order: `sum (square (outer a b))` is computed as a product
of two sums. Of Float32 numbers these are taken in Float64, so that neither leaves the range.)
*)
open Cotangent

let f (a: Tensor, x: Tensor) = tanh (a * x + 1.0) * exp (-(x * x)) + a

let fast = compile f
let x = Tensor.linspace DType.Float32 -2.0 2.0 5

fast (tensor 0.5f, x)
(*** include-it ***)

(**
## What is in it

The graph, as it was traced:
*)
printfn "%s" (Compile.graph f (tensor 0.5f, x))
(*** include-output ***)

(**
and the program made of it. Eight operations became one pass over memory; the names `s0`, `s1` are places in
memory, the numbers in brackets strides:
*)
printfn "%s" (Compile.program f (tensor 0.5f, x))
(*** include-output ***)

(**
What led there, pass by pass: each works on a level (the graph, steps on memory, the memory plan, code). `Compile.after
"simplify"` shows what came out of one of them; with `COTANGENT_PASSES=time` or `print` in the environment, all that is compiled
tells its passes on standard error.
*)
printfn "%s" (Compile.passes f (tensor 0.5f, x))
(*** include-output ***)

(**
A layer with its activation is one nest, too: the sum of products stays in registers until bias and activation are done.
*)
let layer (x: Tensor, w: Tensor, b: Tensor) = relu (matmul x w + b)

printfn
    "%s"
    (Compile.program
        layer
        (Tensor.ones DType.Float32 [ 2; 8 ],
         Tensor.ones DType.Float32 [ 8; 16 ],
         Tensor.zeros DType.Float32 [ 16 ]))
(*** include-output ***)

(**
## Whole training runs

What surrounds a small step, calls and allocations, costs more than its arithmetic. So loops belong inside: `iterate`,
`scan`, `whileLoop` and `cond` are plain loops and choices where numbers can be read, and parts of the program where they
can't. (`iteratei` is `iterate` that tells the round's number.) Here 500 steps of gradient descent are one call, with the model's parameters in the program's memory throughout:
*)
let data = Tensor.linspace DType.Float32 -3.0 3.0 64 |> fun t -> t.Reshape [ 64; 1 ]
let tanhLayer = { Linear.defaults with Activation = Activation.Tanh }
let model = Mlp.init 1 [ 16, tanhLayer; 1, Linear.defaults ] (Key.create 0L)
let loss model = Loss.meanSquaredError (sin data) (Mlp.forward model data)

let train =
    compile (
        iterate 500 (fun model ->
            Tree.map2 (fun p g -> p - 0.1 * g) model (grad loss model))
    )

loss model, loss (train model)
(*** include-it ***)

(**
`scan` goes through a sequence step by step. Where the step is associative, `associativeScan` combines neighbours in pairs, then
pairs of these: *n* items take 2 log₂ *n* steps, each of them much work at once. So do recurrences such as *h* ↦ *a h* + *b*, of
which two after each other are one again:
*)
let after (a: Tensor, b: Tensor) (a', b') = a * a', a' * b + b'
let recurrence = compile (fun ab -> snd (associativeScan after ab))
recurrence (tensor [ 0.5; 0.5; 2.0; 2.0 ], tensor [ 1.0; 1.0; 1.0; 1.0 ])
(*** include-it ***)

(**
A program can call back: `hostCall` is a function of .NET on numbers, which is told beforehand what its results are like. So a table, a
solver of somebody else's or a measuring instrument stands in the midst of a program. Nobody knows its derivative but who wrote it:
*)
let root = hostCall (tensor 0.0) (fun (x: Tensor) -> tensor (System.Math.Cbrt(float x)))

let cubeRoot =
    withDerivative (Derivative.Push(fun x d -> d / (3.0 * square (root x)))) root

compile (vmap (grad cubeRoot)) (tensor [ 1.0; 8.0 ])
(*** include-it ***)

(**
Softmax, log-sum-exp and layer normalisation are single operations. Small ones become part of the loop nests around them;
large ones stay calls of kernels, which go through memory once, row by row. So do cross-entropy and attention, of any size.

What a step replaces, it may overwrite. `compileDonating` is `compile` for a function of a pair whose first item is given
away: results go into its memory where the program is done with it, here parameters and the means of Adam.
*)
let optimizer = Optimizer.adam 0.01

let step =
    compileDonating (fun ((model, state), data) ->
        let loss model = Loss.meanSquaredError (sin data) (Mlp.forward model data)
        Optimizer.step optimizer (grad loss model) state model)

let start = model, optimizer.Init model

let next, state =
    Seq.fold (fun both _ -> step (both, data)) (Tree.map (fun t -> t * 1) start) [ 1..200 ]

loss model, loss next
(*** include-it ***)

(**
A tensor given away can't be used afterwards (hence the copies above, of a model that this page uses again); that is an error
which says so. Memory that another tensor shows is not overwritten.

Random numbers work inside, since keys are values: split the key that goes round with the state, or fold a counter into one
with `Key.foldTensor`. The sample `gan` trains that way, in chunks between two reports (`samples/Sines/SineGan.fs`).

## Derivatives

All orders of composition are the same function:
*)
let g x = sum (sin x * x)
let at = tensor [ 1.0; 2.0 ]
grad g at, compile (grad g) at, grad (compile g) at
(*** include-it ***)

(**
`compile (grad g)` is the better one where both are possible: forward and backward pass are one program, and memory is
planned over both. `grad (compile g)` runs two, with what the second needs of the first handed over.

What it hands over is chosen by a minimum cut: of `sum (sin x * x)` only `x` is kept, since sines and cosines of it are cheap
to compute where they are needed; products, random draws and loops are never done twice.

`checkpoint` trades memory for time as in plain code: values inside are computed again on the way back. `checkpointWith` keeps some of
them, as a policy says: `Products` the results of matrix products and convolutions, which are dear to compute again, `Names` what
`checkpointName` has named, `AllExcept` all but that. The products of a gradient, counted in its program:
*)
let w1, w2 = Tensor.ones DType.Float32 [ 8; 8 ], Tensor.ones DType.Float32 [ 8; 8 ]

let twice (x: Tensor) =
    tanh (matmul (tanh (checkpointName "first" (matmul x w1))) w2) |> sum

let products (policy: CheckpointPolicy) =
    let program = Compile.after "simplify" (valueAndGrad (checkpointWith policy twice)) w1
    program.Split('\n') |> Array.filter _.Contains("= matmul") |> Array.length

products CheckpointPolicy.Nothing,
products (CheckpointPolicy.Names [ "first" ]),
products (CheckpointPolicy.AllExcept [ "first" ]),
products CheckpointPolicy.Products
(*** include-it ***)

(**
Shapes alone are found by tracing, without computing anything: `evalShape` returns what the function would, in tensors that know their
shape and dtype and have no numbers. So a model's size is known before it takes memory.
*)
let large = evalShape (Linear.create 40_000 40_000) (Key.create 0L)
large.Weight.Shape, Tree.size large
(*** include-it ***)

(**

## Memory

All values between arguments and results share one block of memory, planned before the first run, and a plan can be asked:
*)
let layers step (x: Tensor) = Seq.fold (fun x _ -> step x) x [ 1..6 ] |> sum
let block (x: Tensor) = Seq.fold (fun x _ -> tanh (matmul x x)) x [ 1..4 ]
let square = Tensor.full DType.Float32 [ 64; 64 ] 0.01

(Compile.memory (grad (layers block)) square).Peak,
(Compile.memory (grad (layers (checkpoint block))) square).Peak
(*** include-it ***)

(**
A call that needs more than the machine or the device has says so before it takes anything, with the largest values and ways
out. Not in that count are constants, the tensors that a function closes over, and what kernels make of them: on the CPU, weights of products
and convolutions are packed when they are first used, in as much memory again, kernels of 3 × 3 in four times as much. All programs share
that, and it goes when the weights go.

## When it compiles again

A program is made for one *signature*: the shapes, dtypes and devices of all tensors of the argument, and its static fields,
the ones that can't hold a tensor. A new signature means tracing again. That is cheap once and dear in every call, so

- compile once, outside of the loop: each call of `compile` makes a new function with programs of its own;
- keep what changes from call to call, such as a learning rate, in a tensor: a `float` field is static;
- pad batches to one size where the last one is smaller.

Tensors that the function closes over are constants of its program. Those that another transformation is tracing are not:
they become further arguments, and their derivatives arrive.

## What can't be traced

A number that doesn't exist yet can't be read. Reading one says so, and what to do:
*)
try
    compile (fun (x: Tensor) -> if float (sum x) > 0.0 then x else -x) at |> ignore
with :? TraceException as e ->
    printfn "%s" e.Message
(*** include-output ***)

(**
The same function with `cond`, or with `where` for a choice element by element:
*)
let flipped = compile (fun (x: Tensor) -> cond ((sum x).Greater 0.0) id (fun x -> -x) x)
flipped at, flipped -at
(*** include-it ***)

(**
`switch` chooses among several, by an integer:
*)
let activations = [ relu; tanh; (fun (x: Tensor) -> x * x) ]
let activated = compile (fun (index, x) -> switch index activations x)
activated (tensor 0, -at), activated (tensor 2, -at)
(*** include-it ***)

(**
An index out of range is an error where it can be read. A program takes the nearest function instead.

A shape that depends on numbers, as `x[x.Greater 0.0]` has, is not possible: keep the size and mask with `where`. Reverse
mode through a compiled `whileLoop` is refused, since its program can't know how many rounds to keep; `boundedWhileLoop`, told how many
there are at the most, keeps a few of them and computes the others again.

## The first call

Most of the first call of a process is not tracing, but .NET loading classes and compiling methods as they are first needed.
When a program first calls `compile`, another core begins to compile a small training, so that much of that is done by the time
the function is called: so call `compile` before you make parameters and load data. The package brings the library compiled ahead
for Linux (x64, Arm64), Windows (x64) and macOS (Arm64): `dotnet run` and scripts on these platforms start with that, unasked. An
application that is published for its platform has the rest, FSharp.Core above all, compiled ahead too:

```xml
<PropertyGroup>
  <PublishReadyToRun>true</PublishReadyToRun>
  <PublishReadyToRunCrossgen2ExtraArgs>--opt-cross-module:*;--non-local-generics-module:*</PublishReadyToRunCrossgen2ExtraArgs>
  <TieredPGO>false</TieredPGO>
</PropertyGroup>
```

    dotnet publish -c Release -r linux-x64 --self-contained false

The second line lets generic functions of FSharp.Core be compiled into the assemblies that use them.
`dotnet fsi build.fsx bench compile first` measures the first 500 training steps of the sine GAN in a fresh process, in each of
these ways.

## Trimmed, and ahead of time

A program may be published trimmed (`PublishTrimmed`) or compiled ahead of time (`PublishAot`). Trees are taken apart by
reflection, which the trimmer does not see: so the package keeps the members of the program itself and of all projects that it
refers to. **Models that come in a package of someone else's are to be named.** Those of their fields that nothing in the program
reads by name are removed otherwise. Of a record that is seen, and is a `TreeException`; a class or a union that lost fields looks
as if it had never had them, so that a tree misses those tensors **without a word**: they are not trained, not saved, and not
counted by `Tree.size`. Root the assembly, by its name without `.dll`, in the project that is published:

```xml
<ItemGroup>
  <TrimmerRootAssembly Include="TheirModels" />
</ItemGroup>
```

To see that nothing is missing, compare `Tree.paths model` in the published program with that of `dotnet run`.

Trimmed, all works as it does otherwise, emitted machine code too. Ahead of time:

- Gradients, `vmap`, training, random numbers, printing and trees of every kind work. `compile` traces, simplifies and plans as
  ever, but no machine code can be emitted: each step is run by the engine's kernels, which is slower.
- Of value types, such as records with `[<Struct>]`, lists, arrays, options, `List<T>` and `ImmutableArray` can be rebuilt;
  other collections of them, and maps and dictionaries whose keys are value types other than `int` and `int64`, raise a
  `TreeException` that says what to do instead.
- `printf "%d"` and other formats of numbers are FSharp.Core's, and do not work ahead of time: interpolate `$"{x}"`, or use
  `string`.
- libtorch has not been tried ahead of time.

The trimmer warns that FSharp.Core and this library use reflection (IL2104, IL3053). What that would break, the package keeps.
*)
