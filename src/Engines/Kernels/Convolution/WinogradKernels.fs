namespace Cotangent.Engines

// The kernels' cotangents of convolutions by 3 × 3 (see WinogradTransforms.fs): each of the 36 elements of the transformed kernels is a
// product of matrices, cotangents by tiles times tiles by channels.

open System
open System.Buffers
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.WinogradProducts
open Cotangent.Engines.WinogradTransforms
open Cotangent.Engines.WinogradVectors
open Cotangent.Inlined // in place of functions of Array and List

module internal WinogradKernels =

    /// Of tiles of 4 × 4.
    [<Literal>]
    let private Outputs = 4

    [<Literal>]
    let private Inputs = 6

    [<Literal>]
    let private Planes = 36

    /// So many kernels have their sums in the caches.
    [<Literal>]
    let private MostKept = 131_072.0

    /// Whether it takes less time than sums of products do (see WinogradChoice.faster).
    let isFaster (w: Windows) groups (x: HostBuffer<float32>) (y: HostBuffer<float32>) =
        let axes = axes forward x.Shape[0] w

        WinogradChoice.isFor axes
        && (let isWide = Vector512.IsHardwareAccelerated
            let outputs, inputs = y.Shape[1] / groups, x.Shape[1] / groups
            let m, channels = float outputs, float inputs
            let cycles form = form w x.Shape[0] outputs inputs
            let sums = cycles KernelSums.cycles<float32>
            let direct = if isWide then min sums (cycles KernelProducts.cycles<float32>) else sums

            let tiles = float (WinogradChoice.tiles TileSize.Four axes)
            // Tiles of products have whole vectors of 512 bits, or two of 256, of which one begins in a cycle: so they were measured.
            let products = float Planes * tiles * m * ceil (channels / 16.0) / 0.8
            // The sums of all planes go through memory where they are too many for the caches.
            let kernels = (if m * channels <= MostKept then 80.0 else 140.0) * m * channels
            let perEight part = WinogradTiles.linesPerEight (part TileSize.Four axes[3])

            let transforms =
                tiles * 30.0 * (perEight WinogradTiles.inputs * channels + perEight WinogradTiles.outputs * m)
                + kernels

            let cost = 4e4 + (if isWide then 1.0 else 1.4) * (products + transforms)
            WinogradChoice.hasRoom TileSize.Four 1 outputs inputs && cost < direct)

    /// Elements of the transforms that are made at a time, as many as a core's caches hold, and lines of the caches that tiles fill at
    /// least, so that products are worth their packing.
    [<Literal>]
    let private Most = 524_288

    [<Literal>]
    let private Fewest = 6

    /// Shares, which different cores may sum up, and elements of all their sums.
    [<Literal>]
    let private MostShares = 4

    [<Literal>]
    let private MostSums = 20_000_000

    /// Parts that are added up one after the other; from there on, sums are taken in halves (see Reduce).
    [<Literal>]
    let private PartsInOrder = 32

    /// w[o, c] (`into`, of m rows and `channels` columns, nine elements each) for a group: `source` are the channels of x, `cotangents` those
    /// of y.
    let private group
        (axes: CorrelationAxis[])
        m
        channels
        (source: Placement<float32>)
        (cotangents: Placement<float32>)
        (into: float32[])
        first
        =
        let ofInputs, ofOutputs = WinogradTiles.inputs TileSize.Four, WinogradTiles.outputs TileSize.Four
        let down, along = ofInputs axes[2], ofInputs axes[3]
        let downSums, alongSums = ofOutputs axes[2], ofOutputs axes[3]
        let tiles = axes[0].Places * down.Count * along.Count
        let lines = partsOf tiles CacheLine
        // Planes that are powers of two apart would share a few places of the cache.
        let kernels, plane = m * channels, m * channels + CacheLine
        let length = Planes * plane

        // Both depend on shapes alone, and with them the order of the sums.
        let parts =
            let few = partsOf lines (max Fewest (Most / (Planes * (channels + m) * CacheLine)))
            if few = 1 then 1 else min lines (partsOf few MostShares * MostShares)

        let shares = min parts (max 1 (min MostShares (MostSums / length)))
        let bound part = min tiles (CacheLine * int (int64 lines * int64 part / int64 parts))
        let pitch = CacheLine * (partsOf lines parts + 1)
        let dataPlane, factorPlane = channels * pitch + CacheLine, m * pitch + CacheLine

        // What a core transforms, it multiplies: caches of different cores are far from each other.
        let each items (work: int64) body =
            if shares >= Workers.count () then body 0 items else Strided.ranges items work body

        /// The products of a part's planes, whose transforms are made in `data` and `factors`.
        let products
            struct (data: float32[], data0)
            struct (factors: float32[], factors0)
            part
            (sums: float32[])
            =
            let start, count = bound part, bound (part + 1) - bound part
            let runs = WinogradTiles.runs down.Count along.Count start (start + count)
            let lines = WinogradTiles.lines down along source.Steps runs
            let lines' = WinogradTiles.lines downSums alongSums cotangents.Steps runs

            each (channels + m) (int64 (channels + m) * int64 count * int64 Planes) (fun first last ->
                let struct (buffer, buffer0) = Panels.rent<float32>(Inputs * LinePitch)

                for n in first .. last - 1 do
                    if n < channels then
                        for l in lines do
                            let start = data0 + n * pitch + l.Tile

                            WinogradTiles.transform down l source n buffer buffer0 (fun x from v ->
                                transformData x from v buffer buffer0 data start dataPlane)
                    else
                        let o = n - channels

                        for l in lines' do
                            let start = factors0 + o * pitch + l.Tile

                            WinogradTiles.transform downSums l cotangents o buffer buffer0 (fun x from v ->
                                transformCotangents x from v buffer buffer0 factors start factorPlane)

                ArrayPool<float32>.Shared.Return buffer)

            each Planes (int64 length * int64 count / 16L) (fun first last ->
                for n in first .. last - 1 do
                    let a = {
                        Data = factors
                        Offset = factors0 + n * factorPlane
                        RowStride = pitch
                        ColStride = 1
                    }

                    let b = { Data = data; Offset = data0 + n * dataPlane; RowStride = 1; ColStride = pitch }
                    MatMul.float32 m channels count a b sums (n * plane))

        let rec over products first last (sums: float32[]) =
            if last - first = 1 then
                products first sums
            else
                let next = if last - first <= PartsInOrder then last - 1 else (first + last) / 2
                over products first next sums
                let second = ArrayPool<float32>.Shared.Rent length
                over products next last second

                RowMath.Add(
                    ReadOnlySpan(sums, 0, length),
                    ReadOnlySpan(second, 0, length),
                    sums.AsSpan(0, length)
                )

                ArrayPool<float32>.Shared.Return second

        let results = Array.init shares (fun _ -> ArrayPool<float32>.Shared.Rent length)

        let share n =
            let struct (data, _) as forData =
                Panels.rent<float32>(workLength (int64 Planes * int64 dataPlane))

            let struct (factors, _) as forFactors =
                Panels.rent<float32>(workLength (int64 Planes * int64 factorPlane))

            over (products forData forFactors) (parts * n / shares) (parts * (n + 1) / shares) results[n]
            ArrayPool<float32>.Shared.Return data
            ArrayPool<float32>.Shared.Return factors

        Strided.ranges shares (int64 length * int64 tiles / 16L) (fun first last ->
            for n in first .. last - 1 do
                share n)

        let sums = results[0]

        Strided.ranges Planes (int64 length * int64 (shares - 1)) (fun first last ->
            let start, count = first * plane, (last - first) * plane

            for n in 1 .. shares - 1 do
                let into = sums.AsSpan(start, count)
                RowMath.Add(Span.op_Implicit into, ReadOnlySpan(results[n], start, count), into))

        Strided.ranges (partsOf kernels Lanes) (int64 kernels * 9L) (fun from last ->
            let taps = ArrayPool<float32>.Shared.Rent(Taps * Taps * Lanes)

            for n in from .. last - 1 do
                transformKernelSums sums (n * Lanes) plane taps 0

                for lane in 0 .. min Lanes (kernels - n * Lanes) - 1 do
                    for tap in 0 .. Taps * Taps - 1 do
                        into[first + (n * Lanes + lane) * Taps * Taps + tap] <- taps[tap * Lanes + lane]

            ArrayPool<float32>.Shared.Return taps)

        for result in results do
            ArrayPool<float32>.Shared.Return result

    /// As KernelSums.kernel.
    let kernel (w: Windows) groups (x: HostBuffer<float32>) (y: HostBuffer<float32>) : HostBuffer =
        let axes = axes forward x.Shape[0] w
        let m, channels = y.Shape[1] / groups, x.Shape[1] / groups
        let result = Strided.fresh<float32> x.DType (Array.append [| y.Shape[1]; channels |] w.Size)

        for g in 0 .. groups - 1 do
            let first = g * m * channels * Taps * Taps
            group axes m channels (channelsOf x (g * channels)) (channelsOf y (g * m)) result.Items first

        result
