namespace Cotangent

open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make a <c>MultiHeadAttention</c>.</summary>
[<NoComparison; NoEquality>]
type MultiHeadAttentionOptions = {
    /// How the weights of the four projections start.
    Weight: Init
    /// How their biases start; None: no biases.
    Bias: Init option
    /// Heads of keys and values, of which several heads of queries share each; None: as many as there are heads. One is
    /// multi-query attention (Shazeer 2019), some are grouped-query attention (Ainslie et al. 2023).
    KeyHeads: int option
    /// How wide queries and keys of a head are; None: width / heads.
    HeadWidth: int option
    /// How wide the sequence is that keys and values come from; None: as wide as that of the queries.
    MemoryWidth: int option
    /// Whether a step sees the steps up to its own only.
    IsCausal: bool
    /// What queries and keys are rotated by; None: nothing.
    Rotary: Rotary option
    /// The dtype of weights and biases.
    DType: DType
}

/// Heads taken apart and joined, and what the masks of a layer become.
module internal Heads =
    /// (…, steps, heads · width) as (…, heads, steps, width).
    let split (operation: string) (heads: int) (x: Tensor) : Tensor =
        let last = x.Rank - 1

        if heads < 1 || x.Dims[last] % heads <> 0 then
            raise (
                ValueException
                    $"{operation}: a projection of {x.Dims[last]} numbers can't be taken apart into {heads} heads of equal width."
            )

        x.Reshape(Array.append x.Dims[.. last - 1] [| heads; x.Dims[last] / heads |]).Transpose(-3, -2)

    /// (…, heads, steps, width) as (…, steps, heads · width).
    let join (x: Tensor) : Tensor =
        let y = x.Transpose(-3, -2)
        y.Reshape(Array.append y.Dims[.. y.Rank - 3] [| y.Dims[y.Rank - 2] * y.Dims[y.Rank - 1] |])

    /// Bool, with the axes of the queries, (…, queries or 1, keys). As many axes are asked for, since a mask of keys (batch, keys)
    /// would pass for one of (queries, keys) where a batch has as many examples as queries.
    let requireMask (operation: string) (query: Tensor) (keys: int) (mask: Tensor) =
        let wanted = Array.append query.Dims[.. query.Rank - 2] [| keys |]

        if mask.DType <> DType.Bool then
            raise (
                DTypeException
                    $"{operation}: the mask must be Bool, true for what is seen, got {mask.DType} {Shape.show mask.Dims}."
            )

        if mask.Rank <> query.Rank || not (Shape.stretches mask.Dims wanted) then
            raise (
                ShapeException
                    $"{operation}: the mask has shape {Shape.show mask.Dims}; for queries {Shape.show query.Dims} and {keys} keys it wants {Shape.show wanted}, any of these 1 where it is the same for all. `Mask.forQueries` makes it of a mask of steps."
            )

    /// Attention of queries (…, heads, L, E) over keys and values (…, heads of keys, S, E), (…, heads, L, E). The mask, if there is
    /// one, has no axis of heads.
    let attend
        (isCausal: bool)
        (mask: Tensor | null)
        (query: Tensor)
        (keys: Tensor)
        (values: Tensor)
        : Tensor =
        let heads, keyHeads = query.Dims[query.Rank - 3], keys.Dims[keys.Rank - 3]

        if heads % keyHeads <> 0 then
            raise (
                ValueException
                    $"MultiHeadAttention: {heads} heads of queries can't share {keyHeads} heads of keys evenly; the number of heads must be a multiple of that of heads of keys."
            )

        let how (axes: int) = {
            Attention.full with
                IsCausal = isCausal
                Mask =
                    match mask with
                    | null -> None
                    | mask when axes = 1 -> Some(mask.Unsqueeze -3)
                    | mask -> Some(mask.Unsqueeze(-3).Unsqueeze -3)
        }

        if heads = keyHeads then
            attend (how 1) query keys values
        else
            // Heads that share keys lie side by side.
            let groups =
                Array.append query.Dims[.. query.Rank - 4] [|
                    keyHeads
                    heads / keyHeads
                    query.Dims[query.Rank - 2]
                    query.Dims[query.Rank - 1]
                |]

            let together = attend (how 2) (query.Reshape groups) (keys.Unsqueeze -3) (values.Unsqueeze -3)
            together.Reshape query.Dims

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

    member private layer.Look
        (operation: string, isCausal: bool, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | null)
        : Tensor =
        match mask with
        | null -> ()
        | mask -> Heads.requireMask operation query keys.Dims[keys.Rank - 2] mask

        let queries = layer.Queries(operation, query, null)
        layer.Output.Forward(Heads.join (Heads.attend isCausal mask queries keys values))

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
        let operation = "MultiHeadAttention.forward"
        let struct (keys, values) = layer.KeysAndValues(operation, x, null)
        layer.Look(operation, layer.IsCausal, x, keys, values, mask)

    /// <summary>
    /// Each step of x (…, steps, width) looks at all steps of x, or at those up to its own if the layer is causal.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The input has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    member layer.Forward(x: Tensor) : Tensor = layer.Forward(x, null)

    /// <summary>Keys and values of a sequence (…, steps, memory's width), to be looked at again and again.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The sequence has another width, or no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    member layer.Memory(sequence: Tensor) : AttentionMemory =
        Given.check "sequence" sequence
        let struct (keys, values) = layer.KeysAndValues("MultiHeadAttention.memory", sequence, null)
        { Keys = keys; Values = values }

    /// <summary>
    /// Each query (…, queries, width) looks at a memory that is at hand, where the mask, (…, queries or 1, steps of the memory),
    /// holds.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The queries have another width, or the mask does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <exception cref="T:Cotangent.ValueException">The layer is causal: what would a query's place be in another sequence?</exception>
    member layer.Attend
        (
            query: Tensor,
            memory: AttentionMemory,
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null
        ) : Tensor =
        Given.check "query" query
        Given.check "memory" memory
        let operation = "MultiHeadAttention.attend"

        if layer.IsCausal then
            raise (
                ValueException
                    $"{operation}: this layer is causal: its steps see their own sequence up to their place. To look at another sequence, make one that is not."
            )

        layer.Look(operation, false, query, memory.Keys, memory.Values, mask)

    /// <summary>
    /// Cross attention: each query (…, queries, width) looks at the steps of a memory (…, steps, memory's width), where the
    /// mask, (…, queries or 1, steps), holds.
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
            [<Optional; DefaultParameterValue(null: Tensor | null)>] mask: Tensor | null
        ) : Tensor =
        Given.check "query" query
        Given.check "memory" memory
        let struct (keys, values) = layer.KeysAndValues("MultiHeadAttention.attend", memory, null)
        layer.Attend(query, { AttentionMemory.Keys = keys; Values = values }, mask)

    /// <summary>An empty cache for so many steps, for each example of a batch of this shape; [] for one sequence.</summary>
    /// <exception cref="T:Cotangent.ValueException">The capacity is below 1.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A size of the batch is negative.</exception>
    member layer.Cache(capacity: int, batch: int seq) : KeyValueCache =
        Given.check "batch" batch
        Layer.requirePositive "MultiHeadAttention.cache" [ "places", capacity ]
        let weight = layer.Key.Weight
        let width = weight.Dims[1] / layer.KeyHeads
        let shape = Array.append (Array.ofSeq batch) [| layer.KeyHeads; capacity; width |]
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
        let operation = "MultiHeadAttention.step"
        Given.check "cache" cache

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

        let found = Heads.attend false mask queries cache.Keys cache.Values
        struct (layer.Output.Forward(Heads.join found), cache)

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Attention with several heads.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module MultiHeadAttention =
    /// <summary>
    /// Weights by <c>Init.glorotUniform</c>, biases 0, keys for each head, no rotation, every step sees all; Float32.
    /// </summary>
    let defaults: MultiHeadAttentionOptions = {
        Weight = Init.glorotUniform
        Bias = Some Init.zeros
        KeyHeads = None
        HeadWidth = None
        MemoryWidth = None
        IsCausal = false
        Rotary = None
        DType = DType.Float32
    }

    /// Heads must share the width, and heads of keys the heads.
    let private sizes (options: MultiHeadAttentionOptions) (width: int) (heads: int) =
        let operation = "MultiHeadAttention.init"
        let keyHeads = defaultArg options.KeyHeads heads

        Layer.requirePositive operation [
            "numbers of a step", width
            "heads", heads
            "heads of keys", keyHeads
        ]

        if options.HeadWidth.IsNone && width % heads <> 0 then
            raise (
                ValueException
                    $"{operation}: {heads} heads do not divide a width of {width}. Choose a divisor of it, or give the heads a width of their own."
            )

        if heads % keyHeads <> 0 then
            raise (
                ValueException
                    $"{operation}: {keyHeads} heads of keys do not divide {heads} heads. Choose a divisor of it, or 1."
            )

        let headWidth = defaultArg options.HeadWidth (width / heads)
        let memory = defaultArg options.MemoryWidth width

        Layer.requirePositive operation [
            "numbers of a head", headWidth
            "numbers of a step of the memory", memory
        ]

        if options.Rotary.IsSome then
            PositionAngles.requireEven $"{operation}, rotary positions" headWidth

        struct (heads * headWidth, keyHeads * headWidth, memory, keyHeads)

    /// <summary>A layer for steps of a width, with so many heads, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size is below 1, the heads do not divide the width (unless <c>HeadWidth</c> is set), or the heads of keys the heads.
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
        let struct (queries, keys, memory, keyHeads) = sizes options width heads
        Layer.requireFloat "MultiHeadAttention.init" options.DType
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
        }

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
