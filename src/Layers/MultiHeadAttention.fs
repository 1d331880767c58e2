namespace Cotangent

open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// Attention with several heads (Vaswani et al. 2017, §3.2): projections of queries, keys and values, scaled dot-product
/// attention in each head, and a projection of what the heads found. Inputs are (…, steps, width): one sequence, or a batch.
/// Masks are Bools that say what is seen.
/// </summary>
type MultiHeadAttention = {
    /// From the width to heads · head width.
    Query: Linear
    /// From the width of the memory to heads of keys · head width.
    Key: Linear
    /// From the width of the memory to heads of keys · head width.
    Value: Linear
    /// From heads · head width to the width.
    Output: Linear
    /// Heads of queries.
    Heads: int
    /// Heads of keys and values: heads, or a divisor of it.
    KeyHeads: int
    /// Whether a step sees the steps up to its own only.
    IsCausal: bool
    /// <summary>What queries and keys are rotated by, or null.</summary>
    Rotary: Rotary | null
    /// The share of the weights of attention that training drops.
    Dropout: float
} with

    member private layer.Rotated(x: Tensor, start: Tensor | null) : Tensor =
        match layer.Rotary with
        | null -> x
        | rotary ->
            match start with
            | null -> rotary.Forward x
            | start -> rotary.Rotate(x, start + PositionAngles.ofSteps x)

    member private layer.Queries(operation: string, x: Tensor, start: Tensor | null) : Tensor =
        PositionAngles.requireSteps operation x
        Layer.requireLast operation "numbers of a query's step" layer.Query.Weight.Dims[0] x
        layer.Rotated(Heads.split operation layer.Heads (layer.Query.Forward x), start)

    member private layer.KeysAndValues
        (operation: string, x: Tensor, start: Tensor | null)
        : struct (Tensor * Tensor) =
        PositionAngles.requireSteps operation x
        Layer.requireLast operation "numbers of a key's step" layer.Key.Weight.Dims[0] x
        let keys = layer.Rotated(Heads.split operation layer.KeyHeads (layer.Key.Forward x), start)
        struct (keys, Heads.split operation layer.KeyHeads (layer.Value.Forward x))

    /// Queries of one sequence over keys and values of another or the same; a key drops weights.
    member internal layer.Look
        (
            operation: string,
            isCausal: bool,
            query: Tensor,
            memory: AttentionMemory,
            mask: Tensor | null,
            key: Key | null
        ) : Tensor =
        match mask with
        | null -> ()
        | mask -> Heads.requireMask operation query memory.Keys.Dims[memory.Keys.Rank - 2] mask

        let queries = layer.Queries(operation, query, null)
        let change = Heads.dropping layer.Dropout key
        layer.Output.Forward(Heads.join (Heads.attend change isCausal mask queries memory.Keys memory.Values))

    /// Keys and values of a sequence.
    member internal layer.Remember(operation: string, sequence: Tensor) : AttentionMemory =
        let struct (keys, values) = layer.KeysAndValues(operation, sequence, null)
        { Keys = keys; Values = values }

    /// A sequence over itself.
    member internal layer.LookAtSelf
        (operation: string, x: Tensor, mask: Tensor | null, key: Key | null)
        : Tensor =
        layer.Look(operation, layer.IsCausal, x, layer.Remember(operation, x), mask, key)

    /// <summary>
    /// Each step of x (…, steps, width) looks at the steps of x where the mask, (…, steps or 1, steps), holds; without a mask
    /// at all, or at those up to its own if the layer is causal. A step that sees nothing gets the output's bias.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, no axis of steps, or the mask does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <example><code>
    /// let layer = MultiHeadAttention.create 8 2 (Key.create 0L)
    /// let x = Tensor.ones DType.Float32 [ 2; 5; 8 ]
    /// let seen = Mask.forQueries (Mask.ofLengths 5 (tensor [ 3; 5 ]))
    /// layer.Forward(x, seen) // shape (2, 5, 8)
    /// </code></example>
    member layer.Forward(x: Tensor, mask: Tensor | null) : Tensor =
        layer.LookAtSelf("MultiHeadAttention.forward", x, mask, null)

    /// <summary>
    /// Each step of x (…, steps, width) looks at all steps of x, or at those up to its own if the layer is causal.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    member layer.Forward(x: Tensor) : Tensor = layer.Forward(x, null)

    /// <summary>
    /// The same while training: the key says which weights of attention are dropped; the others grow by 1/(1 - rate). The matrix of
    /// all weights is in memory then, if the rate is not 0.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, no axis of steps, or the mask does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <exception cref="T:Cotangent.ValueException">The rate is below 0, or 1 or more.</exception>
    /// <example><code>
    /// let layer = MultiHeadAttention.init { MultiHeadAttention.defaults with Dropout = 0.1 } 8 2 (Key.create 0L)
    /// layer.Train(Tensor.ones DType.Float32 [ 3; 5; 8 ], Key.create 1L) // shape (3, 5, 8)
    /// </code></example>
    member layer.Train
        (x: Tensor, key: Key, [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null)
        : Tensor =
        Given.check "x" x
        Given.check "key" key
        layer.LookAtSelf("MultiHeadAttention.train", x, mask, key)

    /// <summary>Keys and values of a sequence (…, steps, memory's width), to be looked at again and again.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The sequence has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = MultiHeadAttention.create 8 2 (Key.create 0L)
    /// layer.Memory(Tensor.ones DType.Float32 [ 3; 5; 8 ]).Keys // shape (3, 2, 5, 4)
    /// </code></example>
    member layer.Memory(sequence: Tensor) : AttentionMemory =
        Given.check "sequence" sequence
        layer.Remember("MultiHeadAttention.memory", sequence)

    /// <summary>
    /// Each query (…, queries, width) looks at a memory that is at hand, where the mask, (…, queries or 1, steps of the memory),
    /// holds. A key drops weights of attention, as in training.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The queries have another width, or the mask does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <exception cref="T:Cotangent.ValueException">The layer is causal: what would a query's place be in another sequence?</exception>
    member layer.Attend
        (
            query: Tensor,
            memory: AttentionMemory,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Key | null)>] key: Key | null
        ) : Tensor =
        Given.check "query" query
        Given.check "memory" memory
        let operation = "MultiHeadAttention.attend"

        if layer.IsCausal then
            raise (
                ValueException
                    $"{operation}: this layer is causal: its steps see their own sequence up to their place. To look at another sequence, make one that is not."
            )

        layer.Look(operation, false, query, memory, mask, key)

    /// <summary>
    /// Cross attention: each query (…, queries, width) looks at the steps of a memory (…, steps, memory's width), where the
    /// mask, (…, queries or 1, steps), holds. A key drops weights of attention, as in training.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">Queries or memory have another width, or the mask does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <exception cref="T:Cotangent.ValueException">The layer is causal: what would a query's place be in another sequence?</exception>
    /// <example><code>
    /// let layer = MultiHeadAttention.init { MultiHeadAttention.defaults with MemoryWidth = Some 6 } 8 2 (Key.create 0L)
    /// layer.Attend(Tensor.ones DType.Float32 [ 5; 8 ], Tensor.ones DType.Float32 [ 3; 6 ]) // shape (5, 8)
    /// </code></example>
    member layer.Attend
        (
            query: Tensor,
            memory: Tensor,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null,
            [<Optional; DefaultParameterValue(null: Key | null)>] key: Key | null
        ) : Tensor =
        Given.check "query" query
        Given.check "memory" memory
        layer.Attend(query, layer.Remember("MultiHeadAttention.attend", memory), mask, key)

    /// <summary>An empty cache for so many steps, for each example of a batch of this shape; [] for one sequence.</summary>
    /// <exception cref="T:Cotangent.ValueException">The capacity is below 1.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A size of the batch is negative.</exception>
    /// <example><code>
    /// let cache = (MultiHeadAttention.create 8 2 (Key.create 0L)).Cache(10, [ 3 ])
    /// cache.Keys // shape (3, 2, 10, 4)
    /// cache.Position // 0
    /// </code></example>
    member layer.Cache(capacity: int, batch: int seq) : KeyValueCache =
        Given.check "batch" batch
        layer.CacheFor("MultiHeadAttention.cache", capacity, Array.ofSeq batch)

    member internal layer.CacheFor(operation: string, capacity: int, batch: int[]) : KeyValueCache =
        Layer.requirePositive operation [ "places", capacity ]
        let weight = layer.Key.Weight
        let width = weight.Dims[1] / layer.KeyHeads
        let shape = Array.append batch [| layer.KeyHeads; capacity; width |]
        let empty = (Tensor.zeros weight.DType shape).To weight.Device
        { Keys = empty; Values = empty; Position = (tensor 0).To weight.Device }

    /// <summary>
    /// The next steps (…, steps, width) of a causal layer, one or several, which look at those in the cache, at each other and at
    /// themselves: what <c>Forward</c> of the whole sequence gives for them; and the cache with them.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The layer is not causal: later steps would change earlier ones.</exception>
    /// <exception cref="T:Cotangent.IndexException">The cache has no room for them; in compiled code, when it runs.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The steps have another width, or another batch than the cache.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let causal = { MultiHeadAttention.defaults with IsCausal = true }
    /// let layer = MultiHeadAttention.init causal 8 2 (Key.create 0L)
    /// let struct (y, cache) = layer.Step(Tensor.ones DType.Float32 [ 3; 8 ], layer.Cache(10, []))
    /// y // shape (3, 8)
    /// cache.Position // 3
    /// </code></example>
    member layer.Step(x: Tensor, cache: KeyValueCache) : struct (Tensor * KeyValueCache) =
        Given.check "x" x
        Given.check "cache" cache
        layer.StepOn("MultiHeadAttention.step", x, cache)

    member internal layer.StepOn
        (operation: string, x: Tensor, cache: KeyValueCache)
        : struct (Tensor * KeyValueCache) =
        if not layer.IsCausal then
            raise (
                ValueException
                    $"{operation}: this layer is not causal: steps to come would change what earlier ones have seen. Make a causal layer."
            )

        PositionAngles.requireSteps operation x
        let batch = x.Dims[.. x.Rank - 3]

        if not (Shape.equal batch cache.Keys.Dims[.. cache.Keys.Rank - 4]) then
            raise (
                ShapeException
                    $"{operation}: the steps {Shape.show x.Dims} are a batch {Shape.show batch}, the cache is for {Shape.show cache.Keys.Dims[.. cache.Keys.Rank - 4]}."
            )

        let steps = x.Dims[x.Rank - 2]
        let position = CacheWriting.requireRoom steps cache
        let queries = layer.Queries(operation, x, position)
        let struct (keys, values) = layer.KeysAndValues(operation, x, position)
        let cache = CacheWriting.write position cache keys values

        let mask =
            (CacheWriting.seen position steps cache)
                .Reshape(Array.append (Array.create batch.Length 1) [| steps; cache.Capacity |])

        let found = Heads.attend ValueNone false mask queries cache.Keys cache.Values
        struct (layer.Output.Forward(Heads.join found), cache)

    interface ITrainingLayer with
        member layer.Forward x = layer.Forward x
        member layer.Train(x, key) = struct (layer.Train(x, key), layer)

/// Attention with several heads.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module MultiHeadAttention =
    /// <summary>
    /// Weights by <c>Init.glorotUniform</c>, biases 0, keys for each head, no rotation, no dropout, every step sees all;
    /// Float32.
    /// </summary>
    let defaults: MultiHeadAttentionOptions = {
        Weight = Init.glorotUniform
        Bias = Some Init.zeros
        KeyHeads = None
        HeadWidth = None
        MemoryWidth = None
        IsCausal = false
        Rotary = None
        Dropout = 0.0
        DType = DType.Float32
    }

    /// A layer, in the name of who asks for it.
    let internal initAs
        (operation: string)
        (options: MultiHeadAttentionOptions)
        (width: int)
        (heads: int)
        (key: Key)
        : MultiHeadAttention =
        let struct (queries, keys, memory, keyHeads) = Heads.sizes operation options width heads
        Dropout.RequireRate operation options.Dropout
        Layer.requireFloat operation options.DType
        let forQuery, forKey, forValue, forOutput = Key.split4 key

        let projection = {
            Linear.defaults with
                Weight = options.Weight
                Bias = options.Bias
                DType = options.DType
        }

        {
            Query = Linear.init projection width queries forQuery
            Key = Linear.init projection memory keys forKey
            Value = Linear.init projection memory keys forValue
            Output = Linear.init projection queries width forOutput
            Heads = heads
            KeyHeads = keyHeads
            IsCausal = options.IsCausal
            Rotary = Option.toObj options.Rotary
            Dropout = options.Dropout
        }

    /// <summary>A layer for steps of a width, with so many heads, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size is below 1, the heads do not divide the width (unless <c>HeadWidth</c> is set), or the heads of keys the heads; or the
    /// rate of the dropout is not from 0 to below 1.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A head that is rotated has an odd width.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let options =
    ///     { MultiHeadAttention.defaults with KeyHeads = Some 2; IsCausal = true; Rotary = Some Rotary.halves; Bias = None }
    /// let layer = MultiHeadAttention.init options 64 8 (Key.create 0L)
    /// layer.Key.Weight // shape (64, 16)
    /// </code></example>
    let init (options: MultiHeadAttentionOptions) (width: int) (heads: int) (key: Key) : MultiHeadAttention =
        Given.check "options" options
        Given.check "key" key
        initAs "MultiHeadAttention.init" options width heads key

    /// <summary>A layer for steps of a width, with so many heads, as <c>MultiHeadAttention.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1, or the heads do not divide the width.</exception>
    /// <example><code>
    /// (MultiHeadAttention.create 64 8 (Key.create 0L)).Output.Weight // shape (64, 64)
    /// </code></example>
    let create (width: int) (heads: int) (key: Key) : MultiHeadAttention = init defaults width heads key

    /// <summary>
    /// Each step of x (…, steps, width) looks at all steps of x, or at those up to its own if the layer is causal. With a mask,
    /// <c>layer.Forward(x, mask)</c>; at another sequence, <c>layer.Attend(query, memory)</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = MultiHeadAttention.create 8 2 (Key.create 0L)
    /// MultiHeadAttention.forward layer (Tensor.ones DType.Float32 [ 3; 5; 8 ]) // shape (3, 5, 8)
    /// </code></example>
    let forward (layer: MultiHeadAttention) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
