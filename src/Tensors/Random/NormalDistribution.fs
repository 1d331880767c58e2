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

    let private polynomial (coefficients: float list) (x: Tensor) =
        match List.rev coefficients with
        | [] -> Tensor.zerosLike x
        | leading :: rest -> List.fold (fun sum c -> sum * x + c) (Tensor.fullLike x leading) rest

    let private ratio numerator denominator r = polynomial numerator r / polynomial (1.0 :: denominator) r

    // Algorithm AS 241, PPND16 (Wichura, Applied Statistics 37, 1988).

    /// Where p is within 0.425 of ½; r is what 0.425² is more than (p - ½)².
    let private central (r: Tensor) =
        ratio
            [
                3.3871328727963666080e0
                1.3314166789178437745e2
                1.9715909503065514427e3
                1.3731693765509461125e4
                4.5921953931549871457e4
                6.7265770927008700853e4
                3.3430575583588128105e4
                2.5090809287301226727e3
            ]
            [
                4.2313330701600911252e1
                6.8718700749205790830e2
                5.3941960214247511077e3
                2.1213794301586595867e4
                3.9307895800092710610e4
                2.8729085735721942674e4
                5.2264952788528545610e3
            ]
            r

    /// Towards either end, up to r = √(-ln p) = 5; of r - 1.6.
    let private near (r: Tensor) =
        ratio
            [
                1.42343711074968357734e0
                4.63033784615654529590e0
                5.76949722146069140550e0
                3.64784832476320460504e0
                1.27045825245236838258e0
                2.41780725177450611770e-1
                2.27238449892691845833e-2
                7.74545014278341407640e-4
            ]
            [
                2.05319162663775882187e0
                1.67638483018380384940e0
                6.89767334985100004550e-1
                1.48103976427480074590e-1
                1.51986665636164571966e-2
                5.47593808499534494600e-4
                1.05075007164441684324e-9
            ]
            r

    /// Beyond; of r - 5.
    let private far (r: Tensor) =
        ratio
            [
                6.65790464350110377720e0
                5.46378491116411436990e0
                1.78482653991729133580e0
                2.96560571828504891230e-1
                2.65321895265761230930e-2
                1.24266094738807843860e-3
                2.71155556874348757815e-5
                2.01033439929228813265e-7
            ]
            [
                5.99832206555887937690e-1
                1.36929880922735805310e-1
                1.48753612908506148525e-2
                7.86869131145613259100e-4
                1.84631831751005468180e-5
                1.42151175831644588870e-7
                2.04426310338993978564e-15
            ]
            r

    /// The inverse of the standard normal distribution function; relative error about 1e-16 in Float64.
    let quantile (p: Tensor) : Tensor =
        let q = p - 0.5
        let inner = q * central (0.180625 - q * q)

        let outer =
            let r = sqrt (-(log (minimum p (1.0 - p))))
            let near, far = near (r - 1.6), far (r - 5.0)
            // The probabilities 0 and 1 belong to the infinities.
            q.Sign() * where (r.Equal infinity) r (where (r.LessEqual 5.0) near far)

        where ((abs q).LessEqual 0.425) inner outer

    /// Standard normal, conditioned to lie in [low, high] far on the right, where probabilities underflow: the inverse
    /// of the logarithm of Q(x) = φ(x)/x · m(x), with m(x) = 1 - 1/x² + 3/x⁴ - 15/x⁶ + …, by iteration. What is left
    /// out of the series is below 1e-13 from 30 on.
    let farTail (low: float) (high: float) (u: Tensor) =
        let series = [ 1.0; -1.0; 3.0; -15.0; 105.0; -945.0 ]
        let logRatio (x: Tensor) = log (polynomial series (1.0 / (x * x)) / x)
        // Of a number, not of a tensor: where a function is being compiled, that would have no number yet.
        let at (x: float) =
            let z = 1.0 / (x * x)
            logOf (List.foldBack (fun c sum -> sum * z + c) series 0.0 / x)

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
