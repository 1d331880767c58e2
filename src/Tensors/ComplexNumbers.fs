namespace Cotangent

/// <summary>
/// Complex numbers: what makes them of real ones, and real ones of them. Arithmetic, <c>exp</c>, <c>log</c>, <c>sqrt</c>, powers,
/// <c>sin</c>, <c>cos</c>, <c>tanh</c> and their like, sums, products of matrices, and what moves elements take them as they are.
/// </summary>
/// <remarks>
/// The derivative of a real function f of z = x + yi is ∂f/∂x - i ∂f/∂y, as in JAX: <c>grad</c> gives that, and descent is
/// along its conjugate, <c>z - rate * conj g</c>.
/// </remarks>
[<AutoOpen>]
module ComplexNumbers =
    let private requireParts (operation: string) (name: string) (x: Tensor) =
        Given.check name x

        if (DTypes.tryWithParts x.DType).IsNone then
            raise (
                DTypeException
                    $"{operation}: a part is Float32 or Float64, got {x.DType} {Shape.show x.Dims}. Convert first, with `t.Convert DType.Float32` for example."
            )

    let private requireReal (operation: string) (x: Tensor) =
        Given.check "z" x

        if not x.DType.HasDerivatives then
            raise (
                DTypeException
                    $"{operation} needs complex numbers, or real floating-point ones, got {x.DType} {Shape.show x.Dims}. Convert first, with `t.Convert DType.Complex64` for example."
            )

    let private ofComplex (f: ComplexFunction) (z: Tensor) = Bind.one (Primitive.OfComplex f) [| z |]

    /// <summary>
    /// Complex numbers of real parts and imaginary parts, which broadcast: of two Float32 a Complex64, of two Float64 a
    /// Complex128.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The parts are not both Float32, or both Float64.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// let z = complex (tensor [ 3.0; 0.0 ]) (tensor [ 4.0; 1.0 ])
    /// abs z // [5, 1]
    /// real (z * z) // [-7, -1]
    /// </code></example>
    let complex (real: Tensor) (imaginary: Tensor) : Tensor =
        requireParts "complex" "real" real
        requireParts "complex" "imaginary" imaginary
        Operands.sameDType "complex" real imaginary
        let shape = Shape.broadcast "complex" real.Dims imaginary.Dims
        Bind.one Primitive.Complex [| Operands.expandTo shape real; Operands.expandTo shape imaginary |]

    /// <summary>
    /// The complex numbers of these absolute values, and of these angles in radians: r (cos φ + i sin φ). They broadcast.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The two are not both Float32, or both Float64.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// imag (polar (tensor 2.0) (tensor (System.Math.PI / 2.0))) // 2
    /// </code></example>
    let polar (modulus: Tensor) (angle: Tensor) : Tensor =
        requireParts "polar" "modulus" modulus
        requireParts "polar" "angle" angle
        Operands.sameDType "polar" modulus angle
        Shape.broadcast "polar" modulus.Dims angle.Dims |> ignore
        complex (modulus * cos angle) (modulus * sin angle)

    /// <summary>The real part. Of real numbers, these.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither complex nor floating-point.</exception>
    /// <example><code>
    /// real (complex (tensor [ 1.0; 2.0 ]) (tensor [ 3.0; 4.0 ])) // [1, 2]
    /// </code></example>
    let real (z: Tensor) : Tensor =
        requireReal "real" z
        if z.DType.IsComplex then ofComplex ComplexFunction.Real z else z

    /// <summary>The imaginary part. Of real numbers, zeros.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither complex nor floating-point.</exception>
    /// <example><code>
    /// imag (complex (tensor [ 1.0; 2.0 ]) (tensor [ 3.0; 4.0 ])) // [3, 4]
    /// </code></example>
    let imag (z: Tensor) : Tensor =
        requireReal "imag" z
        if z.DType.IsComplex then ofComplex ComplexFunction.Imaginary z else Tensor.zerosLike z

    /// <summary>The conjugate, x - yi of x + yi. Of real numbers, these.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither complex nor floating-point.</exception>
    /// <example><code>
    /// imag (conj (complex (tensor [ 1.0; 2.0 ]) (tensor [ 3.0; 4.0 ]))) // [-3, -4]
    /// </code></example>
    let conj (z: Tensor) : Tensor =
        requireReal "conj" z
        if z.DType.IsComplex then Bind.one Primitive.Conjugate [| z |] else z

    /// <summary>
    /// The angle in radians, from -π to π: <c>atan2</c> of imaginary and real part. Of real numbers 0, or π of negative ones.
    /// Its derivative at 0 is 0.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither complex nor floating-point.</exception>
    /// <example><code>
    /// angle (complex (tensor [ 1.0; 0.0 ]) (tensor [ 1.0; -2.0 ])) // [0.7854, -1.5708]
    /// </code></example>
    let angle (z: Tensor) : Tensor =
        requireReal "angle" z
        atan2 (imag z) (real z)
