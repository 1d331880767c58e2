namespace Cotangent.Lanes

// The error function and what follows from it: erf, erfc, gelu and the derivative of gelu.
//
// All rest on exp(a²)·erfc(a), for a >= 0. It falls like 1/a: with u = 2k/(a + k), which goes from 2 to 0, it is u times a
// polynomial in 1 - u, after M. Shepherd and J. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x²) erfc x", Math.
// Comp. 36 (1981). The coefficients interpolate at Chebyshev's nodes, k chosen for the smallest largest relative error:
// 5e-9 for Float32 (k = 3), 4e-17 for Float64 (k = 4).

[<RequireQualifiedAccess>]
module internal ErrorFunctions =
    open Numbers

    /// The polynomial in t, less its first coefficient and divided by t.
    let inline private scaledTail (t: Number<'A, 'V>) =
        if isSingle t then
            real t -5.567163380747473e-05
            |> next t -8.327932383529376e-05
            |> next t 0.000512928192507568
            |> next t -0.00020281963446278333
            |> next t -0.004472740394198004
            |> next t 0.019921212733134012
            |> next t -0.051744439091706035
            |> next t 0.09837140296495908
            |> next t -0.1472324100900521
        else
            real t -4.116911852330038e-10
            |> next t -1.8892709209904164e-09
            |> next t 1.2799131784481503e-09
            |> next t 1.5978911737848357e-08
            |> next t -1.0786707436485327e-08
            |> next t -1.0657302921674353e-07
            |> next t 1.7886711572525317e-07
            |> next t 5.874222619813707e-07
            |> next t -2.3579232314314566e-06
            |> next t -4.5467064246886236e-07
            |> next t 2.2101671645102474e-05
            |> next t -5.688151230517701e-05
            |> next t -3.5119867020183676e-05
            |> next t 0.0007640069451900035
            |> next t -0.003296256666974019
            |> next t 0.009547689364748318
            |> next t -0.021751367155003015
            |> next t 0.04135644848470062
            |> next t -0.06760672891415466
            |> next t 0.09665108778315556
            |> next t -0.12206859113511025

    /// Two numbers, a large and a small one, of which the sum is exp(b²)·erfc(b), for b >= 0; of u = 2c/(a + c), where a + c is b + k in some unit and c the sum of two parts. It is steep in
    /// u, of which the rounding would show twice: it is made good.
    let inline private scaledIn
        (c: Number<'A, 'V>)
        (halfInverse: Number<'A, 'V>)
        (low: Number<'A, 'V> voption)
        (a: Number<'A, 'V>)
        =
        let s = a + c
        let twice = c + c
        let u = twice / s
        let rest = a - (s - c)

        let lost =
            match low with
            | ValueNone -> fnma u s twice - u * rest
            | ValueSome low -> fnma u s twice - (u * (rest + low) - (low + low))

        let lost = lost * (u * halfInverse)
        let t = real a 1.0 - u - lost
        let tail = scaledTail t
        let first = pick a 0.17900115251541138 0.13699945762506138
        let p = fma tail t first

        let rest =
            if isSingle a then
                // What follows may be smaller, and would show the rounding of p.
                fma p lost ((fma tail t (first - p) +. -1.4623346977771234e-9) * u)
            else
                p * lost

        let whole = p * u
        struct (whole, fms p u whole + rest)

    /// exp(a²)·erfc(a), for a >= 0
    let inline private scaled (a: Number<'A, 'V>) =
        scaledIn (pick a 3.0 4.0) (pick a 0.16666666666666666 0.125) ValueNone a

    /// The same of a/√2
    let inline private scaledByRoot (a: Number<'A, 'V>) =
        scaledIn
            (pick a 4.242640495300293 5.656854249492381)
            (pick a 0.11785113019775793 0.08838834764831844)
            (ValueSome(pick a 1.9181899217765508e-7 -3.8669173253811654e-16))
            a

    /// exp(-p·q)·(high + low), where low is small.
    let inline private bell (p: Number<'A, 'V>) (q: Number<'A, 'V>) (struct (high, low)) =
        let h = p * q
        let e = Exponentials.exp (negate h)
        // The exponential would magnify what the product lost, which is known exactly, and small.
        fma e high (e * fnma (fms p q h) high low)

    /// (erf √z)/√z - 1, for z <= 1
    let inline private near (z: Number<'A, 'V>) =
        if isSingle z then
            real z 7.875875062685488e-05
            |> next z -0.000801686428716587
            |> next z 0.005189087423433974
            |> next z -0.026854212010626412
            |> next z 0.11283594715160218
            |> next z -0.37612626666720334
            |> next z 0.1283791658483509
        else
            real z -7.795898827002142e-10
            |> next z 1.3720064546777686e-08
            |> next z -1.6208483801871705e-07
            |> next z 1.6447424703317362e-06
            |> next z -1.492473690741966e-05
            |> next z 0.00012055294904839707
            |> next z -0.0008548325975389692
            |> next z 0.0052239776071164225
            |> next z -0.02686617064323777
            |> next z 0.11283791670945006
            |> next z -0.37612638903183543
            |> next z 0.12837916709551256

    /// |x|, at most so much, where all is over.
    let inline private size (single: float) (double: float) (x: Number<'A, 'V>) =
        atMost (pick x single double) (abs x)

    let inline private isNegative (x: Number<'A, 'V>) = less x (zero x)

    let inline erf (x: Number<'A, 'V>) =
        let a = size 10.5 28.0 x
        let far = withSign (signOf x) (real a 1.0 - bell a a (scaled a))
        select (less a (real a 1.0)) (fma (near (a * a)) x x) far

    let inline erfc (x: Number<'A, 'V>) =
        let a = size 10.5 28.0 x
        let y = bell a a (scaled a)
        select (isNegative x) (real a 2.0 - y) y

    /// x Φ(x): x exp(-x²/2)·scaled(|x|/√2)/2 for x <= 0, else x less that.
    let inline gelu (x: Number<'A, 'V>) =
        let a = size 15.0 39.0 x
        let half = a *. 0.5
        let struct (high, low) = scaledByRoot a
        // Before the exponential, which may be small beyond the normal numbers.
        let whole = high * half
        let y = withSign (signOf x) (bell a half struct (whole, fma low half (fms high half whole)))
        select (lessEqual x (zero x)) y (x - y)

    /// (Φ(x) + x φ(x))/d in Float32, for |d| <= 0.35, where d is x less the root of that: a polynomial in d.
    let inline private slopeNearRoot (d: Number<'A, 'V>) =
        real d 0.0001807344815460965
        |> next d -0.0007024739170446992
        |> next d -0.0022385490592569113
        |> next d 0.00453179469332099
        |> next d 0.019421609118580818
        |> next d -0.014770986512303352
        |> next d -0.11400823295116425
        |> next d -0.01819968968629837
        |> next d 0.38828498125076294
        |> next d 0.43149399757385254

    /// Φ(x) + x φ(x), which is y = exp(-x²/2)·(scaled(|x|/√2)/2 - |x|/√(2π)) for x < 0, else 1 - y.
    let inline geluSlope (x: Number<'A, 'V>) =
        let a = size 15.0 39.0 x
        let struct (high, low) = scaledByRoot a
        // What is left of the difference may be small: nothing is rounded before, and 1/√(2π) is two numbers.
        let low = fnma a (pick a -1.133517010526318e-8 -2.49232720227773e-17) (low *. 0.5)
        let high = fnma a (pick a 0.3989422917366028 0.3989422804014327) (high *. 0.5)
        let y = bell a (a *. 0.5) struct (high, low)
        let y = select (isNegative x) y (real a 1.0 - y)

        if isSingle x then
            // Near its root, -0.75179152469…, the polynomial for the difference has too few digits.
            let d = x +. 0.7517915368080139 -. 1.211444988769017e-8
            select (lessEqual (abs d) (real d 0.45)) (d * slopeNearRoot d) y
        else
            y
