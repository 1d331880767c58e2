namespace Cotangent

open LossParts

/// Figures of scores of yes-or-no questions whatever the threshold, in Float64.
[<AutoOpen>]
module RankingMetrics =
    /// How many questions with the answers yes and no have each score: scores rise from place to place.
    type internal Ranked = { Yes: Tensor; No: Tensor }

    /// Equal scores fall into one place. There are as many places as scores, those left over at the end are empty.
    let internal ranked (operation: string) (target: Tensor) (scores: Tensor) : Ranked =
        let answers = ClassMetrics.answers operation target scores

        if scores.Size = 0 then
            raise (ShapeException $"{operation}: no examples in scores of shape {Shape.show scores.Dims}.")

        requireNowhere operation "the score is NaN" (scores.NotEqual scores)
        let scores = scores.Flatten()
        let order = scores.ArgSort 0
        let sorted = scores.Take order
        let yes = (answers.Flatten().Take order).Convert DType.Float64
        let isNew = (sorted.NotEqual(sorted.Roll(1, 0))).Convert DType.Int32
        // Whether the first equals the last does not matter: it begins the first place.
        let isFirst = (countBeside scores DType.Int32 scores.Size).Equal 0.0
        let place = (where isFirst (Tensor.zerosLike isNew) isNew).CumulativeSum 0
        let none = Tensor.zerosLike yes
        { Yes = none.ScatterAdd(place, yes, 0); No = none.ScatterAdd(place, 1.0 - yes, 0) }

    /// The area under the curve of recall by the share of false alarms, by trapezia: the probability that a yes has a higher
    /// score than a no, where a tie counts half (Mann and Whitney 1947).
    let internal area (ranked: Ranked) : Tensor =
        let below = ranked.No.CumulativeSum 0 - ranked.No
        sum (ranked.Yes * (below + 0.5 * ranked.No)) / (sum ranked.Yes * sum ranked.No)

    /// Σ precision · (growth of recall), thresholds falling.
    let internal averageOf (ranked: Ranked) : Tensor =
        let above (t: Tensor) = t.CumulativeSum(0, reverse = true)
        let yes = above ranked.Yes
        let all = yes + above ranked.No
        let precision = yes / where (all.Equal 0.0) (Tensor.onesLike all) all
        sum (ranked.Yes * precision) / sum ranked.Yes

    /// Figures that tell how good predictions are: of scores.
    [<RequireQualifiedAccess>]
    module Metric =
        /// <summary>
        /// The area under the ROC curve: the probability that a yes has a higher score than a no; a tie counts half. Targets
        /// are Bool, or 0 and 1; scores any numbers. NaN if there is no yes or no no.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The scores are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">A target is seen to be neither 0 nor 1, or a score to be NaN.</exception>
        /// <example><code>
        /// // The example of scikit-learn's roc_curve.
        /// Metric.rocAuc (tensor [ 0; 0; 1; 1 ]) (tensor [ 0.1; 0.4; 0.35; 0.8 ]) // 0.75
        /// </code></example>
        let rocAuc (target: Tensor) (scores: Tensor) : Tensor = ranked "Metric.rocAuc" target scores |> area

        /// <summary>
        /// The average precision, the area under the curve of precision by recall, as scikit-learn takes it: Σ (Rₙ - Rₙ₋₁) Pₙ
        /// over falling thresholds, without interpolation. NaN if there is no yes.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The scores are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">A target is seen to be neither 0 nor 1, or a score to be NaN.</exception>
        /// <example><code>
        /// // The example of scikit-learn's average_precision_score.
        /// Metric.averagePrecision (tensor [ 0; 0; 1; 1 ]) (tensor [ 0.1; 0.4; 0.35; 0.8 ]) // 0.8333
        /// </code></example>
        let averagePrecision (target: Tensor) (scores: Tensor) : Tensor =
            ranked "Metric.averagePrecision" target scores |> averageOf
