namespace Cotangent.CSharp.Tests;

public class SliceTests
{
    private static readonly int[] numbers = [0, 1, 2, 3, 4];
    private static readonly Tensor x = Tensor.Create(numbers);
    private static readonly Tensor table = Tensor.Arange(0, 12, dtype: DType.Int32).Reshape(3, 4);

    public static TheoryData<Range> Ranges =>
        new() { .., 1..3, ..2, 3.., ^2.., ..^1, 1..^1, ^4..^1, ^3..4, 2..2, 5.., ^0.., 0..0, ..0, ^5..^5 };

    [Theory]
    [MemberData(nameof(Ranges))]
    public void A_range_takes_what_it_takes_of_an_array(Range range) =>
        Assert.Equal(numbers[range], x.Slice(range).ToArray<int>());

    [Fact]
    public void Positions_count_from_either_end()
    {
        Assert.Equal(1, (int)x.Slice(1));
        Assert.Equal(4, (int)x.Slice(^1));
        Assert.Equal(4, (int)x.Slice(-1));
        Assert.Equal(0, (int)x.Slice(^5));
    }

    [Fact]
    public void Axes_are_indexed_one_by_one()
    {
        Assert.Equal(Tensor.Create([4, 5, 6, 7]), table.Slice(1));
        Assert.Equal(Tensor.Create([7, 11]), table.Slice(1..3, ^1));
        Assert.Equal(Tensor.Create([[0, 1], [4, 5], [8, 9]]), table.Slice(.., 0..2));
        Assert.Equal(Tensor.Create([3, 7, 11]), table.Slice(Slice.Rest, ^1));
        Assert.Equal(Tensor.Create([[3], [7]]), table.Slice(..2, Slice.Rest, 3..));
        Assert.Equal([3, 1, 4], table.Slice(.., Slice.NewAxis).Shape);
        Assert.Equal([1, 3], table.Slice(Slice.NewAxis, Slice.Rest, ^1).Shape);
        Assert.Equal(Tensor.Create([[8, 9, 10, 11], [0, 1, 2, 3]]), table.Slice(Tensor.Create([2, 0])));
    }

    [Fact]
    public void Steps()
    {
        Assert.Equal([0, 2, 4], x.Slice(Slice.Step(.., 2)).ToArray<int>());
        Assert.Equal([1, 3], x.Slice(Slice.Step(1..^1, 2)).ToArray<int>());
        Assert.Equal([4, 3, 2, 1, 0], x.Slice(Slice.Step(.., -1)).ToArray<int>());
        Assert.Equal([3, 1], x.Slice(Slice.Step(1..4, -2)).ToArray<int>());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-6)]
    public void A_position_outside_is_an_error(int position) =>
        Assert.Throws<IndexException>(() => x.Slice(position));

    [Fact]
    public void What_an_array_refuses_is_an_error()
    {
        Assert.Throws<IndexException>(() => x.Slice(3..7));
        Assert.Throws<IndexException>(() => x.Slice(3..1));
        Assert.Throws<IndexException>(() => x.Slice(^7..));
        Assert.Throws<IndexException>(() => x.Slice(^0));
        Assert.Throws<IndexException>(() => x.Slice(^6));
        Assert.Throws<IndexException>(() => x.Slice(Slice.Step(.., 0)));
        Assert.Contains("2 indices", Assert.Throws<IndexException>(() => x.Slice(1, 9..)).Message);
    }

    [Fact]
    public void Setting_makes_a_new_tensor()
    {
        Assert.Equal(Tensor.Create([0, 9, 9, 3, 4]), x.At[1..3].Set(9));
        Assert.Equal(Tensor.Create([0, 1, 2, 3, 7]), x.At[^1].Set(Tensor.Create(7)));
        Assert.Equal(Tensor.Create([0, 0, 0, 3, 4]), x.At[x < 3].Set(x.ZerosLike()));
        Assert.Equal(Tensor.Create([9, 9, 9, 3, 4]), x.At[x < 3].Set(9));
        Assert.Equal(Tensor.Create([5, 1, 2, 3, 9]), x.At[Tensor.Create([0, 4])].Add(Tensor.Create([5, 5])));
        Assert.Equal([0, 1, 0, 3, 4, 5, 0, 7, 8, 9, 0, 11], table.At[.., 2].Set(0).ToArray<int>());
        Assert.Equal([0, 1, 2, 3, 5, 6, 6, 7, 8, 9, 10, 11], table.At[1, ..2].Add(1).ToArray<int>());
        Assert.Equal([1, 2], x.At[1..3].Value.ToArray<int>());
        Assert.Equal(numbers, x.ToArray<int>());
    }

    [Fact]
    public void Masks_and_gathering()
    {
        Assert.Equal([3, 4], x.Masked(x > 2).ToArray<int>());
        Assert.Equal([4, 0], x.Take(Tensor.Create([4, 0])).ToArray<int>());
        Assert.Equal([1, 6, 8], table.Gather(Tensor.Create([[1], [2], [0]]), 1).ToArray<int>());
        Assert.Equal([0, 1, 7, 3, 4], x.ScatterAdd(Tensor.Create([2]), Tensor.Create([5]), 0).ToArray<int>());
    }
}
