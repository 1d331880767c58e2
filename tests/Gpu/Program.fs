/// Checks this library on a CUDA device, without .NET on the machine: `./run`. Where there is no CUDA the same checks run on
/// libtorch's CPU, as the stand-in for a device that the tests use.
module Cotangent.Gpu.Program

open System
open System.Reflection
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Torch
open Cotangent.Gpu.Report

let private usage =
    "run [--quick] [--report FILE]

Checks tensors, derivatives, training and memory on the first CUDA device against the CPU, measures times, and writes a report
(report.json). libtorch is taken from COTANGENT_LIBTORCH, the `lib` folder of a libtorch or PyTorch, or else from Python's torch.
--quick: small sizes, seconds."

let private versionOf (t: Type) =
    match t.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>() with
    | null -> string (t.Assembly.GetName().Version)
    | attribute -> attribute.InformationalVersion

let private check (file: string) isQuick =
    let report = Report()
    report.Fact("Cotangent", versionOf typeof<Tensor>)
    report.Fact("TorchSharp", versionOf typeof<TorchSharp.torch>)
    report.Fact(".NET", RuntimeInformation.FrameworkDescription)
    report.Fact("system", RuntimeInformation.OSDescription)
    report.Fact("processor", Machine.processor ())
    report.Fact("search", Machine.chooseLibtorch ())
    let library = Loader.require ()
    report.Fact("libtorch", $"{Machine.versionOf library.Folder} in {library.Folder}")

    let found = Cuda.count ()
    let card = if found = 0 then None else Machine.card 0

    if found = 0 then
        report.Fact("device", $"no CUDA: the libtorch there {(Loader.aboutCuda library).Trim()}")
        report.Fact("", "The checks run on libtorch's CPU instead.")
        Cuda.onCpu <- true
    else
        for index in 0 .. found - 1 do
            match Machine.card index with
            | Some card ->
                report.Fact(
                    $"cuda:{index}",
                    $"{card.Name}, {card.Bytes / 1048576L} MiB, driver for {card.Driver}"
                )
            | None -> report.Fact($"cuda:{index}", "unknown to libcuda")

    let devices = Cuda.devices ()
    let device = devices.Head
    Conformance.run report devices isQuick
    Models.run report device isQuick
    Memory.run report device card isQuick
    Timings.run report device (found > 0) isQuick

    printfn ""
    report.Write file
    let where = if found = 0 then "libtorch's CPU; CUDA was not there" else string device
    printfn "%d of %d checks passed on %s" (report.Count - report.Failed) report.Count where
    if report.Failed = 0 then 0 else 1

[<EntryPoint>]
let main arguments =
    let rec parse file isQuick arguments =
        match arguments with
        | [] -> Some(file, isQuick)
        | "--quick" :: rest -> parse file true rest
        | "--report" :: file :: rest -> parse file isQuick rest
        | _ -> None

    match parse "report.json" false (List.ofArray arguments) with
    | None ->
        printfn "%s" usage
        2
    | Some(file, isQuick) ->
        try
            check file isQuick
        with :? DeviceException as e ->
            eprintfn "%s" e.Message
            3
