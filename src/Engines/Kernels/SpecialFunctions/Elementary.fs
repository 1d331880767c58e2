namespace Cotangent.Engines

open System

/// What .NET has no exact functions for, and other special functions are made of.
module internal Elementary =
    /// log (1 + x): what rounding takes from 1 + x cancels in the quotient.
    let log1p (x: float) : float =
        let u = 1.0 + x

        if u = 1.0 then x
        elif Double.IsInfinity u then u
        else Math.Log u * (x / (u - 1.0))

    /// exp x - 1, likewise.
    let expm1 (x: float) : float =
        if Math.Abs x > 1.0 then
            Math.Exp x - 1.0
        else
            let u = Math.Exp x

            if u = 1.0 then x else (u - 1.0) * (x / Math.Log u)

    /// log (1 + x) - x, by the series of the inverse hyperbolic tangent of x/(2 + x).
    let log1pLess (x: float) : float =
        if x < -0.7 || x > 1.6 || Double.IsNaN x then
            log1p x - x
        else
            let r = x / (2.0 + x)
            let square = r * r
            let mutable sum = 0.0

            for k in 24..-1..1 do
                sum <- square * (1.0 / float (2 * k + 1) + sum)

            r * (2.0 * sum - x)

    /// What log Γ(x) is more than Stirling's (x - ½) log x - x + ½ log 2π, for x >= 10.
    let stirling (x: float) : float =
        let z = 1.0 / (x * x)

        (1.0 / 12.0
         - z
           * (1.0 / 360.0
              - z
                * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z * (1.0 / 1188.0 - z * (691.0 / 360360.0 - z / 156.0))))))
        / x

    /// log Γ(1 + x) for 0 <= x <= 1, also where it is nearly 0.
    let logGamma1p (x: float) : float =
        if x > 0.2 then
            Gamma.logGamma (1.0 + x)
        else
            // -γ x + ζ(2) x²/2 - ζ(3) x³/3 + …, with ζ(k) - 1 summed apart from the logarithm that the ones make.
            let mutable sum = 0.0

            for k in Zeta.lessOne.Length - 1 .. -1 .. 0 do
                let order = float (k + 2)
                let sign = if k % 2 = 0 then 1.0 else -1.0
                sum <- x * (sign * Zeta.lessOne[k] / order + sum)

            x * (sum + (1.0 - 0.57721566490153286061)) - log1p x
