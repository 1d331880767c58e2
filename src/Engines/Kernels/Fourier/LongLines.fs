namespace Cotangent.Engines

// The transform of one long line, as two of columns (D. H. Bailey, "FFTs in external or hierarchical memory", 1990): the line
// is a matrix of n1 rows and n2 columns, whose columns are transformed, multiplied by roots of unity, transposed, and
// transformed again. A few columns at a time fit the cache. A length with a large prime in it becomes a convolution of a
// length without one (L. I. Bluestein, "A linear filtering approach to the computation of discrete Fourier transform", 1970).

open System
open System.Buffers
open System.Collections.Concurrent
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Both transforms of columns, and the roots of unity between them: exp(-2πi k j/n) for row k and column j = tile W + t is
/// the product of one for k and the tile, and of one for k and t.
[<NoComparison; NoEquality>]
type internal MatrixPlan<'T> = {
    First: ColumnPlan<'T>
    Second: ColumnPlan<'T>
    /// At k W + t.
    Within: Split<'T>
    /// At tile n1 + k.
    OfTiles: Split<'T>
}

/// The convolution that a transform is, in Float64.
[<NoComparison; NoEquality>]
type internal ChirpPlan = {
    /// exp(-πi k²/n)
    Chirp: Split<float>
    /// The transform of the conjugate, at distances forward and backward.
    Kernel: Split<float>
    Convolution: LinePlan<float>
}

/// How a line of a length is transformed.
and [<RequireQualifiedAccess; NoComparison; NoEquality>] internal LinePlan<'T> =
    | Columns of ColumnPlan<'T>
    | Matrix of MatrixPlan<'T>
    | Chirp of length: int * ChirpPlan

    member plan.Length =
        match plan with
        | Columns plan -> plan.Length
        | Matrix plan -> plan.First.Length * plan.Second.Length
        | Chirp(length, _) -> length

/// What is made once for a length, and kept for the next transform of it.
[<Sealed; AbstractClass>]
type internal Kept<'T, 'plan> private () =
    /// So many lengths at once: some programs walk through many.
    static member Most = 256

    static member val private Plans = ConcurrentDictionary<int, 'plan>()

    static member Get(n: int, make: int -> 'plan) : 'plan =
        match Kept<'T, 'plan>.Plans.TryGetValue n with
        | true, plan -> plan
        | false, _ ->
            let made = make n
            if Kept<'T, 'plan>.Plans.Count >= Kept<'T, 'plan>.Most then Kept<'T, 'plan>.Plans.Clear()
            Kept<'T, 'plan>.Plans[ n ] <- made
            made

/// A line of numbers among those of split arrays.
[<Struct; NoComparison; NoEquality>]
type internal SplitLine<'T> = { Numbers: Split<'T>; First: int; Step: int }

/// Copies a part of a line, which begins at a number and has so many.
type internal PartCopy<'T> = delegate of int * int * SplitLine<'T> -> unit

module internal LongLines =
    /// Columns that are transformed together: some cache lines of each row, and not a power of two of them, so that rows a
    /// power of two apart do not all fall into the same places of the cache.
    let tileWidth<'T> () =
        let lanes = Columns.lanes<'T>()
        partsOf (160 / sizeof<'T>) lanes * lanes

    let rent<'T> n : Split<'T> = { Re = ArrayPool<'T>.Shared.Rent n; Im = ArrayPool<'T>.Shared.Rent n }

    let giveBack (x: Split<'T>) =
        ArrayPool<'T>.Shared.Return x.Re
        ArrayPool<'T>.Shared.Return x.Im

    /// From this length on, lines are matrices.
    [<Literal>]
    let private MatrixFrom = 64

    /// The largest divisor up to the root.
    let private rows (n: int) =
        let mutable d = int (sqrt (float n))

        while n % d <> 0 do
            d <- d - 1

        d

    /// The least length from n on that has only the factors 2, 3 and 5, those but few.
    let smooth (n: int) =
        let upTo (odd: int) =
            let mutable length = odd

            while length < n do
                length <- 2 * length

            length

        [ 1; 3; 5; 9; 15 ] |> List.map upTo |> List.min

    let columns<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) : ColumnPlan<'T> =
        Kept<'T, ColumnPlan<'T>>.Get(n, Columns.plan<'T>)

    let isSmooth (n: int) =
        let struct (_, rest) = Columns.radices n
        rest = 1

    let private matrix<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) (n1: int) : MatrixPlan<'T> =
        let n2, w = n / n1, tileWidth<'T>()

        {
            First = columns<'T> n1
            Second = columns<'T> n2
            Within =
                Twiddles.table (n1 * w) (fun i -> Twiddles.root (int64 (i / w) * int64 (i % w)) (int64 n))
            OfTiles =
                Twiddles.table (partsOf n2 w * n1) (fun i ->
                    Twiddles.root (int64 (i % n1) * int64 (i / n1 * w)) (int64 n))
        }

    let inline private load (x: 'T[]) (i: int) = Vector<'T>(x, i)

    /// z <- z w, of a run of numbers.
    let private turn (z: Split<'T>) at (w: Split<'T>) from (wr: Vector<'T>) (wi: Vector<'T>) count =
        let mutable t = 0

        while t < count do
            let ur, ui = load w.Re (from + t), load w.Im (from + t)
            let vr, vi = ur * wr - ui * wi, ur * wi + ui * wr
            let zr, zi = load z.Re (at + t), load z.Im (at + t)
            (zr * vr - zi * vi).CopyTo(z.Re, at + t)
            (zr * vi + zi * vr).CopyTo(z.Im, at + t)
            t <- t + Vector<'T>.Count

    let private copyFrom (x: Split<'T>) =
        PartCopy(fun first count into ->
            Array.Copy(x.Re, first, into.Numbers.Re, into.First, count)
            Array.Copy(x.Im, first, into.Numbers.Im, into.First, count))

    let private copyTo (x: Split<'T>) =
        PartCopy(fun first count from ->
            Array.Copy(from.Numbers.Re, from.First, x.Re, first, count)
            Array.Copy(from.Numbers.Im, from.First, x.Im, first, count))

    /// Some columns of a matrix as one of w columns; what is lacking in the last ones is 0.
    let private take (load: PartCopy<'T>) rows columns first w (tile: Split<'T>) =
        let count = min w (columns - first)

        for row in 0 .. rows - 1 do
            load.Invoke(row * columns + first, count, { Numbers = tile; First = row * w; Step = 1 })

            if count < w then
                Array.Clear(tile.Re, row * w + count, w - count)
                Array.Clear(tile.Im, row * w + count, w - count)

    let private tiles isParallel rows columns (body: Split<'T> -> Split<'T> -> int -> unit) =
        let w = tileWidth<'T>()
        let size = rows * w

        let work first last =
            let a, b = rent<'T> size, rent<'T> size

            for tile in first .. last - 1 do
                body a b tile

            giveBack a
            giveBack b

        let count = partsOf columns w

        if isParallel then
            Strided.ranges count (int64 rows * int64 columns) work
        else
            work 0 count

    /// From where `load` reads a line to where `store` writes it, which may be the same place.
    let private runMatrix
        isParallel
        (plan: MatrixPlan<'T>)
        (load: PartCopy<'T>)
        (store: PartCopy<'T>)
        (room: Split<'T>)
        =
        let n1, n2, w = plan.First.Length, plan.Second.Length, tileWidth<'T>()

        tiles isParallel n1 n2 (fun a b tile ->
            let first = tile * w
            take load n1 n2 first w a
            let z = Columns.run plan.First w a b

            for k in 0 .. n1 - 1 do
                let wr = Vector<'T>(plan.OfTiles.Re[tile * n1 + k])
                let wi = Vector<'T>(plan.OfTiles.Im[tile * n1 + k])
                turn z (k * w) plan.Within (k * w) wr wi w

            let count = min w (n2 - first)
            Transposing.run z.Re n1 w count room.Re (first * n1) n1
            Transposing.run z.Im n1 w count room.Im (first * n1) n1)

        let turned = copyFrom room

        tiles isParallel n2 n1 (fun a b tile ->
            let first = tile * w
            take turned n2 n1 first w a
            let z = Columns.run plan.Second w a b
            let count = min w (n1 - first)

            for k in 0 .. n2 - 1 do
                store.Invoke(k * n1 + first, count, { Numbers = z; First = k * w; Step = 1 }))

    /// One column among as many as a vector has.
    let private runColumn (plan: ColumnPlan<'T>) (x: Split<'T>) =
        let w = Columns.lanes<'T>()
        let a, b = rent<'T>(plan.Length * w), rent<'T>(plan.Length * w)
        take (copyFrom x) plan.Length 1 0 w a
        let z = Columns.run plan w a b

        for k in 0 .. plan.Length - 1 do
            x.Re[k] <- z.Re[k * w]
            x.Im[k] <- z.Im[k * w]

        giveBack a
        giveBack b

    let private multiply (z: Split<float>) (w: Split<float>) n =
        for k in 0 .. n - 1 do
            let re, im = z.Re[k], z.Im[k]
            z.Re[k] <- re * w.Re[k] - im * w.Im[k]
            z.Im[k] <- re * w.Im[k] + im * w.Re[k]

    let private swapped (x: Split<'T>) : Split<'T> = { Re = x.Im; Im = x.Re }

    /// The convolution of the chirped line with the chirp: jk = (j² + k² - (k - j)²)/2.
    let private runChirp
        (run: LinePlan<float> -> Split<float> -> Split<float> -> unit)
        n
        (plan: ChirpPlan)
        (x: Split<'T>)
        =
        let length = plan.Convolution.Length
        let z, room = rent<float> length, rent<float> length

        for k in 0 .. n - 1 do
            z.Re[k] <- Double.CreateTruncating x.Re[k]
            z.Im[k] <- Double.CreateTruncating x.Im[k]

        Array.Clear(z.Re, n, length - n)
        Array.Clear(z.Im, n, length - n)
        multiply z plan.Chirp n
        run plan.Convolution z room
        multiply z plan.Kernel length
        run plan.Convolution (swapped z) (swapped room)
        multiply z plan.Chirp n

        for k in 0 .. n - 1 do
            x.Re[k] <- Twiddles.ofFloat z.Re[k]
            x.Im[k] <- Twiddles.ofFloat z.Im[k]

        giveBack z
        giveBack room

    let rec private runDouble
        isParallel
        (plan: LinePlan<float>)
        (x: Split<float>)
        (room: Split<float>)
        : unit =
        match plan with
        | LinePlan.Columns plan -> runColumn plan x
        | LinePlan.Matrix plan -> runMatrix isParallel plan (copyFrom x) (copyTo x) room
        | LinePlan.Chirp(n, plan) -> runChirp (runDouble isParallel) n plan x

    /// exp(-2πi jk/n) applied to a line, in place. There must be room for as many numbers more.
    let run isParallel (plan: LinePlan<'T>) (x: Split<'T>) (room: Split<'T>) : unit =
        match plan with
        | LinePlan.Columns plan -> runColumn plan x
        | LinePlan.Matrix plan -> runMatrix isParallel plan (copyFrom x) (copyTo x) room
        | LinePlan.Chirp(n, plan) -> runChirp (runDouble isParallel) n plan x

    /// The same from somewhere to another place, without a line between them, where the plan is such. Whether it is.
    let tryBetween
        isParallel
        (plan: LinePlan<'T>)
        (load: PartCopy<'T>)
        (store: PartCopy<'T>)
        (room: Split<'T>)
        =
        match plan with
        | LinePlan.Matrix plan ->
            runMatrix isParallel plan load store room
            true
        | LinePlan.Columns _
        | LinePlan.Chirp _ -> false

    let private direct<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) : LinePlan<'T> =
        let n1 = if n < MatrixFrom then 1 else rows n
        if n1 < 4 then LinePlan.Columns(columns<'T> n) else LinePlan.Matrix(matrix<'T> n n1)

    let private chirp (n: int) : ChirpPlan =
        let length = smooth (2 * n - 1)
        let convolution = direct<float> length
        let turned (k: int) = Twiddles.root (int64 k * int64 k % (2L * int64 n)) (2L * int64 n)
        let kernel = Twiddles.table<float> length (fun _ -> Complex.Zero)

        for k in 0 .. n - 1 do
            let z = Complex.Conjugate(turned k) / float length
            kernel.Re[k] <- z.Real
            kernel.Im[k] <- z.Imaginary

            if k > 0 then
                kernel.Re[length - k] <- z.Real
                kernel.Im[length - k] <- z.Imaginary

        let room = rent<float> length
        runDouble true convolution kernel room
        giveBack room

        { Chirp = Twiddles.table n turned; Kernel = kernel; Convolution = convolution }

    let plan<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) : LinePlan<'T> =
        Kept<'T, LinePlan<'T>>
            .Get(n, fun n -> if isSmooth n then direct<'T> n else LinePlan.Chirp(n, chirp n))
