namespace Cotangent.CSharp.Tests;

/// <summary>Comparing tensors with closed forms.</summary>
internal static class Near
{
    internal static void Equal(double expected, Tensor actual, double tolerance = 1e-12) =>
        Assert.Equal(expected, (double)actual, tolerance);

    internal static void Equal(double[] expected, Tensor actual, double tolerance = 1e-12)
    {
        var found = actual.Convert(DType.Float64).ToArray<double>();
        Assert.Equal(expected.Length, found.Length);

        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], found[i], tolerance);
        }
    }
}
