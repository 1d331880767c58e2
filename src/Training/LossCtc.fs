namespace Cotangent

open LossParts

/// The loss of a sequence of labels whose places in the input are not known.
[<AutoOpen>]
module CtcLosses =
    let private requireLengths (most: int) (what: string) (batch: int) (lengths: Tensor) =
        if not lengths.DType.IsInteger || not (Shape.equal lengths.Dims [| batch |]) then
            raise (
                ShapeException
                    $"Loss.ctc: the lengths of the {what} are integers of shape {Shape.show [| batch |]}, one for each sequence; got {lengths.DType} {Shape.show lengths.Dims}."
            )

        requireWithin "Loss.ctc" $"length of the {what}" $"it is from 0 to {most}" 0.0 (float most) lengths

    let private requireShapes
        (blank: int)
        (labelLengths: Tensor)
        (logitLengths: Tensor)
        (labels: Tensor)
        (logits: Tensor)
        =
        requireFloat "Loss.ctc" "logits" logits

        if logits.Rank <> 3 || labels.Rank <> 2 || labels.Dims[0] <> logits.Dims[0] then
            raise (
                ShapeException
                    $"Loss.ctc: logits (batch, time, classes) and labels (batch, length) are wanted, got {Shape.show logits.Dims} and {Shape.show labels.Dims}."
            )

        if not labels.DType.IsInteger then
            raise (
                DTypeException
                    $"Loss.ctc: the labels must be integers, the positions of classes, got {labels.DType} {Shape.show labels.Dims}."
            )

        if blank < 0 || blank >= logits.Dims[2] then
            raise (ValueException $"Loss.ctc: the blank {blank} is none of the {logits.Dims[2]} classes.")

        requireLengths labels.Dims[1] "labels" labels.Dims[0] labelLengths
        requireLengths logits.Dims[1] "logits" labels.Dims[0] logitLengths

    /// Before time 0 nothing is read: all probability is at the first place, the blank in front.
    let private start (logits: Tensor) places =
        let places = countBeside logits DType.Int32 places
        let zeros = Tensor.zerosLike (places.Convert logits.DType)
        let nothing = Tensor.fullLike zeros -infinity
        (where (places.Equal 0.0) zeros nothing).Expand [ logits.Dims[0]; places.Size ]

    /// The places of a sequence: a blank before each label and one behind the last.
    let private withBlanks (blank: int) (labels: Tensor) =
        let blanks = Tensor.fullLike labels (float blank)
        let pairs = (stack 2 [ blanks; labels ]).Reshape [ labels.Dims[0]; -1 ]
        pairs.Pad([ 0, 0; 0, 1 ], float blank)

    /// log Σ exp over the ways into each place: from the place itself, the one before, and, between unlike labels, the one
    /// before that, so that the blank is left out.
    let private into (mayLeap: Tensor) (before: Tensor) =
        let places = before.Dims[1]
        let padded = before.Pad([ 0, 0; 2, 0 ], -infinity)
        let one, two = padded[*, 1..places], padded[*, .. places - 1]
        (stack 2 [ before; one; where mayLeap two (Tensor.fullLike two -infinity) ]).LogSumExp [ 2 ]

    /// The forward variables of Graves et al. 2006, equation 6, as logarithms, after the last time of each sequence.
    let private forward (places: Tensor) (mayLeap: Tensor) (logitLengths: Tensor) (logits: Tensor) =
        let batch, time, count = logits.Dims[0], logits.Dims[1], places.Dims[1]
        let chosen = (places.Unsqueeze 1).Expand [ batch; time; count ]
        let logP = logits.LogSoftmax().Gather(chosen, 2).MoveAxis(1, 0)

        let isGoing =
            (countBeside logits DType.Int32 time).Unsqueeze(1).Less(logitLengths.Convert DType.Int32)

        let step before (logP: Tensor, isGoing: Tensor) =
            let next = into mayLeap before + logP
            where (isGoing.Unsqueeze 1) next before, ()

        fst (scan step (start logits count) (logP, isGoing))

    let private lossesOf
        blank
        (labelLengths: Tensor)
        (logitLengths: Tensor)
        (labels: Tensor)
        (logits: Tensor)
        =
        Given.check "labelLengths" labelLengths
        Given.check "logitLengths" logitLengths
        Given.check "labels" labels
        Given.check "logits" logits
        requireShapes blank labelLengths logitLengths labels logits
        let logits = wide logits
        let lengths = labelLengths.Convert(DType.Int32).Unsqueeze 1
        let isLabel = (countBeside labels DType.Int32 labels.Dims[1]).Unsqueeze(0).Less lengths
        // What stands behind a sequence may be anything.
        let labels = where isLabel labels (Tensor.fullLike labels (float blank))
        requireIndices "Loss.ctc" "label" logits.Dims[2] labels

        requireNowhere
            "Loss.ctc"
            $"the label is the blank, {blank}; labels are other classes"
            (isLabel.And(labels.Equal(float blank)))

        let places = withBlanks blank labels
        let isUnlike = places.NotEqual(places.Roll(2, 1))
        let isEarly = (countBeside labels DType.Int32 places.Dims[1]).Less 2.0
        let mayLeap = isUnlike.And(isEarly.Not().Unsqueeze 0)
        let last = forward places mayLeap logitLengths logits
        // A sequence ends in its last label or in the blank behind.
        let behind = last.Gather(2 * lengths, 1)
        let within = last.Gather(maximum (2 * lengths - 1) (Tensor.zerosLike lengths), 1)
        let within = where (lengths.Equal 0.0) (Tensor.fullLike within -infinity) within
        -(concat 1 [ behind; within ]).LogSumExp [ 1 ]

    /// The loss of a sequence of labels whose places in the input are not known.
    [<RequireQualifiedAccess>]
    module Loss =
        /// Losses of each number or example, of which <c>Loss</c> has the means.
        [<RequireQualifiedAccess>]
        module Each =
            /// <summary><c>Loss.ctc</c> of each sequence.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The labels are not integers, or the logits not floating-point.</exception>
            /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
            /// <exception cref="T:Cotangent.ValueException">A length is seen to be too large, or a label to be the blank.</exception>
            /// <example><code>
            /// // Two times, two classes: the label 1 is read as "1 1", "0 1" or "1 0".
            /// let logits = Tensor.zeros DType.Float64 [ 1; 2; 2 ]
            /// Loss.Each.ctc 0 (tensor [ 1 ]) (tensor [ 2 ]) (tensor [ [ 1 ] ]) logits // [0.2877]
            /// </code></example>
            let ctc
                (blank: int)
                (labelLengths: Tensor)
                (logitLengths: Tensor)
                (labels: Tensor)
                (logits: Tensor)
                : Tensor =
                lossesOf blank labelLengths logitLengths labels logits |> each logits

        /// <summary>
        /// Connectionist temporal classification (Graves et al. 2006): -log of the probability that logits (batch, time,
        /// classes) spell labels (batch, length) in order, in any places, repeated or with the class <c>blank</c> between;
        /// between equal labels there must be a blank. Sequences are as long as their lengths say; what stands behind counts
        /// for nothing. The mean is over sequences.
        /// </summary>
        /// <remarks>
        /// A sequence with more labels, and blanks between equal ones, than times has the loss ∞ and the gradient 0. PyTorch
        /// divides each loss by its number of labels before it takes the mean: <c>Loss.Each.ctc</c> lets you do so.
        /// </remarks>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The labels are not integers, or the logits not floating-point.</exception>
        /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
        /// <exception cref="T:Cotangent.ValueException">A length is seen to be too large, or a label to be the blank.</exception>
        /// <example><code>
        /// let logits = Tensor.zeros DType.Float64 [ 1; 2; 2 ]
        /// Loss.ctc 0 (tensor [ 1 ]) (tensor [ 2 ]) (tensor [ [ 1 ] ]) logits // 0.2877
        /// </code></example>
        let ctc
            (blank: int)
            (labelLengths: Tensor)
            (logitLengths: Tensor)
            (labels: Tensor)
            (logits: Tensor)
            : Tensor =
            lossesOf blank labelLengths logitLengths labels logits |> meanOf "Loss.ctc" logits
