namespace Cotangent.Compiler

open Cotangent

/// Where the slots of a program lie: one arena for each dtype, in which slots that are never needed at the same time
/// share memory.
[<NoComparison; NoEquality>]
type internal MemoryPlan = {
    /// Elements of each dtype's arena.
    Sizes: Map<string, DType * int64>
    /// The first element of each planned slot; -1 for the others.
    Offsets: int64[]
} with

    /// Bytes of all arenas together.
    member plan.Bytes = plan.Sizes.Values |> Seq.sumBy (fun (dtype, n) -> int64 dtype.Size * n)

module internal Plan =
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
                let struct (reads, writes) = Steps.slots step
                let start = now

                match step with
                | Step.Nest _
                | Step.Product _
                | Step.Draw _
                | Step.Engine _ ->
                    for slot in Seq.append reads writes do
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
                    loop start reads writes (s.Carry |> Seq.collect (fun (struct (a, b)) -> [ a; b ]))

                    for struct (_, whole, _) in s.Slices do
                        touch whole.Slot start
                        touch whole.Slot now

                    now <- now + 1
                | Step.While w ->
                    now <- now + 1
                    walk w.Condition
                    walk w.Round
                    pairs.AddRange w.State
                    loop start reads writes (w.State |> Seq.collect (fun (struct (a, b)) -> [ a; b ]))
                    now <- now + 1

        and loop start reads writes carry =
            for slot in carry do
                touch slot start
                touch slot now

            for slot in Seq.append reads writes do
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

    /// Largest first, each at the lowest place that no slot of its time takes.
    let memory (slots: Slot[]) (lifetimes: struct (int * int)[]) : MemoryPlan =
        let offsets = Array.create slots.Length -1L
        let mutable sizes = Map.empty

        let planned =
            seq { 0 .. slots.Length - 1 }
            |> Seq.filter (fun i ->
                match slots[i].Home with
                | Home.Arena ->
                    let struct (first, last) = lifetimes[i]
                    last >= first
                | Home.Input _
                | Home.Output _
                | Home.Constant _
                | Home.Slice -> false)
            |> Seq.groupBy (fun i -> slots[i].DType)

        for dtype, group in planned do
            let unit = Alignment / dtype.Size
            let room i = (int64 (max 1 slots[i].Count) + int64 unit - 1L) / int64 unit * int64 unit
            let placed = ResizeArray<int>()
            let mutable total = 0L

            for i in group |> Seq.sortByDescending room do
                let struct (first, last) = lifetimes[i]

                let taken =
                    placed
                    |> Seq.filter (fun j ->
                        let struct (f, l) = lifetimes[j]
                        f <= last && first <= l)
                    |> Seq.sortBy (fun j -> offsets[j])

                let mutable at = 0L
                let mutable found = false

                for j in taken do
                    if not found then
                        if offsets[j] - at >= room i then
                            found <- true
                        else
                            at <- max at (offsets[j] + room j)

                offsets[i] <- at
                placed.Add i
                total <- max total (at + room i)

            sizes <- sizes.Add(string dtype, (dtype, total))

        { Sizes = sizes; Offsets = offsets }
