namespace Cotangent.CSharp.Tests;

/// <summary>Averages, micro-batches, plateaus, L-BFGS and mixed precision, with arguments that can be told apart.</summary>
public class TrainingHelperTests
{
    private static readonly Tensor x = Tensor.Create([3.0]);
    private static readonly Tensor y = Tensor.Create([6.0]);

    [Fact]
    public void Averages_of_weights()
    {
        Near.Equal([(0.75 * 3 + 6) / 1.75], WeightAverage.Start(x).Exponential(0.75, x).Exponential(0.75, y).Mean);
        Near.Equal([4.5], WeightAverage.Start(x).Uniform(x).Uniform(y).Mean);
    }

    [Fact]
    public void Micro_batches_of_unequal_size()
    {
        var sum = GradientSum.Zero(x).Add(Tensor.Create(3.0), x).Add(Tensor.Create(1.0), y);
        Near.Equal([15.0 / 4], sum.Mean(x));
    }

    [Fact]
    public void A_plateau_lowers_an_adjustable_optimiser()
    {
        double Last(Plateau plateau, params double[] metrics) =>
            (double)metrics.Aggregate(plateau.Start(), (state, metric) => plateau.Update(Tensor.Create(metric), state)).Factor;

        var flat = Enumerable.Repeat(1.0, 12).ToArray();
        Assert.Equal(1, Last(Plateau.Create(), flat[..11]));
        Near.Equal(0.1, Tensor.Create(Last(Plateau.Create(), flat)));
        Assert.Equal(0.5, Last(Plateau.Create(decay: 0.5, patience: 1), 1, 1, 1));
        Assert.Equal(1, Last(Plateau.Create(patience: 1, threshold: 0.01), 1, 0.995, 0.98));
        Assert.Equal(0.25, Last(Plateau.Create(decay: 0.5, patience: 0, cooldown: 2), 1, 1, 1, 1, 1));
        Assert.Equal(0.3, Last(Plateau.Create(patience: 0, least: 0.3), 1, 1));
        Assert.Equal(1, Last(Plateau.Create(patience: 0, isMore: true), 0.5, 0.6, 0.7));

        var optimizer = Optimizer.Sgd(0.1).Adjustable();
        var state = optimizer.Init(x).Adjust(Tensor.Create(0.5));
        Near.Equal([3 - 0.05 * 6], optimizer.Step(y, state, x).Parameters);
    }

    [Fact]
    public void LBfgs_finds_a_minimum()
    {
        Tensor Loss(Tensor x) => (x - Tensor.Create([1.0, -2.0])).Square().Sum() + (x.Slice(0) * x.Slice(1)).Square();
        var state = LBfgs.Start(Loss, Tensor.Create([4.0, 4.0]), history: 3);
        Assert.Equal([3, 2], state.Steps.Shape);

        for (var i = 0; i < 25; i++)
        {
            state = LBfgs.Step(Loss, state);
        }

        Near.Equal([0, 0], Differentiate.Gradient(Loss, state.Parameters), 1e-6);
        Assert.Equal(10, LBfgs.Start(Loss, Tensor.Create([4.0, 4.0])).Steps.Shape[0]);
        Assert.Throws<ValueException>(() => LBfgs.Step(Loss, state, evaluations: 0));
    }

    [Fact]
    public void Mixed_precision()
    {
        DType? inside = null;
        var twice = MixedPrecision.ComputeIn(
            DType.Float16,
            (Tensor t) =>
            {
                inside = t.DType;
                return t + t;
            }
        );

        var gradient = Differentiate.Gradient(t => twice(t).Sum(), Tensor.Create([1f]));
        Assert.Equal(DType.Float16, inside);
        Assert.Equal(Tensor.Create([2f]), gradient);

        var scaling = LossScaling.Dynamic(initial: 8, growth: 4, backoff: 0.25, interval: 2);
        var scale = scaling.Start();
        var (value, slope) = scale.ValueAndGradient(t => (t * t).Sum(), Tensor.Create([3f]));
        Assert.Equal(9f, value.ToScalar<float>());
        Assert.Equal(Tensor.Create([6f]), slope);
        var (loss, beside, gradientWith) = scale.ValueAndGradientWith(t => ((t * t).Sum(), t + 1), Tensor.Create([3f]));
        Assert.Equal((9f, 4f, 6f), (loss.ToScalar<float>(), beside.ToScalar<float>(), gradientWith.ToScalar<float>()));
        Assert.Equal(2f, scaling.Update(slope * float.NaN, scale).Scale.ToScalar<float>());
        Assert.Equal(8f, scaling.Update(slope, scale).Scale.ToScalar<float>());
        Assert.Equal(32f, scaling.Update(slope, scaling.Update(slope, scale)).Scale.ToScalar<float>());
        var usual = LossScaling.Dynamic();
        Assert.Equal((65536, 2, 0.5, 2000), (usual.Initial, usual.Growth, usual.Backoff, usual.Interval));
        var still = LossScaling.FixedAt(128);
        Assert.Equal(128f, still.Update(slope * float.NaN, still.Start()).Scale.ToScalar<float>());
    }
}
