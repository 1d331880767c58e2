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

    private static Func<Rule> RmsProp(
        double rate,
        double decay,
        double epsilon,
        double momentum = 0,
        bool isCentred = false
    ) =>
        () =>
        {
            var (v, mean, velocity) = (0.0, 0.0, 0.0);
            return (t, g, p) =>
            {
                v = decay * v + (1 - decay) * g * g;
                mean = decay * mean + (1 - decay) * g;
                var variance = isCentred ? v - mean * mean : v;
                velocity = momentum * velocity + g / (Math.Sqrt(variance) + epsilon);
                return -rate * velocity;
            };
        };

    private static Func<Rule> Adagrad(double rate, double initial, double epsilon) =>
        () =>
        {
            var sum = initial;
            return (t, g, p) =>
            {
                sum += g * g;
                return -rate * g / (Math.Sqrt(sum) + epsilon);
            };
        };

    private static Func<Rule> Adadelta(double rate, double decay, double epsilon) =>
        () =>
        {
            var (s, d) = (0.0, 0.0);
            return (t, g, p) =>
            {
                s = decay * s + (1 - decay) * g * g;
                var change = Math.Sqrt(d + epsilon) / Math.Sqrt(s + epsilon) * g;
                d = decay * d + (1 - decay) * change * change;
                return -rate * change;
            };
        };

    /// <summary>Adam's means, and what a variant makes of them: step, gradient, mean, mean square.</summary>
    private static Func<Rule> Means(double b1, double b2, Func<Func<int, double, double, double, double>> change) =>
        () =>
        {
            var (m, v) = (0.0, 0.0);
            var variant = change();
            return (t, g, p) =>
            {
                m = b1 * m + (1 - b1) * g;
                v = b2 * v + (1 - b2) * g * g;
                return variant(t, g, m, v);
            };
        };

    private static Func<Rule> AmsGrad(double rate, double b1, double b2, double epsilon) =>
        Means(b1, b2, () =>
        {
            var largest = 0.0;
            return (t, g, m, v) =>
            {
                largest = Math.Max(largest, v);
                var root = Math.Sqrt(largest / (1 - Math.Pow(b2, t)));
                return -rate * m / (1 - Math.Pow(b1, t)) / (root + epsilon);
            };
        });

    private static Func<Rule> Adamax(double rate, double b1, double b2, double epsilon) =>
        Means(b1, 0.5, () =>
        {
            var largest = 0.0;
            return (t, g, m, v) =>
            {
                largest = Math.Max(b2 * largest, Math.Abs(g) + epsilon);
                return -rate * m / (1 - Math.Pow(b1, t)) / largest;
            };
        });

    private static Func<Rule> NAdam(double rate, double b1, double b2, double epsilon, double psi) =>
        Means(b1, b2, () =>
        {
            var product = 1.0;
            double Momentum(int t) => b1 * (1 - 0.5 * Math.Pow(0.96, t * psi));
            return (t, g, m, v) =>
            {
                product *= Momentum(t);
                var ahead = Momentum(t + 1) * m / (1 - product * Momentum(t + 1)) + (1 - Momentum(t)) * g / (1 - product);
                return -rate * ahead / (Math.Sqrt(v / (1 - Math.Pow(b2, t))) + epsilon);
            };
        });

    private static Func<Rule> RAdam(double rate, double b1, double b2, double epsilon) =>
        Means(b1, b2, () => (t, g, m, v) =>
        {
            var power = Math.Pow(b2, t);
            var limit = 2 / (1 - b2) - 1;
            var length = limit - 2 * t * power / (1 - power);
            var mean = m / (1 - Math.Pow(b1, t));
            var r = Math.Sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
            return -rate * mean * (length > 5 ? r * Math.Sqrt(1 - power) / (Math.Sqrt(v) + epsilon) : 1);
        });

    private static Func<Rule> Lion(double rate, double b1, double b2, double decay) =>
        () =>
        {
            var m = 0.0;
            return (t, g, p) =>
            {
                var sign = Math.Sign(b1 * m + (1 - b1) * g);
                m = b2 * m + (1 - b2) * g;
                return -rate * (sign + decay * p);
            };
        };

    /// <summary>LAMB of a single number: the norm is its size.</summary>
    private static Func<Rule> Lamb(double rate, double b1, double b2, double epsilon, double decay) =>
        () =>
        {
            var direction = Adam(_ => -1, b1, b2, epsilon, decay)();
            return (t, g, p) => -rate * Math.Abs(p) * Math.Sign(direction(t, g, p));
        };

    private static Func<Rule> Lars(double rate, double momentum, double decay, double trust) =>
        () =>
        {
            var v = 0.0;
            return (t, g, p) =>
            {
                var local = trust * Math.Abs(p) / (Math.Abs(g) + decay * Math.Abs(p));
                v = momentum * v + rate * local * (g + decay * p);
                return -v;
            };
        };

    private static Func<Rule> Adafactor(double rate, double exponent, double e1, double e2, double clip, double decay) =>
        () =>
        {
            var v = 0.0;
            return (t, g, p) =>
            {
                var share = Math.Pow(t, -exponent);
                v = (1 - share) * v + share * (g * g + e1);
                var u = g / Math.Sqrt(v);
                u /= Math.Max(1, Math.Abs(u) / clip);
                return -rate * Math.Max(e2, Math.Abs(p)) * u - rate * decay * p;
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
            { "rmsProp", Optimizer.RmsProp(0.1, 0.7, 0.02, 0.6, true), RmsProp(0.1, 0.7, 0.02, 0.6, true) },
            { "adagrad", Optimizer.Adagrad(0.1, 0.3, 0.02), Adagrad(0.1, 0.3, 0.02) },
            { "adagrad", Optimizer.Adagrad(0.1), Adagrad(0.1, 0, 1e-10) },
            { "adadelta", Optimizer.Adadelta(0.1, 0.7, 0.02), Adadelta(0.1, 0.7, 0.02) },
            { "adadelta", Optimizer.Adadelta(0.1), Adadelta(0.1, 0.9, 1e-6) },
            { "amsGrad", Optimizer.AmsGrad(0.1, 0.7, 0.6, 0.02), AmsGrad(0.1, 0.7, 0.6, 0.02) },
            { "amsGrad", Optimizer.AmsGrad(0.1), AmsGrad(0.1, 0.9, 0.999, 1e-8) },
            { "adamax", Optimizer.Adamax(0.1, 0.7, 0.6, 0.02), Adamax(0.1, 0.7, 0.6, 0.02) },
            { "adamax", Optimizer.Adamax(0.1), Adamax(0.1, 0.9, 0.999, 1e-8) },
            { "nAdam", Optimizer.NAdam(0.1, 0.7, 0.6, 0.02, 0.3), NAdam(0.1, 0.7, 0.6, 0.02, 0.3) },
            { "nAdam", Optimizer.NAdam(0.1), NAdam(0.1, 0.9, 0.999, 1e-8, 0.004) },
            { "rAdam", Optimizer.RAdam(0.1, 0.7, 0.98, 0.02), RAdam(0.1, 0.7, 0.98, 0.02) },
            { "rAdam", Optimizer.RAdam(0.1), RAdam(0.1, 0.9, 0.999, 1e-8) },
            { "lion", Optimizer.Lion(0.1, 0.7, 0.95, 0.3), Lion(0.1, 0.7, 0.95, 0.3) },
            { "lion", Optimizer.Lion(0.1), Lion(0.1, 0.9, 0.99, 0) },
            { "lamb", Optimizer.Lamb(0.1, 0.7, 0.95, 0.02, 0.9), Lamb(0.1, 0.7, 0.95, 0.02, 0.9) },
            { "lamb", Optimizer.Lamb(0.1), Lamb(0.1, 0.9, 0.999, 1e-6, 0.01) },
            { "lars", Optimizer.Lars(0.1, 0.7, 0.3, 0.02), Lars(0.1, 0.7, 0.3, 0.02) },
            { "lars", Optimizer.Lars(0.1), Lars(0.1, 0.9, 0.0005, 0.001) },
            {
                "adafactor",
                Optimizer.Adafactor(0.1, 0.6, 0.03, 0.7, 0.5, 0.2),
                Adafactor(0.1, 0.6, 0.03, 0.7, 0.5, 0.2)
            },
            { "adafactor", Optimizer.Adafactor(0.1), Adafactor(0.1, 0.8, 1e-30, 1e-3, 1, 0) },
            {
                "muon",
                Optimizer.Muon(0.1, beta1: 0.7, beta2: 0.98, epsilon: 0.02, decay: 0.3),
                Adam(_ => 0.1, 0.7, 0.98, 0.02, 0.3)
            },
            { "muon", Optimizer.Muon(0.1), Adam(_ => 0.1, 0.9, 0.95, 1e-8, 0.1) },
            { "clipByValue", Optimizer.ClipByValue(0.5), () => (t, g, p) => Math.Clamp(g, -0.5, 0.5) },
            {
                "clipAdaptively",
                Optimizer.ClipAdaptively(0.3, 2),
                () => (t, g, p) => Math.Clamp(g, -0.3 * Math.Max(2, Math.Abs(p)), 0.3 * Math.Max(2, Math.Abs(p)))
            },
            {
                "clipAdaptively",
                Optimizer.ClipAdaptively(),
                () => (t, g, p) => Math.Clamp(g, -0.01 * Math.Abs(p), 0.01 * Math.Abs(p))
            },
            { "skipNonFinite(sgd)", Optimizer.Sgd(0.1).SkipNonFinite(), Sgd(0.1) },
            { "adjustable(sgd)", Optimizer.Sgd(0.1).Adjustable(), Sgd(0.1) },
            {
                "accumulate(sgd)",
                Optimizer.Sgd(0.1).Accumulate(2),
                () =>
                {
                    var before = 0.0;
                    return (t, g, p) =>
                    {
                        var change = t % 2 == 0 ? -0.1 * (before + g) / 2 : 0;
                        before = g;
                        return change;
                    };
                }
            },
            {
                "lookAhead(sgd)",
                Optimizer.Sgd(0.1).LookAhead(period: 2, pull: 0.3),
                () =>
                {
                    double? slow = null;
                    return (t, g, p) =>
                    {
                        slow ??= p;
                        if (t % 2 > 0)
                        {
                            return -0.1 * g;
                        }

                        slow += 0.3 * (p - 0.1 * g - slow);
                        return slow.Value - p;
                    };
                }
            },
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
    public void A_matrix_goes_by_Muon_with_each_of_its_arguments()
    {
        var w = Tensor.Create([[1.0, 0.5], [-0.25, 2.0]]);
        var g = Tensor.Create([[0.5, -1.0], [2.0, 0.25]]);
        var optimizer = Optimizer.Muon(0.1, momentum: 0, decay: 0.3, steps: 30);
        var (change, _) = optimizer.Update(g, optimizer.Init(w), w);
        // What is orthogonal but for the polynomial's width, times 0.2 √2.
        var direction = (change / -0.1 - 0.3 * w) / (0.2 * Math.Sqrt(2));
        var square = direction.MatMul(direction.T);
        Assert.InRange((double)square.Slice(0, 0), 0.4, 1.6);
        Assert.InRange((double)square.Slice(1, 1), 0.4, 1.6);
        Assert.InRange((double)square.Slice(0, 1), -0.5, 0.5);
    }

    [Fact]
    public void Look_ahead_by_default()
    {
        var (x, one) = (Tensor.Create([1.0]), Tensor.Create([1.0]));
        var optimizer = Optimizer.Sgd(0.1).LookAhead();
        var state = optimizer.Init(x);

        foreach (var expected in new[] { 0.9, 0.8, 0.7, 0.6, 0.75, 0.65 })
        {
            (x, state) = optimizer.Step(one, state, x);
            Near.Equal([expected], x);
        }
    }

    [Fact]
    public void Noise_is_that_of_the_key()
    {
        var zero = Tensor.Zeros([10_000], DType.Float64);
        Tensor Noise(Optimizer o) => o.Update(zero, o.Step(zero, o.Init(zero), zero).State, zero).Item1;
        var noise = Noise(Optimizer.AddNoise(Key.Create(1), 0.3, 0.8));
        Assert.Equal(noise, Noise(Optimizer.AddNoise(Key.Create(1), 0.3, 0.8)));
        Assert.InRange((double)noise.Variance() / (0.3 / Math.Pow(2, 0.8)), 0.9, 1.1);
        Assert.InRange((double)Noise(Optimizer.AddNoise(Key.Create(1), 0.3)).Variance() / (0.3 / Math.Pow(2, 0.55)), 0.9, 1.1);
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
