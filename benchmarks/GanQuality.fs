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

let private trained (options: SineGanOptions) seed =
    (SineGan.train { options with Seed = seed } Progress.silent CancellationToken.None).Sample

/// Names, iterations, families, and what draws signals for a seed. Real signals in place of generated ones show how much of the
/// figures is the chance of the draws.
let private rows = [
    for name, options in presets do
        name, string options.Iterations, options.Family, trained options

    "real signals", "", Sines.article, (fun _ -> Sines.sample Sines.article)
    "real signals, wide family", "", Sines.wide, (fun _ -> Sines.sample Sines.wide)
]

/// The measures that `dotnet fsi build.fsx gan` prints of a training.
let private measure family (sample: int64 -> int -> Key -> Tensor) seed =
    let forSamples, forMembers = Key.split (Key.fold 1L (Key.create seed))
    Quality.measure family (sample seed 2000 forSamples) forMembers

/// The value below which a share of the figures lies, between two of them in a straight line.
let private quantile share (figures: float[]) =
    let sorted = Array.sort figures
    let at = share * float (sorted.Length - 1)
    let below = int at
    let above = min (below + 1) (sorted.Length - 1)
    sorted[below] + (at - float below) * (sorted[above] - sorted[below])

let private text (digits: int) (number: float) =
    number.ToString($"F{digits}", Globalization.CultureInfo.InvariantCulture)

/// The median, and the quartiles behind it.
let private spread (digits: int) (figures: float[]) =
    let text share = text digits (quantile share figures)
    $"{text 0.5} ({text 0.25}, {text 0.75})"

/// Of all rows, or of those named.
let run (arguments: string list) =
    let seeds, names =
        match arguments with
        | first :: names when fst (Int32.TryParse first) -> int first, names
        | names -> 24, names

    printfn "Medians (quartiles) over the seeds 0 to %d\n" (seeds - 1)
    printfn "| preset | iterations | precision | coverage | energy distance | its worst |"
    printfn "| --- | --- | --- | --- | --- | --- |"

    for name, iterations, family, sample in rows do
        if names.IsEmpty || List.contains name names then
            let measured = [| for seed in 0 .. seeds - 1 -> measure family sample (int64 seed) |]
            let precision = measured |> Array.map _.Precision |> spread 3
            let coverage = measured |> Array.map _.Coverage |> spread 3
            let distances = measured |> Array.map _.EnergyDistance
            let energy, worst = spread 4 distances, text 4 (Array.max distances)
            printfn "| %s | %s | %s | %s | %s | %s |" name iterations precision coverage energy worst
