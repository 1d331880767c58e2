namespace Cotangent.Inference

open System
open System.Runtime.InteropServices
open System.Threading
open Cotangent

/// <summary>What warm-up learns of the shape of a density: the inverse of the mass matrix, in the words of mechanics.</summary>
/// <example><code>
/// let correlated = { Nuts.defaults with MassMatrix = MassMatrix.Dense; Draws = 200 }
/// let logDensity (x: Tensor) = -0.5 * sum (square x)
/// (Nuts.sample correlated logDensity (tensor [ 0.0; 0.0 ]) (Key.create 0L)).Draws // shape (4, 200, 2)
/// </code></example>
[<RequireQualifiedAccess>]
type MassMatrix =
    /// Nothing: all numbers are taken to vary alike.
    | Unit
    /// A variance for each number.
    | Diagonal
    /// The covariance of all numbers: where they are correlated, and few enough (hundreds) for a matrix of that size.
    | Dense

/// <summary>How a density is sampled. <c>Nuts</c> and <c>Hmc</c> share these.</summary>
/// <example><code>
/// let careful = { Nuts.defaults with TargetAcceptance = 0.95; Chains = 2 }
/// careful.Draws // 1000
/// </code></example>
[<NoComparison; NoEquality>]
type SamplerOptions = {
    /// Chains, each from a start of its own: that they agree is what tells that they found the density.
    Chains: int
    /// Transitions of each chain that adapt step size and mass matrix, and are not kept.
    WarmUp: int
    /// Transitions of each chain that are kept.
    Draws: int
    /// What warm-up learns of the shape.
    MassMatrix: MassMatrix
    /// The average acceptance that the step size is adapted to: higher means smaller steps, and fewer divergences.
    TargetAcceptance: float
    /// The step size to begin with, or None: one that is found by trial (Hoffman and Gelman 2014, algorithm 4).
    FirstStep: float option
    /// Of <c>Nuts</c>: how often a trajectory is doubled at the most.
    MaximumDepth: int
    /// Of <c>Hmc</c>: how long a trajectory is, in the time in which a number of variance 1 swings by 2π; each is up to a fifth longer
    /// or shorter, so that none comes back to where it began. At most 1024 steps are taken.
    TrajectoryLength: float
    /// A trajectory that gains more energy than this has diverged, and ends.
    DivergenceLimit: float
    /// Each chain begins at the start plus numbers that are uniform between this and its negative.
    StartRadius: float
    /// Chains that run at a time, each on a thread. Draws do not depend on it.
    AtOnce: int
    /// Whether the log-density is compiled; where not, it may read numbers, and a debugger can look on.
    Compiled: bool
    /// Transitions, of all chains together, from one report to the next.
    ReportEvery: int
    /// Who is told: transitions done and in all, the average acceptance and the divergences so far.
    Progress: IProgress<ProgressReport>
    /// Ends sampling before the next step of a trajectory; what was drawn by then is returned.
    Cancellation: CancellationToken
} with

    /// <summary>Four chains of 1000 draws after 1000 of warm-up, a diagonal mass matrix, an acceptance of 0.8.</summary>
    static member Default: SamplerOptions = {
        Chains = 4
        WarmUp = 1000
        Draws = 1000
        MassMatrix = MassMatrix.Diagonal
        TargetAcceptance = 0.8
        FirstStep = None
        MaximumDepth = 10
        TrajectoryLength = 0.5 * Math.PI
        DivergenceLimit = 1000.0
        StartRadius = 2.0
        AtOnce = Environment.ProcessorCount
        Compiled = true
        ReportEvery = 100
        Progress = Progress.silent
        Cancellation = CancellationToken.None
    }

    /// <summary>
    /// The defaults with some of them changed, for C#; a first step and a number of chains at a time only where given. Progress is the
    /// part that is done, from 0 to 1.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">When it is used: a number is not what it must be.</exception>
    /// <example><code lang="csharp">
    /// var careful = SamplerOptions.Create(targetAcceptance: 0.95, massMatrix: MassMatrix.Dense);
    /// careful.Draws // 1000
    /// </code></example>
    static member Create
        (
            [<Optional; DefaultParameterValue(4)>] chains: int,
            [<Optional; DefaultParameterValue(1000)>] warmUp: int,
            [<Optional; DefaultParameterValue(1000)>] draws: int,
            [<Optional>] massMatrix: MassMatrix | null,
            [<Optional; DefaultParameterValue(0.8)>] targetAcceptance: float,
            [<Optional>] firstStep: Nullable<float>,
            [<Optional; DefaultParameterValue(10)>] maximumDepth: int,
            [<Optional; DefaultParameterValue(0.5 * Math.PI)>] trajectoryLength: float,
            [<Optional; DefaultParameterValue(1000.0)>] divergenceLimit: float,
            [<Optional; DefaultParameterValue(2.0)>] startRadius: float,
            [<Optional>] atOnce: Nullable<int>,
            [<Optional; DefaultParameterValue(true)>] compiled: bool,
            [<Optional; DefaultParameterValue(100)>] reportEvery: int,
            [<Optional>] progress: IProgress<float> | null,
            [<Optional>] cancellation: CancellationToken
        ) : SamplerOptions = {
        Chains = chains
        WarmUp = warmUp
        Draws = draws
        MassMatrix =
            match massMatrix with
            | null -> MassMatrix.Diagonal
            | massMatrix -> massMatrix
        TargetAcceptance = targetAcceptance
        FirstStep = Option.ofNullable firstStep
        MaximumDepth = maximumDepth
        TrajectoryLength = trajectoryLength
        DivergenceLimit = divergenceLimit
        StartRadius = startRadius
        AtOnce = if atOnce.HasValue then atOnce.Value else Environment.ProcessorCount
        Compiled = compiled
        ReportEvery = reportEvery
        Progress = PartDone.reporter progress
        Cancellation = cancellation
    }

module internal SamplerOptions =
    let check (operation: string) (options: SamplerOptions) =
        let refuse what = raise (ValueException $"{operation}: {what}")
        let positive (x: float) = x > 0.0 && Double.IsFinite x

        for name, number, least in
            [
                "Chains", options.Chains, 1
                "WarmUp", options.WarmUp, 0
                "Draws", options.Draws, 1
                "AtOnce", options.AtOnce, 1
                "ReportEvery", options.ReportEvery, 1
            ] do
            if number < least then refuse $"{name} is {number}; it must be at least {least}."

        if options.MaximumDepth < 1 || options.MaximumDepth > 20 then
            refuse
                $"MaximumDepth is {options.MaximumDepth}; it must be 1 to 20, since so many doublings are 2^MaximumDepth steps."

        if not (options.TargetAcceptance > 0.0 && options.TargetAcceptance < 1.0) then
            refuse $"TargetAcceptance is {options.TargetAcceptance}; it must lie between 0 and 1."

        match options.FirstStep with
        | Some size when not (positive size) -> refuse $"FirstStep is {size}; it must be a positive number."
        | Some _
        | None -> ()

        if not (positive options.TrajectoryLength) then
            refuse $"TrajectoryLength is {options.TrajectoryLength}; it must be a positive number."

        if not (options.DivergenceLimit > 0.0) then
            refuse $"DivergenceLimit is {options.DivergenceLimit}; it must be positive."

        if not (options.StartRadius >= 0.0 && Double.IsFinite options.StartRadius) then
            refuse $"StartRadius is {options.StartRadius}; it must be 0 or a positive number."
