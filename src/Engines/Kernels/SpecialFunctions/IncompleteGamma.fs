namespace Cotangent.Engines

open System

/// The incomplete gamma functions P and Q = 1 - P, number by number: by the series of P for x below a, by the continued fraction of
/// Q beyond (W. Gautschi, "A computational procedure for incomplete gamma functions", 1979).
module internal IncompleteGamma =
    /// xᵃ e⁻ˣ / Γ(a + 1)
    let front (a: float) (x: float) =
        if a >= 10.0 then
            let from = (x - a) / a
            Math.Exp(a * Elementary.log1pLess from - Elementary.stirling a) / Math.Sqrt(2.0 * Math.PI * a)
        elif x < 500.0 then
            Math.Pow(x, a) * Math.Exp -x / Math.Exp(Gamma.logGamma (a + 1.0))
        else
            Math.Exp(a * Math.Log x - x - Gamma.logGamma (a + 1.0))

    let private series (a: float) (x: float) =
        let mutable sum, term, at = 1.0, 1.0, a

        while term > 1e-17 * sum do
            at <- at + 1.0
            term <- term * x / at
            sum <- sum + term

        front a x * sum

    /// x + 1 - a - 1 (1 - a)/(x + 3 - a - 2 (2 - a)/(…)), of which Lentz's algorithm tells how many terms count. Summed up from the
    /// last one it is exact to a unit or two.
    let termsOfFraction (a: float) (x: float) : int =
        let tiny = 1e-300
        let clear v = if Math.Abs(v: float) < tiny then tiny else v
        let mutable b = x + 1.0 - a
        let mutable c, d = 1.0 / tiny, 1.0 / clear b
        let mutable step = 0.0
        let mutable i = 0.0

        while Math.Abs(step - 1.0) > 2e-16 && i < 1e6 do
            i <- i + 1.0
            let an = -i * (i - a)
            b <- b + 2.0
            d <- 1.0 / clear (an * d + b)
            c <- clear (b + an / c)
            step <- d * c

        int i

    let private clear v = if Math.Abs(v: float) < 1e-300 then 1e-300 else v

    let private fraction (a: float) (x: float) =
        let mutable rest = 0.0

        for k in termsOfFraction a x .. -1 .. 1 do
            let k = float k
            rest <- -k * (k - a) / clear (x + 1.0 - a + 2.0 * k + rest)

        front a x * a / (x + 1.0 - a + rest)

    /// Q for a <= 1 and small x, where P is nearly 1: with u = xᵃ/Γ(a + 1), P = u (1 + a Σ (-x)ᵏ/((a + k) k!)).
    let private nearOne (a: float) (x: float) =
        let logU = a * Math.Log x - Elementary.logGamma1p a
        let mutable sum, power = 0.0, 1.0

        for k in 1..30 do
            power <- power * -x / float k
            sum <- sum + power / (a + float k)

        -(Elementary.expm1 logU) - Math.Exp logU * a * sum

    let private isSmall (a: float) (x: float) = a <= 1.0 && x <= 1.1
    let isBelow (a: float) (x: float) = x < a + 1.0 && not (a <= 1.0 && x > 1.1)

    let private within (a: float) (x: float) (atZero: float) (atInfinity: float) (other: unit -> float) =
        if not (a >= 0.0 && x >= 0.0) || a = 0.0 && x = 0.0 then nan
        elif Double.IsInfinity a then (if Double.IsInfinity x then nan else atZero)
        elif x = 0.0 then atZero
        elif a = 0.0 || Double.IsInfinity x then atInfinity
        else other ()

    /// ∫ tᵃ⁻¹ e⁻ᵗ dt from 0 to x, divided by Γ(a).
    let lower (a: float) (x: float) : float =
        within a x 0.0 1.0 (fun () -> if isBelow a x then series a x else 1.0 - fraction a x)

    /// The same from x on.
    let upper (a: float) (x: float) : float =
        within a x 1.0 0.0 (fun () ->
            if isSmall a x then nearOne a x
            elif isBelow a x then 1.0 - series a x
            else fraction a x)
