namespace Cotangent;

public static partial class Loss
{
    /// <summary>
    /// -mean (t ln p + (1-t) ln (1-p)) for probabilities p. <c>guard</c> keeps p, and 1-p, in [guard, 1-guard]; beyond
    /// it the gradient is that at the border, so that a saturated prediction can recover.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">
    /// The guard is outside [0, 0.5), or a number is seen to be no probability.
    /// </exception>
    /// <example><code>
    /// Loss.BinaryCrossEntropy(Tensor.Create([1.0, 0.0]), Tensor.Create([0.5, 0.5])) // 0.6931
    /// </code></example>
    public static Tensor BinaryCrossEntropy(Tensor target, Tensor prediction, double guard = 1e-7) =>
        BinaryLosses.Loss.binaryCrossEntropy(guard, target.NotNull(), prediction.NotNull());

    /// <summary>The same for logits, p = sigmoid logit, without overflow: mean (softplus l - t l).</summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">A target is seen to be no probability.</exception>
    /// <example><code>
    /// Loss.BinaryCrossEntropyWithLogits(Tensor.Create([1.0, 0.0]), Tensor.Create([0.0, 0.0])) // 0.6931
    /// </code></example>
    public static Tensor BinaryCrossEntropyWithLogits(Tensor target, Tensor logits) =>
        BinaryLosses.Loss.binaryCrossEntropyWithLogits(target.NotNull(), logits.NotNull());

    /// <summary>
    /// The same where a yes that is missed weighs more, or less: mean (w t softplus -l + (1 - t) softplus l). One
    /// weight, or one for each place of the last axis; where a yes is rare, the number of noes over that of yeses.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">A target is seen to be no probability, or a weight to be negative.</exception>
    /// <example><code>
    /// var (target, logits) = (Tensor.Create([1.0, 0.0]), Tensor.Create([0.0, 0.0]));
    /// Loss.WeightedBinaryCrossEntropyWithLogits(target, logits, positiveWeight: Tensor.Create(3.0)) // 1.3863
    /// </code></example>
    public static Tensor WeightedBinaryCrossEntropyWithLogits(Tensor target, Tensor logits, Tensor positiveWeight) =>
        BinaryLosses.Loss.weightedBinaryCrossEntropyWithLogits(positiveWeight.NotNull(), target.NotNull(), logits.NotNull());

    /// <summary>
    /// The focal loss of logits (Lin et al. 2017): cross-entropy times (1 - p)^gamma, where p is the probability that
    /// the target got, so that what is easy counts for little; a yes weighs alpha, a no 1 - alpha.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">
    /// alpha is outside [0, 1], gamma is negative, or a target is seen to be no probability.
    /// </exception>
    /// <example><code>
    /// Loss.BinaryFocal(Tensor.Create([1.0, 0.0]), Tensor.Create([0.0, 0.0])) // 0.0866
    /// </code></example>
    public static Tensor BinaryFocal(Tensor target, Tensor logits, double alpha = 0.25, double gamma = 2) =>
        BinaryLosses.Loss.binaryFocal(alpha, gamma, target.NotNull(), logits.NotNull());

    public static partial class Each
    {
        /// <summary><see cref="Loss.BinaryCrossEntropy"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">
        /// The guard is outside [0, 0.5), or a number is seen to be no probability.
        /// </exception>
        /// <example><code>
        /// Loss.Each.BinaryCrossEntropy(Tensor.Create([1.0, 0.0]), Tensor.Create([0.25, 0.5])) // [1.3863, 0.6931]
        /// </code></example>
        public static Tensor BinaryCrossEntropy(Tensor target, Tensor prediction, double guard = 1e-7) =>
            BinaryLosses.Loss.Each.binaryCrossEntropy(guard, target.NotNull(), prediction.NotNull());

        /// <summary><see cref="Loss.BinaryCrossEntropyWithLogits"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">A target is seen to be no probability.</exception>
        /// <example><code>
        /// Loss.Each.BinaryCrossEntropyWithLogits(Tensor.Create([1.0, 0.0]), Tensor.Create([0.0, 1000.0])) // [0.6931, 1000]
        /// </code></example>
        public static Tensor BinaryCrossEntropyWithLogits(Tensor target, Tensor logits) =>
            BinaryLosses.Loss.Each.binaryCrossEntropyWithLogits(target.NotNull(), logits.NotNull());

        /// <summary><see cref="Loss.WeightedBinaryCrossEntropyWithLogits"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">A target is seen to be no probability, or a weight to be negative.</exception>
        /// <example><code>
        /// var (target, logits) = (Tensor.Create([1.0, 0.0]), Tensor.Create([0.0, 0.0]));
        /// Loss.Each.WeightedBinaryCrossEntropyWithLogits(target, logits, Tensor.Create(3.0)) // [2.0794, 0.6931]
        /// </code></example>
        public static Tensor WeightedBinaryCrossEntropyWithLogits(Tensor target, Tensor logits, Tensor positiveWeight) =>
            BinaryLosses.Loss.Each.weightedBinaryCrossEntropyWithLogits(positiveWeight.NotNull(), target.NotNull(), logits.NotNull());

        /// <summary><see cref="Loss.BinaryFocal"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">
        /// alpha is outside [0, 1], gamma is negative, or a target is seen to be no probability.
        /// </exception>
        /// <example><code>
        /// Loss.Each.BinaryFocal(Tensor.Create([1.0, 0.0]), Tensor.Create([0.0, 0.0])) // [0.0433, 0.13]
        /// </code></example>
        public static Tensor BinaryFocal(Tensor target, Tensor logits, double alpha = 0.25, double gamma = 2) =>
            BinaryLosses.Loss.Each.binaryFocal(alpha, gamma, target.NotNull(), logits.NotNull());
    }
}
