namespace Cotangent.Charts

open System
open Cotangent

/// <summary>
/// Recording a training: a callback that tells writers what the steps measured and more. What the steps return are figures already, so
/// the norm of a gradient is recorded by returning it beside the loss.
/// </summary>
[<RequireQualifiedAccess>]
module Record =
    /// <summary>A figure of the state: the learning rate, a norm of parameters.</summary>
    /// <example><code>
    /// let size: Recorded&lt;Tensor> = Record.scalar "size" (fun x -> float (norm x))
    /// </code></example>
    let scalar (name: string) (figure: 's -> float) : Recorded<'s> = Recorded<'s>.Scalar(name, figure)

    /// <summary>How the numbers of a tensor are spread: of activations on an example, of gradients.</summary>
    /// <example><code>
    /// let spread: Recorded&lt;Tensor> = Record.histogram "squares" (fun x -> square x)
    /// </code></example>
    let histogram (name: string) (numbers: 's -> Tensor) : Recorded<'s> =
        Recorded<'s>.Histogram(name, numbers)

    /// <summary>How the numbers of each leaf of a model are spread, by its name; the function finds the model in the state.</summary>
    /// <example><code>
    /// let parameters: Recorded&lt;Linear * Tensor> = Record.parameters fst
    /// </code></example>
    let parameters (model: 's -> 'model) : Recorded<'s> = Recorded<'s>.Parameters model

    /// <summary>A picture: (channels, rows, columns), or a batch of such, which becomes a grid; shades from 0 to 1.</summary>
    /// <example><code>
    /// let kernels: Recorded&lt;Convolution> = Record.pictures "kernels" (fun layer -> sigmoid layer.Weight)
    /// </code></example>
    let pictures (name: string) (picture: 's -> Tensor) : Recorded<'s> = Recorded<'s>.Pictures(name, picture)

    /// <summary>Steps and examples a second, all that is done in between included, from the second recording on.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is less than 1 example a step.</exception>
    /// <example><code>
    /// let throughput: Recorded&lt;Tensor> = Record.throughput 32
    /// </code></example>
    let throughput<'s> (examplesPerStep: int) : Recorded<'s> = Recorded<'s>.Throughput examplesPerStep

    /// <summary>What memory the process has, and the managed heap of it, in MiB.</summary>
    /// <example><code>
    /// let memory: Recorded&lt;Tensor> = Record.memory
    /// </code></example>
    let memory<'s> : Recorded<'s> = Recorded<'s>.Memory

    let private reached (recorder: Recorder<'s>) (now: Trained<'s>) : Reaction<'s> list =
        recorder.Reached(
            now.State,
            now.Steps,
            now.Epochs,
            now.Figures |> List.map (fun (name, value) -> struct (name, value))
        )

        []

    /// <summary>
    /// A callback of the training loop that records. It stands last among them, so that it knows what the others measured. It can't know
    /// how long the run shall be nor why it ends: <c>Record.run</c> tells this, too.
    /// </summary>
    /// <param name="every">How often.</param>
    /// <param name="writers">Whom to tell; dispose them after the training.</param>
    /// <param name="what">What to record beside the figures.</param>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.jsonl")
    /// let writer = JsonLines.writer path
    /// let callbacks: Callback&lt;Tensor> list = [ Record.callback (Every.Steps 1) [ writer ] [ Record.memory ] ]
    /// let step (x: Tensor) (batch: Tensor) = x + mean batch, x
    /// let batches = Data.inOrder 1 (tensor [ 1.0; 2.0; 3.0 ])
    /// Train.run { Train.defaults with Callbacks = callbacks } step batches (tensor 0.0) |> ignore
    /// writer.Dispose()
    /// RunLog.read path |> RunLog.scalar "loss" |> List.map snd // [0, 1, 3]
    /// </code></example>
    let callback (every: Every) (writers: IRunWriter list) (what: Recorded<'s> list) : Callback<'s> = {
        Every = every
        Start =
            fun () ->
                let recorder = Recorder<'s>(writers, what)
                { Reached = reached recorder; Ended = ignore; Result = id }
    }

    let private howItEnded (ending: TrainingEnd) =
        match ending with
        | TrainingEnd.Completed -> RunEnd.Completed
        | TrainingEnd.Stopped reason -> RunEnd.Stopped reason
        | TrainingEnd.Cancelled -> RunEnd.Stopped "cancelled"

    /// <summary>
    /// <c>Train.run</c>, recorded: with how long it is meant to be, and how it ended, be it by an error, which is raised as ever.
    /// </summary>
    /// <param name="every">How often.</param>
    /// <param name="writers">Whom to tell; dispose them after the training.</param>
    /// <param name="what">What to record beside the figures.</param>
    /// <param name="options">How long, who is told, what else to do.</param>
    /// <param name="step">State and batch to the next state and figures: a scalar, the loss, or a tree of scalars.</param>
    /// <param name="batches">What to train on.</param>
    /// <param name="start">The first state.</param>
    /// <exception cref="T:Cotangent.ValueException">As of <c>Train.run</c>.</exception>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// let writer = RunPage.writer (System.IO.Path.Combine(folder, "run.html"))
    /// let step (x: Tensor) (batch: Tensor) = x + mean batch, x
    /// let batches = Data.inOrder 1 (tensor [ 1.0; 2.0; 3.0 ])
    /// let run = Record.run (Every.Steps 1) [ writer ] [ Record.memory ] Train.defaults step batches (tensor 0.0)
    /// writer.Dispose()
    /// run.Last.State // 6
    /// </code></example>
    let run
        (every: Every)
        (writers: IRunWriter list)
        (what: Recorded<'s> list)
        (options: TrainOptions<'s>)
        (step: 's -> 'x -> 's * 'f)
        (batches: Batches<'x>)
        (start: 's)
        : TrainingRun<'s> =
        let recorder = Recorder<'s>(writers, what)

        let recording = {
            Every = every
            Start = fun () -> { Reached = reached recorder; Ended = ignore; Result = id }
        }

        let options = { options with Callbacks = options.Callbacks @ [ recording ] }

        if options.Epochs >= 1 && batches.Count >= 1 then
            recorder.Plan(int64 options.Epochs * int64 batches.Count, options.Epochs)

        let run =
            try
                Train.run options step batches start
            with e ->
                recorder.End(RunEnd.Failed e.Message)
                reraise ()

        recorder.End(howItEnded run.End)
        run
