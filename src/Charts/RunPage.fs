namespace Cotangent.Charts

open System
open System.Diagnostics
open System.IO
open System.Net
open System.Text
open System.Text.Json
open System.Threading
open System.Threading.Tasks
open Cotangent

/// Pages: one file with all that it needs, and, while a run goes on, its data in a second one.
module internal PageFile =
    let private resource (name: string) : string =
        use stream = Unchecked.nonNull (typeof<RunEvent>.Assembly.GetManifestResourceStream name)
        use text = new StreamReader(stream, Encoding.UTF8)
        text.ReadToEnd()

    let private json (refresh: int) (runs: (string * RunSeries) list) : string =
        use output = new MemoryStream()
        // Escapes what HTML would take for the end of a script.
        using (new Utf8JsonWriter(output)) (fun json -> PageData.write json refresh runs)
        Encoding.UTF8.GetString(output.ToArray())

    /// The page, with data, or with the name of the file that has them.
    let private page (title: string) (script: string) : string =
        let part (name: string) (text: string) (template: string) = template.Replace($"/*{name}*/", text)

        (resource "page.html").Replace("<!--title-->", WebUtility.HtmlEncode title)
        |> part "style" (resource "page.css")
        |> part "plotly" (resource "plotly-basic.min.js")
        |> part
            "script"
            (String.concat
                "\n"
                (List.map resource [ "sections.js"; "charts.js"; "head.js"; "cards.js"; "page.js" ]))
        |> part "data" script

    let private write (path: string) (text: string) =
        WholeFile.write path (fun file -> file.Write(ReadOnlySpan(Encoding.UTF8.GetBytes text)))

    /// What the second file holds.
    let data (refresh: int) (runs: (string * RunSeries) list) : string =
        $"cotangentRuns({json refresh runs});"

    let writeData (path: string) (text: string) : unit = write path text

    /// A page that holds its data.
    let writeWhole (path: string) (title: string) (runs: (string * RunSeries) list) : unit =
        write path (page title $"cotangentRuns({json 0 runs});")

    /// A page that looks for its data in a file beside it, again and again: a script, since pages from disk may read nothing else.
    let writeLive (path: string) (title: string) (data: string) (refresh: int) : unit =
        let name = JsonSerializer.Serialize(Uri.EscapeDataString(Unchecked.nonNull (Path.GetFileName data)))
        write path (page title $"cotangentWatch({name}, {refresh});")

/// <summary>
/// Draws a run on a page that opens in a browser without a network. While the run goes on the page shows what there is every few
/// seconds, from a second file beside it (<c>run.data.js</c> beside <c>run.html</c>); when the writer is disposed the page gets it all
/// and the second file goes. Both are only ever whole, whatever ends the program. A page shows at most 2,000 points of a curve, the
/// extremes among them, histograms at 200 steps and 48 pictures of a name.
/// </summary>
/// <param name="path">The page. It is made anew if it is there.</param>
/// <param name="refresh">From one look to the next.</param>
/// <exception cref="T:System.IO.IOException">The page can't be written.</exception>
/// <exception cref="T:Cotangent.ValueException">It shall be refreshed more than ten times a second, or less than once an hour.</exception>
/// <example><code>
/// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.html")
/// let writer = new RunPageWriter(path)
/// writer.Write(RunEvent.Scalar(1, "loss", 0.5))
/// writer.Dispose()
/// System.IO.File.Exists path // true
/// </code></example>
[<Sealed>]
type RunPageWriter(path: string, refresh: TimeSpan) =
    let path = Path.GetFullPath path
    let data: string = Unchecked.nonNull (Path.ChangeExtension(path, ".data.js"))
    let title: string = Unchecked.nonNull (Path.GetFileNameWithoutExtension path)
    /// One at a time tells the page something; one at a time writes files. Who needs both takes the second first.
    let turn, writing = Lock(), Lock()
    let series = RunSeries()
    let runs = [ title, series ]
    let milliseconds = int refresh.TotalMilliseconds
    let mutable changed = false
    let mutable failed: exn option = None
    let mutable ended = false

    do
        if refresh < TimeSpan.FromSeconds 0.1 || refresh > TimeSpan.FromHours 1.0 then
            raise (
                ValueException
                    $"RunPage: a page refreshed every {refresh}; it must be between a tenth of a second and an hour."
            )

        PageFile.writeData data (PageFile.data milliseconds runs)
        PageFile.writeLive path title data milliseconds

    /// What is to be written, if anything is new.
    let news () : string option =
        lock turn (fun () ->
            if changed then
                changed <- false
                Some(PageFile.data milliseconds runs)
            else
                None)

    /// Writes the data while the training goes on; what goes wrong is told to whoever writes next.
    let look () =
        lock writing (fun () ->
            if not ended then
                try
                    news () |> Option.iter (PageFile.writeData data)
                with e ->
                    lock turn (fun () ->
                        changed <- true
                        failed <- Some e))

    let timer = new PeriodicTimer(refresh)

    /// Looks while the page is open. Large pages are written less often: a tenth of the time goes into it at most.
    let lookAgain () : Task<unit> = task {
        while! timer.WaitForNextTickAsync() do
            let watch = Stopwatch.StartNew()
            look ()
            if not ended then timer.Period <- max refresh (9.0 * watch.Elapsed)
    }

    do Task.Run<unit> lookAgain |> ignore

    /// Of long series the page keeps no more than it may show some day.
    let shorten () =
        for events in series.All do
            let most =
                match events[0].Content with
                | RunContent.Scalar _ -> PageData.Points
                | RunContent.Histogram _ -> PageData.Histograms
                | _ -> PageData.Pictures

            if events.Count > 8 * most then
                let kept = PageData.thinned 4 events
                events.Clear()
                events.AddRange kept

    /// A page that looks for more every two seconds.
    new(path: string) = new RunPageWriter(path, TimeSpan.FromSeconds 2.0)

    /// <summary>Takes an event, which the page shows at its next look.</summary>
    /// <exception cref="T:System.IO.IOException">What was told before can't be written now; the next look may.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.html")
    /// let writer = new RunPageWriter(path)
    /// writer.Write(RunEvent.Scalar(1, "loss", 0.5))
    /// writer.Dispose()
    /// (System.IO.File.ReadAllText path).Contains "loss" // true
    /// </code></example>
    member _.Write(event: RunEvent) : unit =
        ArgumentNullException.ThrowIfNull(event, nameof event)

        let problem =
            lock turn (fun () ->
                series.Add event
                shorten ()
                changed <- true
                let problem = failed
                failed <- None
                problem)

        match problem with
        | Some e -> raise (IOException($"{path} can't be refreshed: {e.Message}", e))
        | None -> ()

    /// <summary>
    /// Puts all into the page. A page that can't be written is told of on the standard error, and not raised: what was trained matters
    /// more; the data stay beside the page then.
    /// </summary>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.html")
    /// let data = System.IO.Path.ChangeExtension(path, ".data.js")
    /// let writer = new RunPageWriter(path)
    /// System.IO.File.Exists data // true
    /// writer.Dispose()
    /// System.IO.File.Exists data // false
    /// </code></example>
    member _.Dispose() : unit =
        timer.Dispose()

        lock writing (fun () ->
            if not ended then
                ended <- true

                try
                    lock turn (fun () -> PageFile.writeWhole path title runs)
                    File.Delete data
                with WholeFile.Failure problem ->
                    eprintfn "%s can't be finished: %s" path problem)

    interface IRunWriter with
        member _.Name = path
        member this.Write event = this.Write event
        member this.Dispose() = this.Dispose()

/// <summary>Pages of runs, for C#.</summary>
[<AbstractClass; Sealed>]
type RunPage =
    /// <summary>
    /// Draws runs on one page from their JSON lines: each has a colour of its own in all charts, and can be hidden. Runs are called by
    /// their files' names, and their folders' where those are alike.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There are no runs.</exception>
    /// <exception cref="T:Cotangent.FileException">A line of a file is no event of a run.</exception>
    /// <exception cref="T:System.IO.IOException">A file can't be read, or the page not written.</exception>
    /// <example><code lang="csharp">
    /// var folder = Directory.CreateTempSubdirectory().FullName;
    /// var logs = new[] { "first", "second" }.Select(name => Path.Combine(folder, name + ".jsonl")).ToArray();
    /// foreach (var log in logs)
    /// {
    ///     using var writer = new JsonLinesWriter(log);
    ///     writer.Write(RunEvent.Scalar(1, "loss", 0.5));
    /// }
    /// var page = Path.Combine(folder, "compare.html");
    /// RunPage.Compare(logs, page);
    /// File.ReadAllText(page).Contains("second") // true
    /// </code></example>
    static member Compare(logs: string seq, path: string) : unit =
        ArgumentNullException.ThrowIfNull(logs, nameof logs)
        ArgumentNullException.ThrowIfNull(path, nameof path)
        let logs = List.ofSeq logs

        if logs.IsEmpty then
            raise (
                ValueException "RunPage.compare: no runs; it takes the files that `JsonLines.writer` wrote."
            )

        let name (log: string) = Unchecked.nonNull (Path.GetFileNameWithoutExtension log)

        let names = logs |> List.map name

        let named (log: string) =
            let own = name log

            if names |> List.filter ((=) own) |> List.length > 1 then
                let folder =
                    DirectoryInfo(Unchecked.nonNull (Path.GetDirectoryName(Path.GetFullPath log))).Name

                $"{folder}/{own}"
            else
                own

        let runs = logs |> List.map (fun log -> named log, (RunLog.Read log).Series)
        PageFile.writeWhole (Path.GetFullPath path) (String.concat ", " (List.map fst runs)) runs

/// Pages of runs: they open in a browser, without a network.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module RunPage =
    /// <summary>Draws a run on a page that shows what there is while the run goes on.</summary>
    /// <exception cref="T:System.IO.IOException">The page can't be written.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.html")
    /// using (RunPage.writer path) (fun writer -> writer.Write(RunEvent.Scalar(1, "loss", 0.5)))
    /// System.IO.File.Exists path // true
    /// </code></example>
    let writer (path: string) : IRunWriter = new RunPageWriter(path)

    /// <summary>Draws runs on one page from their JSON lines: each has a colour of its own in all charts, and can be hidden.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are no runs.</exception>
    /// <exception cref="T:Cotangent.FileException">A line of a file is no event of a run.</exception>
    /// <exception cref="T:System.IO.IOException">A file can't be read, or the page not written.</exception>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// let logs = [ for name in [ "first"; "second" ] -> System.IO.Path.Combine(folder, name + ".jsonl") ]
    ///
    /// for log in logs do
    ///     using (JsonLines.writer log) (fun writer -> writer.Write(RunEvent.Scalar(1, "loss", 0.5)))
    ///
    /// RunPage.compare logs (System.IO.Path.Combine(folder, "compare.html"))
    /// </code></example>
    let compare (logs: string list) (path: string) : unit = RunPage.Compare(logs, path)
