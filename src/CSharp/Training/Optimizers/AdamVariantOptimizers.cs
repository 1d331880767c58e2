namespace Cotangent;

/// <summary>What has been made of Adam.</summary>
public static class AdamVariantOptimizers
{
    extension(Optimizer)
    {
        /// <summary>AMSGrad: Adam by the largest mean square so far (Reddi, Kale and Kumar 2018, algorithm 2).</summary>
        /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.AmsGrad(0.1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.9, 1.9]
        /// </code></example>
        public static Optimizer AmsGrad(
            Schedule rate,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double epsilon = 1e-8
        ) => new(AdamVariantRules.amsGrad(rate.NotNull(), beta1, beta2, epsilon));

        /// <summary>Adamax: Adam by the largest gradient, which fades (Kingma and Ba 2015, algorithm 2).</summary>
        /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.Adamax(0.1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.9, 1.9]
        /// </code></example>
        public static Optimizer Adamax(
            Schedule rate,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double epsilon = 1e-8
        ) => new(AdamVariantRules.adamax(rate.NotNull(), beta1, beta2, epsilon));

        /// <summary>
        /// NAdam: Adam with Nesterov's look-ahead, its momentum β₁ (1 - ½ · 0.96^(t · momentumDecay)) (Dozat 2016).
        /// </summary>
        /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.NAdam(0.1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.8944, 1.8944]
        /// </code></example>
        public static Optimizer NAdam(
            Schedule rate,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double epsilon = 1e-8,
            double momentumDecay = 0.004
        ) => new(AdamVariantRules.nAdam(rate.NotNull(), beta1, beta2, epsilon, momentumDecay));

        /// <summary>RAdam: Adam whose adaptive rate is rectified while its average is short (Liu et al. 2020, algorithm 2).</summary>
        /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.RAdam(0.1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.8, 1.6]
        /// </code></example>
        public static Optimizer RAdam(
            Schedule rate,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double epsilon = 1e-8
        ) => new(AdamVariantRules.rAdam(rate.NotNull(), beta1, beta2, epsilon));

        /// <summary>
        /// Lion: steps of one size against the sign of a mean (Chen et al. 2023, algorithm 2), at a rate three to ten times
        /// smaller than Adam's.
        /// </summary>
        /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, -2.0]);
        /// var optimizer = Optimizer.Lion(0.1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.9, -1.9]
        /// </code></example>
        public static Optimizer Lion(Schedule rate, double beta1 = 0.9, double beta2 = 0.99, double decay = 0) =>
            new(AdamVariantRules.lion(rate.NotNull(), beta1, beta2, decay));
    }
}
