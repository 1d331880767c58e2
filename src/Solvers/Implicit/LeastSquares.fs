namespace Cotangent.Solvers

open Cotangent

/// Where Levenberg and Marquardt's method stands.
type internal Fit = {
    X: Tensor
    R: Tensor
    J: Tensor
    Scale: Tensor
    Damping: Tensor
    Growth: Tensor
    Measure: Tensor
    Step: Tensor
    Evaluated: Tensor
    Stuck: Tensor
}

module internal LevenbergMarquardt =
    let private columns (j: Tensor) = sqrt ((square j).Sum 0)

    /// The largest cosine between the residuals and a column of their Jacobian.
    let private cosine (r: Tensor) (j: Tensor) =
        let size = columns j * Krylov.length r
        (abs (matmul j.T r) / where (size.Equal 0.0) (Tensor.onesLike size) size).Max()

    let private goesOn (options: SolverOptions) (s: Fit) =
        (s.Measure.Greater options.Tolerance)
            .And(Counter.isBelow options.MaximumSteps s.Step)
            .And(s.Stuck.Not())

    let private step (options: SolverOptions) (f: Tensor -> Tensor) (s: Fit) =
        let n = s.X.Size
        // By QR of the Jacobian above the damping: no product that squares its condition.
        let damping = sqrt s.Damping * s.Scale
        let tall = concat 0 [ s.J; Tensor.eye s.X.DType n * damping.Unsqueeze 0 ]
        let q, upper = qr tall
        let rightHand = matmul q.T (concat 0 [ -s.R; Tensor.zerosLike s.X ])
        let d = (upper.SolveTriangular(rightHand.Unsqueeze 1, upper = true)).Squeeze 1
        let x = s.X + d
        let r = f x
        let before, after = dot s.R s.R, dot r r
        let linear = s.R + matmul s.J d
        let foreseen = before - dot linear linear
        let ratio = (before - after) / Krylov.safe foreseen
        let isBetter = (after.Less before).And(d.IsFinite().All())
        let j = cond isBetter (fun () -> jacobianForward f x) (fun () -> s.J) ()
        let size, length = Krylov.length s.X, Krylov.length d
        // A step of little damping that is short: the solution is that near.
        let isShort =
            (s.Damping.Less 1e-2).And(length.LessEqual(options.Tolerance * (size + options.Tolerance)))

        let nextR = where isBetter r s.R
        let measure = cosine nextR j
        let relative = length / (size + options.Tolerance)
        // Nielsen's rule.
        let eased = maximum (Tensor.fullLike ratio (1.0 / 3.0)) (1.0 - (2.0 * ratio - 1.0) ** 3)

        {
            X = where isBetter x s.X
            R = nextR
            J = j
            Scale = maximum s.Scale (columns j)
            Damping = clampMin 1e-20 (where isBetter (s.Damping * eased) (s.Damping * s.Growth))
            Growth = where isBetter (Tensor.fullLike s.Growth 2.0) (2.0 * s.Growth)
            Measure = where isShort (minimum measure relative) measure
            Step = s.Step + 1
            Evaluated = s.Evaluated + 1 + where isBetter (Counter.of' 1) (Counter.of' 0)
            Stuck = ((isBetter.Not()).And(s.Damping.Greater 1e20)).Or(after.Equal 0.0)
        }

    let minimise operation (options: SolverOptions) (f: Tensor -> Tensor) (x: Tensor) : Solved<Tensor> =
        let r = f x
        let j = jacobianForward f x
        let scale = columns j
        let one = Tensor.onesLike (dot r r)

        let start = {
            X = x
            R = r
            J = j
            Scale = where (scale.Equal 0.0) (Tensor.onesLike scale) scale
            Damping = 1e-3 * one
            Growth = 2.0 * one
            Measure = cosine r j
            Step = Counter.of' 0
            Evaluated = Counter.of' 2
            Stuck = ((r.IsFinite().All()).And(j.IsFinite().All())).Not()
        }

        let s = Loop.whileHolds operation (goesOn options) (step options f) start
        let isZero = (Newton.size s.R).Equal 0.0

        {
            Solver = ""
            MaximumSteps = 0
            Value = s.X
            Converged = (s.Measure.LessEqual options.Tolerance).Or isZero
            Residual = where isZero (Tensor.zerosLike s.Measure) s.Measure
            Steps = s.Step
            Evaluations = s.Evaluated
            Bracket = null
        }

/// <summary>Sums of squares of residuals that depend on parameters and on x, the unknowns, any tree.</summary>
[<RequireQualifiedAccess>]
module LeastSquares =
    /// <summary>A tolerance of 1e-6, the square of which is the relative excess of the sum, and at most 500 steps.</summary>
    /// <example><code>
    /// let rough = { LeastSquares.defaults with Tolerance = 1e-4 }
    /// </code></example>
    let defaults: SolverOptions = { Tolerance = 1e-6; MaximumSteps = 500 }

    /// <summary>
    /// Levenberg and Marquardt's method with Moré's scaling: the x for which the sum of the squares of the residuals (m,) is smallest.
    /// The residual is the largest cosine between them and the columns of their Jacobian, or, if smaller, the length of a nearly
    /// undamped step relative to x. Derivatives with respect to the parameters are those of the implicit function.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The residuals are not a vector.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// // A decay through three measurements.
    /// let residuals (seen: Tensor) (amplitude: Tensor, rate: Tensor) = amplitude * exp (-rate * tensor [ 0.0; 1.0; 2.0 ]) - seen
    /// let found = LeastSquares.levenbergMarquardt LeastSquares.defaults residuals (tensor [ 4.0; 2.0; 1.0 ]) (tensor 1.0, tensor 1.0)
    /// found.Value // (4, 0.6931)
    /// </code></example>
    let levenbergMarquardt
        (options: SolverOptions)
        (residuals: 'p -> 'x -> Tensor)
        (parameters: 'p)
        (start: 'x)
        : Solved<'x> =
        let operation = "LeastSquares.levenbergMarquardt"
        SolverOptions.check operation options
        let layout = Vector.layout operation "the start" start

        let onVector p (x: Tensor) =
            let r = residuals p (Vector.unpack layout x)

            if r.Rank <> 1 || r.DType <> layout.DType then
                raise (
                    ShapeException
                        $"{operation}: the residuals are {r.DType} {Vector.show r.Shape}; a vector (m,) of {layout.DType} is wanted, as the start is. Flatten or convert them."
                )

            r

        let solve (p, start) =
            let found =
                LevenbergMarquardt.minimise
                    operation
                    options
                    (onVector p)
                    (Vector.pack operation "the start" layout start)

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

        let equation (p, _: 'x) x = grad (fun x -> 0.5 * sum (square (residuals p x))) x
        Implicit.solve operation equation (Root.transposed operation equation) solve (parameters, start)
