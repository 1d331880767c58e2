namespace Cotangent

open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// Gated recurrent units as PyTorch and cuDNN have them (Cho et al. 2014, with the reset gate after the product).
module internal GruKind =
    let kind: RecurrentKind = {
        Name = "Gru"
        Gates = 3
        States = 1
        IsBiasInside = true
        Step =
            fun hidden input states ->
                let h, i = hidden.Chunk(3, -1), input.Chunk(3, -1)
                let reset, update = sigmoid (i[0] + h[0]), sigmoid (i[1] + h[1])
                let fresh = tanh (i[2] + reset * h[2])
                [| fresh + update * (states[0] - fresh) |]
    }

/// <summary>
/// Gated recurrent units (Cho et al. 2014), as PyTorch and cuDNN compute them, gates in the order r, z, n:
/// r = σ(x Wr + h Ur), z = σ(x Wz + h Uz), n = tanh (x Wn + r (h Un)), h' = (1 - z) n + z h, each product with its bias.
/// Inputs are (…, steps, inputs): one sequence, or a batch.
/// </summary>
type Gru = {
    /// From the inputs to the last layer.
    Layers: RecurrentLayer list
    /// The share of the numbers between two layers that training drops.
    Dropout: float
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
    /// let layer = Gru.create 3 8 (Key.create 0L)
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

        let struct (y, last) = Recurrent.run GruKind.kind layer.Layers layer.Dropout states mask key x
        struct (y, last[0])

    /// <summary>
    /// What the last layer gives at each step of x (…, steps, inputs), from a state of 0: (…, steps, hidden · directions).
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has no axis of steps, or another number of inputs.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// (Gru.create 3 8 (Key.create 0L)).Forward(Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 8)
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        let struct (y, _) = layer.Run x
        y

    /// <summary>A state of 0 for a batch of this shape, [] for one sequence: (…, layers · directions, hidden).</summary>
    /// <example><code>
    /// (Gru.create 3 8 (Key.create 0L)).ZeroState [ 2 ] // shape (2, 1, 8)
    /// </code></example>
    member layer.ZeroState(batch: int seq) : Tensor =
        Given.check "batch" batch
        Recurrent.zeroState layer.Layers batch

    interface ITrainingLayer with
        member layer.Forward x = layer.Forward x

        member layer.Train(x, key) =
            let struct (y, _) = layer.Run(x, key = key)
            struct (y, layer)

/// Gated recurrent units.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Gru =
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
    /// let options = { Gru.defaults with Layers = 2; IsBidirectional = true }
    /// let layer = Gru.init options 3 8 (Key.create 0L)
    /// layer.Forward(Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 16)
    /// </code></example>
    let init (options: RecurrentOptions) (inputs: int) (hidden: int) (key: Key) : Gru =
        Given.check "options" options
        Given.check "key" key

        { Layers = Recurrent.init GruKind.kind options inputs hidden key; Dropout = options.Dropout }

    /// <summary>One layer from a number of inputs to a number of hidden ones, as <c>Gru.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">A number of inputs or hidden numbers is below 1.</exception>
    /// <example><code>
    /// ((Gru.create 3 8 (Key.create 0L)).Layers[0]).Ahead.WeightHh // shape (8, 24)
    /// </code></example>
    let create (inputs: int) (hidden: int) (key: Key) : Gru = init defaults inputs hidden key

    /// <summary>
    /// What the last layer gives at each step of x (…, steps, inputs), from a state of 0: (…, steps, hidden · directions). With
    /// states, masks and dropout, <c>layer.Run</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has no axis of steps, or another number of inputs.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = Gru.create 3 8 (Key.create 0L)
    /// Gru.forward layer (Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 8)
    /// </code></example>
    let forward (layer: Gru) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
