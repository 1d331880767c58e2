namespace Cotangent.Solvers

open System
open System.Runtime.InteropServices
open Cotangent

/// <summary>Roots of functions of parameters and unknowns, for C#. F# has the module <c>Root</c>.</summary>
[<AbstractClass; Sealed>]
type RootSolver =
    /// <summary>
    /// Newton's method from a start; derivatives with respect to the parameters. Without options: a tolerance of 1e-10, and at most 100 steps.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">f gives something else than x's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// // The root of a, and its derivative: 1/(2 √a).
    /// Tensor RootOf(Tensor a) => RootSolver.Newton((a, x) => x * x - a, a, Tensor.Create(1.0)).Value;
    /// RootOf(Tensor.Create(9.0)) // 3
    /// Differentiate.Gradient(RootOf, Tensor.Create(9.0)) // 0.1667
    /// </code></example>
    static member Newton
        (f: Func<'p, 'x, 'x>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Root.newton (Given.options Root.defaults options) (Given.curried f) parameters start

    /// <summary>
    /// Broyden's method from a start; derivatives with respect to the parameters. Without options: a tolerance of 1e-10, and at most 100 steps.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">f gives something else than x's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// var found = RootSolver.Broyden((p, x) => x.Exp() - p, Tensor.Create([1.0, 2.0]), Tensor.Create([0.5, 0.5]));
    /// found.Value // [0, 0.6931]
    /// </code></example>
    static member Broyden
        (f: Func<'p, 'x, 'x>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Root.broyden (Given.options Root.defaults options) (Given.curried f) parameters start

    /// <summary>
    /// A root of a function of one number between two places where its signs differ, by halves. Without options: a tolerance of 1e-10, and
    /// at most 100 steps.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">An end is not one number.</exception>
    /// <example><code lang="csharp">
    /// // cos x = p between 0 and 3.
    /// var found = RootSolver.Bisect((p, x) => x.Cos() - p, Tensor.Create(0.0), Tensor.Create(0.0), Tensor.Create(3.0));
    /// found.Value // 1.5708
    /// </code></example>
    static member Bisect
        (
            f: Func<'p, Tensor, Tensor>,
            parameters: 'p,
            low: Tensor,
            high: Tensor,
            [<Optional>] options: SolverOptions | null
        ) : Solved<Tensor> =
        Root.bisect (Given.options Root.defaults options) (Given.curried f) parameters (low, high)

    /// <summary>The same by Brent's method.</summary>
    /// <exception cref="T:Cotangent.ShapeException">An end is not one number.</exception>
    /// <example><code lang="csharp">
    /// var found = RootSolver.Brent((p, x) => x.Cos() - p, Tensor.Create(0.0), Tensor.Create(0.0), Tensor.Create(3.0));
    /// found.OrFail().Value // 1.5708
    /// </code></example>
    static member Brent
        (
            f: Func<'p, Tensor, Tensor>,
            parameters: 'p,
            low: Tensor,
            high: Tensor,
            [<Optional>] options: SolverOptions | null
        ) : Solved<Tensor> =
        Root.brent (Given.options Root.defaults options) (Given.curried f) parameters (low, high)

/// <summary>Fixed points of functions of parameters and unknowns, for C#. F# has the module <c>FixedPoint</c>.</summary>
[<AbstractClass; Sealed>]
type FixedPointSolver =
    /// <summary>By applying the function again and again. Without options: a tolerance of 1e-10, and at most 1000 steps.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The function gives something else than x's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// // x = cos x
    /// FixedPointSolver.Iterate((p, x) => (p * x).Cos(), Tensor.Create(1.0), Tensor.Create(1.0)).Value // 0.7391
    /// </code></example>
    static member Iterate
        (f: Func<'p, 'x, 'x>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        FixedPoint.iterate (Given.options FixedPoint.defaults options) (Given.curried f) parameters start

    /// <summary>By Anderson's mixing of the last steps. Without options: a tolerance of 1e-10, and at most 1000 steps.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The function gives something else than x's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// // x = cos x, in fewer steps.
    /// FixedPointSolver.Anderson((p, x) => (p * x).Cos(), Tensor.Create(1.0), Tensor.Create(1.0)).Value // 0.7391
    /// </code></example>
    static member Anderson
        (f: Func<'p, 'x, 'x>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        FixedPoint.anderson (Given.options FixedPoint.defaults options) (Given.curried f) parameters start

/// <summary>Linear systems whose matrix is a function, for C#. F# has the module <c>LinearSystem</c>.</summary>
[<AbstractClass; Sealed>]
type LinearSolver =
    /// <summary>For a symmetric positive definite map. Without options: a tolerance of 1e-8, and at most 1000 steps.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The map gives something else than b's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">b is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// var diagonal = Tensor.Create([2.0, 4.0]);
    /// LinearSolver.ConjugateGradients((d, x) => d * x, diagonal, Tensor.Create([2.0, 8.0])).Value // [1, 2]
    /// </code></example>
    static member ConjugateGradients
        (f: Func<'p, 'x, 'x>, parameters: 'p, b: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        LinearSystem.conjugateGradients
            (Given.options LinearSystem.defaults options)
            (Given.curried f)
            parameters
            b

    /// <summary>For any map that has an inverse. Without options: a tolerance of 1e-8, and at most 1000 steps.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The map gives something else than b's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">b is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// var matrix = Tensor.Create([[2.0, 1.0], [0.0, 4.0]]);
    /// LinearSolver.Gmres((m, x) => m.MatMul(x), matrix, Tensor.Create([4.0, 8.0])).Value // [1, 2]
    /// </code></example>
    static member Gmres
        (f: Func<'p, 'x, 'x>, parameters: 'p, b: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        LinearSystem.gmres (Given.options LinearSystem.defaults options) (Given.curried f) parameters b

    /// <summary>
    /// For any map that has an inverse, in the memory of a few vectors. Without options: a tolerance of 1e-8, and at most 1000 steps.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The map gives something else than b's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">b is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// var matrix = Tensor.Create([[2.0, 1.0], [0.0, 4.0]]);
    /// LinearSolver.BiConjugateGradients((m, x) => m.MatMul(x), matrix, Tensor.Create([4.0, 8.0])).Value // [1, 2]
    /// </code></example>
    static member BiConjugateGradients
        (f: Func<'p, 'x, 'x>, parameters: 'p, b: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        LinearSystem.biConjugateGradients
            (Given.options LinearSystem.defaults options)
            (Given.curried f)
            parameters
            b

    /// <summary>Eigenvalues of a symmetric map by Lanczos' method, upwards, and how far each is from one of the map.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are fewer steps than 1, or more than numbers.</exception>
    /// <example><code lang="csharp">
    /// var diagonal = Tensor.Create([1.0, 2.0, 5.0]);
    /// var (values, errors) = LinearSolver.Lanczos(3, x => diagonal * x, Tensor.Create([1.0, 1.0, 1.0]));
    /// values // [1, 2, 5]
    /// </code></example>
    static member Lanczos(steps: int, a: Func<'x, 'x>, start: 'x) : struct (Tensor * Tensor) =
        let values, errors = LinearSystem.lanczos steps a.Invoke start
        struct (values, errors)

/// <summary>Minima of functions of parameters and unknowns, for C#. F# has the module <c>Minimize</c>.</summary>
[<AbstractClass; Sealed>]
type Minimizer =
    /// <summary>
    /// The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno. Without options: a tolerance of 1e-8, and at most 1000 steps.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">f does not give one number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// // Rosenbrock's valley, whose lowest point is (p, p²).
    /// Tensor Valley(Tensor p, Tensor x) => 100 * (x.Slice(1) - x.Slice(0).Square()).Square() + (p - x.Slice(0)).Square();
    /// Minimizer.LBfgs(Valley, Tensor.Create(1.0), Tensor.Create([-1.2, 1.0])).Value // [1, 1]
    /// </code></example>
    static member LBfgs
        (f: Func<'p, 'x, Tensor>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Minimize.lbfgs (Given.options Minimize.defaults options) (Given.curried f) parameters start

    /// <summary>The same with a whole matrix. Without options: a tolerance of 1e-8, and at most 1000 steps.</summary>
    /// <exception cref="T:Cotangent.ShapeException">f does not give one number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// var goal = Tensor.Create([2.0, 3.0]);
    /// Minimizer.Bfgs((p, x) => (x - p).Square().Sum(), goal, 0 * goal).Value // [2, 3]
    /// </code></example>
    static member Bfgs
        (f: Func<'p, 'x, Tensor>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Minimize.bfgs (Given.options Minimize.defaults options) (Given.curried f) parameters start

    /// <summary>Nonlinear conjugate gradients. Without options: a tolerance of 1e-8, and at most 1000 steps.</summary>
    /// <exception cref="T:Cotangent.ShapeException">f does not give one number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// var goal = Tensor.Create([2.0, 3.0]);
    /// Minimizer.ConjugateGradients((p, x) => (x - p).Square().Sum(), goal, 0 * goal).Value // [2, 3]
    /// </code></example>
    static member ConjugateGradients
        (f: Func<'p, 'x, Tensor>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Minimize.conjugateGradients
            (Given.options Minimize.defaults options)
            (Given.curried f)
            parameters
            start

    /// <summary>Newton's method in a trust region. Without options: a tolerance of 1e-8, and at most 1000 steps.</summary>
    /// <exception cref="T:Cotangent.ShapeException">f does not give one number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// var goal = Tensor.Create([2.0, 3.0]);
    /// Minimizer.TrustRegion((p, x) => (x - p).Square().Sum(), goal, 0 * goal).Value // [2, 3]
    /// </code></example>
    static member TrustRegion
        (f: Func<'p, 'x, Tensor>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Minimize.trustRegion (Given.options Minimize.defaults options) (Given.curried f) parameters start

/// <summary>Sums of squares of residuals of parameters and unknowns, for C#. F# has the module <c>LeastSquares</c>.</summary>
[<AbstractClass; Sealed>]
type LeastSquaresSolver =
    /// <summary>
    /// Levenberg and Marquardt's method. f gives the residuals, a vector. Without options: a tolerance of 1e-6, and at most 500 steps.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">f gives no vector.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// // The line through three points: the intercept and the slope.
    /// var places = Tensor.Create([0.0, 1.0, 2.0]);
    /// Tensor Residuals(Tensor seen, Tensor line) => line.Slice(0) + line.Slice(1) * places - seen;
    /// LeastSquaresSolver.LevenbergMarquardt(Residuals, Tensor.Create([1.0, 3.0, 5.0]), Tensor.Create([0.0, 0.0])).Value // [1, 2]
    /// </code></example>
    static member LevenbergMarquardt
        (f: Func<'p, 'x, Tensor>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        LeastSquares.levenbergMarquardt
            (Given.options LeastSquares.defaults options)
            (Given.curried f)
            parameters
            start

/// <summary>Integrals of functions of one variable, called with many points at once, for C#. F# has the module <c>Quadrature</c>.</summary>
[<AbstractClass; Sealed>]
type Integrator =
    /// <summary>
    /// By rules of Gauss and Kronrod on intervals of which the worst is halved; derivatives with respect to parameters and ends. Without options: 21
    /// nodes, a relative tolerance of 1e-8 or an absolute one of 1e-10, at most 50 intervals.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
    /// <exception cref="T:Cotangent.ValueException">A tolerance is below 0, or there are no intervals.</exception>
    /// <example><code lang="csharp">
    /// // Of exp (-k x) from 0 to 1, and how it changes with k.
    /// var (zero, one) = (Tensor.Create(0.0), Tensor.Create(1.0));
    /// Tensor Integral(Tensor k) => Integrator.Adaptive((k, x) => (-k * x).Exp(), k, zero, one).Value;
    /// Integral(one) // 0.6321
    /// Differentiate.Gradient(Integral, one) // -0.2642
    /// </code></example>
    static member Adaptive
        (
            f: Func<'p, Tensor, Tensor>,
            parameters: 'p,
            low: Tensor,
            high: Tensor,
            [<Optional>] options: QuadratureOptions | null
        ) : Solved<Tensor> =
        Quadrature.adaptive
            (Given.options Quadrature.defaults options)
            (Given.curried f)
            parameters
            (low, high)

    /// <summary>Gauss's rule of n nodes.</summary>
    /// <exception cref="T:Cotangent.ValueException">n is not 1 to 1000.</exception>
    /// <example><code lang="csharp">
    /// // Exact for polynomials of degree 2 n - 1.
    /// Integrator.GaussLegendre(2, x => x * x * x + 1, Tensor.Create(0.0), Tensor.Create(1.0)) // 1.25
    /// </code></example>
    static member GaussLegendre(n: int, f: Func<Tensor, Tensor>, low: Tensor, high: Tensor) : Tensor =
        Quadrature.gaussLegendre n f.Invoke (low, high)

    /// <summary>The tanh-sinh rule, for functions that are infinite at an end. Without options: a tolerance of 1e-10.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
    /// <example><code lang="csharp">
    /// Integrator.TanhSinh(x => 1 / x.Sqrt(), Tensor.Create(0.0), Tensor.Create(1.0)).Value // 2
    /// </code></example>
    static member TanhSinh
        (f: Func<Tensor, Tensor>, low: Tensor, high: Tensor, [<Optional>] options: SolverOptions | null)
        : Solved<Tensor> =
        Quadrature.tanhSinh (Given.options Root.defaults options) f.Invoke (low, high)
