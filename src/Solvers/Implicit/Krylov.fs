namespace Cotangent.Solvers

open Cotangent

/// Where a method of conjugate directions stands.
type internal Krylov = {
    X: Tensor
    R: Tensor
    D: Tensor
    V: Tensor
    Rho: Tensor
    Alpha: Tensor
    Omega: Tensor
    Step: Tensor
    Broken: Tensor
}

/// Where restarted GMRES stands.
type internal Restarted = { Found: Tensor; Left: Tensor; Rounds: Tensor }

/// Krylov's methods on vectors.
module internal Krylov =
    let length (v: Tensor) : Tensor = sqrt (dot v v)
    let safe (t: Tensor) = where (t.Equal 0.0) (Tensor.onesLike t) t

    /// The result, judged by the residual itself rather than the one that was carried along.
    let finish tolerance (a: Tensor -> Tensor) (b: Tensor) x (steps: Tensor) (perStep: int) : Solved<Tensor> =
        let size = length b
        let residual = length (b - a x) / safe size

        {
            Solver = ""
            MaximumSteps = 0
            Value = x
            Converged = residual.LessEqual(2.0 * tolerance)
            Residual = residual
            Steps = steps
            Evaluations = perStep * steps + 2
            Bracket = null
        }

    let private start (b: Tensor) =
        let one = Tensor.scalar b.DType 1.0

        {
            X = Tensor.zerosLike b
            R = b
            D = b
            V = Tensor.zerosLike b
            Rho = dot b b
            Alpha = one
            Omega = one
            Step = Counter.of' 0
            Broken = one.Less 0.0
        }

    let private goesOn (options: SolverOptions) (b: Tensor) (k: Krylov) =
        let goal = options.Tolerance * length b

        ((length k.R).Greater goal).And(Counter.isBelow options.MaximumSteps k.Step).And(k.Broken.Not())

    /// Hestenes and Stiefel 1952.
    let conjugateGradients operation options (a: Tensor -> Tensor) (b: Tensor) : Solved<Tensor> =
        let step k =
            let image = a k.D
            let curvature = dot k.D image
            let alpha = k.Rho / curvature
            let r = k.R - alpha * image
            let rho = dot r r
            // Not positive definite.
            let broken = (curvature.Greater 0.0).Not()

            {
                k with
                    X = where broken k.X (k.X + alpha * k.D)
                    R = where broken k.R r
                    D = r + rho / safe k.Rho * k.D
                    Rho = rho
                    Step = k.Step + 1
                    Broken = broken
            }

        let k = Loop.whileHolds operation (goesOn options b) step (start b)
        finish options.Tolerance a b k.X k.Step 1

    /// Van der Vorst 1992.
    let biConjugateGradients operation options (a: Tensor -> Tensor) (b: Tensor) : Solved<Tensor> =
        let step k =
            let v = a k.D
            let alpha = k.Rho / dot b v
            let s = k.R - alpha * v
            let t = a s
            let omega = dot t s / safe (dot t t)
            let r = s - omega * t
            let rho = dot b r
            let beta = rho / k.Rho * (alpha / omega)
            let broken = ((alpha * omega).IsFinite().And(beta.IsFinite())).Not()
            // Where s is 0 already, the first half of the step is the solution.
            let isThere = (length s).LessEqual(0.0)
            let x = k.X + alpha * k.D + where isThere (Tensor.zerosLike omega) omega * s

            {
                k with
                    X = where (x.IsFinite().All()) x k.X
                    R = where (r.IsFinite().All()) r k.R
                    D = r + beta * (k.D - omega * v)
                    V = v
                    Rho = rho
                    Step = k.Step + 1
                    Broken = broken.Or isThere
            }

        let k = Loop.whileHolds operation (goesOn options b) step (start b)
        finish options.Tolerance a b k.X k.Step 2

    let private unit (size: int) (at: Tensor) (like: Tensor) : Tensor =
        ((Tensor.arange DType.Int32 size).Equal at).Convert like.DType

    /// Arnoldi's orthonormal basis from a vector of length 1, as rows, and what takes coefficients in it to those of the images.
    let basis (count: int) (a: Tensor -> Tensor) (first: Tensor) : Tensor * Tensor =
        let rows = count + 1
        let v = outer (unit rows (Counter.of' 0) first) first
        let h = Tensor.zeros first.DType [ rows; count ]

        let step (v: Tensor, h: Tensor, j: Tensor) =
            let image = a (matmul (unit rows j first) v)
            let known = matmul v image
            let rest = image - matmul known v
            // Once more, for what rounding left.
            let again = matmul v rest
            let rest = rest - matmul again v
            let size = length rest
            // Of the size of rounding: the basis is whole.
            let isNew = size.Greater(1e-14 * length image)
            let next = where isNew (rest / safe size) (Tensor.zerosLike rest)
            let size = where isNew size (Tensor.zerosLike size)
            let column = known + again + size * unit rows (j + 1) first
            v + outer (unit rows (j + 1) first) next, h + outer column (unit count j first), j + 1

        let v, h, _ = iterate count step (v, h, Counter.of' 0)
        v, h

    /// Saad and Schultz 1986, started anew every so many steps.
    let gmres restart operation options (a: Tensor -> Tensor) (b: Tensor) : Solved<Tensor> =
        let size = length b
        let count = min restart b.Size

        let cycle (g: Restarted) =
            let beta = length g.Left
            let v, h = basis count a (g.Left / safe beta)
            let rightHand = beta * unit (count + 1) (Counter.of' 0) b
            let x = g.Found + matmul (lstsq h rightHand) v[.. count - 1]

            { Found = x; Left = b - a x; Rounds = g.Rounds + 1 }

        let goesOn (g: Restarted) =
            ((length g.Left).Greater(options.Tolerance * size))
                .And(Counter.isBelow options.MaximumSteps (count * g.Rounds))

        let start = { Found = Tensor.zerosLike b; Left = b; Rounds = Counter.of' 0 }

        let g = Loop.whileHolds operation goesOn cycle start
        finish options.Tolerance a b g.Found (count * g.Rounds) 1
