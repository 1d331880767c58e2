namespace Cotangent.Lanes

// exp, log and what follows from them.
//
// Arguments are reduced to an interval around 0: exp by multiples of log 2, log by powers of two. There a polynomial
// serves, of least largest error (by Remez's and Lawson's algorithms), with coefficients rounded one after the other.
// Errors are at most 2 units in the last place, in special cases none.

[<RequireQualifiedAccess>]
module internal Exponentials =
    open Numbers

    /// x·factor to the nearest integer n, and 2^(n + up), which must be a normal number. Adding a large number rounds,
    /// and leaves n in the lowest bits, to which the large number adds the bias of exponents.
    let inline private wholes (x: Number<'A, 'V>) (factor: float) (up: float) =
        let shift = pick x (Operators.(+) 12583039.0 up) (Operators.(+) 6755399441056767.0 up)

        let shifted = fma x (real x factor) shift
        let power = shifted <<< (if isSingle x then 23 else 52)
        struct (shifted - shift, power)

    /// x - n·(high + low). The product by the first part of log 2, or of 2·log 2, is exact.
    let inline private lessLog2 (n: Number<'A, 'V>) (x: Number<'A, 'V>) =
        fnma
            n
            (pick x -2.12194440e-4 1.42860682030941723212e-6)
            (fnma n (pick x 0.693359375 0.693145751953125) x)

    let inline private lessLog4 (n: Number<'A, 'V>) (x: Number<'A, 'V>) =
        fnma
            n
            (pick x -4.24388880e-4 2.85721364061883446424e-6)
            (fnma n (pick x 1.38671875 1.38629150390625) x)

    /// (exp(r) - 1 - r)/r², for |r| <= log 2
    let inline private wideTail (r: Number<'A, 'V>) =
        if isSingle r then
            real r 0.0001964948606
            |> next r 0.001410528086
            |> next r 0.008335812949
            |> next r 0.04166120663
            |> next r 0.1666661948
            |> next r 0.5000003576
        else
            real r 1.5942882034955911e-10
            |> next r 2.1060923771944126e-9
            |> next r 2.5054890215701056e-8
            |> next r 2.7556178563770477e-7
            |> next r 2.7557301713998254e-6
            |> next r 2.4801590718187363e-5
            |> next r 0.00019841269889073781
            |> next r 0.0013888888883855017
            |> next r 0.0083333333332759017
            |> next r 0.041666666666699041
            |> next r 0.16666666666666902
            |> next r 0.49999999999999939

    /// exp(x)·c. The power of two is 4ᵐ, in two equal factors, since it may not be a normal number.
    let inline private expTimes (c: float) (x: Number<'A, 'V>) =
        let y = atMost (pick x 90.0 712.0) (atLeast (pick x -104.0 -746.0) x)
        let struct (m, power) = wholes y 0.72134752044448170 0.0
        let r = lessLog4 m y
        let p = fma (fma (wideTail r) r (real r 1.0)) r (real r 1.0)
        (if c = 1.0 then p * power else p *. c * power) * power

    let inline exp (x: Number<'A, 'V>) = expTimes 1.0 x

    /// exp(r) - 1, for |r| <= log(2)/2
    let inline private expm1Near (r: Number<'A, 'V>) =
        let z = r * r

        let p =
            if isSingle r then
                real r 0.001393619808
                |> next r 0.0083665438
                |> next r 0.04166645184
                |> next r 0.1666654348
                |> next r 0.5
            else
                real r 2.5110319977793136e-8
                |> next r 2.7626338596122258e-7
                |> next r 2.7557240835899258e-6
                |> next r 2.4801504428782166e-5
                |> next r 0.0001984126988898299
                |> next r 0.0013888888932381876
                |> next r 0.0083333333333208293
                |> next r 0.041666666666573642
                |> next r 0.16666666666666677
                |> next r 0.50000000000000056

        fma p z r

    /// (exp(x) - 1)/4, of which exp(x) - 1 and the hyperbolic sine follow without an overflow before they must.
    let inline private quarterExpm1 (x: Number<'A, 'V>) =
        let y = atMost (pick x 89.5 710.6) (atLeast (pick x -20.0 -40.0) x)
        let struct (n, power) = wholes y 1.4426950408889634 -2.0
        fma power (expm1Near (lessLog2 n y)) (power -. 0.25)

    let inline expm1 (x: Number<'A, 'V>) =
        let y = quarterExpm1 x *. 4.0
        // Near 0, x is better: a quarter of the smallest numbers is not exact, and the formula loses the sign of -0.
        select (less (abs x) (real x 1e-30)) x y

    // u = 2ᵉ·(1 + f) with 1 + f between √½ and √2.

    let inline private half (u: Number<'A, 'V>) = bits u 0x3F3504F3L 0x3FE6A09E667F3BCDL
    let inline private fraction (u: Number<'A, 'V>) = bits u 0x007FFFFFL 0x000FFFFFFFFFFFFFL

    /// e, from the bits less `half`.
    let inline private exponent (from: Number<'A, 'V>) =
        if isSingle from then
            ofWhole (shiftSigned from 23)
        else
            // Made a float by putting it into the lowest bits of 2⁵².
            let biased = addWhole from (bits from 0L 0x4000000000000000L) >>> 52
            (biased ||| bits from 0L 0x4330000000000000L) -. 4503599627371520.0

    /// e·log 2 + log(1 + f)
    let inline private logOf (e: Number<'A, 'V>) (f: Number<'A, 'V>) =
        let z = f * f

        if isSingle f then
            let p =
                real f 0.06924141198
                |> next f -0.1174283624
                |> next f 0.1184244826
                |> next f -0.1239108667
                |> next f 0.142242223
                |> next f -0.166689992
                |> next f 0.2000189722
                |> next f -0.2499998808
                |> next f 0.3333331645

            let y = fma e (real f -2.12194440e-4) (p * (f * z))
            fma e (real f 0.693359375) (f + fnma z (real f 0.5) y)
        else
            // log(1 + f) = 2 artanh s, where s = f/(2 + f); and 2s = f - s·f.
            let s = f / (f +. 2.0)
            let t = s * s

            let p =
                real t 0.14794847300417271
                |> next t 0.15314211198730748
                |> next t 0.18183555705971366
                |> next t 0.22222198794606832
                |> next t 0.28571428739524424
                |> next t 0.39999999999432045
                |> next t 0.66666666666667307

            let h = z *. 0.5
            let y = fma s (fma t p h) (e *. 1.42860682030941723212e-6)
            fma e (real f 6.93145751953125e-1) (f - (h - y))

    /// log(x), for normal x > 0
    let inline logPositive (x: Number<'A, 'V>) =
        let from = subtractWhole x (half x)
        let f = addWhole (from &&& fraction x) (half x) -. 1.0
        logOf (exponent from) f

    let inline log (x: Number<'A, 'V>) =
        // Numbers below the normal ones are scaled.
        let tiny = less x (pick x 1.17549435e-38 2.2250738585072014e-308)
        let u = select tiny (x * pick x 33554432.0 18014398509481984.0) x
        let y = logPositive u - where tiny (pick x 17.328679513998632 37.42994775023704645)
        // Infinity and NaN are their own logarithms.
        let y = select (less x (real x infinity)) y x
        let y = select (equal x (zero x)) (real x System.Double.NegativeInfinity) y
        // All ones are a NaN.
        y ||| less x (zero x)

    /// log(1 + x), for 0 <= x, which is not infinite.
    let inline private log1pNear (x: Number<'A, 'V>) =
        let u = x +. 1.0
        // What the sum lost.
        let lost = x - (u -. 1.0)
        let from = subtractWhole u (half u)
        let f = addWhole (from &&& fraction u) (half u) -. 1.0
        // 2^(1 - e)
        let scale = subtractWhole (bits u 0x40000000L 0x4000000000000000L) (butNot (fraction u) from)
        logOf (exponent from) (fma (lost *. 0.5) scale f)

    let inline log1p (x: Number<'A, 'V>) =
        let y = log1pNear x
        let y = select (less x (real x infinity)) y x
        let y = select (equal x (real x -1.0)) (real x System.Double.NegativeInfinity) y
        let y = y ||| less x (real x -1.0)
        // It has the sign of x, also that of -0.
        withSign (signOf x) (abs y)

    let inline sigmoid (x: Number<'A, 'V>) =
        // exp of a negative number does not overflow.
        let e = exp (negate (abs x))
        select (less x (zero x)) e (real x 1.0) / (e +. 1.0)

    let inline softplus (x: Number<'A, 'V>) =
        let larger = select (lessEqual x (zero x)) (zero x) x
        larger + log1pNear (exp (negate (abs x)))

    /// (tanh √z/√z - 1)/z, for √z <= 0.6
    let inline private tanhTail (z: Number<'A, 'V>) =
        if isSingle z then
            real z -0.005953773391
            |> next z 0.02084968053
            |> next z -0.05380106345
            |> next z 0.133321479
            |> next z -0.333333075
        else
            real z -1.7486919410337829e-5
            |> next z 7.9935321705506919e-5
            |> next z -0.00023093894463745355
            |> next z 0.00058745636222102583
            |> next z -0.0014552978346504849
            |> next z 0.0035920537375583217
            |> next z -0.0088632288683934898
            |> next z 0.021869488169687919
            |> next z -0.053968253957090567
            |> next z 0.13333333333318084
            |> next z -0.33333333333333282

    /// 1 - 2w/(1 + w), where w = exp(-2|x|); near 0 a polynomial.
    let inline tanh (x: Number<'A, 'V>) =
        odd
            (fun a ->
                let z = a * a
                let near = fma (tanhTail z) (z * a) a
                let y = atMost (pick a 10.0 20.0) a *. -2.0
                let struct (n, power) = wholes y 1.4426950408889634 0.0
                let w = fma power (expm1Near (lessLog2 n y)) power
                let far = real a 1.0 - (w + w) / (w +. 1.0)
                select (less a (real a 0.55)) near far)
            x

    let inline cosh (x: Number<'A, 'V>) =
        let h = expTimes 0.5 (abs x)
        h + real h 0.25 / h

    let inline sinh (x: Number<'A, 'V>) =
        odd
            (fun a ->
                // (e + e/(e + 1))/2, where e = exp(a) - 1
                let q = quarterExpm1 a
                let h = q + q
                let y = fma (q / (h + h +. 1.0)) (real q 2.0) h
                select (less a (real a 1e-30)) a y)
            x

    // Inverse hyperbolic functions, for Float64. For Float32 they are exact enough when computed in Float64.

    let inline asinh (x: Number<'A, 'V>) =
        odd
            (fun a ->
                // log(a + √(a² + 1)) = log1p(a + a²/(1 + √(a² + 1))); a² overflows where the rest is of no weight.
                let isLarge = less (real a 1e150) a
                let b = select isLarge (zero a) a
                let z = b * b
                let near = b + z / (sqrt (z +. 1.0) +. 1.0)
                let y = log1pNear (select isLarge a near)
                let y = y + where isLarge (real y 0.69314718055994531)
                select (less a (real a infinity)) y a)
            x

    let inline acosh (x: Number<'A, 'V>) =
        // log(x + √(x² - 1)) = log1p(t + √(2t + t²)), where t = x - 1
        let t = x -. 1.0
        let isLarge = less (real x 1e150) x
        let near = t + sqrt (fma t t (t + t))
        let y = log1pNear (select isLarge x near)
        let y = y + where isLarge (real y 0.69314718055994531)
        let y = select (less x (real x infinity)) y x
        y ||| less x (real x 1.0)

    let inline atanh (x: Number<'A, 'V>) =
        odd
            (fun a ->
                // log1p(2a/(1 - a))/2
                let y = log1pNear ((a + a) / (real a 1.0 - a)) *. 0.5
                let y = select (less a (real a 1.0)) y (real a infinity)
                y ||| complement (lessEqual a (real a 1.0)))
            x

    /// xʸ in Float64 for x > 0, both finite and from Float32.
    let inline powerOfSingles (x: Number<'A, 'V>) (y: Number<'A, 'V>) = exp (y * logPositive x)

    /// Whether xʸ needs more care than that.
    let inline isHardPower (x: Number<'A, 'V>) (y: Number<'A, 'V>) =
        let most = real x 3.4028234663852886e38
        complement (less (zero x) x &&& lessEqual x most &&& lessEqual (abs y) most)
