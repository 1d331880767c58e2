namespace Cotangent.Engines

// Copies of blocks of operands in the order in which tiles read them.

open System
open System.Buffers
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop
open Cotangent.Engines.Tile

#nowarn "9"

module internal Panels =

    let inline private copy count (x: byref<'T>) sx (y: byref<'T>) sy =
        let mutable i, j, left = 0n, 0n, count

        while left > 0 do
            item &y j <- item &x i
            i <- i + sx
            j <- j + sy
            left <- left - 1

    let inline private four (x: byref<'T>) i = Vector128.LoadUnsafe(&item &x i).AsSingle()

    let inline private putFour (v: Vector128<float32>) (x: byref<'T>) i =
        Vector128.StoreUnsafe(v.As<float32, 'T>(), &item &x i)

    /// Whether `transpose` can take four lines at a time, and `transposeEight` eight.
    let inline private canTranspose<'T> () = sizeof<'T> = 4 && Sse.IsSupported
    let inline private canTransposeEight<'T> () = sizeof<'T> = 4 && Avx.IsSupported

    /// Four lines of elements of 32 bits, `line` apart, into four neighbours of each row of a panel `width` wide: blocks of
    /// four by four, turned over in registers. Returns how many elements of each line are done: a multiple of four.
    let private transpose k (x: byref<'T>) (line: nativeint) (y: byref<'T>) (width: nativeint) =
        optimised ()
        let mutable p = 0

        while p <= k - 4 do
            let s = &item &x (nativeint p)
            let t = &item &y (nativeint p * width)
            let a, b, c, d = four &s 0n, four &s line, four &s (2n * line), four &s (3n * line)
            let ab, cd = Sse.UnpackLow(a, b), Sse.UnpackLow(c, d)
            let ab', cd' = Sse.UnpackHigh(a, b), Sse.UnpackHigh(c, d)
            putFour (Sse.MoveLowToHigh(ab, cd)) &t 0n
            putFour (Sse.MoveHighToLow(cd, ab)) &t width
            putFour (Sse.MoveLowToHigh(ab', cd')) &t (2n * width)
            putFour (Sse.MoveHighToLow(cd', ab')) &t (3n * width)
            p <- p + 4

        p

    let inline private eight (x: byref<'T>) i = Vector256.LoadUnsafe(&item &x i).AsSingle()

    /// The elements of four vectors side by side: 0 and 4 of all of them, 1 and 5, 2 and 6, 3 and 7.
    let inline private fours
        (a: Vector256<float32>)
        (b: Vector256<float32>)
        (c: Vector256<float32>)
        (d: Vector256<float32>)
        =
        let ab, cd = Avx.UnpackLow(a, b).AsDouble(), Avx.UnpackLow(c, d).AsDouble()
        let ab', cd' = Avx.UnpackHigh(a, b).AsDouble(), Avx.UnpackHigh(c, d).AsDouble()

        struct (Avx.UnpackLow(ab, cd).AsSingle(),
                Avx.UnpackHigh(ab, cd).AsSingle(),
                Avx.UnpackLow(ab', cd').AsSingle(),
                Avx.UnpackHigh(ab', cd').AsSingle())

    let inline private putHalves
        (a: Vector256<float32>)
        (b: Vector256<float32>)
        (y: byref<'T>)
        (width: nativeint)
        =
        Vector256.StoreUnsafe(Avx.Permute2x128(a, b, 0x20uy).As<float32, 'T>(), &y)
        Vector256.StoreUnsafe(Avx.Permute2x128(a, b, 0x31uy).As<float32, 'T>(), &item &y (4n * width))

    /// The same for eight lines, eight neighbours at a time.
    let private transposeEight k (x: byref<'T>) (line: nativeint) (y: byref<'T>) (width: nativeint) =
        optimised ()
        let mutable p = 0

        while p <= k - 8 do
            let s = &item &x (nativeint p)
            let t = &item &y (nativeint p * width)

            let struct (a0, a1, a2, a3) =
                fours (eight &s 0n) (eight &s line) (eight &s (2n * line)) (eight &s (3n * line))

            let s = &item &s (4n * line)

            let struct (b0, b1, b2, b3) =
                fours (eight &s 0n) (eight &s line) (eight &s (2n * line)) (eight &s (3n * line))

            putHalves a0 b0 &t width
            putHalves a1 b1 &(item &t width) width
            putHalves a2 b2 &(item &t (2n * width)) width
            putHalves a3 b3 &(item &t (3n * width)) width
            p <- p + 8

        p

    /// Bytes of a line of the caches, which a wide vector fills: one that lies across two of them takes two reads.
    [<Literal>]
    let Line = 64

    /// Where in an array a line of the caches begins.
    let line (panels: 'T[]) : int =
        let address =
            int64 (Unsafe.AsPointer(&panels[0]) |> NativePtr.ofVoidPtr<byte> |> NativePtr.toNativeInt)

        let before = int (address &&& int64 (Line - 1))
        if before = 0 then 0 else (Line - before) / sizeof<'T>

    /// Room for so many elements, and where in it a line of the caches begins. Should the array be moved, the product takes
    /// longer, no more.
    let rent<'T> count : struct ('T[] * int) =
        let panels = ArrayPool<'T>.Shared.Rent(count + Line / sizeof<'T>)
        struct (panels, line panels)

    /// Room for so many elements from `line` on, which stays where it is.
    let fixed'<'T> count : 'T[] = GC.AllocateArray<'T>(count + Line / sizeof<'T>, true)

    /// `count` neighbours, at least a vector of them: the last vector moves back from over the edge, and writes the same again.
    let inline private copyNeighbours count (x: byref<'T>) (y: byref<'T>) =
        let w = Vector512<'T>.Count

        if Vector512.IsHardwareAccelerated && count >= w then
            let mutable i = 0

            while i < count do
                let at = nativeint (min i (count - w))
                Vector512.StoreUnsafe(Vector512.LoadUnsafe(&item &x at), &item &y at)
                i <- i + w
        else
            let v = Vector<'T>.Count
            let mutable i = 0

            while i < count do
                let at = nativeint (min i (count - v))
                put (load &x at) &y at
                i <- i + v

    /// Lines that lie side by side: all first elements are neighbours, and read from end to end into all panels before the second
    /// ones, since a processor fetches ahead along memory, not across it.
    let private packAcross width count k (x: byref<'T>) (step: int) (panels: byref<'T>) =
        optimised ()

        for p in 0 .. k - 1 do
            let s = &Unsafe.Add(&x, p * step)
            let mutable first = 0

            while first < count do
                let lines = min width (count - first)
                let from = &Unsafe.Add(&s, first)
                let into = &Unsafe.Add(&panels, first * k + p * width)

                if lines >= Vector<'T>.Count then
                    copyNeighbours lines &from &into
                else
                    copy lines &from 1n &into 1n

                first <- first + width

    /// `lines` lines of k neighbours, `line` apart, into as many neighbours of each of k rows, `width` apart: eight or four lines at a time
    /// in registers, the last four of which may have been copied before.
    let turn lines k (x: byref<'T>) (line: int) (y: byref<'T>) (width: int) =
        optimised ()
        let l, w = nativeint line, nativeint width
        let mutable first = 0

        while first < lines do
            let most =
                if canTransposeEight<'T>() && first <= lines - 8 then 8
                elif canTranspose<'T>() && lines >= 4 then 4
                else 1

            let at = min first (lines - most)
            let x = &Unsafe.Add(&x, at * line)
            let y = &Unsafe.Add(&y, at)

            if most = 1 then
                copy k &x 1n &y w
            else
                let mutable p = if most = 8 then transposeEight k &x l &y w else transpose k &x l &y w

                while p < k do
                    copy most (&Unsafe.Add(&x, p)) l (&Unsafe.Add(&y, p * width)) 1n
                    p <- p + 1

            first <- at + most

    /// Copies `count` lines of k elements into panels from `start` on, `width` lines wide, each with the first elements of all its
    /// lines, then the second ones, and so on. What the last panel lacks is zero.
    let pack width count k (x: 'T[]) offset (line: int) (step: int) (panels: 'T[]) start =
        optimised ()
        let last = count - 1 - (count - 1) % width
        if last + width > count then panels.AsSpan(start + last * k, width * k).Clear()

        if line = 1 then
            packAcross width count k &(at x offset) step &(at panels start)
        else
            for first in 0..width .. count - 1 do
                let lines = min width (count - first)
                let s = &at x (offset + first * line)
                let t = &at panels (start + first * k)

                if abs line < abs step then
                    for p in 0 .. k - 1 do
                        copy
                            lines
                            (&Unsafe.Add(&s, p * step))
                            (nativeint line)
                            (&Unsafe.Add(&t, p * width))
                            1n
                elif step = 1 then
                    turn lines k &s line &t width
                elif step = -1 then
                    // From their ends on.
                    turn lines k (&Unsafe.Add(&s, 1 - k)) line (&Unsafe.Add(&t, (k - 1) * width)) -width
                else
                    for l in 0 .. lines - 1 do
                        copy
                            k
                            (&Unsafe.Add(&s, l * line))
                            (nativeint step)
                            (&Unsafe.Add(&t, l))
                            (nativeint width)

    /// Whether rows so many elements apart fall into few places of the first-level cache: more of them than it has ways push each other out.
    let inline areAliased<'T> apart = apart <> 0 && apart % (4096 / sizeof<'T>) = 0

    /// From one copied row to the next: an odd number of lines of the caches.
    let inline unaliased<'T> k =
        let line = Line / sizeof<'T>
        ((k + line - 1) / line ||| 1) * line

    /// Copies m rows of k elements, which lie `apart`.
    let copyRows m k (x: 'T[]) offset apart (into: 'T[]) start =
        for i in 0 .. m - 1 do
            x.AsSpan(offset + i * apart, k).CopyTo(into.AsSpan(start + i * unaliased<'T> k))
