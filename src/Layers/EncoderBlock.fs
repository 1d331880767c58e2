namespace Cotangent

open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// A block of a transformer's encoder (Vaswani et al. 2017, §3.1): self attention, in which each step sees all others, and a
/// feed-forward part, each added to its input. Inputs are (…, steps, width): one sequence, or a batch.
/// </summary>
type EncoderBlock = {
    /// Each step looks at all steps.
    [<LeafName "self_attn">]
    SelfAttention: MultiHeadAttention
    /// Normalises around the attention: any layer that keeps the shape.
    Norm1: ILayer
    /// What is done to each step by itself.
    [<LeafName "">]
    FeedForward: FeedForward
    /// Normalises around the feed-forward part.
    Norm2: ILayer
    /// Whether the input of each part is normalised; if not, each sum is.
    IsNormFirst: bool
    /// The share of what each part adds that training drops.
    Dropout: float
} with

    member internal block.RunAs(operation: string, x: Tensor, mask: Tensor | null, key: Key | null) : Tensor =
        Blocks.requireInput operation block.SelfAttention x
        let keys = Blocks.keys 4 key
        let first = block.IsNormFirst

        let x =
            block.SelfAttention.LookAtSelf(operation, Blocks.enter first block.Norm1 x, mask, keys[0])
            |> Blocks.leave first block.Norm1 block.Dropout keys[1] x

        block.FeedForward.Run(Blocks.enter first block.Norm2 x, keys[2])
        |> Blocks.leave first block.Norm2 block.Dropout keys[3] x

    /// <summary>
    /// The block's value at x (…, steps, width). Each step sees the steps where the mask, (…, steps or 1, steps), holds; without a
    /// mask, all. A key drops numbers, as in training.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, no axis of steps, or the mask does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <example><code>
    /// let block = EncoderBlock.create 8 2 (Key.create 0L)
    /// let seen = Mask.forQueries (Mask.ofLengths 5 (tensor [ 3; 5 ]))
    /// block.Run(Tensor.ones DType.Float32 [ 2; 5; 8 ], mask = seen) // shape (2, 5, 8)
    /// </code></example>
    member block.Run
        (
            x: Tensor,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Key | null)>] key: Key | null
        ) : Tensor =
        Given.check "x" x
        block.RunAs("EncoderBlock.run", x, mask, key)

    /// <summary>The block's value at x (…, steps, width), where each step sees all.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let block = EncoderBlock.create 8 2 (Key.create 0L)
    /// block.Forward(Tensor.ones DType.Float32 [ 3; 5; 8 ]) // shape (3, 5, 8)
    /// </code></example>
    member block.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        block.RunAs("EncoderBlock.forward", x, null, null)

    /// <summary>The same while training: the key says what is dropped.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let block = EncoderBlock.init { EncoderBlock.defaults with Dropout = 0.1 } 8 2 (Key.create 0L)
    /// block.Train(Tensor.ones DType.Float32 [ 3; 5; 8 ], Key.create 1L) // shape (3, 5, 8)
    /// </code></example>
    member block.Train(x: Tensor, key: Key) : Tensor =
        Given.check "x" x
        Given.check "key" key
        block.RunAs("EncoderBlock.train", x, null, key)

    interface ITrainingLayer with
        member block.Forward x = block.Forward x
        member block.Train(x, key) = struct (block.Train(x, key), block)

/// Blocks of a transformer's encoder.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module EncoderBlock =
    /// <summary>
    /// LayerNorm with ε = 1e-5 before each part, 4 · width hidden numbers, GELU, no gate, keys for each head, no rotation, no
    /// dropout; weights by <c>Init.glorotUniform</c>, biases 0, Float32.
    /// </summary>
    let defaults: TransformerOptions = Blocks.defaults

    let internal initAs
        operation
        (options: TransformerOptions)
        (width: int)
        (heads: int)
        (key: Key)
        : EncoderBlock =
        let forAttention, forFeedForward = Key.split key

        {
            SelfAttention = Blocks.selfAttention operation options false width heads forAttention
            Norm1 = Blocks.norm operation options width
            FeedForward = Blocks.feedForward operation options width forFeedForward
            Norm2 = Blocks.norm operation options width
            IsNormFirst = options.IsNormFirst
            Dropout = options.Dropout
        }

    /// <summary>A block for steps of a width, with so many heads, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size is below 1, the heads do not divide the width (unless <c>HeadWidth</c> is set), or the heads of keys the heads; or a
    /// rate of dropout is not from 0 to below 1.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A head that is rotated has an odd width.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let original = { EncoderBlock.defaults with IsNormFirst = false; Activation = Activation.Relu; Dropout = 0.1 }
    /// let block = EncoderBlock.init original 64 8 (Key.create 0L)
    /// block.FeedForward.Wide.Weight // shape (64, 256)
    /// </code></example>
    let init (options: TransformerOptions) (width: int) (heads: int) (key: Key) : EncoderBlock =
        Given.check "options" options
        Given.check "key" key
        initAs "EncoderBlock.init" options width heads key

    /// <summary>A block for steps of a width, with so many heads, as <c>EncoderBlock.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1, or the heads do not divide the width.</exception>
    /// <example><code>
    /// // A chain of them, compiled as a loop.
    /// let blocks = Repeat.create 48 (EncoderBlock.create 8 2) (Key.create 0L)
    /// Repeat.fold EncoderBlock.forward blocks (Tensor.ones DType.Float32 [ 5; 8 ]) // shape (5, 8)
    /// </code></example>
    let create (width: int) (heads: int) (key: Key) : EncoderBlock = init defaults width heads key

    /// <summary>
    /// The block's value at x (…, steps, width), where each step sees all. With a mask, <c>block.Run(x, mask = mask)</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let block = EncoderBlock.create 8 2 (Key.create 0L)
    /// EncoderBlock.forward block (Tensor.ones DType.Float32 [ 3; 5; 8 ]) // shape (3, 5, 8)
    /// </code></example>
    let forward (block: EncoderBlock) (x: Tensor) : Tensor =
        Given.check "block" block
        block.Forward x
