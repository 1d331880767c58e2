using Cotangent;
using Cotangent.Distributions;

// As a C# user would write it; no type of FSharp.Core is named here.

static void Check(bool holds, string what)
{
    if (!holds)
        throw new InvalidOperationException($"Not so: {what}.");
}

static bool Near(Tensor actual, double expected) => Math.Abs((double)actual - expected) < 1e-6;

var standard = new Normal(Tensor.Create(0.0), Tensor.Create(1.0));
Check(Near(standard.LogProb(Tensor.Create(0.0)), -0.9189385), "log-density");
Check(Near(standard.Cdf(Tensor.Create(1.0)), 0.8413447), "cdf");
Check(Near(standard.Quantile(Tensor.Create(0.975)), 1.959964), "quantile");
Check(Near(standard.Entropy(), 1.4189385), "entropy");

// A batch, and draws of a shape.
var batch = new Gamma(concentration: Tensor.Create([1.0, 2.0, 3.0]), rate: Tensor.Create(2.0));
Check(batch.Sample(Key.Create(1), 4, 5).Shape.SequenceEqual([4, 5, 3]), "shape of draws");
Check(batch.Sample(Key.Create(1)).Shape.SequenceEqual([3]), "one draw of each");
Check(batch.BatchShape.SequenceEqual([3]) && batch.EventShape.Length == 0, "shapes");

// Through parameters: gradients, batches, programs.
var gradient = Differentiate.Gradient(d => d.LogProb(Tensor.Create(2.0)), standard);
Check(Near(gradient.Loc, 2) && Near(gradient.Scale, 3), "the gradient of a distribution is one");
var run = Transform.Compile((Tensor rate) => new Exponential(rate).LogProb(Tensor.Create(1.0)));
Check(Near(run(Tensor.Create(2.0)), Math.Log(2) - 2), "compiled");

// By what all have in common.
Distribution[] several = [standard, Bernoulli.OfLogits(Tensor.Create(0.0)), new Poisson(Tensor.Create(0.5))];
Check(several.Select(d => (double)d.Mean()).Sum() is > 0.999 and < 1.001, "means");
Check(Near(new Exponential(Tensor.Create(2.0)).KlTo(new Exponential(Tensor.Create(1.0))), 0.1931472), "divergence");

try
{
    new Normal(Tensor.Create(0.0), Tensor.Create(-1.0));
    Check(false, "an error");
}
catch (ValueException e)
{
    Check(e.Message.Contains("scale must be positive"), "which says what");
}

try
{
    new Poisson(Tensor.Create(1.0)).Entropy();
    Check(false, "an error");
}
catch (DistributionException) { }

Console.WriteLine("All as it should be.");
