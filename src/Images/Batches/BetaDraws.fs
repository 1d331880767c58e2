namespace Cotangent.Images

open Cotangent

/// Draws from Beta(a, a), without a loop whose length depends on them, so that they can be compiled.
module internal BetaDraws =
    /// Of so many candidates, each taken with a probability above 0.95, all are refused once in 10^10.
    [<Literal>]
    let private Candidates = 8

    /// The logarithms of 2 × n draws from Gamma(a), by Marsaglia & Tsang, "A simple method for generating gamma variables" (2000): of
    /// a + 1 where a < 1, and then less by -ln(u)/a, since these draws may be too small for a number.
    let private logGamma (a: float) (n: int) (key: Key) : Tensor =
        let forNormal, forUniform, forSmall = Key.split3 key
        let isSmall = a < 1.0
        let d = (if isSmall then a + 1.0 else a) - 1.0 / 3.0
        let x = Random.normal forNormal DType.Float32 [ 2; n; Candidates ]
        let u = 1.0 - Random.uniform forUniform DType.Float32 [ 2; n; Candidates ]
        let base' = 1.0 + x * (1.0 / sqrt (9.0 * d))
        let isPositive = base'.Greater 0.0
        let v = (where isPositive base' (Tensor.onesLike base')) ** 3
        let accepted = isPositive.And((log u).Less(0.5 * x * x + d - d * v + d * log v))
        // The first that is true.
        let chosen = (accepted.Convert DType.Int32).ArgMax(2, keepDims = true)
        let drawn = (log (d * v)).Gather(chosen, 2).Squeeze 2

        if isSmall then
            drawn + log (1.0 - Random.uniform forSmall DType.Float32 [ 2; n ]) * (1.0 / a)
        else
            drawn

    /// n numbers from Beta(a, a), Float32.
    let symmetric (a: float) (n: int) (key: Key) : Tensor =
        let logs = logGamma a n key
        // g / (g + h), by the logarithms of both.
        sigmoid (logs.Slice [ Index.At 0 ] - logs.Slice [ Index.At 1 ])
