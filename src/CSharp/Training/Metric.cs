namespace Cotangent;

/// <summary>
/// Figures that tell how good predictions are, in Float64: labels or targets first, as in <see cref="Loss"/>. For data that
/// comes in batches there are <see cref="MeanTotal"/>, <see cref="ConfusionTotal"/>, <see cref="RankingTotal"/> and
/// <see cref="RegressionTotal"/>.
/// </summary>
public static class Metric
{
    /// <summary>
    /// The share of examples whose label has the largest of the scores (…, classes), the first of them where several are equal.
    /// Labels are integers (…).
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit, or there is nothing.</exception>
    /// <exception cref="DTypeException">The labels are not integers, or the scores not floating-point.</exception>
    /// <exception cref="IndexException">A label is seen to be no class.</exception>
    /// <example><code>
    /// var scores = Tensor.Create([[0.5, 0.2, 0.3], [0.1, 0.7, 0.2], [0.4, 0.5, 0.1]]);
    /// Metric.Accuracy(Tensor.Create([0, 1, 0]), scores) // 0.6667
    /// </code></example>
    public static Tensor Accuracy(Tensor labels, Tensor scores) =>
        ClassMetrics.Metric.accuracy(labels.NotNull(), scores.NotNull());

    /// <summary>
    /// The share of examples whose label is among the k largest of the scores (…, classes); of equal scores the class with the
    /// lower number comes first.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit, or there is nothing.</exception>
    /// <exception cref="DTypeException">The labels are not integers, or the scores not floating-point.</exception>
    /// <exception cref="IndexException">A label is seen to be no class.</exception>
    /// <exception cref="ValueException">k is not from 1 to the number of classes.</exception>
    /// <example><code>
    /// var scores = Tensor.Create([[0.5, 0.2, 0.2], [0.3, 0.4, 0.2], [0.2, 0.4, 0.3], [0.7, 0.2, 0.1]]);
    /// Metric.TopKAccuracy(Tensor.Create([0, 1, 2, 2]), scores, k: 2) // 0.75
    /// </code></example>
    public static Tensor TopKAccuracy(Tensor labels, Tensor scores, int k) =>
        ClassMetrics.Metric.topKAccuracy(k, labels.NotNull(), scores.NotNull());

    /// <summary>
    /// The share of yes-or-no questions answered right: yes where the score is above the threshold. Targets are Bool, or 0 and
    /// 1. For logits the threshold is 0.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ, or there is nothing.</exception>
    /// <exception cref="DTypeException">The scores are not floating-point.</exception>
    /// <exception cref="ValueException">A target is seen to be neither 0 nor 1.</exception>
    /// <example><code>
    /// Metric.BinaryAccuracy(Tensor.Create([1, 0, 1, 1]), Tensor.Create([0.9, 0.2, 0.4, 0.6])) // 0.75
    /// </code></example>
    public static Tensor BinaryAccuracy(Tensor target, Tensor scores, double threshold = 0.5) =>
        ClassMetrics.Metric.binaryAccuracy(threshold, target.NotNull(), scores.NotNull());

    /// <summary>
    /// How often each label (row) was predicted as each class (column): Int64, (classes, classes), as scikit-learn lays it.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">Labels or predictions are not integers.</exception>
    /// <exception cref="IndexException">A label or prediction is no class.</exception>
    /// <example><code>
    /// Metric.ConfusionMatrix(Tensor.Create([2, 0, 2, 2, 0, 1]), Tensor.Create([0, 0, 2, 2, 0, 2]), classes: 3)
    /// // [[2, 0, 0], [0, 0, 1], [1, 0, 2]]
    /// </code></example>
    public static Tensor ConfusionMatrix(Tensor labels, Tensor predicted, int classes) =>
        ClassMetrics.Metric.confusionMatrix(classes, labels.NotNull(), predicted.NotNull());

    /// <summary>The confusion matrix (2, 2) of yes-or-no questions: yes is a score above the threshold.</summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">The scores are not floating-point.</exception>
    /// <exception cref="ValueException">A target is seen to be neither 0 nor 1.</exception>
    /// <example><code>
    /// Metric.BinaryConfusionMatrix(Tensor.Create([1, 0, 1, 1]), Tensor.Create([0.9, 0.2, 0.4, 0.6])) // [[1, 0], [1, 2]]
    /// </code></example>
    public static Tensor BinaryConfusionMatrix(Tensor target, Tensor scores, double threshold = 0.5) =>
        ClassMetrics.Metric.binaryConfusionMatrix(threshold, target.NotNull(), scores.NotNull());

    /// <summary>
    /// Of what was predicted as a class, the share that is of that class, from a confusion matrix; 0 for a class that was never
    /// predicted.
    /// </summary>
    /// <exception cref="ShapeException">That is no confusion matrix, or not one of two classes.</exception>
    /// <example><code>
    /// var confusion = Metric.ConfusionMatrix(Tensor.Create([0, 1, 2, 0, 1, 2]), Tensor.Create([0, 2, 1, 0, 0, 1]), 3);
    /// Metric.Precision(confusion, Averaging.PerClass) // [0.6667, 0, 0]
    /// Metric.Precision(confusion, Averaging.Macro) // 0.2222
    /// </code></example>
    public static Tensor Precision(Tensor confusion, Averaging averaging) =>
        ClassMetrics.Metric.precision(averaging, confusion.NotNull());

    /// <summary>
    /// Of what is of a class, the share that was predicted as such, from a confusion matrix; 0 for a class that does not occur.
    /// </summary>
    /// <exception cref="ShapeException">That is no confusion matrix, or not one of two classes.</exception>
    /// <example><code>
    /// var confusion = Metric.ConfusionMatrix(Tensor.Create([0, 1, 2, 0, 1, 2]), Tensor.Create([0, 2, 1, 0, 0, 1]), 3);
    /// Metric.Recall(confusion, Averaging.PerClass) // [1, 0, 0]
    /// </code></example>
    public static Tensor Recall(Tensor confusion, Averaging averaging) =>
        ClassMetrics.Metric.recall(averaging, confusion.NotNull());

    /// <summary>
    /// The harmonic mean of precision and recall, from a confusion matrix: twice the rights over what is predicted and what
    /// there is; 0 for a class that is neither.
    /// </summary>
    /// <exception cref="ShapeException">That is no confusion matrix, or not one of two classes.</exception>
    /// <example><code>
    /// var confusion = Metric.ConfusionMatrix(Tensor.Create([0, 1, 2, 0, 1, 2]), Tensor.Create([0, 2, 1, 0, 0, 1]), 3);
    /// Metric.F1(confusion, Averaging.PerClass) // [0.8, 0, 0]
    /// </code></example>
    public static Tensor F1(Tensor confusion, Averaging averaging) =>
        ClassMetrics.Metric.f1(averaging, confusion.NotNull());

    /// <summary>
    /// The mean of -log p[label] for probabilities (…, classes) and labels (…): the cross-entropy of what is no logits. A
    /// probability of 0 counts as the smallest number of its dtype that has all digits.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit, or there is nothing.</exception>
    /// <exception cref="DTypeException">The labels are not integers.</exception>
    /// <exception cref="IndexException">A label is seen to be no class.</exception>
    /// <exception cref="ValueException">A number is seen to be no probability.</exception>
    /// <example><code>
    /// var probabilities = Tensor.Create([[0.1, 0.9], [0.9, 0.1], [0.8, 0.2], [0.35, 0.65]]);
    /// Metric.LogLoss(Tensor.Create([1, 0, 0, 1]), probabilities) // 0.2162
    /// </code></example>
    public static Tensor LogLoss(Tensor labels, Tensor probabilities) =>
        ClassMetrics.Metric.logLoss(labels.NotNull(), probabilities.NotNull());

    /// <summary>
    /// exp of the mean cross-entropy of logits (…, classes) against labels (…): among how many equally likely classes, on
    /// average, the model chooses.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit, or there is nothing.</exception>
    /// <exception cref="DTypeException">The labels are not integers, or the logits not floating-point.</exception>
    /// <exception cref="IndexException">A label is not a class.</exception>
    /// <example><code>
    /// Metric.Perplexity(Tensor.Create([0, 3]), Tensor.Zeros(2, 5)) // 5
    /// </code></example>
    public static Tensor Perplexity(Tensor labels, Tensor logits) =>
        ClassMetrics.Metric.perplexity(labels.NotNull(), logits.NotNull());

    /// <summary>
    /// The area under the ROC curve: the probability that a yes has a higher score than a no; a tie counts half. Targets are
    /// Bool, or 0 and 1; scores any numbers. NaN if there is no yes or no no.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ, or there is nothing.</exception>
    /// <exception cref="DTypeException">The scores are not floating-point.</exception>
    /// <exception cref="ValueException">A target is seen to be neither 0 nor 1, or a score to be NaN.</exception>
    /// <example><code>
    /// Metric.RocAuc(Tensor.Create([0, 0, 1, 1]), Tensor.Create([0.1, 0.4, 0.35, 0.8])) // 0.75
    /// </code></example>
    public static Tensor RocAuc(Tensor target, Tensor scores) =>
        RankingMetrics.Metric.rocAuc(target.NotNull(), scores.NotNull());

    /// <summary>
    /// The average precision, the area under the curve of precision by recall, as scikit-learn takes it: Σ (Rₙ - Rₙ₋₁) Pₙ over
    /// falling thresholds, without interpolation. NaN if there is no yes.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ, or there is nothing.</exception>
    /// <exception cref="DTypeException">The scores are not floating-point.</exception>
    /// <exception cref="ValueException">A target is seen to be neither 0 nor 1, or a score to be NaN.</exception>
    /// <example><code>
    /// Metric.AveragePrecision(Tensor.Create([0, 0, 1, 1]), Tensor.Create([0.1, 0.4, 0.35, 0.8])) // 0.8333
    /// </code></example>
    public static Tensor AveragePrecision(Tensor target, Tensor scores) =>
        RankingMetrics.Metric.averagePrecision(target.NotNull(), scores.NotNull());

    /// <summary>
    /// R², the coefficient of determination: 1 less the squared errors over the squared distances of the targets from their
    /// mean, over all numbers. 1 is best, 0 is what the mean of the targets has; of equal targets it is 1 or 0.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ, or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// Metric.R2(Tensor.Create([3.0, -0.5, 2.0, 7.0]), Tensor.Create([2.5, 0.0, 2.0, 8.0])) // 0.9486
    /// </code></example>
    public static Tensor R2(Tensor target, Tensor prediction) =>
        RegressionMetrics.Metric.r2(target.NotNull(), prediction.NotNull());

    /// <summary>The mean absolute error.</summary>
    /// <exception cref="ShapeException">The shapes differ, or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// Metric.MeanAbsoluteError(Tensor.Create([3.0, -0.5, 2.0, 7.0]), Tensor.Create([2.5, 0.0, 2.0, 8.0])) // 0.5
    /// </code></example>
    public static Tensor MeanAbsoluteError(Tensor target, Tensor prediction) =>
        RegressionMetrics.Metric.meanAbsoluteError(target.NotNull(), prediction.NotNull());

    /// <summary>The root of the mean squared error, in the unit of the target.</summary>
    /// <exception cref="ShapeException">The shapes differ, or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// Metric.RootMeanSquaredError(Tensor.Create([3.0, -0.5, 2.0, 7.0]), Tensor.Create([2.5, 0.0, 2.0, 8.0])) // 0.6124
    /// </code></example>
    public static Tensor RootMeanSquaredError(Tensor target, Tensor prediction) =>
        RegressionMetrics.Metric.rootMeanSquaredError(target.NotNull(), prediction.NotNull());
}
