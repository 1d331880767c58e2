namespace Cotangent;

public static partial class Loss
{
    /// <summary>
    /// mean max(0, 1 - t s) for scores s and targets t, 1 for yes and -1 for no (Cortes and Vapnik 1995).
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">A target is seen to be neither 1 nor -1.</exception>
    /// <example><code>
    /// Loss.Hinge(Tensor.Create([1.0, -1.0]), Tensor.Create([0.25, -3.0])) // 0.375
    /// </code></example>
    public static Tensor Hinge(Tensor target, Tensor scores) =>
        MarginLosses.Loss.hinge(target.NotNull(), scores.NotNull());

    /// <summary>mean max(0, 1 - t s)²: smooth at the margin.</summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">A target is seen to be neither 1 nor -1.</exception>
    /// <example><code>
    /// Loss.SquaredHinge(Tensor.Create([1.0, -1.0]), Tensor.Create([0.5, 1.0])) // 2.125
    /// </code></example>
    public static Tensor SquaredHinge(Tensor target, Tensor scores) =>
        MarginLosses.Loss.squaredHinge(target.NotNull(), scores.NotNull());

    /// <summary>
    /// The mean of Σ max(0, margin - s[label] + s[c]) / classes, over all other classes c (Weston and Watkins 1999;
    /// PyTorch's multi_margin_loss), for scores (…, classes) and labels (…), integers.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit, or there is nothing.</exception>
    /// <exception cref="DTypeException">The labels are not integers, or the logits not floating-point.</exception>
    /// <exception cref="IndexException">A label is not a class.</exception>
    /// <exception cref="ValueException">The margin is not positive.</exception>
    /// <example><code>
    /// Loss.MulticlassHinge(Tensor.Create([3]), Tensor.Create([[0.1, 0.2, 0.4, 0.8]])) // 0.325
    /// </code></example>
    public static Tensor MulticlassHinge(Tensor labels, Tensor scores, double margin = 1) =>
        MarginLosses.Loss.multiclassHinge(margin, labels.NotNull(), scores.NotNull());

    /// <summary>
    /// mean max(0, ‖a - p‖ - ‖a - n‖ + margin): an anchor is nearer to what is like it than to what is not, by a margin
    /// (Schroff et al. 2015). Vectors are along the last axis, distances Euclidean; where one is 0, so is its gradient.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ValueException">The margin is not positive.</exception>
    /// <example><code>
    /// var (anchor, positive) = (Tensor.Create([[0.0, 0.0]]), Tensor.Create([[3.0, 4.0]]));
    /// var negative = Tensor.Create([[0.0, 2.0]]);
    /// Loss.Triplet(anchor, positive, negative, margin: 0.5) // 3.5
    /// </code></example>
    public static Tensor Triplet(Tensor anchor, Tensor positive, Tensor negative, double margin = 1) =>
        MarginLosses.Loss.triplet(margin, anchor.NotNull(), positive.NotNull(), negative.NotNull());

    public static partial class Each
    {
        /// <summary><see cref="Loss.Hinge"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">A target is seen to be neither 1 nor -1.</exception>
        /// <example><code>
        /// Loss.Each.Hinge(Tensor.Create([1.0, -1.0]), Tensor.Create([0.25, -3.0])) // [0.75, 0]
        /// </code></example>
        public static Tensor Hinge(Tensor target, Tensor scores) =>
            MarginLosses.Loss.Each.hinge(target.NotNull(), scores.NotNull());

        /// <summary><see cref="Loss.SquaredHinge"/> of each number.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">A target is seen to be neither 1 nor -1.</exception>
        /// <example><code>
        /// Loss.Each.SquaredHinge(Tensor.Create([1.0, -1.0]), Tensor.Create([0.5, 1.0])) // [0.25, 4]
        /// </code></example>
        public static Tensor SquaredHinge(Tensor target, Tensor scores) =>
            MarginLosses.Loss.Each.squaredHinge(target.NotNull(), scores.NotNull());

        /// <summary><see cref="Loss.MulticlassHinge"/> of each example.</summary>
        /// <exception cref="ShapeException">The shapes do not fit.</exception>
        /// <exception cref="DTypeException">The labels are not integers, or the logits not floating-point.</exception>
        /// <exception cref="IndexException">A label is not a class.</exception>
        /// <exception cref="ValueException">The margin is not positive.</exception>
        /// <example><code>
        /// Loss.Each.MulticlassHinge(Tensor.Create([3]), Tensor.Create([[0.1, 0.2, 0.4, 0.8]])) // [0.325]
        /// </code></example>
        public static Tensor MulticlassHinge(Tensor labels, Tensor scores, double margin = 1) =>
            MarginLosses.Loss.Each.multiclassHinge(margin, labels.NotNull(), scores.NotNull());

        /// <summary><see cref="Loss.Triplet"/> of each anchor.</summary>
        /// <exception cref="ShapeException">The shapes differ: nothing is stretched.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="ValueException">The margin is not positive.</exception>
        /// <example><code>
        /// var (anchor, positive) = (Tensor.Create([[0.0, 0.0]]), Tensor.Create([[3.0, 4.0]]));
        /// var negative = Tensor.Create([[0.0, 2.0]]);
        /// Loss.Each.Triplet(anchor, positive, negative, margin: 0.5) // [3.5]
        /// </code></example>
        public static Tensor Triplet(Tensor anchor, Tensor positive, Tensor negative, double margin = 1) =>
            MarginLosses.Loss.Each.triplet(margin, anchor.NotNull(), positive.NotNull(), negative.NotNull());
    }
}
