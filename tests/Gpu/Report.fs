/// What was checked and what came out: lines as they come, and a JSON file in the end.
module Cotangent.Gpu.Report

open System
open System.Diagnostics
open System.IO
open System.Text.Json

type Check = { Section: string; Name: string; Faults: string list; Seconds: float }
type Timing = { Name: string; Milliseconds: float; Note: string }

/// Faults of a check that are shown; there may be thousands.
[<Literal>]
let private Shown = 3

type Report() =
    let facts = Collections.Generic.List<string * string>()
    let checks = Collections.Generic.List<Check>()
    let timings = Collections.Generic.List<Timing>()
    let mutable section = ""

    member _.Fact(name: string, value: string) =
        facts.Add(name, value)
        printfn "%-12s %s" name value

    member _.Section(name: string) =
        section <- name
        printfn "\n%s" name

    /// Runs a check, which lists what is wrong. An exception is wrong, too.
    member _.Check(name: string, run: unit -> string list) =
        let clock = Stopwatch.StartNew()

        let faults =
            try
                run ()
            with e -> [ $"{e.GetType().Name}: {e.Message}" ]

        let seconds = clock.Elapsed.TotalSeconds
        checks.Add { Section = section; Name = name; Faults = faults; Seconds = seconds }
        let verdict = if faults.IsEmpty then "ok" else $"WRONG ({faults.Length})"
        printfn "  %-44s %-10s %6.2f s" name verdict seconds

        for fault in List.truncate Shown faults do
            printfn "    %s" (fault.ReplaceLineEndings "\n    ")

    member _.Timing(name: string, milliseconds: float, note: string) =
        timings.Add { Name = name; Milliseconds = milliseconds; Note = note }
        printfn "  %-44s %10.4f ms  %s" name milliseconds note

    member _.Failed = checks |> Seq.filter (fun c -> not c.Faults.IsEmpty) |> Seq.length
    member _.Count = checks.Count

    /// The whole report as JSON.
    member r.Write(file: string) =
        let content =
            dict [
                "facts", box (dict facts)
                "checks", box [| for c in checks -> {| c with Faults = List.toArray c.Faults |} |]
                "timings", box (timings.ToArray())
                "failed", box r.Failed
            ]

        File.WriteAllText(
            file,
            JsonSerializer.Serialize(content, JsonSerializerOptions(WriteIndented = true))
        )

        printfn "The report is in %s" (Path.GetFullPath file)
