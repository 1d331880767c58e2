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
    "eig", (fun a _ -> eig a |> ignore)
    "svd", (fun a _ -> svd a |> ignore)
    "singularValues", (fun a _ -> singularValues a |> ignore)
    "pinv", (fun a _ -> pinv a |> ignore)
    "matrixExp", (fun a _ -> matrixExp a |> ignore)
]

/// By the wall, or on one thread by its processor time.
let run (arguments: string list) =
    let n = 500
    let a = Random.normal (Key.create 1L) DType.Float64 [ n; n ]
    let s = matmul a a.T / float n + Tensor.eye DType.Float64 n * 0.1

    let chosen =
        match cases |> List.filter (fun (name, _) -> List.contains name arguments) with
        | [] -> cases
        | some -> some

    let by measure engine (call: Tensor -> Tensor -> unit) () =
        withCpuEngine engine (fun () ->
            call a s
            Some(measure 200.0 (fun () -> call a s)))

    for threads in [ 1; 2 ] do
        Workers.limit threads
        if Peers.hasLibtorch () then TorchNets.setThreads threads
        let measure = if threads = 1 then processorPerCall else perCall
        let clock = if threads = 1 then "processor time" else "wall"

        table $"Decompositions, n = {n}, Float64, {threads} thread(s), {clock}" "µs" 5 [
            for name, call in chosen do
                name,
                [
                    { Name = "managed"; Measure = by measure CpuEngine.Managed call }
                    {
                        Name = "libtorch"
                        Measure =
                            fun () ->
                                if Peers.hasLibtorch () then by measure CpuEngine.Libtorch call () else None
                    }
                ]
        ]
