using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>
/// A generative adversarial network: two pure functions and how each learns. G and D are trees of parameters.
/// A step is a pure function from state, batches and key to state and losses.
/// </summary>
/// <example><code>
/// var gan = new Gan&lt;Mlp, Mlp&gt;
/// {
///     Generate = (g, latent) => g.Forward(latent),
///     Judge = (d, examples) => d.Forward(examples),
///     LatentSize = 8,
///     Adversary = Adversary.Scores(AdversarialLoss.Wasserstein, gradientPenalty: 1),
///     DiscriminatorSteps = 3,
///     GeneratorOptimizer = Optimizer.Adam(1e-3, beta1: 0, beta2: 0.9),
///     DiscriminatorOptimizer = Optimizer.Adam(1e-3, beta1: 0, beta2: 0.9),
/// };
///
/// var keys = Key.Create(0).Split(4);
/// var generator = Mlp.Create(8, keys[0], (16, Activation.Relu), (10, Activation.Identity));
/// var critic = Mlp.Create(10, keys[1], (16, Activation.Relu), (1, Activation.Identity));
/// var batches = keys[2].Split(3).Select(key => key.Normal(4, 10)).ToArray();
/// var state = gan.Start(generator, critic);
/// (state, var losses) = gan.Step(state, batches, keys[3]);
/// </code></example>
public sealed record Gan<G, D>
    where G : notnull
    where D : notnull
{
    /// <summary>From parameters and latent (batch, LatentSize) to examples (batch, …).</summary>
    public required Func<G, Tensor, Tensor> Generate { get; init => field = value.NotNull(nameof(Generate)); }

    /// <summary>
    /// From parameters and examples (batch, …) to judgements (batch, 1): probabilities for
    /// <c>Adversary.CrossEntropy</c>, any numbers for <c>Adversary.Scores</c>.
    /// </summary>
    public required Func<D, Tensor, Tensor> Judge { get; init => field = value.NotNull(nameof(Judge)); }

    /// <summary>
    /// The generator while it trains, where that differs: from parameters, latent and a key to examples, and parameters with what
    /// the layers have learned of their inputs besides, as running statistics. As <see cref="Generate"/> by default.
    /// </summary>
    public Func<G, Tensor, Key, (Tensor Examples, G Generator)>? TrainGenerator { get; init; }

    /// <summary>
    /// The discriminator while it trains: from parameters, examples and a key to judgements, and parameters. As
    /// <see cref="Judge"/> by default.
    /// </summary>
    public Func<D, Tensor, Key, (Tensor Judgements, D Discriminator)>? TrainDiscriminator { get; init; }

    /// <summary>Draws the latent; standard normal by default.</summary>
    public Func<Key, DType, int[], Tensor> Latent { get; init => field = value.NotNull(nameof(Latent)); } =
        (key, dtype, shape) => key.Normal(shape, dtype);

    /// <summary>How many numbers an example is made from.</summary>
    public required int LatentSize { get; init; }

    /// <summary>
    /// What the generator is updated on: fresh noise by default, or that of the discriminator's last update.
    /// </summary>
    public GeneratorNoise GeneratorNoise { get; init; } = GeneratorNoise.Fresh;

    /// <summary>What the two play for.</summary>
    public required Adversary Adversary { get; init; }

    /// <summary>
    /// Updates of the discriminator, each on batches of its own, for each of the generator's; one by default.
    /// </summary>
    public int DiscriminatorSteps { get; init; } = 1;

    /// <summary>How the generator learns.</summary>
    public required Optimizer GeneratorOptimizer { get; init => field = value.NotNull(nameof(GeneratorOptimizer)); }

    /// <summary>How the discriminator learns.</summary>
    public required Optimizer DiscriminatorOptimizer
    {
        get;
        init => field = value.NotNull(nameof(DiscriminatorOptimizer));
    }

    /// <summary>Brings parameters back into the set allowed, after each update; nothing by default.</summary>
    public Func<G, G> ConstrainGenerator { get; init => field = value.NotNull(nameof(ConstrainGenerator)); } =
        parameters => parameters;

    /// <summary>Brings parameters back into the set allowed, after each update; nothing by default.</summary>
    public Func<D, D> ConstrainDiscriminator
    {
        get;
        init => field = value.NotNull(nameof(ConstrainDiscriminator));
    } = parameters => parameters;

    /// <summary>
    /// The decay of the running average of the generator that samples are drawn from; 0 for the generator
    /// itself.
    /// </summary>
    public double AverageDecay { get; init; }

    /// <summary>How many real batches one step takes.</summary>
    /// <example><code>
    /// var gan = new Gan&lt;Tensor, Tensor>
    /// {
    ///     Generate = (scale, latent) => scale * latent,
    ///     Judge = (slope, examples) => slope * examples,
    ///     LatentSize = 1,
    ///     Adversary = Adversary.Scores(AdversarialLoss.Wasserstein),
    ///     DiscriminatorSteps = 5,
    ///     GeneratorOptimizer = Optimizer.Adam(1e-3),
    ///     DiscriminatorOptimizer = Optimizer.Adam(1e-3),
    /// };
    /// gan.BatchesPerStep // 5
    /// </code></example>
    public int BatchesPerStep => GanModule.batchesPerStep(ToFSharp());

    /// <summary>The state before the first step.</summary>
    /// <example><code>
    /// // A generator of one number, from noise that is always 1.
    /// var gan = new Gan&lt;Tensor, Tensor>
    /// {
    ///     Generate = (number, latent) => number * latent,
    ///     Judge = (slope, examples) => slope * examples,
    ///     Latent = (key, dtype, shape) => Tensor.Ones(shape, dtype),
    ///     LatentSize = 1,
    ///     Adversary = Adversary.Scores(AdversarialLoss.Wasserstein),
    ///     GeneratorOptimizer = Optimizer.Sgd(0.1),
    ///     DiscriminatorOptimizer = Optimizer.Sgd(0.1),
    /// };
    /// var state = gan.Start(Tensor.Create(1f), Tensor.Create(0f));
    /// state.Generator // 1
    /// </code></example>
    public GanState<G, D> Start(G generator, D discriminator) =>
        GanModule.start(ToFSharp(), generator.NotNull(), discriminator.NotNull());

    /// <summary>One step.</summary>
    /// <param name="state">Where the training stands.</param>
    /// <param name="batches">As many real batches as <see cref="BatchesPerStep"/> says.</param>
    /// <param name="key">A fresh key.</param>
    /// <exception cref="ValueException">
    /// The number of batches is another, or less than 1; or a penalty has a negative weight.
    /// </exception>
    /// <example><code>
    /// // A generator of one number, from noise that is always 1.
    /// var gan = new Gan&lt;Tensor, Tensor>
    /// {
    ///     Generate = (number, latent) => number * latent,
    ///     Judge = (slope, examples) => slope * examples,
    ///     Latent = (key, dtype, shape) => Tensor.Ones(shape, dtype),
    ///     LatentSize = 1,
    ///     Adversary = Adversary.Scores(AdversarialLoss.Wasserstein),
    ///     GeneratorOptimizer = Optimizer.Sgd(0.1),
    ///     DiscriminatorOptimizer = Optimizer.Sgd(0.1),
    /// };
    ///
    /// // What is real is 3: the slope of the judgement goes up, and the number after it.
    /// var real = Tensor.Full(3, [4, 1]);
    /// var (state, losses) = gan.Step(gan.Start(Tensor.Create(1f), Tensor.Create(0f)), [real], Key.Create(0));
    /// state.Discriminator // 0.2
    /// state.Generator // 1.02
    /// losses.GeneratorLoss // -0.2
    /// </code></example>
    public (GanState<G, D> State, GanLosses Losses) Step(GanState<G, D> state, IEnumerable<Tensor> batches, Key key) =>
        GanModule.step(ToFSharp(), state.NotNull(), batches.ToFSharpList(), key.NotNull()).ToValueTuple();

    /// <summary>Examples by a generator: shape (count, …).</summary>
    /// <example><code>
    /// // A generator of one number, from noise that is always 1.
    /// var gan = new Gan&lt;Tensor, Tensor>
    /// {
    ///     Generate = (number, latent) => number * latent,
    ///     Judge = (slope, examples) => slope * examples,
    ///     Latent = (key, dtype, shape) => Tensor.Ones(shape, dtype),
    ///     LatentSize = 1,
    ///     Adversary = Adversary.Scores(AdversarialLoss.Wasserstein),
    ///     GeneratorOptimizer = Optimizer.Sgd(0.1),
    ///     DiscriminatorOptimizer = Optimizer.Sgd(0.1),
    /// };
    /// gan.Sample(Tensor.Create(2f), 3, Key.Create(0)) // [[2], [2], [2]]
    /// </code></example>
    public Tensor Sample(G generator, int count, Key key) => GanModule.sample(ToFSharp(), generator.NotNull(), count, key.NotNull());

    private static FSharpOption<FSharpFunc<P, FSharpFunc<Key, FSharpFunc<Tensor, Tuple<Tensor, P>>>>>? Training<P>(
        Func<P, Tensor, Key, (Tensor, P)>? train
    ) =>
        train is null
            ? null
            : FSharpOption<FSharpFunc<P, FSharpFunc<Key, FSharpFunc<Tensor, Tuple<Tensor, P>>>>>.Some(
                FuncConvert.FromFunc((P player, Key key, Tensor x) => train(player, x, key).ToTuple())
            );

    private FSharpGan<G, D> ToFSharp() =>
        new(
            Generate.ToFSharp(),
            Judge.ToFSharp(),
            Training(TrainGenerator),
            Training(TrainDiscriminator),
            FuncConvert.FromFunc((Key key, DType dtype, FSharpList<int> shape) => Latent(key, dtype, [.. shape])),
            LatentSize,
            GeneratorNoise,
            Adversary,
            DiscriminatorSteps,
            GeneratorOptimizer,
            DiscriminatorOptimizer,
            ConstrainGenerator.ToFSharp(),
            ConstrainDiscriminator.ToFSharp(),
            AverageDecay
        );
}

/// <summary>What adversarial networks are made of.</summary>
public static class Gan
{
    /// <summary>
    /// weight · mean (‖∇ₓ critic(x)‖ - 1)² at points x between real and generated, one for each pair: a gradient inside
    /// the loss whose gradient is taken.
    /// </summary>
    /// <example><code>
    /// // A critic whose slope is 2 everywhere.
    /// var (real, generated) = (Tensor.Ones(4, 1), Tensor.Zeros(4, 1));
    /// Gan.GradientPenalty(x => (2 * x).Sum(axis: 1), 10, real, generated, Key.Create(0)) // 10
    /// </code></example>
    public static Tensor GradientPenalty(
        Func<Tensor, Tensor> critic,
        double weight,
        Tensor real,
        Tensor generated,
        Key key
    ) =>
        GanModule.gradientPenalty(
            critic.NotNull().ToFSharp(),
            weight,
            real.NotNull(),
            generated.NotNull(),
            key.NotNull()
        );
}
