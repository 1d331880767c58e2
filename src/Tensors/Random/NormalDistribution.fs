namespace Cotangent

open System
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// The standard normal distribution: its function, the inverse of that, and its far tail.
module internal NormalDistribution =
    /// A function of one number as the kernels compute it: the C library's differ between systems, in the last place.
    let private ofNumber (f: Special) (x: float) : float =
        let y = [| 0.0 |]
        SpecialRows.unary f (ReadOnlySpan [| x |]) (Span y)
        y[0]

    let private expOf x = ofNumber Special.Exp x
    let private logOf x = ofNumber Special.Log x

    /// The standard normal distribution function, by the series Φ(x) = ½ + φ(x)(x + x³/3 + x⁵/(3·5) + …)
    /// (Marsaglia, "Evaluating the normal distribution", J. Stat. Software 2004).
    let below (x: float) =
        if x < -37.0 then
            0.0
        elif x > 8.5 then
            1.0
        elif x < -6.0 then
            // The series loses the tail to cancellation; the continued fraction of Mills' ratio does not.
            let fraction = Seq.foldBack (fun k tail -> float k / (-x + tail)) [ 1..200 ] 0.0
            expOf (-0.5 * x * x) / sqrt (2.0 * Math.PI) / (-x + fraction)
        else
            let mutable total = x
            let mutable term = x
            let mutable i = 1.0
            let mutable before = 0.0

            while total <> before do
                before <- total
                i <- i + 2.0
                term <- term * x * x / i
                total <- total + term

            0.5 + total * expOf (-0.5 * x * x) / sqrt (2.0 * Math.PI)

    let private polynomial (coefficients: float[]) (x: Tensor) =
        let last = coefficients.Length - 1
        let mutable sum = Tensor.fullLike x coefficients[last]

        for k in last - 1 .. -1 .. 0 do
            sum <- sum * x + coefficients[k]

        sum

    let private ratio (struct (numerator: float[], denominator: float[])) (r: Tensor) =
        polynomial numerator r / polynomial denominator r

    /// The inverse of the standard normal distribution function; relative error about 1e-16 in Float64.
    let quantile (p: Tensor) : Tensor =
        let q = p - 0.5
        let inner = q * ratio WichuraCoefficients.central (0.180625 - q * q)

        let outer =
            let r = sqrt (-(log (minimum p (1.0 - p))))
            let near = ratio WichuraCoefficients.near (r - 1.6)
            let far = ratio WichuraCoefficients.far (r - 5.0)
            // The probabilities 0 and 1 belong to the infinities.
            q.Sign() * where (r.Equal infinity) r (where (r.LessEqual 5.0) near far)

        where ((abs q).LessEqual 0.425) inner outer

    /// Standard normal, conditioned to lie in [low, high] far on the right, where probabilities underflow: the inverse
    /// of the logarithm of Q(x) = φ(x)/x · m(x), with m(x) = 1 - 1/x² + 3/x⁴ - 15/x⁶ + …, by iteration. What is left
    /// out of the series is below 1e-13 from 30 on.
    let farTail (low: float) (high: float) (u: Tensor) =
        let series = [| 1.0; -1.0; 3.0; -15.0; 105.0; -945.0 |]
        let logRatio (x: Tensor) = log (polynomial series (1.0 / (x * x)) / x)
        // Of a number, not of a tensor: where a function is being compiled, that would have no number yet.
        let at (x: float) =
            let z = 1.0 / (x * x)
            logOf (Array.foldBack (fun c sum -> sum * z + c) series 0.0 / x)

        // Q(high) / Q(low)
        let rest =
            if Double.IsPositiveInfinity high then
                0.0
            else
                expOf (0.5 * (low - high) * (low + high) + at high - at low)

        // log (Q(x) / φ(0)) of the x sought is log (Q(low) / φ(0)) + log (1 - u (1 - rest)).
        let target = log1p (u * (rest - 1.0)) + (at low - 0.5 * low * low)
        let step x = sqrt (2.0 * (logRatio x - target))
        let start = Tensor.fullLike u low
        // What lies above low is about 1/low: from some 1e9 on nothing of it is left, and squares would overflow.
        if low > 1e10 then start else Seq.fold (fun x _ -> step x) start [ 1..8 ]
