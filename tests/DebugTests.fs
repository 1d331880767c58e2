/// Printing from inside programs, and what the program makes of it.
module Cotangent.Tests.DebugTests

open System.IO
open Expecto
open Cotangent
open Cotangent.Compiler

/// What a function prints that is given a way to, line by line, and what it returns.
let private printed (body: (Tensor -> Tensor) -> 'a) =
    let text = new StringWriter()
    let result = body (Debug.printTo text "x")
    let lines = text.ToString().Split System.Environment.NewLine
    result, lines |> Array.filter (fun line -> line <> "") |> List.ofArray

let private numbers (x: Tensor) = x.ToData<float[]>() |> List.ofArray

[<Tests>]
let tests =
    testList "Printing" [
        test "A tensor passes through, and is written as it is shown" {
            let x = tensor [ 1.0; 2.5 ]
            let y, lines = printed (fun print -> print x)
            Expect.equal y x "the value"
            Expect.equal lines [ "x: Float64 (2,) [1.  2.5]" ] "the text"
            let _, scalar = printed (fun print -> print (tensor 3))
            Expect.equal scalar [ "x: Int32 3" ] "a scalar"
            let two = tensor [ [ 1 ]; [ 20 ] ]
            let _, matrix = printed (fun print -> print two)
            Expect.equal matrix ("x: Int32 (2, 1)" :: List.ofArray ((string two).Split '\n')) "a matrix"
            let _, large = printed (fun print -> print (Tensor.arange DType.Int32 1000))
            Expect.equal large [ "x: Int32 (1000,) [0 1 2 ... 999]" ] "a large one is cut"
            let _, view = printed (fun print -> print (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).T[0])
            Expect.equal view [ "x: Int32 (2,) [1 3]" ] "a view"
        }

        test "What tries the ways of examples for a key used twice prints nothing" {
            let seen = ResizeArray<float[]>()

            let branches (print: Tensor -> Tensor) (flag: Tensor, x: Tensor) =
                let tell (x: Tensor) = Debug.observe (fun x -> seen.Add(x.ToData<float[]>())) (print x)
                cond flag tell (fun x -> 2.0 * x) x

            let x = tensor [ true; false ], tensor [ 1.0; 2.0 ]
            let run print = Debug.checkKeys (fun () -> vmap (branches print) x)
            let y, lines = printed run
            Expect.equal y (tensor [ 1.0; 4.0 ]) "the value"
            Expect.equal lines.Length 1 "once"
            Expect.equal seen.Count 1 "once, too"
        }

        test "The console is that of the time of running" {
            let before = System.Console.Out
            let text = new StringWriter()
            let f = compile (fun (x: Tensor) -> Debug.print "now" x + 1.0)
            System.Console.SetOut text

            try
                f (tensor 1.0) |> ignore
            finally
                System.Console.SetOut before

            Expect.stringContains (text.ToString()) "now: Float64 1.0" "written, perhaps beside others"
        }

        test "Each leaf of a tree says where it stands" {
            let text = new StringWriter()

            let layer = {
                Weight = tensor [ [ 1.0 ] ]
                Bias = tensor [ 2.0 ]
                Activation = Activation.Identity
            }

            let same: Linear = Debug.printTo text "layer" layer
            Expect.equal same.Bias layer.Bias "the tree"
            let written = text.ToString()
            Expect.stringContains written "layer.Weight: Float64 (1, 1)" "weight"
            Expect.stringContains written "layer.Bias: Float64 (1,) [2.]" "bias"

            Expect.throwsC (fun () -> Debug.print "text" "no tensor" |> ignore) (fun e ->
                Expect.isTrue (e :? TreeException) "no tree"
                Expect.stringStarts e.Message "Debug.print:" "its name")
        }

        for how in [ "eager"; "compiled" ] do
            let run f x = if how = "eager" then f x else compile f x

            test $"{how}: its derivative is that of its argument, and it is written once" {
                let x = tensor [ 1.0; 2.0 ]
                let once = [ "x: Float64 (2,) [1. 2.]" ]
                let slope, lines = printed (fun print -> run (grad (fun x -> sum (print x * x))) x)
                Expect.equal (numbers slope) [ 2.0; 4.0 ] "grad"
                Expect.equal lines once "grad, written"
                // Here nobody needs the value.
                let slope, lines = printed (fun print -> run (grad (fun x -> sum (print x))) x)
                Expect.equal (numbers slope) [ 1.0; 1.0 ] "grad of a sum"
                Expect.equal lines once "grad of a sum, written"
                let (_, push), lines = printed (fun print -> run (fun x -> jvp (print >> exp) x (2.0 * x)) x)
                Expect.isLessThan (abs (float push[1] - 4.0 * exp 2.0)) 1e-12 "jvp"
                Expect.equal lines once "jvp, written"
                let second, _ = printed (fun print -> run (hessian (fun x -> sum (print x * x * x))) x)
                Expect.equal (numbers (second.Diagonal())) [ 6.0; 12.0 ] "second order"
            }

            test $"{how}: vmap writes the whole batch at once" {
                let x = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
                let sums, lines = printed (fun print -> run (vmap (fun x -> sum (print x))) x)
                Expect.equal (numbers sums) [ 3.0; 7.0 ] "the value"
                Expect.equal lines [ "x: Float64 (2, 2)"; "[[1. 2.]"; " [3. 4.]]" ] "written"
            }

            test $"{how}: a loop writes in each round, also what is the same in all" {
                let (last, _), lines =
                    printed (fun print ->
                        run
                            (fun (x, s) ->
                                scan
                                    (fun sum i -> (let next = sum + i in print next, print (s * s)))
                                    x
                                    (tensor [ 1.0; 2.0 ]))
                            (tensor 0.5, tensor 3.0))

                Expect.equal (float last) 3.5 "scan"
                let rounds = [ "1.5"; "9.0"; "3.5"; "9.0" ] |> List.map (fun n -> "x: Float64 " + n)
                Expect.equal (List.sort lines) (List.sort rounds) "scan, written"
                let y, lines = printed (fun print -> run (iterate 3 (fun x -> print (x + 1.0))) (tensor 0.0))
                Expect.equal (float y, lines) (3.0, [ for i in 1..3 -> $"x: Float64 {i}.0" ]) "iterate"

                let y, lines =
                    printed (fun print ->
                        run (whileLoop (fun (x: Tensor) -> x.Less 3.0) (fun x -> print x + 1.0)) (tensor 0.0))

                Expect.equal (float y, lines) (3.0, [ for i in 0..2 -> $"x: Float64 {i}.0" ]) "while"
                // What is computed before or after a loop for all rounds together, if nobody looks on.
                let y, lines =
                    printed (fun print ->
                        run
                            (fun xs ->
                                fst (scan (fun sum x -> sum + exp (print (sin x)), x) (tensor 0.0) xs))
                            (tensor [ 0.0; 0.0; 0.0 ]))

                Expect.equal (float y, lines) (3.0, List.replicate 3 "x: Float64 0.0") "a sum"
            }

            test $"{how}: the gradient of a loop writes its rounds once" {
                let f print x = iterate 3 (fun x -> print (x * x)) x
                let slope, lines = printed (fun print -> run (grad (f print)) (tensor 1.5))
                Expect.isLessThan (abs (float slope - 8.0 * 1.5 ** 7.0)) 1e-10 "the gradient"
                Expect.equal lines.Length 3 "written"
                Expect.equal lines.Head "x: Float64 2.25" "the first"
            }

            test $"{how}: the branch taken writes" {
                let branch print x = cond (sum(x).Greater 0.0) (fun x -> print x) (fun x -> x * 2.0) x
                let write x = printed (fun print -> run (branch print) x) |> snd
                Expect.equal (write (tensor [ 1.0 ])) [ "x: Float64 (1,) [1.]" ] "taken"
                Expect.isEmpty (write (tensor [ -1.0 ])) "not taken"
            }

            test $"{how}: the gradient of a branch writes it once" {
                let branch print (x: Tensor) =
                    cond (x.Greater 0.0) (fun x -> print (x * x)) (fun x -> x * 2.0) x

                let slope, lines = printed (fun print -> run (grad (branch print)) (tensor 3.0))
                Expect.equal (float slope, lines) (6.0, [ "x: Float64 9.0" ]) "written"
            }

            test $"{how}: equal ones stay two, and one that nobody reads is written" {
                let both, lines = printed (fun print -> run (fun x -> print x + print x) (tensor 2.0))
                Expect.equal (float both, lines) (4.0, List.replicate 2 "x: Float64 2.0") "two"

                let one, lines =
                    printed (fun print ->
                        run
                            (fun x ->
                                print (x * 3.0) |> ignore
                                x)
                            (tensor 2.0))

                Expect.equal (float one, lines) (2.0, [ "x: Float64 6.0" ]) "unread"
                let _, lines = printed (fun print -> run (fun x -> x * print (tensor 5.0)) (tensor 2.0))
                Expect.equal lines [ "x: Float64 5.0" ] "a constant"
            }

        test "A compiled function writes each time that it runs, not while it is made" {
            let _, lines =
                printed (fun print ->
                    let f = compile (fun (x: Tensor) -> print (x + 1.0))
                    let g = compile (fun (x: Tensor) -> f x * f (x + 1.0))
                    f (tensor 1.0) |> ignore
                    f (tensor 2.0) |> ignore
                    g (tensor 3.0))

            Expect.equal lines [ for n in [ 2; 3; 4; 5 ] -> $"x: Float64 {n}.0" ] "written"

            let graph, lines = printed (fun print -> Compile.graph (fun x -> print x) (tensor 1.0))
            Expect.stringContains graph "print x" "in the graph"
            Expect.isEmpty lines "nothing ran"
        }

        test "What checkpoint computes again is written again" {
            let f print = checkpoint (fun x -> sum (exp (print x)))
            let slope, lines = printed (fun print -> grad (f print) (tensor [ 0.0 ]))
            Expect.equal (numbers slope) [ 1.0 ] "the gradient"
            Expect.equal lines (List.replicate 2 "x: Float64 (1,) [0.]") "twice"
        }
    ]
