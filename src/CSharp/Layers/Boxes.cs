namespace Cotangent;

/// <summary>
/// Boxes around what is seen in images, as corners: (…, 4), each x₁, y₁, x₂, y₂ with x₁ ≤ x₂ and y₁ ≤ y₂.
/// </summary>
public static class Boxes
{
    /// <summary>Corners of boxes given by centres and sizes, (…, 4), each x, y, width, height.</summary>
    /// <exception cref="ShapeException">The last axis is not 4 long.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Boxes.OfCenters(Tensor.Create([3.0, 4.0, 2.0, 6.0])) // [2, 1, 4, 7]
    /// </code></example>
    public static Tensor OfCenters(Tensor boxes) => BoxesModule.ofCenters(boxes.NotNull());

    /// <summary>Centres and sizes of boxes, the inverse of <c>OfCenters</c>.</summary>
    /// <exception cref="ShapeException">The last axis is not 4 long.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Boxes.ToCenters(Tensor.Create([2.0, 1.0, 4.0, 7.0])) // [3, 4, 2, 6]
    /// </code></example>
    public static Tensor ToCenters(Tensor boxes) => BoxesModule.toCenters(boxes.NotNull());

    /// <summary>The areas of boxes: (…, 4) to (…).</summary>
    /// <exception cref="ShapeException">The last axis is not 4 long.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Boxes.Area(Tensor.Create([2.0, 1.0, 4.0, 7.0])) // 12
    /// </code></example>
    public static Tensor Area(Tensor boxes) => BoxesModule.area(boxes.NotNull());

    /// <summary>Intersection over union of each of some boxes with each of others: (…, n, 4) and (…, m, 4) to (…, n, m).</summary>
    /// <exception cref="ShapeException">The last axis is not 4 long, or there are fewer than two axes.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// var boxes = Tensor.Create([[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0]]);
    /// Boxes.Iou(boxes, boxes) // [[1, 0.3333], [0.3333, 1]]
    /// </code></example>
    public static Tensor Iou(Tensor a, Tensor b) => BoxesModule.iou(a.NotNull(), b.NotNull());

    /// <summary>Which of n boxes are left by non-maximum suppression: boxes (n, 4) and scores (n,) to Bool (n,).</summary>
    /// <exception cref="ShapeException">The shapes are not (n, 4) and (n,).</exception>
    /// <exception cref="DTypeException">Boxes or scores are not floating-point.</exception>
    public static Tensor IsKept(Tensor boxes, Tensor scores, double threshold = 0.5) =>
        BoxesModule.isKept(threshold, boxes.NotNull(), scores.NotNull());

    /// <summary>
    /// Non-maximum suppression: the positions of the boxes that are kept, Int32, from the best score on.
    /// </summary>
    /// <exception cref="ShapeException">The shapes are not (n, 4) and (n,).</exception>
    /// <exception cref="DTypeException">Boxes or scores are not floating-point.</exception>
    /// <exception cref="TraceException">Inside a transformation that does not know the numbers.</exception>
    /// <example><code>
    /// var boxes = Tensor.Create([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.2], [5.0, 5.0, 6.0, 6.0]]);
    /// Boxes.NonMaximumSuppression(boxes, Tensor.Create([0.6, 0.9, 0.3])) // [1, 2]
    /// </code></example>
    public static Tensor NonMaximumSuppression(Tensor boxes, Tensor scores, double threshold = 0.5) =>
        BoxesModule.nonMaximumSuppression(threshold, boxes.NotNull(), scores.NotNull());

    /// <summary>The same with so many positions, as compiled functions need: the best, and if there are fewer, then -1.</summary>
    /// <exception cref="ShapeException">The shapes are not (n, 4) and (n,).</exception>
    /// <exception cref="DTypeException">Boxes or scores are not floating-point.</exception>
    /// <exception cref="ValueException">The size is negative.</exception>
    public static Tensor NonMaximumSuppressionOf(int size, Tensor boxes, Tensor scores, double threshold = 0.5) =>
        BoxesModule.nonMaximumSuppressionOf(size, threshold, boxes.NotNull(), scores.NotNull());
}
