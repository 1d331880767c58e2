namespace Cotangent

open System
open System.Threading

/// <summary>What training has reached after some steps.</summary>
/// <example><code>
/// let step (x: Tensor) (batch: Tensor) = x + mean batch, x
/// let batches = Data.inOrder 1 (tensor [ 1.0; 2.0; 3.0 ])
/// let reached = Train.steps step batches (tensor 0.0) |> Seq.find (fun now -> now.Steps = 3)
/// reached.State // 6
/// reached.Epochs // 1
/// </code></example>
[<NoComparison; CompiledName "FSharpTrained">]
type Trained<'s> = {
    /// What the steps hand on: parameters, the optimiser's state, whatever else.
    State: 's
    /// Steps taken, from the very first one on.
    Steps: int
    /// Whole epochs that these are.
    Epochs: int
    /// What the last steps returned, averaged, and what callbacks measured.
    Figures: (string * float) list
}

/// <summary>What a callback wants.</summary>
/// <example><code>
/// let patient: Watch&lt;Tensor> = {
///     Reached = fun now -> if float now.State > 10.0 then [ Reaction.Stop "large enough" ] else []
///     Ended = ignore
///     Result = id
/// }
/// </code></example>
[<RequireQualifiedAccess; NoComparison; CompiledName "FSharpReaction">]
type Reaction<'s> =
    /// Figures to be shown and kept beside those of the steps.
    | Measured of (string * float) list
    /// Go on from another state.
    | Replace of 's
    /// No further step, and why.
    | Stop of reason: string

/// <summary>How often a callback is asked. Steps that one call of a compiled function takes together are not parted for it.</summary>
/// <example><code>
/// let figures: Callback&lt;Tensor> = Callback.measure (Every.Steps 100) "size" (fun x -> float (norm x))
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Every =
    /// After so many steps.
    | Steps of steps: int
    /// After so many epochs.
    | Epochs of epochs: int

/// <summary>A callback during one run.</summary>
/// <example><code>
/// let watch: Watch&lt;Tensor> = {
///     Reached = fun now -> [ Reaction.Measured [ "size", float (abs now.State) ] ]
///     Ended = ignore
///     Result = id
/// }
/// </code></example>
[<NoComparison; NoEquality; CompiledName "FSharpWatch">]
type Watch<'s> = {
    /// Called with what is reached, whenever it is the callback's turn.
    Reached: Trained<'s> -> Reaction<'s> list
    /// Called once when training ends, by an error, too: waits for what still runs, closes what is open.
    Ended: unit -> unit
    /// What training returns if it was neither cancelled nor ended by an error: what was reached last, or some time before.
    Result: Trained<'s> -> Trained<'s>
}

/// <summary>Something to do while training goes on: evaluate, save, stop.</summary>
[<NoComparison; NoEquality; CompiledName "FSharpCallback">]
type Callback<'s> = {
    /// How often.
    Every: Every
    /// Called once when training begins, so that what a callback remembers belongs to one run.
    Start: unit -> Watch<'s>
}

/// <summary>Why training ended.</summary>
/// <example><code>
/// let step (x: Tensor) (batch: Tensor) = x + mean batch, x
/// let run = Train.run { Train.defaults with Epochs = 1 } step (Data.inOrder 1 (tensor [ 1.0 ])) (tensor 0.0)
/// run.End = TrainingEnd.Completed // true
/// </code></example>
[<RequireQualifiedAccess>]
type TrainingEnd =
    /// All epochs are done.
    | Completed
    /// A callback stopped it.
    | Stopped of reason: string
    /// The token was cancelled.
    | Cancelled

/// <summary>A training that has ended, and how it went.</summary>
/// <example><code>
/// let step (x: Tensor) (batch: Tensor) = x + mean batch, x
/// let batches = Data.inOrder 1 (tensor [ 1.0; 2.0; 3.0 ])
/// let run = Train.run { Train.defaults with Epochs = 2; ReportEvery = 3 } step batches (tensor 0.0)
/// run.Last.Steps // 6
/// [ for steps, _ in run.History -> steps ] // [3, 6]
/// </code></example>
[<NoComparison; CompiledName "FSharpTrainingRun">]
type TrainingRun<'s> = {
    /// The last whole state, or that which a callback chose: early stopping chooses the best.
    Last: Trained<'s>
    /// Why it ended.
    End: TrainingEnd
    /// After how many steps what figures were reported, in order.
    History: (int * (string * float) list) list
}

/// <summary>How to train.</summary>
/// <example><code>
/// let step (x: Tensor) (batch: Tensor) =
///     let loss, slope = valueAndGrad (fun x -> mean (square (x - batch))) x
///     x - 0.1 * slope, loss
///
/// let options = { Train.defaults with Epochs = 100; ReportEvery = 10 }
/// let run = Train.run options step (Data.inOrder 2 (Tensor.ones DType.Float64 [ 4 ])) (tensor 0.0)
/// run.Last.State // 1
/// </code></example>
[<NoComparison; NoEquality; CompiledName "FSharpTrainOptions">]
type TrainOptions<'s> = {
    /// Epochs in all.
    Epochs: int
    /// The step to begin with: that of a state from a run that was interrupted.
    From: int
    /// Steps that one call of a compiled function takes; more than 1 pays where a step takes microseconds.
    StepsPerCall: int
    /// Whether steps are compiled; where not, each operation is evaluated as it comes, and a debugger can look on.
    Compiled: bool
    /// Steps from one report to the next.
    ReportEvery: int
    /// Who is told.
    Progress: IProgress<ProgressReport>
    /// Asked in their order, each sees what those before it measured.
    Callbacks: Callback<'s> list
    /// Ends training after the step that runs.
    Cancellation: CancellationToken
}
