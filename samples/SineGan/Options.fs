/// The command line.
module SineGan.Options

open Argu
open Samples

type PresetName =
    | [<CustomCommandLine "wgan-gp">] Wgan_Gp
    | [<CustomCommandLine "article">] Article
    | [<CustomCommandLine "article-he">] Article_He
    | [<CustomCommandLine "article-constant">] Article_Constant

type FamilyName =
    | [<CustomCommandLine "article">] Article
    | [<CustomCommandLine "wide">] Wide

type Argument =
    | Preset of PresetName
    | Family of FamilyName
    | Iterations of int
    | Seed of int64
    | Out of path: string
    | Metrics of path: string
    | Eager

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Preset _ ->
                "how to train: wgan-gp (the default), or the article's own GAN with its first weights by Xavier (article), He (article-he) or constant bounds (article-constant)."
            | Family _ ->
                "the signals to learn: the article's (the default), or a wide family on which its GAN collapses."
            | Iterations _ -> "steps of the generator; the preset's own number by default."
            | Seed _ -> "where all randomness comes from; 0 by default. The same seed gives the same run."
            | Out _ -> "the page with the result; gan.html by default. Folders on the way to it are made."
            | Metrics _ -> "a JSON file with the figures; none by default."
            | Eager -> "evaluate each operation as it comes, in place of compiling the training; slower."

type Options = {
    PresetName: string
    FamilyName: string
    Training: SineGanOptions
    Page: string
    Metrics: string option
}

/// The options, or what is wrong with the command line.
let parse (arguments: string[]) : Result<Options, string> =
    let parser = ArgumentParser.Create<Argument>(programName = "gan")

    try
        let found = parser.ParseCommandLine(arguments, raiseOnUsage = true)

        let positive name limit value =
            if value < limit then found.Raise $"{name} must be at least {limit}, got {value}."

            value

        let familyName, family =
            match found.GetResult(Family, FamilyName.Article) with
            | FamilyName.Article -> "article", Sines.article
            | Wide -> "wide", Sines.wide

        let fromArticle bound = { SineGan.article family with Preset = SineGanPreset.Article bound }

        let presetName, training =
            match found.GetResult(Preset, Wgan_Gp) with
            | Wgan_Gp -> "wgan-gp", SineGan.recommended family
            | PresetName.Article -> "article", fromArticle SineGan.xavier
            | Article_He -> "article-he", fromArticle SineGan.he
            | Article_Constant -> "article-constant", fromArticle SineGan.constant

        let options = {
            PresetName = presetName
            FamilyName = familyName
            Training = {
                training with
                    Iterations = found.GetResult(Iterations, training.Iterations) |> positive "--iterations" 1
                    Seed = found.GetResult(Seed, 0L) |> positive "--seed" 0L
                    Eager = found.Contains Eager
            }
            Page = found.GetResult(Out, "gan.html")
            Metrics = found.TryGetResult Metrics
        }

        // Last, since it makes folders.
        let metrics = options.Metrics |> Option.map (fun path -> "--metrics", path)
        Output.check (("--out", options.Page) :: Option.toList metrics) |> Result.map (fun () -> options)
    with :? ArguParseException as e ->
        Error e.Message
