namespace Cotangent;

/// <summary>Rates of their own for each number, from the squares of its gradients.</summary>
public static class AdaptiveOptimizers
{
    extension(Optimizer)
    {
        /// <summary>g / (√(mean of g²) + ε) (Tieleman and Hinton 2012, lecture 6e).</summary>
        /// <exception cref="ValueException">The decay is outside [0, 1).</exception>
        public static Optimizer RmsProp(Schedule rate, double decay = 0.99, double epsilon = 1e-8) =>
            new(AdaptiveRules.rmsProp(rate.NotNull(), decay, epsilon));
    }
}
