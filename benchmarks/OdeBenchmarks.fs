/// Initial value problems against a C++ program of the same method, `cpp/ode.cpp`: the same tableau, controller, first step and
/// tolerances, on one thread. What both reach is compared first.
module Cotangent.Benchmarks.OdeBenchmarks

open Cotangent
open Cotangent.Engines
open Cotangent.Solvers
open Cotangent.Benchmarks.Harness

let private options tolerance firstStep = {
    OdeOptions.defaults with
        Method = OdeMethod.DormandPrince5
        RelativeTolerance = tolerance
        AbsoluteTolerance = tolerance
        FirstStep = Some firstStep
        MaximumSteps = 100_000
}

/// A problem: its name there and in the table, and a solution of it, of the last state and the number of steps tried.
type private Case = { Name: string; Title: string; Solve: unit -> struct (float * int) }

let private solved (finish: 'y -> Tensor) (compiled: Tensor * 'y -> OdeSolution<'y>) times (start: 'y) () =
    let solution = compiled (times, start)
    struct (float (finish solution.Final), int solution.Accepted + int solution.Rejected)

/// Three equal masses on the figure eight of Chenciner and Montgomery (2000).
let private bodies =
    let field (_: Tensor) (q: Tensor, v: Tensor) =
        // From each body to each: (3, 3, 2). From one to itself the distance counts as 1, and the force is 0.
        let apart = q.Unsqueeze 0 - q.Unsqueeze 1
        let square = (apart * apart).Sum [ 2 ] + Tensor.eye DType.Float64 3
        v, (apart / (square * sqrt square).Unsqueeze 2).Sum [ 1 ]

    let start =
        tensor [ [ 0.97000436; -0.24308753 ]; [ -0.97000436; 0.24308753 ]; [ 0.0; 0.0 ] ],
        tensor [ [ 0.466203685; 0.43236573 ]; [ 0.466203685; 0.43236573 ]; [ -0.93240737; -0.86473146 ] ]

    let solve = compile (fun (times, start) -> Ode.solve (options 1e-9 1e-3) field times start)
    let squares (q: Tensor, v: Tensor) = sum (q * q) + sum (v * v)

    {
        Name = "bodies"
        Title = "Three bodies, 12 numbers of Float64"
        Solve = solved squares solve (tensor [ 0.0; 20.0 ]) start
    }

/// 64 points in a plane, each moved by a perceptron of 64 hidden units.
let private neural =
    /// Numbers that both programs make alike.
    let numbers first shape =
        let count = List.fold (*) 1 shape
        Tensor.ofArray shape [| for i in 1..count -> float32 (System.Math.Sin(12.9898 * float (first + i))) |]

    let hidden = 64

    let w1, b1, w2 =
        numbers 0 [ 2; hidden ], numbers (2 * hidden) [ hidden ], numbers (3 * hidden) [ hidden; 2 ]

    let field (_: Tensor) (y: Tensor) = matmul (tanh (matmul y w1 + b1)) w2
    let solve = compile (fun (times, start) -> Ode.solve (options 1e-5 1e-2) field times start)

    {
        Name = "neural"
        Title = "A neural ODE, 64 points, 64 hidden units, Float32"
        Solve = solved (fun y -> sum (y * y)) solve (tensor [ 0.0f; 4.0f ]) (numbers 1000 [ 64; 2 ])
    }

let run (_: string list) =
    Workers.limit 1
    let plain, fast = Peers.cpp "ode" [], Peers.cpp "ode" [ "-ffast-math" ]
    let peer program arguments () = program |> Option.bind (fun run -> run arguments)

    for case in [ bodies; neural ] do
        let struct (ours, tried) = case.Solve()

        match peer plain [ case.Name; "sum" ] (), peer plain [ case.Name; "steps" ] () with
        | Some theirs, Some steps ->
            printfn $"\n{case.Title}: sums of squares {ours:G10} and {theirs:G10}, {tried} and {steps} steps"
        | _ -> ()

        compare case.Title "µs a solution" 7 [
            { Entry.Name = "C++ -O3 -march=native"; Measure = peer plain [ case.Name; "time" ] }
            { Name = "C++ with -ffast-math"; Measure = peer fast [ case.Name; "time" ] }
            {
                Name = "Cotangent, compiled"
                Measure =
                    fun () ->
                        Some(List.min [ for _ in 1..5 -> perCall 100.0 (fun () -> case.Solve() |> ignore) ])
            }
        ]
