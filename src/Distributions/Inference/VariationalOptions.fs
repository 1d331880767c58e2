namespace Cotangent.Inference

open System
open System.Runtime.InteropServices
open System.Threading
open Cotangent

/// <summary>How a distribution is fitted to a log-density.</summary>
/// <example><code>
/// let longer = { Variational.defaults with Steps = 10000; Optimizer = Optimizer.adam 0.01 }
/// longer.Draws // 10
/// </code></example>
[<NoComparison; NoEquality>]
type VariationalOptions = {
    /// Steps of the optimiser. The result is the mean of the parameters over the second half of them, which averages their noise.
    Steps: int
    /// Draws that each step estimates the bound from.
    Draws: int
    /// What descends.
    Optimizer: Optimizer
    /// Of <c>meanField</c> and <c>fullRank</c>: the standard deviation of each number to begin with.
    StartScale: float
    /// Steps that one call of a compiled function takes, and that pass between reports.
    StepsPerCall: int
    /// Whether steps are compiled; where not, the log-density may be looked at by a debugger.
    Compiled: bool
    /// Who is told: steps done and in all, and the bound as the last steps estimate it.
    Progress: IProgress<ProgressReport>
    /// Ends the fit after the call that runs; what was reached by then is returned.
    Cancellation: CancellationToken
} with

    /// <summary>5000 steps of Adam at 0.02, each from ten draws.</summary>
    static member Default: VariationalOptions = {
        Steps = 5000
        Draws = 10
        Optimizer = Optimizer.adam 0.02
        StartScale = 0.1
        StepsPerCall = 100
        Compiled = true
        Progress = Progress.silent
        Cancellation = CancellationToken.None
    }

    /// <summary>The defaults with some of them changed, for C#. Progress is the part that is done, from 0 to 1.</summary>
    /// <exception cref="T:Cotangent.ValueException">When it is used: a number is not what it must be.</exception>
    /// <example><code lang="csharp">
    /// var longer = VariationalOptions.Create(steps: 10000, optimizer: Optimizer.Adam(0.01));
    /// longer.Draws // 10
    /// </code></example>
    static member Create
        (
            [<Optional; DefaultParameterValue(5000)>] steps: int,
            [<Optional; DefaultParameterValue(10)>] draws: int,
            [<Optional>] optimizer: Optimizer | null,
            [<Optional; DefaultParameterValue(0.1)>] startScale: float,
            [<Optional; DefaultParameterValue(100)>] stepsPerCall: int,
            [<Optional; DefaultParameterValue(true)>] compiled: bool,
            [<Optional>] progress: IProgress<float> | null,
            [<Optional>] cancellation: CancellationToken
        ) : VariationalOptions = {
        Steps = steps
        Draws = draws
        Optimizer =
            match optimizer with
            | null -> VariationalOptions.Default.Optimizer
            | optimizer -> optimizer
        StartScale = startScale
        StepsPerCall = stepsPerCall
        Compiled = compiled
        Progress = PartDone.reporter progress
        Cancellation = cancellation
    }

module internal VariationalOptions =
    let check (operation: string) (options: VariationalOptions) =
        for name, number in
            [ "Steps", options.Steps; "Draws", options.Draws; "StepsPerCall", options.StepsPerCall ] do
            if number < 1 then
                raise (ValueException $"{operation}: {name} is {number}; it must be at least 1.")

        if not (options.StartScale > 0.0 && Double.IsFinite options.StartScale) then
            raise (
                ValueException
                    $"{operation}: StartScale is {options.StartScale}; it must be a positive number."
            )
