namespace Cotangent;

/// <summary>
/// The nonlinearities after layers: <c>Activation.Relu</c>, <c>Activation.LeakyRelu(0.2)</c>, and so on.
/// </summary>
public static class Activations
{
    extension(Activation)
    {
        /// <summary>x where positive, slope times x elsewhere.</summary>
        public static Activation LeakyRelu(double slope) => Activation.NewLeakyRelu(slope);
    }

    /// <summary>The activation of each element.</summary>
    /// <example><code>
    /// Activation.Relu.Apply(Tensor.Create([-1.0, 2.0])) // [0, 2]
    /// </code></example>
    public static Tensor Apply(this Activation activation, Tensor x) => ActivationModule.apply(activation, x.NotNull());
}
