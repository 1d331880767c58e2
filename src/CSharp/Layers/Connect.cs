namespace Cotangent;

/// <summary>Connections around functions: residual, dense, and those of a U-net.</summary>
public static class Connect
{
    /// <summary>x + f(x) (He et al. 2016).</summary>
    /// <exception cref="ShapeException">The function changes the shape.</exception>
    /// <example><code>
    /// Connect.Residual(x => x.Relu(), Tensor.Create([-1.0, 2.0])) // [-1, 4]
    /// </code></example>
    public static Tensor Residual(Func<Tensor, Tensor> f, Tensor x) => ConnectModule.residual(f.ToFSharp(), x.NotNull());

    /// <summary>
    /// Each function of all that went before, put together along an axis; at the end everything (Huang et al. 2017).
    /// </summary>
    /// <exception cref="ShapeException">The parts differ along another axis.</exception>
    /// <example><code>
    /// Func&lt;Tensor, Tensor> total = x => x.Sum(-1, keepDims: true);
    /// Connect.Dense(-1, [total, total], Tensor.Create([1.0, 2.0])) // [1, 2, 3, 6]
    /// </code></example>
    public static Tensor Dense(int axis, IEnumerable<Func<Tensor, Tensor>> functions, Tensor x) =>
        ConnectModule.dense(axis, functions.NoneNull().Select(f => f.ToFSharp()).ToFSharpList(), x.NotNull());

    /// <summary>
    /// A function around another, with a connection past it: up(x beside inner(down(x))), put together along an axis.
    /// Nested, it is a U-net (Ronneberger, Fischer and Brox 2015).
    /// </summary>
    /// <exception cref="ShapeException">What comes from inside differs from x along another axis.</exception>
    /// <example><code>
    /// static Tensor Halve(Tensor x) => x.Reshape(-1, 2).Mean(1);
    /// Connect.Around(0, Halve, x => -x, x => x, Tensor.Create([1.0, 3.0, 5.0, 7.0])) // [1, 3, 5, 7, -2, -6]
    /// </code></example>
    public static Tensor Around(
        int axis,
        Func<Tensor, Tensor> down,
        Func<Tensor, Tensor> inner,
        Func<Tensor, Tensor> up,
        Tensor x
    ) => ConnectModule.around(axis, down.ToFSharp(), inner.ToFSharp(), up.ToFSharp(), x.NotNull());
}
