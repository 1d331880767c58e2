namespace Cotangent.CSharp.Tests;

public class VectorizeTests
{
    private static readonly Tensor matrix = Tensor.Create([[1.0, 2.0], [3.0, 4.0]]);
    private static readonly Tensor v = Tensor.Create([10.0, 1.0]);

    [Fact]
    public void A_function_of_one_example_runs_over_all()
    {
        Near.Equal([Math.Sqrt(5), 5], Transform.Vectorize(row => row.Norm(), matrix));
        Near.Equal([12, 34], Transform.Vectorize((Tensor row) => row.Dot(v))(matrix));
        Near.Equal([12, 34], Transform.Vectorize(p => p.a.Dot(p.b), (a: matrix, b: v.Expand(2, 2))));
    }

    [Fact]
    public void Over_other_axes()
    {
        var products = Transform.Vectorize(p => p.column * p.v, (column: matrix, v), inAxes: [1, null], outAxis: 1);
        Assert.Equal(Tensor.Create([[10.0, 20.0], [3.0, 4.0]]), products);
        Near.Equal([4, 6], Transform.Vectorize(column => column.Sum(), matrix, [1]));
    }

    [Fact]
    public void Gradients_of_each_example()
    {
        var gradients = Transform.Vectorize(row => Differentiate.Gradient(w => w.Dot(row).Square(), v), matrix);
        Near.Equal([2 * 12, 2 * 12 * 2, 2 * 34 * 3, 2 * 34 * 4], gradients);
    }

    [Fact]
    public void Records_go_in_and_out()
    {
        var layer = new Linear(matrix, v, Activation.Identity);
        var batch = Tree.Map(layer, t => Tensor.Stack([t, t * 2]));
        var outputs = Transform.Vectorize(l => l.Forward(Tensor.Create([1.0, 1.0])), batch);
        Near.Equal([14, 7, 28, 14], outputs);
        var doubled = Transform.Vectorize(l => Tree.Map(l, t => t + t), batch);
        Assert.Equal(batch.Weight * 2, doubled.Weight);
    }

    [Fact]
    public void Each_example_draws_its_own_numbers()
    {
        var draws = Transform.Vectorize(k => k.Normal(3), Key.Create(0).Batch(10));
        Assert.Equal([10, 3], draws.Shape);
        Assert.NotEqual(draws.Slice(0), draws.Slice(1));
    }

    [Fact]
    public void Batches_of_different_sizes_are_an_error() =>
        Assert.Throws<ShapeException>(() =>
            Transform.Vectorize(p => p.a + p.b, (a: Tensor.Ones(2), b: Tensor.Ones(3)))
        );
}
