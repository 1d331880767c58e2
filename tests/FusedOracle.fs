/// What fused operations mean, on one row of numbers at a time.
module internal Cotangent.Tests.FusedOracle

let softmax isLog (x: float[]) : float[] =
    let m = Array.max x

    if m = -infinity then
        x |> Array.map (fun _ -> if isLog then -infinity else 0.0)
    else
        let total = x |> Array.sumBy (fun x -> exp (x - m))
        x |> Array.map (fun x -> if isLog then x - m - log total else exp (x - m) / total)

let softmaxPull isLog (y: float[]) (c: float[]) : float[] =
    if isLog then
        let total = Array.sum c
        Array.map2 (fun y c -> c - exp y * total) y c
    else
        let total = Seq.sum (Seq.map2 (*) y c)
        Array.map2 (fun y c -> y * (c - total)) y c

let logSumExp (x: float[]) =
    let m = Array.fold max -infinity x

    if System.Double.IsInfinity m then
        m
    else
        m + log (x |> Array.sumBy (fun x -> exp (x - m)))

/// The share of each class in the target.
let private target smoothing classes label =
    Array.init classes (fun i -> smoothing / float classes + (if i = label then 1.0 - smoothing else 0.0))

let crossEntropy smoothing (x: float[]) label =
    let all = logSumExp x

    Seq.map2 (fun t x -> if t = 0.0 then 0.0 else t * (all - x)) (target smoothing x.Length label) x
    |> Seq.sum

let crossEntropyPull smoothing (x: float[]) label (c: float) : float[] =
    Array.map2 (fun p t -> c * (p - t)) (softmax false x) (target smoothing x.Length label)

/// The normalised row and its factor.
let private normalized isCentred epsilon (x: float[]) =
    let mean = if isCentred then Array.average x else 0.0
    let variance = x |> Array.averageBy (fun x -> (x - mean) * (x - mean))
    let factor = 1.0 / sqrt (variance + epsilon)
    x |> Array.map (fun x -> (x - mean) * factor), factor

let normalize isCentred epsilon (x: float[]) : float[] = fst (normalized isCentred epsilon x)

/// By the whole Jacobian: ∂yⱼ/∂xᵢ = r (δᵢⱼ - 1/n - yᵢ yⱼ / n).
let normalizePull isCentred epsilon (x: float[]) (c: float[]) : float[] =
    let y, r = normalized isCentred epsilon x
    let n = float x.Length

    Array.init x.Length (fun i ->
        Seq.sum (
            seq {
                for j in 0 .. x.Length - 1 do
                    let same = if i = j then 1.0 else 0.0
                    let shift = if isCentred then 1.0 / n else 0.0
                    c[j] * r * (same - shift - y[i] * y[j] / n)
            }
        ))
