namespace Cotangent.Engines

// The transformed kernels of Winograd's convolutions, in the panels that products read (see WinogradProducts.fs).

open System.Buffers
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.BroadTile
open Cotangent.Engines.WinogradProducts
open Cotangent.Engines.WinogradVectors
open Cotangent.Inlined // in place of functions of Array and List

module internal WinogradPanels =

    /// As many channels' kernels are put side by side at a time, eight by eight, as transforms read them: they stay in a core's cache until then.
    [<Literal>]
    let Most = 64

    /// About as many, so that blocks are alike.
    let evenly channels = partsOf channels (partsOf channels Most)

    /// The elements of eight kernels.
    [<Literal>]
    let private Eight = 72 // BroadRows * Taps * Taps

    /// What transforms a panel of a group's kernels for `count` channels from `first` on, which are a block: into which array, and from which
    /// place on.
    type Transform =
        delegate of group: int * panel: int * first: int * count: int * into: float32[] * start: int -> unit

    /// Transforms for panels of such planes. Blocks are of `most` channels at a time, and the last ones.
    let transform (size: TileSize) (sums: CorrelationSums<float32>) (p: KernelPlanes) most : Transform =
        let m, channels, rows, plane = sums.Outputs, sums.Channels, p.Rows, p.Length
        let target = (targets sums.Axes)[0]
        let stretches count = KernelPanels.stretches (sums.Kernel 0) count target
        let whole, rest = stretches (min most channels), stretches (channels % most)
        // The transposed convolution meets its kernels from their ends on.
        let isForward = (Array.head target.Taps[3]).Shift = 0
        let beginning, step = if isForward then 0, BroadRows else Eight - BroadRows, -BroadRows

        Transform(fun g panel first count into start ->
            let kernel, top, bottom = sums.Kernel g, panel * rows, min m (panel * rows + rows)
            let eights = ArrayPool<float32>.Shared.Rent(rows * most * Taps * Taps)

            for from in first..most .. first + count - 1 do
                let some = min most (first + count - from)
                let kernel = { kernel with Offset = kernel.Offset + from * kernel.Channel }
                let stretches = if some = most then whole else rest

                for row in top..BroadRows .. bottom - 1 do
                    let eight = (row - top) / BroadRows * some * Eight

                    KernelPanels.panel
                        BroadRows
                        kernel
                        sums.RowStep
                        row
                        (min m (row + BroadRows))
                        stretches
                        eights
                        eight

                // Channel by channel, so that lines of the caches are written at once.
                for c in 0 .. some - 1 do
                    for row in 0..BroadRows .. bottom - top - 1 do
                        let eight = (row / BroadRows * some + c) * Eight + beginning
                        let place = start + (from - first + c) * rows + row

                        match size with
                        | TileSize.Two ->
                            WinogradSmallTransforms.transformKernels eights eight step into place plane
                        | TileSize.Four ->
                            WinogradTransforms.transformKernels eights eight step into place plane

            ArrayPool<float32>.Shared.Return eights)

    /// The kernels that will be transformed, `count` from `row` on for the channels from `first` on: one after the other, or, where they are
    /// neighbours, all of them for each channel.
    let ahead (sums: CorrelationSums<float32>) g row count first : Fetching =
        let kernel, rows = sums.Kernel g, min count (sums.Outputs - row)
        let areNeighbours = abs sums.RowStep < abs kernel.Channel

        {
            Items = kernel.Items
            First = kernel.Offset + row * sums.RowStep + first * kernel.Channel
            Step = kernel.Channel
            Rows = if areNeighbours then partsOf (rows * sums.RowStep) CacheLine else rows
            Apart = if areNeighbours then CacheLine else sums.RowStep
        }

    /// The planes of all kernels, group after group.
    let transformAll
        (size: TileSize)
        (sums: CorrelationSums<float32>)
        (p: KernelPlanes)
        (into: float32[])
        start
        =
        let transform, most = transform size sums p Most, depth ()
        let work = int64 sums.Groups * int64 sums.Outputs * int64 sums.Channels * int64 (Taps * Taps)

        Strided.ranges (sums.Groups * p.Panels) work (fun from last ->
            for n in from .. last - 1 do
                let g, panel = n / p.Panels, n % p.Panels

                for first in 0..most .. p.Channels - 1 do
                    let count = min most (p.Channels - first)
                    let start = start + g * size.Planes * p.Length + p.At(panel, first, count)
                    transform.Invoke(g, panel, first, count, into, start))
