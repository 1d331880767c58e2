namespace Cotangent.Charts

open System

/// How a run ended.
[<RequireQualifiedAccess>]
type RunEnd =
    /// All steps are done.
    | Completed
    /// Something stopped it, and why: a callback, the user.
    | Stopped of reason: string
    /// An error ended it, and what it said.
    | Failed of error: string

/// <summary>What an event tells.</summary>
[<RequireQualifiedAccess; NoComparison; ReferenceEquality>]
type RunContent =
    /// A figure, which may be NaN or infinite.
    | Scalar of value: float
    /// How many numbers are spread.
    | Histogram of histogram: Histogram
    /// A picture.
    | Picture of picture: Picture
    /// A text: the model's summary, the options of the run.
    | Text of text: string
    /// How long the run is meant to be.
    | Plan of steps: int64 * epochs: int
    /// That it ended, and how.
    | End of RunEnd

/// <summary>
/// Something that a run tells. Events of one name and one kind of content are a series over the steps; where a step comes again, as in
/// a run that was resumed from an earlier state, the later one is meant, and what had followed the earlier one is forgotten.
/// </summary>
[<NoComparison; ReferenceEquality>]
type RunEvent = {
    /// After how many steps.
    Step: int64
    /// When.
    Time: DateTimeOffset
    /// <summary>
    /// Of what. A part before a slash groups: <c>validation/loss</c>, <c>rate/encoder</c>.
    /// </summary>
    Name: string
    /// What.
    Content: RunContent
} with

    static member private Of(step: int64, name: string, content) : RunEvent =
        ArgumentNullException.ThrowIfNull(name, nameof name)

        if step < 0L then
            raise (Cotangent.ValueException $"RunEvent: {name} at step {step}; steps begin at 0.")

        if name.Trim() = "" then
            raise (
                Cotangent.ValueException "RunEvent: a name is empty; without one nobody knows what this is."
            )

        { Step = step; Time = DateTimeOffset.UtcNow; Name = name; Content = content }

    /// <summary>A figure after some steps.</summary>
    /// <exception cref="T:Cotangent.ValueException">The step is negative, or the name empty.</exception>
    /// <example><code>
    /// (RunEvent.Scalar(10, "loss", 0.5)).Name // loss
    /// </code></example>
    static member Scalar(step: int64, name: string, value: float) : RunEvent =
        RunEvent.Of(step, name, RunContent.Scalar value)

    /// <summary>How a tensor's numbers are spread after some steps.</summary>
    /// <exception cref="T:Cotangent.ValueException">The step is negative, or the name empty.</exception>
    /// <example><code>
    /// let event = RunEvent.Histogram(10, "gradient", tensor [ 1.0; 2.0; 2.5 ])
    /// match event.Content with RunContent.Histogram h -> h.Count | _ -> 0L // 3
    /// </code></example>
    static member Histogram(step: int64, name: string, numbers: Cotangent.Tensor) : RunEvent =
        RunEvent.Of(step, name, RunContent.Histogram(Histogram.OfTensor numbers))

    /// <summary>A picture after some steps: (channels, rows, columns), or a batch of such.</summary>
    /// <exception cref="T:Cotangent.ValueException">The step is negative, or the name empty.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no picture, see <c>Picture.OfTensor</c>.</exception>
    /// <example><code>
    /// let event = RunEvent.Picture(10, "digit", Tensor.zeros DType.Float32 [ 1; 2; 3 ])
    /// match event.Content with RunContent.Picture p -> (p.Height, p.Width) | _ -> (0, 0) // (2, 3)
    /// RunEvent.Picture(10, "digit", tensor [ 1.0; 2.0 ]) // throws ShapeException
    /// </code></example>
    static member Picture(step: int64, name: string, picture: Cotangent.Tensor) : RunEvent =
        RunEvent.Of(step, name, RunContent.Picture(Picture.OfTensor picture))

    /// <summary>A text: the model's summary, the options of the run.</summary>
    /// <exception cref="T:Cotangent.ValueException">The step is negative, or the name empty.</exception>
    /// <example><code>
    /// RunEvent.Text(0, "options", "Adam at 0.01").Name // options
    /// </code></example>
    static member Text(step: int64, name: string, text: string) : RunEvent =
        ArgumentNullException.ThrowIfNull(text, nameof text)
        RunEvent.Of(step, name, RunContent.Text text)

    /// <summary>How long the run is meant to be, known before its first step.</summary>
    /// <exception cref="T:Cotangent.ValueException">A number is below 1.</exception>
    /// <example><code>
    /// match RunEvent.Plan(1000, 10).Content with RunContent.Plan(steps, epochs) -> (steps, epochs) | _ -> (0L, 0) // (1000, 10)
    /// RunEvent.Plan(0, 1) // throws ValueException
    /// </code></example>
    static member Plan(steps: int64, epochs: int) : RunEvent =
        if steps < 1L || epochs < 1 then
            raise (
                Cotangent.ValueException
                    $"RunEvent.Plan: {steps} steps in {epochs} epochs; both must be at least 1."
            )

        RunEvent.Of(0L, "plan", RunContent.Plan(steps, epochs))

    /// <summary>That the run ended after some steps, and how.</summary>
    /// <exception cref="T:Cotangent.ValueException">The step is negative.</exception>
    /// <example><code>
    /// RunEvent.End(1000, RunEnd.Completed).Step // 1000
    /// </code></example>
    static member End(step: int64, how: RunEnd) : RunEvent = RunEvent.Of(step, "end", RunContent.End how)

/// <summary>Where events go.</summary>
type IRunWriter =
    inherit IDisposable
    /// What messages call it: its file or folder.
    abstract Name: string

    /// <summary>Takes an event. May be called by several threads.</summary>
    /// <exception cref="T:System.IO.IOException">It can't be written now; the next one may.</exception>
    /// <example><code>
    /// // A custom writer, which keeps names.
    /// let names = ResizeArray&lt;string>()
    ///
    /// let writer =
    ///     { new IRunWriter with
    ///         member _.Name = "a list of names"
    ///         member _.Write event = names.Add event.Name
    ///       interface System.IDisposable with
    ///         member _.Dispose() = () }
    ///
    /// Recorder&lt;Tensor>([ writer ], []).Plan(100, 1)
    /// List.ofSeq names // [plan]
    /// </code></example>
    abstract Write: RunEvent -> unit
