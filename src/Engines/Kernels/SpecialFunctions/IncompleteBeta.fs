namespace Cotangent.Engines

open System

/// The beta function's logarithm and the incomplete beta function, number by number.
module internal IncompleteBeta =
    /// log Γ(a) Γ(b) / Γ(a + b), without the large terms that cancel where an argument is large.
    let logBeta (a: float) (b: float) : float =
        let p, q = Math.Min(a, b), Math.Max(a, b)

        if not (p >= 0.0) then
            nan
        elif p = 0.0 then
            infinity
        elif Double.IsInfinity q then
            -infinity
        elif p >= 10.0 then
            let rest = Elementary.stirling p + Elementary.stirling q - Elementary.stirling (p + q)

            -0.5 * Math.Log q
            + 0.91893853320467274178
            + rest
            + (p - 0.5) * Math.Log(p / (p + q))
            + q * Elementary.log1p (-p / (p + q))
        elif q >= 10.0 then
            let rest = Elementary.stirling q - Elementary.stirling (p + q)

            Gamma.logGamma p + rest + p - p * Math.Log(p + q) + (q - 0.5) * Elementary.log1p (-p / (p + q))
        else
            Gamma.logGamma p + (Gamma.logGamma q - Gamma.logGamma (p + q))

    /// xᵃ yᵇ / B(a, b), where y = 1 - x; `from`: x (a + b) - a, which y, rounded, would tell badly.
    let front (a: float) (b: float) (x: float) (y: float) (from: float) =
        if a >= 10.0 && b >= 10.0 then
            let n = a + b
            let rest = Elementary.stirling a + Elementary.stirling b - Elementary.stirling n
            let exponent = a * Elementary.log1pLess (from / a) + b * Elementary.log1pLess (-from / b)
            Math.Sqrt(a * b / (2.0 * Math.PI * n)) * Math.Exp(exponent - rest)
        else
            let logY = if x < 0.5 then Elementary.log1p -x else Math.Log y
            let logX = if y < 0.5 then Elementary.log1p -y else Math.Log x
            Math.Exp(a * logX + b * logY - logBeta a b)

    let private tiny = 1e-300
    let private clear v = if Math.Abs(v: float) < tiny then tiny else v

    /// How many terms of the continued fraction count, by Lentz's algorithm.
    let termsOfFraction (a: float) (b: float) (x: float) : int =
        let mutable c = 1.0
        let mutable d = 1.0 / clear (1.0 - (a + b) * x / (a + 1.0))
        let mutable step = 0.0
        let mutable m = 0.0

        let inline turn (an: float) =
            d <- 1.0 / clear (1.0 + an * d)
            c <- clear (1.0 + an / c)
            step <- d * c

        while Math.Abs(step - 1.0) > 2e-16 && m < 1e5 do
            m <- m + 1.0
            let twice = a + 2.0 * m
            turn (m * (b - m) * x / ((twice - 1.0) * twice))
            turn (-(a + m) * (a + b + m) * x / (twice * (twice + 1.0)))

        int m

    /// Summed up from the last one it is exact to a unit or two.
    let private fraction (a: float) (b: float) (x: float) =
        let mutable rest = 1.0

        for k in termsOfFraction a b x .. -1 .. 1 do
            let k = float k
            let at = a + 2.0 * k
            rest <- 1.0 - (a + k) * (a + b + k) * x / (at * (at + 1.0)) / clear rest
            rest <- 1.0 + k * (b - k) * x / ((at - 1.0) * at) / clear rest

        1.0 / clear (1.0 - (a + b) * x / (a + 1.0) / clear rest)

    /// ∫ tᵃ⁻¹ (1 - t)ᵇ⁻¹ dt from 0 to x, divided by B(a, b).
    let regularised (a: float) (b: float) (x: float) : float =
        if not (a > 0.0 && b > 0.0 && x >= 0.0 && x <= 1.0) || Double.IsInfinity(a + b) then
            nan
        elif x = 0.0 || x = 1.0 then
            x
        else
            let y = 1.0 - x
            let n = a + b
            let whole = x * n
            let from = whole - a + Math.FusedMultiplyAdd(x, n, -whole)

            if x <= (a + 1.0) / (a + b + 2.0) then
                front a b x y from / a * fraction a b x
            else
                1.0 - front b a y x -from / b * fraction b a y
