namespace Cotangent

open LossParts

/// Losses of scores that want a margin, and nothing beyond it.
[<AutoOpen>]
module MarginLosses =
    let private requireSigns (operation: string) (target: Tensor) =
        requireWithin
            operation
            "square of the target"
            "targets are 1 for yes and -1 for no. Of 1 and 0, make `2.0 * t - 1.0`"
            1.0
            1.0
            (square (stopGradient target))

    /// How much of a margin of 1 the score lacks on the target's side.
    let private lack (operation: string) (target: Tensor) (scores: Tensor) =
        requireEqual operation "scores" scores "target" target
        requireSigns operation target
        relu (1.0 - wide target * wide scores)

    let private squaredLack target scores = square (lack "Loss.squaredHinge" target scores)

    let private multiclass (margin: float) (labels: Tensor) (scores: Tensor) =
        Given.check "scores" scores
        let operation = "Loss.multiclassHinge"
        requirePositive operation "the margin" margin
        requireLabels operation scores labels
        let classes = scores.Dims[scores.Rank - 1]
        requireIndices operation "label" classes labels
        let scores = wide scores
        let chosen = scores.Gather(labels.Unsqueeze -1, -1)
        // The label's own class lacks the whole margin from itself.
        let label = (wideLabels labels).Unsqueeze -1
        let others = label.NotEqual(countBeside labels label.DType classes)
        let lacks = relu (scores - chosen + margin)
        (where others lacks (Tensor.zerosLike lacks)).Sum([ -1 ]) / float classes

    let private rows (operation: string) (what: string) (a: Tensor) (other: string) (b: Tensor) =
        requireEqual operation what a other b

        if a.Rank < 1 then
            raise (ShapeException $"{operation}: vectors (…, size) are wanted, got scalars.")

    let private tripletOf (margin: float) anchor positive (negative: Tensor) =
        let operation = "Loss.triplet"
        requirePositive operation "the margin" margin
        rows operation "anchor" anchor "positive" positive
        rows operation "anchor" anchor "negative" negative
        let distance (a: Tensor) (b: Tensor) = (wide a - wide b).Norm [ -1 ]
        relu (distance anchor positive - distance anchor negative + margin)

    /// Losses of scores that want a margin.
    [<RequireQualifiedAccess>]
    module Loss =
        /// Losses of each number or example, of which <c>Loss</c> has the means.
        [<RequireQualifiedAccess>]
        module Each =
            /// <summary><c>Loss.hinge</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">A target is seen to be neither 1 nor -1.</exception>
            /// <example><code>
            /// Loss.Each.hinge (tensor [ 1.0; -1.0 ]) (tensor [ 0.25; -3.0 ]) // [0.75, 0]
            /// </code></example>
            let hinge (target: Tensor) (scores: Tensor) : Tensor =
                lack "Loss.hinge" target scores |> each scores

            /// <summary><c>Loss.squaredHinge</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">A target is seen to be neither 1 nor -1.</exception>
            /// <example><code>
            /// Loss.Each.squaredHinge (tensor [ 1.0; -1.0 ]) (tensor [ 0.5; 1.0 ]) // [0.25, 4]
            /// </code></example>
            let squaredHinge (target: Tensor) (scores: Tensor) : Tensor =
                squaredLack target scores |> each scores

            /// <summary><c>Loss.multiclassHinge</c> of each example.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The labels are not integers, or the scores not floating-point.</exception>
            /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
            /// <exception cref="T:Cotangent.ValueException">The margin is not positive.</exception>
            /// <example><code>
            /// Loss.Each.multiclassHinge 1.0 (tensor [ 3 ]) (tensor [ [ 0.1; 0.2; 0.4; 0.8 ] ]) // [0.325]
            /// </code></example>
            let multiclassHinge (margin: float) (labels: Tensor) (scores: Tensor) : Tensor =
                multiclass margin labels scores |> each scores

            /// <summary><c>Loss.triplet</c> of each anchor.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">The margin is not positive.</exception>
            /// <example><code>
            /// let anchor, positive, negative = tensor [ [ 0.0; 0.0 ] ], tensor [ [ 3.0; 4.0 ] ], tensor [ [ 0.0; 2.0 ] ]
            /// Loss.Each.triplet 0.5 anchor positive negative // [3.5]
            /// </code></example>
            let triplet (margin: float) (anchor: Tensor) (positive: Tensor) (negative: Tensor) : Tensor =
                tripletOf margin anchor positive negative |> each anchor

        /// <summary>mean max(0, 1 - t s) for scores s and targets t, 1 for yes and -1 for no (Cortes and Vapnik 1995).</summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">A target is seen to be neither 1 nor -1.</exception>
        /// <example><code>
        /// Loss.hinge (tensor [ 1.0; -1.0 ]) (tensor [ 0.25; -3.0 ]) // 0.375
        /// </code></example>
        let hinge (target: Tensor) (scores: Tensor) : Tensor =
            lack "Loss.hinge" target scores |> meanOf "Loss.hinge" scores

        /// <summary>mean max(0, 1 - t s)²: smooth at the margin.</summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">A target is seen to be neither 1 nor -1.</exception>
        /// <example><code>
        /// Loss.squaredHinge (tensor [ 1.0; -1.0 ]) (tensor [ 0.5; 1.0 ]) // 2.125
        /// </code></example>
        let squaredHinge (target: Tensor) (scores: Tensor) : Tensor =
            squaredLack target scores |> meanOf "Loss.squaredHinge" scores

        /// <summary>
        /// The mean of Σ max(0, margin - s[label] + s[c]) / classes, over all other classes c (Weston and Watkins 1999;
        /// PyTorch's multi_margin_loss), for scores (…, classes) and labels (…), integers.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The labels are not integers, or the scores not floating-point.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
        /// <exception cref="T:Cotangent.ValueException">The margin is not positive.</exception>
        /// <example><code>
        /// Loss.multiclassHinge 1.0 (tensor [ 3 ]) (tensor [ [ 0.1; 0.2; 0.4; 0.8 ] ]) // 0.325
        /// </code></example>
        let multiclassHinge (margin: float) (labels: Tensor) (scores: Tensor) : Tensor =
            multiclass margin labels scores |> meanOf "Loss.multiclassHinge" scores

        /// <summary>
        /// mean max(0, ‖a - p‖ - ‖a - n‖ + margin): an anchor is nearer to what is like it than to what is not, by a margin
        /// (Schroff et al. 2015). Vectors are along the last axis, distances Euclidean; where one is 0, so is its gradient.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">The margin is not positive.</exception>
        /// <example><code>
        /// let anchor, positive, negative = tensor [ [ 0.0; 0.0 ] ], tensor [ [ 3.0; 4.0 ] ], tensor [ [ 0.0; 2.0 ] ]
        /// Loss.triplet 0.5 anchor positive negative // 3.5
        /// </code></example>
        let triplet (margin: float) (anchor: Tensor) (positive: Tensor) (negative: Tensor) : Tensor =
            tripletOf margin anchor positive negative |> meanOf "Loss.triplet" anchor
