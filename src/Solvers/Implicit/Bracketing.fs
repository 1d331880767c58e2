namespace Cotangent.Solvers

open Cotangent

/// An interval that holds a root, as Brent's method goes on.
type internal BrentState = {
    A: Tensor
    B: Tensor
    C: Tensor
    FA: Tensor
    FB: Tensor
    FC: Tensor
    D: Tensor
    E: Tensor
    Step: Tensor
}

module internal Bracketing =
    let private bracket (f: Tensor -> Tensor) (low: Tensor, high: Tensor) : Bracket = {
        Low = low
        High = high
        AtLow = f low
        AtHigh = f high
    }

    let private finish
        (ends: Bracket)
        (x: Tensor)
        (value: Tensor)
        (width: Tensor)
        (tolerance: Tensor)
        (steps: Tensor)
        : Solved<Tensor> =
        let isThere = (width.LessEqual tolerance).Or(value.Equal 0.0)

        {
            Solver = ""
            MaximumSteps = 0
            Value = x
            Converged = isThere.And ends.HoldsRoot
            // At a root the value, which is 0 there: so that f's derivatives are not lost where only signs are looked at.
            Residual = where (value.Equal 0.0) value width
            Steps = steps
            Evaluations = steps + 2
            Bracket = ends
        }

    let private goal (options: SolverOptions) (x: Tensor) = options.Tolerance + Rounding.of' x.DType * abs x

    let bisect
        operation
        (options: SolverOptions)
        (f: Tensor -> Tensor)
        (low: Tensor, high: Tensor)
        : Solved<Tensor> =
        let ends = bracket f (low, high)
        let sign = ends.AtLow.Sign()

        let goesOn (low: Tensor, high: Tensor, steps: Tensor) =
            ((abs (high - low)).Greater(goal options high))
                .And(Counter.isBelow options.MaximumSteps steps)
                .And
                ends.HoldsRoot

        let halve (low: Tensor, high: Tensor, steps: Tensor) =
            let middle = 0.5 * (low + high)
            let isLow = ((f middle).Sign()).Equal sign
            where isLow middle low, where isLow high middle, steps + 1

        let low, high, steps = Loop.whileHolds operation goesOn halve (low, high, Counter.of' 0)
        finish ends high (f high) (abs (high - low)) (goal options high) steps

    /// Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4: b is the best so far, c on the other side, a before b.
    let brent
        operation
        (options: SolverOptions)
        (f: Tensor -> Tensor)
        (low: Tensor, high: Tensor)
        : Solved<Tensor> =
        let ends = bracket f (low, high)

        // With b the better end of b and c.
        let ordered (s: BrentState) =
            let isSame = (s.FB.Sign()).Equal(s.FC.Sign())
            let c, fc = where isSame s.A s.C, where isSame s.FA s.FC
            let d = where isSame (s.B - s.A) s.D
            let e = where isSame (s.B - s.A) s.E
            let isWorse = (abs fc).Less(abs s.FB)

            {
                s with
                    A = where isWorse s.B s.A
                    FA = where isWorse s.FB s.FA
                    B = where isWorse c s.B
                    FB = where isWorse fc s.FB
                    C = where isWorse s.B c
                    FC = where isWorse s.FB fc
                    D = d
                    E = e
            }

        let half (s: BrentState) = 0.5 * (s.C - s.B)

        let goesOn (s: BrentState) =
            ((2.0 * abs (half s)).Greater(goal options s.B))
                .And(s.FB.NotEqual 0.0)
                .And(Counter.isBelow options.MaximumSteps s.Step)
                .And
                ends.HoldsRoot

        let step (s: BrentState) =
            let m, tolerance = half s, 0.5 * goal options s.B
            // The secant through two points, or the inverse parabola through three.
            let r1 = s.FB / Krylov.safe s.FA
            let isSecant = s.A.Equal s.C
            let q0, r0 = s.FA / Krylov.safe s.FC, s.FB / Krylov.safe s.FC

            let p = where isSecant (2.0 * m * r1) (r1 * (2.0 * m * q0 * (q0 - r0) - (s.B - s.A) * (r0 - 1.0)))

            let q = where isSecant (1.0 - r1) ((q0 - 1.0) * (r0 - 1.0) * (r1 - 1.0))
            let q = where (p.Greater 0.0) (-q) q
            let p = abs p

            let isUsable =
                ((abs s.E).GreaterEqual tolerance)
                    .And((abs s.FA).Greater(abs s.FB))
                    .And((2.0 * p).Less(minimum (3.0 * m * q - abs (tolerance * q)) (abs (s.E * q))))

            let d = where isUsable (p / Krylov.safe q) m
            let e = where isUsable s.D m
            let move = where ((abs d).Greater tolerance) d (tolerance * m.Sign())
            let b = s.B + move

            ordered { s with A = s.B; FA = s.FB; B = b; FB = f b; D = d; E = e; Step = s.Step + 1 }

        let start =
            ordered {
                A = low
                FA = ends.AtLow
                B = high
                FB = ends.AtHigh
                C = low
                FC = ends.AtLow
                D = high - low
                E = high - low
                Step = Counter.of' 0
            }

        let s = Loop.whileHolds operation goesOn step start
        finish ends s.B s.FB (2.0 * abs (half s)) (goal options s.B) s.Step
