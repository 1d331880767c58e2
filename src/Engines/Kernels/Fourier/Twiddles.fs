namespace Cotangent.Engines

open System
open System.Numerics

/// The roots of unity that transforms multiply by, each computed in Float64 for itself: a recurrence would add up errors.
module internal Twiddles =
    /// exp(-2πi k/n)
    let root (k: int64) (n: int64) : Complex =
        let struct (sine, cosine) = Double.SinCosPi(2.0 * float (k % n) / float n)
        Complex(cosine, -sine)

    let inline ofFloat (x: float) : 'T :> INumberBase<'T> = 'T.CreateTruncating x

    /// `count` complex numbers, rounded to the type of the elements, as pairs of their parts.
    let table<'T when 'T :> INumberBase<'T>> (count: int) (f: int -> Complex) : 'T[] =
        Tile.optimised ()
        let table = Array.zeroCreate (2 * count)

        for i in 0 .. count - 1 do
            let z = f i
            table[2 * i] <- ofFloat z.Real
            table[2 * i + 1] <- ofFloat z.Imaginary

        table
