namespace Cotangent.Inference

open System
open Cotangent

/// What makes draws doubtful, and what to do about it.
module internal Warnings =
    let private count (flags: Tensor) = int ((flags.Convert DType.Int32).Sum())

    let ofTrajectories (diverged: Tensor) (saturated: Tensor) (energy: Tensor) : string list = [
        let draws = diverged.Size
        let divergences = count diverged

        if divergences > 0 then
            $"{divergences} of {draws} trajectories diverged: the density is too sharply curved for the step size somewhere, and draws lack from there. Raise TargetAcceptance, to 0.95 for example, or write the model in other coordinates, such as non-centred ones."

        let cut = count saturated

        if cut > 0 then
            $"{cut} of {draws} trajectories were cut off before they turned back. Scales that differ widely or are strongly correlated make them long: try MassMatrix.Dense, or raise MaximumDepth."

        if energy.Shape[1] >= 4 then
            let low = count ((Diagnostics.EnergyFraction energy).Less 0.3)

            if low > 0 then
                $"In {low} of {energy.Shape[0]} chains the energy wanders slowly (its fraction of missing information is below 0.3): tails may not have been seen. Write the model in other coordinates."
    ]

    let ofNumbers (chains: int) (rows: NumberSummary[]) : string list =
        let named (rows: NumberSummary[]) =
            let names = rows |> Array.truncate 5 |> Array.map _.Name |> String.concat ", "
            if rows.Length > 5 then $"{names} and {rows.Length - 5} more" else names

        [
            let apart = rows |> Array.filter (fun row -> row.RHat > 1.01)

            if apart.Length > 0 then
                $"Chains do not agree (R-hat above 1.01) on {named apart}. Draw more, or see what holds them apart."

            let few = rows |> Array.filter (fun row -> min row.BulkSize row.TailSize < 100.0 * float chains)

            if few.Length > 0 then
                $"Fewer than 100 effective draws a chain of {named few}. Draw more."
        ]

/// <summary>
/// What a sampler has drawn, and how it went; a tree, which can be saved as one. Statistics are of shape (chains, draws).
/// </summary>
type Samples<'p> = {
    /// The draws: each tensor of the tree with the axes (chains, draws) in front; what is in a <c>Frozen</c> as it was.
    Draws: 'p
    /// The log-density at each draw, as it was given: not normalised.
    LogDensity: Tensor
    /// The probability of acceptance, averaged over the points of the trajectory.
    Acceptance: Tensor
    /// Steps of the trajectory, Int32, each one evaluation of log-density and gradient.
    Steps: Tensor
    /// How often the trajectory was doubled, Int32; of <c>Hmc</c>, which doubles none, 0.
    Depth: Tensor
    /// Bool: whether the trajectory diverged.
    Diverged: Tensor
    /// Bool: whether the trajectory was cut off at <c>MaximumDepth</c>, or at 1024 steps of <c>Hmc</c>.
    Saturated: Tensor
    /// Energy, potential and kinetic, at each draw.
    Energy: Tensor
    /// The step size of each chain, (chains).
    StepSize: Tensor
    /// What each chain learned of the shape of the density: variances (chains, n), or a covariance (chains, n, n).
    InverseMass: Tensor
    /// Whether all draws are there: not where sampling was cancelled. Then all chains have as many as the shortest, perhaps none.
    IsComplete: bool
} with

    /// How many trajectories diverged.
    member samples.Divergences: int = int ((samples.Diverged.Convert DType.Int32).Sum())

    /// <summary>The same with a function of its draws, for C#. F# has <c>Samples.map</c>.</summary>
    /// <example><code lang="csharp">
    /// var options = SamplerOptions.Create(chains: 2, warmUp: 100, draws: 50);
    /// var found = Sampler.Nuts(x => -0.5 * x.Square(), Tensor.Create(0.0), Key.Create(0), options);
    /// (found.Map(x => x.Exp()).Draws > 0).All() // true
    /// </code></example>
    member samples.Map(f: Func<'p, 'q>) : Samples<'q> = {
        Draws = f.Invoke samples.Draws
        LogDensity = samples.LogDensity
        Acceptance = samples.Acceptance
        Steps = samples.Steps
        Depth = samples.Depth
        Diverged = samples.Diverged
        Saturated = samples.Saturated
        Energy = samples.Energy
        StepSize = samples.StepSize
        InverseMass = samples.InverseMass
        IsComplete = samples.IsComplete
    }

    /// <summary>Mean, deviation, quantiles, effective sizes and R-hat of each number of a draw, and warnings.</summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than four draws.</exception>
    /// <example><code>
    /// let found = Nuts.sample Nuts.defaults (fun x -> -0.5 * square x) (tensor 0.0) (Key.create 0L)
    /// found.Summary()
    /// </code></example>
    member samples.Summary() : Summary =
        let rows = NumberSummaries.ofTree samples.Draws

        let warnings = [
            yield! Warnings.ofTrajectories samples.Diverged samples.Saturated samples.Energy
            yield! Warnings.ofNumbers samples.LogDensity.Shape[0] rows
        ]

        Summary(rows, Array.ofList warnings)

    /// <summary>What makes the draws doubtful, and what to do about it; nothing where nothing does.</summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than four draws.</exception>
    /// <example><code>
    /// let found = Nuts.sample Nuts.defaults (fun x -> -0.5 * square x) (tensor 0.0) (Key.create 0L)
    /// found.Warnings().Length // 0
    /// </code></example>
    member samples.Warnings() : string[] = samples.Summary().Warnings

/// <summary>What samplers have drawn, as functions of it.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Samples =
    /// <summary>The same with a function of its draws, all at once, such as that to constrained parameters.</summary>
    /// <example><code>
    /// let found = Nuts.sample { Nuts.defaults with Draws = 100 } (fun x -> -0.5 * square x) (tensor 0.0) (Key.create 0L)
    /// (Samples.map exp found).Draws // shape (4, 100)
    /// </code></example>
    let map (f: 'p -> 'q) (samples: Samples<'p>) : Samples<'q> = samples.Map f
