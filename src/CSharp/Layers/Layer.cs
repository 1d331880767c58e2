namespace Cotangent;

/// <summary>Making layers of functions and layers of layers: <c>Layer.Of</c>, <c>Sequential.Create</c>, <c>Residual.Create</c>.</summary>
public static class Layer
{
    /// <summary>A function of a tensor as a layer.</summary>
    /// <example><code>
    /// Layer.OfFunction(x => x.Reshape(-1, 6)).Forward(Tensor.Zeros(5, 2, 3)) // shape (5, 6)
    /// </code></example>
    public static ILayer OfFunction(Func<Tensor, Tensor> f) => LayerModule.ofFunction(f.ToFSharp());

    /// <summary>A function of parameters, which are any tree, and a tensor as a layer.</summary>
    /// <example><code>
    /// Layer.Over((scale, x) => x * scale, Tensor.Create(2.0)).Forward(Tensor.Create([1.0, 3.0])) // [2, 6]
    /// </code></example>
    public static ILayer Over<P>(Func<P, Tensor, Tensor> f, P parameters)
        where P : notnull => LayerModule.over(f.ToFSharp(), parameters.NotNull());

    /// <summary>A layer's output while training, and the layer with what it has learned of its input.</summary>
    /// <example><code>
    /// var layer = Layer.OfFunction(x => 2 * x);
    /// layer.Train(Tensor.Create([1.0, 2.0]), Key.Create(0)).Output // [2, 4]
    /// </code></example>
    public static (Tensor Output, ILayer Layer) Train(this ILayer layer, Tensor x, Key key) =>
        LayerModule.train(layer.NotNull(), key.NotNull(), x.NotNull()).ToValueTuple();

    extension(Sequential)
    {
        /// <summary>Layers of any kinds, one after the other. An activation is one.</summary>
        /// <example><code>
        /// var (a, b) = Key.Create(0).Split();
        /// var model = Sequential.Create(Linear.Create(2, 16, a), Activation.Relu, Linear.Create(16, 1, b));
        /// model.Forward(Tensor.Ones(5, 2)) // shape (5, 1)
        /// </code></example>
        public static Sequential Create(params IEnumerable<ILayer> layers) =>
            SequentialModule.create(layers.ToFSharpList());
    }

    extension(Residual)
    {
        /// <summary>A layer with its input added.</summary>
        /// <example><code>
        /// Residual.Create(Activation.Relu).Forward(Tensor.Create([-1.0, 2.0])) // [-1, 4]
        /// </code></example>
        public static Residual Create(ILayer inner) => ResidualModule.create(inner.NotNull());
    }

    extension(Prelu)
    {
        /// <summary>x where positive, slope times x elsewhere, slopes that are trained (He et al. 2015).</summary>
        /// <param name="channels">How many slopes: one for all, or one for each place along the axis.</param>
        /// <param name="axis">The axis of channels.</param>
        /// <param name="slope">What the slopes start from.</param>
        /// <param name="dtype">Of the slopes; Float32 by default.</param>
        /// <exception cref="ValueException">There are no channels.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// Prelu.Create(slope: 0.5).Forward(Tensor.Create([-1f, 2f])) // [-0.5, 2]
        /// </code></example>
        public static Prelu Create(int channels = 1, int axis = -1, double slope = 0.25, DType dtype = default) =>
            PreluModule.init(new PreluOptions(channels, axis, slope, dtype));
    }

    extension(Rrelu)
    {
        /// <summary>
        /// x where positive, slope times x elsewhere: slopes drawn anew at each place while training, their mean while
        /// predicting.
        /// </summary>
        /// <exception cref="ValueException">low is above high.</exception>
        /// <example><code>
        /// Rrelu.Create(low: 0.2, high: 0.4).Forward(Tensor.Create([-1.0, 2.0])) // [-0.3, 2]
        /// </code></example>
        public static Rrelu Create(double low = 1.0 / 8, double high = 1.0 / 3) => RreluModule.create(low, high);
    }
}
