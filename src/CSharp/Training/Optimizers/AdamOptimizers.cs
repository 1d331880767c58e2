namespace Cotangent;

/// <summary>Adam and its relatives.</summary>
public static class AdamOptimizers
{
    extension(Optimizer)
    {
        /// <summary>Adam (Kingma and Ba 2015, algorithm 1); ε stands outside the root.</summary>
        /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// var optimizer = Optimizer.Adam(Schedule.Cosine(1e-3, 0, 1000), beta2: 0.99);
        /// </code></example>
        public static Optimizer Adam(
            Schedule rate,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double epsilon = 1e-8
        ) => new(AdamRules.adam(rate.NotNull(), beta1, beta2, epsilon));

        /// <summary>
        /// Adam with decoupled weight decay: -rate · (direction + decay · parameter) (Loshchilov and Hutter 2019, algorithm
        /// 2); of all parameters, or of those selected.
        /// </summary>
        /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.AdamW(0.1, decay: 0.5);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.85, 1.8]
        /// </code></example>
        public static Optimizer AdamW(
            Schedule rate,
            double decay = 0.01,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double epsilon = 1e-8,
            Selection? decayed = null
        ) => new(AdamRules.adamW(rate.NotNull(), decay, beta1, beta2, epsilon, decayed ?? SelectionModule.all));

        /// <summary>The direction of Adam, neither scaled by a rate nor turned around.</summary>
        /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.ScaleByAdam().Then(Optimizer.Sgd(0.1));
        /// optimizer.Step(Tensor.Create([3.0, -4.0]), optimizer.Init(x), x).Parameters // [0.9, 2.1]
        /// </code></example>
        public static Optimizer ScaleByAdam(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
            new(AdamRules.scaleByAdam(beta1, beta2, epsilon));
    }
}
