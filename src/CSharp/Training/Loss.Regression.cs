namespace Cotangent;

public static partial class Loss
{
    /// <summary>mean (prediction - target)²</summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// Loss.MeanSquaredError(Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 4.0])) // 2
    /// </code></example>
    public static Tensor MeanSquaredError(Tensor target, Tensor prediction) =>
        RegressionLosses.Loss.meanSquaredError(target.NotNull(), prediction.NotNull());

    /// <summary>mean |prediction - target|</summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// Loss.MeanAbsoluteError(Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 4.0])) // 1
    /// </code></example>
    public static Tensor MeanAbsoluteError(Tensor target, Tensor prediction) =>
        RegressionLosses.Loss.meanAbsoluteError(target.NotNull(), prediction.NotNull());

    /// <summary>
    /// The mean of e²/2 for errors e within ±delta, and of delta (|e| - delta/2) beyond (Huber 1964): the slope is at
    /// most delta.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">delta is not positive.</exception>
    /// <example><code>
    /// Loss.Huber(Tensor.Create([0.0, 0.0]), Tensor.Create([0.5, 3.0])) // 1.3125
    /// </code></example>
    public static Tensor Huber(Tensor target, Tensor prediction, double delta = 1) =>
        RegressionLosses.Loss.huber(delta, target.NotNull(), prediction.NotNull());

    /// <summary>
    /// The mean of e²/(2 beta) for errors e within ±beta, and of |e| - beta/2 beyond (Girshick 2015): Huber's over
    /// beta, so that the slope is at most 1.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">beta is not positive.</exception>
    /// <example><code>
    /// Loss.SmoothL1(Tensor.Create([0.0, 0.0]), Tensor.Create([1.0, 5.0]), beta: 2) // 2.125
    /// </code></example>
    public static Tensor SmoothL1(Tensor target, Tensor prediction, double beta = 1) =>
        RegressionLosses.Loss.smoothL1(beta, target.NotNull(), prediction.NotNull());

    /// <summary>mean log cosh (prediction - target): near e²/2 for small errors, |e| - log 2 for large ones.</summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// Loss.LogCosh(Tensor.Create([0.0, 0.0]), Tensor.Create([1.0, 0.0])) // 0.2169
    /// </code></example>
    public static Tensor LogCosh(Tensor target, Tensor prediction) =>
        RegressionLosses.Loss.logCosh(target.NotNull(), prediction.NotNull());

    /// <summary>
    /// The pinball loss, least where the prediction is the quantile of this level (Koenker and Bassett 1978): the mean
    /// of level · e where the target is higher by e, of (1 - level) · e where it is lower by e.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">The level is not between 0 and 1.</exception>
    /// <example><code>
    /// Loss.Quantile(Tensor.Create([3.0, 3.0]), Tensor.Create([1.0, 5.0]), level: 0.75) // 1
    /// </code></example>
    public static Tensor Quantile(Tensor target, Tensor prediction, double level) =>
        RegressionLosses.Loss.quantile(level, target.NotNull(), prediction.NotNull());

    /// <summary>
    /// The negative log-likelihood of counts t under Poisson distributions, given the logarithms l of their rates: mean
    /// (exp l - t l), without the constant log t!.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">A count is seen to be negative.</exception>
    /// <example><code>
    /// Loss.Poisson(Tensor.Create([0.0, 3.0]), Tensor.Create([0.0, 1.0])) // 0.3591
    /// </code></example>
    public static Tensor Poisson(Tensor target, Tensor logRate) =>
        RegressionLosses.Loss.poisson(target.NotNull(), logRate.NotNull());

    /// <summary>
    /// The negative log-likelihood of numbers under normal distributions of these means (the prediction) and variances
    /// (Nix and Weigend 1994): mean ½ (log v + (prediction - target)²/v), without the constant ½ log 2π. A variance
    /// below 1e-6 counts as that, with the slope at that border.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">A variance is seen to be negative.</exception>
    /// <example><code>
    /// Loss.GaussianNll(Tensor.Create([0.0, 0.0]), Tensor.Create([3.0, 2.0]), variance: Tensor.Create([1.0, 4.0])) // 2.8466
    /// </code></example>
    public static Tensor GaussianNll(Tensor target, Tensor prediction, Tensor variance) =>
        RegressionLosses.Loss.gaussianNll(variance.NotNull(), target.NotNull(), prediction.NotNull());

    public static partial class Each
    {
        /// <summary>(prediction - target)² of each number; its mean is <see cref="Loss.MeanSquaredError"/>.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// Loss.Each.SquaredError(Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 4.0])) // [0, 4]
        /// </code></example>
        public static Tensor SquaredError(Tensor target, Tensor prediction) =>
            RegressionLosses.Loss.Each.squaredError(target.NotNull(), prediction.NotNull());

        /// <summary>|prediction - target| of each number; its mean is <see cref="Loss.MeanAbsoluteError"/>.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// Loss.Each.AbsoluteError(Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 4.0])) // [0, 2]
        /// </code></example>
        public static Tensor AbsoluteError(Tensor target, Tensor prediction) =>
            RegressionLosses.Loss.Each.absoluteError(target.NotNull(), prediction.NotNull());

        /// <summary><see cref="Loss.Huber"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">delta is not positive.</exception>
        /// <example><code>
        /// Loss.Each.Huber(Tensor.Create([0.0, 0.0]), Tensor.Create([1.0, 5.0]), delta: 2) // [0.5, 8]
        /// </code></example>
        public static Tensor Huber(Tensor target, Tensor prediction, double delta = 1) =>
            RegressionLosses.Loss.Each.huber(delta, target.NotNull(), prediction.NotNull());

        /// <summary><see cref="Loss.SmoothL1"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">beta is not positive.</exception>
        /// <example><code>
        /// Loss.Each.SmoothL1(Tensor.Create([0.0, 0.0]), Tensor.Create([1.0, 5.0]), beta: 2) // [0.25, 4]
        /// </code></example>
        public static Tensor SmoothL1(Tensor target, Tensor prediction, double beta = 1) =>
            RegressionLosses.Loss.Each.smoothL1(beta, target.NotNull(), prediction.NotNull());

        /// <summary><see cref="Loss.LogCosh"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// Loss.Each.LogCosh(Tensor.Create([0.0, 0.0]), Tensor.Create([1.0, 1000.0])) // [0.4338, 999.3069]
        /// </code></example>
        public static Tensor LogCosh(Tensor target, Tensor prediction) =>
            RegressionLosses.Loss.Each.logCosh(target.NotNull(), prediction.NotNull());

        /// <summary><see cref="Loss.Quantile"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">The level is not between 0 and 1.</exception>
        /// <example><code>
        /// Loss.Each.Quantile(Tensor.Create([3.0, 3.0]), Tensor.Create([1.0, 5.0]), level: 0.75) // [1.5, 0.5]
        /// </code></example>
        public static Tensor Quantile(Tensor target, Tensor prediction, double level) =>
            RegressionLosses.Loss.Each.quantile(level, target.NotNull(), prediction.NotNull());

        /// <summary><see cref="Loss.Poisson"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">A count is seen to be negative.</exception>
        /// <example><code>
        /// Loss.Each.Poisson(Tensor.Create([0.0, 3.0]), Tensor.Create([0.0, 1.0])) // [1, -0.2817]
        /// </code></example>
        public static Tensor Poisson(Tensor target, Tensor logRate) =>
            RegressionLosses.Loss.Each.poisson(target.NotNull(), logRate.NotNull());

        /// <summary><see cref="Loss.GaussianNll"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">A variance is seen to be negative.</exception>
        /// <example><code>
        /// Loss.Each.GaussianNll(Tensor.Create([0.0, 0.0]), Tensor.Create([3.0, 2.0]), variance: Tensor.Create([1.0, 4.0])) // [4.5, 1.1931]
        /// </code></example>
        public static Tensor GaussianNll(Tensor target, Tensor prediction, Tensor variance) =>
            RegressionLosses.Loss.Each.gaussianNll(variance.NotNull(), target.NotNull(), prediction.NotNull());
    }
}
