namespace Cotangent.Inference

open System
open Cotangent
open Cotangent.Distributions

/// <summary>
/// Whether chains agree, and how many independent draws they are worth. Each takes draws of shape (chains, draws, …), and gives a number, in
/// Float64, for each place in (…): NaN where draws are not finite, or all equal.
/// </summary>
[<AbstractClass; Sealed>]
type Diagnostics =
    static member private ForEach(name: string, draws: Tensor, f: float[][] -> float) : Tensor =
        if isNull (box draws) then nullArg "draws"

        if draws.Rank < 2 || draws.Shape[0] < 1 || draws.Shape[1] < 4 then
            raise (
                ShapeException
                    $"Diagnostics.{name}: draws have shape {Parameters.show draws.Shape}; (chains, draws, …) is wanted, with four draws or more."
            )

        let chains, count, rest = draws.Shape[0], draws.Shape[1], draws.Shape[2..]
        let places = rest |> Array.fold (*) 1

        let numbers =
            ((draws.Convert DType.Float64).Reshape [ chains * count; places ])
                .Transpose()
                .Flatten()
                .ToData<float[]>()

        numbers
        |> Array.chunkBySize (chains * count)
        |> Array.map (fun all ->
            let chains = Array.chunkBySize count all
            if Chains.isFinite chains && not (Chains.isConstant chains) then f chains else nan)
        |> Tensor.ofArray rest

    /// √(what all draws vary, over what they vary within a chain).
    static member private Ratio(chains: float[][]) : float =
        let count = float chains[0].Length
        let within = chains |> Array.averageBy Autocorrelation.variance
        let between = Autocorrelation.variance (chains |> Array.map Array.average)
        sqrt ((count - 1.0) / count + between / within)

    static member private OfTail (p: float) (chains: float[][]) : float =
        let at = Chains.quantile p (Chains.sorted chains)
        let isBelow = chains |> Array.map (Array.map (fun x -> if x <= at then 1.0 else 0.0))

        if Chains.isConstant isBelow then
            nan
        else
            Autocorrelation.effectiveSize (Chains.split isBelow)

    /// <summary>
    /// How much wider all draws together are than those of a half of a chain: near 1 where chains agree, and above 1.01 where they should
    /// not be trusted. Of ranks, and of ranks of distances from the median, whichever is larger, so that heavy tails and chains of different
    /// spread do not fool it (Gelman and Rubin 1992; Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021).
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">Draws are not of shape (chains, draws, …), or fewer than four.</exception>
    /// <example><code>
    /// Diagnostics.RHat(Random.normal (Key.create 0L) DType.Float64 [ 4; 1000; 3 ]) // shape (3)
    /// </code></example>
    static member RHat(draws: Tensor) : Tensor =
        let ofScores = Chains.split >> Chains.scores >> Diagnostics.Ratio

        Diagnostics.ForEach(
            "RHat",
            draws,
            (fun chains -> max (ofScores chains) (ofScores (Chains.folded chains)))
        )

    /// <summary>
    /// The effective sample size of the body of the distribution, from the ranks of draws: as many independent draws would tell as much
    /// of where it lies. 100 for each chain are enough for most ends (Vehtari et al. 2021).
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">Draws are not of shape (chains, draws, …), or fewer than four.</exception>
    /// <example><code>
    /// Diagnostics.BulkSize(Random.normal (Key.create 0L) DType.Float64 [ 4; 1000; 3 ]) // shape (3)
    /// </code></example>
    static member BulkSize(draws: Tensor) : Tensor =
        Diagnostics.ForEach("BulkSize", draws, Chains.split >> Chains.scores >> Autocorrelation.effectiveSize)

    /// <summary>The effective sample size of the 5 % and 95 % quantiles, whichever is less (Vehtari et al. 2021).</summary>
    /// <exception cref="T:Cotangent.ShapeException">Draws are not of shape (chains, draws, …), or fewer than four.</exception>
    /// <example><code>
    /// Diagnostics.TailSize(Random.normal (Key.create 0L) DType.Float64 [ 4; 1000; 3 ]) // shape (3)
    /// </code></example>
    static member TailSize(draws: Tensor) : Tensor =
        Diagnostics.ForEach(
            "TailSize",
            draws,
            (fun chains -> min (Diagnostics.OfTail 0.05 chains) (Diagnostics.OfTail 0.95 chains))
        )

    /// <summary>The effective sample size of the mean, from the draws as they are.</summary>
    /// <exception cref="T:Cotangent.ShapeException">Draws are not of shape (chains, draws, …), or fewer than four.</exception>
    /// <example><code>
    /// Diagnostics.EffectiveSize(Random.normal (Key.create 0L) DType.Float64 [ 4; 1000; 3 ]) // shape (3)
    /// </code></example>
    static member EffectiveSize(draws: Tensor) : Tensor =
        Diagnostics.ForEach("EffectiveSize", draws, Chains.split >> Autocorrelation.effectiveSize)

    /// <summary>The standard error of the mean of draws: their deviation over the root of their effective number.</summary>
    /// <exception cref="T:Cotangent.ShapeException">Draws are not of shape (chains, draws, …), or fewer than four.</exception>
    /// <example><code>
    /// Diagnostics.StandardError(Random.normal (Key.create 0L) DType.Float64 [ 4; 1000; 3 ]) // shape (3)
    /// </code></example>
    static member StandardError(draws: Tensor) : Tensor =
        Diagnostics.ForEach(
            "StandardError",
            draws,
            (fun chains ->
                let variance = Autocorrelation.variance (Array.concat chains)
                sqrt (variance / Autocorrelation.effectiveSize (Chains.split chains)))
        )

    /// <summary>
    /// The energy's Bayesian fraction of missing information, of each chain, from energies of shape (chains, draws): how much of the energy's
    /// spread one momentum brings. Below 0.3 a chain wanders slowly through heavy tails, and may not have seen them (Betancourt 2016).
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">Energies are not of shape (chains, draws), or fewer than four.</exception>
    /// <example><code>
    /// Diagnostics.EnergyFraction(tensor [ [ 1.0; 2.0; 3.0; 4.0 ] ]) // [0.6]
    /// </code></example>
    static member EnergyFraction(energy: Tensor) : Tensor =
        if isNull (box energy) then nullArg "energy"

        if energy.Rank <> 2 then
            raise (
                ShapeException
                    $"Diagnostics.EnergyFraction: energies have shape {Parameters.show energy.Shape}; (chains, draws) is wanted."
            )

        let ofChain (chains: float[][]) =
            let energies = chains[0]
            let mean = Array.average energies
            let jumps = Array.pairwise energies |> Array.sumBy (fun (a, b) -> (b - a) * (b - a))
            jumps / (energies |> Array.sumBy (fun e -> (e - mean) * (e - mean)))

        Diagnostics.ForEach("EnergyFraction", (energy.Transpose()).Unsqueeze 0, ofChain)
