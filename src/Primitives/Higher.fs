namespace Cotangent

/// Functions of floats, of one to three arguments, that have a kernel alone: higher transcendental functions and their like. All
/// arguments have one shape and dtype; the numbers are computed in Float64 and rounded once.
[<RequireQualifiedAccess; Struct>]
type internal Higher =
    | Log2
    | Exp2
    | Cbrt
    /// log (x/(1 - x))
    | Logit
    /// -x log x, and 0 for 0.
    | Entr
    | Erfinv
    /// exp(x²) erfc x
    | Erfcx
    /// The standard normal distribution, its logarithm, its inverse.
    | Ndtr
    | LogNdtr
    | Ndtri
    | I0
    | I1
    /// Divided by e^|x|.
    | I0e
    | I1e
    | J0
    | J1
    | Y0
    | Y1
    | K0
    | K1
    /// Times eˣ.
    | K0e
    | K1e
    /// E1
    | Expint
    | LambertW
    /// a, b: log (eᵃ + eᵇ)
    | LogAddExp
    /// a, b: log B(a, b)
    | LogBeta
    /// s, q: Hurwitz's.
    | Zeta
    /// s, q: its derivative, so many times with respect to s.
    | ZetaSlope of byS: int
    /// a, x: P and Q.
    | GammaInc
    | GammaIncC
    /// a, b, x: regularised.
    | BetaInc
    /// a, x: the derivative of P, so many times by a.
    | GammaIncSlope of byA: int
    /// a, b, x: the derivative of the incomplete beta function, so many times by a and by b.
    | BetaIncSlope of byFirst: int * bySecond: int
    /// a, p: x with P(a, x) = p, and with Q(a, x) = p.
    | GammaIncInv
    | GammaIncCInv
    /// a, b, p
    | BetaIncInv

    member f.Arity: int =
        match f with
        | LogAddExp
        | LogBeta
        | Zeta
        | ZetaSlope _
        | GammaInc
        | GammaIncC
        | GammaIncSlope _
        | GammaIncInv
        | GammaIncCInv -> 2
        | BetaInc
        | BetaIncSlope _
        | BetaIncInv -> 3
        | _ -> 1

    /// What users call it, and its inputs where there are several.
    override f.ToString() =
        match f with
        | Log2 -> "log2"
        | Exp2 -> "exp2"
        | Cbrt -> "cbrt"
        | Logit -> "logit"
        | Entr -> "entr"
        | Erfinv -> "erfinv"
        | Erfcx -> "erfcx"
        | Ndtr -> "ndtr"
        | LogNdtr -> "logNdtr"
        | Ndtri -> "ndtri"
        | I0 -> "besselI0"
        | I1 -> "besselI1"
        | I0e -> "besselI0e"
        | I1e -> "besselI1e"
        | J0 -> "besselJ0"
        | J1 -> "besselJ1"
        | Y0 -> "besselY0"
        | Y1 -> "besselY1"
        | K0 -> "besselK0"
        | K1 -> "besselK1"
        | K0e -> "besselK0e"
        | K1e -> "besselK1e"
        | Expint -> "expint"
        | LambertW -> "lambertW"
        | LogAddExp -> "logAddExp"
        | LogBeta -> "lbeta"
        | Zeta -> "zeta"
        | ZetaSlope order -> $"zeta, {order} times by s"
        | GammaInc -> "gammainc"
        | GammaIncC -> "gammaincc"
        | BetaInc -> "betainc"
        | GammaIncSlope order -> $"gammainc, {order} times by a"
        | BetaIncSlope(a, b) -> $"betainc, {a} times by a, {b} times by b"
        | GammaIncInv -> "gammaincinv"
        | GammaIncCInv -> "gammainccinv"
        | BetaIncInv -> "betaincinv"
