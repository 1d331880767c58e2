/// One of several functions by a number: values and derivatives of the function that is taken, in every mode, plain, compiled and
/// batched; the oracle is the function itself, called directly, and its derivatives by hand.
module Cotangent.Tests.SwitchTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

/// Each with its value, slope and bend.
let private functions: ((Tensor -> Tensor) * (float -> float * float * float)) list = [
    (fun x -> x * x), (fun x -> x * x, 2.0 * x, 2.0)
    (fun x -> sin x), (fun x -> sin x, cos x, -sin x)
    (fun x -> exp (2.0 * x)), (fun x -> exp (2.0 * x), 2.0 * exp (2.0 * x), 4.0 * exp (2.0 * x))
    (fun x -> 3.0 / x), (fun x -> 3.0 / x, -3.0 / (x * x), 6.0 / (x * x * x))
    (fun _ -> tensor 7.0), (fun _ -> 7.0, 0.0, 0.0)
]

let private branches = List.map fst functions
let private at i x = snd functions[i] x
let private index (i: int) = tensor i
let private near (expected: float) (actual: Tensor) = close 1e-12 [ expected ] actual

[<Tests>]
let tests =
    testList "switch" [
        for i in 0 .. functions.Length - 1 do
            test $"branch {i}: its value and derivatives, in every mode" {
                let value, slope, bend = at i 0.7
                let x = tensor 0.7

                let asked (f: Tensor * Tensor -> Tensor) (x: Tensor) = f (index i, x)
                let choose (i: Tensor, x: Tensor) = switch i branches x

                for f in [ asked choose; asked (compile choose) ] do
                    near value (f x)
                    near slope (grad f x)
                    near slope (diff f x)
                    near bend (grad (grad f) x)
                    near bend (diff (grad f) x)

                let compiled f =
                    asked (compile (fun (i: Tensor, x: Tensor) -> f (fun x -> choose (i, x)) x)) x

                near slope (compiled grad)
                near slope (compiled diff)
                near bend (compiled (grad >> grad))
                near bend (compiled (grad >> diff))
            }
        test "under vmap over the index each example takes its own" {
            let indices, xs = [ 4; 0; 3; 1; 2; 0 ], [ 0.3; 0.5; 0.7; 0.9; 1.1; 1.3 ]
            let batch = tensor indices, tensor xs
            let expected = List.map2 at indices xs
            let choose (i, x) = switch i branches x
            let slope (i, x) = grad (fun x -> choose (i, x)) x
            let bend (i, x) = diff (fun x -> slope (i, x)) x

            for values, slopes, bends in
                [
                    vmap choose, vmap slope, vmap bend
                    compile (vmap choose), compile (vmap slope), compile (vmap bend)
                    vmap (compile choose), vmap (compile slope), vmap (compile bend)
                ] do
                close 1e-12 [ for v, _, _ in expected -> v ] (values batch)
                close 1e-12 [ for _, s, _ in expected -> s ] (slopes batch)
                close 1e-12 [ for _, _, b in expected -> b ] (bends batch)
        }
        test "under vmap over the argument alone" {
            let xs = [ 0.5; 1.5 ]
            let f (i: Tensor) = vmap (fun x -> switch i branches x)
            let expected = [ for x in xs -> sin x ]
            close 1e-12 expected (f (index 1) (tensor xs))
            close 1e-12 expected (compile (fun (i, xs) -> f i xs) (index 1, tensor xs))
        }
        test "branches close over tensors of the functions around them, and their gradients arrive" {
            let loss (i: Tensor) (a: Tensor, b: Tensor) =
                switch i [ (fun x -> a * x); (fun x -> b * b * x); (fun x -> a * b * x) ] (tensor 5.0)

            let expected = [ 5.0, 0.0; 0.0, 30.0; 15.0, 10.0 ]

            for k, (da, db) in List.indexed expected do
                let run = compile (fun (i, p) -> grad (loss i) p)
                let both = tensor 2.0, tensor 3.0

                for a, b in [ grad (loss (index k)) both; run (index k, both) ] do
                    near da a
                    near db b
        }
        test "trees go in and come out" {
            let swap (a: Tensor, b: Tensor) = {| First = b; Second = a |}
            let keep (a: Tensor, b: Tensor) = {| First = a; Second = b * 2.0 |}
            let x = tensor [ 1.0; 2.0 ], tensor 3.0
            let halves (a, b: Tensor) = keep (a, b), swap (b.Expand [ 2 ], a)

            for run in [ id; compile ] do
                let r =
                    run
                        (fun (i: Tensor) -> switch i [ keep; (fun (a, b) -> fst (halves (a, b))) ] x)
                        (index 1)

                equals [ 1.0; 2.0 ] r.First
                equals 6.0 r.Second
        }
        test "only the branch that is taken runs in a program" {
            // The other divides an integer by 0, which raises.
            let f (i: Tensor, n: Tensor) = switch i [ (fun n -> 6 / n); (fun n -> n + 1); (fun n -> 5 / n) ] n
            equals 1 (compile f (index 1, tensor 0))
            throws<ValueException, _> [ "divide" ] (fun () -> compile f (index 2, tensor 0))
            equals [ 1; 2 ] (vmap f (tensor [ 1; 0 ], tensor [ 0; 3 ]))
        }
        test "many branches, and one" {
            let many = [ for k in 0..36 -> fun (x: Tensor) -> x + float k ]
            let run = compile (fun (i, x) -> switch i many x)

            for k in 0..36 do
                equals (float k + 0.5) (run (index k, tensor 0.5))

            for way in [ id; compile ] do
                equals 4.0 (way (fun i -> switch i [ (fun x -> x * x) ] (tensor 2.0)) (index 0))
        }
        test "an index of any integer dtype" {
            for dtype in integers do
                let i = (tensor 3).Convert dtype
                near 6.0 (switch i branches (tensor 0.5))
                near 6.0 (compile (fun (i, x) -> switch i branches x) (i, tensor 0.5))
        }
        test "an index out of range raises where it can be read, and takes the nearest branch where not" {
            let choose (i, x) = switch i branches x
            let x = tensor 0.5

            for i in [ -1; 5; 1000 ] do
                throws<IndexException, _> [ "switch"; string i; "from 0 to 4" ] (fun () ->
                    choose (index i, x))

                let nearest = if i < 0 then 0 else 4
                let value, _, _ = at nearest 0.5
                near value (compile choose (index i, x))
                near value (vmap choose (tensor [ i ], tensor [ 0.5 ]))
        }
        test "errors" {
            let x = tensor 0.5

            throws<DTypeException, _> [ "switch"; "Float64"; "one integer" ] (fun () -> switch x branches x)

            throws<DTypeException, _> [ "switch"; "Bool"; "cond" ] (fun () ->
                switch (x.Greater 0.0) branches x)

            throws<ShapeException, _> [ "switch"; "(2,)"; "vmap" ] (fun () ->
                switch (tensor [ 0; 1 ]) branches x)

            throws<ValueException, _> [ "switch"; "no branches" ] (fun () ->
                switch (index 0) [] x |> ignore<Tensor>)

            let differ (i: Tensor) = switch i [ id; (fun x -> x + 1.0); (fun x -> stack 0 [ x; x ]) ] x

            throws<ShapeException, _> [ "switch"; "branches 0 and 2"; "Float64 (2,)" ] (fun () ->
                compile differ (index 0))
        }
    ]
