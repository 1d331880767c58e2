namespace Cotangent;

/// <summary>
/// Loops and choices that compile: plain ones where numbers can be read, parts of the program inside
/// <see cref="Transform.Compile{P, Q}(Func{P, Q})"/>. Differentiable like everything else.
/// </summary>
public static class Control
{
    /// <summary>A function applied n times. Its result has the shapes and dtypes of its argument.</summary>
    /// <example><code>Control.Iterate(10, x => 0.5 * (x + 2.0 / x), Tensor.Create(1.0))   // the root of 2</code></example>
    /// <exception cref="ShapeException">The function changes a shape or dtype.</exception>
    /// <exception cref="ValueException">n is negative.</exception>
    public static A Iterate<A>(int n, Func<A, A> f, A x)
        where A : notnull => Core.iterate(n, f.ToFSharp(), x.NotNull());

    /// <summary>
    /// Folds a function over the slices along axis 0 of every tensor of a tree: from a carry and a slice to the
    /// next carry and a result; the last carry, and the results stacked along axis 0.
    /// </summary>
    /// <example><code>
    /// // 6, and the running sums 1, 3, 6
    /// var (total, sums) = Control.Scan((t, x) => (t + x, t + x), Tensor.Create(0.0), Tensor.Create([1.0, 2.0, 3.0]));
    /// </code></example>
    /// <exception cref="ShapeException">
    /// The sequences differ in length, or the function changes a shape or dtype of the carry.
    /// </exception>
    public static (C Carry, Y Results) Scan<C, X, Y>(Func<C, X, (C Carry, Y Result)> f, C initial, X xs)
        where C : notnull
        where X : notnull
        where Y : notnull => Core.scan(f.ToFSharpPair(), initial.NotNull(), xs.NotNull()).ToValueTuple();

    /// <summary>
    /// A function applied as long as a condition, one Bool, holds. Reverse mode differentiates it outside of
    /// compiled functions only; with a bound also inside.
    /// </summary>
    /// <example><code>Control.While(x => x &lt; 100.0, x => 2.0 * x, Tensor.Create(1.0))   // 128</code></example>
    /// <exception cref="ShapeException">
    /// The condition is not one Bool, or the function changes a shape or dtype.
    /// </exception>
    public static A While<A>(Func<A, Tensor> condition, Func<A, A> f, A x)
        where A : notnull => Core.whileLoop(condition.ToFSharp(), f.ToFSharp(), x.NotNull());

    /// <summary>
    /// The same for <paramref name="bound"/> rounds at the most, with derivatives of every mode, compiled too. After the last round
    /// that the bound allows it returns what was reached: ask the condition of the result. A large bound is cheap: on the way back
    /// memory, and the times that each round is computed again, grow with its logarithm.
    /// </summary>
    /// <example><code>
    /// Tensor Grow(Tensor x) => Control.While(x => x &lt; 100.0, x => 2.0 * x, x, bound: 1000);
    /// Transform.Compile(Differentiate.Gradient&lt;Tensor&gt;(Grow))(Tensor.Create(2.0))   // 64
    /// </code></example>
    /// <exception cref="ShapeException">
    /// The condition is not one Bool, or the function changes a shape or dtype.
    /// </exception>
    /// <exception cref="ValueException">The bound is negative.</exception>
    public static A While<A>(Func<A, Tensor> condition, Func<A, A> f, A x, int bound)
        where A : notnull => Core.boundedWhileLoop(bound, condition.ToFSharp(), f.ToFSharp(), x.NotNull());

    /// <summary>One of two functions of x, by one Bool.</summary>
    /// <example><code>
    /// var x = Tensor.Create(-2.0);
    /// Control.Cond(x &gt; 0.0, x => x.Log(), x => x - 1.0, x)   // -3
    /// </code></example>
    /// <exception cref="ShapeException">The test is not one Bool, or the branches differ in shape.</exception>
    public static B Cond<A, B>(Tensor test, Func<A, B> onTrue, Func<A, B> onFalse, A x)
        where A : notnull
        where B : notnull => Core.cond(test.NotNull(), onTrue.ToFSharp(), onFalse.ToFSharp(), x.NotNull());
}
