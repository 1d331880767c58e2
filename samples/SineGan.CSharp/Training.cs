using System.Diagnostics;
using Cotangent;
using State = Cotangent.GanState<Cotangent.Mlp, Cotangent.Mlp>;

namespace Samples.CSharp;

/// <summary>What the players see in place of signals.</summary>
/// <param name="See">What they see of signals.</param>
/// <param name="Mean">The signals that are seen so.</param>
internal sealed record View(Func<Tensor, Tensor> See, Func<Tensor, Tensor> Mean)
{
    /// <summary>The signals themselves.</summary>
    public static View AsTheyAre { get; } = new(signals => signals, seen => seen);

    /// <summary>
    /// Each number of a signal less its mean over real signals, in its standard deviations. The article's are as small as
    /// 0.06: in these units the same training ends nearer to the real signals.
    /// </summary>
    public static View Standardised(SineGanOptions options)
    {
        var signals = Sines.Sample(options.Family, 2000, Key.Create(options.Seed).Fold("standardised"));
        var (mean, deviation) = (signals.Mean(0), signals.Std(0));
        return new(real => (real - mean) / deviation, seen => seen * deviation + mean);
    }
}

/// <summary>The loop that all presets share: real batches are drawn fresh, losses averaged between reports.</summary>
internal sealed class Training
{
    private readonly Gan<Mlp, Mlp> gan;
    private readonly State first;
    private readonly View view;
    private readonly SineGanOptions options;
    private readonly int batch;
    private readonly int reportEvery;

    /// <summary>The steps between two reports, and those after the last one, each as one program.</summary>
    private readonly Func<(Key Key, Now Start), Now> many;
    private readonly Func<(Key Key, Now Start), Now> last;

    /// <summary>What goes round: the state, how many steps it has had, the sums of the losses.</summary>
    private sealed record Now(State State, Tensor Iteration, GanLosses Sums);

    public Training(
        Gan<Mlp, Mlp> gan,
        Mlp generator,
        Mlp discriminator,
        View view,
        SineGanOptions options,
        int batch,
        int reportEvery
    )
    {
        (this.gan, this.view, this.options) = (gan, view, options);
        (this.batch, this.reportEvery) = (batch, reportEvery);
        first = gan.Start(generator, discriminator);
        many = Compiled(reportEvery);
        last = Compiled(options.Iterations % reportEvery);
    }

    private Func<(Key, Now), Now> Compiled(int count) =>
        Transform.Compile(((Key Key, Now Start) x) => Control.Iterate(count, now => Step(x.Key, now), x.Start));

    private Now Step(Key key, Now now)
    {
        var (forData, forStep) = key.Fold(now.Iteration).Split();
        var batches = forData.Split(gan.BatchesPerStep).Select(k => view.See(Sines.Sample(options.Family, batch, k)));
        var (state, losses) = gan.Step(now.State, [.. batches], forStep);
        return new(state, now.Iteration + 1, Tree.Map(now.Sums, losses, (sum, loss) => sum + loss));
    }

    private Now Advance(int count, Key key, Now start) =>
        options.Eager ? Step(key, start)
        : count == reportEvery ? many((key, start))
        : last((key, start));

    public SineGanResult Run(Key key, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        var none = new GanLosses(Tensor.Create(0f), Tensor.Create(0f));
        var points = new List<SineGanPoint>();
        var (state, sums, iteration, reported) = (first, none, 0, 0);
        var clock = Stopwatch.StartNew();

        while (iteration < options.Iterations && !cancellationToken.IsCancellationRequested)
        {
            var count = options.Eager ? 1 : Math.Min(reportEvery, options.Iterations - iteration);
            (state, _, sums) = Advance(count, key, new(state, Tensor.Create((long)iteration), sums));
            iteration += count;

            if (iteration % reportEvery == 0 || iteration == options.Iterations)
            {
                points.Add(Report(progress, iteration, iteration - reported, sums));
                (sums, reported) = (none, iteration);
            }
        }

        var trained = state.Average.Mean;
        return new(iteration, clock.Elapsed, points, trained, (count, k) => view.Mean(gan.Sample(trained, count, k)));
    }

    private SineGanPoint Report(IProgress<ProgressReport>? progress, int iteration, int count, GanLosses sums)
    {
        var (generator, discriminator) = ((double)sums.GeneratorLoss / count, (double)sums.DiscriminatorLoss / count);
        progress?.Report(new(iteration, options.Iterations, [("D", discriminator), ("G", generator)]));
        return new(iteration, generator, discriminator);
    }
}
