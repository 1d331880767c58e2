namespace Cotangent;

/// <summary>Bounds on gradients, and noise on them.</summary>
public static class ClippingOptimizers
{
    extension(Optimizer)
    {
        /// <summary>Each number of the gradient brought into [-limit, limit].</summary>
        /// <exception cref="ValueException">The limit is not positive.</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.ClipByValue(1).Then(Optimizer.Sgd(0.1));
        /// optimizer.Step(Tensor.Create([3.0, -0.5]), optimizer.Init(x), x).Parameters // [0.9, 2.05]
        /// </code></example>
        public static Optimizer ClipByValue(double limit) => new(ClippingRules.byValue(limit));

        /// <summary>Each tensor's gradient shortened to a Euclidean norm of at most the limit.</summary>
        /// <exception cref="ValueException">The limit is not positive.</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.ClipEachByNorm(1).Then(Optimizer.Sgd(0.1));
        /// optimizer.Step(Tensor.Create([3.0, 4.0]), optimizer.Init(x), x).Parameters // [0.94, 1.92]
        /// </code></example>
        public static Optimizer ClipEachByNorm(double limit) => new(ClippingRules.eachByNorm(limit));

        /// <summary>
        /// The whole gradient shortened to a Euclidean norm of at most the limit (Pascanu et al. 2013, algorithm 1).
        /// </summary>
        /// <exception cref="ValueException">The limit is not positive.</exception>
        /// <example><code>
        /// var (x, gradient) = ((Tensor.Create(1.0), Tensor.Create(2.0)), (Tensor.Create(3.0), Tensor.Create(4.0)));
        /// var optimizer = Optimizer.ClipByGlobalNorm(1).Then(Optimizer.Sgd(0.1));
        /// optimizer.Step(gradient, optimizer.Init(x), x).Parameters // (0.94, 1.92)
        /// </code></example>
        public static Optimizer ClipByGlobalNorm(double limit) => new(ClippingRules.byGlobalNorm(limit));

        /// <summary>
        /// The gradient of what feeds each output shortened to at most limit times the norm of its weights, or of ε where these
        /// are smaller (Brock et al. 2021, eq. 3).
        /// </summary>
        /// <exception cref="ValueException">The limit or ε is not positive.</exception>
        /// <example><code>
        /// var x = Tensor.Create([3.0, 4.0]);
        /// var optimizer = Optimizer.ClipAdaptively(0.1).Then(Optimizer.Sgd(1));
        /// optimizer.Step(Tensor.Create([0.0, 2.0]), optimizer.Init(x), x).Parameters // [3, 3.5]
        /// </code></example>
        public static Optimizer ClipAdaptively(double limit = 0.01, double epsilon = 1e-3) =>
            new(ClippingRules.adaptively(limit, epsilon));

        /// <summary>
        /// Adds normal noise of variance variance / t^decay to the gradient of step t (Neelakantan et al. 2015, eq. 1): that of the
        /// key and the step.
        /// </summary>
        /// <exception cref="ValueException">The variance is negative.</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.AddNoise(Key.Create(0), variance: 0.01).Then(Optimizer.Sgd(0.1));
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // about [0.8, 1.6]: shape (2)
        /// </code></example>
        public static Optimizer AddNoise(Key key, double variance, double decay = 0.55) =>
            new(ClippingRules.addNoise(key.NotNull(), variance, decay));
    }
}
