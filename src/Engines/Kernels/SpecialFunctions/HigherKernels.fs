namespace Cotangent.Engines

open System
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The kernels of higher functions: in Float64, element by element.
module internal HigherKernels =
    let private logit (p: float) =
        if p >= 0.25 && p <= 0.75 then
            // 2 artanh (2p - 1), whose argument is exact here.
            let z = 2.0 * p - 1.0
            Elementary.log1p (2.0 * z / (1.0 - z))
        else
            Math.Log(p / (1.0 - p))

    let private entr (x: float) =
        if x > 0.0 then -x * Math.Log x
        elif x = 0.0 then 0.0
        elif x < 0.0 then -infinity
        else nan

    let private logAddExp (a: float) (b: float) =
        let larger, smaller = Math.Max(a, b), Math.Min(a, b)

        if a = b then a + Math.Log 2.0
        elif Double.IsInfinity larger then larger
        else larger + Elementary.log1p (Math.Exp(smaller - larger))

    /// The C library's, which differ between systems, made exact by a step of Newton's.
    let private cbrt (x: float) =
        let y = Math.Cbrt x

        if Math.Abs x > 1e-290 && Math.Abs x < 1e290 then
            let square = y * y
            let lost = Math.FusedMultiplyAdd(y, y, -square)
            let rest = Math.FusedMultiplyAdd(-square, y, x) - lost * y
            y + rest / (3.0 * square)
        else
            y

    let private exp2 (x: float) = Math.Pow(2.0, x)

    let private one (f: Higher) : float -> float =
        match f with
        | Higher.Log2 -> Math.Log2
        | Higher.Exp2 -> exp2
        | Higher.Cbrt -> cbrt
        | Higher.Logit -> logit
        | Higher.Entr -> entr
        | Higher.Erfinv -> NormalTails.inverseErf
        | Higher.Erfcx -> NormalTails.scaledTail
        | Higher.Ndtr -> NormalTails.distribution
        | Higher.LogNdtr -> NormalTails.logDistribution
        | Higher.Ndtri -> NormalTails.quantile
        | Higher.I0 -> BesselI.i0
        | Higher.I1 -> BesselI.i1
        | Higher.I0e -> BesselI.i0e
        | Higher.I1e -> BesselI.i1e
        | Higher.J0 -> BesselJ.j0
        | Higher.J1 -> BesselJ.j1
        | Higher.Y0 -> BesselJ.y0
        | Higher.Y1 -> BesselJ.y1
        | Higher.K0 -> BesselI.k0
        | Higher.K1 -> BesselI.k1
        | Higher.K0e -> BesselI.k0e
        | Higher.K1e -> BesselI.k1e
        | Higher.Expint -> ExponentialIntegral.e1
        | Higher.LambertW -> ExponentialIntegral.lambertW
        | Higher.LogAddExp
        | Higher.LogBeta
        | Higher.Zeta
        | Higher.ZetaSlope _
        | Higher.GammaInc
        | Higher.GammaIncC
        | Higher.BetaInc
        | Higher.GammaIncSlope _
        | Higher.BetaIncSlope _
        | Higher.GammaIncInv
        | Higher.GammaIncCInv
        | Higher.BetaIncInv -> invalidOp $"{f} has {f.Arity} arguments."

    let private two (f: Higher) : float -> float -> float =
        match f with
        | Higher.LogAddExp -> logAddExp
        | Higher.LogBeta -> IncompleteBeta.logBeta
        | Higher.Zeta -> Zeta.hurwitz
        | Higher.ZetaSlope order -> Zeta.slope order
        | Higher.GammaInc -> IncompleteGamma.lower
        | Higher.GammaIncC -> IncompleteGamma.upper
        | Higher.GammaIncSlope order -> IncompleteSlopes.gamma order
        | Higher.GammaIncInv -> IncompleteInverses.gamma false
        | Higher.GammaIncCInv -> IncompleteInverses.gamma true
        | _ -> invalidOp $"{f} has {f.Arity} arguments."

    let private three (f: Higher) : float -> float -> float -> float =
        match f with
        | Higher.BetaInc -> IncompleteBeta.regularised
        | Higher.BetaIncSlope(byA, byB) -> IncompleteSlopes.beta byA byB
        | Higher.BetaIncInv -> IncompleteInverses.beta
        | _ -> invalidOp $"{f} has {f.Arity} arguments."

    let evaluate (f: Higher) (inputs: HostBuffer[]) : HostBuffer =
        let x = inputs |> Array.map Matrices.wide
        let y = Strided.fresh<float> DType.Float64 inputs[0].Shape
        let count = Shape.count y.Shape
        let inline at k i = x[k].Items[x[k].Offset + i]

        let fill (value: int -> float) =
            Strided.ranges count (int64 count * 40L) (fun first last ->
                for i in first .. last - 1 do
                    y.Items[i] <- value i)

        match f.Arity with
        | 1 ->
            let f = one f
            fill (fun i -> f (at 0 i))
        | 2 ->
            let f = two f
            fill (fun i -> f (at 0 i) (at 1 i))
        | _ ->
            let f = three f
            fill (fun i -> f (at 0 i) (at 1 i) (at 2 i))

        Convert.buffer inputs[0].DType y
