namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Which results of a program can lie in the memory of arguments that are given away: those of the same dtype and size
/// that the program has read for the last time when it begins to write the result; or reads in the same step, each
/// element just before it writes that one.
module internal InPlace =
    /// Whether a step that reads one slot and writes another may have both in one place.
    let private worksInPlace (step: Step) (source: int) (target: int) : bool =
        match step with
        | Step.Nest k ->
            let stores = k.Stores |> Array.filter (fun (a, _) -> a.Slot = target) |> Array.map fst

            let reads (from: Access) (into: Access) =
                from.Offset = into.Offset && System.Linq.Enumerable.SequenceEqual(from.Strides, into.Strides)

            stores.Length = 1
            && k.Body
               |> Array.forall (fun i ->
                   not (Instruction.loads (fun a -> a.Slot = source && not (reads a stores[0])) i))
        // Its result is made elsewhere and then copied, unless it is a view of an argument.
        | Step.Engine(_, inputs, _) ->
            inputs |> Array.forall (fun v -> v.Slot <> source || (v.Offset = 0 && Layout.isContiguous v))
        | Step.Product _
        | Step.Draw _
        | Step.Scan _
        | Step.While _
        | Step.Cond _ -> false

    /// For each result the argument in whose memory it goes, or -1; the first so many arguments are given away.
    let plan (slots: Slot[]) (steps: Step[]) (donated: int) (outputs: View[]) : int[] =
        let chosen = Array.create outputs.Length -1

        if donated > 0 then
            let firstWrite = Array.create slots.Length System.Int32.MaxValue
            let lastUse = Array.create slots.Length -1

            for t in 0 .. steps.Length - 1 do
                let touched = Steps.slots steps[t]

                for slot in touched.Writes do
                    firstWrite[slot] <- min firstWrite[slot] t
                    lastUse[slot] <- t

                for slot in touched.Reads do
                    lastUse[slot] <- t

            // What is returned as it came is read by whoever gets it.
            for v in outputs do
                lastUse[v.Slot] <- steps.Length

            let inputs = Array.create donated -1
            let results = Array.create outputs.Length -1

            for i in 0 .. slots.Length - 1 do
                match slots[i].Home with
                | Home.Input n when n < donated -> inputs[n] <- i
                | Home.Output k -> results[k] <- i
                | Home.Input _
                | Home.Arena
                | Home.Constant _
                | Home.Slice -> ()

            let fits input result =
                let a, b = slots[input], slots[result]
                let last, first = lastUse[input], firstWrite[result]

                a.DType = b.DType
                && a.Count = b.Count
                && first < System.Int32.MaxValue
                && (last < first || (last = first && worksInPlace steps[first] input result))

            let taken = Array.create donated false

            for k in 0 .. outputs.Length - 1 do
                if results[k] >= 0 && slots[results[k]].Count > 0 then
                    // State comes back in the order in which it went in, as a rule.
                    let inOrder = Seq.append (seq { k .. donated - 1 }) (seq { 0 .. min k donated - 1 })

                    match
                        inOrder
                        |> Seq.tryFind (fun n -> not taken[n] && inputs[n] >= 0 && fits inputs[n] results[k])
                    with
                    | Some n ->
                        taken[n] <- true
                        chosen[k] <- n
                    | None -> ()

        chosen
