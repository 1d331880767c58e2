namespace Cotangent;

/// <summary>How to make a <see cref="Linear"/>.</summary>
public sealed record LinearOptions
{
    /// <summary>What comes after the layer; nothing by default.</summary>
    public Activation Activation { get; init; }

    /// <summary>How the weights start.</summary>
    public Initializer Weight { get; init => field = value.NotNull(nameof(Weight)); } = Init.GlorotUniform;

    /// <summary>How the bias starts; null for no bias.</summary>
    public Initializer? Bias { get; init; } = Init.Zeros;

    internal FSharpLinearOptions ToFSharp() =>
        new(Activation, Weight.ToFSharp(), Bias?.ToFSharp().ToReferenceOption());
}
