namespace Cotangent

/// Layer normalisation.
[<AutoOpen>]
module Normalization =
    /// Over the last axes, as one.
    let private overLast operation (lastAxes: int option) (epsilon: float option) isCentred (x: Tensor) =
        let count = defaultArg lastAxes 1
        let epsilon = defaultArg epsilon 1e-5

        if not x.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation} needs a floating-point tensor, got {x.DType} {Shape.show x.Dims}; convert it first."
            )

        if count < 1 || count > x.Rank then
            raise (
                AxisException
                    $"{operation}: {count} last axes of a tensor of shape {Shape.show x.Dims}; from 1 to {x.Rank} are possible."
            )

        if not (epsilon >= 0.0) then
            raise (ValueException $"{operation}: epsilon is {epsilon}; it must be 0 or more.")

        let normalize (x: Tensor) = Bind.one (Primitive.Fused(Fused.Normalize(isCentred, epsilon))) [| x |]

        if count = 1 then
            normalize x
        else
            let kept = x.Dims[.. x.Rank - count - 1]
            let one = Shape.count x.Dims[x.Rank - count ..]
            (normalize (x.Reshape(Array.append kept [| one |]))).Reshape x.Dims

    type Tensor with

        /// <summary>
        /// (x - mean)/√(variance + epsilon) over the last axis, or the last axes (Ba, Kiros and Hinton 2016). A gain and a
        /// bias are an ordinary product and sum: <c>x.LayerNorm() * gain + bias</c>. Epsilon is 1e-5 unless given.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.AxisException">There are not so many axes.</exception>
        /// <exception cref="T:Cotangent.ValueException">epsilon is negative.</exception>
        /// <example><code>
        /// (tensor [ [ 1.0; 2.0; 3.0 ]; [ 5.0; 5.0; 8.0 ] ]).LayerNorm() // [[-1.2247, 0, 1.2247], [-0.7071, -0.7071, 1.4142]]
        /// </code></example>
        [<CompiledName "LayerNorm">]
        member x.LayerNorm(?lastAxes: int, ?epsilon: float) : Tensor =
            overLast "layerNorm" lastAxes epsilon true x

        /// <summary>
        /// x/√(mean x² + epsilon) over the last axis, or the last axes (Zhang and Sennrich 2019). A gain is an ordinary
        /// product. Epsilon is 1e-5 unless given.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.AxisException">There are not so many axes.</exception>
        /// <exception cref="T:Cotangent.ValueException">epsilon is negative.</exception>
        /// <example><code>
        /// (tensor [ 1.0; -1.0; 7.0; 7.0 ]).RmsNorm() // [0.2, -0.2, 1.4, 1.4]
        /// </code></example>
        [<CompiledName "RmsNorm">]
        member x.RmsNorm(?lastAxes: int, ?epsilon: float) : Tensor =
            overLast "rmsNorm" lastAxes epsilon false x

    /// <summary>(x - mean)/√(variance + 1e-5) over the last axis; others, <c>x.LayerNorm</c>.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="T:Cotangent.AxisException">The tensor is a scalar.</exception>
    /// <example><code>
    /// layerNorm (tensor [ 1.0; 2.0; 3.0 ]) // [-1.2247, 0, 1.2247]
    /// </code></example>
    let layerNorm (x: Tensor) : Tensor = x.LayerNorm()

    /// <summary>x/√(mean x² + 1e-5) over the last axis; others, <c>x.RmsNorm</c>.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="T:Cotangent.AxisException">The tensor is a scalar.</exception>
    /// <example><code>
    /// rmsNorm (tensor [ 1.0; -1.0; 7.0; 7.0 ]) // [0.2, -0.2, 1.4, 1.4]
    /// </code></example>
    let rmsNorm (x: Tensor) : Tensor = x.RmsNorm()
