using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using FSharpInit = Microsoft.FSharp.Core.FSharpFunc<
    Cotangent.Fans,
    Microsoft.FSharp.Core.FSharpFunc<
        Microsoft.FSharp.Collections.FSharpList<int>,
        Microsoft.FSharp.Core.FSharpFunc<Cotangent.DType, Microsoft.FSharp.Core.FSharpFunc<Cotangent.Key, Cotangent.Tensor>>
    >
>;

namespace Cotangent;

/// <summary>
/// How a layer's parameters start: from the fans, the shape and the dtype wanted, with a key of their own. A layer's
/// biases get the fans of its kernel.
/// </summary>
/// <example><code>
/// // Zeros but for the first input.
/// Initializer first = (fans, shape, dtype, key) => Init.Zeros(fans, shape, dtype, key).At[0].Set(1);
/// Linear.Create(3, 2, Key.Create(0), weightInit: first).Weight // [[1, 1], [0, 0], [0, 0]]
/// </code></example>
public delegate Tensor Initializer(Fans fans, IReadOnlyList<int> shape, DType dtype, Key key);

/// <summary>Initialisers of the field.</summary>
public static class Init
{
    /// <summary>Zeros.</summary>
    /// <example><code>
    /// Init.Zeros.Draw([3], Key.Create(0)) // [0, 0, 0]
    /// </code></example>
    public static Initializer Zeros { get; } = FromFSharp(InitModule.zeros);

    /// <summary>Ones: what scales of normalisations start from.</summary>
    /// <example><code>
    /// Init.Ones.Draw([3], Key.Create(0)) // [1, 1, 1]
    /// </code></example>
    public static Initializer Ones { get; } = FromFSharp(InitModule.ones);

    /// <summary>
    /// Uniform within ±√(6/(in+out)), for layers followed by tanh or sigmoid (Glorot and Bengio 2010, eq.
    /// 16).
    /// </summary>
    /// <example><code>
    /// // Within ±√(6/(3+3)), which is 1.
    /// (Init.GlorotUniform.Draw([3, 3], Key.Create(0)).Abs() > 1).Any() // false
    /// </code></example>
    public static Initializer GlorotUniform { get; } = FromFSharp(InitModule.glorotUniform);

    /// <summary>Normal with variance 2/(in+out) (Glorot and Bengio 2010, eq. 12).</summary>
    /// <example><code>
    /// Linear.Create(8, 4, Key.Create(0), weightInit: Init.GlorotNormal).Weight // shape (8, 4)
    /// </code></example>
    public static Initializer GlorotNormal { get; } = FromFSharp(InitModule.glorotNormal);

    /// <summary>
    /// Uniform within ±√(6/in), for layers followed by ReLU (He et al. 2015, eq. 10, as a uniform).
    /// </summary>
    /// <example><code>
    /// // Within ±√(6/6), which is 1.
    /// (Init.HeUniform.Draw([6, 3], Key.Create(0)).Abs() > 1).Any() // false
    /// </code></example>
    public static Initializer HeUniform { get; } = FromFSharp(InitModule.heUniform);

    /// <summary>Normal with variance 2/in, for layers followed by ReLU (He et al. 2015, eq. 10).</summary>
    /// <example><code>
    /// Linear.Create(8, 4, Key.Create(0), Activation.Relu, weightInit: Init.HeNormal).Weight // shape (8, 4)
    /// </code></example>
    public static Initializer HeNormal { get; } = FromFSharp(InitModule.heNormal);

    /// <summary>Normal with variance 1/in (LeCun et al. 1998, §4.6).</summary>
    /// <example><code>
    /// Linear.Create(8, 4, Key.Create(0), Activation.Selu, weightInit: Init.LecunNormal).Weight // shape (8, 4)
    /// </code></example>
    public static Initializer LecunNormal { get; } = FromFSharp(InitModule.lecunNormal);

    /// <summary>
    /// Uniform within ±1/√in: what PyTorch's linear layers start from, weights and biases alike.
    /// </summary>
    /// <example><code>
    /// // Within ±1/√4.
    /// (Init.InverseRoot.Draw([4, 3], Key.Create(0)).Abs() > 0.5).Any() // false
    /// </code></example>
    public static Initializer InverseRoot { get; } = FromFSharp(InitModule.inverseRoot);

    /// <summary>
    /// Outputs that are the inputs, as far as there are both: a matrix with ones on its diagonal, or a convolution
    /// with them at the centre of its windows.
    /// </summary>
    /// <example><code>
    /// Init.Identity.Draw([2, 3], Key.Create(0)) // [[1, 0, 0], [0, 1, 0]]
    /// </code></example>
    public static Initializer Identity { get; } = Of(InitModule.identity);

    /// <summary>The same number everywhere.</summary>
    /// <example><code>
    /// Linear.Create(2, 3, Key.Create(0), biasInit: Init.Constant(0.5)).Bias // [0.5, 0.5, 0.5]
    /// </code></example>
    public static Initializer Constant(double value) =>
        Of((fans, shape, dtype, key) => InitModule.constant(value, fans, shape, dtype, key));

    /// <summary>Uniform in [-bound, bound), the bound computed from the fans.</summary>
    /// <example><code>
    /// var small = Init.UniformWithin(fans => 0.05);
    /// </code></example>
    public static Initializer UniformWithin(Func<Fans, double> bound)
    {
        var of = bound.ToFSharp();
        return Of((fans, shape, dtype, key) => InitModule.uniformWithin(of, fans, shape, dtype, key));
    }

    /// <summary>Normal with mean 0 and a deviation computed from the fans.</summary>
    /// <example><code>
    /// var gpt2 = Init.NormalOf(fans => 0.02);
    /// </code></example>
    public static Initializer NormalOf(Func<Fans, double> deviation)
    {
        var of = deviation.ToFSharp();
        return Of((fans, shape, dtype, key) => InitModule.normalOf(of, fans, shape, dtype, key));
    }

    /// <summary>
    /// Normal, cut off at two deviations, with mean 0 and a deviation (of what is left) computed from the fans.
    /// </summary>
    /// <example><code>
    /// var bert = Init.TruncatedNormalOf(fans => 0.02);
    /// // Nothing beyond two deviations of what was cut off, 0.02 / 0.8796 each.
    /// (bert.Draw([100], Key.Create(0)).Abs() > 0.0455).Any() // false
    /// </code></example>
    public static Initializer TruncatedNormalOf(Func<Fans, double> deviation)
    {
        var of = deviation.ToFSharp();
        return Of((fans, shape, dtype, key) => InitModule.truncatedNormalOf(of, fans, shape, dtype, key));
    }

    /// <summary>Mean 0 and variance scale / n, n by the mode: what most of the others are cases of.</summary>
    /// <example><code>
    /// var he = Init.VarianceScaling(2, FanMode.In, Spread.Truncated);
    /// </code></example>
    public static Initializer VarianceScaling(double scale, FanMode mode, Spread spread) =>
        FromFSharp(InitModule.varianceScaling(scale, mode, spread));

    /// <summary>
    /// Rows, or columns where those are fewer, of length gain at right angles to each other (Saxe, McClelland and
    /// Ganguli 2014). Of a convolution's kernel, each output's weights are one row.
    /// </summary>
    /// <exception cref="ShapeException">The shape has fewer than two axes.</exception>
    /// <example><code>
    /// var w = Init.Orthogonal().Draw([2, 5], Key.Create(0), DType.Float64);
    /// w.MatMul(w.T) // [[1, 0], [0, 1]]
    /// </code></example>
    public static Initializer Orthogonal(double gain = 1) =>
        Of((fans, shape, dtype, key) => InitModule.orthogonal(gain, fans, shape, dtype, key));

    /// <summary>
    /// A convolution that is an orthogonal map of channels at the centre of its windows (Xiao et al. 2018,
    /// algorithm 1).
    /// </summary>
    /// <exception cref="ShapeException">
    /// The shape is not that of a convolution's kernel, or there are fewer outputs than inputs.
    /// </exception>
    /// <example><code>
    /// var kernel = Init.DeltaOrthogonal().Draw([2, 2, 3], Key.Create(0), DType.Float64);
    /// var centre = kernel.Slice(.., .., 1);
    /// centre.MatMul(centre.T) // [[1, 0], [0, 1]]
    /// kernel.Slice(.., .., 0) // [[0, 0], [0, 0]]
    /// </code></example>
    public static Initializer DeltaOrthogonal(double gain = 1) =>
        Of((fans, shape, dtype, key) => InitModule.deltaOrthogonal(gain, fans, shape, dtype, key));

    /// <summary>Numbers for a kernel that stands alone: the fans are those of its shape. In Float32 by default.</summary>
    /// <example><code>
    /// Init.HeNormal.Draw([784, 256], Key.Create(0)) // shape (784, 256)
    /// </code></example>
    public static Tensor Draw(this Initializer init, IReadOnlyList<int> shape, Key key, DType dtype = default) =>
        init.NotNull()(FansModule.ofShape(shape.ToFSharpList()), shape, dtype, key.NotNull());

    extension(Fans)
    {
        /// <summary>
        /// Of a kernel of this shape: (inputs, outputs) of a linear map, or (outputs, inputs / groups) and the sizes of
        /// a convolution's windows. A vector is the weights of a constant input 1.
        /// </summary>
        /// <example><code>
        /// Fans.OfShape([784, 256]).FanIn // 784
        /// </code></example>
        public static Fans OfShape(IReadOnlyList<int> shape) => FansModule.ofShape(shape.ToFSharpList());

        /// <summary>The same of a kernel whose channels are in groups.</summary>
        /// <example><code>
        /// Fans.OfGroups(4, [16, 2, 3, 3]).FanIn // 18
        /// Fans.OfGroups(4, [16, 2, 3, 3]).FanOut // 36
        /// </code></example>
        public static Fans OfGroups(int groups, IReadOnlyList<int> shape) =>
            FansModule.ofGroups(groups, shape.ToFSharpList());
    }

    private static Initializer Of(Func<Fans, FSharpList<int>, DType, Key, Tensor> init) =>
        (fans, shape, dtype, key) => init(fans, shape.ToFSharpList(), dtype, key.NotNull());

    private static Initializer FromFSharp(FSharpInit init) =>
        (fans, shape, dtype, key) => init.Invoke(fans).Invoke(shape.ToFSharpList()).Invoke(dtype).Invoke(key.NotNull());

    internal static FSharpInit ToFSharp(this Initializer init) =>
        FuncConvert.FromFunc(
            (Fans fans, FSharpList<int> shape, DType dtype, Key key) => init(fans, shape, dtype, key)
        );
}
