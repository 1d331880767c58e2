namespace Cotangent.Solvers

open Cotangent

/// Where Newton's or Broyden's method stands.
type internal Iterate = {
    At: Tensor
    Value: Tensor
    /// Broyden's estimate of the inverse of the Jacobian.
    Inverse: Tensor
    /// The last Jacobian; 0 before the first.
    Jacobian: Tensor
    Step: Tensor
    Evaluated: Tensor
    Stuck: Tensor
}

module internal Newton =
    let size (v: Tensor) : Tensor = (abs v).Max()

    /// m⁻¹ b without an error where m is singular: NaN or ∞ then.
    let solve (m: Tensor) (b: Tensor) : Tensor =
        let order, lower, upper = lu m
        let column = (b.Take(order, 0)).Unsqueeze 1
        let column = lower.SolveTriangular(column, upper = false, unitDiagonal = true)
        (upper.SolveTriangular(column, upper = true)).Squeeze 1

    /// What the residual must not exceed: the tolerance, and what rounding of x and of the terms of f leaves of it.
    let private goal (options: SolverOptions) (s: Iterate) =
        options.Tolerance + Rounding.of' s.At.DType * size (matmul (abs s.Jacobian) (abs s.At))

    let private start f x inverse jacobian evaluated =
        let value = f x

        {
            At = x
            Value = value
            Inverse = inverse
            Jacobian = jacobian
            Step = Counter.of' 0
            Evaluated = Counter.of' evaluated
            Stuck = ((size value).IsFinite()).Not()
        }

    let private goesOn (options: SolverOptions) (s: Iterate) =
        ((size s.Value).Greater(goal options s))
            .And(Counter.isBelow options.MaximumSteps s.Step)
            .And(s.Stuck.Not())

    let private finish (options: SolverOptions) (s: Iterate) : Solved<Tensor> = {
        Solver = ""
        MaximumSteps = 0
        Value = s.At
        Converged = (size s.Value).LessEqual(goal options s)
        Residual = size s.Value
        Steps = s.Step
        Evaluations = s.Evaluated
        Bracket = null
    }

    /// The largest of the steps d, d/2, d/4, … that brings the residual down; d/2²⁰ ends the search.
    let private descend operation f (s: Iterate) (d: Tensor) =
        let start = dot s.Value s.Value
        let one = Tensor.onesLike start

        let isEnough (scale: Tensor) (value: Tensor) =
            (dot value value).LessEqual((1.0 - 2e-4 * scale) * start)

        let goesOn (scale: Tensor, value: Tensor, _: Tensor) =
            ((isEnough scale value).Not()).And(scale.Greater 1e-6)

        let halve (scale: Tensor, _: Tensor, count: Tensor) =
            let scale = 0.5 * scale
            scale, f (s.At + scale * d), count + 1

        let scale, value, count = Loop.whileHolds operation goesOn halve (one, f (s.At + d), Counter.of' 1)
        let isBetter = isEnough scale value

        {
            s with
                At = where isBetter (s.At + scale * d) s.At
                Value = where isBetter value s.Value
                Step = s.Step + 1
                Evaluated = s.Evaluated + count
                Stuck = isBetter.Not()
        }

    let newton operation options (f: Tensor -> Tensor) (x: Tensor) : Solved<Tensor> =
        let step (s: Iterate) =
            let jacobian = jacobianForward f s.At
            let d = -(solve jacobian s.Value)
            // Where the Jacobian is singular, downhill.
            let gradient = matmul jacobian.T s.Value
            let downhill = -gradient / Krylov.safe (Krylov.length gradient)
            let next = descend operation f s (where (d.IsFinite().All()) d downhill)
            { next with Jacobian = jacobian; Evaluated = next.Evaluated + 1 }

        Loop.whileHolds
            operation
            (goesOn options)
            step
            (start f x (Tensor.zeros x.DType [ 1; 1 ]) (Tensor.zeros x.DType [ x.Size; x.Size ]) 1)
        |> finish options

    /// Broyden 1965, the first of his methods, by Sherman and Morrison's formula.
    let broyden operation options (f: Tensor -> Tensor) (x: Tensor) : Solved<Tensor> =
        let identity = Tensor.eye x.DType x.Size
        let inverse jacobian = vmap (solve jacobian) identity |> fun rows -> rows.T
        let first = jacobianForward f x

        let step (s: Iterate) =
            let d = -(matmul s.Inverse s.Value)
            let next = descend operation f s d
            let moved, changed = next.At - s.At, next.Value - s.Value
            let image = matmul s.Inverse changed
            let scale = dot moved image

            let updated = s.Inverse + outer (moved - image) (matmul moved s.Inverse) / Krylov.safe scale

            // The estimate has gone bad: a new one.
            let isUsable = (next.Stuck.Not()).And(updated.IsFinite().All()).And((abs scale).Greater 0.0)

            let anew () =
                let jacobian = jacobianForward f next.At
                inverse jacobian, jacobian

            let inverse, jacobian = cond isUsable (fun () -> updated, s.Jacobian) anew ()

            // Stuck is what a fresh estimate does not help.
            let wasFresh = (size (s.Inverse - inverse)).Equal 0.0

            {
                next with
                    Inverse = inverse
                    Jacobian = jacobian
                    Stuck = (next.Stuck.And wasFresh).Or((inverse.IsFinite().All()).Not())
                    Evaluated = next.Evaluated + where isUsable (Counter.of' 0) (Counter.of' 1)
            }

        Loop.whileHolds operation (goesOn options) step (start f x (inverse first) first 2)
        |> finish options
