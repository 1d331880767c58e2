namespace Cotangent.Engines

// Copies of lines of elements, most of them short: by vectors, and without a call for each.

open System.Numerics
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile

module internal Lines =

    /// Copies n elements, and writes no others.
    let inline copy n (x: byref<'T>) (y: byref<'T>) =
        let v, w = Vector<'T>.Count, Vector512<'T>.Count
        let mutable i = 0

        if Vector512.IsHardwareAccelerated && n >= w then
            while i < n do
                // The last vector may overlap the one before it.
                let j = nativeint (min i (n - w))
                widePut (wideLoad &x j) &y j
                i <- i + w
        elif n >= v then
            while i < n do
                let j = nativeint (min i (n - v))
                put (load &x j) &y j
                i <- i + v
        else
            while i < n do
                item &y (nativeint i) <- item &x (nativeint i)
                i <- i + 1

    /// All bits of the elements from `low` up to `high` of a line.
    let mask<'T> length (struct (low, high)) : byte[] =
        let bits = Array.zeroCreate<byte>(length * sizeof<'T>)
        System.Array.Fill(bits, 255uy, low * sizeof<'T>, (high - low) * sizeof<'T>)
        bits

    let inline private wideMask (mask: byte[]) (i: int) : Vector512<'T> =
        Vector512.LoadUnsafe(&at mask (i * sizeof<'T>)) |> Vector512.As<byte, 'T>

    /// The elements of a line, whole vectors long, and zero where the mask has none.
    let inline masked wide length (x: byref<'T>) (mask: byte[]) (y: byref<'T>) =
        let mutable i = 0

        while i < length do
            let j = nativeint i

            if wide then
                widePut (wideLoad &x j &&& wideMask mask i) &y j
                i <- i + Vector512<'T>.Count
            else
                let bits = Vector.LoadUnsafe(&at mask (i * sizeof<'T>)) |> Vector.As<byte, 'T>
                put (load &x j &&& bits) &y j
                i <- i + Vector<'T>.Count

    /// Whether there are instructions for `maskedEvens`.
    let inline hasEvens<'T> () = sizeof<'T> = 4 && Avx512F.IsSupported

    let inline private evens (x: Vector512<'T>) (y: Vector512<'T>) : Vector512<'T> =
        let indices =
            Vector512.Create(0u, 2u, 4u, 6u, 8u, 10u, 12u, 14u, 16u, 18u, 20u, 22u, 24u, 26u, 28u, 30u)

        Avx512F.PermuteVar16x32x2(x.AsUInt32(), indices, y.AsUInt32()).As<uint32, 'T>()

    /// The same of every other element.
    let inline maskedEvens length (x: byref<'T>) (mask: byte[]) (y: byref<'T>) =
        let w = Vector512<'T>.Count
        let mutable i = 0

        while i < length do
            let j = nativeint (2 * i)

            widePut
                (evens (wideLoad &x j) (wideLoad &x (j + nativeint w)) &&& wideMask mask i)
                &y
                (nativeint i)

            i <- i + w

    /// x in every other place from the first one on, and what is between them of y.
    let inline private amongEvens (x: Vector256<'T>) (y: Vector512<'T>) : Vector512<'T> =
        let twice = Vector512.Create(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)
        let x = Avx512F.PermuteVar16x32(x.ToVector512().AsInt32(), twice)
        let firsts = Vector512.Create(0xFFFFFFFFL).AsInt32()
        Vector512.ConditionalSelect(firsts, x, y.AsInt32()).As<int, 'T>()

    /// The same from the second place on.
    let inline private amongOdds (x: Vector256<'T>) (y: Vector512<'T>) : Vector512<'T> =
        let twice = Vector512.Create(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)
        let x = Avx512F.PermuteVar16x32(x.ToVector512().AsInt32(), twice)
        let firsts = Vector512.Create(0xFFFFFFFFL).AsInt32()
        Vector512.ConditionalSelect(firsts, y.AsInt32(), x).As<int, 'T>()

    /// Copies n elements to every other place. What is between them is read and written again, so no other thread may write there; what is
    /// behind the last one is not touched.
    let inline copyToEvens n (x: byref<'T>) (y: byref<'T>) =
        let mutable i = 0

        if hasEvens<'T>() && n > Vector256<'T>.Count then
            let half = Vector256<'T>.Count
            let last = nativeint (2 * (n - half) - 1)
            // Read before anything is written to it, which it would have to wait for.
            let between = wideLoad &y last

            while i < n - half do
                let j = nativeint (2 * i)
                widePut (amongEvens (Vector256.LoadUnsafe(&item &x (nativeint i))) (wideLoad &y j)) &y j
                i <- i + half

            widePut (amongOdds (Vector256.LoadUnsafe(&item &x (nativeint (n - half)))) between) &y last
        else
            while i < n do
                item &y (nativeint (2 * i)) <- item &x (nativeint i)
                i <- i + 1

    /// n elements, `apart` from each other, of which those from `low` up to `high` exist, and the first one would be at `from`.
    let between low high n (x: 'T[]) from apart (y: byref<'T>) =
        for i in 0 .. n - 1 do
            item &y (nativeint i) <-
                if i >= low && i < high then x[from + i * apart] else Unchecked.defaultof<'T>
