namespace Cotangent.Distributions

open Cotangent

/// The gamma distribution of rate 1, in Float64.
[<RequireQualifiedAccess>]
module internal GammaParts =
    let private logDensity (a: Tensor) (x: Tensor) = xlogy (a - 1.0) x - x - lgamma a

    let private form: StandardForm = {
        Below = fun p x -> gammainc p[0] x
        Above = fun p x -> gammaincc p[0] x
        LogDensity = fun p x -> logDensity p[0] x
    }

    let private wide (t: Tensor) = t.Convert DType.Float64

    let cdf (a: Tensor) (x: Tensor) : Tensor =
        let isOutside = x.LessEqual 0.0
        let inside = where isOutside (Tensor.onesLike x) x
        let p = (ParameterSlope.cdf form [| wide a |] (wide inside)).Convert a.DType
        where isOutside (Tensor.zerosLike p) p

    let quantile (a: Tensor) (p: Tensor) : Tensor =
        let a, p = wide a, wide p
        // Halving logarithms reaches the smallest numbers, which are common where a is small.
        let like = Tensor.zerosLike (a + p)
        let low, high = like - 745.0, like + 709.0
        let constant = stopGradient a, stopGradient p

        let x =
            exp (Quantiles.bisect low high (fun s -> (gammainc (fst constant) (exp s)).Less(snd constant)))

        let x = ParameterSlope.root form [| a |] p x
        let x = where (p.Equal 1.0) (Tensor.fullLike x infinity) x
        where (p.Equal 0.0) (Tensor.zerosLike x) x

    /// Logarithms of draws, without derivatives: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).
    let private constantLogDraw (key: Key) (a: Tensor) : Tensor =
        let forRounds, forSmall = Key.split key
        let isSmall = a.Less 1.0
        let d = where isSmall (a + 1.0) a - 1.0 / 3.0
        let c = 1.0 / sqrt (9.0 * d)
        let isValid = (a.Greater 0.0).And(a.IsFinite())

        let ofOneOrMore =
            Rejection.draw forRounds isValid a (fun key ->
                let forX, forU = Key.split key
                let x = Random.normal forX DType.Float64 a.Shape
                let u = Uniforms.inside forU DType.Float64 a.Shape
                let v = 1.0 + c * x
                let isOutside = v.LessEqual 0.0
                let logV = 3.0 * log (where isOutside (Tensor.onesLike v) v)
                let right = 0.5 * square x + d * (1.0 - exp logV + logV)
                log d + logV, ((log u).Less right).And(isOutside.Not()))

        let u = Uniforms.inside forSmall DType.Float64 a.Shape
        where isSmall (ofOneOrMore + log u / a) ofOneOrMore

    /// d log g/da: from the distribution function at g; where g is tiny that is gᵃ/Γ(a + 1), and g itself may be out of range.
    let private slope (a: Tensor) (logDraw: Tensor) : Tensor =
        let isTiny = logDraw.Less -23.0
        let ofTiny = -(logDraw - digamma (a + 1.0)) / a
        let g = exp (where isTiny (Tensor.zerosLike logDraw) logDraw)
        // From g as the root of F(g; a) = p at a fixed p, and so from its change as a changes by 1.
        let _, dg =
            jvp (fun a -> ParameterSlope.root form [| a |] (Tensor.zerosLike g) g) a (Tensor.onesLike a)

        where isTiny ofTiny (dg / g)

    let rec private attach (a: Tensor) (logDraw: Tensor) : Tensor =
        let push (a, logDraw) (da: Tensor, _: Tensor) = slope a (attach a logDraw) * da
        withDerivative (Derivative.Push push) (fun (_: Tensor, logDraw: Tensor) -> logDraw) (a, logDraw)

    /// Logarithms of draws, for each place of a: small concentrations draw numbers that only these can hold. Their derivative with respect to a is
    /// implicit: Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients" (2018).
    let logDraw (key: Key) (a: Tensor) : Tensor =
        let a = wide a
        attach a (constantLogDraw key (stopGradient a))
