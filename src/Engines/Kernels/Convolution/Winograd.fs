namespace Cotangent.Engines

// Convolutions of kernels of 3 × 3 by Winograd's algorithm (see WinogradTransforms.fs): with the transforms of all tiles and of all kernels,
// each of the 36 elements of the transformed sums is a product of matrices, kernels by channels times channels by tiles. Blocks of
// tiles go through all three steps in one core's cache.

open System.Buffers
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
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
    let tall (axes: CorrelationAxis[]) = partsOf axes[2].Places Outputs
    let wide (axes: CorrelationAxis[]) = partsOf axes[3].Places Outputs

    /// As many elements as transformed kernels may take.
    [<Literal>]
    let private MostElements = 67_108_864.0

    /// Whether so many kernels are not too many to be transformed.
    let hasRoom groups m channels = float groups * float m * float channels * float Planes <= MostElements

    /// Whether it takes less time than sums of products do, by what was measured of each step: in cycles, with a vector of multiply-adds
    /// in each.
    let isFaster (sums: CorrelationSums<float32>) =
        let axes = sums.Axes

        isFor axes
        && (let examples, lanes = float axes[0].Places, float Lanes
            let m, channels = float sums.Outputs, float sums.Channels
            let tiles = examples * float (tall axes * wide axes)
            let places = examples * float axes[2].Places * float axes[3].Places
            let direct = float (Taps * Taps) * places * m * channels / lanes / 0.75
            let products = float Planes * ceil (tiles / lanes) * m * channels / 0.9
            // Those of kernels go through memory, or are kept.
            let kernels = if isNull sums.Packing then 200.0 * m * channels else 0.0
            let transforms = tiles * (40.0 * channels + 25.0 * m) + kernels

            hasRoom sums.Groups sums.Outputs sums.Channels && products + transforms < direct)

    /// Where the transformed kernels are: plane by plane, in panels of eight rows, of all channels in order, so that products read memory
    /// from end to end. The planes are a little apart: powers of two would share a few places of the cache.
    let private panelOf channels = channels * BroadRows
    let private planeOf panels channels = panels * panelOf channels + Lanes

    let private transform (sums: CorrelationSums<float32>) (into: float32[]) =
        let groups, m, channels = sums.Groups, sums.Outputs, sums.Channels
        let target = (targets sums.Axes)[0]
        let stretches = KernelPanels.stretches (sums.Kernel 0) channels target
        // The transposed convolution meets its kernels from their ends on.
        let first, step =
            if (Array.head target.Taps[3]).Shift = 0 then
                0, BroadRows
            else
                (Taps * Taps - 1) * BroadRows, -BroadRows

        let panels, kernel = partsOf m BroadRows, Taps * Taps * BroadRows

        Strided.ranges (groups * panels) (int64 groups * int64 m * int64 channels * 9L) (fun from last ->
            let panel = ArrayPool<float32>.Shared.Rent(channels * kernel)

            for n in from .. last - 1 do
                let g, i = n / panels, n % panels * BroadRows
                KernelPanels.panel (sums.Kernel g) sums.RowStep i (min m (i + BroadRows)) stretches panel 0

                for c in 0 .. channels - 1 do
                    let place =
                        g * Planes * planeOf panels channels + n % panels * panelOf channels + c * BroadRows

                    transformKernels panel (c * kernel + first) step into place (planeOf panels channels)

            ArrayPool<float32>.Shared.Return panel)

    /// Channels of a block of the product, whose panel stays in the first-level cache.
    [<Literal>]
    let private Depth = 256

    /// c (`panels` of eight rows of `width`) <- a b, with a in panels `apart` from each other, and the k rows of b `pitch` apart.
    let private product panels k (a: float32[]) a0 apart (b: float32[]) b0 pitch (c: float32[]) c0 width =
        optimised ()
        let w, p, v = nativeint width, nativeint pitch, nativeint Lanes

        for first in 0..Depth .. k - 1 do
            let depth, add = min Depth (k - first), first > 0
            let mutable j = 0

            while j < width do
                // Three vectors at a time, and four as two and two.
                let left = (width - j) / Lanes
                let vectors = if left = 4 then 2 else min 3 left
                let y = &at b (b0 + first * pitch + j)

                for i in 0 .. panels - 1 do
                    let x = &at a (a0 + i * apart + first * BroadRows)
                    let z = &at c (c0 + i * BroadRows * width + j)

                    if vectors = 3 then
                        broadTile depth &x 1n (nativeint BroadRows) &y 0n (fun ib _ -> ib + p) &z w add &x 0n
                    elif vectors = 2 then
                        lowTile depth &x 1n (nativeint BroadRows) &y 0n (fun ib _ -> ib + p) v &z w add
                    else
                        slimTile depth &x 1n (nativeint BroadRows) &y 0n (fun ib _ -> ib + p) &z w add

                j <- j + vectors * Lanes

    /// Copies a channel's sums, in four lines of all tiles, to where they belong.
    let private writeBlock
        (axes: CorrelationAxis[])
        (runs: TileRun[])
        (sums: float32[])
        start
        pitch
        into
        channel
        =
        let down, along = axes[2], axes[3]

        for r in 0 .. runs.Length - 1 do
            let run = runs[r]
            let top, left = Outputs * run.Row, Outputs * run.Column
            let width = min (Outputs * run.Count) (along.Places - left)
            let corner = into.Offset + channel * into.Channel + run.Example * into.Steps[0] + left

            for i in 0 .. min Outputs (down.Places - top) - 1 do
                Lines.copy
                    width
                    &sums[start + i * pitch + Outputs * run.Tile]
                    &into.Items[corner + (top + i) * into.Steps[2]]

    /// As Correlation.run, into targets whose lines are contiguous.
    let run (sums: CorrelationSums<float32>) =
        let axes, groups, m, channels = sums.Axes, sums.Groups, sums.Outputs, sums.Channels
        let tall, wide = tall axes, wide axes
        let down: TileAxis = { First = axes[2].First; Size = axes[2].Size }
        let along: TileAxis = { First = axes[3].First; Size = axes[3].Size }
        let tiles = axes[0].Places * tall * wide
        let vectors, panels = partsOf tiles Lanes, partsOf m BroadRows
        let elements = workLength (int64 groups * int64 Planes * int64 (planeOf panels channels))
        let kernels = KernelPanels.kept sums true elements (transform sums)
        let workers = Workers.count ()

        // Blocks are to occupy all cores. Their planes are to stay in the second-level cache; but where the kernels don't fit there, they
        // are read anew for each block, and blocks as large as the third-level cache allows are better.
        let most =
            let cache = if elements * sizeof<float32> <= 4_194_304 then 1_048_576 else 8_388_608
            max 3 (min 12 (cache / (Planes * (channels + m) * Lanes * sizeof<float32>)))

        let blocks =
            match partsOf vectors most with
            | few when few < 8 * workers -> min vectors (partsOf few workers * workers)
            | many -> many

        // Where blocks are few, their kernels are shared among the cores, too.
        let parts = min panels (max 1 (workers / (groups * blocks)))
        let work = int64 groups * int64 tiles * int64 Planes * int64 m * int64 channels

        Strided.ranges (groups * blocks * parts) (work / 16L) (fun first last ->
            let longest = Lanes * partsOf vectors blocks
            let rent (elements: int) = Panels.rent<float32> elements

            let struct (data, data0) =
                rent (workLength (int64 Planes * int64 (channels * (longest + Lanes) + Lanes) + int64 Lanes))

            let rows = BroadRows * partsOf panels parts

            let struct (products, products0) =
                rent (workLength (int64 Planes * int64 (rows * longest + Lanes)))

            let struct (results, results0) = rent (Outputs * Outputs * longest)
            let struct (buffer, buffer0) = rent (Inputs * LinePitch)

            for item in first .. last - 1 do
                let part, block, g = item % parts, item / parts % blocks, item / parts / blocks
                let bound b = Lanes * int (int64 vectors * int64 b / int64 blocks)
                let start, width = bound block, bound (block + 1) - bound block
                let runs = WinogradTiles.runs tall wide start (min tiles (start + width))
                let lines = WinogradTiles.lines Inputs along runs
                let source, into = sums.Source g, sums.Target g
                // Vectors write a little behind the last tile.
                let pitch = width + Lanes
                let dataPlane = channels * pitch + Lanes

                for c in 0 .. channels - 1 do
                    for l in lines do
                        WinogradTiles.fill Inputs down along l source c buffer buffer0
                        transformData buffer buffer0 l.Order data (data0 + c * pitch + l.Tile) dataPlane

                let top, bottom = panels * part / parts, panels * (part + 1) / parts
                let plane = (bottom - top) * BroadRows * width + Lanes

                for n in 0 .. Planes - 1 do
                    product
                        (bottom - top)
                        channels
                        kernels
                        ((g * Planes + n) * planeOf panels channels + top * panelOf channels)
                        (panelOf channels)
                        data
                        (data0 + n * dataPlane)
                        pitch
                        products
                        (products0 + n * plane)
                        width

                let above = top * BroadRows

                for row in 0 .. min m (bottom * BroadRows) - above - 1 do
                    for t in 0..Lanes .. width - 1 do
                        transformSums
                            products
                            (products0 + row * width + t)
                            plane
                            results
                            (results0 + Outputs * t)
                            (Outputs * width)

                    writeBlock axes runs results results0 (Outputs * width) into (above + row)

            ArrayPool<float32>.Shared.Return data
            ArrayPool<float32>.Shared.Return products
            ArrayPool<float32>.Shared.Return results
            ArrayPool<float32>.Shared.Return buffer)

        KernelPanels.release sums kernels
