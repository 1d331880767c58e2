(**
---
title: Where the time goes
category: Use
categoryindex: 3
index: 25
description: Profiling by primitive and fused kernel, traces for Chrome and Perfetto, the graph of a compiled function to search and zoom, the passes of the compiler.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Where the time goes

`Profile.run` runs a function and tells what its time went to. Here it is a training step of a small network, run eagerly:
*)
open Cotangent

let net = Mlp.create [ 784; 256; 10 ] Activation.Relu (Key.create 0L)
let images = Random.normal (Key.create 1L) DType.Float32 [ 128; 784 ]
let labels = Random.integers (Key.create 2L) 0L 10L DType.Int32 [ 128 ]
let optimizer = Optimizer.adam 1e-3

let step (net, state) =
    let loss, gradient =
        valueAndGrad (fun net -> Loss.crossEntropy labels (Mlp.forward net images)) net

    Optimizer.step optimizer gradient state net, loss

let start = net, optimizer.Init net
// Once without being looked at: what .NET compiles on the way is not what we are after.
step start |> ignore

let show (report: ProfileReport) =
    for row in Array.truncate 8 report.Rows do
        let ms, percent = row.Time.TotalMilliseconds, 100.0 * row.Share
        printfn "%-26s %-24s %3d %7.2f ms %3.0f %%" row.Name row.Shapes row.Calls ms percent

let _, eager = Profile.run (fun () -> step start)
show eager
(*** include-output ***)

(**
A row is all calls of one primitive on the same shapes from one line: how often, how long, and its share of the whole. Printed as it is,
the report is a wider table, with the bytes of operands and results, how fast these went by, and the line of source. Adam is spread over many small primitives. The compiled step has
fewer rows: chains of them have become kernels, named by their operations.
*)
let fast = compile step
fast start |> ignore

let _, compiled = Profile.run (fun () -> fast start)
show compiled
(*** include-output ***)

(**
Kernels run one by one while they are looked at, so that each can be timed; without the profile some of them run together. If a
function was not compiled before, `compile` is a row of its own, and often the longest.

`Rows` has the same as data, and `WriteTrace` writes every single call as a bar on a time line, for
[Perfetto](https://ui.perfetto.dev) or chrome://tracing:
*)
let file = System.IO.Path.GetTempFileName()
compiled.WriteTrace file
(*** hide ***)
System.IO.File.Delete file

(**
## The graph

`Compile.page` draws the graph of a function as a page that opens without a network. Type into its search field (`matmul
float32 128`), press Enter to go from one to the next, and choose a node to see its bytes, what it reads, what reads it, and
the line of source that it comes from.
*)
let page = Compile.page step start
page.Length > 10000
(*** include-it ***)

(**
## What the compiler did

`Compile.passes` lists the passes and how long each took; `Compile.memory` says what a call needs, before it is made.
*)
(Compile.memory step start).Between
(*** include-it ***)
(**
In the environment, `COTANGENT_PASSES=time` writes the passes to standard error whenever something is compiled.
*)
