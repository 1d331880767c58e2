namespace Cotangent.CSharp.Tests;

public class GanTests
{
    private static readonly Gan<Tensor, Linear> gan = new()
    {
        Generate = (scale, latent) => latent * scale,
        Judge = (critic, examples) => critic.Forward(examples),
        LatentSize = 2,
        Adversary = Adversary.GradientPenalty(weight: 1, criticSteps: 2),
        GeneratorOptimizer = Optimizer.Sgd<Tensor>(0.1),
        DiscriminatorOptimizer = Optimizer.Adam<Linear>(0.1),
        AverageDecay = 0.5,
    };

    [Fact]
    public void A_step_changes_the_state_and_nothing_else()
    {
        var key = Key.Create(3);
        var state = gan.Start(Tensor.Create([1f, 1f]), Linear.Create(2, 1, key.Fold(0)));
        Tensor[] batches = [Tensor.Ones(4, 2), Tensor.Ones(4, 2)];
        Assert.Equal(2, gan.BatchesPerStep);

        var (next, losses) = gan.Step(state, batches, key);
        Assert.Equal(Tensor.Create([1f, 1f]), state.Generator);
        Assert.NotEqual(state.Generator, next.Generator);
        Assert.NotEqual(state.Discriminator, next.Discriminator);
        Assert.Equal(state.Generator * 0.5 + next.Generator * 0.5, next.Average);
        Assert.True(losses.GeneratorLoss.IsFinite().ToScalar<bool>());

        // Pure: the same again gives the same again.
        var (again, _) = gan.Step(state, batches, key);
        Assert.Equal(Tree.Leaves(next), Tree.Leaves(again));
        // Generator, discriminator, the state of its Adam, average.
        Assert.Equal(1 + 2 + 6 + 1, Tree.Leaves(next).Length);
    }

    [Fact]
    public void Cross_entropy_and_constraints()
    {
        var key = Key.Create(4);
        var clamped = gan with
        {
            Judge = (critic, examples) => critic.Forward(examples).Sigmoid(),
            Latent = (k, dtype, shape) => k.Uniform(shape, dtype),
            Adversary = Adversary.CrossEntropy(),
            GeneratorOptimizer = Optimizer.Sgd<Tensor>(100),
            ConstrainGenerator = g => g.Clamp(-0.25, 0.25),
            ConstrainDiscriminator = d => Tree.Map(d, t => t.Clamp(-0.25, 0.25)),
            AverageDecay = 0,
        };

        var state = clamped.Start(Tensor.Create([1f, 1f]), Linear.Create(2, 1, key.Fold(0)));
        (state, _) = clamped.Step(state, [Tensor.Ones(4, 2)], key);
        Assert.InRange((double)state.Generator.Abs().Max(), 0, 0.25);
        Assert.InRange((double)state.Discriminator.Weight.Abs().Max(), 0, 0.25);
        Assert.Equal(state.Generator, state.Average);
        Assert.Equal([7, 2], clamped.Sample(state.Average, 7, key).Shape);
    }

    [Fact]
    public void The_number_of_batches_must_fit()
    {
        var state = gan.Start(Tensor.Create([1f, 1f]), Linear.Create(2, 1, Key.Create(0)));
        Assert.Throws<ValueException>(() => gan.Step(state, [], Key.Create(1)));
    }
}
