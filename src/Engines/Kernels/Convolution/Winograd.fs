namespace Cotangent.Engines

// Convolutions of kernels of 3 × 3 by Winograd's algorithm (see WinogradTransforms.fs): with the transforms of all tiles and of all kernels,
// each of the 36 or 16 elements of the transformed sums is a product of matrices, kernels by channels times channels by tiles. Blocks of
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
    let tall (size: TileSize) (axes: CorrelationAxis[]) = partsOf axes[2].Places size.Outputs
    let wide (size: TileSize) (axes: CorrelationAxis[]) = partsOf axes[3].Places size.Outputs

    /// As many elements as transformed kernels may take.
    [<Literal>]
    let private MostElements = 67_108_864.0

    /// Whether so many kernels are not too many to be transformed.
    let hasRoom (size: TileSize) groups m channels =
        float groups * float m * float channels * float size.Planes <= MostElements

    /// The tiles that take less time than sums of products do, and less than the others, if any do: by what was measured of each step, in
    /// cycles, with a vector of multiply-adds in each.
    let faster (sums: CorrelationSums<float32>) : TileSize voption =
        let axes, lanes = sums.Axes, float Lanes
        let m, channels = float sums.Outputs, float sums.Channels
        let examples = float axes[0].Places

        let direct =
            let places = examples * float axes[2].Places * float axes[3].Places
            float (Taps * Taps) * places * m * channels / lanes / 0.75

        let cost (size: TileSize) =
            let tiles = examples * float (tall size axes * wide size axes)
            let products = float size.Planes * ceil (tiles / lanes) * m * channels / 0.9
            // Those of kernels go through memory, or are kept.
            let kernels = if isNull sums.Packing then 5.5 * float size.Planes * m * channels else 0.0
            let area = float (size.Outputs * size.Outputs)
            products + kernels + tiles * (8.0 + 2.0 * area) * channels + tiles * (5.0 + 1.25 * area) * m

        if isFor axes then
            let sizes =
                [ TileSize.Four; TileSize.Two ]
                |> List.filter (fun size ->
                    hasRoom size sums.Groups sums.Outputs sums.Channels && cost size < direct)

            if sizes.IsEmpty then ValueNone else ValueSome(List.minBy cost sizes)
        else
            ValueNone

    /// Channels of a block of the product, whose panel stays in the first-level cache.
    [<Literal>]
    let private Depth = 256

    /// Where the transformed kernels are: plane by plane, block by block of channels, in panels of eight rows, so that products read memory
    /// from end to end. The planes are a little apart: powers of two would share a few places of the cache.
    let private planeOf panels channels = panels * channels * BroadRows + Lanes

    /// Where in its plane the elements of a panel are that belong to a block of so many channels from `first` on.
    let inline private blockOf panels panel first depth = (first * panels + panel * depth) * BroadRows

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

        let panels, kernel = partsOf m BroadRows, Taps * Taps * BroadRows

        Strided.ranges (groups * panels) (int64 groups * int64 m * int64 channels * 9L) (fun from last ->
            let panel = ArrayPool<float32>.Shared.Rent(channels * kernel)

            for n in from .. last - 1 do
                let g, i = n / panels, n % panels * BroadRows
                KernelPanels.panel (sums.Kernel g) sums.RowStep i (min m (i + BroadRows)) stretches panel 0

                for c in 0 .. channels - 1 do
                    let block = c / Depth * Depth
                    let depth = min Depth (channels - block)
                    let inPlane = blockOf panels (n % panels) block depth + (c - block) * BroadRows
                    let plane, place' = planeOf panels channels, c * kernel + first
                    let place = g * size.Planes * plane + inPlane

                    match size with
                    | TileSize.Two ->
                        WinogradSmallTransforms.transformKernels panel place' step into place plane
                    | TileSize.Four -> WinogradTransforms.transformKernels panel place' step into place plane

            ArrayPool<float32>.Shared.Return panel)

    /// c (`panels` of eight rows of `width`) <- a b, with a in some panels of a plane, from `top` on, of `all` that it has, and the k rows of b
    /// `pitch` apart.
    let private product panels top all k (a: float32[]) a0 (b: float32[]) b0 pitch (c: float32[]) c0 width =
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
                    let x = &at a (a0 + blockOf all (top + i) first depth)
                    let z = &at c (c0 + i * BroadRows * width + j)

                    if vectors = 3 then
                        broadTile depth &x 1n (nativeint BroadRows) &y 0n (fun ib _ -> ib + p) &z w add &x 0n
                    elif vectors = 2 then
                        lowTile depth &x 1n (nativeint BroadRows) &y 0n (fun ib _ -> ib + p) v &z w add
                    else
                        slimTile depth &x 1n (nativeint BroadRows) &y 0n (fun ib _ -> ib + p) &z w add

                j <- j + vectors * Lanes

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

    /// As Correlation.run, into targets whose lines are contiguous.
    let run (size: TileSize) (sums: CorrelationSums<float32>) =
        let outputs, inputs, planes = size.Outputs, size.Inputs, size.Planes
        let axes, groups, m, channels = sums.Axes, sums.Groups, sums.Outputs, sums.Channels
        let tall, wide = tall size axes, wide size axes
        let down: TileAxis = { First = axes[2].First; Size = axes[2].Size; Apart = outputs }
        let along: TileAxis = { First = axes[3].First; Size = axes[3].Size; Apart = outputs }
        let tiles = axes[0].Places * tall * wide
        let vectors, panels = partsOf tiles Lanes, partsOf m BroadRows
        let elements = workLength (int64 groups * int64 planes * int64 (planeOf panels channels))
        let kernels = KernelPanels.kept sums (ValueSome size) elements (transform size sums)
        let workers = Workers.count ()

        // Blocks are to occupy all cores. Their planes are to stay in the second-level cache; but where the kernels don't fit there, they
        // are read anew for each block, and blocks as large as the third-level cache allows are better.
        let most =
            let cache = if elements * sizeof<float32> <= 4_194_304 then 1_048_576 else 8_388_608
            max 3 (min 12 (cache / (planes * (channels + m) * Lanes * sizeof<float32>)))

        let blocks =
            match partsOf vectors most with
            | few when few < 8 * workers -> min vectors (partsOf few workers * workers)
            | many -> many

        // Where blocks are few, their kernels are shared among the cores, too.
        let parts = min panels (max 1 (workers / (groups * blocks)))
        let work = int64 groups * int64 tiles * int64 planes * int64 m * int64 channels

        Strided.ranges (groups * blocks * parts) (work / 16L) (fun first last ->
            let longest = Lanes * partsOf vectors blocks
            let rent (elements: int) = Panels.rent<float32> elements

            let struct (data, data0) =
                rent (workLength (int64 planes * int64 (channels * (longest + Lanes) + Lanes) + int64 Lanes))

            let rows = BroadRows * partsOf panels parts

            let struct (products, products0) =
                rent (workLength (int64 planes * int64 (rows * longest + Lanes)))

            let struct (results, results0) = rent (outputs * outputs * longest)
            let struct (buffer, buffer0) = rent (inputs * LinePitch)

            for item in first .. last - 1 do
                let part, block, g = item % parts, item / parts % blocks, item / parts / blocks
                let bound b = Lanes * int (int64 vectors * int64 b / int64 blocks)
                let start, width = bound block, bound (block + 1) - bound block
                let runs = WinogradTiles.runs tall wide start (min tiles (start + width))
                let lines = WinogradTiles.lines inputs along runs
                let source, into = sums.Source g, sums.Target g
                // An odd number of vectors: rows that are powers of two apart would share a few places of the cache. Vectors write a little
                // behind the last tile, where the next row comes later.
                let pitch = (width / Lanes ||| 1) * Lanes
                let dataPlane = channels * pitch + Lanes

                for c in 0 .. channels - 1 do
                    for l in lines do
                        WinogradTiles.fill inputs down along l source c buffer buffer0
                        let place = data0 + c * pitch + l.Tile

                        match size with
                        | TileSize.Two ->
                            WinogradSmallTransforms.transformData buffer buffer0 l.Order data place dataPlane
                        | TileSize.Four ->
                            WinogradTransforms.transformData buffer buffer0 l.Order data place dataPlane

                let top, bottom = panels * part / parts, panels * (part + 1) / parts
                let plane = (bottom - top) * BroadRows * width + Lanes

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
