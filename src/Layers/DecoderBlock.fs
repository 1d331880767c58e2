namespace Cotangent

open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How a decoder's block looks at another sequence, the memory.</summary>
/// <example><code>
/// let block = DecoderBlock.initWithMemory DecoderBlock.defaults 32 64 8 (Key.create 0L)
/// (nonNull block.Cross).Attention.Query.Weight // shape (64, 64)
/// </code></example>
type CrossAttention = {
    /// Each step looks at all steps of the memory.
    [<LeafName "multihead_attn">]
    Attention: MultiHeadAttention
    /// Normalises around it: any layer that keeps the shape.
    [<LeafName "norm2">]
    Norm: ILayer
}

/// <summary>What a decoder's block keeps of the steps it has seen and of the memory it looks at: a pure value that is handed on.</summary>
/// <example><code>
/// let block = DecoderBlock.create 8 2 (Key.create 0L)
/// let struct (_, cache) = block.Step(Tensor.ones DType.Float32 [ 1; 8 ], block.Cache(10, []))
/// cache.Self.Position // 1
/// isNull cache.Memory // true
/// </code></example>
type DecoderCache = {
    /// Keys and values of the steps so far.
    Self: KeyValueCache
    /// <summary>Keys and values of the memory, or null where the block looks at none.</summary>
    Memory: AttentionMemory | null
    /// <summary>Which steps of the memory are seen, (…, 1, steps of the memory), or null for all.</summary>
    MemoryMask: Tensor | null
}

/// <summary>
/// A block of a transformer's decoder (Vaswani et al. 2017, §3.1): self attention, in which each step sees those up to its own, cross
/// attention to another sequence, unless it is left out, and a feed-forward part, each added to its input. Without cross attention
/// it is the block of GPT (Radford et al. 2018). Inputs are (…, steps, width): one sequence, or a batch.
/// </summary>
type DecoderBlock = {
    /// Each step looks at the steps up to its own.
    [<LeafName "self_attn">]
    SelfAttention: MultiHeadAttention
    /// Normalises around the self attention: any layer that keeps the shape.
    Norm1: ILayer
    /// <summary>How each step looks at the memory, or null where there is none.</summary>
    [<LeafName "">]
    Cross: CrossAttention | null
    /// What is done to each step by itself.
    [<LeafName "">]
    FeedForward: FeedForward
    /// Normalises around the feed-forward part.
    Norm3: ILayer
    /// Whether the input of each part is normalised; if not, each sum is.
    IsNormFirst: bool
    /// The share of what each part adds that training drops.
    Dropout: float
} with

    /// Keys and values of a memory, which there must be if the block has cross attention, and only then.
    member internal block.Remember
        (operation: string, batch: int[], memory: Tensor | null, memoryMask: Tensor | null)
        : AttentionMemory | null =
        let family = operation.Substring(0, operation.IndexOf '.')

        match block.Cross with
        | null ->
            if not (isNull (box memory) && isNull (box memoryMask)) then
                raise (
                    ValueException
                        $"{operation}: a memory or its mask, and no cross attention to look at it. `{family}.initWithMemory` makes one that has it."
                )

            null
        | cross ->
            match memory with
            | null ->
                raise (
                    ValueException
                        $"{operation}: there is cross attention, which wants a memory (…, steps, width) to look at. `{family}.init` makes one without."
                )
            | memory ->
                PositionAngles.requireSteps operation memory

                if not (Shape.equal batch memory.Dims[.. memory.Rank - 3]) then
                    raise (
                        ShapeException
                            $"{operation}: a memory {Shape.show memory.Dims} for a batch {Shape.show batch}; the axes before steps and width must be the same."
                    )

                cross.Attention.Remember(operation, memory)

    /// From the self attention's output on.
    member private block.Rest
        (
            operation: string,
            x: Tensor,
            found: Tensor,
            memory: AttentionMemory | null,
            memoryMask: Tensor | null,
            keys: (Key | null)[]
        ) : Tensor =
        let first = block.IsNormFirst
        let x = Blocks.leave first block.Norm1 block.Dropout keys[1] x found

        let x =
            match block.Cross with
            | null -> x
            | cross ->
                match memory with
                | null -> x
                | memory ->
                    let query = Blocks.enter first cross.Norm x

                    cross.Attention.Look(operation, false, query, memory, memoryMask, keys[2])
                    |> Blocks.leave first cross.Norm block.Dropout keys[3] x

        block.FeedForward.Run(Blocks.enter first block.Norm3 x, keys[4])
        |> Blocks.leave first block.Norm3 block.Dropout keys[5] x

    member internal block.RunAs
        (
            operation: string,
            x: Tensor,
            memory: Tensor | null,
            mask: Tensor | null,
            memoryMask: Tensor | null,
            key: Key | null
        ) : Tensor =
        Blocks.requireInput operation block.SelfAttention x
        let memory = block.Remember(operation, x.Dims[.. x.Rank - 3], memory, memoryMask)
        let keys = Blocks.keys 6 key
        let query = Blocks.enter block.IsNormFirst block.Norm1 x
        let found = block.SelfAttention.LookAtSelf(operation, query, mask, keys[0])
        block.Rest(operation, x, found, memory, memoryMask, keys)

    /// <summary>
    /// The block's value at x (…, steps, width). Each step sees the steps up to its own where the mask, (…, steps or 1, steps), holds,
    /// and those of the memory (…, steps of the memory, memory's width) where the memory's mask, (…, steps or 1, steps of the memory),
    /// does; without masks, all of these. A key drops numbers, as in training.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// Input or memory have another width or no axis of steps, their batches differ, or a mask does not fit.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or a mask is not Bool.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// There is a memory and no cross attention, or cross attention and no memory.
    /// </exception>
    /// <example><code>
    /// let block = DecoderBlock.initWithMemory DecoderBlock.defaults 6 8 2 (Key.create 0L)
    /// let memory = Tensor.ones DType.Float32 [ 2; 3; 6 ]
    /// block.Run(Tensor.ones DType.Float32 [ 2; 5; 8 ], memory) // shape (2, 5, 8)
    /// </code></example>
    member block.Run
        (
            x: Tensor,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] memory: Tensor | null,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] memoryMask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Key | null)>] key: Key | null
        ) : Tensor =
        Given.check "x" x
        block.RunAs("DecoderBlock.run", x, memory, mask, memoryMask, key)

    /// <summary>
    /// The value of a block without cross attention at x (…, steps, width), where each step sees those up to its own.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">The block has cross attention.</exception>
    /// <example><code>
    /// let block = DecoderBlock.create 8 2 (Key.create 0L)
    /// block.Forward(Tensor.ones DType.Float32 [ 3; 5; 8 ]) // shape (3, 5, 8)
    /// </code></example>
    member block.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        block.RunAs("DecoderBlock.forward", x, null, null, null, null)

    /// <summary>The same while training: the key says what is dropped.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">The block has cross attention.</exception>
    /// <example><code>
    /// let block = DecoderBlock.init { DecoderBlock.defaults with Dropout = 0.1 } 8 2 (Key.create 0L)
    /// block.Train(Tensor.ones DType.Float32 [ 3; 5; 8 ], Key.create 1L) // shape (3, 5, 8)
    /// </code></example>
    member block.Train(x: Tensor, key: Key) : Tensor =
        Given.check "x" x
        Given.check "key" key
        block.RunAs("DecoderBlock.train", x, null, null, null, key)

    member internal block.CacheFor
        (operation: string, capacity: int, batch: int[], memory: Tensor | null, memoryMask: Tensor | null)
        : DecoderCache = {
        Self = block.SelfAttention.CacheFor(operation, capacity, batch)
        Memory = block.Remember(operation, batch, memory, memoryMask)
        MemoryMask = memoryMask
    }

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
    /// let cache = (DecoderBlock.create 8 2 (Key.create 0L)).Cache(10, [ 3 ])
    /// cache.Self.Capacity // 10
    /// cache.Self.Keys // shape (3, 2, 10, 4)
    /// </code></example>
    member block.Cache
        (
            capacity: int,
            batch: int seq,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] memory: Tensor | null,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] memoryMask: Tensor | null
        ) : DecoderCache =
        Given.check "batch" batch
        block.CacheFor("DecoderBlock.cache", capacity, Array.ofSeq batch, memory, memoryMask)

    member internal block.StepOn
        (operation: string, x: Tensor, cache: DecoderCache)
        : struct (Tensor * DecoderCache) =
        Blocks.requireInput operation block.SelfAttention x
        let query = Blocks.enter block.IsNormFirst block.Norm1 x
        let struct (found, self) = block.SelfAttention.StepOn(operation, query, cache.Self)
        let y = block.Rest(operation, x, found, cache.Memory, cache.MemoryMask, Blocks.keys 6 null)
        struct (y, { cache with Self = self })

    /// <summary>
    /// The next steps (…, steps, width), one or several, which see those in the cache, each other up to their own place, and the
    /// cache's memory: what <c>Run</c> of the whole sequence gives for them; and the cache with them.
    /// </summary>
    /// <exception cref="T:Cotangent.IndexException">The cache has no room for them; in compiled code, when it runs.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The steps have another width, or another batch than the cache.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let block = DecoderBlock.create 8 2 (Key.create 0L)
    /// let struct (y, cache) = block.Step(Tensor.ones DType.Float32 [ 3; 8 ], block.Cache(10, []))
    /// y // shape (3, 8)
    /// cache.Self.Position // 3
    /// </code></example>
    member block.Step(x: Tensor, cache: DecoderCache) : struct (Tensor * DecoderCache) =
        Given.check "x" x
        Given.check "cache" cache
        block.StepOn("DecoderBlock.step", x, cache)

    interface ITrainingLayer with
        member block.Forward x = block.Forward x
        member block.Train(x, key) = struct (block.Train(x, key), block)

/// Blocks of a transformer's decoder.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module DecoderBlock =
    /// <summary>
    /// LayerNorm with ε = 1e-5 before each part, 4 · width hidden numbers, GELU, no gate, keys for each head, no rotation, no
    /// dropout; weights by <c>Init.glorotUniform</c>, biases 0, Float32.
    /// </summary>
    let defaults: TransformerOptions = Blocks.defaults

    let internal initAs
        operation
        (options: TransformerOptions)
        (memoryWidth: int option)
        (width: int)
        (heads: int)
        (key: Key)
        : DecoderBlock =
        let forSelf, forCross, forFeedForward = Key.split3 key

        {
            SelfAttention = Blocks.selfAttention operation options true width heads forSelf
            Norm1 = Blocks.norm operation options width
            Cross =
                match memoryWidth with
                | None -> null
                | Some memory -> {
                    Attention = Blocks.crossAttention operation options memory width heads forCross
                    Norm = Blocks.norm operation options width
                  }
            FeedForward = Blocks.feedForward operation options width forFeedForward
            Norm3 = Blocks.norm operation options width
            IsNormFirst = options.IsNormFirst
            Dropout = options.Dropout
        }

    /// <summary>A block without cross attention for steps of a width, with so many heads, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size is below 1, the heads do not divide the width (unless <c>HeadWidth</c> is set), or the heads of keys the heads; or a
    /// rate of dropout is not from 0 to below 1.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A head that is rotated has an odd width.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// // As in LLaMA (Touvron et al. 2023).
    /// let options =
    ///     { DecoderBlock.defaults with
    ///         Norm = BlockNorm.Rms
    ///         Hidden = Some 172
    ///         Activation = Activation.Silu
    ///         IsGated = true
    ///         Rotary = Some Rotary.halves
    ///         Bias = None }
    ///
    /// let block = DecoderBlock.init options 64 8 (Key.create 0L)
    /// block.Forward(Tensor.ones DType.Float32 [ 2; 5; 64 ]) // shape (2, 5, 64)
    /// </code></example>
    let init (options: TransformerOptions) (width: int) (heads: int) (key: Key) : DecoderBlock =
        Given.check "options" options
        Given.check "key" key
        initAs "DecoderBlock.init" options None width heads key

    /// <summary>
    /// A block with cross attention to a memory of some width, for steps of a width, with so many heads, with options.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size is below 1, the heads do not divide the width (unless <c>HeadWidth</c> is set), or the heads of keys the heads; or a
    /// rate of dropout is not from 0 to below 1.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A head that is rotated has an odd width.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let block = DecoderBlock.initWithMemory DecoderBlock.defaults 32 64 8 (Key.create 0L)
    /// (nonNull block.Cross).Attention.Key.Weight // shape (32, 64)
    /// </code></example>
    let initWithMemory
        (options: TransformerOptions)
        (memoryWidth: int)
        (width: int)
        (heads: int)
        (key: Key)
        : DecoderBlock =
        Given.check "options" options
        Given.check "key" key
        initAs "DecoderBlock.initWithMemory" options (Some memoryWidth) width heads key

    /// <summary>
    /// A block without cross attention for steps of a width, with so many heads, as <c>DecoderBlock.defaults</c> has it.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1, or the heads do not divide the width.</exception>
    /// <example><code>
    /// (DecoderBlock.create 64 8 (Key.create 0L)).SelfAttention.IsCausal // true
    /// </code></example>
    let create (width: int) (heads: int) (key: Key) : DecoderBlock = init defaults width heads key

    /// <summary>
    /// The value of a block without cross attention at x (…, steps, width), where each step sees those up to its own. With a memory or
    /// masks, <c>block.Run(x, memory)</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">The block has cross attention.</exception>
    /// <example><code>
    /// let block = DecoderBlock.create 8 2 (Key.create 0L)
    /// DecoderBlock.forward block (Tensor.ones DType.Float32 [ 3; 5; 8 ]) // shape (3, 5, 8)
    /// </code></example>
    let forward (block: DecoderBlock) (x: Tensor) : Tensor =
        Given.check "block" block
        block.Forward x
