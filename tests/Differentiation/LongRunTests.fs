/// Depth, length, leaks: what shows only in large numbers, and what is left behind.
module Cotangent.Tests.LongRunTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x

let private depth =
    let links = 100_000

    /// x, and then 100,000 operations: rotations by a small angle.
    let chain (x: Tensor) =
        let mutable a = x

        for i in 1 .. links / 2 do
            a <- if i % 2 = 0 then a * 1.0001 else a * 0.9999
            a <- sin a

        a

    testList "a chain of 100,000 operations" [
        test "reverse and forward agree" {
            let x = number 0.5
            near (diff chain x) (grad chain x) "derivative"
        }
        test "linearize" {
            let x = number 0.5
            let _, push = linearize chain x
            near (diff chain x) (push (number 1.0)) "push"
        }
        test "a derivative of a derivative" {
            let short (x: Tensor) =
                let mutable a = x

                for _ in 1..20_000 do
                    a <- a * 1.0001

                a * a

            let slope = 1.0001 ** 20_000.0
            within 1e-9 (number (2.0 * slope * slope)) (diff (grad short) (number 0.5)) "forward over reverse"
            within 1e-9 (number (2.0 * slope * slope)) (grad (grad short) (number 0.5)) "reverse over reverse"
        }
        test "a sum that branches and meets again" {
            // Naive recursion over such a graph takes 2^60 steps.
            let mutable doublings = 60

            let f (x: Tensor) =
                let mutable a = x

                for _ in 1..doublings do
                    a <- a + a

                a

            near (number (2.0 ** 60.0)) (grad f (number 1.0)) "reverse"
        }
    ]

type private Mlp = { Hidden: Tensor; Bias: Tensor; Out: Tensor }

let private memory =
    testSequenced
    <| test "10,000 steps of training keep to constant memory" {
        let x = tensor [ [ 0.0; 0.0 ]; [ 0.0; 1.0 ]; [ 1.0; 0.0 ]; [ 1.0; 1.0 ] ]
        let y = tensor [ [ 0.0 ]; [ 1.0 ]; [ 1.0 ]; [ 0.0 ] ]

        let mutable p = {
            Hidden = Random.normal (Key.create 1L) DType.Float64 [ 2; 8 ]
            Bias = Tensor.zeros DType.Float64 [ 8 ]
            Out = Random.normal (Key.create 2L) DType.Float64 [ 8; 1 ]
        }

        let loss p = mean (square (matmul (tanh (matmul x p.Hidden + p.Bias)) p.Out - y))

        let train steps =
            for _ in 1..steps do
                p <- Tree.map2 (fun w g -> w - 0.1 * g) p (grad loss p)

        train 1_000
        let early = GC.GetTotalMemory true
        train 9_000
        let late = GC.GetTotalMemory true
        Expect.isLessThan (float (loss p)) 0.01 "xor is learnt"
        Expect.isLessThan (late - early) 200_000L "bytes gained in 9,000 steps"
    }

let private escapes =
    let mutable kept = number 0.0

    let keep (x: Tensor) =
        kept <- x * x
        x * x

    testSequenced
    <| testList "escaped tensors" [
        for name, run in
            [
                "grad", (fun f -> grad f (number 3.0))
                "diff", (fun f -> diff f (number 3.0))
                "jvp", (fun f -> snd (jvp f (number 3.0) (number 1.0)))
                "vjp", (fun f -> fst (vjp f (number 3.0)))
                "linearize", (fun f -> fst (linearize f (number 3.0)))
            ] do
            test name {
                run keep |> ignore
                raises<TraceException, _> $"`{name}`" (fun () -> kept + 1.0) "used afterwards"
                raises<TraceException, _> "shape ()" (fun () -> sin kept) "used afterwards"

                raises<TraceException, _>
                    $"`{name}`"
                    (fun () -> grad (fun x -> x * kept) (number 1.0))
                    "used in another derivative"
            }
        test "also when the function failed" {
            let failing x =
                keep x |> ignore
                failwith "failed"

            raises<Exception, _> "failed" (fun () -> grad failing (number 3.0)) "the failure"
            raises<TraceException, _> "`grad`" (fun () -> kept + 1.0) "used afterwards"
        }
        test "not when it was returned beside the value" {
            let _, inside = gradWith (fun x -> keep x, kept) (number 3.0)
            near (number 10.0) (inside + 1.0) "a plain tensor"
        }
    ]

let private threads = test "derivatives on many threads do not meet" {
    let third (i: int) = diffn 3 (fun x -> grad (fun y -> exp (x * y)) x) (number (float i / 100.0))
    let expected = Array.init 64 third
    let found = Array.Parallel.init 64 third
    Array.iter2 (fun e f -> same e f "the same as on one") expected found
}

let private numbers =
    let checking f = Debug.checkNumbers f

    testList "Debug.checkNumbers" [
        test "names the first primitive, forward" {
            raises<NumberException, _>
                "`log`"
                (fun () -> checking (fun () -> exp (log (tensor [ 1.0; 0.0 ])) * 2.0))
                "log of 0"

            raises<NumberException, _>
                "at (1,)"
                (fun () -> checking (fun () -> log (tensor [ 1.0; 0.0 ])))
                "where"

            raises<NumberException, _>
                "`divide`"
                (fun () -> checking (fun () -> number 1.0 / number 0.0))
                "1/0"

            raises<NumberException, _>
                "`sqrt`"
                (fun () -> checking (fun () -> diff sqrt (number -1.0)))
                "inside a derivative"

            raises<NumberException, _>
                "`exp`"
                (fun () -> checking (fun () -> grad (fun x -> sum (exp (x * 1000.0))) (tensor [ 1.0 ])))
                "an overflow"
        }
        test "names the primitive whose derivative it is, on the way back" {
            raises<NumberException, _>
                "While pulling back through `sqrt`"
                (fun () -> checking (fun () -> grad sqrt (number 0.0)))
                "sqrt at 0"

            raises<NumberException, _>
                "While pulling back through `power`"
                (fun () -> checking (fun () -> grad (fun x -> sum (x ** 0.5)) (tensor [ 4.0; 0.0 ])))
                "a power at 0"

            raises<NumberException, _>
                "While pulling back through `asin`"
                (fun () -> checking (fun () -> grad (fun x -> sin (asin x)) (number 1.0)))
                "asin at 1"
        }
        test "says nothing of questions about numbers" {
            let x = tensor [ 1.0; nan; infinity; -infinity ]
            same (tensor [ true; false; false; false ]) (checking (fun () -> x.IsFinite())) "IsFinite"
            same (tensor [ true; false; true; true ]) (checking (fun () -> x.IsClose x)) "IsClose"
            let huge = tensor [ 1e308 ]

            same
                (tensor [ false ])
                (checking (fun () -> huge.IsClose(-huge)))
                "IsClose, where the difference overflows"
        }
        test "says nothing of infinities that mask, or came in with the data" {
            let x = tensor [ [ 1.0; 0.5 ]; [ 0.25; 2.0 ] ]
            let mask = tensor [ [ true; false ]; [ true; true ] ]

            for how in [ Attention.causal; Attention.masked mask ] do
                let f x = sum (square (attend how x x x))
                checking (fun () -> hvp f x x) |> ignore

            let data = tensor [ 3.0; infinity; -infinity ]
            same (tensor [ 6.0; infinity; -infinity ]) (checking (fun () -> data * 2.0)) "a product"
            same (tensor [ 3.0; infinity; 0.0 ]) (checking (fun () -> relu data)) "relu"
            same (number infinity) (checking (fun () -> (data * data).Max())) "max"
        }
        test "tells of a NaN that is made of an infinity" {
            let data = tensor [ 3.0; infinity ]

            raises<NumberException, _>
                "`subtract`"
                (fun () -> checking (fun () -> data - data))
                "infinity less infinity"

            raises<NumberException, _>
                "`multiply`"
                (fun () -> checking (fun () -> data * 0.0))
                "0 times infinity"
        }
        test "says nothing of finite numbers, nor afterwards" {
            near (number 0.5) (Debug.checkNumbers (fun () -> grad log (number 2.0))) "finite"
            same (number -infinity) (log (number 0.0)) "afterwards"
        }
    ]

[<Tests>]
let tests = testList "Long runs" [ depth; memory; escapes; threads; numbers ]
