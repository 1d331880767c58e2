namespace Cotangent;

/// <summary>
/// A family of sine signals: amplitude · sin(phase + frequency · i) for i = 0 … Length-1, each parameter
/// uniform in its range.
/// </summary>
public sealed record SineFamily
{
    /// <summary>Samples in a signal.</summary>
    public required int Length { get; init; }

    /// <summary>The range of phases, in radians.</summary>
    public required (double Low, double High) Phase { get; init; }

    /// <summary>The range of frequencies, in radians a sample.</summary>
    public required (double Low, double High) Frequency { get; init; }

    /// <summary>The range of amplitudes.</summary>
    public required (double Low, double High) Amplitude { get; init; }

    /// <summary>The root-mean-square error within which two signals count as the same.</summary>
    public required double Tolerance { get; init; }

    internal static SineFamily FromFSharp(FSharpSineFamily family) =>
        new()
        {
            Length = family.Length,
            Phase = family.Phase.ToValueTuple(),
            Frequency = family.Frequency.ToValueTuple(),
            Amplitude = family.Amplitude.ToValueTuple(),
            Tolerance = family.Tolerance,
        };

    internal FSharpSineFamily ToFSharp() =>
        new(Length, Phase.ToTuple(), Frequency.ToTuple(), Amplitude.ToTuple(), Tolerance);
}

/// <summary>The signals of the sine GAN.</summary>
public static class Sines
{
    /// <summary>The family of the article that the GAN comes from.</summary>
    public static SineFamily Article { get; } = SineFamily.FromFSharp(SinesModule.article);

    /// <summary>A family so wide that the article's GAN collapses on it.</summary>
    public static SineFamily Wide { get; } = SineFamily.FromFSharp(SinesModule.wide);

    /// <summary>Members of a family drawn at random: Float32 (count, Length).</summary>
    /// <example><code>
    /// Sines.Sample(Sines.Wide, 100, Key.Create(0)) // shape (100, 10)
    /// </code></example>
    public static Tensor Sample(SineFamily family, int count, Key key) =>
        SinesModule.sample(family.ToFSharp(), count, key);

    /// <summary>
    /// 2 E‖g-r‖ - E‖g-g'‖ - E‖r-r'‖ between two samples of signals (count, length): 0 when the distributions
    /// are equal.
    /// </summary>
    public static double EnergyDistance(Tensor generated, Tensor real) => SinesModule.energyDistance(generated, real);

    /// <summary>Measures generated signals (count, Length) against as many members of the family.</summary>
    public static SineQuality Quality(SineFamily family, Tensor generated, Key key) =>
        SinesModule.quality(family.ToFSharp(), generated, key);
}
