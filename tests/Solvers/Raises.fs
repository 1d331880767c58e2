module internal Cotangent.Solvers.Tests.Raises

open Expecto

/// The function raises this very exception, and its message says so.
let raises<'error, 'a when 'error :> exn> (says: string) (f: unit -> 'a) what =
    try
        f () |> ignore
        failtest $"{what}: nothing was raised"
    with
    | :? 'error as e -> Expect.stringContains e.Message says what
    | :? AssertException -> reraise ()
    | e -> failtest $"{what}: expected {typeof<'error>.Name}, got {e.GetType().Name}: {e.Message}"
