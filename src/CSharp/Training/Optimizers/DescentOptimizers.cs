namespace Cotangent;

/// <summary>Descent and its momenta.</summary>
public static class DescentOptimizers
{
    extension(Optimizer)
    {
        /// <summary>Every number times a factor, a number or a schedule. Does not turn the sign around.</summary>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.Scale(-0.1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.8, 1.6]
        /// </code></example>
        public static Optimizer Scale(Schedule factor) => new(DescentRules.scale(factor.NotNull()));

        /// <summary>Stochastic gradient descent: -rate · g. After other transformations in a chain it is the step down.</summary>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.Sgd(0.1);
        /// var (next, state) = optimizer.Step(2 * x, optimizer.Init(x), x);
        /// next // [0.8, 1.6]
        /// </code></example>
        public static Optimizer Sgd(Schedule rate) => new(DescentRules.sgd(rate.NotNull()));

        /// <summary>
        /// Descent with a heavy ball: v ← momentum · v + g; -rate · v, or with Nesterov's look-ahead -rate (g + momentum v)
        /// (Sutskever et al. 2013, in PyTorch's form).
        /// </summary>
        /// <exception cref="ValueException">The momentum is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.Momentum(0.1, nesterov: true);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.62, 1.24]
        /// </code></example>
        public static Optimizer Momentum(Schedule rate, double momentum = 0.9, bool nesterov = false) =>
            new(DescentRules.momentum(rate.NotNull(), momentum, nesterov));
    }
}
