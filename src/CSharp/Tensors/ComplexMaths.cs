namespace Cotangent;

/// <summary>
/// Complex numbers: what makes them of real ones, and real ones of them. The derivative of a real function f of z = x + yi is
/// ∂f/∂x - i ∂f/∂y, as in JAX; descent is along its conjugate.
/// </summary>
public static class ComplexMaths
{
    extension(Tensor)
    {
        /// <summary>
        /// Complex numbers of real parts and imaginary parts, which broadcast: of two Float32 a Complex64, of two Float64 a
        /// Complex128.
        /// </summary>
        /// <exception cref="DTypeException">The parts are not both Float32, or both Float64.</exception>
        /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// Tensor.Complex(Tensor.Create([3.0, 0.0]), Tensor.Create([4.0, 1.0])).Abs() // [5, 1]
        /// </code></example>
        public static Tensor Complex(Tensor real, Tensor imaginary) =>
            ComplexNumbers.complex(real.NotNull(), imaginary.NotNull());

        /// <summary>The complex numbers of these absolute values, and of these angles in radians. They broadcast.</summary>
        /// <exception cref="DTypeException">The two are not both Float32, or both Float64.</exception>
        /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// Tensor.Polar(Tensor.Create(2.0), Tensor.Create(Math.PI / 2)).Imag() // 2
        /// </code></example>
        public static Tensor Polar(Tensor modulus, Tensor angle) =>
            ComplexNumbers.polar(modulus.NotNull(), angle.NotNull());
    }

    /// <summary>The real part. Of real numbers, these.</summary>
    /// <exception cref="DTypeException">The dtype is neither complex nor floating-point.</exception>
    /// <example><code>
    /// Tensor.Complex(Tensor.Create([3.0, 0.0]), Tensor.Create([4.0, 1.0])).Real() // [3, 0]
    /// </code></example>
    public static Tensor Real(this Tensor z) => ComplexNumbers.real(z.NotNull());

    /// <summary>The imaginary part. Of real numbers, zeros.</summary>
    /// <exception cref="DTypeException">The dtype is neither complex nor floating-point.</exception>
    /// <example><code>
    /// Tensor.Complex(Tensor.Create([3.0, 0.0]), Tensor.Create([4.0, 1.0])).Imag() // [4, 1]
    /// </code></example>
    public static Tensor Imag(this Tensor z) => ComplexNumbers.imag(z.NotNull());

    /// <summary>The conjugate, x - yi of x + yi. Of real numbers, these.</summary>
    /// <exception cref="DTypeException">The dtype is neither complex nor floating-point.</exception>
    /// <example><code>
    /// var z = Tensor.Complex(Tensor.Create([3.0, 0.0]), Tensor.Create([4.0, 1.0]));
    /// z.Conj().Imag() // [-4, -1]
    /// (z * z.Conj()).Real() // [25, 1]
    /// </code></example>
    public static Tensor Conj(this Tensor z) => ComplexNumbers.conj(z.NotNull());

    /// <summary>The angle in radians, from -π to π. Its derivative at 0 is 0.</summary>
    /// <exception cref="DTypeException">The dtype is neither complex nor floating-point.</exception>
    /// <example><code>
    /// Tensor.Complex(Tensor.Create([3.0, 0.0]), Tensor.Create([4.0, 1.0])).Angle() // [0.9273, 1.5708]
    /// </code></example>
    public static Tensor Angle(this Tensor z) => ComplexNumbers.angle(z.NotNull());
}
