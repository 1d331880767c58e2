/// What the machine can do: fused multiply-adds in registers, copies from each cache, and what share of it products reach.
module Cotangent.Benchmarks.PeakBenchmarks

open System
open System.Diagnostics
open System.IO
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Text.Json
open System.Threading
open Cotangent
open Cotangent.Benchmarks.Harness
open Cotangent.Engines
open Microsoft.FSharp.NativeInterop

#nowarn "9"

// ---- Multiply-adds ----

/// Twelve chains, more than hide the latency of two units, for so many rounds. Memory on the stack makes a method with a loop
/// be optimised when it first runs.
let inline private chains
    rounds
    (start: 'V)
    ([<InlineIfLambda>] step: 'V -> 'V)
    ([<InlineIfLambda>] add: 'V -> 'V -> 'V)
    : 'V =
    NativePtr.stackalloc<byte> 8 |> ignore
    let mutable x0, x1, x2, x3 = start, start, start, start
    let mutable x4, x5, x6, x7 = start, start, start, start
    let mutable x8, x9, x10, x11 = start, start, start, start
    let mutable left = rounds

    while left > 0 do
        x0 <- step x0
        x1 <- step x1
        x2 <- step x2
        x3 <- step x3
        x4 <- step x4
        x5 <- step x5
        x6 <- step x6
        x7 <- step x7
        x8 <- step x8
        x9 <- step x9
        x10 <- step x10
        x11 <- step x11
        left <- left - 1

    add (add (add x0 x1) (add x2 x3)) (add (add (add x4 x5) (add x6 x7)) (add (add x8 x9) (add x10 x11)))

[<Literal>]
let private Rounds = 400_000

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private single512 () =
    let a, b = Vector512.Create 0.999f, Vector512.Create 0.001f

    Vector512.Sum(chains Rounds a (fun x -> Vector512.FusedMultiplyAdd(x, a, b)) (fun x y -> x + y))
    |> float

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private single256 () =
    let a, b = Vector256.Create 0.999f, Vector256.Create 0.001f

    Vector256.Sum(chains Rounds a (fun x -> Vector256.FusedMultiplyAdd(x, a, b)) (fun x y -> x + y))
    |> float

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private single128 () =
    let a, b = Vector128.Create 0.999f, Vector128.Create 0.001f

    Vector128.Sum(chains Rounds a (fun x -> Vector128.FusedMultiplyAdd(x, a, b)) (fun x y -> x + y))
    |> float

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private double512 () =
    let a, b = Vector512.Create 0.999, Vector512.Create 0.001
    Vector512.Sum(chains Rounds a (fun x -> Vector512.FusedMultiplyAdd(x, a, b)) (fun x y -> x + y))

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private double256 () =
    let a, b = Vector256.Create 0.999, Vector256.Create 0.001
    Vector256.Sum(chains Rounds a (fun x -> Vector256.FusedMultiplyAdd(x, a, b)) (fun x y -> x + y))

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private double128 () =
    let a, b = Vector128.Create 0.999, Vector128.Create 0.001
    Vector128.Sum(chains Rounds a (fun x -> Vector128.FusedMultiplyAdd(x, a, b)) (fun x y -> x + y))

let private kinds = [
    "Float32", 512, 16, Vector512.IsHardwareAccelerated, single512
    "Float32", 256, 8, Vector256.IsHardwareAccelerated, single256
    "Float32", 128, 4, Vector128.IsHardwareAccelerated, single128
    "Float64", 512, 8, Vector512.IsHardwareAccelerated, double512
    "Float64", 256, 4, Vector256.IsHardwareAccelerated, double256
    "Float64", 128, 2, Vector128.IsHardwareAccelerated, double128
]

/// The sums, so that no loop is left out.
let mutable private kept = 0.0

/// Billions of operations a second, of `threads` threads at the same time: two to a multiply-add. From the first one's start to the
/// last one's end, on threads of their own: those of a pool may come late, and one then does the work of all.
let private flops threads lanes (f: unit -> float) =
    let starts, ends = Array.zeroCreate<int64> threads, Array.zeroCreate<int64> threads

    let work i =
        starts[i] <- Stopwatch.GetTimestamp()
        kept <- kept + f ()
        ends[i] <- Stopwatch.GetTimestamp()

    let others = [ for i in 1 .. threads - 1 -> Thread((fun () -> work i)) ]

    for thread in others do
        thread.Start()

    work 0

    for thread in others do
        thread.Join()

    let seconds = (Stopwatch.GetElapsedTime(Array.min starts, Array.max ends)).TotalSeconds
    float threads * float Rounds * 12.0 * 2.0 * float lanes / seconds / 1e9

/// What the machine reaches in Float32 with the widest vectors and one thread, now: it varies with clock and neighbours.
let peak threads =
    // Until no thread that has worked before, libtorch's least of all, waits for more by turning in circles.
    if threads > 1 then Thread.Sleep 20
    let _, _, lanes, _, f = kinds |> List.find (fun (_, _, _, isThere, _) -> isThere)
    flops threads lanes f

// ---- Copies ----

let private copies = [ "L1", 16 <<< 10; "L2", 512 <<< 10; "L3", 8 <<< 20; "memory", 256 <<< 20 ]

/// Billions of bytes a second, read and written.
let private bandwidth bytes =
    let source, target = Array.zeroCreate<byte>(bytes / 2), Array.zeroCreate<byte>(bytes / 2)
    let copy () = source.AsSpan().CopyTo(target.AsSpan())
    copy ()
    float bytes / perCall 5.0 copy / 1e3

// ---- Products ----

let private products = [
    for n in [ 64; 96; 128; 256; 384; 768; 1536 ] do
        yield n, n, n

    yield! [ 8, 512, 512; 64, 32, 64; 2048, 128, 512 ]
]

/// A product of tensors by an engine, in billions of operations a second.
let private product engine (m, k, n) =
    let a, b =
        Random.normal (Key.create 1L) DType.Float32 [ m; k ],
        Random.normal (Key.create 2L) DType.Float32 [ k; n ]

    fun () ->
        withCpuEngine engine (fun () ->
            let call () = matmul a b |> ignore
            call ()
            2.0 * float m * float k * float n / perCall 8.0 call / 1e3)

let processor () =
    let cpus = "/proc/cpuinfo"

    if File.Exists cpus then
        File.ReadLines cpus
        |> Seq.tryFind _.StartsWith("model name")
        |> Option.map (fun line -> line.Substring(line.IndexOf ':' + 1).Trim())
    else
        Environment.GetEnvironmentVariable "PROCESSOR_IDENTIFIER" |> Option.ofObj
    |> Option.defaultValue "unknown"

let run (arguments: string list) =
    let hasLibtorch = Peers.hasLibtorch ()
    let all = Environment.ProcessorCount

    let best count (measure: unit -> float) =
        [ for _ in 1..count -> measure () ] |> fun xs -> List.max xs, median xs

    printfn
        "%s, %d cores, vectors of %d bits"
        (processor ())
        all
        (if Vector512.IsHardwareAccelerated then 512 else 256)

    printfn "\nFused multiply-adds in registers (GFLOP/s; best and median of 25)"
    printfn "| | 1 thread | %d threads |\n| --- | --- | --- |" all

    let peaks = [
        for dtype, bits, lanes, isThere, f in kinds do
            if isThere then
                let one, middle = best 25 (fun () -> flops 1 lanes f)
                let every, half = best 25 (fun () -> flops all lanes f)
                printfn "| %s, %d bits | %.0f (%.0f) | %.0f (%.0f) |" dtype bits one middle every half
                $"peak.{dtype}.{bits}.1", one
                $"peak.{dtype}.{bits}.{all}", every
    ]

    printfn "\nCopies, 1 thread (GB/s read and written; best and median of 9)\n| | |\n| --- | --- |"

    let copied = [
        for name, bytes in copies do
            let most, middle = best 9 (fun () -> bandwidth bytes)
            printfn "| %s, %d KiB | %.0f (%.0f) |" name (bytes >>> 10) most middle
            $"copy.{name}", most
    ]

    let shares = [
        for threads in List.distinct [ 1; all ] do
            Workers.limit threads
            if hasLibtorch then TorchNets.setThreads threads

            printfn
                "\nProducts in Float32, %d thread(s) (GFLOP/s; best and median of 15, best as a share of the peak)"
                threads

            printfn
                "| m × k × n | peak | managed | share | libtorch | share |\n| --- | --- | --- | --- | --- | --- |"

            for m, k, n in products do
                let managed, libtorch =
                    product CpuEngine.Managed (m, k, n), product CpuEngine.Libtorch (m, k, n)

                let entries = [
                    { Name = "peak"; Measure = fun () -> Some(peak threads) }
                    { Name = "managed"; Measure = fun () -> Some(managed ()) }
                    { Name = "libtorch"; Measure = fun () -> if hasLibtorch then Some(libtorch ()) else None }
                ]

                let results = rounds 15 entries
                let top = List.max results.Head

                let cells (own: float list) =
                    if own.IsEmpty then
                        "- | -"
                    else
                        $"%.0f{List.max own} (%.0f{median own}) | %.2f{List.max own / top}"

                printfn "| %d × %d × %d | %.0f | %s | %s |" m k n top (cells results[1]) (cells results[2])

                for name, own in List.zip [ "peak"; "managed"; "libtorch" ] results do
                    if not own.IsEmpty then $"product.{m}x{k}x{n}.{threads}.{name}", List.max own
    ]

    match arguments with
    | [ "--json"; path ] ->
        let figures = dict (peaks @ copied @ shares)

        File.WriteAllText(
            path,
            JsonSerializer.Serialize(figures, JsonSerializerOptions(WriteIndented = true))
        )
    | _ -> ()
