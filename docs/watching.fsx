(**
---
title: Watching a training
category: Use
categoryindex: 3
index: 23
description: A page that shows a run while it goes on, runs side by side, TensorBoard's files, JSON lines.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../src/Charts/bin/Release/net10.0"
#r "Cotangent.Charts.dll"

open Plotly.NET

let folder = System.IO.Directory.CreateTempSubdirectory("watching-").FullName
let inFolder name = System.IO.Path.Combine(folder, name)

(**
# Watching a training

The package `Cotangent.Charts` records what a run tells: figures, histograms of parameters, pictures, texts. It goes to as many places
as you name, among them a page that a browser opens from the disk, without a network or a server, and that follows the training.

![The page of a run: its figures, losses, throughput and the spread of parameters](img/run-page.png)

## A training to watch

An autoencoder learns to squeeze squares of light into two numbers and back. What the step returns are the figures of a run; a norm of
the gradient is one of them if you return it.
*)
open Cotangent
open Cotangent.Charts

/// Spots of light at random places, on 12 × 12 pixels.
let spots =
    let places = Random.uniform (Key.create 1L) DType.Float32 [ 256; 2; 1; 1 ] * 11.0
    let line = Tensor.arange DType.Float32 12
    let rows = square (line.Reshape [ 12; 1 ] - places[*, 0..0])
    let columns = square (line.Reshape [ 1; 12 ] - places[*, 1..1])
    exp (-(rows + columns) / 8.0)

let forward (model: Mlp) (images: Tensor) =
    (Mlp.forward model (images.Flatten 1) |> sigmoid).Reshape [ -1; 1; 12; 12 ]

let optimizer = Optimizer.adam 3e-3

let step (model, state) images =
    let loss, gradient =
        valueAndGrad (fun model -> mean (square (forward model images - images))) model

    Optimizer.step optimizer gradient state model,
    {| Loss = loss; Gradient_Norm = Tree.norm gradient |}

let create key = Mlp.create [ 144; 64; 2; 64; 144 ] Activation.Gelu key
let batches = Data.batches 32 (Key.create 2L) spots

(**
## Recording it

`Record.run` is `Train.run` with three things before its arguments: how often, where to, and what else to record. It tells the page how
long the run is meant to be, and how it ended, be it by an error.
*)
type State = Mlp * OptimizerState<Mlp>

let what: Recorded<State> list = [
    Record.parameters fst
    Record.pictures "made of two numbers" (fun (model, _) -> forward model spots[..15])
    Record.throughput 32
    Record.memory
]

let train name seed =
    let model = create (Key.create seed)
    use page = RunPage.writer (inFolder $"{name}.html")
    use lines = JsonLines.writer (inFolder $"{name}.jsonl")
    use board = TensorBoard.writer (inFolder name)
    let writers = [ page; lines; board ]

    for writer in writers do
        writer.Write(
            RunEvent.Text(0, "model", string (Model.summary forward spots[..0] model))
        )

    Record.run
        (Every.Steps 8)
        writers
        what
        { Train.defaults with Epochs = 200 }
        step
        batches
        (model, optimizer.Init model)

let run = train "first" 3L
run.End, run.Last.Figures

(*** include-it ***)

(**
Open `first.html` as soon as the training has begun. While it goes on the page reads a small file beside it every two seconds; in the
end it holds everything itself, and can be sent to somebody. It is drawn with plotly.js, which is in it.

Figures of one kind share a chart: `loss` and `validation/loss`, as an evaluation that `Callback.measure` makes would be called. A part
before a slash makes a section: `rate/encoder`, `rate/decoder`. Switches choose a logarithmic scale, time in place of steps, and smoothing.
A loss that is NaN is said, and where it began.

Where you call `Train.run` yourself, or write the loop by hand, `Record.callback` and the writers do the same in parts:
*)
let recording writers : Callback<State> =
    Record.callback (Every.Epochs 1) writers [ Record.memory ]

(**
## What it costs, and what can go wrong

The state is looked at on the training's thread, so a histogram of all parameters at every step is not for free: every hundredth will do.
The page itself is written by another thread.

A disk that is full or a file that is locked ends no training. It is told once on the standard error, and the page and the log say in the
end how much they lack. A run that is killed leaves whole files: lines, records and pages are written so that none is ever there by half.

## Reading it again

JSON lines are one event a line, for `grep` and for every language:

```json
{"step":20,"time":"2026-11-29T09:35:18.48+00:00","name":"loss","scalar":0.0552}
```

`RunLog.read` reads them, also while they are written. A run that is resumed appends to its file; where steps come again, the later ones
count. Its page begins anew: `RunLog.replay page log` tells it what the log knows.
*)
let log = RunLog.read (inFolder "first.jsonl")
let losses = RunLog.scalar "loss" log

List.head losses, List.last losses

(*** include-it ***)

(*** hide ***)
Chart.Line(x = List.map fst losses, y = List.map snd losses)
|> Chart.withXAxisStyle (TitleText = "steps")
|> Chart.withYAxisStyle (TitleText = "loss", AxisType = StyleParam.AxisType.Log)
(*** include-it ***)

(**
## Runs side by side

`RunPage.compare` draws runs on one page. Each has its colour in all charts, and a box that hides it.
*)
train "second" 4L |> ignore

RunPage.compare
    [ inFolder "first.jsonl"; inFolder "second.jsonl" ]
    (inFolder "compare.html")

(**
## TensorBoard

`TensorBoard.writer` takes a folder, and makes in it what TensorBoard reads: `tensorboard --logdir runs` shows the run with its scalars,
histograms, images and texts. The files are written as they are specified; neither Python nor TensorFlow is needed for that.

## In C#

A `Recorder` is told by a callback what is reached:

```csharp
using var page = new RunPageWriter("run.html");
var recorder = new Recorder<Net>([page], [Recorded<Net>.Parameters(net => net), Recorded<Net>.Memory]);

var record = Callback.Call<Net>(
    Every.Steps(100),
    now => recorder.Reached(now.State, now.Steps, now.Epochs, now.Figures));
```

After `Train.Run` with `record` among the callbacks, `recorder.End(RunEnd.Completed)` says how it went.
*)

(*** hide ***)
System.IO.Directory.Delete(folder, true)
