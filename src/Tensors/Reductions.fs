namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// Folding axes: without <c>axes</c> all of them; with <c>keepDims</c> a folded axis stays with size 1.
/// </summary>
[<AutoOpen>]
module Reductions =
    open Folds

    /// (Σ |x|ᵖ)^(1/p), of numbers up to 1, so that no power leaves the range.
    let private ofOrder (order: float) (t: Tensor) axes : Tensor =
        requireSome "norm" t axes
        let size = abs t
        let extreme = if order > 0.0 then Reduction.Max else Reduction.Min
        let bound = reduce extreme (Bind.detach size) axes
        let unit = where ((bound.Greater 0.0).And(bound.IsFinite())) bound (Tensor.onesLike bound)
        let total = sumOver ((size / unit.Reshape(Shape.keeping axes t.Dims)) ** order) axes
        // At the origin the root has no slope.
        let isNothing = total.Equal 0.0
        let root = (where isNothing (Tensor.onesLike total) total) ** (1.0 / order)
        where isNothing total root * unit

    type Tensor with

        /// <summary>
        /// The sum over axes, in the same dtype; 0 for none of them filled. Sums of integers wrap around: <c>Convert</c> narrow ones
        /// first. Of Bool, how many hold, an Int64.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank, or is named twice.</exception>
        /// <example><code>
        /// let t = tensor [ [ 1; 2 ]; [ 3; 4 ] ]
        /// t.Sum() // 10
        /// t.Sum [ 0 ] // [4, 6]
        /// t.Sum([ 1 ], keepDims = true) // [[3], [7]]
        /// </code></example>
        [<CompiledName "Sum">]
        member t.Sum(?axes: int seq, ?keepDims: bool) : Tensor =
            Given.check "t" t
            let t = if t.DType = DType.Bool then t.Convert DType.Int64 else t
            reduced "sum" t axes keepDims (sumOver t)

        /// <summary>The arithmetic mean over axes. Of Bool, the share that holds, a Float32.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers; convert them first.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]).Mean [ 1 ] // [1.5, 3.5]
        /// </code></example>
        [<CompiledName "Mean">]
        member t.Mean(?axes: int seq, ?keepDims: bool) : Tensor =
            Given.check "t" t
            let t = if t.DType = DType.Bool then t.Convert DType.Float32 else t
            requireInexact "mean" t
            t |> inSingle (fun t -> reduced "mean" t axes keepDims (meanOver "mean" t))

        /// <summary>The product over axes, in the same dtype; 1 for none of them filled. Products of integers wrap around.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
        /// <example><code>
        /// (tensor [ 2; 3; 4 ]).Prod() // 24
        /// </code></example>
        [<CompiledName "Prod">]
        member t.Prod(?axes: int seq, ?keepDims: bool) : Tensor =
            requireNumbers "prod" t
            t |> inSingle (fun t -> reduced "prod" t axes keepDims (ProductOfRows.over t))

        /// <summary>The largest element over axes; NaN if there is one. Equal ones share the derivative.</summary>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 9 ]; [ 3; 4 ] ]).Max [ 0 ] // [3, 9]
        /// </code></example>
        [<CompiledName "Max">]
        member t.Max(?axes: int seq, ?keepDims: bool) : Tensor =
            reduced "max" t axes keepDims (fun axes ->
                requireSome "max" t axes
                reduce Reduction.Max t axes)

        /// <summary>The smallest element over axes; NaN if there is one. Equal ones share the derivative.</summary>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 9 ]; [ 3; 4 ] ]).Min [ 0 ] // [1, 4]
        /// </code></example>
        [<CompiledName "Min">]
        member t.Min(?axes: int seq, ?keepDims: bool) : Tensor =
            reduced "min" t axes keepDims (fun axes ->
                requireSome "min" t axes
                reduce Reduction.Min t axes)

        /// <summary>Whether any (Bool) element holds, over axes.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is not Bool.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3 ]).Greater(2.0).Any() // true
        /// </code></example>
        [<CompiledName "Any">]
        member t.Any(?axes: int seq, ?keepDims: bool) : Tensor =
            Given.check "t" t

            if t.DType <> DType.Bool then
                raise (
                    DTypeException
                        $"any is defined on Bool, got {t.DType} {Shape.show t.Dims}; compare it with something first."
                )

            anyOver "any" t axes keepDims

        /// <summary>Whether all (Bool) elements hold, over axes.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is not Bool.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3 ]).Greater(2.0).All() // false
        /// </code></example>
        [<CompiledName "All">]
        member t.All(?axes: int seq, ?keepDims: bool) : Tensor =
            Given.check "t" t

            if t.DType <> DType.Bool then
                raise (
                    DTypeException
                        $"all is defined on Bool, got {t.DType} {Shape.show t.Dims}; compare it with something first."
                )

            (anyOver "all" (t.Not()) axes keepDims).Not()

        /// <summary>Whether all elements are close to those of another tensor, as <c>IsClose</c> says.</summary>
        /// <exception cref="T:Cotangent.DTypeException">
        /// The tensors are not floating-point, or their dtypes differ.
        /// </exception>
        /// <example><code>
        /// (tensor [ 1.0; 1e-9 ]).AllClose(tensor [ 1.000001; 0.0 ]) // true
        /// </code></example>
        [<CompiledName "AllClose">]
        member t.AllClose(other: Tensor, ?relative: float, ?absolute: float) : bool =
            Given.check "other" other
            let close = near "allClose" (defaultArg relative 1e-5) (defaultArg absolute 1e-8) t other
            close.All().ToData<bool>()

        /// <summary>
        /// The Int32 position of the first largest element along an axis, or among all elements in row-major order.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 9 ]; [ 3; 4 ] ]).ArgMax 1 // [1, 1]
        /// </code></example>
        [<CompiledName "ArgMax">]
        member t.ArgMax(?axis: int, ?keepDims: bool) : Tensor = arg true "argmax" t axis keepDims

        /// <summary>The Int32 position of the first smallest element along an axis, or among all elements.</summary>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 9 ]; [ 3; 4 ] ]).ArgMin() // 0
        /// </code></example>
        [<CompiledName "ArgMin">]
        member t.ArgMin(?axis: int, ?keepDims: bool) : Tensor = arg false "argmin" t axis keepDims

        /// <summary>
        /// The mean squared distance from the mean. <c>correction</c> is taken from the divisor: 0 (the default) for a
        /// population, as in NumPy and JAX; 1 for the unbiased estimate from a sample, as in PyTorch.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.ShapeException">No more elements than the correction.</exception>
        /// <example><code>
        /// (tensor [ 1.0; 2.0; 3.0; 4.0 ]).Variance(correction = 1) // 1.6667
        /// </code></example>
        [<CompiledName "Variance">]
        member t.Variance(?axes: int seq, ?keepDims: bool, ?correction: int) : Tensor =
            variance "variance" t axes keepDims correction

        /// <summary>
        /// The standard deviation: the root of the variance, with the same <c>correction</c>. Where all elements are
        /// equal its derivative is 0.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.ShapeException">No more elements than the correction.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 3.0 ]; [ 2.0; 6.0 ] ]).Std [ 1 ] // [1, 2]
        /// </code></example>
        [<CompiledName "Std">]
        member t.Std(?axes: int seq, ?keepDims: bool, ?correction: int) : Tensor =
            standardDeviation "std" t axes keepDims correction

        /// <summary>
        /// (Σ |x|ᵖ)^(1/p) over axes: p = 2 unless <c>order</c> says another number. Infinity is the largest of |x|, -∞ the smallest,
        /// and 0 how many are not 0. Of complex numbers it is real. The derivative of the Euclidean norm at the origin is 0, the subgradient
        /// of least length. Norms of matrices are those of <c>matrixNorm</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is neither floating-point nor complex.</exception>
        /// <exception cref="T:Cotangent.ValueException">The order is NaN.</exception>
        /// <example><code>
        /// (tensor [ [ 3.0; 4.0 ]; [ 6.0; 8.0 ] ]).Norm [ 1 ] // [5, 10]
        /// (tensor [ 3.0; 4.0; 5.0 ]).Norm(order = 3.0) // 6
        /// </code></example>
        [<CompiledName "Norm">]
        member t.Norm(?axes: int seq, ?keepDims: bool, ?order: float) : Tensor =
            Given.check "t" t
            let t = if t.DType.IsComplex then abs t else t
            requireFloat "norm" t
            let order = defaultArg order 2.0

            let fold (t: Tensor) axes =
                if order = 2.0 then
                    converted t.DType (euclidean t axes)
                elif order = 1.0 then
                    sumOver (abs t) axes
                elif order = 0.0 then
                    sumOver ((t.NotEqual 0.0).Convert t.DType) axes
                elif Double.IsInfinity order then
                    requireSome "norm" t axes
                    reduce (if order > 0.0 then Reduction.Max else Reduction.Min) (abs t) axes
                elif Double.IsNaN order then
                    raise (ValueException "norm: the order is NaN; a number or an infinity is needed.")
                else
                    ofOrder order t axes

            t |> inSingle (fun t -> reduced "norm" t axes keepDims (fold t))

        /// <summary>
        /// log Σ exp x over axes, computed without overflow; its derivative is the softmax. Where all is -∞ it is -∞, and
        /// its derivative 0.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
        /// <example><code>
        /// (tensor [ 1000.0; 1000.0 ]).LogSumExp() // 1000.6931
        /// </code></example>
        [<CompiledName "LogSumExp">]
        member t.LogSumExp(?axes: int seq, ?keepDims: bool) : Tensor =
            requireFloat "logSumExp" t

            reduced "logSumExp" t axes keepDims (logSumExpOver "logSumExp" t)

        /// <summary>
        /// exp x / Σ exp x along an axis (the last unless given), without overflow. Where all is -∞, as in a row that a
        /// mask leaves nothing of, it is 0.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 0.0; 0.0; log 2.0 ]).Softmax() // [0.25, 0.25, 0.5]
        /// </code></example>
        [<CompiledName "Softmax">]
        member t.Softmax(?axis: int) : Tensor = softmaxOver "softmax" false axis t

        /// <summary>
        /// x - log Σ exp x along an axis (the last unless given); the logarithm of the softmax, also where that is 0.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 0.0; 0.0 ]).LogSoftmax() // [-0.6931, -0.6931]
        /// </code></example>
        [<CompiledName "LogSoftmax">]
        member t.LogSoftmax(?axis: int) : Tensor = softmaxOver "logSoftmax" true axis t

        /// <summary>The running sum along an axis; from the end when reversed.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3 ]).CumulativeSum 0 // [1, 3, 6]
        /// (tensor [ 1; 2; 3 ]).CumulativeSum(0, reverse = true) // [6, 5, 3]
        /// </code></example>
        [<CompiledName "CumulativeSum">]
        member t.CumulativeSum(axis: int, ?reverse: bool) : Tensor =
            requireNumbers "cumulativeSum" t

            Bind.one
                (Primitive.CumulativeSum(Shape.axis "cumulativeSum" t.Rank axis, defaultArg reverse false))
                [| t |]

    // One axis as a number: `t.Mean 0`.

    type Tensor with

        /// <summary>The sum along one axis; of Bool, how many hold.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Sum 0 // [4, 6]
        /// </code></example>
        [<CompiledName "Sum">]
        member t.Sum(axis: int, ?keepDims: bool) : Tensor = t.Sum([ axis ], ?keepDims = keepDims)

        /// <summary>The arithmetic mean along one axis; of Bool, the share that holds.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]).Mean 1 // [1.5, 3.5]
        /// </code></example>
        [<CompiledName "Mean">]
        member t.Mean(axis: int, ?keepDims: bool) : Tensor = t.Mean([ axis ], ?keepDims = keepDims)

        /// <summary>The product along one axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Prod -1 // [2, 12]
        /// </code></example>
        [<CompiledName "Prod">]
        member t.Prod(axis: int, ?keepDims: bool) : Tensor = t.Prod([ axis ], ?keepDims = keepDims)

        /// <summary>The largest element along one axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 9 ]; [ 3; 4 ] ]).Max 0 // [3, 9]
        /// </code></example>
        [<CompiledName "Max">]
        member t.Max(axis: int, ?keepDims: bool) : Tensor = t.Max([ axis ], ?keepDims = keepDims)

        /// <summary>The smallest element along one axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 9 ]; [ 3; 4 ] ]).Min 0 // [1, 4]
        /// </code></example>
        [<CompiledName "Min">]
        member t.Min(axis: int, ?keepDims: bool) : Tensor = t.Min([ axis ], ?keepDims = keepDims)

        /// <summary>Whether any (Bool) element holds, along one axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ true; false ]; [ false; false ] ]).Any 1 // [true, false]
        /// </code></example>
        [<CompiledName "Any">]
        member t.Any(axis: int, ?keepDims: bool) : Tensor = t.Any([ axis ], ?keepDims = keepDims)

        /// <summary>Whether all (Bool) elements hold, along one axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ true; false ]; [ true; true ] ]).All 1 // [false, true]
        /// </code></example>
        [<CompiledName "All">]
        member t.All(axis: int, ?keepDims: bool) : Tensor = t.All([ axis ], ?keepDims = keepDims)

        /// <summary>log Σ exp x along one axis, without overflow.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 0.0; 0.0 ] ]).LogSumExp 1 // [0.6931]
        /// </code></example>
        [<CompiledName "LogSumExp">]
        member t.LogSumExp(axis: int, ?keepDims: bool) : Tensor = t.LogSumExp([ axis ], ?keepDims = keepDims)

        /// <summary>The mean squared distance from the mean along one axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 3.0 ]; [ 2.0; 6.0 ] ]).Variance 1 // [1, 4]
        /// </code></example>
        [<CompiledName "Variance">]
        member t.Variance(axis: int, ?keepDims: bool, ?correction: int) : Tensor =
            t.Variance([ axis ], ?keepDims = keepDims, ?correction = correction)

        /// <summary>The standard deviation along one axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 3.0 ]; [ 2.0; 6.0 ] ]).Std 1 // [1, 2]
        /// </code></example>
        [<CompiledName "Std">]
        member t.Std(axis: int, ?keepDims: bool, ?correction: int) : Tensor =
            t.Std([ axis ], ?keepDims = keepDims, ?correction = correction)

        /// <summary>(Σ |x|ᵖ)^(1/p) along one axis: p = 2 unless <c>order</c> says another number.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 3.0; 4.0 ]; [ 6.0; 8.0 ] ]).Norm 1 // [5, 10]
        /// </code></example>
        [<CompiledName "Norm">]
        member t.Norm(axis: int, ?keepDims: bool, ?order: float) : Tensor =
            t.Norm([ axis ], ?keepDims = keepDims, ?order = order)

    /// <summary>The sum of all elements; over some axes, <c>t.Sum</c>. Of Bool, how many hold, an Int64.</summary>
    /// <example><code>
    /// sum (tensor [ 1.0; 2.0; 3.0 ]) // 6
    /// </code></example>
    let sum (t: Tensor) : Tensor = t.Sum()

    /// <summary>The mean of all elements; over some axes, <c>t.Mean</c>. Of Bool, the share that holds, a Float32.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor holds integers.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
    /// <example><code>
    /// mean (tensor [ 1.0; 2.0; 3.0 ]) // 2
    /// </code></example>
    let mean (t: Tensor) : Tensor = t.Mean()

    /// <summary>The Euclidean norm of all elements; others, and over some axes, <c>t.Norm</c>.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor is neither floating-point nor complex.</exception>
    /// <example><code>
    /// norm (tensor [ 3.0; 4.0 ]) // 5
    /// </code></example>
    let norm (t: Tensor) : Tensor = t.Norm()

    /// <summary>log Σ exp over all elements.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There is nothing to reduce over.</exception>
    /// <example><code>
    /// logSumExp (tensor [ 0.0; 0.0 ]) // 0.6931
    /// </code></example>
    let logSumExp (t: Tensor) : Tensor = t.LogSumExp()

    /// <summary>exp x / Σ exp x along the last axis.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
    /// <example><code>
    /// softmax (tensor [ 0.0; 0.0 ]) // [0.5, 0.5]
    /// </code></example>
    let softmax (t: Tensor) : Tensor = t.Softmax()

    /// <summary>x - log Σ exp x along the last axis.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
    /// <example><code>
    /// logSoftmax (tensor [ 0.0; 0.0 ]) // [-0.6931, -0.6931]
    /// </code></example>
    let logSoftmax (t: Tensor) : Tensor = t.LogSoftmax()
