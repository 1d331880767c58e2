namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent.Inlined // in place of functions of Array and List

/// Free stretches of an arena, none of which touches another.
[<Sealed>]
type private FreeStretches() =
    let bySize = SortedSet<struct (int64 * int64)>()
    let sizeAt = Dictionary<int64, int64>()
    let startOfEnd = Dictionary<int64, int64>()

    let insert start size =
        bySize.Add(struct (size, start)) |> ignore
        sizeAt[start] <- size
        startOfEnd[start + size] <- start

    let remove start size =
        bySize.Remove(struct (size, start)) |> ignore
        sizeAt.Remove start |> ignore
        startOfEnd.Remove(start + size) |> ignore

    /// Frees a stretch, joined with those beside it.
    member _.Free(start: int64, size: int64) =
        let mutable from, until = start, start + size

        match startOfEnd.TryGetValue start with
        | true, before ->
            remove before (start - before)
            from <- before
        | false, _ -> ()

        match sizeAt.TryGetValue until with
        | true, after ->
            remove until after
            until <- until + after
        | false, _ -> ()

        insert from (until - from)

    /// The start of a place of this size: in the smallest free stretch that holds it, else at the end of the arena.
    member _.Take(size: int64, total: int64) : int64 =
        // Its count would be taken one by one.
        let fitting = bySize.GetViewBetween(struct (size, 0L), struct (System.Int64.MaxValue, 0L))
        use mutable smallest = fitting.GetEnumerator()

        if smallest.MoveNext() then
            let struct (free, start) = smallest.Current
            remove start free
            if free > size then insert (start + size) (free - size)
            start
        else
            match startOfEnd.TryGetValue total with
            | true, start ->
                remove start (total - start)
                start
            | false, _ -> total

/// Places in one arena for very many slots: in the order of time, best fit. n log n steps, where the closer packing by size
/// compares each slot with all that are placed.
module internal ArenaSweep =
    /// Writes the places of these slots, and returns the size of the arena.
    let place (slots: int[]) (room: int64[]) (lifetimes: struct (int * int)[]) (offsets: int64[]) : int64 =
        let start i =
            let struct (first, _) = lifetimes[i]
            first

        let finish i =
            let struct (_, last) = lifetimes[i]
            last

        let byStart = slots |> Array.sortBy (fun i -> struct (start i, -room[i], i))
        let byEnd = slots |> Array.sortBy (fun i -> struct (finish i, i))
        let free = FreeStretches()
        let mutable total, ended = 0L, 0

        for i in byStart do
            while finish byEnd[ended] < start i do
                free.Free(offsets[byEnd[ended]], room[byEnd[ended]])
                ended <- ended + 1

            offsets[i] <- free.Take(room[i], total)
            total <- max total (offsets[i] + room[i])

        total
