namespace Cotangent;

/// <summary>The ways to train the sine GAN.</summary>
public abstract record SineGanPreset
{
    private SineGanPreset() { }

    internal abstract FSharpSineGanPreset ToFSharp();

    internal static SineGanPreset FromFSharp(FSharpSineGanPreset preset) =>
        preset switch
        {
            FSharpSineGanPreset.Article article => new Article(article.bound.Invoke),
            FSharpSineGanPreset.GradientPenalty penalty => new GradientPenalty(penalty.width, penalty.batch),
            _ => throw new InvalidOperationException($"{preset} has no counterpart in C#."),
        };

    /// <summary>
    /// As in the article: latent 1, layers of 10, batch 1, cross-entropy, clipped SGD, clamped parameters.
    /// </summary>
    /// <param name="Bound">
    /// The bound of the first weights and biases: <see cref="SineGan.Xavier"/>, <see cref="SineGan.He"/>,
    /// <see cref="SineGan.Constant"/>.
    /// </param>
    public sealed record Article(Func<Fans, double> Bound) : SineGanPreset
    {
        internal override FSharpSineGanPreset ToFSharp() => FSharpSineGanPreset.NewArticle(Bound.ToFSharp());
    }

    /// <summary>WGAN-GP.</summary>
    /// <param name="Width">The size of the two hidden layers of generator and critic.</param>
    /// <param name="Batch">Signals a step.</param>
    public sealed record GradientPenalty(int Width, int Batch) : SineGanPreset
    {
        internal override FSharpSineGanPreset ToFSharp() => FSharpSineGanPreset.NewGradientPenalty(Width, Batch);
    }
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
    long Seed,
    bool Eager = false
)
{
    internal static SineGanOptions FromFSharp(FSharpSineGanOptions options) =>
        new(
            SineGanPreset.FromFSharp(options.Preset),
            SineFamily.FromFSharp(options.Family),
            options.Iterations,
            options.Seed,
            options.Eager
        );

    internal FSharpSineGanOptions ToFSharp() =>
        new(Preset.ToFSharp(), Family.ToFSharp(), Iterations, Seed, Eager);
}
