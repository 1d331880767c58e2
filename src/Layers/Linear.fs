namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make a <c>Linear</c>.</summary>
/// <example><code>
/// let options = { Linear.defaults with Activation = Activation.Tanh; Bias = None }
/// let layer = Linear.init options 3 2 (Key.create 0L)
/// isNull layer.Bias // true
/// </code></example>
[<NoComparison; NoEquality>]
type LinearOptions = {
    /// How the weights start.
    Weight: Init
    /// How the biases start; None: no bias.
    Bias: Init option
    /// What follows the affine map.
    Activation: Activation
    /// The dtype of weights and biases.
    DType: DType
}

/// <summary>A fully connected layer: activation (x W + b).</summary>
type Linear = {
    /// (inputs, outputs)
    Weight: Tensor
    /// <summary>(outputs,), or null for none.</summary>
    Bias: Tensor | null
    /// What follows the affine map.
    Activation: Activation
} with

    /// <summary>The layer's value at x of shape (…, inputs): one example, a batch, a batch of sequences.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The last axis of x is not as long as the layer has inputs.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let weight = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
    /// let layer: Linear = { Weight = weight; Bias = tensor [ 10.0; 20.0 ]; Activation = Activation.Identity }
    /// layer.Forward(tensor [ 1.0; 1.0 ]) // [14, 26]
    /// layer.Forward(tensor [ 1.0; 1.0; 1.0 ]) // throws ShapeException
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        Layer.requireLast "Linear.forward" "inputs" layer.Weight.Dims[0] x
        Operands.sameDType "Linear.forward" x layer.Weight
        let product = matmul x layer.Weight

        match layer.Bias with
        | null -> product
        | bias -> product + bias
        |> Activation.apply layer.Activation

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Fully connected layers.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Linear =
    /// <summary>
    /// No activation, weights by <c>Init.glorotUniform</c>, biases 0, Float32. Change what you need:
    /// <c>{ Linear.defaults with Activation = Activation.Relu }</c>.
    /// </summary>
    let defaults: LinearOptions = {
        Weight = Init.glorotUniform
        Bias = Some Init.zeros
        Activation = Activation.Identity
        DType = DType.Float32
    }

    /// <summary>A layer from a number of inputs to a number of outputs, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">A number of inputs or outputs is below 1.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let layer = Linear.init { Linear.defaults with Activation = Activation.Tanh } 3 8 (Key.create 0L)
    /// layer.Weight // shape (3, 8)
    /// </code></example>
    let init (options: LinearOptions) (inputs: int) (outputs: int) (key: Key) : Linear =
        Given.check "options" options
        Layer.requirePositive "Linear.init" [ "inputs", inputs; "outputs", outputs ]
        Layer.requireFloat "Linear.init" options.DType
        let forWeight, forBias = Key.split key
        let fans = Fans.ofShape [ inputs; outputs ]

        {
            Weight = options.Weight fans [ inputs; outputs ] options.DType forWeight
            Bias =
                match options.Bias with
                | Some bias -> bias fans [ outputs ] options.DType forBias
                | None -> null
            Activation = options.Activation
        }

    /// <summary>A layer from a number of inputs to a number of outputs, as <c>Linear.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">A number of inputs or outputs is below 1.</exception>
    /// <example><code>
    /// (Linear.create 784 256 (Key.create 0L)).Weight // shape (784, 256)
    /// </code></example>
    let create (inputs: int) (outputs: int) (key: Key) : Linear = init defaults inputs outputs key

    /// <summary>The layer's value at x of shape (…, inputs): one example, a batch, a batch of sequences.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The last axis of x is not as long as the layer has inputs.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = Linear.create 3 8 (Key.create 0L)
    /// Linear.forward layer (Tensor.ones DType.Float32 [ 5; 3 ]) // shape (5, 8)
    /// </code></example>
    let forward (layer: Linear) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
