using Cotangent;

namespace Snippets;

/// <summary>The code of docs/csharp-and-machine-learning.fsx, which shows the regions.</summary>
internal static class MachineLearning
{
    public static void Numbers()
    {
        #region Numbers
        // Two days, three measurements each.
        var celsius = Tensor.Create([[19.0, 21.5, 24.0], [17.5, 20.0, 22.5]]);

        Console.WriteLine(celsius * 1.8 + 32);
        Console.WriteLine(celsius.Mean(axis: 1));
        #endregion
    }

    public static void Slopes()
    {
        #region Slopes
        static Tensor F(Tensor x) => x.Square();

        Console.WriteLine(Differentiate.Gradient(F, Tensor.Create(3.0)));
        Console.WriteLine(Differentiate.Gradient(F, Tensor.Create(-1.0)));
        #endregion
    }

    #region Line
    public sealed record Line(Tensor Slope, Tensor Intercept)
    {
        public Tensor Predict(Tensor x) => Slope * x + Intercept;
    }
    #endregion

    public static void Wrong()
    {
        #region Wrong
        // The examples: 50 numbers x, and the right answers y.
        var x = Tensor.Linspace(-1, 1, 50);
        var y = 2 * x + 1;

        Tensor HowWrong(Line line) => Loss.MeanSquaredError(y, line.Predict(x));

        var line = new Line(Slope: Tensor.Scalar(0), Intercept: Tensor.Scalar(0));
        Console.WriteLine($"loss {(double)HowWrong(line):F3}");

        var gradient = Differentiate.Gradient(HowWrong, line);
        Console.WriteLine($"gradient {(double)gradient.Slope:F2}, {(double)gradient.Intercept:F2}");
        #endregion
    }

    public static void Steps()
    {
        var x = Tensor.Linspace(-1, 1, 50);
        var y = 2 * x + 1;
        Tensor HowWrong(Line line) => Loss.MeanSquaredError(y, line.Predict(x));
        var line = new Line(Slope: Tensor.Scalar(0), Intercept: Tensor.Scalar(0));

        #region Steps
        var optimizer = Optimizer.Sgd(0.1);
        var state = optimizer.Init(line);

        for (var i = 0; i < 100; i++)
        {
            var gradient = Differentiate.Gradient(HowWrong, line);
            (line, state) = optimizer.Step(gradient, state, line);
        }

        Console.WriteLine($"y = {(double)line.Slope:F2} x + {(double)line.Intercept:F2}");
        #endregion
    }

    #region Network
    public sealed record Network(Linear First, Linear Second, Linear Last)
    {
        public static Network Create(Key key)
        {
            var keys = key.Split(3);

            return new(
                Linear.Create(1, 64, keys[0], Activation.Tanh),
                Linear.Create(64, 64, keys[1], Activation.Tanh),
                Linear.Create(64, 1, keys[2])
            );
        }

        public Tensor Predict(Tensor x) => Last.Forward(Second.Forward(First.Forward(x)));
    }
    #endregion

    #region Points
    public sealed record Points(Tensor X, Tensor Y)
    {
        /// <summary>Noisy points of a wave.</summary>
        public static Points Draw(int count, Key key)
        {
            var (forX, forNoise) = key.Split();
            var x = forX.UniformIn(-2, 2, [count, 1]);
            return new(x, (2 * x).Sin() + 0.3 * forNoise.Normal(count, 1));
        }
    }
    #endregion

    #region State
    public sealed record State(Network Network, OptimizerState<Network> Optimizer);
    #endregion

    public static void Epochs()
    {
        #region Epochs
        var training = Points.Draw(640, Key.Create(1));
        var batches = Data.Batches(32, Key.Create(2), training);
        Console.WriteLine($"{batches.Count} mini-batches an epoch");

        var optimizer = Optimizer.Adam(0.01);

        (State, Tensor) Step(State now, Points batch)
        {
            var (loss, gradient) = Differentiate.ValueAndGradient(
                network => Loss.MeanSquaredError(batch.Y, network.Predict(batch.X)),
                now.Network
            );
            var (network, state) = optimizer.Step(gradient, now.Optimizer, now.Network);
            return (new(network, state), loss);
        }

        var start = Network.Create(Key.Create(3));
        var options = new TrainOptions<State> { Epochs = 50 };
        var run = Train.Run(options, Step, batches, new State(start, optimizer.Init(start)));
        var trained = run.Last.State.Network;

        Console.WriteLine($"{run.Last.Steps} steps");

        var half = trained.Predict(Tensor.Full(0.5, [1, 1]));
        Console.WriteLine($"at 0.5: {(double)half:F2}; sin 1 is {Math.Sin(1):F2}");
        #endregion
    }

    public static void Overfit()
    {
        #region Overfit
        var training = Points.Draw(12, Key.Create(1)); // far too few
        var validation = Points.Draw(200, Key.Create(2));

        static Tensor HowWrong(Network network, Points points) =>
            Loss.MeanSquaredError(points.Y, network.Predict(points.X));

        var optimizer = Optimizer.Adam(0.01);

        // 300 steps as one compiled function.
        var train = Transform.Compile((State start) =>
            Control.Iterate(
                300,
                now =>
                {
                    var gradient = Differentiate.Gradient(
                        network => HowWrong(network, training),
                        now.Network
                    );
                    var (network, state) = optimizer.Step(gradient, now.Optimizer, now.Network);
                    return new State(network, state);
                },
                start
            )
        );

        var network = Network.Create(Key.Create(3));
        var now = new State(network, optimizer.Init(network));

        for (var steps = 0; steps <= 1200; steps += 300)
        {
            var seen = (double)HowWrong(now.Network, training);
            var unseen = (double)HowWrong(now.Network, validation);
            Console.WriteLine($"{steps, 4} steps: training {seen:F3}, validation {unseen:F3}");
            now = train(now);
        }
        #endregion
    }

    public static void Modes()
    {
        #region Modes
        var dropout = Dropout.Create(0.5);
        var x = Tensor.Ones(6);

        Console.WriteLine(dropout.Train(x, Key.Create(0)));
        Console.WriteLine(dropout.Forward(x));
        #endregion
    }
}
