namespace Cotangent.Solvers

open System
open System.Runtime.InteropServices
open Cotangent

module internal SdeSteps =
    /// As good as equal to the resolution is not shorter.
    let private shortest (path: BrownianPath) : float = 0.999 * path.Resolution

    let private checkTimes (operation: string) (stepsBetween: int) (path: BrownianPath) (times: Tensor) =
        if stepsBetween < 1 then
            raise (ValueException $"{operation}: {stepsBetween} steps between times; at least 1.")

        if times.Rank <> 1 || times.Size < 2 then
            raise (
                ShapeException
                    $"{operation}: the times have shape {Vector.show times.Shape}; a vector of at least two is needed."
            )

        match Vector.tryRead times with
        | ValueNone -> ()
        | ValueSome read ->
            for a, b in Array.pairwise read do
                if not (b > a) then
                    raise (
                        ValueException
                            $"{operation}: the times go from {a} to {b}; each must be later than the last."
                    )

                let step = (b - a) / float stepsBetween

                if step < shortest path then
                    raise (
                        ValueException
                            $"{operation}: steps of {step} between the times {a} and {b}, with a Brownian path of a resolution of {path.Resolution}. Below it the path is a straight line, whose noise is too small. Take fewer steps, or give `Brownian.path` a finer resolution."
                    )

            if not (path.HoldsNumber read[0] && path.HoldsNumber read[read.Length - 1]) then
                raise (
                    ValueException
                        $"{operation}: times from {read[0]} to {read[read.Length - 1]}; the Brownian path goes from {path.First} to {path.Last}."
                )

    /// Steps until each of the times.
    let private solve
        (stepsBetween: int)
        (step: SdeStep)
        (path: BrownianPath)
        (times: Tensor)
        (start: Tensor)
        =
        let between (y: Tensor) (low: Tensor, high: Tensor) =
            let h = (high - low) / float stepsBetween

            let next (y: Tensor, t: Tensor, w: Tensor) =
                let nextT = t + h
                let nextW = path.Clamped nextT
                y + step t y h (nextW - w), nextT, nextW

            // Where the times can't be read, NaN for what would be an error.
            let start = path.Clamped low

            let holds =
                (path.Holds low).And(path.Holds high).And(h.GreaterEqual(Tensor.fullLike h (shortest path)))

            let start = where holds start (Tensor.fullLike start nan)
            let y, _, _ = iterate stepsBetween next (y, low, start)
            y, y

        let _, states = scan between start (times[.. times.Size - 2], times[1..])
        concat 0 [ start.Unsqueeze 0; states ]

    let private alike (path: BrownianPath) (times: Tensor) (start: Tensor) =
        $"a state of {start.DType} {Vector.show start.Shape} and times of {times.DType} with a path of {path.DType} {Vector.show path.Shape}"

    let private hasDType (path: BrownianPath) (times: Tensor) (start: Tensor) =
        start.DType = path.DType && times.DType = path.DType

    let diagonal method stepsBetween drift diffusion (path: BrownianPath) (times: Tensor) (start: Tensor) =
        let operation = "Sde.solve"

        if start.Shape <> path.Shape || not (hasDType path times start) then
            raise (
                ShapeException
                    $"{operation}: {alike path times start}; state and path must be alike, and all of one dtype. With a matrix of noises, `Sde.solveGeneral`."
            )

        checkTimes operation stepsBetween path times
        solve stepsBetween (SdeStep.diagonal operation method drift diffusion) path times start

    let general method stepsBetween drift diffusion (path: BrownianPath) (times: Tensor) (start: Tensor) =
        let operation = "Sde.solveGeneral"

        if start.Rank <> 1 || path.Shape.Length <> 1 || not (hasDType path times start) then
            raise (
                ShapeException
                    $"{operation}: {alike path times start}; state and path must be vectors, (d,) and (m,), and all of one dtype."
            )

        checkTimes operation stepsBetween path times

        match method with
        | SdeMethod.EulerMaruyama -> ()
        | SdeMethod.Milstein ->
            match
                SdeStep.noiseCommutes operation path.Shape[0] diffusion times[0] start |> Vector.tryRead
            with
            | ValueSome [| 0.0 |] ->
                raise (
                    ValueException
                        $"{operation}: Milstein's method with noise that does not commute: L_j g_k and L_k g_j differ at the start, for columns j and k of the diffusion. Then it would need the path's areas; take `SdeMethod.EulerMaruyama`."
                )
            | ValueSome _
            | ValueNone -> ()

        solve stepsBetween (SdeStep.matrix operation method drift diffusion) path times start

/// <summary>Stochastic differential equations dY = f(t, Y) dt + g(t, Y) dW in Itô's sense.</summary>
[<RequireQualifiedAccess>]
module Sde =
    /// <summary>
    /// With diagonal noise, one for each number of the state. The states at all the times, upwards (n,), by so many equal steps between each
    /// two of them, along a path of Brownian motion: (n, …) for a state (…). f and g give tensors like the state. Derivatives go through the
    /// steps, with respect to all that f and g use; the path stays as it is. For many paths, <c>vmap</c> over keys.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">State, path, times, and what f and g give do not fit each other.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// Times go backwards, or leave the path; there are no steps, or such as are shorter than the path's resolution.
    /// </exception>
    /// <example><code>
    /// // Geometric Brownian motion.
    /// let path = Brownian.path (Key.create 1L) (0.0, 1.0) 1e-3 DType.Float64 []
    /// let states = Sde.solve SdeMethod.Milstein 100 (fun _ y -> 0.1 * y) (fun _ y -> 0.2 * y) path (tensor [ 0.0; 1.0 ]) (tensor 1.0)
    /// states // shape (2)
    /// </code></example>
    let solve
        (method: SdeMethod)
        (stepsBetween: int)
        (drift: Tensor -> Tensor -> Tensor)
        (diffusion: Tensor -> Tensor -> Tensor)
        (path: BrownianPath)
        (times: Tensor)
        (start: Tensor)
        : Tensor =
        SdeSteps.diagonal method stepsBetween drift diffusion path times start

    /// <summary>
    /// With general noise: g gives a matrix (d, m), by which the m Brownian motions of the path (m,) move the state (d,). Else as
    /// <c>solve</c>: the states at all the times, (n, d). Milstein's method is for noise that commutes, as noise does of which the matrix
    /// does not depend on the state, or that has one column, m = 1: L_j g_k = L_k g_j for all columns, where L_j g_k is the derivative of
    /// column k along column j. Of other noise it is an error, and inside of <c>compile</c> and <c>vmap</c>, and for states on the way, NaN.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">State, path, times, and what f and g give do not fit each other.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// Times go backwards, or leave the path; there are no steps, or such as are shorter than the path's resolution; Milstein's method with
    /// noise that does not commute.
    /// </exception>
    /// <example><code>
    /// // Two motions push a state of three numbers.
    /// let path = Brownian.path (Key.create 1L) (0.0, 1.0) 1e-3 DType.Float64 [ 2 ]
    /// let pushes = tensor [ [ 1.0; 0.0 ]; [ 0.5; 0.5 ]; [ 0.0; 2.0 ] ]
    /// let times, start = tensor [ 0.0; 1.0 ], tensor [ 0.0; 0.0; 0.0 ]
    /// Sde.solveGeneral SdeMethod.EulerMaruyama 100 (fun _ y -> -y) (fun _ _ -> pushes) path times start // shape (2, 3)
    /// </code></example>
    let solveGeneral
        (method: SdeMethod)
        (stepsBetween: int)
        (drift: Tensor -> Tensor -> Tensor)
        (diffusion: Tensor -> Tensor -> Tensor)
        (path: BrownianPath)
        (times: Tensor)
        (start: Tensor)
        : Tensor =
        SdeSteps.general method stepsBetween drift diffusion path times start

/// <summary>Stochastic differential equations, for C#. F# has the module <c>Sde</c>.</summary>
[<AbstractClass; Sealed>]
type SdeSolver =
    /// <summary>
    /// With diagonal noise: the states at all the times, by so many equal steps between each two of them. 100 steps of Euler and Maruyama's
    /// method unless said otherwise.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">State, path, times, and what the functions give do not fit each other.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// Times go backwards, or leave the path; there are no steps, or such as are shorter than the path's resolution.
    /// </exception>
    /// <example><code lang="csharp">
    /// // Without noise an ordinary equation: y′ = -y from 1.
    /// var path = Brownian.Path(Key.Create(1), 0, 1, 1e-3, DType.Float64, []);
    /// var states = SdeSolver.Solve((t, y) => -y, (t, y) => 0 * y, path, Tensor.Create([0.0, 1.0]), Tensor.Create(1.0));
    /// states // [1, 0.366]
    /// </code></example>
    static member Solve
        (
            drift: Func<Tensor, Tensor, Tensor>,
            diffusion: Func<Tensor, Tensor, Tensor>,
            path: BrownianPath,
            times: Tensor,
            start: Tensor,
            [<Optional; DefaultParameterValue(100)>] stepsBetween: int,
            [<Optional>] method: SdeMethod | null
        ) : Tensor =
        Sde.solve
            (Given.options SdeMethod.EulerMaruyama method)
            stepsBetween
            (Given.curried drift)
            (Given.curried diffusion)
            path
            times
            start

    /// <summary>
    /// With general noise: the diffusion gives a matrix (d, m) for a state (d,) and a path (m,). Milstein's method is for noise that commutes.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">State, path, times, and what the functions give do not fit each other.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// Times go backwards, or leave the path; there are no steps, or such as are shorter than the path's resolution; Milstein's method with
    /// noise that does not commute.
    /// </exception>
    /// <example><code lang="csharp">
    /// // One motion pushes two numbers alike: their difference stays.
    /// var path = Brownian.Path(Key.Create(1), 0, 1, 1e-3, DType.Float64, [1]);
    /// var pushes = Tensor.Create([[1.0], [1.0]]);
    /// var states = SdeSolver.SolveGeneral(
    ///     (t, y) => 0 * y, (t, y) => pushes, path, Tensor.Create([0.0, 1.0]), Tensor.Create([1.0, 3.0]));
    /// states.Slice(1, 1) - states.Slice(1, 0) // 2
    /// </code></example>
    static member SolveGeneral
        (
            drift: Func<Tensor, Tensor, Tensor>,
            diffusion: Func<Tensor, Tensor, Tensor>,
            path: BrownianPath,
            times: Tensor,
            start: Tensor,
            [<Optional; DefaultParameterValue(100)>] stepsBetween: int,
            [<Optional>] method: SdeMethod | null
        ) : Tensor =
        Sde.solveGeneral
            (Given.options SdeMethod.EulerMaruyama method)
            stepsBetween
            (Given.curried drift)
            (Given.curried diffusion)
            path
            times
            start
