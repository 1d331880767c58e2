namespace Cotangent

/// <summary>What a transformer's blocks normalise by.</summary>
/// <example><code>
/// let options = { TransformerEncoder.defaults with Norm = BlockNorm.Rms }
/// (TransformerEncoder.init options 2 8 2 (Key.create 0L)).Layers.Length // 2
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type BlockNorm =
    /// <summary>A <c>LayerNorm</c>.</summary>
    | Layer
    /// <summary>An <c>RmsNorm</c>.</summary>
    | Rms

/// <summary>How to make blocks of a transformer, or a stack of them.</summary>
/// <example><code>
/// let options = { TransformerEncoder.defaults with Hidden = Some 32; Dropout = 0.1 }
/// (TransformerEncoder.init options 2 8 2 (Key.create 0L)).Layers.Length // 2
/// </code></example>
[<NoComparison; NoEquality>]
type TransformerOptions = {
    /// What the blocks normalise by.
    Norm: BlockNorm
    /// Is added to the variance, or to the mean of squares, so that nothing is divided by 0.
    Epsilon: float
    /// Whether the input of each part is normalised, and the output of a stack, which is easier to train (Xiong et al. 2020); if
    /// not, each sum is, as Vaswani et al. 2017 have it.
    IsNormFirst: bool
    /// Hidden numbers of the feed-forward part; None: 4 · width.
    Hidden: int option
    /// What makes these hidden numbers.
    Activation: Activation
    /// <summary>Whether they are multiplied by others: with <c>Activation.Silu</c> SwiGLU (Shazeer 2020).</summary>
    IsGated: bool
    /// Heads of keys and values, of which several heads of queries share each; None: as many as there are heads.
    KeyHeads: int option
    /// How wide queries and keys of a head are; None: width / heads.
    HeadWidth: int option
    /// What queries and keys of self attention are rotated by; None: nothing.
    Rotary: Rotary option
    /// The share that training drops of the hidden numbers, and of what each part adds.
    Dropout: float
    /// The share of the weights of attention that training drops.
    AttentionDropout: float
    /// How the weights of all projections start.
    Weight: Init
    /// How their biases start; None: no biases, nor in a LayerNorm.
    Bias: Init option
    /// The dtype of all parameters.
    DType: DType
}

/// What the blocks of a transformer have in common.
module internal Blocks =
    let defaults: TransformerOptions = {
        Norm = BlockNorm.Layer
        Epsilon = 1e-5
        IsNormFirst = true
        Hidden = None
        Activation = Activation.Gelu
        IsGated = false
        KeyHeads = None
        HeadWidth = None
        Rotary = None
        Dropout = 0.0
        AttentionDropout = 0.0
        Weight = Init.glorotUniform
        Bias = Some Init.zeros
        DType = DType.Float32
    }

    // ---- Making ----

    let norm (operation: string) (options: TransformerOptions) (width: int) : ILayer =
        Norms.requireEpsilon operation options.Epsilon

        match options.Norm with
        | BlockNorm.Layer ->
            LayerNorm.init
                {
                    Weight = Some 1.0
                    Bias = options.Bias |> Option.map (fun _ -> 0.0)
                    Epsilon = options.Epsilon
                    DType = options.DType
                }
                [ width ]
        | BlockNorm.Rms ->
            RmsNorm.init { Weight = Some 1.0; Epsilon = options.Epsilon; DType = options.DType } [ width ]

    /// What a stack ends with: where the blocks normalise first, nobody has normalised the last sum.
    let lastNorm operation (options: TransformerOptions) width : ILayer | null =
        if options.IsNormFirst then (norm operation options width: ILayer | null) else null

    let private attention
        (options: TransformerOptions)
        isCausal
        memoryWidth
        rotary
        : MultiHeadAttentionOptions = {
        Weight = options.Weight
        Bias = options.Bias
        KeyHeads = options.KeyHeads
        HeadWidth = options.HeadWidth
        MemoryWidth = memoryWidth
        IsCausal = isCausal
        Rotary = rotary
        Dropout = options.AttentionDropout
        DType = options.DType
    }

    let selfAttention operation (options: TransformerOptions) isCausal width heads key : MultiHeadAttention =
        MultiHeadAttention.initAs operation (attention options isCausal None options.Rotary) width heads key

    /// Places in another sequence are not compared with one's own: nothing is rotated.
    let crossAttention
        operation
        (options: TransformerOptions)
        memoryWidth
        width
        heads
        key
        : MultiHeadAttention =
        MultiHeadAttention.initAs operation (attention options false (Some memoryWidth) None) width heads key

    let feedForward operation (options: TransformerOptions) width key : FeedForward =
        let hidden = {
            FeedForward.defaults with
                Activation = options.Activation
                IsGated = options.IsGated
                Dropout = options.Dropout
                Weight = options.Weight
                Bias = options.Bias
                DType = options.DType
        }

        FeedForward.initAs operation hidden width (defaultArg options.Hidden (4 * width)) key

    // ---- Applying ----

    /// Keys for so many draws; none where nothing is trained.
    let keys (count: int) (key: Key | null) : (Key | null)[] =
        match key with
        | null -> Array.zeroCreate count
        | key -> [| for each in Key.splitMany count key -> each |]

    /// What a part reads of x.
    let enter (isNormFirst: bool) (norm: ILayer) (x: Tensor) : Tensor =
        if isNormFirst then norm.Forward x else x

    /// x with what a part has made of it; a key drops some of that.
    let leave
        (isNormFirst: bool)
        (norm: ILayer)
        (rate: float)
        (key: Key | null)
        (x: Tensor)
        (y: Tensor)
        : Tensor =
        let added =
            match key with
            | null -> y
            | key -> Dropout.train { Rate = rate; Dropped = Dropped.Elements } key y

        if isNormFirst then x + added else norm.Forward(x + added)

    /// What follows the last block.
    let finish (norm: ILayer | null) (x: Tensor) : Tensor =
        match norm with
        | null -> x
        | norm -> norm.Forward x

    /// Steps of the width and dtype of an attention.
    let requireInput (operation: string) (attention: MultiHeadAttention) (x: Tensor) =
        PositionAngles.requireSteps operation x
        Layer.requireLast operation "numbers of a step" attention.Query.Weight.Dims[0] x
        Operands.sameDType operation x attention.Query.Weight
