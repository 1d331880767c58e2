namespace Cotangent;

/// <summary>Making multilayer perceptrons: <c>Mlp.Create</c> and <c>Mlp.Of</c>.</summary>
public static class MlpLayers
{
    extension(Mlp)
    {
        /// <summary>Layers between consecutive sizes, each with its own activation.</summary>
        /// <exception cref="ValueException">A size is below 1.</exception>
        /// <example><code>
        /// var model = Mlp.Create(2, Key.Create(0), (16, Activation.Tanh), (1, Activation.Identity));
        /// model.Forward(Tensor.Ones(5, 2)) // shape (5, 1)
        /// </code></example>
        public static Mlp Create(
            int inputs,
            Key key,
            params ReadOnlySpan<(int Outputs, Activation Activation)> layers
        ) => Mlp.Create(inputs, key.NotNull(), layers, bias: true);

        /// <summary>Layers between consecutive sizes, each with its own activation, with options.</summary>
        /// <param name="inputs">How many numbers an example has.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="layers">How many outputs each layer has, and what comes after it.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How the biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">A size is below 1.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var model = Mlp.Create(2, Key.Create(0), [(16, Activation.Relu), (1, default)], weightInit: Init.HeNormal);
        /// </code></example>
        public static Mlp Create(
            int inputs,
            Key key,
            ReadOnlySpan<(int Outputs, Activation Activation)> layers,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        ) =>
            MlpModule.init(
                inputs,
                layers
                    .ToArray()
                    .Select(layer =>
                        Tuple.Create(
                            layer.Outputs,
                            LinearLayers.Options(layer.Activation, bias, dtype, weightInit, biasInit)
                        )
                    )
                    .ToFSharpList(),
                key.NotNull()
            );

        /// <summary>A chain of these layers.</summary>
        /// <example><code>
        /// var (a, b) = Key.Create(0).Split();
        /// var model = Mlp.Of(Linear.Create(2, 16, a, Activation.Relu), Linear.Create(16, 1, b, bias: false));
        /// </code></example>
        public static Mlp Of(params IEnumerable<Linear> layers) => new(layers.ToFSharpList());
    }
}
