module Cotangent.Tests.TrainTests

open System.Threading
open Expecto
open Cotangent

/// y = 3 x₁ - 2 x₂ + 1, without noise.
let private examples =
    let x = Random.normal (Key.create 1L) DType.Float64 [ 64; 2 ]
    x, 3.0 * x[*, 0] - 2.0 * x[*, 1] + 1.0

type private Line = { Slope: Tensor; Height: Tensor }

let private start = { Slope = Tensor.zeros DType.Float64 [ 2 ]; Height = tensor 0.0 }

let private step (line: Line) (x: Tensor, y: Tensor) =
    let error line = mean (square (x.MatMul line.Slope + line.Height - y))
    let loss, gradient = valueAndGrad error line
    Tree.map2 (fun p g -> p - 0.1 * g) line gradient, loss

let private batches () = Data.batches 16 (Key.create 2L) examples

/// The same loop, written out, in plain numbers.
let private byHand steps =
    let x = (fst examples).ToData<float[,]>()
    let y = (snd examples).ToData<float[]>()
    let mutable a, b, c = 0.0, 0.0, 0.0

    for s in 0 .. steps - 1 do
        let order = (Random.permutation (Key.fold (int64 (s / 4)) (Key.create 2L)) 64).ToData<int[]>()
        let mine = [ for i in s % 4 * 16 .. s % 4 * 16 + 15 -> order[i] ]
        let errors = [ for i in mine -> a * x[i, 0] + b * x[i, 1] + c - y[i] ]
        let slope f = 2.0 * List.average (List.map2 (fun i e -> f i * e) mine errors)
        let da, db, dc = slope (fun i -> x[i, 0]), slope (fun i -> x[i, 1]), slope (fun _ -> 1.0)
        a <- a - 0.1 * da
        b <- b - 0.1 * db
        c <- c - 0.1 * dc

    a, b, c

let private numbers (line: Line) =
    let slope = line.Slope.ToData<float[]>()
    slope[0], slope[1], line.Height.ToData<float>()

let private near (a1, b1, c1) (a2, b2, c2) =
    for x, y in [ a1, a2; b1, b2; c1, c2 ] do
        Expect.floatClose Accuracy.high x y "numbers"

let private exact (a: Line) (b: Line) =
    for x, y in Array.zip (Tree.leaves a) (Tree.leaves b) do
        Expect.isTrue (x.Equals y) $"{a} and {b}"

let private train options = Train.run options step (batches ()) start

let private data =
    testList "data" [
        test "an epoch has each example once, and no two epochs one order" {
            let batches = Data.batches 4 (Key.create 3L) (tensor [ 0..11 ])

            let epoch e = [
                for batch in batches.Epoch e 0 do
                    yield! batch.ToData<int[]>()
            ]

            Expect.equal (List.sort (epoch 0)) [ 0..11 ] "all"
            Expect.equal (List.sort (epoch 1)) [ 0..11 ] "all again"
            Expect.notEqual (epoch 0) (epoch 1) "orders"
            Expect.equal (epoch 1) (epoch 1) "the same when asked again"
        }

        test "from a place on, the batches are those of the whole epoch" {
            let batches = Data.batches 3 (Key.create 3L) (tensor [ 0..11 ])
            let ints (batches: Tensor seq) = [ for b in batches -> List.ofArray (b.ToData<int[]>()) ]
            Expect.equal (ints (batches.Epoch 5 2)) (ints (batches.Epoch 5 0) |> List.skip 2) "the rest"
        }

        test "examples stay together over all leaves" {
            let x = tensor [ for i in 0..9 -> float i ]

            for a, b in (Data.batches 5 (Key.create 4L) (x, x * 10.0)).Epoch 0 0 do
                Expect.isTrue (b.Equals(a * 10.0)) "pairs"

            let a, b = Data.shuffle (Key.create 5L) (x, x * 10.0)
            Expect.isTrue (b.Equals(a * 10.0)) "shuffled"
        }

        test "what whole batches leave is left out in training and kept in order" {
            let x = Tensor.zeros DType.Float32 [ 10; 3 ]
            let training = Data.batches 4 (Key.create 0L) x
            Expect.equal training.Count 2 "whole ones"
            Expect.equal [ for b in training.Epoch 0 0 -> b.Shape ] [ [| 4; 3 |]; [| 4; 3 |] ] "shapes"
            let ordered = Data.inOrder 4 x
            Expect.equal ordered.Count 3 "all"

            Expect.equal
                [ for b in ordered.Epoch 0 0 -> b.Shape ]
                [ [| 4; 3 |]; [| 4; 3 |]; [| 2; 3 |] ]
                "shapes"
        }

        test "keys beside batches are each step's own, and come again" {
            let batches = Data.inOrder 2 (tensor [ 0..5 ]) |> Batches.withKeys (Key.create 7L)
            let draws e f = [ for _, key in batches.Epoch e f -> float (Random.uniform key DType.Float64 []) ]
            let all = draws 0 0 @ draws 1 0
            Expect.equal (List.distinct all).Length 6 "different"
            Expect.equal (draws 1 1) (List.skip 1 (draws 1 0)) "again"
        }

        test "a part for validation" {
            let train, validation = Data.split 7 (tensor [ 0..9 ], tensor [ 10..19 ])
            Expect.equal (Data.count train, Data.count validation) (7, 3) "counts"
            Expect.equal ((snd validation).ToData<int[]>()) [| 17; 18; 19 |] "the last"
            Expect.equal (Data.count (snd (Data.split 10 (tensor [ 0..9 ])))) 0 "none left"
        }

        for what, fails, words in
            [
                "lengths that differ",
                (fun () -> Data.count (tensor [ 1; 2 ], tensor [ 1; 2; 3 ]) |> ignore),
                [ "$.Item2"; "(3,)"; "(2,)" ]
                "a scalar",
                (fun () -> Data.count (tensor [ 1; 2 ], tensor 1) |> ignore),
                [ "$.Item2"; "scalar" ]
                "no examples in a batch",
                (fun () -> Data.inOrder 0 (tensor [ 1 ]) |> ignore),
                [ "Data.inOrder"; "0" ]
                "more in a batch than there are",
                (fun () -> Data.batches 3 (Key.create 0L) (tensor [ 1; 2 ]) |> ignore),
                [ "3"; "2"; "Data.inOrder" ]
                "a part larger than the whole",
                (fun () -> Data.split 3 (tensor [ 1; 2 ]) |> ignore),
                [ "Data.split"; "3"; "2" ]
            ] do
            test $"refused: {what}" {
                let message =
                    try
                        fails ()
                        failtest "accepted"
                    with :? CotangentException as e ->
                        e.Message

                for word in words do
                    Expect.stringContains message word message
            }
    ]

let private loop =
    testList "the loop" [
        test "takes the steps that plain numbers take" {
            let run = train { Train.defaults with Epochs = 5 }
            Expect.equal (run.Last.Steps, run.Last.Epochs, run.End) (20, 5, TrainingEnd.Completed) "end"
            near (numbers run.Last.State) (byHand 20)
        }

        test "compiled or not, one step a call or several: the same" {
            let one = (train { Train.defaults with Epochs = 3 }).Last.State
            exact one (train { Train.defaults with Epochs = 3 }).Last.State

            near
                (numbers one)
                (numbers (train { Train.defaults with Epochs = 3; Compiled = false }).Last.State)
            // 4 batches an epoch: calls of 3 and of 1.
            near
                (numbers one)
                (numbers (train { Train.defaults with Epochs = 3; StepsPerCall = 3 }).Last.State)
        }

        test "figures are called as leaves of checkpoints are" {
            let counted state batch =
                let state, loss = step state batch
                state, {| TotalLoss = loss; Parts = {| SecondHalf = loss |} |}

            let run = Train.run Train.defaults counted (batches ()) start
            Expect.equal (List.map fst run.Last.Figures) [ "parts.second_half"; "total_loss" ] "names"
        }

        test "goes on where it stopped" {
            let whole = (train { Train.defaults with Epochs = 4 }).Last.State
            let half = Train.steps step (batches ()) start |> Seq.find (fun now -> now.Steps = 7)

            let rest =
                Train.run { Train.defaults with Epochs = 4; From = half.Steps } step (batches ()) half.State

            exact whole rest.Last.State
            Expect.equal rest.Last.Steps 16 "all steps"
        }

        test "as a sequence, anew each time" {
            let steps = Train.steps step (batches ()) start
            let at n = (Seq.item (n - 1) steps).State
            near (numbers (at 6)) (byHand 6)
            exact (at 6) (at 6)
        }

        test "cancelled, it returns what it has reached" {
            use source = new CancellationTokenSource()

            let callback = Callback.call (Every.Steps 6) (fun _ -> source.Cancel())

            let run =
                train {
                    Train.defaults with
                        Epochs = 100
                        Cancellation = source.Token
                        Callbacks = [ callback ]
                }

            Expect.equal (run.End, run.Last.Steps) (TrainingEnd.Cancelled, 6) "end"
            near (numbers run.Last.State) (byHand 6)
        }

        test "figures are the means since the last report, and their names those of the fields" {
            let step (x: Tensor) (batch: Tensor) = x + 1.0, {| Loss = x; Size = batch.Sum() |}
            let batches = Data.inOrder 1 (tensor [ 1.0; 2.0; 3.0; 4.0 ])
            let run = Train.run { Train.defaults with ReportEvery = 2 } step batches (tensor 10.0)

            Expect.equal
                run.History
                [ 2, [ "loss", 10.5; "size", 1.5 ]; 4, [ "loss", 12.5; "size", 3.5 ] ]
                "history"
        }

        test "each step counts the same, in a short call as in a long one" {
            let step (x: Tensor) (batch: Tensor) = x, batch.Sum()
            let batches = Data.inOrder 1 (tensor [ 1.0; 2.0; 3.0; 10.0 ])

            let run =
                Train.run { Train.defaults with ReportEvery = 4; StepsPerCall = 3 } step batches (tensor 0.0)

            Expect.equal run.History [ 4, [ "loss", 4.0 ] ] "(1 + 2 + 3 + 10) / 4"
        }

        test "whoever follows is told" {
            let reports = ResizeArray()

            let progress = {
                new System.IProgress<ProgressReport> with
                    member _.Report report = reports.Add(report.Done, report.Total)
            }

            train { Train.defaults with Epochs = 2; ReportEvery = 3; Progress = progress } |> ignore
            Expect.equal (List.ofSeq reports) [ 3, 8; 6, 8; 8, 8 ] "reports"
        }
    ]

let private callbacks =
    testList "callbacks" [
        test "each is asked at its turn, and sees what those before it measured" {
            let seen = ResizeArray()

            let options = {
                Train.defaults with
                    Epochs = 3
                    Callbacks = [
                        Callback.measure (Every.Epochs 1) "height" (fun line -> float line.Height)
                        Callback.call (Every.Epochs 1) (fun now ->
                            seen.Add(now.Steps, List.map fst now.Figures))
                    ]
            }

            let run = train options
            let names = [ "loss"; "height" ]
            Expect.equal (List.ofSeq seen) [ 4, names; 8, names; 12, names ] "seen"
            Expect.equal (run.History |> List.map fst) [ 4; 8; 12 ] "kept"
        }

        test "a state that is replaced is where the next step begins" {
            let step (x: Tensor) (_: Tensor) = x + 1.0, x

            let back = {
                Every = Every.Steps 2
                Start =
                    fun () -> {
                        Reached = fun (now: Trained<Tensor>) -> [ Reaction.Replace(now.State * 10.0) ]
                        Ended = ignore
                        Result = id
                    }
            }

            let run =
                Train.run
                    { Train.defaults with Callbacks = [ back ] }
                    step
                    (Data.inOrder 1 (tensor [ 0.0; 0.0; 0.0 ]))
                    (tensor 1.0)

            Expect.equal (float run.Last.State) 31.0 "(1 + 2) · 10 + 1"
        }

        // Figures of the callback's askings -> asked how often, the best of them, which is returned.
        for figures, better, asked, best in
            [
                [ 3.0; 2.0; 2.5; 2.0; 1.0 ], Better.Lower, 4, 2
                [ 3.0; 2.0; 2.5; 1.5; 1.6; 1.5; 9.0 ], Better.Lower, 6, 4
                [ 0.1; 0.3; 0.2; 0.3; 0.9 ], Better.Higher, 4, 2
                [ nan; 2.0; nan; 3.0; 1.0 ], Better.Lower, 4, 2
                [ 5.0; 4.0; 3.0; 2.0; 1.0 ], Better.Lower, 5, 5
                [ 5.0; 4.0; 3.0; 1.0; 2.0 ], Better.Lower, 5, 4
                [ nan; nan ], Better.Higher, 2, 2
            ] do
            test $"early stopping after %A{figures}" {
                let step (x: Tensor) (_: Tensor) = x + 1.0, x

                let options = {
                    Train.defaults with
                        Callbacks = [
                            Callback.measure (Every.Steps 1) "figure" (fun (x: Tensor) ->
                                figures[int (float x) - 1])
                            Callback.earlyStopping (Every.Steps 1) "figure" better 2
                        ]
                }

                let run =
                    Train.run
                        options
                        step
                        (Data.inOrder 1 (Tensor.zeros DType.Float64 [ figures.Length ]))
                        (tensor 0.0)

                Expect.equal (run.Last.Steps, float run.Last.State) (best, float best) "steps and state"

                let at name (figures: (string * float) list) = figures |> List.find (fst >> (=) name) |> snd
                let value = figures[best - 1]
                Expect.isTrue ((at "figure" run.Last.Figures).Equals value) "the figure then"
                Expect.equal (at "loss" run.Last.Figures) (float best - 1.0) "the loss then"

                let measured = run.History |> List.map (snd >> at "figure")
                Expect.isTrue (measured.Equals(List.take asked figures)) "what was measured, and nothing else"

                match run.End with
                | TrainingEnd.Completed -> Expect.equal asked figures.Length "not stopped"
                | TrainingEnd.Stopped reason -> Expect.stringContains reason "figure" "reason"
                | TrainingEnd.Cancelled -> failtest "cancelled"
            }

        test "what one run remembers, another does not" {
            let step (x: Tensor) (_: Tensor) = x + 1.0, x
            let stop = Callback.earlyStopping (Every.Steps 1) "loss" Better.Lower 1
            let batches = Data.inOrder 1 (Tensor.zeros DType.Float64 [ 5 ])
            let run () = Train.run { Train.defaults with Callbacks = [ stop ] } step batches (tensor 0.0)
            Expect.equal (run ()).History.Length 2 "stopped at the second"
            Expect.equal (run ()).History.Length 2 "again"
        }

        test "NaN stops" {
            let step (x: Tensor) (_: Tensor) = x - 1.0, sqrt x

            let run =
                Train.run
                    { Train.defaults with Callbacks = [ Callback.stopUnlessFinite (Every.Steps 1) ] }
                    step
                    (Data.inOrder 1 (Tensor.zeros DType.Float64 [ 5 ]))
                    (tensor 1.0)

            Expect.equal (run.Last.Steps, run.End) (3, TrainingEnd.Stopped "loss is NaN after 3 steps") "end"
        }

        test "a figure that nobody measured is asked for in vain" {
            let callbacks = [ Callback.earlyStopping (Every.Steps 1) "accuracy" Better.Higher 2 ]

            Expect.throwsC (fun () -> train { Train.defaults with Callbacks = callbacks } |> ignore) (fun e ->
                Expect.stringContains e.Message "accuracy" "asked for"
                Expect.stringContains e.Message "loss" "there")
        }
    ]

let private refused =
    testList "refused" [
        for what, options, word in
            [
                "epochs", { Train.defaults with Epochs = 0 }, "epochs"
                "steps a call", { Train.defaults with StepsPerCall = 0 }, "a call"
                "reports", { Train.defaults with ReportEvery = 0 }, "report"
                "the first step", { Train.defaults with From = -1 }, "begin"
                "callbacks",
                { Train.defaults with Callbacks = [ Callback.call (Every.Epochs 0) ignore ] },
                "callback"
            ] do
            test what {
                Expect.throwsC (fun () -> train options |> ignore) (fun e ->
                    Expect.stringContains e.Message word e.Message)
            }

        test "an epoch shorter than it says" {
            let short = { Count = 3; Epoch = fun _ _ -> Seq.replicate 2 examples }

            Expect.throwsC
                (fun () -> Train.run { Train.defaults with Epochs = 2 } step short start |> ignore)
                (fun e -> Expect.stringContains e.Message "batch 2 of 3" e.Message)
        }
    ]

[<Tests>]
let tests = testList "Train" [ data; loop; callbacks; refused ]
