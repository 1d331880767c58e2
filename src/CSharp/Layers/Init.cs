using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using FSharpInit = Microsoft.FSharp.Core.FSharpFunc<
    Cotangent.Fans,
    Microsoft.FSharp.Core.FSharpFunc<
        Microsoft.FSharp.Collections.FSharpList<int>,
        Microsoft.FSharp.Core.FSharpFunc<Cotangent.Key, Cotangent.Tensor>
    >
>;

namespace Cotangent;

/// <summary>
/// How a layer's parameters start: from the layer's fans and the shape wanted, with a key of their own.
/// </summary>
/// <example><code>
/// // Zeros but for the first input.
/// Initializer first = (fans, shape, key) => Init.Zeros(fans, shape, key).At[0].Set(1);
/// Linear.Create(3, 2, Key.Create(0), new LinearOptions { Weight = first }).Weight // [[1, 1], [0, 0], [0, 0]]
/// </code></example>
public delegate Tensor Initializer(Fans fans, IReadOnlyList<int> shape, Key key);

/// <summary>Initialisers of the field.</summary>
public static class Init
{
    /// <summary>Zeros.</summary>
    public static Initializer Zeros { get; } = FromFSharp(InitModule.zeros);

    /// <summary>
    /// Uniform within ±√(6/(in+out)), for layers followed by tanh or sigmoid (Glorot and Bengio 2010, eq.
    /// 16).
    /// </summary>
    public static Initializer GlorotUniform { get; } = FromFSharp(InitModule.glorotUniform);

    /// <summary>Normal with variance 2/(in+out) (Glorot and Bengio 2010, eq. 12).</summary>
    public static Initializer GlorotNormal { get; } = FromFSharp(InitModule.glorotNormal);

    /// <summary>
    /// Uniform within ±√(6/in), for layers followed by ReLU (He et al. 2015, eq. 10, as a uniform).
    /// </summary>
    public static Initializer HeUniform { get; } = FromFSharp(InitModule.heUniform);

    /// <summary>Normal with variance 2/in, for layers followed by ReLU (He et al. 2015, eq. 10).</summary>
    public static Initializer HeNormal { get; } = FromFSharp(InitModule.heNormal);

    /// <summary>Normal with variance 1/in (LeCun et al. 1998, §4.6).</summary>
    public static Initializer LecunNormal { get; } = FromFSharp(InitModule.lecunNormal);

    /// <summary>
    /// Uniform within ±1/√in: what PyTorch's linear layers start from, weights and biases alike.
    /// </summary>
    public static Initializer InverseRoot { get; } = FromFSharp(InitModule.inverseRoot);

    /// <summary>The same number everywhere.</summary>
    public static Initializer Constant(double value) =>
        (fans, shape, key) => InitModule.constant(value, fans, shape.ToFSharpList(), key.NotNull());

    /// <summary>Uniform in [-bound, bound), the bound computed from the fans.</summary>
    /// <example><code>
    /// var small = Init.UniformWithin(fans => 0.05);
    /// </code></example>
    public static Initializer UniformWithin(Func<Fans, double> bound)
    {
        var within = bound.ToFSharp();
        return (fans, shape, key) => InitModule.uniformWithin(within, fans, shape.ToFSharpList(), key.NotNull());
    }

    /// <summary>Normal with mean 0 and a deviation computed from the fans.</summary>
    public static Initializer NormalOf(Func<Fans, double> deviation)
    {
        var of = deviation.ToFSharp();
        return (fans, shape, key) => InitModule.normalOf(of, fans, shape.ToFSharpList(), key.NotNull());
    }

    private static Initializer FromFSharp(FSharpInit init) =>
        (fans, shape, key) => init.Invoke(fans).Invoke(shape.ToFSharpList()).Invoke(key.NotNull());

    internal static FSharpInit ToFSharp(this Initializer init) =>
        FuncConvert.FromFunc((Fans fans, FSharpList<int> shape, Key key) => init(fans, shape, key));
}
