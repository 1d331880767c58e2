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

// Never part of their callers, which would then have to guard their own spans, too.
module internal RowKernels =
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let add<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map2 n &a &b &c (fun a b -> a + b) (fun a b -> a + b) (fun a b -> a + b) (fun a b -> a + b)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let subtract<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map2 n &a &b &c (fun a b -> a - b) (fun a b -> a - b) (fun a b -> a - b) (fun a b -> a - b)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let subtractOne<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (s: 'T) (c: byref<'T>) =
        RowLoops.map3
            n
            &a
            s
            &a
            &c
            (fun a s _ -> a - s)
            (fun a s _ -> a - s)
            (fun a s _ -> a - s)
            (fun a s _ -> a - s)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let multiply<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map2 n &a &b &c (fun a b -> a * b) (fun a b -> a * b) (fun a b -> a * b) (fun a b -> a * b)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let scale<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (s: 'T) (c: byref<'T>) =
        RowLoops.map3
            n
            &a
            s
            &a
            &c
            (fun a s _ -> a * s)
            (fun a s _ -> a * s)
            (fun a s _ -> a * s)
            (fun a s _ -> a * s)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let divide<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map2 n &a &b &c (fun a b -> a / b) (fun a b -> a / b) (fun a b -> a / b) (fun a b -> a / b)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let divideByOne<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (s: 'T) (c: byref<'T>) =
        RowLoops.map3
            n
            &a
            s
            &a
            &c
            (fun a s _ -> a / s)
            (fun a s _ -> a / s)
            (fun a s _ -> a / s)
            (fun a s _ -> a / s)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let multiplyAdd<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (s: 'T) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map3
            n
            &a
            s
            &b
            &c
            (fun a s b -> a * s + b)
            (fun a s b -> a * s + b)
            (fun a s b -> a * s + b)
            (fun a s b -> (a * s: 'T) + b)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let addMultiply<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (s: 'T) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map3
            n
            &a
            s
            &b
            &c
            (fun a s b -> (a + s) * b)
            (fun a s b -> (a + s) * b)
            (fun a s b -> (a + s) * b)
            (fun a s b -> (a + s: 'T) * b)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let negate<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (c: byref<'T>) =
        RowLoops.map2 n &a &a &c (fun a _ -> -a) (fun a _ -> -a) (fun a _ -> -a) (fun a _ -> -a)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let abs<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (c: byref<'T>) =
        RowLoops.map2
            n
            &a
            &a
            &c
            (fun a _ -> Vector512.Abs a)
            (fun a _ -> Vector256.Abs a)
            (fun a _ -> Vector128.Abs a)
            (fun a _ -> 'T.Abs a)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let sqrt<'T when 'T :> INumberBase<'T> and 'T :> IRootFunctions<'T>> n (a: byref<'T>) (c: byref<'T>) =
        RowLoops.map2
            n
            &a
            &a
            &c
            (fun a _ -> Vector512.Sqrt a)
            (fun a _ -> Vector256.Sqrt a)
            (fun a _ -> Vector128.Sqrt a)
            (fun a _ -> 'T.Sqrt a)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let max<'T when 'T :> INumber<'T>> n (a: byref<'T>) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map2
            n
            &a
            &b
            &c
            (fun a b -> Vector512.Max(a, b))
            (fun a b -> Vector256.Max(a, b))
            (fun a b -> Vector128.Max(a, b))
            (fun a b -> 'T.Max(a, b))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let maxWithOne<'T when 'T :> INumber<'T>> n (a: byref<'T>) (s: 'T) (c: byref<'T>) =
        RowLoops.map3
            n
            &a
            s
            &a
            &c
            (fun a s _ -> Vector512.Max(a, s))
            (fun a s _ -> Vector256.Max(a, s))
            (fun a s _ -> Vector128.Max(a, s))
            (fun a s _ -> 'T.Max(a, s))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let min<'T when 'T :> INumber<'T>> n (a: byref<'T>) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map2
            n
            &a
            &b
            &c
            (fun a b -> Vector512.Min(a, b))
            (fun a b -> Vector256.Min(a, b))
            (fun a b -> Vector128.Min(a, b))
            (fun a b -> 'T.Min(a, b))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let minWithOne<'T when 'T :> INumber<'T>> n (a: byref<'T>) (s: 'T) (c: byref<'T>) =
        RowLoops.map3
            n
            &a
            s
            &a
            &c
            (fun a s _ -> Vector512.Min(a, s))
            (fun a s _ -> Vector256.Min(a, s))
            (fun a s _ -> Vector128.Min(a, s))
            (fun a s _ -> 'T.Min(a, s))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let bitwiseAnd<'T when 'T :> IBinaryInteger<'T>> n (a: byref<'T>) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map2
            n
            &a
            &b
            &c
            (fun a b -> Vector512.BitwiseAnd(a, b))
            (fun a b -> Vector256.BitwiseAnd(a, b))
            (fun a b -> Vector128.BitwiseAnd(a, b))
            (fun a b -> 'T.op_BitwiseAnd (a, b))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let bitwiseOr<'T when 'T :> IBinaryInteger<'T>> n (a: byref<'T>) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map2
            n
            &a
            &b
            &c
            (fun a b -> Vector512.BitwiseOr(a, b))
            (fun a b -> Vector256.BitwiseOr(a, b))
            (fun a b -> Vector128.BitwiseOr(a, b))
            (fun a b -> 'T.op_BitwiseOr (a, b))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let xor<'T when 'T :> IBinaryInteger<'T>> n (a: byref<'T>) (b: byref<'T>) (c: byref<'T>) =
        RowLoops.map2
            n
            &a
            &b
            &c
            (fun a b -> Vector512.Xor(a, b))
            (fun a b -> Vector256.Xor(a, b))
            (fun a b -> Vector128.Xor(a, b))
            (fun a b -> 'T.op_ExclusiveOr (a, b))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let xorWithOne<'T when 'T :> IBinaryInteger<'T>> n (a: byref<'T>) (s: 'T) (c: byref<'T>) =
        RowLoops.map3
            n
            &a
            s
            &a
            &c
            (fun a s _ -> Vector512.Xor(a, s))
            (fun a s _ -> Vector256.Xor(a, s))
            (fun a s _ -> Vector128.Xor(a, s))
            (fun a s _ -> 'T.op_ExclusiveOr (a, s))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let sum<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) : 'T =
        RowLoops.fold
            'T.Zero
            n
            &a
            &a
            (fun a _ -> a)
            (fun s t -> s + t)
            (fun a _ -> a)
            (fun s t -> s + t)
            (fun a _ -> a)
            (fun s t -> s + t)
            (fun a _ -> a)
            (fun s t -> s + t)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let dot<'T when 'T :> INumberBase<'T>> n (a: byref<'T>) (b: byref<'T>) : 'T =
        RowLoops.fold
            'T.Zero
            n
            &a
            &b
            (fun a b -> a * b)
            (fun s t -> s + t)
            (fun a b -> a * b)
            (fun s t -> s + t)
            (fun a b -> a * b)
            (fun s t -> s + t)
            (fun a b -> a * b)
            (fun s t -> s + t)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let sumOfSizes n (a: byref<float>) : float =
        RowLoops.fold
            0.0
            n
            &a
            &a
            (fun a _ -> Vector512.Abs a)
            (fun s t -> s + t)
            (fun a _ -> Vector256.Abs a)
            (fun s t -> s + t)
            (fun a _ -> Vector128.Abs a)
            (fun s t -> s + t)
            (fun a _ -> Math.Abs a)
            (fun s t -> s + t)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let greatest<'T when 'T :> INumber<'T>> n (a: byref<'T>) : 'T =
        RowLoops.fold
            a
            n
            &a
            &a
            (fun a _ -> a)
            (fun a b -> Vector512.Max(a, b))
            (fun a _ -> a)
            (fun a b -> Vector256.Max(a, b))
            (fun a _ -> a)
            (fun a b -> Vector128.Max(a, b))
            (fun a _ -> a)
            (fun a b -> 'T.Max(a, b))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let least<'T when 'T :> INumber<'T>> n (a: byref<'T>) : 'T =
        RowLoops.fold
            a
            n
            &a
            &a
            (fun a _ -> a)
            (fun a b -> Vector512.Min(a, b))
            (fun a _ -> a)
            (fun a b -> Vector256.Min(a, b))
            (fun a _ -> a)
            (fun a b -> Vector128.Min(a, b))
            (fun a _ -> a)
            (fun a b -> 'T.Min(a, b))

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let largestSize n (a: byref<float>) : float =
        RowLoops.fold
            0.0
            n
            &a
            &a
            (fun a _ -> Vector512.Abs a)
            (fun a b -> Vector512.Max(a, b))
            (fun a _ -> Vector256.Abs a)
            (fun a b -> Vector256.Max(a, b))
            (fun a _ -> Vector128.Abs a)
            (fun a b -> Vector128.Max(a, b))
            (fun a _ -> Math.Abs a)
            (fun a b -> Math.Max(a, b))

/// As TensorPrimitives, of which these take the names and the order of arguments.
[<Sealed; AbstractClass>]
type internal RowMath =
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Add<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>) =
        RowKernels.add
            (RowLoops.count x y z.Length)
            (&RowLoops.first x)
            (&RowLoops.first y)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Subtract<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowKernels.subtract
            (RowLoops.count x y z.Length)
            (&RowLoops.first x)
            (&RowLoops.first y)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Subtract<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowKernels.subtractOne
            (RowLoops.count x x z.Length)
            (&RowLoops.first x)
            y
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Multiply<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowKernels.multiply
            (RowLoops.count x y z.Length)
            (&RowLoops.first x)
            (&RowLoops.first y)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Multiply<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowKernels.scale (RowLoops.count x x z.Length) (&RowLoops.first x) y (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Divide<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowKernels.divide
            (RowLoops.count x y z.Length)
            (&RowLoops.first x)
            (&RowLoops.first y)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Divide<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowKernels.divideByOne
            (RowLoops.count x x z.Length)
            (&RowLoops.first x)
            y
            (&MemoryMarshal.GetReference z)

    /// z <- x y + w
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member MultiplyAdd<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: 'T, w: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowKernels.multiplyAdd
            (RowLoops.count x w z.Length)
            (&RowLoops.first x)
            y
            (&RowLoops.first w)
            (&MemoryMarshal.GetReference z)

    /// z <- (x + y) w
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member AddMultiply<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: 'T, w: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowKernels.addMultiply
            (RowLoops.count x w z.Length)
            (&RowLoops.first x)
            y
            (&RowLoops.first w)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Negate<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, z: Span<'T>) =
        RowKernels.negate (RowLoops.count x x z.Length) (&RowLoops.first x) (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Abs<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, z: Span<'T>) =
        RowKernels.abs (RowLoops.count x x z.Length) (&RowLoops.first x) (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Sqrt<'T when 'T :> INumberBase<'T> and 'T :> IRootFunctions<'T>>
        (x: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowKernels.sqrt (RowLoops.count x x z.Length) (&RowLoops.first x) (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Max<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>) =
        RowKernels.max
            (RowLoops.count x y z.Length)
            (&RowLoops.first x)
            (&RowLoops.first y)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Max<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowKernels.maxWithOne
            (RowLoops.count x x z.Length)
            (&RowLoops.first x)
            y
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Min<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>) =
        RowKernels.min
            (RowLoops.count x y z.Length)
            (&RowLoops.first x)
            (&RowLoops.first y)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Min<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowKernels.minWithOne
            (RowLoops.count x x z.Length)
            (&RowLoops.first x)
            y
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member BitwiseAnd<'T when 'T :> IBinaryInteger<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowKernels.bitwiseAnd
            (RowLoops.count x y z.Length)
            (&RowLoops.first x)
            (&RowLoops.first y)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member BitwiseOr<'T when 'T :> IBinaryInteger<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowKernels.bitwiseOr
            (RowLoops.count x y z.Length)
            (&RowLoops.first x)
            (&RowLoops.first y)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Xor<'T when 'T :> IBinaryInteger<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowKernels.xor
            (RowLoops.count x y z.Length)
            (&RowLoops.first x)
            (&RowLoops.first y)
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Xor<'T when 'T :> IBinaryInteger<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowKernels.xorWithOne
            (RowLoops.count x x z.Length)
            (&RowLoops.first x)
            y
            (&MemoryMarshal.GetReference z)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Sum<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>) : 'T =
        RowKernels.sum x.Length (&RowLoops.first x)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Dot<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>) : 'T =
        RowKernels.dot (RowLoops.count x y x.Length) (&RowLoops.first x) (&RowLoops.first y)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member SumOfMagnitudes(x: ReadOnlySpan<float>) : float =
        RowKernels.sumOfSizes x.Length (&RowLoops.first x)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Max<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>) : 'T =
        RowKernels.greatest x.Length (&RowLoops.first x)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Min<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>) : 'T =
        RowKernels.least x.Length (&RowLoops.first x)

    /// The largest without regard to signs; NaN where there is one.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member LargestSize(x: ReadOnlySpan<float>) : float =
        RowKernels.largestSize x.Length (&RowLoops.first x)

    static member Norm(x: ReadOnlySpan<float>) : float = Math.Sqrt(RowMath.Dot(x, x))
