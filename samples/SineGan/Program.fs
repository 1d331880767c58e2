/// Trains the sine GAN, measures it, draws it.
module SineGan.Program

open System
open System.IO
open System.Text.Json
open System.Threading
open Cotangent
open Samples

let private writeMetrics
    (path: string)
    (options: Options.Options)
    (result: SineGanResult)
    (quality: SineQuality)
    =
    let seconds = result.Elapsed.TotalSeconds

    // A record would come out sorted by name.
    let figures =
        dict [
            "preset", box options.PresetName
            "family", box options.FamilyName
            "seed", box options.Training.Seed
            "iterations", box result.Iterations
            "seconds", box seconds
            "microsecondsPerIteration", box (1e6 * seconds / float (max 1 result.Iterations))
            "precision", box quality.Precision
            "coverage", box quality.Coverage
            "energyDistance", box quality.EnergyDistance
        ]

    File.WriteAllText(path, JsonSerializer.Serialize(figures, JsonSerializerOptions(WriteIndented = true)))

let private run (options: Options.Options) (cancellation: CancellationToken) =
    let title = $"Sine GAN, {options.PresetName}, {options.FamilyName} family"

    let result = Progress.show title (fun progress -> SineGan.train options.Training progress cancellation)

    let forSamples, forMembers = Key.split (Key.fold 1L (Key.create options.Training.Seed))
    let family = options.Training.Family
    let generated = result.Sample 2000 forSamples
    let quality = Quality.measure family generated forMembers
    let microseconds = result.Elapsed.TotalMicroseconds / float (max 1 result.Iterations)

    let training =
        FormattableString.Invariant
            $"{result.Iterations} iterations in {result.Elapsed.TotalSeconds:F1} s ({microseconds:F1} µs each), seed {options.Training.Seed}"

    let measures =
        FormattableString.Invariant
            $"precision {quality.Precision:F3}, coverage {quality.Coverage:F3}, energy distance {quality.EnergyDistance:F4}"

    if cancellation.IsCancellationRequested then
        printfn "Stopped after %d of %d iterations." result.Iterations options.Training.Iterations

    printfn "%s" training
    printfn "%s" measures
    Page.write options.Page title $"{measures} · {training}" family generated result.Losses
    printfn "Drawn on %s" (Path.GetFullPath options.Page)

    match options.Metrics with
    | Some path ->
        writeMetrics path options result quality
        printfn "Figures in %s" (Path.GetFullPath path)
    | None -> ()

[<EntryPoint>]
let main arguments =
    match Options.parse arguments with
    | Ok options ->
        Interruption.guard (run options)
        0
    | Error message ->
        eprintfn "%s" message
        2
