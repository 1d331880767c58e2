namespace Cotangent.Engines

// The error function and what follows from it: erf, erfc, gelu and the derivative of gelu.
//
// All rest on exp(a²)·erfc(a), for a >= 0. It falls like 1/a: with u = 2k/(a + k), which goes from 2 to 0, it is u times a
// polynomial in 1 - u, after M. Shepherd and J. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x²) erfc x", Math.
// Comp. 36 (1981). The coefficients interpolate at Chebyshev's nodes, k chosen for the smallest largest relative error:
// 5e-9 for Float32 (k = 3), 4e-17 for Float64 (k = 4).
//
// exp(-p·q) would magnify the rounding of p·q; what that lost is known exactly, and small.

open System
open System.Numerics
open System.Runtime.CompilerServices

module internal SingleError =
    type private V = Vector<float32>

    let inline private c (x: float32) = V x
    let inline private fma x y (z: V) : V = Vector.MultiplyAddEstimate(x, y, z)

    /// exp(a²)·erfc(a), for a >= 0
    let inline private scaled (a: V) : V =
        let u = c 6.0f / (a + c 3.0f)
        let t = V.One - u
        let p = fma (c -5.567163316e-05f) t (c -8.327932301e-05f)
        let p = fma p t (c 0.0005129281781f)
        let p = fma p t (c -0.0002028196322f)
        let p = fma p t (c -0.00447274046f)
        let p = fma p t (c 0.01992121339f)
        let p = fma p t (c -0.05174443871f)
        let p = fma p t (c 0.09837140143f)
        let p = fma p t (c -0.1472324133f)
        fma p t (c 0.1790011525f) * u

    /// exp(-p·q)
    let inline private bell (p: V) (q: V) : V =
        let h = p * q
        let e = SingleMath.expScaled 0 -h
        fma -(fma p q -h) e e

    /// |x|, at most `most`, where all is over.
    let inline private size (most: float32) (x: V) = Vector.MinNative(Vector.Abs x, c most)

    let inline erf (x: V) : V =
        let a = size 10.5f x
        // Near 0: x times a polynomial in x².
        let z = a * a
        let p = fma (c 7.875874871e-05f) z (c -0.0008016864303f)
        let p = fma p z (c 0.005189087242f)
        let p = fma p z (c -0.02685421146f)
        let p = fma p z (c 0.1128359437f)
        let p = fma p z (c -0.3761262596f)
        let p = fma p z (c 1.128379107f)
        let far = Vector.CopySign(V.One - bell a a * scaled a, x)
        SingleMath.keepNaN x (Vector.ConditionalSelect(Vector.LessThan(a, V.One), x * p, far))

    let inline erfc (x: V) : V =
        let a = size 10.5f x
        let y = bell a a * scaled a
        SingleMath.keepNaN x (Vector.ConditionalSelect(Vector.LessThan(x, V.Zero), c 2.0f - y, y))

    /// x exp(-x²/2)·scaled(|x|/√2)/2 for x <= 0, else x less that.
    let inline gelu (x: V) : V =
        let a = size 15.0f x
        let w = scaled (a * c 0.707106781f) * c 0.5f * Vector.CopySign(a, x)
        let e = bell a (a * c 0.5f)
        let isLow = Vector.LessThanOrEqual(x, V.Zero)
        SingleMath.keepNaN x (Vector.ConditionalSelect(isLow, e * w, fma -e w x))

    /// Φ(x) + x φ(x), which is y = exp(-x²/2)·(scaled(|x|/√2)/2 - |x|/√(2π)) for x < 0, else 1 - y.
    let inline geluSlope (x: V) : V =
        let a = size 15.0f x
        let s = fma a (c -0.398942280f) (scaled (a * c 0.707106781f) * c 0.5f)
        let y = bell a (a * c 0.5f) * s
        SingleMath.keepNaN x (Vector.ConditionalSelect(Vector.LessThan(x, V.Zero), y, V.One - y))

module internal DoubleError =
    type private V = Vector<float>

    let inline private c (x: float) = V x
    let inline private fma x y (z: V) : V = Vector.MultiplyAddEstimate(x, y, z)

    /// exp(a²)·erfc(a), for a >= 0. It is steep in u, of which the rounding would show twice: it is made good.
    let inline private scaled (a: V) : V =
        let s = a + c 4.0
        let u = c 8.0 / s
        let rest = fma -u s (c 8.0) - u * (a - (s - c 4.0))
        let lost = rest * (u * c 0.125)
        let t = V.One - u - lost
        let p = fma (c -4.116911852330038e-10) t (c -1.8892709209904164e-09)
        let p = fma p t (c 1.2799131784481503e-09)
        let p = fma p t (c 1.5978911737848357e-08)
        let p = fma p t (c -1.0786707436485327e-08)
        let p = fma p t (c -1.0657302921674353e-07)
        let p = fma p t (c 1.7886711572525317e-07)
        let p = fma p t (c 5.874222619813707e-07)
        let p = fma p t (c -2.3579232314314566e-06)
        let p = fma p t (c -4.5467064246886236e-07)
        let p = fma p t (c 2.2101671645102474e-05)
        let p = fma p t (c -5.688151230517701e-05)
        let p = fma p t (c -3.5119867020183676e-05)
        let p = fma p t (c 0.0007640069451900035)
        let p = fma p t (c -0.003296256666974019)
        let p = fma p t (c 0.009547689364748318)
        let p = fma p t (c -0.021751367155003015)
        let p = fma p t (c 0.04135644848470062)
        let p = fma p t (c -0.06760672891415466)
        let p = fma p t (c 0.09665108778315556)
        let p = fma p t (c -0.12206859113511025)
        let p = fma p t (c 0.13699945762506138)
        fma p u (p * lost)

    /// exp(-p·q)
    let inline private bell (p: V) (q: V) : V =
        let h = p * q
        let e = DoubleMath.expScaled 0 -h
        fma -(fma p q -h) e e

    let inline private size (most: float) (x: V) = Vector.MinNative(Vector.Abs x, c most)

    let inline erf (x: V) : V =
        let a = size 28.0 x
        let z = a * a
        let p = fma (c -7.795898827002142e-10) z (c 1.3720064546777686e-08)
        let p = fma p z (c -1.6208483801871705e-07)
        let p = fma p z (c 1.6447424703317362e-06)
        let p = fma p z (c -1.492473690741966e-05)
        let p = fma p z (c 0.00012055294904839707)
        let p = fma p z (c -0.0008548325975389692)
        let p = fma p z (c 0.0052239776071164225)
        let p = fma p z (c -0.02686617064323777)
        let p = fma p z (c 0.11283791670945006)
        let p = fma p z (c -0.37612638903183543)
        let p = fma p z (c 1.1283791670955126)
        let far = Vector.CopySign(V.One - bell a a * scaled a, x)
        DoubleMath.keepNaN x (Vector.ConditionalSelect(Vector.LessThan(a, V.One), x * p, far))

    let inline erfc (x: V) : V =
        let a = size 28.0 x
        let y = bell a a * scaled a
        DoubleMath.keepNaN x (Vector.ConditionalSelect(Vector.LessThan(x, V.Zero), c 2.0 - y, y))

    /// x exp(-x²/2)·scaled(|x|/√2)/2 for x <= 0, else x less that.
    let inline gelu (x: V) : V =
        let a = size 39.0 x
        let w = scaled (a * c 0.70710678118654752) * c 0.5 * Vector.CopySign(a, x)
        let e = bell a (a * c 0.5)
        let isLow = Vector.LessThanOrEqual(x, V.Zero)
        DoubleMath.keepNaN x (Vector.ConditionalSelect(isLow, e * w, fma -e w x))

    let inline geluSlope (x: V) : V =
        let a = size 39.0 x
        let s = fma a (c -0.39894228040143268) (scaled (a * c 0.70710678118654752) * c 0.5)
        let y = bell a (a * c 0.5) * s
        DoubleMath.keepNaN x (Vector.ConditionalSelect(Vector.LessThan(x, V.Zero), y, V.One - y))

/// The functions, on rows.
module internal ErrorFunction =
    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let erf x y = VectorMath.either (fun v -> SingleError.erf v) (fun v -> DoubleError.erf v) x y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let erfc x y = VectorMath.either (fun v -> SingleError.erfc v) (fun v -> DoubleError.erfc v) x y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let gelu x y = VectorMath.either (fun v -> SingleError.gelu v) (fun v -> DoubleError.gelu v) x y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let geluSlope x y =
        VectorMath.either (fun v -> SingleError.geluSlope v) (fun v -> DoubleError.geluSlope v) x y
