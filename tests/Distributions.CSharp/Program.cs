using Cotangent;
using Cotangent.Distributions;
using Cotangent.Inference;

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

// Inference over a record.
static Tensor LogPosterior(Fit q) =>
    new Normal(Tensor.Create(0.0), Tensor.Create(10.0)).LogProb(q.Loc)
    + new Gamma(Tensor.Create(2.0), Tensor.Create(1.0)).LogProb(q.Scale);

var free = new Unconstrained<Fit>(LogPosterior).With(q => q.Scale, Bijections.Exp);
var start = free.Free(new Fit(Tensor.Create(1.0), Tensor.Create(2.0)));
Check(Near(start.Scale, Math.Log(2)), "free numbers");
var told = 0.0;
var options = SamplerOptions.Create(chains: 2, draws: 300, warmUp: 300, massMatrix: MassMatrix.Dense, progress: new Told(part => told = part));
var chains = Sampler.Nuts(free.LogDensity, start, Key.Create(2), options).Map(free.Constrain);
Check(chains.Draws.Scale.Shape.SequenceEqual([2, 300]) && chains.IsComplete && told == 1, "chains and draws");
Check((double)chains.Draws.Scale.Min() > 0, "which are in their bounds");
var summary = chains.Summary();
Check(Math.Abs(summary["Scale"].Mean - 2) < 0.5 && summary.Rows.Length == 2, "a summary");
Check(summary.ToString().Contains("R-hat") && chains.Warnings().Length == summary.Warnings.Length, "as text");
Check((double)Diagnostics.RHat(chains.Draws.Loc) < 1.1, "diagnostics");
var swings = Sampler.Hmc<Tensor>(x => -0.5 * x * x, Tensor.Create(0.0), Key.Create(3), SamplerOptions.Create(draws: 100));
Check(swings.Draws.Shape.SequenceEqual([4, 100]) && swings.Divergences == 0, "trajectories of given length");

var quick = VariationalOptions.Create(steps: 400, optimizer: Optimizer.Adam(0.1));
var near = VariationalInference.MeanField(free.LogDensity, start, Key.Create(4), quick);
Check(Math.Abs((double)near.Mean.Loc) < 1 && near.Sample(Key.Create(5), 7).Loc.Shape.SequenceEqual([7]), "mean field");
Check(VariationalInference.FullRank(free.LogDensity, start, Key.Create(6), quick).IsComplete, "full rank");
var gammas = VariationalInference.Fit(
    q => new Gamma(q.Loc.Exp(), q.Scale.Exp()),
    x => new Gamma(Tensor.Create(9.0), Tensor.Create(3.0)).LogProb(x),
    new Fit(Tensor.Create(0.0), Tensor.Create(0.0)),
    Key.Create(7));
Check(Math.Abs((double)gammas.Parameters.Loc.Exp() - 9) < 0.01, "a family of one's own");

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

record Fit(Tensor Loc, Tensor Scale);

sealed class Told(Action<double> tell) : IProgress<double>
{
    public void Report(double part) => tell(part);
}
