using Cotangent;
using Cotangent.Solvers;

// As a C# user would write it; no type of FSharp.Core is named here.

static void Check(bool holds, string what)
{
    if (!holds)
        throw new InvalidOperationException($"Not so: {what}.");
}

static bool Near(Tensor found, double expected, double tolerance = 1e-5) =>
    Math.Abs((double)found - expected) < tolerance;

// ---- Differential equations ----

var times = Tensor.Create([0.0, 1.0, 2.0]);
var one = Tensor.Create(1.0);
var decay = OdeSolver.Solve((t, y) => -y, times, one);
Check(decay.Outcome.IsFinished && Near(decay.States.Slice(1), Math.Exp(-1)), "exp(-1)");
Check(Near(decay.OrFail().Final, Math.Exp(-2)), "exp(-2)");

var options = OdeOptions.Create(OdeMethod.DormandPrince8, relativeTolerance: 1e-10, absoluteTolerance: 1e-10);
var swing = OdeSolver.Solve<(Tensor Place, Tensor Speed)>((t, y) => (y.Speed, -y.Place), times, (one, 0 * one), options);
Check(Near(swing.Final.Place, Math.Cos(2), 1e-8), "a state of several tensors");

var landing = OdeSolver.SolveUntil<(Tensor Height, Tensor Speed)>(
    (t, y) => y.Height,
    (t, y) => (y.Speed, -9.81 * (0 * y.Speed + 1)),
    Tensor.Create([0.0, 10.0]),
    (20 * one, 0 * one),
    Crossing.Falling);
Check(landing.Outcome.IsEvent && Near(landing.FinalTime, Math.Sqrt(40 / 9.81)), "an event");

var path = OdeSolver.Path((t, y) => -y, 0 * one, 2 * one, one, OdeOptions.Create(fixedStep: 0.01));
Check(Near(path.At(Tensor.Create(0.5)), Math.Exp(-0.5)), "a path");

var gradient = Differentiate.Gradient(
    (Tensor k) => OdeSolver.SolveAdjoint((p, t, y) => -p * y, k, times, one).Final,
    Tensor.Create(0.5));
Check(Near(gradient, -2 * Math.Exp(-1)), "the adjoint");

try
{
    OdeSolver.Solve((t, y) => y * y, times, one).OrFail();
    Check(false, "an error");
}
catch (SolverException e)
{
    Check(e.Message.Contains("t = 1"), "which says how far it got");
}

// ---- What is defined implicitly ----

var nine = Tensor.Create(9.0);
var root = RootSolver.Newton((a, x) => x * x - a, nine, one);
Check(root.Converged.ToData<bool>() && Near(root.OrFail().Value, 3), "a root");
Check(Near(Differentiate.Gradient((Tensor a) => RootSolver.Newton((a, x) => x * x - a, a, one).Value, nine), 1.0 / 6), "its derivative");
Check(Near(RootSolver.Brent((p, x) => x.Cos() - p, 0 * one, 0 * one, 3 * one).Value, Math.PI / 2), "Brent");
Check(Near(FixedPointSolver.Anderson((p, x) => (p * x).Cos(), one, one).Value, 0.7390851), "a fixed point");

var diagonal = Tensor.Create([2.0, 4.0]);
var solved = LinearSolver.ConjugateGradients((d, x) => d * x, diagonal, Tensor.Create([2.0, 8.0]));
Check(Near(solved.Value.Slice(1), 2), "a linear system");
var (values, _) = LinearSolver.Lanczos(2, x => diagonal * x, Tensor.Create([1.0, 1.0]));
Check(Near(values.Slice(1), 4), "eigenvalues");

var minimum = Minimizer.LBfgs((p, x) => (x - p).Square().Sum(), diagonal, 0 * diagonal, SolverOptions.Create(tolerance: 1e-10));
Check(Near(minimum.Value.Slice(1), 4), "a minimum");
var fit = LeastSquaresSolver.LevenbergMarquardt((p, x) => x * x - p, diagonal, diagonal);
Check(Near(fit.Value.Slice(1), 2), "least squares");

// ---- Integrals and noise ----

Check(Near(Integrator.Adaptive((k, x) => (-k * x).Exp(), one, 0 * one, one).Value, 1 - Math.Exp(-1)), "an integral");
Check(Near(Integrator.GaussLegendre(5, x => x * x, 0 * one, one), 1.0 / 3), "Gauss's rule");
var path1 = Brownian.Path(Key.Create(1), 0, 1, 1e-3, DType.Float64, []);
var noisy = SdeSolver.Solve((t, y) => -y, (t, y) => 0 * y, path1, Tensor.Create([0.0, 1.0]), one, stepsBetween: 1000);
Check(Near(noisy.Slice(1), Math.Exp(-1), 1e-3), "no noise");
var path2 = Brownian.Path(Key.Create(1), 0, 1, 1e-3, DType.Float64, [1]);
var pushes = Tensor.Create([[1.0], [1.0]]);
var together = SdeSolver.SolveGeneral((t, y) => 0 * y, (t, y) => pushes, path2, Tensor.Create([0.0, 1.0]), Tensor.Create([1.0, 3.0]), method: SdeMethod.Milstein);
Check(Near(together.Slice(1, 1) - together.Slice(1, 0), 2), "one motion that moves two numbers");

Console.WriteLine("All as it should be.");
