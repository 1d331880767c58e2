namespace Cotangent.Differentiation

open System
open Cotangent

/// The derivatives of higher functions.
module internal HigherSlopes =
    let private apply (f: Higher) (inputs: Tensor[]) = Bind.one (Primitive.Higher f) inputs
    let private of1 f x = apply f [| x |]

    /// exp(-x²/2)/√2π
    let private bell (x: Tensor) = exp (x * x * -0.5) * (1.0 / sqrt (2.0 * Math.PI))

    /// y/x, where x = 0 the half that it tends to for the Bessel functions that pass through 0 with slope ½.
    let private overOrHalf (y: Tensor) (x: Tensor) =
        let isZero = x.Equal 0.0
        where isZero (Tensor.fullLike x 0.5) (y / where isZero (Tensor.onesLike x) x)

    let private one (f: Higher) (x: Tensor) (y: Tensor) : Tensor =
        match f with
        | Higher.Log2 -> (1.0 / Math.Log 2.0) / x
        | Higher.Exp2 -> y * Math.Log 2.0
        | Higher.Cbrt -> 1.0 / (y * y * 3.0)
        | Higher.Logit -> 1.0 / (x * (1.0 - x))
        | Higher.Entr -> -(log x) - 1.0
        | Higher.Erfinv -> exp (y * y) * (sqrt Math.PI / 2.0)
        | Higher.Erfcx -> x * y * 2.0 - 2.0 / sqrt Math.PI
        | Higher.Ndtr -> bell x
        | Higher.LogNdtr -> exp (x * x * -0.5 - y) * (1.0 / sqrt (2.0 * Math.PI))
        | Higher.Ndtri -> exp (y * y * 0.5) * sqrt (2.0 * Math.PI)
        | Higher.I0 -> of1 Higher.I1 x
        | Higher.I1 -> of1 Higher.I0 x - overOrHalf y x
        | Higher.I0e -> of1 Higher.I1e x - x.Sign() * y
        | Higher.I1e -> of1 Higher.I0e x - overOrHalf y x - x.Sign() * y
        | Higher.J0 -> -(of1 Higher.J1 x)
        | Higher.J1 -> of1 Higher.J0 x - overOrHalf y x
        | Higher.Y0 -> -(of1 Higher.Y1 x)
        | Higher.Y1 -> of1 Higher.Y0 x - y / x
        | Higher.K0 -> -(of1 Higher.K1 x)
        | Higher.K1 -> -(of1 Higher.K0 x) - y / x
        | Higher.K0e -> y - of1 Higher.K1e x
        | Higher.K1e -> y - of1 Higher.K0e x - y / x
        | Higher.Expint -> -(exp -x) / x
        | Higher.LambertW -> exp -y / (y + 1.0)
        | Higher.LogAddExp
        | Higher.LogBeta
        | Higher.Zeta
        | Higher.GammaInc
        | Higher.GammaIncC
        | Higher.BetaInc -> invalidOp $"{f} has {f.Arity} arguments."

    let private digamma (x: Tensor) = Bind.unary (Unary.Polygamma 0) x

    /// xᵃ⁻¹ e⁻ˣ / Γ(a)
    let private gammaDensity (a: Tensor) (x: Tensor) = exp ((a - 1.0) * log x - x - Bind.unary Unary.Lgamma a)

    let private several (f: Higher) (inputs: Tensor[]) (input: int) : Tensor =
        let a, b = inputs[0], inputs[1]

        match f with
        | Higher.LogAddExp -> Bind.unary Unary.Sigmoid (if input = 0 then a - b else b - a)
        | Higher.LogBeta -> digamma inputs[input] - digamma (a + b)
        | Higher.Zeta -> -a * apply Higher.Zeta [| a + 1.0; b |]
        | Higher.GammaInc -> gammaDensity a b
        | Higher.GammaIncC -> -(gammaDensity a b)
        | Higher.BetaInc ->
            let x = inputs[2]
            let log1p t = Bind.unary Unary.Log1p t
            exp ((a - 1.0) * log x + (b - 1.0) * log1p -x - apply Higher.LogBeta [| a; b |])
        | _ -> invalidOp $"{f} has one argument."

    let private parameters (f: Higher) =
        match f with
        | Higher.Zeta -> [| "s"; "q" |]
        | Higher.BetaInc -> [| "a"; "b"; "x" |]
        | _ -> [| "a"; "x" |]

    let rule (f: Higher) (inputs: Tensor[]) (output: Tensor) (input: int) : Linear =
        if f.HasSlope input then
            Linear.Scale(
                Deferred(fun () -> if f.Arity = 1 then one f inputs[0] output else several f inputs input)
            )
        else
            let names = parameters f

            let refuse (_: Tensor) : Tensor =
                raise (
                    DerivativeException
                        $"{f} has no derivative by {names[input]}, only by {names[names.Length - 1]}. Keep {names[input]} constant, with `stopGradient`."
                )

            Linear.Opaque(refuse, refuse)
