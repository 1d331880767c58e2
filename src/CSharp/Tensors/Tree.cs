namespace Cotangent;

/// <summary>
/// Trees of tensors: any nesting of records, classes, structs, tuples, arrays, lists and dictionaries whose
/// leaves are tensors. The type of a field decides: what can't hold a tensor is static and carried along
/// unchanged; a nullable field may be null.
/// </summary>
/// <example><code>
/// record Model(Linear Hidden, Linear Output, string Name);
/// var (a, b) = Key.Create(0).Split();
/// var model = new Model(Linear.Create(2, 3, a), Linear.Create(3, 1, b), "small");
/// var halved = Tree.Map(model, t => t / 2); // a Model again, of the same Name
/// Tree.Size(halved) // 13
/// </code></example>
public static class Tree
{
    /// <summary>The tree with a function applied to each tensor.</summary>
    /// <exception cref="TreeException">
    /// The type can't hold a tensor, or null stands where a tensor should be.
    /// </exception>
    /// <example><code>
    /// Tree.Map((Tensor.Create(1.0), Tensor.Create(2.0)), t => t * 2) // (2, 4)
    /// </code></example>
    public static P Map<P>(P tree, Func<Tensor, Tensor> f)
        where P : notnull => TreeModule.map(f.ToFSharp(), tree.NotNull());

    /// <summary>A function of the corresponding tensors of two trees of one structure.</summary>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <example><code>
    /// var a = (Tensor.Create(1.0), Tensor.Create(2.0));
    /// var b = (Tensor.Create(10.0), Tensor.Create(20.0));
    /// Tree.Map(a, b, (x, y) => x * y) // (10, 40)
    /// </code></example>
    public static P Map<P>(P a, P b, Func<Tensor, Tensor, Tensor> f)
        where P : notnull => TreeModule.map2(f.ToFSharp(), a.NotNull(), b.NotNull());

    /// <summary>A function of the corresponding tensors of three trees of one structure.</summary>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <example><code>
    /// Tree.Map(Tensor.Create(2.0), Tensor.Create(3.0), Tensor.Create(4.0), (x, y, z) => x * y + z) // 10
    /// </code></example>
    public static P Map<P>(P a, P b, P c, Func<Tensor, Tensor, Tensor, Tensor> f)
        where P : notnull => TreeModule.map3(f.ToFSharp(), a.NotNull(), b.NotNull(), c.NotNull());

    /// <summary>The tensors of a tree, in the order of its fields.</summary>
    /// <exception cref="TreeException">The type can't hold a tensor, or null stands where a tensor should be.</exception>
    /// <example><code>
    /// Tree.Leaves((Tensor.Create([1.0, 2.0]), "a name", Tensor.Create(3.0))) // [[1, 2], 3]
    /// </code></example>
    public static Tensor[] Leaves<P>(P tree)
        where P : notnull => TreeModule.leaves(tree.NotNull());

    /// <summary>Where each leaf stands, as in <c>$.Hidden.Weight</c>.</summary>
    /// <exception cref="TreeException">The type can't hold a tensor.</exception>
    /// <example><code>
    /// Tree.Paths(Linear.Create(2, 3, Key.Create(0))).Length // 2
    /// </code></example>
    public static string[] Paths<P>(P tree)
        where P : notnull => TreeModule.paths(tree.NotNull());

    /// <summary>A tree of the same structure and static fields with other tensors.</summary>
    /// <exception cref="TreeException">There are more or fewer tensors than leaves.</exception>
    /// <example><code>
    /// var zeros = (Tensor.Create(0.0), Tensor.Create(0.0));
    /// Tree.Rebuild(zeros, Tensor.Create(1.0), Tensor.Create(2.0)) // (1, 2)
    /// </code></example>
    public static P Rebuild<P>(P template, params Tensor[] leaves)
        where P : notnull => TreeModule.rebuild(template.NotNull(), leaves.NoneNull());

    /// <summary>The leaves of a tree with their names, in the order of its fields.</summary>
    /// <exception cref="TreeException">The type can't hold a tensor, or null stands where a tensor should be.</exception>
    /// <example><code>
    /// Tree.Entries(Linear.Create(2, 3, Key.Create(0)))[1].Name // "bias"
    /// </code></example>
    public static Leaf[] Entries<P>(P tree)
        where P : notnull => TreeModule.entries(tree.NotNull());

    /// <summary>The tree with other tensors, each made of a leaf with its name.</summary>
    /// <exception cref="TreeException">The type can't hold a tensor, or null stands where a tensor should be.</exception>
    /// <example><code>
    /// var layer = Linear.Create(2, 1, Key.Create(0));
    /// Tree.MapEntries(layer, leaf => leaf.Name == "bias" ? leaf.Tensor + 0.5 : leaf.Tensor).Bias // [0.5]
    /// </code></example>
    public static P MapEntries<P>(P tree, Func<Leaf, Tensor> f)
        where P : notnull => TreeModule.mapEntries(f.ToFSharp(), tree.NotNull());

    /// <summary>The trained tensors of a tree: all but those in a <see cref="Frozen{T}"/>.</summary>
    /// <exception cref="TreeException">The type can't hold a tensor, or null stands where a tensor should be.</exception>
    /// <example><code>
    /// var tree = (Tensor.Create(1.0), new Frozen&lt;Tensor>(Tensor.Create(2.0)));
    /// Tree.Trained(tree) // [1]
    /// </code></example>
    public static Tensor[] Trained<P>(P tree)
        where P : notnull => TreeModule.trained(tree.NotNull());

    /// <summary>A tree of the same structure with other trained tensors, and the same frozen ones.</summary>
    /// <exception cref="TreeException">There are more or fewer tensors than trained leaves.</exception>
    /// <example><code>
    /// Tree.RebuildTrained((Tensor.Create(1.0), new Frozen&lt;Tensor>(Tensor.Create(2.0))), Tensor.Create(10.0)).Item1 // 10
    /// </code></example>
    public static P RebuildTrained<P>(P template, params Tensor[] tensors)
        where P : notnull => TreeModule.rebuildTrained(template.NotNull(), tensors.NoneNull());

    /// <summary>
    /// The numbers of the trained tensors of a tree in one vector (n,), one tensor after another. <see cref="OfVector{P}"/> is the way back.
    /// </summary>
    /// <exception cref="TreeException">There are no trained tensors.</exception>
    /// <exception cref="DTypeException">They are of several dtypes.</exception>
    /// <example><code>
    /// Tree.ToVector((Tensor.Create([1.0, 2.0]), Tensor.Create(3.0))) // [1, 2, 3]
    /// </code></example>
    public static Tensor ToVector<P>(P tree)
        where P : notnull => TreeModule.toVector(tree.NotNull());

    /// <summary>
    /// The tree whose trained tensors hold the numbers of a vector; shapes, structure, and what is no trained tensor are those of the
    /// template.
    /// </summary>
    /// <exception cref="ShapeException">The vector has not as many numbers as the template.</exception>
    /// <exception cref="TreeException">The type can't hold a tensor.</exception>
    /// <example><code>
    /// Tree.OfVector((Tensor.Create([0.0, 0.0]), Tensor.Create(0.0)), Tensor.Create([1.0, 2.0, 3.0])) // ([1, 2], 3)
    /// </code></example>
    public static P OfVector<P>(P template, Tensor vector)
        where P : notnull => TreeModule.ofVector(template.NotNull(), vector.NotNull());

    /// <summary>The tree with a function applied to each trained tensor; those in a <see cref="Frozen{T}"/> stay.</summary>
    /// <exception cref="TreeException">The type can't hold a tensor, or null stands where a tensor should be.</exception>
    /// <example><code>
    /// var tree = (Tensor.Create(1.0), new Frozen&lt;Tensor>(Tensor.Create(2.0)));
    /// Tree.MapTrained(tree, t => t * 10) // (10, 2)
    /// </code></example>
    public static P MapTrained<P>(P tree, Func<Tensor, Tensor> f)
        where P : notnull => TreeModule.mapTrained(f.ToFSharp(), tree.NotNull());

    /// <summary>Folds a function over the tensors of a tree.</summary>
    /// <example><code>
    /// var tree = (Tensor.Create([1.0, 2.0]), Tensor.Create(3.0));
    /// Tree.Fold(tree, 0, (n, t) => n + t.Size) // 3
    /// </code></example>
    public static S Fold<P, S>(P tree, S initial, Func<S, Tensor, S> f)
        where P : notnull => TreeModule.fold(f.ToFSharp(), initial, tree.NotNull());

    /// <summary>The tree with zeros in place of its numbers.</summary>
    /// <example><code>
    /// Tree.ZerosLike((Tensor.Create([1.0, 2.0]), Tensor.Create(3.0))) // ([0, 0], 0)
    /// </code></example>
    public static P ZerosLike<P>(P tree)
        where P : notnull => TreeModule.zerosLike(tree.NotNull());

    /// <summary>The tree with ones in place of its numbers.</summary>
    /// <example><code>
    /// Tree.OnesLike((Tensor.Create([1.0, 2.0]), Tensor.Create(3.0))) // ([1, 1], 1)
    /// </code></example>
    public static P OnesLike<P>(P tree)
        where P : notnull => TreeModule.onesLike(tree.NotNull());

    /// <summary>a + b, leaf by leaf, for two trees of one structure.</summary>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <exception cref="ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// var a = (Tensor.Create(1.0), Tensor.Create(2.0));
    /// var b = (Tensor.Create(10.0), Tensor.Create(20.0));
    /// Tree.Add(a, b) // (11, 22)
    /// </code></example>
    public static P Add<P>(P a, P b)
        where P : notnull => TreeModule.add(a.NotNull(), b.NotNull());

    /// <summary>a - b, leaf by leaf, for two trees of one structure.</summary>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <exception cref="ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// var a = (Tensor.Create(1.0), Tensor.Create(2.0));
    /// var b = (Tensor.Create(10.0), Tensor.Create(20.0));
    /// Tree.Subtract(b, a) // (9, 18)
    /// </code></example>
    public static P Subtract<P>(P a, P b)
        where P : notnull => TreeModule.subtract(a.NotNull(), b.NotNull());

    /// <summary>a · b, leaf by leaf and element by element, for two trees of one structure.</summary>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <exception cref="ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// var a = (Tensor.Create(1.0), Tensor.Create(2.0));
    /// var b = (Tensor.Create(10.0), Tensor.Create(20.0));
    /// Tree.Multiply(a, b) // (10, 40)
    /// </code></example>
    public static P Multiply<P>(P a, P b)
        where P : notnull => TreeModule.multiply(a.NotNull(), b.NotNull());

    /// <summary>Every number times a factor.</summary>
    /// <exception cref="DTypeException">The factor is not a whole number, and a tensor holds integers.</exception>
    /// <example><code>
    /// Tree.Scale((Tensor.Create([1.0, 2.0]), Tensor.Create(3.0)), 0.5) // ([0.5, 1], 1.5)
    /// </code></example>
    public static P Scale<P>(P tree, double factor)
        where P : notnull => TreeModule.scale(factor, tree.NotNull());

    /// <summary>
    /// tree + factor · direction, for two trees of one structure and a scalar tensor of their dtype: a step.
    /// </summary>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <exception cref="ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// var (x, direction) = (Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 1.0]));
    /// Tree.AddScaled(x, Tensor.Create(10.0), direction) // [11, 12]
    /// </code></example>
    public static P AddScaled<P>(P tree, Tensor factor, P direction)
        where P : notnull => TreeModule.addScaled(factor.NotNull(), direction.NotNull(), tree.NotNull());

    /// <summary>How many numbers a tree holds: its parameters, if it is a model.</summary>
    /// <example><code>
    /// Tree.Size(Linear.Create(784, 256, Key.Create(0))) // 200960
    /// </code></example>
    public static long Size<P>(P tree)
        where P : notnull => TreeModule.size(tree.NotNull());

    /// <summary>
    /// The sum of the products of corresponding numbers of two trees of one structure, a scalar.
    /// </summary>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <exception cref="ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// var a = (Tensor.Create([1.0, 2.0]), Tensor.Create(3.0));
    /// var b = (Tensor.Create([4.0, 5.0]), Tensor.Create(6.0));
    /// Tree.Dot(a, b) // 32
    /// </code></example>
    public static Tensor Dot<P>(P a, P b)
        where P : notnull => TreeModule.dot(a.NotNull(), b.NotNull());

    /// <summary>The Euclidean norm over all numbers of a tree, a scalar.</summary>
    /// <exception cref="TreeException">There are no tensors.</exception>
    /// <exception cref="DTypeException">The tensors are of several dtypes, or not floating-point.</exception>
    /// <example><code>
    /// Tree.Norm((Tensor.Create([2.0, 3.0]), Tensor.Create(6.0))) // 7
    /// </code></example>
    public static Tensor Norm<P>(P tree)
        where P : notnull => TreeModule.norm(tree.NotNull());
}
