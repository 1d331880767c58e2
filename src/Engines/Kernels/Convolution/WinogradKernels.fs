namespace Cotangent.Engines

// The kernels' cotangents of convolutions by 3 × 3 (see WinogradTransforms.fs): each of the 36 elements of the transformed kernels is a
// product of matrices, cotangents by tiles times tiles by channels.

open System
open System.Buffers
open System.Numerics.Tensors
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.WinogradTransforms
open Cotangent.Inlined // in place of functions of Array and List

module internal WinogradKernels =

    /// Whether it takes less time than sums of products do (see Winograd.isFaster).
    let isFaster (w: Windows) groups (x: HostBuffer<float32>) (y: HostBuffer<float32>) =
        let axes = axes forward x.Shape[0] w

        Winograd.isFor axes
        && (let examples, lanes = float axes[0].Places, float Lanes
            let m, channels = float (y.Shape[1] / groups), float (x.Shape[1] / groups)
            let tiles = examples * float (Winograd.tall axes * Winograd.wide axes)
            let places = examples * float axes[2].Places * float axes[3].Places
            let direct = float (Taps * Taps) * places * m * channels / lanes / 0.6
            let products = float Planes * tiles * m * channels / lanes / 0.8
            let transforms = tiles * (60.0 * channels + 60.0 * m) + 60.0 * m * channels
            Winograd.hasRoom 1 (y.Shape[1] / groups) (x.Shape[1] / groups) && products + transforms < direct)

    /// Elements of the transforms that are made at a time: as many as a third-level cache holds beside the products.
    [<Literal>]
    let private Most = 2_097_152

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
        let tall, wide = Winograd.tall axes, Winograd.wide axes
        let down: TileAxis = { First = axes[2].First; Size = axes[2].Size }
        let along: TileAxis = { First = axes[3].First; Size = axes[3].Size }
        let downSums: TileAxis = { First = 0; Size = axes[2].Places }
        let alongSums: TileAxis = { First = 0; Size = axes[3].Places }
        let tiles = axes[0].Places * tall * wide
        let vectors = partsOf tiles Lanes
        let parts = partsOf vectors (max 6 (Most / (Planes * (channels + m) * Lanes)))
        let bound part = min tiles (Lanes * int (int64 vectors * int64 part / int64 parts))
        let pitch = Lanes * (partsOf vectors parts + 1)
        let plane = m * channels
        // Planes that are powers of two apart would share a few places of the cache.
        let dataPlane, factorPlane = channels * pitch + Lanes, m * pitch + Lanes
        let struct (data, data0) = Panels.rent<float32>(Planes * dataPlane)
        let struct (factors, factors0) = Panels.rent<float32>(Planes * factorPlane)

        /// The products of a part's planes.
        let products part (sums: float32[]) =
            let start, count = bound part, bound (part + 1) - bound part
            let runs = WinogradTiles.runs tall wide start (start + count)
            let lines = WinogradTiles.lines Inputs along runs
            let lines' = WinogradTiles.lines Outputs alongSums runs

            Strided.ranges
                (channels + m)
                (int64 (channels + m) * int64 count * int64 Planes)
                (fun first last ->
                    let struct (buffer, buffer0) = Panels.rent<float32>(Inputs * LinePitch)

                    for n in first .. last - 1 do
                        if n < channels then
                            for l in lines do
                                WinogradTiles.fill Inputs down along l source n buffer buffer0
                                let start = data0 + n * pitch + l.Tile
                                transformData buffer buffer0 l.Order data start dataPlane
                        else
                            let o = n - channels

                            for l in lines' do
                                WinogradTiles.fill Outputs downSums alongSums l cotangents o buffer buffer0
                                let start = factors0 + o * pitch + l.Tile
                                transformCotangents buffer buffer0 l.Order factors start factorPlane

                    ArrayPool<float32>.Shared.Return buffer)

            let work = int64 Planes * int64 count * int64 plane

            Strided.ranges Planes (work / 16L) (fun first last ->
                for n in first .. last - 1 do
                    MatMul.float32
                        m
                        channels
                        count
                        {
                            Data = factors
                            Offset = factors0 + n * factorPlane
                            RowStride = pitch
                            ColStride = 1
                        }
                        { Data = data; Offset = data0 + n * dataPlane; RowStride = 1; ColStride = pitch }
                        sums
                        (n * plane))

        let rec over first last (sums: float32[]) =
            if last - first = 1 then
                products first sums
            else
                let next = if last - first <= PartsInOrder then last - 1 else (first + last) / 2
                over first next sums
                let length = Planes * plane
                let second = ArrayPool<float32>.Shared.Rent(length + Lanes)
                over next last second
                TensorPrimitives.Add(sums.AsSpan(0, length), second.AsSpan(0, length), sums.AsSpan(0, length))
                ArrayPool<float32>.Shared.Return second

        let sums = ArrayPool<float32>.Shared.Rent(Planes * plane + Lanes)
        over 0 parts sums

        Strided.ranges (partsOf plane Lanes) (int64 plane * 9L) (fun from last ->
            let kernels = ArrayPool<float32>.Shared.Rent(Taps * Taps * Lanes)

            for n in from .. last - 1 do
                transformKernelSums sums (n * Lanes) plane kernels 0

                for lane in 0 .. min Lanes (plane - n * Lanes) - 1 do
                    for tap in 0 .. Taps * Taps - 1 do
                        into[first + (n * Lanes + lane) * Taps * Taps + tap] <- kernels[tap * Lanes + lane]

            ArrayPool<float32>.Shared.Return kernels)

        ArrayPool<float32>.Shared.Return data
        ArrayPool<float32>.Shared.Return factors
        ArrayPool<float32>.Shared.Return sums

    /// As KernelSums.kernel.
    let kernel (w: Windows) groups (x: HostBuffer<float32>) (y: HostBuffer<float32>) : HostBuffer =
        let axes = axes forward x.Shape[0] w
        let m, channels = y.Shape[1] / groups, x.Shape[1] / groups
        let result = Strided.fresh<float32> x.DType (Array.append [| y.Shape[1]; channels |] w.Size)

        for g in 0 .. groups - 1 do
            let first = g * m * channels * Taps * Taps
            group axes m channels (channelsOf x (g * channels)) (channelsOf y (g * m)) result.Items first

        result
