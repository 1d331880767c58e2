namespace Cotangent.Solvers

open Cotangent

/// <summary>
/// Minima of smooth functions without noise: f parameters x, one number, over x, any tree. Derivatives with respect to the parameters are those of
/// the implicit function, the gradient being 0 there; all that is differentiated must come in by the parameters. The residual is the
/// largest number of the gradient, beside the value where that is above 1.
/// </summary>
[<RequireQualifiedAccess>]
module Minimize =
    /// <summary>A tolerance of 1e-8, and at most 1000 steps.</summary>
    /// <example><code>
    /// let rough = { Minimize.defaults with Tolerance = 1e-4 }
    /// </code></example>
    let defaults: SolverOptions = { Tolerance = 1e-8; MaximumSteps = 1000 }

    let private run
        operation
        options
        method
        (f: 'p -> 'x -> Tensor)
        (parameters: 'p)
        (start: 'x)
        : Solved<'x> =
        SolverOptions.check operation options
        let layout = Vector.layout operation "the start" start

        let onVector p (x: Tensor) =
            let value = f p (Vector.unpack layout x)

            if value.Rank <> 0 || value.DType <> layout.DType then
                raise (
                    ShapeException
                        $"{operation}: the function gives {value.DType} {Vector.show value.Shape}; it must be one {layout.DType}, as the start is. Sum or average it."
                )

            value

        let solve (p, start) =
            let found: Solved<Tensor> =
                method operation options (onVector p) (Vector.pack operation "the start" layout start)

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

        let equation (p, _: 'x) x = grad (f p) x
        Implicit.solve operation equation (Root.transposed operation equation) solve (parameters, start)

    /// <summary>
    /// The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno with ten pairs and the strong Wolfe conditions: the first to
    /// try, of any number of unknowns.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">f does not give one number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// // Rosenbrock's valley.
    /// let valley (_: unit) (x: Tensor) = 100.0 * square (x[1] - square x[0]) + square (1.0 - x[0])
    /// let found = Minimize.lbfgs Minimize.defaults valley () (tensor [ -1.2; 1.0 ])
    /// found.Value // [1, 1]
    /// </code></example>
    let lbfgs (options: SolverOptions) (f: 'p -> 'x -> Tensor) (parameters: 'p) (start: 'x) : Solved<'x> =
        run "Minimize.lbfgs" options (Descent.minimise (Descent.lbfgs 10)) f parameters start

    /// <summary>The method of Broyden, Fletcher, Goldfarb and Shanno, whole: it keeps a square matrix, for up to some hundred unknowns.</summary>
    /// <exception cref="T:Cotangent.ShapeException">f does not give one number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// let found = Minimize.bfgs Minimize.defaults (fun a x -> square (x - a)) (tensor 2.0) (tensor 0.0)
    /// found.Value // 2
    /// </code></example>
    let bfgs (options: SolverOptions) (f: 'p -> 'x -> Tensor) (parameters: 'p) (start: 'x) : Solved<'x> =
        run "Minimize.bfgs" options (Descent.minimise Descent.bfgs) f parameters start

    /// <summary>Nonlinear conjugate gradients by Polak and Ribière, in the memory of a few vectors.</summary>
    /// <exception cref="T:Cotangent.ShapeException">f does not give one number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// let found = Minimize.conjugateGradients Minimize.defaults (fun a x -> sum (square (x - a))) (tensor [ 2.0; 3.0 ]) (tensor [ 0.0; 0.0 ])
    /// found.Value // [2, 3]
    /// </code></example>
    let conjugateGradients
        (options: SolverOptions)
        (f: 'p -> 'x -> Tensor)
        (parameters: 'p)
        (start: 'x)
        : Solved<'x> =
        run
            "Minimize.conjugateGradients"
            options
            (Descent.minimise Descent.conjugateGradients)
            f
            parameters
            start

    /// <summary>
    /// Newton's method in a trust region, by products of the Hessian with vectors (Steihaug): few steps, also where the function is not
    /// convex.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">f does not give one number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// let found = Minimize.trustRegion Minimize.defaults (fun a x -> (x - a) ** 4 + square x) (tensor 2.0) (tensor 0.0)
    /// found.Value // 1.1653
    /// </code></example>
    let trustRegion
        (options: SolverOptions)
        (f: 'p -> 'x -> Tensor)
        (parameters: 'p)
        (start: 'x)
        : Solved<'x> =
        run "Minimize.trustRegion" options TrustRegion.minimise f parameters start
