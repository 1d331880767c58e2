namespace Cotangent.Engines

// Between the two transforms of columns: the results are multiplied by roots of unity, and transposed.

open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open System.Numerics
open Microsoft.FSharp.NativeInterop

#nowarn "9"

module internal Turning =
    /// z <- z u w, of one slot, for roots u in a slot and one root w.
    let inline private turnBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        (z: 'T[])
        at
        (u: 'T[])
        from
        (wr: ^V)
        (wi: ^V)
        =
        let lanes = Slots.lanes<'T>()
        let ur, ui = load u from, load u (from + lanes)
        let vr: ^V = ur * wr - ui * wi
        let vi: ^V = ur * wi + ui * wr
        let zr, zi = load z at, load z (at + lanes)
        store (zr * vr - zi * vi) z at
        store (zr * vi + zi * vr) z (at + lanes)

    /// A row of slots, times roots in a row, times one root at a place.
    let row width (z: 'T[]) at (u: 'T[]) from (w: 'T[]) place =
        Tile.optimised ()
        let unit = 2 * Slots.lanes<'T>()

        if Slots.isWide () then
            let wr, wi = Slots.spreadWide w place, Slots.spreadWide w (place + 1)

            for s in 0 .. width - 1 do
                turnBy Slots.loadWide Slots.storeWide z (at + s * unit) u (from + s * unit) wr wi
        else
            let wr, wi = Slots.spread w place, Slots.spread w (place + 1)

            for s in 0 .. width - 1 do
                turnBy Slots.load Slots.store z (at + s * unit) u (from + s * unit) wr wi

    // ---- Transposing ----

    let inline private load256 (x: 'T[]) i =
        Vector256.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private store256 (v: Vector256<'T>) (x: 'T[]) i =
        v.StoreUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private load128 (x: 'T[]) i =
        Vector128.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private store128 (v: Vector128<'T>) (x: 'T[]) i =
        v.StoreUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    /// Eight rows and columns of numbers of 64 bits: by pairs within quarters, then by quarters.
    let inline private eight64
        ([<InlineIfLambda>] store: Vector512<'T> -> 'T[] -> int -> unit)
        (x: 'T[])
        from
        step
        (y: 'T[])
        into
        stepInto
        =
        let row k = (Slots.loadWide x (from + k * step)).AsDouble()
        let a, b, c, d = row 0, row 1, row 2, row 3
        let e, f, g, h = row 4, row 5, row 6, row 7
        let ab, ab' = Avx512F.UnpackLow(a, b), Avx512F.UnpackHigh(a, b)
        let cd, cd' = Avx512F.UnpackLow(c, d), Avx512F.UnpackHigh(c, d)
        let ef, ef' = Avx512F.UnpackLow(e, f), Avx512F.UnpackHigh(e, f)
        let gh, gh' = Avx512F.UnpackLow(g, h), Avx512F.UnpackHigh(g, h)
        let put k (v: Vector512<float>) = store (v.As<float, 'T>()) y (into + k * stepInto)
        // Quarters 0 and 2, and 1 and 3, of both.
        let inline outer (p: Vector512<float>) (q: Vector512<float>) =
            Avx512F.Shuffle4x128(p, q, 0b10_00_10_00uy)

        let inline inner (p: Vector512<float>) (q: Vector512<float>) =
            Avx512F.Shuffle4x128(p, q, 0b11_01_11_01uy)

        let p, q = outer ab cd, outer ef gh
        put 0 (outer p q)
        put 4 (inner p q)
        let p, q = outer ab' cd', outer ef' gh'
        put 1 (outer p q)
        put 5 (inner p q)
        let p, q = inner ab cd, inner ef gh
        put 2 (outer p q)
        put 6 (inner p q)
        let p, q = inner ab' cd', inner ef' gh'
        put 3 (outer p q)
        put 7 (inner p q)

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

    /// Past the caches, to the beginning of one of their lines in an array that does not move.
    let inline private stream (v: Vector512<'T>) (y: 'T[]) (i: int) =
        let place = Unsafe.AsPointer(&Unsafe.Add(&MemoryMarshal.GetArrayDataReference y, i))
        Avx512F.StoreAlignedNonTemporal(NativePtr.ofVoidPtr<float> place, v.AsDouble())

    /// Whether squares of these numbers can be stored past the caches.
    let canStream<'T> () = Slots.isWide () && Avx512F.IsSupported && sizeof<'T> = 8

    /// What has been stored so is in its place before anything that is stored from here on.
    let settle () = if Sse.IsSupported then Sse.StoreFence()

    /// A square of as many rows as a vector has numbers: y[into + t stepInto + k] <- x[from + k step + t].
    let square isStreaming (x: 'T[]) from step (y: 'T[]) into stepInto =
        Tile.optimised ()
        let lanes = Slots.lanes<'T>()

        if isStreaming && canStream<'T>() then
            eight64 stream x from step y into stepInto
        elif Slots.isWide () && sizeof<'T> = 8 then
            eight64 Slots.storeWide x from step y into stepInto
        elif Avx.IsSupported && sizeof<'T> = 8 && lanes = 4 then
            four64 x from step y into stepInto
        elif Sse.IsSupported && sizeof<'T> = 4 then
            for k in 0..4 .. lanes - 1 do
                for t in 0..4 .. lanes - 1 do
                    four32 x (from + k * step + t) step y (into + t * stepInto + k) stepInto
        else
            for k in 0 .. lanes - 1 do
                for t in 0 .. lanes - 1 do
                    y[into + t * stepInto + k] <- x[from + k * step + t]
