namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make a normalisation: a <c>LayerNorm</c>, <c>GroupNorm</c> or <c>InstanceNorm</c>.</summary>
/// <example><code>
/// let options = { LayerNorm.defaults with Bias = None }
/// (LayerNorm.init options [ 16 ]).Weight // shape (16)
/// </code></example>
type NormOptions = {
    /// What the gains start from; None: no gains.
    Weight: float option
    /// What the biases start from; None: no biases.
    Bias: float option
    /// Is added to the variance, so that nothing is divided by 0.
    Epsilon: float
    /// The dtype of gains and biases.
    DType: DType
}

/// <summary>How to make an <c>RmsNorm</c>.</summary>
/// <example><code>
/// let options = { RmsNorm.defaults with Epsilon = 1e-6 }
/// (RmsNorm.init options [ 16 ]).Weight // shape (16)
/// </code></example>
type RmsNormOptions = {
    /// What the gains start from; None: no gains.
    Weight: float option
    /// Is added to the mean of squares, so that nothing is divided by 0.
    Epsilon: float
    /// The dtype of the gains.
    DType: DType
}

/// What normalisations have in common.
module internal Norms =
    let requireEpsilon (operation: string) (epsilon: float) =
        if not (epsilon >= 0.0) then
            raise (ValueException $"{operation}: epsilon is {string epsilon}; it must be 0 or more.")

    /// A parameter that starts from a number everywhere, or is left out.
    let start (dtype: DType) (shape: int list) (value: float option) : Tensor | null =
        match value with
        | Some value -> Tensor.full dtype shape value
        | None -> null

    /// Parameters are of the input's dtype, or in Float32 where that is one of 16 bits.
    let requireDTypes (operation: string) (parameters: (Tensor | null) list) (x: Tensor) =
        Folds.requireFloat operation x

        for parameter in parameters do
            match parameter with
            | null -> ()
            | p when DTypes.isHalf x.DType && p.DType = DType.Float32 -> ()
            | p -> Operands.sameDType operation x p

    /// A function computed in the dtype of the first of the parameters that is there, and its result in that of x.
    let inWide (parameters: (Tensor | null) list) (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let dtype =
            parameters
            |> List.tryPick (fun p ->
                match p with
                | null -> None
                | p -> Some p.DType)
            |> Option.defaultValue x.DType

        (f (x.Convert dtype)).Convert x.DType

    let optional (parameter: Tensor | null) : Tensor option =
        match parameter with
        | null -> None
        | t -> Some t

    /// The last axes of an input are those that the layer normalises over.
    let requireShape (operation: string) (shape: int list) (x: Tensor) =
        Given.check "x" x
        let wanted = Array.ofList shape
        let first = x.Rank - wanted.Length

        if first < 0 || not (Shape.equal x.Dims[first..] wanted) then
            let axes = if wanted.Length = 1 then "its last axis" else $"its last {wanted.Length} axes"

            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; {axes} must be {Shape.show wanted}, what this layer normalises over."
            )

    let requireSizes (operation: string) (shape: int list) =
        if shape.IsEmpty then
            raise (ValueException $"{operation}: no axes; give the sizes of those to normalise over.")

        Layer.requirePositive operation [ for size in shape -> "features along an axis", size ]

/// <summary>
/// Layer normalisation (Ba, Kiros and Hinton 2016): (x - mean)/√(variance + ε) · weight + bias, over the last axes.
/// </summary>
type LayerNorm = {
    /// The gains, of the shape that is normalised over, or null for none.
    Weight: Tensor | null
    /// The biases, of the same shape, or null for none.
    Bias: Tensor | null
    /// The sizes of the last axes, which are normalised over together.
    Shape: int list
    /// Is added to the variance.
    Epsilon: float
} with

    /// <summary>The layer's value at x of shape (…) ++ its shape; every (…) is normalised by itself.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axes of x are not those of the layer.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// (LayerNorm.create 2).Forward(tensor [ [ 1.0f; 3.0f ]; [ 5.0f; 2.0f ] ]) // [[-1, 1], [1, -1]]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        let operation = "LayerNorm.forward"
        Norms.requireShape operation layer.Shape x
        let parameters = [ layer.Weight; layer.Bias ]
        Norms.requireDTypes operation parameters x

        x
        |> Norms.inWide parameters (fun x ->
            x.LayerNorm(
                layer.Shape.Length,
                layer.Epsilon,
                ?gain = Norms.optional layer.Weight,
                ?bias = Norms.optional layer.Bias
            ))

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Layer normalisation.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module LayerNorm =
    /// <summary>Gains 1, biases 0, ε = 1e-5, Float32.</summary>
    let defaults: NormOptions = { Weight = Some 1.0; Bias = Some 0.0; Epsilon = 1e-5; DType = DType.Float32 }

    /// <summary>A layer that normalises over last axes of these sizes, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no size, one is below 1, or ε is negative.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let layer = LayerNorm.init { LayerNorm.defaults with Bias = None } [ 4; 8 ]
    /// layer.Weight // shape (4, 8)
    /// </code></example>
    let init (options: NormOptions) (shape: int list) : LayerNorm =
        let operation = "LayerNorm.init"
        Given.check "options" options
        Given.check "shape" shape
        Norms.requireSizes operation shape
        Norms.requireEpsilon operation options.Epsilon
        Layer.requireFloat operation options.DType

        {
            Weight = Norms.start options.DType shape options.Weight
            Bias = Norms.start options.DType shape options.Bias
            Shape = shape
            Epsilon = options.Epsilon
        }

    /// <summary>A layer that normalises over a last axis of so many features, as <c>LayerNorm.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are no features.</exception>
    /// <example><code>
    /// LayerNorm.forward (LayerNorm.create 3) (tensor [ [ 1.0f; 2.0f; 3.0f ] ]) // [[-1.2247, 0, 1.2247]]
    /// </code></example>
    let create (features: int) : LayerNorm = init defaults [ features ]

    /// <summary>The layer's value at x of shape (…) ++ its shape; every (…) is normalised by itself.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axes of x are not those of the layer.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// LayerNorm.forward (LayerNorm.create 8) (Tensor.ones DType.Float32 [ 5; 7; 8 ]) // shape (5, 7, 8)
    /// </code></example>
    let forward (layer: LayerNorm) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x

/// <summary>
/// Normalisation by the root of the mean square (Zhang and Sennrich 2019): x/√(mean x² + ε) · weight, over the last axes.
/// </summary>
type RmsNorm = {
    /// The gains, of the shape that is normalised over, or null for none.
    Weight: Tensor | null
    /// The sizes of the last axes, which are normalised over together.
    Shape: int list
    /// Is added to the mean of squares.
    Epsilon: float
} with

    /// <summary>The layer's value at x of shape (…) ++ its shape; every (…) is normalised by itself.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axes of x are not those of the layer.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only gains in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// // Divided by the root of (3² + 4²)/2.
    /// (RmsNorm.create 2).Forward(tensor [ 3.0f; 4.0f ]) // [0.8485, 1.1314]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        let operation = "RmsNorm.forward"
        Norms.requireShape operation layer.Shape x
        Norms.requireDTypes operation [ layer.Weight ] x

        x
        |> Norms.inWide [ layer.Weight ] (fun x ->
            x.RmsNorm(layer.Shape.Length, layer.Epsilon, ?gain = Norms.optional layer.Weight))

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Normalisation by the root of the mean square.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module RmsNorm =
    /// <summary>Gains 1, ε = 1e-5, Float32.</summary>
    let defaults: RmsNormOptions = { Weight = Some 1.0; Epsilon = 1e-5; DType = DType.Float32 }

    /// <summary>A layer that normalises over last axes of these sizes, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no size, one is below 1, or ε is negative.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// (RmsNorm.init { RmsNorm.defaults with Epsilon = 1e-6 } [ 64 ]).Weight // shape (64)
    /// </code></example>
    let init (options: RmsNormOptions) (shape: int list) : RmsNorm =
        let operation = "RmsNorm.init"
        Given.check "options" options
        Given.check "shape" shape
        Norms.requireSizes operation shape
        Norms.requireEpsilon operation options.Epsilon
        Layer.requireFloat operation options.DType

        {
            Weight = Norms.start options.DType shape options.Weight
            Shape = shape
            Epsilon = options.Epsilon
        }

    /// <summary>A layer that normalises over a last axis of so many features, as <c>RmsNorm.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are no features.</exception>
    /// <example><code>
    /// RmsNorm.forward (RmsNorm.create 4) (tensor [ 1.0f; -1.0f; 7.0f; 7.0f ]) // [0.2, -0.2, 1.4, 1.4]
    /// </code></example>
    let create (features: int) : RmsNorm = init defaults [ features ]

    /// <summary>The layer's value at x of shape (…) ++ its shape; every (…) is normalised by itself.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axes of x are not those of the layer.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only gains in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// RmsNorm.forward (RmsNorm.create 8) (Tensor.ones DType.Float32 [ 5; 7; 8 ]) // shape (5, 7, 8)
    /// </code></example>
    let forward (layer: RmsNorm) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
