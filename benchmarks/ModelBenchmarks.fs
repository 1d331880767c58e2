/// Training steps of whole models, beside the same in TorchSharp.
module Cotangent.Benchmarks.ModelBenchmarks

open System
open System.Diagnostics
open System.IO
open System.Text.Json
open Cotangent.Benchmarks.Harness
open Cotangent.Engines

/// Milliseconds of a step.
type private Step = {
    /// From start to end.
    Wall: float
    /// On all cores together.
    Cpu: float
}

type private Peer = {
    Name: string
    /// A new model, and a step of it at each call.
    Make: unit -> unit -> unit
}

let private models = [
    "cnn", Models.cnn, TorchModels.cnn
    "resnet", Models.resNet, TorchModels.resNet
    "transformer", Models.transformer, TorchModels.transformer
    "lstm", Models.lstm, TorchModels.lstm
]

let private setThreads n =
    Workers.limit n
    if Peers.hasLibtorch () then TorchNets.setThreads n

/// As many steps as take a second or so.
let private measure (step: unit -> unit) : Step =
    let own = Process.GetCurrentProcess()
    let before = own.TotalProcessorTime
    let clock = Stopwatch.StartNew()
    let mutable steps = 0

    while steps < 3 || clock.Elapsed.TotalSeconds < 1.0 do
        step ()
        steps <- steps + 1

    let wall = clock.Elapsed.TotalMilliseconds / float steps
    own.Refresh()
    { Wall = wall; Cpu = (own.TotalProcessorTime - before).TotalMilliseconds / float steps }

let private first (step: unit -> unit) =
    let clock = Stopwatch.StartNew()
    step ()
    clock.Elapsed.TotalMilliseconds

let private rounds = 5

/// Both in turn; a line of the table, and the figures by name.
let private compare threads (name: string, ours: unit -> unit -> unit, theirs: unit -> unit -> unit) =
    setThreads threads

    let peers = [
        { Name = "Cotangent"; Make = ours }
        if Peers.hasLibtorch () then { Name = "TorchSharp"; Make = theirs }
    ]

    let steps = peers |> List.map (fun peer -> peer, peer.Make())
    let firsts = steps |> List.map (fun (_, step) -> first step)

    for _, step in steps do
        measure step |> ignore

    let results = [
        for _ in 1..rounds do
            for i, (_, step) in List.indexed steps -> i, measure step
    ]

    let of' i value = results |> List.filter (fst >> (=) i) |> List.map (snd >> value) |> median
    let walls = peers |> List.mapi (fun i _ -> of' i _.Wall)
    let cpus = peers |> List.mapi (fun i _ -> of' i _.Cpu)
    let ratio (xs: float list) = if xs.Length = 2 then (xs[0] / xs[1]).ToString "F2" else "-"
    let cells (xs: float list) = xs |> List.map (fun x -> x.ToString("F1").PadLeft 9) |> String.concat " "

    printfn
        "| %-12s | %d | %s | %s | %s | %s | %s |"
        name
        threads
        (cells walls)
        (ratio walls)
        (cells cpus)
        (ratio cpus)
        (cells firsts)

    [
        for i, peer in List.indexed peers do
            let key = $"{name}.{threads}.{peer.Name}"
            $"{key}.wall", walls[i]
            $"{key}.cpu", cpus[i]
            $"{key}.first", firsts[i]
    ]

let run (arguments: string list) =
    let json =
        match arguments with
        | [ "--json"; path ]
        | [ _; "--json"; path ] -> Some path
        | _ -> None

    let chosen =
        match arguments with
        | name :: _ when name <> "--json" -> models |> List.filter (fun (own, _, _) -> own = name)
        | _ -> models

    printfn "Training steps (ms; medians of %d rounds, in turn)" rounds
    printfn "| model | threads | wall: Cotangent, TorchSharp | ratio | CPU: the same | ratio | first step |"
    printfn "| --- | --- | --- | --- | --- | --- | --- |"

    let figures = [
        for threads in [ 1; Environment.ProcessorCount ] do
            for model in chosen do
                yield! compare threads model
    ]

    match json with
    | Some path ->
        File.WriteAllText(
            path,
            JsonSerializer.Serialize(dict figures, JsonSerializerOptions(WriteIndented = true))
        )
    | None -> ()
