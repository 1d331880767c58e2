namespace Cotangent

open LossParts

/// Losses of embeddings: vectors along the last axis, compared by the cosine of their angle.
[<AutoOpen>]
module SimilarityLosses =
    /// Vectors of length 1; those shorter than 1e-8 are divided by that, as in PyTorch, so that 0 stays 0.
    let private directions (x: Tensor) =
        let lengths = x.Norm([ -1 ], keepDims = true)
        x / maximum lengths (Tensor.fullLike lengths 1e-8)

    let private cosineOf (margin: float) (target: Tensor) (a: Tensor) (b: Tensor) =
        Given.check "target" target
        Given.check "a" a
        Given.check "b" b
        let operation = "Loss.cosineEmbedding"

        if not (margin >= -1.0 && margin <= 1.0) then
            raise (ValueException $"{operation}: the margin {string margin} is outside [-1, 1].")

        requireEqual operation "first" a "second" b

        if a.Rank < 1 || not (Shape.equal target.Dims a.Dims[.. a.Rank - 2]) then
            raise (
                ShapeException
                    $"{operation}: vectors {Shape.show a.Dims} want targets of shape {Shape.show a.Dims[.. a.Rank - 2]}, one for each pair, got {Shape.show target.Dims}."
            )

        if target.DType = DType.Bool then
            raise (
                DTypeException $"{operation}: the targets are numbers, 1 for alike and -1 for not; got Bool."
            )

        requireWithin operation "square of the target" "1 is for alike, -1 for not" 1.0 1.0 (target * target)
        let cosine = (directions (wide a) * directions (wide b)).Sum [ -1 ]
        where (target.Greater 0.0) (1.0 - cosine) (relu (cosine - margin))

    let private requireBatch (operation: string) (a: Tensor) (other: string) (b: Tensor) =
        requireEqual operation "anchors" a other b

        if a.Rank <> 2 then
            raise (
                ShapeException
                    $"{operation}: batches of vectors, (examples, size), are wanted, got {Shape.show a.Dims}."
            )

    let private crossEntropies (labels: Tensor) (logits: Tensor) =
        Bind.one (Primitive.Fused(Fused.CrossEntropy { Smoothing = 0.0; Ignored = ValueNone })) [|
            logits
            labels
        |]

    let private infoNceOf (temperature: float) (positives: Tensor) (anchors: Tensor) =
        Given.check "positives" positives
        Given.check "anchors" anchors
        requirePositive "Loss.infoNce" "the temperature" temperature
        requireBatch "Loss.infoNce" anchors "positives" positives
        let similarity = matmul (directions (wide anchors)) (directions (wide positives)).T / temperature
        crossEntropies (countBeside anchors DType.Int32 anchors.Dims[0]) similarity

    let private ntXentOf (temperature: float) (a: Tensor) (b: Tensor) =
        Given.check "a" a
        Given.check "b" b
        requirePositive "Loss.ntXent" "the temperature" temperature
        requireBatch "Loss.ntXent" a "other views" b
        let n = a.Dims[0]
        let views = directions (wide (concat 0 [ a; b ]))
        let similarity = matmul views views.T / temperature
        let places = countBeside a DType.Int32 (2 * n)
        // A view is not its own negative.
        let isSelf = (places.Unsqueeze 1).Equal places
        let others = where isSelf (Tensor.fullLike similarity -infinity) similarity
        crossEntropies (places.Roll(n, 0)) others

    /// Losses of embeddings.
    [<RequireQualifiedAccess>]
    module Loss =
        /// Losses of each number or example, of which <c>Loss</c> has the means.
        [<RequireQualifiedAccess>]
        module Each =
            /// <summary><c>Loss.cosineEmbedding</c> of each pair.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">
            /// The margin is outside [-1, 1], or a target is seen to be neither 1 nor -1.
            /// </exception>
            /// <example><code>
            /// let a, b = tensor [ [ 1.0; 0.0 ]; [ 3.0; 4.0 ] ], tensor [ [ 0.0; 2.0 ]; [ 1.0; 0.0 ] ]
            /// Loss.Each.cosineEmbedding 0.5 (tensor [ 1; -1 ]) a b // [1, 0.1]
            /// </code></example>
            let cosineEmbedding (margin: float) (target: Tensor) (a: Tensor) (b: Tensor) : Tensor =
                cosineOf margin target a b |> each a

            /// <summary><c>Loss.infoNce</c> of each anchor.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or are not of batches of vectors.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">The temperature is not positive.</exception>
            /// <example><code>
            /// let anchors, positives = tensor [ [ 1.0; 0.0 ]; [ 0.0; 2.0 ] ], tensor [ [ 3.0; 0.0 ]; [ 0.0; 1.0 ] ]
            /// Loss.Each.infoNce 0.5 positives anchors // [0.1269, 0.1269]
            /// </code></example>
            let infoNce (temperature: float) (positives: Tensor) (anchors: Tensor) : Tensor =
                infoNceOf temperature positives anchors |> each anchors

            /// <summary><c>Loss.ntXent</c> of each view: those of the first batch, then those of the second.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or are not of batches of vectors.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">The temperature is not positive.</exception>
            /// <example><code>
            /// let a, b = tensor [ [ 1.0; 0.0 ]; [ 0.0; 2.0 ] ], tensor [ [ 3.0; 0.0 ]; [ 0.0; 1.0 ] ]
            /// Loss.Each.ntXent 0.5 a b // [0.2395, 0.2395, 0.2395, 0.2395]
            /// </code></example>
            let ntXent (temperature: float) (a: Tensor) (b: Tensor) : Tensor =
                ntXentOf temperature a b |> each a

        /// <summary>
        /// The mean of 1 - cos(a, b) for pairs that are alike (target 1), of max(0, cos(a, b) - margin) for those that are not
        /// (target -1). Targets are integers or floats, one for each pair.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">
        /// The margin is outside [-1, 1], or a target is seen to be neither 1 nor -1.
        /// </exception>
        /// <example><code>
        /// let a, b = tensor [ [ 1.0; 0.0 ]; [ 3.0; 4.0 ] ], tensor [ [ 0.0; 2.0 ]; [ 1.0; 0.0 ] ]
        /// Loss.cosineEmbedding 0.5 (tensor [ 1; -1 ]) a b // 0.55
        /// </code></example>
        let cosineEmbedding (margin: float) (target: Tensor) (a: Tensor) (b: Tensor) : Tensor =
            cosineOf margin target a b |> meanOf "Loss.cosineEmbedding" a

        /// <summary>
        /// Each anchor tells its positive, the one of the same row, from those of the others in the batch (van den Oord et al.
        /// 2018): the mean cross-entropy of cosines over the temperature. Both are (examples, size).
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or are not of batches of vectors.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">The temperature is not positive.</exception>
        /// <example><code>
        /// let anchors, positives = tensor [ [ 1.0; 0.0 ]; [ 0.0; 2.0 ] ], tensor [ [ 3.0; 0.0 ]; [ 0.0; 1.0 ] ]
        /// Loss.infoNce 0.5 positives anchors // 0.1269
        /// </code></example>
        let infoNce (temperature: float) (positives: Tensor) (anchors: Tensor) : Tensor =
            infoNceOf temperature positives anchors |> meanOf "Loss.infoNce" anchors

        /// <summary>
        /// SimCLR's loss (Chen et al. 2020, algorithm 1): of two views of each example, each tells the other from all views of
        /// all other examples. Both are (examples, size), the mean is over all 2 · examples views.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or are not of batches of vectors.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">The temperature is not positive.</exception>
        /// <example><code>
        /// let a, b = tensor [ [ 1.0; 0.0 ]; [ 0.0; 2.0 ] ], tensor [ [ 3.0; 0.0 ]; [ 0.0; 1.0 ] ]
        /// Loss.ntXent 0.5 a b // 0.2395
        /// </code></example>
        let ntXent (temperature: float) (a: Tensor) (b: Tensor) : Tensor =
            ntXentOf temperature a b |> meanOf "Loss.ntXent" a
