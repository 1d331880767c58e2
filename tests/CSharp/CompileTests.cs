namespace Cotangent.CSharp.Tests;

/// <summary>Compiled functions, loops and choices as a C# user writes them.</summary>
public class CompileTests
{
    private static readonly Tensor X = Tensor.Create([1.0, 2.0, 3.0]);

    [Fact]
    public void Arguments_given_away_are_updated_in_place_and_used_up()
    {
        var step = Transform.CompileDonating((Tensor x, Tensor rate) => x - rate * x);
        var x = Tensor.Create([1.0, 2.0]);
        Assert.Equal([0.5, 1.0], step(x, Tensor.Create(0.5)).ToArray<double>());
        var error = Assert.Throws<DonationException>(() => x + 1.0);
        Assert.Contains("Transform.CompileDonating", error.Message);
        var memory = Transform.Memory(step, Tensor.Create([1.0, 2.0]), Tensor.Create(0.5));
        Assert.Equal(16, memory.InPlace);
        Assert.Equal(0, memory.Results);
        Assert.Equal(16, Transform.Memory((Tensor y) => y + 1.0, Tensor.Create([1.0, 2.0])).Results);
    }

    [Fact]
    public void Functions_of_several_arguments_compile()
    {
        var (a, b, c, d) = (Tensor.Create(2.0), Tensor.Create(3.0), Tensor.Create(5.0), Tensor.Create(7.0));
        Assert.Equal(-1.0, (double)Transform.Compile((Tensor x, Tensor y) => x - y)(a, b));
        Assert.Equal(-13.0, (double)Transform.Compile((Tensor x, Tensor y, Tensor z) => x - y * z)(a, b, c));
        Assert.Equal(-33.0, (double)Transform.Compile((Tensor x, Tensor y, Tensor z, Tensor w) => x - z * w)(a, b, c, d));
        var line = Transform.Compile(((Tensor Slope, Tensor Intercept) p, Tensor x) => p.Slope * x + p.Intercept);
        Assert.Equal(13.0, (double)line((a, b), c));
        Assert.Equal("b", Assert.Throws<ArgumentNullException>(() => line((a, b), null!)).ParamName);
    }

    [Fact]
    public void A_compiled_function_gives_the_same_numbers()
    {
        static Tensor Loss(Tensor x) => (x.Sin() * x).Sum();
        var compiled = Transform.Compile<Tensor, Tensor>(Loss);
        Assert.Equal(Loss(X).ToScalar<double>(), compiled(X).ToScalar<double>(), 12);

        var gradient = Differentiate.Gradient(Loss, X).ToArray<double>();
        var first = Differentiate.Gradient(compiled, X).ToArray<double>();
        var second = Transform.Compile(Differentiate.Gradient<Tensor>(Loss))(X).ToArray<double>();

        for (var i = 0; i < gradient.Length; i++)
        {
            Assert.Equal(gradient[i], first[i], 12);
            Assert.Equal(gradient[i], second[i], 12);
        }
    }

    [Fact]
    public void What_passes_is_written_down()
    {
        var text = new StringWriter();
        var f = Transform.Compile((Tensor x) => (Checks.Print("x", x, text) * x).Sum());
        Assert.Equal([2.0, 4.0, 6.0], Differentiate.Gradient(f, X).ToArray<double>());
        Assert.Equal("x: Float64 (3,) [1. 2. 3.]", text.ToString().TrimEnd());
        var seen = new List<double>();
        var doubled = Transform.Compile((Tensor x) => Control.Iterate(3, y => Checks.Observe(z => seen.Add((double)z), 2.0 * y), x));
        Assert.Equal(8.0, (double)doubled(Tensor.Create(1.0)));
        Assert.Equal([2.0, 4.0, 8.0], seen);
        var root = Transform.Compile((Tensor x) => 2.0 * Control.HostCall(x, y => Tensor.Create(Math.Cbrt((double)y)), x));
        Assert.Equal(4.0, (double)root(Tensor.Create(8.0)), 14);
        var error = Assert.Throws<TreeException>(() => Checks.Print("text", "no tensor"));
        Assert.StartsWith("Checks.Print:", error.Message);
    }

    [Fact]
    public void Loops_are_parts_of_a_program()
    {
        Func<Tensor, Tensor> root = a => Control.Iterate(20, x => 0.5 * (x + a / x), a);
        Assert.Equal(Math.Sqrt(2.0), Transform.Compile(root)(Tensor.Create(2.0)).ToScalar<double>(), 14);

        Func<Tensor, Tensor> factorial = a => Control.Iterate(5, (k, x) => x * (k.Convert(DType.Float64) + 1.0), a);
        Assert.Equal(120.0, factorial(Tensor.Create(1.0)).ToScalar<double>());
        Assert.Equal(240.0, Transform.Compile(factorial)(Tensor.Create(2.0)).ToScalar<double>());

        var (total, sums) = Control.Scan((t, x) => (t + x, t + x), Tensor.Create(0.0), X);
        Assert.Equal(6.0, total.ToScalar<double>());
        Assert.Equal([1.0, 3.0, 6.0], sums.ToArray<double>());

        var doubled = Transform.Compile((Tensor x) => Control.While(y => y < 100.0, y => 2.0 * y, x));
        Assert.Equal(128.0, doubled(Tensor.Create(1.0)).ToScalar<double>());

        Func<Tensor, Tensor> chosen = i => Control.Switch(i, Tensor.Create(3.0), x => -x, x => x * x, x => x - 1.0);
        Assert.Equal(9.0, chosen(Tensor.Create(1)).ToScalar<double>());
        Assert.Equal(2.0, Transform.Compile(chosen)(Tensor.Create(2)).ToScalar<double>());
        Assert.Throws<IndexException>(() => chosen(Tensor.Create(3)));

        var factors = Tensor.Create([[1.0, 2.0], [3.0, 4.0]]);
        Assert.Equal(
            [2.0, 2.0, 12.0, 4.0],
            Control.AssociativeScan((x, y) => x * y, factors, axis: 1, reverse: true).ToArray<double>()
        );

        Func<Tensor, Tensor> bounded = x => Control.While(y => y < 100.0, y => 2.0 * y, x, bound: 5);
        Assert.Equal(32.0, bounded(Tensor.Create(1.0)).ToScalar<double>());
        Assert.Equal(16.0, Transform.Compile(Differentiate.Gradient(bounded))(Tensor.Create(8.0)).ToScalar<double>());
    }

    [Fact]
    public void Checkpoints_keep_what_a_policy_says()
    {
        var w = Tensor.Create([[1.0, 0.5, 0.0], [0.0, 2.0, 1.0], [1.0, 1.0, 1.0]]);
        Tensor Layers(Tensor x) => Transform.CheckpointName("hidden", x.MatMul(w).Tanh()).MatMul(w).Sin().Sum();
        var at = X.Reshape(1, 3);
        var expected = Differentiate.Gradient(Layers, at).ToArray<double>();

        foreach (var policy in new[]
        {
            CheckpointPolicy.Nothing,
            CheckpointPolicy.Products,
            CheckpointPolicy.Named("hidden"),
            CheckpointPolicy.Except("hidden"),
            CheckpointPolicy.Products.Or(CheckpointPolicy.Named("hidden", "other")),
        })
        {
            var f = Transform.Checkpoint<Tensor, Tensor>(Layers, policy);
            Near.Equal(expected, Differentiate.Gradient(f, at).Reshape(3));
            Near.Equal(expected, Transform.Compile(Differentiate.Gradient(f))(at).Reshape(3));
        }
    }

    [Fact]
    public void Shapes_without_numbers()
    {
        var y = Transform.EvalShape(x => (x.MatMul(x.T), x.Sum()), Tensor.Ones(5, 3));
        Assert.Equal([5, 5], y.Item1.Shape);
        var error = Assert.Throws<TraceException>(() => y.Item2.ToScalar<float>());
        Assert.StartsWith("Transform.EvalShape:", error.Message);
    }

    [Fact]
    public void A_choice_takes_one_branch()
    {
        var f = Transform.Compile((Tensor x) => Control.Cond(x.Sum() > 0.0, y => y * y, y => -y, x));
        Assert.Equal([1.0, 4.0, 9.0], f(X).ToArray<double>());
        Assert.Equal([1.0, 2.0, 3.0], f(-X).ToArray<double>());
    }

    [Fact]
    public void A_number_cannot_be_read_while_tracing()
    {
        var f = Transform.Compile((Tensor x) => x.Sum().ToScalar<double>() > 0 ? x : -x);
        Assert.Throws<TraceException>(() => f(X));
    }

    [Fact]
    public void A_checkpoint_changes_no_number()
    {
        var block = Transform.Checkpoint((Tensor x) => x.Sin().Sin());
        var expected = Differentiate.Gradient(x => x.Sin().Sin().Sum(), X).ToArray<double>();
        Assert.Equal(expected, Differentiate.Gradient(x => block(x).Sum(), X).ToArray<double>());
    }
}
