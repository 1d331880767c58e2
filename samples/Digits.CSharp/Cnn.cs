using Cotangent;

namespace Samples.CSharp;

/// <summary>A small convolutional network: two convolutions and a linear layer, 50,186 parameters.</summary>
public sealed record Cnn(Convolution First, Convolution Second, Linear Last)
{
    public static Cnn Create(Key key)
    {
        var keys = key.Split(3);

        return new(
            Convolution.Create(3, 1, 32, keys[0], Window.Same),
            Convolution.Create(3, 32, 64, keys[1], Window.Same),
            Linear.Create(64 * 7 * 7, 10, keys[2])
        );
    }

    /// <summary>Logits (batch, 10) of images (batch, 1, 28, 28).</summary>
    public Tensor Forward(Tensor images)
    {
        static Tensor Halve(Tensor x) => x.Relu().MaxPool([2, 2], Window.Stride(2));
        var x = Halve(Second.Forward(Halve(First.Forward(images))));
        return Last.Forward(x.Reshape(x.Shape[0], -1));
    }
}
