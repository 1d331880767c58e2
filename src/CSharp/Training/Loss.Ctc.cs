namespace Cotangent;

public static partial class Loss
{
    /// <summary>
    /// Connectionist temporal classification (Graves et al. 2006): -log of the probability that logits (batch, time,
    /// classes) spell labels (batch, length) in order, in any places, repeated or with the class <c>blank</c> between;
    /// between equal labels there must be a blank. Sequences are as long as their lengths say; what stands behind
    /// counts for nothing. The mean is over sequences.
    /// </summary>
    /// <remarks>
    /// A sequence with more labels, and blanks between equal ones, than times has the loss ∞ and the gradient 0.
    /// PyTorch divides each loss by its number of labels before it takes the mean: <see cref="Each.Ctc"/> lets you do
    /// so.
    /// </remarks>
    /// <exception cref="ShapeException">The shapes do not fit, or there is nothing.</exception>
    /// <exception cref="DTypeException">The labels are not integers, or the logits not floating-point.</exception>
    /// <exception cref="IndexException">A label is not a class.</exception>
    /// <exception cref="ValueException">A length is seen to be too large, or a label to be the blank.</exception>
    /// <example><code>
    /// var logits = Tensor.Zeros([1, 2, 2]);
    /// var (labels, one, two) = (Tensor.Create([[1]]), Tensor.Create([1]), Tensor.Create([2]));
    /// Loss.Ctc(one, two, labels, logits) // 0.2877
    /// </code></example>
    public static Tensor Ctc(Tensor labelLengths, Tensor logitLengths, Tensor labels, Tensor logits, int blank = 0) =>
        CtcLosses.Loss.ctc(blank, labelLengths.NotNull(), logitLengths.NotNull(), labels.NotNull(), logits.NotNull());

    public static partial class Each
    {
        /// <summary><see cref="Loss.Ctc"/> of each sequence.</summary>
        /// <exception cref="ShapeException">The shapes do not fit.</exception>
        /// <exception cref="DTypeException">The labels are not integers, or the logits not floating-point.</exception>
        /// <exception cref="IndexException">A label is not a class.</exception>
        /// <exception cref="ValueException">A length is seen to be too large, or a label to be the blank.</exception>
        /// <example><code>
        /// var logits = Tensor.Zeros([1, 2, 2]);
        /// var (labels, one, two) = (Tensor.Create([[1]]), Tensor.Create([1]), Tensor.Create([2]));
        /// Loss.Each.Ctc(one, two, labels, logits) // [0.2877]
        /// </code></example>
        public static Tensor Ctc(Tensor labelLengths, Tensor logitLengths, Tensor labels, Tensor logits, int blank = 0) =>
            CtcLosses.Loss.Each.ctc(blank, labelLengths.NotNull(), logitLengths.NotNull(), labels.NotNull(), logits.NotNull());
    }
}
