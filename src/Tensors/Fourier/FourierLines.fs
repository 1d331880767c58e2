namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>Where the factor 1/n stands, which makes a Fourier transform and its inverse undo each other.</summary>
/// <example><code>
/// abs ((tensor [ 3.0; 4.0 ]).Fft()) // [7, 1]
/// abs ((tensor [ 3.0; 4.0 ]).Fft(norm = FourierNorm.Forward)) // [3.5, 0.5]
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type FourierNorm =
    /// At the inverse, as is usual.
    | Backward
    /// 1/√n at both, which keeps lengths.
    | Orthonormal
    /// At the transform.
    | Forward

/// Fourier transforms along an axis.
module internal FourierLines =
    let private factor isInverse (norm: FourierNorm) (n: int) =
        match norm, isInverse with
        | FourierNorm.Orthonormal, _ -> 1.0 / sqrt (float n)
        | FourierNorm.Backward, true
        | FourierNorm.Forward, false -> 1.0 / float n
        | FourierNorm.Backward, false
        | FourierNorm.Forward, true -> 1.0

    let private requireRank (operation: string) (x: Tensor) =
        Given.check "x" x

        if x.Rank = 0 then
            raise (ShapeException $"{operation}: a scalar, of shape (), has no axis to transform along.")

    let axisOf (operation: string) (axis: int option) (x: Tensor) : int =
        requireRank operation x
        Shape.axis operation x.Rank (defaultArg axis -1)

    let private wrong (operation: string) (wanted: string) (x: Tensor) way =
        raise (DTypeException $"{operation} needs {wanted}, got {x.DType} {Shape.show x.Dims}. {way}")

    /// Real numbers are complex ones here: their transform has no other meaning.
    let toComplex (operation: string) (x: Tensor) : Tensor =
        if x.DType.IsComplex then
            x
        else
            match DTypes.tryWithParts x.DType with
            | ValueSome dtype -> x.Convert dtype
            | ValueNone ->
                wrong
                    operation
                    "complex numbers, Float32 or Float64"
                    x
                    "Convert first, with `t.Convert DType.Float32` for example."

    let requireParts (operation: string) (x: Tensor) =
        if x.DType.IsComplex then
            wrong operation "real numbers" x "Take `fft` of complex ones, or `real` of them first."
        elif (DTypes.tryWithParts x.DType).IsNone then
            wrong
                operation
                "Float32 or Float64"
                x
                "Convert first, with `t.Convert DType.Float32` for example."

    /// As many numbers as asked for along an axis: the first, or zeros behind them.
    let resized (operation: string) axis (length: int) (x: Tensor) : Tensor =
        if length < 1 then
            raise (
                ShapeException
                    $"{operation}: a line of {length} numbers, along axis {axis} of {Shape.show x.Dims}; at least 1 is needed."
            )

        let n = x.Dims[axis]

        if length = n then
            x
        elif length < n then
            sliceAxis axis 0 length x
        else
            let region = {
                Full = Array.updateAt axis length x.Dims
                Start = Array.zeroCreate x.Rank
                Count = x.Dims
                Step = Array.create x.Rank 1
            }

            Bind.one (Primitive.Place region) [| x |]

    let complexAlong (operation: string) isInverse axis (length: int option) norm (x: Tensor) : Tensor =
        let x = toComplex operation x
        let n = defaultArg length x.Dims[axis]
        let x = resized operation axis n x
        let transform = if isInverse then FourierTransform.Backward else FourierTransform.Forward
        Bind.one (Primitive.Fourier(transform, axis, factor isInverse norm n)) [| x |]

    let realAlong (operation: string) axis (length: int option) norm (x: Tensor) : Tensor =
        requireParts operation x
        let n = defaultArg length x.Dims[axis]
        let x = resized operation axis n x
        Bind.one (Primitive.Fourier(FourierTransform.RealForward, axis, factor false norm n)) [| x |]

    let inverseRealAlong (operation: string) axis (length: int option) norm (x: Tensor) : Tensor =
        let x = toComplex operation x
        let n = defaultArg length (2 * (x.Dims[axis] - 1))

        if n < 1 then
            raise (
                ShapeException
                    $"{operation}: a line of {n} numbers, from {x.Dims[axis]} along axis {axis}; at least 1 is needed. Give the length."
            )

        let x = resized operation axis (n / 2 + 1) x
        Bind.one (Primitive.Fourier(FourierTransform.RealBackward n, axis, factor true norm n)) [| x |]

    /// The axes of a transform over several: all, if none are named.
    let axesOf (operation: string) (axes: int seq option) (x: Tensor) : int[] =
        requireRank operation x

        match axes with
        | None -> Shape.allAxes x.Rank
        | Some axes ->
            Given.check "axes" axes
            let axes = Array.ofSeq axes
            Shape.axes operation x.Rank axes |> ignore
            axes |> Array.map (fun axis -> if axis < 0 then axis + x.Rank else axis)

    let overAll operation isInverse (axes: int[]) norm (x: Tensor) : Tensor =
        axes
        |> Array.fold
            (fun x axis -> complexAlong operation isInverse axis None norm x)
            (toComplex operation x)

    let requireAxes (operation: string) (axes: int[]) =
        if axes.Length = 0 then
            raise (AxisException $"{operation}: no axes to transform along. Name at least one.")
