using Microsoft.FSharp.Collections;

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

    /// <summary>A function of the round's number, Int32 from 0 on, and what goes round, applied n times.</summary>
    /// <example><code>Control.Iterate(5, (k, x) => x * (k.Convert(DType.Float64) + 1.0), Tensor.Create(1.0)) // 120</code></example>
    /// <exception cref="ShapeException">The function changes a shape or dtype.</exception>
    /// <exception cref="ValueException">n is negative.</exception>
    public static A Iterate<A>(int n, Func<Tensor, A, A> f, A x)
        where A : notnull => Core.iteratei(n, f.ToFSharp(), x.NotNull());

    /// <summary>
    /// Calls a function of .NET with numbers, from inside compiled functions as well: whenever the program runs, with tensors that can
    /// be read. What it returns is told beforehand by tensors like it, of which shapes and dtypes count alone.
    /// </summary>
    /// <remarks>
    /// The function shall make the same of the same and do nothing else: it is called as often as the program needs its results, perhaps
    /// never; <see cref="Checks.Observe"/> is for what shall be done each time. Under <c>Vectorize</c> it is called for each example by
    /// itself. It has no derivative but one that <c>Differentiate.WithPull</c> or <c>WithPush</c> gives it.
    /// </remarks>
    /// <exception cref="ShapeException">The function returns other shapes or dtypes than it was said to.</exception>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <exception cref="DerivativeException">It is differentiated.</exception>
    /// <example><code>
    /// var f = Transform.Compile((Tensor x) => 2.0 * Control.HostCall(x, y => Tensor.Create(Math.Cbrt((double)y)), x));
    /// f(Tensor.Create(8.0)) // 4
    /// </code></example>
    public static Q HostCall<P, Q>(Q like, Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => Core.hostCall(like.NotNull(), f.ToFSharp(), x.NotNull());

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

    /// <summary>
    /// One of several functions of x, by one integer: the function at that place. An index out of range raises where it can be
    /// read; where it can't, in a compiled function and under <see cref="Transform.Vectorize{P, Q}(Func{P, Q}, P)"/> over it, one
    /// below 0 takes the first function, and one beyond the last takes that.
    /// </summary>
    /// <example><code>
    /// Control.Switch(Tensor.Create(1), Tensor.Create(3.0), x => -x, x => x * x, x => x.Exp())   // 9
    /// </code></example>
    /// <exception cref="IndexException">The index is negative, or there are not so many functions.</exception>
    /// <exception cref="DTypeException">The index is not an integer.</exception>
    /// <exception cref="ShapeException">
    /// The index is not one number, or, where it can't be read, the functions differ in shapes or dtypes of their results.
    /// </exception>
    /// <exception cref="ValueException">There are no functions.</exception>
    public static B Switch<A, B>(Tensor index, A x, params IEnumerable<Func<A, B>> branches)
        where A : notnull
        where B : notnull =>
        Core.@switch(
            index.NotNull(),
            ListModule.OfSeq(branches.NoneNull().Select(branch => branch.ToFSharp())),
            x.NotNull()
        );

    /// <summary>
    /// Running results of an associative function along an axis of every tensor of a tree, or from its end: the first item, the
    /// first two combined, the first three, … For n items in 2 log₂ n steps, each of which combines many pairs at once. The
    /// function is given two items, without their axis, the earlier one first, and returns one like them.
    /// </summary>
    /// <example><code>
    /// Control.AssociativeScan((x, y) => x * y, Tensor.Create([1.0, 2.0, 3.0, 4.0]))   // [1, 2, 6, 24]
    /// </code></example>
    /// <exception cref="ShapeException">
    /// The tensors differ in their number of items, or the function changes a shape or dtype.
    /// </exception>
    /// <exception cref="AxisException">A tensor has no such axis.</exception>
    /// <exception cref="TraceException">The function reads a number.</exception>
    /// <exception cref="TreeException">There are no tensors.</exception>
    public static A AssociativeScan<A>(Func<A, A, A> combine, A xs, int axis = 0, bool reverse = false)
        where A : notnull => Core.associativeScanWith(new ScanAxis(axis, reverse), combine.ToFSharp(), xs.NotNull());
}
