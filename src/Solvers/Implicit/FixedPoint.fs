namespace Cotangent.Solvers

open Cotangent

/// <summary>
/// Fixed points: g parameters x = x. Derivatives with respect to the parameters are those of the implicit function, as for <c>Root</c>. The residual
/// is the largest |gᵢ - xᵢ|.
/// </summary>
[<RequireQualifiedAccess>]
module FixedPoint =
    /// <summary>A tolerance of 1e-10, and at most 1000 steps.</summary>
    /// <example><code>
    /// let rough = { FixedPoint.defaults with Tolerance = 1e-4 }
    /// </code></example>
    let defaults: SolverOptions = { Tolerance = 1e-10; MaximumSteps = 1000 }

    /// So many steps back are looked at.
    [<Literal>]
    let private Memory = 5

    /// What the residual must not exceed.
    let private goal (options: SolverOptions) (x: Tensor) =
        options.Tolerance + Rounding.of' x.DType * Newton.size x

    let private plain
        operation
        (options: SolverOptions)
        (residual: Tensor -> Tensor)
        (x: Tensor)
        : Solved<Tensor> =
        let goesOn (x: Tensor, r: Tensor, n: Tensor) =
            ((Newton.size r).Greater(goal options x)).And(Counter.isBelow options.MaximumSteps n)

        let step (x: Tensor, r: Tensor, n: Tensor) =
            let x = x + r
            x, residual x, n + 1

        let x, r, n = Loop.whileHolds operation goesOn step (x, residual x, Counter.of' 0)

        {
            Solver = ""
            MaximumSteps = 0
            Value = x
            Converged = (Newton.size r).LessEqual(goal options x)
            Residual = Newton.size r
            Steps = n
            Evaluations = n + 1
            Bracket = null
        }

    /// Anderson 1965, in the form of Walker and Ni 2011: the combination of the last steps with the smallest residual.
    let private mixed
        operation
        (options: SolverOptions)
        (residual: Tensor -> Tensor)
        (x: Tensor)
        : Solved<Tensor> =
        let goesOn (x: Tensor, r: Tensor, _: Tensor, _: Tensor, n: Tensor) =
            ((Newton.size r).Greater(goal options x)).And(Counter.isBelow options.MaximumSteps n)

        let push (rows: Tensor) (row: Tensor) = concat 0 [ rows[1..]; row.Unsqueeze 0 ]

        let step (x: Tensor, r: Tensor, moves: Tensor, changes: Tensor, n: Tensor) =
            let weights = lstsq changes.T r
            let move = r - matmul weights (moves + changes)
            let next = x + where (move.IsFinite().All()) move r
            let value = residual next
            next, value, push moves (next - x), push changes (value - r), n + 1

        let none = Tensor.zeros x.DType [ min Memory x.Size; x.Size ]
        let x, r, _, _, n = Loop.whileHolds operation goesOn step (x, residual x, none, none, Counter.of' 0)

        {
            Solver = ""
            MaximumSteps = 0
            Value = x
            Converged = (Newton.size r).LessEqual(goal options x)
            Residual = Newton.size r
            Steps = n
            Evaluations = n + 1
            Bracket = null
        }

    let private residual operation (g: 'p -> 'x -> 'x) (p: 'p) (x: 'x) : 'x =
        let image = g p x
        Vector.requireAlike operation "what g returns" "x" x image
        Tree.subtract image x

    /// <summary>By applying g again and again: converges where g brings points nearer to each other.</summary>
    /// <exception cref="T:Cotangent.ShapeException">g gives something else than x's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// let found = FixedPoint.iterate FixedPoint.defaults (fun () x -> cos x) () (tensor 1.0)
    /// found.Value // 0.7391
    /// </code></example>
    let iterate (options: SolverOptions) (g: 'p -> 'x -> 'x) (parameters: 'p) (start: 'x) : Solved<'x> =
        Root.onVectors "FixedPoint.iterate" options plain (residual "FixedPoint.iterate" g) parameters start

    /// <summary>By Anderson's mixing of the last five steps: fewer evaluations, and not only where g brings points nearer.</summary>
    /// <exception cref="T:Cotangent.ShapeException">g gives something else than x's shapes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The start is not all of one floating-point dtype.</exception>
    /// <example><code>
    /// let found = FixedPoint.anderson FixedPoint.defaults (fun () x -> cos x) () (tensor 1.0)
    /// found.Value // 0.7391
    /// </code></example>
    let anderson (options: SolverOptions) (g: 'p -> 'x -> 'x) (parameters: 'p) (start: 'x) : Solved<'x> =
        Root.onVectors "FixedPoint.anderson" options mixed (residual "FixedPoint.anderson" g) parameters start
