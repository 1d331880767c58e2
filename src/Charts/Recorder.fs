namespace Cotangent.Charts

open System
open System.Collections.Generic
open System.Diagnostics

/// <summary>
/// Records one run: tells writers what is reached. Files that can't be written never end a training: each is told of once on the standard
/// error, and the run's end says what is missing. Errors of the functions that compute what is to be recorded are raised.
/// </summary>
/// <typeparam name="s">The state of the training.</typeparam>
/// <param name="writers">Whom to tell; they stay open, so that a run can be told in parts.</param>
/// <param name="what">What to record beside the figures of the steps.</param>
[<Sealed>]
type Recorder<'s>(writers: IRunWriter seq, what: Recorded<'s> seq) =
    let writers =
        ArgumentNullException.ThrowIfNull(writers, nameof writers)
        Array.ofSeq writers

    let what =
        ArgumentNullException.ThrowIfNull(what, nameof what)
        Array.ofSeq what

    /// How many events each lost, and the first reason.
    let lost = Dictionary<string, struct (int * string)>()
    let watch = Stopwatch()
    let mutable step = 0L
    let mutable ended = false

    let tell (event: RunEvent) =
        for writer in writers do
            try
                writer.Write event
            with WholeFile.Failure problem ->
                match lost.TryGetValue writer.Name with
                | true, struct (count, first) -> lost[writer.Name] <- struct (count + 1, first)
                | false, _ ->
                    lost[writer.Name] <- struct (1, problem)
                    eprintfn "The run can't be recorded in %s: %s The training goes on." writer.Name problem

    /// <summary>How long the run is meant to be: the page estimates the rest.</summary>
    /// <exception cref="T:Cotangent.ValueException">A number is below 1.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// using (JsonLines.writer path) (fun writer -> Recorder&lt;Tensor>([ writer ], []).Plan(1000, 10))
    /// RunLog.Read(path).Events[0].Name // plan
    /// </code></example>
    member _.Plan(steps: int64, epochs: int) : unit = tell (RunEvent.Plan(steps, epochs))

    /// <summary>A text about the run: the model's summary, its options.</summary>
    /// <exception cref="T:Cotangent.ValueException">The name is empty.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// using (JsonLines.writer path) (fun writer -> Recorder&lt;Tensor>([ writer ], []).Text("options", "Adam at 0.01"))
    /// RunLog.Read(path).Events[0].Name // options
    /// </code></example>
    member _.Text(name: string, text: string) : unit = tell (RunEvent.Text(step, name, text))

    /// <summary>Records what is reached.</summary>
    /// <param name="state">The state.</param>
    /// <param name="steps">Steps taken.</param>
    /// <param name="epochs">Whole epochs that these are.</param>
    /// <param name="figures">What the steps and callbacks measured.</param>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// let writer = JsonLines.writer path
    /// let recorder = Recorder&lt;Tensor>([ writer ], [ Record.scalar "size" (fun x -> float (norm x)) ])
    /// recorder.Reached(tensor [ 3.0; 4.0 ], 1, 0, [ struct ("loss", 0.5) ])
    /// writer.Dispose()
    /// List.ofSeq (RunLog.Read path).ScalarNames // [loss, epoch, size]
    /// RunLog.read path |> RunLog.scalar "size" // [(1, 5)]
    /// </code></example>
    member _.Reached
        (state: 's, steps: int, epochs: int, figures: IEnumerable<struct (string * float)>)
        : unit =
        ArgumentNullException.ThrowIfNull(figures, nameof figures)
        let now = int64 steps

        let since =
            if watch.IsRunning && now > step then
                Some(now - step, watch.Elapsed.TotalSeconds)
            else
                None

        watch.Restart()
        step <- now

        for struct (name, value) in figures do
            tell (RunEvent.Scalar(now, name, value))

        tell (RunEvent.Scalar(now, "epoch", float epochs))

        for each in what do
            each.Events { State = state; Step = now; Since = since } |> List.iter tell

    /// <summary>Tells how the run ended; what comes after is not told.</summary>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// using (JsonLines.writer path) (fun writer -> Recorder&lt;Tensor>([ writer ], []).End(RunEnd.Stopped "no progress"))
    /// RunLog.Read(path).Events[0].Name // end
    /// </code></example>
    member _.End(how: RunEnd) : unit =
        if not ended then
            ended <- true

            if lost.Count > 0 then
                let lines = [
                    for KeyValue(name, struct (count, first)) in lost do
                        $"{name}: {count} of what there was to write failed, first with: {first}"
                ]

                tell (RunEvent.Text(step, "not written", String.concat "\n" lines))

            tell (RunEvent.End(step, how))
