namespace Cotangent;

/// <summary>Optimisers of the field, and parts to chain others from.</summary>
public static class Optimizer
{
    /// <summary>Stochastic gradient descent: -rate · g.</summary>
    /// <example><code>
    /// var x = Tensor.Create([1.0, 2.0]);
    /// var optimizer = Optimizer.Sgd&lt;Tensor>(0.1);
    /// var (next, state) = optimizer.Step(2 * x, optimizer.Start(x), x);
    /// next // [0.8, 1.6]
    /// </code></example>
    public static Optimizer<P> Sgd<P>(double rate)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.sgd<P>(rate));

    /// <summary>
    /// Descent with a heavy ball: v ← momentum · v + g; -rate · v, or with Nesterov's look-ahead -rate (g +
    /// momentum v) (Sutskever et al. 2013, in PyTorch's form).
    /// </summary>
    public static Optimizer<P> Momentum<P>(double rate, double momentum = 0.9, bool nesterov = false)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.momentum<P>(rate, momentum, nesterov));

    /// <summary>Adam (Kingma and Ba 2015, algorithm 1).</summary>
    /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
    /// <example><code>
    /// var optimizer = Optimizer.Adam&lt;Mlp>(Schedule.Cosine(1e-3, 0, 1000));
    /// </code></example>
    public static Optimizer<P> Adam<P>(Schedule rate, double beta1 = 0.9, double beta2 = 0.999)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.adamWith<P>(rate.NotNull().Rule, beta1, beta2));

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).</summary>
    public static Optimizer<P> AdamW<P>(double rate, double decay = 0.01)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.adamW<P>(rate, decay));

    /// <summary>g / √(mean of g²) (Tieleman and Hinton 2012, lecture 6e).</summary>
    public static Optimizer<P> RmsProp<P>(double rate, double decay = 0.99)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.rmsProp<P>(rate, decay));

    /// <summary>Every number times a constant.</summary>
    public static Optimizer<P> Scale<P>(double factor)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.scale<P>(factor));

    /// <summary>Steps down the gradient at a rate that follows a schedule.</summary>
    public static Optimizer<P> ScaleBySchedule<P>(Schedule rate)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.scaleBySchedule<P>(rate.NotNull().Rule));

    /// <summary>The direction of Adam, not yet scaled by a rate.</summary>
    public static Optimizer<P> ScaleByAdam<P>(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.scaleByAdam<P>(beta1, beta2, epsilon));

    /// <summary>Each tensor's gradient shortened to a Euclidean norm of at most the limit.</summary>
    public static Optimizer<P> ClipEachByNorm<P>(double limit)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.clipEachByNorm<P>(limit));

    /// <summary>
    /// The whole gradient shortened to a Euclidean norm of at most the limit (Pascanu et al. 2013, algorithm
    /// 1).
    /// </summary>
    public static Optimizer<P> ClipByGlobalNorm<P>(double limit)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.clipByGlobalNorm<P>(limit));

    /// <summary>Adds a share of the parameters to the gradient.</summary>
    public static Optimizer<P> AddDecayedWeights<P>(double decay)
        where P : notnull => Optimizer<P>.Of(OptimizerModule.addDecayedWeights<P>(decay));

    /// <summary>
    /// An optimiser of one's own: the first state from the parameters; and from gradient, state and
    /// parameters what to add to the parameters, and the next state. The state is a tree of tensors.
    /// </summary>
    /// <example><code>
    /// // Descent with a heavy ball.
    /// var optimizer = Optimizer.Create&lt;Tensor, Tensor>(
    ///     x => x.ZerosLike(),
    ///     (g, v, x) => (-0.1 * (0.9 * v + g), 0.9 * v + g)
    /// );
    /// var x = Tensor.Create([1.0, 2.0]);
    /// optimizer.Step(2 * x, optimizer.Start(x), x).Parameters // [0.8, 1.6]
    /// </code></example>
    public static Optimizer<P> Create<P, S>(Func<P, S> start, Func<P, S, P, (P Change, S State)> update)
        where P : notnull
        where S : notnull =>
        Optimizer<P>.Of(
            new Optimizer<P, S>(
                start.ToFSharp(),
                update.ToFSharpPair()
            )
        );

    /// <summary>A running average of parameters: decay · average + (1 - decay) · parameters.</summary>
    /// <example><code>
    /// Optimizer.Average(0.75, Tensor.Create([0.0]), Tensor.Create([4.0])) // [1]
    /// </code></example>
    public static P Average<P>(double decay, P average, P parameters)
        where P : notnull => OptimizerModule.average(decay, average.NotNull(), parameters.NotNull());
}
