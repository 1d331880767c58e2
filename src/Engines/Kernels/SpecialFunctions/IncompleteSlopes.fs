namespace Cotangent.Engines

open System

/// Derivatives of the incomplete gamma and beta functions by their parameters, of any order: the series and fractions that compute
/// the functions, with jets in place of numbers.
module internal IncompleteSlopes =
    let private factorial n = Seq.fold (fun f k -> f * float k) 1.0 (seq { 2..n })

    /// The derivative of so much order, from 1 on, of log Γ.
    let private logGammaSlope order (x: float) : float = Gamma.polygamma (order - 1) x

    /// ψ(a + 1) - log a, for a >= 10.
    let private digammaLessLog (a: float) =
        let z = 1.0 / (a * a)

        0.5 / a
        - z
          * (1.0 / 12.0
             - z
               * (1.0 / 120.0
                  - z
                    * (1.0 / 252.0 - z * (1.0 / 240.0 - z * (1.0 / 132.0 - z * (691.0 / 32760.0 - z / 12.0))))))

    /// log x - ψ(a + 1), which is small where x is about a.
    let private logLessDigamma (a: float) (x: float) =
        if a < 10.0 then
            Math.Log x - Gamma.polygamma 0 (a + 1.0)
        else
            let from = (x - a) / a
            let logRatio = if Math.Abs from < 0.5 then Elementary.log1p from else Math.Log(x / a)
            logRatio - digammaLessLog a

    /// xᵃ e⁻ˣ / Γ(a + 1), but for the factor that it is without ε.
    let private gammaFront (s: Jets) (a: float) (x: float) : float[] =
        let exponent = s.Constant 0.0

        for i in 1 .. s.M do
            exponent[i] <- if i = 1 then logLessDigamma a x else -(logGammaSlope i (a + 1.0)) / factorial i

        s.ExpWithout exponent

    /// Σ xᵏ / ((a + 1) … (a + k)), until no coefficient changes any more.
    let private gammaSeries (s: Jets) (a: float) (x: float) : float[] =
        let mutable sum, term = s.Constant 1.0, s.Constant 1.0
        let mutable k = 0.0

        let isMoving () =
            Array.exists2 (fun (t: float) (c: float) -> Math.Abs t > 1e-17 * Math.Abs c) term sum

        while k < 3.0 || isMoving () && k < 1e6 do
            k <- k + 1.0
            term <- s.Divide(s.Scale(x, term), s.First(a + k))
            sum <- s.Add(sum, term)

        sum

    /// How many terms of a fraction count for derivatives: of whole parameters it ends early, but not of those beside them.
    let private termsAround (terms: float -> int) : int =
        let most = Math.Max(terms 0.0, terms 0.5)
        most + most / 8 + 4

    /// a / (x + 1 - a - …), from its last term on.
    let private gammaFraction (s: Jets) (a: float) (x: float) : float[] =
        let less = s.Scale(-1.0, s.First a)
        let mutable rest = s.Constant 0.0
        let terms = termsAround (fun shift -> IncompleteGamma.termsOfFraction (a + shift) x)

        for k in terms .. -1 .. 1 do
            let k = float k
            let over = s.Scale(-1.0, s.Shift(less, k))
            let below = s.Add(s.Shift(less, x + 1.0 + 2.0 * k), rest)
            rest <- s.Divide(s.Scale(k, over), below)

        s.Divide(s.First a, s.Add(s.Shift(less, x + 1.0), rest))

    /// The derivative of P(a, x), so many times by a.
    let gamma (order: int) (a: float) (x: float) : float =
        if order = 0 then
            IncompleteGamma.lower a x
        elif not (a >= 0.0 && x >= 0.0) || a = 0.0 && x = 0.0 || Double.IsInfinity a then
            nan
        elif x = 0.0 || Double.IsInfinity x then
            0.0
        else
            let s = { M = order; N = 0 }
            let front = gammaFront s a x

            if IncompleteGamma.isBelow a x || a <= 1.0 && x <= 1.1 then
                IncompleteGamma.front a x * s.Last(s.Multiply(front, gammaSeries s a x))
            else
                -(IncompleteGamma.front a x) * s.Last(s.Multiply(front, gammaFraction s a x))

    /// xᵃ yᵇ / (a B(a, b)), but for the factor that it is without ε and δ.
    let private betaFront (s: Jets) (a: float) (b: float) (x: float) (y: float) : float[] =
        let exponent = s.Constant 0.0

        for i in 0 .. s.M do
            for j in 0 .. s.N do
                if i + j > 0 then
                    let own = if j = 0 then logGammaSlope i (a + 1.0) else 0.0
                    let other = if i = 0 then logGammaSlope j b else 0.0

                    let power =
                        if i = 1 && j = 0 then Math.Log x
                        elif i = 0 && j = 1 then (if x < 0.5 then Elementary.log1p -x else Math.Log y)
                        else 0.0

                    let sum = power + logGammaSlope (i + j) (a + b) - own - other
                    exponent[i * (s.N + 1) + j] <- sum / (factorial i * factorial j)

        s.ExpWithout exponent

    let private betaFraction (s: Jets) (a: float) (b: float) (x: float) : float[] =
        let first, second = s.First a, s.Second b
        let both = s.Add(first, second)
        let mutable rest = s.Constant 1.0
        let terms = termsAround (fun shift -> IncompleteBeta.termsOfFraction a (b + shift) x)

        /// 1 + factor · u · v / ((a + p) (a + q)) / rest
        let turn factor (u: float[]) (v: float[]) p q =
            let over = s.Scale(factor, s.Multiply(u, v))
            let below = s.Multiply(s.Multiply(s.Shift(first, p), s.Shift(first, q)), rest)
            rest <- s.Shift(s.Divide(over, below), 1.0)

        for k in terms .. -1 .. 1 do
            let k = float k
            turn -x (s.Shift(first, k)) (s.Shift(both, k)) (2.0 * k) (2.0 * k + 1.0)
            let less = s.Shift(second, -k)
            turn (-k * x) (s.Scale(-1.0, less)) (s.Constant 1.0) (2.0 * k - 1.0) (2.0 * k)

        let last = s.Divide(s.Scale(x, both), s.Multiply(s.Shift(first, 1.0), rest))
        s.Divide(s.Constant 1.0, s.Shift(s.Scale(-1.0, last), 1.0))

    let private betaBelow (s: Jets) (a: float) (b: float) (x: float) (y: float) : float =
        let n = a + b
        let whole = x * n
        let from = whole - a + Math.FusedMultiplyAdd(x, n, -whole)
        let jets = s.Multiply(betaFront s a b x y, betaFraction s a b x)
        IncompleteBeta.front a b x y from / a * s.Last jets

    /// The derivative of I(a, b; x), so many times by a and by b.
    let beta (byA: int) (byB: int) (a: float) (b: float) (x: float) : float =
        if byA + byB = 0 then IncompleteBeta.regularised a b x
        elif not (a > 0.0 && b > 0.0 && x >= 0.0 && x <= 1.0) || Double.IsInfinity(a + b) then nan
        elif x = 0.0 || x = 1.0 then 0.0
        elif x <= (a + 1.0) / (a + b + 2.0) then betaBelow { M = byA; N = byB } a b x (1.0 - x)
        else -(betaBelow { M = byB; N = byA } b a (1.0 - x) x)
