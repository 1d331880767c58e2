namespace Cotangent

open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// The simplest recurrent network (Elman 1990).
module internal RnnKind =
    let withActivation (activation: Activation) : RecurrentKind = {
        Name = "Rnn"
        Gates = 1
        States = 1
        IsBiasInside = false
        Step = fun hidden input _ -> [| activation.Apply(input + hidden) |]
    }

/// <summary>
/// A simple recurrent network (Elman 1990): h' = tanh (x W + b + h W' + b'), or another function in place of tanh.
/// Inputs are (…, steps, inputs): one sequence, or a batch.
/// </summary>
type Rnn = {
    /// From the inputs to the last layer.
    Layers: RecurrentLayer list
    /// The share of the numbers between two layers that training drops.
    Dropout: float
    /// What each step's sum goes through; the hyperbolic tangent, unless it is replaced.
    Activation: Activation
} with

    /// <summary>
    /// x of shape (…, steps, inputs) through all layers: what the last one gives at each step, (…, steps, hidden · directions),
    /// and the state at the end, (…, layers · directions, hidden). Given a state, it goes on from there; else from 0. Where a mask
    /// (…, steps), true for what is seen, does not hold, states stay and 0 comes out. A key drops numbers between layers, as in
    /// training.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input, the state or the mask has another shape.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <example><code>
    /// let layer = Rnn.create 3 8 (Key.create 0L)
    /// let x = Tensor.ones DType.Float32 [ 2; 5; 3 ]
    /// let struct (y, state) = layer.Run(x, mask = Mask.ofLengths 5 (tensor [ 2; 5 ]))
    /// y // shape (2, 5, 8)
    /// state // shape (2, 1, 8)
    /// </code></example>
    member layer.Run
        (
            x: Tensor,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] state: Tensor | null,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Key | null)>] key: Key | null
        ) : struct (Tensor * Tensor) =
        let states: Tensor[] | null =
            match state with
            | null -> null
            | state -> [| state |]

        let struct (y, last) =
            Recurrent.run
                (RnnKind.withActivation layer.Activation)
                layer.Layers
                layer.Dropout
                states
                mask
                key
                x

        struct (y, last[0])

    /// <summary>
    /// What the last layer gives at each step of x (…, steps, inputs), from a state of 0: (…, steps, hidden · directions).
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has no axis of steps, or another number of inputs.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// (Rnn.create 3 8 (Key.create 0L)).Forward(Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 8)
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        let struct (y, _) = layer.Run x
        y

    /// <summary>A state of 0 for a batch of this shape, [] for one sequence: (…, layers · directions, hidden).</summary>
    /// <example><code>
    /// (Rnn.create 3 8 (Key.create 0L)).ZeroState [ 2 ] // shape (2, 1, 8)
    /// </code></example>
    member layer.ZeroState(batch: int seq) : Tensor =
        Given.check "batch" batch
        Recurrent.zeroState layer.Layers batch

    interface ITrainingLayer with
        member layer.Forward x = layer.Forward x

        member layer.Train(x, key) =
            let struct (y, _) = layer.Run(x, key = key)
            struct (y, layer)

/// Simple recurrent networks.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Rnn =
    /// <summary>
    /// One layer, one direction, no dropout; weights and biases uniform within ±1/√hidden, as PyTorch's; Float32.
    /// </summary>
    let defaults: RecurrentOptions = Recurrent.defaults

    /// <summary>A network from a number of inputs to a number of hidden ones, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A number of inputs, hidden numbers or layers is below 1, or the dropout is not from 0 to below 1.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let options = { Rnn.defaults with Layers = 2; IsBidirectional = true }
    /// let layer = Rnn.init options 3 8 (Key.create 0L)
    /// layer.Forward(Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 16)
    /// </code></example>
    let init (options: RecurrentOptions) (inputs: int) (hidden: int) (key: Key) : Rnn =
        Given.check "options" options
        Given.check "key" key

        {
            Layers = Recurrent.init (RnnKind.withActivation Activation.Tanh) options inputs hidden key
            Dropout = options.Dropout
            Activation = Activation.Tanh
        }

    /// <summary>One layer from a number of inputs to a number of hidden ones, as <c>Rnn.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">A number of inputs or hidden numbers is below 1.</exception>
    /// <example><code>
    /// ((Rnn.create 3 8 (Key.create 0L)).Layers[0]).Ahead.WeightHh // shape (8, 8)
    /// </code></example>
    let create (inputs: int) (hidden: int) (key: Key) : Rnn = init defaults inputs hidden key

    /// <summary>
    /// What the last layer gives at each step of x (…, steps, inputs), from a state of 0: (…, steps, hidden · directions). With
    /// states, masks and dropout, <c>layer.Run</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has no axis of steps, or another number of inputs.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = Rnn.create 3 8 (Key.create 0L)
    /// Rnn.forward layer (Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 8)
    /// </code></example>
    let forward (layer: Rnn) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
