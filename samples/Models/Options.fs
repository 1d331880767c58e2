/// The command line that all samples share.
module Models.Options

open Argu
open Samples

type Argument =
    | [<MainCommand; ExactlyOnce>] Sample of name: string
    | Seed of int64
    | Epochs of int
    | Quick
    | Out of path: string
    | Metrics of path: string
    | Save of path: string
    | Watch of path: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Sample _ -> "which one."
            | Seed _ ->
                "where all randomness comes from; 0 by default. The same seed gives the same run, bit for bit."
            | Epochs _ -> "how often all examples are seen; the sample's own number by default."
            | Quick ->
                "a few hundred examples that come along, for seconds: nothing is looked for on this machine."
            | Out _ -> "the page with the result; NAME.html by default. Folders on the way to it are made."
            | Metrics _ -> "a JSON file with the figures; none by default."
            | Save _ ->
                "the file for the trained model, which the program `predict` loads; NAME.safetensors by default."
            | Watch _ -> "a page that follows the training while it goes on; none by default."

type Options = {
    Seed: int64
    Epochs: int option
    Quick: bool
    Page: string
    Metrics: string option
    Model: string
    Watch: string option
}

/// The sample's name and the options, or what is wrong with the command line.
let parse (names: string list) (arguments: string[]) : Result<string * Options, string> =
    let parser = ArgumentParser.Create<Argument>(programName = "sample")

    try
        let found = parser.ParseCommandLine(arguments, raiseOnUsage = true)
        let name = found.GetResult Sample

        if not (List.contains name names) then
            let all = String.concat ", " names
            found.Raise $"There is no sample \"{name}\"; there are: {all}."

        let atLeast limit option value =
            if value < limit then found.Raise $"{option} must be at least {limit}, got {value}."
            value

        let options = {
            Seed = found.GetResult(Seed, 0L) |> atLeast 0L "--seed"
            Epochs = found.TryGetResult Epochs |> Option.map (atLeast 1 "--epochs")
            Quick = found.Contains Quick
            Page = found.GetResult(Out, $"{name}.html")
            Metrics = found.TryGetResult Metrics
            Model = found.GetResult(Save, $"{name}.safetensors")
            Watch = found.TryGetResult Watch
        }

        // Last, since it makes folders.
        let named option path = path |> Option.map (fun path -> option, path) |> Option.toList

        Output.check (
            [ "--out", options.Page; "--save", options.Model ]
            @ named "--metrics" options.Metrics
            @ named "--watch" options.Watch
        )
        |> Result.map (fun () -> name, options)
    with :? ArguParseException as e ->
        Error e.Message
