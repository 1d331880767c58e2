namespace Cotangent;

/// <summary>Making tables of vectors: <c>Embedding.Create</c>.</summary>
public static class EmbeddingLayers
{
    extension(Embedding)
    {
        /// <summary>A table of vectors for so many labels.</summary>
        /// <param name="labels">How many labels there are: 0 to labels - 1.</param>
        /// <param name="width">How many numbers a vector has.</param>
        /// <param name="key">What the vectors are drawn with.</param>
        /// <param name="padding">The label that fills up: its vector starts as 0 and gets no gradient.</param>
        /// <param name="dtype">Of the vectors; Float32 by default.</param>
        /// <param name="weightInit">How the vectors start; by default standard normal.</param>
        /// <exception cref="ValueException">
        /// The number of labels or the width is below 1, or the padding is none of the labels.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = Embedding.Create(1000, 64, Key.Create(0), weightInit: Init.NormalOf(_ => 0.02));
        /// layer.Forward(Tensor.Create([5, 0, 999])) // shape (3, 64)
        /// layer.Logits(Tensor.Ones(3, 64)) // shape (3, 1000)
        /// </code></example>
        public static Embedding Create(
            int labels,
            int width,
            Key key,
            int? padding = null,
            DType dtype = default,
            Initializer? weightInit = null
        ) =>
            EmbeddingModule.init(
                new(weightInit?.ToFSharp() ?? EmbeddingModule.defaults.Weight, padding.ToOption(), dtype),
                labels,
                width,
                key.NotNull()
            );
    }
}
