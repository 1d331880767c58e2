/// A process that tells of a run as fast as it can, until it is killed.
module Cotangent.Charts.Tests.Child

open System
open System.IO
open Cotangent
open Cotangent.Charts

[<Literal>]
let Flag = "--write-for-ever"

let writeForEver (folder: string) : int =
    let writers: IRunWriter list = [
        JsonLines.writer (Path.Combine(folder, "run.jsonl"))
        TensorBoard.writer (Path.Combine(folder, "board"))
        new RunPageWriter(Path.Combine(folder, "run.html"), TimeSpan.FromSeconds 0.1)
    ]

    let numbers = Random.normal (Key.create 0L) DType.Float32 [ 1000 ]

    let mutable step = 0L

    while true do
        step <- step + 1L

        for writer in writers do
            writer.Write(RunEvent.Scalar(step, "loss", float step))
            if step % 10L = 0L then writer.Write(RunEvent.Histogram(step, "w", numbers))

    0
