namespace Cotangent.CSharp.Tests;

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
    public static TheoryData<string, SineGanOptions, FSharpSineGanOptions> Presets =>
        new()
        {
            {
                "wgan-gp",
                SineGan.Recommended(Sines.Article) with { Iterations = 200, Seed = 7 },
                With(SineGanModule.recommended(SinesModule.article), 200)
            },
            {
                "article",
                SineGan.Article(Sines.Wide) with { Iterations = 700, Seed = 7 },
                With(SineGanModule.article(SinesModule.wide), 700)
            },
        };

    private static FSharpSineGanOptions With(FSharpSineGanOptions options, int iterations) =>
        new(options.Preset, options.Family, iterations, seed: 7, options.Eager);

    [Theory]
    [MemberData(nameof(Presets), DisableDiscoveryEnumeration = true)]
    public async Task The_same_numbers_as_in_FSharp(string name, SineGanOptions options, FSharpSineGanOptions twin)
    {
        var ours = await SineGan.TrainAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        var theirs = SineGanModule.train(twin, ProgressModule.silent, CancellationToken.None);

        static int[] Bits(Tensor t) => [.. t.ToArray<float>().Select(BitConverter.SingleToInt32Bits)];

        Assert.True(options.Iterations == ours.Iterations, name);
        var key = Key.Create(1);
        Assert.Equal(Bits(theirs.Sample.Invoke(50).Invoke(key)), Bits(ours.Sample(50, key)));
        Assert.Equal(theirs.Losses, ours.Losses);

        foreach (var (mine, other) in Tree.Leaves(ours.Generator).Zip(Tree.Leaves(theirs.Generator)))
        {
            Assert.Equal(Bits(other), Bits(mine));
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
        var quality = Sines.Quality(Sines.Article, real, b);
        Assert.Equal([200, 10], real.Shape);
        Assert.Equal(1, quality.Precision);
        Assert.InRange(quality.EnergyDistance, -0.01, 0.02);
        Assert.Equal(quality.EnergyDistance, Sines.EnergyDistance(real, Sines.Sample(Sines.Article, 200, b)));
    }

    [Fact]
    public void Options_are_records()
    {
        var options = SineGan.Recommended(Sines.Wide);
        Assert.Equal(new SineGanPreset.GradientPenalty(128, 128), options.Preset);
        Assert.Equal(SineGan.Recommended(Sines.Wide), options);
        Assert.Equal((0.0, 0.5), Sines.Article.Phase);

        var article = SineGan.Article(Sines.Article) with { Preset = new SineGanPreset.Article(SineGan.He) };
        Assert.Equal(0.5, ((SineGanPreset.Article)article.Preset).Bound(new Fans(4, 1)));
        Assert.Equal(1, SineGan.Xavier(new Fans(1, 1)));
        Assert.Equal(0.05, SineGan.Constant(new Fans(1, 1)));
    }
}
