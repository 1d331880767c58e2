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
open System.Runtime.Intrinsics
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

    // Each pass is written once for vectors of both lengths.

    let inline private load (x: 'T[]) (i: int) =
        Vector.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private store (v: Vector<'T>) (x: 'T[]) (i: int) =
        Vector.StoreUnsafe(v, &MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private spread (x: 'T) = Vector<'T>(x)

    let inline private loadWide (x: 'T[]) (i: int) =
        Vector512.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private storeWide (v: Vector512<'T>) (x: 'T[]) (i: int) =
        Vector512.StoreUnsafe(v, &MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private spreadWide (x: 'T) = Vector512.Create<'T> x

    /// Numbers of the longest vectors there are.
    let lanes<'T> () = if Vector512.IsHardwareAccelerated then Vector512<'T>.Count else Vector<'T>.Count

    let inline private isWide<'T> width = Vector512.IsHardwareAccelerated && width % Vector512<'T>.Count = 0

    let inline private (+.) (a: ^V) (b: ^V) : ^V = a + b
    let inline private (-.) (a: ^V) (b: ^V) : ^V = a - b
    let inline private ( *. ) (a: ^V) (b: ^V) : ^V = a * b

    /// y[i] <- z w
    let inline private storeTurned
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        (y: Split<'T>)
        i
        (re: ^V)
        (im: ^V)
        (wr: ^V)
        (wi: ^V)
        =
        store (re *. wr -. im *. wi) y.Re i
        store (re *. wi +. im *. wr) y.Im i

    let inline private twoBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] spread: 'T -> ^V)
        lanes
        (pass: Pass<'T>)
        width
        (x: Split<'T>)
        (y: Split<'T>)
        =
        let m = pass.Count

        for p in 0 .. m - 1 do
            let wr, wi = spread (pass.Twiddles.Re[p]), spread (pass.Twiddles.Im[p])
            let a, b, into = p * width, (p + m) * width, 2 * p * width
            let mutable q = 0

            while q < width do
                let ar, ai = load x.Re (a + q), load x.Im (a + q)
                let br, bi = load x.Re (b + q), load x.Im (b + q)
                store (ar +. br) y.Re (into + q)
                store (ai +. bi) y.Im (into + q)
                storeTurned store y (into + width + q) (ar -. br) (ai -. bi) wr wi
                q <- q + lanes

    let inline private fourBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] spread: 'T -> ^V)
        lanes
        (pass: Pass<'T>)
        width
        (x: Split<'T>)
        (y: Split<'T>)
        =
        let m = pass.Count

        for p in 0 .. m - 1 do
            let w = pass.Twiddles
            let w1r, w1i = spread (w.Re[3 * p]), spread (w.Im[3 * p])
            let w2r, w2i = spread (w.Re[3 * p + 1]), spread (w.Im[3 * p + 1])
            let w3r, w3i = spread (w.Re[3 * p + 2]), spread (w.Im[3 * p + 2])
            let step = m * width
            let from, into = p * width, 4 * p * width
            let mutable q = 0

            while q < width do
                let i = from + q
                let ar, ai = load x.Re i, load x.Im i
                let br, bi = load x.Re (i + step), load x.Im (i + step)
                let cr, ci = load x.Re (i + 2 * step), load x.Im (i + 2 * step)
                let dr, di = load x.Re (i + 3 * step), load x.Im (i + 3 * step)
                let sumR, sumI = ar +. cr, ai +. ci
                let differenceR, differenceI = ar -. cr, ai -. ci
                let otherR, otherI = br +. dr, bi +. di
                // -i (b - d)
                let turnedR, turnedI = bi -. di, dr -. br
                let o = into + q
                store (sumR +. otherR) y.Re o
                store (sumI +. otherI) y.Im o
                storeTurned store y (o + width) (differenceR +. turnedR) (differenceI +. turnedI) w1r w1i
                storeTurned store y (o + 2 * width) (sumR -. otherR) (sumI -. otherI) w2r w2i
                storeTurned store y (o + 3 * width) (differenceR -. turnedR) (differenceI -. turnedI) w3r w3i
                q <- q + lanes

    /// By the sums and differences of inputs j and r - j, which the results k and r - k are made of.
    let inline private oddBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] spread: 'T -> ^V)
        lanes
        (pass: Pass<'T>)
        width
        (x: Split<'T>)
        (y: Split<'T>)
        =
        let r, m = pass.Radix, pass.Count
        let half = (r - 1) / 2
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
                    store (br +. cr) sums.Re at
                    store (bi +. ci) sums.Im at
                    store (br -. cr) differences.Re at
                    store (bi -. ci) differences.Im at
                    totalR <- totalR +. br +. cr
                    totalI <- totalI +. bi +. ci

                store totalR y.Re into
                store totalI y.Im into

                for k in 1..half do
                    let mutable evenR = ar
                    let mutable evenI = ai
                    let mutable oddR = spread Unchecked.defaultof<'T>
                    let mutable oddI = spread Unchecked.defaultof<'T>

                    for j in 0 .. half - 1 do
                        let cosine = spread (roots.Re[j * half + k - 1])
                        let sine = spread (roots.Im[j * half + k - 1])
                        evenR <- evenR +. cosine *. (load sums.Re (j * lanes))
                        evenI <- evenI +. cosine *. (load sums.Im (j * lanes))
                        // i sin times the difference.
                        oddR <- oddR -. sine *. (load differences.Im (j * lanes))
                        oddI <- oddI +. sine *. (load differences.Re (j * lanes))

                    let one, other = p * (r - 1) + k - 1, p * (r - 1) + r - k - 1

                    storeTurned
                        store
                        y
                        (into + k * width)
                        (evenR +. oddR)
                        (evenI +. oddI)
                        (spread (w.Re[one]))
                        (spread (w.Im[one]))

                    storeTurned
                        store
                        y
                        (into + (r - k) * width)
                        (evenR -. oddR)
                        (evenI -. oddI)
                        (spread (w.Re[other]))
                        (spread (w.Im[other]))

                q <- q + lanes

    let private two (pass: Pass<'T>) width (x: Split<'T>) (y: Split<'T>) =
        if isWide<'T> width then
            twoBy loadWide storeWide spreadWide Vector512<'T>.Count pass width x y
        else
            twoBy load store spread Vector<'T>.Count pass width x y

    let private four (pass: Pass<'T>) width (x: Split<'T>) (y: Split<'T>) =
        if isWide<'T> width then
            fourBy loadWide storeWide spreadWide Vector512<'T>.Count pass width x y
        else
            fourBy load store spread Vector<'T>.Count pass width x y

    let private odd (pass: Pass<'T>) width (x: Split<'T>) (y: Split<'T>) =
        if isWide<'T> width then
            oddBy loadWide storeWide spreadWide Vector512<'T>.Count pass width x y
        else
            oddBy load store spread Vector<'T>.Count pass width x y

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
