namespace Cotangent.Distributions

open Cotangent

/// The beta distribution and what rests on the same function, in Float64.
[<RequireQualifiedAccess>]
module internal BetaParts =
    let private wide (t: Tensor) = t.Convert DType.Float64

    let private form: StandardForm = {
        Below = fun p x -> betainc p[0] p[1] x
        Above = fun p x -> betainc p[1] p[0] (1.0 - x)
        LogDensity = fun p x -> xlogy (p[0] - 1.0) x + xlog1py (p[1] - 1.0) -x - lbeta p[0] p[1]
    }

    let cdf (a: Tensor) (b: Tensor) (x: Tensor) : Tensor =
        let isBelow, isAbove = x.LessEqual 0.0, x.GreaterEqual 1.0
        let inside = where (isBelow.Or isAbove) (Tensor.fullLike x 0.5) x
        let p = (ParameterSlope.cdf form [| wide a; wide b |] (wide inside)).Convert a.DType
        where isBelow (Tensor.zerosLike p) (where isAbove (Tensor.onesLike p) p)

    /// The logit of the quantile, a constant: near 0 and 1 it has digits that the quantile has not.
    let private logitQuantile (a: Tensor) (b: Tensor) (p: Tensor) : Tensor =
        let a, b, p = stopGradient a, stopGradient b, stopGradient p
        let like = Tensor.zerosLike (a + b + p)

        let isBelow (s: Tensor) =
            // From the side where the argument has its digits.
            let low = betainc a b (sigmoid s)
            let high = 1.0 - betainc b a (sigmoid -s)
            (where (s.Less 0.0) low high).Less p

        Quantiles.bisect (like - 745.0) (like + 745.0) isBelow

    let quantile (a: Tensor) (b: Tensor) (p: Tensor) : Tensor =
        let a, b, p = wide a, wide b, wide p
        let x = ParameterSlope.root form [| a; b |] p (sigmoid (logitQuantile a b p))
        let x = where (p.Equal 1.0) (Tensor.onesLike x) x
        where (p.Equal 0.0) (Tensor.zerosLike x) x

    // ---- Student's t: t²/(ν + t²) is a beta variable ----

    let private below (freedom: Tensor) (t: Tensor) =
        let tail =
            0.5 * betainc (0.5 * freedom) (Tensor.fullLike freedom 0.5) (freedom / (freedom + square t))

        where (t.Less 0.0) tail (1.0 - tail)

    let studentLogDensity (freedom: Tensor) (t: Tensor) : Tensor =
        let half = 0.5 * freedom

        -(half + 0.5) * log1p (square t / freedom)
        - 0.5 * log freedom
        - lbeta half (Tensor.fullLike half 0.5)

    let private student: StandardForm = {
        Below = fun p t -> below p[0] t
        Above = fun p t -> below p[0] -t
        LogDensity = fun p t -> studentLogDensity p[0] t
    }

    let studentCdf (freedom: Tensor) (t: Tensor) : Tensor =
        (ParameterSlope.cdf student [| wide freedom |] (wide t)).Convert freedom.DType

    let studentQuantile (freedom: Tensor) (p: Tensor) : Tensor =
        let freedom, p = wide freedom, wide p
        let tail = minimum p (1.0 - p)
        let half = Tensor.fullLike freedom 0.5
        let size = sqrt (freedom * exp -(logitQuantile (0.5 * freedom) half (2.0 * tail)))
        let t = where (p.Less 0.5) -size size
        let t = ParameterSlope.root student [| freedom |] p t
        let t = where (p.Equal 1.0) (Tensor.fullLike t infinity) t
        where (p.Equal 0.0) (Tensor.fullLike t -infinity) t
