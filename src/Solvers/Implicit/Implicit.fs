/// Derivatives by the implicit function theorem: where F(q, x) = 0 makes x a function of q, a cotangent c of x is pulled back to
/// -(∂F/∂q)ᵀ λ, where (∂F/∂x)ᵀ λ = c.
module internal Cotangent.Solvers.Implicit

open Cotangent

/// The function's result as what does not change with its argument; closing over something that does is an error.
let constant (f: 'q -> 'r) (q: 'q) : 'r =
    withDerivative (Derivative.Pull(fun q (_: 'r) -> Tree.map Tensor.zerosLike q)) f q

/// The solution that was found for q, as a function of q. The pull looks at the solution by this same function: so derivatives of
/// higher order are right, too. What the solution itself depends on besides, it still does.
let rec attach (equation: 'q -> 'x -> 'x) (transposed: 'q -> 'x -> 'x -> 'x) (q: 'q) (found: 'x) : 'x =
    let pull (q, found) told =
        let x = attach equation transposed q found
        let multiplier = transposed q x told
        let _, back = vjp (fun q -> equation q x) q
        Tree.map (~-) (back multiplier), told

    withDerivative (Derivative.Pull pull) snd (q, found)

/// A solver with that derivative.
let solve equation transposed (solver: 'q -> Solved<'x>) (q: 'q) : Solved<'x> =
    let found = constant solver q
    { found with Value = attach equation transposed q found.Value }
