namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The gamma function's logarithm and its derivatives, number by number in Float64: within three units in the last place for
/// positive numbers, and as near in absolute terms where those for negative ones pass through 0.
module internal Gamma =
    /// c₀ + x (c₁ + x (c₂ + …))
    let private poly (c: float[]) (x: float) =
        let mutable y = 0.0

        for i in c.Length - 1 .. -1 .. 0 do
            y <- y * x + c[i]

        y

    // ---- log |Γ|: W. J. Cody's and K. Hillstrom's intervals, the coefficients of Sun's fdlibm (e_lgamma_r.c) ----

    let private a = [|
        7.72156649015328655494e-02
        3.22467033424113591611e-01
        6.73523010531292681824e-02
        2.05808084325167332806e-02
        7.38555086081402883957e-03
        2.89051383673415629091e-03
        1.19270763183362067845e-03
        5.10069792153511336608e-04
        2.20862790713908385557e-04
        1.08011567247583939954e-04
        2.52144565451257326939e-05
        4.48640949618915160150e-05
    |]

    /// Where Γ is smallest, its logarithm there, and what that lacks.
    let private smallest, there, lacking =
        1.46163214496836224576e+00, -1.21486290535849611461e-01, -3.63867699703950536541e-18

    let private t = [|
        4.83836122723810047042e-01
        -1.47587722994593911752e-01
        6.46249402391333854778e-02
        -3.27885410759859649565e-02
        1.79706750811820387126e-02
        -1.03142241298341437450e-02
        6.10053870246291332635e-03
        -3.68452016781138256760e-03
        2.25964780900612472250e-03
        -1.40346469989232843813e-03
        8.81081882437654011382e-04
        -5.38595305356740546715e-04
        3.15632070903625950361e-04
        -3.12754168375120860518e-04
        3.35529192635519073543e-04
    |]

    let private u = [|
        -7.72156649015328655494e-02
        6.32827064025093366517e-01
        1.45492250137234768737e+00
        9.77717527963372745603e-01
        2.28963728064692451092e-01
        1.33810918536787660377e-02
    |]

    let private v = [|
        1.0
        2.45597793713041134822e+00
        2.12848976379893395361e+00
        7.69285150456672783825e-01
        1.04222645593369134254e-01
        3.21709242282423911810e-03
    |]

    let private s = [|
        -7.72156649015328655494e-02
        2.14982415960608852501e-01
        3.25778796408930981787e-01
        1.46350472652464452805e-01
        2.66422703033638609560e-02
        1.84028451407337715652e-03
        3.19475326584100867617e-05
    |]

    let private r = [|
        1.0
        1.39200533467621045958e+00
        7.21935547567138069525e-01
        1.71933865632803078993e-01
        1.86459191715652901344e-02
        7.77942496381893596434e-04
        7.32668430744625636189e-06
    |]

    let private w = [|
        8.33333333333329678849e-02
        -2.77777777728775536470e-03
        7.93650558643019558500e-04
        -5.95187557450339963135e-04
        8.36339918996282139126e-04
        -1.63092934096575273989e-03
    |]

    let private every start step (c: float[]) = [| for i in start..step .. c.Length - 1 -> c[i] |]
    let private even, odd = every 0 2 a, every 1 2 a
    let private t0, t1, t2 = every 0 3 t, every 1 3 t, every 2 3 t

    /// From 1 and 2 downwards.
    let private below (y: float) =
        let z = y * y
        y * poly even z + z * poly odd z - 0.5 * y

    /// About where Γ is smallest.
    let private about (y: float) =
        let z = y * y
        let cube = z * y
        there + (z * poly t0 cube - (lacking - cube * (poly t1 cube + y * poly t2 cube)))

    /// From 1 upwards.
    let private above (y: float) = -0.5 * y + y * poly u y / poly v y

    let private positive (x: float) =
        if x < 8.47e-22 then
            -Math.Log x
        elif x <= 0.9 then
            let rest =
                if x >= 0.7316 then below (1.0 - x)
                elif x >= 0.23164 then about (x - (smallest - 1.0))
                else above x

            rest - Math.Log x
        elif x < 2.0 then
            if x >= 1.7316 then below (2.0 - x)
            elif x >= 1.23 then about (x - smallest)
            else above (x - 1.0)
        elif x < 8.0 then
            let whole = Math.Floor x
            let y = x - whole
            let mutable product = 1.0

            for k in int whole - 1 .. -1 .. 2 do
                product <- product * (y + float k)

            0.5 * y + y * poly s y / poly r y + Math.Log product
        elif x < 2.9e17 then
            let z = 1.0 / x
            let rest = 4.18938533204672725052e-01 + z * poly w (z * z)
            (x - 0.5) * (Math.Log x - 1.0) + rest
        else
            x * (Math.Log x - 1.0)

    /// Whether it is 0, -1, -2, …
    let private isPole (x: float) = x <= 0.0 && Math.Floor x = x

    /// sin π x and cos π x, of what is left after whole and half turns.
    let private turn (x: float) =
        let rest = x - 2.0 * Math.Round(x / 2.0)
        struct (Double.SinPi rest, Double.CosPi rest)

    let logGamma (x: float) : float =
        if Double.IsNaN x then
            nan
        elif Double.IsInfinity x || isPole x then
            infinity
        elif x > 0.0 then
            positive x
        // Γ(x) Γ(-x) = -π / (x sin π x)
        else
            let struct (sine, _) = turn x
            if -x < 1e-17 then -Math.Log -x else Math.Log(Math.PI / Math.Abs(x * sine)) - positive -x

    // ---- Its first derivative: J. Maddock's rational function about the root (Boost) ----

    let private p = [|
        0.25479851061131551
        -0.32555031186804491
        -0.65031853770896507
        -0.28919126444774784
        -0.045251321448739056
        -0.0020713321167745952
    |]

    let private q = [|
        1.0
        2.0767117023730469
        1.4606242909763515
        0.43593529692665969
        0.054151797245674225
        0.0021284987017821144
        -0.55789841321675513e-6
    |]

    let private far = [|
        1.0 / 12.0
        -1.0 / 120.0
        1.0 / 252.0
        -1.0 / 240.0
        1.0 / 132.0
        -691.0 / 32760.0
        1.0 / 12.0
        -3617.0 / 8160.0
    |]

    let private digammaOfPositive (x: float) =
        if x >= 10.0 then
            let z = 1.0 / (x * x)
            Math.Log x - 0.5 / x - z * poly far z
        else
            let mutable x, sum = x, 0.0

            while x > 2.0 do
                x <- x - 1.0
                sum <- sum + 1.0 / x

            while x < 1.0 do
                sum <- sum - 1.0 / x
                x <- x + 1.0

            // The root in three parts.
            let g = x - 1569415565.0 / 1073741824.0

            let g =
                g
                - (381566830.0 / 1073741824.0) / 1073741824.0
                - 0.9016312093258695918615325266959189453125e-19

            sum + (g * 0.99558162689208984375 + g * (poly p (x - 1.0) / poly q (x - 1.0)))

    // ---- The others: n! ζ(n + 1, x), summed and then by Euler's and Maclaurin's formula ----

    let private bernoulli = [|
        1.0 / 6.0
        -1.0 / 30.0
        1.0 / 42.0
        -1.0 / 30.0
        5.0 / 66.0
        -691.0 / 2730.0
        7.0 / 6.0
        -3617.0 / 510.0
        43867.0 / 798.0
        -174611.0 / 330.0
        854513.0 / 138.0
    |]

    let private factorial n = Seq.fold (fun f k -> f * float k) 1.0 (seq { 2..n })

    /// Σ (q + k)⁻ˢ over k >= 0, for s above 1 and q above 0: so many terms as they are, the rest by Euler's and Maclaurin's
    /// formula.
    let hurwitzSum (terms: int) (s: float) (q: float) : float =
        let far = q + float terms
        let power = Math.Pow(far, -s)
        let mutable sum = Math.Pow(far, 1.0 - s) / (s - 1.0) + 0.5 * power
        let mutable factor = power * s / (2.0 * far)

        for k in 1 .. bernoulli.Length do
            sum <- sum + bernoulli[k - 1] * factor
            let at = s + float (2 * k)
            factor <- factor * (at - 1.0) * at / (float ((2 * k + 1) * (2 * k + 2)) * far * far)

        for k in terms - 1 .. -1 .. 0 do
            sum <- sum + Math.Pow(q + float k, -s)

        sum

    /// The derivative of so much order n of that sum with respect to s. Where the formula is a product of functions of s, so is its
    /// Taylor series at s, which is kept up to εⁿ.
    let hurwitzSlope (order: int) (terms: int) (s: float) (q: float) : float =
        let times (a: float[]) (b: float[]) =
            Array.init (order + 1) (fun k -> Seq.sum (seq { for i in 0..k -> a[i] * b[k - i] }))

        /// s + ε + c
        let linear (c: float) =
            Array.init (order + 1) (fun k ->
                if k = 0 then s + c
                elif k = 1 then 1.0
                else 0.0)

        let far = q + float terms
        let log = -(Math.Log far)
        // far⁻ˢ⁻ᵋ = far⁻ˢ exp(-ε log far)
        let power = Array.init (order + 1) (fun k -> Math.Pow(far, -s) * Math.Pow(log, float k) / factorial k)

        let inverse =
            Array.init (order + 1) (fun k ->
                (if k % 2 = 0 then 1.0 else -1.0) / Math.Pow(s - 1.0, float (k + 1)))

        let mutable sum = far * (times power inverse)[order] + 0.5 * power[order]
        let mutable factor = times power (linear 0.0) |> Array.map (fun c -> c / (2.0 * far))

        for k in 1 .. bernoulli.Length do
            sum <- sum + bernoulli[k - 1] * factor[order]
            let at = float (2 * k)
            let divisor = float ((2 * k + 1) * (2 * k + 2)) * far * far

            factor <- times (times factor (linear (at - 1.0))) (linear at) |> Array.map (fun c -> c / divisor)

        sum <- sum * factorial order

        for k in terms - 1 .. -1 .. 0 do
            let x = q + float k
            sum <- sum + Math.Pow(-(Math.Log x), float order) * Math.Pow(x, -s)

        sum

    let private polygammaOfPositive (n: int) (x: float) =
        let terms = Math.Max(0, int (Math.Ceiling(float (10 + n) - Math.Min(x, 1e6))))
        (if n % 2 = 0 then -1.0 else 1.0) * factorial n * hurwitzSum terms (float (n + 1)) x

    /// The n-th derivative of cot π x, divided by πⁿ, as a polynomial of cot π x.
    let private cotangent (n: int) : float[] =
        let mutable c = [| 0.0; 1.0 |]

        for _ in 1..n do
            let slope = Array.init (c.Length - 1) (fun i -> c[i + 1] * float (i + 1))

            c <-
                Array.init (slope.Length + 2) (fun i ->
                    (if i < slope.Length then -slope[i] else 0.0) - (if i >= 2 then slope[i - 2] else 0.0))

        c

    /// The derivative of order n + 1 of log |Γ|.
    let polygamma (n: int) : float -> float =
        let ofPositive = if n = 0 then digammaOfPositive else polygammaOfPositive n
        let reflected = lazy cotangent n

        fun x ->
            if Double.IsNaN x || Double.IsNegativeInfinity x then
                nan
            elif Double.IsPositiveInfinity x then
                if n = 0 then infinity else 0.0
            elif isPole x then
                // Of even order the sides differ.
                if n % 2 = 1 then infinity else nan
            elif x > 0.0 then
                ofPositive x
            else
                // ψ(x) = ±ψ(1 - x) - π dⁿ/dxⁿ cot π x
                let struct (sine, cosine) = turn x
                let turned = Math.Pow(Math.PI, float (n + 1)) * poly reflected.Value (cosine / sine)
                (if n % 2 = 0 then 1.0 else -1.0) * ofPositive (1.0 - x) - turned

    /// y <- f x
    let each<'T when 'T: struct and 'T :> INumber<'T>>
        (f: float -> float)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        Tile.optimised ()

        for i in 0 .. x.Length - 1 do
            let value: float = Double.CreateSaturating(x[i])
            y[i] <- 'T.CreateSaturating(f value)
