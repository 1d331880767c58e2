namespace Cotangent.Distributions

open Cotangent

/// Draws of counts, worked in Float64. Small means by adding up probabilities until they exceed a uniform number; large ones by
/// transformed rejection: Hörmann, "The transformed rejection method for generating Poisson random variables" (1993) and "The
/// generation of binomial random variates" (1993).
[<RequireQualifiedAccess>]
module internal Counts =
    /// From this mean on rejection takes less time than adding up; its constants hold from here on.
    [<Literal>]
    let private Large = 10.0

    /// The least k whose probabilities, up to it, exceed a uniform number: from that of 0, and the ratio of that of k + 1 to that of k. 0
    /// where none is wanted.
    let private addUp (key: Key) (isWanted: Tensor) (first: Tensor) (ratio: Tensor -> Tensor) : Tensor =
        let u = where isWanted (Random.uniform key DType.Float64 first.Shape) (Tensor.fullLike first -1.0)

        // A probability so small adds nothing: a sum short of u by rounding must not go on for ever.
        let isShort (_, term: Tensor, total: Tensor) = (total.LessEqual u).And(term.Greater 1e-20)

        let step (k: Tensor, term: Tensor, total: Tensor) =
            let goesOn = isShort (k, term, total)
            let next = term * ratio k

            where goesOn (k + 1.0) k, where goesOn next term, where goesOn (total + next) total

        let k, _, _ = whileLoop (fun state -> (isShort state).Any()) step (Tensor.zerosLike u, first, first)

        k

    /// Hörmann's proposal of both: us, v and k.
    let private propose (key: Key) (a: Tensor) (b: Tensor) (centre: Tensor) =
        let forU, forV = Key.split key
        let u = Uniforms.inside forU DType.Float64 centre.Shape - 0.5
        let v = Uniforms.inside forV DType.Float64 centre.Shape
        let us = 0.5 - abs u
        struct (us, v, floor ((2.0 * a / us + b) * u + centre))

    let poisson (key: Key) (rate: Tensor) : Tensor =
        let rate = stopGradient (rate.Convert DType.Float64)
        let isSmall = rate.Less Large
        let forSmall, forLarge = Key.split key

        let small =
            let rate = where isSmall rate (Tensor.onesLike rate)
            addUp forSmall isSmall (exp -rate) (fun k -> rate / (k + 1.0))

        let large =
            let rate = where isSmall (Tensor.fullLike rate Large) rate
            let b = 0.931 + 2.53 * sqrt rate
            let a = -0.059 + 0.02483 * b
            let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
            let bound = 0.9277 - 3.6224 / (b - 2.0)
            let logRate = log rate

            Rejection.draw forLarge (rate.IsFinite().And(isSmall.Not())) rate (fun key ->
                let struct (us, v, k) = propose key a b (rate + 0.43)
                let isQuick = (us.GreaterEqual 0.07).And(v.LessEqual bound)
                let isRefused = (k.Less 0.0).Or((us.Less 0.013).And(v.Greater us))
                let left = log (v * inverseAlpha / (a / square us + b))
                let right = k * logRate - rate - lgamma (clampMin 0.0 k + 1.0)
                k, isQuick.Or((left.LessEqual right).And(isRefused.Not())))

        stopGradient (where isSmall small large)

    let binomial (key: Key) (count: Tensor) (probability: Tensor) : Tensor =
        let n = stopGradient (count.Convert DType.Float64)
        let given = stopGradient (probability.Convert DType.Float64)
        // The rarer outcome is counted.
        let isTurned = given.Greater 0.5
        let p = where isTurned (1.0 - given) given
        let isSmall = (n * p).Less Large
        let forSmall, forLarge = Key.split key

        let small =
            let p = where isSmall p (Tensor.zerosLike p)
            let odds = p / (1.0 - p)
            addUp forSmall isSmall (exp (n * log1p -p)) (fun k -> (n - k) / (k + 1.0) * odds)

        let large =
            let p = where isSmall (Tensor.fullLike p 0.5) p
            let n = where isSmall (Tensor.fullLike n (2.0 * Large)) n
            let spread = sqrt (n * p * (1.0 - p))
            let b = 1.15 + 2.53 * spread
            let a = -0.0873 + 0.0248 * b + 0.01 * p
            let alpha = (2.83 + 5.1 / b) * spread
            let bound = 0.92 - 4.2 / b
            let odds = log p - log1p -p
            let mode = floor ((n + 1.0) * p)
            let waysOf k = -(lgamma (k + 1.0) + lgamma (n - k + 1.0))
            let isWanted = (n * p).IsFinite().And(isSmall.Not())

            Rejection.draw forLarge isWanted p (fun key ->
                let struct (us, v, k) = propose key a b (n * p + 0.5)
                let isOutside = (k.Less 0.0).Or(k.Greater n)
                let isQuick = (us.GreaterEqual 0.07).And(v.LessEqual bound)
                let inside = where isOutside mode k
                let left = log (v * alpha / (a / square us + b))
                let right = waysOf inside - waysOf mode + (inside - mode) * odds
                inside, (isQuick.Or(left.LessEqual right)).And(isOutside.Not()))

        let k = where isSmall small large
        stopGradient (where isTurned (n - k) k)
