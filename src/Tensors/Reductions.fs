namespace Cotangent

open System

/// Folding axes: without `axes` all of them; with `keepDims` a folded axis stays with size 1.
[<AutoOpen>]
module Reductions =
    let private reduced operation (t: Tensor) (axes: int seq option) (keepDims: bool option) fold =
        let axes =
            match axes with
            | None -> Shape.allAxes t.Rank
            | Some axes -> Shape.axes operation t.Rank (Array.ofSeq axes)

        let result: Tensor = fold axes

        if defaultArg keepDims false && axes.Length > 0 then
            result.Reshape(Shape.keeping axes t.Dims)
        else
            result

    let private reduce kind (t: Tensor) axes =
        if Array.isEmpty axes then t else Bind.one (Primitive.Reduce(kind, axes)) [| t |]

    /// 16-bit floats overflow and lose digits in sums of many: those are taken in Float32.
    let private inSingle (f: Tensor -> Tensor) (t: Tensor) =
        if DTypes.isHalf t.DType then (f (t.Convert DType.Float32)).Convert t.DType else f t

    let private countOver (t: Tensor) axes = axes |> Array.fold (fun n a -> n * float t.Dims[a]) 1.0

    let private requireNumbers operation (t: Tensor) =
        if t.DType = DType.Bool then
            raise (
                DTypeException
                    $"{operation} is not defined on Bool, got shape {Shape.show t.Dims}; convert to Int32 to count."
            )

    let private requireFloat operation (t: Tensor) =
        if not t.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation} needs a floating-point tensor, got {t.DType} {Shape.show t.Dims}; convert it first."
            )

    let private requireSome operation (t: Tensor) axes =
        if countOver t axes = 0.0 then
            raise (
                ShapeException
                    $"{operation}: nothing to reduce over in shape {Shape.show t.Dims}. Test the size first."
            )

    let private sumOver (t: Tensor) axes = reduce Reduction.Sum t axes

    let private meanOver operation (t: Tensor) axes =
        requireSome operation t axes
        sumOver t axes / countOver t axes

    /// The square root of sums of squares. Its derivative at 0 is 0, the subgradient of least length.
    let private root (squares: Tensor) =
        let origin = squares.Equal 0.0
        where origin (Tensor.zerosLike squares) (sqrt (where origin (Tensor.onesLike squares) squares))

    let private keep axes (t: Tensor) (r: Tensor) = r.Reshape(Shape.keeping axes t.Dims)

    /// Products in halves, log₂ n steps of elementwise products: derivatives of every order are right at zeros, too.
    let private productOver (t: Tensor) (axes: int[]) =
        let kept = Shape.allAxes t.Rank |> Array.except axes
        let folded = axes |> Array.fold (fun n a -> n * t.Dims[a]) 1
        let shape = Shape.without axes t.Dims
        let last = shape.Length
        let rows = (t.Permute(Array.append kept axes)).Reshape(Array.append shape [| folded |])

        let rec halve (x: Tensor) =
            match x.Dims[last] with
            | 0 -> Tensor.ones t.DType shape
            | 1 -> x.Squeeze last
            | n ->
                let half = n / 2
                let product = sliceAxis last 0 half x * sliceAxis last half half x

                if n % 2 = 0 then
                    halve product
                else
                    halve (concat last [ product; sliceAxis last (n - 1) 1 x ])

        halve rows

    let private logSumExpOver operation (t: Tensor) axes =
        requireSome operation t axes
        let largest = Bind.detach (reduce Reduction.Max t axes)
        // An infinite maximum stays out of the differences, where it would make NaN.
        let shift = where (largest.IsFinite()) largest (Tensor.zerosLike largest)
        log (sumOver (exp (t - keep axes t shift)) axes) + shift

    let private logSoftmaxOver operation (axis: int option) (t: Tensor) =
        let axes = [| Shape.axis operation t.Rank (defaultArg axis -1) |]
        t - keep axes t (logSumExpOver operation t axes)

    let private variance operation (t: Tensor) axes keepDims (correction: int option) =
        requireFloat operation t
        let correction = float (defaultArg correction 0)

        t
        |> inSingle (fun t ->
            reduced operation t axes keepDims (fun axes ->
                let deviation = t - keep axes t (meanOver operation t axes)
                let divisor = countOver t axes - correction

                if divisor <= 0.0 then
                    raise (
                        ShapeException
                            $"{operation}: {countOver t axes} elements with correction {correction} in shape {Shape.show t.Dims} leave nothing to divide by. Reduce over more elements, or lower the correction."
                    )

                sumOver (deviation * deviation) axes / divisor))

    let private arg largest operation (t: Tensor) (axis: int option) keepDims =
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

    type Tensor with

        /// The sum over axes; 0 for none of them filled.
        [<CompiledName "Sum">]
        member t.Sum(?axes: int seq, ?keepDims: bool) : Tensor =
            requireNumbers "sum" t
            reduced "sum" t axes keepDims (sumOver t)

        /// The arithmetic mean over axes.
        [<CompiledName "Mean">]
        member t.Mean(?axes: int seq, ?keepDims: bool) : Tensor =
            requireFloat "mean" t
            t |> inSingle (fun t -> reduced "mean" t axes keepDims (meanOver "mean" t))

        /// The product over axes; 1 for none of them filled.
        [<CompiledName "Prod">]
        member t.Prod(?axes: int seq, ?keepDims: bool) : Tensor =
            requireNumbers "prod" t
            reduced "prod" t axes keepDims (productOver t)

        /// The largest element over axes; NaN if there is one. Equal ones share the derivative.
        [<CompiledName "Max">]
        member t.Max(?axes: int seq, ?keepDims: bool) : Tensor =
            reduced "max" t axes keepDims (fun axes ->
                requireSome "max" t axes
                reduce Reduction.Max t axes)

        /// The smallest element over axes; NaN if there is one. Equal ones share the derivative.
        [<CompiledName "Min">]
        member t.Min(?axes: int seq, ?keepDims: bool) : Tensor =
            reduced "min" t axes keepDims (fun axes ->
                requireSome "min" t axes
                reduce Reduction.Min t axes)

        /// Whether any (Bool) element holds.
        [<CompiledName "Any">]
        member t.Any(?axes: int seq, ?keepDims: bool) : Tensor =
            if t.DType <> DType.Bool then
                raise (
                    DTypeException
                        $"any is defined on Bool, got {t.DType} {Shape.show t.Dims}; compare it with something first."
                )

            reduced "any" t axes keepDims (fun axes ->
                if countOver t axes = 0.0 then
                    Tensor.zeros DType.Bool (Shape.without axes t.Dims)
                else
                    reduce Reduction.Max t axes)

        /// Whether all (Bool) elements hold.
        [<CompiledName "All">]
        member t.All(?axes: int seq, ?keepDims: bool) : Tensor =
            if t.DType <> DType.Bool then
                raise (
                    DTypeException
                        $"all is defined on Bool, got {t.DType} {Shape.show t.Dims}; compare it with something first."
                )

            t.Not().Any(?axes = axes, ?keepDims = keepDims).Not()

        /// Whether all elements are close to those of another tensor, as `IsClose` says.
        ///
        /// <example><code>(tensor [ 1.0; 1e-9 ]).AllClose(tensor [ 1.000001; 0.0 ])  // true</code></example>
        [<CompiledName "AllClose">]
        member t.AllClose(other: Tensor, ?relative: float, ?absolute: float) : bool =
            t.IsClose(other, ?relative = relative, ?absolute = absolute).All().ToData<bool>()

        /// The Int32 position of the first largest element along an axis, or among all elements in row-major order.
        [<CompiledName "ArgMax">]
        member t.ArgMax(?axis: int, ?keepDims: bool) : Tensor = arg true "argmax" t axis keepDims

        /// The Int32 position of the first smallest element along an axis, or among all elements.
        [<CompiledName "ArgMin">]
        member t.ArgMin(?axis: int, ?keepDims: bool) : Tensor = arg false "argmin" t axis keepDims

        /// The mean squared distance from the mean. `correction` is taken from the divisor: 0 (the default) for a
        /// population, as in NumPy and JAX; 1 for the unbiased estimate from a sample, as in PyTorch.
        [<CompiledName "Variance">]
        member t.Variance(?axes: int seq, ?keepDims: bool, ?correction: int) : Tensor =
            variance "variance" t axes keepDims correction

        /// The standard deviation: the root of the variance, with the same `correction`. Where all elements are equal its
        /// derivative is 0.
        [<CompiledName "Std">]
        member t.Std(?axes: int seq, ?keepDims: bool, ?correction: int) : Tensor =
            t |> inSingle (fun t -> root (variance "std" t axes keepDims correction))

        /// (Σ |x|ᵖ)^(1/p) over axes: p = 2 unless `order` says 1 or infinity. The derivative of the Euclidean norm at
        /// the origin is 0, the subgradient of least length.
        [<CompiledName "Norm">]
        member t.Norm(?axes: int seq, ?keepDims: bool, ?order: float) : Tensor =
            requireFloat "norm" t
            let order = defaultArg order 2.0

            let fold (t: Tensor) axes =
                if order = 2.0 then
                    root (sumOver (t * t) axes)
                elif order = 1.0 then
                    sumOver (abs t) axes
                elif Double.IsPositiveInfinity order then
                    requireSome "norm" t axes
                    reduce Reduction.Max (abs t) axes
                else
                    raise (
                        ValueException
                            $"norm: order {order} is not one of 1, 2 and infinity. Write another out with `abs`, `**` and `sum`."
                    )

            t |> inSingle (fun t -> reduced "norm" t axes keepDims (fold t))

        /// log Σ exp x over axes, computed without overflow; its derivative is the softmax.
        [<CompiledName "LogSumExp">]
        member t.LogSumExp(?axes: int seq, ?keepDims: bool) : Tensor =
            requireFloat "logSumExp" t

            t |> inSingle (fun t -> reduced "logSumExp" t axes keepDims (logSumExpOver "logSumExp" t))

        /// exp x / Σ exp x along an axis.
        [<CompiledName "Softmax">]
        member t.Softmax(?axis: int) : Tensor =
            requireFloat "softmax" t
            t |> inSingle (logSoftmaxOver "softmax" axis >> exp)

        /// x - log Σ exp x along an axis (the last unless given).
        [<CompiledName "LogSoftmax">]
        member t.LogSoftmax(?axis: int) : Tensor =
            requireFloat "logSoftmax" t
            t |> inSingle (logSoftmaxOver "logSoftmax" axis)

        /// The running sum along an axis; from the end when reversed.
        [<CompiledName "CumulativeSum">]
        member t.CumulativeSum(axis: int, ?reverse: bool) : Tensor =
            requireNumbers "cumulativeSum" t

            Bind.one
                (Primitive.CumulativeSum(Shape.axis "cumulativeSum" t.Rank axis, defaultArg reverse false))
                [| t |]

    /// The sum of all elements.
    let sum (t: Tensor) : Tensor = t.Sum()

    /// The mean of all elements.
    let mean (t: Tensor) : Tensor = t.Mean()

    /// The Euclidean norm of all elements.
    let norm (t: Tensor) : Tensor = t.Norm()

    /// log Σ exp over all elements.
    let logSumExp (t: Tensor) : Tensor = t.LogSumExp()

    /// exp x / Σ exp x along the last axis.
    let softmax (t: Tensor) : Tensor = t.Softmax()

    /// x - log Σ exp x along the last axis.
    let logSoftmax (t: Tensor) : Tensor = t.LogSoftmax()
