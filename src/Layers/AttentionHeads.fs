namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make a <c>MultiHeadAttention</c>.</summary>
/// <example><code>
/// let options = { MultiHeadAttention.defaults with KeyHeads = Some 2; IsCausal = true }
/// (MultiHeadAttention.init options 64 8 (Key.create 0L)).Key.Weight // shape (64, 16)
/// </code></example>
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
    /// The share of the weights of attention that training drops.
    Dropout: float
    /// The dtype of weights and biases.
    DType: DType
}

/// Sizes of heads, heads taken apart and joined, and what the masks of a layer become.
module internal Heads =
    /// Heads must share the width, and heads of keys the heads.
    let sizes (operation: string) (options: MultiHeadAttentionOptions) (width: int) (heads: int) =
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

    /// What a key drops of the weights of attention: nothing without a key, or at a rate of 0.
    let dropping (rate: float) (key: Key | null) : (Tensor -> Tensor) voption =
        match key with
        | null -> ValueNone
        | _ when rate = 0.0 -> ValueNone
        | key -> ValueSome(Dropout.train { Rate = rate; Dropped = Dropped.Elements } key)

    /// Attention of queries (…, heads, L, E) over keys and values (…, heads of keys, S, E), (…, heads, L, E). The mask, if there is
    /// one, has no axis of heads. What changes the weights has to have them all at hand.
    let attend
        (change: (Tensor -> Tensor) voption)
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

        let attend how query keys values =
            match change with
            | ValueNone -> attend how query keys values
            | ValueSome change ->
                let struct (isCausal, scale, inputs) = Attending.prepared how query keys values
                Cotangent.Differentiation.FusedDerivatives.attentionThrough change isCausal scale inputs

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
