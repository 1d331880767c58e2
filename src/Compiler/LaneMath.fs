namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Elementary functions in terms of lane operations, for either precision, so that they become part of the loop that
// needs them.
//
// Arguments are reduced to an interval around 0, where a polynomial serves: exp by n·log 2, log by powers of two, sine
// and cosine by multiples of π/2.

open LaneOperators

/// What lanes beyond the range of a formula are computed with, one after the other.
[<RequireQualifiedAccess>]
type internal Scalar =
    | Sin = 0
    | Cos = 1
    | Tan = 2
    | Power = 3
    | Remainder = 4
    | Asin = 5
    | Acos = 6
    | Atan = 7
    | Asinh = 8
    | Acosh = 9
    | Atanh = 10
    | Atan2 = 11

[<RequireQualifiedAccess>]
module internal LaneMath =
    let private isSingle (x: Lane) = Element.size x.Element = 4
    let private pick (x: Lane) (single: float) (double: float) = if isSingle x then single else double

    /// A number that is added to round another to an integer, which it leaves in the lowest bits.
    let private shifter (x: Lane) = x.Real(pick x 12582912.0 6755399441055744.0)

    let private clampLow (x: Lane) low = (x.Real low).Two(Op.MaxNative, x)
    let private clampHigh (x: Lane) high = (x.Real high).Two(Op.MinNative, x)

    let private keepNaN (x: Lane) (y: Lane) = Lane.select (Lane.equal x x) y x

    /// 2ⁿ for n in the exponent's range, given in the lowest bits.
    let private powerOfTwo (n: Lane) =
        if isSingle n then
            ((n + n.Whole 127L) <<< 23).AsReal
        else
            ((n + n.Whole 1023L) <<< 52).AsReal

    /// n and exp(r) - 1, where x = n·log 2 + r and |r| <= log(2)/2. Of n, what adding the shifter gives.
    let private split (x: Lane) =
        let shift = shifter x
        let shifted = Lane.fma x (x.Real 1.4426950408889634) shift
        let n = shifted - shift

        if isSingle x then
            let r = Lane.fma n (x.Real 2.12194440e-4) (Lane.fma n (x.Real -0.693359375) x)

            let p =
                Lane.polynomial r [|
                    1.9875691500e-4
                    1.3981999507e-3
                    8.3334519073e-3
                    4.1665795894e-2
                    1.6666665459e-1
                    5.0000001201e-1
                |]

            struct (shifted, Lane.fma p (r * r) r)
        else
            let r =
                Lane.fma n (x.Real -1.42860682030941723212e-6) (Lane.fma n (x.Real -6.93145751953125e-1) x)

            let z = r * r

            let even =
                Lane.polynomial z [|
                    2.08767569878681e-09
                    2.755731922398589e-07
                    2.48015873015873e-05
                    0.001388888888888889
                    0.041666666666666664
                    0.5
                |]

            let odd =
                Lane.polynomial z [|
                    1.6059043836821613e-10
                    2.505210838544172e-08
                    2.7557319223985893e-06
                    0.0001984126984126984
                    0.008333333333333333
                    0.16666666666666666
                |]

            struct (shifted, Lane.fma (Lane.fma odd r even) z r)

    /// exp(x)·2^k
    let private expScaled (k: int) (x: Lane) =
        let y = clampHigh (clampLow x (pick x -104.0 -746.0)) (pick x 90.0 712.0)

        let struct (shifted, q) = split y
        let n = shifted.AsWhole - (shifter x).AsWhole + x.Whole(int64 k)

        // The power of two in two halves, since it may not be a normal number.
        let half =
            if isSingle x then
                n.Shift(Op.ShiftRightSigned, 1)
            else
                ((n + x.Whole 4096L) >>> 1) - x.Whole 2048L

        keepNaN x ((q +. 1.0) * powerOfTwo half * powerOfTwo (n - half))

    let exp x = expScaled 0 x

    let private expm1Unsigned (x: Lane) =
        let y = clampHigh (clampLow x (pick x -20.0 -40.0)) (pick x 89.0 710.0)

        let struct (shifted, q) = split y
        // 2ⁿ·(1 + q) - 1, halved so that the power does not overflow before the result.
        let s = powerOfTwo (shifted.AsWhole - (shifter x).AsWhole - x.Whole 1L)
        let h = Lane.fma s q (s -. 0.5)
        keepNaN x (h + h)

    /// It has the sign of x, also that of -0, which the formula loses.
    let private signed (f: Lane -> Lane) (x: Lane) = Lane.withSign (Lane.signOf x) (Lane.abs (f x))

    let expm1 x = signed expm1Unsigned x

    /// log(u) + correction, for u > 0.
    let private logKernel (u: Lane) (correction: Lane) =
        let tiny = Lane.less u (u.Real(pick u 1.17549435e-38 2.2250738585072014e-308))

        let u = Lane.select tiny (u *. pick u 33554432.0 18014398509481984.0) u

        if isSingle u then
            let bits = u.AsWhole - u.Whole 0x3F3504F3L
            let e = bits.Shift(Op.ShiftRightSigned, 23).ToReal - Lane.where tiny (u.Real 25.0)

            let f = ((bits &&& u.Whole 0x007FFFFFL) + u.Whole 0x3F3504F3L).AsReal -. 1.0

            let z = f * f

            let p =
                Lane.polynomial f [|
                    7.0376836292e-2
                    -1.1514610310e-1
                    1.1676998740e-1
                    -1.2420140846e-1
                    1.4249322787e-1
                    -1.6668057665e-1
                    2.0000714765e-1
                    -2.4999993993e-1
                    3.3333331174e-1
                |]

            let y = Lane.fma e (u.Real -2.12194440e-4) (Lane.fma p (f * z) correction)
            Lane.fma e (u.Real 0.693359375) (f + Lane.fma z (u.Real -0.5) y)
        else
            let bits = u.AsWhole - u.Whole 0x3FE6A09E667F3BCDL + u.Whole(0x8000000000000000L)

            // The exponent, made a float by putting it into the lowest bits of 2⁵².
            let e =
                ((bits >>> 52) ||| u.Whole 0x4330000000000000L).AsReal -. 4503599627372544.0
                - Lane.where tiny (u.Real 54.0)

            let f = ((bits &&& u.Whole 0x000FFFFFFFFFFFFFL) + u.Whole 0x3FE6A09E667F3BCDL).AsReal -. 1.0

            let z = f * f

            let p =
                Lane.polynomial f [|
                    1.01875663804580931796e-4
                    4.97494994976747001425e-1
                    4.70579119878881725854
                    1.44989225341610930846e1
                    1.79368678507819816313e1
                    7.70838733755885391666
                |]

            let q =
                Lane.polynomial f [|
                    1.0
                    1.12873587189167450590e1
                    4.52279145837532221105e1
                    8.29875266912776603211e1
                    7.11544750618563894466e1
                    2.31251620126765340583e1
                |]

            let y = Lane.fma e (u.Real -2.121944400546905827679e-4) (Lane.fma (f * z) (p / q) correction)
            Lane.fma e (u.Real 0.693359375) (f + Lane.fma z (u.Real -0.5) y)

    /// A logarithm of x with a pole somewhere: NaN to the left of it, infinity at infinity.
    let private special (x: Lane) (pole: float) (y: Lane) =
        let infinity = x.Real infinity
        let pole = x.Real pole
        let y = Lane.select (Lane.equal x infinity) x y
        let y = Lane.select (Lane.equal x pole) (x.Real System.Double.NegativeInfinity) y
        Lane.select (Lane.lessEqual pole x) y (x.Real nan)

    let log (x: Lane) = special x 0.0 (logKernel x x.Zero)

    let log1p (x: Lane) =
        let f (x: Lane) =
            let u = x +. 1.0
            // What the sum lost.
            special x -1.0 (logKernel u ((x - (u -. 1.0)) / u))

        let y = f x
        // It has the sign of x, also that of -0.
        Lane.withSign (Lane.signOf x) (Lane.abs y)

    let sigmoid (x: Lane) =
        // exp of a negative number does not overflow.
        let e = exp -(Lane.abs x)
        Lane.select (Lane.less x x.Zero) e (x.Real 1.0) / (e +. 1.0)

    let softplus (x: Lane) = x.Two(Op.Max, x.Zero) + log1p (exp -(Lane.abs x))

    let tanh (x: Lane) =
        let a = Lane.abs x
        let e = expm1Unsigned -(a + a)
        Lane.withSign (Lane.signOf x) (Lane.abs (e / (e +. 2.0)))

    let cosh (x: Lane) =
        let h = expScaled -1 (Lane.abs x)
        h + h.Real 1.0 / (h *. 4.0)

    let sinh (x: Lane) =
        let a = Lane.abs x
        let h = expScaled -1 a
        let far = h - h.Real 1.0 / (h *. 4.0)
        let e = expm1Unsigned a
        let near = (e + e / (e +. 1.0)) *. 0.5
        Lane.withSign (Lane.signOf x) (Lane.select (Lane.less a (x.Real 1.0)) near far)

    /// Every lane by a scalar function.
    let scalar (f: Scalar) (x: Lane) (y: Lane) =
        Lane.Make(x.Code, Op.Guard, x.Element, x.Bits, (x.Whole -1L).Id, x.Id, x.Id, y.Id, int64 f)
