namespace Cotangent;

/// <summary>Selections of a model's tensors, for weight decay, groups and freezing.</summary>
public static class Selections
{
    extension(Selection)
    {
        /// <summary>All tensors that are trained.</summary>
        /// <example><code>
        /// // Weight decay of all, biases too.
        /// var optimizer = Optimizer.AdamW(1e-3, decayed: Selection.All);
        /// </code></example>
        public static Selection All => SelectionModule.all;

        /// <summary>Those for which a predicate holds; it sees names, shapes and dtypes, not numbers.</summary>
        /// <example><code>
        /// // Not biases and the like.
        /// var matrices = Selection.Where(leaf => leaf.Tensor.Rank > 1);
        /// var optimizer = Optimizer.AdamW(1e-3, decayed: matrices);
        /// </code></example>
        public static Selection Where(Func<Leaf, bool> predicate) => SelectionModule.where(predicate.ToFSharp());

        /// <summary>
        /// Those of these names, <c>layers.0.bias</c>, in which <c>*</c> stands for one part and <c>**</c> for any number of them: a
        /// bias anywhere is <c>**.bias</c>. A pattern that fits nothing in a model is an error there.
        /// </summary>
        /// <example><code>
        /// var layer = Linear.Create(1, 1, Key.Create(0), weightInit: Init.Ones, biasInit: Init.Ones);
        /// var optimizer = Optimizer.Sgd(0.1).Freeze(Selection.Named("bias"));
        /// var next = optimizer.Step(layer, optimizer.Init(layer), layer).Parameters;
        /// (next.Weight, next.Bias) // ([[0.9]], [1])
        /// </code></example>
        public static Selection Named(params IEnumerable<string> patterns) =>
            SelectionModule.named(patterns.ToFSharpList());

        /// <summary>Those in none of some selections.</summary>
        /// <example><code>
        /// var layer = Linear.Create(1, 1, Key.Create(0), weightInit: Init.Ones, biasInit: Init.Ones);
        /// var optimizer = Optimizer.Sgd(0.1).Freeze(Selection.Except(Selection.Named("bias")));
        /// var next = optimizer.Step(layer, optimizer.Init(layer), layer).Parameters;
        /// (next.Weight, next.Bias) // ([[1]], [0.9])
        /// </code></example>
        public static Selection Except(params IEnumerable<Selection> selections) =>
            SelectionModule.except(selections.ToFSharpList());
    }
}

/// <summary>Optimisers for parts of a model.</summary>
public static class GroupOptimizers
{
    extension(Optimizer)
    {
        /// <summary>
        /// Adds a share of the parameters to the gradient: weight decay, by what follows in the chain; of all parameters, or of
        /// those selected.
        /// </summary>
        /// <exception cref="ValueException">A pattern of the selection fits nothing.</exception>
        /// <example><code>
        /// var x = Tensor.Create([5.0]);
        /// var optimizer = Optimizer.AddDecayedWeights(0.1).Then(Optimizer.Sgd(0.1));
        /// optimizer.Step(Tensor.Create([1.0]), optimizer.Init(x), x).Parameters // [4.85]
        /// </code></example>
        public static Optimizer AddDecayedWeights(double decay, Selection? decayed = null) =>
            new(GroupRules.addDecayedWeights(decay, decayed ?? SelectionModule.all));

        /// <summary>Changes nothing, bit for bit: for what should stay in <c>Groups</c>.</summary>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// Optimizer.Still.Step(2 * x, Optimizer.Still.Init(x), x).Parameters // [1, 2]
        /// </code></example>
        public static Optimizer Still => new(GroupRules.still);

        /// <summary>
        /// Optimisers for parts of a model, with rates and rules of their own. Each trained tensor must be in one group: one in
        /// none, or in two, is an error that names it.
        /// </summary>
        /// <exception cref="ValueException">
        /// A tensor is in no group or in several, a pattern fits nothing, or there are no groups.
        /// </exception>
        /// <example><code>
        /// var bias = Selection.Named("bias");
        /// var optimizer = Optimizer.Groups((bias, Optimizer.Sgd(0.5)), (Selection.Except(bias), Optimizer.Sgd(0.1)));
        /// </code></example>
        public static Optimizer Groups(params IEnumerable<(Selection Selection, Optimizer Optimizer)> groups) =>
            new(
                GroupRules.groups(
                    "Optimizer.groups",
                    groups
                        .NotNull()
                        .Select(pair =>
                            Tuple.Create(pair.Selection.NotNull("groups"), pair.Optimizer.NotNull("groups").Transformation)
                        )
                        .ToFSharpList()
                )
            );
    }

    extension(Optimizer optimizer)
    {
        /// <summary>The optimiser for all but the selected tensors, which stay as they are, bit for bit.</summary>
        /// <exception cref="ValueException">A pattern fits nothing.</exception>
        /// <example><code>
        /// var optimizer = Optimizer.Adam(1e-3).Freeze(Selection.Named("layers.0.*"));
        /// </code></example>
        public Optimizer Freeze(Selection selection) =>
            Optimizer.Groups((selection.NotNull(), Optimizer.Still), (Selection.Except(selection), optimizer.NotNull()));
    }
}
