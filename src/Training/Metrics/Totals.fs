namespace Cotangent

open LossParts

/// <summary>
/// The mean of numbers that come in batches of any sizes: of losses, of hits. A tree: it can be carried through compiled
/// functions and loops. Totals of parts of the data add up: <c>a + b</c>, or <c>List.sum</c>.
/// </summary>
/// <example><code>
/// let total = MeanTotal.Zero.Add(tensor [ 1.0; 2.0 ]).Add(tensor [ 6.0 ])
/// total.Value // 3
/// (total + MeanTotal.Zero.Add(tensor [ true; false ])).Value // 2
/// </code></example>
[<NoComparison>]
type MeanTotal = {
    /// The sum of the numbers, each times its weight; Float64.
    Sum: Tensor
    /// The sum of the weights: how many numbers there were, unless they have weights; Float64.
    Count: Tensor
} with

    /// <summary>No numbers yet.</summary>
    static member Zero: MeanTotal = {
        Sum = Tensor.scalar DType.Float64 0.0
        Count = Tensor.scalar DType.Float64 0.0
    }

    /// <summary>With all numbers of a batch; a Bool that holds is 1.</summary>
    /// <example><code>
    /// MeanTotal.Zero.Add(tensor [ 1.0; 2.0 ]).Add(tensor [ 6.0 ]).Value // 3
    /// </code></example>
    member total.Add(values: Tensor) : MeanTotal =
        Given.check "values" values

        { Sum = total.Sum + sum (values.Convert DType.Float64); Count = total.Count + float values.Size }

    /// <summary>With numbers that weigh this much each; those of weight 0, as of padding, count for nothing.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ.</exception>
    /// <example><code>
    /// MeanTotal.Zero.Add(tensor [ 4.0; 1.0; 9.0 ], tensor [ true; true; false ]).Value // 2.5
    /// </code></example>
    member total.Add(values: Tensor, weights: Tensor) : MeanTotal =
        Given.check "values" values
        Given.check "weights" weights

        if not (Shape.equal values.Dims weights.Dims) then
            raise (
                ShapeException
                    $"MeanTotal.Add: the values have shape {Shape.show values.Dims}, the weights {Shape.show weights.Dims}; they must be equal."
            )

        let weights = weights.Convert DType.Float64
        let weighted = weights * values.Convert DType.Float64

        {
            Sum = total.Sum + sum (where (weights.Equal 0.0) (Tensor.zerosLike weighted) weighted)
            Count = total.Count + sum weights
        }

    /// <summary>With what another total has.</summary>
    /// <example><code>
    /// let a, b = MeanTotal.Zero.Add(tensor [ 1.0; 2.0 ]), MeanTotal.Zero.Add(tensor [ 6.0 ])
    /// (a.Merge b).Value // 3
    /// </code></example>
    member total.Merge(other: MeanTotal) : MeanTotal =
        Given.check "other" other

        { Sum = total.Sum + other.Sum; Count = total.Count + other.Count }

    /// The mean; NaN if there are no numbers yet.
    member total.Value: Tensor = total.Sum / total.Count

    static member (+)(a: MeanTotal, b: MeanTotal) =
        Given.check "a" a
        Given.check "b" b
        a.Merge b

/// <summary>
/// A confusion matrix of examples that come in batches, for accuracy, precision, recall and F1 of all of them. A tree; totals
/// of parts of the data add up.
/// </summary>
/// <example><code>
/// let total = ConfusionTotal.Create(3).Add(tensor [ 2; 0; 2 ], tensor [ 0; 0; 2 ]).Add(tensor [ 2; 0; 1 ], tensor [ 2; 0; 2 ])
/// total.Matrix // [[2, 0, 0], [0, 0, 1], [1, 0, 2]]
/// total.Accuracy // 0.6667
/// total.Recall Averaging.PerClass // [1, 0, 0.6667]
/// </code></example>
[<NoComparison>]
type ConfusionTotal = {
    /// How often each label (row) was predicted as each class (column); Int64, (classes, classes).
    Matrix: Tensor
} with

    /// <summary>No examples yet.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The number of classes is negative.</exception>
    /// <example><code>
    /// ConfusionTotal.Create(2).Matrix // [[0, 0], [0, 0]]
    /// </code></example>
    static member Create(classes: int) : ConfusionTotal = {
        Matrix = Tensor.zeros DType.Int64 [ classes; classes ]
    }

    /// <summary>With a batch of labels and what was predicted, both positions of classes.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Labels or predictions are not integers.</exception>
    /// <exception cref="T:Cotangent.IndexException">A label or prediction is no class.</exception>
    /// <example><code>
    /// let total = ConfusionTotal.Create(2).Add(tensor [ 0; 1; 1 ], tensor [ 0; 1; 0 ])
    /// total.Matrix // [[1, 0], [1, 1]]
    /// </code></example>
    member total.Add(labels: Tensor, predicted: Tensor) : ConfusionTotal =
        Given.check "labels" labels
        Given.check "predicted" predicted
        { Matrix = ClassMetrics.countPairs "ConfusionTotal.Add" labels predicted total.Matrix }

    /// <summary>
    /// With a batch of yes-or-no questions, into a matrix of two classes: yes is a score above the threshold.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The scores are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">A target is seen to be neither 0 nor 1.</exception>
    /// <example><code>
    /// let total = ConfusionTotal.Create(2).AddBinary(tensor [ 0; 1; 1 ], tensor [ 0.2; 0.7; 0.4 ], 0.5)
    /// total.Matrix // [[1, 0], [1, 1]]
    /// </code></example>
    member total.AddBinary(target: Tensor, scores: Tensor, threshold: float) : ConfusionTotal =
        Given.check "target" target
        Given.check "scores" scores

        total.Add(
            ClassMetrics.answers "ConfusionTotal.AddBinary" target scores,
            ClassMetrics.decided threshold scores
        )

    /// <summary>With what another total has, of the same classes.</summary>
    /// <example><code>
    /// let total = ConfusionTotal.Create(2).Add(tensor [ 0; 1; 1 ], tensor [ 0; 1; 0 ])
    /// (total.Merge total).Matrix // [[2, 0], [2, 2]]
    /// </code></example>
    member total.Merge(other: ConfusionTotal) : ConfusionTotal =
        Given.check "other" other
        { Matrix = total.Matrix + other.Matrix }

    /// The share of examples predicted right; NaN if there are none.
    member total.Accuracy: Tensor =
        let all = (sum total.Matrix).Convert DType.Float64
        where (all.Equal 0.0) (Tensor.fullLike all nan) (Metric.recall Averaging.Micro total.Matrix)

    /// <summary>
    /// Of what was predicted as a class, the share that is of it. One number; or for <c>Averaging.PerClass</c> one for each class, (classes,).
    /// </summary>
    /// <example><code>
    /// // Of two that were predicted as 0, one is.
    /// let total = ConfusionTotal.Create(2).Add(tensor [ 0; 1; 1 ], tensor [ 0; 1; 0 ])
    /// total.Precision Averaging.PerClass // [0.5, 1]
    /// </code></example>
    member total.Precision(averaging: Averaging) : Tensor = Metric.precision averaging total.Matrix

    /// <summary>
    /// Of what is of a class, the share that was predicted as such. One number; or for <c>Averaging.PerClass</c> one for each class, (classes,).
    /// </summary>
    /// <example><code>
    /// let total = ConfusionTotal.Create(2).Add(tensor [ 0; 1; 1 ], tensor [ 0; 1; 0 ])
    /// total.Recall Averaging.PerClass // [1, 0.5]
    /// </code></example>
    member total.Recall(averaging: Averaging) : Tensor = Metric.recall averaging total.Matrix

    /// <summary>The harmonic mean of precision and recall. One number; or for <c>Averaging.PerClass</c> one for each class, (classes,).</summary>
    /// <example><code>
    /// let total = ConfusionTotal.Create(2).Add(tensor [ 0; 1; 1 ], tensor [ 0; 1; 0 ])
    /// total.F1 Averaging.PerClass // [0.6667, 0.6667]
    /// </code></example>
    member total.F1(averaging: Averaging) : Tensor = Metric.f1 averaging total.Matrix

    static member (+)(a: ConfusionTotal, b: ConfusionTotal) =
        Given.check "a" a
        Given.check "b" b
        a.Merge b

/// <summary>
/// How many yeses and noes had each probability, in equal parts of 0 to 1, of examples that come in batches: for the area under
/// the ROC curve and the average precision of all of them. Probabilities in one part count as equal; <c>Metric.rocAuc</c> and
/// <c>Metric.averagePrecision</c> are exact, but want all examples at once. A tree; totals of parts of the data add up.
/// </summary>
/// <example><code>
/// let first, second = (tensor [ 0; 0 ], tensor [ 0.1; 0.4 ]), (tensor [ 1; 1 ], tensor [ 0.35; 0.8 ])
/// let total = RankingTotal.Create(100).Add(first).Add(second)
/// total.RocAuc // 0.75
/// total.AveragePrecision // 0.8333
/// </code></example>
[<NoComparison>]
type RankingTotal = {
    /// How many yeses had a probability in each part; Float64.
    Yes: Tensor
    /// How many noes had one; Float64.
    No: Tensor
} with

    /// <summary>No examples yet; probabilities will be told apart where they lie in different parts.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are fewer than two parts.</exception>
    /// <example><code>
    /// RankingTotal.Create(4).Yes // [0, 0, 0, 0]
    /// </code></example>
    static member Create(parts: int) : RankingTotal =
        if parts < 2 then
            raise (ValueException $"RankingTotal.Create: {parts} parts; there must be two at least.")

        { Yes = Tensor.zeros DType.Float64 [ parts ]; No = Tensor.zeros DType.Float64 [ parts ] }

    /// <summary>With a batch of answers, Bool or 0 and 1, and probabilities of a yes.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The probabilities are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// A target is seen to be neither 0 nor 1, or a probability outside of 0 to 1.
    /// </exception>
    /// <example><code>
    /// let total = RankingTotal.Create(100).Add(tensor [ 0; 0; 1; 1 ], tensor [ 0.1; 0.4; 0.35; 0.8 ])
    /// total.RocAuc // 0.75
    /// </code></example>
    member total.Add(target: Tensor, probabilities: Tensor) : RankingTotal =
        Given.check "target" target
        Given.check "probabilities" probabilities
        let operation = "RankingTotal.Add"
        let answers = ClassMetrics.answers operation target probabilities
        requireProbabilities operation "prediction" "Of logits, take `sigmoid`" probabilities
        requireNowhere operation "the probability is NaN" (probabilities.NotEqual probabilities)
        let parts = total.Yes.Size
        let place = floor (probabilities.Convert(DType.Float64).Flatten() * float parts)
        let place = (clamp 0.0 (float (parts - 1)) place).Convert DType.Int32
        let yes = answers.Flatten().Convert DType.Float64

        { Yes = total.Yes.ScatterAdd(place, yes, 0); No = total.No.ScatterAdd(place, 1.0 - yes, 0) }

    /// <summary>With what another total has, of as many parts.</summary>
    /// <example><code>
    /// let a = RankingTotal.Create(100).Add(tensor [ 0; 0 ], tensor [ 0.1; 0.4 ])
    /// let b = RankingTotal.Create(100).Add(tensor [ 1; 1 ], tensor [ 0.35; 0.8 ])
    /// (a.Merge b).RocAuc // 0.75
    /// </code></example>
    member total.Merge(other: RankingTotal) : RankingTotal =
        Given.check "other" other

        { Yes = total.Yes + other.Yes; No = total.No + other.No }

    member private total.Ranked: RankingMetrics.Ranked = { Yes = total.Yes; No = total.No }

    /// The area under the ROC curve; NaN if there is no yes or no no.
    member total.RocAuc: Tensor = RankingMetrics.area total.Ranked

    /// The average precision; NaN if there is no yes.
    member total.AveragePrecision: Tensor = RankingMetrics.averageOf total.Ranked

    static member (+)(a: RankingTotal, b: RankingTotal) =
        Given.check "a" a
        Given.check "b" b
        a.Merge b

/// <summary>
/// Errors of predicted numbers that come in batches of any sizes, for R² and the mean errors of all of them. A tree; totals of
/// parts of the data add up.
/// </summary>
/// <example><code>
/// let first, second = (tensor [ 3.0; -0.5 ], tensor [ 2.5; 0.0 ]), (tensor [ 2.0; 7.0 ], tensor [ 2.0; 8.0 ])
/// let total = RegressionTotal.Zero.Add(first).Add(second)
/// total.R2 // 0.9486
/// total.MeanAbsoluteError // 0.5
/// total.RootMeanSquaredError // 0.6124
/// </code></example>
[<NoComparison>]
type RegressionTotal = {
    /// How many numbers there were; Float64, like all of them.
    Count: Tensor
    /// The mean of the targets.
    Mean: Tensor
    /// The sum of their squared distances from it.
    Spread: Tensor
    /// The sum of the squared errors.
    SquaredErrors: Tensor
    /// The sum of the absolute errors.
    AbsoluteErrors: Tensor
} with

    /// <summary>No numbers yet.</summary>
    static member Zero: RegressionTotal =
        let zero = Tensor.scalar DType.Float64 0.0

        { Count = zero; Mean = zero; Spread = zero; SquaredErrors = zero; AbsoluteErrors = zero }

    /// <summary>With a batch of targets and predictions.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or there is nothing.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// let total = RegressionTotal.Zero.Add(tensor [ 3.0; 5.0 ], tensor [ 2.0; 8.0 ])
    /// total.MeanAbsoluteError // 2
    /// </code></example>
    member total.Add(target: Tensor, prediction: Tensor) : RegressionTotal =
        Given.check "target" target
        Given.check "prediction" prediction
        let struct (t, p) = RegressionMetrics.pairOf "RegressionTotal.Add" target prediction
        let center = mean t

        total.Merge {
            Count = Tensor.fullLike center (float t.Size)
            Mean = center
            Spread = sum (square (t - center))
            SquaredErrors = sum (square (p - t))
            AbsoluteErrors = sum (abs (p - t))
        }

    /// <summary>With what another total has.</summary>
    /// <example><code>
    /// let a = RegressionTotal.Zero.Add(tensor [ 3.0 ], tensor [ 2.0 ])
    /// let b = RegressionTotal.Zero.Add(tensor [ 5.0 ], tensor [ 8.0 ])
    /// (a.Merge b).MeanAbsoluteError // 2
    /// </code></example>
    member total.Merge(other: RegressionTotal) : RegressionTotal =
        Given.check "other" other
        // The spread about the common mean (Chan, Golub and LeVeque 1979): sums of squares alone would cancel.
        let count = total.Count + other.Count
        let share = other.Count / where (count.Equal 0.0) (Tensor.onesLike count) count
        let apart = other.Mean - total.Mean

        {
            Count = count
            Mean = total.Mean + apart * share
            Spread = total.Spread + other.Spread + square apart * total.Count * share
            SquaredErrors = total.SquaredErrors + other.SquaredErrors
            AbsoluteErrors = total.AbsoluteErrors + other.AbsoluteErrors
        }

    /// R², as <c>Metric.r2</c> says; NaN if there are no numbers.
    member total.R2: Tensor =
        let r2 = RegressionMetrics.determination total.SquaredErrors total.Spread
        where (total.Count.Equal 0.0) (Tensor.fullLike r2 nan) r2

    /// The mean absolute error; NaN if there are no numbers.
    member total.MeanAbsoluteError: Tensor = total.AbsoluteErrors / total.Count

    /// The root of the mean squared error; NaN if there are no numbers.
    member total.RootMeanSquaredError: Tensor = sqrt (total.SquaredErrors / total.Count)

    static member (+)(a: RegressionTotal, b: RegressionTotal) =
        Given.check "a" a
        Given.check "b" b
        a.Merge b
