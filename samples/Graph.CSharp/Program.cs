// A linear model: its graph, its gradient and its training: dotnet run
using System.Globalization;
using Cotangent;

const int features = 4;
const double noise = 0.1;

static Tensor LossOf(Examples examples, LinearModel model) => (model.Predict(examples.X) - examples.Y).Square().Mean();

var keys = Key.Create(0).Split(4);
Tensor Normal(int key, params int[] shape) => keys[key].Normal(shape, DType.Float64);
var truth = new LinearModel(Normal(0, features), Normal(1));
var x = Normal(2, 200, features);
var examples = new Examples(x, truth.Predict(x) + noise * Normal(3, 200));
var start = new LinearModel(Tensor.Zeros([features], DType.Float64), Tensor.Create(0.0));

Console.WriteLine("The loss:");
Console.WriteLine(Transform.Graph(((LinearModel Model, Examples Examples) p) => LossOf(p.Examples, p.Model), (start, examples)));
Console.WriteLine("\nIts gradient at the start:");
Console.WriteLine(Differentiate.Gradient(model => LossOf(examples, model), start));

var optimizer = Optimizer.Sgd(0.1);

(Training, Tensor) Step(Training now, Examples batch)
{
    var (loss, gradient) = Differentiate.ValueAndGradient(model => LossOf(batch, model), now.Model);
    var (model, state) = optimizer.Step(gradient, now.Optimizer, now.Model);
    return (new(model, state), loss);
}

// Each step sees all examples.
var run = Train.Run(
    new TrainOptions<Training> { Epochs = 200 },
    Step,
    Data.InOrder(200, examples),
    new(start, optimizer.Init(start))
);

var trained = run.Last.State.Model;
Console.WriteLine("\nTrained, and what the loss is then:");
Console.WriteLine(trained);
Console.WriteLine(((double)LossOf(examples, trained)).ToString("R", CultureInfo.InvariantCulture));

/// <summary>y = X·w + b</summary>
internal sealed record LinearModel(Tensor Weights, Tensor Bias)
{
    public Tensor Predict(Tensor x) => x.MatMul(Weights) + Bias;
}

/// <summary>Examples (n, d), and what belongs to each (n).</summary>
internal sealed record Examples(Tensor X, Tensor Y);

/// <summary>What a step of the training hands on.</summary>
internal sealed record Training(LinearModel Model, OptimizerState<LinearModel> Optimizer);
