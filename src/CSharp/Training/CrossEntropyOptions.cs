namespace Cotangent;

/// <summary>How targets of a cross-entropy over classes are read.</summary>
public sealed record CrossEntropyOptions
{
    /// <summary>This share of each target, from 0 to 1, is spread evenly over all classes (label smoothing).</summary>
    public double Smoothing { get; init; }

    /// <summary>Examples with this label, as of padding, count for nothing; null for none.</summary>
    public int? Ignored { get; init; }

    /// <summary>One for each class: what an example of that class weighs; null where all weigh 1.</summary>
    public Tensor? Weights { get; init; }

    internal FSharpCrossEntropyOptions ToFSharp() => new(Smoothing, Ignored.ToOption(), Weights.ToReferenceOption());
}
