namespace Cotangent;

/// <summary>Bounds on gradients, and noise on them.</summary>
public static class ClippingOptimizers
{
    extension(Optimizer)
    {
        /// <summary>Each number of the gradient brought into [-limit, limit].</summary>
        /// <exception cref="ValueException">The limit is not positive.</exception>
        public static Optimizer ClipByValue(double limit) => new(ClippingRules.byValue(limit));

        /// <summary>Each tensor's gradient shortened to a Euclidean norm of at most the limit.</summary>
        /// <exception cref="ValueException">The limit is not positive.</exception>
        public static Optimizer ClipEachByNorm(double limit) => new(ClippingRules.eachByNorm(limit));

        /// <summary>
        /// The whole gradient shortened to a Euclidean norm of at most the limit (Pascanu et al. 2013, algorithm 1).
        /// </summary>
        /// <exception cref="ValueException">The limit is not positive.</exception>
        public static Optimizer ClipByGlobalNorm(double limit) => new(ClippingRules.byGlobalNorm(limit));

        /// <summary>
        /// The gradient of what feeds each output shortened to at most limit times the norm of its weights, or of ε where these
        /// are smaller (Brock et al. 2021, eq. 3).
        /// </summary>
        /// <exception cref="ValueException">The limit or ε is not positive.</exception>
        public static Optimizer ClipAdaptively(double limit = 0.01, double epsilon = 1e-3) =>
            new(ClippingRules.adaptively(limit, epsilon));

        /// <summary>
        /// Adds normal noise of variance variance / t^decay to the gradient of step t (Neelakantan et al. 2015, eq. 1): that of the
        /// key and the step.
        /// </summary>
        /// <exception cref="ValueException">The variance is negative.</exception>
        public static Optimizer AddNoise(Key key, double variance, double decay = 0.55) =>
            new(ClippingRules.addNoise(key.NotNull(), variance, decay));
    }
}
