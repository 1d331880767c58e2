namespace Cotangent.Inference

open System
open Cotangent

/// Chains of one number, as arrays, and what diagnostics make of them first.
module internal Chains =
    /// Both halves of each chain, so that one that drifts disagrees with itself; the middle of an odd number is left out.
    let split (chains: float[][]) : float[][] =
        let half = chains[0].Length / 2
        chains |> Array.collect (fun xs -> [| Array.truncate half xs; xs[xs.Length - half ..] |])

    /// Ranks from 1 on over all chains; equal numbers share the mean of theirs.
    let private ranks (xs: float[]) : float[] =
        let order = Array.init xs.Length id |> Array.sortBy (fun i -> xs[i])
        let ranks = Array.zeroCreate xs.Length
        let mutable from = 0

        while from < xs.Length do
            let mutable beyond = from + 1

            while beyond < xs.Length && xs[order[beyond]] = xs[order[from]] do
                beyond <- beyond + 1

            for i in from .. beyond - 1 do
                ranks[order[i]] <- 0.5 * float (from + 1 + beyond)

            from <- beyond

        ranks

    /// Normal scores of the ranks: equation 14 of Vehtari et al. 2021, with Blom's offset.
    let scores (chains: float[][]) : float[][] =
        let ranks = ranks (Array.concat chains)
        let parts = (ranks |> Array.map (fun r -> (r - 0.375) / (float ranks.Length + 0.25)))
        Array.chunkBySize chains[0].Length ((ndtri (tensor parts)).ToData<float[]>())

    /// Between the sorted numbers in straight lines, as NumPy and R do by default.
    let quantile (p: float) (sorted: float[]) : float =
        let at = p * float (sorted.Length - 1)
        let below = min (int (floor at)) (sorted.Length - 2) |> max 0
        let above = min (below + 1) (sorted.Length - 1)
        sorted[below] + (at - float below) * (sorted[above] - sorted[below])

    let sorted (chains: float[][]) = chains |> Array.concat |> Array.sort

    /// The distance from the median: chains that differ in their spread differ in that.
    let folded (chains: float[][]) : float[][] =
        let median = quantile 0.5 (sorted chains)
        chains |> Array.map (Array.map (fun x -> abs (x - median)))

    let isFinite (chains: float[][]) = chains |> Array.forall (Array.forall Double.IsFinite)

    /// Whether all are one number: then there is nothing to compare.
    let isConstant (chains: float[][]) = chains |> Array.forall (Array.forall (fun x -> x = chains[0][0]))
