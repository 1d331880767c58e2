namespace Cotangent.Engines

// Vector code on rows that System.Numerics.Tensors lacks: signs, comparisons and selection.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

module internal VectorMath =

    let inline is<'T, 'U> () = obj.ReferenceEquals(typeof<'T>, typeof<'U>)

    // F#'s own comparison operators would call its structural comparison on a generic type.
    let inline private isEqual<'T when 'T :> INumber<'T>> (a: 'T) (b: 'T) = 'T.op_Equality (a, b)
    let inline private isLess<'T when 'T :> INumber<'T>> (a: 'T) (b: 'T) = 'T.op_LessThan (a, b)
    let inline private isAtMost<'T when 'T :> INumber<'T>> (a: 'T) (b: 'T) = 'T.op_LessThanOrEqual (a, b)

    let inline load (x: byref<'T>) (i: int) : Vector<'T> = Vector.LoadUnsafe(&Unsafe.Add(&x, i))

    /// y <- f x. The last vector overlaps the one before it; a row shorter than a vector is filled up with
    /// zeros.
    let inline map (x: ReadOnlySpan<'T>) (y: Span<'T>) ([<InlineIfLambda>] f: Vector<'T> -> Vector<'T>) =
        Tile.optimised ()
        let n = y.Length
        let w = Vector<'T>.Count
        let from = &MemoryMarshal.GetReference x
        let into = &MemoryMarshal.GetReference y

        if n >= w then
            let mutable i = 0

            while i < n do
                let at = min i (n - w)
                Vector.StoreUnsafe(f (load &from at), &Unsafe.Add(&into, at))
                i <- i + w
        elif n > 0 then
            let mutable v = Vector<'T>.Zero
            let lanes = MemoryMarshal.CreateSpan(&Unsafe.As<Vector<'T>, 'T> &v, w)
            x.CopyTo lanes
            v <- f v
            lanes.Slice(0, n).CopyTo y

    /// 1, 0 or -1; NaN for NaN.
    let sign<'T when 'T: struct> (x: ReadOnlySpan<'T>) (y: Span<'T>) =
        map x y (fun v ->
            let zero = Vector<'T>.Zero
            let low = Vector.ConditionalSelect(Vector.LessThan(v, zero), -Vector<'T>.One, v + zero)
            Vector.ConditionalSelect(Vector.GreaterThan(v, zero), Vector<'T>.One, low))

    // Comparisons and selection change between masks as wide as a number and Bool, one byte each.

    let inline private narrow64 (x: Vector<int64>) (y: Vector<int64>) : Vector<int> = Vector.Narrow(x, y)
    let inline private narrow32 (x: Vector<int>) (y: Vector<int>) : Vector<int16> = Vector.Narrow(x, y)
    let inline private narrow16 (x: Vector<int16>) (y: Vector<int16>) : Vector<sbyte> = Vector.Narrow(x, y)

    let inline private compare
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<bool>)
        ([<InlineIfLambda>] f: Vector<'T> -> Vector<'T> -> Vector<'T>)
        ([<InlineIfLambda>] g: 'T -> 'T -> bool)
        =
        Tile.optimised ()
        let w = Vector<'T>.Count
        let a = &MemoryMarshal.GetReference x
        let b = &MemoryMarshal.GetReference y
        let bytes = MemoryMarshal.Cast<bool, sbyte> z
        let mutable i = 0

        if sizeof<'T> = 4 then
            while i <= z.Length - 4 * w do
                let m0 = Vector.AsVectorInt32(f (load &a i) (load &b i))
                let m1 = Vector.AsVectorInt32(f (load &a (i + w)) (load &b (i + w)))
                let m2 = Vector.AsVectorInt32(f (load &a (i + 2 * w)) (load &b (i + 2 * w)))
                let m3 = Vector.AsVectorInt32(f (load &a (i + 3 * w)) (load &b (i + 3 * w)))
                let m = narrow16 (narrow32 m0 m1) (narrow32 m2 m3)
                (m &&& Vector<sbyte>.One).CopyTo(bytes.Slice i)
                i <- i + 4 * w

        while i < z.Length do
            z[i] <- g x[i] y[i]
            i <- i + 1

    let equal<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<bool>)
        =
        compare x y z (fun a b -> Vector.Equals(a, b)) (fun a b -> isEqual a b)

    let less<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<bool>)
        =
        compare x y z (fun a b -> Vector.LessThan(a, b)) (fun a b -> isLess a b)

    let lessEqual<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<bool>)
        =
        compare x y z (fun a b -> Vector.LessThanOrEqual(a, b)) (fun a b -> isAtMost a b)

    /// z <- x where c, y elsewhere.
    let select (c: ReadOnlySpan<bool>) (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (z: Span<'T>) =
        Tile.optimised ()
        let mutable i = 0

        if sizeof<'T> = 4 then
            let w = Vector<uint32>.Count
            let a = &Unsafe.As<'T, uint32>(&MemoryMarshal.GetReference x)
            let b = &Unsafe.As<'T, uint32>(&MemoryMarshal.GetReference y)
            let r = &Unsafe.As<'T, uint32>(&MemoryMarshal.GetReference z)
            let bytes = MemoryMarshal.Cast<bool, byte> c

            while i <= z.Length - 4 * w do
                let v: Vector<byte> = Vector.LoadUnsafe(&Unsafe.Add(&MemoryMarshal.GetReference bytes, i))
                let low: Vector<uint16> = Vector.WidenLower v
                let high: Vector<uint16> = Vector.WidenUpper v

                for k in 0..3 do
                    let half = if k < 2 then low else high
                    let m = if k &&& 1 = 0 then Vector.WidenLower half else Vector.WidenUpper half
                    let at = i + k * w

                    let chosen =
                        Vector.ConditionalSelect(
                            Vector.GreaterThan(m, Vector<uint32>.Zero),
                            load &a at,
                            load &b at
                        )

                    Vector.StoreUnsafe(chosen, &Unsafe.Add(&r, at))

                i <- i + 4 * w

        while i < z.Length do
            z[i] <- if c[i] then x[i] else y[i]
            i <- i + 1
