namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List
open FourierLines

/// <summary>
/// Discrete Fourier transforms, y_k = Σ_j x_j exp(-2πi jk/n), as NumPy defines and normalises them; of any length. Lengths
/// without large primes are the fastest (J. W. Cooley and J. W. Tukey 1965), the others take some times as long (L. I.
/// Bluestein 1970).
/// </summary>
[<AutoOpen>]
module FourierTransforms =
    let private normOf (norm: FourierNorm option) = defaultArg norm FourierNorm.Backward

    type Tensor with

        /// <summary>
        /// The Fourier transform along an axis, the last by default, of complex numbers or real ones. Of another
        /// <c>length</c> than the axis has, the first so many, or zeros behind them.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is no number along the axis, or no axis.</exception>
        /// <example><code>
        /// real ((tensor [ 1.0; 0.0; 0.0; 0.0 ]).Fft()) // [1, 1, 1, 1]
        /// abs ((tensor [ 3.0; 4.0 ]).Fft(norm = FourierNorm.Forward)) // [3.5, 0.5]
        /// </code></example>
        [<CompiledName "Fft">]
        member x.Fft(?axis: int, ?length: int, ?norm: FourierNorm) : Tensor =
            complexAlong "fft" false (axisOf "fft" axis x) length (normOf norm) x

        /// <summary>The inverse of <c>Fft</c> along an axis, the last by default.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is no number along the axis, or no axis.</exception>
        /// <example><code>
        /// real ((tensor [ 1.0; 2.0; 4.0 ]).Fft().Ifft()) // [1, 2, 4]
        /// </code></example>
        [<CompiledName "Ifft">]
        member x.Ifft(?axis: int, ?length: int, ?norm: FourierNorm) : Tensor =
            complexAlong "ifft" true (axisOf "ifft" axis x) length (normOf norm) x

        /// <summary>
        /// The first n/2 + 1 numbers of the Fourier transform of n real ones, along an axis, the last by default. The others are
        /// conjugates of these, in reverse. It takes half the time of <c>Fft</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The numbers are not Float32 or Float64.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is no number along the axis, or no axis.</exception>
        /// <example><code>
        /// abs ((tensor [ 1.0; 1.0; 1.0; 1.0 ]).Rfft()) // [4, 0, 0]
        /// </code></example>
        [<CompiledName "Rfft">]
        member x.Rfft(?axis: int, ?length: int, ?norm: FourierNorm) : Tensor =
            realAlong "rfft" (axisOf "rfft" axis x) length (normOf norm) x

        /// <summary>
        /// The inverse of <c>Rfft</c>: real numbers, <c>length</c> of them, which is 2 (m - 1) by default of m along the axis. An odd
        /// length has to be told. The imaginary part of the first number counts as 0, and that of the last where the length is even.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The length is below 1, or there is no axis.</exception>
        /// <example><code>
        /// (tensor [ 1.0; 2.0; 4.0 ]).Rfft().Irfft(length = 3) // [1, 2, 4]
        /// </code></example>
        [<CompiledName "Irfft">]
        member x.Irfft(?axis: int, ?length: int, ?norm: FourierNorm) : Tensor =
            inverseRealAlong "irfft" (axisOf "irfft" axis x) length (normOf norm) x

        /// <summary>The Fourier transform along several axes, all by default.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank, or is named twice.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is no number along an axis, or no axis.</exception>
        /// <example><code>
        /// real ((tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]).Fftn()) // [[10, -2], [-4, 0]]
        /// </code></example>
        [<CompiledName "Fftn">]
        member x.Fftn(?axes: int seq, ?norm: FourierNorm) : Tensor =
            overAll "fftn" false (axesOf "fftn" axes x) (normOf norm) x

        /// <summary>The inverse of <c>Fftn</c>. Over all axes and with <c>FourierNorm.Backward</c> unless told otherwise.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank, or is named twice.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is no number along an axis, or no axis.</exception>
        /// <example><code>
        /// real ((tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]).Fftn().Ifftn()) // [[1, 2], [3, 4]]
        /// </code></example>
        [<CompiledName "Ifftn">]
        member x.Ifftn(?axes: int seq, ?norm: FourierNorm) : Tensor =
            overAll "ifftn" true (axesOf "ifftn" axes x) (normOf norm) x

        /// <summary>
        /// The Fourier transform of real numbers along several axes, all by default; of the last one named, the first n/2 + 1
        /// numbers.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The numbers are not Float32 or Float64.</exception>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank, is named twice, or none is.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is no number along an axis, or no axis.</exception>
        /// <example><code>
        /// (Tensor.ones DType.Float32 [ 4; 6 ]).Rfftn() // shape (4, 4)
        /// </code></example>
        [<CompiledName "Rfftn">]
        member x.Rfftn(?axes: int seq, ?norm: FourierNorm) : Tensor =
            let axes = axesOf "rfftn" axes x
            requireAxes "rfftn" axes
            let last = axes.Length - 1

            realAlong "rfftn" axes[last] None (normOf norm) x
            |> overAll "rfftn" false axes[.. last - 1] (normOf norm)

        /// <summary>
        /// The inverse of <c>Rfftn</c>: real numbers, along the last axis named as many as <c>Irfft</c> says. Over all axes and with
        /// <c>FourierNorm.Backward</c> unless told otherwise.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank, is named twice, or none is.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The length is below 1, or there is no axis.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]).Rfftn().Irfftn() // [[1, 2], [3, 4]]
        /// </code></example>
        [<CompiledName "Irfftn">]
        member x.Irfftn(?axes: int seq, ?length: int, ?norm: FourierNorm) : Tensor =
            let axes = axesOf "irfftn" axes x
            requireAxes "irfftn" axes
            let last = axes.Length - 1

            overAll "irfftn" true axes[.. last - 1] (normOf norm) x
            |> inverseRealAlong "irfftn" axes[last] length (normOf norm)

        /// <summary>
        /// Frequency 0 to the middle, negative ones before it: each axis, all by default, turned by half its length. For
        /// transforms, and for their frequencies.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank, or is named twice.</exception>
        /// <example><code>
        /// (tensor [ 0; 1; 2; -2; -1 ]).FftShift() // [-2, -1, 0, 1, 2]
        /// </code></example>
        [<CompiledName "FftShift">]
        member x.FftShift(?axes: int seq) : Tensor =
            axesOf "fftShift" axes x |> Array.fold (fun (x: Tensor) axis -> x.Roll(x.Dims[axis] / 2, axis)) x

        /// <summary>The inverse of <c>FftShift</c>, which differs from it where a length is odd.</summary>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank, or is named twice.</exception>
        /// <example><code>
        /// (tensor [ -2; -1; 0; 1; 2 ]).IfftShift() // [0, 1, 2, -2, -1]
        /// </code></example>
        [<CompiledName "IfftShift">]
        member x.IfftShift(?axes: int seq) : Tensor =
            axesOf "ifftShift" axes x
            |> Array.fold (fun (x: Tensor) axis -> x.Roll(-(x.Dims[axis] / 2), axis)) x

        /// <summary>
        /// The convolution of two lines along their last axes, (x * y)_k = Σ_j x_j y_(k-j), of n + m - 1 numbers: by Fourier
        /// transforms, which for long ones is faster than <c>convolve</c>. All other axes broadcast.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not Float32, Float64 or complex.</exception>
        /// <exception cref="T:Cotangent.ShapeException">
        /// One is a scalar, or has no number along its last axis; or other axes do not broadcast.
        /// </exception>
        /// <example><code>
        /// (tensor [ 1.0; 2.0; 3.0 ]).FftConvolve(tensor [ 0.0; 1.0; 0.5 ]) // [0, 1, 2.5, 4, 1.5]
        /// </code></example>
        [<CompiledName "FftConvolve">]
        member x.FftConvolve(other: Tensor) : Tensor =
            let operation = "fftConvolve"
            Given.check "other" other
            let axis, otherAxis = axisOf operation None x, axisOf operation None other
            Operands.sameDType operation x other
            let n, m = x.Dims[axis], other.Dims[otherAxis]

            if n < 1 || m < 1 then
                raise (
                    ShapeException
                        $"{operation}: lines of {n} and {m} numbers, of shapes {Shape.show x.Dims} and {Shape.show other.Dims}; at least 1 is needed."
                )

            Shape.broadcast operation x.Dims[.. axis - 1] other.Dims[.. otherAxis - 1] |> ignore
            let length = Engines.LongLines.smooth (n + m - 1)
            let norm = FourierNorm.Backward

            let product =
                if x.DType.IsComplex then
                    let transformed axis t = complexAlong operation false axis (Some length) norm t
                    let both = transformed axis x * transformed otherAxis other
                    complexAlong operation true (both.Rank - 1) None norm both
                else
                    let transformed axis t = realAlong operation axis (Some length) norm t
                    let both = transformed axis x * transformed otherAxis other
                    inverseRealAlong operation (both.Rank - 1) (Some length) norm both

            sliceAxis (product.Rank - 1) 0 (n + m - 1) product

    /// <summary>The Fourier transform along the last axis. <c>x.Fft</c> takes another axis, length, or norm.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There is no number along the axis, or no axis.</exception>
    /// <example><code>
    /// abs (fft (tensor [ 1.0; 0.0; 1.0; 0.0 ])) // [2, 0, 2, 0]
    /// </code></example>
    let fft (x: Tensor) : Tensor = x.Fft()

    /// <summary>The inverse Fourier transform along the last axis. <c>x.Ifft</c> takes another axis, length, or norm.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There is no number along the axis, or no axis.</exception>
    /// <example><code>
    /// real (ifft (fft (tensor [ 1.0; 2.0; 4.0 ]))) // [1, 2, 4]
    /// </code></example>
    let ifft (x: Tensor) : Tensor = x.Ifft()

    /// <summary>
    /// The first n/2 + 1 numbers of the Fourier transform of n real ones, along the last axis. <c>x.Rfft</c> takes another axis,
    /// length, or norm.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The numbers are not Float32 or Float64.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There is no number along the axis, or no axis.</exception>
    /// <example><code>
    /// abs (rfft (tensor [ 1.0; 0.0; 1.0; 0.0 ])) // [2, 0, 2]
    /// </code></example>
    let rfft (x: Tensor) : Tensor = x.Rfft()

    /// <summary>
    /// The inverse of <c>rfft</c> along the last axis, of an even length. <c>x.Irfft</c> takes another axis, an odd length, or a norm.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There are no two numbers along the axis, or no axis.</exception>
    /// <example><code>
    /// irfft (rfft (tensor [ 1.0; 2.0; 4.0; 8.0 ])) // [1, 2, 4, 8]
    /// </code></example>
    let irfft (x: Tensor) : Tensor = x.Irfft()

    /// <summary>The Fourier transform along the last two axes, as of images.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="T:Cotangent.AxisException">There are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There is no number along an axis.</exception>
    /// <example><code>
    /// real (fft2 (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ])) // [[10, -2], [-4, 0]]
    /// </code></example>
    let fft2 (x: Tensor) : Tensor = x.Fftn [ -2; -1 ]

    /// <summary>The inverse of <c>fft2</c>.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="T:Cotangent.AxisException">There are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There is no number along an axis.</exception>
    /// <example><code>
    /// real (ifft2 (fft2 (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]))) // [[1, 2], [3, 4]]
    /// </code></example>
    let ifft2 (x: Tensor) : Tensor = x.Ifftn [ -2; -1 ]

    let private requireCount (operation: string) (dtype: DType) (n: int) (spacing: float) =
        if not dtype.IsFloat then
            raise (DTypeException $"{operation}: {dtype} can't hold frequencies; use a floating-point dtype.")

        if n < 1 then raise (ShapeException $"{operation}: {n} numbers; at least 1 is needed.")

        if not (spacing > 0.0) then
            raise (
                ValueException
                    $"{operation}: a spacing of {string spacing}; the time between two samples is needed, above 0."
            )

    /// <summary>
    /// The frequencies of the n numbers that <c>fft</c> makes of n samples a time apart, 0, 1, …, -2, -1 over n times the
    /// spacing: the negative ones stand behind.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The count is below 1.</exception>
    /// <exception cref="T:Cotangent.ValueException">The spacing is not above 0.</exception>
    /// <example><code>
    /// fftFrequencies DType.Float64 4 0.5 // [0, 0.5, -1, -0.5]
    /// </code></example>
    let fftFrequencies (dtype: DType) (n: int) (spacing: float) : Tensor =
        requireCount "fftFrequencies" dtype n spacing
        let k = Tensor.arange DType.Float64 n
        let positive = k.Less(float ((n + 1) / 2))
        (where positive k (k - float n) / (float n * spacing)).Convert dtype

    /// <summary>The frequencies of the n/2 + 1 numbers that <c>rfft</c> makes of n samples a time apart.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The count is below 1.</exception>
    /// <exception cref="T:Cotangent.ValueException">The spacing is not above 0.</exception>
    /// <example><code>
    /// rfftFrequencies DType.Float64 4 0.5 // [0, 0.5, 1]
    /// </code></example>
    let rfftFrequencies (dtype: DType) (n: int) (spacing: float) : Tensor =
        requireCount "rfftFrequencies" dtype n spacing
        (Tensor.arange DType.Float64 (n / 2 + 1) / (float n * spacing)).Convert dtype
