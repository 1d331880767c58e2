namespace Cotangent.Engines

// The products of kernels and images (see CorrelationImage.fs), block by block on all cores.

open System
open System.Buffers
open System.Collections.Generic
open System.Numerics
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.ColumnProducts
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.BroadTile
open Cotangent.Inlined // in place of functions of Array and List

module internal Correlation =

    /// Copies columns of sums, in rows of `width`, to where they belong in the target's channels, whose neighbouring elements are
    /// `step` apart.
    let private write channels (sums: 'T[]) width (runs: Run[]) step (into: Placement<'T>) firstChannel =
        optimised ()

        for c in 0 .. channels - 1 do
            let from, target = c * width, into.Offset + (firstChannel + c) * into.Channel

            for run in runs do
                if step = 1 then
                    Lines.copy run.Length &sums[from + run.Column] &into.Items[target + run.Place]
                elif step = 2 then
                    Lines.copyToEvens run.Length &sums[from + run.Column] &into.Items[target + run.Place]
                else
                    for i in 0 .. run.Length - 1 do
                        into.Items[target + run.Place + i * step] <- sums[from + run.Column + i]

    /// Where the columns come from.
    [<RequireQualifiedAccess; Struct>]
    type Form =
        /// A few kernels, straight from the image.
        | Thin
        /// Straight from the image, with the columns between the ends of its rows, whose sums are dropped.
        | InImage
        /// Copies in panels.
        | Copies
        /// Straight from the image, with kernels in the lanes.
        | Upright

    /// Whether columns are places of the image.
    let private ofImage form =
        match form with
        | Form.Thin
        | Form.InImage -> true
        | Form.Copies
        | Form.Upright -> false

    /// The columns of a block.
    let private columnCount form (axes: CorrelationAxis[]) (block: Block) =
        if ofImage form then flatPlaces axes block else block.Extent |> Array.fold (*) 1

    /// The kernels of a panel.
    let private panelRows<'T> form =
        match form with
        | Form.Thin
        | Form.InImage
        | Form.Copies -> height ()
        | Form.Upright -> UprightProducts.width<'T>()

    /// The form that takes least time, by the cycles of each of so many taps: its multiply-adds, and about four for a vector that is
    /// copied. A vector of results that are turned over takes about ten, whatever the taps.
    let private formOf<'T> (axes: CorrelationAxis[]) (block: Block) m taps =
        let cols, lanes = breadth<'T>(), lanes<'T>()
        // Wide panels end with their last vector, or with upright tiles' columns, which take about a quarter of one; narrow ones are whole.
        let vectors form =
            let columns = columnCount form axes block

            if Vector512.IsHardwareAccelerated then
                let single = singles<'T> columns
                float (partsOf (columns - single) lanes) + (if single > 0 then 0.25 else 0.0)
            else
                float (partsOf columns cols * (cols / lanes))

        let perCycle = Processor.vectorsPerCycle
        let perVector = float (up (height ()) m) / perCycle

        let runs = Patches.imageRuns axes block

        let copied =
            runs
            |> Patches.cut (columnCount Form.Copies axes block) cols 1
            |> Seq.sumBy (Seq.sumBy (fun run -> float (partsOf run.Length lanes)))

        let cost form =
            match form with
            | Form.Thin -> 0.0
            | Form.InImage -> vectors form * perVector
            | Form.Copies -> vectors form * perVector + 4.0 * copied
            | Form.Upright ->
                let places = UprightProducts.tiles runs
                let results = float (columnCount form axes block) * float m / float lanes

                UprightProducts.cost<'T> m * float places.Places / perCycle
                + 10.0 * results / float (max 1 taps)

        if m <= ThinRows then
            Form.Thin
        elif UprightProducts.isFor<'T>() && UprightProducts.fills<'T> m then
            List.minBy cost [ Form.InImage; Form.Copies; Form.Upright ]
        else
            List.minBy cost [ Form.InImage; Form.Copies ]

    let private flat (axes: CorrelationAxis[]) =
        axes |> Array.fold (fun n a -> n * (int64 a.Places + int64 a.Reach)) 1L

    /// About as many flat places as a block has, for so many workers.
    let private limit (sums: CorrelationSums<'T>) workers =
        let axes, m = sums.Axes, sums.Outputs
        let flat = flat axes
        let phases = axes |> Array.fold (fun n a -> n * a.Phases.Length) 1
        let image = int64 sums.Channels * int64 phases
        // Blocks are to occupy all cores.
        let apart = if workers = 1 then flat else flat * int64 sums.Groups / (2L * int64 workers)

        // The image of a block is to stay in the cache; but what the last panel of a block lacks is to be little.
        if m <= ThinRows then
            32768L / max image (int64 m) |> min apart |> min 4096L |> max 256L |> int
        else
            131072L / image |> min apart |> min 1024L |> max (10L * int64 (breadth<'T>())) |> int

    let private form (sums: CorrelationSums<'T>) (block: Block) =
        let taps = targets sums.Axes |> Array.map (fun t -> sums.Channels * t.Count)
        formOf<'T> sums.Axes block sums.Outputs (Array.sum taps / taps.Length)

    /// Whether upright tiles are taken, as one worker would: what is chosen by it must not depend on their number.
    let takesUpright (sums: CorrelationSums<'T>) =
        form sums (blocks sums.Axes (limit sums 1) |> Array.head) = Form.Upright

    /// All sums, by a form, which is chosen by the first block, and so depends on the number of workers: each form adds up in the same order.
    let runBy form (sums: CorrelationSums<'T>) =
        let axes, groups, m, channels = sums.Axes, sums.Groups, sums.Outputs, sums.Channels
        let source, kernel, rowStep, into = sums.Source, sums.Kernel, sums.RowStep, sums.Target
        let targets = targets axes
        let deep = targets |> Array.map (fun t -> channels * t.Count)
        let cols, lanes, workers = breadth<'T>(), lanes<'T>(), Workers.count ()
        let blocks = blocks axes (limit sums workers)
        let form = form blocks[0]
        let rows = panelRows<'T> form
        let padded = up rows m
        let sizes = deep |> Array.map (fun k -> int64 padded * int64 k)
        let starts = sizes |> Array.scan (fun at size -> at + int size) 0
        let perGroup = Array.last starts
        let tall = padded / rows

        let pack (panels: 'T[]) start =
            let stretches = targets |> Array.map (KernelPanels.stretches (kernel 0) channels)

            Strided.ranges (groups * tall) (int64 groups * int64 perGroup) (fun first last ->
                for n in first .. last - 1 do
                    let g, i = n / tall, n % tall * rows

                    for t in 0 .. targets.Length - 1 do
                        let start = start + g * perGroup + starts[t] + i * deep[t]

                        KernelPanels.panel
                            rows
                            (kernel g)
                            rowStep
                            i
                            (min m (i + rows))
                            stretches[t]
                            panels
                            start)

        let struct (packed, packed0) =
            KernelPanels.kept
                sums
                (KernelOrder.Panels rows)
                (workLength (int64 groups * Array.sum sizes |> max 1L))
                pack

        // Blocks of equal extents have equal tables, of an entry for each channel and tap.
        let tables =
            let known = Dictionary<struct (int * int * int * int), nativeint[][]>()

            blocks
            |> Array.map (fun b ->
                let extents = struct (b.Extent[0], b.Extent[1], b.Extent[2], b.Extent[3])

                match known.TryGetValue extents with
                | true, found -> found
                | _ ->
                    let made = targets |> Array.map (table axes b channels)
                    known[extents] <- made
                    made)

        let longest f = blocks |> Seq.map f |> Seq.max
        let columnsOf = columnCount form axes
        let atOnce = panelsAtOnce () * cols
        let step = axes[3].TargetStep * (into 0).Steps[3]

        // The runs of a block's sums in its target are those of each group, from the group's first element on.
        let origin = { into 0 with Offset = 0 }
        let runs: (Run[][] | null)[][] = blocks |> Array.map (fun _ -> Array.create targets.Length null)

        let width block =
            match form with
            | Form.Thin -> up (thinColumns<'T> m (columnsOf block)) (columnsOf block)
            | Form.InImage
            | Form.Copies -> min atOnce (up cols (columnsOf block))
            | Form.Upright -> Panels.unaliased<'T>(columnsOf block)

        // Where blocks are few, their rows are shared among the cores, too.
        let parts =
            match form with
            | Form.Thin -> 1
            | Form.InImage
            | Form.Copies
            | Form.Upright -> min tall (max 1 (workers / (groups * blocks.Length)))

        // Of each block.
        let places =
            match form with
            | Form.Thin
            | Form.InImage
            | Form.Copies -> [||]
            | Form.Upright -> blocks |> Array.map (Patches.imageRuns axes >> UprightProducts.tiles)

        let placeRows = places |> Array.fold (fun most p -> max most p.RowCount) 0

        let work = int64 groups * flat axes * int64 m * int64 (Array.sum deep)

        // Sixteen products are worth the work of an element elsewhere.
        Strided.ranges (groups * blocks.Length * parts) (work / 16L) (fun first last ->
            let rent (n: int64) = ArrayPool<'T>.Shared.Rent(workLength n)
            let pixels = rent (int64 (imageLength<'T> channels (longest (channelSize axes))))
            let sums = rent (int64 (if form = Form.Upright then rows else padded) * int64 (longest width))
            let ofPlaces = rent (int64 placeRows * int64 rows)
            let struct (copies, aligned) = Panels.rent<'T>(Depth * atOnce + spare<'T>())

            let mutable imaged = -1

            for item in first .. last - 1 do
                let part, b, g = item % parts, item / parts % blocks.Length, item / parts / blocks.Length
                let block, into = blocks[b], into g

                if imaged <> item / parts then
                    image axes block channels (source g) pixels
                    imaged <- item / parts

                let top = tall * part / parts * rows
                let m = min m (tall * (part + 1) / parts * rows) - top
                let width, all = width block, columnsOf block

                let panels =
                    match form with
                    | Form.Thin
                    | Form.InImage
                    | Form.Upright -> [||]
                    | Form.Copies -> Patches.imageRuns axes block |> Patches.cut all cols 1

                // All phases of a block are one thread's, as they are written among each other.
                for t in 0 .. targets.Length - 1 do
                    // Phases that no tap reaches are zero from the start.
                    if deep[t] > 0 then
                        let taps = {
                            Panels = packed
                            Start = packed0 + g * perGroup + starts[t] + top * deep[t]
                            K = deep[t]
                            Table = tables[b][t]
                            First = 0
                            Last = deep[t]
                        }

                        // Two threads may find the same.
                        let runs =
                            match runs[b].[t] with
                            | null ->
                                let found =
                                    Patches.targetRuns axes block targets[t] (ofImage form) origin
                                    |> Patches.cut all width step

                                runs[b].[t] <- found
                                found
                            | found -> found

                        for n in 0 .. runs.Length - 1 do
                            let first = n * width
                            let count = min width (all - first)

                            let finish first count = write count sums width runs[n] step into (top + first)

                            match form with
                            | Form.Thin ->
                                summed (up rows m) taps sums width (fun t sums ->
                                    thinProduct m t pixels sums width)

                                finish 0 m
                            | Form.InImage ->
                                let x = { Data = pixels; First = first; Count = count; InImage = true }

                                summed (up rows m) taps sums width (fun t sums ->
                                    product m t x (fun _ _ -> ()) sums width)

                                finish 0 m
                            | Form.Copies ->
                                let x = { Data = copies; First = aligned; Count = count; InImage = false }

                                let copy (t: Taps<'T>) tap depth =
                                    for j in 0 .. partsOf count cols - 1 do
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

                                finish 0 m
                            | Form.Upright ->
                                let places = places[b]

                                for i in 0..rows .. m - 1 do
                                    let taps = { taps with Start = taps.Start + i * deep[t] }
                                    let count = min rows (m - i)
                                    let vectors = partsOf count lanes

                                    summed places.RowCount taps ofPlaces rows (fun t sums ->
                                        UprightProducts.product vectors places.Tiles t pixels sums)

                                    UprightProducts.columns vectors places.Rows ofPlaces sums width
                                    finish i count

            ArrayPool<'T>.Shared.Return pixels
            ArrayPool<'T>.Shared.Return sums
            ArrayPool<'T>.Shared.Return ofPlaces
            ArrayPool<'T>.Shared.Return copies)

        KernelPanels.release sums packed

    let run (sums: CorrelationSums<'T>) = runBy (form sums) sums
