namespace Cotangent

open LossParts

/// Losses of yes-or-no questions: targets are 1 for yes, 0 for no, or the probability of a yes.
[<AutoOpen>]
module BinaryLosses =
    let private requireTargets (operation: string) (target: Tensor) =
        requireProbabilities operation "target" "Write yes as 1 and no as 0" target

    let private ofProbabilities (guard: float) (target: Tensor) (prediction: Tensor) =
        Given.check "target" target
        Given.check "prediction" prediction
        let operation = "Loss.binaryCrossEntropy"

        if not (guard >= 0.0 && guard < 0.5) then
            raise (ValueException $"{operation}: guard {string guard} is outside [0, 0.5).")

        requireEqual operation "prediction" prediction "target" target
        requireTargets operation target

        requireProbabilities
            operation
            "prediction"
            "For logits there is `Loss.binaryCrossEntropyWithLogits`"
            prediction

        let p, t = wide prediction, wide target
        // Too small a guard would be 0 in the dtype.
        let least = if p.DType = DType.Float32 then 1e-37 else 1e-307
        let guard = if guard > 0.0 then max guard least else 0.0
        // The value is clamped, the slope is not: what is added is 0. In the dtype 1 - guard may be 1, so that log (1 - p)
        // needs a clamp of its own.
        let guarded p =
            let number = stopGradient p
            clamp guard (1.0 - guard) number + (p - number)

        -(t * log (guarded p) + (1.0 - t) * log (guarded (1.0 - p)))

    /// q t softplus -l + (1 - t) softplus l, for the weight q of a yes. With softplus l = l + softplus -l the exponential is
    /// that of -|l|, and an infinite logit that matches its target is times 0: that is no loss.
    let private ofLogits
        (operation: string)
        (positiveWeight: Tensor voption)
        (target: Tensor)
        (logits: Tensor)
        =
        requireEqual operation "logits" logits "target" target
        requireTargets operation target
        let l, t = wide logits, wide target

        let yes =
            match positiveWeight with
            | ValueSome weight -> wide weight * t
            | ValueNone -> t

        let isPositive = l.Greater 0.0
        let missed = where isPositive (1.0 - t) -yes
        let isMatched = (missed.Equal 0.0).And((abs l).Equal infinity)
        let linear = missed * where isMatched (Tensor.zerosLike l) l
        let both = softplus (where isPositive -l l)

        match positiveWeight with
        | ValueSome _ -> linear + (yes + (1.0 - t)) * both
        | ValueNone -> linear + both

    let private weighted (positiveWeight: Tensor) (target: Tensor) (logits: Tensor) =
        Given.check "positiveWeight" positiveWeight
        Given.check "target" target
        Given.check "logits" logits
        let operation = "Loss.weightedBinaryCrossEntropyWithLogits"
        Operands.sameDType operation logits positiveWeight
        let classes = if logits.Rank > 0 then logits.Dims[logits.Rank - 1 ..] else [||]

        if positiveWeight.Rank > 0 && not (Shape.equal positiveWeight.Dims classes) then
            raise (
                ShapeException
                    $"{operation}: weights {Shape.show positiveWeight.Dims} for logits {Shape.show logits.Dims}; one number is wanted, or one for each place of the last axis, {Shape.show classes}."
            )

        requireWithin operation "weight" "weights are 0 or more" 0.0 infinity positiveWeight
        ofLogits operation (ValueSome positiveWeight) target logits

    /// What a target has of a probability of a yes and of its weight: those of a yes, or those of a no.
    let private focalOf (alpha: float) (gamma: float) (target: Tensor) (logits: Tensor) =
        let operation = "Loss.binaryFocal"

        if not (alpha >= 0.0 && alpha <= 1.0) then
            raise (ValueException $"{operation}: alpha {string alpha} is outside [0, 1].")

        requireNotNegative operation "gamma" gamma
        let entropy = ofLogits operation ValueNone target logits
        let l, t = wide logits, wide target
        let missed = t * sigmoid -l + (1.0 - t) * sigmoid l
        (alpha * t + (1.0 - alpha) * (1.0 - t)) * missed ** gamma * entropy

    /// Losses of yes-or-no questions.
    [<RequireQualifiedAccess>]
    module Loss =
        /// Losses of each number or example, of which <c>Loss</c> has the means.
        [<RequireQualifiedAccess>]
        module Each =
            /// <summary><c>Loss.binaryCrossEntropy</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">
            /// The guard is outside [0, 0.5), or a number is seen to be no probability.
            /// </exception>
            /// <example><code>
            /// Loss.Each.binaryCrossEntropy 1e-7 (tensor [ 1.0; 0.0 ]) (tensor [ 0.25; 0.5 ]) // [1.3863, 0.6931]
            /// </code></example>
            let binaryCrossEntropy (guard: float) (target: Tensor) (prediction: Tensor) : Tensor =
                ofProbabilities guard target prediction |> each prediction

            /// <summary><c>Loss.binaryCrossEntropyWithLogits</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">A target is seen to be no probability.</exception>
            /// <example><code>
            /// Loss.Each.binaryCrossEntropyWithLogits (tensor [ 1.0; 0.0 ]) (tensor [ 0.0; 1000.0 ]) // [0.6931, 1000]
            /// </code></example>
            let binaryCrossEntropyWithLogits (target: Tensor) (logits: Tensor) : Tensor =
                ofLogits "Loss.binaryCrossEntropyWithLogits" ValueNone target logits |> each logits

            /// <summary><c>Loss.weightedBinaryCrossEntropyWithLogits</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">
            /// A target is seen to be no probability, or a weight to be negative.
            /// </exception>
            /// <example><code>
            /// let target, logits = tensor [ 1.0; 0.0 ], tensor [ 0.0; 0.0 ]
            /// Loss.Each.weightedBinaryCrossEntropyWithLogits (tensor 3.0) target logits // [2.0794, 0.6931]
            /// </code></example>
            let weightedBinaryCrossEntropyWithLogits
                (positiveWeight: Tensor)
                (target: Tensor)
                (logits: Tensor)
                : Tensor =
                weighted positiveWeight target logits |> each logits

            /// <summary><c>Loss.binaryFocal</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">
            /// alpha is outside [0, 1], gamma is negative, or a target is seen to be no probability.
            /// </exception>
            /// <example><code>
            /// Loss.Each.binaryFocal 0.25 2.0 (tensor [ 1.0; 0.0 ]) (tensor [ 0.0; 0.0 ]) // [0.0433, 0.13]
            /// </code></example>
            let binaryFocal (alpha: float) (gamma: float) (target: Tensor) (logits: Tensor) : Tensor =
                focalOf alpha gamma target logits |> each logits

        /// <summary>
        /// -mean (t ln p + (1-t) ln (1-p)) for probabilities p. <c>guard</c> keeps p, and 1-p, in [guard, 1-guard]; beyond it the
        /// gradient is that at the border, so that a saturated prediction can recover. A guard may be smaller than the steps of
        /// the dtype below 1.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">
        /// The guard is outside [0, 0.5), or a number is seen to be no probability.
        /// </exception>
        /// <example><code>
        /// Loss.binaryCrossEntropy 1e-7 (tensor [ 1.0; 0.0 ]) (tensor [ 0.5; 0.5 ]) // 0.6931
        /// </code></example>
        let binaryCrossEntropy (guard: float) (target: Tensor) (prediction: Tensor) : Tensor =
            ofProbabilities guard target prediction |> meanOf "Loss.binaryCrossEntropy" prediction

        /// <summary>The same for logits, p = sigmoid logit, without overflow: mean (softplus l - t l).</summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">A target is seen to be no probability.</exception>
        /// <example><code>
        /// Loss.binaryCrossEntropyWithLogits (tensor [ 1.0; 0.0 ]) (tensor [ 0.0; 0.0 ]) // 0.6931
        /// </code></example>
        let binaryCrossEntropyWithLogits (target: Tensor) (logits: Tensor) : Tensor =
            ofLogits "Loss.binaryCrossEntropyWithLogits" ValueNone target logits
            |> meanOf "Loss.binaryCrossEntropyWithLogits" logits

        /// <summary>
        /// The same where a yes that is missed weighs more, or less: mean (w t softplus -l + (1 - t) softplus l). One weight,
        /// or one for each place of the last axis; where a yes is rare, the number of noes over that of yeses.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">
        /// A target is seen to be no probability, or a weight to be negative.
        /// </exception>
        /// <example><code>
        /// let target, logits = tensor [ 1.0; 0.0 ], tensor [ 0.0; 0.0 ]
        /// Loss.weightedBinaryCrossEntropyWithLogits (tensor 3.0) target logits // 1.3863
        /// </code></example>
        let weightedBinaryCrossEntropyWithLogits
            (positiveWeight: Tensor)
            (target: Tensor)
            (logits: Tensor)
            : Tensor =
            weighted positiveWeight target logits |> meanOf "Loss.weightedBinaryCrossEntropyWithLogits" logits

        /// <summary>
        /// The focal loss of logits (Lin et al. 2017): cross-entropy times (1 - p)^gamma, where p is the probability that the
        /// target got, so that what is easy counts for little; a yes weighs alpha, a no 1 - alpha. The paper takes 0.25 and 2.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">
        /// alpha is outside [0, 1], gamma is negative, or a target is seen to be no probability.
        /// </exception>
        /// <example><code>
        /// Loss.binaryFocal 0.25 2.0 (tensor [ 1.0; 0.0 ]) (tensor [ 0.0; 0.0 ]) // 0.0866
        /// </code></example>
        let binaryFocal (alpha: float) (gamma: float) (target: Tensor) (logits: Tensor) : Tensor =
            focalOf alpha gamma target logits |> meanOf "Loss.binaryFocal" logits
