namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>A chain of fully connected layers: a multilayer perceptron.</summary>
type Mlp = {
    /// From the input to the output.
    Layers: Linear list
} with

    /// <summary>The last layer's output for x of shape (…, inputs).</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The last axis of x is not as long as the first layer has inputs.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let model = Mlp.create [ 2; 8; 1 ] Activation.Relu (Key.create 0L)
    /// model.Forward(Tensor.ones DType.Float32 [ 5; 2 ]) // shape (5, 1)
    /// </code></example>
    member model.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        List.fold (fun x layer -> Linear.forward layer x) x model.Layers

    interface ILayer with
        member model.Forward x = model.Forward x

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
        Given.check "layers" layers
        let keys = Key.splitMany (List.length layers) key
        let sizes = inputs :: List.map fst layers |> List.take layers.Length

        {
            Layers =
                List.mapi2
                    (fun i inputs (outputs, options) -> Linear.init options inputs outputs keys[i])
                    sizes
                    layers
        }

    /// <summary>
    /// Layers between consecutive sizes, an activation between them and none after the last, as <c>Linear.defaults</c> has them.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1, or there are fewer than two.</exception>
    /// <example><code>
    /// let model = Mlp.create [ 2; 16; 16; 1 ] Activation.Relu (Key.create 0L)
    /// Mlp.forward model (Tensor.ones DType.Float32 [ 5; 2 ]) // shape (5, 1)
    /// </code></example>
    let create (sizes: int list) (activation: Activation) (key: Key) : Mlp =
        Given.check "sizes" sizes
        Given.check "key" key

        match sizes with
        | inputs :: (_ :: _ as outputs) ->
            let last = outputs.Length - 1

            let options i = {
                Linear.defaults with
                    Activation = if i < last then activation else Activation.Identity
            }

            init inputs (outputs |> List.mapi (fun i size -> size, options i)) key
        | []
        | [ _ ] ->
            raise (
                ValueException
                    $"Mlp.create: {sizes.Length} sizes; give those of the input and of each layer's output, at least two."
            )

    /// <summary>The last layer's output for x of shape (…, inputs).</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The last axis of x is not as long as the first layer has inputs.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let model = Mlp.create [ 2; 16; 1 ] Activation.Tanh (Key.create 0L)
    /// Mlp.forward model (Tensor.ones DType.Float32 [ 5; 2 ]) // shape (5, 1)
    /// </code></example>
    let forward (model: Mlp) (x: Tensor) : Tensor =
        Given.check "model" model
        model.Forward x
