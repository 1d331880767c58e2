namespace Cotangent

open LossParts

/// How far one distribution is from another.
[<AutoOpen>]
module DivergenceLosses =
    let private requireLast (operation: string) (t: Tensor) =
        if t.Rank < 1 then
            raise (ShapeException $"{operation}: (…, size) is wanted, got a scalar.")

    /// Σ t (log t - log p); what has probability 0 counts for nothing.
    let private klOf (target: Tensor) (logPrediction: Tensor) =
        Given.check "target" target
        Given.check "logPrediction" logPrediction
        let operation = "Loss.klDivergence"
        requireEqual operation "prediction" logPrediction "target" target
        requireLast operation target
        requireProbabilities operation "target" "Pass what `softmax` gives" target

        requireWithin
            operation
            "prediction"
            "the logarithm of a probability is wanted, 0 at most, as of `logSoftmax`"
            -infinity
            1e-2
            logPrediction

        let t, l = wide target, wide logPrediction
        let isNone = t.Equal 0.0
        let logTarget = log (where isNone (Tensor.onesLike t) t)
        let terms = t * (logTarget - l)
        (where isNone (Tensor.zerosLike terms) terms).Sum [ -1 ]

    let private gaussianOf (logVariance: Tensor) (mean: Tensor) =
        Given.check "logVariance" logVariance
        Given.check "mean" mean
        requireEqual "Loss.gaussianKl" "mean" mean "log-variance" logVariance
        requireLast "Loss.gaussianKl" mean
        let m, l = wide mean, wide logVariance
        0.5 * (square m + (expm1 l - l)).Sum [ -1 ]

    /// How far one distribution is from another.
    [<RequireQualifiedAccess>]
    module Loss =
        /// Losses of each number or example, of which <c>Loss</c> has the means.
        [<RequireQualifiedAccess>]
        module Each =
            /// <summary><c>Loss.klDivergence</c> of each example.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">
            /// Targets are seen to be no probabilities, or predictions no logarithms of such.
            /// </exception>
            /// <example><code>
            /// let target, prediction = tensor [ [ 0.25; 0.75 ]; [ 1.0; 0.0 ] ], tensor [ [ 0.0; 0.0 ]; [ 0.0; 0.0 ] ]
            /// prediction |> logSoftmax |> Loss.Each.klDivergence target // [0.1308, 0.6931]
            /// </code></example>
            let klDivergence (target: Tensor) (logPrediction: Tensor) : Tensor =
                klOf target logPrediction |> each logPrediction

            /// <summary><c>Loss.gaussianKl</c> of each example.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <example><code>
            /// Loss.Each.gaussianKl (tensor [ [ 0.0; 1.0 ] ]) (tensor [ [ 2.0; 0.0 ] ]) // [2.3591]
            /// </code></example>
            let gaussianKl (logVariance: Tensor) (mean: Tensor) : Tensor =
                gaussianOf logVariance mean |> each mean

        /// <summary>
        /// The Kullback–Leibler divergence of the target from the prediction: the mean over examples of Σ t (log t - log p),
        /// over the last axis, for probabilities t and logarithms of probabilities (PyTorch's kl_div with "batchmean").
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">
        /// Targets are seen to be no probabilities, or predictions no logarithms of such.
        /// </exception>
        /// <example><code>
        /// tensor [ [ 0.0; 0.0 ] ] |> logSoftmax |> Loss.klDivergence (tensor [ [ 0.25; 0.75 ] ]) // 0.1308
        /// </code></example>
        let klDivergence (target: Tensor) (logPrediction: Tensor) : Tensor =
            klOf target logPrediction |> meanOf "Loss.klDivergence" logPrediction

        /// <summary>
        /// The divergence of normal distributions from the standard one, of the latent of a variational autoencoder (Kingma and
        /// Welling 2014, appendix B): the mean over examples of ½ Σ (m² + v - 1 - log v), over the last axis.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// Loss.gaussianKl (tensor [ [ 0.0; 1.0 ] ]) (tensor [ [ 2.0; 0.0 ] ]) // 2.3591
        /// </code></example>
        let gaussianKl (logVariance: Tensor) (mean: Tensor) : Tensor =
            gaussianOf logVariance mean |> meanOf "Loss.gaussianKl" mean
