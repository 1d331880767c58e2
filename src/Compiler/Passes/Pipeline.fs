namespace Cotangent.Compiler

open System.Diagnostics
open System.Globalization
open Cotangent.Inlined // in place of functions of Array and List

/// A pass: a name and a function. Most stay on a level of the compiler, some lead to the next.
[<NoComparison; NoEquality>]
type internal Pass<'from, 'into> = { Name: string; Run: 'from -> 'into }

/// What passes that lead to a level have in common: how it is written down and counted, and what holds after each.
[<NoComparison; NoEquality>]
type internal Level<'level> = {
    Name: string
    Text: 'level -> string seq
    Size: 'level -> string
    /// Throws where the level's rules are broken: a fault of ours, never of the user.
    Verify: 'level -> unit
}

/// One pass as it went: what came out is written down only if somebody asks.
[<NoComparison; NoEquality>]
type internal PassReport = {
    Level: string
    Pass: string
    Milliseconds: float
    Size: string
    Text: unit -> string
} with

    member r.Line =
        let time = r.Milliseconds.ToString("0.00", CultureInfo.InvariantCulture)
        $"{r.Level, -8} {r.Pass, -22} {time, 8} ms  {r.Size}"

/// Who looks on while passes run.
[<NoComparison; NoEquality>]
type internal Watch = {
    /// Whether the verifier of the level runs after each pass.
    Verifies: bool
    /// Told of each pass; nobody is where it is null.
    Reported: (PassReport -> unit) | null
}

module internal Watch =
    let private variable (name: string) = System.Environment.GetEnvironmentVariable name

    /// COTANGENT_VERIFY runs the verifiers, as tests do. COTANGENT_PASSES writes to standard error: `time` a line for each
    /// pass, `print` besides what came out of it.
    let ofEnvironment: Lazy<Watch> =
        later (fun () ->
            let write (line: string) = System.Console.Error.WriteLine line

            {
                Verifies = not (isNull (variable "COTANGENT_VERIFY"))
                Reported =
                    match variable "COTANGENT_PASSES" with
                    | null
                    | "" -> null
                    | "print" -> fun r -> write (r.Line + "\n" + r.Text())
                    | _ -> fun r -> write r.Line
            })

module internal Pipeline =
    /// Runs one pass, with the level's verifier after it.
    let step (watch: Watch) (level: Level<'into>) (pass: Pass<'from, 'into>) (x: 'from) : 'into =
        match watch.Reported with
        | null ->
            let result = pass.Run x
            if watch.Verifies then level.Verify result
            result
        | report ->
            let clock = Stopwatch.StartNew()
            let result = pass.Run x
            let time = clock.Elapsed.TotalMilliseconds

            report {
                Level = level.Name
                Pass = pass.Name
                Milliseconds = time
                Size = level.Size result
                Text = fun () -> String.concat "\n" (level.Text result)
            }

            if watch.Verifies then level.Verify result
            result

    /// Runs passes one after the other.
    let run (watch: Watch) (level: Level<'level>) (passes: Pass<'level, 'level> list) (x: 'level) : 'level =
        let mutable x = x

        for pass in passes do
            x <- step watch level pass x

        x
