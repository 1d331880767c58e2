namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// A fully connected layer: activation (x W + b).
[<CompiledName "FSharpLinear">]
type Linear = {
    /// (inputs, outputs)
    Weight: Tensor
    /// (outputs,)
    Bias: Tensor option
    /// What follows the affine map.
    Activation: Activation
}

/// <summary>How to make a <c>Linear</c>.</summary>
[<NoComparison; NoEquality; CompiledName "FSharpLinearOptions">]
type LinearOptions = {
    /// What follows the affine map.
    Activation: Activation
    /// How the weights start.
    Weight: Init
    /// How the biases start; None: no bias.
    Bias: Init option
}

/// Fully connected layers.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Linear =
    /// <summary>
    /// No activation, weights by <c>Init.glorotUniform</c>, biases 0. Change what you need:
    /// <c>{ Linear.defaults with Activation = Activation.Relu }</c>.
    /// </summary>
    let defaults: LinearOptions = {
        Activation = Activation.Identity
        Weight = Init.glorotUniform
        Bias = Some Init.zeros
    }

    /// <summary>
    /// A layer from a number of inputs to a number of outputs, Float32 (<c>Tree.map</c> with <c>Convert</c> makes
    /// another dtype).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A number of inputs or outputs is below 1.</exception>
    /// <example><code>
    /// let layer = Linear.init { Linear.defaults with Activation = Activation.Tanh } 3 8 (Key.create 0L)
    /// layer.Weight // shape (3, 8)
    /// </code></example>
    let init (options: LinearOptions) (inputs: int) (outputs: int) (key: Key) : Linear =
        if inputs < 1 || outputs < 1 then
            raise (
                ValueException $"Linear.init: {inputs} inputs and {outputs} outputs; both must be at least 1."
            )

        let forWeight, forBias = Key.split key
        let fans = { In = inputs; Out = outputs }

        {
            Weight = options.Weight fans [ inputs; outputs ] forWeight
            Bias = options.Bias |> Option.map (fun bias -> bias fans [ outputs ] forBias)
            Activation = options.Activation
        }

    /// <summary>The layer's value at x of shape (…, inputs): one example, a batch, a batch of sequences.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The last axis of x is not as long as the layer has inputs.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = Linear.init Linear.defaults 3 8 (Key.create 0L)
    /// Linear.forward layer (Tensor.ones DType.Float32 [ 5; 3 ]) // shape (5, 8)
    /// </code></example>
    let forward (layer: Linear) (x: Tensor) : Tensor =
        if x.Rank = 0 || x.Dims[x.Rank - 1] <> layer.Weight.Dims[0] then
            raise (
                ShapeException
                    $"Linear.forward: the input has shape {Shape.show x.Dims}; its last axis must have the {layer.Weight.Dims[0]} inputs of a layer of weights {Shape.show layer.Weight.Dims}."
            )

        let product = matmul x layer.Weight

        match layer.Bias with
        | Some bias -> product + bias
        | None -> product
        |> Activation.apply layer.Activation

/// <summary>A chain of fully connected layers: a multilayer perceptron.</summary>
[<CompiledName "FSharpMlp">]
type Mlp = {
    /// From the input to the output.
    Layers: Linear list
}

/// Multilayer perceptrons.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Mlp =
    /// <summary>
    /// Layers between consecutive sizes, each with its own options: <c>Mlp.init 2 [ 16, hidden; 1, output ] key</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1.</exception>
    /// <example><code>
    /// let hidden = { Linear.defaults with Activation = Activation.Relu }
    /// let model = Mlp.init 2 [ 16, hidden; 16, hidden; 1, Linear.defaults ] (Key.create 0L)
    /// model.Layers.Length // 3
    /// </code></example>
    let init (inputs: int) (layers: (int * LinearOptions) list) (key: Key) : Mlp =
        let keys = Key.splitMany (List.length layers) key

        let sizes = inputs :: List.map fst layers |> List.take layers.Length

        {
            Layers =
                List.mapi2
                    (fun i inputs (outputs, options) -> Linear.init options inputs outputs keys[i])
                    sizes
                    layers
        }

    /// <summary>The last layer's output for x of shape (…, inputs).</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The last axis of x is not as long as the first layer has inputs.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let model = Mlp.init 2 [ 16, Linear.defaults; 1, Linear.defaults ] (Key.create 0L)
    /// Mlp.forward model (Tensor.ones DType.Float32 [ 5; 2 ]) // shape (5, 1)
    /// </code></example>
    let forward (model: Mlp) (x: Tensor) : Tensor =
        List.fold (fun x layer -> Linear.forward layer x) x model.Layers
