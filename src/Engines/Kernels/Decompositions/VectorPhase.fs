namespace Cotangent.Engines

open System
open System.Numerics

/// Eigenvectors are made unique: their first element that is at least half as large as the largest is real and positive.
module internal VectorPhase =
    /// What such a vector of n numbers is multiplied by; of a vector of zeros 1.
    let turn (n: int) (at: int -> Complex) : Complex =
        Tile.optimised ()
        let mutable largest = 0.0

        for i in 0 .. n - 1 do
            largest <- Math.Max(largest, Complex.Abs(at i))

        let mutable i = 0

        while i < n - 1 && Complex.Abs(at i) < 0.5 * largest do
            i <- i + 1

        let pivot = at i
        let size = Complex.Abs pivot
        if size = 0.0 then Complex.One else Complex.Conjugate pivot / size
