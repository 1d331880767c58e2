namespace Cotangent.Solvers

open Cotangent

/// <summary>
/// Roots of functions: f parameters x = 0. Derivatives with respect to the parameters are those of the implicit function, whatever the number of
/// steps; all that is differentiated must come in by the parameters. x is any tree, of which f gives one alike.
/// </summary>
[<RequireQualifiedAccess>]
module Root =
    /// <summary>A tolerance of 1e-10, and at most 100 steps.</summary>
    /// <example><code>
    /// let rough = { Root.defaults with Tolerance = 1e-4 }
    /// </code></example>
    let defaults: SolverOptions = { Tolerance = 1e-10; MaximumSteps = 100 }

    /// The number of unknowns up to which the Jacobian is made.
    [<Literal>]
    let private Dense = 256

    /// λ of (∂f/∂x)ᵀ λ = c, by the Jacobian where it is small, else by GMRES.
    let internal transposed operation (f: 'q -> 'x -> 'x) (q: 'q) (x: 'x) (told: 'x) : 'x =
        let layout = Vector.layout operation "x" x
        let pack tree = Vector.pack operation "what f returns" layout tree

        if Vector.size layout <= Dense then
            let jacobian = jacobianForward (Vector.unpack layout >> f q >> pack) (pack x)
            Vector.unpack layout (Newton.solve jacobian.T (pack told))
        else
            let map (q, x) v = snd (vjp (f q) x) v
            let found = LinearSystem.gmres LinearSystem.defaults map (q, x) told
            Implicit.require operation found.Converged found.Value

    let internal onVectors
        operation
        options
        method
        (f: 'p -> 'x -> 'x)
        (parameters: 'p)
        (start: 'x)
        : Solved<'x> =
        SolverOptions.check operation options
        let layout = Vector.layout operation "the start" start
        let pack tree = Vector.pack operation "what f returns" layout tree

        let solve (p, start) =
            let found: Solved<Tensor> =
                method operation options (Vector.unpack layout >> f p >> pack) (pack start)

            {
                Solver = operation
                MaximumSteps = options.MaximumSteps
                Value = Vector.unpack layout found.Value
                Converged = found.Converged
                Residual = found.Residual
                Steps = found.Steps
                Evaluations = found.Evaluations
                Bracket = null
            }

        // The start is no part of the equation: its gradient is 0.
        let equation (p, _: 'x) x = f p x
        Implicit.solve operation equation (transposed operation equation) solve (parameters, start)

    /// <summary>
    /// Newton's method from a start: the Jacobian in forward mode, and steps halved until the residual comes down. The residual is the
    /// largest |fᵢ|.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">f gives something else than x's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// // The root of a, and its derivative: 1/(2 √a).
    /// let root a = (Root.newton Root.defaults (fun a x -> x * x - a) a (tensor 1.0)).Value
    /// root (tensor 9.0), grad root (tensor 9.0) // (3, 0.1667)
    /// </code></example>
    let newton (options: SolverOptions) (f: 'p -> 'x -> 'x) (parameters: 'p) (start: 'x) : Solved<'x> =
        onVectors "Root.newton" options Newton.newton f parameters start

    /// <summary>
    /// Broyden's method: the Jacobian at the start alone, kept up to date by what the steps show. For functions that cost much. The
    /// residual is the largest |fᵢ|.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">f gives something else than x's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// let found = Root.broyden Root.defaults (fun () x -> exp x - tensor [ 1.0; 2.0 ]) () (tensor [ 0.5; 0.5 ])
    /// found.Value // [0, 0.6931]
    /// </code></example>
    let broyden (options: SolverOptions) (f: 'p -> 'x -> 'x) (parameters: 'p) (start: 'x) : Solved<'x> =
        onVectors "Root.broyden" options Newton.broyden f parameters start

    let private onNumbers
        operation
        options
        method
        (f: 'p -> Tensor -> Tensor)
        (parameters: 'p)
        (low: Tensor, high: Tensor)
        =
        SolverOptions.check operation options

        for end' in [ low; high ] do
            if end'.Rank <> 0 || not (end'.DType = DType.Float64 || end'.DType = DType.Float32) then
                raise (
                    ShapeException
                        $"{operation}: an end of {end'.DType} {Vector.show end'.Shape}; both must be one floating-point number. For many at once, `vmap`."
                )

        Vector.requireOneDType operation [ low; high ]

        let f p x =
            let value = f p x
            Vector.requireAlike operation "what f returns" "x" x value
            value

        let solve (p, (low, high)) : Solved<Tensor> = {
            method operation options (f p) (low, high) with
                Solver = operation
                MaximumSteps = options.MaximumSteps
        }

        let equation (p, _: Tensor * Tensor) x = f p x
        Implicit.solve operation equation (transposed operation equation) solve (parameters, (low, high))

    /// <summary>
    /// A root of a function of one number between two places where its signs differ, by halves: a bit each step. The residual is the
    /// width of what is left; without a change of sign nothing converges.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">An end is not one number.</exception>
    /// <example><code>
    /// let found = Root.bisect Root.defaults (fun () x -> cos x) () (tensor 0.0, tensor 3.0)
    /// found.Value // 1.5708
    /// </code></example>
    let bisect
        (options: SolverOptions)
        (f: 'p -> Tensor -> Tensor)
        (parameters: 'p)
        (low: Tensor, high: Tensor)
        : Solved<Tensor> =
        onNumbers "Root.bisect" options Bracketing.bisect f parameters (low, high)

    /// <summary>The same by Brent's method: it never loses the root, as halving does not, and is mostly as fast as secants and parabolas.</summary>
    /// <exception cref="T:Cotangent.ShapeException">An end is not one number.</exception>
    /// <example><code>
    /// // Kepler's equation, and how the anomaly changes with the eccentricity.
    /// let anomaly e = (Root.brent Root.defaults (fun (e: Tensor) x -> x - e * sin x - 1.0) e (tensor 0.0, tensor 4.0)).Value
    /// anomaly (tensor 0.5) // 1.4987
    /// </code></example>
    let brent
        (options: SolverOptions)
        (f: 'p -> Tensor -> Tensor)
        (parameters: 'p)
        (low: Tensor, high: Tensor)
        : Solved<Tensor> =
        onNumbers "Root.brent" options Bracketing.brent f parameters (low, high)
