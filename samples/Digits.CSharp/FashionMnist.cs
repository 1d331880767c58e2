using Cotangent;

namespace Samples.CSharp;

/// <summary>Images (n, 1, 28, 28) in Float32 from 0 to 1, and labels (n) in Int32.</summary>
public sealed record Images(Tensor Pixels, Tensor Labels);

/// <summary>
/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): grey images of 28 × 28 pixels, of ten kinds of clothing.
/// </summary>
public static class FashionMnist
{
    private static Images Whole(bool training)
    {
        var set = ReadySets.FashionMnist(training);
        return new(set.Images, set.Labels);
    }

    /// <summary>The few that come with the program.</summary>
    private static Images Slice(string part)
    {
        Tensor Read(string kind) =>
            Idx.Read(Path.Combine(AppContext.BaseDirectory, "data", $"{part}-{kind}-ubyte.gz"));

        return new((Read("images-idx3").Convert(DType.Float32) / 255f).Unsqueeze(1), Read("labels-idx1").Convert(DType.Int32));
    }

    /// <summary>The images, or a few of them that come with the program.</summary>
    /// <exception cref="FileNotFoundException">They are not on this machine; says how to get them.</exception>
    public static (Images Train, Images Test) Load(bool quick) =>
        quick ? (Slice("train"), Slice("t10k")) : (Whole(true), Whole(false));
}
