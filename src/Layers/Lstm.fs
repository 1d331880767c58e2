namespace Cotangent

open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// Long short-term memory with a forget gate.
module internal LstmKind =
    let kind: RecurrentKind = {
        Name = "Lstm"
        Gates = 4
        States = 2
        IsBiasInside = false
        Step =
            fun weights input states ->
                let gates = (input + matmul states[0] weights.WeightHh).Chunk(4, -1)
                let cell = sigmoid gates[1] * states[1] + sigmoid gates[0] * tanh gates[2]
                [| sigmoid gates[3] * tanh cell; cell |]
    }

/// <summary>What an <c>Lstm</c> hands from step to step.</summary>
/// <example><code>
/// let state = (Lstm.create 3 8 (Key.create 0L)).ZeroState [ 2 ]
/// state.Hidden // shape (2, 1, 8)
/// </code></example>
type LstmState = {
    /// What came out last: (…, layers · directions, hidden).
    Hidden: Tensor
    /// What is remembered: (…, layers · directions, hidden).
    Cell: Tensor
}

/// <summary>
/// Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000), gates in PyTorch's order i, f, g, o, each
/// x W + b + h U + b': c' = σ(f) c + σ(i) tanh g, h' = σ(o) tanh c'.
/// Inputs are (…, steps, inputs): one sequence, or a batch.
/// </summary>
type Lstm = {
    /// From the inputs to the last layer.
    Layers: RecurrentLayer list
    /// The share of the numbers between two layers that training drops.
    Dropout: float
} with

    /// <summary>
    /// x of shape (…, steps, inputs) through all layers: what the last one gives at each step, (…, steps, hidden · directions),
    /// and the states at the end, both (…, layers · directions, hidden). Given a state, it goes on from there; else from 0. Where a mask
    /// (…, steps), true for what is seen, does not hold, states stay and 0 comes out. A key drops numbers between layers, as in
    /// training.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input, the state or the mask has another shape.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <example><code>
    /// let layer = Lstm.create 3 8 (Key.create 0L)
    /// let x = Tensor.ones DType.Float32 [ 2; 5; 3 ]
    /// let struct (y, state) = layer.Run(x, mask = Mask.ofLengths 5 (tensor [ 2; 5 ]))
    /// y // shape (2, 5, 8)
    /// state.Cell // shape (2, 1, 8)
    /// </code></example>
    member layer.Run
        (
            x: Tensor,
            [<Optional; DefaultParameterValue(null: LstmState | null)>] state: LstmState | null,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Key | null)>] key: Key | null
        ) : struct (Tensor * LstmState) =
        let states: Tensor[] | null =
            match state with
            | null -> null
            | state -> [| state.Hidden; state.Cell |]

        let struct (y, last) = Recurrent.run LstmKind.kind layer.Layers layer.Dropout states mask key x
        struct (y, { Hidden = last[0]; Cell = last[1] })

    /// <summary>
    /// What the last layer gives at each step of x (…, steps, inputs), from a state of 0: (…, steps, hidden · directions).
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has no axis of steps, or another number of inputs.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// (Lstm.create 3 8 (Key.create 0L)).Forward(Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 8)
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        let struct (y, _) = layer.Run x
        y

    /// <summary>A state of 0 for a batch of this shape, [] for one sequence: (…, layers · directions, hidden).</summary>
    /// <example><code>
    /// let state = (Lstm.create 3 8 (Key.create 0L)).ZeroState [ 2 ]
    /// state.Cell // shape (2, 1, 8)
    /// </code></example>
    member layer.ZeroState(batch: int seq) : LstmState =
        Given.check "batch" batch
        let zeros = Recurrent.zeroState layer.Layers batch
        { Hidden = zeros; Cell = zeros }

    interface ITrainingLayer with
        member layer.Forward x = layer.Forward x

        member layer.Train(x, key) =
            let struct (y, _) = layer.Run(x, key = key)
            struct (y, layer)

/// Long short-term memory.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Lstm =
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
    /// let options = { Lstm.defaults with Layers = 2; IsBidirectional = true }
    /// let layer = Lstm.init options 3 8 (Key.create 0L)
    /// layer.Forward(Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 16)
    /// </code></example>
    let init (options: RecurrentOptions) (inputs: int) (hidden: int) (key: Key) : Lstm =
        Given.check "options" options
        Given.check "key" key

        { Layers = Recurrent.init LstmKind.kind options inputs hidden key; Dropout = options.Dropout }

    /// <summary>One layer from a number of inputs to a number of hidden ones, as <c>Lstm.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">A number of inputs or hidden numbers is below 1.</exception>
    /// <example><code>
    /// ((Lstm.create 3 8 (Key.create 0L)).Layers[0]).Ahead.WeightHh // shape (8, 32)
    /// </code></example>
    let create (inputs: int) (hidden: int) (key: Key) : Lstm = init defaults inputs hidden key

    /// <summary>
    /// What the last layer gives at each step of x (…, steps, inputs), from a state of 0: (…, steps, hidden · directions). With
    /// states, masks and dropout, <c>layer.Run</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has no axis of steps, or another number of inputs.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = Lstm.create 3 8 (Key.create 0L)
    /// Lstm.forward layer (Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 8)
    /// </code></example>
    let forward (layer: Lstm) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
