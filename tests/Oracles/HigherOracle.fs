/// Higher functions by MathNet.Numerics, or by plain sums and steps.
module internal Cotangent.Tests.HigherOracle

open MathNet.Numerics
open MathNet.Numerics.Distributions
open Cotangent

let private lambertW (x: float) =
    let mutable w = if x > 1.0 then log x else x

    for _ in 1..200 do
        w <- w - (w - x * exp -w) / (1.0 + w)

    w

let private zeta (s: float) (q: float) =
    let n = 2000
    let far = q + float n
    let rest = far ** (1.0 - s) / (s - 1.0) + 0.5 * far ** -s + s * far ** (-s - 1.0) / 12.0
    rest + Seq.sum (seq { for k in n - 1 .. -1 .. 0 -> (q + float k) ** -s })

/// MathNet's is exact to nine digits; steps of Newton's make it so to the last.
let private betaInverse (a: float) (b: float) (p: float) =
    let step x = x - (SpecialFunctions.BetaRegularized(a, b, x) - p) / Beta.PDF(a, b, x)
    step (step (step (Beta.InvCDF(a, b, p))))

let value (f: Higher) (x: float list) : float =
    let a = x.Head
    let b = List.last x

    match f with
    | Higher.Log2 -> log a / log 2.0
    | Higher.Exp2 -> 2.0 ** a
    | Higher.Cbrt -> float (sign a) * abs a ** (1.0 / 3.0)
    | Higher.Logit -> SpecialFunctions.Logit a
    | Higher.Entr -> -a * log a
    | Higher.Erfinv -> SpecialFunctions.ErfInv a
    | Higher.Erfcx -> exp (a * a) * SpecialFunctions.Erfc a
    | Higher.Ndtr -> Normal.CDF(0.0, 1.0, a)
    | Higher.LogNdtr -> log (Normal.CDF(0.0, 1.0, a))
    | Higher.Ndtri -> Normal.InvCDF(0.0, 1.0, a)
    | Higher.I0 -> SpecialFunctions.BesselI(0.0, a)
    | Higher.I1 -> SpecialFunctions.BesselI(1.0, a)
    | Higher.I0e -> SpecialFunctions.BesselI(0.0, a) * exp -(abs a)
    | Higher.I1e -> SpecialFunctions.BesselI(1.0, a) * exp -(abs a)
    | Higher.J0 -> SpecialFunctions.BesselJ(0.0, a)
    | Higher.J1 -> SpecialFunctions.BesselJ(1.0, a)
    | Higher.Y0 -> SpecialFunctions.BesselY(0.0, a)
    | Higher.Y1 -> SpecialFunctions.BesselY(1.0, a)
    | Higher.K0 -> SpecialFunctions.BesselK0 a
    | Higher.K1 -> SpecialFunctions.BesselK1 a
    | Higher.K0e -> SpecialFunctions.BesselK0 a * exp a
    | Higher.K1e -> SpecialFunctions.BesselK1 a * exp a
    | Higher.Expint -> SpecialFunctions.ExponentialIntegral(a, 1)
    | Higher.LambertW -> lambertW a
    | Higher.LogAddExp -> max a b + log (1.0 + exp -(abs (a - b)))
    | Higher.LogBeta -> SpecialFunctions.BetaLn(a, b)
    | Higher.Zeta
    | Higher.ZetaSlope 0 -> zeta a b
    | Higher.GammaInc -> SpecialFunctions.GammaLowerRegularized(a, b)
    | Higher.GammaIncC -> SpecialFunctions.GammaUpperRegularized(a, b)
    | Higher.BetaInc -> SpecialFunctions.BetaRegularized(a, x[1], b)
    // The law of derivatives compares these of order 0 with finite differences; higher orders have tables of their own.
    | Higher.GammaIncSlope 0 -> SpecialFunctions.GammaLowerRegularized(a, b)
    | Higher.BetaIncSlope(0, 0) -> SpecialFunctions.BetaRegularized(a, x[1], b)
    | Higher.ZetaSlope _
    | Higher.GammaIncSlope _
    | Higher.BetaIncSlope _ -> invalidOp $"{f} has no oracle."
    | Higher.GammaIncInv -> Gamma.InvCDF(a, 1.0, b)
    | Higher.GammaIncCInv -> Gamma.InvCDF(a, 1.0, 1.0 - b)
    | Higher.BetaIncInv -> betaInverse a x[1] b
