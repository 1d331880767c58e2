namespace Cotangent;

/// <summary>
/// The nonlinearities after layers, <c>Activation.Relu</c>, <c>Activation.LeakyRelu(0.2)</c> and so on; and the same as methods of
/// tensors.
/// </summary>
public static class Activations
{
    extension(Activation)
    {
        /// <summary>x where positive, slope times x elsewhere.</summary>
        /// <example><code>
        /// Activation.LeakyRelu(0.1).Apply(Tensor.Create([-1.0, 2.0])) // [-0.1, 2]
        /// </code></example>
        public static Activation LeakyRelu(double slope = 0.01) => Activation.NewLeakyRelu(slope);

        /// <summary>x where positive, alpha (exp x - 1) elsewhere.</summary>
        /// <example><code>
        /// Activation.Elu(2).Apply(Tensor.Create([-1.0, 2.0])) // [-1.2642, 2]
        /// </code></example>
        public static Activation Elu(double alpha = 1) => Activation.NewElu(alpha);

        /// <summary>x where positive, alpha (exp (x / alpha) - 1) elsewhere.</summary>
        /// <example><code>
        /// Activation.Celu(2).Apply(Tensor.Create([-2.0, 2.0])) // [-1.2642, 2]
        /// </code></example>
        public static Activation Celu(double alpha = 1) => Activation.NewCelu(alpha);

        /// <summary>log (1 + exp (beta x)) / beta.</summary>
        /// <example><code>
        /// Activation.SoftplusBy(2).Apply(Tensor.Create([0.0])) // [0.3466]
        /// </code></example>
        public static Activation SoftplusBy(double beta) => Activation.NewSoftplusBy(beta);

        /// <summary>x brought towards 0 by a limit.</summary>
        /// <example><code>
        /// Activation.Softshrink().Apply(Tensor.Create([-2.0, 0.4, 2.0])) // [-1.5, 0, 1.5]
        /// </code></example>
        public static Activation Softshrink(double limit = 0.5) => Activation.NewSoftshrink(limit);

        /// <summary>x where it is further from 0 than a limit, 0 elsewhere.</summary>
        /// <example><code>
        /// Activation.Hardshrink().Apply(Tensor.Create([-2.0, 0.4, 2.0])) // [-2, 0, 2]
        /// </code></example>
        public static Activation Hardshrink(double limit = 0.5) => Activation.NewHardshrink(limit);

        /// <summary>x between two bounds, and these outside.</summary>
        /// <example><code>
        /// Activation.Hardtanh(0, 6).Apply(Tensor.Create([-1.0, 2.0, 7.0])) // [0, 2, 6]
        /// </code></example>
        public static Activation Hardtanh(double low = -1, double high = 1) => Activation.NewHardtanh(low, high);

        /// <summary>x above a limit, one value elsewhere.</summary>
        /// <example><code>
        /// Activation.Threshold(0.5, 9).Apply(Tensor.Create([0.0, 1.0])) // [9, 1]
        /// </code></example>
        public static Activation Threshold(double limit, double value) => Activation.NewThreshold(limit, value);

        /// <summary>exp x over its sum along an axis.</summary>
        /// <example><code>
        /// Activation.Softmax().Apply(Tensor.Create([0.0, Math.Log(3)])) // [0.25, 0.75]
        /// </code></example>
        public static Activation Softmax(int axis = -1) => Activation.NewSoftmax(axis);

        /// <summary>The logarithm of the softmax along an axis.</summary>
        /// <example><code>
        /// Activation.LogSoftmax().Apply(Tensor.Create([0.0, 0.0])) // [-0.6931, -0.6931]
        /// </code></example>
        public static Activation LogSoftmax(int axis = -1) => Activation.NewLogSoftmax(axis);

        /// <summary>The softmax of -x along an axis.</summary>
        /// <example><code>
        /// Activation.Softmin().Apply(Tensor.Create([0.0, Math.Log(3)])) // [0.75, 0.25]
        /// </code></example>
        public static Activation Softmin(int axis = -1) => Activation.NewSoftmin(axis);

        /// <summary>The first half along an axis times the sigmoid of the second.</summary>
        /// <example><code>
        /// Activation.Glu().Apply(Tensor.Create([2.0, 4.0, 0.0, 0.0])) // [1, 2]
        /// </code></example>
        public static Activation Glu(int axis = -1) => Activation.NewGlu(axis);
    }

    /// <summary>min(max(x, 0), 6).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 2.0, 7.0]).Relu6() // [0, 2, 6]
    /// </code></example>
    public static Tensor Relu6(this Tensor x) => Nonlinearities.relu6(x.NotNull());

    /// <summary>x where positive, alpha (exp x - 1) elsewhere (Clevert, Unterthiner and Hochreiter 2016).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 2.0]).Elu() // [-0.6321, 2]
    /// </code></example>
    public static Tensor Elu(this Tensor x, double alpha = 1) => Nonlinearities.elu(alpha, x.NotNull());

    /// <summary>x where positive, alpha (exp (x / alpha) - 1) elsewhere (Barron 2017).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ValueException">alpha is 0.</exception>
    /// <example><code>
    /// Tensor.Create([-2.0, 2.0]).Celu(2) // [-1.2642, 2]
    /// </code></example>
    public static Tensor Celu(this Tensor x, double alpha = 1) => Nonlinearities.celu(alpha, x.NotNull());

    /// <summary>1.0507 x where positive, 1.7581 (exp x - 1) elsewhere (Klambauer et al. 2017).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 1.0]).Selu() // [-1.1113, 1.0507]
    /// </code></example>
    public static Tensor Selu(this Tensor x) => Nonlinearities.selu(x.NotNull());

    /// <summary>x tanh (softplus x) (Misra 2019).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 1.0]).Mish() // [-0.3034, 0.8651]
    /// </code></example>
    public static Tensor Mish(this Tensor x) => Nonlinearities.mish(x.NotNull());

    /// <summary>x / (1 + |x|).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 3.0]).Softsign() // [-0.5, 0.75]
    /// </code></example>
    public static Tensor Softsign(this Tensor x) => Nonlinearities.softsign(x.NotNull());

    /// <summary>x brought towards 0 by a limit: x - limit above it, x + limit below its negative, 0 between.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ValueException">The limit is negative.</exception>
    /// <example><code>
    /// Tensor.Create([-2.0, 0.4, 2.0]).Softshrink() // [-1.5, 0, 1.5]
    /// </code></example>
    public static Tensor Softshrink(this Tensor x, double limit = 0.5) => Nonlinearities.softshrink(limit, x.NotNull());

    /// <summary>x where it is further from 0 than a limit, 0 elsewhere.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ValueException">The limit is negative.</exception>
    /// <example><code>
    /// Tensor.Create([-2.0, 0.4, 2.0]).Hardshrink() // [-2, 0, 2]
    /// </code></example>
    public static Tensor Hardshrink(this Tensor x, double limit = 0.5) => Nonlinearities.hardshrink(limit, x.NotNull());

    /// <summary>x - tanh x.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Tanhshrink() // [0, 0.2384]
    /// </code></example>
    public static Tensor Tanhshrink(this Tensor x) => Nonlinearities.tanhshrink(x.NotNull());

    /// <summary>x, but at least low and at most high; its slope is 0 at both.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ValueException">low is above high.</exception>
    /// <example><code>
    /// Tensor.Create([-2.0, 0.5, 2.0]).Hardtanh() // [-1, 0.5, 1]
    /// </code></example>
    public static Tensor Hardtanh(this Tensor x, double low = -1, double high = 1) =>
        Nonlinearities.hardtanh(low, high, x.NotNull());

    /// <summary>The line x/6 + 1/2, kept within 0 and 1.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-4.0, 0.0, 1.5, 4.0]).Hardsigmoid() // [0, 0.5, 0.75, 1]
    /// </code></example>
    public static Tensor Hardsigmoid(this Tensor x) => Nonlinearities.hardsigmoid(x.NotNull());

    /// <summary>x times its hard sigmoid.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-4.0, 1.5, 4.0]).Hardswish() // [0, 1.125, 4]
    /// </code></example>
    public static Tensor Hardswish(this Tensor x) => Nonlinearities.hardswish(x.NotNull());

    /// <summary>log (sigmoid x), finite wherever x is.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1000.0, 0.0]).LogSigmoid() // [-1000, -0.6931]
    /// </code></example>
    public static Tensor LogSigmoid(this Tensor x) => Nonlinearities.logSigmoid(x.NotNull());

    /// <summary>log (1 + exp (beta x)) / beta.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ValueException">beta is 0.</exception>
    /// <example><code>
    /// Tensor.Create([0.0]).SoftplusBy(2) // [0.3466]
    /// </code></example>
    public static Tensor SoftplusBy(this Tensor x, double beta) => Nonlinearities.softplusBy(beta, x.NotNull());

    /// <summary>x where it is above a limit, and one value elsewhere.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Threshold(0.5, 9) // [9, 1]
    /// </code></example>
    public static Tensor Threshold(this Tensor x, double limit, double value) =>
        Nonlinearities.threshold(limit, value, x.NotNull());

    /// <summary>The first half along an axis times the sigmoid of the second (Dauphin et al. 2017).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ShapeException">The axis has an odd size.</exception>
    /// <exception cref="AxisException">There is no such axis.</exception>
    /// <example><code>
    /// Tensor.Create([2.0, 4.0, 0.0, 0.0]).Glu() // [1, 2]
    /// </code></example>
    public static Tensor Glu(this Tensor x, int axis = -1) => Nonlinearities.glu(axis, x.NotNull());

    /// <summary>softmax of -x along an axis.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="AxisException">There is no such axis.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, Math.Log(3)]).Softmin() // [0.75, 0.25]
    /// </code></example>
    public static Tensor Softmin(this Tensor x, int axis = -1) => Nonlinearities.softmin(axis, x.NotNull());

    /// <summary>
    /// x where positive, slope times x elsewhere, each slope drawn uniformly between two (Xu, Wang, Chen and Li 2015).
    /// </summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ValueException">low is above high.</exception>
    /// <example><code>
    /// // Between bounds that are equal, nothing is left to chance.
    /// Tensor.Create([-4.0, 2.0]).Rrelu(Key.Create(0), low: 0.25, high: 0.25) // [-1, 2]
    /// </code></example>
    public static Tensor Rrelu(this Tensor x, Key key, double low = 1.0 / 8, double high = 1.0 / 3) =>
        Nonlinearities.rrelu(low, high, key.NotNull(), x.NotNull());

    /// <summary>x where positive, slope times x elsewhere, slopes a tensor that broadcasts with x (He et al. 2015).</summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([[-1.0, -1.0], [2.0, 2.0]]).Prelu(Tensor.Create([0.5, 0.25])) // [[-0.5, -0.25], [2, 2]]
    /// </code></example>
    public static Tensor Prelu(this Tensor x, Tensor slopes) => Nonlinearities.prelu(slopes.NotNull(), x.NotNull());
}
