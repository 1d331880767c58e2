/// The engines against each other and against TorchSharp: single calls, and training steps of two networks.
module Cotangent.Benchmarks.EngineBenchmarks

open Cotangent
open Cotangent.Benchmarks.Harness
open Cotangent.Engines

let private threadCounts = [ 1; 2 ]

let private setThreads n =
    Workers.limit n
    if Peers.hasLibtorch () then TorchNets.setThreads n

// ---- Single calls ----

let private normal (shape: int64[]) = Random.normal (Key.create 1L) DType.Float32 [ for n in shape -> int n ]

/// One call of an operation by our own tensors.
let private call (operation: string) (shapes: int64[] list) : unit -> unit =
    let inputs = shapes |> List.map normal
    let x = inputs[0]

    match operation with
    | "add" -> fun () -> x + inputs[1] |> ignore
    | "tanh" -> fun () -> tanh x |> ignore
    | "matmul" -> fun () -> matmul x inputs[1] |> ignore
    | "sum" -> fun () -> sum x |> ignore
    | "convolve" -> fun () -> convolve Window.plain inputs[1] x |> ignore
    | "maxPool" -> fun () -> maxPool [ 2; 2 ] (Window.stride 2) x |> ignore
    | other -> invalidArg "operation" other

let private cases = [
    for operation in [ "add"; "tanh"; "sum" ] do
        for n in [ 10L; 100L; 1000L; 10_000L; 100_000L; 1_000_000L; 10_000_000L ] do
            let each = [ [| n |] ]
            yield $"{operation} {n}", operation, (if operation = "add" then each @ each else each)
    for n in [ 3L; 10L; 32L; 100L; 316L; 1000L; 2048L ] do
        yield $"matmul {n}x{n}", "matmul", [ [| n; n |]; [| n; n |] ]
    for batch, inputs, outputs, size in
        [ 1L, 1L, 4L, 8L; 1L, 3L, 16L, 32L; 64L, 1L, 16L, 28L; 64L, 16L, 32L, 13L; 8L, 64L, 64L, 56L ] do
        yield
            $"convolve {batch}x{inputs}x{size}x{size}",
            "convolve",
            [ [| batch; inputs; size; size |]; [| outputs; inputs; 3L; 3L |] ]
    for batch, channels, size in [ 1L, 1L, 8L; 1L, 16L, 32L; 64L, 16L, 26L; 64L, 64L, 56L ] do
        yield $"maxPool {batch}x{channels}x{size}x{size}", "maxPool", [ [| batch; channels; size; size |] ]
]

let private by engine operation shapes () =
    withCpuEngine engine (fun () ->
        let call = call operation shapes
        call ()
        Some(perCall 20.0 call))

let private ifLibtorch (measure: unit -> float) () = if Peers.hasLibtorch () then Some(measure ()) else None

let private singleCalls () =
    table "Single calls, 2 threads" "µs" 7 [
        for name, operation, shapes in cases do
            let libtorch = by CpuEngine.Libtorch operation shapes

            name,
            [
                { Name = "default"; Measure = by CpuEngine.Fastest operation shapes }
                { Name = "managed"; Measure = by CpuEngine.Managed operation shapes }
                { Name = "libtorch"; Measure = fun () -> if Peers.hasLibtorch () then libtorch () else None }
                {
                    Name = "TorchSharp"
                    Measure =
                        ifLibtorch (fun () ->
                            let call = TorchNets.call operation shapes
                            call ()
                            perCall 20.0 call)
                }
            ]
    ]

// ---- Fused operations, forward and back ----

/// An operation that has its operands, their shapes, and its cotangents by our own tensors.
let private fused: (string * int64[] list * (Tensor[] -> Tensor)) list = [
    for rows, columns in [ 128L, 256L; 1024L, 1024L; 16384L, 256L ] do
        let x, column = [| rows; columns |], [| columns |]
        yield $"gelu {rows}x{columns}", [ x ], (fun t -> gelu t[0])
        yield $"softmax {rows}x{columns}", [ x ], (fun t -> softmax t[0])

        yield
            $"layerNorm {rows}x{columns}",
            [ x; column; column ],
            (fun t -> t[0].LayerNorm(gain = t[1], bias = t[2]))
    for batch, length in [ 8L, 128L; 4L, 1024L ] do
        let x = [| batch; 4L; length; 32L |]
        yield $"attention {batch}x4x{length}x32", [ x; x; x ], (fun t -> attend Attention.full t[0] t[1] t[2])
        yield $"causal {batch}x4x{length}x32", [ x; x; x ], (fun t -> attend Attention.causal t[0] t[1] t[2])
]

let private fusedCalls () =
    for threads in threadCounts do
        setThreads threads

        table $"Fused operations, {threads} thread(s)" "µs" 7 [
            for name, shapes, f in fused do
                let inputs = shapes |> List.map normal |> Array.ofList
                let cotangent = Tensor.onesLike (f inputs) * 0.5f

                let ours engine call () =
                    // Until the threads of libtorch sleep, which wait by counting.
                    System.Threading.Thread.Sleep 10

                    withCpuEngine engine (fun () ->
                        call ()
                        Some(perCall 20.0 call))

                let theirs call =
                    ifLibtorch (fun () ->
                        call ()
                        perCall 20.0 call)

                let forward () = f inputs |> ignore

                let back () =
                    let _, pull = vjp f inputs
                    pull cotangent |> ignore

                let operation = name.Split(' ')[0]

                for name, ours', theirs' in
                    [
                        name, forward, lazy TorchNets.fused operation shapes false
                        "  and back", back, lazy TorchNets.fused operation shapes true
                    ] do
                    name,
                    [
                        { Name = "default"; Measure = ours CpuEngine.Fastest ours' }
                        { Name = "managed"; Measure = ours CpuEngine.Managed ours' }
                        { Name = "TorchSharp"; Measure = fun () -> theirs (fun () -> theirs'.Value()) () }
                    ]
        ]

    setThreads (List.last threadCounts)

// ---- Training steps ----

/// Runs a step again and again from where the last one ended.
let private stepping (net: Nets.Net<'p>) (step: Nets.Training<'p> -> Nets.Training<'p>) =
    let mutable now = net.Start
    fun () -> now <- step now

let private entry name (step: Lazy<unit -> unit>) = {
    Name = name
    Measure =
        fun () ->
            // Some steps go by before the clock runs: whoever was here before has filled the caches.
            for _ in 1..5 do
                step.Value()

            Some(perCall 300.0 step.Value)
}

let private steps
    name
    (ours: unit -> Nets.Net<'p>)
    (theirs: unit -> (unit -> unit))
    (wanted: string -> bool)
    =
    for threads in threadCounts do
        setThreads threads
        let net = ours ()
        let theirs = lazy theirs ()

        let peer = {
            Name = "TorchSharp"
            Measure = fun () -> if Peers.hasLibtorch () then (entry "" theirs).Measure() else None
        }

        let managed = lazy stepping net net.Step

        compare $"{name}, a training step, {threads} thread(s)" "µs" 7 [
            peer
            if wanted "eager" then entry "Cotangent, eager" (lazy stepping net net.Step)
            if wanted "managed" then
                {
                    Name = "Cotangent, eager, managed kernels"
                    Measure =
                        fun () -> withCpuEngine CpuEngine.Managed (fun () -> (entry "" managed).Measure())
                }
            if wanted "compiled" then
                entry "Cotangent, compiled" (lazy stepping net (compile net.Step))
        ]

    setThreads (List.last threadCounts)

let private measure name wanted =
    if wanted "mlp" then steps "MLP 784-256-256-10, batch 128" Nets.mlp TorchNets.mlp name

    if wanted "net" then steps "conv net, 28x28, batch 64" Nets.convNet TorchNets.convNet name

let private wanted (arguments: string list) names =
    let given = arguments |> List.filter (fun a -> List.contains a names)
    fun name -> given.IsEmpty || List.contains name given

/// The steps compiled.
let compiled (arguments: string list) =
    Peers.hasLibtorch () |> ignore
    measure (fun name -> name = "compiled") (wanted arguments [ "mlp"; "net" ])

let run (arguments: string list) =
    Peers.hasLibtorch () |> ignore
    let wanted = wanted arguments [ "calls"; "fused"; "mlp"; "net" ]
    if wanted "calls" then singleCalls ()
    if wanted "fused" then fusedCalls ()
    measure (fun name -> name <> "compiled") wanted
