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

// ---- Attention ----

/// Element (i, j) of matrices given as functions, for one batch.
type Sizes = { Queries: int; Keys: int; Width: int; ValueWidth: int }

let private dot n (f: int -> float) = Seq.sum (seq { for i in 0 .. n - 1 -> f i })

/// The weights of query i.
let private weights isCausal scale (s: Sizes) q k (sees: int -> int -> bool) i =
    let score j =
        if sees i j && (not isCausal || j <= i + s.Keys - s.Queries) then
            scale * dot s.Width (fun e -> q i e * k j e)
        else
            -infinity

    softmax false (Array.init s.Keys score)

let attention isCausal scale (s: Sizes) q k (v: int -> int -> float) sees : float[,] =
    Array2D.init s.Queries s.ValueWidth (fun i e ->
        let p = weights isCausal scale s q k sees i
        dot s.Keys (fun j -> p[j] * v j e))

/// The cotangents of q, k and v in a row.
let attentionPull
    isCausal
    scale
    (s: Sizes)
    q
    k
    (v: int -> int -> float)
    (c: int -> int -> float)
    sees
    : float[] =
    let p = Array.init s.Queries (weights isCausal scale s q k sees)

    let e =
        Array.init s.Queries (fun i ->
            softmaxPull false p[i] (Array.init s.Keys (fun j -> dot s.ValueWidth (fun e -> c i e * v j e))))

    Array.concat [
        [|
            for i in 0 .. s.Queries - 1 do
                for a in 0 .. s.Width - 1 -> scale * dot s.Keys (fun j -> e[i][j] * k j a)
        |]
        [|
            for j in 0 .. s.Keys - 1 do
                for a in 0 .. s.Width - 1 -> scale * dot s.Queries (fun i -> e[i][j] * q i a)
        |]
        [|
            for j in 0 .. s.Keys - 1 do
                for a in 0 .. s.ValueWidth - 1 -> dot s.Queries (fun i -> p[i][j] * c i a)
        |]
    ]
