namespace Cotangent.Solvers

open Cotangent

/// <summary>
/// A solver that did not get where it was to go: where it is, what stopped it, and a way out. Raised by <c>orFail</c> alone; all else
/// says it in the result.
/// </summary>
[<Sealed>]
type SolverException(message: string) =
    inherit CotangentException(message)
