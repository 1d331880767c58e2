using Cotangent;
using Cotangent.Images;

namespace Cotangent.Images.CSharp;

/// <summary>Pictures as a C# program uses them: no F# type in sight. The tests run it.</summary>
public static class InCSharp
{
    private static readonly double[] Mean = [0.485, 0.456, 0.406];
    private static readonly double[] Deviation = [0.229, 0.224, 0.225];

    /// <summary>An example as networks for ImageNet are trained on.</summary>
    public static Tensor TrainingExample(string path, Key key)
    {
        var keys = key.Split(4);

        return ImageFile.Load(path, Channels.Rgb)
            .RandomResizedCrop(keys[0], 24, 24, leastArea: 0.3)
            .RandomFlip(keys[1])
            .ColorJitter(keys[2], brightness: 0.4, hue: 0.1)
            .RandomErasing(keys[3], fill: Color.OfGray(128))
            .Normalize(Mean, Deviation);
    }

    /// <summary>One as they are tested on.</summary>
    public static Tensor TestExample(string path) =>
        ImageFile.Load(path, Channels.Rgb)
            .ResizeShorter(28, Resampling.Bilinear)
            .CropCenter(24, 24)
            .Normalize(Mean, Deviation);

    /// <summary>A batch mixed with itself.</summary>
    public static (Tensor X, Tensor Y) MixedBatch(IEnumerable<Image> images, Tensor labels, Key key) =>
        images.Stack().ShiftImages(key, 2).Mixup(labels, key.Fold(1), 0.4);

    /// <summary>Pictures side by side in a file.</summary>
    public static Image Sheet(string path, IEnumerable<Image> images)
    {
        var sheet = images
            .Select(image => image.Resize(16, 16, Resampling.Area).Rotate(10, Resampling.Bilinear, fill: Color.White))
            .Grid(columns: 3, padding: 1, background: Color.White);

        sheet.Save(path);
        return ImageFile.Decode(File.ReadAllBytes(path));
    }

    /// <summary>A picture from bytes, changed and looked at.</summary>
    public static byte Pixel()
    {
        var image = Image.Create(1, 2, 3, new byte[] { 10, 20, 30, 40, 50, 60 });
        return image.Pad(Border.NewConstant(Color.White), 1, 1, 1, 1).Affine(Resampling.Nearest, translateX: 1)[1, 2, 0];
    }

    /// <summary>What is wrong with a file.</summary>
    public static string Problem(string path)
    {
        try
        {
            return ImageFile.Load(path).ToString();
        }
        catch (FileException e)
        {
            return e.Message;
        }
    }

    /// <summary>The pictures of a folder of folders, with their labels.</summary>
    public static IEnumerable<(string Path, int Label)> Files(string root) => ImageFile.ReadFolder(root).Files;
}
