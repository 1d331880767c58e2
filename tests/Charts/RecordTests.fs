module Cotangent.Charts.Tests.RecordTests

open System
open System.Diagnostics
open System.IO
open Expecto
open Cotangent
open Cotangent.Charts
open Cotangent.Charts.Tests.Support

/// Keeps what it is told.
type private Kept() =
    member val Events = ResizeArray<RunEvent>()

    interface IRunWriter with
        member _.Name = "kept"
        member this.Write event = this.Events.Add event
        member _.Dispose() = ()

/// A disk that is full.
type private Full() =
    interface IRunWriter with
        member _.Name = "full"
        member _.Write _ = raise (IOException "No space left on device.")
        member _.Dispose() = ()

/// The mean of some numbers, by gradient descent, with its gradient's norm.
let private step (x: Tensor) (batch: Tensor) =
    let loss, slope = valueAndGrad (fun x -> mean (square (x - batch))) x
    x - 0.1 * slope, {| Loss = loss; Gradient_Norm = norm slope |}

let private batches = Data.inOrder 2 (tensor [ 1.0; 1.0; 1.0; 1.0; 1.0; 1.0 ])
let private options: TrainOptions<Tensor> = { Train.defaults with Epochs = 4 }

let private names (kept: Kept) = kept.Events |> Seq.map _.Name |> Seq.distinct |> List.ofSeq

let private endOf (kept: Kept) =
    match (Seq.last kept.Events).Content with
    | RunContent.End how -> how
    | other -> failtest $"the last is {other}"

/// What the standard error is told meanwhile.
let private errorsOf (action: unit -> unit) =
    let before = Console.Error
    use text = new StringWriter()
    Console.SetError text

    try
        action ()
    finally
        Console.SetError before

    text.ToString()

[<Tests>]
let tests =
    testSequenced
    <| testList "recording" [
        test "figures, and what else is asked for, every so many steps" {
            let kept = new Kept()

            let what = [
                Record.parameters id
                Record.scalar "distance" (fun x -> float (abs (x - 1.0)))
                Record.histogram "squares" square
                Record.pictures "shade" (fun x -> x.Reshape [ 1; 1; 1 ])
                Record.throughput 2
                Record.memory
            ]

            let run = Record.run (Every.Steps 3) [ kept ] what options step batches (tensor 0.0)
            Expect.equal run.Last.Steps 12 "as ever"

            Expect.equal
                (names kept)
                [
                    "plan"
                    "gradient_norm"
                    "loss"
                    "epoch"
                    "parameters"
                    "distance"
                    "squares"
                    "shade"
                    "memory/process, MiB"
                    "memory/managed heap, MiB"
                    "throughput/steps a second"
                    "throughput/examples a second"
                    "end"
                ]
                "names"

            let of' name = [
                for event in kept.Events do
                    match event.Content with
                    | RunContent.Scalar value when event.Name = name -> event.Step, value
                    | _ -> ()
            ]

            // The distance falls by 1 - 0.2 a step.
            for i, (step, distance) in List.indexed (of' "distance") do
                Expect.equal step (int64 (3 * (i + 1))) "steps"
                Expect.floatClose Accuracy.high distance (0.8 ** float step) "a closed form"

            Expect.equal (of' "epoch" |> List.map snd) [ 1.0; 2.0; 3.0; 4.0 ] "epochs"
            Expect.equal (of' "throughput/steps a second").Length 3 "the first time is that of the compiler"
            let examples, steps = of' "throughput/examples a second", of' "throughput/steps a second"

            for (_, e), (_, s) in List.zip examples steps do
                Expect.floatClose Accuracy.high e (2.0 * s) "two examples a step"

            Expect.equal (endOf kept) RunEnd.Completed "end"
        }

        test "how a run ended" {
            let ended callbacks =
                let kept = new Kept()

                try
                    Record.run
                        (Every.Steps 1)
                        [ kept ]
                        []
                        { options with Callbacks = callbacks }
                        step
                        batches
                        (tensor 0.0)
                    |> ignore
                with :? TimeoutException ->
                    ()

                endOf kept

            let stop: Callback<Tensor> = {
                Every = Every.Steps 1
                Start =
                    fun () -> { Reached = (fun _ -> [ Reaction.Stop "enough" ]); Ended = ignore; Result = id }
            }

            Expect.equal (ended [ stop ]) (RunEnd.Stopped "enough") "stopped"
            let fail = Callback.call (Every.Steps 2) (fun _ -> raise (TimeoutException "too late"))
            Expect.equal (ended [ fail ]) (RunEnd.Failed "too late") "failed"
        }

        test "a full disk ends no training, and is told once, and in the end" {
            let kept = new Kept()
            let mutable steps = 0

            let errors =
                errorsOf (fun () ->
                    let run =
                        Record.run (Every.Steps 1) [ new Full(); kept ] [] options step batches (tensor 0.0)

                    steps <- run.Last.Steps)

            Expect.equal steps 12 "trained"
            Expect.equal (errors.Split("No space left").Length - 1) 1 $"told once: {errors}"

            let told =
                kept.Events
                |> Seq.pick (fun event ->
                    match event.Content with
                    | RunContent.Text text when event.Name = "not written" -> Some text
                    | _ -> None)

            // A plan, and each step's loss, norm and epoch.
            Expect.stringContains told "full: 37 of" "how many"
        }

        testCase "a run that is resumed"
        <| inFolder (fun folder ->
            let path = file folder "run.jsonl"

            let part from epochs start =
                let writer = JsonLines.writer path
                let options = { options with From = from; Epochs = epochs }
                let run = Record.run (Every.Steps 1) [ writer ] [] options step batches start
                writer.Dispose()
                run.Last.State

            let half = part 0 2 (tensor 0.0)
            part 6 4 half |> ignore
            let resumed = RunLog.read path |> RunLog.scalar "loss"
            let replayed = new Kept()
            RunLog.replay replayed (RunLog.read path)
            Expect.equal replayed.Events.Count (RunLog.read path).Events.Count "told to another"
            File.Delete path
            part 0 4 (tensor 0.0) |> ignore
            Expect.equal resumed (RunLog.read path |> RunLog.scalar "loss") "as one that was not")

        testCase "a training in C#"
        <| inFolder (fun folder ->
            let program =
                Path.Combine(
                    AppContext.BaseDirectory,
                    "../../../CSharp/bin/Release/net10.0/Cotangent.Charts.CSharp.dll"
                )

            let start = ProcessStartInfo("dotnet", [ program; folder ], RedirectStandardOutput = true)
            use child = Unchecked.nonNull (Process.Start start)
            let output = child.StandardOutput.ReadToEnd()
            child.WaitForExit()
            Expect.equal (child.ExitCode, output.Trim()) (0, "40: True") "what it printed"
            let log = RunLog.read (file folder "run.jsonl")
            Expect.equal (RunLog.scalar "distance" log).Length 20 "distances"
            Expect.isNonEmpty (Directory.GetFiles(file folder "board")) "TensorBoard"

            for page in [ "run.html"; "compare.html" ] do
                Expect.stringContains (File.ReadAllText(file folder page)) "\"distance\"" page)
    ]
