namespace Cotangent.Compiler

open System.Collections.Concurrent
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Engines

/// A graph made ready to run, on the CPU.
[<Sealed>]
type internal Program
    (slots: Slot[], memory: MemoryPlan, run: Runner[], outputs: View[], steps: Step[], graph: Graph) =
    let workspaces = ConcurrentBag<Workspace>()

    let inputs = [|
        for i in 0 .. slots.Length - 1 do
            match slots[i].Home with
            | Home.Input n -> struct (i, n)
            | Home.Arena
            | Home.Output _
            | Home.Constant _
            | Home.Slice -> ()
    |]

    /// The simplified graph that it was made from.
    member _.Graph = graph
    member _.Steps = steps
    member _.Slots = slots
    member _.Memory = memory
    /// Bytes of memory for all that lies between inputs and outputs.
    member _.Bytes = memory.Bytes

    member _.Run(given: HostBuffer[]) : HostBuffer[] =
        let workspace =
            match workspaces.TryTake() with
            | true, w -> w
            | false, _ -> Workspace(slots, memory)

        let pins = ResizeArray<GCHandle>()

        let place slot (b: HostBuffer) =
            pins.Add(GCHandle.Alloc(b.Data, GCHandleType.Pinned))
            workspace.Place(slot, b.Data, b.Offset)

        try
            let given = given |> Array.map Strided.materialise

            for struct (slot, n) in inputs do
                place slot given[n]

            let made = Array.create outputs.Length ValueNone

            for i in 0 .. slots.Length - 1 do
                match slots[i].Home with
                | Home.Output k ->
                    let b = Recycling.claimed (fun () -> Buffers.fresh slots[i].DType outputs[k].Shape)
                    made[k] <- ValueSome b
                    place i b
                | Home.Constant b ->
                    // Where its array begins, since views of it carry their own offset.
                    pins.Add(GCHandle.Alloc(b.Data, GCHandleType.Pinned))
                    workspace.Place(i, b.Data, 0)
                | Home.Arena
                | Home.Input _
                | Home.Slice -> ()

            for action in run do
                action.Invoke workspace

            outputs
            |> Array.mapi (fun k v ->
                match made[k] with
                | ValueSome b -> b
                | ValueNone ->
                    match slots[v.Slot].Home with
                    | Home.Input n ->
                        let b = workspace.Buffer v
                        b.Claim <- given[n].Claim
                        b
                    | Home.Output n ->
                        let b = workspace.Buffer v

                        match made[n] with
                        | ValueSome whole -> b.Claim <- whole.Claim
                        | ValueNone -> ()

                        b
                    | Home.Constant _ -> workspace.Buffer v
                    | Home.Arena
                    | Home.Slice -> invalidOp "An output lies in memory that is used again.")
        finally
            for pin in pins do
                pin.Free()

            for i in 0 .. slots.Length - 1 do
                match slots[i].Home with
                | Home.Arena -> ()
                | Home.Input _
                | Home.Output _
                | Home.Constant _
                | Home.Slice -> workspace.Release i

            workspaces.Add workspace
            // Their arrays, which lie open above, go back to a pool when nothing holds them any more.
            System.GC.KeepAlive given
