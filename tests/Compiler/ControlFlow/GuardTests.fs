/// What raises because of numbers raises where it was written, if that is run: not ahead of a loop that runs no round, not
/// for the branch that is not taken, not for the examples of a batch that a guard excludes.
module Cotangent.Tests.GuardTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private whole (xs: int list) = tensor xs
let private zero = tensor 0

/// Operations that raise for some numbers, with arguments for which they do and for which they don't.
let private raising: (string * (Tensor * Tensor -> Tensor) * int * int) list = [
    "divide", (fun (a, b) -> a / b), 0, 2
    "remainder", (fun (a, b) -> a % b), 0, 2
    "gather", (fun (a, b) -> (stack 0 [ a; a ]: Tensor).Take(b, 0)), 5, 1
    "scatter",
    (fun (a, b) ->
        ((Tensor.zeros DType.Int32 [ 2 ]).At[[ Index.Take(b.Reshape [ 1 ]) ]].Set(a.Reshape [ 1 ])).Sum()),
    5,
    1
    "crossEntropy",
    (fun (a, b) ->
        (Loss.crossEntropy (b.Reshape [ 1 ]) (a.Convert(DType.Float64).Expand [ 1; 3 ])).Convert DType.Int32),
    7,
    1
]

let private eachRaising name (body: (Tensor * Tensor -> Tensor) -> Tensor -> Tensor -> unit) =
    testList name [
        for operation, f, bad, good in raising do
            test operation { body f (tensor bad) (tensor good) }
    ]

let private everyWay (f: 'a -> 'b) = [ f; compile f ]

/// It does raise where it is run.
let private refused f =
    try
        f () |> ignore
        failtest "nothing was raised"
    with
    | :? ValueException
    | :? IndexException -> ()

[<Tests>]
let tests =
    testList "guards" [
        eachRaising "a loop of no round" (fun f bad good ->
            let loop (a: Tensor, b: Tensor, n: Tensor) =
                snd (
                    whileLoop
                        (fun (k: Tensor, _) -> k.Less n)
                        (fun (k: Tensor, s: Tensor) -> k + 1, s + f (a, b))
                        (zero, zero)
                )

            let expected = 3 * int (f (tensor 7, good))

            for run in everyWay loop do
                equals 0 (run (tensor 7, bad, zero))
                equals expected (run (tensor 7, good, tensor 3))
                refused (fun () -> run (tensor 7, bad, tensor 1)))
        eachRaising "a loop of no round in a loop" (fun f bad _ ->
            let inner (a, b, n: Tensor) s =
                snd (
                    whileLoop
                        (fun (k: Tensor, _) -> k.Less n)
                        (fun (k: Tensor, s: Tensor) -> k + 1, s + f (a, b))
                        (zero, s)
                )

            let loop (a: Tensor, b: Tensor, n: Tensor) = iterate 3 (inner (a, b, n)) zero

            for run in everyWay loop do
                equals 0 (run (tensor 7, bad, zero)))
        eachRaising "an empty sequence" (fun f bad _ ->
            let loop (xs: Tensor, b: Tensor) =
                fst (scan (fun (s: Tensor) x -> s + f (x, b) + f (b, b), x) zero xs)

            for run in everyWay loop do
                equals 0 (run (Tensor.zeros DType.Int32 [ 0 ], bad)))
        eachRaising "a branch not taken" (fun f bad good ->
            let choose (a: Tensor, b: Tensor, isGood: Tensor) =
                cond isGood (fun (a, b) -> f (a, b)) (fun (a: Tensor, _) -> a) (a, b)

            for run in everyWay choose do
                equals 7 (run (tensor 7, bad, tensor false))
                equals (int (f (tensor 7, good))) (run (tensor 7, good, tensor true))
                refused (fun () -> run (tensor 7, bad, tensor true)))
        eachRaising "a branch not taken, all of whose numbers are known" (fun f bad _ ->
            let choose (isGood: Tensor) = cond isGood (fun () -> f (tensor 7, bad)) (fun () -> tensor 3) ()

            for run in everyWay choose do
                equals 3 (run (tensor false))
                refused (fun () -> run (tensor true)))
        eachRaising "the examples that a condition excludes" (fun f bad good ->
            let each (a: Tensor, b: Tensor) =
                cond (b.Equal bad) (fun (a: Tensor, _) -> a) (fun (a, b) -> f (a, b)) (a, b)

            let a = whole [ 7; 8; 9 ]

            for run in everyWay (vmap each) do
                equals
                    [ int (f (tensor 7, good)); 8; int (f (tensor 9, good)) ]
                    (run (a, stack 0 [ good; bad; good ]))

                equals [ 7; 8; 9 ] (run (a, stack 0 [ bad; bad; bad ]))

            // The same the other way round, and with what all examples share.
            let shared b (a: Tensor, isGood: Tensor) = cond isGood (fun a -> f (a, b)) id a

            for run in everyWay (vmap (shared bad)) do
                equals [ 7; 8; 9 ] (run (a, tensor [ false; false; false ]))
                refused (fun () -> run (a, tensor [ false; true; false ])))
        eachRaising "conditions in conditions" (fun f bad good ->
            let each (a: Tensor, b: Tensor) =
                let inner (a: Tensor, b: Tensor) = cond (a.Less 9) f (fun (a, _) -> a) (a, b)
                cond (b.Equal bad) (fun (a, _) -> a) inner (a, b)

            let expected = [ int (f (tensor 7, good)); 8; 9; 9 ]

            for run in everyWay (vmap each) do
                equals expected (run (whole [ 7; 8; 9; 9 ], stack 0 [ good; bad; bad; good ])))
        eachRaising "batches of batches" (fun f bad good ->
            let each (a: Tensor, b: Tensor) = cond (b.Equal bad) fst f (a, b)
            let row = stack 0 [ good; bad ]
            let value = int (f (tensor 7, good))

            for run in everyWay (vmap (vmap each)) do
                equals
                    [ [ value; 7 ]; [ 7; 7 ] ]
                    (run (Tensor.full DType.Int32 [ 2; 2 ] 7, stack 0 [ row; stack 0 [ bad; bad ] ])))
        eachRaising "the examples that are through with a loop" (fun f bad good ->
            // The divisor, or index, becomes bad in the round after the last.
            let each (n: Tensor) =
                let round (k: Tensor, s: Tensor) = k + 1, s + f (tensor 7, where (k.Less n) good bad)
                snd (whileLoop (fun (k: Tensor, _) -> k.Less n) round (zero, zero))

            let value = int (f (tensor 7, good))

            for run in everyWay (vmap each) do
                equals [ 0; value; 3 * value ] (run (whole [ 0; 1; 3 ])))
        test "the derivative of a guarded batch" {
            let each (x: Tensor, b: Tensor) =
                cond
                    (b.Equal 0)
                    (fun (x: Tensor, _) -> x)
                    (fun (x: Tensor, b: Tensor) -> x * x * ((6 / b): Tensor).Convert DType.Float64)
                    (x, b)

            let bs = whole [ 2; 0; 3 ]
            let xs = tensor [ 5.0; 7.0; 11.0 ]

            for gradient in
                [
                    grad (fun xs -> sum (vmap each (xs, bs)))
                    vmap (fun (x, b) -> grad (fun x -> each (x, b)) x) << (fun xs -> xs, bs)
                    (fun xs -> snd (jvp (fun xs -> vmap each (xs, bs)) xs (Tensor.onesLike xs)))
                ] do
                for run in everyWay gradient do
                    equals [ 30.0; 1.0; 44.0 ] (run xs)
        }
    ]
