namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Layer normalisation.
[<AutoOpen>]
module Normalization =
    /// Over the last axes, as one.
    let private overLast
        operation
        (lastAxes: int option)
        (epsilon: float option)
        (gain: Tensor option)
        (bias: Tensor option)
        isCentred
        (x: Tensor)
        =
        let count = defaultArg lastAxes 1
        let epsilon = defaultArg epsilon 1e-5

        if not x.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation} needs a floating-point tensor, got {x.DType} {Shape.show x.Dims}; {DTypes.orConvert x.DType}"
            )

        if count < 1 || count > x.Rank then
            raise (
                AxisException
                    $"{operation}: {count} last axes of a tensor of shape {Shape.show x.Dims}; from 1 to {x.Rank} are possible."
            )

        if not (epsilon >= 0.0) then
            raise (ValueException $"{operation}: epsilon is {string epsilon}; it must be 0 or more.")

        let kept, last = x.Dims[.. x.Rank - count - 1], x.Dims[x.Rank - count ..]
        let columns = Shape.count last

        let row name (t: Tensor) =
            Operands.sameDType operation x t

            if not (Shape.equal t.Dims last) then
                raise (
                    ShapeException
                        $"{operation}: the {name} is {Shape.show t.Dims}, the last axes of {Shape.show x.Dims} are {Shape.show last}; the two must be equal."
                )

            t.Reshape [| columns |]

        let normalize (inputs: Tensor[]) =
            Bind.one (Primitive.Fused(Fused.Normalize(isCentred, epsilon))) inputs

        match gain, bias with
        | None, None when count = 1 -> normalize [| x |]
        | None, None -> (normalize [| x.Reshape(Array.append kept [| columns |]) |]).Reshape x.Dims
        | gain, bias ->
            let gain =
                match gain with
                | Some gain -> row "gain" gain
                | None -> Bind.full (Literal.Real 1.0) x.DType [| columns |] x.Device

            let inputs = [|
                x.Reshape [| Shape.count kept; columns |]
                gain
                match bias with
                | Some bias -> row "bias" bias
                | None -> ()
            |]

            (normalize inputs).Reshape x.Dims

    type Tensor with

        /// <summary>
        /// (x - mean)/√(variance + epsilon) over the last axis, or the last axes (Ba, Kiros and Hinton 2016); times a gain and
        /// plus a bias, if they are given, whose shape is that of the last axes. Epsilon is 1e-5 unless given.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">
        /// The tensor is not floating-point, or gain or bias is of another dtype.
        /// </exception>
        /// <exception cref="T:Cotangent.AxisException">There are not so many axes.</exception>
        /// <exception cref="T:Cotangent.ShapeException">Gain or bias has another shape than the last axes.</exception>
        /// <exception cref="T:Cotangent.ValueException">epsilon is negative.</exception>
        /// <example><code>
        /// let x = tensor [ [ 1.0; 2.0; 3.0 ]; [ 5.0; 5.0; 8.0 ] ]
        /// x.LayerNorm() // [[-1.2247, 0, 1.2247], [-0.7071, -0.7071, 1.4142]]
        /// x.LayerNorm(gain = tensor [ 1.0; 2.0; 1.0 ], bias = tensor [ 0.0; 0.0; 1.0 ]) // [[-1.2247, 0, 2.2247], [-0.7071, -1.4142, 2.4142]]
        /// </code></example>
        [<CompiledName "LayerNorm">]
        member x.LayerNorm(?lastAxes: int, ?epsilon: float, ?gain: Tensor, ?bias: Tensor) : Tensor =
            overLast "layerNorm" lastAxes epsilon gain bias true x

        /// <summary>
        /// x/√(mean x² + epsilon) over the last axis, or the last axes (Zhang and Sennrich 2019); times a gain, if it is given,
        /// whose shape is that of the last axes. Epsilon is 1e-5 unless given.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">
        /// The tensor is not floating-point, or the gain is of another dtype.
        /// </exception>
        /// <exception cref="T:Cotangent.AxisException">There are not so many axes.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The gain has another shape than the last axes.</exception>
        /// <exception cref="T:Cotangent.ValueException">epsilon is negative.</exception>
        /// <example><code>
        /// (tensor [ 1.0; -1.0; 7.0; 7.0 ]).RmsNorm() // [0.2, -0.2, 1.4, 1.4]
        /// </code></example>
        [<CompiledName "RmsNorm">]
        member x.RmsNorm(?lastAxes: int, ?epsilon: float, ?gain: Tensor) : Tensor =
            overLast "rmsNorm" lastAxes epsilon gain None false x

    /// <summary>(x - mean)/√(variance + 1e-5) over the last axis; others, <c>x.LayerNorm</c>.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="T:Cotangent.AxisException">The tensor is a scalar.</exception>
    /// <example><code>
    /// layerNorm (tensor [ 1.0; 2.0; 3.0 ]) // [-1.2247, 0, 1.2247]
    /// </code></example>
    let layerNorm (x: Tensor) : Tensor =
        Given.check "x" x
        x.LayerNorm()

    /// <summary>x/√(mean x² + 1e-5) over the last axis; others, <c>x.RmsNorm</c>.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
    /// <exception cref="T:Cotangent.AxisException">The tensor is a scalar.</exception>
    /// <example><code>
    /// rmsNorm (tensor [ 1.0; -1.0; 7.0; 7.0 ]) // [0.2, -0.2, 1.4, 1.4]
    /// </code></example>
    let rmsNorm (x: Tensor) : Tensor =
        Given.check "x" x
        x.RmsNorm()
