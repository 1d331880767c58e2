namespace Cotangent

/// <summary>
/// Windows that a piece of a signal is multiplied by before its Fourier transform, so that its ends do not show. They are
/// periodic: number n of a window of n would be number 0 again, as spectra want it (F. J. Harris, "On the use of windows for
/// harmonic analysis with the discrete Fourier transform", 1978). NumPy's <c>hanning (n + 1)</c> without its last number is
/// <c>hann n</c>.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module SignalWindow =
    /// What of the angles 2πk/n makes a window.
    let private ofAngles (operation: string) (dtype: DType) (n: int) (f: Tensor -> Tensor) : Tensor =
        if not dtype.IsFloat then
            raise (
                DTypeException
                    $"SignalWindow.{operation}: {dtype} can't hold numbers between 0 and 1; use a floating-point dtype."
            )

        if n < 1 then
            raise (ShapeException $"SignalWindow.{operation}: {n} numbers; at least 1 is needed.")

        (f (Tensor.arange DType.Float64 n * (2.0 * System.Math.PI / float n))).Convert dtype

    /// <summary>Hann's window, (1 - cos(2πk/n))/2.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The count is below 1.</exception>
    /// <example><code>
    /// SignalWindow.hann DType.Float64 4 // [0, 0.5, 1, 0.5]
    /// </code></example>
    let hann (dtype: DType) (n: int) : Tensor = ofAngles "hann" dtype n (fun a -> 0.5 - cos a * 0.5)

    /// <summary>Hamming's window, 0.54 - 0.46 cos(2πk/n).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The count is below 1.</exception>
    /// <example><code>
    /// SignalWindow.hamming DType.Float64 4 // [0.08, 0.54, 1, 0.54]
    /// </code></example>
    let hamming (dtype: DType) (n: int) : Tensor = ofAngles "hamming" dtype n (fun a -> 0.54 - cos a * 0.46)

    /// <summary>Blackman's window, 0.42 - 0.5 cos(2πk/n) + 0.08 cos(4πk/n).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The count is below 1.</exception>
    /// <example><code>
    /// SignalWindow.blackman DType.Float64 4 // [0, 0.34, 1, 0.34]
    /// </code></example>
    let blackman (dtype: DType) (n: int) : Tensor =
        ofAngles "blackman" dtype n (fun a -> 0.42 - cos a * 0.5 + cos (a * 2) * 0.08)

    /// <summary>
    /// Kaiser's window, I₀(β √(1 - (2k/n - 1)²)) / I₀(β): the larger β, the wider its spectrum's middle and the lower the rest.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The count is below 1.</exception>
    /// <exception cref="T:Cotangent.ValueException">β is negative, or no number.</exception>
    /// <example><code>
    /// SignalWindow.kaiser 8.6 DType.Float64 2 // [0.0013, 1]
    /// </code></example>
    let kaiser (beta: float) (dtype: DType) (n: int) : Tensor =
        if not (beta >= 0.0 && System.Double.IsFinite beta) then
            raise (
                ValueException
                    $"SignalWindow.kaiser: a β of {string beta}; a finite number of 0 or more is needed."
            )

        ofAngles "kaiser" dtype n (fun a ->
            let x = a / System.Math.PI - 1
            let argument = sqrt (1 - x * x) * beta
            // I₀(x) exp(-x) of both, which stay in range.
            besselI0e argument * exp (argument - beta) / besselI0e (Tensor.scalar DType.Float64 beta))
