namespace Cotangent.Differentiation

open System
open System.Runtime.CompilerServices

/// How deep derivatives stand in each other on this thread. One that needs itself would go on until the stack overflows,
/// which ends the process.
[<AbstractClass; Sealed>]
type internal Nesting private () =
    [<ThreadStatic; DefaultValue>]
    static val mutable private depth: int

    /// Far more than any order of derivative, far less than a stack holds.
    static member Most = 100

    /// Runs the body one level deeper, or throws.
    static member within (body: unit -> 'a) (refuse: unit -> exn) : 'a =
        if Nesting.depth >= Nesting.Most || not (RuntimeHelpers.TryEnsureSufficientExecutionStack()) then
            raise (refuse ())

        Nesting.depth <- Nesting.depth + 1

        try
            body ()
        finally
            Nesting.depth <- Nesting.depth - 1
