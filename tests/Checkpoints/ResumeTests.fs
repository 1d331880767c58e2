/// Trainings that are killed and go on: other processes of this program, which get no chance to end in order.
module Cotangent.Tests.ResumeTests

open System
open System.Diagnostics
open System.IO
open System.Threading
open Expecto
open Cotangent
open Cotangent.Checkpoints
open Cotangent.Tests.Checks

/// Asks this program for one of what follows.
[<Literal>]
let Flag = "--checkpoint"

/// A training of a few hundred steps, with all that can go astray: means of an optimiser, keys, batches in an order of their own.
[<NoComparison>]
type private State = { Model: Mlp; Optimizer: OptimizerState<Mlp>; Noise: Key }

let private optimizer = Optimizer.adam (Schedule.cosine 0.01 0.0 400)

let private start () =
    let model = Mlp.create [ 6; 16; 1 ] Activation.Tanh (Key.create 1L)
    { Model = model; Optimizer = optimizer.Init model; Noise = Key.create 7L }

let private batches () =
    let x = Random.normal (Key.create 2L) DType.Float32 [ 50; 6 ]
    Data.batches 8 (Key.create 3L) (x, (square x).Sum [ 1 ]) |> Batches.withKeys (Key.create 4L)

let private step (state: State) ((x: Tensor, y: Tensor), key: Key) =
    let next, own = Key.split state.Noise

    let loss (m: Mlp) =
        let noisy = x + 0.1f * Random.normal key DType.Float32 [ 8; 6 ]
        mean (square ((Mlp.forward m noisy).Squeeze -1 - y + 0.1f * Random.normal own DType.Float32 []))

    let value, gradient = valueAndGrad loss state.Model
    let model, optimizer = Optimizer.step optimizer gradient state.Optimizer state.Model
    { Model = model; Optimizer = optimizer; Noise = next }, value

let private epochs = 60

/// The numbers of a state, and of the losses on the way.
let private run (folder: string option) : string =
    let state, from =
        match folder with
        | Some folder -> Checkpoint.resume folder (start ())
        | None -> start (), 0

    let callbacks =
        match folder with
        | Some folder -> [ Callback.checkpoint (Every.Steps 3) 2 folder ]
        | None -> []

    let trained =
        Train.run
            { Train.defaults with Epochs = epochs; From = from; Callbacks = callbacks }
            step
            (batches ())
            state

    Tree.leaves trained.Last.State
    |> Array.map (fun t ->
        String.Join(
            ",",
            (t.Convert DType.Float64).Flatten().ToData<float[]>() |> Array.map (fun x -> x.ToString "R")
        ))
    |> String.concat ";"

/// Checkpoints without end, of two megabytes whose numbers are all the step's.
let private saveOnAndOn (folder: string) =
    let first =
        match Checkpoint.latest folder with
        | Some newest -> newest.Step + 1
        | None -> 1

    for step in first .. Int32.MaxValue do
        // The first file takes longer, until all is compiled.
        if step = first + 1 then printfn "ready"
        Checkpoint.saveStep 2 folder step (Tensor.full DType.Int32 [ 500_000 ] (float step))

let child (arguments: string[]) =
    match arguments with
    | [| "train"; folder |] -> printfn "%s" (run (Some folder))
    | [| "save"; folder |] -> saveOnAndOn folder
    | _ -> failwith "no such child"

let private begun (arguments: string list) =
    let start =
        ProcessStartInfo(
            "dotnet",
            (Reflection.Assembly.GetExecutingAssembly()).Location :: Flag :: arguments,
            RedirectStandardOutput = true
        )

    nonNull (Process.Start start)

let private killed =
    testCase "a writer that is killed at any moment leaves its last whole checkpoint" (fun () ->
        SafetensorsTests.inFolder
            (fun folder ->
                let random = Random Dice.firstSeed
                let rounds = if Dice.effort > 1.0 then 200 else 6
                let mutable last = 0

                for round in 1..rounds do
                    use child = begun [ "save"; folder ]

                    Expect.stringContains
                        (string (child.StandardOutput.ReadLine()))
                        "ready"
                        "the child runs"

                    Thread.Sleep(random.Next 120)
                    // SIGKILL, where there are signals.
                    child.Kill()
                    child.WaitForExit()

                    match Checkpoint.latest folder with
                    | None -> Expect.equal last 0 $"round {round}: a checkpoint"
                    | Some newest ->
                        let loaded = Checkpoint.load newest.Path (Tensor.zeros DType.Int32 [ 500_000 ])
                        let expected = Tensor.full DType.Int32 [ 500_000 ] (float newest.Step)

                        Expect.isTrue
                            (loaded.Equals expected)
                            $"round {round}: the numbers of step {newest.Step}"

                        Expect.isGreaterThanOrEqual newest.Step last $"round {round}: no way back"
                        last <- newest.Step
                        // Every one that has its name is whole, and no more are there than were kept, and one that came.
                        Expect.isLessThanOrEqual (Checkpoint.steps folder).Length 3 $"round {round}: kept"

                        for each in Checkpoint.steps folder do
                            Checkpoint.load each.Path (Tensor.zeros DType.Int32 [ 500_000 ]) |> ignore

                Expect.isGreaterThan last 0 "something was saved"
                // One of the last writer, at most.
                let left = Directory.GetFiles(folder, "*" + AtomicFile.Ending)
                Expect.isLessThanOrEqual left.Length 1 "what was left by those that were killed")
            ())

let private resumed =
    testCase "a training that is killed again and again has the numbers of one that is not" (fun () ->
        SafetensorsTests.inFolder
            (fun folder ->
                let expected = run None
                let random = Random(Dice.firstSeed + 1)
                let mutable result = ""
                let mutable starts = 0
                let mutable kills = 0

                while result = "" && starts < 200 do
                    starts <- starts + 1
                    let before = Checkpoint.latest folder |> Option.map _.Step |> Option.defaultValue 0
                    use child = begun [ "train"; folder ]

                    // Once it has come further, at a moment that nobody chose; the last one may end.
                    let mutable waiting = kills < 4

                    while waiting && not child.HasExited do
                        Thread.Sleep 2

                        match Checkpoint.latest folder with
                        | Some newest when newest.Step > before + 20 ->
                            Thread.Sleep(random.Next 10)
                            child.Kill()
                            kills <- kills + 1
                            waiting <- false
                        | Some _
                        | None -> ()

                    let output = child.StandardOutput.ReadToEnd()
                    child.WaitForExit()
                    if child.ExitCode = 0 then result <- output.Trim()

                Expect.isGreaterThan kills 1 "killed on the way"
                Expect.equal result expected "numbers, bit for bit")
            ())

let private behind =
    testList "in the background" [
        test "what goes wrong is raised at the next turn, or in the end" {
            let file = Path.GetTempFileName()

            try
                // A folder that can't be made: a file is there.
                let folder = Path.Combine(file, "no folder")
                let asked = ref 0

                let train every =
                    let callbacks = [
                        Callback.call (Every.Steps 1) (fun _ -> asked.Value <- asked.Value + 1)
                        Callback.checkpoint (Every.Steps every) 1 folder
                    ]

                    Train.run
                        { Train.defaults with Callbacks = callbacks }
                        (fun (x: Tensor) (_: Tensor) -> x + 1.0, x)
                        (Data.inOrder 1 (Tensor.zeros DType.Float64 [ 6 ]))
                        (tensor 0.0)

                raises<IOException, _> "no folder" (fun () -> train 2) "the next turn"
                Expect.equal asked.Value 4 "at the second turn"
                asked.Value <- 0
                raises<IOException, _> "no folder" (fun () -> train 4) "in the end"
                Expect.equal asked.Value 6 "all steps"
            finally
                File.Delete file
        }
        testCase
            "the last file is there when training has ended"
            (SafetensorsTests.inFolder (fun folder ->
                let big = Tensor.zeros DType.Float32 [ 2_000_000 ]

                let run =
                    Train.run
                        { Train.defaults with Callbacks = [ Callback.checkpoint (Every.Steps 2) 2 folder ] }
                        (fun (x: Tensor) (_: Tensor) -> x + 1.0f, mean x)
                        (Data.inOrder 1 (Tensor.zeros DType.Float64 [ 6 ]))
                        big

                Expect.equal [ for each in Checkpoint.steps folder -> each.Step ] [ 4; 6 ] "kept"
                let last, steps = Checkpoint.resume folder big
                Expect.isTrue (last.Equals run.Last.State) "state"
                Expect.equal steps 6 "steps"))
        test "every watch is told of the end, also of one by an error, whose own error counts" {
            let told = ref []

            let watch name fails = {
                Every = Every.Steps 1
                Start =
                    fun () -> {
                        Reached = fun _ -> []
                        Ended =
                            fun () ->
                                told.Value <- name :: told.Value
                                if fails then failwith name
                        Result = id
                    }
            }

            let train step =
                Train.run
                    { Train.defaults with Callbacks = [ watch "a" true; watch "b" true; watch "c" false ] }
                    step
                    (Data.inOrder 1 (tensor [ 0.0 ]))
                    (tensor 0.0)

            raises<Exception, _> "a" (fun () -> train (fun x _ -> x, x)) "the first one's"
            Expect.equal told.Value [ "c"; "b"; "a" ] "all"
            told.Value <- []

            raises<ShapeException, _>
                "add"
                (fun () -> train (fun x (_: Tensor) -> tensor [ 1.0; 2.0 ] + tensor [ 1.0; 2.0; 3.0 ], x))
                "the step's"

            Expect.equal told.Value [ "c"; "b"; "a" ] "all"
        }
    ]

[<Tests>]
let all = testSequenced <| testList "Resumed trainings" [ killed; resumed; behind ]
