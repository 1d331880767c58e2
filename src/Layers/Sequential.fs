namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// Layers of any kinds, one after the other. A tree, whose leaves are called by the layers' places, <c>0.weight</c>, as in PyTorch.
/// </summary>
type Sequential = {
    /// From the input to the output.
    [<LeafName "">]
    Layers: ILayer list
} with

    /// <summary>The last layer's output, as it is while predicting.</summary>
    /// <example><code>
    /// (Sequential.create [ Activation.Relu; Residual.create Activation.Relu ]).Forward(tensor [ -1.0; 2.0 ]) // [0, 4]
    /// </code></example>
    member model.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        model.Layers |> List.fold (fun x layer -> layer.Forward x) x

    /// <summary>
    /// The last layer's output while training, and the layers with what they have learned of their inputs. Each layer draws with a
    /// key of its own.
    /// </summary>
    /// <example><code>
    /// let model = Sequential.create [ Rrelu.create 0.25 0.25; Activation.Relu ]
    /// let struct (y, next) = model.Train(tensor [ -4.0; 2.0 ], Key.create 0L)
    /// y // [0, 2]
    /// </code></example>
    member model.Train(x: Tensor, key: Key) : struct (Tensor * Sequential) =
        Given.check "x" x
        Given.check "key" key
        let keys = Key.splitMany model.Layers.Length key

        let step (x, i) (layer: ILayer) =
            let struct (y, next) = Layer.trained layer x keys[i]
            next, (y, i + 1)

        let layers, (y, _) = List.mapFold step (x, 0) model.Layers
        struct (y, { Layers = layers })

    interface ITrainingLayer with
        member model.Forward x = model.Forward x

        member model.Train(x, key) =
            let struct (y, next) = model.Train(x, key)
            struct (y, next)

/// Layers of any kinds, one after the other.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Sequential =
    /// <summary>
    /// A chain of layers. An activation is one; <c>Layer.ofFunction</c> makes one of a function, <c>Layer.over</c> one of a function
    /// with parameters.
    /// </summary>
    /// <example><code>
    /// let a, b = Key.split (Key.create 0L)
    /// let model = Sequential.create [ Linear.create 2 16 a; Activation.Relu; Linear.create 16 1 b ]
    /// Sequential.forward model (Tensor.ones DType.Float32 [ 5; 2 ]) // shape (5, 1)
    /// Model.count model // 65
    /// </code></example>
    let create (layers: ILayer list) : Sequential =
        Given.check "layers" layers
        { Layers = layers }

    /// <summary>The last layer's output, as it is while predicting.</summary>
    /// <example><code>
    /// Sequential.forward (Sequential.create [ Activation.Relu; Activation.Tanh ]) (tensor [ -1.0; 1.0 ]) // [0, 0.7616]
    /// </code></example>
    let forward (model: Sequential) (x: Tensor) : Tensor =
        Given.check "model" model
        model.Forward x

    /// <summary>
    /// The last layer's output while training, and the layers with what they have learned of their inputs besides their parameters.
    /// </summary>
    /// <example><code>
    /// let model = Sequential.create [ Rrelu.create 0.25 0.25; Activation.Tanh ]
    /// fst (Sequential.train model (Key.create 0L) (tensor [ -4.0; 0.0 ])) // [-0.7616, 0]
    /// </code></example>
    let train (model: Sequential) (key: Key) (x: Tensor) : Tensor * Sequential =
        Given.check "model" model
        let struct (y, next) = model.Train(x, key)
        y, next

/// <summary>A layer's output added to its input (He et al. 2016).</summary>
type Residual = {
    /// What is added; its output has the shape of its input.
    [<LeafName "">]
    Inner: ILayer
} with

    /// <summary>x + inner x.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The two differ in shape.</exception>
    /// <example><code>
    /// (Residual.create Activation.Relu).Forward(tensor [ -1.0; 2.0 ]) // [-1, 4]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        Connect.residual layer.Inner.Forward x

    interface ITrainingLayer with
        member layer.Forward x = layer.Forward x

        member layer.Train(x, key) =
            let struct (y, next) = Layer.trained layer.Inner x key
            struct (Connect.residual (fun _ -> y) x, { Inner = next })

/// Residual connections as layers.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Residual =
    /// <summary>A layer with its input added. Several in a chain are one: <c>Sequential.create</c>.</summary>
    /// <example><code>
    /// Residual.forward (Residual.create Activation.Relu) (tensor [ -1.0; 2.0 ]) // [-1, 4]
    /// </code></example>
    let create (inner: ILayer) : Residual =
        Given.check "inner" inner
        { Inner = inner }

    /// <summary>x + inner x.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The two differ in shape.</exception>
    /// <example><code>
    /// Residual.forward (Residual.create Activation.Tanh) (tensor [ 0.0; 1.0 ]) // [0, 1.7616]
    /// </code></example>
    let forward (layer: Residual) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
