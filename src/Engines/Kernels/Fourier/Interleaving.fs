namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// Pairs of real and imaginary parts as two rows, and back, multiplied by a factor.
module internal Interleaving =
    let inline private load (x: ReadOnlySpan<'T>) i =
        Vector256.LoadUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    let inline private store (v: Vector256<'T>) (x: Span<'T>) i =
        v.StoreUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    /// Quarters 0, 2, 1, 3.
    [<Literal>]
    let private Middle = 0b11_01_10_00uy

    let inline private crossed (v: Vector256<'T>) : Vector256<'T> =
        (Avx2.Permute4x64(v.AsDouble(), Middle)).As<float, 'T>()

    /// Of two vectors every other number, from the first or the second on.
    let inline private evens (a: Vector256<'T>) (b: Vector256<'T>) : Vector256<'T> =
        if sizeof<'T> = 8 then
            crossed ((Avx.UnpackLow(a.AsDouble(), b.AsDouble())).As<float, 'T>())
        else
            crossed ((Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0b10_00_10_00uy)).As<float32, 'T>())

    let inline private odds (a: Vector256<'T>) (b: Vector256<'T>) : Vector256<'T> =
        if sizeof<'T> = 8 then
            crossed ((Avx.UnpackHigh(a.AsDouble(), b.AsDouble())).As<float, 'T>())
        else
            crossed ((Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0b11_01_11_01uy)).As<float32, 'T>())

    /// Numbers of both in turn, of their lower and their upper halves.
    let inline private lower (a: Vector256<'T>) (b: Vector256<'T>) : Vector256<'T> =
        if sizeof<'T> = 8 then
            (Avx.UnpackLow((crossed a).AsDouble(), (crossed b).AsDouble())).As<float, 'T>()
        else
            (Avx.UnpackLow((crossed a).AsSingle(), (crossed b).AsSingle())).As<float32, 'T>()

    let inline private upper (a: Vector256<'T>) (b: Vector256<'T>) : Vector256<'T> =
        if sizeof<'T> = 8 then
            (Avx.UnpackHigh((crossed a).AsDouble(), (crossed b).AsDouble())).As<float, 'T>()
        else
            (Avx.UnpackHigh((crossed a).AsSingle(), (crossed b).AsSingle())).As<float32, 'T>()

    let split<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (pairs: ReadOnlySpan<'T>)
        (re: Span<'T>)
        (im: Span<'T>)
        =
        let mutable i = 0

        if Avx2.IsSupported then
            let lanes = Vector256<'T>.Count

            while i <= re.Length - lanes do
                let a, b = load pairs (2 * i), load pairs (2 * i + lanes)
                store (evens a b) re i
                store (odds a b) im i
                i <- i + lanes

        while i < re.Length do
            re[i] <- pairs[2 * i]
            im[i] <- pairs[2 * i + 1]
            i <- i + 1

    let join<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (factor: 'T)
        (re: ReadOnlySpan<'T>)
        (im: ReadOnlySpan<'T>)
        (pairs: Span<'T>)
        =
        let mutable i = 0

        if Avx2.IsSupported then
            let lanes = Vector256<'T>.Count
            let scale = Vector256.Create<'T> factor

            while i <= re.Length - lanes do
                let a, b = scale * load re i, scale * load im i
                store (lower a b) pairs (2 * i)
                store (upper a b) pairs (2 * i + lanes)
                i <- i + lanes

        while i < re.Length do
            pairs[2 * i] <- factor * re[i]
            pairs[2 * i + 1] <- factor * im[i]
            i <- i + 1

/// Columns of a matrix as rows of another.
module internal Transposing =
    let inline private load256 (x: 'T[]) i =
        Vector256.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private store256 (v: Vector256<'T>) (x: 'T[]) i =
        v.StoreUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private load128 (x: 'T[]) i =
        Vector128.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private store128 (v: Vector128<'T>) (x: 'T[]) i =
        v.StoreUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    /// Four rows and columns of numbers of 64 bits.
    let inline private four64 (x: 'T[]) from step (y: 'T[]) into stepInto =
        let row k = (load256 x (from + k * step)).AsDouble()
        let a, b, c, d = row 0, row 1, row 2, row 3
        let low, high = Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b)
        let lowAfter, highAfter = Avx.UnpackLow(c, d), Avx.UnpackHigh(c, d)
        let put k (v: Vector256<float>) = store256 (v.As<float, 'T>()) y (into + k * stepInto)
        put 0 (Avx.Permute2x128(low, lowAfter, 0x20uy))
        put 1 (Avx.Permute2x128(high, highAfter, 0x20uy))
        put 2 (Avx.Permute2x128(low, lowAfter, 0x31uy))
        put 3 (Avx.Permute2x128(high, highAfter, 0x31uy))

    /// The same of 32 bits.
    let inline private four32 (x: 'T[]) from step (y: 'T[]) into stepInto =
        let row k = (load128 x (from + k * step)).AsSingle()
        let a, b, c, d = row 0, row 1, row 2, row 3
        let low, high = Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b)
        let lowAfter, highAfter = Sse.UnpackLow(c, d), Sse.UnpackHigh(c, d)
        let put k (v: Vector128<float32>) = store128 (v.As<float32, 'T>()) y (into + k * stepInto)
        put 0 (Sse.MoveLowToHigh(low, lowAfter))
        put 1 (Sse.MoveHighToLow(lowAfter, low))
        put 2 (Sse.MoveLowToHigh(high, highAfter))
        put 3 (Sse.MoveHighToLow(highAfter, high))

    /// y[into + t stepInto + k] <- x[k step + t] for k below rows and t below columns. Four columns at a time: a few lines of the
    /// cache are written, side by side.
    let run<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (x: 'T[])
        rows
        step
        columns
        (y: 'T[])
        into
        stepInto
        =
        let isFast = Avx.IsSupported && (sizeof<'T> = 8 || sizeof<'T> = 4)
        let fastRows, fastColumns = if isFast then rows / 4 * 4, columns / 4 * 4 else 0, 0

        for t in 0..4 .. fastColumns - 1 do
            for k in 0..4 .. fastRows - 1 do
                if sizeof<'T> = 8 then
                    four64 x (k * step + t) step y (into + t * stepInto + k) stepInto
                else
                    four32 x (k * step + t) step y (into + t * stepInto + k) stepInto

        for t in 0 .. columns - 1 do
            for k in (if t < fastColumns then fastRows else 0) .. rows - 1 do
                y[into + t * stepInto + k] <- x[k * step + t]
