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
}
