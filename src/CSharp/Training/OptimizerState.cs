namespace Cotangent;

/// <summary>
/// What an optimiser remembers from step to step: running means, a count of steps. Immutable, and a tree of
/// tensors like any other. It belongs to the optimiser that made it.
/// </summary>
public abstract record OptimizerState<P>
{
    private protected OptimizerState() { }
}

/// <summary>The state of an F# optimiser.</summary>
internal sealed record OptimizerState<P, S>(S Value) : OptimizerState<P>;
