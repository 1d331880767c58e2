namespace Cotangent.CSharp.Tests;

public class TrainingTests
{
    private static readonly Tensor a = Tensor.Create([1.0, 3.0]);
    private static readonly Tensor b = Tensor.Create([2.0, 5.0]);

    [Fact]
    public void Losses()
    {
        Near.Equal(2.5, Loss.MeanSquaredError(a, b));
        Near.Equal(1.5, Loss.MeanAbsoluteError(a, b));
        Near.Equal((0.5 + 1.5) / 2, Loss.Huber(a, b));
        Near.Equal(Math.Log(2), Loss.BinaryCrossEntropy(Tensor.Create([0.5]), Tensor.Create([1.0])));
        Near.Equal(Math.Log(2), Loss.BinaryCrossEntropyWithLogits(Tensor.Create([0.0]), Tensor.Create([1.0])));
        Near.Equal(Math.Log(3), Loss.CrossEntropy(Tensor.Zeros([1, 3], DType.Float64), Tensor.Create([2])));

        var logits = Tensor.Create([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]]);
        var smooth = new CrossEntropyOptions { Smoothing = 0.1, Ignored = 2 };
        Near.Equal([Math.Log(3), 0], Loss.CrossEntropies(logits, Tensor.Create([2, 0])));
        Near.Equal(0.1 * 200 / 3, Loss.CrossEntropy(logits, Tensor.Create([2, 0]), smooth));
    }

    [Fact]
    public void Schedules()
    {
        Schedule constant = 0.5;
        Near.Equal(0.5, constant.At(7));
        Near.Equal(0.75, Schedule.Linear(1, 0.5, 10).At(5));
        Near.Equal(0.5, Schedule.Cosine(1, 0, 10).At(5), 1e-6);
        Near.Equal(0.25, Schedule.Exponential(1, 0.5, 10).At(20), 1e-6);
        Near.Equal(0.5, constant.WarmUp(10).At(50));
        Near.Equal(0.25, constant.WarmUp(10).At(4), 1e-6);
        Near.Equal(3, Schedule.From(step => step.Convert(DType.Float32)).At(3));
    }

    public static TheoryData<Optimizer<Pair>, double> Optimizers =>
        new()
        {
            { Optimizer.Sgd<Pair>(0.1), -0.2 },
            { Optimizer.Scale<Pair>(-1), -2 },
            { Optimizer.Momentum<Pair>(0.1), -0.2 },
            { Optimizer.Momentum<Pair>(0.1, nesterov: true), -0.38 },
            { Optimizer.Adam<Pair>(0.1), -0.1 },
            { Optimizer.Adam<Pair>(Schedule.Linear(0.1, 0, 10)), -0.1 },
            { Optimizer.AdamW<Pair>(0.1, 0.5), -0.15 },
            { Optimizer.RmsProp<Pair>(0.1, 0.99), -1 },
            { Optimizer.ScaleByAdam<Pair>(), 1 },
            { Optimizer.ScaleBySchedule<Pair>(0.1), -0.2 },
            { Optimizer.ClipEachByNorm<Pair>(0.5), 0.5 },
            { Optimizer.ClipByGlobalNorm<Pair>(1), 1 / Math.Sqrt(2) },
            { Optimizer.AddDecayedWeights<Pair>(0.5), 2.5 },
            { Optimizer.ClipEachByNorm<Pair>(0.5).Then(Optimizer.Sgd<Pair>(0.1)), -0.05 },
            {
                Optimizer.Create<Pair, Tensor>(
                    p => p.A.ZerosLike(),
                    (g, s, p) => (Tree.Map(g, t => t * -3), s + 1)
                ),
                -6
            },
        };

    public readonly record struct Pair(Tensor A, Tensor B);

    [Theory]
    [MemberData(nameof(Optimizers), DisableDiscoveryEnumeration = true)]
    public void First_steps(Optimizer<Pair> optimizer, double expected)
    {
        var ones = new Pair(Tensor.Create(1.0), Tensor.Create(1.0));
        var gradient = new Pair(Tensor.Create(2.0), Tensor.Create(2.0));
        var state = optimizer.Start(ones);
        var (change, _) = optimizer.Update(gradient, state, ones);
        Near.Equal(expected, change.A, 1e-6);
        Near.Equal(expected, change.B, 1e-6);
        var (next, _) = optimizer.Step(gradient, state, ones);
        Near.Equal(1 + expected, next.A, 1e-6);
    }

    [Fact]
    public void States_are_trees()
    {
        var ones = new Pair(Tensor.Create(1.0), Tensor.Create(1.0));
        // Two steps counted, and two running means of two numbers.
        Assert.Equal(6, Tree.Leaves(Optimizer.Adam<Pair>(0.1).Start(ones)).Length);
        Assert.Equal(2, Tree.Leaves(Optimizer.Momentum<Pair>(0.1).Start(ones)).Length);
        Assert.Empty(Tree.Leaves(Optimizer.Sgd<Pair>(0.1).Start(ones)));
    }

    [Fact]
    public void A_state_of_another_optimiser_is_an_error()
    {
        var optimizer = Optimizer.Adam<Tensor>(0.1);
        Assert.Throws<ArgumentException>(() => optimizer.Update(a, Optimizer.Sgd<Tensor>(0.1).Start(a), a));
    }

    private sealed record Model(Linear Hidden, Linear Output)
    {
        public Tensor Forward(Tensor x) => Output.Forward(Hidden.Forward(x));
    }

    [Fact]
    public void A_model_learns()
    {
        var keys = Key.Create(0).Split(2);
        var model = new Model(Linear.Create(1, 16, keys[0], Activation.Tanh), Linear.Create(16, 1, keys[1]));
        var x = Tensor.Linspace(-3, 3, 64).Reshape(64, 1);
        var y = x.Sin();

        var optimizer = Optimizer.Adam<Model>(0.02);
        var state = optimizer.Start(model);
        Tensor Error(Model m) => Loss.MeanSquaredError(m.Forward(x), y);

        for (var i = 0; i < 300; i++)
        {
            (model, state) = optimizer.Step(Differentiate.Gradient(Error, model), state, model);
        }

        Assert.InRange((double)Error(model), 0, 0.005);
    }

    [Fact]
    public void Averages()
    {
        Near.Equal([1.9, 4.8], Optimizer.Average(0.1, a, b));
    }

    [Fact]
    public async Task Progress_goes_to_lines_and_bars()
    {
        var output = new StringWriter();
        Progress.Lines(output).Report(new ProgressReport(5, 100, [("loss", 0.25)]));
        Assert.Equal($"  5/100  loss   0.2500{output.NewLine}", output.ToString());
        Assert.Equal(3, Progress.Show("work", progress => { progress.Report(new(1, 2, [])); return 3; }));
        Assert.Equal(4, await Progress.ShowAsync("task", progress => Task.FromResult(4)));
    }
}
