namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics

/// Loops over rows, each compiled by itself: as a part of their callers they would have these guard their own spans, too.
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
