(**
---
title: Sharp bits and limits
category: Understand
categoryindex: 2
index: 6
description: What surprises newcomers, each with a few lines that show it: constants and effects in compiled functions, recompilation, integer overflow, dtypes, slices, keys used twice, NaN gradients behind where, donation, reproducibility, Native AOT.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Sharp bits and limits

What surprises people once: each with a few lines that show it, and a way around it. On this page, `message` runs a function and gives
the text of the error that it raises.
*)
open Cotangent

let message (f: unit -> 'a) =
    try
        f () |> ignore
        "no error"
    with :? CotangentException as e ->
        e.Message

(**
## Compiled functions

`compile` calls your function once, with stand-ins for its tensors, and writes down which operations it applies. This is called
*tracing*. Later calls run what was written down, not your F# code. Four things follow.

### What a function captures becomes a constant

A value from outside is read while tracing, and never again:
*)
let rate = ref (tensor 1.0)
let scaled = compile (fun (x: Tensor) -> rate.Value * x)
let before = scaled (tensor 2.0)

rate.Value <- tensor 10.0
before, scaled (tensor 2.0)
(*** include-it ***)

(**
What changes from call to call has to be an argument, in a tuple or a record:
*)
let scaledBy =
    compile (fun (rate: Tensor, x: Tensor) -> rate * x)

scaledBy (tensor 1.0, tensor 2.0),
scaledBy (tensor 10.0, tensor 2.0)
(*** include-it ***)

(**
### Effects happen once, while tracing

So does printing, counting, or writing to a file. `Debug.print` is the exception: it is part of what is written down, and prints
whenever the program runs. `Debug.observe` gives the numbers to a function of yours, and `hostCall` takes what such a function makes of them
back into the program.
*)
let noisy =
    compile (fun (x: Tensor) ->
        printfn "tracing"
        Debug.print "x" (x * 2.0))

noisy (tensor 1.0) |> ignore
noisy (tensor 3.0) |> ignore
(*** include-output ***)

(**
### New shapes, dtypes and static values compile again

A program is made for the shapes, dtypes and devices of its tensors, and for every other value in its argument: a number, a
string, an activation. Those are called *static*. A second `float` means a second program:
*)
let timesStatic =
    compile (fun (x: Tensor, factor: float) -> factor * x)

for factor in [ 1.0; 2.0; 3.0 ] do
    timesStatic (tensor [ 1.0; 2.0 ], factor) |> ignore

Compile.explain timesStatic
(*** include-it ***)

(**
Put numbers that change into tensors (`tensor factor`), make all batches one size, and call `compile` outside of the loop.

### What changes in a loop is a tensor

An `int` or a `float` in what `iterate`, `scan` or `whileLoop` hands from round to round is static. Where the loop is compiled, its
function is traced once, so such a number could not count. It may not change when the loop runs eagerly, either; nor may the branches
of a traced `cond` differ in one. Keep it in a tensor, `tensor 0` in place of `0`, or let `iteratei` tell the number of the round:
*)
message (fun () ->
    iterate
        3
        (fun (x: Tensor, i: int) -> x * float i, i + 1)
        (tensor 2.0, 1))
(*** include-it ***)

(**

### There are no numbers to branch on

While a function is traced, a tensor has a shape and a dtype, but no numbers yet. Inside `vmap`, one tensor stands for a whole batch,
so there is no single number either. `float x`, and an `if` that needs it, raise an error in both:
*)
let absolute (x: Tensor) = if float x > 0.0 then x else -x

message (fun () -> compile absolute (tensor -1.0))
(*** include-it ***)

(**
`where` chooses between tensors, element by element; `cond` and `switch` choose which function to run; `iterate`, `scan` and `whileLoop` repeat:
*)
let absoluteToo (x: Tensor) = where (x.Greater 0.0) x -x

compile absoluteToo (tensor -1.0),
vmap absoluteToo (tensor [ 1.0; -2.0 ])
(*** include-it ***)

(**
In `grad`, `jvp` and `vjp` there are numbers, so `if float x > 0.0` works. A plain F# loop works everywhere. But a compiled
function then contains the body of the loop once for each round, so use `iterate` or `scan` for many rounds.

### Given away is gone

A function from `compileDonating` may write its results over the first item of its argument, which saves memory. This is known as
*buffer donation*. The tensor can't be used any more:
*)
let halve = compileDonating (fun (x: Tensor, ()) -> x * 0.5)
let given = tensor [ 1.0; 2.0 ]
let half = halve (given, ())

message (fun () -> given + 1.0)
(*** include-it ***)

(**
## Numbers

### Dtypes never change silently

F#'s `1.0` is Float64 and `1.0f` is Float32. Layers and random draws are mostly Float32, and the two don't mix by themselves:
*)
message (fun () -> tensor [ 1.0f; 2.0f ] + tensor [ 1.0; 2.0 ])
(*** include-it ***)

(**
Convert one of them, `x.Convert DType.Float32`. A number that is not in a tensor takes the tensor's dtype, so `x * 2.0` is fine in
both; only a fraction with an integer tensor is refused:
*)
message (fun () -> tensor [ 1; 2 ] * 1.5)
(*** include-it ***)

(**
### Integers wrap around

Arithmetic of integers goes from the largest number to the smallest, without an error, as `int` and `byte` do in F# and C#. A sum has the
dtype of what is summed, in every dtype; it is no exception. Division drops the remainder, as in F#: 1 / 2 is 0, where NumPy gives 0.5.
*)
let large = tensor [ 2_000_000_000; 2_000_000_000 ]
sum large, sum (large.Convert DType.Int64)
(*** include-it ***)

(**
Narrow integers, pictures' bytes for one, get there soon: convert them before they are computed with. `Convert` itself never wraps
around; what is too large or too small becomes the nearest number that the dtype has, and NaN becomes 0:
*)
let light = tensor [| 200uy; 100uy |]

light + 100,
light.Convert DType.Float32 + 100,
(tensor [ 300.0; -5.0; nan ]).Convert DType.UInt8
(*** include-it ***)

(**
### `where` can't hide a NaN from a gradient

The root of a negative number is NaN, and the slope of the root at 0 is infinite. `where` leaves such numbers out of the result, but
the gradient still passes through them, and 0 times NaN or infinity is NaN. So the result is right, and its gradient is not:
*)
let roots (x: Tensor) =
    where (x.Greater 0.0) (sqrt x) (tensor 0.0)

let points = tensor [ -1.0; 0.0; 4.0 ]

roots points, grad (fun x -> sum (roots x)) points
(*** include-it ***)

(**
Keep bad numbers away from the function in the first place, by a second `where` inside:
*)
let safeRoots (x: Tensor) =
    let isPositive = x.Greater 0.0

    where
        isPositive
        (sqrt (where isPositive x (tensor 1.0)))
        (tensor 0.0)

grad (fun x -> sum (safeRoots x)) points
(*** include-it ***)

(**
`Debug.checkNumbers` finds the first operation that makes a NaN or an infinity, forward or on the way back:
*)
message (fun () ->
    Debug.checkNumbers (fun () ->
        grad (fun x -> sum (roots x)) points))
(*** include-it ***)

(**
## Shapes and positions

### Slices include both ends

As everywhere in F#: `x[2..4]` has three elements. In NumPy and PyTorch `x[2:4]` has two. A negative position counts from the end.
*)
let ten = Tensor.arange DType.Int32 10
ten[2..4], ten[-3 .. -1]
(*** include-it ***)

(**
C#'s ranges leave out their end, and so does `Slice(2..4)` of `Cotangent.CSharp`.

### A tensor holds less than 2³¹ elements

It is one .NET array. What would be larger is refused before memory is taken; split such data into several tensors.
*)
message (fun () ->
    Tensor.zeros DType.Float32 [ 65_536; 32_768 ])
(*** include-it ***)

(**
### Losses do not broadcast

Operators stretch shapes like NumPy: a column (n, 1) beside a row (n) makes a square (n, n). In a loss that is nearly always a
mistake which looks like a result, so losses want equal shapes:
*)
message (fun () ->
    Loss.meanSquaredError
        (tensor [ 1.0; 2.0 ])
        (tensor [ [ 1.0 ]; [ 2.0 ] ]))
(*** include-it ***)

(**
## Models

### A loss wants the training pass

Layers that behave differently while they are trained, batch normalisation and dropout, have `train` beside `forward`. Nothing switches
by itself: a loss that calls `forward` drops nothing, and normalises by the running statistics that the layer began with. And a layer never
changes: `BatchNorm.train` returns the layer with new statistics, which has to go on to the next step, by
`valueAndGradWith`, as in [Layers and models](layers.html#Training-and-prediction). Here it is not kept, and nothing is learned of the data:
*)
let norm = BatchNorm.create 2
let batch = tensor [ [ 1.0f; 10.0f ]; [ 3.0f; 30.0f ] ]
let _, afterOneBatch = BatchNorm.train norm batch

norm.RunningMean.Value, afterOneBatch.RunningMean.Value
(*** include-it ***)

(**
## Random numbers

### The same key gives the same numbers

A key is a value, and drawing does not use it up. Two draws from one key are the same numbers:
*)
let key = Key.create 0L

Random.normal key DType.Float32 [ 2 ],
Random.normal key DType.Float32 [ 2 ]
(*** include-it ***)

(**
Split a key for each use: `let forNoise, forModel = Key.split key`, or `Key.fold 7L key` for the seventh of many. `Debug.checkKeys` runs
a function and finds the key that was used twice:
*)
message (fun () ->
    Debug.checkKeys (fun () ->
        Random.normal key DType.Float32 [ 2 ]
        + Random.normal key DType.Float32 [ 2 ]))
(*** include-it ***)

(**
In a compiled function, a captured key is a constant like everything else, so every call draws the same numbers: pass it in.

### What is reproducible, and what is not

| | the same numbers, bit for bit? |
| --- | --- |
| two runs on one machine, with managed code | yes, with any number of threads |
| random draws, `exp`, `sin` and the other functions of numbers, with managed code | yes, on every processor; only sines and cosines of huge numbers may differ |
| sums, matrix products, and so whole trainings, on another kind of processor | not always: the order in which numbers are added depends on the processor's vector instructions |
| a function, and the same function compiled | draws yes; other results up to rounding |
| managed code and libtorch, CPU and CUDA | draws yes; sums and products differ in the last digits |
| two runs on CUDA where positions repeat in `scatterAdd` or in a gradient of indexing | not always |

A difference in the last digit is no fault, but a long training makes it larger: after a thousand steps the weights may differ in
their first digits, although one network is as good as the other. To compare machines, compare accuracies.

## Native AOT

A program that is compiled ahead of time (`PublishAot`) can't make machine code while it runs. There `compile` still traces and
plans, but each step is run by ready-made kernels, which is slower. Collections of structs, and maps whose keys are structs, can't
always be rebuilt as parts of a model; `printf "%d"` does not work (use `$"{x}"`); libtorch has not been tried. Models from
other people's packages must be named, or the trimmer removes parts of them **without a word**: see [Compiling](compile.html).
*)
