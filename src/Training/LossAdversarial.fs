namespace Cotangent

open LossParts

/// <summary>What the two players of a generative adversarial network make of the judge's scores, any numbers, high for real.</summary>
/// <example><code>
/// Loss.generator AdversarialLoss.Wasserstein (tensor [ 1.0; 3.0 ]) // -2
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type AdversarialLoss =
    /// The scores are logits of being real: cross-entropy, the generator's in the non-saturating form (Goodfellow et al.
    /// 2014, §3).
    | CrossEntropy
    /// Real is 1, generated 0, and errors are squared (Mao et al. 2017, equation 9).
    | LeastSquares
    /// Real wants 1 or more, generated -1 or less (Lim and Ye 2017; Miyato et al. 2018, equations 16 and 17).
    | Hinge
    /// The difference of the means (Arjovsky et al. 2017); the judge must be kept from growing, as by `Gan.gradientPenalty`.
    | Wasserstein

/// Losses of the players of generative adversarial networks.
[<AutoOpen>]
module AdversarialLosses =
    let private scoresOf (operation: string) (what: string) (scores: Tensor) =
        requireFloat operation what scores
        wide scores

    /// Losses of the two players.
    [<RequireQualifiedAccess>]
    module Loss =
        /// <summary>
        /// What the discriminator, or critic, plays for: the mean loss of its scores of real examples plus that of its scores
        /// of generated ones. Their numbers need not be equal.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">There are no scores.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// let real, generated = tensor [ 0.5; 2.0 ], tensor [ -3.0 ]
        /// Loss.discriminator AdversarialLoss.Hinge real generated // 0.25
        /// Loss.discriminator AdversarialLoss.Wasserstein real generated // -4.25
        /// </code></example>
        let discriminator (kind: AdversarialLoss) (real: Tensor) (generated: Tensor) : Tensor =
            Given.check "real" real
            Given.check "generated" generated
            let operation = "Loss.discriminator"
            Operands.sameDType operation real generated
            let r = scoresOf operation "scores of real examples" real
            let g = scoresOf operation "scores of generated examples" generated

            let onReal, onGenerated =
                match kind with
                | AdversarialLoss.CrossEntropy -> softplus -r, softplus g
                | AdversarialLoss.LeastSquares -> 0.5 * square (r - 1.0), 0.5 * square g
                | AdversarialLoss.Hinge -> relu (1.0 - r), relu (1.0 + g)
                | AdversarialLoss.Wasserstein -> -r, g

            meanOf operation real onReal + meanOf operation generated onGenerated

        /// <summary>What the generator plays for: the mean loss of the scores of generated examples.</summary>
        /// <exception cref="T:Cotangent.ShapeException">There are no scores.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The scores are not floating-point.</exception>
        /// <example><code>
        /// Loss.generator AdversarialLoss.LeastSquares (tensor [ -1.0; 2.0 ]) // 1.25
        /// </code></example>
        let generator (kind: AdversarialLoss) (generated: Tensor) : Tensor =
            Given.check "generated" generated
            let g = scoresOf "Loss.generator" "scores of generated examples" generated

            meanOf
                "Loss.generator"
                generated
                (match kind with
                 | AdversarialLoss.CrossEntropy -> softplus -g
                 | AdversarialLoss.LeastSquares -> 0.5 * square (g - 1.0)
                 | AdversarialLoss.Hinge
                 | AdversarialLoss.Wasserstein -> -g)
