/// Measuring against peers: all in one run and in turn, so that whatever else the machine does befalls all of them alike.
module Cotangent.Benchmarks.Harness

open System.Diagnostics
open System.Runtime.InteropServices

/// Someone who takes part: a name, and a measurement in the unit of the table; None where it can't run here.
type Entry = { Name: string; Measure: unit -> float option }

let median (xs: float list) = (List.sort xs)[xs.Length / 2]

/// What each entry measured, in turn, several times.
let rounds count (entries: Entry list) : float list list =
    let results = [
        for _ in 1..count do
            for i, entry in List.indexed entries -> i, entry.Measure()
    ]

    [
        for i in 0 .. entries.Length - 1 -> results |> List.choose (fun (n, x) -> if n = i then x else None)
    ]

/// Each entry in turn, several times; then a line for each.
let compare (title: string) (unit: string) count (entries: Entry list) =
    printfn "\n%s (%s; median, best, ratio of medians to the first, %d rounds)" title unit count
    let results = rounds count entries

    for entry, own in List.zip entries results do
        match own, results.Head with
        | [], _ -> printfn "  %-34s not available here" entry.Name
        | _, first ->
            let ratio = if first.IsEmpty then nan else median own / median first
            printfn "  %-34s %12.3f %12.3f %10.2f" entry.Name (median own) (List.min own) ratio

/// A line for each case, and a column for each entry, who are the same in all cases: medians.
let table (title: string) (unit: string) count (cases: (string * Entry list) list) =
    printfn "\n%s (%s; medians of %d rounds)" title unit count

    let line (first: string) (cells: string seq) =
        printfn "| %-44s | %s |" first (cells |> Seq.map (fun c -> c.PadLeft 14) |> String.concat " | ")

    let names = (snd cases.Head) |> List.map _.Name
    line "" names
    line "---" (names |> Seq.map (fun _ -> "---"))

    for name, entries in cases do
        rounds count entries
        |> Seq.map (fun own -> if own.IsEmpty then "-" else (median own).ToString("G4"))
        |> line name

[<Struct; StructLayout(LayoutKind.Sequential)>]
type private TimeSpec =
    val mutable Seconds: int64
    val mutable Nanoseconds: int64

[<DllImport("libc")>]
extern int private clock_gettime(int clock, TimeSpec& time)

/// Microseconds of processor time that this thread has had: what other programs take does not count. Linux.
let private processorTime () : float =
    let mutable time = TimeSpec()
    clock_gettime (3, &time) |> ignore
    float time.Seconds * 1e6 + float time.Nanoseconds / 1e3

/// Microseconds of processor time that a call takes on this thread alone, of as many calls as fill some milliseconds.
let processorPerCall milliseconds (call: unit -> unit) : float =
    let started = processorTime ()
    let mutable calls = 0

    while calls = 0 || processorTime () - started < milliseconds * 1e3 do
        call ()
        calls <- calls + 1

    (processorTime () - started) / float calls

/// Microseconds a call takes, of as many calls as fill some milliseconds.
let perCall milliseconds (call: unit -> unit) : float =
    let clock = Stopwatch.StartNew()
    let mutable calls = 0

    while calls = 0 || clock.Elapsed.TotalMilliseconds < milliseconds do
        call ()
        calls <- calls + 1

    clock.Elapsed.TotalMicroseconds / float calls
