namespace Cotangent

/// A fully connected layer: activation (x W + b).
[<CompiledName "FSharpLinear">]
type Linear = {
    /// (inputs, outputs)
    Weight: Tensor
    /// (outputs,)
    Bias: Tensor option
    Activation: Activation
}

/// How to make a `Linear`.
[<NoComparison; NoEquality; CompiledName "FSharpLinearOptions">]
type LinearOptions = {
    Activation: Activation
    Weight: Init
    /// None: no bias.
    Bias: Init option
}

/// Fully connected layers.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Linear =
    /// No activation, weights by `Init.glorotUniform`, biases 0. Change what you need: `{ Linear.defaults with
    /// Activation = Activation.Relu }`.
    let defaults: LinearOptions = {
        Activation = Activation.Identity
        Weight = Init.glorotUniform
        Bias = Some Init.zeros
    }

    /// A layer from a number of inputs to a number of outputs, Float32 (`Tree.map` with `Convert` makes another dtype).
    ///
    /// <example><code>let layer = Linear.init { Linear.defaults with Activation = Activation.Tanh } 3 8 (Key.create 0L)</code></example>
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

    /// The layer's value at x of shape (…, inputs): one example, a batch, a batch of sequences.
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

/// A chain of fully connected layers: a multilayer perceptron.
[<CompiledName "FSharpMlp">]
type Mlp = { Layers: Linear list }

/// Multilayer perceptrons.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Mlp =
    /// Layers between consecutive sizes, each with its own options: `Mlp.init 2 [ 16, hidden; 1, output ] key`.
    let init (inputs: int) (layers: (int * LinearOptions) list) (key: Key) : Mlp =
        let keys = Key.splitMany layers.Length key
        let sizes = inputs :: List.map fst layers

        {
            Layers =
                List.zip3 (List.pairwise sizes) (List.map snd layers) (List.ofArray keys)
                |> List.map (fun ((fanIn, fanOut), options, key) -> Linear.init options fanIn fanOut key)
        }

    /// The last layer's output for x of shape (…, inputs).
    let forward (model: Mlp) (x: Tensor) : Tensor =
        List.fold (fun x layer -> Linear.forward layer x) x model.Layers
