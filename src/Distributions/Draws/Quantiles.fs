namespace Cotangent.Distributions

open Cotangent

/// Where increasing functions pass a value, by halving an interval: as many rounds as Float64 has bits, and then some.
[<RequireQualifiedAccess>]
module internal Quantiles =
    [<Literal>]
    let private Rounds = 64

    /// The number between low and high from which on `isBelow` is false; a constant for every differentiation.
    let bisect (low: Tensor) (high: Tensor) (isBelow: Tensor -> Tensor) : Tensor =
        let halve (low: Tensor, high: Tensor) =
            let middle = 0.5 * low + 0.5 * high
            let isBelow = isBelow middle
            where isBelow middle low, where isBelow high middle

        let low, high = iterate Rounds halve (stopGradient low, stopGradient high)
        stopGradient (0.5 * low + 0.5 * high)

    /// The least whole number from 0 to high whose `isBelow` is false, where it is at high.
    let bisectWhole (high: Tensor) (isBelow: Tensor -> Tensor) : Tensor =
        let halve (low: Tensor, high: Tensor) =
            let middle = floor (0.5 * (low + high))
            let isBelow = (middle.Less 0.0).Or(isBelow middle)
            where isBelow middle low, where isBelow high middle

        let low = Tensor.fullLike high -1.0
        stopGradient (snd (iterate Rounds halve (low, stopGradient high)))
