namespace Cotangent.Inference

open System

/// How many independent draws chains are worth, by their autocorrelation: equations 10 to 14 of Vehtari, Gelman, Simpson, Carpenter and
/// Bürkner, "Rank-normalization, folding, and localization: an improved R-hat for assessing convergence of MCMC" (2021), with the
/// truncation of Geyer (1992).
module internal Autocorrelation =
    /// The variance, dividing by one less than there are.
    let variance (xs: float[]) : float =
        let mean = Array.average xs
        (xs |> Array.sumBy (fun x -> (x - mean) * (x - mean))) / float (xs.Length - 1)

    let private covariance (centred: float[]) lag =
        let mutable total = 0.0

        for i in 0 .. centred.Length - 1 - lag do
            total <- total + centred[i] * centred[i + lag]

        total / float centred.Length

    /// The autocorrelation at each lag, from what all chains have in common, as far as it is asked for.
    let private correlations (chains: float[][]) : int -> float =
        let count = float chains[0].Length
        let within = chains |> Array.averageBy variance
        let between = if chains.Length > 1 then variance (chains |> Array.map Array.average) else 0.0
        let all = within * (count - 1.0) / count + between

        let centred =
            chains
            |> Array.map (fun xs ->
                let mean = Array.average xs
                xs |> Array.map (fun x -> x - mean))

        fun lag -> 1.0 - (within - (centred |> Array.averageBy (fun xs -> covariance xs lag))) / all

    /// Geyer's pairs of neighbouring lags from the second on, as long as their sums are positive; and the even lag after them.
    let private positivePairs (correlation: int -> float) (count: int) =
        let rec take lag pairs =
            let even, odd = correlation lag, correlation (lag + 1)

            if lag >= count - 5 || not (even + odd > 0.0) then
                struct (List.rev pairs, even)
            else
                take (lag + 2) (even + odd :: pairs)

        take 2 []

    /// The effective sample size of the mean; of the same size as all draws where these are independent, and larger where they alternate.
    let effectiveSize (chains: float[][]) : float =
        let count = chains[0].Length
        let correlation = correlations chains
        let first = 1.0 + correlation 1
        let struct (pairs, next) = if first > 0.0 then positivePairs correlation count else struct ([], 0.0)
        // Sums of pairs fall in truth; where they do not that is noise.
        let falling = pairs |> List.scan min first
        let time = 2.0 * List.sum falling - 1.0 + max 0.0 next
        let total = float (chains.Length * count)
        total / max time (1.0 / log10 total)
