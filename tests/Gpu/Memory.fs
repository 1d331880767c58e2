/// A device's memory: flat over a training, given back by `scope` and by the collector, and what happens when it is full.
module Cotangent.Gpu.Memory

open System
open System.Runtime.CompilerServices
open Cotangent
open Cotangent.Gpu.Report

let private live device =
    GC.Collect()
    GC.WaitForPendingFinalizers()
    (Device.memory device).Live

let private flat (device: Device) steps = [
    let problem = Models.mlp 16 32
    let train steps = onDevice device (fun () -> Models.train problem DType.Float32 steps false) |> ignore
    train (steps / 20 + 1)
    let before = live device
    train steps
    let after = live device

    if after - before > 65536L then $"{steps} steps of training left {after - before} bytes"
]

let private scoped (device: Device) = [
    let before = live device

    let x =
        scope (fun () ->
            let x = (Tensor.zeros DType.Float32 [ 1000; 1000 ]).To device
            sum ((exp x * 2.0f).T))

    let held = (Device.memory device).Live - before

    if held <> 4L then $"after a scope that returns one number {held} bytes are held"

    if float x <> 2e6 then $"its result is {float x}, not 2,000,000"
]

/// Tensors of 16 MiB, dead as soon as they are made. Not inlined, or the last would live on in a register of the caller.
[<MethodImpl(MethodImplOptions.NoInlining)>]
let private makeDead (device: Device) count =
    for _ in 1..count do
        (Tensor.zeros DType.Float32 [ 4194304 ]).To device + 1.0f |> ignore

/// Dead tensors of many gigabytes in all; the collector has to be called in time.
let private underPressure (device: Device) (total: int64) = [
    let before = live device
    makeDead device (int (total / 16777216L))
    let peak = (Device.memory device).Peak

    if peak - before > total / 2L then
        $"of {total} bytes in tensors that nothing holds, {peak} were held at once"

    if live device > before then $"{live device - before} bytes are left of them"
]

/// More than the device has: an error with the sizes, and it goes on afterwards.
let private full (device: Device) (capacity: int64) = [
    let half = int (min (int64 Int32.MaxValue / 2L) (capacity / 16L))
    let kept = Collections.Generic.List<Tensor>()

    try
        let one = onDevice device (fun () -> Tensor.ones DType.Float64 [ 1 ])
        let large = one.Expand [ half ]

        // Eight bytes each: two capacities.
        for _ in 0L .. 2L * capacity / (8L * int64 half) do
            kept.Add(large + one)

        $"{2L * capacity} bytes were made on a device of {capacity}"
    with :? MemoryException as e ->
        for part in [ "no room"; string device; "MiB" ] do
            if not (e.Message.Contains part) then $"the error does not tell '{part}': {e.Message}"

    kept.Clear()
    let sum = onDevice device (fun () -> float (sum (tensor [ 1.0f; 2.0f ])))
    if sum <> 3.0 then $"afterwards 1 + 2 = {sum}"
]

let run (report: Report) (device: Device) (card: Machine.Card option) isQuick =
    report.Section "Memory"
    report.Check("scope gives it back", fun () -> scoped device)
    let steps = if isQuick then 100 else 10_000
    report.Check($"{steps} steps of training leave it flat", fun () -> flat device steps)
    let total = if isQuick then 1L <<< 30 else 1L <<< 33
    report.Check("the collector gives it back in time", fun () -> underPressure device total)

    match card with
    | Some card -> report.Check("an error with the sizes when it is full", fun () -> full device card.Bytes)
    | None -> ()
