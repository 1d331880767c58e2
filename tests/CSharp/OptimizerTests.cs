namespace Cotangent.CSharp.Tests;

/// <summary>
/// Optimisers over three steps of two numbers against their rules in plain C#, with arguments that can be told apart, and with
/// all of them left out.
/// </summary>
public class OptimizerTests
{
    public readonly record struct Pair(Tensor A, Tensor B);

    private static readonly double[][] gradients = [[0.5, -2.0], [-1.5, 0.25], [0.75, 0.125]];

    /// <summary>A rule for one number, from step (1 at the first), gradient and parameter to the change.</summary>
    public delegate double Rule(int step, double gradient, double parameter);

    private static Func<Rule> Sgd(double rate) => () => (t, g, p) => -rate * g;

    private static Func<Rule> Momentum(double rate, double momentum, bool nesterov) =>
        () =>
        {
            var v = 0.0;
            return (t, g, p) =>
            {
                v = momentum * v + g;
                return -rate * (nesterov ? g + momentum * v : v);
            };
        };

    private static Func<Rule> Adam(Func<int, double> rate, double b1, double b2, double epsilon, double decay = 0) =>
        () =>
        {
            var (m, v) = (0.0, 0.0);
            return (t, g, p) =>
            {
                m = b1 * m + (1 - b1) * g;
                v = b2 * v + (1 - b2) * g * g;
                var direction = m / (1 - Math.Pow(b1, t)) / (Math.Sqrt(v / (1 - Math.Pow(b2, t))) + epsilon);
                return -rate(t) * (direction + decay * p);
            };
        };

    private static Func<Rule> RmsProp(double rate, double decay, double epsilon) =>
        () =>
        {
            var v = 0.0;
            return (t, g, p) =>
            {
                v = decay * v + (1 - decay) * g * g;
                return -rate * g / (Math.Sqrt(v) + epsilon);
            };
        };

    public static TheoryData<string, Optimizer, Func<Rule>> Optimizers =>
        new()
        {
            { "sgd", Optimizer.Sgd(0.1), Sgd(0.1) },
            { "scale", Optimizer.Scale(-3), Sgd(3) },
            { "momentum", Optimizer.Momentum(0.1, 0.7), Momentum(0.1, 0.7, false) },
            { "momentum", Optimizer.Momentum(0.1), Momentum(0.1, 0.9, false) },
            { "momentum", Optimizer.Momentum(0.1, nesterov: true), Momentum(0.1, 0.9, true) },
            { "adam", Optimizer.Adam(0.1, 0.7, 0.95, 0.02), Adam(_ => 0.1, 0.7, 0.95, 0.02) },
            { "adam", Optimizer.Adam(0.1), Adam(_ => 0.1, 0.9, 0.999, 1e-8) },
            { "adam", Optimizer.Adam(Schedule.Linear(0.5, 0.1, 4)), Adam(t => 0.6 - 0.1 * t, 0.9, 0.999, 1e-8) },
            { "adamW", Optimizer.AdamW(0.1, 0.3, 0.7, 0.95, 0.02), Adam(_ => 0.1, 0.7, 0.95, 0.02, 0.3) },
            { "adamW", Optimizer.AdamW(0.1), Adam(_ => 0.1, 0.9, 0.999, 1e-8, 0.01) },
            { "scaleByAdam", Optimizer.ScaleByAdam(0.7, 0.95, 0.02), Adam(_ => -1, 0.7, 0.95, 0.02) },
            { "scaleByAdam", Optimizer.ScaleByAdam(), Adam(_ => -1, 0.9, 0.999, 1e-8) },
            { "rmsProp", Optimizer.RmsProp(0.1, 0.7, 0.02), RmsProp(0.1, 0.7, 0.02) },
            { "rmsProp", Optimizer.RmsProp(0.1), RmsProp(0.1, 0.99, 1e-8) },
            { "addDecayedWeights", Optimizer.AddDecayedWeights(0.3), () => (t, g, p) => g + 0.3 * p },
            { "clipEachByNorm", Optimizer.ClipEachByNorm(0.5), () => (t, g, p) => Math.Clamp(g, -0.5, 0.5) },
            {
                "chain(clipEachByNorm, sgd)",
                Optimizer.ClipEachByNorm(0.5).Then(Optimizer.Sgd(0.1)),
                () => (t, g, p) => -0.1 * Math.Clamp(g, -0.5, 0.5)
            },
            {
                "chain(addDecayedWeights, scale, sgd)",
                Optimizer.Chain(Optimizer.AddDecayedWeights(0.3), Optimizer.Scale(2), Optimizer.Sgd(0.1)),
                () => (t, g, p) => -0.2 * (g + 0.3 * p)
            },
            {
                "own",
                Optimizer.Create(
                    "own",
                    ["sum", "count"],
                    (step, g, p, kept) =>
                        (kept[0] * kept[1] - step.Convert(DType.Float64) * p, [kept[0] + g, kept[1] + 1])
                ),
                () =>
                {
                    var (sum, count) = (0.0, 0.0);
                    return (t, g, p) =>
                    {
                        var change = sum * count - (t - 1) * p;
                        (sum, count) = (sum + g, count + 1);
                        return change;
                    };
                }
            },
        };

    [Theory]
    [MemberData(nameof(Optimizers), DisableDiscoveryEnumeration = true)]
    public void Three_steps(string name, Optimizer optimizer, Func<Rule> rule)
    {
        Assert.Equal(name, optimizer.Name);
        var (a, b) = (1.5, -0.5);
        var parameters = new Pair(Tensor.Create(a), Tensor.Create(b));
        var state = optimizer.Init(parameters);
        var (forA, forB) = (rule(), rule());

        foreach (var (i, g) in gradients.Index())
        {
            var gradient = new Pair(Tensor.Create(g[0]), Tensor.Create(g[1]));
            var (change, _) = optimizer.Update(gradient, state, parameters);
            (parameters, state) = optimizer.Step(gradient, state, parameters);
            var (da, db) = (forA(i + 1, g[0], a), forB(i + 1, g[1], b));
            Near.Equal(da, change.A, 1e-12);
            Near.Equal(db, change.B, 1e-12);
            (a, b) = (a + da, b + db);
            Near.Equal(a, parameters.A, 1e-12);
            Near.Equal(b, parameters.B, 1e-12);
        }
    }

    [Fact]
    public void The_global_norm_is_that_of_all()
    {
        var clip = Optimizer.ClipByGlobalNorm(1);
        var zero = new Pair(Tensor.Create(0.0), Tensor.Create(0.0));
        var (change, _) = clip.Update(new(Tensor.Create(3.0), Tensor.Create(4.0)), clip.Init(zero), zero);
        Near.Equal(0.6, change.A, 1e-12);
        Near.Equal(0.8, change.B, 1e-12);
    }

    [Fact]
    public void States_are_trees_that_can_be_read()
    {
        var ones = new Pair(Tensor.Create(1.0), Tensor.Create(1.0));
        var optimizer = Optimizer.Adam(0.1);
        var (_, state) = optimizer.Step(ones, optimizer.Init(ones), ones);
        Assert.Equal("adam", state.Optimizer);
        Assert.Equal(1, state.Numbers["step"].ToScalar<int>());
        Near.Equal(0.1, state.Slots["first"].B, 1e-12);
        // A count, and two running means of two numbers.
        Assert.Equal(5, Tree.Leaves(state).Length);
        Assert.Empty(Tree.Leaves(Optimizer.Sgd(0.1).Init(ones)));
        var chain = Optimizer.ClipByGlobalNorm(1).Then(optimizer).Init(ones);
        Assert.Equal(["clipByGlobalNorm", "adam"], chain.Parts.Select(part => part.Optimizer));
    }

    [Fact]
    public void A_state_of_another_optimiser_is_an_error()
    {
        var x = Tensor.Create([1.0, 3.0]);
        var error = Assert.Throws<ValueException>(() => Optimizer.Adam(0.1).Step(x, Optimizer.Sgd(0.1).Init(x), x));
        Assert.StartsWith("Optimizer.Step: the state belongs to `Sgd`, the optimiser is `Adam`.", error.Message);
        Assert.Contains("`Init`", error.Message);
    }
}
