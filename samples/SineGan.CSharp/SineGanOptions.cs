using Cotangent;

namespace Samples.CSharp;

/// <summary>The ways to train the sine GAN.</summary>
public abstract record SineGanPreset
{
    private SineGanPreset() { }

    /// <summary>
    /// As in the article: one normal number of noise an iteration, layers of 10, batch 1, cross-entropy, clipped SGD,
    /// clamped parameters; the generator is updated on the signal that the discriminator has just been shown.
    /// </summary>
    /// <param name="Bound">
    /// The bound of the first weights (<see cref="SineGan.Xavier"/>, <see cref="SineGan.He"/>,
    /// <see cref="SineGan.Constant"/>), and of the biases, too: a bias is a weight whose input is always 1.
    /// </param>
    public sealed record Article(Func<Fans, double> Bound) : SineGanPreset;

    /// <summary>WGAN-GP on standardised signals.</summary>
    /// <param name="Width">The size of the two hidden layers of generator and critic.</param>
    /// <param name="Batch">Signals a step.</param>
    /// <param name="Rate">Where Adam's rate, which falls to 0, begins.</param>
    public sealed record GradientPenalty(int Width, int Batch, double Rate) : SineGanPreset;
}

/// <summary>
/// What to train. Start from <see cref="SineGan.Recommended"/> or <see cref="SineGan.Article"/>.
/// </summary>
/// <param name="Preset">How.</param>
/// <param name="Family">The signals to learn.</param>
/// <param name="Iterations">Steps of the generator.</param>
/// <param name="Seed">Where all randomness comes from: the same seed gives the same run.</param>
/// <param name="Eager">
/// Evaluate each operation as it comes, in place of running the training compiled. The same training, slower.
/// </param>
public sealed record SineGanOptions(
    SineGanPreset Preset,
    SineFamily Family,
    int Iterations,
    long Seed = 0,
    bool Eager = false
);

/// <summary>Losses at one point of the training, means since the point before.</summary>
public sealed record SineGanPoint(int Iteration, double GeneratorLoss, double DiscriminatorLoss);

/// <summary>What a training reached.</summary>
/// <param name="Iterations">Iterations done: fewer than asked for after a cancellation.</param>
/// <param name="Elapsed">The time of the training alone.</param>
/// <param name="Losses">In order.</param>
/// <param name="Generator">The trained generator (its running average, where the preset keeps one).</param>
/// <param name="Sample">Draws signals from it: (count, Length).</param>
public sealed record SineGanResult(
    int Iterations,
    TimeSpan Elapsed,
    IReadOnlyList<SineGanPoint> Losses,
    Mlp Generator,
    Func<int, Key, Tensor> Sample
);
