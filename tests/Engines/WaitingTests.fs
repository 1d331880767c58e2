/// Memory that waits to be used again, in processes that may have little, and in those that have nothing to do.
module Cotangent.Tests.WaitingTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Cotangent
open Cotangent.Engines

/// Asks this program for one of what follows.
[<Literal>]
let Flag = "--waiting"

/// Rounds with arrays of other lengths each time, of which nothing is kept.
let private lengths () =
    for i in 1..15 do
        let x = Tensor.arange DType.Float32 (8_000_000 + 77_777 * i)
        let y = (x + 1.0f) * 2.0f
        printfn "%g" (float y[1])

/// The same with large results of compiled functions, and data of the program's own between.
let private compiled () =
    for i in 1..10 do
        let f = compile (fun (x: Tensor) -> (x.CumulativeSum 0) * 2.0f + x.CumulativeSum(0, reverse = true))
        let own = Array.create (10_000_000 + 100_000 * i) 1.0f
        let y = f (Tensor.ofArray [ own.Length ] own)
        printfn "%g" (float y[0] - float own.Length)

/// More than there is.
let private tooMuch () =
    let attempt (f: unit -> 'a) =
        try
            f () |> ignore
            printfn "done"
        with e ->
            printfn "%s: %s" (e.GetType().Name) e.Message

    let y = (Tensor.arange DType.Float32 30_000_000).Reshape [ 30_000; 1000 ]
    attempt (fun () -> y.Reshape [ 30_000; 1; 1000 ] * (Tensor.arange DType.Float32 5).Reshape [ 5; 1 ])
    attempt (fun () -> concat 0 [ y; y; y; y ])
    attempt (fun () -> Random.uniform (Key.create 1L) DType.Float32 [ 150_000_000 ])
    attempt (fun () -> (Tensor.ones DType.Float32 [ 300_000; 1000 ]).ToData<float32[,]>())
    attempt (fun () -> Tensor.ofArray [ 500 ] (Array.create 500 1.0))
    printfn "%g" (float y[29_999, 999] - 29_999_998.0)

/// A burst of calls of one function, then nothing; what waits, and what the process has.
let private burst () =
    // Not while the burst lasts.
    WaitingMemory.lookEvery 600_000
    let x = Tensor.arange DType.Float32 4_000_000 * 0.0f + 1.0f
    let f = compile (fun (x: Tensor) -> iterate 3 (fun (c: Tensor) -> (c.CumulativeSum 0) / 2.0f + c) x)
    use ready = new Barrier 16

    let call () =
        for _ in 1..2 do
            f x |> ignore
            ready.SignalAndWait()

    let calls: Task[] = [| for _ in 1..16 -> Task.Factory.StartNew(call, TaskCreationOptions.LongRunning) |]

    Task.WaitAll calls

    let most = WaitingMemory.total ()
    WaitingMemory.lookEvery 300

    // A full collection finds the workspaces' memory given up.
    for _ in 1..15 do
        Thread.Sleep 300

    printfn "%d %d" most (WaitingMemory.total ())
    printfn "%d" (GC.GetGCMemoryInfo().TotalCommittedBytes)
    printfn "%g" (float ((f x).Min()))

let run (name: string) =
    match name with
    | "lengths" -> lengths ()
    | "compiled" -> compiled ()
    | "too much" -> tooMuch ()
    | "burst" -> burst ()
    | name -> failwith name

/// The lines of a process that may have so many bytes, in hexadecimal digits.
let private linesOf (name: string) (limit: string) =
    let start =
        Diagnostics.ProcessStartInfo(
            "dotnet",
            [ (Reflection.Assembly.GetExecutingAssembly()).Location; Flag; name ],
            RedirectStandardOutput = true,
            RedirectStandardError = true
        )

    start.Environment["DOTNET_GCHeapHardLimit"] <- limit
    use child = nonNull (Diagnostics.Process.Start start)
    let errors = child.StandardError.ReadToEndAsync()
    let lines = child.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
    child.WaitForExit()
    Expect.equal child.ExitCode 0 $"exit code, with {lines} and {errors.Result}"
    lines |> Array.map _.Trim()

let private processes =
    testSequenced
    <| testList "processes" [
        test "arrays of any lengths fit, one after the other" {
            // 512 MB, and 200 MB in each round.
            let lines = linesOf "lengths" "20000000"
            Expect.equal lines (Array.create 15 "4") "rounds"
        }
        test "compiled functions too" {
            let lines = linesOf "compiled" "20000000"
            Expect.equal lines.Length 10 "rounds"
            Expect.all lines (fun line -> abs (float line - 2.0) < 5.0) $"numbers: {lines}"
        }
        test "what does not fit is refused by name, with its size" {
            let lines = linesOf "too much" "20000000"

            for i, parts in
                [
                    0, [ "multiply"; "Float32 (30000, 5, 1000), 600 MB" ]
                    1, [ "concat"; "Float32 (120000, 1000), 480 MB" ]
                    2, [ "random"; "Float32 (150000000,), 600 MB" ]
                    3, [ "ToData"; "1.2 GB" ]
                ] do
                Expect.stringStarts lines[i] "MemoryException: " "the kind of exception"

                for part in parts do
                    Expect.stringContains lines[i] part "what it was"

            Expect.equal lines[4..] [| "done"; "2" |] "the process goes on"
        }
        test "what a burst leaves goes when nobody misses it" {
            let lines = linesOf "burst" "C0000000"
            let waiting = lines[0].Split ' '
            Expect.isGreaterThan (int64 waiting[0]) 100_000_000L "waiting after the burst"
            Expect.isLessThan (int64 waiting[1]) 40_000_000L "in the end"
            Expect.isLessThan (int64 lines[1]) 150_000_000L "bytes of the process"
        }
    ]

let private stores =
    testList "stores" [
        test "what is known is trimmed and emptied, as long as somebody holds it" {
            let calls = ResizeArray<string>()

            let store = {
                new Waiting() with
                    member _.Trim() =
                        lock calls (fun () -> calls.Add "trim")
                        0L

                    member _.Empty() =
                        lock calls (fun () -> calls.Add "empty")
                        0L
            }

            WaitingMemory.register store
            WaitingMemory.trim () |> ignore
            Expect.contains calls "trim" "trimmed"
            GC.KeepAlive store
        }
        test "running out gives all of it up and tries once more" {
            let mutable tries = 0

            let made =
                Recycling.attempt (fun () ->
                    tries <- tries + 1
                    if tries = 1 then raise (OutOfMemoryException())
                    tries)

            Expect.equal made 2 "the second try"

            Expect.throwsT<OutOfMemoryException>
                (fun () -> Recycling.attempt (fun () -> raise (OutOfMemoryException())))
                "no third"
        }
    ]

[<Tests>]
let tests = testList "waiting" [ testSequenced processes; stores ]
