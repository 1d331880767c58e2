namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

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
