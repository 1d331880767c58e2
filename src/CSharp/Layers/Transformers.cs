namespace Cotangent;

/// <summary>Making encoders of transformers: <c>TransformerEncoder.Create</c>.</summary>
public static class TransformerEncoders
{
    extension(TransformerEncoder)
    {
        /// <summary>An encoder of so many blocks, for steps of a width, with so many heads.</summary>
        /// <param name="blocks">How many blocks there are.</param>
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
        /// var encoder = TransformerEncoder.Create(6, 64, 8, Key.Create(0), rotary: Rotary.Halves);
        /// encoder.Forward(Tensor.Ones(2, 5, 64)) // shape (2, 5, 64)
        /// </code></example>
        public static TransformerEncoder Create(
            int blocks,
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

            return TransformerEncoderModule.init(options, blocks, width, heads, key.NotNull());
        }
    }
}

/// <summary>Making decoders of transformers: <c>TransformerDecoder.Create</c>.</summary>
public static class TransformerDecoders
{
    extension(TransformerDecoder)
    {
        /// <summary>A decoder of so many blocks, for steps of a width, with so many heads.</summary>
        /// <param name="blocks">How many blocks there are.</param>
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
        /// var decoder = TransformerDecoder.Create(2, 8, 2, Key.Create(0), norm: BlockNorm.Rms, rotary: Rotary.Halves);
        /// var (y, cache) = decoder.Step(Tensor.Ones(3, 8), decoder.Cache(10, []));
        /// y // shape (3, 8)
        /// cache.Position // 3
        /// </code></example>
        public static TransformerDecoder Create(
            int blocks,
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
                ? TransformerDecoderModule.initWithMemory(options, memory, blocks, width, heads, key.NotNull())
                : TransformerDecoderModule.init(options, blocks, width, heads, key.NotNull());
        }
    }
}
