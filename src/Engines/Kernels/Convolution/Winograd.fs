namespace Cotangent.Engines

// Convolutions of kernels of 3 × 3 by Winograd's algorithm (see WinogradTransforms.fs): with the transforms of all tiles and of all kernels,
// each of the 36 or 16 elements of the transformed sums is a product of matrices, kernels by channels times channels by tiles. Blocks of
// tiles go through all three steps in one core's cache.

open System.Buffers
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Engines.BroadTile
open Cotangent.Engines.WinogradProducts
open Cotangent.Engines.WinogradVectors
open Cotangent.Inlined // in place of functions of Array and List

module internal Winograd =

    let private transformData size x from vectors lines first into start plane =
        match size with
        | TileSize.Two -> WinogradSmallTransforms.transformData x from vectors lines first into start plane
        | TileSize.Four -> WinogradTransforms.transformData x from vectors lines first into start plane

    let private transformSums size m start plane into first pitch =
        match size with
        | TileSize.Two -> WinogradSmallTransforms.transformSums m start plane into first pitch
        | TileSize.Four -> WinogradTransforms.transformSums m start plane into first pitch

    /// The channels' lines follow each other.
    let private transformChannelSums (size: TileSize) m start plane into first pitch =
        let apart = size.Outputs * pitch

        match size with
        | TileSize.Two -> WinogradSmallTransforms.transformChannelSums m start plane into first pitch apart
        | TileSize.Four -> WinogradTransforms.transformChannelSums m start plane into first pitch apart

    /// Copies a channel's sums, in lines of all tiles, to where they belong.
    let private writeBlock
        (size: TileSize)
        (axes: CorrelationAxis[])
        (runs: TileRun[])
        (sums: float32[])
        start
        pitch
        into
        channel
        =
        let down, along, outputs = axes[2], axes[3], size.Outputs

        for r in 0 .. runs.Length - 1 do
            let run = runs[r]
            let top, left = outputs * run.Row, outputs * run.Column
            let width = min (outputs * run.Count) (along.Places - left)
            let corner = into.Offset + channel * into.Channel + run.Example * into.Steps[0] + left

            for i in 0 .. min outputs (down.Places - top) - 1 do
                Lines.copy
                    width
                    &sums[start + i * pitch + outputs * run.Tile]
                    &into.Items[corner + (top + i) * into.Steps[2]]

    /// Elements of a stretch that is worth to be fetched.
    [<Literal>]
    let private Long = 512

    /// Where `writeBlock` writes, from the first example's channel on: long stretches from an element up to another.
    let private stretches (size: TileSize) (axes: CorrelationAxis[]) (runs: TileRun[]) (steps: int[]) =
        let found, outputs = ResizeArray<struct (int * int)>(), size.Outputs

        for run in runs do
            let top, left = outputs * run.Row, outputs * run.Column
            let width = min (outputs * run.Count) (axes[3].Places - left)

            for i in top .. min axes[2].Places (top + outputs) - 1 do
                let first = run.Example * steps[0] + i * steps[2] + left

                match found.Count with
                | 0 -> found.Add(struct (first, first + width))
                | n ->
                    let struct (start, last) = found[n - 1]

                    if last = first then
                        found[n - 1] <- struct (start, first + width)
                    else
                        found.Add(struct (first, first + width))

        found.FindAll(fun (struct (first, last)) -> last - first >= Long).ToArray()

    /// Has them fetched for a channel: stores wait for their lines of the caches one after the other.
    let private fetchStretches (stretches: struct (int * int)[]) into channel =
        let from = into.Offset + channel * into.Channel

        for struct (first, last) in stretches do
            for n in first..CacheLine .. last - 1 do
                fetch &(at into.Items (from + n))

            fetch &(at into.Items (from + last - 1))

    /// As many tiles as a block has.
    [<Literal>]
    let private MostTiles = 192

    /// Kernels that are transformed at a time where they are used.
    [<Literal>]
    let private OnceRows = 32

    /// As Correlation.run, into targets whose lines are contiguous.
    let run (size: TileSize) (sums: CorrelationSums<float32>) =
        let outputs, inputs, planes = size.Outputs, size.Inputs, size.Planes
        let axes, groups, m, channels = sums.Axes, sums.Groups, sums.Outputs, sums.Channels
        let down, along = WinogradTiles.inputs size axes[2], WinogradTiles.inputs size axes[3]
        let tiles, lanes = WinogradChoice.tiles size axes, lanes<float32>()
        let vectors, areFew = partsOf tiles lanes, WinogradChoice.areFew tiles
        let workers = Workers.count ()
        // With few panels for the cores, there are more that are low: the sums are the same.
        let isUpright =
            WinogradChoice.isUpright tiles m && groups * partsOf m (KernelPlanes.RowsOf true) >= workers

        let all = {
            Panels = partsOf m (KernelPlanes.RowsOf isUpright)
            Channels = channels
            IsUpright = isUpright
        }

        let panels, rows = all.Panels, all.Rows
        let elements = workLength (int64 groups * int64 planes * int64 all.Length)

        // Blocks are to occupy all cores. Their planes are to stay in the second-level cache; but where the kernels don't fit there, they
        // are read anew for each block, and blocks as large as the third-level cache allows are better.
        let most =
            let cache = if int64 elements * 4L <= 4_194_304L then 1_048_576L else 8_388_608L
            let perVector = int64 planes * (int64 channels + int64 m) * int64 lanes * 4L
            max 3 (int (min (int64 (MostTiles / lanes)) (cache / perVector)))

        let blocks =
            if areFew then
                1
            else
                match partsOf vectors most with
                | some when some < 8 * workers -> min vectors (partsOf some workers * workers)
                | many -> many

        // Where blocks are few, their kernels are shared among the cores, too.
        let parts = min panels (max 1 (workers / (groups * blocks)))
        // Where tiles are few, kernels that aren't kept are transformed where they are used, some at a time, and stay in that core's cache.
        let isOnce = areFew && isNull sums.Packing

        let some = { all with Panels = OnceRows / rows; Channels = WinogradPanels.evenly channels }

        let transform =
            if isOnce then
                ValueSome(WinogradPanels.transform size sums some some.Channels)
            else
                ValueNone

        let struct (kernels, kernels0) =
            if isOnce then
                struct ([||], 0)
            else
                KernelPanels.kept
                    sums
                    (KernelOrder.Planes(size, isUpright))
                    (elements + Ahead)
                    (WinogradPanels.transformAll size sums all)

        let work = int64 groups * int64 tiles * int64 planes * int64 m * int64 channels

        Strided.ranges (groups * blocks * parts) (work / 16L) (fun first last ->
            let longest = lanes * partsOf vectors blocks
            let rent (elements: int) = Panels.rent<float32> elements

            let struct (data, data0) =
                rent (workLength (int64 planes * int64 (channels * (longest + 2 * CacheLine) + CacheLine)))

            let atOnce = if isOnce then some.Panels else partsOf panels parts

            let struct (products, products0) =
                rent (workLength (int64 planes * int64 (atOnce * rows * longest + CacheLine)))

            let struct (results, results0) = rent (Lanes * outputs * outputs * longest)
            let struct (buffer, buffer0) = rent (inputs * LinePitch)
            let struct (own, own0) = rent (if isOnce then planes * some.Length + Ahead else 0)
            let mutable transformed = -1

            for item in first .. last - 1 do
                let part, block, g = item % parts, item / parts % blocks, item / parts / blocks
                let bound b = lanes * int (int64 vectors * int64 b / int64 blocks)
                let start, width = bound block, bound (block + 1) - bound block
                let runs = WinogradTiles.runs down.Count along.Count start (min tiles (start + width))
                let source, into = sums.Source g, sums.Target g
                // An odd number of lines of the caches: rows that are powers of two apart would share a few places there. Vectors write a
                // little behind the last tile, where the next row comes later.
                let pitch = (partsOf width CacheLine ||| 1) * CacheLine
                let dataPlane = channels * pitch + CacheLine

                // Its parts share a block's data.
                if transformed <> item / parts then
                    transformed <- item / parts
                    let lines = WinogradTiles.lines down along source.Steps runs

                    for c in 0 .. channels - 1 do
                        for l in lines do
                            let place = data0 + c * pitch + l.Tile

                            WinogradTiles.transform down l source c buffer buffer0 (fun x from vectors ->
                                transformData size x from vectors buffer buffer0 data place dataPlane)

                let top, bottom = panels * part / parts, panels * (part + 1) / parts
                let plane, line = atOnce * rows * width + CacheLine, outputs * width

                // The products of `count` panels from `first` on of planes with data of so many channels from a given one on.
                let multiply
                    (p: KernelPlanes)
                    first
                    count
                    (kernels: float32[])
                    start
                    channel
                    depth
                    fetching
                    =
                    let columns = if isUpright then LowRows * partsOf tiles LowRows else width

                    for n in 0 .. planes - 1 do
                        product
                            p
                            first
                            count
                            depth
                            kernels
                            (start + n * p.Length)
                            data
                            (data0 + n * dataPlane + channel * pitch)
                            pitch
                            products
                            (products0 + n * plane)
                            columns
                            (channel > 0)
                            fetching
                            (n * columns / LowRows)

                // From products to results, of `count` kernels from `above` on.
                let finish above count =
                    let known = min m (above + count) - above

                    if isUpright then
                        for row in 0..Lanes .. known - 1 do
                            for tile in 0 .. tiles - 1 do
                                let from, into = products0 + tile * count + row, results0 + outputs * tile
                                transformChannelSums size products from plane results into line

                            for kernel in row .. min known (row + Lanes) - 1 do
                                let from = results0 + (kernel - row) * outputs * line
                                writeBlock size axes runs results from line into (above + kernel)
                    else
                        let stretches = stretches size axes runs into.Steps

                        for row in 0 .. known - 1 do
                            fetchStretches stretches into (above + row)

                            for tile in 0..Lanes .. width - 1 do
                                let from, into = products0 + row * width + tile, results0 + outputs * tile
                                transformSums size products from plane results into line

                            writeBlock size axes runs results results0 line into (above + row)

                match transform with
                | ValueSome transform ->
                    for panel in top .. some.Panels .. bottom - 1 do
                        let count = min some.Panels (bottom - panel)

                        for channel in 0 .. some.Channels .. channels - 1 do
                            let depth = min some.Channels (channels - channel)

                            for i in 0 .. count - 1 do
                                transform.Invoke(
                                    g,
                                    panel + i,
                                    channel,
                                    depth,
                                    own,
                                    own0 + some.At(i, 0, depth)
                                )

                            let following = channel + some.Channels

                            let fetching =
                                if following < channels then
                                    WinogradPanels.ahead sums g (panel * rows) OnceRows following
                                elif panel + some.Panels < bottom then
                                    WinogradPanels.ahead sums g ((panel + some.Panels) * rows) OnceRows 0
                                else
                                    nothing

                            multiply some 0 count own own0 channel depth fetching

                        finish (panel * rows) (count * rows)
                | ValueNone ->
                    multiply
                        all
                        top
                        (bottom - top)
                        kernels
                        (kernels0 + g * planes * all.Length)
                        0
                        channels
                        nothing

                    finish (top * rows) ((bottom - top) * rows)

            ArrayPool<float32>.Shared.Return data
            ArrayPool<float32>.Shared.Return products
            ArrayPool<float32>.Shared.Return results
            ArrayPool<float32>.Shared.Return buffer
            ArrayPool<float32>.Shared.Return own)

        if not isOnce then KernelPanels.release sums kernels
