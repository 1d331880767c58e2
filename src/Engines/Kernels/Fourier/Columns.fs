namespace Cotangent.Engines

// Transforms of the columns of a matrix that lies in row-major order, all at once: vectors run along the rows, so that every
// number of a vector belongs to another transform, and nothing is ever exchanged within one.
//
// The algorithm is Stockham's (W. T. Cochran et al., "What is the fast Fourier transform?", 1967), which sorts as it goes: a
// pass of radix r takes rows p, p + m, p + 2m, … of a matrix of n = r m rows, and its results become r neighbours. What was
// one row is then r times as long: the next pass sees a matrix of m rows.

open System.Numerics
open Cotangent

/// How columns of a length are transformed.
[<NoComparison; NoEquality>]
type internal ColumnPlan<'T> = { Length: int; Passes: Pass<'T>[] }

module internal Columns =
    /// The largest prime that is a radix: a pass takes time in proportion to it.
    [<Literal>]
    let MostRadix = 61

    /// The radices of a length: of a power of two as few passes as go, of 8 and 4, and of what is left the primes. And what is
    /// not a product of radices, 1 unless a prime is too large.
    let radices (n: int) : struct (int list * int) =
        let rec primes radix rest found =
            if rest % radix = 0 then primes radix (rest / radix) (radix :: found)
            elif radix < MostRadix && rest > 1 then primes (radix + 2) rest found
            else struct (List.rev found, rest)

        let twos = if n = 0 then 0 else BitOperations.TrailingZeroCount n

        let ofTwos =
            match twos % 3 with
            | 0 -> List.replicate (twos / 3) 8
            | 1 when twos = 1 -> [ 2 ]
            | 1 -> List.replicate (twos / 3 - 1) 8 @ [ 4; 4 ]
            | _ -> List.replicate (twos / 3) 8 @ [ 4 ]

        let struct (odd, rest) = primes 3 (n >>> twos) []
        struct (ofTwos @ odd, rest)

    let plan<'T when 'T :> INumberBase<'T>> (n: int) : ColumnPlan<'T> =
        let struct (radices, _) = radices n
        let mutable rows = n

        {
            Length = n
            Passes = [|
                for r in radices do
                    let length, half = int64 rows, (r - 1) / 2
                    rows <- rows / r

                    {
                        Radix = r
                        Count = rows
                        Twiddles =
                            Twiddles.table (rows * (r - 1)) (fun i ->
                                Twiddles.root (int64 (i / (r - 1)) * int64 (i % (r - 1) + 1)) length)
                        Roots =
                            Twiddles.table (if r % 2 = 0 then 0 else half * half) (fun i ->
                                Twiddles.root (int64 (i / half + 1) * int64 (i % half + 1)) (int64 r))
                    }
            |]
        }

    /// Transforms columns, rows of which have so many slots. Which of the two has the result; the other is overwritten as well.
    let run (plan: ColumnPlan<'T>) (width: int) (x: Slots<'T>) (other: Slots<'T>) : Slots<'T> =
        let mutable from = x
        let mutable into = other
        let mutable row = width

        for pass in plan.Passes do
            match pass.Radix with
            | 2 -> Butterflies.two pass row from into
            | 3 -> Butterflies.three pass row from into
            | 4 -> Butterflies.four pass row from into
            | 5 -> Butterflies.five pass row from into
            | 8 -> Butterflies.eight pass row from into
            | _ -> Butterflies.odd pass row from into

            row <- row * pass.Radix
            let last = from
            from <- into
            into <- last

        from
