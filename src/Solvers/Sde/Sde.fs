namespace Cotangent.Solvers

open System
open System.Runtime.InteropServices
open Cotangent

/// <summary>A method for stochastic differential equations, in Itô's sense.</summary>
/// <example><code>
/// let path = Brownian.path (Key.create 1L) (0.0, 1.0) 1e-3 DType.Float64 []
/// let states = Sde.solve SdeMethod.Milstein 100 (fun _ y -> 0.1 * y) (fun _ y -> 0.2 * y) path (tensor [ 0.0; 1.0 ]) (tensor 1.0)
/// states // shape (2)
/// </code></example>
[<RequireQualifiedAccess>]
type SdeMethod =
    /// Strong order 1/2.
    | EulerMaruyama
    /// Strong order 1, where each number of the state has noise of its own: gᵢ may depend on t and yᵢ alone.
    | Milstein

module internal SdeSteps =
    let solve
        method
        (stepsBetween: int)
        (drift: Tensor -> Tensor -> Tensor)
        (diffusion: Tensor -> Tensor -> Tensor)
        (path: BrownianPath)
        (times: Tensor)
        (start: Tensor)
        : Tensor =
        let operation = "Sde.solve"

        if stepsBetween < 1 then
            raise (ValueException $"{operation}: {stepsBetween} steps between times; at least 1.")

        if times.Rank <> 1 || times.Size < 2 then
            raise (
                ShapeException
                    $"{operation}: the times have shape {Vector.show times.Shape}; a vector of at least two is needed."
            )

        if start.Shape <> path.Shape || start.DType <> path.DType || times.DType <> path.DType then
            raise (
                ShapeException
                    $"{operation}: a state of {start.DType} {Vector.show start.Shape} and times of {times.DType} with a path of {path.DType} {Vector.show path.Shape}; state and path must be alike, and all of one dtype."
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

            if not (path.HoldsNumber read[0] && path.HoldsNumber read[read.Length - 1]) then
                raise (
                    ValueException
                        $"{operation}: times from {read[0]} to {read[read.Length - 1]}; the Brownian path goes from {path.First} to {path.Last}."
                )

        let between (y: Tensor) (low: Tensor, high: Tensor) =
            let h = (high - low) / float stepsBetween

            let step (y: Tensor, t: Tensor, w: Tensor) =
                let next = t + h
                let nextW = path.Clamped next
                let dw = nextW - w
                let simple (g: Tensor) = y + h * drift t y + g * dw

                let y =
                    match method with
                    | SdeMethod.EulerMaruyama -> simple (diffusion t y)
                    | SdeMethod.Milstein ->
                        let g = diffusion t y
                        let _, along = jvp (diffusion t) y g
                        simple g + 0.5 * along * (dw * dw - h)

                y, next, nextW

            // Where the times can't be read, NaN beyond the path.
            let start = path.Clamped low
            let holds = (path.Holds low).And(path.Holds high)
            let start = where holds start (Tensor.fullLike start nan)
            let y, _, _ = iterate stepsBetween step (y, low, start)
            y, y

        let _, states = scan between start (times[.. times.Size - 2], times[1..])
        concat 0 [ start.Unsqueeze 0; states ]

/// <summary>Stochastic differential equations dY = f(t, Y) dt + g(t, Y) dW, with a noise for each number of the state.</summary>
[<RequireQualifiedAccess>]
module Sde =
    /// <summary>
    /// The states at all the times, upwards (n,), by so many equal steps between each two of them, along a path of Brownian motion: (n, …)
    /// for a state (…). f and g give tensors like the state. Derivatives go through the steps, by all that f and g use; the path stays as
    /// it is. For many paths, <c>vmap</c> over keys.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">State, path and times do not fit each other.</exception>
    /// <exception cref="T:Cotangent.ValueException">Times go backwards, or leave the path; there are no steps.</exception>
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
        SdeSteps.solve method stepsBetween drift diffusion path times start

/// <summary>Stochastic differential equations, for C#. F# has the module <c>Sde</c>.</summary>
[<AbstractClass; Sealed>]
type SdeSolver =
    /// <summary>
    /// The states at all the times, by so many equal steps between each two of them. 100 steps of Euler and Maruyama's method unless said
    /// otherwise.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">State, path and times do not fit each other.</exception>
    /// <exception cref="T:Cotangent.ValueException">Times go backwards, or leave the path; there are no steps.</exception>
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
        let method =
            match method with
            | null -> SdeMethod.EulerMaruyama
            | method -> method

        Sde.solve
            method
            stepsBetween
            (fun t y -> drift.Invoke(t, y))
            (fun t y -> diffusion.Invoke(t, y))
            path
            times
            start
