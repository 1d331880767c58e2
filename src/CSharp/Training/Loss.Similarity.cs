namespace Cotangent;

public static partial class Loss
{
    /// <summary>
    /// The mean of 1 - cos(a, b) for pairs that are alike (target 1), of max(0, cos(a, b) - margin) for those that are
    /// not (target -1). Targets are integers or floats, one for each pair.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit, or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">
    /// The margin is outside [-1, 1], or a target is seen to be neither 1 nor -1.
    /// </exception>
    /// <example><code>
    /// var a = Tensor.Create([[1.0, 0.0], [3.0, 4.0]]);
    /// var b = Tensor.Create([[0.0, 2.0], [1.0, 0.0]]);
    /// Loss.CosineEmbedding(Tensor.Create([1, -1]), a, b, margin: 0.5) // 0.55
    /// </code></example>
    public static Tensor CosineEmbedding(Tensor target, Tensor a, Tensor b, double margin = 0) =>
        SimilarityLosses.Loss.cosineEmbedding(margin, target.NotNull(), a.NotNull(), b.NotNull());

    /// <summary>
    /// Each anchor tells its positive, the one of the same row, from those of the others in the batch (van den Oord et
    /// al. 2018): the mean cross-entropy of cosines over the temperature. Both are (examples, size).
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ, or are not of batches of vectors.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">The temperature is not positive.</exception>
    /// <example><code>
    /// var (a, b) = (Tensor.Create([[1.0, 0.0], [0.0, 2.0]]), Tensor.Create([[3.0, 0.0], [0.0, 1.0]]));
    /// Loss.InfoNce(b, a, temperature: 0.5) // 0.1269
    /// </code></example>
    public static Tensor InfoNce(Tensor positives, Tensor anchors, double temperature) =>
        SimilarityLosses.Loss.infoNce(temperature, positives.NotNull(), anchors.NotNull());

    /// <summary>
    /// SimCLR's loss (Chen et al. 2020, algorithm 1): of two views of each example, each tells the other from all views
    /// of all other examples. Both are (examples, size), the mean is over all 2 · examples views.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ, or are not of batches of vectors.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">The temperature is not positive.</exception>
    /// <example><code>
    /// var (a, b) = (Tensor.Create([[1.0, 0.0], [0.0, 2.0]]), Tensor.Create([[3.0, 0.0], [0.0, 1.0]]));
    /// Loss.NtXent(a, b, temperature: 0.5) // 0.2395
    /// </code></example>
    public static Tensor NtXent(Tensor a, Tensor b, double temperature) =>
        SimilarityLosses.Loss.ntXent(temperature, a.NotNull(), b.NotNull());

    public static partial class Each
    {
        /// <summary><see cref="Loss.CosineEmbedding"/> of each pair.</summary>
        /// <exception cref="ShapeException">The shapes do not fit.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">
        /// The margin is outside [-1, 1], or a target is seen to be neither 1 nor -1.
        /// </exception>
        /// <example><code>
        /// var a = Tensor.Create([[1.0, 0.0], [3.0, 4.0]]);
        /// var b = Tensor.Create([[0.0, 2.0], [1.0, 0.0]]);
        /// Loss.Each.CosineEmbedding(Tensor.Create([1, -1]), a, b, margin: 0.5) // [1, 0.1]
        /// </code></example>
        public static Tensor CosineEmbedding(Tensor target, Tensor a, Tensor b, double margin = 0) =>
            SimilarityLosses.Loss.Each.cosineEmbedding(margin, target.NotNull(), a.NotNull(), b.NotNull());

        /// <summary><see cref="Loss.InfoNce"/> of each anchor.</summary>
        /// <exception cref="ShapeException">The shapes differ, or are not of batches of vectors.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">The temperature is not positive.</exception>
        /// <example><code>
        /// var (a, b) = (Tensor.Create([[1.0, 0.0], [0.0, 2.0]]), Tensor.Create([[3.0, 0.0], [0.0, 1.0]]));
        /// Loss.Each.InfoNce(b, a, temperature: 0.5) // [0.1269, 0.1269]
        /// </code></example>
        public static Tensor InfoNce(Tensor positives, Tensor anchors, double temperature) =>
            SimilarityLosses.Loss.Each.infoNce(temperature, positives.NotNull(), anchors.NotNull());

        /// <summary><see cref="Loss.NtXent"/> of each view: those of the first batch, then those of the second.</summary>
        /// <exception cref="ShapeException">The shapes differ, or are not of batches of vectors.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">The temperature is not positive.</exception>
        /// <example><code>
        /// var (a, b) = (Tensor.Create([[1.0, 0.0], [0.0, 2.0]]), Tensor.Create([[3.0, 0.0], [0.0, 1.0]]));
        /// Loss.Each.NtXent(a, b, temperature: 0.5) // [0.2395, 0.2395, 0.2395, 0.2395]
        /// </code></example>
        public static Tensor NtXent(Tensor a, Tensor b, double temperature) =>
            SimilarityLosses.Loss.Each.ntXent(temperature, a.NotNull(), b.NotNull());
    }
}
