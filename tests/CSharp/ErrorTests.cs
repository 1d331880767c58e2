namespace Cotangent.CSharp.Tests;

/// <summary>The errors of the core come through as they are.</summary>
public class ErrorTests
{
    private static readonly Tensor x = Tensor.Create([1f, 2f, 3f]);

    [Fact]
    public void Shapes_that_do_not_fit()
    {
        var error = Assert.Throws<ShapeException>(() => x + Tensor.Create([1f, 2f]));
        Assert.Contains("(3,)", error.Message);
        Assert.Contains("(2,)", error.Message);
        Assert.Throws<ShapeException>(() => x.Reshape(2, 2));
        Assert.Throws<ShapeException>(() => Tensor.Create([[1f], [2f, 3f]]));
        Assert.Throws<ShapeException>(() => Tensor.Create([1f, 2f], [3]));
        Assert.Throws<ShapeException>(() => Tensor.Zeros(-1));
        Assert.Throws<ShapeException>(() => x.ToScalar<float>());
        Assert.Throws<ShapeException>(() => Loss.MeanSquaredError(x, x.Unsqueeze(1)));
        Assert.IsAssignableFrom<CotangentException>(error);
    }

    [Fact]
    public void Dtypes_that_do_not_meet()
    {
        Assert.Throws<DTypeException>(() => x + Tensor.Create([1.0, 2.0, 3.0]));
        Assert.Throws<DTypeException>(() => x.ToArray<double>());
        Assert.Throws<DTypeException>(() => Tensor.Create(1m));
        Assert.Throws<DTypeException>(() => Differentiate.Gradient(x => x.Sum(), Tensor.Create([1])));
    }

    [Fact]
    public void Functions_that_cannot_be_differentiated()
    {
        Assert.Throws<ShapeException>(() => Differentiate.Gradient(x => x, x));
        Assert.Throws<TreeException>(() => Differentiate.Gradient(n => x.Sum(), 3));
        Assert.Throws<DerivativeException>(() => Differentiate.LinearTranspose((Tensor x) => x.Sin(), x));
        Assert.Throws<ShapeException>(() => Differentiate.Derivative(x => x, x));
    }

    [Fact]
    public void Tensors_that_leave_their_transformation()
    {
        Tensor? kept = null;
        Differentiate.Gradient(x => { kept = x; return x.Sum(); }, x);
        Assert.Throws<TraceException>(() => kept! + 1);
    }

    [Fact]
    public void What_a_function_throws_arrives()
    {
        Assert.Throws<TimeoutException>(() => Differentiate.Gradient(x => throw new TimeoutException(), x));
    }
}
