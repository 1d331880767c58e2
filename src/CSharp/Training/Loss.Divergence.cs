namespace Cotangent;

public static partial class Loss
{
    /// <summary>
    /// The Kullback–Leibler divergence of the target from the prediction: the mean over examples of Σ t (log t - log
    /// p), over the last axis, for probabilities t and logarithms of probabilities (PyTorch's kl_div with "batchmean").
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">
    /// Targets are seen to be no probabilities, or predictions no logarithms of such.
    /// </exception>
    /// <example><code>
    /// var prediction = Tensor.Create([[0.0, 0.0]]).LogSoftmax();
    /// Loss.KlDivergence(Tensor.Create([[0.25, 0.75]]), prediction) // 0.1308
    /// </code></example>
    public static Tensor KlDivergence(Tensor target, Tensor logPrediction) =>
        DivergenceLosses.Loss.klDivergence(target.NotNull(), logPrediction.NotNull());

    /// <summary>
    /// The divergence of normal distributions from the standard one, of the latent of a variational autoencoder (Kingma
    /// and Welling 2014, appendix B): the mean over examples of ½ Σ (m² + v - 1 - log v), over the last axis.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// Loss.GaussianKl(Tensor.Create([[0.0, 1.0]]), Tensor.Create([[2.0, 0.0]])) // 2.3591
    /// </code></example>
    public static Tensor GaussianKl(Tensor logVariance, Tensor mean) =>
        DivergenceLosses.Loss.gaussianKl(logVariance.NotNull(), mean.NotNull());

    public static partial class Each
    {
        /// <summary><see cref="Loss.KlDivergence"/> of each example.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">
        /// Targets are seen to be no probabilities, or predictions no logarithms of such.
        /// </exception>
        /// <example><code>
        /// var prediction = Tensor.Create([[0.0, 0.0]]).LogSoftmax();
        /// Loss.Each.KlDivergence(Tensor.Create([[0.25, 0.75]]), prediction) // [0.1308]
        /// </code></example>
        public static Tensor KlDivergence(Tensor target, Tensor logPrediction) =>
            DivergenceLosses.Loss.Each.klDivergence(target.NotNull(), logPrediction.NotNull());

        /// <summary><see cref="Loss.GaussianKl"/> of each example.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// Loss.Each.GaussianKl(Tensor.Create([[0.0, 1.0]]), Tensor.Create([[2.0, 0.0]])) // [2.3591]
        /// </code></example>
        public static Tensor GaussianKl(Tensor logVariance, Tensor mean) =>
            DivergenceLosses.Loss.Each.gaussianKl(logVariance.NotNull(), mean.NotNull());
    }
}
