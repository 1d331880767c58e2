using Cotangent;

namespace Samples.CSharp;

/// <summary>How well a generator has learnt a family, from as many generated as real signals.</summary>
/// <param name="Precision">The share of generated signals within the tolerance of some member of the family.</param>
/// <param name="Coverage">The share of members with a generated signal within the tolerance.</param>
/// <param name="EnergyDistance">
/// 2 E‖g-r‖ - E‖g-g'‖ - E‖r-r'‖ (Székely and Rizzo 2013): 0 exactly when both distributions are equal.
/// </param>
public sealed record SineQuality(double Precision, double Coverage, double EnergyDistance);

/// <summary>How near generated signals are to a family.</summary>
public static class Quality
{
    /// <summary>
    /// Measures generated signals (count, Length) against as many members of the family drawn with the key.
    /// </summary>
    /// <exception cref="ShapeException">The signals are of another length, or there are none.</exception>
    public static SineQuality Measure(SineFamily family, Tensor generated, Key key)
    {
        if (generated.Shape is not [> 0, var length] || length != family.Length)
        {
            throw new ShapeException(
                $"Quality.Measure: signals of shape (count, {family.Length}) are wanted, "
                    + $"got ({string.Join(", ", generated.Shape)})."
            );
        }

        var real = Sines.Sample(family, generated.Shape[0], key);
        var (g, r) = (Rows(generated), Rows(real));

        return new(
            Precision: Share(g, signal => Distance(family, signal) <= family.Tolerance),
            Coverage: Share(r, signal => g.Any(other => RootMeanSquare(signal, other) <= family.Tolerance)),
            EnergyDistance: EnergyDistance(generated, real)
        );
    }

    /// <summary>2 E‖g-r‖ - E‖g-g'‖ - E‖r-r'‖ between two samples of signals (count, length).</summary>
    public static double EnergyDistance(Tensor generated, Tensor real)
    {
        var (g, r) = (Rows(generated), Rows(real));
        return 2 * MeanDistance(g, r) - MeanDistance(g, g) - MeanDistance(r, r);
    }

    private static double MeanDistance(double[][] a, double[][] b)
    {
        var perSignal = a.AsParallel().AsOrdered().Select(x => b.Sum(y => RootMeanSquare(x, y)));
        // Euclidean distances, not root means.
        return perSignal.ToArray().Sum() * Math.Sqrt(a[0].Length) / ((double)a.Length * b.Length);
    }

    private static double Share(double[][] signals, Func<double[], bool> test) =>
        signals.AsParallel().Count(test) / (double)signals.Length;

    private static double[][] Rows(Tensor signals) =>
        [.. signals.Convert(DType.Float64).ToArray<double>().Chunk(signals.Shape[1])];

    private static double RootMeanSquare(double[] a, double[] b)
    {
        var total = 0.0;

        for (var i = 0; i < a.Length; i++)
        {
            total += (a[i] - b[i]) * (a[i] - b[i]);
        }

        return Math.Sqrt(total / a.Length);
    }

    /// <summary>
    /// The distance from a signal to the nearest member of the family. Phase and frequency are searched on a grid
    /// that closes in on its best point.
    /// </summary>
    private static double Distance(SineFamily family, double[] signal)
    {
        // Along the wide ranges a coarse cell changes the last sample's angle by less than a third of a radian.
        var points = 40;
        var (phases, frequencies) = (family.Phase, family.Frequency);

        for (var round = 5; ; round--)
        {
            var (best, phase, frequency) = Search(family, signal, points, phases, frequencies);

            if (round == 0)
            {
                return Math.Sqrt(best / signal.Length);
            }

            phases = Around(family.Phase, phase, (phases.High - phases.Low) / points);
            frequencies = Around(family.Frequency, frequency, (frequencies.High - frequencies.Low) / points);
            points = 6;
        }
    }

    private static (double Low, double High) Around((double Low, double High) range, double centre, double width) =>
        (Math.Max(range.Low, centre - width), Math.Min(range.High, centre + width));

    private static (double Error, double Phase, double Frequency) Search(
        SineFamily family,
        double[] signal,
        int points,
        (double Low, double High) phases,
        (double Low, double High) frequencies
    )
    {
        var best = (Error: double.PositiveInfinity, Phase: phases.Low, Frequency: frequencies.Low);

        for (var i = 0; i <= points; i++)
        {
            var phase = phases.Low + (phases.High - phases.Low) * i / points;

            for (var j = 0; j <= points; j++)
            {
                var frequency = frequencies.Low + (frequencies.High - frequencies.Low) * j / points;
                var error = Error(family, signal, phase, frequency);

                if (error < best.Error)
                {
                    best = (error, phase, frequency);
                }
            }
        }

        return best;
    }

    /// <summary>
    /// The squared distance at a phase and a frequency. The best amplitude there is a projection, clamped to its
    /// range.
    /// </summary>
    private static double Error(SineFamily family, double[] signal, double phase, double frequency)
    {
        var (product, square, own) = (0.0, 0.0, 0.0);

        for (var i = 0; i < signal.Length; i++)
        {
            var s = Math.Sin(phase + frequency * i);
            product += s * signal[i];
            square += s * s;
            own += signal[i] * signal[i];
        }

        var amplitude = Math.Clamp(product / square, family.Amplitude.Low, family.Amplitude.High);
        // ‖y - a s‖² = ‖y‖² - 2a ⟨y, s⟩ + a² ‖s‖²
        return Math.Max(0, own - 2 * amplitude * product + amplitude * amplitude * square);
    }
}
