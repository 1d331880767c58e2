namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Where the slots of a program lie: one arena for each dtype, in which slots that are never needed at the same time
/// share memory.
[<NoComparison; NoEquality>]
type internal MemoryPlan = {
    /// Each dtype that has an arena, and how many elements.
    Sizes: struct (DType * int64)[]
    /// The first element of each planned slot; -1 for the others.
    Offsets: int64[]
} with

    /// Bytes of all arenas together.
    member plan.Bytes = plan.Sizes |> Array.sumBy (fun (struct (dtype, n)) -> int64 dtype.Size * n)

/// Steps, and where everything that they touch lies.
[<NoComparison; NoEquality>]
type internal Stored = {
    Lowered: Lowered
    /// For each result the argument in whose memory it lies, where that is given away, or -1.
    Reuse: int[]
    /// The slots for which arrays that engines make stand in.
    Adopted: bool[]
    /// The first and last step in which each slot is needed.
    Lifetimes: struct (int * int)[]
    Plan: MemoryPlan
}

module internal ArenaPlan =
    /// Slots begin at multiples of so many bytes: a cache line, and the widest vector.
    [<Literal>]
    let Alignment = 64

    /// The first and last moment at which each slot is needed. Time counts steps; the rounds of a loop are one stretch
    /// of time, all of which belongs to whatever lives outside and is used inside.
    let lifetimes (slots: Slot[]) (steps: Step[]) (outputs: View[]) : struct (int * int)[] =
        let first = Array.create slots.Length System.Int32.MaxValue
        let last = Array.create slots.Length -1
        let mutable now = 0
        let pairs = ResizeArray<struct (int * int)>()

        let touch slot time =
            first[slot] <- min first[slot] time
            last[slot] <- max last[slot] time

        let rec walk (steps: Step[]) =
            for step in steps do
                let touched = Steps.slots step
                let start = now

                match step with
                | Step.Nest _
                | Step.Product _
                | Step.Draw _
                | Step.Engine _ ->
                    for slot in touched.Reads do
                        touch slot now

                    for slot in touched.Writes do
                        touch slot now

                    now <- now + 1
                | Step.Cond(test, onTrue, onFalse) ->
                    touch test.Slot now
                    now <- now + 1
                    walk onTrue
                    walk onFalse
                | Step.Scan s ->
                    now <- now + 1
                    walk s.Body
                    pairs.AddRange s.Carry
                    loop start touched s.Carry

                    for struct (_, whole, _) in s.Slices do
                        touch whole.Slot start
                        touch whole.Slot now

                    now <- now + 1
                | Step.While w ->
                    now <- now + 1
                    walk w.Condition
                    walk w.Round
                    pairs.AddRange w.State
                    loop start touched w.State
                    now <- now + 1

        and loop start touched carry =
            for struct (a, b) in carry do
                touch a start
                touch a now
                touch b start
                touch b now

            for slot in touched.Reads do
                if first[slot] < start then touch slot now

            for slot in touched.Writes do
                if first[slot] < start then touch slot now

        walk steps

        for v in outputs do
            touch v.Slot now

        // The slots of a carry change places, so the memory of either may be the one that is read afterwards.
        for struct (a, b) in pairs do
            first[a] <- min first[a] first[b]
            last[a] <- max last[a] last[b]
            first[b] <- first[a]
            last[b] <- last[a]

        Array.map2 (fun a b -> struct (a, b)) first last

    let private isPlanned (slot: Slot) =
        match slot.Home with
        | Home.Arena -> true
        | Home.Input _
        | Home.Output _
        | Home.Constant _
        | Home.Slice -> false

    /// Largest first, each at the lowest place that no slot of its time takes: the size of the arena.
    let private pack
        (slots: int[])
        (room: int64[])
        (lifetimes: struct (int * int)[])
        (offsets: int64[])
        : int64 =
        let bySize = Array.copy slots

        System.Array.Sort(
            bySize,
            System.Comparison(fun i j -> if room[i] = room[j] then compare i j else compare room[j] room[i])
        )

        // In the order of their places.
        let placed = ResizeArray<int>()
        let mutable total = 0L

        for i in bySize do
            let struct (first, last) = lifetimes[i]
            let mutable at = 0L
            let mutable found = false

            for j in placed do
                let struct (f, l) = lifetimes[j]

                if not found && f <= last && first <= l then
                    if offsets[j] - at >= room[i] then found <- true else at <- max at (offsets[j] + room[j])

            offsets[i] <- at
            let mutable place = placed.Count

            while place > 0 && offsets[placed[place - 1]] > at do
                place <- place - 1

            placed.Insert(place, i)
            total <- max total (at + room[i])

        total

    /// So many slots of a dtype are packed by size.
    [<Literal>]
    let private MostPacked = 1024

    let memory (slots: Slot[]) (lifetimes: struct (int * int)[]) : MemoryPlan =
        let offsets = Array.create slots.Length -1L
        let sizes = ResizeArray<struct (DType * int64)>()

        for dtype in DTypes.all do
            let unit = int64 (Alignment / dtype.Size)
            let room = slots |> Array.map (fun s -> (int64 (max 1 s.Count) + unit - 1L) / unit * unit)

            let planned =
                Range.filter slots.Length (fun i ->
                    let struct (first, last) = lifetimes[i]
                    slots[i].DType = dtype && isPlanned slots[i] && last >= first)

            let place = if planned.Length <= MostPacked then pack else ArenaSweep.place
            let total = place planned room lifetimes offsets
            if total > 0L then sizes.Add(struct (dtype, total))

        { Sizes = sizes.ToArray(); Offsets = offsets }
