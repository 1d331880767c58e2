namespace Cotangent

open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// The encoder of a transformer (Vaswani et al. 2017): blocks, one after the other, in which each step sees all others, and a
/// normalisation at the end where the blocks normalise first. Inputs are (…, steps, width); positions are added before, unless the
/// blocks rotate by them.
/// </summary>
/// <remarks>
/// The blocks are a list: each has names of its own, <c>layers.3.norm1.weight</c>, may be frozen or replaced alone, and all of them
/// compile as one program without a loop. Where there are so many that compiling takes long, <c>Repeat.create</c> of a block and
/// <c>Repeat.fold EncoderBlock.forward</c> give the same as a loop.
/// </remarks>
type TransformerEncoder = {
    /// From the input to the output.
    Layers: EncoderBlock list
    /// <summary>Normalises the last block's output, or null for nothing.</summary>
    Norm: ILayer | null
} with

    member private encoder.RunAs
        (operation: string, x: Tensor, mask: Tensor | null, key: Key | null)
        : Tensor =
        let keys = Blocks.keys encoder.Layers.Length key
        let through (x, i) (block: EncoderBlock) = block.RunAs(operation, x, mask, keys[i]), i + 1
        Blocks.finish encoder.Norm (fst (List.fold through (x, 0) encoder.Layers))

    /// <summary>
    /// The last block's output for x (…, steps, width). Each step sees the steps where the mask, (…, steps or 1, steps), holds;
    /// without a mask, all. A key drops numbers, as in training; each block draws with a key of its own.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, no axis of steps, or the mask does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <example><code>
    /// let encoder = TransformerEncoder.create 2 8 2 (Key.create 0L)
    /// let seen = Mask.forQueries (Mask.ofLengths 5 (tensor [ 3; 5 ]))
    /// encoder.Run(Tensor.ones DType.Float32 [ 2; 5; 8 ], mask = seen) // shape (2, 5, 8)
    /// </code></example>
    member encoder.Run
        (
            x: Tensor,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Key | null)>] key: Key | null
        ) : Tensor =
        Given.check "x" x
        encoder.RunAs("TransformerEncoder.run", x, mask, key)

    /// <summary>The last block's output for x (…, steps, width), where each step sees all.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let encoder = TransformerEncoder.create 2 8 2 (Key.create 0L)
    /// encoder.Forward(Tensor.ones DType.Float32 [ 3; 5; 8 ]) // shape (3, 5, 8)
    /// </code></example>
    member encoder.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        encoder.RunAs("TransformerEncoder.forward", x, null, null)

    /// <summary>The same while training: the key says what is dropped.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let encoder = TransformerEncoder.init { TransformerEncoder.defaults with Dropout = 0.1 } 2 8 2 (Key.create 0L)
    /// encoder.Train(Tensor.ones DType.Float32 [ 3; 5; 8 ], Key.create 1L) // shape (3, 5, 8)
    /// </code></example>
    member encoder.Train(x: Tensor, key: Key) : Tensor =
        Given.check "x" x
        Given.check "key" key
        encoder.RunAs("TransformerEncoder.train", x, null, key)

    interface ITrainingLayer with
        member encoder.Forward x = encoder.Forward x
        member encoder.Train(x, key) = struct (encoder.Train(x, key), encoder)

/// Encoders of transformers.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module TransformerEncoder =
    /// <summary>As <c>EncoderBlock.defaults</c>.</summary>
    let defaults: TransformerOptions = Blocks.defaults

    /// <summary>An encoder of so many blocks, for steps of a width, with so many heads, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size is below 1, the heads do not divide the width (unless <c>HeadWidth</c> is set), or the heads of keys the heads; or a
    /// rate of dropout is not from 0 to below 1.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A head that is rotated has an odd width.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let rotated = { TransformerEncoder.defaults with Rotary = Some Rotary.halves; Dropout = 0.1 }
    /// let encoder = TransformerEncoder.init rotated 6 64 8 (Key.create 0L)
    /// encoder.Layers.Length // 6
    /// </code></example>
    let init
        (options: TransformerOptions)
        (blocks: int)
        (width: int)
        (heads: int)
        (key: Key)
        : TransformerEncoder =
        let operation = "TransformerEncoder.init"
        Given.check "options" options
        Given.check "key" key
        Layer.requirePositive operation [ "blocks", blocks ]

        {
            Layers = [
                for key in Key.splitMany blocks key -> EncoderBlock.initAs operation options width heads key
            ]
            Norm = Blocks.lastNorm operation options width
        }

    /// <summary>
    /// An encoder of so many blocks, for steps of a width, with so many heads, as <c>TransformerEncoder.defaults</c> has it.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1, or the heads do not divide the width.</exception>
    /// <example><code>
    /// let encoder = TransformerEncoder.create 6 64 8 (Key.create 0L)
    /// Model.names encoder |> Array.head // "layers.0.self_attn.query.weight"
    /// </code></example>
    let create (blocks: int) (width: int) (heads: int) (key: Key) : TransformerEncoder =
        init defaults blocks width heads key

    /// <summary>
    /// The last block's output for x (…, steps, width), where each step sees all. With a mask, <c>encoder.Run(x, mask = mask)</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let encoder = TransformerEncoder.create 2 8 2 (Key.create 0L)
    /// TransformerEncoder.forward encoder (Tensor.ones DType.Float32 [ 3; 5; 8 ]) // shape (3, 5, 8)
    /// </code></example>
    let forward (encoder: TransformerEncoder) (x: Tensor) : Tensor =
        Given.check "encoder" encoder
        encoder.Forward x
