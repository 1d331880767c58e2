namespace Cotangent.Solvers

open System
open System.Runtime.InteropServices
open Cotangent

/// The functions of C#, and options that may be left out.
module internal Given =
    let options (defaults: 'o) (options: 'o | null) : 'o =
        match options with
        | null -> defaults
        | options -> options

    let curried (f: Func<'p, 'x, 'y>) (p: 'p) (x: 'x) : 'y = f.Invoke(p, x)

/// <summary>Roots of functions of parameters and unknowns, for C#. F# has the module <c>Root</c>.</summary>
[<AbstractClass; Sealed>]
type RootSolver =
    /// <summary>Newton's method from a start; derivatives by the parameters.</summary>
    static member Newton
        (f: Func<'p, 'x, 'x>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Root.newton (Given.options Root.defaults options) (Given.curried f) parameters start

    /// <summary>Broyden's method from a start; derivatives by the parameters.</summary>
    static member Broyden
        (f: Func<'p, 'x, 'x>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Root.broyden (Given.options Root.defaults options) (Given.curried f) parameters start

    /// <summary>A root of a function of one number between two places where its signs differ, by halves.</summary>
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
    /// <summary>By applying the function again and again.</summary>
    static member Iterate
        (f: Func<'p, 'x, 'x>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        FixedPoint.iterate (Given.options FixedPoint.defaults options) (Given.curried f) parameters start

    /// <summary>By Anderson's mixing of the last steps.</summary>
    static member Anderson
        (f: Func<'p, 'x, 'x>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        FixedPoint.anderson (Given.options FixedPoint.defaults options) (Given.curried f) parameters start

/// <summary>Linear systems whose matrix is a function, for C#. F# has the module <c>LinearSystem</c>.</summary>
[<AbstractClass; Sealed>]
type LinearSolver =
    /// <summary>For a symmetric positive definite map.</summary>
    static member ConjugateGradients
        (f: Func<'p, 'x, 'x>, parameters: 'p, b: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        LinearSystem.conjugateGradients
            (Given.options LinearSystem.defaults options)
            (Given.curried f)
            parameters
            b

    /// <summary>For any map that has an inverse.</summary>
    static member Gmres
        (f: Func<'p, 'x, 'x>, parameters: 'p, b: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        LinearSystem.gmres (Given.options LinearSystem.defaults options) (Given.curried f) parameters b

    /// <summary>For any map that has an inverse, in the memory of a few vectors.</summary>
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
    static member Lanczos(steps: int, a: Func<'x, 'x>, start: 'x) : struct (Tensor * Tensor) =
        let values, errors = LinearSystem.lanczos steps a.Invoke start
        struct (values, errors)

/// <summary>Minima of functions of parameters and unknowns, for C#. F# has the module <c>Minimize</c>.</summary>
[<AbstractClass; Sealed>]
type Minimizer =
    /// <summary>The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno.</summary>
    static member LBfgs
        (f: Func<'p, 'x, Tensor>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Minimize.lbfgs (Given.options Minimize.defaults options) (Given.curried f) parameters start

    /// <summary>The same with a whole matrix.</summary>
    static member Bfgs
        (f: Func<'p, 'x, Tensor>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Minimize.bfgs (Given.options Minimize.defaults options) (Given.curried f) parameters start

    /// <summary>Nonlinear conjugate gradients.</summary>
    static member ConjugateGradients
        (f: Func<'p, 'x, Tensor>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Minimize.conjugateGradients
            (Given.options Minimize.defaults options)
            (Given.curried f)
            parameters
            start

    /// <summary>Newton's method in a trust region.</summary>
    static member TrustRegion
        (f: Func<'p, 'x, Tensor>, parameters: 'p, start: 'x, [<Optional>] options: SolverOptions | null)
        : Solved<'x> =
        Minimize.trustRegion (Given.options Minimize.defaults options) (Given.curried f) parameters start

/// <summary>Sums of squares of residuals of parameters and unknowns, for C#. F# has the module <c>LeastSquares</c>.</summary>
[<AbstractClass; Sealed>]
type LeastSquaresSolver =
    /// <summary>Levenberg and Marquardt's method.</summary>
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
    /// <summary>By rules of Gauss and Kronrod on intervals of which the worst is halved; derivatives by parameters and ends.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
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
    static member GaussLegendre(n: int, f: Func<Tensor, Tensor>, low: Tensor, high: Tensor) : Tensor =
        Quadrature.gaussLegendre n f.Invoke (low, high)

    /// <summary>The tanh-sinh rule, for functions that are infinite at an end.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
    static member TanhSinh
        (f: Func<Tensor, Tensor>, low: Tensor, high: Tensor, [<Optional>] options: SolverOptions | null)
        : Solved<Tensor> =
        Quadrature.tanhSinh (Given.options Root.defaults options) f.Invoke (low, high)
