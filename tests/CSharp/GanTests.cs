namespace Cotangent.CSharp.Tests;

public class GanTests
{
    private static readonly Gan<Tensor, Linear> gan = new()
    {
        Generate = (scale, latent) => latent * scale,
        Judge = (critic, examples) => critic.Forward(examples),
        LatentSize = 2,
        Adversary = Adversary.Scores(AdversarialLoss.Wasserstein, gradientPenalty: 1),
        DiscriminatorSteps = 2,
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
        // Of the first generator there is nothing in it; the last weighs twice as much as the one before.
        var only = next.Generator.ToArray<float>();
        Near.Equal([only[0], only[1]], next.Average.Mean, 1e-6);
        var (second, _) = gan.Step(next, batches, key.Fold(1));
        var average = (next.Generator / 3 + second.Generator * 2 / 3).ToArray<float>();
        Near.Equal([average[0], average[1]], second.Average.Mean, 1e-6);
        Assert.True(losses.GeneratorLoss.IsFinite().ToScalar<bool>());

        // Pure: the same again gives the same again.
        var (again, _) = gan.Step(state, batches, key);
        Assert.Equal(Tree.Leaves(next), Tree.Leaves(again));
        // Generator, discriminator, the state of its Adam, average and its count.
        Assert.Equal(1 + 2 + 5 + 2, Tree.Leaves(next).Length);
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
            DiscriminatorSteps = 1,
            GeneratorOptimizer = Optimizer.Sgd(100),
            ConstrainGenerator = g => g.Clamp(-0.25, 0.25),
            ConstrainDiscriminator = d => Tree.Map(d, t => t.Clamp(-0.25, 0.25)),
            AverageDecay = 0,
        };

        var state = clamped.Start(Tensor.Create([1f, 1f]), Linear.Create(2, 1, key.Fold(0)));
        (state, _) = clamped.Step(state, [Tensor.Ones(4, 2)], key);
        Assert.InRange((double)state.Generator.Abs().Max(), 0, 0.25);
        Assert.InRange((double)state.Discriminator.Weight.Abs().Max(), 0, 0.25);
        Assert.Equal(state.Generator, state.Average.Mean);
        Assert.Equal([7, 2], clamped.Sample(state.Average.Mean, 7, key).Shape);
    }

    /// <summary>Each loss of a judge d x and a generator g z, both 0 at first but for the one that learns.</summary>
    [Fact]
    public void Players_play_for_any_loss_by_default_without_a_penalty()
    {
        Assert.Equal(Adversary.Scores(AdversarialLoss.Hinge, 0), Adversary.Scores(AdversarialLoss.Hinge));
        Assert.NotEqual(Adversary.Scores(AdversarialLoss.Hinge, 1), Adversary.Scores(AdversarialLoss.Hinge));

        foreach (
            var (loss, expected) in new[]
            {
                (AdversarialLoss.CrossEntropy, 2 * Math.Log(2)),
                (AdversarialLoss.LeastSquares, 0.5),
                (AdversarialLoss.Hinge, 2),
                (AdversarialLoss.Wasserstein, 0),
            }
        )
        {
            var plays = gan with { Adversary = Adversary.Scores(loss), DiscriminatorSteps = 1 };
            var still = new Linear(Tensor.Zeros(2, 1), Tensor.Zeros(1), Activation.Identity);
            var (_, losses) = plays.Step(plays.Start(Tensor.Create([1f, 1f]), still), [Tensor.Ones(4, 2)], Key.Create(5));
            Near.Equal(expected, losses.DiscriminatorLoss, 1e-6);
        }

        Assert.Equal(1, new Gan<Tensor, Tensor>
        {
            Generate = (g, z) => z,
            Judge = (d, x) => x,
            LatentSize = 1,
            Adversary = Adversary.CrossEntropy(),
            GeneratorOptimizer = Optimizer.Sgd(1),
            DiscriminatorOptimizer = Optimizer.Sgd(1),
        }.BatchesPerStep);
    }

    /// <summary>The running mean moves a tenth of the way to that of the noise in each of the two uses.</summary>
    [Fact]
    public void A_player_may_differ_while_it_trains()
    {
        var noises = new List<double>();
        var keys = 0;

        var plays = new Gan<BatchNorm, Tensor>
        {
            Generate = (g, z) => g.Forward(z),
            TrainGenerator = (g, z, key) =>
            {
                keys += key is null ? 0 : 1;
                return g.Train(z);
            },
            Judge = (d, x) => x * d,
            TrainDiscriminator = (d, x, key) => (x * d, d),
            LatentSize = 1,
            Latent = (key, dtype, shape) =>
            {
                var noise = key.Normal(shape, dtype);
                noises.Add((double)noise.Mean());
                return noise;
            },
            Adversary = Adversary.Scores(AdversarialLoss.LeastSquares),
            GeneratorOptimizer = Optimizer.Sgd(0),
            DiscriminatorOptimizer = Optimizer.Sgd(0),
        };

        var (next, _) = plays.Step(plays.Start(BatchNorm.Create(1), Tensor.Create(1f)), [Tensor.Ones(8, 1)], Key.Create(9));
        Assert.Equal(2, keys);
        Near.Equal(0.9 * 0.1 * noises[0] + 0.1 * noises[1], next.Generator.RunningMean.Value, 1e-5);
    }

    [Fact]
    public void The_penalty_is_on_the_norm_of_the_slope()
    {
        var (real, generated) = (Tensor.Ones(4, 2), Tensor.Zeros(4, 2));
        // A slope of (3, 4), whose norm is 5.
        var slope = Tensor.Create([[3f], [4f]]);
        Near.Equal(0.5 * 16, Gan.GradientPenalty(x => x.MatMul(slope), 0.5, real, generated, Key.Create(6)), 1e-5);
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
        var none = gan with { DiscriminatorSteps = 0 };
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
