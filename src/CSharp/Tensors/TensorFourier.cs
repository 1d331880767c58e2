using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>
/// Discrete Fourier transforms, y_k = Σ_j x_j exp(-2πi jk/n), as NumPy defines and normalises them; of any length.
/// </summary>
public static class TensorFourier
{
    private static FSharpOption<IEnumerable<int>>? Axes(int[]? axes) =>
        axes is null ? null : FSharpOption<IEnumerable<int>>.Some(axes);

    /// <summary>
    /// The Fourier transform along an axis, of complex numbers or real ones. Of another length than the axis has, the first so
    /// many, or zeros behind them. By default as long as the axis, and the inverse divides by n.
    /// </summary>
    /// <exception cref="DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <exception cref="ShapeException">There is no number along the axis, or no axis.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 0.0, 1.0, 0.0]).Fft().Abs() // [2, 0, 2, 0]
    /// </code></example>
    public static Tensor Fft(this Tensor x, int axis = -1, int? length = null, FourierNorm norm = default) =>
        FourierTransforms.Fft(x.NotNull(), axis, length.ToOption(), norm);

    /// <summary>The inverse of <c>Fft</c> along an axis. By default as long as the axis, and divided by n.</summary>
    /// <exception cref="DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <exception cref="ShapeException">There is no number along the axis, or no axis.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 4.0]).Fft().Ifft().Real() // [1, 2, 4]
    /// </code></example>
    public static Tensor Ifft(this Tensor x, int axis = -1, int? length = null, FourierNorm norm = default) =>
        FourierTransforms.Ifft(x.NotNull(), axis, length.ToOption(), norm);

    /// <summary>
    /// The first n/2 + 1 numbers of the Fourier transform of n real ones along an axis. The others are conjugates of these. By
    /// default as long as the axis, and the inverse divides by n.
    /// </summary>
    /// <exception cref="DTypeException">The numbers are not Float32 or Float64.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <exception cref="ShapeException">There is no number along the axis, or no axis.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 1.0, 1.0, 1.0]).Rfft().Abs() // [4, 0, 0]
    /// </code></example>
    public static Tensor Rfft(this Tensor x, int axis = -1, int? length = null, FourierNorm norm = default) =>
        FourierTransforms.Rfft(x.NotNull(), axis, length.ToOption(), norm);

    /// <summary>
    /// The inverse of <c>Rfft</c>: real numbers, 2 (m - 1) of m along the axis unless a length is told. By default the
    /// sums are divided by their number.
    /// </summary>
    /// <exception cref="DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <exception cref="ShapeException">The length is below 1, or there is no axis.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 4.0]).Rfft().Irfft(length: 3) // [1, 2, 4]
    /// </code></example>
    public static Tensor Irfft(this Tensor x, int axis = -1, int? length = null, FourierNorm norm = default) =>
        FourierTransforms.Irfft(x.NotNull(), axis, length.ToOption(), norm);

    /// <summary>The Fourier transform along the last two axes, as of images.</summary>
    /// <exception cref="DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="AxisException">There are fewer than two axes.</exception>
    /// <exception cref="ShapeException">There is no number along an axis.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0], [3.0, 4.0]]).Fft2().Real() // [[10, -2], [-4, 0]]
    /// </code></example>
    public static Tensor Fft2(this Tensor x) => FourierTransforms.fft2(x.NotNull());

    /// <summary>The inverse of <c>Fft2</c>.</summary>
    /// <exception cref="DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="AxisException">There are fewer than two axes.</exception>
    /// <exception cref="ShapeException">There is no number along an axis.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0], [3.0, 4.0]]).Fft2().Ifft2().Real() // [[1, 2], [3, 4]]
    /// </code></example>
    public static Tensor Ifft2(this Tensor x) => FourierTransforms.ifft2(x.NotNull());

    /// <summary>
    /// The Fourier transform along several axes, or all. By default the inverse divides by the number of elements.
    /// </summary>
    /// <exception cref="DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <exception cref="ShapeException">There is no number along an axis, or no axis.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0], [3.0, 4.0]]).Fftn([0]).Real() // [[4, 6], [-2, -2]]
    /// </code></example>
    public static Tensor Fftn(this Tensor x, int[]? axes = null, FourierNorm norm = default) =>
        FourierTransforms.Fftn(x.NotNull(), Axes(axes), norm);

    /// <summary>The inverse of <c>Fftn</c>. By default it divides by the number of elements along the axes.</summary>
    /// <exception cref="DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <exception cref="ShapeException">There is no number along an axis, or no axis.</exception>
    /// <example><code>
    /// Tensor.Create([[1.0, 2.0], [3.0, 4.0]]).Fftn([0]).Ifftn([0]).Real() // [[1, 2], [3, 4]]
    /// </code></example>
    public static Tensor Ifftn(this Tensor x, int[]? axes = null, FourierNorm norm = default) =>
        FourierTransforms.Ifftn(x.NotNull(), Axes(axes), norm);

    /// <summary>
    /// The Fourier transform of real numbers along several axes, or all; of the last one, the first n/2 + 1 numbers. By default
    /// the inverse divides by their number.
    /// </summary>
    /// <exception cref="DTypeException">The numbers are not Float32 or Float64.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, is named twice, or none is.</exception>
    /// <exception cref="ShapeException">There is no number along an axis, or no axis.</exception>
    /// <example><code>
    /// Tensor.Ones([4, 6]).Rfftn() // shape (4, 4)
    /// </code></example>
    public static Tensor Rfftn(this Tensor x, int[]? axes = null, FourierNorm norm = default) =>
        FourierTransforms.Rfftn(x.NotNull(), Axes(axes), norm);

    /// <summary>
    /// The inverse of <c>Rfftn</c>: real numbers, along the last axis named as many as <c>Irfft</c> says. By default along all
    /// axes, divided by the number of elements.
    /// </summary>
    /// <exception cref="DTypeException">The tensor holds integers, Bool, or 16-bit floats.</exception>
    /// <exception cref="AxisException">An axis lies outside the rank, is named twice, or none is.</exception>
    /// <exception cref="ShapeException">The length is below 1, or there is no axis.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// x.Rfftn().Irfftn(length: 3) // [[1, 2, 3], [4, 5, 6]]
    /// </code></example>
    public static Tensor Irfftn(
        this Tensor x,
        int[]? axes = null,
        int? length = null,
        FourierNorm norm = default
    ) => FourierTransforms.Irfftn(x.NotNull(), Axes(axes), length.ToOption(), norm);

    /// <summary>Frequency 0 to the middle, negative ones before it: axes, or all, turned by half their lengths.</summary>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([0, 1, 2, -2, -1]).FftShift() // [-2, -1, 0, 1, 2]
    /// </code></example>
    public static Tensor FftShift(this Tensor x, int[]? axes = null) =>
        FourierTransforms.FftShift(x.NotNull(), Axes(axes));

    /// <summary>The inverse of <c>FftShift</c>, which differs from it where a length is odd.</summary>
    /// <exception cref="AxisException">An axis lies outside the rank, or is named twice.</exception>
    /// <example><code>
    /// Tensor.Create([-2, -1, 0, 1, 2]).IfftShift() // [0, 1, 2, -2, -1]
    /// </code></example>
    public static Tensor IfftShift(this Tensor x, int[]? axes = null) =>
        FourierTransforms.IfftShift(x.NotNull(), Axes(axes));

    /// <summary>
    /// The convolution of two lines along their last axes, of n + m - 1 numbers, by Fourier transforms. All other axes
    /// broadcast.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not Float32, Float64 or complex.</exception>
    /// <exception cref="ShapeException">One is a scalar, or has no numbers; or other axes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 3.0]).FftConvolve(Tensor.Create([0.0, 1.0, 0.5])) // [0, 1, 2.5, 4, 1.5]
    /// </code></example>
    public static Tensor FftConvolve(this Tensor x, Tensor other) =>
        FourierTransforms.FftConvolve(x.NotNull(), other.NotNull());

    /// <summary>
    /// The cosine transform along an axis. Kind 2 is y_k = 2 Σ_j x_j cos(πk(2j + 1)/2n), kind 3 its inverse but for a factor.
    /// </summary>
    /// <exception cref="DTypeException">The numbers are not Float32 or Float64.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <exception cref="ShapeException">There is no number along the axis, or no axis.</exception>
    /// <exception cref="ValueException">The kind is neither 2 nor 3.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 1.0]).Dct() // [4, 0]
    /// </code></example>
    public static Tensor Dct(this Tensor x, int axis = -1, int kind = 2, bool orthonormal = false) =>
        CosineTransforms.Dct(x.NotNull(), axis, kind, orthonormal);

    /// <summary>The inverse of the cosine transform of the same kind, along an axis.</summary>
    /// <exception cref="DTypeException">The numbers are not Float32 or Float64.</exception>
    /// <exception cref="AxisException">The axis lies outside the rank.</exception>
    /// <exception cref="ShapeException">There is no number along the axis, or no axis.</exception>
    /// <exception cref="ValueException">The kind is neither 2 nor 3.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0, 4.0]).Dct().Idct() // [1, 2, 4]
    /// </code></example>
    public static Tensor Idct(this Tensor x, int axis = -1, int kind = 2, bool orthonormal = false) =>
        CosineTransforms.Idct(x.NotNull(), axis, kind, orthonormal);

    /// <summary>
    /// The spectra of pieces of a real signal, each <c>hop</c> numbers after the one before and as long as the window that it is
    /// multiplied by: (…, time) to (…, n/2 + 1 frequencies, frames). When centred, half a window of zeros stands before and
    /// behind.
    /// </summary>
    /// <exception cref="DTypeException">The numbers are not Float32 or Float64, or the window is of another dtype.</exception>
    /// <exception cref="ShapeException">
    /// The signal is shorter than the window, the window no vector, or <c>hop</c> not from 1 to its length.
    /// </exception>
    /// <example><code>
    /// Tensor.Ones([1000]).Stft(SignalWindow.Hann(64), 16) // shape (33, 63)
    /// </code></example>
    public static Tensor Stft(this Tensor x, Tensor window, int hop, bool centred = true) =>
        ShortTimeFourier.Stft(x.NotNull(), window.NotNull(), hop, centred);

    /// <summary>The signal whose <c>Stft</c> with the same window comes closest. (…, n/2 + 1, frames) to (…, time).</summary>
    /// <exception cref="DTypeException">The tensor is not complex, or the window's dtype not that of its parts.</exception>
    /// <exception cref="ShapeException">
    /// The frequencies are not n/2 + 1 for a window of n, there are no frames, or <c>hop</c> is not from 1 to n.
    /// </exception>
    /// <example><code>
    /// var x = Tensor.Create([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    /// var window = SignalWindow.Hann(4, DType.Float64);
    /// x.Stft(window, hop: 2).Istft(window, hop: 2) // [1, 2, 3, 4, 5, 6, 7, 8]
    /// </code></example>
    public static Tensor Istft(this Tensor x, Tensor window, int hop, bool centred = true) =>
        ShortTimeFourier.Istft(x.NotNull(), window.NotNull(), hop, centred);

    extension(Tensor)
    {
        /// <summary>
        /// The frequencies of the numbers that <c>Fft</c> makes of so many samples a time apart; the negative ones stand
        /// behind. Float32 by default.
        /// </summary>
        /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
        /// <exception cref="ShapeException">The count is below 1.</exception>
        /// <exception cref="ValueException">The spacing is not above 0.</exception>
        /// <example><code>
        /// Tensor.FftFrequencies(4, 0.5) // [0, 0.5, -1, -0.5]
        /// </code></example>
        public static Tensor FftFrequencies(int count, double spacing = 1, DType dtype = default) =>
            FourierTransforms.fftFrequencies(dtype, count, spacing);

        /// <summary>
        /// The frequencies of the numbers that <c>Rfft</c> makes of so many samples a time apart. Float32 by default.
        /// </summary>
        /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
        /// <exception cref="ShapeException">The count is below 1.</exception>
        /// <exception cref="ValueException">The spacing is not above 0.</exception>
        /// <example><code>
        /// Tensor.RfftFrequencies(4, 0.5) // [0, 0.5, 1]
        /// </code></example>
        public static Tensor RfftFrequencies(int count, double spacing = 1, DType dtype = default) =>
            FourierTransforms.rfftFrequencies(dtype, count, spacing);
    }
}
