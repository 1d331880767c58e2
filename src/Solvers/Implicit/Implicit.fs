/// Derivatives by the implicit function theorem: where F(q, x) = 0 makes x a function of q, a cotangent c of x is pulled back to
/// -(∂F/∂q)ᵀ λ, where (∂F/∂x)ᵀ λ = c.
module internal Cotangent.Solvers.Implicit

open Cotangent

let closesOver operation : exn =
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
        with :? TraceException as e when e.HasEscaped ->
            raise (closesOver operation))

/// Derivatives of what was not found: an error where it can be told, else NaN.
let require (operation: string) (isFound: Tensor) (told: 'r) : 'r =
    if isFound.HasNumbers && not (isFound.ToData<bool>()) then
        raise (
            SolverException
                $"{operation} did not converge, so what it found has no derivative: the theorem of the implicit function holds at a solution. `orFail` tells how far it got and what to do, before anything is differentiated."
        )

    Tree.map
        (fun (t: Tensor) -> t * where isFound (Tensor.scalar t.DType 1.0) (Tensor.scalar t.DType nan))
        told

/// The solution that was found for q, as a function of q. The pull looks at the solution by this same function: so derivatives of
/// higher order are right, too. What the solution itself depends on besides, it still does.
let rec attach
    operation
    (equation: 'q -> 'x -> 'x)
    (transposed: 'q -> 'x -> 'x -> 'x)
    (q: 'q)
    (found: 'x, isFound: Tensor)
    : 'x =
    let pull (q, (found, isFound)) told =
        let x = attach operation equation transposed q (found, isFound)
        let multiplier = transposed q x (require operation isFound told)
        let _, back = vjp (fun q -> equation q x) q
        Tree.map (~-) (back multiplier), (told, isFound)

    withDerivative (pullOf operation pull) (snd >> fst) (q, (found, isFound))

/// A solver with that derivative.
let solve operation equation transposed (solver: 'q -> Solved<'x>) (q: 'q) : Solved<'x> =
    let found = constant operation solver q
    { found with Value = attach operation equation transposed q (found.Value, found.Converged) }
