namespace Cotangent.Engines

// What the forms of a kernel's cotangent share (see KernelSums.fs, KernelProducts.fs and KernelPatches.fs): how the result is split into parts, whose sums
// different cores take, and how the sums over many places are added.

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Inlined // in place of functions of Array and List

/// Some outputs and channels of a group, summed over some of the blocks.
[<Struct; NoComparison; NoEquality>]
type internal KernelPart = {
    Group: int
    Output: int
    Outputs: int
    Channel: int
    Channels: int
    First: int
    Last: int
}

module internal KernelParts =

    /// The product of sizes, which an int may not hold.
    let product: int[] -> float = Array.fold (fun n m -> n * float m) 1.0

    let isEmpty (x: HostBuffer) = Array.contains 0 x.Shape

    /// Blocks that are added up one after the other; from there on, sums are taken in halves (see Reduce).
    [<Literal>]
    let private BlocksInOrder = 32

    /// The sums of `add` over blocks, so many from `start` on: `add block sums start` adds those of a block.
    let rec overBlocks<'T when 'T :> INumber<'T>>
        (length: int)
        (add: int -> 'T[] -> int -> unit)
        first
        last
        (sums: 'T[])
        start
        =
        if last - first <= BlocksInOrder then
            for block in first .. last - 1 do
                add block sums start
        else
            let half = (first + last) / 2
            let struct (second, start') = Panels.rent<'T> length
            Array.Clear(second, start', length)
            overBlocks length add first half sums start
            overBlocks length add half last second start'

            RowMath.Add(
                ReadOnlySpan(sums, start, length),
                ReadOnlySpan(second, start', length),
                Span(sums, start, length)
            )

            ArrayPool<'T>.Shared.Return second

    let private fresh (w: Windows) groups (x: HostBuffer<'T>) (y: HostBuffer<'T>) =
        Strided.fresh<'T> x.DType (Array.append [| y.Shape[1]; x.Shape[1] / groups |] w.Size)

    /// The sums over no places.
    let zeros w groups (x: HostBuffer<'T>) y : HostBuffer =
        let result = fresh w groups x y
        Array.Clear result.Items
        result

    /// w from x and y in parts of so many outputs and channels: `sum part into` puts the sums of a part's blocks where they belong in the
    /// result, or in an array like it. `products` says how many multiplications there are.
    let sums<'T when 'T :> INumber<'T>>
        (w: Windows)
        groups
        (x: HostBuffer<'T>)
        (y: HostBuffer<'T>)
        (blocks: Block[])
        outputsAtOnce
        channelsAtOnce
        products
        (sum: KernelPart -> 'T[] -> unit)
        : HostBuffer =
        let outputs, channels = y.Shape[1] / groups, x.Shape[1] / groups
        let result = fresh w groups x y
        let tiles = groups * partsOf outputs outputsAtOnce * partsOf channels channelsAtOnce
        // Depends on the shapes alone, so that the order of the sums does, too.
        let shares = max 1 (min blocks.Length (16 / tiles))
        let bound share = int (int64 blocks.Length * int64 share / int64 shares)

        let parts = [|
            for share in 0 .. shares - 1 do
                for g in 0 .. groups - 1 do
                    for o in 0..outputsAtOnce .. outputs - 1 do
                        for c in 0..channelsAtOnce .. channels - 1 do
                            struct (share,
                                    {
                                        Group = g
                                        Output = o
                                        Outputs = min outputsAtOnce (outputs - o)
                                        Channel = c
                                        Channels = min channelsAtOnce (channels - c)
                                        First = bound share
                                        Last = bound (share + 1)
                                    })
        |]

        let results =
            Array.init shares (fun s -> if s = 0 then result.Items else Array.zeroCreate result.Items.Length)

        Strided.ranges parts.Length (products / 16L) (fun first last ->
            for i in first .. last - 1 do
                let struct (share, part) = parts[i]
                sum part results[share])

        if shares > 1 then
            Strided.pieces result.Items.Length (fun first count ->
                let into = result.Items

                for s in 1 .. shares - 1 do
                    RowMath.Add(
                        ReadOnlySpan(into, first, count),
                        ReadOnlySpan(results[s], first, count),
                        Span(into, first, count)
                    ))

        result
