namespace Cotangent.Engines

// Layer normalisation of short rows, a block of them at a time: each pass goes over all rows of the block before the next
// begins. The sum over a row takes longer to be folded into one number than to be added up, and the mean is waited for; with
// other rows in between nothing waits.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open Cotangent.Lanes

#nowarn "3535" // interfaces with static abstract members

/// Adjacent rows of `Length` elements, the first at `First`.
[<Struct; NoEquality; NoComparison>]
type internal RowBlock<'T> = { Items: 'T[]; First: int; Length: int; Count: int }

/// What layer normalisation does with a block of at most `Rows` rows.
[<AbstractClass>]
type internal NormalizeBlocks<'T>() =
    /// Rows of a block.
    static member Rows = 16

    /// The mean of each row, 0 without a centre, and what x - mean is multiplied by.
    abstract Moments: isCentred: bool * epsilon: 'T * x: RowBlock<'T> * means: 'T[] * factors: 'T[] -> unit

    /// y <- (x - mean) r gain + bias, of which gain and bias may be empty. y has the first element of the first row at `into`.
    abstract Scale:
        x: RowBlock<'T> *
        means: 'T[] *
        factors: 'T[] *
        gain: ReadOnlySpan<'T> *
        bias: ReadOnlySpan<'T> *
        y: 'T[] *
        into: int ->
            unit

    /// z <- r (g - mean g - y mean(y g)), of y = (x - mean) r and g = c gain; without a centre, mean g is left out. Adds c y and c
    /// to the sums for gain and bias. The cotangents c lie as x does, from `from` on, and z from `into` on.
    abstract Pull:
        isCentred: bool *
        x: RowBlock<'T> *
        means: 'T[] *
        factors: 'T[] *
        c: 'T[] *
        from: int *
        gain: ReadOnlySpan<'T> *
        ofGain: Span<'T> *
        ofBias: Span<'T> *
        z: 'T[] *
        into: int ->
            unit

[<Sealed>]
type private NormalizeBlocksBy<'A, 'F, 'V, 'T
    when 'A :> ILaneAlgebra<'V>
    and 'F :> ILaneFolds<'V, 'T>
    and 'V: struct
    and 'T: struct
    and 'T: (new: unit -> 'T)
    and 'T :> ValueType
    and 'T :> IRootFunctions<'T>
    and 'T :> INumber<'T>>() =
    inherit NormalizeBlocks<'T>()

    static member inline private W = Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>()
    static member inline private Zero: 'V = 'A.Pattern(Unchecked.defaultof<'V>, 0L)

    override _.Moments(isCentred, epsilon, x, means, factors) =
        Tile.optimised ()
        let w, n = NormalizeBlocksBy<'A, 'F, 'V, 'T>.W, x.Length
        let items = &Tile.at x.Items x.First
        let whole = n - n % w
        let count: 'T = 'T.CreateSaturating n

        for row in 0 .. x.Count - 1 do
            let mutable sum: 'T = 'T.Zero

            if isCentred then
                let start = row * n
                let mutable a = NormalizeBlocksBy<'A, 'F, 'V, 'T>.Zero
                let mutable i = 0

                while i < whole do
                    a <- 'A.Add(a, AlongRow.load<'V, 'T> &items (start + i))
                    i <- i + w

                sum <- 'F.Total a

                while i < n do
                    sum <- sum + Unsafe.Add(&items, start + i)
                    i <- i + 1

            means[row] <- sum / count

        for row in 0 .. x.Count - 1 do
            let start = row * n
            let mean: 'T = means[row]
            let m = 'F.Spread mean
            let mutable s = NormalizeBlocksBy<'A, 'F, 'V, 'T>.Zero
            let mutable t = s
            let mutable i = 0

            while i < whole do
                let d = 'A.Subtract(AlongRow.load<'V, 'T> &items (start + i), m)
                s <- 'A.Add(s, d)
                t <- 'A.MultiplyAdd(d, d, t)
                i <- i + w

            let mutable total: 'T = 'F.Total s
            let mutable squares: 'T = 'F.Total t

            while i < n do
                let d: 'T = Unsafe.Add(&items, start + i) - mean
                let square: 'T = d * d
                total <- total + d
                squares <- squares + square
                i <- i + 1

            // The mean was rounded, which is seen in what the deviations add up to: of equal numbers, too, it must be the mean.
            let off: 'T = if isCentred then total / count else 'T.Zero
            let missed: 'T = off * off
            let square: 'T = squares / count
            let square: 'T = 'T.Max('T.Zero, square - missed)
            let root: 'T = 'T.Sqrt(square + epsilon)
            means[row] <- mean + off
            factors[row] <- 'T.One / root

    override _.Scale(x, means, factors, gain, bias, y, into) =
        Tile.optimised ()
        let w, n = NormalizeBlocksBy<'A, 'F, 'V, 'T>.W, x.Length
        let items = &Tile.at x.Items x.First
        let target = &Tile.at y into
        let gains = &System.Runtime.InteropServices.MemoryMarshal.GetReference gain
        let biases = &System.Runtime.InteropServices.MemoryMarshal.GetReference bias
        let hasGain, hasBias = not gain.IsEmpty, not bias.IsEmpty
        let whole = n - n % w

        for row in 0 .. x.Count - 1 do
            let start = row * n
            let mean, r = means[row], factors[row]
            let m, f = 'F.Spread mean, 'F.Spread r
            let mutable i = 0

            while i < whole do
                let y = 'A.Multiply('A.Subtract(AlongRow.load<'V, 'T> &items (start + i), m), f)

                let y =
                    if not hasGain then y
                    elif not hasBias then 'A.Multiply(y, AlongRow.load<'V, 'T> &gains i)
                    else 'A.MultiplyAdd(y, AlongRow.load<'V, 'T> &gains i, AlongRow.load<'V, 'T> &biases i)

                AlongRow.store &target (start + i) y
                i <- i + w

            while i < n do
                let d: 'T = Unsafe.Add(&items, start + i) - mean
                let y: 'T = d * r
                let y: 'T = if hasGain then y * Unsafe.Add(&gains, i) else y
                Unsafe.Add(&target, start + i) <- if hasBias then y + Unsafe.Add(&biases, i) else y
                i <- i + 1

    override _.Pull(isCentred, x, means, factors, c, from, gain, ofGain, ofBias, z, into) =
        Tile.optimised ()
        let w, n = NormalizeBlocksBy<'A, 'F, 'V, 'T>.W, x.Length
        let items = &Tile.at x.Items x.First
        let cotangents = &Tile.at c from
        let target = &Tile.at z into
        let gains = &System.Runtime.InteropServices.MemoryMarshal.GetReference gain
        let forGain = &System.Runtime.InteropServices.MemoryMarshal.GetReference ofGain
        let forBias = &System.Runtime.InteropServices.MemoryMarshal.GetReference ofBias
        let hasGain = not gain.IsEmpty
        let whole = n - n % w
        let count: 'T = 'T.CreateSaturating n

        for row in 0 .. x.Count - 1 do
            let start = row * n
            let mean, r = means[row], factors[row]
            let m, f = 'F.Spread mean, 'F.Spread r
            let mutable s = NormalizeBlocksBy<'A, 'F, 'V, 'T>.Zero
            let mutable t = s
            let mutable i = 0

            while i < whole do
                let y = 'A.Multiply('A.Subtract(AlongRow.load<'V, 'T> &items (start + i), m), f)
                let c = AlongRow.load<'V, 'T> &cotangents (start + i)

                if hasGain then
                    let g = 'A.Multiply(c, AlongRow.load<'V, 'T> &gains i)
                    s <- 'A.Add(s, g)
                    t <- 'A.MultiplyAdd(g, y, t)
                    AlongRow.store &forGain i ('A.MultiplyAdd(c, y, AlongRow.load<'V, 'T> &forGain i))
                    AlongRow.store &forBias i ('A.Add(AlongRow.load<'V, 'T> &forBias i, c))
                else
                    s <- 'A.Add(s, c)
                    t <- 'A.MultiplyAdd(c, y, t)

                i <- i + w

            let mutable total: 'T = 'F.Total s
            let mutable along: 'T = 'F.Total t

            while i < n do
                let d: 'T = Unsafe.Add(&items, start + i) - mean
                let y: 'T = d * r
                let c: 'T = Unsafe.Add(&cotangents, start + i)
                let g: 'T = if hasGain then c * Unsafe.Add(&gains, i) else c
                let gy: 'T = g * y
                total <- total + g
                along <- along + gy

                if hasGain then
                    let cy: 'T = c * y
                    Unsafe.Add(&forGain, i) <- Unsafe.Add(&forGain, i) + cy
                    Unsafe.Add(&forBias, i) <- Unsafe.Add(&forBias, i) + c

                i <- i + 1

            let shift: 'T = if isCentred then total / count else 'T.Zero
            let along: 'T = along / count
            let shifts, alongs = 'F.Spread shift, 'F.Spread along
            i <- 0

            while i < whole do
                let y = 'A.Multiply('A.Subtract(AlongRow.load<'V, 'T> &items (start + i), m), f)
                let c = AlongRow.load<'V, 'T> &cotangents (start + i)
                let g = if hasGain then 'A.Multiply(c, AlongRow.load<'V, 'T> &gains i) else c
                let rest = 'A.Subtract('A.Subtract(g, shifts), 'A.Multiply(y, alongs))
                AlongRow.store &target (start + i) ('A.Multiply(f, rest))
                i <- i + w

            while i < n do
                let d: 'T = Unsafe.Add(&items, start + i) - mean
                let y: 'T = d * r
                let part: 'T = y * along
                let c: 'T = Unsafe.Add(&cotangents, start + i)
                let g: 'T = if hasGain then c * Unsafe.Add(&gains, i) else c
                let rest: 'T = g - shift
                let rest: 'T = rest - part
                Unsafe.Add(&target, start + i) <- r * rest
                i <- i + 1

[<RequireQualifiedAccess>]
module internal NormalizeBlocks =
    /// Elements of a row up to which its sums are of vectors alone.
    [<Literal>]
    let Longest = 1024

    let private singles = NormalizeBlocksBy<Singles, Folds<float32>, Vector<float32>, float32>()
    let private doubles = NormalizeBlocksBy<Doubles, Folds<float>, Vector<float>, float>()

    let private wideSingles =
        NormalizeBlocksBy<WideSingles, WideFolds<float32>, Vector512<float32>, float32>()

    let private wideDoubles = NormalizeBlocksBy<WideDoubles, WideFolds<float>, Vector512<float>, float>()

    /// For rows of n elements: by the widest vectors, unless much of a short row lies behind the last of them.
    let ofLength<'T> n : NormalizeBlocks<'T> =
        let isSingle = VectorMath.is<'T, float32>()
        let lanes = if isSingle then 16 else 8
        let isWide = Vector512.IsHardwareAccelerated && (n >= 4 * lanes || n % lanes < lanes / 2)

        let chosen: obj =
            match isSingle, isWide with
            | true, true -> wideSingles
            | true, false -> singles
            | false, true -> wideDoubles
            | false, false -> doubles

        unbox<NormalizeBlocks<'T>> chosen
