namespace Cotangent.CSharp.Tests;

public class DifferentiateTests
{
    private static readonly Tensor x = Tensor.Create([0.5, 1.0, 2.0]);

    private static double[] Each(Func<double, double> f) => [.. x.ToArray<double>().Select(f)];

    [Fact]
    public void Gradient()
    {
        Near.Equal(Each(Math.Cos), Differentiate.Gradient(x => x.Sin().Sum(), x));
        var cosine = Differentiate.Gradient((Tensor x) => x.Sin().Sum());
        Near.Equal(Each(Math.Cos), cosine(x));
    }

    [Fact]
    public void Gradient_of_a_method()
    {
        static Tensor SumOfCubes(Tensor x) => x.Pow(3).Sum();
        Near.Equal(Each(x => 3 * x * x), Differentiate.Gradient(SumOfCubes, x));
    }

    [Fact]
    public void Value_and_gradient()
    {
        var (value, gradient) = Differentiate.ValueAndGradient(x => x.Square().Sum(), x);
        Near.Equal(5.25, value);
        Near.Equal(Each(x => 2 * x), gradient);
        var both = Differentiate.ValueAndGradient((Tensor x) => x.Square().Sum());
        Near.Equal(5.25, both(x).Value);
    }

    private sealed record Output(Tensor Loss, Tensor Rows);

    [Fact]
    public void Derivatives_of_trees_by_trees()
    {
        var at = (a: Tensor.Create([1.0, 2.0]), b: Tensor.Create(3.0));
        static Output F((Tensor a, Tensor b) x) => new((x.a * x.b).Sum(), x.a * x.a);

        foreach (var j in new[] { Differentiate.Jacobians(F, at), Differentiate.JacobiansForward(F, at) })
        {
            Near.Equal([3.0, 3.0], j.Of(y => y.Loss).a);
            Near.Equal(3.0, j.By(x => x.b).Loss);
            Near.Equal([2.0, 0.0, 0.0, 4.0], j.Block(y => y.Rows, x => x.a).Reshape(4));
            Assert.Equal([3, 3], j.ToMatrix().Shape);
        }

        Near.Equal([3.0, 3.0], Differentiate.Jacobian(x => (x.a * x.b).Sum(), at).a);
        Near.Equal([1.0, 2.0], Differentiate.JacobianForward(x => x.a * x.b, at).b);
        var h = Differentiate.Hessians(x => (x.a * x.a * x.b).Sum(), at);
        Near.Equal([2.0, 4.0], h.Block(x => x.a, x => x.b));
        var v = (a: Tensor.Create([1.0, 0.0]), b: Tensor.Create(0.0));
        Near.Equal([6.0, 0.0], Differentiate.VectorHessianProduct(x => (x.a * x.a * x.b).Sum(), at, v).a);
    }

    [Fact]
    public void Other_results_come_out_with_the_gradient()
    {
        var (gradient, squares) = Differentiate.GradientWith(x => { var s = x.Square(); return (s.Sum(), s); }, x);
        Near.Equal(Each(x => 2 * x), gradient);
        Near.Equal(Each(x => x * x), squares);

        static (Tensor, Tensor) Fit(Tensor x) => (x.Square().Sum(), x);
        Assert.Equal(x, Differentiate.GradientWith(Fit, x).Aux);

        var (value, text, again) = Differentiate.ValueAndGradientWith(x => (x.Square().Sum(), "static"), x);
        Near.Equal(5.25, value);
        Assert.Equal("static", text);
        Assert.Equal(gradient, again);
    }

    [Fact]
    public void Forward_and_reverse_products()
    {
        var v = Tensor.Create([1.0, 10.0, 100.0]);

        var (value, tangent) = Differentiate.Jvp(x => x.Exp(), x, v);
        Near.Equal(Each(Math.Exp), value);
        Near.Equal([Math.Exp(0.5), 10 * Math.E, 100 * Math.Exp(2)], tangent);

        var (_, pull) = Differentiate.Vjp(x => x.Exp(), x);
        Assert.Equal(tangent, pull(v));
        Assert.Equal(tangent, pull(v));

        var (_, push) = Differentiate.Linearize(x => x.Exp(), x);
        Near.Equal(tangent.ToArray<double>(), push(v));

        var transpose = Differentiate.LinearTranspose((Tensor x) => x.Sum() * 2, x);
        Near.Equal([6, 6, 6], transpose(Tensor.Create(3.0)));
    }

    [Fact]
    public void Derivatives_of_any_order()
    {
        var at = Tensor.Create(2.0);
        Near.Equal(12, Differentiate.Derivative(x => x.Pow(3), at));
        Near.Equal(12, Differentiate.Derivative(x => x.Pow(3), at, order: 2));
        Near.Equal(6, Differentiate.Derivative(x => x.Pow(3), order: 3)(at));
        var second = Differentiate.Derivative(Differentiate.Derivative(x => x.Sin()));
        Near.Equal(-Math.Sin(2), second(at));
    }

    [Fact]
    public void Taylor_polynomials()
    {
        static double[] Numbers(IEnumerable<Tensor> terms) =>
            [.. terms.Select(t => Math.Round(t.ToScalar<double>(), 12))];

        // (2 + t)³
        var at = Tensor.Create(2.0);
        Assert.Equal([8.0, 12.0, 6.0, 1.0], Numbers(Differentiate.Taylor(3, x => x.Pow(3), at)));

        var along = Differentiate.TaylorAlong(2, p => p.a * p.b, (a: at, b: at), (a: at, b: at * 0));
        Assert.Equal([4.0, 4.0, 0.0], Numbers(along));

        Assert.Equal([1.0, 1.0, 1.5], Numbers(Differentiate.Jet(x => x.Exp(), [at * 0, at / 2, at / 2])));

        // Σ a² b has the second derivatives 2b, and none by b.
        Near.Equal(7, Differentiate.Laplacian(p => (p.a * p.a * p.b).Sum(), (a: x, b: x)));
    }

    [Fact]
    public void Jacobians_and_hessians()
    {
        Near.Equal([1, 0, 0, 0, 2, 0, 0, 0, 4], Differentiate.Jacobian(x => x.Square(), x));
        Near.Equal([1, 0, 0, 0, 2, 0, 0, 0, 4], Differentiate.JacobianForward(x => x.Square())(x));
        Near.Equal([3, 0, 0, 0, 6, 0, 0, 0, 12], Differentiate.Hessian(x => x.Pow(3).Sum(), x));
        Near.Equal([3, 6, 12], Differentiate.HessianVectorProduct(x => x.Pow(3).Sum(), x, x.OnesLike()));
        Near.Equal(21, Differentiate.Laplacian(x => x.Pow(3).Sum(), x));
        Near.Equal(7, Differentiate.Divergence(x => x.Square(), x));

        static Tensor Spin(Tensor r)
        {
            var p = r.Unstack();
            return Tensor.Stack([-p[1], p[0], p[2] * 0]);
        }

        Near.Equal([0, 0, 2], Differentiate.Curl(Spin, x));
    }

    [Fact]
    public void Constants()
    {
        Near.Equal(Each(x => x), Differentiate.Gradient(x => (x * Differentiate.StopGradient(x)).Sum(), x));
    }

    [Fact]
    public void Derivatives_of_ones_own()
    {
        var both = Differentiate.WithDerivative((Tensor x) => x, (x, d) => 3 * d + x, (x, c) => c.Clamp(-1, 1) * x);
        Near.Equal([5], Differentiate.Derivative(both, Tensor.Create(2.0)));
        Near.Equal([2], Differentiate.Gradient(x => 7 * both(x), Tensor.Create(2.0)));
        var report = Checks.Derivative(x => x.Sin().Sum(), Tensor.Create([1.0, 2.0]));
        Assert.InRange(report.Error, 0, 1e-6);
        var wrong = Differentiate.WithPull((Tensor x) => x.Sin(), (x, c) => c * x.Sin());
        Assert.StartsWith("Checks.Derivative:", Assert.Throws<DerivativeException>(() => Checks.Derivative(wrong, Tensor.Create([1.0]))).Message);

        var clipped = Differentiate.WithPull((Tensor x) => x, (_, c) => c.Clamp(-1, 1));
        Near.Equal([1, 1, 1], Differentiate.Gradient(x => (clipped(x) * 5).Sum(), x));

        var doubled = Differentiate.WithPush((Tensor x) => x, (_, dx) => dx * 2);
        Near.Equal([2, 2, 2], Differentiate.Jvp(doubled, x, x.OnesLike()).Tangent);
        Near.Equal([2, 2, 2], Differentiate.Gradient(x => doubled(x).Sum(), x));
    }
}
