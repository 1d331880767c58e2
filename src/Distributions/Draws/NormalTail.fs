namespace Cotangent.Distributions

open System
open Cotangent

/// A standard normal variable between a and b far below 0, in Float64: the probability between them may be no number, so everything is
/// relative to that below b.
[<RequireQualifiedAccess>]
module internal NormalTail =
    /// From here down; above it probabilities are numbers.
    [<Literal>]
    let Start = -30.0

    /// Probability over density, which stays a number.
    let private mills (z: Tensor) : Tensor = sqrt (0.5 * Math.PI) * erfcx (-z / sqrt 2.0)

    /// a where it is finite, else something finite in its place, and whether it is not.
    let private finite (a: Tensor) (b: Tensor) =
        let isNone = a.Equal -infinity
        struct (where isNone (b - 1.0) a, isNone)

    /// The probability below a over that below b.
    let private ratio (a: Tensor) (b: Tensor) : Tensor =
        let struct (a, isNone) = finite a b
        let value = exp (0.5 * (b - a) * (b + a)) * mills a / mills b
        where isNone (Tensor.zerosLike value) value

    /// The logarithm of the probability between a and b.
    let logMass (a: Tensor) (b: Tensor) : Tensor =
        log (mills b) - 0.5 * square b - 0.5 * log (2.0 * Math.PI) + log1p -(ratio a b)

    let cdf (a: Tensor) (b: Tensor) (z: Tensor) : Tensor =
        let below = ratio a b
        (ratio z b - below) / (1.0 - below)

    /// By Newton's method on the logarithm of the distribution function; the last steps carry the derivatives, up to the third.
    let quantile (a: Tensor) (b: Tensor) (p: Tensor) : Tensor =
        let below = ratio a b
        let share = p + (1.0 - p) * below
        let isNone = share.Equal 0.0
        let target = log (where isNone (Tensor.onesLike share) share)

        let step (b: Tensor) (target: Tensor) (z: Tensor) =
            let logRatio = 0.5 * (b - z) * (b + z) + log (mills z / mills b)
            z - (logRatio - target) * mills z

        let constantB, constantTarget = stopGradient b, stopGradient target
        let start = -(sqrt (square constantB - 2.0 * constantTarget))
        let near = stopGradient (iterate 4 (step constantB constantTarget) start)
        let z = step b target (step b target near)
        where isNone (a + Tensor.zerosLike z) z

    /// The mean, and the second moment less 1.
    let moments (a: Tensor) (b: Tensor) =
        let below = ratio a b
        let struct (a, _) = finite a b
        let atA, atB = below / mills a, 1.0 / mills b
        struct ((atA - atB) / (1.0 - below), (a * atA - b * atB) / (1.0 - below))
