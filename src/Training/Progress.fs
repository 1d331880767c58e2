namespace Cotangent

open System
open Spectre.Console

/// <summary>Where long work stands.</summary>
/// <example><code>
/// // Whoever is told can be anything that takes reports.
/// let seen = ResizeArray&lt;int>()
/// let progress = { new System.IProgress&lt;ProgressReport> with member _.Report report = seen.Add report.Done }
/// </code></example>
[<NoComparison; CompiledName "FSharpProgressReport">]
type ProgressReport = {
    /// Steps done.
    Done: int
    /// Steps in all.
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

    /// <summary>A plain line for each report.</summary>
    /// <example><code>
    /// let progress = Progress.lines System.Console.Out
    /// progress.Report { Done = 50; Total = 100; Figures = [ "loss", 0.25 ] }
    /// </code></example>
    let lines (output: IO.TextWriter) : IProgress<ProgressReport> =
        Given.check "output" output

        {
            new IProgress<ProgressReport> with
                member _.Report report =
                    let width = (string report.Total).Length

                    output.WriteLine
                        $"{report.Done.ToString().PadLeft width}/{report.Total}  {describe report}"

                    output.Flush()
        }

    /// <summary>Runs work that reports to a bar on a terminal, or to lines when the output goes elsewhere.</summary>
    /// <example><code>
    /// Progress.show "Squares" (fun progress ->
    ///     [ for i in 1..3 do
    ///           progress.Report { Done = i; Total = 3; Figures = [] }
    ///           i * i ]) // [1, 4, 9]
    /// </code></example>
    let show (title: string) (work: IProgress<ProgressReport> -> 'a) : 'a =
        Given.check "title" title
        Given.check "work" work

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
