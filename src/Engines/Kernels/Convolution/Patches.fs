namespace Cotangent.Engines

// The right factors of the products behind convolutions as columns, one for each place of a block, with a row for each channel
// and tap (im2col: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document processing",
// 2006). They are copied from the image a panel at a time, just before tiles read them, so the whole matrix is nowhere.

open System
open System.Numerics
open System.Runtime.Intrinsics
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Inlined // in place of functions of Array and List

/// Neighbouring columns whose elements are neighbours elsewhere too: from `Place` on.
[<Struct; NoComparison; NoEquality>]
type internal Run = { Column: int; Place: int; Length: int }

module internal Patches =

    /// Appends a run, or makes the last one longer, if their elements are neighbours.
    let join neighbours (runs: ResizeArray<Run>) (run: Run) =
        if neighbours && runs.Count > 0 then
            let last = runs[runs.Count - 1]

            if last.Column + last.Length = run.Column && last.Place + last.Length = run.Place then
                runs[runs.Count - 1] <- { last with Length = last.Length + run.Length }
            else
                runs.Add run
        else
            runs.Add run

    /// Where a block's places are in its image, as seen from a tap.
    let imageRuns (axes: CorrelationAxis[]) (block: Block) : Run[] =
        let n1, n2, n3 = extent axes block 1, extent axes block 2, extent axes block 3
        let runs = ResizeArray<Run>()
        let e1, e2, e3 = block.Extent[1], block.Extent[2], block.Extent[3]

        for i0 in 0 .. block.Extent[0] - 1 do
            for i1 in 0 .. e1 - 1 do
                for i2 in 0 .. e2 - 1 do
                    join true runs {
                        Column = ((i0 * e1 + i1) * e2 + i2) * e3
                        Place = ((i0 * n1 + i1) * n2 + i2) * n3
                        Length = e3
                    }

        runs.ToArray()

    /// Where a block's places are in a channel of the target: those that it has. Columns are places of the block, or of its image
    /// where `ofImage`. Elements of a run are `axes[3].TargetStep * into.Steps[3]` apart.
    let targetRuns
        (axes: CorrelationAxis[])
        (block: Block)
        (target: OutputPhase)
        ofImage
        (into: Placement<'T>)
        : Run[] =
        let size a = if ofImage then extent axes block a else block.Extent[a]
        let n1, n2, n3 = size 1, size 2, size 3
        let first a = target.At[a] + block.Start[a] * axes[a].TargetStep
        let within a = existing (first a) axes[a].TargetStep block.Extent[a] axes[a].TargetSize
        let struct (low0, high0) = within 0
        let struct (low1, high1) = within 1
        let struct (low2, high2) = within 2
        let struct (low3, high3) = within 3
        let step a = axes[a].TargetStep * into.Steps[a]
        let t0, t1, t2, t3 = step 0, step 1, step 2, step 3
        let start = into.Offset + Seq.sum (seq { for a in 0..3 -> first a * into.Steps[a] })
        let runs = ResizeArray<Run>()

        if high3 > low3 then
            for i0 in low0 .. high0 - 1 do
                for i1 in low1 .. high1 - 1 do
                    for i2 in low2 .. high2 - 1 do
                        let run = {
                            Column = ((i0 * n1 + i1) * n2 + i2) * n3 + low3
                            Place = start + i0 * t0 + i1 * t1 + i2 * t2 + low3 * t3
                            Length = high3 - low3
                        }

                        join (t3 = 1) runs run

        runs.ToArray()

    /// The runs of each part of so many columns; the parts' columns begin at 0.
    let cut columns width step (runs: Run[]) : Run[][] =
        let parts = Array.init (partsOf columns width) (fun _ -> ResizeArray<Run>())

        for run in runs do
            let mutable column = run.Column

            while column < run.Column + run.Length do
                let part = column / width
                let last = min (run.Column + run.Length) ((part + 1) * width)

                parts[part].Add {
                    Column = column - part * width
                    Place = run.Place + (column - run.Column) * step
                    Length = last - column
                }

                column <- last

        parts |> Array.map _.ToArray()

    let inline private copyRows
        wide
        count
        (image: 'T[])
        (table: nativeint[])
        first
        (runs: Run[])
        width
        (into: 'T[])
        start
        =
        let v = if wide then Vector512<'T>.Count else Vector<'T>.Count

        for q in 0 .. count - 1 do
            let s = &at image (int (at table (first + q)))
            let t = &at into (start + q * width)

            for r in 0 .. runs.Length - 1 do
                let run = runs[r]
                let x = &item &s (nativeint run.Place)
                let y = &item &t (nativeint run.Column)
                let mutable i = 0

                while i < run.Length do
                    let j = nativeint i
                    if wide then widePut (wideLoad &x j) &y j else put (load &x j) &y j
                    i <- i + v

    let private copyWide count (image: 'T[]) table first runs width into start =
        optimised ()
        copyRows true count image table first runs width into start

    let private copyNarrow count (image: 'T[]) table first runs width into start =
        optimised ()
        copyRows false count image table first runs width into start

    /// The rows of the taps at `first` and so many more, `width` elements apart, from `start` on. Whole vectors are copied: what a
    /// run writes behind its end is overwritten by the runs that follow, and by the next row; behind the last row, there must be
    /// room.
    let rows count (image: 'T[]) (table: nativeint[]) first (runs: Run[]) width (into: 'T[]) start =
        if Vector512.IsHardwareAccelerated then
            copyWide count image table first runs width into start
        else
            copyNarrow count image table first runs width into start

    /// Copies a channel's elements into columns from `start` on. Runs are from the source's first element on.
    let gather (runs: Run[]) (source: Placement<'T>) channel (into: 'T[]) start =
        optimised ()
        let from, step = source.Offset + channel * source.Channel, source.Steps[3]

        for run in runs do
            if step = 1 then
                Lines.copy run.Length &source.Items[from + run.Place] &into[start + run.Column]
            else
                for i in 0 .. run.Length - 1 do
                    into[start + run.Column + i] <- source.Items[from + run.Place + i * step]
