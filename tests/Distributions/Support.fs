module Cotangent.Distributions.Tests.Support

open System
open Expecto
open Cotangent

let scalar (x: float) = tensor x

/// Relative where numbers are large, absolute where they are small; NaN and infinities are equal to themselves.
let near (tolerance: float) (actual: float) (expected: float) (message: string) =
    let isNear =
        actual = expected
        || (Double.IsNaN actual && Double.IsNaN expected)
        || abs (actual - expected) <= tolerance * (1.0 + abs expected)

    if not isNear then failtest $"{message}: got {actual:R}, expected {expected:R}."

let numbers (t: Tensor) = (t.Flatten().Convert DType.Float64).ToData<float[]>()

let allNear tolerance (actual: Tensor) (expected: Tensor) message =
    Expect.equal actual.Shape expected.Shape message
    Array.iter2 (fun a e -> near tolerance a e message) (numbers actual) (numbers expected)

/// The derivative of f at x by Richardson's extrapolation of central differences.
let slope (f: float -> float) (x: float) =
    let h = 1e-3 * (if x = 0.0 then 0.1 else abs x)
    let at h = (f (x + h) - f (x - h)) / (2.0 * h)
    (64.0 * at (h / 4.0) - 20.0 * at (h / 2.0) + at h) / 45.0

/// The integral of f over (0, 1), whatever its ends are like: tanh-sinh quadrature.
let private overUnit (f: float -> float) =
    let step = 1.0 / 32.0

    Seq.sum (
        seq {
            for k in -110 .. 110 do
                let t = float k * step
                let s = 0.5 * Math.PI * Math.Sinh t
                let u = 1.0 / (1.0 + exp (-2.0 * s))
                let weight = 0.5 * Math.PI * Math.Cosh t * 2.0 * u * (1.0 / (1.0 + exp (2.0 * s)))
                if u > 1e-12 && u < 1.0 - 1e-12 then step * weight * f u
        }
    )

/// The same in parts, between the places where f has kinks.
let integral (kinks: float list) (f: float -> float) =
    [ 0.0 ] @ kinks @ [ 1.0 ]
    |> List.pairwise
    |> List.sumBy (fun (a, b) -> (b - a) * overUnit (fun u -> f (a + (b - a) * u)))

/// Of a right sampler, one test in a million exceeds this distance: √(-ln(α/2)/2n).
let private ksLimit (count: int) = sqrt (-0.5 * log (1e-6 / 2.0) / float count)

/// Kolmogorov and Smirnov's test of draws against a distribution function.
let kolmogorovSmirnov (draws: float[]) (cdf: float -> float) message =
    let sorted = Array.sort draws
    let n = float sorted.Length

    let distance =
        sorted
        |> Array.mapi (fun i x ->
            let p = cdf x
            max (abs (p - float i / n)) (abs (float (i + 1) / n - p)))
        |> Array.max

    Expect.isLessThanOrEqual distance (ksLimit sorted.Length) message

/// Mean and, of tails that are not heavy, variance of draws, within five standard errors: of a right sampler one test in a million is
/// farther off.
let moments (draws: float[]) (mean: float) (variance: float) hasThinTails message =
    let n = float draws.Length
    let average = Array.average draws
    let second = draws |> Array.averageBy (fun x -> (x - mean) ** 2.0)
    let fourth = draws |> Array.averageBy (fun x -> (x - mean) ** 4.0)

    Expect.isLessThan
        (abs (average - mean))
        (5.0 * sqrt (variance / n))
        $"{message}: mean {average} for {mean}"

    if hasThinTails then
        let error = sqrt ((fourth - second * second) / n)

        Expect.isLessThan
            (abs (second - variance))
            (5.0 * error)
            $"{message}: variance {second} for {variance}"

/// Pearson's χ² of counts against probabilities, where rare values are one cell. Of a right sampler one test in a million exceeds
/// the limit: that of Wilson and Hilferty, at the normal quantile 4.7534.
let chiSquare (draws: float[]) (probability: float -> float) (values: float list) message =
    let n = float draws.Length
    let counts = draws |> Array.countBy id |> Map.ofArray
    let cells = [ for v in values -> probability v, float (Map.tryFind v counts |> Option.defaultValue 0) ]
    let common, rare = cells |> List.partition (fun (p, _) -> n * p >= 8.0)
    let restP = 1.0 - List.sumBy fst common
    let restCount = n - List.sumBy snd common
    let cells = if n * restP >= 1.0 then (restP, restCount) :: common else common
    let statistic = cells |> List.sumBy (fun (p, c) -> (c - n * p) ** 2.0 / (n * p))
    let k = float (cells.Length - 1)
    let limit = k * (1.0 - 2.0 / (9.0 * k) + 4.7534 * sqrt (2.0 / (9.0 * k))) ** 3.0
    Expect.isTrue (rare.Length + common.Length = values.Length && common.Length >= 2) message
    Expect.isLessThanOrEqual statistic limit message
