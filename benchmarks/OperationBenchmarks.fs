/// Fourier transforms, operations by index tensors, and a Gaussian process: our kernels beside libtorch's.
module Cotangent.Benchmarks.OperationBenchmarks

open System
open System.IO
open Cotangent
open Cotangent.Benchmarks.Harness
open Cotangent.Engines

let private setThreads n =
    Workers.limit n
    if Peers.hasLibtorch () then TorchNets.setThreads n

let private measured measure (call: unit -> unit) =
    call ()
    measure 100.0 call

let private ours measure (call: unit -> unit) () =
    withCpuEngine CpuEngine.Managed (fun () -> Some(measured measure call))

let private theirs measure (call: unit -> (unit -> unit) option) () =
    if Peers.hasLibtorch () then call () |> Option.map (measured measure) else None

/// With one thread by its processor time, with two by the wall.
let private tables title (cases: (string * (unit -> unit) * (unit -> (unit -> unit) option)) list) =
    for threads in [ 1; 2 ] do
        setThreads threads
        let measure = if threads = 1 then processorPerCall else perCall
        let clock = if threads = 1 then "processor time" else "wall"

        table $"{title}, {threads} thread(s), {clock}" "µs" 5 [
            for name, own, other in cases do
                name,
                [
                    { Name = "managed"; Measure = ours measure own }
                    { Name = "TorchSharp"; Measure = theirs measure other }
                ]
        ]

// ---- Fourier transforms ----

/// A power of two, of ten, a product of small primes, a prime.
let private lengths = [ 1024; 65536; 1_048_576; 1_000_000; 720_720; 999_983 ]

let private fourier () =
    tables "Fourier transforms of Float64" [
        for n in lengths do
            let x = Random.normal (Key.create 1L) DType.Float64 [ n ]
            let z = complex x (Random.normal (Key.create 2L) DType.Float64 [ n ])
            $"fft {n}", (fun () -> fft z |> ignore), (fun () -> Some(TorchOperations.fourier "fft" n))
            $"rfft {n}", (fun () -> rfft x |> ignore), (fun () -> Some(TorchOperations.fourier "rfft" n))
    ]

// ---- Index tensors ----

let private indexed () =
    let n = 1_000_000
    let x = Random.normal (Key.create 1L) DType.Float32 [ n ]

    tables $"Of {n} Float32, by indices" [
        for places in [ 1000; n ] do
            let indices =
                (Random.uniform (Key.create 2L) DType.Float64 [ n ] * float places).Convert DType.Int32

            let target = Tensor.zeros DType.Float32 [ places ]

            let case name (call: unit -> Tensor) =
                $"{name}, {places} places",
                (fun () -> call () |> ignore),
                (fun () -> TorchOperations.indexed name n places)

            case "unique" (fun () -> indices.Unique())
            case "bincount" (fun () -> indices.BinCount(length = places))
            case "take" (fun () -> target.Take(indices, 0))
            case "set" (fun () -> target.Scatter(indices, x, 0))
            case "add" (fun () -> target.ScatterAdd(indices, x, 0))
            case "largest" (fun () -> target.ScatterReduce(Reduce.Max, indices, x, 0))
            case "segment sum" (fun () -> x.SegmentReduce(Reduce.Sum, indices, places))
            case "segment largest" (fun () -> x.SegmentReduce(Reduce.Max, indices, places))

        let flat name (call: unit -> Tensor) =
            name, (fun () -> call () |> ignore), (fun () -> TorchOperations.indexed name n 1000)

        flat "sort" (fun () -> x.Sort 0)
        flat "nonzero" (fun () -> (x.Greater 0.0).NonZero())
    ]

// ---- A Gaussian process ----

type private Process = { LogScale: Tensor; LogLength: Tensor; LogNoise: Tensor }

/// -log p(y | x), but for a constant.
let private surprise (x: Tensor) (y: Tensor) (p: Process) =
    let distance = x.Unsqueeze 1 - x.Unsqueeze 0
    let covariance = exp (2.0 * p.LogScale - 0.5 * square (distance / exp p.LogLength))
    let l = cholesky (covariance + exp (2.0 * p.LogNoise) * Tensor.eye DType.Float64 x.Size)
    let whitened = l.SolveTriangular y
    0.5 * sum (square whitened) + sum (log (l.Diagonal()))

/// Of this process, in bytes: now, and the most since `forget`.
let private memory (name: string) =
    File.ReadLines "/proc/self/status"
    |> Seq.find (fun line -> line.StartsWith(name + ":", StringComparison.Ordinal))
    |> fun line -> 1024.0 * float (line.Substring(name.Length + 1).Replace("kB", "").Trim())

let private forget () = File.WriteAllText("/proc/self/clear_refs", "5")

let private trainProcess isCompiled =
    let n = 2000
    let forX, forY = Key.split (Key.create 2L)
    let x = Random.uniform forX DType.Float64 [ n ] * 6.0
    let y = sin x + Random.normal forY DType.Float64 [ n ] * 0.1
    let at = { LogScale = tensor 0.0; LogLength = tensor -1.0; LogNoise = tensor -1.0 }
    let gradient = if isCompiled then compile (grad (surprise x y)) else grad (surprise x y)
    let small = grad (surprise x[0..199] y[0..199])
    small at |> ignore
    GC.Collect()
    let before = memory "VmRSS"
    forget ()
    let clock = Diagnostics.Stopwatch.StartNew()
    let g = gradient at
    let first = clock.Elapsed.TotalSeconds
    let most = memory "VmHWM"
    let time = perCall 3000.0 (fun () -> gradient at |> ignore) / 1e6

    printfn
        "%s, n = %d: %.2f s the first time, %.2f s after it; %.0f MiB at most over %.0f before, %.1f n² of Float64; gradient %.6f %.6f %.6f"
        (if isCompiled then "compiled" else "eager")
        n
        first
        time
        ((most - before) / 1048576.0)
        (before / 1048576.0)
        ((most - before) / (8.0 * float n * float n))
        (float g.LogScale)
        (float g.LogLength)
        (float g.LogNoise)

let run (arguments: string list) =
    let asked name = arguments.IsEmpty || List.contains name arguments
    if asked "fourier" then fourier ()
    if asked "indices" then indexed ()

    if asked "process" then
        setThreads 2
        if not (List.contains "compiled" arguments) then trainProcess false
        if not (List.contains "eager" arguments) then trainProcess true
