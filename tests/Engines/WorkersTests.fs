/// Work shared among threads: all parts once, errors as they are, nested and from several callers at a time.
module Cotangent.Tests.WorkersTests

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Expecto
open Cotangent.Engines

let private ambient = AsyncLocal<int>()

/// With so many threads, also on machines that have fewer cores.
let private with' threads (body: unit -> unit) () =
    let before = Workers.count ()

    try
        Workers.limit threads
        body ()
    finally
        Workers.limit before

let private onceEach parts =
    let counts = Array.zeroCreate<int> parts
    Workers.run parts (fun i -> Interlocked.Increment &counts[i] |> ignore)
    Expect.isTrue (counts |> Array.forall ((=) 1)) $"each of {parts} parts once"

/// A deadlock fails, rather than hanging the tests.
let private inTime seconds (body: unit -> unit) =
    let task = Task.Factory.StartNew(body, TaskCreationOptions.LongRunning)
    if not (task.Wait(TimeSpan.FromSeconds(float seconds))) then failtest "It does not end."

[<Tests>]
let tests =
    testSequenced
    <| testList "workers" [
        for threads in [ 1; 2; 3; 8 ] do
            testCase
                $"each part once, {threads} threads"
                (with' threads (fun () ->
                    for parts in [ 0; 1; 2; 3; 7; 8; 100; 1000 ] do
                        for _ in 1..50 do
                            onceEach parts))

        testCase
            "what the parts wrote is there afterwards"
            (with' 4 (fun () ->
                for round in 1..2000 do
                    let numbers = Array.zeroCreate<int> 8
                    Workers.run 8 (fun i -> numbers[i] <- round)
                    Expect.equal (Array.sum numbers) (8 * round) "sum"))

        testCase
            "an error reaches the caller as it is, and parts that nobody has begun are left out"
            (with' 3 (fun () ->
                for _ in 1..300 do
                    let mutable error: exn | null = null
                    let thrown = InvalidTimeZoneException "one"

                    try
                        Workers.run 50 (fun i -> if i = 7 then raise thrown)
                    with e ->
                        error <- e

                    Expect.isTrue (obj.ReferenceEquals(error, thrown)) "the same exception"

                let begun = ref 0

                try
                    Workers.run 1_000_000 (fun _ ->
                        Interlocked.Increment begun |> ignore
                        failwith "first")
                with _ ->
                    ()

                Expect.isLessThan begun.Value 1000 "parts begun"
                onceEach 20))

        testCase
            "nested, three levels deep"
            (with' 4 (fun () ->
                inTime 60 (fun () ->
                    for _ in 1..50 do
                        let count = ref 0

                        Workers.run 5 (fun _ ->
                            Workers.run 4 (fun _ ->
                                Workers.run 3 (fun _ -> Interlocked.Increment count |> ignore)))

                        Expect.equal count.Value 60 "innermost parts")))

        testCase
            "many callers at a time, nested, some with errors"
            (with' 3 (fun () ->
                inTime 120 (fun () ->
                    let caller n () =
                        let random = Random(n: int)

                        for _ in 1..300 do
                            let parts = random.Next 12
                            let fails = random.Next 8 = 0
                            let counts = Array.zeroCreate<int> parts

                            try
                                Workers.run parts (fun i ->
                                    Workers.run 3 (fun _ -> Interlocked.Increment &counts[i] |> ignore)
                                    if fails && i = 1 then raise (InvalidOperationException(string n)))

                                Expect.isTrue (counts |> Array.forall ((=) 3)) "each part"
                            with :? InvalidOperationException as e ->
                                Expect.equal e.Message (string n) "one's own error"

                    let threads = [
                        for n in 1..24 -> Task.Factory.StartNew(caller n, TaskCreationOptions.LongRunning)
                    ]

                    Task.WaitAll(Array.ofList threads))))

        testCase
            "each thread begins with neighbouring parts, the caller with the first"
            (with' 2 (fun () ->
                inTime 60 (fun () ->
                    for _ in 1..200 do
                        // Both are at work at any time: none takes what the other has yet to do.
                        use both = new Barrier(2)
                        let threads = Array.zeroCreate<int> 4

                        Workers.run 4 (fun i ->
                            threads[i] <- Environment.CurrentManagedThreadId
                            both.SignalAndWait())

                        let caller, helper = Environment.CurrentManagedThreadId, threads[2]
                        Expect.notEqual helper caller "two threads"
                        Expect.equal threads [| caller; caller; helper; helper |] "who did each part")))

        testCase
            "a caller ends alone while all others are busy"
            (with' 3 (fun () ->
                inTime 60 (fun () ->
                    use gate = new ManualResetEventSlim(false)
                    use busy = new CountdownEvent(3)

                    let blocked =
                        Task.Factory.StartNew(
                            (fun () ->
                                Workers.run 3 (fun _ ->
                                    busy.Signal() |> ignore
                                    gate.Wait())),
                            TaskCreationOptions.LongRunning
                        )

                    busy.Wait()
                    onceEach 100
                    gate.Set()
                    blocked.Wait())))

        testCase
            "ambient variables of the caller are there on all threads"
            (with' 4 (fun () ->
                for round in 1..200 do
                    ambient.Value <- round
                    let seen = Array.zeroCreate<int> 16
                    Workers.run 16 (fun i -> seen[i] <- ambient.Value)
                    Expect.allEqual seen round "the caller's"))

        testCase
            "nothing spins while there is nothing to do"
            (with' 4 (fun () ->
                onceEach 100
                // Whatever else the tests left running is over by then.
                let idle () =
                    let own = Process.GetCurrentProcess()
                    let before = own.TotalProcessorTime
                    Thread.Sleep 300
                    own.Refresh()
                    (own.TotalProcessorTime - before).TotalMilliseconds

                Expect.isLessThan
                    (Seq.min (Seq.init 5 (fun _ -> idle ())))
                    100.0
                    "milliseconds of processor time in 300"))

        testCase
            "a sleeping thread does not hold what it worked on"
            (with' 3 (fun () ->
                let make () =
                    let data = Array.zeroCreate<byte> 1000
                    Workers.run 30 (fun i -> data[i] <- 1uy)
                    WeakReference data

                let references = [ for _ in 1..20 -> make () ]
                Thread.Sleep 50
                GC.Collect()
                let alive = references |> List.filter _.IsAlive |> List.length
                // The last one may still lie in a frame of this test.
                Expect.isLessThanOrEqual alive 1 "arrays alive"))
    ]
