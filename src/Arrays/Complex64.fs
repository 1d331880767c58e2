namespace Cotangent

open System
open System.Globalization
open System.Numerics

/// A complex number of two Float32. Storage only; arithmetic goes through .NET's `Complex`, which has two Float64.
[<Struct; CustomEquality; NoComparison>]
type Complex64 =
    /// The real part.
    val Real: float32
    /// The imaginary part.
    val Imaginary: float32

    new(real: float32, imaginary: float32) = { Real = real; Imaginary = imaginary }

    /// <summary>Each part rounded to the nearest Float32.</summary>
    /// <example><code>
    /// Complex64.OfComplex(System.Numerics.Complex(1.0, 2.0)).Imaginary // 2
    /// </code></example>
    static member OfComplex(z: Complex) = Complex64(float32 z.Real, float32 z.Imaginary)

    /// <summary>The same number with parts in Float64; exact.</summary>
    /// <example><code>
    /// Complex64(3.0f, 4.0f).ToComplex().Magnitude // 5
    /// </code></example>
    member z.ToComplex() = Complex(float z.Real, float z.Imaginary)

    override z.Equals other =
        match other with
        | :? Complex64 as w -> (z :> IEquatable<Complex64>).Equals w
        | _ -> false

    override z.GetHashCode() = HashCode.Combine(z.Real, z.Imaginary)

    override z.ToString() = z.ToComplex().ToString CultureInfo.InvariantCulture

    interface IEquatable<Complex64> with
        member z.Equals w = z.Real.Equals w.Real && z.Imaginary.Equals w.Imaginary
