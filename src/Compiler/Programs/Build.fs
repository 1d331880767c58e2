namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// From a graph to a program: passes over the graph, lowering to steps, passes over those, the memory plan, code.
module internal Build =
    /// What a call takes, by the plan.
    let private memoryOf (lowering: Lowering) (stored: Stored) : ProgramMemory =
        let slots, lifetimes, reuse = stored.Lowered.Slots, stored.Lifetimes, stored.Reuse
        let size (slot: Slot) = int64 slot.Count * int64 slot.DType.Size

        let total (counts: Home -> bool) =
            slots |> Array.sumBy (fun slot -> if counts slot.Home then size slot else 0L)

        let isMade i =
            match slots[i].Home with
            | Home.Output _
            | Home.Arena ->
                let struct (first, last) = lifetimes[i]
                last >= first
            | Home.Input _
            | Home.Constant _
            | Home.Slice -> false

        {
            Arguments = total _.IsInput
            Results =
                total (fun home ->
                    match home with
                    | Home.Output k -> reuse[k] < 0
                    | Home.Arena
                    | Home.Input _
                    | Home.Constant _
                    | Home.Slice -> false)
            InPlace =
                total (fun home ->
                    match home with
                    | Home.Output k -> reuse[k] >= 0
                    | Home.Arena
                    | Home.Input _
                    | Home.Constant _
                    | Home.Slice -> false)
            Between = stored.Plan.Bytes + Adoption.bytes slots stored.Adopted lifetimes
            Largest =
                MemoryNeeds.largest [
                    for i in 0 .. slots.Length - 1 do
                        if isMade i then
                            match lowering.NameOf i with
                            | ValueSome name -> name, size slots[i]
                            | ValueNone -> ()
                ]
        }

    let private steps: Level<Lowered> = {
        Name = "steps"
        Text = fun l -> StepText.print "" l.Steps
        Size = fun l -> $"{l.Steps.Length} steps, {l.Slots.Length} slots"
        Verify = fun l -> VerifySteps.steps l.Slots l.Steps
    }

    let private memory: Level<Stored> = {
        Name = "memory"
        Text = fun s -> [ $"{s.Plan.Bytes} bytes between inputs and outputs" ]
        Size = fun s -> $"{s.Plan.Bytes} bytes"
        Verify = fun s -> VerifyMemory.plan s.Lowered.Slots s.Lowered.Steps s.Lowered.Outputs s.Reuse s.Plan
    }

    let private code: Level<Runner[]> = {
        Name = "code"
        Text = fun runners -> [ $"{runners.Length} runs" ]
        Size = fun runners -> $"{runners.Length} runs"
        Verify = ignore
    }

    /// An input or a constant that is returned needs no copy; nor does the second of two equal outputs.
    let private isGiven (node: Node) =
        match node.Operation with
        | Operation.Input _
        | Operation.Constant _ -> true
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ -> false

    let private lower (lowering: Lowering) (graph: Graph) : Lowered =
        let views =
            graph.Inputs
            |> Array.mapi (fun n i ->
                let node = graph.Nodes[i]
                let slot = lowering.Slot(node.DType, Shape.count node.Shape, Home.Input n)
                Layout.contiguous slot node.Shape)

        // The first of equal outputs.
        let firsts = System.Collections.Generic.Dictionary<int, int>()
        graph.Outputs |> Array.iteri (fun k i -> firsts.TryAdd(i, k) |> ignore)
        let first k = firsts[graph.Outputs[k]]

        let into =
            graph.Outputs
            |> Array.mapi (fun k i ->
                let node = graph.Nodes[i]

                if isGiven node || first k < k then
                    -1
                else
                    let slot = lowering.Slot(node.DType, Shape.count node.Shape, Home.Output k)
                    lowering.Name(slot, (fun () -> SlotTable.Describe node))
                    slot)

        let struct (steps, outputs) = lowering.Graph(graph, views, into)

        let outputs =
            outputs
            |> Array.mapi (fun k v ->
                let place = into[first k]
                if place >= 0 then Layout.contiguous place v.Shape else v)

        { Slots = lowering.Slots.ToArray(); Steps = steps; Outputs = outputs }

    let private onSteps: Pass<Lowered, Lowered> list = [
        { Name = "merge nests"; Run = fun l -> { l with Steps = Merge.steps l.Steps } }
        {
            Name = "drop dead stores"
            Run = fun l -> { l with Steps = Merge.clean l.Slots l.Outputs l.Steps }
        }
    ]

    let private store (donated: int) (l: Lowered) : Stored =
        let reuse = InPlace.plan l.Slots l.Steps donated l.Outputs
        let adopted = Adoption.plan l.Slots l.Steps reuse
        let lifetimes = ArenaPlan.lifetimes l.Slots l.Steps l.Outputs

        {
            Lowered = l
            Reuse = reuse
            Adopted = adopted
            Lifetimes = lifetimes
            Plan = ArenaPlan.memory l.Slots (Adoption.others adopted lifetimes)
        }

    let private made
        (watch: Watch)
        (backend: Backend)
        (name: string)
        (donated: int)
        (graph: Graph)
        : Program =
        let lowering = Lowering backend.Target
        let simple = Passes.complete watch backend.Target graph

        let stored =
            simple
            |> Pipeline.step watch steps { Name = "lower"; Run = lower lowering }
            |> Pipeline.run watch steps onSteps
            |> Pipeline.step watch memory { Name = "plan memory"; Run = store donated }

        let l = stored.Lowered

        let runners =
            stored
            |> Pipeline.step watch code {
                Name = "emit"
                Run = fun s -> Runners.prepare backend l.Slots s.Adopted l.Steps
            }

        let needs = later (fun () -> memoryOf lowering stored)

        let profiled =
            later (fun () ->
                Runners.prepareWatched
                    (ValueSome(StepProfile.timed l.Slots))
                    backend
                    l.Slots
                    stored.Adopted
                    l.Steps)

        Program(name, backend, stored, runners, profiled, simple, needs)

    /// The program of a graph whose first so many inputs are given away by the caller.
    let program (watch: Watch) (backend: Backend) (name: string) (donated: int) (graph: Graph) : Program =
        let make () = made watch backend name donated graph

        match Profiling.current () with
        | null -> make ()
        | recorder ->
            recorder.Time(
                ProfiledWork.Compilation,
                (fun () -> "compile"),
                (fun () -> $"{graph.Nodes.Length} operations"),
                (fun _ -> 0L),
                make
            )
