namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined

/// A graph made ready to run.
[<Sealed>]
type internal Program
    (name: string, backend: Backend, stored: Stored, run: Runner[], graph: Graph, needs: Lazy<ProgramMemory>)
    =
    let { Slots = slots; Steps = steps; Outputs = outputs } = stored.Lowered
    let memory, adopted, reuse = stored.Plan, stored.Adopted, stored.Reuse
    let workspaces = Stack<Workspace>()

    /// The slots of which something is true, with the number of the argument or result that they are.
    let places (pick: int -> int) = [|
        for slot in 0 .. slots.Length - 1 do
            let n = pick slot
            if n >= 0 then struct (slot, n)
    |]

    let inputs =
        places (fun slot ->
            match slots[slot].Home with
            | Home.Input n -> n
            | Home.Arena
            | Home.Output _
            | Home.Constant _
            | Home.Slice -> -1)

    let results wanted =
        places (fun slot ->
            match slots[slot].Home with
            | Home.Output k when adopted[slot] = wanted -> k
            | Home.Output _
            | Home.Arena
            | Home.Input _
            | Home.Constant _
            | Home.Slice -> -1)

    /// Results that are made in memory of their own, and those that engines make.
    let own, engines = results false, results true

    /// What is empty between calls.
    let released =
        Range.filter slots.Length (fun i ->
            match slots[i].Home with
            | Home.Input _
            | Home.Output _
            | Home.Slice -> true
            | Home.Arena
            | Home.Constant _ -> false)

    let dropped = Range.filter slots.Length (fun i -> adopted[i])

    let workspace () =
        match lock workspaces (fun () -> workspaces.TryPop()) with
        | true, w -> w
        | false, _ ->
            let most = slots |> Array.sumBy (fun slot -> int64 slot.Count * int64 slot.DType.Size)
            MemoryNeeds.requireHost name needs most memory.Sizes

            try
                backend.Workspace slots memory
            with :? System.OutOfMemoryException ->
                raise (MemoryNeeds.exhausted name needs)

    /// Whether a result can take over the memory of an argument: it is all of an array that nobody else sees.
    let canTake (b: HostBuffer) (count: int) =
        not b.IsShared && b.IsContiguous && b.Offset = 0 && b.Data.Length = count

    /// Notes to whom arguments are given. One that comes twice is shared.
    let mark (arguments: HostBuffer[]) (donated: int) (taker: string) =
        if donated > 0 then
            for n in 0 .. arguments.Length - 1 do
                if not (isNull arguments[n].GivenTo) then arguments[n].IsShared <- true
                elif n < donated then arguments[n].GivenTo <- taker

    /// An array as a result.
    let whole (k: int) (dtype: DType) (data: System.Array) =
        Buffers.view dtype data outputs[k].Shape outputs[k].Strides 0

    /// A result in the memory of an argument that is given away, where the plan has it so, or in its own.
    let fresh (slot: Slot) (k: int) (given: HostBuffer[]) (donated: int) : HostBuffer =
        let n = reuse[k]

        if n >= 0 && n < donated && canTake given[n] slot.Count then
            let result = whole k slot.DType given[n].Data
            result.Claim <- given[n].Claim
            result
        elif int64 slot.Count * int64 slot.DType.Size < Recycling.Large then
            whole k slot.DType (Buffers.allocate slot.DType slot.Count)
        else
            Recycling.claimed (fun () -> Buffers.fresh slot.DType outputs[k].Shape)

    /// A result that has no memory of its own: it shows an argument, a constant or another result.
    let shown
        (w: Workspace)
        (k: int)
        (arguments: HostBuffer[])
        (claims: (Claim | null)[])
        (results: HostBuffer[])
        =
        let b = w.Buffer outputs[k]
        b.IsShared <- true

        match slots[outputs[k].Slot].Home with
        | Home.Input n ->
            b.Claim <- claims[n]
            arguments[n].IsShared <- true
        | Home.Output n ->
            b.Claim <- results[n].Claim
            results[n].IsShared <- true
        | Home.Constant _ -> ()
        | Home.Arena
        | Home.Slice -> invalidOp "An output lies in memory that is used again."

        b

    /// After a call: the memory of what was given away is free, unless a result has it.
    let settle (donated: int) (arguments: HostBuffer[]) (claims: (Claim | null)[]) (results: HostBuffer[]) =
        for n in 0 .. donated - 1 do
            match claims[n] with
            | null -> ()
            | claim ->
                match results |> Array.tryFind (fun b -> obj.ReferenceEquals(b.Claim, claim)) with
                | Some b -> Scope.note b
                | None -> if not arguments[n].IsShared then claim.Release()

    /// The simplified graph that it was made from.
    member _.Graph = graph
    member _.Steps = steps
    member _.Slots = slots
    /// What a call takes of memory.
    member _.Memory = needs.Value

    /// Runs it; the first `donated` arguments, given to `taker`, can't be used afterwards.
    member _.Run(arguments: HostBuffer[], donated: int, taker: string) : HostBuffer[] =
        let w = workspace ()

        try
            try
                let given =
                    if arguments |> Array.forall _.IsContiguous then
                        arguments
                    else
                        arguments |> Array.map Strided.materialise

                for struct (slot, n) in inputs do
                    w.Place(slot, given[n].Data, given[n].Offset)

                mark arguments donated taker
                let results: HostBuffer[] = Array.zeroCreate outputs.Length

                for struct (slot, k) in own do
                    results[k] <- fresh slots[slot] k given donated
                    w.Place(slot, results[k].Data, 0)

                let claims = given |> Array.map _.Claim

                for n in 0 .. donated - 1 do
                    arguments[n].GiveTo taker |> ignore

                for action in run do
                    action.Invoke w

                for struct (slot, k) in engines do
                    let guest = w.Take slot
                    results[k] <- whole k slots[slot].DType guest.Data
                    results[k].Claim <- guest.Claim
                    Scope.note results[k]

                for k in 0 .. outputs.Length - 1 do
                    if isNull (box results[k]) then results[k] <- shown w k arguments claims results

                settle donated arguments claims results
                results
            with :? System.OutOfMemoryException ->
                raise (MemoryNeeds.exhausted name needs)
        finally
            for slot in dropped do
                w.Drop slot

            for slot in released do
                w.Release slot

            lock workspaces (fun () -> workspaces.Push w)
            // Their arrays, which lie open above, go back to a pool when nothing holds them any more.
            System.GC.KeepAlive arguments
