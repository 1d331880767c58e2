namespace Cotangent.Charts

open System
open System.Diagnostics
open Cotangent

/// What is reached, for those who record it.
[<NoComparison; NoEquality>]
type internal Moment<'s> = {
    State: 's
    Step: int64
    /// Steps and seconds since what was recorded before; none the first time, when functions were compiled.
    Since: (int64 * float) option
}

/// <summary>Something to record of a training's state.</summary>
/// <typeparam name="s">The state.</typeparam>
[<Sealed>]
type Recorded<'s> internal (events: Moment<'s> -> RunEvent list) =
    member internal _.Events = events

    /// <summary>A figure of the state: the learning rate, a norm of parameters.</summary>
    /// <example><code lang="csharp">
    /// var log = Path.GetTempFileName();
    /// using var writer = new JsonLinesWriter(log);
    /// Recorded&lt;Tensor>[] what = [Recorded&lt;Tensor>.Scalar("sum", x => (double)x.Sum())];
    /// new Recorder&lt;Tensor>([writer], what).Reached(Tensor.Create([3.0, 4.0]), steps: 1, epochs: 0, figures: []);
    /// RunLog.Read(log).Scalar("sum")[0].Item2 // 7
    /// </code></example>
    static member Scalar(name: string, figure: Func<'s, float>) : Recorded<'s> =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(figure, nameof figure)
        Recorded(fun now -> [ RunEvent.Scalar(now.Step, name, figure.Invoke now.State) ])

    /// <summary>How the numbers of a tensor are spread: of activations on an example, of gradients.</summary>
    /// <example><code lang="csharp">
    /// var log = Path.GetTempFileName();
    /// using var writer = new JsonLinesWriter(log);
    /// Recorded&lt;Tensor>[] what = [Recorded&lt;Tensor>.Histogram("squares", x => x.Square())];
    /// new Recorder&lt;Tensor>([writer], what).Reached(Tensor.Create([3.0, 4.0]), steps: 1, epochs: 0, figures: []);
    /// RunLog.Read(log).Events.Any(e => e.Name == "squares") // true
    /// </code></example>
    static member Histogram(name: string, numbers: Func<'s, Tensor>) : Recorded<'s> =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(numbers, nameof numbers)
        Recorded(fun now -> [ RunEvent.Histogram(now.Step, name, numbers.Invoke now.State) ])

    /// <summary>How the numbers of each leaf of a model are spread, by its name.</summary>
    /// <example><code lang="csharp">
    /// var log = Path.GetTempFileName();
    /// using var writer = new JsonLinesWriter(log);
    /// Recorded&lt;Linear>[] what = [Recorded&lt;Linear>.Parameters(model => model)];
    /// new Recorder&lt;Linear>([writer], what).Reached(Linear.Create(2, 3, Key.Create(0)), steps: 1, epochs: 0, figures: []);
    /// RunLog.Read(log).Events.Any(e => e.Name == "weight") // true
    /// </code></example>
    static member Parameters(model: Func<'s, 'model>) : Recorded<'s> =
        ArgumentNullException.ThrowIfNull(model, nameof model)

        Recorded(fun now -> [
            for leaf in Model.select "**" (model.Invoke now.State) do
                // A model that is one tensor has no name for it.
                let name = if leaf.Name = "" then "parameters" else leaf.Name
                RunEvent.Histogram(now.Step, name, leaf.Tensor)
        ])

    /// <summary>A picture: (channels, rows, columns), or a batch of such, which becomes a grid. Shades go from 0 to 1.</summary>
    /// <exception cref="T:Cotangent.ShapeException">In the training: the tensor is no picture, see <c>Picture.OfTensor</c>.</exception>
    /// <example><code lang="csharp">
    /// var log = Path.GetTempFileName();
    /// using var writer = new JsonLinesWriter(log);
    /// Recorded&lt;Tensor>[] what = [Recorded&lt;Tensor>.Pictures("shade", x => x.Reshape([1, 1, 2]))];
    /// new Recorder&lt;Tensor>([writer], what).Reached(Tensor.Create([0.0, 1.0]), steps: 1, epochs: 0, figures: []);
    /// RunLog.Read(log).Events.Any(e => e.Name == "shade") // true
    /// </code></example>
    static member Pictures(name: string, picture: Func<'s, Tensor>) : Recorded<'s> =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(picture, nameof picture)
        Recorded(fun now -> [ RunEvent.Picture(now.Step, name, picture.Invoke now.State) ])

    /// <summary>Steps and examples a second, all that is done in between included, from the second recording on.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is less than 1 example a step.</exception>
    /// <example><code lang="csharp">
    /// var log = Path.GetTempFileName();
    /// using var writer = new JsonLinesWriter(log);
    /// var recorder = new Recorder&lt;Tensor>([writer], [Recorded&lt;Tensor>.Throughput(32)]);
    /// recorder.Reached(Tensor.Create(0.0), steps: 1, epochs: 0, figures: []);
    /// recorder.Reached(Tensor.Create(0.0), steps: 2, epochs: 0, figures: []);
    /// RunLog.Read(log).Scalar("throughput/examples a second").Count // 1
    /// </code></example>
    static member Throughput(examplesPerStep: int) : Recorded<'s> =
        if examplesPerStep < 1 then
            raise (
                ValueException
                    $"Record.throughput: {examplesPerStep} examples a step; it must be at least 1, the size of a batch."
            )

        Recorded(fun now ->
            match now.Since with
            | None -> []
            | Some(steps, seconds) ->
                let rate = float steps / seconds

                [
                    RunEvent.Scalar(now.Step, "throughput/steps a second", rate)
                    RunEvent.Scalar(now.Step, "throughput/examples a second", rate * float examplesPerStep)
                ])

    /// <summary>What memory the process has, and the managed heap of it, in MiB.</summary>
    static member Memory: Recorded<'s> =
        Recorded(fun now ->
            let mebibytes (bytes: int64) = float bytes / 1048576.0
            use itself = Process.GetCurrentProcess()

            [
                RunEvent.Scalar(now.Step, "memory/process, MiB", mebibytes itself.WorkingSet64)
                RunEvent.Scalar(now.Step, "memory/managed heap, MiB", mebibytes (GC.GetTotalMemory false))
            ])
