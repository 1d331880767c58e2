namespace Cotangent.Solvers

open Cotangent

/// Where a minimisation stands.
type internal Minimum = {
    X: Tensor
    F: Tensor
    G: Tensor
    /// What the method remembers.
    Memory: Tensor[]
    /// How far the last search went, and the slope it began with.
    Length: Tensor
    Slope: Tensor
    Step: Tensor
    Evaluated: Tensor
    /// The last search found nothing better.
    Failed: Tensor
    Stuck: Tensor
}

/// What tells methods of descent along lines from each other.
type internal Strategy = {
    /// How flat the slope must become.
    Flatness: float
    /// Whether a step of 1 is the method's guess.
    IsScaled: bool
    Start: Tensor -> Tensor[]
    Direction: Tensor[] -> Tensor -> Tensor
    /// Memory, step, change of the gradient, gradient.
    Update: Tensor[] -> Tensor -> Tensor -> Tensor -> Tensor[]
}

module internal Descent =
    /// How far a point is from a stationary one.
    let residual (f: Tensor) (g: Tensor) : Tensor = Newton.size g / clampMin 1.0 f

    let finish (options: SolverOptions) (m: Minimum) : Solved<Tensor> =
        let residual = residual m.F m.G

        {
            Solver = ""
            MaximumSteps = 0
            Value = m.X
            Converged = residual.LessEqual options.Tolerance
            Residual = residual
            Steps = m.Step
            Evaluations = m.Evaluated
            Bracket = null
        }

    let goesOn (options: SolverOptions) (m: Minimum) : Tensor =
        ((residual m.F m.G).Greater options.Tolerance)
            .And(Counter.isBelow options.MaximumSteps m.Step)
            .And(m.Stuck.Not())

    let start (f: Tensor -> Tensor) memory (x: Tensor) : Minimum =
        let value, gradient = valueAndGrad f x

        {
            X = x
            F = value
            G = gradient
            Memory = memory gradient
            Length = Tensor.onesLike value
            Slope = Tensor.zerosLike value
            Step = Counter.of' 0
            Evaluated = Counter.of' 1
            Failed = value.Less -infinity
            Stuck = ((value.IsFinite()).And(gradient.IsFinite().All())).Not()
        }

    let private step operation (strategy: Strategy) (f: Tensor -> Tensor) (m: Minimum) =
        let d = strategy.Direction m.Memory m.G
        let slope = dot d m.G
        let isDown = (slope.Less 0.0).And(d.IsFinite().All())
        let d = where isDown d (-m.G)
        let slope = where isDown slope (-(dot m.G m.G))

        let evaluate (t: Tensor) =
            let value, gradient = valueAndGrad f (m.X + t * d)
            { At = t; Value = value; Slope = dot gradient d; Gradient = gradient }

        let one = Tensor.onesLike m.F
        let careful = minimum one (1.0 / clampMin 1e-30 ((abs m.G).Sum()))

        let first =
            let isFirst = m.Slope.Equal 0.0

            if strategy.IsScaled then
                where isFirst careful one
            else
                where isFirst careful (m.Length * m.Slope / slope)

        let origin = { At = 0.0 * one; Value = m.F; Slope = slope; Gradient = m.G }
        let found, count = WolfeSearch.run operation strategy.Flatness evaluate origin first
        let failed = found.At.Equal 0.0
        let moved = found.At * d
        let memory = strategy.Update m.Memory moved (found.Gradient - m.G) found.Gradient
        let fresh = strategy.Start found.Gradient

        {
            X = m.X + moved
            F = found.Value
            G = found.Gradient
            // Where nothing is better that way, once more without what is remembered.
            Memory = Array.map2 (where failed) fresh memory
            Length = where failed one found.At
            Slope = where failed (Tensor.zerosLike slope) slope
            Step = m.Step + 1
            Evaluated = m.Evaluated + count
            Failed = failed
            Stuck = failed.And m.Failed
        }

    let minimise (strategy: Strategy) operation options (f: Tensor -> Tensor) (x: Tensor) : Solved<Tensor> =
        Loop.whileHolds operation (goesOn options) (step operation strategy f) (start f strategy.Start x)
        |> finish options

    /// Polak and Ribière, never below 0.
    let conjugateGradients: Strategy = {
        Flatness = 0.1
        IsScaled = false
        Start = fun g -> [| -g |]
        Direction = fun memory _ -> memory[0]
        Update =
            fun memory _ change g ->
                let before = g - change
                let beta = clampMin 0.0 (dot g change / Krylov.safe (dot before before))
                [| beta * memory[0] - g |]
    }

    let private isCurved (s: Tensor) (y: Tensor) = (dot s y).Greater(1e-14 * dot y y)

    /// The inverse Hessian, whole.
    let bfgs: Strategy = {
        Flatness = 0.9
        IsScaled = true
        Start = fun g -> [| Tensor.eye g.DType g.Size; Tensor.zerosLike (dot g g) |]
        Direction = fun memory g -> -(matmul memory[0] g)
        Update =
            fun memory s y _ ->
                let curvature = Krylov.safe (dot s y)
                // Before the first update, of the size of the curvature found.
                let scale =
                    where
                        (memory[1].Equal 0.0)
                        (curvature / Krylov.safe (dot y y))
                        (Tensor.onesLike curvature)

                let h = scale * memory[0]
                let image = matmul h y
                let grown = (curvature + dot y image) / (curvature * curvature) * outer s s
                let updated = h + grown - (outer image s + outer s image) / curvature
                let usable = isCurved s y
                [| where usable updated memory[0]; where usable (Tensor.onesLike curvature) memory[1] |]
    }

    /// The last changes of x and of the gradient, oldest first.
    let lbfgs (history: int) : Strategy =
        let apply (memory: Tensor[]) (g: Tensor) =
            let pairs = [ for i in 0 .. history - 1 -> memory[0][i], memory[1][i] ]

            let rho (s: Tensor, y: Tensor) =
                let curvature = dot s y
                where (curvature.Greater 0.0) (1.0 / Krylov.safe curvature) (Tensor.zerosLike curvature)

            let back (q: Tensor) (s, y) =
                let alpha = rho (s, y) * dot s q
                alpha, q - alpha * y

            let alphas, q = List.mapFold back g (List.rev pairs)
            let s, y = List.last pairs
            let size = dot y y
            let scale = where (size.Greater 0.0) (dot s y / Krylov.safe size) (Tensor.onesLike size)
            let forth (r: Tensor) ((s, y), alpha: Tensor) = r + (alpha - rho (s, y) * dot y r) * s
            List.fold forth (scale * q) (List.zip pairs (List.rev alphas))

        let push (rows: Tensor) (row: Tensor) = concat 0 [ rows[1..]; row.Unsqueeze 0 ]

        {
            Flatness = 0.9
            IsScaled = true
            Start = fun g -> Array.create 2 (Tensor.zeros g.DType [ history; g.Size ])
            Direction = fun memory g -> -(apply memory g)
            Update =
                fun memory s y _ ->
                    let usable = isCurved s y
                    [| where usable (push memory[0] s) memory[0]; where usable (push memory[1] y) memory[1] |]
        }
