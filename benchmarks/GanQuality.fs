/// What the presets of the sine GAN reach, over seeds: one training says little, since seeds differ more than presets do.
module Cotangent.Benchmarks.GanQuality

open System
open System.Threading
open Cotangent
open Samples

let private article bound = { SineGan.article Sines.article with Preset = SineGanPreset.Article bound }

let private presets = [
    "article", article SineGan.xavier
    "article-he", article SineGan.he
    "article-constant", article SineGan.constant
    "wgan-gp", SineGan.recommended Sines.article
    "wgan-gp, wide family", SineGan.recommended Sines.wide
]

/// The measures that `dotnet fsi build.fsx gan` prints of a training.
let private measure (options: SineGanOptions) seed =
    let result = SineGan.train { options with Seed = seed } Progress.silent CancellationToken.None
    let forSamples, forMembers = Key.split (Key.fold 1L (Key.create seed))
    Quality.measure options.Family (result.Sample 2000 forSamples) forMembers

/// The value below which a share of the figures lies, between two of them in a straight line.
let private quantile share (figures: float[]) =
    let sorted = Array.sort figures
    let at = share * float (sorted.Length - 1)
    let below = int at
    let above = min (below + 1) (sorted.Length - 1)
    sorted[below] + (at - float below) * (sorted[above] - sorted[below])

/// The median, and the quartiles behind it.
let private spread (digits: int) (figures: float[]) =
    let text share =
        let number: float = quantile share figures
        number.ToString($"F{digits}", Globalization.CultureInfo.InvariantCulture)

    $"{text 0.5} ({text 0.25}, {text 0.75})"

/// Of all presets, or of those named.
let run (arguments: string list) =
    let seeds, names =
        match arguments with
        | first :: names when fst (Int32.TryParse first) -> int first, names
        | names -> 24, names

    printfn "Medians (quartiles) over the seeds 0 to %d\n" (seeds - 1)
    printfn "| preset | iterations | precision | coverage | energy distance |"
    printfn "| --- | --- | --- | --- | --- |"

    for name, options in presets do
        if names.IsEmpty || List.contains name names then
            let measured = [| for seed in 0 .. seeds - 1 -> measure options (int64 seed) |]
            let precision = measured |> Array.map _.Precision |> spread 3
            let coverage = measured |> Array.map _.Coverage |> spread 3
            let energy = measured |> Array.map _.EnergyDistance |> spread 4
            printfn "| %s | %d | %s | %s | %s |" name options.Iterations precision coverage energy
