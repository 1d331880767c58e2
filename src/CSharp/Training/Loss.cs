namespace Cotangent;

/// <summary>
/// Losses: means over all examples, of a prediction against a target. Shapes must be equal, never stretched: (B, 1) against
/// (B,) has silently spoiled many a training run.
/// </summary>
/// <remarks>
/// The target comes first, then the prediction, then what may be left out; in F# it is the same order, with options in front.
/// PyTorch has the prediction first.
/// </remarks>
public static partial class Loss
{
    /// <summary>Losses of each number or example, of which <see cref="Loss"/> has the means.</summary>
    public static partial class Each { }

    /// <summary>
    /// What the discriminator, or critic, of a GAN plays for: the mean loss of its scores of real examples plus that of its
    /// scores of generated ones. Their numbers need not be equal.
    /// </summary>
    /// <exception cref="ShapeException">There are no scores.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// var (real, generated) = (Tensor.Create([0.5, 2.0]), Tensor.Create([-3.0]));
    /// Loss.Discriminator(AdversarialLoss.Hinge, real, generated) // 0.25
    /// Loss.Discriminator(AdversarialLoss.Wasserstein, real, generated) // -4.25
    /// </code></example>
    public static Tensor Discriminator(AdversarialLoss kind, Tensor real, Tensor generated) =>
        AdversarialLosses.Loss.discriminator(kind, real.NotNull(), generated.NotNull());

    /// <summary>What the generator of a GAN plays for: the mean loss of the scores of generated examples.</summary>
    /// <exception cref="ShapeException">There are no scores.</exception>
    /// <exception cref="DTypeException">The scores are not floating-point.</exception>
    /// <example><code>
    /// Loss.Generator(AdversarialLoss.LeastSquares, Tensor.Create([-1.0, 2.0])) // 1.25
    /// </code></example>
    public static Tensor Generator(AdversarialLoss kind, Tensor generated) =>
        AdversarialLosses.Loss.generator(kind, generated.NotNull());
}
