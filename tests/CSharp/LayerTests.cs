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
