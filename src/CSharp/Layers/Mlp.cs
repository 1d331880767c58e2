namespace Cotangent;

/// <summary>A chain of fully connected layers: a multilayer perceptron.</summary>
/// <param name="Layers">From the first to the last.</param>
/// <example><code>
/// var model = Mlp.Create(2, Key.Create(0), (16, Activation.Tanh), (1, Activation.Identity));
/// model.Forward(Tensor.Ones(5, 2)) // shape (5, 1)
/// </code></example>
public sealed record Mlp(IReadOnlyList<Linear> Layers)
{
    /// <summary>From the first to the last.</summary>
    public IReadOnlyList<Linear> Layers { get; init => field = value.NotNull(nameof(Layers)); } = Layers.NotNull();

    /// <summary>Layers between consecutive sizes, each with its own activation.</summary>
    public static Mlp Create(
        int inputs,
        Key key,
        params ReadOnlySpan<(int Outputs, Activation Activation)> layers
    )
    {
        var all = new (int, LinearOptions)[layers.Length];

        for (var i = 0; i < layers.Length; i++)
        {
            all[i] = (layers[i].Outputs, new LinearOptions { Activation = layers[i].Activation });
        }

        return Create(inputs, key, all);
    }

    /// <summary>Layers between consecutive sizes, each with its own options.</summary>
    public static Mlp Create(int inputs, Key key, params ReadOnlySpan<(int Outputs, LinearOptions Options)> layers) =>
        FromFSharp(
            MlpModule.init(
                inputs,
                layers
                    .ToArray()
                    .Select((layer, i) => Tuple.Create(layer.Outputs, layer.Options.NotNull($"layers[{i}].Options").ToFSharp()))
                    .ToFSharpList(),
                key.NotNull()
            )
        );

    /// <summary>The last layer's output for x of shape (…, inputs).</summary>
    public Tensor Forward(Tensor x) => MlpModule.forward(ToFSharp(), x.NotNull());

    internal static Mlp FromFSharp(FSharpMlp model) => new([.. model.Layers.Select(Linear.FromFSharp)]);

    internal FSharpMlp ToFSharp() => new(Layers.NoneNull().Select(layer => layer.ToFSharp()).ToFSharpList());
}
