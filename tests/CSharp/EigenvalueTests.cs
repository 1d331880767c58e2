using System.Numerics;

namespace Cotangent.CSharp.Tests;

/// <summary>Eigenvalues, complex matrices, incomplete functions, boxes and files by the facade.</summary>
public class EigenvalueTests
{
    [Fact]
    public void Eigenvalues_and_roots()
    {
        var turn = Tensor.Create([[0.0, -1.0], [1.0, 0.0]]);
        var (values, vectors) = turn.Eig();
        Near.Equal([-1.0, 1.0], values.Imag());
        Near.Equal([0.5, 0.5, 0.5, 0.5], vectors.Abs() * vectors.Abs());
        Near.Equal([1.0, 2.0], Tensor.Create([[2.0, 7.0], [0.0, 1.0]]).Eigenvalues().Real());
        Near.Equal([1.0, 2.0], Tensor.Create([1.0, -3.0, 2.0]).Roots().Real());
        var error = Assert.Throws<ShapeException>(() => Tensor.Create([1.0]).Roots());
        Assert.StartsWith("Roots: ", error.Message);
    }

    [Fact]
    public void Complex_matrices_are_solved_and_decomposed()
    {
        var i = Complex.ImaginaryOne;
        var a = Tensor.Create([[2, i], [-i, 3]]);
        var x = Tensor.Create([1 + i, 2]);
        Assert.True((a.Solve(a.MatMul(x)) - x).Abs().Max().ToScalar<double>() < 1e-14);
        Near.Equal(5.0, a.Det().Real());
        var l = a.Cholesky();
        Assert.True((l.MatMul(l.T.Conj()) - a).Abs().Max().ToScalar<double>() < 1e-14);
        Near.Equal(5.0, a.Eigh().Values.Sum());
    }

    [Fact]
    public void Incomplete_functions_have_inverses_and_derivatives()
    {
        var a = Tensor.Create(2.0);
        Near.Equal(3.0, a.Gammaincinv(a.Gammainc(Tensor.Create(3.0))));
        Near.Equal(3.0, a.Gammainccinv(a.Gammaincc(Tensor.Create(3.0))));
        Near.Equal(0.25, a.Betaincinv(a, a.Betainc(a, Tensor.Create(0.25))));
        // P(a, 3) falls as a rises: -0.19742541957920246.
        var slope = Differentiate.Gradient((Tensor shape) => shape.Gammainc(Tensor.Create(3.0)))(a);
        Near.Equal(-0.19742541957920246, slope);
    }

    [Fact]
    public void Boxes_and_sizes()
    {
        var boxes = Tensor.Create([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.2], [5.0, 5.0, 6.0, 6.0]]);
        var scores = Tensor.Create([0.6, 0.9, 0.3]);
        Assert.Equal(Tensor.Create([1, 2]), Boxes.NonMaximumSuppression(boxes, scores));
        Assert.Equal(Tensor.Create([1, 2, -1]), Boxes.NonMaximumSuppressionOf(3, boxes, scores));
        Assert.Equal(Tensor.Create([false, true, true]), Boxes.IsKept(boxes, scores));
        Near.Equal(boxes.ToArray<double>(), Boxes.OfCenters(Boxes.ToCenters(boxes)));
        Near.Equal([4.0, 4.4, 1.0], Boxes.Area(boxes));
        Near.Equal(4 / 4.4, Boxes.Iou(boxes, boxes).Slice(0, 1));

        var x = Tensor.Create([0.0, 0.0, 8.0, 0.0, 0.0, 0.0]);
        var part = ResizeCoordinates.CropTo([0.2], [0.6]);
        Near.Equal([0.0, 8.0, 0.0], x.ResizeWith([3], coordinates: part));
        Near.Equal(x.Resize([4], Interpolation.Linear).ToArray<double>(), x.ResizeWith([4]));
        var error = Assert.Throws<ValueException>(() => x.ResizeWith([3], scales: [0.0]));
        Assert.StartsWith("ResizeWith: ", error.Message);
    }

    [Fact]
    public void Different_slices_and_gates_before_the_product()
    {
        var t = Tensor.Create([[1, 0], [0, 7], [1, 0]]);
        Assert.Equal(Tensor.Create([[0, 7], [1, 0]]), t.Unique(axis: 0));
        Assert.Equal(Tensor.Create([1, 0, 7]), t.Unique(sorted: false));
        Assert.Equal(Tensor.Create([2L, 1L]), t.UniqueAll(axis: 0, sorted: false).Counts);
        var key = Key.Create(1);
        Assert.True(Gru.Create(2, 3, key).ResetAfter);
        Assert.False(Gru.Create(2, 3, key, resetAfter: false).ResetAfter);
    }

    [Fact]
    public void Arrays_of_complex_numbers_are_written_and_read()
    {
        var path = Path.GetTempFileName();

        try
        {
            var t = Tensor.Create([1 + Complex.ImaginaryOne, 2]);
            NumPy.WriteArray(path, t);
            Assert.Equal(t, NumPy.ReadArray(path));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
