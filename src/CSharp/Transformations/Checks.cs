using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>
/// Looking at numbers on their way, and checks for the duration of a call. They cost time; use them to find a fault.
/// </summary>
public static class Checks
{
    /// <summary>
    /// Runs a function; the first operation that makes a NaN or an infinity, forward or on the way back,
    /// raises an exception that names it.
    /// </summary>
    /// <exception cref="NumberException">A NaN or an infinity was made.</exception>
    /// <example><code>
    /// var x = Tensor.Create([0.0]);
    /// Checks.Numbers(() => Differentiate.Gradient(x => x.Log().Sum(), x)) // throws NumberException
    /// </code></example>
    public static T Numbers<T>(Func<T> body) => DebugModule.checkNumbers(body.ToFSharp());

    /// <summary>Runs a function; a random key used twice in it raises an exception.</summary>
    /// <exception cref="KeyException">A key was used twice.</exception>
    /// <example><code>
    /// var key = Key.Create(0);
    /// Checks.Keys(() => key.Normal(2) + key.Normal(2)) // throws KeyException
    /// </code></example>
    public static T Keys<T>(Func<T> body) => DebugModule.checkKeys(body.ToFSharp());

    /// <summary>
    /// A function's derivative at a point, in forward and reverse mode, beside central differences along random directions in each tensor
    /// of the argument: what was found where they were furthest apart.
    /// </summary>
    /// <exception cref="DerivativeException">A derivative is not what the differences are, or these do not settle.</exception>
    /// <exception cref="DTypeException">A tensor of the argument is neither Float64 nor Float32.</exception>
    /// <example><code>
    /// var x = Tensor.Create([1.0, 2.0]);
    /// Checks.Derivative(x => x.Sin().Sum(), x).Error &lt; 1e-6 // true
    /// var wrong = Differentiate.WithPull((Tensor x) => x.Sin(), (x, c) => c * x.Sin());
    /// Checks.Derivative(wrong, x) // throws DerivativeException
    /// </code></example>
    public static DerivativeReport<P> Derivative<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => DebugModule.checkDerivative(f.ToFSharp(), x.NotNull());

    /// <summary>
    /// Writes a tensor, or each of a tree, when the program runs, and returns it: its label, dtype, shape and numbers, of
    /// large tensors a few. In a compiled function it is written each time that the function runs, in a loop in each round,
    /// under <c>Vectorize</c> the whole batch at once; its gradient is that of its argument, and is not written. What
    /// <c>Checkpoint</c> computes again is written again.
    /// </summary>
    /// <param name="label">What stands before it.</param>
    /// <param name="x">A tensor, or any tree of tensors.</param>
    /// <param name="writer">Where to; the console by default.</param>
    /// <exception cref="TreeException">The argument is no tree of tensors.</exception>
    /// <example><code>
    /// var f = Transform.Compile((Tensor x) => Checks.Print("squares", x * x).Sum());
    /// f(Tensor.Create([1.0, 2.0])) // 5
    /// </code></example>
    public static T Print<T>(string label, T x, TextWriter? writer = null)
        where T : notnull =>
        writer is null
            ? DebugModule.print(label.NotNull(), x.NotNull())
            : DebugModule.printTo(writer, label.NotNull(), x.NotNull());

    /// <summary>
    /// Calls a function with a tensor's numbers when the program runs, and returns the tensor: to write it elsewhere, count, draw,
    /// or stop by throwing. Called as often as <c>Print</c> writes; its gradient is that of its argument.
    /// </summary>
    /// <example><code>
    /// var seen = new List&lt;double>();
    /// var f = Transform.Compile((Tensor x) => Checks.Observe(y => seen.Add((double)y), x * 2.0));
    /// f(Tensor.Create(1.0));
    /// seen[0] // 2
    /// </code></example>
    public static Tensor Observe(Action<Tensor> seen, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(seen);
        return DebugModule.observe(FuncConvert.FromAction(seen), x.NotNull());
    }
}
