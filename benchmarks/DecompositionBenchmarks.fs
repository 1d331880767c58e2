/// Decompositions of one matrix, n = 500, by our kernels and by libtorch's LAPACK, in Float64.
module Cotangent.Benchmarks.DecompositionBenchmarks

open Cotangent
open Cotangent.Benchmarks.Harness
open Cotangent.Engines

let private cases: (string * (Tensor -> Tensor -> unit)) list = [
    "cholesky", (fun _ s -> cholesky s |> ignore)
    "lu", (fun a _ -> lu a |> ignore)
    "solve, 500 columns", (fun a s -> solve a s |> ignore)
    "inv", (fun a _ -> inv a |> ignore)
    "det", (fun a _ -> det a |> ignore)
    "qr", (fun a _ -> qr a |> ignore)
    "eigh", (fun _ s -> eigh s |> ignore)
    "svd", (fun a _ -> svd a |> ignore)
    "pinv", (fun a _ -> pinv a |> ignore)
    "matrixExp", (fun a _ -> matrixExp a |> ignore)
]

let run () =
    let n = 500
    let a = Random.normal (Key.create 1L) DType.Float64 [ n; n ]
    let s = matmul a a.T / float n + Tensor.eye DType.Float64 n * 0.1

    let by engine (call: Tensor -> Tensor -> unit) () =
        withCpuEngine engine (fun () ->
            call a s
            Some(perCall 200.0 (fun () -> call a s)))

    for threads in [ 1; 2 ] do
        Workers.limit threads
        if Peers.hasLibtorch () then TorchNets.setThreads threads

        table $"Decompositions, n = {n}, Float64, {threads} thread(s)" "µs" 5 [
            for name, call in cases do
                name,
                [
                    { Name = "managed"; Measure = by CpuEngine.Managed call }
                    {
                        Name = "libtorch"
                        Measure =
                            fun () -> if Peers.hasLibtorch () then by CpuEngine.Libtorch call () else None
                    }
                ]
        ]
