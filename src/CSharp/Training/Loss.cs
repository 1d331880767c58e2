namespace Cotangent;

/// <summary>
/// Losses: means over all examples, of a prediction against a target. Shapes must be equal, never stretched:
/// (B, 1) against (B,) has silently spoiled many a training run. The prediction comes first, as in PyTorch; the
/// functions of F#, which suit pipes, take it last.
/// </summary>
public static class Loss
{
    /// <summary>mean (prediction - target)²</summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <example><code>
    /// Loss.MeanSquaredError(Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 4.0])) // 2
    /// </code></example>
    public static Tensor MeanSquaredError(Tensor prediction, Tensor target) =>
        LossModule.meanSquaredError(target.NotNull(), prediction.NotNull());

    /// <summary>mean |prediction - target|</summary>
    /// <example><code>
    /// Loss.MeanAbsoluteError(Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 4.0])) // 1
    /// </code></example>
    public static Tensor MeanAbsoluteError(Tensor prediction, Tensor target) =>
        LossModule.meanAbsoluteError(target.NotNull(), prediction.NotNull());

    /// <summary>Quadratic within ±delta, linear beyond (Huber 1964).</summary>
    /// <example><code>
    /// Loss.Huber(Tensor.Create([0.5, 3.0]), Tensor.Create([0.0, 0.0])) // 1.3125
    /// </code></example>
    public static Tensor Huber(Tensor prediction, Tensor target, double delta = 1) =>
        LossModule.huber(delta, target.NotNull(), prediction.NotNull());

    /// <summary>
    /// -mean (t ln p + (1-t) ln (1-p)) for probabilities p. <c>guard</c> keeps p in [guard, 1-guard]; beyond
    /// it the gradient is that at the border, so that a saturated prediction can recover.
    /// </summary>
    /// <exception cref="ValueException">The guard is outside [0, 0.5).</exception>
    /// <example><code>
    /// Loss.BinaryCrossEntropy(Tensor.Create([0.5, 0.5]), Tensor.Create([1.0, 0.0])) // 0.6931
    /// </code></example>
    public static Tensor BinaryCrossEntropy(Tensor prediction, Tensor target, double guard = 1e-7) =>
        LossModule.binaryCrossEntropy(guard, target.NotNull(), prediction.NotNull());

    /// <summary>The same for logits, p = sigmoid logit, without overflow.</summary>
    public static Tensor BinaryCrossEntropyWithLogits(Tensor logits, Tensor target) =>
        LossModule.binaryCrossEntropyWithLogits(target.NotNull(), logits.NotNull());

    /// <summary>Cross-entropy of class logits (…, classes) against integer class indices (…).</summary>
    /// <example><code>
    /// var logits = Tensor.Create([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]]);
    /// Loss.CrossEntropy(logits, labels: Tensor.Create([2, 0])) // 0.5493
    /// </code></example>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels) => LossModule.crossEntropy(labels.NotNull(), logits.NotNull());

    /// <summary>
    /// The mean over the examples whose labels are not ignored, of losses with smoothed labels; 0 if all are ignored.
    /// </summary>
    /// <exception cref="ValueException">The smoothing is outside [0, 1].</exception>
    /// <example><code>
    /// var logits = Tensor.Create([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]]);
    /// Loss.CrossEntropy(logits, Tensor.Create([2, 0]), new CrossEntropyOptions { Smoothing = 0.1 }) // 3.8826
    /// </code></example>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels, CrossEntropyOptions options) =>
        LossModule.crossEntropyWith(options.NotNull().ToFSharp(), labels.NotNull(), logits.NotNull());

    /// <summary>One loss for each example; 0 for ignored labels.</summary>
    /// <exception cref="ValueException">The smoothing is outside [0, 1].</exception>
    /// <example><code>
    /// var logits = Tensor.Create([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]]);
    /// Loss.CrossEntropies(logits, Tensor.Create([2, 0])) // [1.0986, 0]
    /// </code></example>
    public static Tensor CrossEntropies(Tensor logits, Tensor labels, CrossEntropyOptions? options = null) =>
        LossModule.crossEntropies((options ?? new()).ToFSharp(), labels.NotNull(), logits.NotNull());
}
