namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// The error function and what follows from it, in terms of lane operations: the formulas of Engines/Kernels/ErrorFunction.fs.
// Those for Float32 are computed in Float64, where nothing that is rounded on the way shows.

[<RequireQualifiedAccess>]
module internal ErrorFunctions =
    open LaneOperators

    /// A number as two of half as many digits (Veltkamp 1968).
    let private halves (x: Lane) =
        let c = x *. 134217729.0
        let high = c - (c - x)
        struct (high, x - high)

    /// p·q - h, where h is about the product: what rounding lost of it. Where instructions don't tell, the halves of the
    /// factors do (Dekker 1971).
    let private productLess (h: Lane) (p: Lane) (q: Lane) =
        if Lane.isFused then
            Lane.fms p q h
        else
            let struct (p, pLow) = halves p
            let struct (q, qLow) = halves q
            p * q - h + p * qLow + pLow * q + pLow * qLow

    /// exp(a²)·erfc(a), for a >= 0; `single` if the result is for Float32. It is steep in u, of which the rounding would
    /// show twice: for Float64 it is made good.
    let private scaled single (a: Lane) =
        let k, twice = if single then 3.0, 6.0 else 4.0, 8.0
        let s = a +. k
        let u = a.Real twice / s

        let lost =
            if single then
                a.Zero
            else
                (-(productLess (u.Real twice) u s) - u * (a - (s -. k))) * (u *. 0.125)

        let p =
            Lane.polynomial
                (if single then a.Real 1.0 - u else a.Real 1.0 - u - lost)
                (if single then
                     [|
                         -5.567163380747473e-05
                         -8.327932383529376e-05
                         0.000512928192507568
                         -0.00020281963446278333
                         -0.004472740394198004
                         0.019921212733134012
                         -0.051744439091706035
                         0.09837140296495908
                         -0.1472324100900521
                         0.17900115105307668
                     |]
                 else
                     [|
                         -4.116911852330038e-10
                         -1.8892709209904164e-09
                         1.2799131784481503e-09
                         1.5978911737848357e-08
                         -1.0786707436485327e-08
                         -1.0657302921674353e-07
                         1.7886711572525317e-07
                         5.874222619813707e-07
                         -2.3579232314314566e-06
                         -4.5467064246886236e-07
                         2.2101671645102474e-05
                         -5.688151230517701e-05
                         -3.5119867020183676e-05
                         0.0007640069451900035
                         -0.003296256666974019
                         0.009547689364748318
                         -0.021751367155003015
                         0.04135644848470062
                         -0.06760672891415466
                         0.09665108778315556
                         -0.12206859113511025
                         0.13699945762506138
                     |])

        if single then p * u else Lane.fma p u (p * lost)

    /// exp(-p·q)
    let private bell single (p: Lane) (q: Lane) =
        let h = p * q
        let e = Exponentials.exp -h
        // What the product lost.
        if single then e else Lane.fnma (productLess h p q) e e

    /// (erf √z)/√z, for z <= 1
    let private near single (z: Lane) =
        Lane.polynomial
            z
            (if single then
                 [|
                     7.875875062685488e-05
                     -0.000801686428716587
                     0.005189087423433974
                     -0.026854212010626412
                     0.11283594715160218
                     -0.37612626666720334
                     1.1283791658483509
                 |]
             else
                 [|
                     -7.795898827002142e-10
                     1.3720064546777686e-08
                     -1.6208483801871705e-07
                     1.6447424703317362e-06
                     -1.492473690741966e-05
                     0.00012055294904839707
                     -0.0008548325975389692
                     0.0052239776071164225
                     -0.02686617064323777
                     0.11283791670945006
                     -0.37612638903183543
                     1.1283791670955126
                 |])

    /// |x|, at most `most`, where all is over.
    let private size (most: float) (x: Lane) = Exponentials.atMost most (Lane.abs x)

    let private isNegative (x: Lane) = Lane.less x x.Zero

    /// Float32 by way of Float64.
    let private either (f: bool -> Lane -> Lane) (x: Lane) =
        Exponentials.inDouble (f (Element.size x.Element = 4)) x

    let erf (x: Lane) =
        x
        |> either (fun single x ->
            let a = size 28.0 x
            let far = a.Real 1.0 - bell single a a * scaled single a
            let far = Lane.withSign (Lane.signOf x) far
            Lane.select (Lane.less a (a.Real 1.0)) (x * near single (a * a)) far)

    let erfc (x: Lane) =
        x
        |> either (fun single x ->
            let a = size 28.0 x
            let y = bell single a a * scaled single a
            Lane.select (isNegative x) (a.Real 2.0 - y) y)

    /// x Φ(x)
    let gelu (x: Lane) =
        x
        |> either (fun single x ->
            let a = size 39.0 x
            let w = scaled single (a *. 0.70710678118654752) *. 0.5 * Lane.withSign (Lane.signOf x) a
            let e = bell single a (a *. 0.5)
            Lane.select (Lane.lessEqual x x.Zero) (e * w) (Lane.fnma e w x))

    /// Φ(x) + x φ(x)
    let geluSlope (x: Lane) =
        x
        |> either (fun single x ->
            let a = size 39.0 x
            let half = scaled single (a *. 0.70710678118654752) *. 0.5
            let y = bell single a (a *. 0.5) * Lane.fnma a (a.Real 0.39894228040143268) half
            Lane.select (isNegative x) y (a.Real 1.0 - y))
