namespace Cotangent.Engines

// Which elements of x the places of a block meet, for KernelProducts.fs: they are the rows of a matrix, whose columns are channels.

open System
open System.Collections.Generic
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile

module internal KernelRows =

    /// Of each axis, from which element on a block needs x, and how many: all where its places are all.
    let private region (axes: CorrelationAxis[]) (block: Block) =
        axes
        |> Array.mapi (fun a axis ->
            let first = axis.First + block.Start[a] * axis.Step
            let last = first + (block.Extent[a] - 1 + axis.Reach) * axis.Step + Array.max axis.Phases
            let low = Math.Clamp(first, 0, axis.Size)

            if block.Extent[a] = axis.Places then
                struct (0, axis.Size)
            else
                struct (low, Math.Clamp(last + 1, low, axis.Size) - low))

    /// Where the elements of a block's region lie in a channel of x: those of a run are `x.Steps[3]` apart.
    let sourceRuns axes (block: Block) (x: Placement<'T>) : Run[] =
        let region = region axes block
        let struct (first3, n3) = region[3]
        let runs = ResizeArray<Run>()

        let indices a =
            let struct (first, count) = region[a]
            seq { first .. first + count - 1 }

        for i0 in block.Start[0] .. block.Start[0] + block.Extent[0] - 1 do
            for i1 in indices 1 do
                for i2 in indices 2 do
                    let place = i0 * x.Steps[0] + i1 * x.Steps[1] + i2 * x.Steps[2] + first3 * x.Steps[3]

                    let column =
                        if runs.Count = 0 then
                            0
                        else
                            runs[runs.Count - 1].Column + runs[runs.Count - 1].Length

                    Patches.join (x.Steps[3] = 1) runs { Column = column; Place = place; Length = n3 }

        runs.ToArray()

    /// How many rows a block's region has.
    let rowCount axes (block: Block) =
        let region = region axes block
        seq { 1..3 } |> Seq.fold (fun n a -> let struct (_, count) = region[a] in n * count) block.Extent[0]

    /// For each tap and each place of a block, where the row begins that it meets, in rows of `cols`.
    let private table (axes: CorrelationAxis[]) (block: Block) (target: OutputPhase) cols : nativeint[] =
        optimised ()
        let region = region axes block
        let rows = rowCount axes block

        // Of each tap along an axis and each place the element, or -1.
        let elements a (tap: Tap) =
            let struct (first, count) = region[a]

            Array.init block.Extent[a] (fun i ->
                let place = block.Start[a] + i + tap.Shift
                let at = axes[a].First + place * axes[a].Step + axes[a].Phases[tap.Phase] - first
                if at < 0 || at >= count then -1 else at)

        let along a = target.Taps[a] |> Array.map (elements a)
        let size a = let struct (_, count) = region[a] in count
        let n1, n2, n3 = size 1, size 2, size 3
        let x1, x2, x3 = along 1, along 2, along 3

        let table = Array.zeroCreate (target.Count * Array.fold (*) 1 block.Extent)
        let mutable filled = 0

        for t1 in x1 do
            for t2 in x2 do
                for t3 in x3 do
                    for i0 in 0 .. block.Extent[0] - 1 do
                        for i1 in t1 do
                            for i2 in t2 do
                                let line = ((i0 * n1 + i1) * n2 + i2) * n3
                                let outside = i1 < 0 || i2 < 0

                                for i3 in t3 do
                                    let row = if outside || i3 < 0 then rows else line + i3
                                    table[filled] <- nativeint (row * cols)
                                    filled <- filled + 1

        table

    /// Tables of all blocks. Most of them lie alike in their regions, and have the same.
    let tables (axes: CorrelationAxis[]) (blocks: Block[]) target cols : nativeint[][] =
        let found = Dictionary<int list, nativeint[]>()

        blocks
        |> Array.map (fun block ->
            let region = region axes block

            let key = [
                block.Extent[0]
                for a in 1..3 do
                    let struct (first, count) = region[a]
                    axes[a].First + block.Start[a] * axes[a].Step - first
                    count
                    block.Extent[a]
            ]

            match found.TryGetValue key with
            | true, table -> table
            | false, _ ->
                let table = table axes block target cols
                found.Add(key, table)
                table)
