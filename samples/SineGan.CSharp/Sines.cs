using Cotangent;

namespace Samples.CSharp;

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
}

/// <summary>The signals of the sine GAN.</summary>
public static class Sines
{
    /// <summary>The family of the article that the GAN comes from.</summary>
    public static SineFamily Article { get; } =
        new()
        {
            Length = 10,
            Phase = (0, 0.5),
            Frequency = (1.2, 1.3),
            Amplitude = (0.6, 0.8),
            Tolerance = 0.05,
        };

    /// <summary>A family so wide that the article's GAN collapses on it.</summary>
    public static SineFamily Wide { get; } =
        new()
        {
            Length = 10,
            Phase = (0, 2 * Math.PI),
            Frequency = (0.6, 1.8),
            Amplitude = (0.3, 1),
            Tolerance = 0.1,
        };

    /// <summary>Members of a family drawn at random: Float32 (count, Length).</summary>
    public static Tensor Sample(SineFamily family, int count, Key key)
    {
        Tensor Draw((double Low, double High) range, Key k) => k.UniformIn(range.Low, range.High, [count, 1]);

        var keys = key.Split(3);
        var i = Tensor.Arange(family.Length, DType.Float32);
        return Draw(family.Amplitude, keys[2]) * (Draw(family.Phase, keys[0]) + Draw(family.Frequency, keys[1]) * i).Sin();
    }
}
