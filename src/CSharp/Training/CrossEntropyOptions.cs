namespace Cotangent;

/// <summary>How targets of a cross-entropy over classes are read.</summary>
/// <example><code>
/// // Labels 0 are padding.
/// var (labels, logits) = (Tensor.Create([0, 1]), Tensor.Create([[0.0, 0.0], [0.0, Math.Log(3)]]));
/// Loss.CrossEntropy(labels, logits, new CrossEntropyOptions { Ignored = 0 }) // 0.2877
/// </code></example>
public sealed record CrossEntropyOptions
{
    /// <summary>This share of each target, from 0 to 1, is spread evenly over all classes (label smoothing).</summary>
    /// <example><code>
    /// var (labels, logits) = (Tensor.Create([0, 1]), Tensor.Create([[0.0, 0.0], [0.0, Math.Log(3)]]));
    /// Loss.CrossEntropy(labels, logits, new CrossEntropyOptions { Smoothing = 1 }) // 0.7651
    /// </code></example>
    public double Smoothing { get; init; }

    /// <summary>Examples with this label, as of padding, count for nothing; null for none.</summary>
    /// <example><code>
    /// var (labels, logits) = (Tensor.Create([0, 1]), Tensor.Create([[0.0, 0.0], [0.0, Math.Log(3)]]));
    /// Loss.CrossEntropy(labels, logits, new CrossEntropyOptions { Ignored = 1 }) // 0.6931
    /// </code></example>
    public int? Ignored { get; init; }

    /// <summary>One for each class: what an example of that class weighs; null where all weigh 1.</summary>
    /// <example><code>
    /// var weights = Tensor.Create([1.0, 3.0]);
    /// var (labels, logits) = (Tensor.Create([0, 1]), Tensor.Create([[0.0, 0.0], [0.0, Math.Log(3)]]));
    /// Loss.CrossEntropy(labels, logits, new CrossEntropyOptions { Weights = weights }) // 0.389
    /// </code></example>
    public Tensor? Weights { get; init; }

    internal FSharpCrossEntropyOptions ToFSharp() => new(Smoothing, Ignored.ToOption(), Weights.ToReferenceOption());
}
