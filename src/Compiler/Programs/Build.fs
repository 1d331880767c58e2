namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined

/// From a graph to a program: simplify, fuse and lower, plan memory, emit.
module internal Build =
    /// What a call takes, by the plan.
    let private memoryOf
        (lowering: Lowering)
        (slots: Slot[])
        (plan: MemoryPlan)
        (adopted: bool[])
        (lifetimes: struct (int * int)[])
        (reuse: int[])
        : ProgramMemory =
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
                    | _ -> false)
            InPlace =
                total (fun home ->
                    match home with
                    | Home.Output k -> reuse[k] >= 0
                    | _ -> false)
            Between = plan.Bytes + Adoption.bytes slots adopted lifetimes
            Largest =
                MemoryNeeds.largest [
                    for i in 0 .. slots.Length - 1 do
                        if isMade i then
                            match lowering.NameOf i with
                            | ValueSome name -> name, size slots[i]
                            | ValueNone -> ()
                ]
        }

    /// The program of a graph whose first so many inputs are given away by the caller.
    let program (name: string) (donated: int) (graph: Graph) : Program =
        let simple = Passes.complete graph
        let lowering = Lowering NestMethods.target

        let views =
            simple.Inputs
            |> Array.mapi (fun n i ->
                let node = simple.Nodes[i]
                let slot = lowering.Slot(node.DType, Shape.count node.Shape, Home.Input n)
                Layout.contiguous slot node.Shape)

        // An input or a constant that is returned needs no copy; nor does the second of two equal outputs.
        let given (i: int) =
            match simple.Nodes[i].Operation with
            | Operation.Input _
            | Operation.Constant _ -> true
            | Operation.Primitive _
            | Operation.Control _
            | Operation.Item _ -> false

        let into =
            simple.Outputs
            |> Array.mapi (fun k i ->
                if given i || System.Array.IndexOf(simple.Outputs, i) < k then
                    -1
                else
                    let node = simple.Nodes[i]
                    let slot = lowering.Slot(node.DType, Shape.count node.Shape, Home.Output k)
                    lowering.Name(slot, (fun () -> Lowering.Describe node))
                    slot)

        let struct (steps, outputs) = lowering.Graph(simple, views, into)

        let outputs =
            outputs
            |> Array.mapi (fun k v ->
                if into[k] >= 0 then
                    Layout.contiguous into[k] v.Shape
                else
                    let first = System.Array.IndexOf(simple.Outputs, simple.Outputs[k])
                    if into[first] >= 0 then Layout.contiguous into[first] v.Shape else v)

        let slots = lowering.Slots.ToArray()
        let steps = Merge.clean slots outputs (Merge.steps steps)
        let reuse = InPlace.plan slots steps donated outputs
        let adopted = Adoption.plan slots steps reuse
        let lifetimes = ArenaPlan.lifetimes slots steps outputs
        let memory = ArenaPlan.memory slots (Adoption.others adopted lifetimes)
        let needs = later (fun () -> memoryOf lowering slots memory adopted lifetimes reuse)
        let actions = Runners.prepare slots adopted steps
        Program(name, slots, memory, adopted, actions, outputs, steps, simple, reuse, needs)
