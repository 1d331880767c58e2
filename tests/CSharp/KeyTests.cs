namespace Cotangent.CSharp.Tests;

public class KeyTests
{
    private static readonly Key key = Key.Create(42);

    [Fact]
    public void The_same_key_gives_the_same_numbers()
    {
        Assert.Equal(key.Normal(3, 4), Key.Create(42).Normal(3, 4));
        var (a, b) = key.Split();
        Assert.NotEqual(a.Normal(8), b.Normal(8));
        Assert.Equal(3, key.Split(3).Select(k => k.ToString()).Distinct().Count());
        Assert.NotEqual(key.Fold(1).Uniform(8), key.Fold(2).Uniform(8));
        Assert.NotEqual(key.Fold("weights").Uniform(8), key.Fold("dropout").Uniform(8));
        Assert.Equal(key.Fold("weights").Uniform(8), Key.Create(42).Fold("weights").Uniform(8));
    }

    [Fact]
    public void Draws_have_the_shape_dtype_and_range_asked_for()
    {
        var u = key.Uniform([1000], DType.Float64);
        Assert.Equal(DType.Float64, u.DType);
        Assert.InRange((double)u.Min(), 0, 0.01);
        Assert.InRange((double)u.Max(), 0.99, 1);
        Assert.Equal([2, 3], key.Normal(2, 3).Shape);
        Assert.Equal(DType.Float32, key.Normal(2, 3).DType);
        Assert.InRange((double)key.UniformIn(-3, -2, [100]).Max(), -3, -2);
        Assert.InRange((double)key.TruncatedNormal(1, 2, [100]).Min(), 1, 2);
        Assert.InRange((double)key.Integers(5, 7, [100]).Max(), 6, 6);
        Assert.Equal(DType.Int32, key.Integers(0, 9, [1], DType.Int32).DType);
        Assert.InRange((double)key.Bernoulli(0.25, [4000]).Convert(DType.Float64).Mean(), 0.2, 0.3);
        Assert.Equal([2], key.Categorical(Tensor.Zeros(2, 5)).Shape);
        Assert.Equal(Tensor.Arange(0, 50, dtype: DType.Int32), key.Permutation(50).Sort());
        Assert.Equal(Tensor.Arange(0, 50), key.Shuffle(Tensor.Arange(0, 50)).Sort());
    }

    [Fact]
    public void A_key_used_twice_is_found()
    {
        Assert.Throws<KeyException>(() => Checks.Keys(() => key.Normal(2) + key.Normal(2)));
        Assert.Throws<KeyException>(() => Checks.Keys(() => Transform.Vectorize((Key k) => k.Normal(2) + k.Normal(2), key.Batch(3))));
        Assert.Throws<NumberException>(() => Checks.Numbers(() => Tensor.Create([0.0]).Log()));
    }
}
