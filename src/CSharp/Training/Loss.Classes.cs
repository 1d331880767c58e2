namespace Cotangent;

public static partial class Loss
{
    /// <summary>
    /// The cross-entropy of class logits (…, classes) against labels (…), integers from 0: mean (logSumExp l -
    /// l[label]); or against probabilities (…, classes) of the dtype of the logits: mean Σ -t log softmax l. Options
    /// smooth, ignore and weigh; with weights the mean over labels is the weighted one, as in PyTorch. By default nothing is
    /// smoothed or ignored, and all classes weigh 1.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit, or there is nothing.</exception>
    /// <exception cref="DTypeException">The logits are not floating-point.</exception>
    /// <exception cref="IndexException">A label is not a class.</exception>
    /// <exception cref="ValueException">
    /// The smoothing is outside [0, 1], or targets are seen to be no probabilities.
    /// </exception>
    /// <example><code>
    /// var logits = Tensor.Create([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]]);
    /// Loss.CrossEntropy(Tensor.Create([2, 0]), logits) // 0.5493
    /// Loss.CrossEntropy(Tensor.Create([2, 0]), logits, new CrossEntropyOptions { Smoothing = 0.1 }) // 3.8826
    /// </code></example>
    public static Tensor CrossEntropy(Tensor targets, Tensor logits, CrossEntropyOptions? options = null) =>
        ClassLosses.Loss.crossEntropyWith((options ?? new()).ToFSharp(), targets.NotNull(), logits.NotNull());

    /// <summary>
    /// The focal loss over classes (Lin et al. 2017): the mean cross-entropy times (1 - p)^gamma, where p is the
    /// probability that the label got, so that what is easy counts for little.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit, or there is nothing.</exception>
    /// <exception cref="DTypeException">The labels are not integers, or the logits not floating-point.</exception>
    /// <exception cref="IndexException">A label is not a class.</exception>
    /// <exception cref="ValueException">gamma is negative.</exception>
    /// <example><code>
    /// var logits = Tensor.Create([[0.0, 0.0], [0.0, Math.Log(3)]]);
    /// Loss.Focal(Tensor.Create([0, 1]), logits) // 0.0956
    /// </code></example>
    public static Tensor Focal(Tensor labels, Tensor logits, double gamma = 2) =>
        ClassLosses.Loss.focal(gamma, labels.NotNull(), logits.NotNull());

    public static partial class Each
    {
        /// <summary><see cref="Loss.CrossEntropy"/> of each example.</summary>
        /// <exception cref="ShapeException">The shapes do not fit.</exception>
        /// <exception cref="DTypeException">The logits are not floating-point.</exception>
        /// <exception cref="IndexException">A label is not a class.</exception>
        /// <exception cref="ValueException">
        /// The smoothing is outside [0, 1], or targets are seen to be no probabilities.
        /// </exception>
        /// <example><code>
        /// var logits = Tensor.Create([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]]);
        /// Loss.Each.CrossEntropy(Tensor.Create([2, 0]), logits) // [1.0986, 0]
        /// </code></example>
        public static Tensor CrossEntropy(Tensor targets, Tensor logits, CrossEntropyOptions? options = null) =>
            ClassLosses.Loss.Each.crossEntropyWith((options ?? new()).ToFSharp(), targets.NotNull(), logits.NotNull());

        /// <summary><see cref="Loss.Focal"/> of each example.</summary>
        /// <exception cref="ShapeException">The shapes do not fit.</exception>
        /// <exception cref="DTypeException">The labels are not integers, or the logits not floating-point.</exception>
        /// <exception cref="IndexException">A label is not a class.</exception>
        /// <exception cref="ValueException">gamma is negative.</exception>
        /// <example><code>
        /// var logits = Tensor.Create([[0.0, 0.0], [0.0, Math.Log(3)]]);
        /// Loss.Each.Focal(Tensor.Create([0, 1]), logits) // [0.1733, 0.018]
        /// </code></example>
        public static Tensor Focal(Tensor labels, Tensor logits, double gamma = 2) =>
            ClassLosses.Loss.Each.focal(gamma, labels.NotNull(), logits.NotNull());
    }
}
