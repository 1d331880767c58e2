namespace Cotangent.Engines

// The kernel of a convolution from x and y, as KernelSums.fs has it, for few channels and wide vectors.
//
// Vectors run along the elements of the kernel: for each place, the patch of x that it meets is a row of a matrix (im2row), and y's channels
// are put side by side. The result is a product again, outputs by places and places by elements. With vectors along channels (see
// KernelProducts.fs), few channels would leave them mostly empty.

open System
open System.Buffers
open System.Numerics
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.ColumnProducts
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.BroadTile
open Cotangent.Inlined // in place of functions of Array and List

module internal KernelPatches =

    /// Places at a time: sums are added to those of the places before.
    [<Literal>]
    let private Places = 256

    /// So many elements of a kernel have sums that stay in a core's cache.
    [<Literal>]
    let private MostElements = 512.0

    [<Literal>]
    let private MostOutputs = 64

    /// Cycles that it takes, by what was measured of each step: with a vector of multiply-adds in each at best; for a line of a patch, and for
    /// an element of y and of x.
    let private cycles<'T> (w: Windows) examples outputs channels =
        let places, elements =
            float examples * KernelParts.product w.Count, float channels * KernelParts.product w.Size

        let single = singles<'T>(int elements)
        let vectors = partsOf (int elements - single) Vector512<'T>.Count
        let rate = if vectors = 1 then 0.6 else 0.85
        let lines = elements / float w.Size[w.Size.Length - 1]
        let filled = float vectors + (if single > 0 then 0.25 else 0.0)
        let products = float (up BroadRows outputs) * filled / rate

        let image =
            float examples * float channels * KernelParts.product w.Full * float (partsOf outputs MostOutputs)

        image + places * (products + 3.0 * lines * float (partsOf outputs MostOutputs) + float outputs)

    /// Whether it takes less time than KernelSums and KernelProducts do.
    let isFaster (w: Windows) groups (x: HostBuffer<'T>) (y: HostBuffer<'T>) =
        let outputs, channels = y.Shape[1] / groups, x.Shape[1] / groups

        Vector512.IsHardwareAccelerated
        && w.Dilation[w.Dilation.Length - 1] = 1
        && float channels * KernelParts.product w.Size <= MostElements
        && cycles<'T> w x.Shape[0] outputs channels <
            min
                (KernelSums.cycles<'T> w x.Shape[0] outputs channels)
                (KernelProducts.cycles<'T> w x.Shape[0] outputs channels)

    let inline private copyVector (x: byref<'T>) (y: byref<'T>) =
        Vector256.StoreUnsafe(Vector256.LoadUnsafe &x, &y)

    /// Copies patches into rows `pitch` long: from `first` on, so many places `step` apart, each in lines of n elements which begin at `lines`.
    /// What whole vectors write behind the end of a line is overwritten by the next; behind the last row there must be room.
    let private patches count (image: 'T[]) first step (lines: int[]) n (rows: 'T[]) start pitch =
        optimised ()

        for i in 0 .. count - 1 do
            let s = &at image (first + i * step)
            let t = &at rows (start + i * pitch)

            if n <= Vector256<'T>.Count then
                for l in 0 .. lines.Length - 1 do
                    copyVector &(item &s (nativeint lines[l])) &(item &t (nativeint (l * n)))
            else
                for l in 0 .. lines.Length - 1 do
                    let mutable j = 0

                    while j < n do
                        copyVector &(item &s (nativeint (lines[l] + j))) &(item &t (nativeint (l * n + j)))
                        j <- j + Vector256<'T>.Count

    /// Adds the products of the last few columns, for which a vector would be mostly empty, to the sums of `panels` of eight outputs.
    let private addLast panels count (ys: 'T[]) y0 (rows: 'T[]) first pitch columns (sums: 'T[]) start =
        optimised ()
        let lanes = Vector<'T>.Count
        let b = &at rows first

        // A vector of outputs is a panel, or half of one: two of them at a time.
        for i in 0 .. 2 * lanes .. panels * BroadRows - 1 do
            let other =
                if lanes < BroadRows then lanes
                elif i + lanes < panels * BroadRows then count * BroadRows
                else 0

            uprightTile
                count
                &(at ys (y0 + i * count))
                (nativeint other)
                &b
                (fun p -> nativeint (p * pitch))
                columns
                &(at sums (start + i * pitch))
                (nativeint pitch)
                (nativeint (lanes * pitch))
                true

    let kernel<'T when 'T :> INumber<'T>> (w: Windows) groups (x: HostBuffer<'T>) (y: HostBuffer<'T>) =
        let outputs, channels = y.Shape[1] / groups, x.Shape[1] / groups
        let axes = axes forward x.Shape[0] w
        let target = (targets axes)[0]
        let taps = target.Count
        // The images of a convolution by steps of one, in which patches have whole lines.
        let steps = axes |> Array.map _.Step

        let plain = CorrelationImage.axes forward x.Shape[0] { w with Step = Array.create w.Step.Length 1 }

        let shifts =
            plain
            |> Array.map (fun axis ->
                let struct (_, taps) = axis.Targets[0]
                taps |> Array.map _.Shift)

        let blocks = blocks axes Places

        let regions: Block[] =
            blocks
            |> Array.map (fun b -> {
                Start = Array.map2 (*) b.Start steps
                Extent = Array.map2 (fun n step -> (n - 1) * step + 1) b.Extent steps
            })

        let counts = blocks |> Array.map (fun b -> Array.fold (*) 1 b.Extent)
        let longest, largest = Array.max counts, regions |> Seq.map (channelSize plain) |> Seq.max
        let outputsAtOnce, elements = min outputs MostOutputs, channels * taps
        // The last few columns by upright tiles.
        let pitch, single = up (lanes<'T>()) elements, singles<'T> elements
        let whole = if single > 0 then elements - single else pitch
        let table = Array.init (longest + 1) (fun p -> nativeint (p * pitch))
        let products = int64 (Array.sum counts) * int64 y.Shape[1] * int64 elements

        KernelParts.sums w groups x y blocks outputsAtOnce channels products (fun part into ->
            let tall = up BroadRows part.Outputs
            let images = ArrayPool<'T>.Shared.Rent(imageLength<'T> channels largest)

            let struct (rows, rows0) =
                Panels.rent<'T>(workLength (int64 longest * int64 pitch + int64 (spare<'T>())))

            let struct (ys, y0) = Panels.rent<'T>(workLength (int64 tall * int64 longest + int64 Ahead))
            let length = tall * pitch
            let struct (all, start) = Panels.rent<'T> length
            Array.Clear(all, start, length)
            let source = channelsOf x (part.Group * channels)
            let cotangents = channelsOf y (part.Group * outputs + part.Output)
            let origin = { cotangents with Offset = 0 }
            let width = w.Size[w.Size.Length - 1]

            let add b (sums: 'T[]) first =
                let block, region, count = blocks[b], regions[b], counts[b]
                image plain region channels source images
                let n1, n2, n3 = extent plain region 1, extent plain region 2, extent plain region 3
                let size = channelSize plain region

                let lines = [|
                    for c in 0 .. channels - 1 do
                        for down in shifts[1] do
                            for along in shifts[2] -> c * size + (down * n2 + along) * n3
                |]

                let mutable place = 0

                for i0 in 0 .. block.Extent[0] - 1 do
                    for i1 in 0 .. block.Extent[1] - 1 do
                        for i2 in 0 .. block.Extent[2] - 1 do
                            let from = ((i0 * n1 + i1 * steps[1]) * n2 + i2 * steps[2]) * n3

                            patches
                                block.Extent[3]
                                images
                                from
                                steps[3]
                                lines
                                width
                                rows
                                (rows0 + place * pitch)
                                pitch

                            place <- place + block.Extent[3]

                let runs = Patches.targetRuns axes block target false origin

                for i in 0..BroadRows .. part.Outputs - 1 do
                    let some = min BroadRows (part.Outputs - i)
                    KernelProducts.pack BroadRows i some runs cotangents ys (y0 + i * count)

                let panels = tall / BroadRows

                KernelProducts.addProducts
                    panels
                    count
                    ys
                    y0
                    rows
                    rows0
                    0
                    table
                    1
                    sums
                    first
                    pitch
                    whole
                    KernelProducts.noWrittenRows

                if single > 0 then
                    addLast panels count ys y0 rows (rows0 + whole) pitch single sums (first + whole)

            KernelParts.overBlocks length add part.First part.Last all start

            for o in 0 .. part.Outputs - 1 do
                let output = part.Group * outputs + part.Output + o
                Array.Copy(all, start + o * pitch, into, output * elements, elements)

            ArrayPool<'T>.Shared.Return images
            ArrayPool<'T>.Shared.Return rows
            ArrayPool<'T>.Shared.Return ys
            ArrayPool<'T>.Shared.Return all)
