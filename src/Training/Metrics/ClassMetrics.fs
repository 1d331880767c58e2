namespace Cotangent

open LossParts

/// <summary>How figures of several classes become one.</summary>
/// <example><code>
/// let total = (ConfusionTotal.Create 2).Add(tensor [ 0; 0; 1; 1 ], tensor [ 0; 0; 1; 0 ])
/// total.F1 Averaging.Macro // 0.7333
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Averaging =
    /// They do not: one for each class.
    | PerClass
    /// Their mean: each class counts as much as any other.
    | Macro
    /// That of all examples, whatever their class; with one label an example it is the accuracy.
    | Micro
    /// Their mean by the numbers of examples of each class.
    | Weighted
    /// That of class 1 of two, the yes.
    | Binary

/// Figures that tell how good predictions of classes are, in Float64.
[<AutoOpen>]
module ClassMetrics =
    let private double (t: Tensor) = t.Convert DType.Float64

    /// a / b, and 0 where there is nothing to divide by.
    let private ratio (a: Tensor) (b: Tensor) =
        let isNone = b.Equal 0.0
        where isNone (Tensor.zerosLike a) (a / where isNone (Tensor.onesLike b) b)

    let private meanOfHits (operation: string) (labels: Tensor) (hits: Tensor) =
        if hits.Size = 0 then
            raise (ShapeException $"{operation}: no examples in labels of shape {Shape.show labels.Dims}.")

        mean (double hits)

    /// The number of classes whose score is larger than that of the label, or equal with a lower number: 0 where the label is
    /// the first of the largest. NaN is larger than any number, and than itself.
    let private ranks (operation: string) (labels: Tensor) (scores: Tensor) =
        Given.check "scores" scores
        requireLabels operation scores labels
        let classes = scores.Dims[scores.Rank - 1]
        requireIndices operation "label" classes labels
        let label = (wideLabels labels).Unsqueeze -1
        let own = scores.Gather(label, -1)
        let isHigher = (countBeside labels label.DType classes).GreaterEqual label
        let isBehind = (scores.Less own).Or((scores.Equal own).And isHigher)
        (isBehind.Not().Convert DType.Int32).Sum [ -1 ]

    let private requireClasses (operation: string) (labels: Tensor) (predicted: Tensor) =
        Given.check "labels" labels
        Given.check "predicted" predicted

        for what, t in [ "labels", labels; "predictions", predicted ] do
            if not t.DType.IsInteger then
                raise (
                    DTypeException
                        $"{operation}: the {what} must be integers, the positions of classes, got {t.DType} {Shape.show t.Dims}; of logits, take `t.ArgMax -1`."
                )

        if not (Shape.equal labels.Dims predicted.Dims) then
            raise (
                ShapeException
                    $"{operation}: the labels have shape {Shape.show labels.Dims}, the predictions {Shape.show predicted.Dims}; they must be equal."
            )

    let private requireConfusion (operation: string) (confusion: Tensor) =
        Given.check "confusion" confusion

        if confusion.Rank <> 2 || confusion.Dims[0] <> confusion.Dims[1] then
            raise (
                ShapeException
                    $"{operation}: a confusion matrix (classes, classes), as `Metric.confusionMatrix` gives, is wanted; got {Shape.show confusion.Dims}."
            )

    let private averaged (operation: string) averaging (confusion: Tensor) (top: Tensor) (bottom: Tensor) =
        match averaging with
        | Averaging.PerClass -> ratio top bottom
        | Averaging.Macro -> mean (ratio top bottom)
        | Averaging.Micro -> ratio (sum top) (sum bottom)
        | Averaging.Weighted ->
            let support = confusion.Sum [ 1 ]
            ratio (sum (support * ratio top bottom)) (sum support)
        | Averaging.Binary when top.Size = 2 -> (ratio top bottom)[1]
        | Averaging.Binary ->
            raise (
                ShapeException
                    $"{operation}: a binary figure is that of two classes; the confusion matrix has {top.Size}. Take the macro average, for example."
            )

    /// Rights, and what is predicted and what there is of each class.
    let private counts (operation: string) (confusion: Tensor) =
        requireConfusion operation confusion
        let all = double confusion
        let places = countBeside all DType.Int32 all.Dims[0]
        let diagonal = (places.Unsqueeze 1).Equal places
        let rights = (where diagonal all (Tensor.zerosLike all)).Sum [ 1 ]
        struct (all, rights, all.Sum [ 0 ], all.Sum [ 1 ])

    /// Counts of pairs of a label and a prediction, added to a matrix.
    let internal countPairs (operation: string) (labels: Tensor) (predicted: Tensor) (matrix: Tensor) =
        requireClasses operation labels predicted
        let classes = matrix.Dims[0]
        requireIndices operation "label" classes labels
        requireIndices operation "prediction" classes predicted
        let long (t: Tensor) = t.Convert(DType.Int64).Flatten()
        let places = long labels * float classes + long predicted
        let ones = Tensor.onesLike places
        (matrix.Flatten().ScatterAdd(places, ones, 0)).Reshape matrix.Dims

    /// Which scores are a yes: above the threshold.
    let internal decided (threshold: float) (scores: Tensor) = (scores.Greater threshold).Convert DType.Int32

    /// The labels of yes-or-no questions, Bool or 0 and 1, as Int32.
    let internal answers (operation: string) (target: Tensor) (scores: Tensor) =
        Given.check "target" target
        Given.check "scores" scores
        requireScores operation "scores" scores

        if not (Shape.equal target.Dims scores.Dims) then
            raise (
                ShapeException
                    $"{operation}: the targets have shape {Shape.show target.Dims}, the scores {Shape.show scores.Dims}; they must be equal."
            )

        if target.DType <> DType.Bool then
            requireNowhere
                operation
                "the target is neither 0 nor 1"
                ((target.NotEqual 0.0).And(target.NotEqual 1.0))

        target.Convert DType.Int32

    /// Figures that tell how good predictions are: of classes.
    [<RequireQualifiedAccess>]
    module Metric =
        /// <summary>
        /// The share of examples whose label has the largest of the scores (…, classes), the first of them where several are
        /// equal. Labels are integers (…).
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The labels are not integers, or the scores not floating-point.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label is seen to be no class.</exception>
        /// <example><code>
        /// let scores = tensor [ [ 0.5; 0.2; 0.3 ]; [ 0.1; 0.7; 0.2 ]; [ 0.4; 0.5; 0.1 ] ]
        /// Metric.accuracy (tensor [ 0; 1; 0 ]) scores // 0.6667
        /// </code></example>
        let accuracy (labels: Tensor) (scores: Tensor) : Tensor =
            (ranks "Metric.accuracy" labels scores).Equal 0.0 |> meanOfHits "Metric.accuracy" labels

        /// <summary>
        /// The share of examples whose label is among the k largest of the scores (…, classes); of equal scores the class with
        /// the lower number comes first.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The labels are not integers, or the scores not floating-point.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label is seen to be no class.</exception>
        /// <exception cref="T:Cotangent.ValueException">k is not from 1 to the number of classes.</exception>
        /// <example><code>
        /// // The example of scikit-learn's top_k_accuracy_score.
        /// let scores = tensor [ [ 0.5; 0.2; 0.2 ]; [ 0.3; 0.4; 0.2 ]; [ 0.2; 0.4; 0.3 ]; [ 0.7; 0.2; 0.1 ] ]
        /// Metric.topKAccuracy 2 (tensor [ 0; 1; 2; 2 ]) scores // 0.75
        /// </code></example>
        let topKAccuracy (k: int) (labels: Tensor) (scores: Tensor) : Tensor =
            let rank = ranks "Metric.topKAccuracy" labels scores

            if k < 1 || k > scores.Dims[scores.Rank - 1] then
                raise (
                    ValueException
                        $"Metric.topKAccuracy: k is {k}; it must be from 1 to the number of classes, {scores.Dims[scores.Rank - 1]}."
                )

            (rank.Less(float k)) |> meanOfHits "Metric.topKAccuracy" labels

        /// <summary>
        /// The share of yes-or-no questions answered right: yes where the score is above the threshold. Targets are Bool, or 0
        /// and 1. For logits the threshold is 0.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The scores are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">A target is seen to be neither 0 nor 1.</exception>
        /// <example><code>
        /// Metric.binaryAccuracy 0.5 (tensor [ 1; 0; 1; 1 ]) (tensor [ 0.9; 0.2; 0.4; 0.6 ]) // 0.75
        /// </code></example>
        let binaryAccuracy (threshold: float) (target: Tensor) (scores: Tensor) : Tensor =
            let answers = answers "Metric.binaryAccuracy" target scores
            answers.Equal(decided threshold scores) |> meanOfHits "Metric.binaryAccuracy" target

        /// <summary>
        /// How often each label (row) was predicted as each class (column): Int64, (classes, classes), as scikit-learn lays it.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ.</exception>
        /// <exception cref="T:Cotangent.DTypeException">Labels or predictions are not integers.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label or prediction is no class.</exception>
        /// <example><code>
        /// // The example of scikit-learn's confusion_matrix.
        /// Metric.confusionMatrix 3 (tensor [ 2; 0; 2; 2; 0; 1 ]) (tensor [ 0; 0; 2; 2; 0; 2 ])
        /// // [[2, 0, 0], [0, 0, 1], [1, 0, 2]]
        /// </code></example>
        let confusionMatrix (classes: int) (labels: Tensor) (predicted: Tensor) : Tensor =
            Given.check "labels" labels

            let matrix =
                Bind.full
                    (Literal.Whole 0L)
                    DType.Int64
                    (Shape.sized "Metric.confusionMatrix" [| int64 classes; int64 classes |])
                    labels.Device

            countPairs "Metric.confusionMatrix" labels predicted matrix

        /// <summary>The confusion matrix (2, 2) of yes-or-no questions: yes is a score above the threshold.</summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The scores are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">A target is seen to be neither 0 nor 1.</exception>
        /// <example><code>
        /// Metric.binaryConfusionMatrix 0.5 (tensor [ 1; 0; 1; 1 ]) (tensor [ 0.9; 0.2; 0.4; 0.6 ]) // [[1, 0], [1, 2]]
        /// </code></example>
        let binaryConfusionMatrix (threshold: float) (target: Tensor) (scores: Tensor) : Tensor =
            let answers = answers "Metric.binaryConfusionMatrix" target scores
            confusionMatrix 2 answers (decided threshold scores)

        /// <summary>
        /// Of what was predicted as a class, the share that is of that class, from a confusion matrix; 0 for a class that was
        /// never predicted.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">That is no confusion matrix, or not one of two classes.</exception>
        /// <example><code>
        /// // The example of scikit-learn's precision_score.
        /// let confusion = Metric.confusionMatrix 3 (tensor [ 0; 1; 2; 0; 1; 2 ]) (tensor [ 0; 2; 1; 0; 0; 1 ])
        /// Metric.precision Averaging.PerClass confusion // [0.6667, 0, 0]
        /// Metric.precision Averaging.Macro confusion // 0.2222
        /// Metric.precision Averaging.Micro confusion // 0.3333
        /// </code></example>
        let precision (averaging: Averaging) (confusion: Tensor) : Tensor =
            let struct (all, rights, predicted, _) = counts "Metric.precision" confusion
            averaged "Metric.precision" averaging all rights predicted

        /// <summary>
        /// Of what is of a class, the share that was predicted as such, from a confusion matrix; 0 for a class that does not
        /// occur.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">That is no confusion matrix, or not one of two classes.</exception>
        /// <example><code>
        /// // The example of scikit-learn's recall_score.
        /// let confusion = Metric.confusionMatrix 3 (tensor [ 0; 1; 2; 0; 1; 2 ]) (tensor [ 0; 2; 1; 0; 0; 1 ])
        /// Metric.recall Averaging.PerClass confusion // [1, 0, 0]
        /// Metric.recall Averaging.Macro confusion // 0.3333
        /// </code></example>
        let recall (averaging: Averaging) (confusion: Tensor) : Tensor =
            let struct (all, rights, _, actual) = counts "Metric.recall" confusion
            averaged "Metric.recall" averaging all rights actual

        /// <summary>
        /// The harmonic mean of precision and recall, from a confusion matrix: twice the rights over what is predicted and what
        /// there is; 0 for a class that is neither.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">That is no confusion matrix, or not one of two classes.</exception>
        /// <example><code>
        /// // The example of scikit-learn's f1_score.
        /// let confusion = Metric.confusionMatrix 3 (tensor [ 0; 1; 2; 0; 1; 2 ]) (tensor [ 0; 2; 1; 0; 0; 1 ])
        /// Metric.f1 Averaging.PerClass confusion // [0.8, 0, 0]
        /// Metric.f1 Averaging.Macro confusion // 0.2667
        /// </code></example>
        let f1 (averaging: Averaging) (confusion: Tensor) : Tensor =
            let struct (all, rights, predicted, actual) = counts "Metric.f1" confusion
            averaged "Metric.f1" averaging all (2.0 * rights) (predicted + actual)

        /// <summary>
        /// The mean of -log p[label] for probabilities (…, classes) and labels (…): the cross-entropy of what is no logits. A
        /// probability of 0 counts as the smallest number of its dtype that has all digits.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The labels are not integers.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label is seen to be no class.</exception>
        /// <exception cref="T:Cotangent.ValueException">A number is seen to be no probability.</exception>
        /// <example><code>
        /// // The example of scikit-learn's log_loss.
        /// let probabilities = tensor [ [ 0.1; 0.9 ]; [ 0.9; 0.1 ]; [ 0.8; 0.2 ]; [ 0.35; 0.65 ] ]
        /// Metric.logLoss (tensor [ 1; 0; 0; 1 ]) probabilities // 0.2162
        /// </code></example>
        let logLoss (labels: Tensor) (probabilities: Tensor) : Tensor =
            Given.check "probabilities" probabilities
            requireLabels "Metric.logLoss" probabilities labels
            requireIndices "Metric.logLoss" "label" probabilities.Dims[probabilities.Rank - 1] labels

            requireProbabilities
                "Metric.logLoss"
                "prediction"
                "For logits there is `Loss.crossEntropy`"
                probabilities

            let least = if probabilities.DType = DType.Float64 then 2.3e-308 else 1.2e-38
            let p = double (probabilities.Gather(labels.Unsqueeze -1, -1))
            -(log (maximum p (Tensor.fullLike p least))) |> meanOfHits "Metric.logLoss" labels

        /// <summary>
        /// exp of the mean cross-entropy of logits (…, classes) against labels (…): among how many equally likely classes, on
        /// average, the model chooses.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The labels are not integers, or the logits not floating-point.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
        /// <example><code>
        /// Metric.perplexity (tensor [ 0; 3 ]) (Tensor.zeros DType.Float64 [ 2; 5 ]) // 5
        /// </code></example>
        let perplexity (labels: Tensor) (logits: Tensor) : Tensor =
            requireLabels "Metric.perplexity" logits labels
            exp (Loss.Each.crossEntropy labels (wide logits) |> meanOfHits "Metric.perplexity" labels)
