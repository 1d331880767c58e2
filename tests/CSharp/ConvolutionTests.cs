namespace Cotangent.CSharp.Tests;

public class ConvolutionTests
{
    private static readonly Tensor edges = Tensor.Create([[[-1.0, 0.0, 1.0]]]);
    private static readonly Tensor signal = Tensor.Create([[1.0, 2.0, 4.0, 8.0, 16.0]]);

    [Fact]
    public void Windows_are_plain_unless_told()
    {
        Near.Equal([3, 6, 12], signal.Convolve(edges).Flatten());
        Near.Equal([2, 3, 6, 12, -8], signal.Convolve(edges, Window.Same).Flatten());
        Near.Equal([3, 12], signal.Convolve(edges, Window.Stride(2)).Flatten());
        Near.Equal([2, 3, 6, 12, -8], signal.Convolve(edges, new() { Padding = Padding.Around(1) }).Flatten());
        Near.Equal([2, 3, 6, 12], signal.Convolve(edges, new() { Padding = Padding.Sides((1, 0)) }).Flatten());
        Near.Equal([15], signal.Convolve(edges, new() { Dilation = [2] }).Flatten());
    }

    [Fact]
    public void Groups_meet_their_own_channels()
    {
        var x = Tensor.Create([[1.0, 2.0], [10.0, 20.0]]);
        var kernel = Tensor.Create([[[1.0]], [[2.0]]]);
        Near.Equal([1, 2, 20, 40], x.Convolve(kernel, groups: 2).Flatten());
    }

    [Fact]
    public void Transposed()
    {
        var kernel = Tensor.Create([[[1.0, 10.0]]]);
        var x = Tensor.Create([[1.0, 2.0]]);
        Near.Equal([1, 10, 2, 20], x.ConvolveTransposed(kernel, Window.Stride(2)).Flatten());
        Near.Equal([1, 10, 2, 20, 0], x.ConvolveTransposed(kernel, [5], Window.Stride(2)).Flatten());
    }

    [Fact]
    public void Pooling()
    {
        Near.Equal([2, 8], signal.MaxPool([2], Window.Stride(2)).Flatten());
        Near.Equal([1.5, 6], signal.AveragePool([2], Window.Stride(2)).Flatten());
        Assert.Throws<ShapeException>(() => signal.MaxPool([2, 2]));
    }

    [Fact]
    public void Windows_are_values()
    {
        Assert.Equal(Window.Plain, new Window { Strides = Window.Plain.Strides, Dilation = Window.Plain.Dilation });
        Assert.Equal(Padding.Around(2), Padding.Around(2));
    }
}
