namespace Cotangent.Engines

// Convolutions of kernels of 3 × 3 by Winograd's algorithm (see WinogradTransforms.fs): with the transforms of all tiles and of all kernels,
// each of the 36 or 16 elements of the transformed sums is a product of matrices, kernels by channels times channels by tiles. Blocks of
// tiles go through all three steps in one core's cache.

open System.Buffers
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.WideTile
open Cotangent.Engines.WinogradProducts
open Cotangent.Engines.WinogradTransforms
open Cotangent.Inlined // in place of functions of Array and List

module internal Winograd =

    /// Whether it knows these sums: by kernels of 3 × 3, of neighbouring elements at every place, in two axes.
    let isFor (axes: CorrelationAxis[]) =
        let isOne (a: CorrelationAxis) =
            let struct (first, taps) = a.Targets[0]

            a.Places = 1 && a.Reach = 0 && a.First = 0 && a.Targets.Length = 1 && first = 0 && taps.Length = 1

        let isThree (a: CorrelationAxis) =
            let struct (first, taps) = a.Targets[0]

            a.Step = 1
            && a.TargetStep = 1
            && a.Reach = Taps - 1
            && taps.Length = Taps
            && first = 0
            && a.Places = a.TargetSize

        isSupported () && isOne axes[1] && isThree axes[2] && isThree axes[3]

    /// The tiles of an image.
    let tall (size: TileSize) (axes: CorrelationAxis[]) = partsOf axes[2].Places size.Outputs
    let wide (size: TileSize) (axes: CorrelationAxis[]) = partsOf axes[3].Places size.Outputs

    /// As many elements as transformed kernels may take.
    [<Literal>]
    let private MostElements = 67_108_864.0

    /// Whether so many kernels are not too many to be transformed.
    let hasRoom (size: TileSize) groups m channels =
        float groups * float m * float channels * float size.Planes <= MostElements

    /// Multiply-adds of a cycle: one vector of 512 bits, or two of 256.
    [<Literal>]
    let PerCycle = 16.0

    /// The tiles that take less time than sums of products do, and less than the others, if any do: by what was measured of each step, in
    /// cycles.
    let faster (sums: CorrelationSums<float32>) : TileSize voption =
        let axes, lanes, isWide = sums.Axes, lanes<float32>(), Vector512.IsHardwareAccelerated
        let m, channels = float sums.Outputs, float sums.Channels
        let examples = float axes[0].Places
        // Kernels go through memory, or are kept.
        let packed cycles = if isNull sums.Packing then cycles * m * channels else 0.0

        let direct =
            let places, taps = examples * float axes[2].Places * float axes[3].Places, float (Taps * Taps)
            taps * places * m * channels / PerCycle / 0.75 + packed (2.0 * taps)

        let cost (size: TileSize) =
            let tiles = axes[0].Places * tall size axes * wide size axes
            let planes, area = float size.Planes, float (size.Outputs * size.Outputs)
            let products = planes * float (partsOf tiles lanes * lanes) * m * channels / PerCycle / 0.9
            let data = float tiles * (8.0 + 2.0 * area) * channels
            let results = float tiles * (5.0 + 1.25 * area) * m
            // With vectors of 256 bits there are fewer registers, too.
            products + packed (1.5 * planes) + data + (if isWide then results else 1.2 * results)

        if isFor axes then
            let sizes =
                [ TileSize.Four; TileSize.Two ]
                |> List.filter (fun size ->
                    hasRoom size sums.Groups sums.Outputs sums.Channels && cost size < direct)

            if sizes.IsEmpty then ValueNone else ValueSome(List.minBy cost sizes)
        else
            ValueNone

    let private transform (size: TileSize) (sums: CorrelationSums<float32>) (into: float32[]) =
        let groups, m, channels = sums.Groups, sums.Outputs, sums.Channels
        let target = (targets sums.Axes)[0]
        let stretches = KernelPanels.stretches (sums.Kernel 0) channels target
        // The transposed convolution meets its kernels from their ends on.
        let first, step =
            if (Array.head target.Taps[3]).Shift = 0 then
                0, BroadRows
            else
                (Taps * Taps - 1) * BroadRows, -BroadRows

        let panels, kernel, most = partsOf m BroadRows, Taps * Taps * BroadRows, depth ()

        Strided.ranges (groups * panels) (int64 groups * int64 m * int64 channels * 9L) (fun from last ->
            let panel = ArrayPool<float32>.Shared.Rent(channels * kernel)

            for n in from .. last - 1 do
                let g, i = n / panels, n % panels * BroadRows

                KernelPanels.panel
                    BroadRows
                    (sums.Kernel g)
                    sums.RowStep
                    i
                    (min m (i + BroadRows))
                    stretches
                    panel
                    0

                for c in 0 .. channels - 1 do
                    let block = c / most * most
                    let depth = min most (channels - block)
                    let inPlane = blockOf panels (n % panels) block depth + (c - block) * BroadRows
                    let plane, place' = planeOf panels channels, c * kernel + first
                    let place = g * size.Planes * plane + inPlane

                    match size with
                    | TileSize.Two ->
                        WinogradSmallTransforms.transformKernels panel place' step into place plane
                    | TileSize.Four -> WinogradTransforms.transformKernels panel place' step into place plane

            ArrayPool<float32>.Shared.Return panel)

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

    /// As many tiles as a block has.
    [<Literal>]
    let private MostTiles = 192

    /// As Correlation.run, into targets whose lines are contiguous.
    let run (size: TileSize) (sums: CorrelationSums<float32>) =
        let outputs, inputs, planes = size.Outputs, size.Inputs, size.Planes
        let axes, groups, m, channels = sums.Axes, sums.Groups, sums.Outputs, sums.Channels
        let tall, wide = tall size axes, wide size axes
        let down: TileAxis = { First = axes[2].First; Size = axes[2].Size; Apart = outputs }
        let along: TileAxis = { First = axes[3].First; Size = axes[3].Size; Apart = outputs }
        let tiles = axes[0].Places * tall * wide
        let lanes = lanes<float32>()
        let vectors, panels = partsOf tiles lanes, partsOf m BroadRows
        let elements = workLength (int64 groups * int64 planes * int64 (planeOf panels channels))
        let kernels = KernelPanels.kept sums (ValueSome size) elements (transform size sums)
        let workers = Workers.count ()

        // Blocks are to occupy all cores. Their planes are to stay in the second-level cache; but where the kernels don't fit there, they
        // are read anew for each block, and blocks as large as the third-level cache allows are better.
        let most =
            let cache = if elements * sizeof<float32> <= 4_194_304 then 1_048_576 else 8_388_608
            max 3 (min (MostTiles / lanes) (cache / (planes * (channels + m) * lanes * sizeof<float32>)))

        let blocks =
            match partsOf vectors most with
            | few when few < 8 * workers -> min vectors (partsOf few workers * workers)
            | many -> many

        // Where blocks are few, their kernels are shared among the cores, too.
        let parts = min panels (max 1 (workers / (groups * blocks)))
        let work = int64 groups * int64 tiles * int64 planes * int64 m * int64 channels

        Strided.ranges (groups * blocks * parts) (work / 16L) (fun first last ->
            let longest = lanes * partsOf vectors blocks
            let rent (elements: int) = Panels.rent<float32> elements

            let struct (data, data0) =
                rent (workLength (int64 planes * int64 (channels * (longest + 2 * CacheLine) + CacheLine)))

            let rows = BroadRows * partsOf panels parts

            let struct (products, products0) =
                rent (workLength (int64 planes * int64 (rows * longest + CacheLine)))

            let struct (results, results0) = rent (outputs * outputs * longest)
            let struct (buffer, buffer0) = rent (inputs * LinePitch)

            for item in first .. last - 1 do
                let part, block, g = item % parts, item / parts % blocks, item / parts / blocks
                let bound b = lanes * int (int64 vectors * int64 b / int64 blocks)
                let start, width = bound block, bound (block + 1) - bound block
                let runs = WinogradTiles.runs tall wide start (min tiles (start + width))
                let lines = WinogradTiles.lines inputs along runs
                let source, into = sums.Source g, sums.Target g
                // An odd number of lines of the caches: rows that are powers of two apart would share a few places there. Vectors write a
                // little behind the last tile, where the next row comes later.
                let pitch = (partsOf width CacheLine ||| 1) * CacheLine
                let dataPlane = channels * pitch + CacheLine

                for c in 0 .. channels - 1 do
                    for l in lines do
                        WinogradTiles.fill inputs down along l source c buffer buffer0
                        let place = data0 + c * pitch + l.Tile

                        match size with
                        | TileSize.Two ->
                            WinogradSmallTransforms.transformData
                                buffer
                                buffer0
                                l.Places
                                data
                                place
                                dataPlane
                        | TileSize.Four ->
                            WinogradTransforms.transformData buffer buffer0 l.Places data place dataPlane

                let top, bottom = panels * part / parts, panels * (part + 1) / parts
                let plane = (bottom - top) * BroadRows * width + CacheLine

                for n in 0 .. planes - 1 do
                    product
                        (bottom - top)
                        top
                        panels
                        channels
                        kernels
                        ((g * planes + n) * planeOf panels channels)
                        data
                        (data0 + n * dataPlane)
                        pitch
                        products
                        (products0 + n * plane)
                        width

                let above = top * BroadRows

                for row in 0 .. min m (bottom * BroadRows) - above - 1 do
                    for t in 0..Lanes .. width - 1 do
                        let from, into = products0 + row * width + t, results0 + outputs * t

                        match size with
                        | TileSize.Two ->
                            WinogradSmallTransforms.transformSums
                                products
                                from
                                plane
                                results
                                into
                                (outputs * width)
                        | TileSize.Four ->
                            WinogradTransforms.transformSums
                                products
                                from
                                plane
                                results
                                into
                                (outputs * width)

                    writeBlock size axes runs results results0 (outputs * width) into (above + row)

            ArrayPool<float32>.Shared.Return data
            ArrayPool<float32>.Shared.Return products
            ArrayPool<float32>.Shared.Return results
            ArrayPool<float32>.Shared.Return buffer)

        KernelPanels.release sums kernels
