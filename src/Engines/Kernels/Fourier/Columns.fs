namespace Cotangent.Engines

// Transforms of the columns of a matrix that lies in row-major order, all at once: vectors run along the rows, so that every
// number of a vector belongs to another transform, and nothing is ever exchanged within one.
//
// The algorithm is Stockham's (W. T. Cochran et al., "What is the fast Fourier transform?", 1967), which sorts as it goes: a
// pass of radix r takes rows p, p + m, p + 2m, … of a matrix of n = r m rows, and its results become r neighbours. What was
// one row is then r times as long: the next pass sees a matrix of m rows.

open System
open System.Numerics
open System.Runtime.InteropServices
open Cotangent

/// One pass over all rows.
[<NoComparison; NoEquality>]
type internal Pass<'T> = {
    Radix: int
    /// Rows before it, over the radix.
    Count: int
    /// exp(-2πi p k/n) at place p (r - 1) + k - 1, for k from 1 to r - 1.
    Twiddles: Split<'T>
    /// exp(-2πi j k/r) at place (j - 1) h + k - 1, for j and k from 1 to h = (r - 1)/2. Of odd radices.
    Roots: Split<'T>
}

/// How columns of a length are transformed.
[<NoComparison; NoEquality>]
type internal ColumnPlan<'T> = { Length: int; Passes: Pass<'T>[] }

module internal Columns =
    /// The largest prime that is a radix: a pass takes time in proportion to it.
    [<Literal>]
    let MostRadix = 61

    /// The radices of a length, 4 as often as it goes; and what is left, 1 unless a prime is too large.
    let radices (n: int) : struct (int list * int) =
        let rec take radix rest found =
            if rest % radix = 0 then take radix (rest / radix) (radix :: found)
            elif radix = 4 then take 2 rest found
            elif radix = 2 then take 3 rest found
            elif radix < MostRadix && rest > 1 then take (radix + 2) rest found
            else struct (List.rev found, rest)

        take 4 n []

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

    let inline private load (x: 'T[]) (i: int) =
        Vector.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private store (v: Vector<'T>) (x: 'T[]) (i: int) =
        Vector.StoreUnsafe(v, &MemoryMarshal.GetArrayDataReference x, unativeint i)

    /// y[i] <- z w
    let inline private storeTurned (y: Split<'T>) i (re: Vector<'T>) (im: Vector<'T>) wr wi =
        store (re * wr - im * wi) y.Re i
        store (re * wi + im * wr) y.Im i

    let private two (pass: Pass<'T>) width (x: Split<'T>) (y: Split<'T>) =
        let m = pass.Count

        for p in 0 .. m - 1 do
            let wr, wi = Vector<'T>(pass.Twiddles.Re[p]), Vector<'T>(pass.Twiddles.Im[p])
            let a, b, into = p * width, (p + m) * width, 2 * p * width
            let mutable q = 0

            while q < width do
                let ar, ai = load x.Re (a + q), load x.Im (a + q)
                let br, bi = load x.Re (b + q), load x.Im (b + q)
                store (ar + br) y.Re (into + q)
                store (ai + bi) y.Im (into + q)
                storeTurned y (into + width + q) (ar - br) (ai - bi) wr wi
                q <- q + Vector<'T>.Count

    let private four (pass: Pass<'T>) width (x: Split<'T>) (y: Split<'T>) =
        let m = pass.Count

        for p in 0 .. m - 1 do
            let w = pass.Twiddles
            let w1r, w1i = Vector<'T>(w.Re[3 * p]), Vector<'T>(w.Im[3 * p])
            let w2r, w2i = Vector<'T>(w.Re[3 * p + 1]), Vector<'T>(w.Im[3 * p + 1])
            let w3r, w3i = Vector<'T>(w.Re[3 * p + 2]), Vector<'T>(w.Im[3 * p + 2])
            let step = m * width
            let from, into = p * width, 4 * p * width
            let mutable q = 0

            while q < width do
                let i = from + q
                let ar, ai = load x.Re i, load x.Im i
                let br, bi = load x.Re (i + step), load x.Im (i + step)
                let cr, ci = load x.Re (i + 2 * step), load x.Im (i + 2 * step)
                let dr, di = load x.Re (i + 3 * step), load x.Im (i + 3 * step)
                let sumR, sumI = ar + cr, ai + ci
                let differenceR, differenceI = ar - cr, ai - ci
                let otherR, otherI = br + dr, bi + di
                // -i (b - d)
                let turnedR, turnedI = bi - di, dr - br
                let o = into + q
                store (sumR + otherR) y.Re o
                store (sumI + otherI) y.Im o
                storeTurned y (o + width) (differenceR + turnedR) (differenceI + turnedI) w1r w1i
                storeTurned y (o + 2 * width) (sumR - otherR) (sumI - otherI) w2r w2i
                storeTurned y (o + 3 * width) (differenceR - turnedR) (differenceI - turnedI) w3r w3i
                q <- q + Vector<'T>.Count

    /// By the sums and differences of inputs j and r - j, which the results k and r - k are made of.
    let private odd (pass: Pass<'T>) width (x: Split<'T>) (y: Split<'T>) =
        let r, m = pass.Radix, pass.Count
        let half = (r - 1) / 2
        let lanes = Vector<'T>.Count
        let sums = { Re = Array.zeroCreate<'T>(half * lanes); Im = Array.zeroCreate<'T>(half * lanes) }
        let differences = { Re = Array.zeroCreate<'T>(half * lanes); Im = Array.zeroCreate<'T>(half * lanes) }
        let roots, w = pass.Roots, pass.Twiddles
        let step = m * width

        for p in 0 .. m - 1 do
            let mutable q = 0

            while q < width do
                let from, into = p * width + q, r * p * width + q
                let ar, ai = load x.Re from, load x.Im from
                let mutable totalR = ar
                let mutable totalI = ai

                for j in 1..half do
                    let b, c, at = from + j * step, from + (r - j) * step, (j - 1) * lanes
                    let br, bi = load x.Re b, load x.Im b
                    let cr, ci = load x.Re c, load x.Im c
                    store (br + cr) sums.Re at
                    store (bi + ci) sums.Im at
                    store (br - cr) differences.Re at
                    store (bi - ci) differences.Im at
                    totalR <- totalR + br + cr
                    totalI <- totalI + bi + ci

                store totalR y.Re into
                store totalI y.Im into

                for k in 1..half do
                    let mutable evenR = ar
                    let mutable evenI = ai
                    let mutable oddR = Vector<'T>.Zero
                    let mutable oddI = Vector<'T>.Zero

                    for j in 0 .. half - 1 do
                        let cosine = Vector<'T>(roots.Re[j * half + k - 1])
                        let sine = Vector<'T>(roots.Im[j * half + k - 1])
                        evenR <- evenR + cosine * load sums.Re (j * lanes)
                        evenI <- evenI + cosine * load sums.Im (j * lanes)
                        // i sin times the difference.
                        oddR <- oddR - sine * load differences.Im (j * lanes)
                        oddI <- oddI + sine * load differences.Re (j * lanes)

                    let one, other = p * (r - 1) + k - 1, p * (r - 1) + r - k - 1

                    storeTurned
                        y
                        (into + k * width)
                        (evenR + oddR)
                        (evenI + oddI)
                        (Vector<'T>(w.Re[one]))
                        (Vector<'T>(w.Im[one]))

                    storeTurned
                        y
                        (into + (r - k) * width)
                        (evenR - oddR)
                        (evenI - oddI)
                        (Vector<'T>(w.Re[other]))
                        (Vector<'T>(w.Im[other]))

                q <- q + lanes

    /// Transforms columns, `width` of them, a multiple of the numbers in a vector. Which of the two has the result; the other
    /// is overwritten as well.
    let run (plan: ColumnPlan<'T>) (width: int) (x: Split<'T>) (other: Split<'T>) : Split<'T> =
        let mutable from = x
        let mutable into = other
        let mutable row = width

        for pass in plan.Passes do
            match pass.Radix with
            | 2 -> two pass row from into
            | 4 -> four pass row from into
            | _ -> odd pass row from into

            row <- row * pass.Radix
            let last = from
            from <- into
            into <- last

        from
