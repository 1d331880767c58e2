namespace Cotangent;

/// <summary>Making attention with several heads: <c>MultiHeadAttention.Create</c>.</summary>
public static class MultiHeadAttentionLayers
{
    extension(MultiHeadAttention)
    {
        /// <summary>A layer for steps of a width, with so many heads.</summary>
        /// <param name="width">How many numbers a step has.</param>
        /// <param name="heads">How many heads of queries there are.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="causal">Whether a step sees the steps up to its own only.</param>
        /// <param name="keyHeads">
        /// Heads of keys and values, of which several heads of queries share each; as many as there are heads by default.
        /// </param>
        /// <param name="headWidth">How wide queries and keys of a head are; width / heads by default.</param>
        /// <param name="memoryWidth">How wide the sequence is that keys and values come from; as wide as the queries' by default.</param>
        /// <param name="rotary">What queries and keys are rotated by; nothing by default.</param>
        /// <param name="dropout">The share of the weights of attention that training drops.</param>
        /// <param name="bias">Whether the projections have biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How the biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">
        /// A size is below 1, the heads do not divide the width (unless the head's width is given), or the heads of keys the
        /// heads; or the dropout is not from 0 to below 1.
        /// </exception>
        /// <exception cref="ShapeException">A head that is rotated has an odd width.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = MultiHeadAttention.Create(8, 4, Key.Create(0), causal: true, keyHeads: 2, rotary: Rotary.Halves);
        /// layer.Forward(Tensor.Ones(3, 5, 8)) // shape (3, 5, 8)
        /// var (y, cache) = layer.Step(Tensor.Ones(3, 1, 8), layer.Cache(10, [3]));
        /// y // shape (3, 1, 8)
        /// </code></example>
        public static MultiHeadAttention Create(
            int width,
            int heads,
            Key key,
            bool causal = false,
            int? keyHeads = null,
            int? headWidth = null,
            int? memoryWidth = null,
            Rotary? rotary = null,
            double dropout = 0,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        ) =>
            MultiHeadAttentionModule.init(
                new(
                    (weightInit ?? Init.GlorotUniform).ToFSharp(),
                    bias ? (biasInit ?? Init.Zeros).ToFSharp().ToReferenceOption() : null,
                    keyHeads.ToOption(),
                    headWidth.ToOption(),
                    memoryWidth.ToOption(),
                    causal,
                    rotary.ToReferenceOption(),
                    dropout,
                    dtype
                ),
                width,
                heads,
                key.NotNull()
            );
    }
}
