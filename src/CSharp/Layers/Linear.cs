namespace Cotangent;

/// <summary>Making fully connected layers: <c>Linear.Create</c>.</summary>
public static class LinearLayers
{
    extension(Linear)
    {
        /// <summary>A layer from a number of inputs to a number of outputs.</summary>
        /// <param name="inputs">How many numbers an example has.</param>
        /// <param name="outputs">How many the layer makes of them.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="activation">What comes after the affine map; nothing by default.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How the biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">There are no inputs or no outputs.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = Linear.Create(3, 8, Key.Create(0), Activation.Tanh, bias: false);
        /// layer.Forward(Tensor.Ones(5, 3)) // shape (5, 8)
        /// var withBias = new Linear(layer.Weight, Tensor.Zeros(8), layer.Activation);
        /// </code></example>
        public static Linear Create(
            int inputs,
            int outputs,
            Key key,
            Activation activation = default,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        ) => LinearModule.init(Options(activation, bias, dtype, weightInit, biasInit), inputs, outputs, key.NotNull());
    }

    internal static LinearOptions Options(
        Activation activation,
        bool bias,
        DType dtype,
        Initializer? weightInit,
        Initializer? biasInit
    ) =>
        new(
            (weightInit ?? Init.GlorotUniform).ToFSharp(),
            bias ? (biasInit ?? Init.Zeros).ToFSharp().ToReferenceOption() : null,
            activation,
            dtype
        );
}
