namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make a <c>FeedForward</c>.</summary>
/// <example><code>
/// let options = { FeedForward.defaults with Activation = Activation.Silu; IsGated = true; Bias = None }
/// let part = FeedForward.init options 8 16 (Key.create 0L)
/// part.Forward(Tensor.ones DType.Float32 [ 5; 8 ]) // shape (5, 8)
/// </code></example>
[<NoComparison; NoEquality>]
type FeedForwardOptions = {
    /// What makes the hidden numbers.
    Activation: Activation
    /// Whether the hidden numbers are multiplied by others, which are a linear map of the input.
    IsGated: bool
    /// The share of the hidden numbers that training drops.
    Dropout: float
    /// How the weights start.
    Weight: Init
    /// How the biases start; None: no biases.
    Bias: Init option
    /// The dtype of weights and biases.
    DType: DType
}

/// <summary>
/// Two linear maps with an activation between them, the same at every step (Vaswani et al. 2017, §3.3): activation (x W₁ + b₁) W₂ + b₂.
/// Gated, it is (activation (x W₁ + b₁) · (x W₃ + b₃)) W₂ + b₂ (Shazeer 2020), which with SiLU is called SwiGLU.
/// </summary>
type FeedForward = {
    /// From the width to the hidden numbers, with the activation.
    [<LeafName "linear1">]
    Wide: Linear
    /// From the hidden numbers back to the width.
    [<LeafName "linear2">]
    Narrow: Linear
    /// <summary>What the hidden numbers are multiplied by, from the width to as many; or null for nothing.</summary>
    [<LeafName "linear3">]
    Factor: Linear | null
    /// The share of the hidden numbers that training drops.
    Dropout: float
} with

    /// As the layer of a block would have it: with a key while training.
    member internal layer.Run(x: Tensor, key: Key | null) : Tensor =
        let hidden =
            match layer.Factor with
            | null -> layer.Wide.Forward x
            | factor -> layer.Wide.Forward x * factor.Forward x

        match key with
        | null -> hidden
        | key -> Dropout.train { Rate = layer.Dropout; Dropped = Dropped.Elements } key hidden
        |> layer.Narrow.Forward

    /// <summary>The layer's value at x of shape (…, width).</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis of x is not as long as the layer is wide.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// (FeedForward.create 8 32 (Key.create 0L)).Forward(Tensor.ones DType.Float32 [ 3; 8 ]) // shape (3, 8)
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        Layer.requireLast "FeedForward.forward" "inputs" layer.Wide.Weight.Dims[0] x
        layer.Run(x, null)

    /// <summary>The same while training: the key says which hidden numbers are dropped.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis of x is not as long as the layer is wide.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">The rate of the dropout is below 0, or 1 or more.</exception>
    /// <example><code>
    /// // Nothing is dropped unless it is asked for.
    /// let layer = FeedForward.create 8 32 (Key.create 0L)
    /// let x = Tensor.ones DType.Float32 [ 3; 8 ]
    /// layer.Train(x, Key.create 1L) = layer.Forward x // true
    /// </code></example>
    member layer.Train(x: Tensor, key: Key) : Tensor =
        Given.check "x" x
        Given.check "key" key
        Layer.requireLast "FeedForward.train" "inputs" layer.Wide.Weight.Dims[0] x
        layer.Run(x, key)

    interface ITrainingLayer with
        member layer.Forward x = layer.Forward x
        member layer.Train(x, key) = struct (layer.Train(x, key), layer)

/// The part of a transformer that looks at each step by itself.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module FeedForward =
    /// <summary>GELU, no gate, no dropout, weights by <c>Init.glorotUniform</c>, biases 0, Float32.</summary>
    let defaults: FeedForwardOptions = {
        Activation = Activation.Gelu
        IsGated = false
        Dropout = 0.0
        Weight = Init.glorotUniform
        Bias = Some Init.zeros
        DType = DType.Float32
    }

    /// A layer, in the name of who asks for it.
    let internal initAs
        (operation: string)
        (options: FeedForwardOptions)
        (width: int)
        (hidden: int)
        (key: Key)
        : FeedForward =
        Layer.requirePositive operation [ "numbers of a step", width; "hidden numbers", hidden ]
        Dropout.RequireRate operation options.Dropout
        Layer.requireFloat operation options.DType
        let forWide, forNarrow, forFactor = Key.split3 key

        let linear activation : LinearOptions = {
            Weight = options.Weight
            Bias = options.Bias
            Activation = activation
            DType = options.DType
        }

        {
            Wide = Linear.init (linear options.Activation) width hidden forWide
            Narrow = Linear.init (linear Activation.Identity) hidden width forNarrow
            Factor =
                if options.IsGated then
                    Linear.init (linear Activation.Identity) width hidden forFactor
                else
                    null
            Dropout = options.Dropout
        }

    /// <summary>A layer for steps of a width, with so many hidden numbers, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size is below 1, or the rate of the dropout is not from 0 to below 1.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let swiGlu = { FeedForward.defaults with Activation = Activation.Silu; IsGated = true; Bias = None }
    /// let layer = FeedForward.init swiGlu 64 172 (Key.create 0L)
    /// layer.Forward(Tensor.ones DType.Float32 [ 2; 5; 64 ]) // shape (2, 5, 64)
    /// </code></example>
    let init (options: FeedForwardOptions) (width: int) (hidden: int) (key: Key) : FeedForward =
        Given.check "options" options
        Given.check "key" key
        initAs "FeedForward.init" options width hidden key

    /// <summary>A layer for steps of a width, with so many hidden numbers, as <c>FeedForward.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1.</exception>
    /// <example><code>
    /// (FeedForward.create 64 256 (Key.create 0L)).Wide.Weight // shape (64, 256)
    /// </code></example>
    let create (width: int) (hidden: int) (key: Key) : FeedForward = init defaults width hidden key

    /// <summary>The layer's value at x of shape (…, width).</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis of x is not as long as the layer is wide.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = FeedForward.create 8 32 (Key.create 0L)
    /// FeedForward.forward layer (Tensor.ones DType.Float32 [ 3; 8 ]) // shape (3, 8)
    /// </code></example>
    let forward (layer: FeedForward) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
