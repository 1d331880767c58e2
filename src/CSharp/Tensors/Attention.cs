namespace Cotangent;

/// <summary>Which keys a query looks at, and how scores are scaled.</summary>
/// <example><code>
/// var q = Tensor.Create([[1.0, 0.0], [0.0, 1.0]]);
/// q.Attend(q, q, new Attention { IsCausal = true, Scale = 0 }) // [[1, 0], [0.5, 0.5]]
/// </code></example>
public sealed record Attention
{
    /// <summary>Every query looks at every key.</summary>
    /// <example><code>
    /// var (q, v) = (Tensor.Create([[0.0], [0.0]]), Tensor.Create([[1.0], [3.0]]));
    /// q.Attend(q, v, Attention.Full) // [[2], [2]]
    /// </code></example>
    public static Attention Full { get; } = new();

    /// <summary>A query sees the keys up to its own place.</summary>
    /// <example><code>
    /// var (q, v) = (Tensor.Create([[0.0], [0.0]]), Tensor.Create([[1.0], [3.0]]));
    /// q.Attend(q, v, Attention.Causal) // [[1], [2]]
    /// </code></example>
    public static Attention Causal { get; } = new() { IsCausal = true };

    /// <summary>A query sees the keys where the mask (Bool) holds.</summary>
    /// <example><code>
    /// var (q, v) = (Tensor.Create([[0.0], [0.0]]), Tensor.Create([[1.0], [3.0]]));
    /// q.Attend(q, v, Attention.Masked(Tensor.Create([[false, true], [true, true]]))) // [[3], [2]]
    /// </code></example>
    public static Attention Masked(Tensor mask) => new() { Mask = mask.NotNull() };

    /// <summary>
    /// Whether a query sees the keys up to its own place only. Where there are fewer queries than keys, the queries are the
    /// last ones: the last query sees all keys.
    /// </summary>
    /// <example><code>
    /// var (q, v) = (Tensor.Create([[0.0], [0.0]]), Tensor.Create([[1.0], [3.0]]));
    /// q.Attend(q, v, new Attention { IsCausal = true }) // [[1], [2]]
    /// </code></example>
    public bool IsCausal { get; init; }

    /// <summary>
    /// Where a query may look at a key (Bool, broadcast to the batch axes and (queries, keys)); null for everywhere.
    /// </summary>
    /// <example><code>
    /// var (q, v) = (Tensor.Create([[0.0], [0.0]]), Tensor.Create([[1.0], [3.0]]));
    /// q.Attend(q, v, new Attention { Mask = Tensor.Create([[false, true]]) }) // [[3], [3]]
    /// </code></example>
    public Tensor? Mask { get; init; }

    /// <summary>What products of queries and keys are multiplied by; null for 1/√width.</summary>
    /// <example><code>
    /// var x = Tensor.Create([[0.0], [1.0]]);
    /// x.Attend(x, x, new Attention { Scale = Math.Log(3) }) // [[0.5], [0.75]]
    /// </code></example>
    public double? Scale { get; init; }

    internal FSharpAttention ToFSharp() => new(IsCausal, Mask.ToReferenceOption(), Scale.ToOption());
}

/// <summary>Applying attention.</summary>
public static class TensorAttention
{
    /// <summary>
    /// softmax(scale · query keyᵀ) value: query (…, L, E), key (…, S, E) and value (…, S, V) give (…, L, V); batch axes
    /// broadcast. A query that may look at no key gets 0. By default every query looks at every key, and the scale is 1/√E.
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    /// <exception cref="DTypeException">The dtypes differ, or the mask is not Bool.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
    /// x.Attend(x, x, Attention.Causal) // [[1, 0], [0.3302, 0.6698], [0.7517, 0.7517]]
    /// </code></example>
    public static Tensor Attend(this Tensor query, Tensor key, Tensor value, Attention? how = null) =>
        Attending.attend((how ?? Attention.Full).ToFSharp(), query.NotNull(), key.NotNull(), value.NotNull());
}
