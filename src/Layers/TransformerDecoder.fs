namespace Cotangent

open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// What the blocks of a decoder keep, so that a sequence can be generated step by step: a pure value that is handed on.
/// </summary>
/// <example><code>
/// let decoder = TransformerDecoder.create 2 8 2 (Key.create 0L)
/// let cache = decoder.Cache(10, [])
/// cache.Capacity // 10
/// cache.Layers.Length // 2
/// </code></example>
type TransformerCache = {
    /// Of each block.
    Layers: DecoderCache list
} with

    /// How many steps it holds: an Int32 scalar, where the next one stands.
    member cache.Position: Tensor = cache.Layers.Head.Self.Position

    /// How many steps it can hold.
    member cache.Capacity: int = cache.Layers.Head.Self.Capacity

/// <summary>
/// The decoder of a transformer (Vaswani et al. 2017): blocks, one after the other, in which each step sees those up to its own, and a
/// normalisation at the end where the blocks normalise first. Without cross attention it is what language models are made of.
/// Inputs are (…, steps, width); positions are added before, unless the blocks rotate by them.
/// </summary>
/// <remarks>
/// The blocks are a list: each has names of its own, <c>layers.3.norm1.weight</c>, may be frozen or replaced alone, and all of them
/// compile as one program without a loop. Where there are so many that compiling takes long, <c>Repeat.create</c> of a block and
/// <c>Repeat.fold DecoderBlock.forward</c> give the same as a loop.
/// </remarks>
type TransformerDecoder = {
    /// From the input to the output.
    Layers: DecoderBlock list
    /// <summary>Normalises the last block's output, or null for nothing.</summary>
    Norm: ILayer | null
} with

    member private decoder.RunAs
        (
            operation: string,
            x: Tensor,
            memory: Tensor | null,
            mask: Tensor | null,
            memoryMask: Tensor | null,
            key: Key | null
        ) : Tensor =
        let keys = Blocks.keys decoder.Layers.Length key

        let through (x, i) (block: DecoderBlock) =
            block.RunAs(operation, x, memory, mask, memoryMask, keys[i]), i + 1

        Blocks.finish decoder.Norm (fst (List.fold through (x, 0) decoder.Layers))

    /// <summary>
    /// The last block's output for x (…, steps, width). Each step sees the steps up to its own where the mask, (…, steps or 1, steps),
    /// holds, and those of the memory (…, steps of the memory, memory's width) where the memory's mask, (…, steps or 1, steps of the
    /// memory), does; without masks, all of these. A key drops numbers, as in training; each block draws with a key of its own.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// Input or memory have another width or no axis of steps, their batches differ, or a mask does not fit.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or a mask is not Bool.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// There is a memory and no cross attention, or cross attention and no memory.
    /// </exception>
    /// <example><code>
    /// let a, b = Key.split (Key.create 0L)
    /// let encoder = TransformerEncoder.create 2 6 2 a
    /// let decoder = TransformerDecoder.initWithMemory TransformerDecoder.defaults 6 2 8 2 b
    /// let memory = encoder.Forward(Tensor.ones DType.Float32 [ 3; 4; 6 ])
    /// decoder.Run(Tensor.ones DType.Float32 [ 3; 5; 8 ], memory) // shape (3, 5, 8)
    /// </code></example>
    member decoder.Run
        (
            x: Tensor,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] memory: Tensor | null,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] memoryMask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Key | null)>] key: Key | null
        ) : Tensor =
        Given.check "x" x
        decoder.RunAs("TransformerDecoder.run", x, memory, mask, memoryMask, key)

    /// <summary>
    /// The last block's output for x (…, steps, width), where each step sees those up to its own; without cross attention.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">There is cross attention.</exception>
    /// <example><code>
    /// let decoder = TransformerDecoder.create 2 8 2 (Key.create 0L)
    /// decoder.Forward(Tensor.ones DType.Float32 [ 3; 5; 8 ]) // shape (3, 5, 8)
    /// </code></example>
    member decoder.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        decoder.RunAs("TransformerDecoder.forward", x, null, null, null, null)

    /// <summary>The same while training: the key says what is dropped.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">There is cross attention.</exception>
    /// <example><code>
    /// let decoder = TransformerDecoder.init { TransformerDecoder.defaults with Dropout = 0.1 } 2 8 2 (Key.create 0L)
    /// decoder.Train(Tensor.ones DType.Float32 [ 3; 5; 8 ], Key.create 1L) // shape (3, 5, 8)
    /// </code></example>
    member decoder.Train(x: Tensor, key: Key) : Tensor =
        Given.check "x" x
        Given.check "key" key
        decoder.RunAs("TransformerDecoder.train", x, null, null, null, key)

    /// <summary>
    /// An empty cache for so many steps, for each example of a batch of this shape, [] for one sequence; and the memory, whose keys and
    /// values are computed once for all steps to come, with its mask (…, 1, steps of the memory).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The capacity is below 1, there is a memory and no cross attention, or cross attention and no memory.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A size of the batch is negative, or the memory has another batch or width.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let cache = (TransformerDecoder.create 2 8 2 (Key.create 0L)).Cache(10, [])
    /// cache.Capacity // 10
    /// cache.Position // 0
    /// </code></example>
    member decoder.Cache
        (
            capacity: int,
            batch: int seq,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] memory: Tensor | null,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] memoryMask: Tensor | null
        ) : TransformerCache =
        Given.check "batch" batch
        let batch = Array.ofSeq batch

        {
            Layers = [
                for block in decoder.Layers ->
                    block.CacheFor("TransformerDecoder.cache", capacity, batch, memory, memoryMask)
            ]
        }

    /// <summary>
    /// The next steps (…, steps, width), one or several, which see those in the cache, each other up to their own place, and the
    /// cache's memory: what <c>Run</c> of the whole sequence gives for them; and the cache with them. Positions that are added to the
    /// steps go on from <c>cache.Position</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.IndexException">The cache has no room for them; in compiled code, when it runs.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The steps have another width, or another batch than the cache.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">The cache is one of another number of blocks.</exception>
    /// <example><code>
    /// let decoder = TransformerDecoder.create 2 8 2 (Key.create 0L)
    /// let struct (y, cache) = decoder.Step(Tensor.ones DType.Float32 [ 3; 8 ], decoder.Cache(10, []))
    /// y // shape (3, 8)
    /// cache.Position // 3
    /// </code></example>
    member decoder.Step(x: Tensor, cache: TransformerCache) : struct (Tensor * TransformerCache) =
        let operation = "TransformerDecoder.step"
        Given.check "x" x
        Given.check "cache" cache

        if cache.Layers.Length <> decoder.Layers.Length then
            raise (
                ValueException
                    $"{operation}: a cache for {cache.Layers.Length} blocks; this decoder has {decoder.Layers.Length}. Make the cache of this decoder."
            )

        let through x (block: DecoderBlock, cache: DecoderCache) =
            let struct (y, cache) = block.StepOn(operation, x, cache)
            cache, y

        let caches, y = List.mapFold through x (List.zip decoder.Layers cache.Layers)
        struct (Blocks.finish decoder.Norm y, { Layers = caches })

    interface ITrainingLayer with
        member decoder.Forward x = decoder.Forward x
        member decoder.Train(x, key) = struct (decoder.Train(x, key), decoder)

/// Decoders of transformers.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module TransformerDecoder =
    /// <summary>As <c>DecoderBlock.defaults</c>.</summary>
    let defaults: TransformerOptions = Blocks.defaults

    let private make
        operation
        (options: TransformerOptions)
        memoryWidth
        blocks
        width
        heads
        key
        : TransformerDecoder =
        Layer.requirePositive operation [ "blocks", blocks ]

        {
            Layers = [
                for key in Key.splitMany blocks key ->
                    DecoderBlock.initAs operation options memoryWidth width heads key
            ]
            Norm = Blocks.lastNorm operation options width
        }

    /// <summary>
    /// A decoder of so many blocks without cross attention, for steps of a width, with so many heads, with options.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size is below 1, the heads do not divide the width (unless <c>HeadWidth</c> is set), or the heads of keys the heads; or a
    /// rate of dropout is not from 0 to below 1.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A head that is rotated has an odd width.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let rotated = { TransformerDecoder.defaults with Rotary = Some Rotary.halves; KeyHeads = Some 2 }
    /// let decoder = TransformerDecoder.init rotated 6 64 8 (Key.create 0L)
    /// decoder.Layers.Length // 6
    /// </code></example>
    let init
        (options: TransformerOptions)
        (blocks: int)
        (width: int)
        (heads: int)
        (key: Key)
        : TransformerDecoder =
        Given.check "options" options
        Given.check "key" key
        make "TransformerDecoder.init" options None blocks width heads key

    /// <summary>
    /// A decoder of so many blocks with cross attention to a memory of some width, for steps of a width, with so many heads, with
    /// options.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size is below 1, the heads do not divide the width (unless <c>HeadWidth</c> is set), or the heads of keys the heads; or a
    /// rate of dropout is not from 0 to below 1.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A head that is rotated has an odd width.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let decoder = TransformerDecoder.initWithMemory TransformerDecoder.defaults 32 6 64 8 (Key.create 0L)
    /// let memory = Tensor.ones DType.Float32 [ 2; 7; 32 ]
    /// decoder.Run(Tensor.ones DType.Float32 [ 2; 5; 64 ], memory) // shape (2, 5, 64)
    /// </code></example>
    let initWithMemory
        (options: TransformerOptions)
        (memoryWidth: int)
        (blocks: int)
        (width: int)
        (heads: int)
        (key: Key)
        : TransformerDecoder =
        Given.check "options" options
        Given.check "key" key
        make "TransformerDecoder.initWithMemory" options (Some memoryWidth) blocks width heads key

    /// <summary>
    /// A decoder of so many blocks without cross attention, for steps of a width, with so many heads, as
    /// <c>TransformerDecoder.defaults</c> has it.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1, or the heads do not divide the width.</exception>
    /// <example><code>
    /// let decoder = TransformerDecoder.create 6 64 8 (Key.create 0L)
    /// Model.names decoder |> Array.last // "norm.bias"
    /// </code></example>
    let create (blocks: int) (width: int) (heads: int) (key: Key) : TransformerDecoder =
        init defaults blocks width heads key

    /// <summary>
    /// The last block's output for x (…, steps, width), where each step sees those up to its own; without cross attention. With a memory
    /// or masks, <c>decoder.Run(x, memory)</c>; step by step, <c>decoder.Step(x, cache)</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">There is cross attention.</exception>
    /// <example><code>
    /// let decoder = TransformerDecoder.create 2 8 2 (Key.create 0L)
    /// TransformerDecoder.forward decoder (Tensor.ones DType.Float32 [ 3; 5; 8 ]) // shape (3, 5, 8)
    /// </code></example>
    let forward (decoder: TransformerDecoder) (x: Tensor) : Tensor =
        Given.check "decoder" decoder
        decoder.Forward x
