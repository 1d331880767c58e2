namespace Cotangent;

/// <summary>Options of transformers, from named arguments.</summary>
internal static class TransformerArguments
{
    internal static TransformerOptions Options(
        BlockNorm norm,
        double epsilon,
        bool normFirst,
        int? hidden,
        Activation? activation,
        bool gated,
        int? keyHeads,
        int? headWidth,
        Rotary? rotary,
        double dropout,
        double attentionDropout,
        bool bias,
        DType dtype,
        Initializer? weightInit,
        Initializer? biasInit
    ) =>
        new(
            norm,
            epsilon,
            normFirst,
            hidden.ToOption(),
            activation ?? Activation.Gelu,
            gated,
            keyHeads.ToOption(),
            headWidth.ToOption(),
            rotary.ToReferenceOption(),
            dropout,
            attentionDropout,
            (weightInit ?? Init.GlorotUniform).ToFSharp(),
            bias ? (biasInit ?? Init.Zeros).ToFSharp().ToReferenceOption() : null,
            dtype
        );
}

/// <summary>Making blocks of a transformer's encoder: <c>EncoderBlock.Create</c>.</summary>
public static class EncoderBlocks
{
    extension(EncoderBlock)
    {
        /// <summary>A block for steps of a width, with so many heads.</summary>
        /// <param name="width">How many numbers a step has.</param>
        /// <param name="heads">How many heads of queries there are.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="norm">What the blocks normalise by; a LayerNorm by default.</param>
        /// <param name="epsilon">Is added to the variance, or to the mean of squares.</param>
        /// <param name="normFirst">
        /// Whether the input of each part is normalised, and the output of a stack; if not, each sum is.
        /// </param>
        /// <param name="hidden">Hidden numbers of the feed-forward part; 4 · width by default.</param>
        /// <param name="activation">What makes the hidden numbers; GELU by default.</param>
        /// <param name="gated">Whether they are multiplied by others: with <c>Activation.Silu</c> SwiGLU.</param>
        /// <param name="keyHeads">
        /// Heads of keys and values, of which several heads of queries share each; as many as there are heads by default.
        /// </param>
        /// <param name="headWidth">How wide queries and keys of a head are; width / heads by default.</param>
        /// <param name="rotary">What queries and keys of self attention are rotated by; nothing by default.</param>
        /// <param name="dropout">The share that training drops of the hidden numbers, and of what each part adds.</param>
        /// <param name="attentionDropout">The share of the weights of attention that training drops.</param>
        /// <param name="bias">Whether projections and LayerNorms have biases.</param>
        /// <param name="dtype">Of all parameters; Float32 by default.</param>
        /// <param name="weightInit">How the weights of projections start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How their biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">
        /// A size is below 1, the heads do not divide the width (unless the head's width is given), or the heads of keys the
        /// heads; or a dropout is not from 0 to below 1.
        /// </exception>
        /// <exception cref="ShapeException">A head that is rotated has an odd width.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var block = EncoderBlock.Create(8, 2, Key.Create(0), normFirst: false, activation: Activation.Relu, dropout: 0.1);
        /// block.Run(Tensor.Ones(2, 5, 8), Mask.ForQueries(Mask.OfLengths(Tensor.Create([3, 5]), 5))) // shape (2, 5, 8)
        /// </code></example>
        public static EncoderBlock Create(
            int width,
            int heads,
            Key key,
            BlockNorm norm = default,
            double epsilon = 1e-5,
            bool normFirst = true,
            int? hidden = null,
            Activation? activation = null,
            bool gated = false,
            int? keyHeads = null,
            int? headWidth = null,
            Rotary? rotary = null,
            double dropout = 0,
            double attentionDropout = 0,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        )
        {
            var options = TransformerArguments.Options(
                norm,
                epsilon,
                normFirst,
                hidden,
                activation,
                gated,
                keyHeads,
                headWidth,
                rotary,
                dropout,
                attentionDropout,
                bias,
                dtype,
                weightInit,
                biasInit
            );

            return EncoderBlockModule.init(options, width, heads, key.NotNull());
        }
    }
}

/// <summary>Making blocks of a transformer's decoder: <c>DecoderBlock.Create</c>.</summary>
public static class DecoderBlocks
{
    extension(DecoderBlock)
    {
        /// <summary>A block for steps of a width, with so many heads.</summary>
        /// <param name="width">How many numbers a step has.</param>
        /// <param name="heads">How many heads of queries there are.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="memoryWidth">
        /// How wide the memory is that cross attention looks at; no cross attention by default.
        /// </param>
        /// <param name="norm">What the blocks normalise by; a LayerNorm by default.</param>
        /// <param name="epsilon">Is added to the variance, or to the mean of squares.</param>
        /// <param name="normFirst">
        /// Whether the input of each part is normalised, and the output of a stack; if not, each sum is.
        /// </param>
        /// <param name="hidden">Hidden numbers of the feed-forward part; 4 · width by default.</param>
        /// <param name="activation">What makes the hidden numbers; GELU by default.</param>
        /// <param name="gated">Whether they are multiplied by others: with <c>Activation.Silu</c> SwiGLU.</param>
        /// <param name="keyHeads">
        /// Heads of keys and values, of which several heads of queries share each; as many as there are heads by default.
        /// </param>
        /// <param name="headWidth">How wide queries and keys of a head are; width / heads by default.</param>
        /// <param name="rotary">What queries and keys of self attention are rotated by; nothing by default.</param>
        /// <param name="dropout">The share that training drops of the hidden numbers, and of what each part adds.</param>
        /// <param name="attentionDropout">The share of the weights of attention that training drops.</param>
        /// <param name="bias">Whether projections and LayerNorms have biases.</param>
        /// <param name="dtype">Of all parameters; Float32 by default.</param>
        /// <param name="weightInit">How the weights of projections start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How their biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">
        /// A size is below 1, the heads do not divide the width (unless the head's width is given), or the heads of keys the
        /// heads; or a dropout is not from 0 to below 1.
        /// </exception>
        /// <exception cref="ShapeException">A head that is rotated has an odd width.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var block = DecoderBlock.Create(8, 2, Key.Create(0), memoryWidth: 6);
        /// block.Run(Tensor.Ones(2, 5, 8), Tensor.Ones(2, 3, 6)) // shape (2, 5, 8)
        /// </code></example>
        public static DecoderBlock Create(
            int width,
            int heads,
            Key key,
            int? memoryWidth = null,
            BlockNorm norm = default,
            double epsilon = 1e-5,
            bool normFirst = true,
            int? hidden = null,
            Activation? activation = null,
            bool gated = false,
            int? keyHeads = null,
            int? headWidth = null,
            Rotary? rotary = null,
            double dropout = 0,
            double attentionDropout = 0,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        )
        {
            var options = TransformerArguments.Options(
                norm,
                epsilon,
                normFirst,
                hidden,
                activation,
                gated,
                keyHeads,
                headWidth,
                rotary,
                dropout,
                attentionDropout,
                bias,
                dtype,
                weightInit,
                biasInit
            );

            return memoryWidth is { } memory
                ? DecoderBlockModule.initWithMemory(options, memory, width, heads, key.NotNull())
                : DecoderBlockModule.init(options, width, heads, key.NotNull());
        }
    }
}
