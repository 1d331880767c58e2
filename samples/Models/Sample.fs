/// What the samples have in common: how they begin, and what they leave behind.
namespace Models

open System
open System.IO
open System.Text.Json
open System.Threading
open Plotly.NET

/// What a run has to show.
type Outcome = {
    Seconds: float
    Parameters: int64
    /// Name and value, as in the file of metrics.
    Measures: (string * float) list
    Charts: GenericChart list
}

/// A model that learns from data: its title, and a run, which may find that the data are not there.
type Sample = {
    Name: string
    Title: string
    Run: Options.Options -> CancellationToken -> Result<Outcome, string>
}

module Sample =
    let private show (value: float) = FormattableString.Invariant $"{Math.Round(value, 4)}"

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
            let measures =
                outcome.Measures
                |> List.map (fun (name, value) -> $"{name} {show value}")
                |> String.concat ", "

            let training =
                FormattableString.Invariant
                    $"{outcome.Parameters} parameters, {outcome.Seconds:F1} s, seed {options.Seed}"

            if cancellation.IsCancellationRequested then printfn "Stopped early."
            printfn "%s" training
            printfn "%s" measures
            Page.write options.Page sample.Title $"{measures} · {training}" outcome.Charts
            printfn "Drawn on %s" (Path.GetFullPath options.Page)

            match options.Metrics with
            | Some path ->
                writeMetrics path sample options outcome
                printfn "Figures in %s" (Path.GetFullPath path)
            | None -> ()

            0
