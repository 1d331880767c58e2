using Cotangent;

namespace Samples.CSharp;

/// <summary>The generative adversarial network that the library grew out of, and its presets.</summary>
public static class SineGan
{
    /// <summary>±√(2/(in+out))</summary>
    public static double Xavier(Fans fans) => Math.Sqrt(2.0 / (fans.FanIn + fans.FanOut));

    /// <summary>±√(1/in)</summary>
    public static double He(Fans fans) => Math.Sqrt(1.0 / fans.FanIn);

    /// <summary>±0.05</summary>
    public static double Constant(Fans fans) => 0.05;

    /// <summary>WGAN-GP, wide enough for the family.</summary>
    public static SineGanOptions Recommended(SineFamily family) =>
        family == Sines.Article
            ? new(new SineGanPreset.GradientPenalty(64, 64, 1e-3), family, 4500)
            : new(new SineGanPreset.GradientPenalty(128, 64, 2e-3), family, 9000);

    /// <summary>The article's GAN on a family.</summary>
    public static SineGanOptions Article(SineFamily family) =>
        new(new SineGanPreset.Article(Xavier), family, 50_000);

    /// <summary>
    /// Trains; reports losses (D of the discriminator, G of the generator) as it goes; a cancellation ends it
    /// early with what was reached.
    /// </summary>
    /// <exception cref="ValueException">Fewer than one iteration is asked for.</exception>
    public static SineGanResult Train(
        SineGanOptions options,
        IProgress<ProgressReport>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        if (options.Iterations < 1)
        {
            throw new ValueException($"SineGan.Train: {options.Iterations} iterations; at least 1 is needed.");
        }

        var (forModels, forTraining) = Key.Create(options.Seed).Split();
        var (forGenerator, forDiscriminator) = forModels.Split();
        var length = options.Family.Length;

        var training = options.Preset switch
        {
            SineGanPreset.Article(var bound) => new Training(
                ArticleGan,
                ArticleGenerator(length, bound, forGenerator),
                ArticleDiscriminator(length, bound, forDiscriminator),
                View.AsTheyAre,
                options,
                batch: 1,
                reportEvery: 1000
            ),
            SineGanPreset.GradientPenalty(var width, var batch, var rate) => new Training(
                PenaltyGan(rate, options.Iterations),
                PenaltyGenerator(length, width, forGenerator),
                PenaltyCritic(length, width, forDiscriminator),
                View.Standardised(options),
                options,
                batch,
                reportEvery: 50
            ),
            _ => throw new ArgumentException($"{options.Preset} is no preset.", nameof(options)),
        };

        return training.Run(forTraining, progress, cancellationToken);
    }

    /// <summary>
    /// Trains on another thread. A cancellation is no exception: the task completes with what was reached.
    /// </summary>
    /// <exception cref="ValueException">Fewer than one iteration is asked for.</exception>
    public static Task<SineGanResult> TrainAsync(
        SineGanOptions options,
        IProgress<ProgressReport>? progress = null,
        CancellationToken cancellationToken = default
    ) => Task.Run(() => Train(options, progress, cancellationToken), CancellationToken.None);

    private static readonly Activation leaky = Activation.LeakyRelu(0.2);

    // ---- The article's ----

    private static readonly Optimizer articleOptimizer = Optimizer
        .ClipEachByNorm(0.2)
        .Then(Optimizer.Sgd(0.01));

    private static Gan<Mlp, Mlp> ArticleGan { get; } =
        new()
        {
            Generate = (generator, latent) => generator.Forward(latent),
            Judge = (discriminator, signals) => discriminator.Forward(signals),
            LatentSize = 1,
            GeneratorNoise = GeneratorNoise.Shared,
            Adversary = Adversary.CrossEntropy(1e-7),
            GeneratorOptimizer = articleOptimizer,
            DiscriminatorOptimizer = articleOptimizer,
            ConstrainGenerator = Clamped,
            ConstrainDiscriminator = Clamped,
        };

    private static Mlp Clamped(Mlp parameters) => Tree.Map(parameters, t => t.Clamp(-0.25, 0.25));

    // A bias is a weight whose input is always 1, and the only one of its output.
    private static Mlp ArticleModel(
        int inputs,
        Func<Fans, double> bound,
        Key key,
        ReadOnlySpan<(int, Activation)> layers
    ) =>
        Mlp.Create(
            inputs,
            key,
            layers,
            weightInit: Init.UniformWithin(bound),
            biasInit: Init.UniformWithin(fans => bound(new Fans(1, fans.FanOut)))
        );

    private static Mlp ArticleGenerator(int length, Func<Fans, double> bound, Key key) =>
        ArticleModel(1, bound, key, [(10, Activation.Relu), (10, Activation.Relu), (length, Activation.Tanh)]);

    private static Mlp ArticleDiscriminator(int length, Func<Fans, double> bound, Key key) =>
        ArticleModel(length, bound, key, [(10, leaky), (10, leaky), (1, Activation.Sigmoid)]);

    // ---- WGAN-GP ----

    private static Gan<Mlp, Mlp> PenaltyGan(double rate, int iterations)
    {
        // Each step updates the critic three times, so its rate falls a third as fast by its own count of steps.
        Optimizer Adam(int updates) =>
            Optimizer.Adam(Schedule.Linear(rate, 0, iterations * updates), beta1: 0, beta2: 0.9);

        return new()
        {
            Generate = (generator, latent) => generator.Forward(latent),
            Judge = (critic, signals) => critic.Forward(signals),
            LatentSize = 8,
            Adversary = Adversary.Scores(AdversarialLoss.Wasserstein, gradientPenalty: 1),
            DiscriminatorSteps = 3,
            GeneratorOptimizer = Adam(1),
            DiscriminatorOptimizer = Adam(3),
            AverageDecay = 0.998,
        };
    }

    private static Mlp PenaltyModel(int inputs, Key key, ReadOnlySpan<(int, Activation)> layers) =>
        Mlp.Create(inputs, key, layers, weightInit: Init.InverseRoot, biasInit: Init.InverseRoot);

    private static Mlp PenaltyGenerator(int length, int width, Key key) =>
        PenaltyModel(8, key, [(width, Activation.Relu), (width, Activation.Relu), (length, Activation.Identity)]);

    private static Mlp PenaltyCritic(int length, int width, Key key) =>
        PenaltyModel(length, key, [(width, leaky), (width, leaky), (1, Activation.Identity)]);
}
