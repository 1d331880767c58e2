/// Times on a device: medians of repeated calls after a warm-up, each waited for.
module Cotangent.Gpu.Timings

open System
open System.Diagnostics
open Cotangent
open Cotangent.Gpu.Report

/// The median of the times of a call, in milliseconds: for about a second, after about half a second of warm-up.
let private median (device: Device) isQuick (run: unit -> unit) =
    let call () =
        let start = Stopwatch.GetTimestamp()
        run ()
        Device.synchronize device
        Stopwatch.GetElapsedTime(start).TotalMilliseconds

    let during milliseconds least =
        let clock = Stopwatch.StartNew()
        let times = Collections.Generic.List<float>()

        while times.Count < least || clock.Elapsed.TotalMilliseconds < milliseconds do
            times.Add(call ())

        times

    let warmUp, measured = if isQuick then 5.0, 20.0 else 500.0, 1000.0
    during warmUp 3 |> ignore
    let times = during measured 5
    times.Sort()
    times[times.Count / 2]

let private step (problem: Models.Problem<'p>) (device: Device) isCompiled =
    let step = if isCompiled then compile (Models.step problem) else Models.step problem

    let start =
        onDevice device (fun () ->
            let x, y = problem.Data DType.Float32
            let p = problem.Init DType.Float32
            p, (Optimizer.adam 1e-3).Init p, x, y)

    let mutable state = start

    fun () ->
        let _, _, x, y = state
        let p, s, _ = step state
        state <- p, s, x, y

let run (report: Report) (device: Device) isCuda isQuick =
    report.Section "Times (medians)"
    let sizes quick thorough : int list = if isQuick then quick else thorough
    let time name note f = report.Timing(name, median device isQuick f, note)
    let normal seed dtype shape = onDevice device (fun () -> Random.normal (Key.create seed) dtype shape)

    for n in sizes [ 1; 1_000 ] [ 1; 1_000_000; 10_000_000 ] do
        let x, y = normal 1L DType.Float32 [ n ], normal 2L DType.Float32 [ n ]
        time $"add, {n} Float32" "" (fun () -> x + y |> ignore)
        time $"tanh, {n} Float32" "" (fun () -> tanh x |> ignore)

    for dtype in [ DType.Float32; DType.Float64; DType.BFloat16 ] do
        for n in sizes [ 64 ] (if isCuda then [ 1024; 4096 ] else [ 1024 ]) do
            let x, y = normal 3L dtype [ n; n ], normal 4L dtype [ n; n ]
            let milliseconds = median device isQuick (fun () -> matmul x y |> ignore)
            let speed = 2.0 * float n ** 3.0 / milliseconds / 1e9
            report.Timing($"matmul, {n}x{n} {dtype}", milliseconds, $"{speed:F2} TFLOP/s")

    let n = if isQuick then 1_000 else 10_000_000
    let host = Tensor.zeros DType.Float32 [ n ]
    let there = host.To device
    time $"to the device, {n} Float32" "" (fun () -> host.To device |> ignore)
    time $"from the device, {n} Float32" "" (fun () -> there.To Device.Cpu |> ignore)

    let models =
        let model (problem: Models.Problem<_>) = problem.Name, step problem device

        if isQuick then
            [ model (Models.mlp 8 16) ]
        else
            [
                model (Models.mlp 128 256)
                model (Models.convNet 64 28)
                model (Models.attention 16 128 256 8)
            ]

    for name, step in models do
        for isCompiled in [ false; true ] do
            let how = if isCompiled then "compiled" else "eager"
            time $"step of {name}" how (step isCompiled)
