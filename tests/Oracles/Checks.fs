/// What a test says of tensors.
module internal Cotangent.Tests.Checks

open Expecto
open Cotangent

/// Numbers near those expected, in the same shape and dtype; the tolerance is relative to the largest.
let within tolerance (expected: Tensor) (actual: Tensor) what =
    match Laws.difference what tolerance expected actual with
    | None -> ()
    | Some wrong -> failtest wrong

/// The same up to a few roundings of Float64.
let near expected actual what = within 1e-12 expected actual what

/// The same numbers, NaN and infinities included.
let same (expected: Tensor) (actual: Tensor) what =
    if not (expected.Equals actual) then
        failtest $"{what}: expected {expected.DType} {expected}, got {actual.DType} {actual}"

/// Leaf by leaf.
let nearTree (expected: 'tree) (actual: 'tree) what =
    Expect.equal (Tree.paths actual) (Tree.paths expected) $"{what}: structure"
    Array.iter2 (fun e a -> near e a what) (Tree.leaves expected) (Tree.leaves actual)

/// The function raises this very exception, and its message says so.
let raises<'error, 'a when 'error :> exn> (says: string) (f: unit -> 'a) what =
    try
        f () |> ignore
        failtest $"{what}: nothing was raised"
    with
    | :? 'error as e -> Expect.stringContains e.Message says what
    | :? AssertException -> reraise ()
    | e -> failtest $"{what}: expected {typeof<'error>.Name}, got {e.GetType().Name}: {e.Message}"

/// Runs on a thread with a stack of a mebibyte, the smallest that platforms give a thread unless told otherwise.
let onSmallStack (f: unit -> 'a) : 'a =
    let mutable result = Unchecked.defaultof<'a>
    let mutable raised: exn option = None

    let run () =
        try
            result <- f ()
        with e ->
            raised <- Some e

    let thread = System.Threading.Thread(run, 1 <<< 20)
    thread.Start()
    thread.Join()

    match raised with
    | Some e -> raise e
    | None -> result
