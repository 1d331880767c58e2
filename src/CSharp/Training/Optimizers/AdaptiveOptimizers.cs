namespace Cotangent;

/// <summary>Rates of their own for each number, from the squares of its gradients.</summary>
public static class AdaptiveOptimizers
{
    extension(Optimizer)
    {
        /// <summary>Adagrad: G ← G + g²; -rate · g / (√G + ε) (Duchi, Hazan and Singer 2011).</summary>
        /// <exception cref="ValueException">The first sum is negative.</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.Adagrad(0.1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.9, 1.9]
        /// </code></example>
        public static Optimizer Adagrad(Schedule rate, double initial = 0, double epsilon = 1e-10) =>
            new(AdaptiveRules.adagrad(rate.NotNull(), initial, epsilon));

        /// <summary>
        /// RMSProp: -rate · g / (√(mean of g²) + ε) (Tieleman and Hinton 2012, lecture 6e). With a momentum the quotient goes
        /// into a velocity; centred, the variance of the gradients stands in place of their mean square (Graves 2013).
        /// </summary>
        /// <exception cref="ValueException">The decay or the momentum is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.RmsProp(0.1, decay: 0.75);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.8, 1.8]
        /// </code></example>
        public static Optimizer RmsProp(
            Schedule rate,
            double decay = 0.99,
            double epsilon = 1e-8,
            double momentum = 0,
            bool isCentred = false
        ) => new(AdaptiveRules.rmsProp(rate.NotNull(), decay, epsilon, momentum, isCentred));

        /// <summary>
        /// Adadelta: -rate · √(mean of changes² + ε) / √(mean of g² + ε) · g (Zeiler 2012, algorithm 1). In the paper the rate is
        /// 1.
        /// </summary>
        /// <exception cref="ValueException">The decay is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.Adadelta(1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.9968, 1.9968]
        /// </code></example>
        public static Optimizer Adadelta(Schedule rate, double decay = 0.9, double epsilon = 1e-6) =>
            new(AdaptiveRules.adadelta(rate.NotNull(), decay, epsilon));
    }
}
