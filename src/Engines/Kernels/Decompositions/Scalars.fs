namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.CompilerServices

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
        if isComplex<'T>() then Array.map conjugate x else x
