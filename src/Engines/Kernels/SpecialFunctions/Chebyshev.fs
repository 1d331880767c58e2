namespace Cotangent.Engines

open System

/// Sums of Chebyshev's polynomials. The coefficients of the functions that use them interpolate at Chebyshev's nodes, computed with
/// 50 digits; those left out are below the last digit.
module internal Chebyshev =
    /// Σ cₖ Tₖ(t), -1 <= t <= 1, by Clenshaw's recurrence.
    let sum (c: float[]) (t: float) : float =
        let twice = t + t
        let mutable b, before = 0.0, 0.0

        for k in c.Length - 1 .. -1 .. 1 do
            let next = Math.FusedMultiplyAdd(twice, b, c[k] - before)
            before <- b
            b <- next

        Math.FusedMultiplyAdd(t, b, c[0] - before)
