namespace Cotangent.Compiler

open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// A graph made ready to run.
[<Sealed>]
type internal Program
    (
        name: string,
        backend: Backend,
        stored: Stored,
        run: Runner[],
        profiled: Lazy<Runner[]>,
        graph: Graph,
        needs: Lazy<ProgramMemory>
    ) =
    let { Slots = slots; Steps = steps; Outputs = outputs } = stored.Lowered
    let memory, adopted, reuse = stored.Plan, stored.Adopted, stored.Reuse

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

    /// The slot of each argument.
    let slotOf =
        let found = Array.create graph.Inputs.Length -1

        for struct (slot, n) in inputs do
            found[n] <- slot

        found

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

    /// Whether a slot's array is one for a pool.
    let isLarge =
        slots |> Array.map (fun slot -> int64 slot.Count * int64 slot.DType.Size >= Recycling.Large)

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

    let workspaces =
        Workspaces(
            memory.Bytes,
            fun () ->
                let most = slots |> Array.sumBy (fun slot -> int64 slot.Count * int64 slot.DType.Size)
                MemoryNeeds.requireHost name needs most memory.Sizes

                try
                    Recycling.attempt (fun () -> backend.Workspace slots memory)
                with :? System.OutOfMemoryException ->
                    raise (MemoryNeeds.exhausted name needs)
        )

    /// Whether a result can take over the memory of an argument that was given away: it is all of an array that nobody else
    /// sees, and that no kernel of another thread reads.
    let canTake (b: HostBuffer) (claim: Claim | null) (data: System.Array) (count: int) =
        not b.IsShared
        && b.IsContiguous
        && b.Offset = 0
        && data.Length = count
        && (match claim with
            | null -> true
            // One is this call.
            | claim -> claim.Holders <= 1)

    /// An array as a result.
    let whole (k: int) (dtype: DType) (data: System.Array) =
        Buffers.view dtype data outputs[k].Shape outputs[k].Strides 0

    /// A result in the memory of an argument that is given away, where the plan has it so, or in its own.
    let fresh
        (w: Workspace)
        (place: int)
        (k: int)
        (given: HostBuffer[])
        (claims: (Claim | null)[])
        (donated: int)
        : HostBuffer =
        let n, slot = reuse[k], slots[place]

        if n >= 0 && n < donated && canTake given[n] claims[n] (w.Home slotOf[n]) slot.Count then
            let result = whole k slot.DType (w.Home slotOf[n])
            result.Claim <- claims[n]
            result
        elif not isLarge[place] then
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
            Sharing.share arguments[n]
        | Home.Output n ->
            b.Claim <- results[n].Claim
            results[n].IsShared <- true
        | Home.Constant _ -> ()
        | Home.Arena
        | Home.Slice -> invalidOp "An output lies in memory that is used again."

        b

    /// After a call: the memory of what was given away is free, unless a result has it; and so is that of copies.
    let settle
        (donated: int)
        (arguments: HostBuffer[])
        (own: (Claim | null)[])
        (claims: (Claim | null)[])
        (results: HostBuffer[])
        =
        let free (claim: Claim | null) canFree =
            match claim with
            | null -> ()
            | claim ->
                match results |> Array.tryFind (fun b -> obj.ReferenceEquals(b.Claim, claim)) with
                | Some b -> Scope.note b
                | None -> if canFree then claim.Release()

        for n in 0 .. arguments.Length - 1 do
            let isGiven = n < donated
            let isCopy = not (obj.ReferenceEquals(own[n], claims[n]))
            if isCopy then free claims[n] true
            if isGiven then free own[n] (not arguments[n].IsShared)

    /// The simplified graph that it was made from.
    member _.Graph = graph
    member _.Steps = steps
    member _.Slots = slots
    /// What a call takes of memory.
    member _.Memory = needs.Value

    /// Takes the first arguments away from who holds them, and gives each result that has memory of its own that memory.
    member private _.Begin
        (
            w,
            arguments: HostBuffer[],
            before: (Claim | null)[],
            given,
            claims,
            donated,
            taker,
            results: HostBuffer[]
        ) =
        let make () =
            for struct (slot, k) in own do
                results[k] <- fresh w slot k given claims donated
                w.Place(slot, results[k].Data, 0)

        if donated = 0 then
            make ()
        else
            let buffers = Unchecked.nonNull (System.Runtime.CompilerServices.Unsafe.As<Buffer[]> arguments)
            Sharing.give buffers donated taker

            for n in 0 .. donated - 1 do
                arguments[n].Close()

            // Now no other thread begins to read them: who still does so shows in their claims.
            try
                make ()
            with _ ->
                for n in 0 .. donated - 1 do
                    arguments[n].Open before[n]

                Sharing.keep buffers donated
                reraise ()

    /// After a call: throws if an argument was given to another thread meanwhile, and perhaps overwritten.
    member private _.Confirm(arguments: HostBuffer[], held: (Claim | null)[] | null, donated: int) =
        System.Threading.Volatile.ReadBarrier()

        for n in donated .. arguments.Length - 1 do
            let b = arguments[n]

            match b.Claim with
            | null -> ()
            | claim ->
                let isOurs () = Range.exists donated (fun m -> obj.ReferenceEquals(arguments[m], b))

                if claim.IsReleased && isNull (Holding.ofAll held n) && not (isOurs ()) then
                    b.CheckAlive()

    /// Whether the plan has a result in the memory of this argument, if it is given away.
    member _.Reuses(argument: int) = Array.contains argument reuse

    /// Runs it; the first `donated` arguments, given to `taker`, can't be used afterwards. The program reads them as they are
    /// taken: the arguments themselves, or what is there once of those that repeat.
    member p.Run(arguments: HostBuffer[], taken: HostBuffer[], donated: int, taker: string) : HostBuffer[] =
        let w = workspaces.Take()
        // Arrays are covariant.
        let held =
            Holding.takeAll (
                Unchecked.nonNull (System.Runtime.CompilerServices.Unsafe.As<Buffer[]> arguments)
            )

        try
            try
                let given =
                    if taken |> Array.forall _.IsContiguous then
                        taken
                    else
                        taken |> Array.map Strided.materialise

                for struct (slot, n) in inputs do
                    w.Place(slot, given[n].Data, given[n].Offset)

                let before, claims = arguments |> Array.map _.Claim, given |> Array.map _.Claim
                let results: HostBuffer[] = Array.zeroCreate outputs.Length
                p.Begin(w, arguments, before, given, claims, donated, taker, results)

                let actions =
                    match Profiling.current () with
                    | null -> run
                    | recorder -> recorder.Apart(fun () -> profiled.Value)

                for action in actions do
                    action.Invoke w

                for struct (slot, k) in engines do
                    let guest = w.Take slot
                    results[k] <- whole k slots[slot].DType guest.Data
                    results[k].Claim <- guest.Claim
                    Scope.note results[k]

                p.Confirm(arguments, held, donated)

                for k in 0 .. outputs.Length - 1 do
                    if isNull (box results[k]) then results[k] <- shown w k arguments claims results

                settle donated arguments before claims results
                results
            with
            | :? System.OutOfMemoryException -> raise (MemoryNeeds.exhausted name needs)
            | _ ->
                // What is read while another thread overwrites it may be anything.
                p.Confirm(arguments, held, donated)
                reraise ()
        finally
            for slot in dropped do
                w.Drop slot

            for slot in released do
                w.Release slot

            workspaces.Put w
            Holding.dropAll held
            // Their arrays, which lie open above, go back to a pool when nothing holds them any more.
            System.GC.KeepAlive arguments
