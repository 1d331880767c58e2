namespace Cotangent.Engines

// The kernel of a convolution from x and y: w[o, c, k] = Σ y[n, o, i] x[n, c, i s + k d - b].
//
// It is a product of matrices again, of y's channels with the columns of x (see Patches.fs), both with the places that are summed
// over in order. So vectors run along places, and each element of the result has a vector of partial sums, which are added up at the
// very end.

open System
open System.Buffers
open System.Numerics
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Engines.BroadTile
open Cotangent.Engines.FlatTile
open Cotangent.Inlined // in place of functions of Array and List

module internal KernelSums =

    /// Rows of y and of columns in a tile of sums.
    [<Literal>]
    let private Outputs = 4

    let private rowsAtOnce () = if Vector512.IsHardwareAccelerated then 6 else 3

    /// sums <- sums + products of n vectors of four rows of y and six of columns, all `pitch` long. Sums of neighbouring outputs are
    /// `apart`.
    let inline private wideDots n (a: byref<'T>) (b: byref<'T>) (pitch: nativeint) (sums: byref<'T>) apart =
        let v = nativeint Vector512<'T>.Count
        let mutable x0 = flatZeros<'T>()
        let mutable x1 = flatZeros<'T>()
        let mutable x2 = flatZeros<'T>()
        let mutable x3 = flatZeros<'T>()
        let mutable x4 = flatZeros<'T>()
        let mutable x5 = flatZeros<'T>()
        let mutable i, left = 0n, n

        while left > 0 do
            let s = &item &a i
            let t = &item &b i

            let y, z = widePair &s 0n pitch, widePair &s (2n * pitch) (3n * pitch)
            flatAccumulate &x0 (wideLoad &t 0n) y z
            flatAccumulate &x1 (wideLoad &t pitch) y z
            flatAccumulate &x2 (wideLoad &t (2n * pitch)) y z
            flatAccumulate &x3 (wideLoad &t (3n * pitch)) y z
            flatAccumulate &x4 (wideLoad &t (4n * pitch)) y z
            flatAccumulate &x5 (wideLoad &t (5n * pitch)) y z
            i <- i + v
            left <- left - 1

        // Sums are begun at 0 and added as a whole, or small products would be lost in large sums.
        flatStoreOrAdd true x0 &sums apart (2n * apart) (3n * apart)
        flatStoreOrAdd true x1 &(item &sums v) apart (2n * apart) (3n * apart)
        flatStoreOrAdd true x2 &(item &sums (2n * v)) apart (2n * apart) (3n * apart)
        flatStoreOrAdd true x3 &(item &sums (3n * v)) apart (2n * apart) (3n * apart)
        flatStoreOrAdd true x4 &(item &sums (4n * v)) apart (2n * apart) (3n * apart)
        flatStoreOrAdd true x5 &(item &sums (5n * v)) apart (2n * apart) (3n * apart)

    /// The same with three rows of columns: with 12 sums and one row of y they fill the 16 registers of AVX2.
    let inline private dots n (a: byref<'T>) (b: byref<'T>) (pitch: nativeint) (sums: byref<'T>) apart =
        let v = nativeint Vector<'T>.Count
        let mutable x0 = Three Vector<'T>.Zero
        let mutable x1 = Three Vector<'T>.Zero
        let mutable x2 = Three Vector<'T>.Zero
        let mutable x3 = Three Vector<'T>.Zero
        let mutable i, left = 0n, n

        while left > 0 do
            let s = &item &a i
            let t = &item &b i
            let y = struct (load &t 0n, load &t pitch, load &t (2n * pitch))
            accumulateThree 3 &x0 (load &s 0n) y
            accumulateThree 3 &x1 (load &s pitch) y
            accumulateThree 3 &x2 (load &s (2n * pitch)) y
            accumulateThree 3 &x3 (load &s (3n * pitch)) y
            i <- i + v
            left <- left - 1

        put3 3 true x0 &sums 0n
        put3 3 true x1 &sums apart
        put3 3 true x2 &sums (2n * apart)
        put3 3 true x3 &sums (3n * apart)

    /// Adds to the partial sums of m rows of y with some rows of columns. Sums of an output are `apart`.
    let private addProducts m (ys: 'T[]) y0 (xs: 'T[]) x0 pitch vectors (sums: 'T[]) first apart =
        optimised ()

        for o in 0..Outputs .. m - 1 do
            let a = &at ys (y0 + o * pitch)
            let b = &at xs x0
            let c = &at sums (first + o * apart)

            if Vector512.IsHardwareAccelerated then
                wideDots vectors &a &b (nativeint pitch) &c (nativeint apart)
            else
                dots vectors &a &b (nativeint pitch) &c (nativeint apart)

    /// The sum of a vector of partial sums.
    let private total (sums: 'T[]) at =
        if Vector512.IsHardwareAccelerated then
            Vector512.Sum(Vector512.Create(sums, at))
        else
            Vector.Sum(Vector<'T>(sums, at))

    /// Outputs at a time.
    [<Literal>]
    let private MostOutputs = 64

    /// Cycles that it takes with wide vectors, by what was measured of each step: with a vector of multiply-adds in each at best; for a
    /// vector of a copy; and for an element of an image or of the result.
    let cycles<'T> (w: Windows) examples outputs channels =
        let product = KernelParts.product
        let taps, places = product w.Size, float examples * product w.Count
        let vectors = ceil (places / float Vector512<'T>.Count)
        let rows = float channels * taps
        let products = float (partsOf outputs Outputs * Outputs) * 6.0 * ceil (rows / 6.0) * vectors / 0.72
        // Of elements that windows pass over there are none in it.
        let shares = Array.map2 (fun size step -> min 1.0 (float size / float step)) w.Size w.Step
        let image = 2.0 * float channels * float examples * product w.Full * Array.fold (*) 1.0 shares
        let copied = (4.0 * rows * vectors + image) * float (partsOf outputs MostOutputs)
        products + copied + 16.0 * float outputs * rows

    let kernel<'T when 'T :> INumber<'T>> (w: Windows) groups (x: HostBuffer<'T>) (y: HostBuffer<'T>) =
        let outputs, channels = y.Shape[1] / groups, x.Shape[1] / groups
        let axes = axes forward x.Shape[0] w
        let target = (targets axes)[0]
        let taps = target.Count
        let blocks = blocks axes 1024
        let lanes, unit = BroadTile.lanes<'T>(), rowsAtOnce ()
        let up unit n = partsOf n unit * unit
        let columns (block: Block) = block.Extent |> Array.fold (*) 1
        let pitches = blocks |> Array.map (columns >> up lanes)
        let runs = blocks |> Array.map (Patches.imageRuns axes)
        let origin = { channelsOf y 0 with Offset = 0 }
        let targetRuns = blocks |> Array.map (fun b -> Patches.targetRuns axes b target false origin)

        // As many outputs and channels at a time as have their partial sums in the second-level cache.
        let outputsAtOnce = min outputs MostOutputs
        let channelsAtOnce = min channels (max 1 (8192 / outputsAtOnce / taps))

        let largest = blocks |> Seq.map (channelSize axes) |> Seq.max
        let longest = Array.max pitches
        let flat = axes |> Array.fold (fun n a -> n * (int64 a.Places + int64 a.Reach)) 1L
        let products = flat * int64 y.Shape[1] * int64 channels * int64 taps

        KernelParts.sums w groups x y blocks outputsAtOnce channelsAtOnce products (fun part into ->
            let rows = part.Channels * taps
            let tall, apart = up Outputs part.Outputs, up unit rows * lanes
            let rent (n: int64) = ArrayPool<'T>.Shared.Rent(workLength n)
            let images = rent (int64 (imageLength<'T> part.Channels largest))
            let struct (ys, y0) = Panels.rent<'T>(workLength (int64 tall * int64 longest))

            let struct (xs, x0) = Panels.rent<'T>(workLength (int64 (unit * longest) + int64 (spare<'T>())))

            let partials = workLength (int64 tall * int64 apart)
            let partial = rent partials
            Array.Clear(partial, 0, partials)
            let source = channelsOf x (part.Group * channels + part.Channel)
            let target' = channelsOf y (part.Group * outputs + part.Output)

            let add b (sums: 'T[]) first =
                let block, pitch, count = blocks[b], pitches[b], columns blocks[b]
                image axes block part.Channels source images
                let table = table axes block part.Channels target

                // What is behind the last column meets zeros.
                for o in 0 .. tall - 1 do
                    if o < part.Outputs then
                        Patches.gather targetRuns[b] target' o ys (y0 + o * pitch)
                        Array.Clear(ys, y0 + o * pitch + count, pitch - count)
                    else
                        Array.Clear(ys, y0 + o * pitch, pitch)

                for r in 0..unit .. rows - 1 do
                    let height = min unit (rows - r)
                    Patches.rows height images table r runs[b] pitch xs x0

                    for i in 0 .. height - 1 do
                        Array.Clear(xs, x0 + i * pitch + count, pitch - count)

                    addProducts tall ys y0 xs x0 pitch (pitch / lanes) sums (first + r * lanes) apart

            KernelParts.overBlocks partials add part.First part.Last partial 0

            for o in 0 .. part.Outputs - 1 do
                let output = part.Group * outputs + part.Output + o
                let at = (output * channels + part.Channel) * taps

                for r in 0 .. rows - 1 do
                    into[at + r] <- total partial (o * apart + r * lanes)

            ArrayPool<'T>.Shared.Return images
            ArrayPool<'T>.Shared.Return ys
            ArrayPool<'T>.Shared.Return xs
            ArrayPool<'T>.Shared.Return partial)
