namespace Cotangent;

/// <summary>What checkpoints keep, as C# makes it.</summary>
public static class CheckpointPolicies
{
    extension(CheckpointPolicy)
    {
        /// <summary>Keeps what was called so by <c>Transform.CheckpointName</c>.</summary>
        /// <example><code>
        /// CheckpointPolicy.Named("hidden", "attention")
        /// </code></example>
        public static CheckpointPolicy Named(params IEnumerable<string> names) =>
            CheckpointPolicy.NewNames(names.ToFSharpList());

        /// <summary>Keeps all but what was called so by <c>Transform.CheckpointName</c>.</summary>
        /// <example><code>
        /// CheckpointPolicy.Except("scores")
        /// </code></example>
        public static CheckpointPolicy Except(params IEnumerable<string> names) =>
            CheckpointPolicy.NewAllExcept(names.ToFSharpList());
    }

    /// <summary>Keeps what either of two policies does.</summary>
    /// <example><code>
    /// CheckpointPolicy.Products.Or(CheckpointPolicy.Named("hidden"))
    /// </code></example>
    public static CheckpointPolicy Or(this CheckpointPolicy policy, CheckpointPolicy other) =>
        CheckpointPolicy.NewEither(policy.NotNull(), other.NotNull());
}
