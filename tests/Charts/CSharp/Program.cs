// A training in C# that is recorded; the tests run it with a folder and look at what it wrote.
using Cotangent;
using Cotangent.Charts;

var folder = args[0];
var log = Path.Combine(folder, "run.jsonl");

using (var page = new RunPageWriter(Path.Combine(folder, "run.html")))
using (var lines = new JsonLinesWriter(log))
using (var board = new TensorBoardWriter(Path.Combine(folder, "board")))
{
    Recorded<Tensor>[] what =
    [
        Recorded<Tensor>.Parameters(x => x),
        Recorded<Tensor>.Scalar("distance", x => (x - 1).Abs().ToScalar<double>()),
        Recorded<Tensor>.Pictures("shade", x => x.Reshape([1, 1, 1])),
        Recorded<Tensor>.Throughput(2),
        Recorded<Tensor>.Memory,
    ];

    var recorder = new Recorder<Tensor>([page, lines, board], what);
    recorder.Plan(40, 20);
    recorder.Text("model", "a number");

    static (Tensor, Tensor) Step(Tensor x, Tensor batch)
    {
        var (loss, slope) = Differentiate.ValueAndGradient(x => (x - batch).Square().Mean(), x);
        return (x - 0.1 * slope, loss);
    }

    var options = new TrainOptions<Tensor>
    {
        Epochs = 20,
        Callbacks =
        [
            Callback.Call<Tensor>(
                Every.Steps(2),
                now => recorder.Reached(now.State, now.Steps, now.Epochs, now.Figures)
            ),
        ],
    };

    var batches = Data.Batches(2, Key.Create(0), Tensor.Create([1.0, 1.0, 1.0, 1.0]));
    var run = Train.Run(options, Step, batches, Tensor.Create(0.0));
    recorder.End(run.StopReason is { } reason ? RunEnd.NewStopped(reason) : RunEnd.Completed);
}

RunPage.Compare([log, log], Path.Combine(folder, "compare.html"));

foreach (var (step, loss) in RunLog.Read(log).Scalar("loss").TakeLast(1))
{
    Console.WriteLine($"{step}: {loss < 0.01}");
}
