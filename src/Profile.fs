namespace Cotangent

open System
open System.Diagnostics
open System.IO
open System.Text
open System.Text.Json
open Cotangent.Notebooks

/// <summary>What one kind of work took: all calls of one primitive or fused kernel on the same shapes, from one place.</summary>
/// <example><code>
/// let x = Tensor.ones DType.Float32 [ 100; 100 ]
/// let _, report = Profile.run (fun () -> matmul x (matmul x x))
/// report.Rows[0].Name // matmul
/// report.Rows[0].Calls // 2: calls of one shape from one line are one row
/// </code></example>
[<Sealed; AllowNullLiteral(false)>]
type ProfileRow
    internal
    (work: ProfiledWork, name: string, detail: string, place: string, events: ProfileEvent[], total: TimeSpan)
    =
    let time = TimeSpan.FromSeconds(float (events |> Array.sumBy _.Ticks) / float Stopwatch.Frequency)

    /// A primitive, a fused kernel of a compiled function, or the compilation of one.
    member _.Work = work

    /// The primitive, or the operations of the kernel in their order, each once.
    member _.Name = name

    /// Shapes of the operands; of a kernel its loops and, behind "folding", those that it folds.
    member _.Shapes = detail

    /// File and line of the call, as far as debug symbols tell; of a compiled function's kernels, of its call.
    member _.Place = place

    /// How often.
    member _.Calls = events.Length

    /// How long all of them took.
    member _.Time = time

    /// The part of the whole that this is, from 0 to 1.
    member _.Share = if total > TimeSpan.Zero then time.TotalSeconds / total.TotalSeconds else 0.0

    /// Bytes of all operands and results.
    member _.Bytes = events |> Array.sumBy _.Bytes

/// <summary>What a profiled call spent its time on.</summary>
[<Sealed; AllowNullLiteral(false); TypeFormatterSource(typeof<NotebookFormatters>)>]
type ProfileReport internal (events: ProfileEvent[], start: int64, total: TimeSpan) =
    let rows =
        events
        |> Array.groupBy (fun e -> e.Work, e.Name, e.Detail, e.Place)
        |> Array.map (fun ((work, name, detail, place), events) ->
            ProfileRow(work, name, detail, place, events, total))
        |> Array.sortByDescending _.Time

    let microseconds (ticks: int64) = 1e6 * float ticks / float Stopwatch.Frequency

    /// How long the call took, less what the profiler itself took.
    member _.Total = total

    /// By kind of work, what took longest first.
    member _.Rows = rows

    /// What was none of the rows: the program's own code, tracing, derivatives' bookkeeping.
    member _.Rest =
        let inside = rows |> Array.sumBy _.Time.TotalSeconds
        TimeSpan.FromSeconds(max 0.0 (total.TotalSeconds - inside))

    /// <summary>
    /// Writes a trace in Chrome's format, for chrome://tracing, ui.perfetto.dev or speedscope: one bar for each call, with shapes,
    /// bytes and source lines.
    /// </summary>
    /// <exception cref="T:System.IO.IOException">The file can't be written.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// let _, report = Profile.run (fun () -> sum (tensor [ 1.0; 2.0 ]))
    /// report.WriteTrace path
    /// (System.IO.File.ReadAllText path).Contains "traceEvents" // true
    /// </code></example>
    member _.WriteTrace(path: string) : unit =
        Given.check "path" path
        use file = File.Create path
        use json = new Utf8JsonWriter(file)
        json.WriteStartObject()
        json.WriteString("displayTimeUnit", "ms")
        json.WriteStartArray "traceEvents"

        for e in events do
            json.WriteStartObject()
            json.WriteString("name", e.Name)
            json.WriteString("cat", string<ProfiledWork> e.Work)
            json.WriteString("ph", "X")
            json.WriteNumber("ts", microseconds (e.Start - start))
            json.WriteNumber("dur", microseconds e.Ticks)
            json.WriteNumber("pid", 1)
            json.WriteNumber("tid", e.Thread)
            json.WriteStartObject "args"
            json.WriteString("shapes", e.Detail)
            json.WriteNumber("bytes", e.Bytes)
            json.WriteString("place", e.Place)
            json.WriteEndObject()
            json.WriteEndObject()

        json.WriteEndArray()
        json.WriteEndObject()

    /// <summary>
    /// A table of the rows that took longest. A line for each of at most so many, one for all others, one for what is none of them, and
    /// the total.
    /// </summary>
    /// <example><code>
    /// let _, report = Profile.run (fun () -> sum (tensor [ 1.0; 2.0 ]))
    /// (report.Table 5).Contains "total" // true
    /// </code></example>
    member r.Table(count: int) : string =
        let short (text: string) width = if text.Length <= width then text else text[.. width - 2] + "…"

        let place (text: string) = if text = "" then "" else nonNull (Path.GetFileName text)

        let line (cells: string list) =
            (cells, [ -40; -28; 7; 10; 6; 9; 7; -22 ])
            ||> List.map2 (fun cell width ->
                let cell = short cell (abs width)
                if width < 0 then cell.PadRight -width else cell.PadLeft width)
            |> String.concat "  "
            |> _.TrimEnd()

        let invariant (text: FormattableString) = FormattableString.Invariant text

        let figures (name: string) shapes (calls: string) (time: TimeSpan) (bytes: int64) place' =
            let ms = time.TotalMilliseconds

            let rate = if bytes > 0L && ms > 0.0 then invariant $"{float bytes / ms / 1e6:F1}" else ""

            let share = if total > TimeSpan.Zero then 100.0 * time / total else 0.0
            let megabytes = if bytes > 0L then invariant $"{float bytes / 1e6:F2}" else ""

            line [
                name
                shapes
                calls
                invariant $"{ms:F2}"
                invariant $"{share:F1}"
                megabytes
                rate
                place'
            ]

        let text = StringBuilder()
        let add (l: string) = text.AppendLine l |> ignore
        add (line [ "what"; "shapes"; "calls"; "ms"; "%"; "MB"; "GB/s"; "where" ])

        for row in Array.truncate count rows do
            add (figures row.Name row.Shapes (string row.Calls) row.Time row.Bytes (place row.Place))

        let left = Array.skip (min count rows.Length) rows

        if left.Length > 0 then
            let time = TimeSpan.FromTicks(left |> Array.sumBy _.Time.Ticks)
            let calls = left |> Array.sumBy _.Calls
            add (figures $"{left.Length} more rows" "" (string calls) time (left |> Array.sumBy _.Bytes) "")

        add (figures "all else: own code, tracing, bookkeeping" "" "" r.Rest 0L "")
        add (figures "total" "" "" total 0L "")
        text.ToString().TrimEnd()

    override r.ToString() = r.Table 30

/// <summary>Where the time goes.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Profile =
    /// <summary>
    /// Runs a function, and reports what its time went to: each primitive that is evaluated, each kernel of compiled functions (which
    /// then run step by step, a little slower), and each compilation, by shapes and the line of source that called it. On a
    /// device every primitive is waited for.
    /// </summary>
    /// <remarks>
    /// Call compiled functions once before, unless their compilation is what you look for. Recording takes some 20 µs for
    /// each call, most of them to find the source line; they are not part of the times. Profiles of threads and tasks that the function starts
    /// are part of it.
    /// </remarks>
    /// <example><code>
    /// let x = Tensor.ones DType.Float32 [ 100; 100 ]
    /// let _, report = Profile.run (fun () -> sum (tanh (matmul x x)))
    /// report.Rows.Length // 3
    /// </code></example>
    let run (body: unit -> 'a) : 'a * ProfileReport =
        Given.check "body" body
        let recorder = ProfileRecorder()
        let start = Stopwatch.GetTimestamp()
        let result = Profiling.during recorder body
        let ticks = Stopwatch.GetTimestamp() - start - recorder.Overhead
        let total = TimeSpan.FromSeconds(float (max 0L ticks) / float Stopwatch.Frequency)
        result, ProfileReport(recorder.Events, start, total)
