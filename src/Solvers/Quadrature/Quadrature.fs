namespace Cotangent.Solvers

open Cotangent

/// <summary>
/// Integrals of functions of one variable. The function is called with many points at once, (n,), and gives a value for each, or a
/// tensor for each: (n, …); the integral is one number, or such a tensor.
/// </summary>
[<RequireQualifiedAccess>]
module Quadrature =
    /// <summary>21 nodes, a relative tolerance of 1e-8 or an absolute one of 1e-10, and at most 50 intervals.</summary>
    /// <example><code>
    /// let rough = { Quadrature.defaults with RelativeTolerance = 1e-4 }
    /// </code></example>
    let defaults: QuadratureOptions = {
        Rule = KronrodRule.Nodes21
        RelativeTolerance = 1e-8
        AbsoluteTolerance = 1e-10
        MaximumIntervals = 50
    }

    /// <summary>
    /// Rules of Gauss and Kronrod on intervals of which the worst is halved until the estimates of the errors are within the tolerance;
    /// the residual is their sum. Derivatives with respect to parameters and ends are those of the integral itself.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point, or an end is not one number.</exception>
    /// <exception cref="T:Cotangent.ValueException">A tolerance is below 0, there are no intervals, or an end is infinite or NaN.</exception>
    /// <example><code>
    /// // Of exp (-k x) from 0 to 1, and how it changes with k.
    /// let integral k = (Quadrature.adaptive Quadrature.defaults (fun k x -> exp (-k * x)) k (tensor 0.0, tensor 1.0)).Value
    /// integral (tensor 1.0), grad integral (tensor 1.0) // (0.6321, -0.2642)
    /// </code></example>
    let adaptive
        (options: QuadratureOptions)
        (f: 'p -> Tensor -> Tensor)
        (parameters: 'p)
        (low: Tensor, high: Tensor)
        : Solved<Tensor> =
        let operation = "Quadrature.adaptive"
        Vector.requireOneDType operation [ low; high ]
        Panels.requireFinite operation [ low; high ]
        Adaptive.integrate operation options f parameters (low, high)

    /// <summary>
    /// The same from a number to infinity: by t/(1 - t). An integral over the whole line is one of x ↦ f(x) + f(-x) from 0.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
    /// <exception cref="T:Cotangent.ValueException">The number is infinite or NaN.</exception>
    /// <example><code>
    /// let found = Quadrature.toInfinity Quadrature.defaults (fun () x -> exp -x) () (tensor 0.0)
    /// found.Value // 1
    /// </code></example>
    let toInfinity
        (options: QuadratureOptions)
        (f: 'p -> Tensor -> Tensor)
        (parameters: 'p)
        (low: Tensor)
        : Solved<Tensor> =
        let onUnit (p, low: Tensor) (t: Tensor) =
            let y: Tensor = f p (low + t / (1.0 - t))
            y / (square (1.0 - t)).Reshape [| t.Size; yield! Array.create (y.Rank - 1) 1 |]

        let operation = "Quadrature.toInfinity"
        Panels.requireFinite operation [ low ]
        let zero = Tensor.zerosLike (stopGradient low)
        Adaptive.integrate operation options onUnit (parameters, low) (zero, zero + 1.0)

    /// <summary>
    /// Gauss's rule of n nodes, exact for polynomials up to degree 2n - 1. A sum, so its derivatives are those of the sum: by all that f
    /// uses.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">n is not 1 to 1000.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
    /// <example><code>
    /// Quadrature.gaussLegendre 2 (fun x -> x ** 3 + 1.0) (tensor 0.0, tensor 1.0) // 1.25
    /// </code></example>
    let gaussLegendre (n: int) (f: Tensor -> Tensor) (low: Tensor, high: Tensor) : Tensor =
        let operation = "Quadrature.gaussLegendre"

        if n < 1 || n > 1000 then
            raise (ValueException $"{operation}: {n} nodes; ask for 1 to 1000.")

        Vector.requireOneDType operation [ low; high ]
        let rule = Rule.legendre n
        let y = Panels.values operation f (Panels.nodes rule (low.Unsqueeze 0) (high.Unsqueeze 0))
        let weights = (Panels.column low rule.Weights).Reshape [| n; yield! Array.create (y.Rank - 1) 1 |]
        0.5 * (high - low) * (y * weights).Sum 0

    /// <summary>
    /// The tanh-sinh rule of Takahashi and Mori, with nodes that get denser towards the ends until nothing changes: for functions that
    /// are infinite there, as 1/√x is at 0. The tolerance is on the residual, beside the integral where that is above 1: the last change,
    /// and the last term before each end, about as much as is left beyond it. Steps are levels, of which there are at most nine. Derivatives
    /// with respect to all that f uses and the ends.
    /// </summary>
    /// <remarks>
    /// Put an end where f is infinite at 0: floating-point numbers are dense there alone. Beside 1 the nearest number is 1e-16 away, and
    /// 1/√(1 - x) has an integral of 2e-8 in between, so that it does not converge to less. With x = 1 - u it does.
    /// </remarks>
    /// <exception cref="T:Cotangent.ValueException">An end is infinite or NaN.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
    /// <example><code>
    /// let found = Quadrature.tanhSinh Root.defaults (fun x -> 1.0 / sqrt x) (tensor 0.0, tensor 1.0)
    /// found.Value // 2
    /// </code></example>
    let tanhSinh (options: SolverOptions) (f: Tensor -> Tensor) (low: Tensor, high: Tensor) : Solved<Tensor> =
        let operation = "Quadrature.tanhSinh"
        SolverOptions.check operation options
        Vector.requireOneDType operation [ low; high ]
        Panels.requireFinite operation [ low; high ]
        TanhSinh.integrate operation options f low high
