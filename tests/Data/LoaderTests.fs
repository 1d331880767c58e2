module Cotangent.Data.Tests.LoaderTests

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Expecto
open Cotangent
open Cotangent.Data.Tests.Raises

let private key = Key.create 3L
let private workers n ahead = { Loader.defaults with Workers = n; Ahead = ahead }

/// Threads of loaders that run.
let private running = ref 0

/// Examples that take a while, longer or shorter, and count the threads that are inside of one.
let private slow n =
    Dataset.init n (fun i ->
        Interlocked.Increment &running.contents |> ignore

        try
            Thread.SpinWait(int (i * 7919L % 5L) * 2000)
            i
        finally
            Interlocked.Decrement &running.contents |> ignore)
    |> Dataset.named "slow"

let private threads () =
    use own = Process.GetCurrentProcess()
    own.Threads.Count

[<Tests>]
let loaders =
    testSequenced
    <| testList "loaders" [
        test "the order is the dataset's, whatever the number of workers" {
            let shuffled = slow 300L |> Dataset.shuffle key

            for e in 0..2 do
                let expected = List.ofSeq (shuffled.Epoch e)

                for n in [ 0; 1; 2; 3; 8 ] do
                    for ahead in [ 1; 2; 5; 1000 ] do
                        let loader = shuffled |> Loader.createWith (workers n ahead)
                        Expect.equal (List.ofSeq (loader.Epoch e)) expected $"{n} workers, {ahead} ahead"
        }
        test "goes on at the next example" {
            let examples = slow 50L |> Dataset.shuffle key
            let all = List.ofSeq (examples.Epoch 2)

            for count in [ 0; 1; 3 ] do
                let loader = examples |> Loader.createWith (workers count 4)

                for first in [ 0; 1; 17; 49; 50 ] do
                    Expect.equal
                        (List.ofSeq (loader.Epoch(2, first)))
                        (List.skip first all)
                        $"from {first} on, {count} workers"

            let loader = examples |> Loader.createWith (workers 3 4)

            raises<ValueException, _> "place 51 of epoch 0" (fun () -> loader.Epoch(0, 51)) "beyond the end"
        }
        test "an epoch without examples" {
            Expect.isEmpty ((Dataset.init 0L id |> Loader.createWith (workers 2 2)).Epoch 0) "ends"
        }
        test "no more are made ahead than asked for" {
            let made = ref 0L

            let loader =
                Dataset.init 1000L (fun i ->
                    Interlocked.Increment &made.contents |> ignore
                    i)
                |> Loader.createWith (workers 3 5)

            use walk = (loader.Epoch 0).GetEnumerator()

            for taken in 1L .. 100L do
                walk.MoveNext() |> ignore
                Thread.Sleep 1
                Expect.isLessThanOrEqual (Volatile.Read &made.contents) (taken + 5L) "ahead"
        }
        test "a loop that is left leaves no thread" {
            let before = threads ()
            let loader = slow 10_000L |> Loader.createWith (workers 4 8)

            for _ in 1..50 do
                Seq.head (loader.Epoch 0) |> ignore

                try
                    for i in loader.Epoch 0 do
                        if i = 20L then failwith "enough"
                with _ ->
                    ()

            Expect.equal running.Value 0 "nobody is inside an example"
            Expect.isLessThanOrEqual (threads ()) (before + 3) "threads"
        }
        test "a loop that is left waits for the example that a worker is at" {
            let inside = ref 0

            let loader =
                Dataset.init 100L (fun i ->
                    Interlocked.Increment &inside.contents |> ignore
                    Thread.Sleep 30
                    Interlocked.Decrement &inside.contents |> ignore
                    i)
                |> Loader.createWith (workers 3 6)

            for _ in 1..3 do
                Seq.head (loader.Epoch 0) |> ignore
                Expect.equal (Volatile.Read &inside.contents) 0 "nobody is inside of one"
        }
        test "an example that fails ends the loop at its place, by name" {
            for n in [ 0; 1; 4 ] do
                let loader =
                    slow 100L
                    |> Dataset.map (fun i -> if i = 30L then failwith "corrupt" else i)
                    |> Loader.createWith (workers n 8)

                let taken = ResizeArray<int64>()

                raises<ExampleException, _>
                    "example 30 of slow (epoch 1): Exception: corrupt"
                    (fun () ->
                        for i in loader.Epoch 1 do
                            taken.Add i)
                    "the error"

                Expect.sequenceEqual taken [ 0L .. 29L ] "what came before"
                Expect.equal running.Value 0 "nobody is inside an example"
        }
        test "cancelled, also while an example is waited for" {
            for n in [ 0; 2 ] do
                use cancellation = new CancellationTokenSource()

                let loader =
                    Dataset.init 1000L (fun i ->
                        Thread.Sleep 20
                        i)
                    |> Loader.createWith { workers n 2 with Cancellation = cancellation.Token }

                cancellation.CancelAfter 100
                let watch = Stopwatch.StartNew()

                raises<OperationCanceledException, _>
                    ""
                    (fun () -> loader.Epoch 0 |> Seq.iter ignore)
                    "the loop"

                Expect.isLessThan watch.Elapsed.TotalSeconds 5.0 "soon"
        }
        test "200 epochs: no growth of threads or memory" {
            let data =
                Dataset.ofTensors (Tensor.zeros DType.Float32 [ 64; 28; 28 ])
                |> Dataset.shuffle key
                |> Dataset.mapWithKey key (fun key x -> x + Random.uniform key DType.Float32 [])
                |> Dataset.batch 8
                |> Loader.createWith (workers 2 4)

            let run epochs =
                for e in epochs do
                    for batch in data.Epoch e do
                        ignore batch.Size

            let memory () =
                GC.Collect()
                GC.WaitForPendingFinalizers()
                GC.GetTotalMemory true

            run [ 0..19 ]
            let before, threadsBefore = memory (), threads ()
            run [ 20..219 ]
            Expect.isLessThan (memory () - before) 3_000_000L "bytes"
            Expect.isLessThanOrEqual (threads ()) (threadsBefore + 3) "threads"
        }
        test "a training that is interrupted in an epoch goes on as if it had not been" {
            let x = Random.normal (Key.create 1L) DType.Float64 [ 30; 2 ]

            let batches =
                Dataset.ofTensors x
                |> Dataset.shuffle key
                |> Dataset.mapWithKey key (fun key x -> x + Random.normal key DType.Float64 [ 2 ])
                |> Dataset.batch 4
                |> Loader.createWith (workers 2 3)
                |> Loader.batches

            let step (state: Tensor) (batch: Tensor) =
                let loss, slope = valueAndGrad (fun w -> mean (square (batch - w))) state
                state - 0.1 * slope, loss

            let start = tensor [ 1.0; -1.0 ]
            let options = { Train.defaults with Epochs = 3 }
            let whole = Train.run options step batches start

            let stopped =
                Train.run
                    {
                        options with
                            Callbacks = [
                                {
                                    Every = Every.Steps 11
                                    Start =
                                        fun () -> {
                                            Reached = fun _ -> [ Reaction.Stop "enough" ]
                                            Ended = ignore
                                            Result = id
                                        }
                                }
                            ]
                    }
                    step
                    batches
                    start

            Expect.equal stopped.Last.Steps 11 "in the middle of the second epoch, of 8 batches"
            let resumed = Train.run { options with From = 11 } step batches stopped.Last.State
            Expect.equal resumed.Last.State whole.Last.State "bit for bit"
            Expect.equal resumed.Last.Steps 24 "all steps"
        }
        testTask "await foreach" {
            let loader = slow 100L |> Dataset.shuffle key |> Loader.createWith (workers 3 4)
            let taken = ResizeArray<int64>()
            let walk = loader.EpochAsync(1).GetAsyncEnumerator()
            let mutable going = true

            while going do
                let! more = walk.MoveNextAsync()
                if more then taken.Add walk.Current else going <- false

            do! walk.DisposeAsync()
            Expect.sequenceEqual taken (loader.Epoch 1) "the same order"
            let cancellation = new CancellationTokenSource(50)

            let waiting =
                Dataset.init 1000L (fun i ->
                    Thread.Sleep 10
                    i)
                |> Loader.createWith (workers 2 2)

            let walk = waiting.EpochAsync(0).GetAsyncEnumerator cancellation.Token
            let mutable cancelled = false

            while not cancelled do
                try
                    let! more = walk.MoveNextAsync()
                    if not more then failtest "it went through"
                with :? OperationCanceledException ->
                    cancelled <- true

            do! walk.DisposeAsync()
        }
    ]

[<Tests>]
let streams =
    let numbers n = DataStream.ofSeq "numbers" (fun epoch -> seq { for i in 0 .. n - 1 -> 100 * epoch + i })

    testList "streams" [
        test "map, filter, zip, concat, take, shard, batch" {
            let three = numbers 3
            Expect.equal (three.Epoch 1 |> List.ofSeq) [ 100; 101; 102 ] "opened anew"
            Expect.equal (three |> DataStream.map (fun i -> 2 * i) |> List.ofSeq) [ 0; 2; 4 ] "map"
            Expect.equal (DataStream.zip three three |> List.ofSeq) [ 0, 0; 1, 1; 2, 2 ] "zip"
            Expect.equal (DataStream.concat [ three; numbers 1 ] |> List.ofSeq) [ 0; 1; 2; 0 ] "concat"

            Expect.equal
                (numbers 9 |> DataStream.filter (fun i -> i % 4 = 0) |> List.ofSeq)
                [ 0; 4; 8 ]
                "filter"

            Expect.equal (numbers 9 |> DataStream.take 2 |> List.ofSeq) [ 0; 1 ] "take"
            Expect.equal (numbers 7 |> DataStream.shard 1 3 |> List.ofSeq) [ 1; 4 ] "shard"
            Expect.equal (numbers 5 |> DataStream.batchWith Array.sum 2 |> List.ofSeq) [ 1; 5; 4 ] "batch"

            raises<ExampleException, _>
                "has ended"
                (fun () -> DataStream.zip three (numbers 2) |> List.ofSeq)
                "zip of different lengths"
        }
        test "a shuffle within a buffer" {
            let shuffled = numbers 100 |> DataStream.shuffle key 20
            let first, second = List.ofSeq (shuffled.Epoch 0), List.ofSeq (shuffled.Epoch 1)
            Expect.equal (List.sort first) [ 0..99 ] "all, once"
            Expect.notEqual first [ 0..99 ] "in another order"
            Expect.notEqual (second |> List.map (fun i -> i - 100)) first "another in each epoch"
            Expect.equal (List.ofSeq (shuffled.Epoch 0)) first "the same again"
        }
        test "worker threads keep the order, name what fails and end with the loop" {
            let work i =
                Thread.SpinWait(i * 7919 % 5 * 1000)
                if i = 70 then failwith "corrupt" else i

            for n in [ 0; 1; 4 ] do
                let loaded = numbers 50 |> DataStream.mapAhead (workers n 6) work
                Expect.equal (List.ofSeq loaded) [ 0..49 ] "order"
                Expect.equal (Seq.head loaded) 0 "left early"
                let failing = numbers 100 |> DataStream.mapAhead (workers n 6) work
                raises<ExampleException, _> "example 70 of numbers" (fun () -> List.ofSeq failing) "the error"
        }
        test "batches for a training" {
            let batches = numbers 10 |> DataStream.batches 8
            Expect.equal (List.ofSeq (batches.Epoch 1 6)) [ 106; 107 ] "from a place on"

            raises<ValueException, _>
                "numbers has 10 batches in epoch 0, fewer than the 11"
                (fun () -> (numbers 10 |> DataStream.batches 11).Epoch 0 0 |> List.ofSeq)
                "too few"
        }
    ]
