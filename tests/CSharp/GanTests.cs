namespace Cotangent.CSharp.Tests;

public class GanTests
{
    private static readonly Gan<Tensor, Linear> gan = new()
    {
        Generate = (scale, latent) => latent * scale,
        Judge = (critic, examples) => critic.Forward(examples),
        LatentSize = 2,
        Adversary = Adversary.GradientPenalty(weight: 1, criticSteps: 2),
        GeneratorOptimizer = Optimizer.Sgd(0.1),
        DiscriminatorOptimizer = Optimizer.Adam(0.1),
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
        Assert.Equal(1 + 2 + 5 + 1, Tree.Leaves(next).Length);
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
            GeneratorOptimizer = Optimizer.Sgd(100),
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

    /// <summary>The critic adds up and does not learn: the gradient is minus the mean of the noise.</summary>
    [Fact]
    public void The_generator_is_updated_on_the_noise_just_shown_or_on_fresh_noise()
    {
        var noises = new List<Tensor>();

        var linear = gan with
        {
            Generate = (scale, latent) => latent * scale,
            Judge = (weight, examples) => examples.MatMul(weight.Weight),
            Latent = (k, dtype, shape) =>
            {
                var noise = k.Normal(shape, dtype);
                noises.Add(noise);
                return noise;
            },
            GeneratorOptimizer = Optimizer.Sgd(1),
            DiscriminatorOptimizer = Optimizer.Sgd(0),
        };

        var ones = new Linear(Tensor.Ones(2, 1), Tensor.Zeros(1), Activation.Identity);
        Tensor[] batches = [Tensor.Ones(4, 2), Tensor.Ones(4, 2)];

        // Two steps of the critic draw; the generator draws a third time, or not at all.
        foreach (var (kind, draws) in new[] { (GeneratorNoise.Shared, 2), (GeneratorNoise.Fresh, 3) })
        {
            noises.Clear();
            var network = linear with { GeneratorNoise = kind };
            var (next, _) = network.Step(network.Start(Tensor.Create([1f, 1f]), ones), batches, Key.Create(9));
            Assert.Equal(draws, noises.Count);
            var expected = (noises[^1].Mean(axis: 0) + 1).ToArray<float>();
            Near.Equal([expected[0], expected[1]], next.Generator, 1e-6);
        }
    }

    [Fact]
    public void Without_steps_of_the_critic_there_is_no_step()
    {
        var none = gan with { Adversary = Adversary.GradientPenalty(1, 0) };
        var state = none.Start(Tensor.Create([1f, 1f]), Linear.Create(2, 1, Key.Create(0)));
        var error = Assert.Throws<ValueException>(() => none.Step(state, [], Key.Create(1)));
        Assert.Contains("at least 1", error.Message);
    }

    [Fact]
    public void The_number_of_batches_must_fit()
    {
        var state = gan.Start(Tensor.Create([1f, 1f]), Linear.Create(2, 1, Key.Create(0)));
        Assert.Throws<ValueException>(() => gan.Step(state, [], Key.Create(1)));
    }
}
