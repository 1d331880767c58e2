namespace Cotangent;

/// <summary>Steps measured by the size of each tensor.</summary>
public static class LayerWiseOptimizers
{
    extension(Optimizer)
    {
        /// <summary>
        /// LAMB: Adam's direction and a share of the parameters, scaled so that its norm is that of the parameters (You et al.
        /// 2020, algorithm 2).
        /// </summary>
        /// <exception cref="ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// var x = Tensor.Create([3.0, 4.0]);
        /// var optimizer = Optimizer.Lamb(0.1, decay: 0);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [2.6464, 3.6464]
        /// </code></example>
        public static Optimizer Lamb(
            Schedule rate,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double epsilon = 1e-6,
            double decay = 0.01
        ) => new(LayerWiseRules.lamb(rate.NotNull(), beta1, beta2, epsilon, decay));

        /// <summary>
        /// LARS: descent with momentum whose rate is, for each tensor, trust · ‖p‖ / (‖g‖ + decay · ‖p‖) times the given one (You,
        /// Gitman and Ginsburg 2017, algorithm 1).
        /// </summary>
        /// <exception cref="ValueException">The momentum is outside [0, 1), or the trust not positive.</exception>
        /// <example><code>
        /// var x = Tensor.Create([3.0, 4.0]);
        /// var optimizer = Optimizer.Lars(1, decay: 0, trust: 0.1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [2.7, 3.6]
        /// </code></example>
        public static Optimizer Lars(
            Schedule rate,
            double momentum = 0.9,
            double decay = 0.0005,
            double trust = 0.001
        ) => new(LayerWiseRules.lars(rate.NotNull(), momentum, decay, trust));

        /// <summary>
        /// Adafactor (Shazeer and Stern 2018, algorithms 4 and 5): of each matrix it keeps the mean squares of the rows' and
        /// columns' gradients alone; steps are relative to the parameters' root mean square. The paper's rate is min (1e-2,
        /// 1/√t).
        /// </summary>
        /// <exception cref="ValueException">The bound of the directions is not positive.</exception>
        /// <example><code>
        /// var x = Tensor.Create([[3.0, 3.0], [3.0, 3.0]]);
        /// var optimizer = Optimizer.Adafactor(0.1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [[2.7, 2.7], [2.7, 2.7]]
        /// </code></example>
        public static Optimizer Adafactor(
            Schedule rate,
            double decayExponent = 0.8,
            double epsilon1 = 1e-30,
            double epsilon2 = 1e-3,
            double clip = 1,
            double decay = 0
        ) => new(LayerWiseRules.adafactor(rate.NotNull(), decayExponent, epsilon1, epsilon2, clip, decay));

        /// <summary>
        /// Muon: of each tensor of two axes and more the mean of the gradients made orthogonal by Newton–Schulz (Jordan et al.
        /// 2024), times 0.2 √(longer side), so that rates and decay are those of AdamW (Liu et al. 2025), which all other
        /// tensors take.
        /// </summary>
        /// <exception cref="ValueException">
        /// The momentum or a beta is outside [0, 1), or there is no step of Newton–Schulz.
        /// </exception>
        /// <example><code>
        /// // A matrix, and a vector, which is AdamW's.
        /// var x = (Tensor.Create([[1.0, 0.0], [0.0, 2.0]]), Tensor.Create([1.0, 1.0]));
        /// var optimizer = Optimizer.Muon(0.02, decay: 0);
        /// optimizer.Step(x, optimizer.Init(x), x).Parameters.Item2 // [0.98, 0.98]
        /// </code></example>
        public static Optimizer Muon(
            Schedule rate,
            double momentum = 0.95,
            bool nesterov = true,
            double decay = 0.1,
            int steps = 5,
            double beta1 = 0.9,
            double beta2 = 0.95,
            double epsilon = 1e-8
        ) => new(MuonRule.make(rate.NotNull(), momentum, nesterov, decay, steps, beta1, beta2, epsilon));
    }
}
