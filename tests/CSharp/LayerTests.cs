namespace Cotangent.CSharp.Tests;

public class LayerTests
{
    private static readonly Key key = Key.Create(1);

    [Fact]
    public void A_linear_layer_is_an_affine_map_and_an_activation()
    {
        var layer = new Linear(Tensor.Create([[1.0], [2.0]]), Tensor.Create([3.0]), Activation.Identity);
        var x = Tensor.Create([[10.0, 20.0]]);

        Near.Equal([53], layer.Forward(x));
        Near.Equal([50], new Linear(layer.Weight, null, layer.Activation).Forward(x));
        Near.Equal([Math.Tanh(53)], new Linear(layer.Weight, layer.Bias, Activation.Tanh).Forward(x));
        var leaky = new Linear(layer.Weight, layer.Bias, Activation.LeakyRelu(0.2));
        Near.Equal([-0.2 * 47], leaky.Forward(x * 0 - 50.0 / 3));
    }

    [Fact]
    public void Layers_are_made_from_keys_and_options()
    {
        var layer = Linear.Create(3, 8, key, Activation.Relu);
        Assert.Equal([3, 8], layer.Weight.Shape);
        Assert.Equal(Tensor.Zeros(8), layer.Bias!);
        Assert.Equal(layer, Linear.Create(3, 8, key, Activation.Relu));

        var other = Linear.Create(3, 8, key, bias: false, weightInit: Init.Constant(2));
        Assert.Equal(Tensor.Full(2, [3, 8]), other.Weight);
        Assert.Null(other.Bias);

        Initializer counting = (fans, shape, dtype, _) => Tensor.Full(fans.FanIn + 10 * fans.FanOut, [.. shape], dtype);
        var counted = Linear.Create(3, 8, key, dtype: DType.Float64, weightInit: counting, biasInit: counting);
        Assert.Equal(Tensor.Full(83, [3, 8], DType.Float64), counted.Weight);
        Assert.Equal(Tensor.Full(83, [8], DType.Float64), counted.Bias!);
    }

    [Fact]
    public void Initialisers_take_their_spread_from_the_fans()
    {
        var fans = Fans.OfShape([100, 200]);

        void IsSpread(Initializer init, double expected) =>
            Assert.Equal(expected, Math.Sqrt((double)init(fans, [100, 200], DType.Float32, key).Variance()), expected * 0.03);

        IsSpread(Init.GlorotUniform, Math.Sqrt(2.0 / 300));
        IsSpread(Init.GlorotNormal, Math.Sqrt(2.0 / 300));
        IsSpread(Init.HeUniform, Math.Sqrt(2.0 / 100));
        IsSpread(Init.HeNormal, Math.Sqrt(2.0 / 100));
        IsSpread(Init.LecunNormal, 0.1);
        IsSpread(Init.InverseRoot, 0.1 / Math.Sqrt(3));
        IsSpread(Init.NormalOf(f => 1.0 / f.FanOut), 1.0 / 200);
        IsSpread(Init.UniformWithin(_ => 1), 1 / Math.Sqrt(3));
        IsSpread(Init.TruncatedNormalOf(f => 1.0 / f.FanIn), 0.01);
        IsSpread(Init.VarianceScaling(3, FanMode.Out, Spread.Uniform), Math.Sqrt(3.0 / 200));

        var rows = Init.Orthogonal(2).Draw([3, 5], key, DType.Float64);
        Near.Equal([4, 0, 0, 0, 4, 0, 0, 0, 4], rows.MatMul(rows.T).Flatten());
        Assert.Equal(Tensor.Create([[1f, 0f, 0f], [0f, 1f, 0f]]), Init.Identity.Draw([2, 3], key));
        Assert.Equal(36, Fans.OfGroups(4, [16, 2, 3, 3]).FanOut);
    }

    [Fact]
    public void Perceptrons_chain_layers()
    {
        var model = Mlp.Create(2, key, (16, Activation.Tanh), (1, Activation.Identity));
        var x = Tensor.Ones(5, 2);
        Assert.Equal([5, 1], model.Forward(x).Shape);
        Assert.Equal(model.Layers[1].Forward(model.Layers[0].Forward(x)), model.Forward(x));
        Assert.Equal(2 * 16 + 16 + 16 + 1, Tree.Size(model));

        var plain = Mlp.Create(2, key, [(1, Activation.Relu)], bias: false, dtype: DType.Float64, weightInit: Init.Constant(3));
        Assert.Equal(2, Tree.Size(plain));
        Near.Equal([6], plain.Forward(Tensor.Create([[1.0, 1.0]])));
        Assert.Equal(6, Mlp.Of(plain.Layers[0], plain.Layers[0]).Layers.Length + Tree.Size(Mlp.Of(plain.Layers)) * 2);
    }

    [Fact]
    public void Activations_take_their_defaults_from_the_field()
    {
        var x = Tensor.Create([-4.0, -0.25, 0.5, 7.0]);
        Near.Equal([-0.04, -0.0025, 0.5, 7], Activation.LeakyRelu().Apply(x));
        Near.Equal([Math.Exp(-4) - 1, Math.Exp(-0.25) - 1, 0.5, 7], Activation.Elu().Apply(x));
        Near.Equal([2 * (Math.Exp(-2) - 1), 2 * (Math.Exp(-0.125) - 1), 0.5, 7], Activation.Celu(2).Apply(x));
        Near.Equal([-3.5, 0, 0, 6.5], Activation.Softshrink().Apply(x));
        Near.Equal([-4, 0, 0, 7], Activation.Hardshrink().Apply(x));
        Near.Equal([-1, -0.25, 0.5, 1], Activation.Hardtanh().Apply(x));
        Near.Equal([-3, -0.25, 0.5, 2], Activation.Hardtanh(-3, 2).Apply(x));
        Near.Equal([9, 9, 0.5, 7], Activation.Threshold(0.25, 9).Apply(x));
        Near.Equal([0, 0, 0.5, 6], Activation.Relu6.Apply(x));

        Assert.Equal(Activation.Elu(3).Apply(x), x.Elu(3));
        Assert.Equal(Activation.Celu(3).Apply(x), x.Celu(3));
        Assert.Equal(Activation.Hardtanh(-3, 2).Apply(x), x.Hardtanh(-3, 2));
        Assert.Equal(Activation.Threshold(0.25, 9).Apply(x), x.Threshold(0.25, 9));
        Assert.Equal(Activation.SoftplusBy(3).Apply(x), x.SoftplusBy(3));
        Assert.Equal(Activation.Softshrink(1).Apply(x), x.Softshrink(1));
        Assert.Equal(Activation.Hardshrink(1).Apply(x), x.Hardshrink(1));
        Assert.Equal(Activation.Glu().Apply(x), x.Glu());
        Assert.Equal(Activation.Softmin().Apply(x), x.Softmin());
        Assert.Equal(Activation.Softmax(0).Apply(x), x.Softmax(0));
        Assert.Equal(Activation.LogSoftmax(0).Apply(x), x.LogSoftmax(0));
        Assert.Equal(Activation.Selu.Apply(x), x.Selu());
        Assert.Equal(Activation.Mish.Apply(x), x.Mish());
        Assert.Equal(Activation.Softsign.Apply(x), x.Softsign());
        Assert.Equal(Activation.Tanhshrink.Apply(x), x.Tanhshrink());
        Assert.Equal(Activation.Hardsigmoid.Apply(x), x.Hardsigmoid());
        Assert.Equal(Activation.Hardswish.Apply(x), x.Hardswish());
        Assert.Equal(Activation.LogSigmoid.Apply(x), x.LogSigmoid());
        Assert.Equal(Activation.Relu6.Apply(x), x.Relu6());

        Near.Equal([-1, -0.0625, 0.5, 7], x.Prelu(Tensor.Create(0.25)));
        Near.Equal([-1, -0.0625, 0.5, 7], Prelu.Create(dtype: DType.Float64).Forward(x));
        Near.Equal([-0.4, -0.025, 0.5, 7], Rrelu.Create(0.05, 0.15).Forward(x));
        Near.Equal([-0.4, -0.025, 0.5, 7], x.Rrelu(key, 0.1, 0.1));
        Assert.InRange((double)x.Rrelu(key).Slice(0), -4.0 / 3, -0.5);
    }

    [Fact]
    public void Unlike_layers_make_a_chain()
    {
        var first = Linear.Create(2, 3, key);
        var model = Sequential.Create(first, Activation.Tanh, Layer.OfFunction(x => x * 2), Prelu.Create());
        var x = Tensor.Ones(5, 2);
        Assert.Equal((first.Forward(x).Tanh() * 2).Prelu(Tensor.Create(0.25f)), model.Forward(x));
        Assert.Equal(["0.weight", "0.bias", "3.weight"], Model.Names(model));

        var gradient = Differentiate.Gradient(m => m.Forward(x).Sum(), model);
        Assert.Equal([2, 3], ((Linear)gradient.Layers[0]).Weight.Shape);

        var drawing = Sequential.Create(Rrelu.Create(0.1, 0.9), Layer.Over((s, y) => y * s, Tensor.Create(2.0)));
        var (a, next) = drawing.Train(Tensor.Create([-1.0, -1.0]), key);
        Assert.NotEqual(a.Slice(0), a.Slice(1));
        Assert.Equal(2, next.Layers.Length);
        Near.Equal([-1], drawing.Forward(Tensor.Create([-1.0])));
        Near.Equal([6], Residual.Create(Activation.Relu).Forward(Tensor.Create([3.0])));
        var (trained, _) = Layer.Train(Rrelu.Create(0.5, 0.5), Tensor.Create([-2.0]), key);
        Near.Equal([-1], trained);
    }

    [Fact]
    public void Like_layers_make_a_loop()
    {
        var blocks = Repeat.Create(4, k => Linear.Create(3, 3, k), key);
        var x = Tensor.Ones(2, 3);
        var expected = x;

        for (var i = 0; i < 4; i++)
        {
            expected = blocks.Item(i).Forward(expected);
        }

        Assert.True(expected.AllClose(blocks.Fold((layer, y) => layer.Forward(y), x)));
        var (last, sums) = blocks.MapFold((layer, y) => (layer.Forward(y), y.Sum()), x);
        Assert.True(expected.AllClose(last));
        Assert.Equal(6, (double)sums.Slice(0));
        var noisy = blocks.FoldWithKeys((layer, k, y) => layer.Forward(y) + k.Normal([2, 3]), key, x);
        Assert.NotEqual(expected, noisy);
    }

    [Fact]
    public void Connections()
    {
        var x = Tensor.Create([1.0, 2.0]);
        Near.Equal([2, 6], Connect.Residual(y => y.Square(), x));
        Near.Equal([1, 2, 3, 6], Connect.Dense(0, [y => y.Sum(0, true), y => y.Sum(0, true)], x));
        Near.Equal([10, 20, 30, 50], Connect.Around(0, y => y * 2, y => y + 1, y => y * 10, x));
    }

    [Fact]
    public void Surgery_goes_by_names()
    {
        var model = Mlp.Create(2, key, (3, Activation.Tanh), (1, Activation.Identity));
        Assert.Equal(13, Model.Count(model));
        Assert.Equal(["layers.0.bias", "layers.1.bias"], Model.Select(model, "**.bias").Select(leaf => leaf.Name));
        Near.Equal([1, 1, 1], Model.MapAt(model, "layers.0.bias", b => b + 1).Layers[0].Bias!);
        Near.Equal([7], Model.Replace(model, "layers.1.bias", Tensor.Create([7f])).Layers[1].Bias!);
        var x = Tensor.Ones(4, 2);
        var gradient = Differentiate.Gradient(m => Model.Freeze(m, "layers.0.**").Forward(x).Sum(), model);
        Near.Equal([0, 0, 0], gradient.Layers[0].Bias!);
        Near.Equal([4], gradient.Layers[1].Bias!);

        var summary = Model.Summary((m, y) => m.Forward(y), x, model);
        Assert.Equal(4 * (6 + 3), summary.MultiplyAdds);
        Assert.Contains("layers.1.weight", summary.ToString());

        var frozen = (A: Tensor.Create([1.0]), B: new Frozen<Tensor>(Tensor.Create(2)));
        Assert.Equal([true, false], Tree.Entries(frozen).Select(leaf => leaf.IsTrained));
        var (slope, still) = Differentiate.Gradient(p => (p.A * p.B.Value.Convert(DType.Float64)).Sum(), frozen);
        Near.Equal([2], slope);
        Assert.Equal(Tensor.Create(0), still.Value);
        Near.Equal([3], Tree.MapTrained(frozen, t => t * 3).A);
        Near.Equal([5], Tree.RebuildTrained(frozen, Tensor.Create([5.0])).A);
        Assert.Single(Tree.Trained(frozen));
        Assert.Equal(Tensor.Create([1.0]), Tree.ToVector(frozen));
        Near.Equal([6], Tree.OfVector(frozen, Tensor.Create([6.0])).A);
        Assert.StartsWith("Tree.OfVector:", Assert.Throws<ShapeException>(() => Tree.OfVector(frozen, Tensor.Create([6.0, 7.0]))).Message);
    }

    [Fact]
    public void Activations()
    {
        var x = Tensor.Create([-1.0, 2.0]);
        Near.Equal([0, 2], Activation.Relu.Apply(x));
        Near.Equal([-1, 2], Activation.Identity.Apply(x));
        Near.Equal([-1 / (1 + Math.E), 2 / (1 + Math.Exp(-2))], Activation.Silu.Apply(x));
        Near.Equal([-0.15865525393145707, 2 * 0.97724986805182079], Activation.Gelu.Apply(x));
        Near.Equal([-0.8427007929497149, 0.9953222650189527], x.Erf());
        Near.Equal([1.8427007929497149, 0.0046777349810472658], x.Erfc());
        Assert.Equal(Activation.Gelu.Apply(x), x.Gelu());
        Assert.Equal(Activation.Silu.Apply(x), x.Silu());
        Assert.True((double)(x.GeluTanh() - x.Gelu()).Abs().Max() < 5e-4);
    }
}
