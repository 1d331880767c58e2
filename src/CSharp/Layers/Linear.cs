namespace Cotangent;

/// <summary>A fully connected layer: activation (x W + b).</summary>
/// <param name="Weight">(inputs, outputs)</param>
/// <param name="Bias">(outputs,), or null for none.</param>
/// <param name="Activation">What comes after; nothing by default.</param>
/// <example><code>
/// var layer = Linear.Create(3, 8, Key.Create(0), Activation.Tanh);
/// layer.Forward(Tensor.Ones(5, 3)) // shape (5, 8)
/// var withoutBias = layer with { Bias = null };
/// </code></example>
public sealed record Linear(Tensor Weight, Tensor? Bias = null, Activation Activation = default)
{
    /// <summary>(inputs, outputs)</summary>
    public Tensor Weight { get; init => field = value.NotNull(nameof(Weight)); } = Weight.NotNull();

    // Written out as well, so that the leaves of a tree keep their order.
    /// <summary>(outputs,), or null for none.</summary>
    public Tensor? Bias { get; init; } = Bias;

    /// <summary>A layer from a number of inputs to a number of outputs, Float32.</summary>
    /// <exception cref="ValueException">There are no inputs or no outputs.</exception>
    public static Linear Create(int inputs, int outputs, Key key, Activation activation = default) =>
        Create(inputs, outputs, key.NotNull(), new LinearOptions { Activation = activation });

    /// <summary>A layer from a number of inputs to a number of outputs, with options.</summary>
    /// <example><code>
    /// var options = new LinearOptions { Weight = Init.HeNormal, Bias = null };
    /// var layer = Linear.Create(3, 8, Key.Create(0), options);
    /// </code></example>
    public static Linear Create(int inputs, int outputs, Key key, LinearOptions options) =>
        FromFSharp(LinearModule.init(options.NotNull().ToFSharp(), inputs, outputs, key.NotNull()));

    /// <summary>
    /// The layer's value at x of shape (…, inputs): one example, a batch, a batch of sequences.
    /// </summary>
    /// <exception cref="ShapeException">The last axis of x is not the layer's inputs.</exception>
    public Tensor Forward(Tensor x) => LinearModule.forward(ToFSharp(), x.NotNull());

    internal static Linear FromFSharp(FSharpLinear layer) => new(layer.Weight, layer.Bias?.Value, layer.Activation);

    internal FSharpLinear ToFSharp() => new(Weight, Bias.ToReferenceOption(), Activation);
}
