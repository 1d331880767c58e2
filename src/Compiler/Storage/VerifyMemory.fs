namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Checks a memory plan by playing the steps through: a slot holds its numbers from when they are written until another slot
/// that lies in the same memory is, and nothing reads one that does not. Run in tests; what it throws is a fault of ours.
module internal VerifyMemory =
    let private fail problem = invalidOp $"Memory: {problem}"

    /// The state of a play: which slots hold their numbers, and the slots that share memory with each.
    [<Sealed>]
    type private Play(slots: Slot[], rivals: int -> int seq) =
        let holds =
            slots
            |> Array.map (fun slot ->
                match slot.Home with
                | Home.Input _
                | Home.Constant _ -> true
                | Home.Arena
                | Home.Output _
                | Home.Slice -> slot.Count = 0 && not slot.Home.IsSlice)

        // A slice is a part of this slot for now.
        let wholes = Dictionary<int, int>()
        // Slots that have changed places: whose memory a slot has now.
        let place = Array.init slots.Length id

        let rec whole slot =
            match wholes.TryGetValue slot with
            | true, outer -> whole outer
            | false, _ -> slot

        member _.Read(slot: int, what: string) =
            let slot = whole slot
            if not holds[slot] then fail $"{what} reads s{slot}, which does not hold its numbers"

        /// A step may still read when it begins to write: only what is given away is written in place.
        member _.Apart(target: int, reads: ResizeArray<int>) =
            let target = whole target

            for rival in rivals place[target] do
                for source in reads do
                    let source = whole source

                    if place[source] = rival && slots[source].Home.IsArena then
                        fail $"a step writes s{target} over s{source}, which it reads"

        member _.Write(slot: int) =
            let slot = whole slot

            for rival in rivals place[slot] do
                for other in 0 .. slots.Length - 1 do
                    if place[other] = rival && other <> slot then holds[other] <- false

            holds[slot] <- true

        member _.Slice(slot: int, outer: int) = wholes[slot] <- outer

        member _.Exchange(a: int, b: int) =
            let before = place[a]
            place[a] <- place[b]
            place[b] <- before
            let held = holds[a]
            holds[a] <- holds[b]
            holds[b] <- held

        member _.Save() = struct (Array.copy holds, Array.copy place)

        member _.Restore(struct (held: bool[], placed: int[])) =
            Array.blit held 0 holds 0 held.Length
            Array.blit placed 0 place 0 placed.Length

        /// After a choice only what holds either way does.
        member _.Meet(struct (held: bool[], _: int[])) =
            for i in 0 .. holds.Length - 1 do
                holds[i] <- holds[i] && held[i]

    let rec private play (p: Play) (steps: Step[]) =
        for step in steps do
            match step with
            | Step.Nest _
            | Step.Product _
            | Step.Draw _
            | Step.Engine _ ->
                let touched = Steps.slots step

                for slot in touched.Reads do
                    p.Read(slot, step.GetType().Name)

                for slot in touched.Writes do
                    p.Apart(slot, touched.Reads)

                for slot in touched.Writes do
                    p.Write slot
            | Step.Scan s ->
                for struct (slot, outer, _) in s.Slices do
                    p.Slice(slot, outer.Slot)

                // A second round finds what the first left behind.
                for _ in 1 .. min 3 s.Count do
                    round p s.Body s.Carry
            | Step.While w ->
                play p w.Condition
                p.Read(w.Test.Slot, "a loop's test")
                // The loop may end before its first round.
                let before = p.Save()

                for _ in 1..3 do
                    round p w.Round w.State
                    play p w.Condition
                    p.Read(w.Test.Slot, "a loop's test")

                p.Meet before
            | Step.Cond(test, onTrue, onFalse) ->
                p.Read(test.Slot, "a choice's test")
                let before = p.Save()
                play p onTrue
                let after = p.Save()
                p.Restore before
                play p onFalse
                p.Meet after

    and private round (p: Play) (body: Step[]) (pairs: struct (int * int)[]) =
        for struct (a, _) in pairs do
            p.Read(a, "a round")

        play p body

        for struct (a, b) in pairs do
            p.Read(b, "a round's end")
            p.Exchange(a, b)

    /// `reuse` says for each result the argument in whose memory it lies, or -1.
    let plan (slots: Slot[]) (steps: Step[]) (outputs: View[]) (reuse: int[]) (plan: MemoryPlan) : unit =
        let sizes = Dictionary<DType, int64>()

        for struct (dtype, count) in plan.Sizes do
            sizes[dtype] <- count

        let planned = Range.filter slots.Length (fun i -> plan.Offsets[i] >= 0L)

        for i in planned do
            let slot = slots[i]
            let at = plan.Offsets[i]

            if at * int64 slot.DType.Size % int64 ArenaPlan.Alignment <> 0L then
                fail $"s{i} is not aligned"

            if at + int64 slot.Count > sizes.GetValueOrDefault(slot.DType, 0L) then
                fail $"s{i} reaches over the end of its arena"

        let inArena i =
            let at, count = plan.Offsets[i], int64 slots[i].Count

            planned
            |> Seq.filter (fun j ->
                j <> i
                && slots[j].DType = slots[i].DType
                && plan.Offsets[j] < at + count
                && at < plan.Offsets[j] + int64 slots[j].Count)

        let find (isIt: Home -> bool) =
            slots |> Seq.indexed |> Seq.filter (fun (_, slot) -> isIt slot.Home) |> Seq.map fst

        let rivals i : int seq =
            match slots[i].Home with
            | Home.Arena -> if plan.Offsets[i] >= 0L then inArena i else Seq.empty
            | Home.Output k when reuse[k] >= 0 ->
                find (fun home ->
                    match home with
                    | Home.Input n -> n = reuse[k]
                    | Home.Arena
                    | Home.Output _
                    | Home.Constant _
                    | Home.Slice -> false)
            | Home.Output _
            | Home.Input _
            | Home.Constant _
            | Home.Slice -> Seq.empty

        let p = Play(slots, rivals)
        play p steps

        for v in outputs do
            p.Read(v.Slot, "a result")
