namespace Cotangent.CSharp.Tests;

public class LayerTests
{
    private static readonly Key key = Key.Create(1);

    [Fact]
    public void A_linear_layer_is_an_affine_map_and_an_activation()
    {
        var layer = new Linear(Tensor.Create([[1.0], [2.0]]), Tensor.Create([3.0]));
        var x = Tensor.Create([[10.0, 20.0]]);

        Near.Equal([53], layer.Forward(x));
        Near.Equal([50], (layer with { Bias = null }).Forward(x));
        Near.Equal([Math.Tanh(53)], (layer with { Activation = Activation.Tanh }).Forward(x));
        Near.Equal([-0.2 * 47], (layer with { Activation = Activation.LeakyRelu(0.2) }).Forward(x * 0 - 50.0 / 3));
    }

    [Fact]
    public void Layers_are_made_from_keys_and_options()
    {
        var layer = Linear.Create(3, 8, key, Activation.Relu);
        Assert.Equal([3, 8], layer.Weight.Shape);
        Assert.Equal(Tensor.Zeros(8), layer.Bias!);
        Assert.Equal(layer, Linear.Create(3, 8, key, Activation.Relu));

        var other = Linear.Create(3, 8, key, new LinearOptions { Weight = Init.Constant(2), Bias = null });
        Assert.Equal(Tensor.Full(2, [3, 8]), other.Weight);
        Assert.Null(other.Bias);

        Initializer counting = (fans, shape, _) => Tensor.Full(fans.In, [.. shape]);
        Assert.Equal(Tensor.Full(3, [3, 8]), Linear.Create(3, 8, key, new LinearOptions { Weight = counting }).Weight);
    }

    [Fact]
    public void Initialisers_take_their_spread_from_the_fans()
    {
        var fans = new Fans(100, 200);

        void IsSpread(Initializer init, double expected) =>
            Assert.Equal(expected, Math.Sqrt((double)init(fans, [100, 200], key).Variance()), expected * 0.03);

        IsSpread(Init.GlorotUniform, Math.Sqrt(2.0 / 300));
        IsSpread(Init.GlorotNormal, Math.Sqrt(2.0 / 300));
        IsSpread(Init.HeUniform, Math.Sqrt(2.0 / 100));
        IsSpread(Init.HeNormal, Math.Sqrt(2.0 / 100));
        IsSpread(Init.LecunNormal, 0.1);
        IsSpread(Init.InverseRoot, 0.1 / Math.Sqrt(3));
        IsSpread(Init.NormalOf(f => 1.0 / f.Out), 1.0 / 200);
        IsSpread(Init.UniformWithin(_ => 1), 1 / Math.Sqrt(3));
    }

    [Fact]
    public void Perceptrons_chain_layers()
    {
        var model = Mlp.Create(2, key, (16, Activation.Tanh), (1, Activation.Identity));
        var x = Tensor.Ones(5, 2);
        Assert.Equal([5, 1], model.Forward(x).Shape);
        Assert.Equal(model.Layers[1].Forward(model.Layers[0].Forward(x)), model.Forward(x));
        Assert.Equal(2 * 16 + 16 + 16 + 1, Tree.Size(model));

        var plain = Mlp.Create(2, key, (1, new LinearOptions { Bias = null }));
        Assert.Equal(2, Tree.Size(plain));
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
