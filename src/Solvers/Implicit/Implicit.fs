/// Derivatives by the implicit function theorem: where F(q, x) = 0 makes x a function of q, a cotangent c of x is pulled back to
/// -(∂F/∂q)ᵀ λ, where (∂F/∂x)ᵀ λ = c.
module internal Cotangent.Solvers.Implicit

open Cotangent

let private closesOver operation =
    DerivativeException
        $"{operation}: f closes over a tensor that is being differentiated; pass it as a parameter, or make it constant with `stopGradient`."

/// The function's result as what does not change with its argument. If it changes all the same, the function closes over something
/// that is differentiated: an error where that change is asked for, in whatever transformation around.
let constant (operation: string) (f: 'q -> 'r) (q: 'q) : 'r =
    let refuse (_: 'r) (_: 'r) : 'r = raise (closesOver operation)
    withDerivative (Derivative.Push refuse) id (f (stopGradient q))

/// A pull that calls f anew. What f closes over may be differentiated by a transformation that has ended by now.
let pullOf operation (pull: 'q -> 'r -> 'q) : Derivative<'q, 'r> =
    Derivative.Pull(fun q told ->
        try
            pull q told
        with :? TraceException ->
            raise (closesOver operation))

/// The solution that was found for q, as a function of q. The pull looks at the solution by this same function: so derivatives of
/// higher order are right, too. What the solution itself depends on besides, it still does.
let rec attach
    operation
    (equation: 'q -> 'x -> 'x)
    (transposed: 'q -> 'x -> 'x -> 'x)
    (q: 'q)
    (found: 'x)
    : 'x =
    let pull (q, found) told =
        let x = attach operation equation transposed q found
        let multiplier = transposed q x told
        let _, back = vjp (fun q -> equation q x) q
        Tree.map (~-) (back multiplier), told

    withDerivative (pullOf operation pull) snd (q, found)

/// A solver with that derivative.
let solve operation equation transposed (solver: 'q -> Solved<'x>) (q: 'q) : Solved<'x> =
    let found = constant operation solver q
    { found with Value = attach operation equation transposed q found.Value }
