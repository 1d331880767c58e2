namespace Cotangent.CSharp.Tests;

public class TrainTests
{
    private static readonly Tensor numbers = Tensor.Create([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);

    /// <summary>Adds up what it is shown.</summary>
    private static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Sum());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static double Value(Tensor x) => (double)x;

    [Fact]
    public void Trains_and_says_how_it_went()
    {
        var reports = new List<(int, int)>();
        var options = new TrainOptions<Tensor> { Epochs = 2, ReportEvery = 2, Progress = new Listener(reports) };
        var run = Train.Run(options, Add, Data.InOrder(2, numbers), Tensor.Create(0.0), Token);
        Assert.Equal(42, Value(run.Last.State));
        Assert.Equal((6, 2), (run.Last.Steps, run.Last.Epochs));
        Assert.False(run.IsCancelled);
        Assert.Null(run.StopReason);
        Assert.Equal([2, 4, 6], run.History.Select(at => at.Steps));
        Assert.Equal([("loss", 5.0)], run.History[0].Figures);
        Assert.Equal([(2, 6), (4, 6), (6, 6)], reports);
    }

    [Fact]
    public void Is_a_sequence_too()
    {
        var reached = Train.Steps((Tensor s, Tensor b) => Add(s, b), Data.InOrder(2, numbers), Tensor.Create(0.0)).Take(4).Last();
        Assert.Equal((24, 4, 1), (Value(reached.State), reached.Steps, reached.Epochs));
    }

    [Fact]
    public async Task Cancelled_it_returns_what_it_has_reached()
    {
        using var source = new CancellationTokenSource();

        var options = new TrainOptions<Tensor>
        {
            Epochs = 1000,
            Callbacks = [Callback.Call<Tensor>(Every.Steps(4), _ => source.Cancel())],
        };

        var run = await Train.RunAsync(options, Add, Data.InOrder(2, numbers), Tensor.Create(0.0), source.Token);
        Assert.True(run.IsCancelled);
        Assert.Equal((24, 4), (Value(run.Last.State), run.Last.Steps));
    }

    [Fact]
    public void Goes_on_from_a_step()
    {
        var options = new TrainOptions<Tensor> { Epochs = 2, From = 4, StepsPerCall = 2, Compiled = false };
        var run = Train.Run(options, Add, Data.InOrder(2, numbers), Tensor.Create(100.0), Token);
        Assert.Equal(118, Value(run.Last.State));
    }

    [Fact]
    public void Callbacks_measure_replace_and_stop()
    {
        var seen = new List<double>();

        var options = new TrainOptions<Tensor>
        {
            Epochs = 10,
            Callbacks =
            [
                Callback.Measure<Tensor>(Every.Epochs(1), "half", sum => Value(sum) / 2),
                new(Every.Epochs(1), () => now =>
                {
                    seen.Add(now.Figures.Single(figure => figure.Name == "half").Value);
                    return new() { Replace = now.State + 1000, Stop = now.Epochs == 2 ? "enough" : null };
                }),
            ],
        };

        var run = Train.Run(options, Add, Data.InOrder(2, numbers), Tensor.Create(0.0), Token);
        Assert.Equal([10.5, 521], seen);
        Assert.Equal("enough", run.StopReason);
        Assert.Equal(2042, Value(run.Last.State));
    }

    [Fact]
    public void Stops_early_at_the_best()
    {
        static (Tensor, Tensor) Step(Tensor x, Tensor batch) => (x + 1, (x - 3).Square());
        var stop = Callback.EarlyStopping<Tensor>(Every.Steps(1), "loss", Better.Lower, patience: 2);
        var run = Train.Run(new TrainOptions<Tensor> { Epochs = 5, Callbacks = [stop] }, Step, Data.InOrder(2, numbers), Tensor.Create(0.0), Token);
        Assert.Equal((4, 4), (Value(run.Last.State), run.Last.Steps));
        Assert.Contains("loss", run.StopReason);
    }

    [Fact]
    public void Stops_at_NaN()
    {
        static (Tensor, Tensor) Step(Tensor x, Tensor batch) => (x - 1, x.Sqrt());
        var options = new TrainOptions<Tensor> { Epochs = 5, Callbacks = [Callback.StopUnlessFinite<Tensor>(Every.Steps(1))] };
        Assert.Equal(3, Train.Run(options, Step, Data.InOrder(2, numbers), Tensor.Create(1.0), Token).Last.Steps);
    }

    [Fact]
    public void Examples_in_memory()
    {
        var data = (X: numbers, Y: numbers * 10);
        Assert.Equal(6, Data.Count(data));
        Assert.Equal([60.0, 20.0], Data.Take(Tensor.Create([5, 1]), data).Y.ToArray<double>());
        var (first, others) = Data.Split(4, data);
        Assert.Equal((4, 2), (Data.Count(first), Data.Count(others)));
        var shuffled = Data.Shuffle(Key.Create(1), data);
        Assert.True((shuffled.X * 10).Equals(shuffled.Y));

        var batches = Data.Batches(4, Key.Create(2), data).Map(batch => batch.Y);
        Assert.Equal(1, batches.Count);
        Assert.Equal(4, batches.Epoch(0, 0).Single().Size);
        var keys = Data.InOrder(2, numbers).WithKeys(Key.Create(3)).Epoch(0, 0).Select(pair => Value(pair.Key.Uniform().Mean()));
        Assert.Equal(3, keys.Distinct().Count());
    }

    private sealed class Listener(List<(int, int)> reports) : IProgress<ProgressReport>
    {
        public void Report(ProgressReport value) => reports.Add((value.Done, value.Total));
    }
}
