namespace Cotangent.Engines

// The products of kernels and images (see CorrelationImage.fs), block by block on all cores.

open System
open System.Buffers
open System.Numerics
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Inlined // in place of functions of Array and List

module internal Correlation =

    /// Rows of a tile, and its columns.
    let private height () = if Vector512.IsHardwareAccelerated then BroadRows else Rows

    let private breadth<'T> () = if Vector512.IsHardwareAccelerated then broadColumns<'T>() else columns<'T>()

    let private up unit n = partsOf n unit * unit

    /// A block of taps whose panels of columns stay in the second-level cache while kernels go past, and whose panel of kernels in
    /// the first.
    [<Literal>]
    let private Depth = 256

    /// Panels of columns that are made at a time.
    let private panelsAtOnce () = if Vector512.IsHardwareAccelerated then 5 else 12

    /// So many taps are added up block after block; from there on, sums are taken in halves (see Reduce).
    [<Literal>]
    let private Longest = 8192

    /// Panels of kernels of k taps each, of which those from `First` up to `Last` count, and where in the image the elements begin
    /// that they meet.
    [<Struct; NoComparison; NoEquality>]
    type private Taps<'T> = { Panels: 'T[]; Start: int; K: int; Table: nativeint[]; First: int; Last: int }

    /// Panels of columns, which are copies, or lie in the image from `First` on.
    [<Struct; NoComparison; NoEquality>]
    type private Columns<'T> = { Data: 'T[]; First: int; Panels: int; InImage: bool }

    /// sums (m rows of `width`) <- `count` taps from `first` on, or sums + them where `add`.
    let inline private tiles
        wide
        inImage
        m
        (t: Taps<'T>)
        first
        count
        (x: Columns<'T>)
        (sums: 'T[])
        width
        add
        =
        let rows, cols =
            (if wide then BroadRows else Rows), (if wide then broadColumns<'T>() else columns<'T>())

        let v, w, table, last = nativeint Vector<'T>.Count, nativeint width, t.Table, first + count

        for i in 0..rows .. m - 1 do
            let a = &at t.Panels (t.Start + i * t.K + first * rows)

            for j in 0 .. x.Panels - 1 do
                let b = &at x.Data (x.First + j * cols * (if inImage then 1 else count))
                let c = &at sums (i * width + j * cols)
                let start = if inImage then at table first else 0n

                if wide then
                    broadTile
                        count
                        &a
                        &b
                        start
                        (fun ib left -> if inImage then at table (last - left) else ib + nativeint cols)
                        &c
                        w
                        add
                else
                    tile
                        count
                        &a
                        1n
                        6n
                        &b
                        start
                        (fun ib left -> if inImage then at table (last - left) else ib + nativeint cols)
                        v
                        &c
                        w
                        add

    let private wideTilesInImage m (t: Taps<'T>) first count x sums width add =
        optimised ()
        tiles true true m t first count x sums width add

    let private wideTilesOfCopies m (t: Taps<'T>) first count x sums width add =
        optimised ()
        tiles true false m t first count x sums width add

    let private tilesInImage m (t: Taps<'T>) first count x sums width add =
        optimised ()
        tiles false true m t first count x sums width add

    let private tilesOfCopies m (t: Taps<'T>) first count x sums width add =
        optimised ()
        tiles false false m t first count x sums width add

    /// sums (m rows of `width`) <- kernels times columns. `copy` makes those of so many taps from a given one on, if they are copies.
    let private product m (t: Taps<'T>) (x: Columns<'T>) (copy: int -> int -> unit) (sums: 'T[]) width =
        for first in t.First .. Depth .. t.Last - 1 do
            let count, add = min Depth (t.Last - first), first > t.First
            if not x.InImage then copy first count

            match Vector512.IsHardwareAccelerated, x.InImage with
            | true, true -> wideTilesInImage m t first count x sums width add
            | true, false -> wideTilesOfCopies m t first count x sums width add
            | false, true -> tilesInImage m t first count x sums width add
            | false, false -> tilesOfCopies m t first count x sums width add

    /// The same for one or two kernels, which would leave most of a tile empty: one after the other, by four vectors, straight from
    /// the image. Columns are places of the image here.
    let private thinProduct m (t: Taps<'T>) (image: 'T[]) (sums: 'T[]) width =
        optimised ()
        let v, height = nativeint Vector<'T>.Count, height ()

        for i in 0 .. m - 1 do
            let a = &at t.Panels (t.Start + i)

            for j in 0 .. 4 * int v .. width - 1 do
                let b = &at image j
                let c = &at sums (i * width + j)

                for first in t.First .. Depth .. t.Last - 1 do
                    let mutable x0, x1 = zeros<'T>(), zeros<'T>()

                    for p in first .. min t.Last (first + Depth) - 1 do
                        let y = &item &b (at t.Table p)
                        let s = spread &a (nativeint (p * height))
                        x0 <- mulAdds s (pair true &y 0n v) x0
                        x1 <- mulAdds s (pair true &y (2n * v) (3n * v)) x1

                    put2 (first > t.First) x0 &c 0n v
                    put2 (first > t.First) x1 &c (2n * v) v

    /// Where there are more than `Longest` taps, the sums of both halves.
    let rec private summed m (t: Taps<'T>) (sums: 'T[]) width (product: Taps<'T> -> 'T[] -> unit) =
        let count = t.Last - t.First

        if count <= Longest then
            product t sums
        else
            let half = t.First + (count / 2 + Depth - 1) / Depth * Depth
            let second = ArrayPool<'T>.Shared.Rent(m * width)
            summed m { t with Last = half } sums width product
            summed m { t with First = half } second width product
            let w = Vector<'T>.Count

            // Rows are whole vectors.
            for i in 0..w .. m * width - 1 do
                put (load &(at sums i) 0n + load &(at second i) 0n) &(at sums i) 0n

            ArrayPool<'T>.Shared.Return second

    /// Copies columns of sums, in rows of `width`, to where they belong in the target's channels, whose neighbouring elements are
    /// `step` apart.
    let private write channels (sums: 'T[]) width (runs: Run[]) step (into: Placement<'T>) firstChannel =
        optimised ()

        for c in 0 .. channels - 1 do
            let from, target = c * width, (firstChannel + c) * into.Channel

            for run in runs do
                if step = 1 then
                    Lines.copy run.Length &sums[from + run.Column] &into.Items[target + run.Place]
                else
                    for i in 0 .. run.Length - 1 do
                        into.Items[target + run.Place + i * step] <- sums[from + run.Column + i]

    /// The elements of a group's kernels, relative to their first one, that a phase of the target meets, in stretches that are
    /// `Step` apart: of `Count` elements from `Place` on.
    [<Struct; NoComparison; NoEquality>]
    type private Stretch = { Place: int; Step: int; Count: int }

    let private stretches (kernel: Placement<'T>) channels (target: OutputPhase) : Stretch[] =
        let places =
            seq { 1..3 }
            |> Seq.fold
                (fun found a -> [|
                    for place: int in found do
                        for tap in target.Taps[a] -> place + tap.Index * kernel.Steps[a]
                |])
                (Array.init channels (fun c -> c * kernel.Channel))

        let found = ResizeArray<Stretch>()
        let mutable first = 0

        while first < places.Length do
            let step = if first + 1 < places.Length then places[first + 1] - places[first] else 1
            let mutable last = first + 1

            while last < places.Length && places[last] - places[last - 1] = step do
                last <- last + 1

            found.Add { Place = places[first]; Step = step; Count = last - first }
            first <- last

        found.ToArray()

    /// Rows `first` to `last` of a group's kernels, as a panel of as many rows as a tile has: first the first elements of all of
    /// them, then the second ones. What the panel lacks is zero.
    let private panel (kernel: Placement<'T>) rowStep first last (stretches: Stretch[]) (into: 'T[]) start =
        let rows = height ()
        let mutable at = start

        for s in stretches do
            Panels.pack
                rows
                (last - first)
                s.Count
                kernel.Items
                (kernel.Offset + first * rowStep + s.Place)
                rowStep
                s.Step
                into
                at

            at <- at + s.Count * rows

    /// Where the columns come from.
    [<RequireQualifiedAccess; Struct>]
    type private Form =
        /// One or two kernels, straight from the image.
        | Thin
        /// Straight from the image, with the columns between the ends of its rows, whose sums are dropped.
        | InImage
        /// Copies in panels.
        | Copies

    /// The columns of a block.
    let private columnCount form (axes: CorrelationAxis[]) (block: Block) =
        match form with
        | Form.Thin
        | Form.InImage -> flatPlaces axes block
        | Form.Copies -> block.Extent |> Array.fold (*) 1

    /// The form that takes less time, by what a tap costs: three vectors of multiply-adds for two rows and panel, and about four
    /// cycles for a vector that is copied.
    let private formOf<'T> (axes: CorrelationAxis[]) (block: Block) m =
        let cols = breadth<'T>()
        let lanes = if Vector512.IsHardwareAccelerated then Vector512<'T>.Count else Vector<'T>.Count
        let panels form = partsOf (columnCount form axes block) cols
        let perPanel = up (height ()) m * (cols / lanes) / 2

        let copied =
            Patches.imageRuns axes block
            |> Patches.cut (columnCount Form.Copies axes block) cols 1
            |> Seq.sumBy (Seq.sumBy (fun run -> partsOf run.Length lanes))

        if m < 3 then
            Form.Thin
        elif panels Form.InImage * perPanel <= panels Form.Copies * perPanel + 4 * copied then
            Form.InImage
        else
            Form.Copies

    /// The sums of all groups: of each, `m` target channels from `channels` source channels, with the kernels of
    /// target channels `rowStep` apart.
    let run
        (axes: CorrelationAxis[])
        groups
        m
        channels
        (source: int -> Placement<'T>)
        (kernel: int -> Placement<'T>)
        rowStep
        (into: int -> Placement<'T>)
        =
        let targets = targets axes
        let deep = targets |> Array.map (fun t -> channels * t.Count)
        let rows, cols = height (), breadth<'T>()
        let padded = up rows m
        let sizes = deep |> Array.map (fun k -> int64 padded * int64 k)
        let packed = ArrayPool<'T>.Shared.Rent(workLength (int64 groups * Array.sum sizes |> max 1L))
        let starts = sizes |> Array.scan (fun at size -> at + int size) 0
        let perGroup = Array.last starts
        let tall = padded / rows

        let stretches = targets |> Array.map (stretches (kernel 0) channels)

        Strided.ranges (groups * tall) (int64 groups * int64 perGroup) (fun first last ->
            for n in first .. last - 1 do
                let g, i = n / tall, n % tall * rows

                for t in 0 .. targets.Length - 1 do
                    let start = g * perGroup + starts[t] + i * deep[t]
                    panel (kernel g) rowStep i (min m (i + rows)) stretches[t] packed start)

        let flat = axes |> Array.fold (fun n a -> n * (int64 a.Places + int64 a.Reach)) 1L
        let phases = axes |> Array.fold (fun n a -> n * a.Phases.Length) 1
        let workers = int64 (Workers.count ())
        // Blocks are to occupy all cores.
        let apart = if workers = 1L then flat else flat * int64 groups / (2L * workers)

        // The image of a block is to stay in the cache; but what the last panel of a block lacks is to be little.
        let limit =
            if m < 3 then
                32768L / max (int64 channels * int64 phases) (int64 m) |> min apart |> min 4096L |> max 256L
            else
                131072L / (int64 channels * int64 phases) |> min apart |> min 1024L |> max (10L * int64 cols)

        let blocks = blocks axes (int limit)
        let form = formOf<'T> axes blocks[0] m
        let tables = blocks |> Array.map (fun b -> targets |> Array.map (table axes b channels))
        let longest f = blocks |> Seq.map f |> Seq.max
        let columnsOf = columnCount form axes
        let atOnce = panelsAtOnce () * cols
        let step = axes[3].TargetStep * (into 0).Steps[3]

        let width block =
            match form with
            | Form.Thin -> up (4 * Vector<'T>.Count) (columnsOf block)
            | Form.InImage
            | Form.Copies -> min atOnce (up cols (columnsOf block))

        // Where blocks are few, their rows are shared among the cores, too.
        let parts =
            match form with
            | Form.Thin -> 1
            | Form.InImage
            | Form.Copies -> min tall (max 1 (int (2L * workers / (int64 groups * int64 blocks.Length))))

        let work = int64 groups * flat * int64 m * int64 (Array.sum deep)

        // Sixteen products are worth the work of an element elsewhere.
        Strided.ranges (groups * blocks.Length * parts) (work / 16L) (fun first last ->
            let rent (n: int64) = ArrayPool<'T>.Shared.Rent(workLength n)
            let pixels = rent (int64 (imageLength<'T> channels (longest (channelSize axes))))
            let sums = rent (int64 padded * int64 (longest width))
            let struct (copies, aligned) = Panels.rent<'T>(Depth * atOnce + spare<'T>())

            for item in first .. last - 1 do
                let part, b, g = item % parts, item / parts % blocks.Length, item / parts / blocks.Length
                let block, into = blocks[b], into g
                image axes block channels (source g) pixels
                let top = tall * part / parts * rows
                let m = min m (tall * (part + 1) / parts * rows) - top
                let width, all = width block, columnsOf block

                let panels =
                    match form with
                    | Form.Thin
                    | Form.InImage -> [||]
                    | Form.Copies -> Patches.imageRuns axes block |> Patches.cut all cols 1

                for t in 0 .. targets.Length - 1 do
                    // Phases that no tap reaches are zero from the start.
                    if deep[t] > 0 then
                        let taps = {
                            Panels = packed
                            Start = g * perGroup + starts[t] + top * deep[t]
                            K = deep[t]
                            Table = tables[b][t]
                            First = 0
                            Last = deep[t]
                        }

                        let runs =
                            Patches.targetRuns axes block targets[t] (form <> Form.Copies) into
                            |> Patches.cut all width step

                        for n in 0 .. runs.Length - 1 do
                            let first = n * width
                            let count = partsOf (min width (all - first)) cols

                            match form with
                            | Form.Thin ->
                                summed m taps sums width (fun t sums -> thinProduct m t pixels sums width)
                            | Form.InImage ->
                                let x = { Data = pixels; First = first; Panels = count; InImage = true }

                                summed (up rows m) taps sums width (fun t sums ->
                                    product m t x (fun _ _ -> ()) sums width)
                            | Form.Copies ->
                                let x = { Data = copies; First = aligned; Panels = count; InImage = false }

                                let copy (t: Taps<'T>) tap depth =
                                    for j in 0 .. count - 1 do
                                        Patches.rows
                                            depth
                                            pixels
                                            t.Table
                                            tap
                                            panels[first / cols + j]
                                            cols
                                            copies
                                            (aligned + j * depth * cols)

                                summed (up rows m) taps sums width (fun t sums ->
                                    product m t x (fun tap depth -> copy t tap depth) sums width)

                            write m sums width runs[n] step into top

            ArrayPool<'T>.Shared.Return pixels
            ArrayPool<'T>.Shared.Return sums
            ArrayPool<'T>.Shared.Return copies)

        ArrayPool<'T>.Shared.Return packed
