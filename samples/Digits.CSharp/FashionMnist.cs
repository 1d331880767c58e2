using System.Buffers.Binary;
using System.IO.Compression;
using Cotangent;

namespace Samples.CSharp;

/// <summary>Images (n, 1, 28, 28) in Float32 from 0 to 1, and labels (n) in Int32.</summary>
public sealed record Images(Tensor Pixels, Tensor Labels);

/// <summary>
/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): grey images of 28 × 28 pixels, of ten kinds of clothing.
/// </summary>
public static class FashionMnist
{
    /// <summary>The sizes and bytes of a file in the format IDX.</summary>
    private static (int[] Shape, byte[] Bytes) ReadIdx(string path)
    {
        using var unzipped = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var all = new MemoryStream();
        unzipped.CopyTo(all);
        var bytes = all.ToArray();
        var start = 4 + 4 * bytes[3];
        var shape = Enumerable
            .Range(0, bytes[3])
            .Select(i => BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 + 4 * i, 4)))
            .ToArray();
        return (shape, bytes[start..]);
    }

    private static Images Read(string folder, string kind)
    {
        var (shape, pixels) = ReadIdx(Path.Combine(folder, $"{kind}-images-idx3-ubyte.gz"));
        var (_, labels) = ReadIdx(Path.Combine(folder, $"{kind}-labels-idx1-ubyte.gz"));
        float[] scaled = [.. pixels.Select(p => p / 255f)];
        int[] whole = [.. labels.Select(label => (int)label)];
        return new(Tensor.Create(scaled).Reshape(shape[0], 1, shape[1], shape[2]), Tensor.Create(whole));
    }

    private static IEnumerable<string> Places()
    {
        if (Environment.GetEnvironmentVariable("COTANGENT_DATA") is { Length: > 0 } folder)
        {
            yield return Path.Combine(folder, "fashion-mnist");
            yield return folder;
        }

        yield return "/usr/share/datasets/fashion-mnist";
    }

    /// <summary>The images, or a few of them that come with the program; null where they are not on this machine.</summary>
    public static (Images Train, Images Test)? Load(bool quick)
    {
        var folder = quick
            ? Path.Combine(AppContext.BaseDirectory, "data")
            : Places().FirstOrDefault(place => File.Exists(Path.Combine(place, "train-images-idx3-ubyte.gz")));

        return folder is null ? null : (Read(folder, "train"), Read(folder, "t10k"));
    }
}
