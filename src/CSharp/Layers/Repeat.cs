namespace Cotangent;

/// <summary>
/// Layers of one kind and size, one after the other: their parameters are stacked along axis 0, and the chain is a loop, so that
/// 48 blocks compile as one.
/// </summary>
/// <example><code>
/// var blocks = Repeat.Create(48, key => Linear.Create(16, 16, key), Key.Create(0));
/// blocks.Fold((layer, x) => layer.Forward(x), Tensor.Ones(5, 16)) // shape (5, 16)
/// </code></example>
public static class Repeat
{
    /// <summary>As many layers as asked for, each made with a key of its own.</summary>
    /// <exception cref="ValueException">The count is below 1.</exception>
    /// <exception cref="TreeException">What is made is of a type that can't hold a tensor.</exception>
    /// <example><code>
    /// Repeat.Create(48, key => Linear.Create(16, 16, key), Key.Create(0)).Stacked.Weight // shape (48, 16, 16)
    /// </code></example>
    public static Repeat<L> Create<L>(int count, Func<Key, L> make, Key key)
        where L : notnull => RepeatModule.create(count, make.ToFSharp(), key.NotNull());

    /// <summary>One of the layers, counted from 0, or from the end by negative numbers.</summary>
    /// <exception cref="ValueException">There are fewer.</exception>
    /// <example><code>
    /// var blocks = Repeat.Create(3, key => Linear.Create(2, 2, key, weightInit: Init.Identity), Key.Create(0));
    /// blocks.Item(-1).Weight // [[1, 0], [0, 1]]
    /// </code></example>
    public static L Item<L>(this Repeat<L> layers, int index)
        where L : notnull => RepeatModule.item(index, layers.NotNull());

    /// <summary>The last layer's output: each layer is applied to what the one before it made.</summary>
    /// <exception cref="ShapeException">A layer changes a shape or dtype.</exception>
    /// <example><code>
    /// var blocks = Repeat.Create(2, key => Linear.Create(2, 2, key, weightInit: Init.Ones), Key.Create(0));
    /// blocks.Fold((layer, x) => layer.Forward(x), Tensor.Create([1f, 2f])) // [6, 6]
    /// </code></example>
    public static X Fold<L, X>(this Repeat<L> layers, Func<L, X, X> forward, X x)
        where L : notnull
        where X : notnull => RepeatModule.fold(forward.ToFSharp(), layers.NotNull(), x.NotNull());

    /// <summary>The same, where each layer draws with a key of its own.</summary>
    /// <exception cref="ShapeException">A layer changes a shape or dtype.</exception>
    /// <example><code>
    /// // Noise after each layer.
    /// var blocks = Repeat.Create(2, key => Linear.Create(2, 2, key), Key.Create(0));
    /// blocks.FoldWithKeys((layer, key, x) => layer.Forward(x) + key.Normal(2), Key.Create(1), Tensor.Ones(2)) // shape (2)
    /// </code></example>
    public static X FoldWithKeys<L, X>(this Repeat<L> layers, Func<L, Key, X, X> forward, Key key, X x)
        where L : notnull
        where X : notnull =>
        RepeatModule.foldWithKeys(forward.ToFSharp(), layers.NotNull(), key.NotNull(), x.NotNull());

    /// <summary>The last layer's output, and what each layer gives besides, stacked along axis 0.</summary>
    /// <exception cref="ShapeException">A layer changes a shape or dtype.</exception>
    /// <example><code>
    /// var blocks = Repeat.Create(2, key => Linear.Create(2, 2, key, weightInit: Init.Ones), Key.Create(0));
    /// (Tensor, Tensor) Step(Linear layer, Tensor x) { var y = layer.Forward(x); return (y, y.Mean()); }
    /// blocks.MapFold(Step, Tensor.Create([1f, 2f])).Results // [3, 6]
    /// </code></example>
    public static (X Output, Y Results) MapFold<L, X, Y>(this Repeat<L> layers, Func<L, X, (X Output, Y Result)> forward, X x)
        where L : notnull
        where X : notnull
        where Y : notnull => RepeatModule.mapFold(forward.ToFSharpPair(), layers.NotNull(), x.NotNull()).ToValueTuple();
}
