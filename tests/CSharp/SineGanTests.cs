using Samples.CSharp;

namespace Cotangent.CSharp.Tests;

/// <summary>The sample in C# against the one in F#: written twice, with the same numbers.</summary>
public class SineGanTests
{
    private sealed class Heard : IProgress<ProgressReport>
    {
        public List<ProgressReport> Reports { get; } = [];
        public Action<ProgressReport> Then { get; init; } = _ => { };

        public void Report(ProgressReport value)
        {
            Reports.Add(value);
            Then(value);
        }
    }

    /// <summary>The presets as C# options, and as F# makes them itself.</summary>
    public static TheoryData<string, SineGanOptions, Samples.SineGanOptions> Presets =>
        new()
        {
            {
                "wgan-gp",
                SineGan.Recommended(Sines.Article) with { Iterations = 200, Seed = 7 },
                With(Samples.SineGan.recommended(Samples.Sines.article), 200)
            },
            {
                "article",
                SineGan.Article(Sines.Wide) with { Iterations = 700, Seed = 7 },
                With(Samples.SineGan.article(Samples.Sines.wide), 700)
            },
            {
                "article, more than one report",
                SineGan.Article(Sines.Article) with { Iterations = 2300, Seed = 7 },
                With(Samples.SineGan.article(Samples.Sines.article), 2300)
            },
            {
                "article-he, eager",
                SineGan.Article(Sines.Article) with
                {
                    Preset = new SineGanPreset.Article(SineGan.He),
                    Iterations = 100,
                    Seed = 7,
                    Eager = true,
                },
                Eager(With(Samples.SineGan.article(Samples.Sines.article), 100), Samples.SineGan.he)
            },
        };

    private static Samples.SineGanOptions With(Samples.SineGanOptions options, int iterations) =>
        new(options.Preset, options.Family, iterations, seed: 7, options.Eager);

    private static Samples.SineGanOptions Eager(Samples.SineGanOptions options, Converter<Fans, double> bound) =>
        new(
            Samples.SineGanPreset.NewArticle(bound),
            options.Family,
            options.Iterations,
            options.Seed,
            eager: true
        );

    [Theory]
    [MemberData(nameof(Presets), DisableDiscoveryEnumeration = true)]
    public async Task The_same_numbers_as_in_FSharp(string name, SineGanOptions options, Samples.SineGanOptions twin)
    {
        var ours = await SineGan.TrainAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        var theirs = Samples.SineGan.train(twin, ProgressModule.silent, CancellationToken.None);

        static int[] Bits(Tensor t) => [.. t.ToArray<float>().Select(BitConverter.SingleToInt32Bits)];

        Assert.True(options.Iterations == ours.Iterations, name);
        var key = Key.Create(1);
        Assert.Equal(Bits(theirs.Sample.Invoke(50).Invoke(key)), Bits(ours.Sample(50, key)));
        Assert.Equal(
            theirs.Losses.Select(p => (p.Iteration, p.GeneratorLoss, p.DiscriminatorLoss)),
            ours.Losses.Select(p => (p.Iteration, p.GeneratorLoss, p.DiscriminatorLoss))
        );

        foreach (var (mine, other) in Tree.Leaves(ours.Generator).Zip(Tree.Leaves(theirs.Generator)))
        {
            Assert.Equal(Bits(other), Bits(mine));
        }

        var measured = Quality.Measure(options.Family, ours.Sample(300, key), Key.Create(2));
        var byFSharp = Samples.Quality.measure(twin.Family, theirs.Sample.Invoke(300).Invoke(key), Key.Create(2));
        Assert.Equal(
            (byFSharp.Precision, byFSharp.Coverage, byFSharp.EnergyDistance),
            (measured.Precision, measured.Coverage, measured.EnergyDistance)
        );
    }

    [Fact]
    public void Measures_of_members_of_the_family_are_the_same_as_in_FSharp()
    {
        // All of the search for the nearest member: signals of the wide family, near and far from the article's.
        var (a, b) = Key.Create(5).Split();
        var signals = Sines.Sample(Sines.Wide, 500, a) * 0.8 + Sines.Sample(Sines.Article, 500, b) * 0.2;
        Assert.Equal(Samples.Sines.sample(Samples.Sines.wide, 500, a), Sines.Sample(Sines.Wide, 500, a));

        foreach (var (family, twin) in new[] { (Sines.Wide, Samples.Sines.wide), (Sines.Article, Samples.Sines.article) })
        {
            var ours = Quality.Measure(family, signals, b);
            var theirs = Samples.Quality.measure(twin, signals, b);
            Assert.Equal(theirs.Precision, ours.Precision);
            Assert.Equal(theirs.Coverage, ours.Coverage);
            Assert.Equal(theirs.EnergyDistance, ours.EnergyDistance);
        }
    }

    [Fact]
    public async Task Progress_is_reported()
    {
        var heard = new Heard();
        var options = SineGan.Recommended(Sines.Article) with { Iterations = 60 };
        var result = await SineGan.TrainAsync(options, heard, TestContext.Current.CancellationToken);

        Assert.Equal([50, 60], heard.Reports.Select(report => report.Done));
        Assert.All(heard.Reports, report => Assert.Equal(60, report.Total));
        Assert.Equal(["D", "G"], heard.Reports[0].Figures.Select(figure => figure.Name));
        Assert.Equal(result.Losses[1].GeneratorLoss, heard.Reports[1].Figures[1].Value);
    }

    [Fact]
    public async Task A_cancellation_ends_with_what_was_reached()
    {
        using var cancellation = new CancellationTokenSource();
        var heard = new Heard { Then = _ => cancellation.Cancel() };
        var options = SineGan.Recommended(Sines.Article) with { Iterations = 1000 };
        var result = await SineGan.TrainAsync(options, heard, cancellation.Token);

        Assert.Equal(50, result.Iterations);
        Assert.Equal([3, 10], result.Sample(3, Key.Create(0)).Shape);

        var none = await SineGan.TrainAsync(options, heard, cancellation.Token);
        Assert.Equal(0, none.Iterations);
    }

    [Fact]
    public async Task Wrong_options_are_an_error()
    {
        var options = SineGan.Recommended(Sines.Article) with { Iterations = 0 };
        var error = await Assert.ThrowsAsync<ValueException>(() =>
            SineGan.TrainAsync(options, cancellationToken: TestContext.Current.CancellationToken)
        );
        Assert.Contains("at least 1", error.Message);
    }

    [Fact]
    public void Signals_are_measured()
    {
        var (a, b) = Key.Create(2).Split();
        var real = Sines.Sample(Sines.Article, 200, a);
        var quality = Quality.Measure(Sines.Article, real, b);
        Assert.Equal([200, 10], real.Shape);
        Assert.Equal(1, quality.Precision);
        Assert.InRange(quality.EnergyDistance, -0.01, 0.02);
        Assert.Equal(quality.EnergyDistance, Quality.EnergyDistance(real, Sines.Sample(Sines.Article, 200, b)));
    }

    [Fact]
    public void Options_are_records()
    {
        var options = SineGan.Recommended(Sines.Wide);
        Assert.Equal(new SineGanPreset.GradientPenalty(128, 64, 2e-3), options.Preset);
        Assert.Equal(SineGan.Recommended(Sines.Wide), options);
        Assert.Equal((0.0, 0.5), Sines.Article.Phase);

        var article = SineGan.Article(Sines.Article) with { Preset = new SineGanPreset.Article(SineGan.He) };
        Assert.Equal(0.5, ((SineGanPreset.Article)article.Preset).Bound(new Fans(4, 1)));
        Assert.Equal(1, SineGan.Xavier(new Fans(1, 1)));
        Assert.Equal(0.05, SineGan.Constant(new Fans(1, 1)));
    }
}
