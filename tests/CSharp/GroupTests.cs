namespace Cotangent.CSharp.Tests;

/// <summary>Parts of a model with optimisers of their own.</summary>
public class GroupTests
{
    private sealed record Model(Tensor Weight, Tensor Bias);

    private static readonly Model model = new(Tensor.Create([[1.0, 2.0]]), Tensor.Create([3.0]));
    private static readonly Model ones = Tree.OnesLike(model);
    private static readonly Selection bias = Selection.Named("bias");

    private static Model Step(Optimizer optimizer) => optimizer.Step(ones, optimizer.Init(model), model).Parameters;

    [Fact]
    public void Each_group_has_its_rate()
    {
        var next = Step(Optimizer.Groups((bias, Optimizer.Sgd(0.5)), (Selection.Except(bias), Optimizer.Sgd(0.1))));
        Near.Equal([0.9, 1.9], next.Weight.Flatten());
        Near.Equal([2.5], next.Bias);
    }

    [Fact]
    public void What_is_frozen_stays()
    {
        var next = Step(Optimizer.Sgd(0.1).Freeze(bias));
        Near.Equal([0.9, 1.9], next.Weight.Flatten());
        Assert.Equal(model.Bias, next.Bias);
        Assert.Equal(model.Weight, Step(Optimizer.Still).Weight);
    }

    [Fact]
    public void The_decay_is_of_what_is_selected()
    {
        var matrices = Selection.Where(leaf => leaf.Tensor.Rank > 1);
        var (all, some) = (Step(Optimizer.AdamW(0.1, decay: 0.5)), Step(Optimizer.AdamW(0.1, decay: 0.5, decayed: matrices)));
        Assert.Equal(all.Weight, some.Weight);
        Near.Equal([3 - 0.1], some.Bias, 1e-7);
        Near.Equal([3 - 0.1 - 0.15], all.Bias, 1e-7);
        var decay = Optimizer.AddDecayedWeights(0.5, matrices).Then(Optimizer.Sgd(0.1));
        Near.Equal([2.9], Step(decay).Bias);
        Near.Equal([1 - 0.15, 2 - 0.2], Step(decay).Weight.Flatten());
    }

    [Fact]
    public void A_tensor_in_no_group_or_two_is_named()
    {
        var none = Assert.Throws<ValueException>(() => Step(Optimizer.Groups((bias, Optimizer.Sgd(0.5)))));
        Assert.Contains("weight is in no group", none.Message);
        Assert.Contains("`Selection.Except`", none.Message);

        var two = Assert.Throws<ValueException>(
            () => Step(Optimizer.Groups((bias, Optimizer.Sgd(0.5)), (Selection.All, Optimizer.Sgd(0.1))))
        );
        Assert.Contains("bias is in more than one group", two.Message);

        var unknown = Assert.Throws<ValueException>(() => Step(Optimizer.Sgd(0.1).Freeze(Selection.Named("biases"))));
        Assert.Contains("called biases", unknown.Message);
    }
}
