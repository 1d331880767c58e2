namespace Cotangent.Engines

// Complex numbers in memory are pairs of parts; here they are taken into slots, and put back.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// So many numbers from each of some rows of a line of complex numbers, the rows `Stride` numbers apart.
[<Struct; NoComparison; NoEquality>]
type internal LineBlock = { First: int; Stride: int; Rows: int; Count: int }

module internal Interleaving =
    // Every other number of two vectors of pairs; and pairs of two vectors of parts.

    let inline private evens64 () = Vector512.Create(0L, 2L, 4L, 6L, 8L, 10L, 12L, 14L)
    let inline private lower64 () = Vector512.Create(0L, 8L, 1L, 9L, 2L, 10L, 3L, 11L)
    let inline private upper64 () = Vector512.Create(4L, 12L, 5L, 13L, 6L, 14L, 7L, 15L)

    let inline private evens32 () =
        Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)

    let inline private lower32 () = Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)

    let inline private upper32 () =
        Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

    let inline private permute64 (a: Vector512<'T>) order (b: Vector512<'T>) : Vector512<'T> =
        (Avx512F.PermuteVar8x64x2(a.AsDouble(), order, b.AsDouble())).As<float, 'T>()

    let inline private permute32 (a: Vector512<'T>) order (b: Vector512<'T>) : Vector512<'T> =
        (Avx512F.PermuteVar16x32x2(a.AsSingle(), order, b.AsSingle())).As<float32, 'T>()

    let inline private at (x: ReadOnlySpan<'T>) (i: int) : byref<'T> =
        &Unsafe.Add(&MemoryMarshal.GetReference x, i)

    /// Quarters 0, 2, 1, 3 of a vector of 256 bits.
    let inline private crossed (v: Vector256<'T>) : Vector256<'T> =
        (Avx2.Permute4x64(v.AsDouble(), 0b11_01_10_00uy)).As<float, 'T>()

    /// One slot of numbers that lie one after the other.
    let inline private take (x: ReadOnlySpan<'T>) i (into: 'T[]) re im =
        let lanes = Slots.lanes<'T>()

        if Slots.isWide () && sizeof<'T> = 8 then
            let a = Vector512.LoadUnsafe(&at x i)
            let b = Vector512.LoadUnsafe(&at x (i + lanes))
            Slots.storeWide (permute64 a (evens64 ()) b) into re
            Slots.storeWide (permute64 a (evens64 () + Vector512<int64>.One) b) into im
        elif Slots.isWide () && sizeof<'T> = 4 then
            let a = Vector512.LoadUnsafe(&at x i)
            let b = Vector512.LoadUnsafe(&at x (i + lanes))
            Slots.storeWide (permute32 a (evens32 ()) b) into re
            Slots.storeWide (permute32 a (evens32 () + Vector512<int>.One) b) into im
        elif Avx2.IsSupported && Vector<'T>.Count = Vector256<'T>.Count then
            let a = Vector256.LoadUnsafe(&at x i)
            let b = Vector256.LoadUnsafe(&at x (i + lanes))

            let struct (even, odd) =
                if sizeof<'T> = 8 then
                    struct ((Avx.UnpackLow(a.AsDouble(), b.AsDouble())).As<float, 'T>(),
                            (Avx.UnpackHigh(a.AsDouble(), b.AsDouble())).As<float, 'T>())
                else
                    struct ((Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0b10_00_10_00uy)).As<float32, 'T>(),
                            (Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0b11_01_11_01uy)).As<float32, 'T>())

            Slots.store ((crossed even).AsVector()) into re
            Slots.store ((crossed odd).AsVector()) into im
        else
            for k in 0 .. lanes - 1 do
                into[re + k] <- x[i + 2 * k]
                into[im + k] <- x[i + 2 * k + 1]

    let inline private put<'T when 'T :> INumberBase<'T>> (scale: 'T) (from: 'T[]) re im (x: Span<'T>) i =
        let lanes = Slots.lanes<'T>()
        let x: ReadOnlySpan<'T> = Span.op_Implicit x

        if Slots.isWide () && (sizeof<'T> = 8 || sizeof<'T> = 4) then
            let scale = Vector512.Create<'T> scale
            let a, b = scale * Slots.loadWide from re, scale * Slots.loadWide from im

            let struct (lower, upper) =
                if sizeof<'T> = 8 then
                    struct (permute64 a (lower64 ()) b, permute64 a (upper64 ()) b)
                else
                    struct (permute32 a (lower32 ()) b, permute32 a (upper32 ()) b)

            lower.StoreUnsafe(&at x i)
            upper.StoreUnsafe(&at x (i + lanes))
        elif Avx2.IsSupported && Vector<'T>.Count = Vector256<'T>.Count then
            let scale = Vector<'T> scale
            let a = crossed ((scale * Slots.load from re).AsVector256())
            let b = crossed ((scale * Slots.load from im).AsVector256())

            if sizeof<'T> = 8 then
                (Avx.UnpackLow(a.AsDouble(), b.AsDouble())).As<float, 'T>().StoreUnsafe(&at x i)
                (Avx.UnpackHigh(a.AsDouble(), b.AsDouble())).As<float, 'T>().StoreUnsafe(&at x (i + lanes))
            else
                (Avx.UnpackLow(a.AsSingle(), b.AsSingle())).As<float32, 'T>().StoreUnsafe(&at x i)
                (Avx.UnpackHigh(a.AsSingle(), b.AsSingle())).As<float32, 'T>().StoreUnsafe(&at x (i + lanes))
        else
            for k in 0 .. lanes - 1 do
                (at x (i + 2 * k)) <- scale * from[re + k]
                (at x (i + 2 * k + 1)) <- scale * from[im + k]

    /// The parts of a slot, exchanged for transforms the other way.
    let inline private parts<'T> isBackward (slot: int) : struct (int * int) =
        let lanes = Slots.lanes<'T>()
        if isBackward then struct (slot + lanes, slot) else struct (slot, slot + lanes)

    /// A block of a line of pairs into slots, `width` of them for a row; what is lacking in the last ones is 0.
    let load isBackward (line: ReadOnlySpan<'T>) (block: LineBlock) width (into: Slots<'T>) =
        Tile.optimised ()
        let lanes = Slots.lanes<'T>()
        let full = block.Count / lanes
        let items = into.Items

        for row in 0 .. block.Rows - 1 do
            let from, slot = 2 * (block.First + row * block.Stride), into.First + 2 * lanes * width * row
            // Once for all slots: what follows has no checks.
            let numbers = line.Slice(from, 2 * block.Count)

            for s in 0 .. full - 1 do
                let struct (re, im) = parts<'T> isBackward (slot + 2 * lanes * s)
                take numbers (2 * lanes * s) items re im

            if full < width then
                Array.Clear(items, slot + 2 * lanes * full, 2 * lanes * (width - full))

                for k in lanes * full .. block.Count - 1 do
                    let struct (re, im) = parts<'T> isBackward (slot + 2 * lanes * full)
                    items[re + k - lanes * full] <- numbers[2 * k]
                    items[im + k - lanes * full] <- numbers[2 * k + 1]

    /// The other way, multiplied by a factor.
    let store<'T when 'T :> INumberBase<'T>>
        isBackward
        (scale: 'T)
        (from: Slots<'T>)
        width
        (line: Span<'T>)
        (block: LineBlock)
        =
        Tile.optimised ()
        let lanes = Slots.lanes<'T>()
        let full = block.Count / lanes
        let items = from.Items

        for row in 0 .. block.Rows - 1 do
            let into, slot = 2 * (block.First + row * block.Stride), from.First + 2 * lanes * width * row
            let numbers = line.Slice(into, 2 * block.Count)

            for s in 0 .. full - 1 do
                let struct (re, im) = parts<'T> isBackward (slot + 2 * lanes * s)
                put scale items re im numbers (2 * lanes * s)

            for k in lanes * full .. block.Count - 1 do
                let struct (re, im) = parts<'T> isBackward (slot + 2 * lanes * full)
                numbers[2 * k] <- scale * items[re + k - lanes * full]
                numbers[2 * k + 1] <- scale * items[im + k - lanes * full]
