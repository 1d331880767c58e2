/// Runs steps on arrays of Float64, loop nests by the interpreter: an oracle for passes over steps, which no emission stands
/// behind.
module internal Cotangent.Tests.StepInterpreter

open System
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Compiler
open Expecto

/// The elements of a view, in row-major order.
let read (memory: float[][]) (v: View) : float[] =
    let count = Shape.count v.Shape

    Array.init count (fun n ->
        let mutable rest, at = n, v.Offset

        for axis in v.Shape.Length - 1 .. -1 .. 0 do
            at <- at + rest % v.Shape[axis] * v.Strides[axis]
            rest <- rest / v.Shape[axis]

        memory[v.Slot][at])

/// The memory of all slots after the steps. `initial` gives the numbers of slots that nothing writes. What an engine computes
/// is no matter here: its steps copy their first input.
let run (slots: Slot[]) (initial: (int * float[]) list) (steps: Step[]) : float[][] =
    let memory = slots |> Array.map (fun slot -> Array.create (max 1 slot.Count) nan)

    for slot, numbers in initial do
        Array.blit numbers 0 memory[slot] 0 numbers.Length

    for i in 0 .. slots.Length - 1 do
        match slots[i].Home with
        | Home.Constant b -> memory[i] <- (HostBuffer.data<float> b)
        | Home.Arena
        | Home.Input _
        | Home.Output _
        | Home.Slice -> ()

    let pins = memory |> Array.map (fun data -> GCHandle.Alloc(data, GCHandleType.Pinned))

    try
        let addresses = pins |> Array.map _.AddrOfPinnedObject()

        for step in steps do
            match step with
            | Step.Nest k ->
                let points = if k.Axes.Length > k.Reduced then k.Axes[0] else 1
                NestInterpreter.run k addresses 0 points
            | Step.Engine(_, inputs, targets) ->
                let copied = read memory inputs[0]

                for target in targets do
                    match target with
                    | ValueSome v -> Array.blit copied 0 memory[v.Slot] v.Offset copied.Length
                    | ValueNone -> ()
            | Step.Product _
            | Step.Draw _
            | Step.Scan _
            | Step.While _
            | Step.Cond _ -> failtest "no step that is interpreted"
    finally
        for pin in pins do
            pin.Free()

    memory
