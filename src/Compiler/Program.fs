namespace Cotangent.Compiler

open System.Collections.Concurrent
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined

/// A graph made ready to run, on the CPU. `adopted` tells for which slots engines' arrays stand in, `reuse` which results lie
/// in the memory of which arguments, where those are given away.
[<Sealed>]
type internal Program
    (
        name: string,
        slots: Slot[],
        memory: MemoryPlan,
        adopted: bool[],
        run: Runner[],
        outputs: View[],
        steps: Step[],
        graph: Graph,
        reuse: int[],
        needs: Lazy<ProgramMemory>
    ) =
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

    let workspace () =
        match workspaces.TryTake() with
        | true, w -> w
        | false, _ ->
            let most = slots |> Array.sumBy (fun slot -> int64 slot.Count * int64 slot.DType.Size)
            Room.requireHost name needs most memory.Sizes
            Room.during name needs (fun () -> Workspace(slots, memory))

    /// Whether a result can take over the memory of an argument: it is all of an array that nobody else sees.
    let canTake (given: HostBuffer[]) (n: int) (count: int) =
        let b = given[n]

        not b.IsShared
        && b.IsContiguous
        && b.Offset = 0
        && b.Data.Length = count
        && (let mutable alone = true

            for m in 0 .. given.Length - 1 do
                if m <> n && obj.ReferenceEquals(given[m].Data, b.Data) then alone <- false

            alone)

    /// All of another buffer's array as a result.
    let whole (k: int) (dtype: DType) (b: HostBuffer) =
        let shape = outputs[k].Shape
        let result = Buffers.view dtype b.Data shape (Shape.strides shape) 0
        result.Claim <- b.Claim
        result

    /// The simplified graph that it was made from.
    member _.Graph = graph
    member _.Steps = steps
    member _.Slots = slots
    /// What a call takes of memory.
    member _.Memory = needs.Value

    /// Runs it; the first `donated` arguments, given to `taker`, can't be used afterwards.
    member _.Run(arguments: HostBuffer[], donated: int, taker: string) : HostBuffer[] =
        let workspace = workspace ()
        let pins = ResizeArray<GCHandle>()

        let place slot (b: HostBuffer) =
            pins.Add(GCHandle.Alloc(b.Data, GCHandleType.Pinned))
            workspace.Place(slot, b.Data, b.Offset)

        try
            let given = arguments |> Array.map Strided.materialise

            for struct (slot, n) in inputs do
                place slot given[n]

            let made = Array.create outputs.Length ValueNone

            let fresh (slot: Slot) k =
                if reuse[k] >= 0 && reuse[k] < donated && canTake given reuse[k] slot.Count then
                    whole k slot.DType given[reuse[k]]
                else
                    Recycling.claimed (fun () ->
                        Room.during name needs (fun () -> Buffers.fresh slot.DType outputs[k].Shape))

            for i in 0 .. slots.Length - 1 do
                match slots[i].Home with
                | Home.Output _ when adopted[i] -> ()
                | Home.Output k ->
                    let b = fresh slots[i] k
                    made[k] <- ValueSome b
                    place i b
                | Home.Constant b ->
                    // Where its array begins, since views of it carry their own offset.
                    pins.Add(GCHandle.Alloc(b.Data, GCHandleType.Pinned))
                    workspace.Place(i, b.Data, 0)
                | Home.Arena
                | Home.Input _
                | Home.Slice -> ()

            let claims = given |> Array.map _.Claim

            for n in 0 .. donated - 1 do
                arguments[n].GiveTo taker |> ignore

            Room.during name needs (fun () ->
                for action in run do
                    action.Invoke workspace)

            for i in 0 .. slots.Length - 1 do
                match slots[i].Home with
                | Home.Output k when adopted[i] ->
                    let b = whole k slots[i].DType (workspace.Take i)
                    Scope.note b
                    made[k] <- ValueSome b
                | Home.Output _
                | Home.Arena
                | Home.Input _
                | Home.Constant _
                | Home.Slice -> ()

            let results =
                outputs
                |> Array.mapi (fun k v ->
                    match made[k] with
                    | ValueSome b -> b
                    | ValueNone ->
                        match slots[v.Slot].Home with
                        | Home.Input n ->
                            let b = workspace.Buffer v
                            b.Claim <- claims[n]
                            b.IsShared <- true
                            arguments[n].IsShared <- true
                            b
                        | Home.Output n ->
                            let b = workspace.Buffer v
                            b.IsShared <- true

                            match made[n] with
                            | ValueSome whole ->
                                b.Claim <- whole.Claim
                                whole.IsShared <- true
                            | ValueNone -> ()

                            b
                        | Home.Constant _ ->
                            let b = workspace.Buffer v
                            b.IsShared <- true
                            b
                        | Home.Arena
                        | Home.Slice -> invalidOp "An output lies in memory that is used again.")

            for n in 0 .. donated - 1 do
                match claims[n] with
                | null -> ()
                | claim ->
                    match results |> Array.tryFind (fun b -> obj.ReferenceEquals(b.Claim, claim)) with
                    | Some b -> Scope.note b
                    | None -> if not arguments[n].IsShared then claim.Release()

            results
        finally
            for pin in pins do
                pin.Free()

            for i in 0 .. slots.Length - 1 do
                if adopted[i] then workspace.Drop i

                match slots[i].Home with
                | Home.Arena -> ()
                | Home.Input _
                | Home.Output _
                | Home.Constant _
                | Home.Slice -> workspace.Release i

            workspaces.Add workspace
            // Their arrays, which lie open above, go back to a pool when nothing holds them any more.
            System.GC.KeepAlive arguments
