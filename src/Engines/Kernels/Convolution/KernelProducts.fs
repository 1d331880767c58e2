namespace Cotangent.Engines

// The kernel of a convolution from x and y, as KernelSums.fs has it, for many channels and wide vectors.
//
// There, vectors run along places, and each element of the result has a vector of sums. Here vectors run along channels: x is
// transposed once, with the channels of each element side by side. Then for each tap, outputs by channels of the result are a product
// of outputs by places and places by channels. All taps share the rows of the transposed x: for each, a table says which row a place
// meets, and what lies outside x meets a row of zeros. No sum is taken within a vector, however few the places are.

open System
open System.Buffers
open System.Numerics
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.ColumnProducts
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Engines.BroadTile
open Cotangent.Inlined // in place of functions of Array and List

module internal KernelProducts =

    /// The vectors of the next panel of channels, of so many that are left: three, and four as two and two.
    let private vectorsOfPanel left = if left = 4 then 2 else min 3 left

    /// Rows of the result that will be written, `Apart` from each other: of each, so many elements, in the first row from `First` on. Products have
    /// them fetched meanwhile.
    [<Struct; NoComparison; NoEquality>]
    type WrittenRows<'T> = { Items: 'T[]; First: int; Apart: int; Length: int; Count: int }

    let noWrittenRows<'T> : WrittenRows<'T> = { Items = [||]; First = 0; Apart = 0; Length = 0; Count = 0 }

    /// Adds a block's products to the sums of eight outputs for each of `panels`, of each tap, in rows `pitch` long of `width` channels. Panels of
    /// outputs have `count` places each, and panels of channels are `apart`, or side by side if it is 0.
    let addProducts
        panels
        count
        (ys: 'T[])
        y0
        (xs: 'T[])
        x0
        apart
        (table: nativeint[])
        taps
        (sums: 'T[])
        start
        pitch
        width
        (written: WrittenRows<'T>)
        =
        optimised ()
        let lanes, rows = Vector512<'T>.Count, nativeint BroadRows
        let rc = nativeint (taps * pitch)
        let depths = partsOf count Depth
        let mutable j, panel = 0, x0

        while j < width do
            let vectors = vectorsOfPanel ((width - j) / lanes)
            let b = &at xs panel

            for part in 0 .. depths - 1 do
                let first = count * part / depths
                let depth = count * (part + 1) / depths - first

                for i in 0 .. panels - 1 do
                    let a = &at ys (y0 + (i * count + first) * BroadRows)

                    for t in 0 .. taps - 1 do
                        let c = &at sums (start + (i * BroadRows * taps + t) * pitch + j)
                        let from = at table (t * count + first)
                        let last = t * count + first + depth

                        if vectors = 3 then
                            // Each tile has a row fetched.
                            let row, share = i * BroadRows + t, partsOf written.Length depth
                            let place = written.First + row * written.Apart

                            let isThere =
                                t < BroadRows
                                && row < written.Count
                                && place + share * depth <= written.Items.Length

                            let struct (items, ahead, perRow) =
                                if isThere then struct (written.Items, place, share) else struct (ys, y0, 0)

                            broadTile
                                depth
                                &a
                                1n
                                rows
                                &b
                                from
                                (fun _ left -> at table (last - left))
                                &c
                                rc
                                true
                                &(at items ahead)
                                (nativeint perRow)
                        elif vectors = 2 then
                            let v = nativeint lanes

                            lowTile
                                depth
                                &a
                                1n
                                rows
                                &b
                                from
                                (fun _ left -> at table (last - left))
                                v
                                &c
                                rc
                                true
                        else
                            slimTile
                                depth
                                &a
                                1n
                                rows
                                &b
                                from
                                (fun _ left -> at table (last - left))
                                &c
                                rc
                                true

            j <- j + vectors * lanes
            panel <- panel + (if apart = 0 then vectors * lanes else apart)

    /// Packs so many channels' runs, from one on, into a panel of `width` channels.
    let pack width first channels (runs: Run[]) (source: Placement<'T>) (panels: 'T[]) start =
        for run in runs do
            let from = source.Offset + first * source.Channel + run.Place
            let into = start + run.Column * width
            Panels.pack width channels run.Length source.Items from source.Channel source.Steps[3] panels into

    /// As many outputs and channels at a time as have their sums in the second-level cache.
    let private atOnce<'T> outputs channels taps =
        let lanes, cols = Vector512<'T>.Count, broadColumns<'T>()
        let least = taps * min cols (up lanes channels)
        let outputs = min outputs (max BroadRows (min 256 (65536 / least / BroadRows * BroadRows)))
        let most = max cols (65536 / up BroadRows outputs / taps / cols * cols)
        // Parts are about equally large.
        let vectors = partsOf channels lanes
        struct (outputs, min channels (lanes * partsOf vectors (partsOf channels most)))

    /// Cycles that it takes, by what was measured of each step: with a vector of multiply-adds in each at best, and fewer where tiles
    /// have few vectors; and for elements that are packed or put in order.
    let cycles<'T> (w: Windows) examples outputs channels =
        let product = KernelParts.product
        let places, taps = float examples * product w.Count, product w.Size
        let vectors = partsOf channels Vector512<'T>.Count
        let rate = if vectors = 1 then 0.6 else 0.8
        let products = float (up BroadRows outputs) * taps * places * float vectors / rate
        let struct (outputsAtOnce, channelsAtOnce) = atOnce<'T> outputs channels (int taps)

        let packed =
            0.8 * float examples * product w.Full * float (channels * partsOf outputs outputsAtOnce)
            + 0.5 * places * float (outputs * partsOf channels channelsAtOnce)

        products + packed + float (outputs * channels) * taps

    /// More taps would have too long tables.
    [<Literal>]
    let private MostTaps = 128.0

    /// Whether it takes less time than KernelSums does.
    let isFaster (w: Windows) groups (x: HostBuffer<'T>) (y: HostBuffer<'T>) =
        let outputs, channels = y.Shape[1] / groups, x.Shape[1] / groups

        Vector512.IsHardwareAccelerated
        && Array.fold (fun n size -> n * float size) 1.0 w.Size <= MostTaps
        && cycles<'T> w x.Shape[0] outputs channels < KernelSums.cycles<'T> w x.Shape[0] outputs channels

    let kernel<'T when 'T :> INumber<'T>> (w: Windows) groups (x: HostBuffer<'T>) (y: HostBuffer<'T>) =
        let outputs, channels = y.Shape[1] / groups, x.Shape[1] / groups
        let axes = axes forward x.Shape[0] w
        let target = (targets axes)[0]
        let taps = target.Count
        let lanes, cols = lanes<'T>(), broadColumns<'T>()
        let blocks = blocks axes (max Depth (Array.fold (/) 1024 w.Step))
        let counts = blocks |> Array.map (fun b -> Array.fold (*) 1 b.Extent)
        let rows = blocks |> Array.map (KernelRows.rowCount axes)
        let tables = KernelRows.tables axes blocks target cols

        let struct (outputsAtOnce, channelsAtOnce) = atOnce<'T> outputs channels taps
        let most, longest = Array.max rows + 1, Array.max counts
        let products = int64 (Array.sum counts) * int64 y.Shape[1] * int64 channels * int64 taps

        KernelParts.sums w groups x y blocks outputsAtOnce channelsAtOnce products (fun part into ->
            let tall, width = up BroadRows part.Outputs, up lanes part.Channels
            // Of the panels of channels, where each begins, and how many it has.
            let channelPanels =
                (0, width)
                |> Array.unfold (fun (first, left) ->
                    if left = 0 then
                        None
                    else
                        let columns = lanes * vectorsOfPanel (left / lanes)

                        Some(
                            struct (first, min columns (part.Channels - first)),
                            (first + columns, left - columns)
                        ))

            let struct (ys, y0) = Panels.rent<'T>(workLength (int64 tall * int64 longest + int64 Ahead))

            let struct (xs, x0) =
                Panels.rent<'T>(workLength (int64 (channelPanels.Length * cols) * int64 most))

            let length = workLength (int64 tall * int64 taps * int64 width)
            let struct (all, start) = Panels.rent<'T> length
            Array.Clear(all, start, length)
            let source = channelsOf x (part.Group * channels + part.Channel)
            let cotangents = channelsOf y (part.Group * outputs + part.Output)
            let origin = { cotangents with Offset = 0 }

            // Where few places are summed over, the result takes as long to write as the sums.
            let written = {
                Items = into
                First = ((part.Group * outputs + part.Output) * channels + part.Channel) * taps
                Apart = channels * taps
                Length = part.Channels * taps
                Count = if part.Last - part.First = 1 && counts[part.First] <= Depth then part.Outputs else 0
            }

            let add b (sums: 'T[]) first =
                let apart, count = (rows[b] + 1) * cols, counts[b]
                let sourceRuns = KernelRows.sourceRuns axes blocks[b] source
                let targetRuns = Patches.targetRuns axes blocks[b] target false origin

                for n in 0 .. channelPanels.Length - 1 do
                    let struct (channel, count) = channelPanels[n]
                    pack cols channel count sourceRuns source xs (x0 + n * apart)
                    Array.Clear(xs, x0 + (n + 1) * apart - cols, cols)

                for i in 0..BroadRows .. part.Outputs - 1 do
                    let rows = min BroadRows (part.Outputs - i)
                    pack BroadRows i rows targetRuns cotangents ys (y0 + i * count)

                addProducts
                    (tall / BroadRows)
                    count
                    ys
                    y0
                    xs
                    x0
                    apart
                    tables[b]
                    taps
                    sums
                    first
                    width
                    width
                    written

            KernelParts.overBlocks length add part.First part.Last all start

            for o in 0 .. part.Outputs - 1 do
                let output = part.Group * outputs + part.Output + o
                let first = (output * channels + part.Channel) * taps
                let sums = start + o * taps * width

                if taps = 1 then
                    Array.Copy(all, sums, into, first, part.Channels)
                else
                    Panels.pack taps taps part.Channels all sums width 1 into first

            ArrayPool<'T>.Shared.Return ys
            ArrayPool<'T>.Shared.Return xs
            ArrayPool<'T>.Shared.Return all)
