namespace Cotangent;

/// <summary>Bounds on gradients, and shares of the parameters in them.</summary>
public static class ClippingOptimizers
{
    extension(Optimizer)
    {
        /// <summary>Each tensor's gradient shortened to a Euclidean norm of at most the limit.</summary>
        /// <exception cref="ValueException">The limit is not positive.</exception>
        public static Optimizer ClipEachByNorm(double limit) => new(ClippingRules.eachByNorm(limit));

        /// <summary>
        /// The whole gradient shortened to a Euclidean norm of at most the limit (Pascanu et al. 2013, algorithm 1).
        /// </summary>
        /// <exception cref="ValueException">The limit is not positive.</exception>
        public static Optimizer ClipByGlobalNorm(double limit) => new(ClippingRules.byGlobalNorm(limit));

        /// <summary>Adds a share of the parameters to the gradient: weight decay, by what follows in the chain.</summary>
        public static Optimizer AddDecayedWeights(double decay) => new(ClippingRules.addDecayedWeights(decay));
    }
}
