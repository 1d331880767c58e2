namespace Cotangent;

/// <summary>Bools that say what is seen: true for what counts, false for what only fills up.</summary>
public static class Mask
{
    /// <summary>
    /// The steps of sequences of these lengths: lengths (…), integers, give (…, steps), true before each one's end.
    /// </summary>
    /// <exception cref="DTypeException">The lengths are not integers.</exception>
    /// <exception cref="ShapeException">The number of steps is negative.</exception>
    /// <example><code>
    /// Mask.OfLengths(Tensor.Create([1, 3]), 4) // [[true, false, false, false], [true, true, true, false]]
    /// </code></example>
    public static Tensor OfLengths(Tensor lengths, int steps) => MaskModule.ofLengths(steps, lengths.NotNull());

    /// <summary>
    /// Steps that queries may look at, as an attention wants them: from a mask of steps (…, steps) to (…, 1, steps), the
    /// same for all queries.
    /// </summary>
    /// <exception cref="DTypeException">The mask is not Bool.</exception>
    /// <example><code>
    /// Mask.ForQueries(Mask.OfLengths(Tensor.Create([1, 2]), 3)) // [[[true, false, false]], [[true, true, false]]]
    /// </code></example>
    public static Tensor ForQueries(Tensor mask) => MaskModule.forQueries(mask.NotNull());
}
