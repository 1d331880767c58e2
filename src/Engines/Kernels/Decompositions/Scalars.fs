namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent.Engines.Along

/// What kernels of matrices ask of a number beyond arithmetic, be it real or complex. The compiler settles which it is.
module internal Scalars =
    let inline private isComplex<'T> () = typeof<'T>.Equals typeof<Complex>

    let conjugate<'T when 'T: struct and 'T :> INumberBase<'T>> (x: 'T) : 'T =
        if isComplex<'T>() then
            let mutable x = x
            let mutable turned = Complex.Conjugate(Unsafe.As<'T, Complex>(&x))
            Unsafe.As<Complex, 'T>(&turned)
        else
            x

    let realPart<'T when 'T: struct and 'T :> INumberBase<'T>> (x: 'T) : float =
        if isComplex<'T>() then
            let mutable x = x
            Unsafe.As<'T, Complex>(&x).Real
        else
            Double.CreateChecked x

    let isReal<'T when 'T: struct and 'T :> INumberBase<'T>> (x: 'T) : bool = 'T.IsRealNumber x

    /// The modulus.
    let size<'T when 'T: struct and 'T :> INumberBase<'T>> (x: 'T) : float =
        let modulus: 'T = 'T.Abs x
        realPart modulus

    /// The conjugates of all; of real numbers the array itself.
    let conjugates<'T when 'T: struct and 'T :> INumberBase<'T>> (x: 'T[]) : 'T[] =
        Tile.optimised ()
        if isComplex<'T>() then Array.map conjugate x else x

    /// Numbers of 64 bits as they are; complex ones as twice as many, which are their parts.
    let parts<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType> (x: Span<'T>) : Span<float> =
        MemoryMarshal.Cast<'T, float> x

    /// The length of a vector.
    let norm<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType> (x: Span<'T>) : float =
        RowMath.Norm(reading (parts x))

    /// The largest of all parts of numbers, as if positive; NaN if one is.
    let largestPart<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType> (x: Span<'T>) : float =
        RowMath.LargestSize(reading (parts x))

    /// x <- x times a real number.
    let scale<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (x: Span<'T>)
        (factor: float)
        =
        let all = parts x
        RowMath.Multiply(reading all, factor, all)

    /// Copies conjugates.
    let conjugateTo<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        Tile.optimised ()
        x.CopyTo y

        if isComplex<'T>() then
            for i in 0 .. y.Length - 1 do
                y[i] <- conjugate y[i]

    /// The sum of products of conjugates of x with y.
    let inner<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        : 'T =
        Tile.optimised ()

        if isComplex<'T>() then
            let mutable sum: 'T = 'T.Zero

            for i in 0 .. x.Length - 1 do
                let product: 'T = conjugate x[i] * y[i]
                sum <- sum + product

            sum
        else
            RowMath.Dot(x, y)
