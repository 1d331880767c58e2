namespace Cotangent.CSharp.Tests;

/// <summary>Axes by letters and names, and what is found, counted and put in place.</summary>
public class PatternTests
{
    private static readonly Tensor x = Tensor.Create([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);

    [Fact]
    public void Sums_of_products_by_letters()
    {
        Assert.Equal(x.MatMul(x.T), Tensor.Einsum("ij,kj->ik", x, x));
        Assert.Equal(x.Sum(1), Tensor.Einsum("ij->i", [x]));
        var error = Assert.Throws<ValueException>(() => Tensor.Einsum("ij->ik", x));
        Assert.StartsWith("Tensor.Einsum: in \"ij->ik\", at character 6", error.Message);
        Assert.Equal(2 * x, Differentiate.Gradient(x => Tensor.Einsum("ij,ij->", x, x), x));
    }

    [Fact]
    public void Axes_by_names()
    {
        Assert.Equal(x.T, x.Rearrange("h w -> w h"));
        Assert.Equal([3, 2, 1], x.Rearrange("h (w c) -> w h c", ("c", 1)).Shape);
        Assert.Equal(x.Mean(0), x.Reduce("h w -> w", Reduce.Mean));
        Assert.Equal(x.Max(1), x.Reduce("h w -> h", Reduce.Max));
        Assert.Equal(x.Tile(2, 1), x.Repeat("h w -> (n h) w", ("n", 2)));
        var error = Assert.Throws<ValueException>(() => x.Rearrange("h w -> h"));
        Assert.Contains("`Reduce`", error.Message);
        Assert.Throws<ShapeException>(() => x.Rearrange("h -> h"));
    }

    [Fact]
    public void Values_go_to_places()
    {
        var t = Tensor.Create([1, 2, 3]);
        var (at, updates) = (Tensor.Create([2, 2]), Tensor.Create([5, 7]));
        Assert.Equal(Tensor.Create([1, 2, 7]), t.Scatter(at, updates, 0));
        Assert.Equal(Tensor.Create([1, 2, 105]), t.ScatterReduce(Reduce.Prod, at, updates, 0));
        Assert.Equal(Tensor.Create([0, 0, 12]), updates.SegmentReduce(Reduce.Sum, at, 3));
        Assert.Equal(Tensor.Create([2.0, 6.0]), x.AtPoints(Tensor.Create([0, 1]), Tensor.Create([1, 2])).Value);
        Assert.Equal(Tensor.Create([1, 4, 3]), t.At[1].Multiply(2));
        Assert.Equal(Tensor.Create([1, 5, 3]), t.AtPoints(Tensor.Create([1])).Max(5));
    }

    [Fact]
    public void Elements_are_found_and_counted()
    {
        var t = Tensor.Create([3, 1, 3, 0]);
        Assert.Equal(Tensor.Create([[0], [1], [2]]), t.NonZero());
        Assert.Equal(Tensor.Create([0, 1, 3]), t.Unique());
        Assert.Equal(Tensor.Create([1L, 1L, 2L]), t.UniqueAll().Counts);
        Assert.Equal(Tensor.Create([1L, 1L, 0L, 2L]), t.BinCount());
        Assert.Equal(Tensor.Create([3, 3, 9]), t.Masked(t > 1, 3, fill: 9));
        Assert.Equal((3, 2L), (t.Mode().Value.ToScalar<int>(), t.Mode().Count.ToScalar<long>()));
        Assert.Equal(3.5, x.Median().ToScalar<double>());
        Assert.Equal(Tensor.Create([1.5, 4.5]), x.Quantile(0.25, 1));
        Assert.Equal(Tensor.Create([2L, 4L]), x.Histogram(2, low: 0).Counts);
        Assert.Equal(Tensor.Create([1, 2]), Tensor.Create([10, 20]).SearchSorted(Tensor.Create([15, 25])));
        Assert.Equal(Tensor.Create([1.0, 1.0, 2.0]), Tensor.Create([1.0, 0.5, 2.0]).CumulativeMax(0));
        var error = Assert.Throws<TraceException>(() => Transform.Compile((Tensor t) => t.NonZero())(t));
        Assert.StartsWith("NonZero: ", error.Message);
        Assert.Contains("`Transform.Compile`", error.Message);
    }
}
