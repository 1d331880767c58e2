namespace Cotangent.Engines

// Arithmetic on rows. System.Numerics.Tensors has all of it, but .NET compiles that code in haste first, and the first thirty
// calls take up to thirty times as long. These loops are optimised when they first run. They go along a row in the widest
// vectors that the processor has, what is left in narrower ones, and the last elements one by one.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

module internal RowLoops =
    let inline private isWide<'T> () = Vector512.IsHardwareAccelerated && Vector512<'T>.IsSupported
    let inline private isHalf<'T> () = Vector256.IsHardwareAccelerated && Vector256<'T>.IsSupported

    let inline private item (x: byref<'T>) (i: int) : byref<'T> = &Unsafe.Add(&x, i)
    let inline private wideAt (x: byref<'T>) i : Vector512<'T> = Vector512.LoadUnsafe(&item &x i)
    let inline private halfAt (x: byref<'T>) i : Vector256<'T> = Vector256.LoadUnsafe(&item &x i)
    let inline private quarterAt (x: byref<'T>) i : Vector128<'T> = Vector128.LoadUnsafe(&item &x i)

    /// The elements of rows that have as many, and room for as many results. The loops get references: a span that such a method is
    /// given is written to memory and read back, which takes as long as a short row.
    let inline count (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (room: int) =
        if y.Length <> x.Length || room < x.Length then invalidArg "x" "Rows differ in length."
        x.Length

    let inline first (x: ReadOnlySpan<'T>) : byref<'T> = &MemoryMarshal.GetReference x

    /// c <- f a b, n elements each. c may be one of the others.
    let inline map2
        n
        (a: byref<'T>)
        (b: byref<'T>)
        (c: byref<'T>)
        ([<InlineIfLambda>] wide: Vector512<'T> -> Vector512<'T> -> Vector512<'T>)
        ([<InlineIfLambda>] half: Vector256<'T> -> Vector256<'T> -> Vector256<'T>)
        ([<InlineIfLambda>] quarter: Vector128<'T> -> Vector128<'T> -> Vector128<'T>)
        ([<InlineIfLambda>] one: 'T -> 'T -> 'T)
        =
        Tile.optimised ()
        let mutable i = 0

        if isWide<'T>() then
            while i <= n - Vector512<'T>.Count do
                Vector512.StoreUnsafe(wide (wideAt &a i) (wideAt &b i), &item &c i)
                i <- i + Vector512<'T>.Count

        if isHalf<'T>() then
            while i <= n - Vector256<'T>.Count do
                Vector256.StoreUnsafe(half (halfAt &a i) (halfAt &b i), &item &c i)
                i <- i + Vector256<'T>.Count

        if Vector128<'T>.IsSupported then
            while i <= n - Vector128<'T>.Count do
                Vector128.StoreUnsafe(quarter (quarterAt &a i) (quarterAt &b i), &item &c i)
                i <- i + Vector128<'T>.Count

        while i < n do
            item &c i <- one (item &a i) (item &b i)
            i <- i + 1

    /// c <- f a s b, with the same s for all.
    let inline map3
        n
        (a: byref<'T>)
        (s: 'T)
        (b: byref<'T>)
        (c: byref<'T>)
        ([<InlineIfLambda>] wide: Vector512<'T> -> Vector512<'T> -> Vector512<'T> -> Vector512<'T>)
        ([<InlineIfLambda>] half: Vector256<'T> -> Vector256<'T> -> Vector256<'T> -> Vector256<'T>)
        ([<InlineIfLambda>] quarter: Vector128<'T> -> Vector128<'T> -> Vector128<'T> -> Vector128<'T>)
        ([<InlineIfLambda>] one: 'T -> 'T -> 'T -> 'T)
        =
        Tile.optimised ()
        let mutable i = 0

        if isWide<'T>() then
            let all = Vector512.Create s

            while i <= n - Vector512<'T>.Count do
                Vector512.StoreUnsafe(wide (wideAt &a i) all (wideAt &b i), &item &c i)
                i <- i + Vector512<'T>.Count

        if isHalf<'T>() then
            let all = Vector256.Create s

            while i <= n - Vector256<'T>.Count do
                Vector256.StoreUnsafe(half (halfAt &a i) all (halfAt &b i), &item &c i)
                i <- i + Vector256<'T>.Count

        if Vector128<'T>.IsSupported then
            let all = Vector128.Create s

            while i <= n - Vector128<'T>.Count do
                Vector128.StoreUnsafe(quarter (quarterAt &a i) all (quarterAt &b i), &item &c i)
                i <- i + Vector128<'T>.Count

        while i < n do
            item &c i <- one (item &a i) s (item &b i)
            i <- i + 1

    /// What n elements bring, of which `start` changes nothing: what each pair of a and b makes, joined. Four vectors at a time gather
    /// it in their lanes; they are joined in the end, then the halves of what they come to, and again, with vectors of that size that
    /// the row still has.
    let inline fold
        (start: 'T)
        n
        (a: byref<'T>)
        (b: byref<'T>)
        ([<InlineIfLambda>] wide: Vector512<'T> -> Vector512<'T> -> Vector512<'T>)
        ([<InlineIfLambda>] joinWide: Vector512<'T> -> Vector512<'T> -> Vector512<'T>)
        ([<InlineIfLambda>] half: Vector256<'T> -> Vector256<'T> -> Vector256<'T>)
        ([<InlineIfLambda>] joinHalves: Vector256<'T> -> Vector256<'T> -> Vector256<'T>)
        ([<InlineIfLambda>] quarter: Vector128<'T> -> Vector128<'T> -> Vector128<'T>)
        ([<InlineIfLambda>] joinQuarters: Vector128<'T> -> Vector128<'T> -> Vector128<'T>)
        ([<InlineIfLambda>] one: 'T -> 'T -> 'T)
        ([<InlineIfLambda>] joinOnes: 'T -> 'T -> 'T)
        : 'T =
        Tile.optimised ()
        let mutable total = start
        let mutable i = 0

        if Vector128<'T>.IsSupported && n >= 2 * Vector128<'T>.Count then
            let mutable quarters = Vector128.Create start

            if isHalf<'T>() then
                let mutable halves = Vector256.Create start

                if isWide<'T>() then
                    let w = Vector512<'T>.Count

                    if n >= w then
                        let mutable s0 = wide (wideAt &a 0) (wideAt &b 0)
                        i <- w

                        if n >= 4 * w then
                            let mutable s1 = wide (wideAt &a w) (wideAt &b w)
                            let mutable s2 = wide (wideAt &a (2 * w)) (wideAt &b (2 * w))
                            let mutable s3 = wide (wideAt &a (3 * w)) (wideAt &b (3 * w))
                            i <- 4 * w

                            while i <= n - 4 * w do
                                s0 <- joinWide s0 (wide (wideAt &a i) (wideAt &b i))
                                s1 <- joinWide s1 (wide (wideAt &a (i + w)) (wideAt &b (i + w)))
                                s2 <- joinWide s2 (wide (wideAt &a (i + 2 * w)) (wideAt &b (i + 2 * w)))
                                s3 <- joinWide s3 (wide (wideAt &a (i + 3 * w)) (wideAt &b (i + 3 * w)))
                                i <- i + 4 * w

                            s0 <- joinWide (joinWide s0 s1) (joinWide s2 s3)

                        while i <= n - w do
                            s0 <- joinWide s0 (wide (wideAt &a i) (wideAt &b i))
                            i <- i + w

                        halves <- joinHalves (s0.GetLower()) (s0.GetUpper())
                else
                    let w = Vector256<'T>.Count

                    if n >= 4 * w then
                        let mutable s0 = half (halfAt &a 0) (halfAt &b 0)
                        let mutable s1 = half (halfAt &a w) (halfAt &b w)
                        let mutable s2 = half (halfAt &a (2 * w)) (halfAt &b (2 * w))
                        let mutable s3 = half (halfAt &a (3 * w)) (halfAt &b (3 * w))
                        i <- 4 * w

                        while i <= n - 4 * w do
                            s0 <- joinHalves s0 (half (halfAt &a i) (halfAt &b i))
                            s1 <- joinHalves s1 (half (halfAt &a (i + w)) (halfAt &b (i + w)))
                            s2 <- joinHalves s2 (half (halfAt &a (i + 2 * w)) (halfAt &b (i + 2 * w)))
                            s3 <- joinHalves s3 (half (halfAt &a (i + 3 * w)) (halfAt &b (i + 3 * w)))
                            i <- i + 4 * w

                        halves <- joinHalves (joinHalves s0 s1) (joinHalves s2 s3)

                while i <= n - Vector256<'T>.Count do
                    halves <- joinHalves halves (half (halfAt &a i) (halfAt &b i))
                    i <- i + Vector256<'T>.Count

                quarters <- joinQuarters (halves.GetLower()) (halves.GetUpper())

            while i <= n - Vector128<'T>.Count do
                quarters <- joinQuarters quarters (quarter (quarterAt &a i) (quarterAt &b i))
                i <- i + Vector128<'T>.Count

            if Vector128<'T>.Count = 2 then
                total <- joinOnes (quarters.GetElement 0) (quarters.GetElement 1)
            elif Vector128<'T>.Count = 4 then
                let first = joinOnes (quarters.GetElement 0) (quarters.GetElement 1)
                total <- joinOnes first (joinOnes (quarters.GetElement 2) (quarters.GetElement 3))
            else
                for lane in 0 .. Vector128<'T>.Count - 1 do
                    total <- joinOnes total (quarters.GetElement lane)

        while i < n do
            total <- joinOnes total (one (item &a i) (item &b i))
            i <- i + 1

        total
