/// Programs longer than a stack is deep, and wider than searches among all of their parts would bear. A stack that
/// overflows ends the whole process, so each of these runs or is refused.
module Cotangent.Tests.DeepProgramTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks

/// The same by a program as without, on a small stack.
let private agree (f: 'p -> Tensor) (x: 'p) = near (f x) (onSmallStack (fun () -> compile f x)) "compiled"

let private repeat n (step: int -> 't -> 't) (x: 't) =
    let mutable y = x

    for i in 1..n do
        y <- step i y

    y

let private x = tensor [ [ 1.0; -2.0; 3.0 ]; [ 0.5; 4.0; -1.0 ]; [ 0.0; 2.0; 0.25 ] ]
let private turned n (x: Tensor) = repeat n (fun _ (y: Tensor) -> y.Flip(0).Transpose()) x

let private rows =
    testList "long rows of" [
        test "views, returned" { agree (turned 20_001) x }
        test "views, computed with" { agree (fun x -> turned 20_001 x * 2.0 + x) x }
        test "views of what is computed" { agree (fun x -> turned 20_001 (x * 2.0 + 1.0)) x }
        test "views, reduced" { agree (fun x -> (turned 5_001 x).Sum [ 0 ]) x }
        test "views in a loop, of what does not change there" {
            agree (fun x -> iterate 3 (fun c -> c + turned 5_001 x) x) x
        }
        test "views that need a copy" {
            let step i (y: Tensor) =
                if i % 2 = 0 then (y.Flip 0).Reshape [ 9 ] else (y.Reshape [ 3; 3 ]).Transpose()

            agree (fun (x: Tensor) -> repeat 2_001 step (x.Reshape [ 9 ])) x
        }
        test "factors, under a sum" {
            let factor i = 1.0 + 1.0 / float (i * i)
            agree (fun x -> sum (repeat 5_000 (fun i y -> y * (x * 1e-6 + factor i)) x)) x
        }
        test "conditions" {
            let a, b = tensor [ true; false; true ], tensor [ true; true; false ]
            let step i (y: Tensor) = if i % 2 = 0 then y.Xor b else y.And(a).Not()
            let f () = compile (fun (y: Tensor) -> repeat 5_001 step y) b
            same (repeat 5_001 step b) (onSmallStack f) "compiled"
        }
        test "conditions that are each read twice" {
            let a, b = tensor [ true; false; true ], tensor [ true; true; false ]
            let step _ (y: Tensor) = y.And(a).Xor(y)
            let f () = compile (fun (y: Tensor) -> repeat 200 step y) b
            same (repeat 200 step b) (onSmallStack f) "compiled"
        }
    ]

let private nested =
    let rec nest n f = if n = 0 then f else fun (x: Tensor) -> iterate 1 (nest (n - 1) f) x

    testList "one in the other" [
        test "loops" { near (tensor 8.0) (compile (nest 10 (fun x -> x * 2.0)) (tensor 4.0)) "ten" }
        test "derivatives of 60 loops are found in as many steps, not in 2^60" {
            let rec scaled n (x: Tensor) =
                if n = 0 then
                    x * 1.0
                else
                    iterate (if n <= 2 then 2 else 1) (fun x -> scaled (n - 1) x * 1.5) x

            for derivative in [ grad; diff ] do
                let slope = compile (derivative (scaled 60)) (tensor 1.0)
                near (tensor (1.5 ** 64.0)) slope "1.5 for each time that a round ends"
        }
        test "loops without end are refused at a stated depth" {
            raises<TraceException, _>
                "nested more than 100 deep"
                (fun () -> onSmallStack (fun () -> compile (nest 5_000 (fun x -> x * 2.0)) (tensor 4.0)))
                "compile"
        }
        test "derivatives without end are refused" {
            let nested = List.fold (fun f _ -> diff f) (fun (x: Tensor) -> x * 2.0) [ 1..100_000 ]

            raises<TraceException, _>
                "this thread's stack"
                (fun () -> onSmallStack (fun () -> nested (tensor 1.0)))
                "diff"
        }
        test "a push that calls its function is refused, as its transpose needs itself" {
            let rec flip (x: Tensor) : Tensor =
                withDerivative (Derivative.Push(fun _ dx -> flip dx)) (fun (x: Tensor) -> x.Flip 0) x

            let x = tensor [ 1.0; 2.0 ]
            let weighted x = sum (flip x * tensor [ 3.0; 5.0 ])
            near (tensor [ 2.0; 1.0 ]) (snd (jvp flip x x)) "forward it has an end"

            for transformed in [ grad weighted; compile (grad weighted) ] do
                raises<DerivativeException, _>
                    "has no end"
                    (fun () -> onSmallStack (fun () -> transformed x))
                    "reverse"
        }
        test "a pull that calls its function has an end either way" {
            let rec flip (x: Tensor) : Tensor =
                withDerivative (Derivative.Pull(fun _ c -> flip c)) (fun (x: Tensor) -> x.Flip 0) x

            let x = tensor [ 1.0; 2.0 ]
            near (tensor [ 5.0; 3.0 ]) (grad (fun x -> sum (flip x * tensor [ 3.0; 5.0 ])) x) "reverse"
            near (tensor [ 2.0; 1.0 ]) (snd (jvp flip x x)) "forward"
        }
    ]

let private wide =
    testList "wide" [
        test "the gradient of a list of 3,000 tensors" {
            let ps = [ for i in 1..3000 -> Tensor.full DType.Float64 [ 8 ] (float i) ]
            let loss (ps: Tensor list) = ps |> List.map (fun p -> sum (square p)) |> List.reduce (+)
            let found = compile (grad loss) ps
            List.iter2 (fun (p: Tensor) g -> near (p * 2.0) g "2p") ps found
        }
    ]

[<Tests>]
let tests = testList "deep programs" [ rows; nested; wide ]
