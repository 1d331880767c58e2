namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List
open FourierLines

/// <summary>
/// The spectrum of a signal as it goes: Fourier transforms of pieces that overlap (D. W. Griffin and J. S. Lim, "Signal
/// estimation from modified short-time Fourier transform", 1984).
/// </summary>
[<AutoOpen>]
module ShortTimeFourier =
    let private requireWindow (operation: string) (window: Tensor) (hop: int) =
        Given.check "window" window

        if window.Rank <> 1 || window.Size = 0 then
            raise (
                ShapeException
                    $"{operation}: a window of shape {Shape.show window.Dims}; a vector is needed, such as `SignalWindow.hann DType.Float32 512`."
            )

        if hop < 1 || hop > window.Size then
            raise (
                ShapeException
                    $"{operation}: pieces {hop} apart under a window of {window.Size} numbers; from 1 to that many are needed."
            )

    /// Added up where frames, (…, frames, size), overlap.
    let private overlapped (hop: int) (frames: Tensor) : Tensor =
        let axis = frames.Rank - 2
        let count, size = frames.Dims[axis], frames.Dims[axis + 1]
        let starts = Bind.create (Primitive.Iota(DType.Int32, count)) frames.Device * hop
        let places = starts.Unsqueeze 1 + Bind.create (Primitive.Iota(DType.Int32, size)) frames.Device
        let length = (count - 1) * hop + size
        Bind.one (Primitive.Scatter(Collision.Add, axis, 0, length)) [| frames; places |]

    let private padded (count: int) (x: Tensor) : Tensor =
        let axis = x.Rank - 1
        let zeros = Bind.full (Literal.Real 0.0) x.DType (Array.updateAt axis count x.Dims) x.Device
        concat axis [ zeros; x; zeros ]

    type Tensor with

        /// <summary>
        /// The spectra of pieces of a real signal, each <c>hop</c> numbers after the one before and as long as the window that it is
        /// multiplied by: (…, time) to (…, n/2 + 1 frequencies, frames), as in PyTorch. When <c>centred</c>, as it is by default, half
        /// a window of zeros stands before and behind, so that frame t is around number t hop. <c>Istft</c> goes back.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The numbers are not Float32 or Float64, or the window is of another dtype.</exception>
        /// <exception cref="T:Cotangent.ShapeException">
        /// The signal is shorter than the window, the window no vector, or <c>hop</c> not from 1 to its length.
        /// </exception>
        /// <example><code>
        /// let sound = Tensor.ones DType.Float32 [ 1000 ]
        /// sound.Stft(SignalWindow.hann DType.Float32 64, 16) // shape (33, 63)
        /// </code></example>
        [<CompiledName "Stft">]
        member x.Stft(window: Tensor, hop: int, ?centred: bool) : Tensor =
            let operation = "stft"
            let axis = axisOf operation None x
            requireParts operation x
            requireWindow operation window hop
            Operands.sameDType operation x window
            let x = if defaultArg centred true then padded (window.Size / 2) x else x

            if x.Dims[axis] < window.Size then
                raise (
                    ShapeException
                        $"{operation}: a signal of {x.Dims[axis]} numbers is shorter than the window, {window.Size}. Take a shorter window, or pad the signal."
                )

            let frames = x.Unfold(axis, window.Size, hop)

            (realAlong operation (axis + 1) None FourierNorm.Backward (frames * window))
                .MoveAxis(axis, axis + 1)

        /// <summary>
        /// The signal whose <c>Stft</c> with the same window comes closest: the pieces added up under the window, over the sum of the
        /// squares of the windows there. (…, n/2 + 1, frames) to (…, time).
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not complex, or the window's dtype not that of its parts.</exception>
        /// <exception cref="T:Cotangent.ShapeException">
        /// The frequencies are not n/2 + 1 for a window of n, there are no frames, or <c>hop</c> is not from 1 to n.
        /// </exception>
        /// <example><code>
        /// let window = SignalWindow.hann DType.Float64 8
        /// let sound = Tensor.arange DType.Float64 32
        /// (sound.Stft(window, 2)).Istft(window, 2).AllClose sound // true
        /// </code></example>
        [<CompiledName "Istft">]
        member x.Istft(window: Tensor, hop: int, ?centred: bool) : Tensor =
            let operation = "istft"
            Given.check "x" x
            requireWindow operation window hop
            let n = window.Size

            if not x.DType.IsComplex || window.DType <> DTypes.ofParts x.DType then
                raise (
                    DTypeException
                        $"{operation}: {x.DType} {Shape.show x.Dims} and a window of {window.DType}; complex numbers and a window of their parts' dtype are needed."
                )

            if x.Rank < 2 || x.Dims[x.Rank - 2] <> n / 2 + 1 || x.Dims[x.Rank - 1] = 0 then
                raise (
                    ShapeException
                        $"{operation}: shape {Shape.show x.Dims} and a window of {n}; (…, {n / 2 + 1}, frames) are needed."
                )

            let last = x.Rank - 1
            let frames = x.Dims[last]

            let pieces =
                inverseRealAlong operation last (Some n) FourierNorm.Backward (x.MoveAxis(last, last - 1))

            let total = overlapped hop (pieces * window)
            let squares = overlapped hop ((window * window).Expand [ frames; n ])
            // Where no window reaches there is nothing to divide.
            let reached = squares.Greater 1e-11

            let signal =
                where
                    reached
                    (total / where reached squares (Tensor.onesLike squares))
                    (Tensor.zerosLike total)

            if defaultArg centred true then
                let axis = signal.Rank - 1
                sliceAxis axis (n / 2) (signal.Dims[axis] - 2 * (n / 2)) signal
            else
                signal
