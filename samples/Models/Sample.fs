/// What the samples have in common: how they begin, and what they leave behind.
namespace Models

open System.Globalization
open System.IO
open System.Text.Json
open System.Threading
open Cotangent

/// What a run has to show.
type Outcome = {
    Seconds: float
    Parameters: int64
    /// Name and value, as in the file of metrics.
    Measures: (string * float) list
    Figures: Page.Figure list
    /// Writes the trained model to a file.
    Save: CheckpointOptions -> string -> unit
}

/// A model that learns from data, and a run of it, which may find that the data are not there.
type Sample = {
    Name: string
    Title: string
    /// A few sentences for the page: what it is, and what its measures mean.
    About: string
    Run: Options.Options -> CancellationToken -> Result<Outcome, string>
}

module Sample =
    /// To four digits, of which none are lost in front of a small number; counts as they are.
    let private show (value: float) =
        let format = if value >= 1000.0 && value = floor value then "N0" else "G4"
        value.ToString(format, CultureInfo.InvariantCulture)

    let private writeMetrics (path: string) (sample: Sample) (options: Options.Options) outcome =
        // A record would come out sorted by name.
        let figures =
            dict [
                "sample", box sample.Name
                "seed", box options.Seed
                "seconds", box outcome.Seconds
                "parameters", box outcome.Parameters
                for name, value in outcome.Measures do
                    name, box value
            ]

        let json = JsonSerializerOptions(WriteIndented = true)
        File.WriteAllText(path, JsonSerializer.Serialize(figures, json))

    /// Runs it, prints the measures, writes the page and the metrics. The exit code.
    let run (sample: Sample) (options: Options.Options) (cancellation: CancellationToken) : int =
        match sample.Run options cancellation with
        | Error message ->
            eprintfn "%s" message
            2
        | Ok outcome ->
            let measures = [ for name, value in outcome.Measures -> name, show value ]

            let training = [
                "parameters", outcome.Parameters.ToString("N0", CultureInfo.InvariantCulture)
                "seconds", outcome.Seconds.ToString("F1", CultureInfo.InvariantCulture)
                "seed", string options.Seed
            ]

            let line facts = facts |> List.map (fun (name, value) -> $"{name} {value}") |> String.concat ", "

            if cancellation.IsCancellationRequested then printfn "Stopped early."
            printfn "%s" (line training)
            printfn "%s" (line measures)
            outcome.Save (Saved.options sample.Name options.Quick) options.Model
            printfn "Saved in %s" (Path.GetFullPath options.Model)
            Page.write options.Page sample.Title sample.About (measures @ training) outcome.Figures
            printfn "Drawn on %s" (Path.GetFullPath options.Page)

            match options.Metrics with
            | Some path ->
                writeMetrics path sample options outcome
                printfn "Figures in %s" (Path.GetFullPath path)
            | None -> ()

            0
