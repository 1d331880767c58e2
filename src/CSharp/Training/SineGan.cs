namespace Cotangent;

/// <summary>The generative adversarial network that this library grew out of.</summary>
/// <example><code>
/// var options = SineGan.Recommended(Sines.Article) with { Iterations = 20 };
/// var result = SineGan.Train(options);
/// result.Sample(200, Key.Create(1)) // shape (200, 10)
/// </code></example>
public static class SineGan
{
    /// <summary>±√(2/(in+out))</summary>
    public static double Xavier(Fans fans) => SineGanModule.xavier(fans);

    /// <summary>±√(1/in)</summary>
    public static double He(Fans fans) => SineGanModule.he(fans);

    /// <summary>±0.05</summary>
    public static double Constant(Fans fans) => SineGanModule.constant(fans);

    /// <summary>WGAN-GP, wide enough for the family.</summary>
    public static SineGanOptions Recommended(SineFamily family) =>
        SineGanOptions.FromFSharp(SineGanModule.recommended(family.ToFSharp()));

    /// <summary>The article's GAN on a family.</summary>
    public static SineGanOptions Article(SineFamily family) =>
        SineGanOptions.FromFSharp(SineGanModule.article(family.ToFSharp()));

    /// <summary>
    /// Trains; reports losses (D of the discriminator, G of the generator) as it goes; a cancellation ends it
    /// early with what was reached.
    /// </summary>
    /// <exception cref="ValueException">Fewer than one iteration is asked for.</exception>
    public static SineGanResult Train(
        SineGanOptions options,
        IProgress<ProgressReport>? progress = null,
        CancellationToken cancellationToken = default
    ) => new(SineGanModule.train(options.ToFSharp(), Progress.ToFSharp(progress), cancellationToken));

    /// <summary>
    /// Trains on another thread. A cancellation is no exception: the task completes with what was reached.
    /// </summary>
    /// <exception cref="ValueException">Fewer than one iteration is asked for.</exception>
    public static Task<SineGanResult> TrainAsync(
        SineGanOptions options,
        IProgress<ProgressReport>? progress = null,
        CancellationToken cancellationToken = default
    ) => Task.Run(() => Train(options, progress, cancellationToken), CancellationToken.None);
}
