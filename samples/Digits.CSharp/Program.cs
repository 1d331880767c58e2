// A small CNN on Fashion-MNIST: dotnet run -- [--quick]
using Cotangent;
using Samples.CSharp;

if (args is not ([] or ["--quick"]))
{
    Console.Error.WriteLine("One argument at most: --quick, to train on the few images that come along.");
    return 2;
}

var quick = args.Length == 1;

Images training,
    test;

try
{
    (training, test) = FashionMnist.Load(quick);
}
catch (FileNotFoundException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

var (forModel, forOrder) = Key.Create(0).Split();
var batches = Data.Batches(quick ? 25 : 64, forOrder, training);
var epochs = quick ? 10 : 6;
var optimizer = Optimizer.Adam(Schedule.Cosine(2e-3, 0, epochs * batches.Count));
var forward = Transform.Compile((Cnn net, Tensor images) => net.Forward(images));

Tensor Predict(Cnn net) =>
    Tensor.Concat(Data.InOrder(500, test.Pixels).Epoch(0, 0).Select(images => forward(net, images)));

(Training, Tensor) Step(Training now, Images batch)
{
    var (loss, gradient) = Differentiate.ValueAndGradient(
        net => Loss.CrossEntropy(batch.Labels, net.Forward(batch.Pixels)),
        now.Net
    );
    var (net, state) = optimizer.Step(gradient, now.Optimizer, now.Net);
    return (new(net, state), loss);
}

double Accuracy(Cnn net) => (double)Metric.Accuracy(test.Labels, Predict(net));

// The first Ctrl-C ends the training with what it reached; a second ends the program.
var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
};

var start = Cnn.Create(forModel);

var run = await Progress.ShowAsync(
    "A small CNN on Fashion-MNIST",
    progress =>
    {
        var options = new TrainOptions<Training>
        {
            Epochs = epochs,
            Progress = progress,
            Callbacks = [Callback.Measure<Training>(Every.Epochs(1), "accuracy", now => Accuracy(now.Net))],
        };

        return Train.RunAsync(options, Step, batches, new(start, optimizer.Init(start)), cancellation.Token);
    }
);

var net = run.Last.State.Net;
var logits = Predict(net);
var loss = (double)Loss.CrossEntropy(test.Labels, logits);
var about = new CheckpointOptions
{
    Metadata = new Dictionary<string, string> { ["sample"] = "digits", ["quick"] = quick.ToString() },
};
Checkpoint.Save("digits.safetensors", net, about);
Console.WriteLine($"Saved in {Path.GetFullPath("digits.safetensors")}");
Console.WriteLine($"accuracy {(double)Metric.Accuracy(test.Labels, logits):F4}, loss {loss:F6}");
return 0;

/// <summary>What a step of the training hands on.</summary>
internal sealed record Training(Cnn Net, OptimizerState<Cnn> Optimizer);
