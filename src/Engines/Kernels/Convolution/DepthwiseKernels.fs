namespace Cotangent.Engines

// The kernels' cotangents of depthwise convolutions, in which each group has one channel: w[o, k] = Σ y[n, o, i] x[n, c, i s + k d - b].
// There is no product of matrices in it. y is laid out as x's image is (see CorrelationImage.fs), with zeros where that has no places of
// the result, and each element of the kernel is the product of two runs of memory.

open System
open System.Buffers
open System.Numerics
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Engines.BroadTile
open Cotangent.Inlined // in place of functions of Array and List

module internal DepthwiseKernels =

    /// Places of a block, whose image and results stay in the first-level cache.
    [<Literal>]
    let private Places = 2048

    /// Taps whose sums are taken at a time: as many as hide the latency of a multiply-add.
    [<Literal>]
    let private TapsAtOnce = 5

    /// The products of n vectors of y with the runs of five taps.
    let inline private wideDots n (y: byref<'T>) (x: byref<'T>) (table: nativeint[]) tap (sums: 'T[]) =
        let last = table.Length - 1
        let t0, t1 = at table tap, at table (min last (tap + 1))
        let t2, t3 = at table (min last (tap + 2)), at table (min last (tap + 3))
        let t4 = at table (min last (tap + 4))
        let mutable x0 = Vector512<'T>.Zero
        let mutable x1 = Vector512<'T>.Zero
        let mutable x2 = Vector512<'T>.Zero
        let mutable x3 = Vector512<'T>.Zero
        let mutable x4 = Vector512<'T>.Zero

        for j in 0 .. n - 1 do
            let i = nativeint (j * Vector512<'T>.Count)
            let v = wideLoad &y i
            let z = &item &x i
            wideAccumulate &x0 v (wideLoad &z t0)
            wideAccumulate &x1 v (wideLoad &z t1)
            wideAccumulate &x2 v (wideLoad &z t2)
            wideAccumulate &x3 v (wideLoad &z t3)
            wideAccumulate &x4 v (wideLoad &z t4)

        sums[0] <- Vector512.Sum x0
        sums[1] <- Vector512.Sum x1
        sums[2] <- Vector512.Sum x2
        sums[3] <- Vector512.Sum x3
        sums[4] <- Vector512.Sum x4

    let inline private dots n (y: byref<'T>) (x: byref<'T>) (table: nativeint[]) tap (sums: 'T[]) =
        let last = table.Length - 1
        let t0, t1 = at table tap, at table (min last (tap + 1))
        let t2, t3 = at table (min last (tap + 2)), at table (min last (tap + 3))
        let t4 = at table (min last (tap + 4))
        let mutable x0 = Vector<'T>.Zero
        let mutable x1 = Vector<'T>.Zero
        let mutable x2 = Vector<'T>.Zero
        let mutable x3 = Vector<'T>.Zero
        let mutable x4 = Vector<'T>.Zero

        for j in 0 .. n - 1 do
            let i = nativeint (j * Vector<'T>.Count)
            let v = load &y i
            let z = &item &x i
            accumulate &x0 v (load &z t0)
            accumulate &x1 v (load &z t1)
            accumulate &x2 v (load &z t2)
            accumulate &x3 v (load &z t3)
            accumulate &x4 v (load &z t4)

        sums[0] <- Vector.Sum x0
        sums[1] <- Vector.Sum x1
        sums[2] <- Vector.Sum x2
        sums[3] <- Vector.Sum x3
        sums[4] <- Vector.Sum x4

    /// Adds a block's sums to the totals, one for each tap.
    let private addBlock<'T when 'T :> INumber<'T>>
        vectors
        (y: 'T[])
        (x: 'T[])
        (table: nativeint[])
        (sums: 'T[])
        (totals: float[])
        =
        optimised ()

        for tap in 0..TapsAtOnce .. totals.Length - 1 do
            if Vector512.IsHardwareAccelerated then
                wideDots vectors &(at y 0) &(at x 0) table tap sums
            else
                dots vectors &(at y 0) &(at x 0) table tap sums

            for i in 0 .. min TapsAtOnce (totals.Length - tap) - 1 do
                totals[tap + i] <- totals[tap + i] + Double.CreateTruncating sums[i]

    /// Whether each group has one channel, and kernels too few for a product.
    let isFor groups (x: HostBuffer<'T>) (y: HostBuffer<'T>) = x.Shape[1] = groups && y.Shape[1] < 3 * groups

    /// As KernelSums.kernel.
    let kernel<'T when 'T :> INumber<'T>>
        (w: Windows)
        groups
        (x: HostBuffer<'T>)
        (y: HostBuffer<'T>)
        : HostBuffer =
        let outputs = y.Shape[1] / groups
        let result = Strided.fresh<'T> x.DType (Array.append [| y.Shape[1]; 1 |] w.Size)
        Array.Clear result.Items

        if not (Array.contains 0 result.Shape || Array.contains 0 x.Shape || Array.contains 0 y.Shape) then
            let axes = axes forward x.Shape[0] w
            let target = (targets axes)[0]
            let blocks = blocks axes Places
            let lanes = BroadTile.lanes<'T>()
            let places = blocks |> Array.map (flatPlaces axes >> ColumnProducts.up lanes)
            let tables = blocks |> Array.map (fun b -> table axes b 1 target)
            let origin = { channelsOf y 0 with Offset = 0 }
            let runs = blocks |> Array.map (fun b -> Patches.targetRuns axes b target true origin)
            let largest = blocks |> Seq.map (channelSize axes) |> Seq.max
            let products = int64 y.Shape[1] * int64 target.Count * Seq.sumBy int64 places

            Strided.ranges groups (products / 16L) (fun first last ->
                let rent (n: int) = ArrayPool<'T>.Shared.Rent n
                let pixels = rent (imageLength<'T> 1 largest)
                let ys = rent (Array.max places)
                let sums = rent TapsAtOnce
                let totals = Array.init outputs (fun _ -> Array.zeroCreate<float> target.Count)

                for g in first .. last - 1 do
                    let source = channelsOf x g

                    for total in totals do
                        Array.Clear total

                    for b in 0 .. blocks.Length - 1 do
                        image axes blocks[b] 1 source pixels

                        for o in 0 .. outputs - 1 do
                            Array.Clear(ys, 0, places[b])
                            Patches.gather runs[b] (channelsOf y (g * outputs + o)) 0 ys 0
                            addBlock (places[b] / lanes) ys pixels tables[b] sums totals[o]

                    for o in 0 .. outputs - 1 do
                        for tap in 0 .. target.Count - 1 do
                            result.Items[(g * outputs + o) * target.Count + tap] <-
                                'T.CreateTruncating((totals[o])[tap])

                ArrayPool<'T>.Shared.Return pixels
                ArrayPool<'T>.Shared.Return ys
                ArrayPool<'T>.Shared.Return sums)

        result
