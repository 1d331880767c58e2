namespace Cotangent.Engines

open System
open System.Numerics

/// Complex numbers with real and imaginary parts in arrays of their own: what vectors add and multiply.
[<Struct; NoComparison; NoEquality>]
type internal Split<'T> = { Re: 'T[]; Im: 'T[] }

/// The roots of unity that transforms multiply by, each computed in Float64 for itself: a recurrence would add up errors.
module internal Twiddles =
    /// exp(-2πi k/n)
    let root (k: int64) (n: int64) : Complex =
        let struct (sine, cosine) = Double.SinCosPi(2.0 * float (k % n) / float n)
        Complex(cosine, -sine)

    let inline ofFloat (x: float) : 'T :> INumberBase<'T> = 'T.CreateTruncating x

    /// `count` numbers, rounded to the type of the elements.
    let table<'T when 'T :> INumberBase<'T>> (count: int) (f: int -> Complex) : Split<'T> =
        let table = { Re = Array.zeroCreate count; Im = Array.zeroCreate count }

        for i in 0 .. count - 1 do
            let z = f i
            table.Re[i] <- ofFloat z.Real
            table.Im[i] <- ofFloat z.Imaginary

        table
