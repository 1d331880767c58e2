namespace Cotangent.Engines

open System

/// The normal distribution and the error function, scaled, inverted and in logarithms, number by number.
module internal NormalTails =
    // Of (1 + 2x) exp(x²) erfc x in (x - 3.75)/(x + 3.75).

    let private erfcx = [|
        1.1775789345674017541
        -0.0045900545806464773309
        -0.084249133366517915584
        0.059209939998191890498
        -0.026658668435305752277
        0.0090749976707052650939
        -0.0024131635404176081909
        0.00049077583652580863229
        -0.000069169733025012063671
        4.1390279860730101675e-6
        7.7403830661984906686e-7
        -2.1886401049234395661e-7
        1.0764999465670910377e-8
        4.5219598112182868979e-9
        -7.7544002088313511065e-10
        -6.3180883408866844944e-11
        2.8687950109306698981e-11
        1.9455868545777347230e-13
        -9.6546967484334389059e-13
        3.2525481481487398415e-14
        3.3478119482868053878e-14
        -1.8645628804193131015e-15
        -1.2507950530688647085e-15
        7.4182352566240434630e-17
        5.0681489047961113168e-17
        -2.2370566594359995974e-18
        -2.1873429443030176650e-18
    |]

    /// exp(x² + rest), without the error of x² rounded.
    let private expOfSquare sign (x: float) (rest: float) =
        let square = x * x
        let lost = Math.FusedMultiplyAdd(x, x, -square)
        Math.Exp(sign * square) * Math.Exp(sign * lost + rest)

    /// exp(x²) erfc x
    let scaledTail (x: float) : float =
        if x >= 0.0 then
            if Double.IsInfinity x then
                0.0
            else
                Chebyshev.sum erfcx ((x - 3.75) / (x + 3.75)) / (1.0 + 2.0 * x)
        elif x < -26.7 then
            infinity
        else
            let size = -x

            2.0 * expOfSquare 1.0 x 0.0
            - Chebyshev.sum erfcx ((size - 3.75) / (size + 3.75)) / (1.0 + 2.0 * size)

    [<Literal>]
    let private Half = 0.70710678118654752440

    /// How likely a standard normal variable is above x >= 0.
    let private above (x: float) =
        // exp(-x²/2), without the error of x² rounded.
        let square = x * x
        let lost = Math.FusedMultiplyAdd(x, x, -square)
        0.5 * scaledTail (x * Half) * Math.Exp(-0.5 * square) * (1.0 - 0.5 * lost)

    /// How likely a standard normal variable is below x.
    let distribution (x: float) : float =
        if Double.IsNegativeInfinity x then 0.0
        elif Double.IsPositiveInfinity x then 1.0
        elif x < 0.0 then above -x
        else 1.0 - above x

    let logDistribution (x: float) : float =
        if Double.IsInfinity x then
            (if x > 0.0 then 0.0 else x)
        elif x < -1.0 then
            -0.5 * x * x + Math.Log(0.5 * scaledTail (-x * Half))
        elif x < 0.0 then
            Math.Log(above -x)
        else
            let tail = above x
            // log (1 - tail), near 0 by its own series.
            if tail < 1e-5 then -tail * (1.0 + tail * (0.5 + tail / 3.0)) else Elementary.log1p -tail

    // ---- The inverse: algorithm AS 241, PPND16 (M. Wichura, Applied Statistics 37, 1988) ----

    let private ratio (struct (numerator: float[], denominator: float[])) (r: float) =
        let poly (c: float[]) =
            let mutable y = 0.0

            for k in c.Length - 1 .. -1 .. 0 do
                y <- Math.FusedMultiplyAdd(y, r, c[k])

            y

        poly numerator / poly denominator

    /// The quantile of ½ + q, where `tail`, the smaller of that and what it lacks to 1, is told for large q.
    let private quantileOf (q: float) (tail: float) =
        if Math.Abs q <= 0.425 then
            q * ratio WichuraCoefficients.central (0.180625 - q * q)
        else
            let r = Math.Sqrt(-(Math.Log tail))

            let x =
                if r <= 5.0 then
                    ratio WichuraCoefficients.near (r - 1.6)
                else
                    ratio WichuraCoefficients.far (r - 5.0)

            Math.CopySign(x, q)

    let quantile (p: float) : float =
        if not (p >= 0.0 && p <= 1.0) then
            nan
        elif p = 0.0 then
            -infinity
        elif p = 1.0 then
            infinity
        else
            // Above ½ the difference is exact.
            let tail = Math.Min(p, 1.0 - p)
            quantileOf (p - 0.5) tail

    /// The x of which the error function is y.
    let inverseErf (y: float) : float =
        if not (Math.Abs y <= 1.0) then nan
        elif Math.Abs y = 1.0 then y * infinity
        else Half * quantileOf (0.5 * y) (0.5 * (1.0 - Math.Abs y))
