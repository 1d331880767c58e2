/// Loops that run from the last element to the first, which are the derivatives of those that run the other way: by examples,
/// against one example after the other.
module Cotangent.Tests.ScanOperationTests

open Cotangent
open Cotangent.Tests.Support
open Expecto

/// Depends on the order of its elements.
let private run (start: Tensor, xs: Tensor) =
    let last, all = scan (fun (c: Tensor) (x: Tensor) -> (let c = c * 0.5 * x + x in c, c * c)) start xs
    last * 3.0 + sum (all * Tensor.arange DType.Float64 4)

let private starts = tensor [ 0.5; -1.0; 2.0 ]
let private sequences = (counting DType.Float64 [ 3; 4 ]) * 0.25 - 1.0

let private oneByOne (f: Tensor * Tensor -> Tensor) =
    Array.init 3 (fun i -> numbers (f (starts[i], sequences[i]))) |> Array.concat

let private agrees name (f: Tensor * Tensor -> Tensor) =
    testList name [
        test "of both" { close 1e-13 (oneByOne f) (vmap f (starts, sequences)) }
        test "of sequences" {
            let expected = Array.init 3 (fun i -> numbers (f (starts[0], sequences[i]))) |> Array.concat
            close 1e-13 expected (vmap (fun xs -> f (starts[0], xs)) sequences)
        }
        test "compiled" { close 1e-13 (oneByOne f) (compile (vmap f) (starts, sequences)) }
    ]

let private bySequence (start, xs) = grad (fun xs -> run (start, xs)) xs
let private byStart (start, xs) = grad (fun start -> run (start, xs)) start

/// By differences: no derivative of ours.
let private differences (start: Tensor) (xs: Tensor) =
    let at = numbers xs
    let moved i h = run (start, tensor (Array.mapi (fun k x -> if k = i then x + h else x) at))
    Array.init at.Length (fun i -> float (moved i 1e-5 - moved i -1e-5) / 2e-5)

[<Tests>]
let tests =
    testList "ScanOperation" [
        test "a gradient goes back through the rounds in their order" {
            closeNumbers
                1e-8
                (differences starts[1] sequences[1])
                (numbers (bySequence (starts[1], sequences[1])))
        }
        agrees "examples of a loop" run
        agrees "examples of its gradient by a sequence" bySequence
        agrees "examples of its gradient by the start" byStart
    ]
