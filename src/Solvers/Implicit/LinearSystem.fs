namespace Cotangent.Solvers

open Cotangent

/// <summary>
/// Linear systems a x = b whose matrix is a function: a parameters x, linear in x, which is any tree. Derivatives with respect to the parameters
/// and b are those of the implicit function: another such system, with the transpose, whatever the number of steps. All that is
/// differentiated must come in by these two. The residual is |b - a x| / |b|.
/// </summary>
[<RequireQualifiedAccess>]
module LinearSystem =
    /// <summary>A tolerance of 1e-8, and at most 1000 steps.</summary>
    /// <example><code>
    /// let rough = { LinearSystem.defaults with Tolerance = 1e-3 }
    /// </code></example>
    let defaults: SolverOptions = { Tolerance = 1e-8; MaximumSteps = 1000 }

    let private run
        operation
        options
        (isSymmetric: bool)
        (method: string -> SolverOptions -> (Tensor -> Tensor) -> Tensor -> Solved<Tensor>)
        (a: 'p -> 'x -> 'x)
        (parameters: 'p)
        (b: 'x)
        : Solved<'x> =
        SolverOptions.check operation options
        let layout = Vector.layout operation "b" b
        let pack x = Vector.pack operation "what the function returns" layout x

        let solveBy (map: 'x -> 'x) (b: 'x) : Solved<'x> =
            let found = method operation options (Vector.unpack layout >> map >> pack) (pack b)

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

        let rec solve (q: 'p * 'x) : Solved<'x> =
            Implicit.solve
                operation
                (fun (p, b) x -> Tree.subtract (a p x) b)
                transposed
                (fun (p, b) -> solveBy (a p) b)
                q

        // As a system of its own, with derivatives of its own.
        and transposed (p, _) (_: 'x) (told: 'x) : 'x =
            let found =
                if isSymmetric then
                    solve (p, told)
                else
                    let map (p: 'p) = linearTranspose (a p) b

                    Implicit.solve
                        operation
                        (fun (p, b) x -> Tree.subtract (map p x) b)
                        (fun (p, _) _ told -> (solve (p, told)).Value)
                        (fun (p, b) -> solveBy (map p) b)
                        (p, told)

            Implicit.require operation found.Converged found.Value

        solve (parameters, b)

    /// <summary>Conjugate gradients: for a symmetric positive definite map.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The map gives something else than b's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">b is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// // -x″ = 1 on a grid of three: the second difference.
    /// let second (_: unit) (x: Tensor) = 2.0 * x - concat 0 [ x[1..]; tensor [ 0.0 ] ] - concat 0 [ tensor [ 0.0 ]; x[..1] ]
    /// let found = LinearSystem.conjugateGradients LinearSystem.defaults second () (tensor [ 1.0; 1.0; 1.0 ])
    /// found.Value // [1.5, 2, 1.5]
    /// </code></example>
    let conjugateGradients
        (options: SolverOptions)
        (a: 'p -> 'x -> 'x)
        (parameters: 'p)
        (b: 'x)
        : Solved<'x> =
        run "LinearSystem.conjugateGradients" options true Krylov.conjugateGradients a parameters b

    /// <summary>
    /// The generalised minimal residual method, started anew every 30 steps: for any map that has an inverse.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The map gives something else than b's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">b is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// let matrix = tensor [ [ 2.0; 1.0 ]; [ 0.0; 4.0 ] ]
    /// let found = LinearSystem.gmres LinearSystem.defaults (fun m x -> matmul m x) matrix (tensor [ 4.0; 8.0 ])
    /// found.Value // [1, 2]
    /// </code></example>
    let gmres (options: SolverOptions) (a: 'p -> 'x -> 'x) (parameters: 'p) (b: 'x) : Solved<'x> =
        run "LinearSystem.gmres" options false (Krylov.gmres 30) a parameters b

    /// <summary>
    /// Stabilised biconjugate gradients: for any map that has an inverse, in the memory of a few vectors. It may break down, which the
    /// result says; <c>gmres</c> does not.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The map gives something else than b's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">b is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// let matrix = tensor [ [ 2.0; 1.0 ]; [ 0.0; 4.0 ] ]
    /// let found = LinearSystem.biConjugateGradients LinearSystem.defaults (fun m x -> matmul m x) matrix (tensor [ 4.0; 8.0 ])
    /// found.Value // [1, 2]
    /// </code></example>
    let biConjugateGradients
        (options: SolverOptions)
        (a: 'p -> 'x -> 'x)
        (parameters: 'p)
        (b: 'x)
        : Solved<'x> =
        run "LinearSystem.biConjugateGradients" options false Krylov.biConjugateGradients a parameters b

    /// <summary>
    /// Eigenvalues of a symmetric map by Lanczos' method with full orthogonalisation: the approximations after so many steps from a
    /// start, upwards, the outermost of them the best, and how far each pair of vector and value is from one of the map,
    /// |a v - λ v|.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There are fewer steps than 1, or more than numbers.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// let diagonal = tensor [ 1.0; 2.0; 5.0 ]
    /// let values, _ = LinearSystem.lanczos 3 (fun x -> diagonal * x) (tensor [ 1.0; 1.0; 1.0 ])
    /// values // [1, 2, 5]
    /// </code></example>
    let lanczos (steps: int) (a: 'x -> 'x) (start: 'x) : Tensor * Tensor =
        let operation = "LinearSystem.lanczos"
        let layout = Vector.layout operation "the start" start
        let size = Vector.size layout

        if steps < 1 || steps > size then
            raise (ValueException $"{operation}: {steps} steps for {size} numbers; ask for 1 to {size}.")

        let map = Vector.unpack layout >> a >> Vector.pack operation "what the function returns" layout
        let first = Vector.pack operation "the start" layout start
        let v, h = Krylov.basis steps map (first / Krylov.safe (Krylov.length first))
        let projected = h[.. steps - 1]
        let values, vectors = eigh (0.5 * (projected + projected.T))
        let pairs = matmul vectors.T v[.. steps - 1]
        let images = vmap map pairs
        let errors = sqrt ((square (images - values.Unsqueeze 1 * pairs)).Sum 1)
        values, errors
