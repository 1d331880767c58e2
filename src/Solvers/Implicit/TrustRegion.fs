namespace Cotangent.Solvers

open Cotangent

/// Where Steihaug's conjugate gradients stand.
type internal Subproblem = { P: Tensor; R: Tensor; D: Tensor; Round: Tensor; IsDone: Tensor }

/// Newton's method within a region in which its model is trusted; the model's minimum by conjugate gradients that end at its edge
/// (Nocedal and Wright 2006, algorithms 4.1 and 7.2).
module internal TrustRegion =
    /// How far along d the edge is.
    let private toEdge (p: Tensor) (d: Tensor) (radius: Tensor) =
        let a, b, c = dot d d, dot p d, dot p p - radius * radius
        (sqrt (clampMin 0.0 (b * b - a * c)) - b) / Krylov.safe a

    let private inside operation (hessian: Tensor -> Tensor) (g: Tensor) (radius: Tensor) =
        let size = Krylov.length g
        let goal = minimum (Tensor.fullLike size 0.5) (sqrt size) * size

        let step (s: Subproblem) =
            let image = hessian s.D
            let curvature = dot s.D image
            let rho = dot s.R s.R
            let alpha = rho / Krylov.safe curvature
            let p = s.P + alpha * s.D
            let atEdge = (curvature.LessEqual 0.0).Or((Krylov.length p).GreaterEqual radius)
            let p = where atEdge (s.P + toEdge s.P s.D radius * s.D) p
            let r = s.R + alpha * image
            let isDone = atEdge.Or((Krylov.length r).LessEqual goal)

            { P = p; R = r; D = dot r r / Krylov.safe rho * s.D - r; Round = s.Round + 1; IsDone = isDone }

        let goesOn (s: Subproblem) = (s.IsDone.Not()).And(Counter.isBelow (2 * g.Size + 10) s.Round)

        let start = {
            P = Tensor.zerosLike g
            R = g
            D = -g
            Round = Counter.of' 0
            IsDone = size.LessEqual 0.0
        }

        let found = Loop.whileHolds operation goesOn step start
        found.P, found.Round

    let minimise operation options (f: Tensor -> Tensor) (x: Tensor) : Solved<Tensor> =
        // The radius is what is remembered.
        let step (m: Minimum) =
            let hessian v = hvp f m.X v
            let radius = m.Memory[0]
            let p, rounds = inside operation hessian m.G radius
            let value, gradient = valueAndGrad f (m.X + p)
            let foreseen = -(dot m.G p + 0.5 * dot p (hessian p))
            let ratio = (m.F - value) / Krylov.safe foreseen
            let accepted = (ratio.Greater 1e-4).And(gradient.IsFinite().All())
            let atEdge = (Krylov.length p).GreaterEqual(0.99 * radius)

            let next =
                where
                    ((ratio.GreaterEqual 0.25).And accepted)
                    (where ((ratio.Greater 0.75).And atEdge) (2.0 * radius) radius)
                    (0.25 * minimum radius (Krylov.length p))

            {
                m with
                    X = where accepted (m.X + p) m.X
                    F = where accepted value m.F
                    G = where accepted gradient m.G
                    Memory = [| next |]
                    Step = m.Step + 1
                    Evaluated = m.Evaluated + rounds + 2
                    Stuck =
                        (accepted.Not()).And((Krylov.length p).LessEqual(1e-16 * (1.0 + Krylov.length m.X)))
            }

        Loop.whileHolds
            operation
            (Descent.goesOn options)
            step
            (Descent.start f (fun g -> [| minimum (Krylov.length g) (Tensor.onesLike (Krylov.length g)) |]) x)
        |> Descent.finish options
