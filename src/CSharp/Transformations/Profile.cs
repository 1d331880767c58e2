namespace Cotangent;

/// <summary>Where the time goes.</summary>
public static class Profile
{
    /// <summary>
    /// Runs a function, and reports what its time went to: each operation that is evaluated, each kernel of compiled functions
    /// (which then run step by step, a little slower), and each compilation, by shapes and the line of source that called it. On a
    /// device every operation is waited for.
    /// </summary>
    /// <remarks>
    /// Call compiled functions once before, unless their compilation is what you look for. Recording takes some 20 µs for each
    /// call, most of them to find the source line; they are not part of the times.
    /// </remarks>
    /// <example><code>
    /// var x = Tensor.Ones(100, 100);
    /// var (_, report) = Profile.Run(() => x.MatMul(x).Tanh().Sum());
    /// report.Rows.Length // 3
    /// </code></example>
    public static (T Result, ProfileReport Report) Run<T>(Func<T> body)
    {
        var (result, report) = ProfileModule.run(body.ToFSharp());
        return (result, report);
    }

    /// <summary>The same for code that returns nothing.</summary>
    /// <example><code>
    /// var x = Tensor.Ones(100, 100);
    /// var report = Profile.Run(() => { x.MatMul(x); });
    /// report.Rows[0].Name // matmul
    /// </code></example>
    public static ProfileReport Run(Action body)
    {
        body.NotNull();
        var (_, report) = Run(() =>
        {
            body();
            return true;
        });
        return report;
    }
}
