using Cotangent;

namespace Snippets;

/// <summary>The code of docs/quickstart-csharp.fsx, which shows the regions.</summary>
internal static class QuickStart
{
    public static void Tensors()
    {
        #region Tensors
        var a = Tensor.Create([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]); // Float64, as the data are
        var b = Tensor.Zeros(2, 3); // Float32 unless said otherwise
        Console.WriteLine(a * Tensor.Create([10.0, 100.0, 1000.0]) + 1);
        Console.WriteLine(a.Mean(axis: 0));
        Console.WriteLine(a.MatMul(a.T));
        Console.WriteLine((a > 2).Where(a, -a));
        #endregion
    }

    public static void Parts()
    {
        #region Parts
        var x = Tensor.Arange(0, 12).Reshape(3, 4);
        Console.WriteLine(x.Slice(1..3, ^1)); // rows 1 and 2, last column
        Console.WriteLine(x.At[0, 1..3].Set(-1)); // a copy, partly replaced
        Console.WriteLine(x.Slice(0).ToArray<float>().Length);
        #endregion
    }

    public static void Gradients()
    {
        #region Gradients
        static Tensor F(Tensor x) => (x.Sin() * x).Sum();

        var x = Tensor.Create([0.0, 1.0, 2.0]);
        Console.WriteLine(Differentiate.Gradient(F, x));

        var (value, pushed) = Differentiate.Jvp(F, x, Tensor.Create([1.0, 0.0, 0.0]));
        Console.WriteLine(Differentiate.Hessian(F, x));

        // Without the point, a transformation is a function again. Nesting is unlimited.
        var second = Differentiate.Derivative(Differentiate.Derivative(y => y.Tanh()));
        var third = Differentiate.Derivative(second);
        Console.WriteLine(third(Tensor.Create(0.5)));

        // By several arguments at once: a tuple in, a tuple out.
        var point = (w: x, b: Tensor.Create(1.0));
        var (dw, db) = Differentiate.Gradient(p => (p.w * x + p.b).Square().Sum(), point);
        Console.WriteLine(db);
        #endregion
    }

    public static void Randomness()
    {
        #region Randomness
        var (forNoise, forModel) = Key.Create(42).Split();
        Console.WriteLine(forNoise.Normal(3));
        #endregion
    }

    #region Model
    public sealed record Model(Linear Hidden, Linear Output)
    {
        public Tensor Forward(Tensor x) => Output.Forward(Hidden.Forward(x));

        public static Model Create(Key key)
        {
            var (forHidden, forOutput) = key.Split();
            return new(
                Hidden: Linear.Create(1, 32, forHidden, Activation.Tanh),
                Output: Linear.Create(32, 1, forOutput)
            );
        }
    }
    #endregion

    public static void Training()
    {
        #region Training
        var x = Tensor.Linspace(-3, 3, 64).Reshape(64, 1);
        var y = (2 * x).Sin();
        Tensor Loss(Model model) => Cotangent.Loss.MeanSquaredError(y, model.Forward(x));

        var optimizer = Optimizer.Adam(0.01);
        var model = Model.Create(Key.Create(0));
        var state = optimizer.Init(model);
        Console.WriteLine($"before: {(double)Loss(model):F4}");

        for (var i = 0; i < 1000; i++)
        {
            var gradient = Differentiate.Gradient(Loss, model); // a Model
            (model, state) = optimizer.Step(gradient, state, model);
        }

        Console.WriteLine($"after:  {(double)Loss(model):F4}");
        #endregion
    }

    public static void Compiled()
    {
        var x = Tensor.Linspace(-3, 3, 64).Reshape(64, 1);
        var y = (2 * x).Sin();
        Tensor Loss(Model model) => Cotangent.Loss.MeanSquaredError(y, model.Forward(x));
        var optimizer = Optimizer.Adam(0.01);
        var model = Model.Create(Key.Create(0));

        #region Compiled
        // A thousand steps as one program, in which forward, backward and update are fused.
        var train = Transform.Compile(((Model Model, OptimizerState<Model> State) start) =>
            Control.Iterate(
                1000,
                now => optimizer.Step(Differentiate.Gradient(Loss, now.Model), now.State, now.Model),
                start
            )
        );

        var (trained, _) = train((model, optimizer.Init(model)));
        Console.WriteLine($"after:  {(double)Loss(trained):F4}");
        #endregion
    }

    public static void Devices()
    {
        #region Devices
        Console.WriteLine(string.Join(", ", Hardware.Available())); // the CPU, then CUDA devices

        var device = Hardware.Available()[^1];
        var a = Tensor.Ones(2, 3).To(device);
        Console.WriteLine((a + 1).Device); // what is computed from a tensor is where the tensor is
        #endregion
    }

    public static void Optimisers()
    {
        #region Optimisers
        var optimizer = Optimizer
            .ClipByGlobalNorm(1)
            .Then(Optimizer.Adam(Schedule.Cosine(1e-2, 0, 1000).WarmUp(100)));

        var momentum = Optimizer.Create(
            "momentum",
            slots: ["velocity"],
            rule: (step, gradient, parameter, kept) =>
            {
                var velocity = 0.9 * kept[0] + gradient;
                return (-0.01 * velocity, [velocity]);
            }
        );
        #endregion
        _ = optimizer;
        var model = Model.Create(Key.Create(0));
        _ = momentum.Step(model, momentum.Init(model), model);
    }

    public static void OwnDerivative()
    {
        #region OwnDerivative
        // The identity, whose cotangents are clipped on the way back.
        var clipped = Differentiate.WithPull((Tensor x) => x, (x, c) => c.Clamp(-1, 1));
        var x = Tensor.Create([1.0, 2.0]);
        Console.WriteLine(Differentiate.Gradient(x => (5 * clipped(x)).Sum(), x));
        #endregion
    }

    public static void Errors()
    {
        #region Errors
        try
        {
            _ = Tensor.Create([1.0, 2.0]) + Tensor.Create([1f, 2f]);
        }
        catch (DTypeException e)
        {
            Console.WriteLine(e.Message);
        }
        #endregion
    }

    public static async Task LongWork()
    {
        #region LongWork
        static Task<Tensor> TrainAsync(IProgress<ProgressReport> progress, CancellationToken cancellation) =>
            Task.Run(() =>
            {
                var hundred = Transform.Compile((Tensor x) => Control.Iterate(100, x => x - 0.01 * x, x));
                var x = Tensor.Create(1.0);

                for (var i = 1; i <= 5 && !cancellation.IsCancellationRequested; i++)
                {
                    x = hundred(x);
                    progress.Report(new(Done: 100 * i, Total: 500, Figures: [("x", (double)x)]));
                }

                return x;
            });

        using var cancellation = new CancellationTokenSource();
        var x = await Progress.ShowAsync("Descent", progress => TrainAsync(progress, cancellation.Token));
        Console.WriteLine(x);
        #endregion
    }
}
