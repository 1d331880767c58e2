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

    /// How many terms are summed one by one before the formula is exact.
    let private termsOf (s: float) (q: float) =
        int (Math.Max(0.0, Math.Ceiling(10.0 + Math.Min(s, 50.0) - Math.Min(q, 100.0))))

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
            Gamma.hurwitzSum (termsOf s q) s q

    /// The derivative of so much order n with respect to s, Σ (-log (q + k))ⁿ (q + k)⁻ˢ.
    let slope (order: int) (s: float) (q: float) : float =
        if order = 0 then
            hurwitz s q
        elif not (s >= 1.0 && q >= 0.0) || Double.IsInfinity s then
            nan
        elif s = 1.0 || q = 0.0 then
            // (-1)ⁿ n!/(s - 1)ⁿ⁺¹ outweighs all at the pole, the first term at q = 0, whose logarithm is negative.
            if s = 1.0 && order % 2 = 1 then -infinity else infinity
        elif Double.IsInfinity q then
            0.0
        else
            Gamma.hurwitzSlope order (termsOf s q) s q
