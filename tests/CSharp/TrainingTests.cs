namespace Cotangent.CSharp.Tests;

public class TrainingTests
{
    private static readonly Tensor a = Tensor.Create([1.0, 3.0]);
    private static readonly Tensor b = Tensor.Create([2.0, 5.0]);

    [Fact]
    public void Losses()
    {
        Near.Equal(2.5, Loss.MeanSquaredError(a, b));
        Near.Equal([1, 4], Loss.Each.SquaredError(a, b));
        Near.Equal(1.5, Loss.MeanAbsoluteError(a, b));
        Near.Equal([1, 2], Loss.Each.AbsoluteError(a, b));
        Near.Equal([0.5, 1.5], Loss.Each.Huber(a, b));
        Near.Equal((0.375 + 0.875) / 2, Loss.Huber(a, b, delta: 0.5));
        Near.Equal((0.5 + 1.5) / 2, Loss.SmoothL1(a, b));
        Near.Equal([0.75, 1.75], Loss.Each.SmoothL1(a, b, beta: 0.5));
        Near.Equal(Math.Log(Math.Cosh(1) * Math.Cosh(2)) / 2, Loss.LogCosh(a, b));
        // The prediction is too high: 1 - level of the error.
        Near.Equal([0.25, 0.5], Loss.Each.Quantile(a, b, level: 0.75));
        Near.Equal(Math.Exp(2) - 2, Loss.Poisson(a.Slice(..1), b.Slice(..1)));
        Near.Equal((Math.Log(4) + 1.0 / 4) / 2, Loss.GaussianNll(a.Slice(..1), b.Slice(..1), variance: Tensor.Create([4.0])));
    }

    /// <summary>Arguments that differ from each other and from their defaults: an exchange shows.</summary>
    [Fact]
    public void Losses_of_classes()
    {
        var (yes, quarter) = (Tensor.Create([1.0]), Tensor.Create([0.25]));
        var logit = Tensor.Create([Math.Log(3)]);
        Near.Equal(Math.Log(4), Loss.BinaryCrossEntropy(yes, quarter));
        Near.Equal(-Math.Log(1e-7), Loss.BinaryCrossEntropy(yes, Tensor.Create([0.0])), 1e-6);
        Near.Equal(Math.Log(10), Loss.BinaryCrossEntropy(yes, Tensor.Create([0.0]), guard: 0.1));
        Near.Equal(Math.Log(4), Loss.BinaryCrossEntropyWithLogits(yes - 1, logit));
        Near.Equal(3 * Math.Log(4.0 / 3), Loss.WeightedBinaryCrossEntropyWithLogits(yes, logit, Tensor.Create(3.0)));
        Near.Equal(0.25 / 16 * Math.Log(4.0 / 3), Loss.BinaryFocal(yes, logit));
        Near.Equal(0.75 / 4 * Math.Log(4.0 / 3), Loss.BinaryFocal(yes, logit, alpha: 0.75, gamma: 1));

        var logits = Tensor.Create([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]]);
        var labels = Tensor.Create([2, 0]);
        var smooth = new CrossEntropyOptions { Smoothing = 0.1, Ignored = 2 };
        var weighted = new CrossEntropyOptions { Weights = Tensor.Create([3.0, 1.0, 2.0]) };
        Near.Equal([Math.Log(3), 0], Loss.Each.CrossEntropy(labels, logits));
        Near.Equal(0.1 * 200 / 3, Loss.CrossEntropy(labels, logits, smooth));
        Near.Equal(2 * Math.Log(3) / 5, Loss.CrossEntropy(labels, logits, weighted));
        Near.Equal((Math.Log(3) + 50) / 2, Loss.CrossEntropy(Tensor.Create([[0, 0.5, 0.5], [0.5, 0.5, 0]]), logits));
        Near.Equal(4.0 / 9 * Math.Log(3) / 2, Loss.Focal(labels, logits));
        Near.Equal([2.0 / 3 * Math.Log(3), 0], Loss.Each.Focal(labels, logits, gamma: 1));
    }

    [Fact]
    public void Losses_of_margins_and_embeddings()
    {
        var (target, scores) = (Tensor.Create([1.0, -1.0]), Tensor.Create([0.25, 0.5]));
        Near.Equal([0.75, 1.5], Loss.Each.Hinge(target, scores));
        Near.Equal((0.5625 + 2.25) / 2, Loss.SquaredHinge(target, scores));
        Near.Equal(0.325, Loss.MulticlassHinge(Tensor.Create([3]), Tensor.Create([[0.1, 0.2, 0.4, 0.8]])));
        Near.Equal(0.1 / 4, Loss.MulticlassHinge(Tensor.Create([3]), Tensor.Create([[0.1, 0.2, 0.4, 0.8]]), margin: 0.5));

        var (anchor, near, far) = (Tensor.Create([[0.0, 0.0]]), Tensor.Create([[0.0, 2.0]]), Tensor.Create([[3.0, 4.0]]));
        Near.Equal(0, Loss.Triplet(anchor, near, far));
        Near.Equal(4, Loss.Triplet(anchor, far, near));
        Near.Equal(3.5, Loss.Triplet(anchor, far, near, margin: 0.5));
        Near.Equal(0.8, Loss.CosineEmbedding(Tensor.Create([-1]), near, far));
        Near.Equal(0.5, Loss.CosineEmbedding(Tensor.Create([-1]), near, far, margin: 0.3));
        Near.Equal(0.2, Loss.CosineEmbedding(Tensor.Create([1]), near, far, margin: 0.3));

        // Rows of cosines (1, 0) and (0.8, 0.6), or columns (1, 0.8) and (0, 0.6), over 0.5.
        var a = Tensor.Create([[1.0, 0.0], [0.8, 0.6]]);
        var p = Tensor.Create([[1.0, 0.0], [0.0, 2.0]]);
        Near.Equal([Math.Log(1 + Math.Exp(-2)), Math.Log(1 + Math.Exp(0.4))], Loss.Each.InfoNce(p, a, temperature: 0.5));
        Assert.Equal([4], Loss.Each.NtXent(a, p, temperature: 0.5).Shape);

        var half = Tensor.Create([[0.5, 0.5]]);
        var quarter = Tensor.Create([[0.25, 0.75]]);
        Near.Equal(0.25 * Math.Log(0.5) + 0.75 * Math.Log(1.5), Loss.KlDivergence(quarter, half.Log()));
        Near.Equal((4 + Math.E - 2) / 2, Loss.GaussianKl(Tensor.Create([[0.0, 1.0]]), Tensor.Create([[2.0, 0.0]])));
        Near.Equal(0.25, Loss.Discriminator(AdversarialLoss.Hinge, Tensor.Create([0.5, 2.0]), Tensor.Create([-3.0])));
        Near.Equal(1.25, Loss.Generator(AdversarialLoss.LeastSquares, Tensor.Create([-1.0, 2.0])));

        // Two of three times; the class 2 is the blank: 1 is read as "1 1", "2 1" or "1 2".
        var logits = Tensor.Zeros([1, 3, 4], DType.Float64);
        var labels = Tensor.Create([[1, 3]]);
        Near.Equal(Math.Log(16.0 / 3), Loss.Ctc(Tensor.Create([1]), Tensor.Create([2]), labels, logits, blank: 2));
        Near.Equal([Math.Log(16.0 / 3)], Loss.Each.Ctc(Tensor.Create([1]), Tensor.Create([2]), labels, logits));
    }

    /// <summary>Labels and predictions that an exchange would show.</summary>
    [Fact]
    public void Metrics()
    {
        var labels = Tensor.Create([0, 1, 2, 2]);
        var scores = Tensor.Create([[0.5, 0.2, 0.2], [0.3, 0.4, 0.2], [0.2, 0.4, 0.3], [0.7, 0.2, 0.1]]);
        Near.Equal(0.5, Metric.Accuracy(labels, scores));
        Near.Equal(0.75, Metric.TopKAccuracy(labels, scores, k: 2));

        var confusion = Metric.ConfusionMatrix(Tensor.Create([2, 0, 2, 2, 0, 1]), Tensor.Create([0, 0, 2, 2, 0, 2]), classes: 3);
        Assert.Equal(Tensor.Create([[2L, 0, 0], [0, 0, 1], [1, 0, 2]]), confusion);
        Near.Equal([2.0 / 3, 0, 2.0 / 3], Metric.Precision(confusion, Averaging.PerClass));
        Near.Equal([1, 0, 2.0 / 3], Metric.Recall(confusion, Averaging.PerClass));
        Near.Equal((0.8 + 2.0 / 3) / 3, Metric.F1(confusion, Averaging.Macro));

        var (target, p) = (Tensor.Create([1, 0, 1, 1, 0]), Tensor.Create([0.9, 0.2, 0.4, 0.6, 0.7]));
        Near.Equal(0.6, Metric.BinaryAccuracy(target, p));
        Near.Equal(0.4, Metric.BinaryAccuracy(target, p, threshold: 0.65));
        Assert.Equal(Tensor.Create([[1L, 1], [1, 2]]), Metric.BinaryConfusionMatrix(target, p));
        Near.Equal(4.0 / 6, Metric.RocAuc(target, p));
        Near.Equal((1 + 2.0 / 3 + 3.0 / 4) / 3, Metric.AveragePrecision(target, p));
        Near.Equal(0.21616187468, Metric.LogLoss(Tensor.Create([1, 0, 0, 1]), Tensor.Create([[0.1, 0.9], [0.9, 0.1], [0.8, 0.2], [0.35, 0.65]])), 1e-9);
        Near.Equal(5, Metric.Perplexity(Tensor.Create([0, 3]), Tensor.Zeros([2, 5], DType.Float64)));

        var (t, y) = (Tensor.Create([3.0, -0.5, 2.0, 7.0]), Tensor.Create([2.5, 0.0, 2.0, 8.0]));
        Near.Equal(0.9486081370, Metric.R2(t, y), 1e-9);
        Near.Equal(0.5, Metric.MeanAbsoluteError(t, y));
        Near.Equal(Math.Sqrt(0.375), Metric.RootMeanSquaredError(t, y));
    }

    [Fact]
    public void Totals_add_up()
    {
        var (t, y) = (Tensor.Create([3.0, -0.5, 2.0, 7.0]), Tensor.Create([2.5, 0.0, 2.0, 8.0]));
        var first = RegressionTotal.Zero.Add(t.Slice(..1), y.Slice(..1));
        Near.Equal(0.9486081370, (first + RegressionTotal.Zero.Add(t.Slice(1..), y.Slice(1..))).R2, 1e-9);
        var add = Transform.Compile((MeanTotal total, Tensor x) => total.Add(x));
        Near.Equal(1.1875, add(add(MeanTotal.Zero, t.Slice(..1)), y.Slice(1..) * 0.175).Value);
        var confusion = ConfusionTotal.Create(2).Add(Tensor.Create([1, 0, 1]), Tensor.Create([1, 0, 0]));
        Near.Equal(2.0 / 3, confusion.Accuracy);
        Near.Equal(0.5, confusion.Recall(Averaging.Binary));
        Near.Equal(0.75, RankingTotal.Create(100).Add(Tensor.Create([0, 0, 1, 1]), Tensor.Create([0.1, 0.4, 0.35, 0.8])).RocAuc);
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

        var optimizer = Optimizer.Adam(0.02);
        var state = optimizer.Init(model);
        Tensor Error(Model m) => Loss.MeanSquaredError(y, m.Forward(x));

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
