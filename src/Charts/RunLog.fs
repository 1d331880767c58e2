namespace Cotangent.Charts

open System
open System.Collections.Generic
open System.IO
open System.Text
open Cotangent

/// Events as they come, put in order: series over steps that only go up.
[<Sealed>]
type internal RunSeries() =
    let series = Dictionary<struct (string * int), List<RunEvent>>()
    let order = List<List<RunEvent>>()
    let mutable ending: RunEvent option = None
    let mutable first: DateTimeOffset option = None
    let mutable last: (int64 * DateTimeOffset) option = None

    let kind content =
        match content with
        | RunContent.Scalar _ -> 0
        | RunContent.Histogram _ -> 1
        | RunContent.Picture _ -> 2
        | RunContent.Text _ -> 3
        | RunContent.Plan _ -> 4
        | RunContent.End _ -> 5

    let seriesOf (event: RunEvent) =
        let key = struct (event.Name, kind event.Content)

        match series.TryGetValue key with
        | true, found -> found
        | false, _ ->
            let created = List<RunEvent>()
            series[key] <- created
            order.Add created
            created

    /// Takes an event; those of its series from the same step on are of an earlier try, and go.
    member _.Add(event: RunEvent) =
        first <- Some(defaultArg first event.Time)
        last <- Some(event.Step, event.Time)

        match event.Content with
        | RunContent.End _ -> ending <- Some event
        | _ ->
            // What tells more has not ended.
            ending <- None
            let events = seriesOf event

            while events.Count > 0 && events[events.Count - 1].Step >= event.Step do
                events.RemoveAt(events.Count - 1)

            events.Add event

    /// The series, in the order in which they began.
    member _.All: IReadOnlyList<List<RunEvent>> = order
    member _.End = ending
    /// When the run began, as far as is known.
    member _.Began = first
    /// The step and time of the last event.
    member _.Last = last

/// <summary>What a run told, read from its JSON lines.</summary>
[<Sealed>]
type RunLog internal (path: string, series: RunSeries) =
    let events =
        [|
            for each in series.All do
                yield! each
            yield! Option.toArray series.End
        |]
        |> Array.sortBy _.Step

    let scalars =
        dict [
            for each in series.All do
                match each[0].Content with
                | RunContent.Scalar _ ->
                    each[0].Name,
                    [|
                        for event in each do
                            match event.Content with
                            | RunContent.Scalar value -> struct (event.Step, value)
                            | _ -> ()
                    |]
                | _ -> ()
        ]

    /// The file.
    member _.Path = path
    member internal _.Series = series

    /// What counts of the events, by step: of a step that came again, the later one.
    member _.Events: IReadOnlyList<RunEvent> = events

    /// What figures there are, in the order in which they began.
    member _.ScalarNames: IReadOnlyList<string> = Array.ofSeq scalars.Keys

    /// <summary>A figure over the steps.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is none of the name.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// using (JsonLines.writer path) (fun writer -> writer.Write(RunEvent.Scalar(1, "loss", 0.5)))
    /// let log = RunLog.read path
    /// let struct (step, loss) = log.Scalar("loss")[0]
    /// step, loss // (1, 0.5)
    /// log.Scalar "accuracy" // throws ValueException
    /// </code></example>
    member _.Scalar(name: string) : IReadOnlyList<struct (int64 * float)> =
        match scalars.TryGetValue name with
        | true, values -> values
        | false, _ ->
            let there = String.concat ", " scalars.Keys
            raise (ValueException $"RunLog: no figure is called \"{name}\" in {path}; there are: {there}.")

    /// <summary>
    /// Reads what <c>JsonLines.writer</c> wrote, also while it still writes: a last line without an end is left for later.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">A line is no event; the message says which, and why.</exception>
    /// <exception cref="T:System.IO.FileNotFoundException">There is no such file.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.jsonl")
    /// using (JsonLines.writer path) (fun writer -> writer.Write(RunEvent.Scalar(1, "loss", 0.5)))
    /// RunLog.Read(path).ScalarNames.Count // 1
    /// </code></example>
    static member Read(path: string) : RunLog =
        ArgumentNullException.ThrowIfNull(path, nameof path)

        use file =
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite ||| FileShare.Delete)

        use text = new StreamReader(file, Encoding.UTF8)
        let lines = text.ReadToEnd().Split '\n'
        let series = RunSeries()

        // What follows the last end of a line is no line yet.
        for i in 0 .. lines.Length - 2 do
            match EventLine.read lines[i] with
            | Ok event -> series.Add event
            | Error problem ->
                raise (
                    FileException
                        $"RunLog.read: line {i + 1} of {path} is no event of a run: {problem}. The file is damaged there, or is something else than what `JsonLines.writer` wrote; without that line the rest can be read."
                )

        RunLog(path, series)

/// What runs told.
[<RequireQualifiedAccess>]
module RunLog =
    /// <summary>Reads what <c>JsonLines.writer</c> wrote, also while it still writes.</summary>
    /// <exception cref="T:Cotangent.FileException">A line is no event; the message says which, and why.</exception>
    /// <exception cref="T:System.IO.FileNotFoundException">There is no such file.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.jsonl")
    /// using (JsonLines.writer path) (fun writer -> writer.Write(RunEvent.Scalar(1, "loss", 0.5)))
    /// (RunLog.read path).Events.Count // 1
    /// </code></example>
    let read (path: string) : RunLog = RunLog.Read path

    /// <summary>A figure over the steps.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is none of the name.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.jsonl")
    /// using (JsonLines.writer path) (fun writer -> writer.Write(RunEvent.Scalar(1, "loss", 0.5)))
    /// RunLog.read path |> RunLog.scalar "loss" |> List.map snd // [0.5]
    /// </code></example>
    let scalar (name: string) (log: RunLog) : (int64 * float) list = [
        for struct (step, value) in log.Scalar name -> step, value
    ]

    /// <summary>Tells a writer what a run told so far: a page, say, of a run that is resumed.</summary>
    /// <exception cref="T:System.IO.IOException">It can't be written.</exception>
    /// <example><code>
    /// let path, copy = System.IO.Path.GetTempFileName(), System.IO.Path.GetTempFileName()
    /// using (JsonLines.writer path) (fun writer -> writer.Write(RunEvent.Scalar(1, "loss", 0.5)))
    /// using (JsonLines.writer copy) (fun writer -> RunLog.read path |> RunLog.replay writer)
    /// RunLog.read copy |> RunLog.scalar "loss" // [(1, 0.5)]
    /// </code></example>
    let replay (writer: IRunWriter) (log: RunLog) : unit = log.Events |> Seq.iter writer.Write
