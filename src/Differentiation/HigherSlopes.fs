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
        | Higher.ZetaSlope _
        | Higher.GammaInc
        | Higher.GammaIncC
        | Higher.BetaInc
        | Higher.GammaIncSlope _
        | Higher.BetaIncSlope _
        | Higher.GammaIncInv
        | Higher.GammaIncCInv
        | Higher.BetaIncInv -> invalidOp $"{f} has {f.Arity} arguments."

    /// The derivative of so much order, from 1 on, of log Γ.
    let private logGammaSlope order (x: Tensor) = Bind.unary (Unary.Polygamma(order - 1)) x

    let private digamma (x: Tensor) = logGammaSlope 1 x

    let private binomials n =
        Array.init (n + 1) (fun k ->
            Seq.fold (fun c i -> c * float (n - i) / float (i + 1)) 1.0 (seq { 0 .. k - 1 }))

    /// The derivative of exp e, n times by a and m by b, of `value`, exp e, and what gives the derivatives of e: that of a product,
    /// since (exp e)′ = e′ exp e.
    let rec private ofExponential (value: Lazy<Tensor>) (slope: int -> int -> Tensor) n m : Tensor =
        let sumOver first other (term: int -> int -> Tensor) =
            let outer, inner = binomials first, binomials other

            [
                for k in 0..first do
                    for l in 0..other -> term k l * (outer[k] * inner[l])
            ]
            |> List.reduce (+)

        if n > 0 then
            sumOver (n - 1) m (fun k l -> slope (k + 1) l * ofExponential value slope (n - 1 - k) (m - l))
        elif m > 0 then
            sumOver 0 (m - 1) (fun _ l -> slope 0 (l + 1) * ofExponential value slope 0 (m - 1 - l))
        else
            value.Value

    /// In Float64, rounded once, as the functions themselves: of large parameters the terms of an exponent cancel.
    let private inDouble (f: Tensor[] -> Tensor) (inputs: Tensor[]) : Tensor =
        let dtype = inputs[0].DType

        if dtype = DType.Float64 then
            f inputs
        else
            (f (inputs |> Array.map (fun t -> t.Convert DType.Float64))).Convert dtype

    /// xᵃ⁻¹ e⁻ˣ / Γ(a), n times by a.
    let private gammaDensityOf n (a: Tensor) (x: Tensor) =
        let value = lazy (exp ((a - 1.0) * log x - x - Bind.unary Unary.Lgamma a))
        let slope k _ = if k = 1 then log x - digamma a else -(logGammaSlope k a)
        ofExponential value slope n 0

    let private gammaDensity n (a: Tensor) (x: Tensor) =
        inDouble (fun t -> gammaDensityOf n t[0] t[1]) [| a; x |]

    let private log1p (t: Tensor) = Bind.unary Unary.Log1p t

    /// xᵃ⁻¹ (1 - x)ᵇ⁻¹ / B(a, b), n times by a and m by b.
    let private betaDensityOf n m (a: Tensor) (b: Tensor) (x: Tensor) =
        let value = lazy (exp ((a - 1.0) * log x + (b - 1.0) * log1p -x - apply Higher.LogBeta [| a; b |]))

        let slope k l =
            let both = logGammaSlope (k + l) (a + b)

            let both =
                if l = 0 then both - logGammaSlope k a
                elif k = 0 then both - logGammaSlope l b
                else both

            match k, l with
            | 1, 0 -> both + log x
            | 0, 1 -> both + log1p -x
            | _ -> both

        ofExponential value slope n m

    let private betaDensity n m (a: Tensor) (b: Tensor) (x: Tensor) =
        inDouble (fun t -> betaDensityOf n m t[0] t[1] t[2]) [| a; b; x |]

    /// Of x, y, … with f(x, y, …) = p the derivative with respect to p is 1/f′, that by a parameter - f′ by it / f′ (the implicit function
    /// theorem).
    let private inverse (f: Higher) (input: int) (inputs: Tensor[]) (x: Tensor) : Tensor =
        let a, b = inputs[0], inputs[1]

        match f, input with
        | Higher.GammaIncInv, 0
        | Higher.GammaIncCInv, 0 -> -(apply (Higher.GammaIncSlope 1) [| a; x |]) / gammaDensity 0 a x
        | Higher.GammaIncInv, _ -> 1.0 / gammaDensity 0 a x
        | Higher.GammaIncCInv, _ -> -1.0 / gammaDensity 0 a x
        | _, 0 -> -(apply (Higher.BetaIncSlope(1, 0)) [| a; b; x |]) / betaDensity 0 0 a b x
        | _, 1 -> -(apply (Higher.BetaIncSlope(0, 1)) [| a; b; x |]) / betaDensity 0 0 a b x
        | _ -> 1.0 / betaDensity 0 0 a b x

    let private several (f: Higher) (inputs: Tensor[]) (output: Tensor) (input: int) : Tensor =
        let a, b = inputs[0], inputs[1]

        match f with
        | Higher.LogAddExp -> Bind.unary Unary.Sigmoid (if input = 0 then a - b else b - a)
        | Higher.LogBeta -> digamma inputs[input] - digamma (a + b)
        | Higher.Zeta when input = 0 -> apply (Higher.ZetaSlope 1) inputs
        | Higher.Zeta -> -a * apply Higher.Zeta [| a + 1.0; b |]
        | Higher.ZetaSlope n when input = 0 -> apply (Higher.ZetaSlope(n + 1)) inputs
        | Higher.ZetaSlope 0 -> -a * apply Higher.Zeta [| a + 1.0; b |]
        // Of -s ζ(s + 1, q), so many times with respect to s.
        | Higher.ZetaSlope n ->
            -a * apply (Higher.ZetaSlope n) [| a + 1.0; b |]
            - apply (Higher.ZetaSlope(n - 1)) [| a + 1.0; b |] * float n
        | Higher.GammaInc when input = 0 -> apply (Higher.GammaIncSlope 1) inputs
        | Higher.GammaInc -> gammaDensity 0 a b
        | Higher.GammaIncC when input = 0 -> -(apply (Higher.GammaIncSlope 1) inputs)
        | Higher.GammaIncC -> -(gammaDensity 0 a b)
        | Higher.GammaIncSlope n when input = 0 -> apply (Higher.GammaIncSlope(n + 1)) inputs
        | Higher.GammaIncSlope n -> gammaDensity n a b
        | Higher.BetaInc when input = 0 -> apply (Higher.BetaIncSlope(1, 0)) inputs
        | Higher.BetaInc when input = 1 -> apply (Higher.BetaIncSlope(0, 1)) inputs
        | Higher.BetaInc -> betaDensity 0 0 a b inputs[2]
        | Higher.BetaIncSlope(n, m) when input = 0 -> apply (Higher.BetaIncSlope(n + 1, m)) inputs
        | Higher.BetaIncSlope(n, m) when input = 1 -> apply (Higher.BetaIncSlope(n, m + 1)) inputs
        | Higher.BetaIncSlope(n, m) -> betaDensity n m a b inputs[2]
        | Higher.GammaIncInv
        | Higher.GammaIncCInv
        | Higher.BetaIncInv -> inverse f input inputs output
        | _ -> invalidOp $"{f} has one argument."

    let rule (f: Higher) (inputs: Tensor[]) (output: Tensor) (input: int) : Linear =
        Linear.Scale(
            Deferred(fun () -> if f.Arity = 1 then one f inputs[0] output else several f inputs output input)
        )
