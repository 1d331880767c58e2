using System.Collections.Immutable;

namespace Cotangent.CSharp.Tests;

/// <summary>
/// Every kind of C# value that can hold tensors is differentiated and rebuilt as what it was.
/// </summary>
public class TreeTests
{
    private static readonly Tensor one = Tensor.Create([1.0, 2.0]);
    private static readonly Tensor two = Tensor.Create([3.0, 4.0]);

    public sealed record Sealed(Tensor A, Tensor B, string Name);

    public record Open(Tensor A);

    public record Derived(Tensor A, Tensor B) : Open(A);

    public abstract record Shape;

    public sealed record Circle(Tensor Radius) : Shape;

    public sealed record Named(string Name) : Shape;

    public interface ILayer
    {
        Tensor Forward(Tensor x);
    }

    public sealed record Times(Tensor Factor) : ILayer
    {
        public Tensor Forward(Tensor x) => x * Factor;
    }

    public sealed class Plus(Tensor term) : ILayer
    {
        public Tensor Term { get; } = term;

        public Tensor Forward(Tensor x) => x + Term;
    }

    public readonly record struct Pair(Tensor A, Tensor B);

    public struct Plain
    {
        public Tensor A;
        public int Number;
    }

    public class Settable
    {
        public required Tensor A { get; init; }
        public Tensor? B { get; init; }
        public int Number { get; set; }
    }

    public sealed record Generic<T>(T Value);

    public sealed record Linked(Tensor A, Linked? Next);

    public sealed class Loop
    {
        public required Tensor A { get; init; }
        public ILoop? Inner { get; set; }
    }

    public interface ILoop;

    public sealed class Around : ILoop
    {
        public Loop? Outer { get; set; }
    }

    /// <summary>2 a + 3 b … over the leaves: the gradient tells which place each leaf went to.</summary>
    private static void IsTree<P>(P tree, params string[] paths)
        where P : notnull
    {
        Assert.Equal(paths, Tree.Paths(tree));

        var gradient = Differentiate.Gradient(
            p => Tree.Leaves(p).Select((leaf, i) => (leaf * (i + 2)).Sum()).Aggregate((a, b) => a + b),
            tree
        );

        Assert.Equal(tree.GetType(), gradient.GetType());
        var leaves = Tree.Leaves(gradient);
        Assert.Equal(paths.Length, leaves.Length);

        for (var i = 0; i < leaves.Length; i++)
        {
            Near.Equal([i + 2, i + 2], leaves[i]);
        }

        Assert.Equal(leaves, Tree.Leaves(Tree.Rebuild(tree, leaves)));
    }

    [Fact]
    public void Records()
    {
        IsTree(new Sealed(one, two, "name"), "$.A", "$.B");
        Assert.Equal("name", Tree.ZerosLike(new Sealed(one, two, "name")).Name);
        IsTree(new Open(one), "$.A");
        IsTree(new Generic<Tensor>(one), "$.Value");
        IsTree(new Generic<Sealed>(new(one, two, "")), "$.Value.A", "$.Value.B");
        IsTree(new Linked(one, new Linked(two, null)), "$.A", "$.Next.A");
    }

    [Fact]
    public void What_a_value_holds_shows_in_its_own_type()
    {
        IsTree(new Derived(one, two), "$.B", "$.A");
        IsTree<Open>(new Derived(one, two), "$.B", "$.A");
        IsTree<Shape>(new Circle(one), "$.Radius");
        IsTree<Shape[]>([new Circle(one), new Named("x"), new Circle(two)], "$[0].Radius", "$[2].Radius");
        IsTree<ILayer[]>([new Times(one), new Plus(two)], "$[0].Factor", "$[1].Term");
        IsTree(new Generic<ILayer>(new Times(one)), "$.Value.Factor");
    }

    [Fact]
    public void Structs()
    {
        IsTree(new Pair(one, two), "$.A", "$.B");
        IsTree(new Plain { A = one, Number = 7 }, "$.A");
        Assert.Equal(7, Tree.Map(new Plain { A = one, Number = 7 }, t => t * 2).Number);
        IsTree(new Generic<Pair?>(new Pair(one, two)), "$.Value.A", "$.Value.B");
        Assert.Empty(Tree.Leaves(new Generic<Pair?>(null)));
    }

    [Fact]
    public void Classes()
    {
        var value = new Settable { A = one, B = two, Number = 3 };
        IsTree(value, "$.A", "$.B");
        var doubled = Tree.Map(value, t => t * 2);
        Assert.Equal(3, doubled.Number);
        Assert.Equal(one, value.A);
        Assert.Equal(one * 2, doubled.A);
    }

    [Fact]
    public void Nullable_fields_may_be_null()
    {
        IsTree(new Settable { A = one }, "$.A");
        IsTree(new Linear(one.Unsqueeze(0), null, Activation.Identity), "$.Weight");
        var error = Assert.Throws<TreeException>(() => Tree.Leaves(new Open(null!)));
        Assert.Contains("null", error.Message);
    }

    [Fact]
    public void Tuples()
    {
        IsTree((one, two), "$.Item1", "$.Item2");
        IsTree((one, (two, "text")), "$.Item1", "$.Item2.Item1");
        IsTree(Tuple.Create(one, 1, two), "$.Item1", "$.Item3");
        IsTree((one, 2, 3, 4, 5, 6, 7, 8, two), "$.Item1", "$.Item9");
    }

    [Fact]
    public void Collections()
    {
        IsTree(new[] { one, two }, "$[0]", "$[1]");
        IsTree(new List<Tensor> { one, two }, "$[0]", "$[1]");
        IsTree(ImmutableArray.Create(one, two), "$[0]", "$[1]");
        IsTree(ImmutableList.Create(one, two), "$[0]", "$[1]");
        IsTree(new Dictionary<string, Tensor> { ["a"] = one, ["b"] = two }, "$[a]", "$[b]");
        IsTree(ImmutableDictionary<string, Tensor>.Empty.Add("a", one), "$[a]");
        IsTree(new Dictionary<string, Sealed> { ["a"] = new(one, two, "") }, "$[a].A", "$[a].B");
    }

    [Fact]
    public void Interfaces_of_collections()
    {
        Assert.Equal([one, two], Tree.Map<IReadOnlyList<Tensor>>([one, two], t => t));
        Assert.Equal([one, two], Tree.Map<IEnumerable<Tensor>>(new List<Tensor> { one, two }, t => t));
        var map = new Dictionary<int, Tensor> { [7] = one };
        Assert.Equal(one * 2, Tree.Map<IReadOnlyDictionary<int, Tensor>>(map, t => t * 2)[7]);
        Assert.Equal(one * 2, Tree.Map<IDictionary<int, Tensor>>(map, t => t * 2)[7]);
    }

    [Fact]
    public void What_cannot_be_rebuilt_is_an_error()
    {
        Assert.Throws<TreeException>(() => Tree.Leaves(new Queue<Tensor>([one])));
        Assert.Throws<TreeException>(() => Tree.Leaves(new Generic<SortedDictionary<int, Tensor>>([])));
        Assert.Throws<TreeException>(() => Tree.Leaves(new Tensor[1, 1] { { one } }));
        Assert.Throws<TreeException>(() => Tree.Leaves("text"));
    }

    [Fact]
    public void A_value_that_contains_itself_is_an_error()
    {
        var around = new Around();
        var loop = new Loop { A = one, Inner = around };
        around.Outer = loop;
        Assert.Throws<TreeException>(() => Tree.Leaves(loop));
    }

    [Fact]
    public void Gradients_of_records_are_records()
    {
        var model = new Sealed(one, two, "name");
        var gradient = Differentiate.Gradient(m => (m.A * m.B).Sum(), model);
        Assert.Equal(two, gradient.A);
        Assert.Equal(one, gradient.B);
        Assert.Equal("name", gradient.Name);

        var (da, db) = Differentiate.Gradient(p => (p.a * p.b).Sum(), (a: one, b: two));
        Assert.Equal((two, one), (da, db));
    }

    [Fact]
    public void Arithmetic_of_trees()
    {
        var (a, b) = (new Pair(one, two), new Pair(two, one));

        Assert.Equal(new Pair(one + two, one + two), Tree.Map(a, b, (x, y) => x + y));
        Assert.Equal(new Pair(one, two), Tree.Map(a, b, a, (x, y, z) => x + y - y + z - z));
        Near.Equal(22, Tree.Dot(a, b));
        Near.Equal(Math.Sqrt(30), Tree.Norm(a));
        Assert.Equal(4, Tree.Size(a));
        Assert.Equal(2, Tree.Fold(a, 0, (n, _) => n + 1));
        Assert.Equal(new Pair(one.ZerosLike(), two.ZerosLike()), Tree.ZerosLike(a));
        Assert.Equal(new Pair(one.OnesLike(), two.OnesLike()), Tree.OnesLike(a));
        Assert.Equal(new Pair(one + two, one + two), Tree.Add(a, b));
        Assert.Equal(new Pair(one - two, two - one), Tree.Subtract(a, b));
        Assert.Equal(new Pair(one * two, one * two), Tree.Multiply(a, b));
        Assert.Equal(new Pair(one * 3, two * 3), Tree.Scale(a, 3));
        Assert.Equal(new Pair(one + 3 * two, two + 3 * one), Tree.AddScaled(a, Tensor.Create(3.0), b));
    }
}
