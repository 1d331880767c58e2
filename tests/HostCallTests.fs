/// Functions of .NET called with numbers from inside programs.
module Cotangent.Tests.HostCallTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Support

/// What .NET computes, of every number.
let private each (f: float -> float) (x: Tensor) = Tensor.ofArray x.Shape (numbers x |> Array.map f)

let private cubeRoot (x: Tensor) = hostCall x (each Math.Cbrt) x

[<Tests>]
let tests =
    testList "Host calls" [
        for how in [ "eager"; "compiled" ] do
            let run f x = if how = "eager" then f x else compile f x

            test $"{how}: values in the midst of others" {
                close
                    1e-15
                    [ 3.0; 5.0 ]
                    (run (fun (x: Tensor) -> 1.0 + cubeRoot (x * 2.0)) (tensor [ 4.0; 32.0 ]))
            }

            test $"{how}: trees of several dtypes go in and come out" {
                let like = {| Sum = tensor 0.0; Order = Tensor.zeros DType.Int32 [ 3 ] |}

                let f (a: Tensor, b: Tensor) =
                    let keys = numbers b

                    {|
                        Sum = tensor (Array.sum (numbers a))
                        Order = tensor (Array.sortBy (fun i -> keys[i]) [| 0..2 |])
                    |}

                let found = run (hostCall like f) (tensor [ [ 1.0; 2.0 ] ], tensor [ 3.0f; 1.0f; 2.0f ])
                equals 3.0 found.Sum
                equals [ 1; 2; 0 ] found.Order
            }

            test $"{how}: each example of a batch by itself" {
                let shapes = ResizeArray<int[]>()

                let f (x: Tensor) =
                    hostCall
                        (tensor 0.0)
                        (fun (x: Tensor) ->
                            shapes.Add x.Shape
                            tensor (Array.max (numbers x)))
                        x

                let x = tensor [ [ 1.0; 5.0 ]; [ 7.0; 2.0 ]; [ 0.0; -1.0 ] ]
                equals [ 5.0; 7.0; 0.0 ] (run (vmap f) x)
                Expect.equal (List.ofSeq shapes) (List.replicate 3 [| 2 |]) "three calls with rows"
                equals [ 10.0; 14.0; 0.0 ] (run (vmap (fun (x: Tensor) -> f (2.0 * x))) x)
                let two = stack 0 [ x; 2.0 * x ]
                equals [ [ 5.0; 7.0; 0.0 ]; [ 10.0; 14.0; 0.0 ] ] (run (vmap (vmap f)) two)
            }

            test $"{how}: in loops and branches, as often as they run" {
                let calls = ref 0

                let half (x: Tensor) =
                    hostCall
                        x
                        (fun x ->
                            calls.Value <- calls.Value + 1
                            x / 2.0)
                        x

                equals 1.0 (run (whileLoop (fun (x: Tensor) -> x.Greater 1.0) half) (tensor 8.0))
                Expect.equal calls.Value 3 "three rounds"
                equals 2.0 (run (iterate 2 half) (tensor 8.0))
                Expect.equal calls.Value 5 "two more"
                equals 7.0 (run (fun (x: Tensor) -> cond (x.Greater 0.0) (fun x -> x) half x) (tensor 7.0))
                Expect.equal calls.Value 5 "the other branch"
            }

            test $"{how}: it has the derivative that it is given" {
                let own =
                    withDerivative (Derivative.Push(fun x d -> d / (3.0 * square (cubeRoot x)))) cubeRoot

                let x = tensor [ 8.0; 27.0 ]
                close 1e-15 [ 1.0 / 12.0; 1.0 / 27.0 ] (run (grad (fun x -> sum (own x))) x)
                close 1e-15 [ 1.0 / 12.0; 1.0 / 27.0 ] (snd (run (fun x -> jvp own x (Tensor.onesLike x)) x))
                close 1e-15 [ 1.0 / 12.0; 1.0 / 27.0 ] (run (vmap (diff own)) x)

                throws<DerivativeException, _> [ "hostCall"; "withDerivative" ] (fun () ->
                    run (grad (fun x -> sum (cubeRoot x))) x)

                let constant x = sum (x * cubeRoot (stopGradient x))
                close 1e-15 [ 2.0; 3.0 ] (run (grad constant) x)
            }

            test $"{how}: what it keeps and returns is its own" {
                let kept = ResizeArray<Tensor>()
                let answer = Tensor.ones DType.Float64 [ 200; 200 ]

                let f (x: Tensor) =
                    hostCall
                        answer
                        (fun x ->
                            kept.Add x
                            answer)
                        (x * 2.0)

                let large = Tensor.full DType.Float64 [ 200; 200 ] 3.0
                let g = run (iterate 4 (fun (x: Tensor) -> f x + x))

                for _ in 1..3 do
                    equals 7.0 (g large).[0, 0]

                Expect.equal
                    [ for t in kept -> float t[199, 199] ]
                    [
                        for _ in 1..3 do
                            6.0
                            8.0
                            10.0
                            12.0
                    ]
                    "kept"

                equals 1.0 answer[100, 100]
            }

            test $"{how}: errors are the function's, or say what was announced" {
                throws<ArgumentException, _> [ "mine" ] (fun () ->
                    run (hostCall (tensor 0.0) (fun (_: Tensor) -> invalidArg "x" "mine")) (tensor 1.0))

                throws<ShapeException, _> [ "hostCall"; "Float64 (2,)"; "Float64 ()" ] (fun () ->
                    run (hostCall (tensor 0.0) id) (tensor [ 1.0; 2.0 ]))

                throws<ShapeException, _> [ "Float32 ()"; "Float64 ()" ] (fun () ->
                    run (hostCall (tensor 0.0) (fun (x: Tensor) -> x.Convert DType.Float32)) (tensor 1.0))

                throws<TreeException, _> [ "hostCall"; "no tensors" ] (fun () ->
                    run (fun (x: Tensor) -> x + hostCall (tensor 0.0) (fun () -> tensor 1.0) ()) (tensor 1.0))
            }

            test $"{how}: observe tells the numbers, each time" {
                let seen = ResizeArray<float>()
                let look (x: Tensor) = Debug.observe (fun x -> seen.Add(float x)) x
                let slope = run (grad (iterate 3 (fun (x: Tensor) -> look (x * x)))) (tensor 1.5)
                close 1e-12 [ 8.0 * 1.5 ** 7.0 ] slope
                Expect.equal (List.ofSeq seen) [ 2.25; 2.25 ** 2.0; 2.25 ** 4.0 ] "the rounds"
                // It computes apart from what goes on around.
                let total = ref (tensor 0.0)
                let add (x: Tensor) = Debug.observe (fun x -> total.Value <- total.Value + sum (x: Tensor)) x
                run (fun (x: Tensor) -> add (2.0 * x)) (tensor [ 1.0; 2.0 ]) |> ignore
                equals 6.0 total.Value

                let stop =
                    Debug.observe (fun (x: Tensor) ->
                        if float x > 3.0 then raise (OperationCanceledException()))

                Expect.throwsT<OperationCanceledException>
                    (fun () -> run (iterate 9 (fun (x: Tensor) -> stop (x + 1.0))) (tensor 0.0) |> ignore)
                    "stopped"
            }
        test "a result that nobody reads needs no call, and equal ones need one" {
            let calls = ref 0

            let count (x: Tensor) =
                hostCall
                    x
                    (fun x ->
                        calls.Value <- calls.Value + 1
                        x)
                    x

            let f =
                compile (fun (x: Tensor) ->
                    (count (x + 1.0) |> ignore
                     x))

            f (tensor 1.0) |> ignore
            Expect.equal calls.Value 0 "unread"
            let g = evalShape count (tensor [ 1.0; 2.0 ])
            Expect.equal (g.Shape, calls.Value) ([| 2 |], 0) "its shape alone"
        }
    ]
