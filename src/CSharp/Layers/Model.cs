namespace Cotangent;

/// <summary>
/// Surgery on models, which are any trees: leaves counted, selected, changed, replaced and frozen by name. In a pattern
/// <c>*</c> stands for any letters between two dots, and <c>**</c> for any parts of a name: <c>layers.*.bias</c>,
/// <c>encoder.**</c>.
/// </summary>
public static class Model
{
    /// <summary>How many numbers are trained: all but those in a <see cref="Frozen{T}"/>.</summary>
    /// <example><code>
    /// Model.Count(Linear.Create(784, 256, Key.Create(0))) // 200960
    /// </code></example>
    public static long Count<P>(P model)
        where P : notnull => ModelModule.count(model.NotNull());

    /// <summary>What the leaves are called, as PyTorch writes it.</summary>
    /// <example><code>
    /// var model = Mlp.Create(2, Key.Create(0), (3, Activation.Relu), (1, Activation.Identity));
    /// string.Join(", ", Model.Names(model)) // layers.0.weight, layers.0.bias, layers.1.weight, layers.1.bias
    /// </code></example>
    public static string[] Names<P>(P model)
        where P : notnull => ModelModule.names(model.NotNull());

    /// <summary>The leaves whose names fit a pattern.</summary>
    /// <exception cref="TreeException">There are none.</exception>
    /// <example><code>
    /// var model = Mlp.Create(2, Key.Create(0), (3, Activation.Relu), (1, Activation.Identity));
    /// Model.Select(model, "layers.*.bias").Length // 2
    /// </code></example>
    public static Leaf[] Select<P>(P model, string pattern)
        where P : notnull => ModelModule.select(pattern.NotNull(), model.NotNull());

    /// <summary>The model with a function applied to the leaves whose names fit a pattern.</summary>
    /// <exception cref="TreeException">There are none.</exception>
    /// <example><code>
    /// var layer = Linear.Create(2, 3, Key.Create(0));
    /// Model.MapAt(layer, "bias", b => b + 1).Bias // [1, 1, 1]
    /// </code></example>
    public static P MapAt<P>(P model, string pattern, Func<Tensor, Tensor> f)
        where P : notnull => ModelModule.mapAt(pattern.NotNull(), f.ToFSharp(), model.NotNull());

    /// <summary>The model with another tensor in place of the leaves whose names fit a pattern.</summary>
    /// <exception cref="TreeException">There are none.</exception>
    /// <exception cref="ShapeException">A leaf has another shape or dtype.</exception>
    /// <example><code>
    /// var layer = Linear.Create(2, 3, Key.Create(0));
    /// Model.Replace(layer, "bias", Tensor.Create([1f, 2f, 3f])).Bias // [1, 2, 3]
    /// </code></example>
    public static P Replace<P>(P model, string pattern, Tensor tensor)
        where P : notnull => ModelModule.replace(pattern.NotNull(), tensor.NotNull(), model.NotNull());

    /// <summary>
    /// The model with the leaves whose names fit a pattern constant for every differentiation around: inside a loss, so
    /// that their gradient is 0.
    /// </summary>
    /// <exception cref="TreeException">There are none.</exception>
    /// <example><code>
    /// var layer = Linear.Create(2, 1, Key.Create(0));
    /// var loss = (Linear layer) => Model.Freeze(layer, "weight").Forward(Tensor.Ones(2)).Sum();
    /// Differentiate.Gradient(loss, layer).Weight // [[0], [0]]
    /// Differentiate.Gradient(loss, layer).Bias // [1]
    /// </code></example>
    public static P Freeze<P>(P model, string pattern)
        where P : notnull => ModelModule.freeze(pattern.NotNull(), model.NotNull());

    /// <summary>
    /// The leaves of a model with their shapes, how many numbers and bytes they are, and the multiply-adds in which a
    /// forward pass on an example or a batch uses them. The pass is traced, not run. Prints as a table.
    /// </summary>
    /// <exception cref="TraceException">The pass reads a number.</exception>
    /// <example><code>
    /// var model = Mlp.Create(784, Key.Create(0), (256, Activation.Relu), (10, Activation.Identity));
    /// Model.Summary((m, x) => m.Forward(x), Tensor.Zeros(32, 784), model).MultiplyAdds // 6504448
    /// </code></example>
    public static ModelSummary Summary<P, X, Y>(Func<P, X, Y> forward, X x, P model)
        where P : notnull
        where X : notnull
        where Y : notnull => ModelModule.summary(forward.ToFSharp(), x.NotNull(), model.NotNull());
}
