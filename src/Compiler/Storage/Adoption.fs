namespace Cotangent.Compiler

open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// Which slots have no memory of the plan's. An engine makes its results in arrays of its own. To copy a large one into the
/// plan's memory takes about as long as a cheap operation on it; so, where it is plain when the result is needed for the
/// last time, its array stands in for the slot until then, and goes back to the engines' pool.
module internal Adoption =
    /// Whether a view is all of its slot, and large enough for the pool.
    let private isWhole (slots: Slot[]) (v: View) =
        let slot = slots[v.Slot]

        v.Offset = 0
        && Shape.count v.Shape = slot.Count
        && Layout.isDense v
        && int64 slot.Count * int64 slot.DType.Size >= Recycling.Large

    let private counts (slots: Slot[]) (touched: ResizeArray<int>) =
        let count = Array.zeroCreate<int> slots.Length

        for slot in touched do
            count[slot] <- count[slot] + 1

        count

    /// For each slot whether an engine's array takes its place: those that one step writes, and that no step reads but
    /// later ones among the same steps, and what these hold. `reuse` tells which results go into the memory of which
    /// arguments.
    let plan (slots: Slot[]) (steps: Step[]) (reuse: int[]) : bool[] =
        let adopted = Array.create slots.Length false
        let all = Steps.all steps
        let writes, reads = counts slots all.Writes, counts slots all.Reads

        let rec visit isOutermost (steps: Step[]) =
            let touched = later (fun () -> steps |> Array.map Steps.slots)
            let own = later (fun () -> counts slots (Steps.all steps).Reads)

            let isReadBefore slot t = Range.exists (t + 1) (fun i -> touched.Value[i].Reads.Contains slot)

            let mayMove slot =
                match slots[slot].Home with
                | Home.Arena -> true
                | Home.Output k -> isOutermost && reuse[k] < 0
                | Home.Input _
                | Home.Constant _
                | Home.Slice -> false

            for t in 0 .. steps.Length - 1 do
                match steps[t] with
                | Step.Engine(_, _, targets) ->
                    for target in targets do
                        match target with
                        | ValueSome target when
                            isWhole slots target
                            && mayMove target.Slot
                            && writes[target.Slot] = 1
                            && own.Value[target.Slot] = reads[target.Slot]
                            && not (isReadBefore target.Slot t)
                            ->
                            adopted[target.Slot] <- true
                        | ValueSome _
                        | ValueNone -> ()
                | Step.Scan s -> visit false s.Body
                | Step.While w ->
                    visit false w.Condition
                    visit false w.Round
                | Step.Cond(_, onTrue, onFalse) ->
                    visit false onTrue
                    visit false onFalse
                | Step.Nest _
                | Step.Product _
                | Step.Draw _ -> ()

        visit true steps
        adopted

    let private isBetween (slots: Slot[]) slot =
        match slots[slot].Home with
        | Home.Arena -> true
        | Home.Output _
        | Home.Input _
        | Home.Constant _
        | Home.Slice -> false

    /// After each of these steps, the slots that were made by one of them and are needed no more. Results of the program
    /// are not among them.
    let ends (slots: Slot[]) (adopted: bool[]) (steps: Step[]) : int list[] =
        let ends = Array.create steps.Length []

        let made = [
            for step in steps do
                match step with
                | Step.Engine(_, _, targets) ->
                    for target in targets do
                        match target with
                        | ValueSome target when adopted[target.Slot] && isBetween slots target.Slot ->
                            target.Slot
                        | ValueSome _
                        | ValueNone -> ()
                | Step.Nest _
                | Step.Product _
                | Step.Draw _
                | Step.Scan _
                | Step.While _
                | Step.Cond _ -> ()
        ]

        if not made.IsEmpty then
            let last = Array.create slots.Length -1

            for t in 0 .. steps.Length - 1 do
                let touched = Steps.slots steps[t]

                for slot in Seq.append touched.Reads touched.Writes do
                    last[slot] <- t

            for slot in made do
                ends[last[slot]] <- slot :: ends[last[slot]]

        ends

    /// The lifetimes without those of slots that need no room in the plan's memory.
    let others (adopted: bool[]) (lifetimes: struct (int * int)[]) =
        Array.map2
            (fun adopted lifetime -> if adopted then struct (System.Int32.MaxValue, -1) else lifetime)
            adopted
            lifetimes

    /// The most bytes that adopted arrays hold at one time.
    let bytes (slots: Slot[]) (adopted: bool[]) (lifetimes: struct (int * int)[]) : int64 =
        let changes = ResizeArray<struct (int * int64)>()

        for i in 0 .. slots.Length - 1 do
            if adopted[i] && isBetween slots i then
                let struct (first, last) = lifetimes[i]
                let size = int64 slots[i].Count * int64 slots[i].DType.Size
                changes.Add(struct (first, size))
                changes.Add(struct (last + 1, -size))

        // What ends at a moment makes room for what begins at it.
        changes.Sort()
        let mutable now = 0L
        let mutable most = 0L

        for struct (_, change) in changes do
            now <- now + change
            most <- max most now

        most
