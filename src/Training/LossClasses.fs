namespace Cotangent

open LossParts

/// <summary>How targets of a cross-entropy over classes are read.</summary>
/// <example><code>
/// // Labels of -1 are left out.
/// let options = { Loss.crossEntropyDefaults with Ignored = Some -1 }
/// Loss.crossEntropyWith options (tensor [ 0; -1 ]) (tensor [ [ 0.0; 0.0 ]; [ 9.0; 0.0 ] ]) // 0.6931
/// </code></example>
[<CompiledName "FSharpCrossEntropyOptions">]
type CrossEntropyOptions = {
    /// This share of each target, from 0 to 1, is spread evenly over all classes (label smoothing).
    Smoothing: float
    /// Examples with this label, as of padding, count for nothing.
    Ignored: int option
    /// One for each class: what an example of that class weighs. Without, all weigh 1.
    Weights: Tensor option
}

/// Losses of logits over classes, along the last axis, against labels or probabilities.
[<AutoOpen>]
module ClassLosses =
    let private targetsOf (options: CrossEntropyOptions) smoothing : Targets = {
        Smoothing = smoothing
        Ignored =
            match options.Ignored with
            | Some label -> ValueSome(int64 label)
            | None -> ValueNone
    }

    let private entropyOf options smoothing (labels: Tensor) (logits: Tensor) =
        Bind.one (Primitive.Fused(Fused.CrossEntropy(targetsOf options smoothing))) [| logits; labels |]

    let private requireOptions (options: CrossEntropyOptions) (logits: Tensor) =
        requireScores "Loss.crossEntropy" "logits" logits

        if not (options.Smoothing >= 0.0 && options.Smoothing <= 1.0) then
            raise (
                ValueException $"Loss.crossEntropy: smoothing {string options.Smoothing} is outside [0, 1]."
            )

        match options.Weights with
        | None -> ()
        | Some weights ->
            Operands.sameDType "Loss.crossEntropy" logits weights

            if logits.Rank < 1 || not (Shape.equal weights.Dims logits.Dims[logits.Rank - 1 ..]) then
                raise (
                    ShapeException
                        $"Loss.crossEntropy: weights of shape {Shape.show weights.Dims} for logits {Shape.show logits.Dims}; one for each class is wanted."
                )

            requireWithin "Loss.crossEntropy" "weight" "weights are 0 or more" 0.0 infinity weights

    /// Σ w t (-log softmax l) over classes; what has probability 0 costs nothing, also where the softmax is 0.
    let private expected (weights: Tensor option) (targets: Tensor) (logits: Tensor) =
        let t =
            match weights with
            | Some weights -> wide weights * targets
            | None -> targets

        let product = t * logits.LogSoftmax()
        -(where (t.Equal 0.0) (Tensor.zerosLike product) product).Sum [ -1 ]

    let private isCounted (options: CrossEntropyOptions) (labels: Tensor) =
        options.Ignored |> Option.map (fun label -> labels.NotEqual(float label))

    /// What each example weighs: the weight of its class, 0 where it is ignored.
    let private weightsOf options (weights: Tensor) (labels: Tensor) =
        match isCounted options labels with
        | None -> (wide weights).Take labels
        | Some counted ->
            let taken = (wide weights).Take(where counted labels (Tensor.zerosLike labels))
            where counted taken (Tensor.zerosLike taken)

    let private ofLabels (options: CrossEntropyOptions) (labels: Tensor) (logits: Tensor) =
        requireLabels "Loss.crossEntropy" logits labels

        match options.Weights with
        | None -> entropyOf options options.Smoothing labels logits
        | Some weights ->
            let l = wide logits
            let s = options.Smoothing
            let chosen = weightsOf options weights labels * entropyOf options 0.0 labels l

            if s = 0.0 then
                chosen
            else
                let spread = expected (Some weights) (Tensor.fullLike l (s / float l.Dims[l.Rank - 1])) l

                match isCounted options labels with
                | None -> (1.0 - s) * chosen + spread
                | Some counted -> (1.0 - s) * chosen + where counted spread (Tensor.zerosLike spread)

    let private ofProbabilities (options: CrossEntropyOptions) (targets: Tensor) (logits: Tensor) =
        if not targets.DType.IsFloat || not (Shape.equal targets.Dims logits.Dims) || logits.Rank < 1 then
            let labels = Shape.show logits.Dims[.. logits.Rank - 2]

            raise (
                ShapeException
                    $"Loss.crossEntropy: logits {logits.DType} {Shape.show logits.Dims} want labels, integers of shape {labels}, or probabilities, {logits.DType} {Shape.show logits.Dims}; got {targets.DType} {Shape.show targets.Dims}."
            )

        Operands.sameDType "Loss.crossEntropy" logits targets

        if options.Ignored.IsSome then
            raise (
                ValueException
                    "Loss.crossEntropy: an ignored label needs labels, and the targets are probabilities. Weigh the losses of `Loss.Each.crossEntropyWith` instead."
            )

        requireProbabilities "Loss.crossEntropy" "target" "Labels are integers" targets
        let t = wide targets

        requireWithin
            "Loss.crossEntropy"
            "sum of the targets"
            "the probabilities of an example sum to 1. For several labels an example there is `Loss.binaryCrossEntropyWithLogits`"
            0.99
            1.01
            ((stopGradient t).Sum [ -1 ])

        let s = options.Smoothing
        let classes = float logits.Dims[logits.Rank - 1]
        let smoothed = if s = 0.0 then t else (1.0 - s) * t + s / classes
        expected options.Weights smoothed (wide logits)

    let private entropies options (targets: Tensor) (logits: Tensor) =
        Given.check "options" options
        Given.check "targets" targets
        Given.check "logits" logits
        requireOptions options logits

        if targets.DType.IsInteger then
            ofLabels options targets logits
        else
            ofProbabilities options targets logits

    /// What the losses are divided by; ValueNone for their number.
    let private total (options: CrossEntropyOptions) (targets: Tensor) =
        match options.Weights with
        | Some weights when targets.DType.IsInteger -> ValueSome(sum (weightsOf options weights targets))
        | Some _
        | None ->
            match isCounted options targets with
            | None -> ValueNone
            | Some counted -> ValueSome(sum (counted.Convert DType.Float32))

    let private meanEntropy options (targets: Tensor) (logits: Tensor) =
        let losses = entropies options targets logits

        match total options targets with
        | ValueNone -> meanOf "Loss.crossEntropy" logits losses
        | ValueSome total ->
            // Where nothing counts, the sum is 0, too.
            let divisor = where (total.Equal 0.0) (Tensor.onesLike total) total
            let sum = sum (wide losses)
            (sum / divisor.Convert sum.DType).Convert logits.DType

    let private plain: CrossEntropyOptions = { Smoothing = 0.0; Ignored = None; Weights = None }

    /// (1 - p)^gamma times the cross-entropy e, where p = exp -e; 1 - p keeps its digits.
    let private focalOf (gamma: float) (labels: Tensor) (logits: Tensor) =
        requireNotNegative "Loss.focal" "gamma" gamma
        requireLabels "Loss.focal" logits labels
        requireIndices "Loss.focal" "label" logits.Dims[logits.Rank - 1] labels
        let entropy = entropyOf plain 0.0 labels (wide logits)
        (-(expm1 -entropy)) ** gamma * entropy

    /// Losses of logits over classes.
    [<RequireQualifiedAccess>]
    module Loss =
        /// Losses of each number or example, of which <c>Loss</c> has the means.
        [<RequireQualifiedAccess>]
        module Each =
            /// <summary>
            /// <c>Loss.crossEntropyWith</c> of each example: times the weight of its class, 0 for ignored labels.
            /// </summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The logits are not floating-point.</exception>
            /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
            /// <exception cref="T:Cotangent.ValueException">
            /// The smoothing is outside [0, 1], or targets are seen to be no probabilities.
            /// </exception>
            /// <example><code>
            /// let logits = tensor [ [ 0.0; 0.0; 0.0 ]; [ 100.0; 0.0; 0.0 ]; [ 0.0; 0.0; 5.0 ] ]
            /// let options = { Loss.crossEntropyDefaults with Ignored = Some -1 }
            /// Loss.Each.crossEntropyWith options (tensor [ 2; 0; -1 ]) logits // [1.0986, 0, 0]
            /// </code></example>
            let crossEntropyWith (options: CrossEntropyOptions) (targets: Tensor) (logits: Tensor) : Tensor =
                entropies options targets logits |> each logits

            /// <summary><c>Loss.crossEntropy</c> of each example.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The logits are not floating-point.</exception>
            /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
            /// <exception cref="T:Cotangent.ValueException">Targets are seen to be no probabilities.</exception>
            /// <example><code>
            /// let logits = tensor [ [ 0.0; 0.0; 0.0 ]; [ 100.0; 0.0; 0.0 ] ]
            /// Loss.Each.crossEntropy (tensor [ 2; 0 ]) logits // [1.0986, 0]
            /// </code></example>
            let crossEntropy (targets: Tensor) (logits: Tensor) : Tensor =
                crossEntropyWith plain targets logits

            /// <summary><c>Loss.focal</c> of each example.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The labels are not integers, or the logits not floating-point.</exception>
            /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
            /// <exception cref="T:Cotangent.ValueException">gamma is negative.</exception>
            /// <example><code>
            /// let logits = tensor [ [ 0.0; 0.0 ]; [ 0.0; log 3.0 ] ]
            /// Loss.Each.focal 2.0 (tensor [ 0; 1 ]) logits // [0.1733, 0.018]
            /// </code></example>
            let focal (gamma: float) (labels: Tensor) (logits: Tensor) : Tensor =
                focalOf gamma labels logits |> each logits

        /// <summary>
        /// How to read the targets of a cross-entropy: none smoothed, none ignored, all of weight 1. Change what you need.
        /// </summary>
        let crossEntropyDefaults: CrossEntropyOptions = plain

        /// <summary>
        /// The cross-entropy of class logits (…, classes) against labels (…), integers, or probabilities (…, classes), as
        /// options say. With the smoothing s (Szegedy et al. 2016) a label is 1 - s of its class and s of all evenly. The mean
        /// is over the examples whose labels are not ignored, 0 if all are; with weights it is the weighted one, the sum of
        /// weighted losses over that of the weights of the labels (over the number of examples where targets are
        /// probabilities), as in PyTorch.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The logits are not floating-point.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
        /// <exception cref="T:Cotangent.ValueException">
        /// The smoothing is outside [0, 1], or targets are seen to be no probabilities.
        /// </exception>
        /// <example><code>
        /// let logits = tensor [ [ 0.0; 0.0; 0.0 ]; [ 100.0; 0.0; 0.0 ] ]
        /// let options = { Loss.crossEntropyDefaults with Smoothing = 0.1 }
        /// Loss.crossEntropyWith options (tensor [ 2; 0 ]) logits // 3.8826
        /// </code></example>
        let crossEntropyWith (options: CrossEntropyOptions) (targets: Tensor) (logits: Tensor) : Tensor =
            meanEntropy options targets logits

        /// <summary>
        /// The mean cross-entropy of class logits (…, classes) against labels (…), integers from 0: mean (logSumExp l -
        /// l[label]); or against probabilities (…, classes) of the dtype of the logits: mean Σ -t log softmax l.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The logits are not floating-point.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
        /// <exception cref="T:Cotangent.ValueException">Targets are seen to be no probabilities.</exception>
        /// <example><code>
        /// let logits = tensor [ [ 0.0; 0.0; 0.0 ]; [ 100.0; 0.0; 0.0 ] ]
        /// Loss.crossEntropy (tensor [ 2; 0 ]) logits // 0.5493
        /// Loss.crossEntropy (tensor [ [ 0.0; 0.5; 0.5 ]; [ 1.0; 0.0; 0.0 ] ]) logits // 0.5493
        /// </code></example>
        let crossEntropy (targets: Tensor) (logits: Tensor) : Tensor = meanEntropy plain targets logits

        /// <summary>
        /// The focal loss over classes (Lin et al. 2017): the mean cross-entropy times (1 - p)^gamma, where p is the
        /// probability that the label got, so that what is easy counts for little.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The labels are not integers, or the logits not floating-point.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
        /// <exception cref="T:Cotangent.ValueException">gamma is negative.</exception>
        /// <example><code>
        /// let logits = tensor [ [ 0.0; 0.0 ]; [ 0.0; log 3.0 ] ]
        /// Loss.focal 2.0 (tensor [ 0; 1 ]) logits // 0.0956
        /// </code></example>
        let focal (gamma: float) (labels: Tensor) (logits: Tensor) : Tensor =
            focalOf gamma labels logits |> meanOf "Loss.focal" logits
