(**
---
title: Performance
category: Use
categoryindex: 3
index: 24
description: How fast Cotangent is beside C++, NumPy, TorchSharp and libtorch, where others are faster, and what makes a program fast: JIT compilation, operator fusion, loops inside, buffer donation, threads.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#load "../site/results.fsx"

open Plotly.NET

/// The name of the processor that this page was built on.
let processor =
    let file = "/proc/cpuinfo"

    if System.IO.File.Exists file then
        System.IO.File.ReadLines file
        |> Seq.tryFind (fun line -> line.StartsWith "model name")
        |> Option.map (fun line -> (line.Split(':')[1]).Trim())
        |> Option.defaultValue "a processor without a name"
    else
        string System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture

/// Bars side by side, one colour a group.
let bars
    (unit: string)
    isLogarithmic
    (names: string list)
    (groups: (string * float list) list)
    =
    groups
    |> List.map (fun (group, values) ->
        Chart.Column(
            values = values,
            Keys = names,
            Name = group,
            ShowLegend = (groups.Length > 1),
            MultiText = [ for value in values -> $"%.3g{value}" ],
            TextPosition = StyleParam.TextPosition.Auto
        ))
    |> Chart.combine
    |> Chart.withYAxisStyle unit
    |> fun chart ->
        if isLogarithmic then
            chart
            |> Chart.withYAxis (
                LayoutObjects.LinearAxis.init (AxisType = StyleParam.AxisType.Log)
            )
        else
            chart

(**
# Performance

Three things decide how fast a program is: how often it crosses from one operation to the next, how much memory it reads and
writes, and how fast the large products run. `compile` takes care of the first two; the kernels of the engine do the third.

## Eager, compiled, or a compiled loop

This is the model of the [README](https://github.com/cotangent/cotangent#in-f): two layers, 64 points, Adam. The same step is trained
in three ways: called as a plain function, where each operation runs by itself; compiled, so that a step is one program; and with the
loop inside the program, so that there is one call for all steps.
*)
open Cotangent

type Model = { Hidden: Linear; Output: Linear }

let forward model x = x |> Linear.forward model.Hidden |> Linear.forward model.Output

let x = (Tensor.linspace DType.Float32 -3.0 3.0 64).Reshape [ 64; 1 ]
let k1, k2 = Key.split (Key.create 0L)
let tanhLayer = { Linear.defaults with Activation = Activation.Tanh }

let model = {
    Hidden = Linear.init tanhLayer 1 32 k1
    Output = Linear.init Linear.defaults 32 1 k2
}

let loss model = Loss.meanSquaredError (sin x) (forward model x)

let optimizer = Optimizer.adam 0.01
let start = model, optimizer.Init model

let step (model, state) = Optimizer.step optimizer (grad loss model) state model

let compiledStep = compile step
let compiledLoop = compile (iterate 1000 step)

(**
Microseconds a step, the median of five rounds of 1,000 steps, after one that is not counted. They were measured while this page was built:
*)
let perStep train =
    let round () =
        let clock = System.Diagnostics.Stopwatch.StartNew()
        train start |> ignore
        clock.Elapsed.TotalMicroseconds / 1000.0

    round () |> ignore
    [ for _ in 1..5 -> round () ] |> List.sort |> List.item 2

let again step start = Seq.fold (fun now _ -> step now) start [ 1..1000 ]

let eager = perStep (again step)
let stepwise = perStep (again compiledStep)
let loop = perStep compiledLoop

printfn "%s, %d threads" processor System.Environment.ProcessorCount
printfn "eager          %8.1f µs a step" eager
printfn "compiled step  %8.1f          %5.1f times as fast" stepwise (eager / stepwise)
printfn "compiled loop  %8.1f          %5.1f times as fast" loop (eager / loop)
(*** include-output ***)

(**
The larger a model, the less there is to gain: of a step that multiplies large matrices most of the time, only the rest gets faster.

## Beside others

The figures of this section are read from
[benchmarks/RESULTS.md](https://github.com/cotangent/cotangent/blob/main/benchmarks/RESULTS.md), which names the processor, the date
and the command of each table. Peers run in turn with ours, in one run on one machine.

**A small model: the article's GAN**, 471 parameters, batch 1, microseconds an iteration (logarithmic). Here time goes into calls and small
arrays, which a compiled loop does without:
*)
(*** hide ***)
let gan = Results.rows "The article's GAN"

bars "µs an iteration" true [ for row in gan -> row[0].Replace("`", "") ] [
    ("median", [ for row in gan -> Results.number row[1] ])
]
(*** include-it ***)

(**
**Models of layers**: a training step with Adam on two threads, in milliseconds. Most of it is products and convolutions:
*)
(*** hide ***)
let models = Results.rows "Models of layers"

bars "ms a step" false [ for row in models -> row[0].Split(',')[0] ] [
    "Cotangent", [ for row in models -> Results.number row[4] ]
    "TorchSharp", [ for row in models -> Results.number row[5] ]
]
(*** include-it ***)

(**
**Single operations on large arrays**, managed kernels beside libtorch, two threads: how many times as long libtorch takes. Above 1, ours are
faster; below 1, libtorch is:
*)
(*** hide ***)
let crossings =
    let all = Results.rows "Where libtorch becomes faster"

    [
        "add, 10⁷"
        "tanh, 10⁷"
        "erf, 10⁷"
        "gelu, 10⁷"
        "sum, 10⁷"
        "argsort of rows, 10⁶"
        "softmax 15625×64"
        "running sum of rows, 10⁷"
        "convolve 8×64×28×28 to 64 (199 M products)"
        "convolve 16×64×56×56 to 128 (3440 M products)"
        "layerNorm 976×1024"
        "attention 4×1024×64, causal"
        "maxPool 64×16×26×26"
    ]
    |> List.map (fun name ->
        let row = all |> Array.find (fun row -> row[0] = name)
        name.Split(" (")[0], Results.number row[4] / Results.number row[3])

bars "libtorch's time / ours" true (List.map fst crossings) [
    "ratio", List.map snd crossings
]
(*** include-it ***)

(**
Where libtorch wins, it can do the work: with the package `Cotangent-cpu` large operations of these kinds go there by themselves, see
[devices](devices.html).

**Where others are faster today.** libtorch's convolutions by strides, in three axes, and of a single image's first layer are
faster by themselves, as are `gelu` of large arrays, whose tail ours computes to its last digits, and softmax of many short rows. Against ONNX
Runtime ResNet18 takes 0.75 to 0.87 of the time and MiniLM 0.8 to 0.97 of it, on an AMD processor (Zen 4) with vectors of 512 bits; on an Intel one
that other programs used, too, 0.92 to 1.42 and 0.84 to 1.09. There ours takes up to two fifths longer, by themselves, for ResNet18's convolutions of
3 × 3 that halve images and for a single image of 7 × 7 places, and shorter for its others of 3 × 3 and 7 × 7. Without such vectors running
sums are several times as fast in libtorch.

## What makes a program fast

- **Compile the whole step**: forward pass, gradient and optimiser in one function. What one operation makes and the next one uses then stays
  in registers (operator fusion), common subexpressions are computed once, and memory is planned before the run.
- **Put the loop inside.** `iterate`, `scan` and `whileLoop` become loops of the program; `Train.run` does so in chunks, by itself.
- **Compile once**, outside of loops: each call of `compile` makes a new function. One program serves one *signature*: shapes, dtypes and
  static fields. Pad the last batch, and keep a learning rate that changes in a tensor (or a `Schedule`), not in a `float`.
- **Don't read numbers on the way.** `float loss` in each step waits for the step, and ends a compiled loop. Read it every hundredth.
- **Give memory away.** `compileDonating` lets results take the memory of a state that is replaced (buffer donation).
- **Float32** moves half the bytes of Float64. BFloat16 and Float16 save memory, not time, on the CPU: they are computed in Float32. See
  [mixed precision](optimizers.html).
- **Batch**: `vmap` turns a function of one example into one of a batch, and many small products into a large one.
- **Memory**: `checkpoint` computes values again on the way back in place of keeping them (gradient checkpointing, rematerialisation).
- **Threads**: all cores are used, or as many as the variable `COTANGENT_THREADS` says. Results do not depend on how many. For many
  independent small programs, one thread each is best.
- **Publish** with `PublishReadyToRun` for a fast start, see [the first call](compile.html#The-first-call).

Then measure. [Where the time goes](profiling.html) shows the operations and kernels that take it, line by line of the source. What a call
needs is known before it is made:
*)
let memory = Compile.memory step start
memory.Peak, memory.Between
(*** include-it ***)

(**
## Measure it yourself

    dotnet fsi build.fsx bench compile gan
    dotnet fsi build.fsx bench models
    dotnet fsi build.fsx bench peak

These make the tables above on your machine, with peers: `bench --help` lists all of them, and `--json FILE` writes the figures to a file
where a command says so. `bench peak` tells the limit: how many operations a second the processor can do, and how many bytes a second each
cache can copy.
*)
