namespace Cotangent;

/// <summary>Checks for the duration of a call. They cost time; use them to find a fault.</summary>
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
}
