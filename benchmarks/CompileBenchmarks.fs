/// Compiled functions against their peers, all in one run and in turn, so that whatever else the machine does befalls all
/// of them alike: medians, and ratios to the first peer.
module Cotangent.Benchmarks.CompileBenchmarks

open System
open System.Diagnostics
open System.Text.RegularExpressions
open System.Threading
open Cotangent
open Cotangent.Benchmarks.Harness
open Samples

/// Microseconds an iteration, from the second report on: compilation is measured elsewhere.
let private gan eager iterations () =
    let clock = Stopwatch()
    let mutable reports = 0

    let watch = {
        new IProgress<ProgressReport> with
            member _.Report _ =
                reports <- reports + 1
                if reports = 1 then clock.Start()
    }

    let options = { SineGan.article Sines.article with Iterations = iterations; Eager = eager }
    SineGan.train options watch CancellationToken.None |> ignore
    Some(clock.Elapsed.TotalMicroseconds / float (iterations - 1000))

let private peer (program: (string list -> float option) option) arguments () =
    program |> Option.bind (fun run -> run arguments)

let private numpyGan () =
    Peers.numpy "sine_gan" [ "3000" ]
    |> Option.map (fun output -> float (Regex.Match(output, @"([\d.]+) µs each").Groups[1].Value))

let private torchGan () = if Peers.hasLibtorch () then Some(TorchGan.run 1000) else None

let private sineGan () =
    let plain, fast = Peers.cpp "sine_gan" [], Peers.cpp "sine_gan" [ "-ffast-math" ]

    compare "The article's GAN" "µs an iteration" 7 [
        { Name = "C++ -O3 -march=native"; Measure = peer plain [ "300000" ] }
        { Name = "C++ with -ffast-math"; Measure = peer fast [ "300000" ] }
        { Name = "Cotangent, compiled"; Measure = gan false 300_000 }
        { Name = "Cotangent, eager"; Measure = gan true 2500 }
        { Name = "NumPy"; Measure = numpyGan }
        { Name = "TorchSharp"; Measure = torchGan }
    ]

let private elementwise () =
    let n = 10_000_000
    let x = Tensor.linspace DType.Float32 -3.0 3.0 n
    let f (x: Tensor) = tanh (0.5 * x + 0.25) * exp (-(x * x)) + 1.0
    let compiled = compile f

    let time (f: Tensor -> Tensor) () =
        f x |> ignore

        [ 1..5 ]
        |> List.map (fun _ ->
            let clock = Stopwatch.StartNew()
            f x |> ignore
            clock.Elapsed.TotalMilliseconds)
        |> List.min
        |> Some

    let plain, fast = Peers.cpp "elementwise" [], Peers.cpp "elementwise" [ "-ffast-math" ]

    compare "tanh(ax+b)·exp(-x²)+c over 10⁷ Float32" "ms" 5 [
        { Name = "C++ -O3 -march=native"; Measure = peer plain [] }
        { Name = "C++ with -ffast-math"; Measure = peer fast [] }
        { Name = "Cotangent, compiled"; Measure = time compiled }
        { Name = "Cotangent, eager"; Measure = time f }
    ]

let run (arguments: string list) =
    let wanted name = arguments.IsEmpty || List.contains name arguments
    if wanted "first" then StartupBenchmarks.gan ()
    if wanted "transformer" then StartupBenchmarks.transformer ()
    if wanted "gan" then sineGan ()
    if wanted "elementwise" then elementwise ()
    if wanted "recompute" then RecomputeBenchmarks.run ()
    if wanted "calls" then CallBenchmarks.run ()
