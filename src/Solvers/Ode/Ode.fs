namespace Cotangent.Solvers

open System
open System.Runtime.InteropServices
open Cotangent

/// <summary>Which way a function must pass through 0 to be an event.</summary>
/// <example><code>
/// // A stone dropped from 20 m: (height, speed).
/// let fall (_: Tensor) (height: Tensor, speed: Tensor) = speed, -9.81 * Tensor.onesLike speed
/// let ground _ (height: Tensor, _: Tensor) = height
/// let times = tensor [ 0.0; 10.0 ]
/// let landing = Ode.solveUntil OdeOptions.defaults Crossing.Falling ground fall times (tensor 20.0, tensor 0.0)
/// landing.FinalTime // 2.0193
/// </code></example>
[<RequireQualifiedAccess>]
type Crossing =
    /// Either way.
    | Either
    /// From below 0.
    | Rising
    /// From above 0.
    | Falling

module internal Crossing =
    /// Whether the function, going from one value to another, passed. It does not where it starts at 0.
    let isPassed (crossing: Crossing) (before: Tensor) (now: Tensor) : Tensor =
        let rising = (before.Less 0.0).And(now.GreaterEqual 0.0)
        let falling = (before.Greater 0.0).And(now.LessEqual 0.0)

        match crossing with
        | Crossing.Rising -> rising
        | Crossing.Falling -> falling
        | Crossing.Either -> rising.Or falling

/// <summary>
/// Initial value problems: y′ = f(t, y) from a state at the first of some times. The state is any tree of tensors of one
/// floating-point dtype, and f gives a tree like it. Eagerly, in <c>compile</c> and under <c>vmap</c> (where each example has steps of
/// its own).
/// </summary>
[<RequireQualifiedAccess>]
module Ode =
    /// <summary>
    /// The states at all the times, from the state at the first: times (n,), strictly upwards or downwards, of the state's dtype. The
    /// steps are as long as the tolerances let them be, wherever the times are; states between them come from the method's polynomial.
    /// </summary>
    /// <remarks>
    /// Derivatives go through the steps, to all that f uses, the start and the times; the sizes of steps count as constant. Reverse mode
    /// keeps all steps; in compiled functions it needs <c>OdeLoop.Bounded</c>. Whatever ends the solution early is in
    /// the result, whose states are NaN from there on; <c>Final</c> is the state that was reached, so look at <c>Outcome</c> or
    /// <c>Status</c> before you trust it. What was not reached has no gradient: a SolverException, in compiled functions and under
    /// <c>vmap</c> NaN.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">f gives something else than a state; fewer than two times.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The state or the times are not all of one floating-point dtype.</exception>
    /// <exception cref="T:Cotangent.ValueException">An option is out of its range, or the times are not finite and all in one direction.</exception>
    /// <example><code>
    /// // y′ = -y from 1.
    /// let solution = Ode.solve OdeOptions.defaults (fun _ y -> -y) (tensor [ 0.0; 1.0; 2.0 ]) (tensor 1.0)
    /// solution.States // [1, 0.3679, 0.1353]
    /// solution.Outcome // Finished
    /// </code></example>
    let solve (options: OdeOptions) (f: Tensor -> 'y -> 'y) (times: Tensor) (start: 'y) : OdeSolution<'y> =
        Solving.solve "Ode.solve" options ValueNone f times start

    /// <summary>
    /// <c>solve</c>, up to the first time at which a function of time and state passes through 0: an event, found on the polynomial
    /// of the step to rounding. The solution then ends with <c>OdeOutcome.Event</c>, its <c>FinalTime</c> and <c>Final</c> are those of the
    /// event, and states at later times are NaN. The time of the event is differentiable, by the implicit function theorem.
    /// </summary>
    /// <remarks>
    /// An event is seen where the function's sign differs from one step to the next. A function that is 0 at the start has no event there.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">The event's function does not return one number of the state's dtype.</exception>
    /// <example><code>
    /// // A stone dropped from 20 m: (height, speed).
    /// let fall (_: Tensor) (height: Tensor, speed: Tensor) = speed, -9.81 * Tensor.onesLike speed
    /// let ground _ (height: Tensor, _: Tensor) = height
    /// let times = tensor [ 0.0; 10.0 ]
    /// let landing = Ode.solveUntil OdeOptions.defaults Crossing.Falling ground fall times (tensor 20.0, tensor 0.0)
    /// landing.FinalTime // 2.0193
    /// </code></example>
    let solveUntil
        (options: OdeOptions)
        (crossing: Crossing)
        (event: Tensor -> 'y -> Tensor)
        (f: Tensor -> 'y -> 'y)
        (times: Tensor)
        (start: 'y)
        : OdeSolution<'y> =
        Solving.solve "Ode.solveUntil" options (ValueSome(event, Crossing.isPassed crossing)) f times start

    /// <summary>
    /// <c>solve</c> for a function with parameters, whose reverse mode is the continuous adjoint: a second problem, solved backwards,
    /// in memory that does not grow with the number of steps, compiled or not. Its gradients are as exact as its tolerances.
    /// Gradients go to the parameters, the times and the start, not to what f closes over (a DerivativeException).
    /// </summary>
    /// <remarks>
    /// All tensors of the parameters must be of the state's dtype. A problem that is stable forwards may be unstable backwards: from each
    /// of the times the state is started anew, so ask for more of them, or differentiate through the steps. A stiff one is: with
    /// <c>OdeMethod.Rodas4</c> gradients go through the steps between two times, which are taken again from the state at the first of them;
    /// memory grows with their number, in compiled functions with the cube root of <c>MaximumSteps</c>. Forward mode goes through the steps, with
    /// any method. Where the solution, or the one backwards, ends early, there is no gradient: a SolverException, in compiled functions and
    /// under <c>vmap</c> NaN.
    /// </remarks>
    /// <exception cref="T:Cotangent.Solvers.SolverException">A gradient is asked for, and there is none.</exception>
    /// <exception cref="T:Cotangent.DerivativeException">f closes over a tensor that is differentiated.</exception>
    /// <example><code>
    /// // y(1) = exp(-k): its derivative with respect to k is -exp(-k).
    /// let decay k = (Ode.solveAdjoint OdeOptions.defaults (fun k _ y -> -k * y) k (tensor [ 0.0; 1.0 ]) (tensor 1.0)).Final
    /// grad decay (tensor 2.0) // -0.1353
    /// </code></example>
    let solveAdjoint
        (options: OdeOptions)
        (f: 'p -> Tensor -> 'y -> 'y)
        (parameters: 'p)
        (times: Tensor)
        (start: 'y)
        : OdeSolution<'y> =
        Adjoint.solve options f parameters times start

    /// <summary>
    /// The solution as a function of time: <c>path.At t</c> for any times between the first and the last, by the polynomials of all
    /// steps. Outside of compiled functions, since it keeps as many steps as it takes.
    /// </summary>
    /// <exception cref="T:Cotangent.Solvers.SolverException">It did not reach the last time.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside of <c>compile</c> or <c>vmap</c>.</exception>
    /// <example><code>
    /// let path = Ode.path OdeOptions.defaults (fun _ y -> -y) (tensor 0.0, tensor 2.0) (tensor 1.0)
    /// path.At(tensor [ 0.5; 1.0 ]) // [0.6065, 0.3679]
    /// </code></example>
    let path
        (options: OdeOptions)
        (f: Tensor -> 'y -> 'y)
        (first: Tensor, last: Tensor)
        (start: 'y)
        : OdePath<'y> =
        OdePath.solve options f (first, last) start

    /// <summary>The same solution, if it reached the last time or its event.</summary>
    /// <exception cref="T:Cotangent.Solvers.SolverException">It did not; says where it is, why, and what to do.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside of <c>compile</c> or <c>vmap</c>, where numbers can't be read.</exception>
    /// <example><code>
    /// // y′ = y² from 1 is 1/(1 - t): it never gets to 2.
    /// let problem = Ode.solve OdeOptions.defaults (fun _ y -> y * y) (tensor [ 0.0; 2.0 ]) (tensor 1.0)
    /// problem |> Ode.orFail // throws SolverException
    /// </code></example>
    let orFail (solution: OdeSolution<'y>) : OdeSolution<'y> = solution.OrFail()

/// <summary>Initial value problems, for C#: <c>OdeSolver.Solve((t, y) =&gt; -y, times, start)</c>. F# has the module <c>Ode</c>.</summary>
[<AbstractClass; Sealed>]
type OdeSolver =
    static member private Of(options: OdeOptions | null) : OdeOptions =
        match options with
        | null -> OdeOptions.defaults
        | options -> options

    /// <summary>
    /// The states at all the times, from the state at the first: times (n,), of the state's dtype. Without options: <c>OdeOptions.Default</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">f gives something else than a state; fewer than two times.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The state or the times are not all of one floating-point dtype.</exception>
    /// <exception cref="T:Cotangent.ValueException">An option is out of its range, or the times are not finite and all in one direction.</exception>
    /// <example><code lang="csharp">
    /// // y′ = -y from 1.
    /// var times = Tensor.Create([0.0, 1.0, 2.0]);
    /// var solution = OdeSolver.Solve((t, y) => -y, times, Tensor.Create(1.0));
    /// solution.States // [1, 0.3679, 0.1353]
    /// </code></example>
    static member Solve
        (f: Func<Tensor, 'y, 'y>, times: Tensor, start: 'y, [<Optional>] options: OdeOptions | null)
        : OdeSolution<'y> =
        Ode.solve (OdeSolver.Of options) (fun t y -> f.Invoke(t, y)) times start

    /// <summary>
    /// The same up to the first time at which a function of time and state passes through 0. It passes either way unless <c>crossing</c>
    /// says otherwise.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The event's function does not return one number of the state's dtype.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The state or the times are not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// // y′ = -y from 1, until it is 1/2: after log 2.
    /// var half = OdeSolver.SolveUntil((t, y) => y - 0.5, (t, y) => -y, Tensor.Create([0.0, 10.0]), Tensor.Create(1.0));
    /// half.FinalTime // 0.6931
    /// </code></example>
    static member SolveUntil
        (
            event: Func<Tensor, 'y, Tensor>,
            f: Func<Tensor, 'y, 'y>,
            times: Tensor,
            start: 'y,
            [<Optional>] crossing: Crossing | null,
            [<Optional>] options: OdeOptions | null
        ) : OdeSolution<'y> =
        let crossing =
            match crossing with
            | null -> Crossing.Either
            | crossing -> crossing

        Ode.solveUntil
            (OdeSolver.Of options)
            crossing
            (fun t y -> event.Invoke(t, y))
            (fun t y -> f.Invoke(t, y))
            times
            start

    /// <summary>The same for a function with parameters, differentiated by the continuous adjoint.</summary>
    /// <exception cref="T:Cotangent.DerivativeException">f closes over a tensor that is differentiated.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The parameters, the state or the times are not all of one floating-point dtype.</exception>
    /// <example><code lang="csharp">
    /// // y(1) = exp(-k): its derivative with respect to k is -exp(-k).
    /// var (times, one) = (Tensor.Create([0.0, 1.0]), Tensor.Create(1.0));
    /// Tensor Decay(Tensor k) => OdeSolver.SolveAdjoint((p, t, y) => -p * y, k, times, one).Final;
    /// Differentiate.Gradient(Decay, Tensor.Create(2.0)) // -0.1353
    /// </code></example>
    static member SolveAdjoint
        (
            f: Func<'p, Tensor, 'y, 'y>,
            parameters: 'p,
            times: Tensor,
            start: 'y,
            [<Optional>] options: OdeOptions | null
        ) : OdeSolution<'y> =
        Ode.solveAdjoint (OdeSolver.Of options) (fun p t y -> f.Invoke(p, t, y)) parameters times start

    /// <summary>The solution as a function of time.</summary>
    /// <exception cref="T:Cotangent.Solvers.SolverException">It did not reach the last time.</exception>
    /// <example><code lang="csharp">
    /// var path = OdeSolver.Path((t, y) => -y, Tensor.Create(0.0), Tensor.Create(2.0), Tensor.Create(1.0));
    /// path.At(Tensor.Create([0.5, 1.0])) // [0.6065, 0.3679]
    /// </code></example>
    static member Path
        (
            f: Func<Tensor, 'y, 'y>,
            first: Tensor,
            last: Tensor,
            start: 'y,
            [<Optional>] options: OdeOptions | null
        ) : OdePath<'y> =
        Ode.path (OdeSolver.Of options) (fun t y -> f.Invoke(t, y)) (first, last) start
