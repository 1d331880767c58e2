namespace Cotangent.Engines

// The passes of layer normalisation over a row, each as one loop over vectors: the row is read as few times as the
// formulas allow. Sums are made of blocks, in vectors, and of the blocks' sums.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

module internal NormalizeRows =
    /// Elements in a block of a sum.
    [<Literal>]
    let private Block = 1024

    let inline private at (x: ReadOnlySpan<'T>) (i: int) : Vector<'T> =
        Vector.LoadUnsafe(&Unsafe.Add(&MemoryMarshal.GetReference x, i))

    let inline private put (v: Vector<'T>) (y: Span<'T>) (i: int) =
        Vector.StoreUnsafe(v, &Unsafe.Add(&MemoryMarshal.GetReference y, i))

    /// Σ d and Σ d², of d = x - mean.
    let deviations<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (mean: 'T)
        : struct ('T * 'T) =
        Tile.optimised ()
        let w = Vector<'T>.Count
        let m = Vector<'T> mean
        let mutable total: 'T = 'T.Zero
        let mutable squares: 'T = 'T.Zero
        let mutable i = 0

        while i <= x.Length - w do
            let last = i + min Block (x.Length - w + 1 - i)
            let mutable a = Vector<'T>.Zero
            let mutable b = Vector<'T>.Zero
            let mutable s = Vector<'T>.Zero
            let mutable t = Vector<'T>.Zero

            while i + w < last do
                let d = at x i - m
                let e = at x (i + w) - m
                s <- s + d
                t <- t + e
                Tile.accumulate &a d d
                Tile.accumulate &b e e
                i <- i + 2 * w

            if i < last then
                let d = at x i - m
                s <- s + d
                Tile.accumulate &a d d
                i <- i + w

            let sum: 'T = Vector.Sum(s + t)
            total <- total + sum
            let sum: 'T = Vector.Sum(a + b)
            squares <- squares + sum

        while i < x.Length do
            let d: 'T = x[i] - mean
            let square: 'T = d * d
            total <- total + d
            squares <- squares + square
            i <- i + 1

        struct (total, squares)

    /// y <- (x - mean) r gain + bias; where they are empty, without a gain or a bias.
    let scale<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (mean: 'T)
        (r: 'T)
        (gain: ReadOnlySpan<'T>)
        (bias: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        Tile.optimised ()
        let w = Vector<'T>.Count
        let m, f = Vector<'T> mean, Vector<'T> r
        let mutable i = 0

        if gain.IsEmpty then
            while i <= x.Length - w do
                put ((at x i - m) * f) y i
                i <- i + w
        elif bias.IsEmpty then
            while i <= x.Length - w do
                put ((at x i - m) * f * at gain i) y i
                i <- i + w
        else
            while i <= x.Length - w do
                put (Tile.mulAdd ((at x i - m) * f) (at gain i) (at bias i)) y i
                i <- i + w

        while i < x.Length do
            let d: 'T = x[i] - mean
            let y': 'T = d * r
            let z: 'T = if gain.IsEmpty then y' else y' * gain[i]
            y[i] <- if bias.IsEmpty then z else z + bias[i]
            i <- i + 1

    /// With y = (x - mean) r and g = c gain: Σ g and Σ g y. Adds c y and c to the sums for the gain and the bias. Where gain is
    /// empty, g is c, and nothing is added.
    let sums<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (mean: 'T)
        (r: 'T)
        (c: ReadOnlySpan<'T>)
        (gain: ReadOnlySpan<'T>)
        (ofGain: Span<'T>)
        (ofBias: Span<'T>)
        : struct ('T * 'T) =
        Tile.optimised ()
        let w = Vector<'T>.Count
        let m, f = Vector<'T> mean, Vector<'T> r
        let mutable total: 'T = 'T.Zero
        let mutable along: 'T = 'T.Zero
        let mutable i = 0

        while i <= x.Length - w do
            let last = i + min Block (x.Length - w + 1 - i)
            let mutable a = Vector<'T>.Zero
            let mutable b = Vector<'T>.Zero

            if gain.IsEmpty then
                while i < last do
                    let g = at c i
                    a <- a + g
                    Tile.accumulate &b g ((at x i - m) * f)
                    i <- i + w
            else
                while i < last do
                    let y = (at x i - m) * f
                    let c = at c i
                    let g = c * at gain i
                    a <- a + g
                    Tile.accumulate &b g y
                    put (Tile.mulAdd c y (at (Along.reading ofGain) i)) ofGain i
                    put (at (Along.reading ofBias) i + c) ofBias i
                    i <- i + w

            let sum: 'T = Vector.Sum a
            total <- total + sum
            let sum: 'T = Vector.Sum b
            along <- along + sum

        while i < x.Length do
            let d: 'T = x[i] - mean
            let y: 'T = d * r
            let c: 'T = c[i]
            let g: 'T = if gain.IsEmpty then c else c * gain[i]
            total <- total + g
            let gy: 'T = g * y
            along <- along + gy

            if not gain.IsEmpty then
                let cy: 'T = c * y
                ofGain[i] <- ofGain[i] + cy
                ofBias[i] <- ofBias[i] + c

            i <- i + 1

        struct (total, along)

    /// z <- r (g - shift - y along), with y and g as above.
    let pull<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (mean: 'T)
        (r: 'T)
        (c: ReadOnlySpan<'T>)
        (gain: ReadOnlySpan<'T>)
        (shift: 'T)
        (along: 'T)
        (z: Span<'T>)
        =
        Tile.optimised ()
        let w = Vector<'T>.Count
        let m, f, s, t = Vector<'T> mean, Vector<'T> r, Vector<'T> shift, Vector<'T> along
        let mutable i = 0

        if gain.IsEmpty then
            while i <= x.Length - w do
                put (f * (at c i - s - (at x i - m) * f * t)) z i
                i <- i + w
        else
            while i <= x.Length - w do
                put (f * (at c i * at gain i - s - (at x i - m) * f * t)) z i
                i <- i + w

        while i < x.Length do
            let d: 'T = x[i] - mean
            let y: 'T = d * r
            let part: 'T = y * along
            let g: 'T = if gain.IsEmpty then c[i] else c[i] * gain[i]
            let g: 'T = g - shift
            let rest: 'T = g - part
            z[i] <- r * rest
            i <- i + 1
