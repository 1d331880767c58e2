namespace Cotangent.Engines

// Arithmetic on rows. System.Numerics.Tensors has all of it, but .NET compiles that code in haste first, and the first thirty
// calls take up to thirty times as long. These loops are optimised when they first run. Where a processor has vectors of 512
// bits, they are taken; elements that no vector is left for go one by one.

open System
open System.Numerics
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Runtime.CompilerServices

module internal RowLoops =
    let inline private isWide<'T> () = Vector512.IsHardwareAccelerated && Vector512<'T>.IsSupported

    let inline private item (x: byref<'T>) (i: int) : byref<'T> = &Unsafe.Add(&x, i)
    let inline private wideAt (x: byref<'T>) i : Vector512<'T> = Vector512.LoadUnsafe(&item &x i)
    let inline private at (x: byref<'T>) i : Vector<'T> = Vector.LoadUnsafe(&item &x i)

    let refuse () = invalidArg "x" "Rows differ in length."

    /// z <- f x y. z may be one of the others.
    let inline map2
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<'T>)
        ([<InlineIfLambda>] wide: Vector512<'T> -> Vector512<'T> -> Vector512<'T>)
        ([<InlineIfLambda>] narrow: Vector<'T> -> Vector<'T> -> Vector<'T>)
        ([<InlineIfLambda>] one: 'T -> 'T -> 'T)
        =
        Tile.optimised ()
        let n = x.Length
        if y.Length <> n || z.Length < n then refuse ()
        let a = &MemoryMarshal.GetReference x
        let b = &MemoryMarshal.GetReference y
        let c = &MemoryMarshal.GetReference z
        let mutable i = 0

        if isWide<'T>() then
            while i <= n - Vector512<'T>.Count do
                Vector512.StoreUnsafe(wide (wideAt &a i) (wideAt &b i), &item &c i)
                i <- i + Vector512<'T>.Count

        if Vector<'T>.IsSupported then
            while i <= n - Vector<'T>.Count do
                Vector.StoreUnsafe(narrow (at &a i) (at &b i), &item &c i)
                i <- i + Vector<'T>.Count

        while i < n do
            item &c i <- one (item &a i) (item &b i)
            i <- i + 1

    /// z <- f x s y, with the same s for all. z may be one of the others.
    let inline map3
        (x: ReadOnlySpan<'T>)
        (s: 'T)
        (y: ReadOnlySpan<'T>)
        (z: Span<'T>)
        ([<InlineIfLambda>] wide: Vector512<'T> -> Vector512<'T> -> Vector512<'T> -> Vector512<'T>)
        ([<InlineIfLambda>] narrow: Vector<'T> -> Vector<'T> -> Vector<'T> -> Vector<'T>)
        ([<InlineIfLambda>] one: 'T -> 'T -> 'T -> 'T)
        =
        Tile.optimised ()
        let n = x.Length
        if y.Length <> n || z.Length < n then refuse ()
        let a = &MemoryMarshal.GetReference x
        let b = &MemoryMarshal.GetReference y
        let c = &MemoryMarshal.GetReference z
        let mutable i = 0

        if isWide<'T>() then
            let all = Vector512.Create s

            while i <= n - Vector512<'T>.Count do
                Vector512.StoreUnsafe(wide (wideAt &a i) all (wideAt &b i), &item &c i)
                i <- i + Vector512<'T>.Count

        if Vector<'T>.IsSupported then
            let all = Vector<'T> s

            while i <= n - Vector<'T>.Count do
                Vector.StoreUnsafe(narrow (at &a i) all (at &b i), &item &c i)
                i <- i + Vector<'T>.Count

        while i < n do
            item &c i <- one (item &a i) s (item &b i)
            i <- i + 1

    /// Four vectors gather what each pair of x and y brings to their lanes, and `start` is what all begin with; then they are joined,
    /// and their lanes.
    let inline fold
        (start: 'T)
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        ([<InlineIfLambda>] wide: Vector512<'T> -> Vector512<'T> -> Vector512<'T> -> Vector512<'T>)
        ([<InlineIfLambda>] joinWide: Vector512<'T> -> Vector512<'T> -> Vector512<'T>)
        ([<InlineIfLambda>] wideLanes: Vector512<'T> -> 'T)
        ([<InlineIfLambda>] narrow: Vector<'T> -> Vector<'T> -> Vector<'T> -> Vector<'T>)
        ([<InlineIfLambda>] join: Vector<'T> -> Vector<'T> -> Vector<'T>)
        ([<InlineIfLambda>] lanes: Vector<'T> -> 'T)
        ([<InlineIfLambda>] one: 'T -> 'T -> 'T -> 'T)
        : 'T =
        Tile.optimised ()
        let n = x.Length
        if y.Length <> n then refuse ()
        let a = &MemoryMarshal.GetReference x
        let b = &MemoryMarshal.GetReference y
        let mutable total = start
        let mutable i = 0

        if isWide<'T>() && n >= Vector512<'T>.Count then
            let w = Vector512<'T>.Count
            let mutable s0 = Vector512.Create start
            let mutable s1 = s0
            let mutable s2 = s0
            let mutable s3 = s0

            while i <= n - 4 * w do
                s0 <- wide s0 (wideAt &a i) (wideAt &b i)
                s1 <- wide s1 (wideAt &a (i + w)) (wideAt &b (i + w))
                s2 <- wide s2 (wideAt &a (i + 2 * w)) (wideAt &b (i + 2 * w))
                s3 <- wide s3 (wideAt &a (i + 3 * w)) (wideAt &b (i + 3 * w))
                i <- i + 4 * w

            while i <= n - w do
                s0 <- wide s0 (wideAt &a i) (wideAt &b i)
                i <- i + w

            total <- wideLanes (joinWide (joinWide s0 s1) (joinWide s2 s3))
        elif Vector<'T>.IsSupported && n >= Vector<'T>.Count then
            let w = Vector<'T>.Count
            let mutable s0 = Vector<'T> start
            let mutable s1 = s0
            let mutable s2 = s0
            let mutable s3 = s0

            while i <= n - 4 * w do
                s0 <- narrow s0 (at &a i) (at &b i)
                s1 <- narrow s1 (at &a (i + w)) (at &b (i + w))
                s2 <- narrow s2 (at &a (i + 2 * w)) (at &b (i + 2 * w))
                s3 <- narrow s3 (at &a (i + 3 * w)) (at &b (i + 3 * w))
                i <- i + 4 * w

            while i <= n - w do
                s0 <- narrow s0 (at &a i) (at &b i)
                i <- i + w

            total <- lanes (join (join s0 s1) (join s2 s3))

        while i < n do
            total <- one total (item &a i) (item &b i)
            i <- i + 1

        total

    /// What is left of a row where one of two numbers, or of the lanes of two vectors, is left each time.
    let inline extreme
        (x: ReadOnlySpan<'T>)
        ([<InlineIfLambda>] ofWide: Vector512<'T> -> Vector512<'T> -> Vector512<'T>)
        ([<InlineIfLambda>] ofHalves: Vector256<'T> -> Vector256<'T> -> Vector256<'T>)
        ([<InlineIfLambda>] ofQuarters: Vector128<'T> -> Vector128<'T> -> Vector128<'T>)
        ([<InlineIfLambda>] ofVectors: Vector<'T> -> Vector<'T> -> Vector<'T>)
        ([<InlineIfLambda>] one: 'T -> 'T -> 'T)
        : 'T =
        let inline ofQuarter (v: Vector128<'T>) =
            let mutable found = v.GetElement 0

            for lane in 1 .. Vector128<'T>.Count - 1 do
                found <- one found (v.GetElement lane)

            found

        let inline ofHalf (v: Vector256<'T>) = ofQuarter (ofQuarters (v.GetLower()) (v.GetUpper()))

        let inline ofVector (v: Vector<'T>) =
            if Vector<byte>.Count = Vector256<byte>.Count then
                ofHalf (Vector256.AsVector256 v)
            else
                ofQuarter (Vector128.AsVector128 v)

        fold
            x[0]
            x
            x
            (fun s a _ -> ofWide s a)
            ofWide
            (fun v -> ofHalf (ofHalves (v.GetLower()) (v.GetUpper())))
            (fun s a _ -> ofVectors s a)
            ofVectors
            ofVector
            (fun s a _ -> one s a)

/// As TensorPrimitives, of which these take the names and the order of arguments.
[<Sealed; AbstractClass>]
type internal RowMath =

    static member Add<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>) =
        RowLoops.map2 x y z (fun a b -> a + b) (fun a b -> a + b) (fun a b -> a + b)

    static member Subtract<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowLoops.map2 x y z (fun a b -> a - b) (fun a b -> a - b) (fun a b -> a - b)

    static member Subtract<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowLoops.map3 x y x z (fun a s _ -> a - s) (fun a s _ -> a - s) (fun a s _ -> a - s)

    static member Multiply<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowLoops.map2 x y z (fun a b -> a * b) (fun a b -> a * b) (fun a b -> a * b)

    static member Multiply<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowLoops.map3 x y x z (fun a s _ -> a * s) (fun a s _ -> a * s) (fun a s _ -> a * s)

    static member Divide<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowLoops.map2 x y z (fun a b -> a / b) (fun a b -> a / b) (fun a b -> a / b)

    static member Divide<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowLoops.map3 x y x z (fun a s _ -> a / s) (fun a s _ -> a / s) (fun a s _ -> a / s)

    static member Negate<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, z: Span<'T>) =
        RowLoops.map2 x x z (fun a _ -> -a) (fun a _ -> -a) (fun a _ -> -a)

    /// z <- x y + w
    static member MultiplyAdd<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: 'T, w: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowLoops.map3
            x
            y
            w
            z
            (fun a s b -> a * s + b)
            (fun a s b -> a * s + b)
            (fun a s b ->
                let product: 'T = a * s
                product + b)

    /// z <- (x + y) w
    static member AddMultiply<'T when 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>, y: 'T, w: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowLoops.map3
            x
            y
            w
            z
            (fun a s b -> (a + s) * b)
            (fun a s b -> (a + s) * b)
            (fun a s b ->
                let sum: 'T = a + s
                sum * b)

    static member Max<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>) =
        RowLoops.map2
            x
            y
            z
            (fun a b -> Vector512.Max(a, b))
            (fun a b -> Vector.Max(a, b))
            (fun a b -> 'T.Max(a, b))

    static member Max<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowLoops.map3
            x
            y
            x
            z
            (fun a s _ -> Vector512.Max(a, s))
            (fun a s _ -> Vector.Max(a, s))
            (fun a s _ -> 'T.Max(a, s))

    static member Min<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>) =
        RowLoops.map2
            x
            y
            z
            (fun a b -> Vector512.Min(a, b))
            (fun a b -> Vector.Min(a, b))
            (fun a b -> 'T.Min(a, b))

    static member Min<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowLoops.map3
            x
            y
            x
            z
            (fun a s _ -> Vector512.Min(a, s))
            (fun a s _ -> Vector.Min(a, s))
            (fun a s _ -> 'T.Min(a, s))

    static member Abs<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, z: Span<'T>) =
        RowLoops.map2
            x
            x
            z
            (fun a _ -> Vector512.Abs a)
            (fun a _ -> Vector.Abs a)
            (fun a _ -> 'T.Abs a)

    static member Sqrt<'T when 'T :> INumberBase<'T> and 'T :> IRootFunctions<'T>>
        (x: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowLoops.map2
            x
            x
            z
            (fun a _ -> Vector512.Sqrt a)
            (fun a _ -> Vector.SquareRoot a)
            (fun a _ -> 'T.Sqrt a)

    static member BitwiseAnd<'T when 'T :> IBinaryInteger<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowLoops.map2
            x
            y
            z
            (fun a b -> Vector512.BitwiseAnd(a, b))
            (fun a b -> Vector.BitwiseAnd(a, b))
            (fun a b -> 'T.op_BitwiseAnd (a, b))

    static member BitwiseOr<'T when 'T :> IBinaryInteger<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowLoops.map2
            x
            y
            z
            (fun a b -> Vector512.BitwiseOr(a, b))
            (fun a b -> Vector.BitwiseOr(a, b))
            (fun a b -> 'T.op_BitwiseOr (a, b))

    static member Xor<'T when 'T :> IBinaryInteger<'T>>
        (x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>, z: Span<'T>)
        =
        RowLoops.map2
            x
            y
            z
            (fun a b -> Vector512.Xor(a, b))
            (fun a b -> Vector.Xor(a, b))
            (fun a b -> 'T.op_ExclusiveOr (a, b))

    static member Xor<'T when 'T :> IBinaryInteger<'T>>(x: ReadOnlySpan<'T>, y: 'T, z: Span<'T>) =
        RowLoops.map3
            x
            y
            x
            z
            (fun a s _ -> Vector512.Xor(a, s))
            (fun a s _ -> Vector.Xor(a, s))
            (fun a s _ -> 'T.op_ExclusiveOr (a, s))

    static member Sum<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>) : 'T =
        RowLoops.fold
            'T.Zero
            x
            x
            (fun s a _ -> s + a)
            (fun s t -> s + t)
            (fun s -> Vector512.Sum s)
            (fun s a _ -> s + a)
            (fun s t -> s + t)
            (fun s -> Vector.Sum s)
            (fun s a _ -> s + a)

    static member Dot<'T when 'T :> INumberBase<'T>>(x: ReadOnlySpan<'T>, y: ReadOnlySpan<'T>) : 'T =
        RowLoops.fold
            'T.Zero
            x
            y
            (fun s a b -> s + a * b)
            (fun s t -> s + t)
            (fun s -> Vector512.Sum s)
            (fun s a b -> s + a * b)
            (fun s t -> s + t)
            (fun s -> Vector.Sum s)
            (fun s a b ->
                let product: 'T = a * b
                s + product)

    static member SumOfMagnitudes(x: ReadOnlySpan<float>) : float =
        RowLoops.fold
            0.0
            x
            x
            (fun s a _ -> s + Vector512.Abs a)
            (fun s t -> s + t)
            (fun s -> Vector512.Sum s)
            (fun s a _ -> s + Vector.Abs a)
            (fun s t -> s + t)
            (fun s -> Vector.Sum s)
            (fun s a _ -> s + Math.Abs a)

    static member Norm(x: ReadOnlySpan<float>) : float = Math.Sqrt(RowMath.Dot(x, x))

    static member Max<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>) : 'T =
        RowLoops.extreme
            x
            (fun a b -> Vector512.Max(a, b))
            (fun a b -> Vector256.Max(a, b))
            (fun a b -> Vector128.Max(a, b))
            (fun a b -> Vector.Max(a, b))
            (fun a b -> 'T.Max(a, b))

    static member Min<'T when 'T :> INumber<'T>>(x: ReadOnlySpan<'T>) : 'T =
        RowLoops.extreme
            x
            (fun a b -> Vector512.Min(a, b))
            (fun a b -> Vector256.Min(a, b))
            (fun a b -> Vector128.Min(a, b))
            (fun a b -> Vector.Min(a, b))
            (fun a b -> 'T.Min(a, b))

    /// The largest without regard to signs; NaN where there is one.
    static member LargestSize(x: ReadOnlySpan<float>) : float =
        RowLoops.extreme
            x
            (fun a b -> Vector512.Max(Vector512.Abs a, Vector512.Abs b))
            (fun a b -> Vector256.Max(a, b))
            (fun a b -> Vector128.Max(a, b))
            (fun a b -> Vector.Max(Vector.Abs a, Vector.Abs b))
            (fun a b -> Math.Max(Math.Abs a, Math.Abs b))
