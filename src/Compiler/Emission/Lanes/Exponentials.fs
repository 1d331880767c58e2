namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// exp, log and what follows from them, in terms of lane operations, for either precision, so that they become part of
// the loop that needs them.
//
// Arguments are reduced to an interval around 0: exp by multiples of log 2, log by powers of two. There a polynomial
// serves, of least largest error (by Remez's and Lawson's algorithms), with coefficients rounded one after the other.
// Errors are at most 2 units in the last place, in special cases none.

[<RequireQualifiedAccess>]
module internal Exponentials =
    let private singleShift (up: int) = 12582912.0 + 127.0 + float up
    let private doubleShift (up: int) = 6755399441055744.0 + 1023.0 + float up

    open LaneOperators

    let private isSingle (x: Lane) = Element.size x.Element = 4
    let private pick (x: Lane) (single: float) (double: float) = if isSingle x then single else double

    // The second operand wins where there is a NaN.
    let atLeast (low: float) (x: Lane) = (x.Real low).Two(Op.MaxNative, x)
    let atMost (high: float) (x: Lane) = (x.Real high).Two(Op.MinNative, x)

    /// x·factor to the nearest integer n, and 2^(n + up), which must be a normal number. Adding a large number rounds,
    /// and leaves n in the lowest bits, to which the large number adds the bias of exponents.
    let private wholes (x: Lane) (factor: float) (up: int) =
        let shift = x.Real(pick x (singleShift up) (doubleShift up))
        let shifted = Lane.fma x (x.Real factor) shift
        let power = (shifted.AsWhole <<< (if isSingle x then 23 else 52)).AsReal
        struct (shifted - shift, power)

    /// x - n·(high + low). The product by the first part of log 2, or of 2·log 2, is exact.
    let private less (high: float) (low: float) (n: Lane) (x: Lane) =
        Lane.fnma n (x.Real low) (Lane.fnma n (x.Real high) x)

    let private lessLog2 (n: Lane) (x: Lane) =
        if isSingle x then
            less 0.693359375 -2.12194440e-4 n x
        else
            less 0.693145751953125 1.42860682030941723212e-6 n x

    let private lessLog4 (n: Lane) (x: Lane) =
        if isSingle x then
            less 1.38671875 -4.24388880e-4 n x
        else
            less 1.38629150390625 2.85721364061883446424e-6 n x

    /// (exp(r) - 1 - r)/r², for |r| <= log 2
    let private wideTail (r: Lane) =
        if isSingle r then
            Lane.polynomial r [|
                0.0001964948606
                0.001410528086
                0.008335812949
                0.04166120663
                0.1666661948
                0.5000003576
            |]
        else
            Lane.polynomial r [|
                1.5942882034955911e-10
                2.1060923771944126e-9
                2.5054890215701056e-8
                2.7556178563770477e-7
                2.7557301713998254e-6
                2.4801590718187363e-5
                0.00019841269889073781
                0.0013888888883855017
                0.0083333333332759017
                0.041666666666699041
                0.16666666666666902
                0.49999999999999939
            |]

    /// exp(x)·c. The power of two is 4ᵐ, in two equal factors, since it may not be a normal number.
    let private expTimes (c: float) (x: Lane) =
        let y = atMost (pick x 90.0 712.0) (atLeast (pick x -104.0 -746.0) x)
        let struct (m, power) = wholes y 0.72134752044448170 0
        let r = lessLog4 m y
        let p = Lane.fma (Lane.fma (wideTail r) r (r.Real 1.0)) r (r.Real 1.0)
        (if c = 1.0 then p * power else p *. c * power) * power

    let exp x = expTimes 1.0 x

    /// exp(r) - 1, for |r| <= log(2)/2
    let private expm1Near (r: Lane) =
        let z = r * r

        let p =
            if isSingle r then
                Lane.polynomial r [| 0.001393619808; 0.0083665438; 0.04166645184; 0.1666654348; 0.5 |]
            else
                Lane.polynomial r [|
                    2.5110319977793136e-8
                    2.7626338596122258e-7
                    2.7557240835899258e-6
                    2.4801504428782166e-5
                    0.0001984126988898299
                    0.0013888888932381876
                    0.0083333333333208293
                    0.041666666666573642
                    0.16666666666666677
                    0.50000000000000056
                |]

        Lane.fma p z r

    /// (exp(x) - 1)/4, of which exp(x) - 1 and the hyperbolic sine follow without an overflow before they must.
    let private quarterExpm1 (x: Lane) =
        let y = atMost (pick x 89.5 710.6) (atLeast (pick x -20.0 -40.0) x)
        let struct (n, power) = wholes y 1.4426950408889634 -2
        Lane.fma power (expm1Near (lessLog2 n y)) (power -. 0.25)

    /// An odd function of |x|, that is not negative there, for all x: also -0 stays -0.
    let private odd (f: Lane -> Lane) (x: Lane) = Lane.withSign (Lane.signOf x) (f (Lane.abs x))

    let expm1 (x: Lane) =
        let y = quarterExpm1 x *. 4.0
        // Near 0, x is better: a quarter of the smallest numbers is not exact, and the formula loses the sign of -0.
        Lane.select (Lane.less (Lane.abs x) (x.Real 1e-30)) x y

    /// log(u + lost), for u > 0 where `lost` is less than the last digit of u.
    let private logNear (u: Lane) (lost: Lane voption) =
        let single = isSingle u
        let half = u.Whole(if single then 0x3F3504F3L else 0x3FE6A09E667F3BCDL)
        // u = 2ᵉ·(1 + f) with 1 + f between √½ and √2.
        let bits = u.AsWhole - half
        let fraction = bits.Pattern(if single then 0x007FFFFFL else 0x000FFFFFFFFFFFFFL)
        let f = ((bits &&& fraction) + half).AsReal -. 1.0

        let e =
            if single then
                bits.Shift(Op.ShiftRightSigned, 23).ToReal
            else
                // The exponent, made a float by putting it into the lowest bits of 2⁵².
                let biased = (bits + bits.Pattern 0x4000000000000000L) >>> 52
                (biased ||| bits.Pattern 0x4330000000000000L).AsReal -. 4503599627371520.0

        let f =
            match lost with
            | ValueNone -> f
            | ValueSome lost ->
                // 2^(1 - e)
                let two = bits.Pattern(if single then 0x40000000L else 0x4000000000000000L)
                let scale = (two - Lane.butNot fraction bits).AsReal
                Lane.fma (lost *. 0.5) scale f

        let z = f * f

        if single then
            let p =
                Lane.polynomial f [|
                    0.06924141198
                    -0.1174283624
                    0.1184244826
                    -0.1239108667
                    0.142242223
                    -0.166689992
                    0.2000189722
                    -0.2499998808
                    0.3333331645
                |]

            let y = Lane.fma e (u.Real -2.12194440e-4) (p * (f * z))
            Lane.fma e (u.Real 0.693359375) (f + Lane.fnma z (u.Real 0.5) y)
        else
            // log(1 + f) = 2 artanh s, where s = f/(2 + f); and 2s = f - s·f.
            let s = f / (f +. 2.0)
            let t = s * s

            let p =
                Lane.polynomial t [|
                    0.14794847300417271
                    0.15314211198730748
                    0.18183555705971366
                    0.22222198794606832
                    0.28571428739524424
                    0.39999999999432045
                    0.66666666666667307
                |]

            let h = z *. 0.5
            let y = Lane.fma s (Lane.fma t p h) (e *. 1.42860682030941723212e-6)
            Lane.fma e (u.Real 6.93145751953125e-1) (f - (h - y))

    /// log(x), for normal x > 0
    let logPositive (x: Lane) = logNear x ValueNone

    let log (x: Lane) =
        // Numbers below the normal ones are scaled.
        let tiny = Lane.less x (x.Real(pick x 1.17549435e-38 2.2250738585072014e-308))
        let u = Lane.select tiny (x *. pick x 33554432.0 18014398509481984.0) x
        let y = logNear u ValueNone - Lane.where tiny (x.Real(pick x 17.328679513998632 37.42994775023704645))
        // Infinity and NaN are their own logarithms.
        let y = Lane.select (Lane.less x (x.Real infinity)) y x
        let y = Lane.select (Lane.equal x x.Zero) (x.Real System.Double.NegativeInfinity) y
        // All ones are a NaN.
        Lane.either y ((Lane.less x x.Zero).As x.Element)

    /// log(1 + x), for 0 <= x, which is not infinite.
    let private log1pNear (x: Lane) =
        let u = x +. 1.0
        logNear u (ValueSome(x - (u -. 1.0)))

    let log1p (x: Lane) =
        let y = log1pNear x
        let y = Lane.select (Lane.less x (x.Real infinity)) y x
        let y = Lane.select (Lane.equal x (x.Real -1.0)) (x.Real System.Double.NegativeInfinity) y
        let y = Lane.either y ((Lane.less x (x.Real -1.0)).As x.Element)
        // It has the sign of x, also that of -0.
        Lane.withSign (Lane.signOf x) (Lane.abs y)

    let sigmoid (x: Lane) =
        // exp of a negative number does not overflow.
        let e = exp -(Lane.abs x)
        Lane.select (Lane.less x x.Zero) e (x.Real 1.0) / (e +. 1.0)

    let softplus (x: Lane) =
        let larger = Lane.select (Lane.lessEqual x x.Zero) x.Zero x
        larger + log1pNear (exp -(Lane.abs x))

    /// (tanh √z/√z - 1)/z, for √z <= 0.6
    let private tanhTail (z: Lane) =
        if isSingle z then
            Lane.polynomial z [| -0.005953773391; 0.02084968053; -0.05380106345; 0.133321479; -0.333333075 |]
        else
            Lane.polynomial z [|
                -1.7486919410337829e-5
                7.9935321705506919e-5
                -0.00023093894463745355
                0.00058745636222102583
                -0.0014552978346504849
                0.0035920537375583217
                -0.0088632288683934898
                0.021869488169687919
                -0.053968253957090567
                0.13333333333318084
                -0.33333333333333282
            |]

    /// 1 - 2w/(1 + w), where w = exp(-2|x|); near 0 a polynomial.
    let tanh (x: Lane) =
        odd
            (fun a ->
                let z = a * a
                let near = Lane.fma (tanhTail z) (z * a) a
                let y = atMost (pick a 10.0 20.0) a *. -2.0
                let struct (n, power) = wholes y 1.4426950408889634 0
                let w = Lane.fma power (expm1Near (lessLog2 n y)) power
                let far = a.Real 1.0 - (w + w) / (w +. 1.0)
                Lane.select (Lane.less a (a.Real 0.55)) near far)
            x

    let cosh (x: Lane) =
        let h = expTimes 0.5 (Lane.abs x)
        h + h.Real 0.25 / h

    let sinh (x: Lane) =
        odd
            (fun a ->
                // (e + e/(e + 1))/2, where e = exp(a) - 1
                let q = quarterExpm1 a
                let h = q + q
                let y = Lane.fma (q / (h + h +. 1.0)) (q.Real 2.0) h
                Lane.select (Lane.less a (a.Real 1e-30)) a y)
            x

    // Inverse hyperbolic functions and powers of Float32 are exact enough when computed in Float64.

    let inDouble (f: Lane -> Lane) (x: Lane) =
        if not (isSingle x) then
            f x
        else
            let part op = f (x.To(op, Element.F64))
            let low, high = part Op.WidenLower, part Op.WidenUpper
            Lane.Make(x.Code, Op.Narrow, Element.F32, x.Bits, low.Id, high.Id, -1, -1, 0L)

    let asinh (x: Lane) =
        inDouble
            (odd (fun a ->
                // log(a + √(a² + 1)) = log1p(a + a²/(1 + √(a² + 1))); a² overflows where the rest is of no weight.
                let isLarge = Lane.less (a.Real 1e150) a
                let b = Lane.select isLarge a.Zero a
                let z = b * b
                let near = b + z / ((z +. 1.0).One Op.Sqrt +. 1.0)
                let y = log1pNear (Lane.select isLarge a near)
                let y = y + Lane.where isLarge (y.Real 0.69314718055994531)
                Lane.select (Lane.less a (a.Real infinity)) y a))
            x

    let acosh (x: Lane) =
        inDouble
            (fun x ->
                // log(x + √(x² - 1)) = log1p(t + √(2t + t²)), where t = x - 1
                let t = x -. 1.0
                let isLarge = Lane.less (x.Real 1e150) x
                let near = t + (Lane.fma t t (t + t)).One Op.Sqrt
                let y = log1pNear (Lane.select isLarge x near)
                let y = y + Lane.where isLarge (y.Real 0.69314718055994531)
                let y = Lane.select (Lane.less x (x.Real infinity)) y x
                Lane.either y ((Lane.less x (x.Real 1.0)).As x.Element))
            x

    let atanh (x: Lane) =
        inDouble
            (odd (fun a ->
                // log1p(2a/(1 - a))/2
                let y = log1pNear ((a + a) / (a.Real 1.0 - a)) *. 0.5
                let y = Lane.select (Lane.less a (a.Real 1.0)) y (a.Real infinity)
                let isOutside = Lane.complement (Lane.lessEqual a (a.Real 1.0))
                Lane.either y (isOutside.As a.Element)))
            x

    /// Some or all lanes by a scalar function.
    let guard (truth: Lane) (f: Scalar) (fast: Lane) (x: Lane) (y: Lane) =
        Lane.Make(x.Code, Op.Guard, x.Element, x.Bits, truth.Id, fast.Id, x.Id, y.Id, int64 f)

    let scalar (f: Scalar) (x: Lane) (y: Lane) = guard (x.Whole -1L) f x x y

    let power (x: Lane) (y: Lane) =
        if not (isSingle x) then
            scalar Scalar.Power x y
        else
            // exp(y·log x) in Float64, for x > 0 and finite numbers.
            let part op =
                let x, y = x.To(op, Element.F64), y.To(op, Element.F64)
                exp (y * logPositive x)

            let low, high = part Op.WidenLower, part Op.WidenUpper
            let fast = Lane.Make(x.Code, Op.Narrow, Element.F32, x.Bits, low.Id, high.Id, -1, -1, 0L)
            let most = x.Real 3.4028234663852886e38
            let easy = Lane.both (Lane.less x.Zero x) (Lane.lessEqual x most)
            let easy = Lane.both easy (Lane.lessEqual (Lane.abs y) most)
            guard (Lane.complement easy) Scalar.Power fast x y
