using Cotangent;

namespace Snippets;

/// <summary>The C# code of docs/first-classifier.fsx, which shows the regions.</summary>
internal static class FirstClassifier
{
    #region Model
    public sealed record Clothes(Tensor Images, Tensor Labels);

    public sealed record Net(Convolution First, Convolution Second, Linear Last)
    {
        public static Net Create(Key key)
        {
            var keys = key.Split(3);

            return new(
                Convolution.Create(3, 1, 16, keys[0]),
                Convolution.Create(3, 16, 32, keys[1]),
                Linear.Create(32 * 5 * 5, 10, keys[2])
            );
        }

        /// <summary>Logits (batch, 10) of images (batch, 1, 28, 28).</summary>
        public Tensor Forward(Tensor images)
        {
            static Tensor Halve(Tensor x) => x.Relu().MaxPool([2, 2], Window.Stride(2));

            return Last.Forward(Halve(Second.Forward(Halve(First.Forward(images)))).Flatten(1));
        }
    }

    public sealed record State(Net Net, OptimizerState<Net> Optimizer);
    #endregion

    #region Data
    /// <summary>Images (n, 1, 28, 28) from 0 to 1, and labels (n).</summary>
    private static Clothes Read(string folder, string part)
    {
        Tensor Of(string kind) => Idx.Read(Path.Combine(folder, $"{part}-{kind}-ubyte.gz"));
        var images = Of("images-idx3").Convert(DType.Float32) / 255f;
        return new(images.Unsqueeze(1), Of("labels-idx1"));
    }
    #endregion

    public static void Run()
    {
        var folder = "samples/Models/data"; // pages are made in the folder of the repository
        var path = Path.Combine(Directory.CreateTempSubdirectory("first-classifier-").FullName, "clothes.safetensors");

        #region FirstClassifier
        var (forSplit, forBatches) = Key.Create(1).Split();
        var all = Data.Shuffle(forSplit, Read(folder, "train"));
        var (validation, training) = Data.Split(80, all);
        var batches = Data.Batches(32, forBatches, training);

        var optimizer = Optimizer.Adam(2e-3);
        var predict = Transform.Compile((Net net, Tensor images) => net.Forward(images));

        double Accuracy(Net net, Clothes clothes) =>
            (double)Metric.Accuracy(clothes.Labels, predict(net, clothes.Images));

        (State, Tensor) Step(State now, Clothes batch)
        {
            var (loss, gradient) = Differentiate.ValueAndGradient(
                net => Loss.CrossEntropy(batch.Labels, net.Forward(batch.Images)),
                now.Net
            );
            var (net, state) = optimizer.Step(gradient, now.Optimizer, now.Net);
            return (new(net, state), loss);
        }

        var start = Net.Create(Key.Create(2));

        var options = new TrainOptions<State>
        {
            Epochs = 30,
            Callbacks =
            [
                Callback.Measure<State>(
                    Every.Epochs(1),
                    "accuracy",
                    now => Accuracy(now.Net, validation)
                ),
            ],
        };

        var run = Train.Run(options, Step, batches, new State(start, optimizer.Init(start)));
        var trained = run.Last.State.Net;

        var test = Read(folder, "t10k");
        Console.WriteLine($"accuracy on test images: {Accuracy(trained, test):F3}");

        // In this program or another one: save, load, ask.
        Checkpoint.Save(path, trained);
        var loaded = Checkpoint.Load(path, Net.Create(Key.Create(0)));
        var probabilities = predict(loaded, test.Images.Slice(0..1)).Softmax();
        var kind = (int)probabilities.Slice(0).ArgMax();
        Console.WriteLine($"taken for kind {kind}, and is of kind {(int)test.Labels.Slice(0)}");
        #endregion

        Directory.Delete(Path.GetDirectoryName(path)!, true);
    }
}
