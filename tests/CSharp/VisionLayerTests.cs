namespace Cotangent.CSharp.Tests;

/// <summary>Layers for images, signals and volumes: arguments arrive where they should, and defaults are the field's.</summary>
public class VisionLayerTests
{
    private static readonly Key key = Key.Create(1);
    private static readonly Tensor x = key.Normal([2, 4, 6, 5], DType.Float64);

    [Fact]
    public void A_convolution_has_windows_groups_and_an_activation()
    {
        var plain = Convolution.Create(3, 4, 8, key);
        Assert.Equal([8, 4, 3, 3], plain.Weight.Shape);
        Assert.Equal(Tensor.Zeros(8), plain.Bias!);
        Assert.Equal([2, 8, 4, 3], plain.Forward(x.Convert(DType.Float32)).Shape);

        Initializer counting = (fans, shape, dtype, _) => Tensor.Full(fans.FanIn + 1000 * fans.FanOut, [.. shape], dtype);
        var window = new Window { Strides = [2, 1], Padding = Padding.Around(1) };
        var layer = Convolution.Create(
            [3, 2],
            4,
            6,
            key,
            window,
            PaddingMode.Circular,
            groups: 2,
            activation: Activation.Tanh,
            dtype: DType.Float64,
            weightInit: counting,
            biasInit: Init.Constant(3)
        );
        Assert.Equal(Tensor.Full(18012, [6, 2, 3, 2], DType.Float64), layer.Weight);
        Assert.Equal(Tensor.Full(3, [6], DType.Float64), layer.Bias!);

        var weight = key.Normal([6, 2, 3, 2], DType.Float64);
        var bias = key.Normal([6], DType.Float64);
        var expected = x.Pad(PaddingMode.Circular, (1, 1), (1, 1))
            .Convolve(weight, new() { Strides = [2, 1] }, groups: 2);
        var own = Convolution.Of(weight, bias, window, PaddingMode.Circular, 2, Activation.Tanh);
        Near.Equal(0, ((expected + bias.Reshape(6, 1, 1)).Tanh() - own.Forward(x)).Abs().Max());
        Near.Equal(0, (x.Convolve(plain.Weight.Convert(DType.Float64)) - Convolution.Of(plain.Weight.Convert(DType.Float64), null).Forward(x)).Abs().Max());
        Assert.Null(Convolution.Create(3, 4, 8, key, bias: false).Bias);
        Assert.Equal([5, 3, 7], Convolution.Create([7], 3, 5, key).Weight.Shape);

        var e = Assert.Throws<ValueException>(() => Convolution.Create(3, 4, 6, key, groups: 4));
        Assert.StartsWith("Convolution.Create: 4 groups of 4 input and 6 output", e.Message);
    }

    [Fact]
    public void A_transposed_convolution_pads_its_output()
    {
        var window = new Window { Strides = [2], Padding = Padding.Around(1) };
        var layer = TransposedConvolution.Create(3, 4, 6, key, window, outputPadding: 1, dtype: DType.Float64);
        Assert.Equal([4, 6, 3, 3], layer.Weight.Shape);
        Assert.Equal([2, 6, 12, 10], layer.Forward(x).Shape);
        Near.Equal(0, (x.ConvolveTransposed(layer.Weight, [12, 10], window) - layer.Forward(x)).Abs().Max());

        var uneven = TransposedConvolution.Create([3, 2], 4, 6, key, Window.Stride(3), [2, 1], groups: 2, bias: false, dtype: DType.Float64);
        Assert.Equal([4, 3, 3, 2], uneven.Weight.Shape);
        Assert.Null(uneven.Bias);
        Assert.Equal([2, 6, 20, 15], uneven.Forward(x).Shape);
        Assert.Equal([2, 6, 18, 14], TransposedConvolution.Of(uneven.Weight, null, Window.Stride(3), groups: 2).Forward(x).Shape);
        Assert.Equal([2, 3, 8, 6], TransposedConvolution.Of(uneven.Weight, Tensor.Zeros([3], DType.Float64)).Forward(x).Shape);
        Assert.Throws<ValueException>(() => TransposedConvolution.Create(3, 4, 6, key, outputPadding: 1));
    }

    [Fact]
    public void Normalisations_have_gains_biases_and_an_epsilon()
    {
        var row = Tensor.Create([1.0, 3.0]);
        Near.Equal([-0.5 * 2 + 5, 0.5 * 2 + 5], LayerNorm.Create(2, 2, 5, 3, DType.Float64).Forward(row));
        Near.Equal([2, 6], RmsNorm.Create(2, 6, 4, DType.Float64).Forward(row));
        Assert.Equal([4, 8], LayerNorm.Create([4, 8], bias: null).Weight!.Shape);
        Assert.Null(LayerNorm.Create(8, weight: null).Weight);
        Assert.Equal(1e-5, LayerNorm.Create(8).Epsilon);
        Assert.Equal(Tensor.Ones(3), RmsNorm.Create([3]).Weight!);

        var image = Tensor.Create([[[1.0, 3.0], [5.0, 5.0]]]);
        Near.Equal([-1 + 5, 1 + 5, 5, 5], GroupNorm.Create(2, 2, 2, 5, 3, DType.Float64).Forward(image).Flatten());
        var whole = GroupNorm.Create(1, 2, epsilon: 0, dtype: DType.Float64);
        Near.Equal(-2.5 / Math.Sqrt(2.75), whole.Forward(image).Flatten().Slice(0));
        Near.Equal([-0.5, 0.5, 0, 0], InstanceNorm.Create(2, epsilon: 3, dtype: DType.Float64).Forward(image).Flatten());
        Near.Equal([-1 + 5, 1 + 5, 5, 5], InstanceNorm.Create(2, 2, 5, 3, DType.Float64).Forward(image).Flatten());
    }

    [Fact]
    public void A_batch_normalisation_trains_and_predicts()
    {
        var batch = Tensor.Create([[1.0], [3.0]]);
        var (y, layer) = BatchNorm.Create(1, 2, 5, 0.25, 3, DType.Float64).Train(batch);
        Near.Equal([-1 + 5, 1 + 5], y.Flatten());
        Near.Equal([0.5], layer.RunningMean.Value);
        Near.Equal([0.75 + 0.25 * 2], layer.RunningVar.Value);
        Near.Equal([0.5 / Math.Sqrt(4.25) * 2 + 5, 2.5 / Math.Sqrt(4.25) * 2 + 5], layer.Forward(batch).Flatten());

        var (_, usual) = BatchNorm.Create(1, dtype: DType.Float64).Train(batch);
        Near.Equal([0.2], usual.RunningMean.Value);
        Near.Equal([1.1], usual.RunningVar.Value);
        Assert.Null(BatchNorm.Create(1, weight: null, bias: null).Weight);
        Assert.Contains("BatchNorm.Forward", Assert.Throws<ShapeException>(() => usual.Train(batch.Slice(..1))).Message);
    }

    [Fact]
    public void Dropout_drops_elements_channels_and_examples()
    {
        var ones = Tensor.Ones(50, 4, 3, 2);
        Assert.Equal(ones, Dropout.Create(0.5).Forward(ones));
        Assert.Equal(4f, (float)Dropout.Create(0.75).Train(ones, key).Max());
        Assert.Contains(2f, Dropout.Create(0.5).Train(ones, key).Sum([2, 3]).Flatten().ToArray<float>());
        Assert.All(Dropout.Create(0.5, Dropped.Channels).Train(ones, key).Sum([2, 3]).Flatten().ToArray<float>(), n => Assert.True(n is 0 or 12));
        Assert.All(Dropout.Create(0.5, Dropped.Examples).Train(ones, key).Sum([1, 2, 3]).ToArray<float>(), n => Assert.True(n is 0 or 48));
        Assert.Throws<ValueException>(() => Dropout.Create(1));
    }

    [Fact]
    public void Images_are_resized()
    {
        var row = Tensor.Create([[0.0, 4.0]]);
        Near.Equal([0, 0, 4], row.Resize([3]).Flatten());
        Near.Equal([0, 1, 3, 4], row.Resize([4], Interpolation.Linear).Flatten());
        Near.Equal([0, 1, 2, 3, 4], row.Resize([5], Interpolation.Linear, alignCorners: true).Flatten());
        Near.Equal([0, 0, 4, 4], Upsample.Create([2]).Forward(row).Flatten());
        Near.Equal([0, 4.0 / 3, 8.0 / 3, 4], Upsample.Create([2], Interpolation.Linear, true).Forward(row).Flatten());
        Assert.Equal([2, 4, 12, 10], Upsample.Create(2).Forward(x).Shape);
        Assert.Equal(x.Resize([12, 10], Interpolation.Cubic), Upsample.Create(2, Interpolation.Cubic).Forward(x));
        Assert.Equal(x, x.PixelShuffle(2).PixelUnshuffle(2));
        Assert.Equal([2, 1, 12, 10], x.PixelShuffle(2).Shape);

        var line = Tensor.Create([[[1.0, 2.0, 3.0, 4.0, 5.0]]]);
        Near.Equal([2, 4], line.AdaptiveAveragePool([2]).Flatten());
        Near.Equal([3, 5], line.AdaptiveMaxPool([2]).Flatten());
        Near.Equal([3], line.GlobalAveragePool().Flatten());
        Near.Equal([5], line.GlobalMaxPool().Flatten());
    }
}
