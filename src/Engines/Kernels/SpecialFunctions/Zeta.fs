namespace Cotangent.Engines

open System

/// Hurwitz's zeta function, number by number.
module internal Zeta =
    /// ζ(2) - 1, ζ(3) - 1, …
    let lessOne = [|
        0.64493406684822643647
        0.20205690315959428540
        0.082323233711138191516
        0.036927755143369926331
        0.017343061984449139715
        0.0083492773819228268398
        0.0040773561979443393787
        0.0020083928260822144179
        0.00099457512781808533715
        0.00049418860411946455870
        0.00024608655330804829864
        0.00012271334757848914675
        0.000061248135058704829259
        0.000030588236307020493552
        0.000015282259408651871733
        7.6371976378997622736e-6
        3.8172932649998398565e-6
        1.9082127165539389257e-6
        9.5396203387279611315e-7
        4.7693298678780646312e-7
        2.3845050272773299000e-7
        1.1921992596531107307e-7
        5.9608189051259479612e-8
        2.9803503514652280186e-8
        1.4901554828365041235e-8
    |]

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

    /// Σ (q + k)⁻ˢ over k >= 0, by Euler's and Maclaurin's formula: infinite for s = 1 and q = 0, NaN for smaller ones.
    let hurwitz (s: float) (q: float) : float =
        if not (s >= 1.0 && q >= 0.0) then
            nan
        elif s = 1.0 || q = 0.0 then
            infinity
        elif Double.IsInfinity q then
            0.0
        elif Double.IsInfinity s then
            if q > 1.0 then 0.0
            elif q = 1.0 then 1.0
            else infinity
        else
            let terms = int (Math.Max(0.0, Math.Ceiling(10.0 + Math.Min(s, 50.0) - Math.Min(q, 100.0))))
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
