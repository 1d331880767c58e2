namespace Cotangent;

/// <summary>How class labels are read.</summary>
public sealed record CrossEntropyOptions
{
    /// <summary>This share of each target, from 0 to 1, is spread evenly over all classes.</summary>
    public double Smoothing { get; init; }

    /// <summary>Examples with this label, as of padding, count for nothing; null for none.</summary>
    public int? Ignored { get; init; }

    internal FSharpCrossEntropyOptions ToFSharp() => new(Smoothing, Ignored.ToOption());
}
