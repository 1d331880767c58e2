namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// What reductions are put together from.
module internal Folds =
    /// What `change` makes of a root is the root of what `ofSquares` makes of the squares.
    let changed (ofSquares: Tensor -> Tensor) (change: Tensor -> Tensor) (root: Tensor) =
        let result = change root

        match root, result with
        | Traced before, Traced after when before.Squares.IsSome && after.Squares.IsNone ->
            after.Squares <- ValueSome(ofSquares before.Squares.Value)
        | Traced _, _
        | Value _, _ -> ()

        result

    let converted dtype (root: Tensor) =
        let convert (t: Tensor) = t.Convert dtype
        changed convert convert root

    let reduced (operation: string) (t: Tensor) (axes: int seq option) (keepDims: bool option) fold =
        Given.check "t" t

        let axes =
            match axes with
            | None -> Shape.allAxes t.Rank
            | Some axes ->
                Given.check "axes" axes
                Shape.axes operation t.Rank (Array.ofSeq axes)

        let result: Tensor = fold axes

        if defaultArg keepDims false && axes.Length > 0 then
            let keep (r: Tensor) = r.Reshape(Shape.keeping axes t.Dims)
            changed keep keep result
        else
            result

    let reduce kind (t: Tensor) axes =
        if Array.isEmpty axes then t else Bind.one (Primitive.Reduce(kind, axes)) [| t |]

    /// 16-bit floats overflow and lose digits in sums of many: those are taken in Float32.
    let inSingle (f: Tensor -> Tensor) (t: Tensor) =
        if DTypes.isHalf t.DType then converted t.DType (f (t.Convert DType.Float32)) else f t

    let countOver (t: Tensor) axes = axes |> Array.fold (fun n a -> n * float t.Dims[a]) 1.0

    let requireNumbers (operation: string) (t: Tensor) =
        Given.check "t" t

        if t.DType = DType.Bool then
            raise (
                DTypeException
                    $"{operation} is not defined on Bool, got shape {Shape.show t.Dims}; convert to Int32 to count."
            )

    let requireFloat (operation: string) (t: Tensor) =
        Given.check "t" t

        if not t.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation} needs a floating-point tensor, got {t.DType} {Shape.show t.Dims}; {DTypes.orConvert t.DType}"
            )

    /// Floating-point numbers, real or complex.
    let requireInexact (operation: string) (t: Tensor) =
        Given.check "t" t
        if not t.DType.IsComplex then requireFloat operation t

    let requireSome (operation: string) (t: Tensor) axes =
        if countOver t axes = 0.0 then
            raise (
                ShapeException
                    $"{operation}: nothing to reduce over in shape {Shape.show t.Dims}. Test the size first."
            )

    let anyOver (operation: string) (t: Tensor) axes keepDims =
        reduced operation t axes keepDims (fun axes ->
            if countOver t axes = 0.0 then
                Bind.full (Literal.Whole 0L) DType.Bool (Shape.without axes t.Dims) t.Device
            else
                reduce Reduction.Max t axes)

    let sumOver (t: Tensor) axes = reduce Reduction.Sum t axes

    let meanOver (operation: string) (t: Tensor) axes =
        requireSome operation t axes
        sumOver t axes / countOver t axes

    /// The square root of sums of squares. Its derivative at 0 is 0, the subgradient of least length.
    let root (squares: Tensor) =
        match squares with
        // Numbers at hand have no derivative to be kept from infinity.
        | Value _ when isNull (Staging.innermost ()) -> sqrt squares
        | Value _
        | Traced _ ->
            let origin = squares.Equal 0.0

            let result =
                where
                    origin
                    (Tensor.zerosLike squares)
                    (sqrt (where origin (Tensor.onesLike squares) squares))

            match result with
            | Traced tracer -> tracer.Squares <- ValueSome squares
            | Value _ -> ()

            result

    /// What the numbers of a Float64 tensor are multiplied by before they are squared, for each sum over axes: a power of
    /// two, 1 unless the largest square would overflow or vanish. It stands for itself in derivatives, too, since the norm
    /// does not depend on it.
    let safeFactor (t: Tensor) axes =
        if countOver t axes = 0.0 then
            Bind.full (Literal.Real 1.0) t.DType (Shape.without axes t.Dims) t.Device
        else
            let largest = reduce Reduction.Max (abs (Bind.detach t)) axes
            let one = Tensor.onesLike largest
            let power n = Tensor.fullLike largest (Math.ScaleB(1.0, n))
            where (largest.Greater 1e145) (power -600) (where (largest.Less 1e-140) (power 600) one)

    let keep axes (t: Tensor) (r: Tensor) = r.Reshape(Shape.keeping axes t.Dims)

    /// √Σ x² of many Float32 at hand, as Float64, by squares in Float32: a third of the memory that goes past. ValueNone where
    /// one of the sums is too large or too small for that.
    let euclideanAtHand (t: Tensor) axes : Tensor voption =
        match t with
        | Value b when
            t.DType = DType.Float32
            && b.Device = Device.Cpu
            && t.Size >= 65536
            && isNull (Staging.innermost ())
            ->
            let squares = sumOver (t * t) axes

            let fits = (squares.Greater 1e-25).And(squares.Less 1e35)

            if (reduce Reduction.Min fits (Shape.allAxes fits.Rank)).ToData<bool>() then
                ValueSome(sqrt (squares.Convert DType.Float64))
            else
                ValueNone
        | Value _
        | Traced _ -> ValueNone

    /// √Σ x² over axes, in Float64, where squares of the shorter floats neither overflow nor vanish.
    let euclidean (t: Tensor) axes =
        match euclideanAtHand t axes with
        | ValueSome norm -> norm
        | ValueNone when t.DType = DType.Float64 ->
            let factor = safeFactor t axes
            let x = t * (keep axes t factor)
            // Their square is that of the numbers as they are: a factor squared is itself out of range.
            root (sumOver (x * x) axes) |> changed (fun _ -> sumOver (t * t) axes) (fun norm -> norm / factor)
        | ValueNone ->
            let x = t.Convert DType.Float64
            root (sumOver (x * x) axes)

    let fused f (t: Tensor) = Bind.one (Primitive.Fused f) [| t |]

    let logSumExpOver (operation: string) (t: Tensor) (axes: int[]) =
        requireSome operation t axes

        match axes with
        | [||] -> t
        | [| axis |] -> fused (Fused.LogSumExp axis) t
        | axes ->
            // Several axes become one, the last.
            let kept = Shape.allAxes t.Rank |> Array.except axes

            let last =
                Array.append (Shape.without axes t.Dims) [| Array.fold (fun n a -> n * t.Dims[a]) 1 axes |]

            fused (Fused.LogSumExp kept.Length) ((t.Permute(Array.append kept axes)).Reshape last)

    let softmaxOver (operation: string) isLog (axis: int option) (t: Tensor) =
        requireFloat operation t
        fused (Fused.Softmax(isLog, Shape.axis operation t.Rank (defaultArg axis -1))) t

    /// x less its mean over axes. The mean is rounded, which would leave a deviation where all numbers are equal; so the mean
    /// of the deviations, exactly 0 but for rounding, is taken off as well.
    let deviationOver (operation: string) (t: Tensor) axes =
        let deviation = t - keep axes t (meanOver operation t axes)
        deviation - keep axes t (meanOver operation (Bind.detach deviation) axes)

    /// What `f` makes of the deviations, over these axes, and of the number that their squares are shared among.
    let spreadOver f (operation: string) (t: Tensor) axes keepDims (correction: int option) =
        requireFloat operation t
        let correction = float (defaultArg correction 0)

        t
        |> inSingle (fun t ->
            reduced operation t axes keepDims (fun axes ->
                let deviation = deviationOver operation t axes
                let divisor = countOver t axes - correction

                if divisor <= 0.0 then
                    raise (
                        ShapeException
                            $"{operation}: {countOver t axes} elements with correction {correction} in shape {Shape.show t.Dims} leave nothing to divide by. Reduce over more elements, or lower the correction."
                    )

                f deviation axes divisor))

    let variance operation =
        spreadOver (fun d axes (divisor: float) -> sumOver (d * d) axes / divisor) operation

    let standardDeviation operation =
        spreadOver
            (fun d axes divisor ->
                euclidean d axes
                |> changed (fun squares -> squares / divisor) (fun norm -> norm / sqrt divisor)
                |> converted d.DType)
            operation

    let arg largest operation (t: Tensor) (axis: int option) keepDims =
        let flat, place, folded =
            match axis with
            | None -> t.Flatten(), 0, Shape.allAxes t.Rank
            | Some axis ->
                let axis = Shape.axis operation t.Rank axis
                t, axis, [| axis |]

        if flat.Dims[place] = 0 then
            raise (
                ShapeException
                    $"{operation}: no elements to choose from in shape {Shape.show t.Dims}. Test the size first."
            )

        let result = Bind.one (Primitive.ArgReduce(largest, place)) [| flat |]

        if defaultArg keepDims false then result.Reshape(Shape.keeping folded t.Dims) else result
