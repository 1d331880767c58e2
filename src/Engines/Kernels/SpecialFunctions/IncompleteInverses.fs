namespace Cotangent.Engines

open System

/// Inverses of the incomplete gamma and beta functions, by Newton's steps for the logarithm of the smaller tail. In s = log x, or
/// log x/(1 - x), the densities are log-concave, and so are both tails: from below, the steps rise to the root and never pass it.
module internal IncompleteInverses =
    [<Literal>]
    let private MostSteps = 100

    /// Where a rising, concave g is 0. `step` gives g and its slope.
    let private root (start: float) (step: float -> struct (float * float)) : float =
        let mutable s = start
        let mutable left = MostSteps

        while left > 0 do
            let struct (value, slope) = step s
            let change = value / slope

            if Double.IsNaN change || Double.IsInfinity change then
                // Out of what numbers can tell: towards the middle.
                s <- s * 0.5
                left <- left - 1
            else
                s <- Math.Max(-740.0, Math.Min(700.0, s - change))
                // The error after a step is about the square of the step.
                left <- if Math.Abs change <= 1e-9 * Math.Max(1.0, Math.Abs s) then 0 else left - 1

        s

    /// log Γ(a) is finite, p + q = 1, and the smaller one is exact.
    let private gammaOf (a: float) (p: float) (q: float) : float =
        let isLow = p <= q

        let start =
            // As if only the first term of the series were there; or, for larger ones, as if the cube root were normal.
            let small = (Math.Log p + Gamma.logGamma (a + 1.0)) / a

            if small < Math.Log(0.2 * (a + 1.0)) then
                small
            else
                let z = if isLow then NormalTails.quantile p else -(NormalTails.quantile q)
                let cube = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * Math.Sqrt a)
                if cube > 0.1 then Math.Log a + 3.0 * Math.Log cube else small

        let start = Math.Max(-700.0, Math.Min(700.0, start))

        if isLow && (Math.Log p + Gamma.logGamma (a + 1.0)) / a < -700.0 then
            0.0
        else
            let step s =
                let x = Math.Exp s
                let slope = IncompleteGamma.front a x * a

                if isLow then
                    let tail = IncompleteGamma.lower a x
                    struct (Math.Log(tail / p), slope / tail)
                else
                    let tail = IncompleteGamma.upper a x
                    struct (Math.Log(tail / q), -slope / tail)

            Math.Exp(root start step)

    /// x with P(a, x) = p, or with Q(a, x) = p.
    let gamma (isUpper: bool) (a: float) (p: float) : float =
        if not (a > 0.0 && p >= 0.0 && p <= 1.0) || Double.IsInfinity a then nan
        elif p = 0.0 then (if isUpper then infinity else 0.0)
        elif p = 1.0 then (if isUpper then 0.0 else infinity)
        elif isUpper then gammaOf a (1.0 - p) p
        else gammaOf a p (1.0 - p)

    /// x with I(a, b; x) = p.
    let beta (a: float) (b: float) (p: float) : float =
        if not (a > 0.0 && b > 0.0 && p >= 0.0 && p <= 1.0) || Double.IsInfinity(a + b) then
            nan
        elif p = 0.0 || p = 1.0 then
            p
        else
            let isLow = p <= 0.5
            let q = 1.0 - p
            let z = NormalTails.quantile p

            // Mean and deviation of log x/(1 - x); where x is tiny, the first term of the series alone.
            let middle = Gamma.polygamma 0 a - Gamma.polygamma 0 b
            let width = Math.Sqrt(Gamma.polygamma 1 a + Gamma.polygamma 1 b)
            let small = (Math.Log p + Math.Log a + IncompleteBeta.logBeta a b) / a
            let large = -(Math.Log q + Math.Log b + IncompleteBeta.logBeta a b) / b

            let start =
                if small < -3.0 && small < middle then small
                elif large > 3.0 && large > middle then large
                else middle + z * width

            let start = Math.Max(-700.0, Math.Min(700.0, start))

            if small < -700.0 then
                0.0
            else
                let step s =
                    let x, y = 1.0 / (1.0 + Math.Exp -s), 1.0 / (1.0 + Math.Exp s)
                    let n = a + b
                    let whole = x * n
                    let from = whole - a + Math.FusedMultiplyAdd(x, n, -whole)
                    let slope = IncompleteBeta.front a b x y from

                    if isLow then
                        let tail = IncompleteBeta.regularised a b x
                        struct (Math.Log(tail / p), slope / tail)
                    else
                        let tail = IncompleteBeta.regularised b a y
                        struct (Math.Log(tail / q), -slope / tail)

                let s = root start step
                1.0 / (1.0 + Math.Exp -s)
