/// What programs say they take of memory, and that too much is told before it is taken.
module Cotangent.Tests.ProgramMemoryTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Engines
open Cotangent.Tests.Support

let private layer (x: Tensor) = tanh (matmul x x)

let private told =
    testList "told" [
        test "arguments, results and what lies between" {
            let x = Random.uniform (Key.create 0L) DType.Float32 [ 100; 100 ]
            let m = Compile.memory (fun x -> matmul (matmul x x) x) x
            Expect.equal m.Arguments 40_000L "arguments"
            Expect.equal m.Results 40_000L "results"
            Expect.isGreaterThanOrEqual m.Between 40_000L "the first product"
            Expect.isLessThan m.Between 41_000L "and nothing else"
            Expect.equal m.Peak (m.Arguments + m.Results + m.Between) "all together"
            Expect.stringContains m.Largest "matmul Float32 (100, 100), 40 kB" "the largest"
        }
        test "a checkpoint takes less" {
            let block x = Seq.fold (fun x _ -> layer x) x [ 1..5 ]
            let loss step x = Seq.fold (fun x _ -> step x) x [ 1..6 ] |> sum
            let x = Tensor.full DType.Float32 [ 64; 64 ] 0.01
            let peak f = (Compile.memory f x).Peak
            let plain, saving = peak (grad (loss block)), peak (grad (loss (checkpoint block)))
            Expect.isLessThan saving (plain / 2L) $"{saving} bytes against {plain}"
        }
        test "the same of loops: rounds are kept, or computed again" {
            let xs = Tensor.ones DType.Float32 [ 50; 32; 32 ]
            let round t (x: Tensor) = tanh (matmul t x), ()
            let whole w = sum (fst (scan round w xs))
            let m = Compile.memory (grad whole) (Tensor.full DType.Float32 [ 32; 32 ] 0.01)
            // The carry of each round, and little else.
            let carries = 50L * 32L * 32L * 4L
            Expect.isGreaterThanOrEqual m.Between carries "carries of 50 rounds"
            Expect.isLessThan m.Between (2L * carries) "no more than those once again"
        }
    ]

let private refused =
    // 30,000² numbers are 3.6 GB; the machine that has a thousand times that will tell us of itself.
    let long = Tensor.ones DType.Float32 [ 30_000; 2 ]

    testList "refused" [
        test "a call that needs more than the machine has" {
            let f = compile (fun (x: Tensor) -> [ for i in 1..1000 -> matmul x (x.T * float i) ])

            let before = System.GC.GetTotalAllocatedBytes()

            throws<MemoryException, _>
                [
                    "compile"
                    "3600 GB of results"
                    "matmul Float32 (30000, 30000), 3.6 GB"
                    "smaller batches"
                ]
                (fun () -> f long)

            let taken = System.GC.GetTotalAllocatedBytes() - before
            Expect.isLessThan taken 1_000_000_000L "bytes allocated until then"
        }
        test "values between that one array can't hold" {
            // All 1000 products are needed until their maximum is known.
            let f =
                compile (fun (x: Tensor) ->
                    let all = [ for i in 1..1000 -> matmul x (x.T * float i) ]
                    List.fold (fun m y -> m + matmul y x) (matmul all.Head x) (List.rev all))

            throws<MemoryException, _> [ "between" ] (fun () -> f long)
        }
        test "with the machine's memory given" {
            let m = { Arguments = 10L; Results = 20L; InPlace = 0L; Between = 30L; Largest = "sin" }
            MemoryNeeds.require "compile" m "this machine" 50L

            throws<MemoryException, _>
                [
                    "60 bytes"
                    "10 bytes of arguments"
                    "beside the arguments this machine has 49 bytes free"
                    "sin"
                ]
                (fun () -> MemoryNeeds.require "compile" m "this machine" 49L)
        }
        test "numbers of bytes, in words" {
            Expect.equal
                (List.map MemoryNeeds.bytes [ 999L; 1500L; 2_000_000L; 12_340_000_000L ])
                [ "999 bytes"; "1.5 kB"; "2 MB"; "12.3 GB" ]
                "texts"
        }
    ]

/// Asks this program to compile what needs more and less than the memory that it may have.
[<Literal>]
let Flag = "--little-memory"

/// What a process says that may have 400 MB.
let little () =
    let call megabytes =
        let n = megabytes * 250_000
        // All parts are needed until their sum is known.
        let f = compile (fun (x: Tensor) -> x.CumulativeSum(0, reverse = true) + x.CumulativeSum 0)
        sum (f (Tensor.ones DType.Float32 [ n ])) |> ignore

    let attempt megabytes =
        try
            call megabytes
            "done"
        with :? MemoryException as e ->
            e.Message

    // Dead arrays make room for the next call's.
    for _ in 1..10 do
        printfn "%s" (attempt 50)

    printfn "%s" (attempt 150)

    System.GC.Collect()
    let before = HostMemory.room 0L
    let taken = System.GC.AllocateUninitializedArray<byte> 100_000_000
    let after = HostMemory.room 0L
    System.GC.KeepAlive taken
    printfn "%d" (before - after)

let private limits =
    testList "limits" [
        test "what is free counts, and what is dead is free" {
            let start =
                System.Diagnostics.ProcessStartInfo(
                    "dotnet",
                    [ (System.Reflection.Assembly.GetExecutingAssembly()).Location; Flag ],
                    RedirectStandardOutput = true
                )

            start.Environment["DOTNET_GCHeapHardLimit"] <- "17D78400"
            use child = nonNull (System.Diagnostics.Process.Start start)
            let lines = child.StandardOutput.ReadToEnd().Split('\n') |> Array.map _.Trim()
            child.WaitForExit()
            Expect.equal child.ExitCode 0 "exit code"
            Expect.all lines[..9] ((=) "done") $"calls that fit: {lines}"

            for part in [ "150 MB of results"; "beside the arguments this machine has"; "MB free" ] do
                Expect.stringContains lines[10] part "one that does not"

            Expect.isGreaterThan (int64 lines[11]) 90_000_000L "what 100 MB taken since leave less"
        }
    ]

let private footprint =
    let graphOf f shape =
        Stage.closed "compile" (fun xs -> [| f xs[0] |]) [|
            { DType = DType.Float32; Shape = shape }, Device.Cpu
        |]

    testList "one by one" [
        test "a chain holds two values at a time" {
            let m =
                DeviceFootprint.memory
                    (graphOf (fun x -> Seq.fold (fun x _ -> sin x) x [ 1..10 ]) [| 100 |])
                    0

            Expect.equal (m.Arguments, m.Results, m.Between) (400L, 400L, 400L) "bytes"
        }
        test "views take nothing" {
            let m = DeviceFootprint.memory (graphOf (fun x -> sum (x.T.Reshape [ 100 ])) [| 10; 10 |]) 0
            Expect.equal (m.Results, m.Between) (4L, 0L) "bytes"
        }
        test "an argument that is given away makes room" {
            let g = graphOf (fun x -> sin (cos (tan x))) [| 100 |]
            Expect.equal (DeviceFootprint.memory g 0).Between 400L "kept"
            Expect.isLessThanOrEqual (DeviceFootprint.memory g 1).Between 400L "given"
        }
    ]

[<Tests>]
let tests = testList "program memory" [ told; refused; testSequenced limits; footprint ]
