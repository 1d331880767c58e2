namespace Cotangent

open System
open Spectre.Console

/// Where long work stands.
[<NoComparison; CompiledName "FSharpProgressReport">]
type ProgressReport = {
    Done: int
    Total: int
    /// What to show beside the bar: losses, scores.
    Figures: (string * float) list
}

/// Showing the progress of long work: a bar on a terminal, lines in a log.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Progress =
    /// Shows nothing.
    let silent: IProgress<ProgressReport> = {
        new IProgress<ProgressReport> with
            member _.Report _ = ()
    }

    let private describe (report: ProgressReport) =
        report.Figures
        |> List.map (fun (name, value) ->
            // A fixed width keeps the line from dancing.
            let number = value.ToString("0.0000", Globalization.CultureInfo.InvariantCulture)
            $"{name} {number, 8}")
        |> String.concat "  "

    /// A plain line for each report.
    let lines (output: IO.TextWriter) : IProgress<ProgressReport> = {
        new IProgress<ProgressReport> with
            member _.Report report =
                let width = (string report.Total).Length
                output.WriteLine $"{report.Done.ToString().PadLeft width}/{report.Total}  {describe report}"
                output.Flush()
    }

    /// Runs work that reports to a bar on a terminal, or to lines when the output goes elsewhere.
    let show (title: string) (work: IProgress<ProgressReport> -> 'a) : 'a =
        if Console.IsOutputRedirected || not AnsiConsole.Profile.Capabilities.Interactive then
            printfn "%s" title
            work (lines Console.Out)
        else
            let columns: ProgressColumn[] = [|
                TaskDescriptionColumn(Alignment = Justify.Left)
                ProgressBarColumn()
                PercentageColumn()
                ElapsedTimeColumn()
                RemainingTimeColumn()
            |]

            AnsiConsole
                .Progress()
                .Columns(columns)
                .Start(fun context ->
                    let task = context.AddTask(Markup.Escape title)

                    work
                        {
                            new IProgress<ProgressReport> with
                                member _.Report report =
                                    task.MaxValue <- float report.Total
                                    task.Value <- float report.Done
                                    task.Description <- Markup.Escape $"{title}  {describe report}"
                        })
