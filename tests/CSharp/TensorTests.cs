namespace Cotangent.CSharp.Tests;

public class TensorTests
{
    [Fact]
    public void The_dtype_follows_the_data()
    {
        Assert.Equal(DType.Float32, Tensor.Create([1f, 2f]).DType);
        Assert.Equal(DType.Float64, Tensor.Create([1.0, 2.0]).DType);
        Assert.Equal(DType.Int32, Tensor.Create([1, 2]).DType);
        Assert.Equal(DType.Int64, Tensor.Create([1L, 2L]).DType);
        Assert.Equal(DType.Bool, Tensor.Create([true, false]).DType);
        Assert.Equal(DType.Float16, Tensor.Create([(Half)1, (Half)2]).DType);
    }

    [Fact]
    public void Complex_numbers_and_their_parts()
    {
        var z = Tensor.Complex(Tensor.Create([3.0, 0.0]), Tensor.Create([4.0, -1.0]));
        Assert.Equal(Tensor.Create([new System.Numerics.Complex(3, 4), new System.Numerics.Complex(0, -1)]), z);
        Assert.Equal(DType.Complex64, Tensor.Create([new Complex64(1, 2)]).DType);
        Near.Equal([5, 1], z.Abs());
        Near.Equal([3, 0], z.Real());
        Near.Equal([-4, 1], z.Conj().Imag());
        Near.Equal([Math.Atan2(4, 3), -Math.PI / 2], z.Angle());
        Near.Equal([3, 0], Tensor.Polar(z.Abs(), z.Angle()).Real());
        Near.Equal([6, 0], Differentiate.Gradient(w => (w * w.Conj()).Real().Sum(), z).Real());
    }

    [Fact]
    public void Fourier_transforms()
    {
        var x = Tensor.Create([[1.0, 2.0, 4.0], [0.0, -1.0, 3.0]]);
        Near.Equal([7, 2], x.Fft().Real().Slice(.., 0));
        Assert.True(x.Fft(axis: 0).Ifft(axis: 0).Real().AllClose(x));
        Assert.True(x.Fft(length: 2, norm: FourierNorm.Orthonormal).Ifft(norm: FourierNorm.Orthonormal).Real().AllClose(x.Slice(.., ..2)));
        Assert.Equal([2, 2], x.Rfft().Shape);
        Assert.True(x.Rfft().Irfft(length: 3).AllClose(x));
        Assert.True(x.Rfftn().Irfftn(length: 3).AllClose(x));
        Assert.True(x.Fftn([0]).Ifftn([0]).Real().AllClose(x));
        Assert.True(x.Fft2().Ifft2().Real().AllClose(x));
        Assert.True(x.FftShift().IfftShift().AllClose(x));
        Assert.True(x.Dct().Idct().AllClose(x));
        Assert.True(x.Dct(axis: 0, kind: 3, orthonormal: true).Idct(axis: 0, kind: 3, orthonormal: true).AllClose(x));
        Near.Equal([0, 1, 2.5, 4, 1.5], Tensor.Create([1.0, 2.0, 3.0]).FftConvolve(Tensor.Create([0.0, 1.0, 0.5])));
        Near.Equal([0, 0.5, -1, -0.5], Tensor.FftFrequencies(4, 0.5, DType.Float64));
        Near.Equal([0, 0.5, 1], Tensor.RfftFrequencies(4, 0.5, DType.Float64));
        Near.Equal([0, 0.5, 1, 0.5], SignalWindow.Hann(4, DType.Float64));
        Near.Equal([0.08, 0.54, 1, 0.54], SignalWindow.Hamming(4, DType.Float64));
        Near.Equal([0, 0.34, 1, 0.34], SignalWindow.Blackman(4, DType.Float64));
        Near.Equal([1, 1], SignalWindow.Kaiser(0, 2, DType.Float64));

        var sound = Tensor.Arange(32, DType.Float64);
        var window = SignalWindow.Hann(8, DType.Float64);
        Assert.Equal([5, 17], sound.Stft(window, 2).Shape);
        Assert.True(sound.Stft(window, 2).Istft(window, 2).AllClose(sound));
    }

    [Fact]
    public void Brackets_say_the_shape()
    {
        Assert.Equal([], Tensor.Create(1.0).Shape);
        Assert.Equal([1], Tensor.Create([1.0]).Shape);
        Assert.Equal([2, 3], Tensor.Create([[1f, 2f, 3f], [4f, 5f, 6f]]).Shape);
        Assert.Equal([1, 2, 1], Tensor.Create([[[1f], [2f]]]).Shape);
    }

    [Fact]
    public void Arrays_spans_and_sequences_all_make_tensors()
    {
        float[] array = [1, 2, 3];
        Span<float> span = [1, 2, 3];
        ReadOnlySpan<float> readOnly = [1, 2, 3];
        List<float> list = [1, 2, 3];
        var expected = Tensor.Arange(1, 4);

        Assert.Equal(expected, Tensor.Create(array));
        Assert.Equal(expected, Tensor.Create(span));
        Assert.Equal(expected, Tensor.Create(readOnly));
        Assert.Equal(expected, Tensor.Create(list));
        Assert.Equal(expected, Tensor.Create(list.Where(x => x > 0)));
        Assert.Equal(expected, Tensor.Create(array, [3]));
    }

    [Fact]
    public void Rectangular_and_jagged_arrays_go_both_ways()
    {
        double[,] block = { { 1, 2, 3 }, { 4, 5, 6 } };
        double[][] rows = [[1, 2, 3], [4, 5, 6]];
        var x = Tensor.Create(block);

        Assert.Equal(x, Tensor.Create(rows));
        Assert.Equal(x, Tensor.Create([1.0, 2, 3, 4, 5, 6], [2, 3]));
        Assert.Equal(block, x.ToData<double[,]>());
        Assert.Equal(rows, x.ToData<double[][]>());
        Assert.Equal([1, 2, 3, 4, 5, 6], x.ToArray<double>());
        Assert.Equal([2, 1, 3], Tensor.Create(new int[2, 1, 3]).Shape);
        Assert.Equal([2, 1, 3, 1], Tensor.Create(new int[2, 1, 3, 1]).Shape);
    }

    [Fact]
    public void A_single_element_is_a_number()
    {
        var x = Tensor.Create(2.5);
        Assert.Equal(2.5, x.ToScalar<double>());
        Assert.Equal(2.5, (double)x);
        Assert.Equal(2.5f, (float)x);
        Assert.Equal(2, (int)x);
    }

    [Fact]
    public void Arithmetic_broadcasts_and_takes_plain_numbers()
    {
        var column = Tensor.Create([[1.0], [2.0]]);
        var row = Tensor.Create([10.0, 20.0]);

        Near.Equal([11, 21, 12, 22], column + row);
        Near.Equal([-9, -19, -8, -18], column - row);
        Near.Equal([2, 3], 1 + Tensor.Create([1.0, 2.0]));
        Near.Equal([0.5, 1], Tensor.Create([1f, 2f]) / 2);
        Near.Equal([-1, -2], -Tensor.Create([1, 2]));
        Near.Equal([1, 0], Tensor.Create([7, 6]) % 2);

        row *= 2;
        Near.Equal([20, 40], row);
    }

    [Fact]
    public void Creation()
    {
        Assert.Equal(Tensor.Create([[0f, 0f], [0f, 0f]]), Tensor.Zeros(2, 2));
        Assert.Equal(Tensor.Create([1.0, 1.0]), Tensor.Ones([2], DType.Float64));
        Assert.Equal(Tensor.Create([0.5f, 0.5f]), Tensor.Full(0.5, [2]));
        Assert.Equal(Tensor.Create([0, 2, 4]), Tensor.Arange(0, 6, 2, DType.Int32));
        Near.Equal([0, 0.5, 1], Tensor.Linspace(0, 1, 3, DType.Float64));
        Near.Equal([1, 0, 0, 1], Tensor.Eye(2));
        Near.Equal([0, 1, 0, 0, 0, 1], Tensor.OneHot(Tensor.Create([1, 2]), 3));
        Assert.Equal(Tensor.Zeros(3), Tensor.Ones(3).ZerosLike());
        Assert.Equal(Tensor.Ones(3), Tensor.Zeros(3).OnesLike());
        Assert.Equal(Tensor.Full(2, [3]), Tensor.Zeros(3).FullLike(2));
        Assert.Equal(7f, Tensor.Scalar(7).ToScalar<float>());
        Assert.Equal(0, Tensor.Zeros().Rank);
    }

    [Fact]
    public void Views()
    {
        var x = Tensor.Arange(0, 6).Reshape(2, 3);

        Assert.Equal([3, 2], x.T.Shape);
        Near.Equal([0, 3, 1, 4, 2, 5], x.T);
        Assert.Equal(x.T, x.Permute(1, 0));
        Assert.Equal(x.T, x.Transpose());
        Assert.Equal(x.T, x.MoveAxis(0, 1));
        Assert.Equal([3, 4, 2], Tensor.Zeros(2, 3, 4).MoveAxis(0, 2).Shape);
        Assert.Equal([4, 2, 3], Tensor.Zeros(2, 3, 4).MoveAxis(2, 0).Shape);
        Assert.Equal([6], x.Flatten().Shape);
        Assert.Equal([2, 1, 3], x.Unsqueeze(1).Shape);
        Assert.Equal([2, 3], x.Unsqueeze(1).Squeeze(1).Shape);
        Assert.Equal([2, 3], x.Unsqueeze(-1).Squeeze().Shape);
        Assert.Equal([4, 2, 3], x.Expand(4, 2, 3).Shape);
        Near.Equal([2, 1, 0, 5, 4, 3], x.Flip(1));
        Assert.Equal(DType.Int64, x.Convert(DType.Int64).DType);
        int[] shape = [3, 2];
        Assert.Equal(shape, x.Reshape(shape).Shape);
    }

    [Fact]
    public void Joining_and_taking_apart()
    {
        var (a, b) = (Tensor.Create([1, 2]), Tensor.Create([3, 4]));

        Assert.Equal(Tensor.Create([1, 2, 3, 4]), Tensor.Concat([a, b]));
        Assert.Equal(Tensor.Create([[1, 2], [3, 4]]), Tensor.Stack([a, b]));
        Assert.Equal(Tensor.Create([[1, 3], [2, 4]]), Tensor.Stack([a, b], axis: 1));
        Assert.Equal([a, b], Tensor.Stack([a, b]).Unstack());
        Assert.Equal([a, b], Tensor.Concat([a, b]).Split([2, 2]));
        Assert.Equal(Tensor.Create([1, 2, 1, 2]), a.Tile(2));
        Assert.Equal(Tensor.Create([9, 1, 2, 9, 9]), a.Pad([(1, 2)], 9));
        Assert.Equal(Tensor.Create([1, 2, 0]), a.Pad([(0, 1)]));
        Assert.Equal(Tensor.Create([1, 1, 2, 2]), a.Repeat(2, 0));
        Assert.Equal(Tensor.Create([2, 1]), a.Roll(1, 0));
        Assert.Equal([3, 3, 1], Tensor.Arange(7).Chunk(3).Select(part => part.Size));
    }

    [Fact]
    public void Decompositions()
    {
        var (q, r) = Tensor.Create([[3.0, 0.0], [4.0, 5.0]]).Qr();
        Assert.True(q.AllClose(Tensor.Create([[0.6, -0.8], [0.8, 0.6]])));
        Assert.True(r.AllClose(Tensor.Create([[5.0, 4.0], [0.0, 3.0]])));

        var (values, vectors) = Tensor.Create([[2.0, 1.0], [1.0, 2.0]]).Eigh();
        Assert.True(values.AllClose(Tensor.Create([1.0, 3.0])));
        Assert.True(vectors.T.MatMul(vectors).AllClose(Tensor.Create([[1.0, 0.0], [0.0, 1.0]])));
    }

    [Fact]
    public void Linear_algebra()
    {
        var a = Tensor.Create([[4.0, 2.0], [2.0, 5.0]]);
        var eye = Tensor.Create([[1.0, 0.0], [0.0, 1.0]]);
        Assert.True(a.Cholesky().AllClose(Tensor.Create([[2.0, 0.0], [1.0, 2.0]])));
        Assert.True(a.MatMul(a.Inv()).AllClose(eye));
        Assert.True(a.MatMul(a.Solve(eye)).AllClose(eye));
        Assert.True(a.Cholesky().SolveTriangular(a.Cholesky()).AllClose(eye));
        Assert.Equal(16.0, a.Det().ToScalar<double>(), 1e-12);
        Assert.Equal(Math.Log(16), a.LogAbsDet().ToScalar<double>(), 1e-12);
        Assert.Equal(1.0, a.Slogdet().Sign.ToScalar<double>());

        var (order, l, u) = a.Lu();
        Assert.True(l.MatMul(u).AllClose(a));
        Assert.Equal(Tensor.Create([0, 1]), order);

        var (left, s, vt) = a.Svd();
        Assert.True((left * s).MatMul(vt).AllClose(a));
        Assert.Equal((2, 2), (a.SvdFull().U.Shape[0], a.SvdFull().Vt.Shape[1]));
        Assert.True(s.AllClose(a.SingularValues()));
        Assert.True(a.PseudoInverse().AllClose(a.Inv()));
        Assert.True(a.Lstsq(eye).AllClose(a.Inv()));
        Assert.Equal(2, a.MatrixRank().ToScalar<int>());
        Assert.Equal(7.0, a.MatrixNorm(MatrixNorm.RowSum).ToScalar<double>());
        Assert.Equal(s.ToArray<double>()[0] / s.ToArray<double>()[1], a.ConditionNumber().ToScalar<double>(), 1e-12);

        Assert.True(a.MatrixPower(2).AllClose(a.MatMul(a)));
        Assert.True(a.MatrixSqrt().MatrixPower(2).AllClose(a));
        Assert.True(a.MatrixLog().MatrixExp().AllClose(a));
        Assert.Equal(Tensor.Create([[1, 2], [10, 20]]), Tensor.Create([[1, 2]]).Kron(Tensor.Create([[1], [10]])));
        Assert.Equal(Tensor.Create([0, 0, 1]), Tensor.Create([1, 0, 0]).Cross(Tensor.Create([0, 1, 0])));
        Assert.Equal(Tensor.Create([[1, 2, 4]]), Tensor.Create([2]).Vander(3));
        Assert.Equal(Tensor.Create([[1, 8], [2, 1]]), Tensor.Create([1, 2]).Toeplitz(Tensor.Create([1, 8])));
        Assert.True(a.TensorDot(a, [1], [0]).AllClose(a.MatMul(a)));
        Assert.True(a.Covariance(correction: 0).AllClose(Tensor.Create([[1.0, -1.5], [-1.5, 2.25]])));
        Assert.True(a.Corrcoef().AllClose(Tensor.Create([[1.0, -1.0], [-1.0, 1.0]])));

        var error = Assert.Throws<ValueException>(() => Tensor.Create([[1.0, 2.0], [2.0, 4.0]]).Inv());
        Assert.StartsWith("Inv: the matrix is singular", error.Message);
        Assert.Contains("`PseudoInverse`", error.Message);
    }

    [Fact]
    public void Special_functions()
    {
        var x = Tensor.Create([0.5]);
        Assert.True(x.Erfinv().Erf().AllClose(x));
        Assert.True(x.Logit().Sigmoid().AllClose(x));
        Assert.True(x.Ndtri().Ndtr().AllClose(x));
        Assert.True(x.Gammainc(x).AllClose(1.0 - x.Gammaincc(x)));
        Assert.True(x.Betainc(x, x).AllClose(x));
        Assert.True(x.Beta(x).AllClose(Tensor.Create([Math.PI])));
        Assert.True(x.Polygamma(0).AllClose(x.Digamma()));
        Assert.Equal(Tensor.Create([3.0]), Tensor.Create([8.0]).Log2());
        Assert.Equal(Tensor.Create([0.0]), Tensor.Create([0.0]).Xlogy(Tensor.Create([0.0])));
    }

    [Fact]
    public void Triangles_and_diagonals()
    {
        var x = Tensor.Create([[1, 2], [3, 4]]);

        Assert.Equal(Tensor.Create([1, 4]), x.Diagonal());
        Assert.Equal(Tensor.Create([2]), x.Diagonal(1));
        Assert.Equal(Tensor.Create(5), x.Trace());
        Assert.Equal(Tensor.Create([[1, 0], [3, 4]]), x.Tril());
        Assert.Equal(Tensor.Create([[0, 2], [0, 0]]), x.Triu(1));
        Assert.Equal(Tensor.Create([[1, 0], [0, 4]]), Tensor.Diag(x.Diagonal()));
        Assert.Equal([2, 3], Tensor.Meshgrid(Tensor.Arange(2), Tensor.Arange(3))[1].Shape);
    }

    [Fact]
    public void Spread_and_closeness()
    {
        var x = Tensor.Create([[1.0, 3.0], [2.0, 6.0]]);

        Near.Equal([1, 2], x.Std(1));
        Near.Equal([Math.Sqrt(0.5), Math.Sqrt(4.5)], x.Std([0], correction: 1));
        Near.Equal([0.5, 1.5], x.Std([0]));
        Near.Equal([Math.Sqrt(2), Math.Sqrt(8)], x.Std(1, correction: 1));
        Near.Equal(Math.Sqrt(14.0 / 3), x.Std(correction: 1));
        Near.Equal([0.25, 2.25], x.Variance([0]));
        Near.Equal([0.5, 4.5], x.Variance([0], correction: 1));
        Near.Equal(14.0 / 3, x.Variance(correction: 1));
        Assert.True(x.AllClose(x + 1e-9));
        Assert.False(x.AllClose(x + 1e-3));
        Assert.Equal(Tensor.Create([true, false]), Tensor.Create([1.0, 2.0]).IsClose(Tensor.Create([1.0, 2.1])));
    }

    /// <summary>By default within 1e-5 of the other's size, and 1e-8.</summary>
    [Fact]
    public void Relative_and_absolute_closeness()
    {
        var (small, large, zero) = (Tensor.Create([1.0]), Tensor.Create([1000.0]), Tensor.Create([0.0]));
        Assert.True((large + 0.009).AllClose(large));
        Assert.False((large + 0.011).AllClose(large));
        Assert.True((zero + 0.9e-8).AllClose(zero));
        Assert.False((zero + 1.1e-8).AllClose(zero));
        Assert.True((large + 90).AllClose(large, 0.1, 1e-3));
        Assert.False((zero + 0.09).AllClose(zero, 0.1, 1e-3));
        Assert.True((zero + 0.09).AllClose(zero, absolute: 0.1));
        Assert.False((large + 90).AllClose(large, absolute: 0.1));
        Assert.True((small + 0.05).IsClose(small, relative: 0.1).All().ToScalar<bool>());
        Assert.False((zero + 0.05).IsClose(zero, relative: 0.1).All().ToScalar<bool>());
    }

    [Fact]
    public void Comparisons_are_elementwise()
    {
        var x = Tensor.Create([-1.0, 0.0, 1.0]);

        Assert.Equal(Tensor.Create([false, false, true]), x > 0);
        Assert.Equal(Tensor.Create([true, true, false]), 0 >= x);
        Assert.Equal(Tensor.Create([false, true, true]), x >= x.ZerosLike());
        Assert.Equal(Tensor.Create([true, false, false]), x < 0);
        Assert.Equal(Tensor.Create([false, true, false]), x.Equal(0));
        Assert.Equal(Tensor.Create([true, false, true]), x.NotEqual(0));
        Assert.Equal(Tensor.Create([false, true, false]), x > -1 & x < 1);
        Assert.Equal(Tensor.Create([true, false, true]), x < 0 | x > 0);
        Assert.Equal(Tensor.Create([true, true, false]), !(x > 0));
        Near.Equal([1, 0, 1], Maths.Where(x < 0, -x, x));
        Assert.True(x.Equals(Tensor.Create([-1.0, 0.0, 1.0])));
    }

    [Fact]
    public void Integers_of_every_size()
    {
        var x = Tensor.Create(new byte[] { 200, 100, 7 });
        Assert.Equal(DType.UInt8, x.DType);
        Assert.Equal(new byte[] { 144, 200, 14 }, (x + x).ToArray<byte>());
        Assert.Equal(new byte[] { 200, 100, 7 }, Tensor.Create<byte>([200, 100, 7], [3]).ToArray<byte>());
        Assert.Equal(100, x.Slice(1).ToScalar<byte>());
        Assert.Equal(new sbyte[] { 127, 100, 7 }, x.Convert(DType.Int8).ToArray<sbyte>());
        Assert.Equal([-200, 5], Tensor.Create<short>([-200, 5]).ToArray<short>());
        Assert.Equal([65535, 5], Tensor.Create<ushort>([65535, 5]).ToArray<ushort>());
        Assert.Equal([uint.MaxValue, 5], Tensor.Create<uint>([uint.MaxValue, 5]).ToArray<uint>());
        Assert.Equal([ulong.MaxValue, 5], Tensor.Create<ulong>([ulong.MaxValue, 5]).ToArray<ulong>());
        Assert.Equal(ulong.MaxValue, Tensor.Create<ulong>([ulong.MaxValue, 5]).Max().ToScalar<ulong>());
        Assert.Equal(DType.UInt16, Tensor.Zeros([2], DType.UInt16).DType);
        Assert.Contains("UInt8 (3,) and Int32 (1,)", Assert.Throws<DTypeException>(() => x + Tensor.Create([1])).Message);
    }

    [Fact]
    public void Bits_have_operators_and_methods()
    {
        var x = Tensor.Create<byte>([12, 10, 255]);
        var y = Tensor.Create<byte>([6, 1, 9]);
        Assert.Equal(new byte[] { 4, 0, 9 }, (x & y).ToArray<byte>());
        Assert.Equal(new byte[] { 14, 11, 255 }, (x | y).ToArray<byte>());
        Assert.Equal(new byte[] { 10, 11, 246 }, (x ^ y).ToArray<byte>());
        Assert.Equal(new byte[] { 243, 245, 0 }, (~x).ToArray<byte>());
        Assert.Equal(new byte[] { 48, 40, 252 }, (x << 2).ToArray<byte>());
        Assert.Equal(new byte[] { 3, 2, 63 }, (x >> 2).ToArray<byte>());
        Assert.Equal(x & y, x.And(y));
        Assert.Equal(x | y, x.Or(y));
        Assert.Equal(x ^ y, x.Xor(y));
        Assert.Equal(~x, x.Not());
        Assert.Equal(new byte[] { 0, 20, 0 }, x.ShiftLeft(y).ToArray<byte>());
        Assert.Equal(new byte[] { 0, 5, 0 }, x.ShiftRight(y).ToArray<byte>());
        Assert.Equal([-2, 0], (Tensor.Create([-8, 1]) >> 2).ToArray<int>());
        Assert.Contains("Shift the other way", Assert.Throws<ValueException>(() => x << -1).Message);
        Assert.Equal(Tensor.Create([false, false, false]), x.IsInfinity());
    }

    [Fact]
    public void Mathematics_are_methods_and_functions()
    {
        var x = Tensor.Create([0.5, 2.0]);

        Near.Equal([Math.Exp(0.5), Math.Exp(2)], x.Exp());
        Near.Equal([Math.Exp(0.5), Math.Exp(2)], Maths.Exp(x));
        Near.Equal([Math.Sin(0.5), Math.Sin(2)], Tensor.Sin(x));
        Near.Equal([Math.Log(0.5), Math.Log(2)], x.Log());
        Near.Equal([0.125, 8], x.Pow(3));
        Near.Equal([Math.Pow(0.5, 0.5), 4], x.Pow(x));
        Near.Equal([0.25, 4], x.Square());
        Near.Equal([0.5, 1], x.Clamp(0, 1));
        Near.Equal([0, 1], (x - 1).Relu());
        Near.Equal([-0.05, 1], (x - 1).LeakyRelu(0.1));
        Near.Equal([1 / (1 + Math.Exp(-0.5)), 1 / (1 + Math.Exp(-2))], x.Sigmoid());
        Near.Equal([Math.Atan2(0.5, 1), Math.Atan2(2, 1)], x.Atan2(x.OnesLike()));
        Near.Equal([1, 2], x.Maximum(x.OnesLike()));
        Near.Equal([0.5, 1], x.Minimum(x.OnesLike()));
        Near.Equal([-1, 1], (x - 1).Sign());
        Assert.Equal(Tensor.Create([true, false]), Tensor.Create([double.NaN, 0]).IsNaN());
    }

    [Fact]
    public void Reductions()
    {
        var x = Tensor.Create([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);

        Near.Equal(21, x.Sum());
        Near.Equal([5, 7, 9], x.Sum(0));
        Near.Equal([6, 15], x.Sum(-1));
        Near.Equal([21], x.Sum([0, 1], keepDims: true));
        Assert.Equal([2, 1], x.Sum(-1, keepDims: true).Shape);
        Assert.Equal([1, 1], x.Sum(keepDims: true).Shape);
        Near.Equal(3.5, x.Mean());
        Near.Equal(720, x.Prod());
        Near.Equal([4, 5, 6], x.Max(0));
        Near.Equal([1, 4], x.Min(1));
        Near.Equal(35.0 / 12, x.Variance());
        Near.Equal([1, 1], x.Variance(1, correction: 1));
        Near.Equal(Math.Sqrt(91), x.Norm());
        Near.Equal(6, x.Norm(order: double.PositiveInfinity));
        Near.Equal(Math.Log(Math.Exp(1) + Math.Exp(2) + Math.Exp(3)), x.Slice(0).LogSumExp());
        Near.Equal([1, 1], x.Softmax().Sum(-1));

        var q = Tensor.Create([[1.0, 0.0], [0.0, 1.0]]);
        var far = Math.Exp(1 / Math.Sqrt(2));
        Near.Equal([1, 0, 1 / (1 + far), far / (1 + far)], q.Attend(q, q, Attention.Causal).Flatten());
        Near.Equal([0.5, 0.5, 0.5, 0.5], q.Attend(q, q, new Attention { Scale = 0 }).Flatten());
        Near.Equal([1, 0, 1, 0], q.Attend(q, q, Attention.Masked(Tensor.Create([true, false]))).Flatten());
        Near.Equal([0.2, -0.2, 1.4, 1.4], Tensor.Create([1.0, -1.0, 7.0, 7.0]).RmsNorm(epsilon: 0));
        Near.Equal([-1, 1], Tensor.Create([1.0, 3.0]).LayerNorm(epsilon: 0));
        var two = Tensor.Create([2.0, 3.0]);
        Near.Equal([-1, 4], Tensor.Create([1.0, 3.0]).LayerNorm(epsilon: 0, gain: two, bias: Tensor.Create([1.0, 1.0])));
        Near.Equal([1.2, 1.8], Tensor.Create([3.0, 3.0]).RmsNorm(epsilon: 16, gain: two));
        Near.Equal([1, 3, 6], x.Slice(0).CumulativeSum(0));
        Assert.Equal(5, (int)x.ArgMax());
        Assert.Equal(Tensor.Create([0, 0]), x.ArgMin(1));
        Assert.True((x > 0).All().ToScalar<bool>());
        Assert.False((x > 6).Any().ToScalar<bool>());
    }

    [Fact]
    public void Sorting_and_products()
    {
        var x = Tensor.Create([3.0, 1.0, 2.0]);

        Near.Equal([1, 2, 3], x.Sort());
        Assert.Equal(Tensor.Create([0, 2, 1]), x.ArgSort(descending: true));
        var (values, positions) = x.TopK(2);
        Near.Equal([3, 2], values);
        Assert.Equal(Tensor.Create([0, 2]), positions);

        var a = Tensor.Create([[1.0, 2.0], [3.0, 4.0]]);
        Near.Equal([7, 10, 15, 22], a.MatMul(a));
        Near.Equal(14, x.Dot(x));
        Assert.Equal([3, 3], x.Outer(x).Shape);
    }
}
