namespace Cotangent;

/// <summary>
/// Windows that a piece of a signal is multiplied by before its Fourier transform, so that its ends do not show. They are
/// periodic: number n of a window of n would be number 0 again.
/// </summary>
public static class SignalWindow
{
    /// <summary>Hann's window, (1 - cos(2πk/n))/2. Float32 by default.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ShapeException">The count is below 1.</exception>
    /// <example><code>
    /// SignalWindow.Hann(4) // [0, 0.5, 1, 0.5]
    /// </code></example>
    public static Tensor Hann(int count, DType dtype = default) => SignalWindowModule.hann(dtype, count);

    /// <summary>Hamming's window, 0.54 - 0.46 cos(2πk/n). Float32 by default.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ShapeException">The count is below 1.</exception>
    /// <example><code>
    /// SignalWindow.Hamming(4) // [0.08, 0.54, 1, 0.54]
    /// </code></example>
    public static Tensor Hamming(int count, DType dtype = default) => SignalWindowModule.hamming(dtype, count);

    /// <summary>Blackman's window, 0.42 - 0.5 cos(2πk/n) + 0.08 cos(4πk/n). Float32 by default.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ShapeException">The count is below 1.</exception>
    /// <example><code>
    /// SignalWindow.Blackman(4) // [0, 0.34, 1, 0.34]
    /// </code></example>
    public static Tensor Blackman(int count, DType dtype = default) => SignalWindowModule.blackman(dtype, count);

    /// <summary>
    /// Kaiser's window: the larger beta, the wider its spectrum's middle and the lower the rest. Float32 by default.
    /// </summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ShapeException">The count is below 1.</exception>
    /// <exception cref="ValueException">Beta is negative, or no number.</exception>
    /// <example><code>
    /// SignalWindow.Kaiser(5, 4) // [0.0367, 0.5529, 1, 0.5529]
    /// </code></example>
    public static Tensor Kaiser(double beta, int count, DType dtype = default) =>
        SignalWindowModule.kaiser(beta, dtype, count);
}
