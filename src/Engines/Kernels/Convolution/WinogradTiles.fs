namespace Cotangent.Engines

// How the tiles of Winograd's convolutions are read from images: as many of them at a time as fit into lines of 32 columns, where
// padding is zero.

open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WinogradTransforms
open Cotangent.Inlined // in place of functions of Array and List

/// Where the tiles along an axis begin: tile t at element `First` + `Apart` t of `Size`.
[<Struct; NoComparison; NoEquality>]
type internal TileAxis = { First: int; Size: int; Apart: int }

/// Neighbouring tiles in a row of an image: the number of the first one, the example, and its row and column among the image's tiles.
[<Struct; NoComparison; NoEquality>]
type internal TileRun = { Tile: int; Count: int; Example: int; Row: int; Column: int }

/// A run in lines from column `At` on, and which of its columns the image has.
[<NoComparison; NoEquality>]
type internal LineRun = { Run: TileRun; At: int; Low: int; High: int; Mask: byte[] }

/// Tiles whose transforms are taken at a time, from the first one's number on, and where column b of each is in the lines, sixteen
/// places for each b.
[<NoComparison; NoEquality>]
type internal TileLines = { Tile: int; Runs: LineRun[]; Order: uint32[] }

module internal WinogradTiles =

    /// The tiles from `first` up to `last` of images that are `tall` by `wide` tiles, counted from `first` on.
    let runs tall wide first last : TileRun[] =
        let found = ResizeArray<TileRun>()
        let mutable tile = first

        while tile < last do
            let count = min (wide - tile % wide) (last - tile)

            found.Add {
                Tile = tile - first
                Count = count
                Example = tile / wide / tall
                Row = tile / wide % tall
                Column = tile % wide
            }

            tile <- tile + count

        found.ToArray()

    /// The columns of so many neighbouring tiles, of a given size each.
    let private columns size (along: TileAxis) count = along.Apart * (count - 1) + size

    /// The lines of tiles of a given size.
    let lines size (along: TileAxis) (runs: TileRun[]) : TileLines[] =
        let found, pieces = ResizeArray<TileLines>(), ResizeArray<LineRun>()
        let most = min Lanes ((Columns - size) / along.Apart + 1)
        let mutable free = 0

        let close () =
            let first = pieces[0].Run.Tile
            let order = Array.zeroCreate<uint32>(size * Lanes)

            for piece in pieces do
                for t in 0 .. piece.Run.Count - 1 do
                    for b in 0 .. size - 1 do
                        order[b * Lanes + piece.Run.Tile - first + t] <-
                            uint32 (piece.At + along.Apart * t + b)

            found.Add { Tile = first; Runs = pieces.ToArray(); Order = order }
            pieces.Clear()
            free <- 0

        for run in runs do
            let mutable taken = 0

            while taken < run.Count do
                let count = min most (run.Count - taken)
                if columns size along count > Columns - free then close ()
                let column = run.Column + taken

                let struct (low, high) as exist =
                    existing (along.First + along.Apart * column) 1 (columns size along count) along.Size

                pieces.Add {
                    Run = { run with Tile = run.Tile + taken; Count = count; Column = column }
                    At = free
                    Low = low
                    High = high
                    Mask = Lines.mask<float32> Columns exist
                }

                free <- free + columns size along count
                taken <- taken + count

        if pieces.Count > 0 then close ()
        found.ToArray()

    /// Copies the lines' columns of a channel.
    let fill
        size
        (down: TileAxis)
        (along: TileAxis)
        (lines: TileLines)
        (source: Placement<float32>)
        channel
        (into: float32[])
        start
        =
        optimised ()
        let apart = source.Steps[3]

        for r in 0 .. lines.Runs.Length - 1 do
            let piece = lines.Runs[r]
            let run = piece.Run
            let top = down.First + down.Apart * run.Row
            let left = along.First + along.Apart * run.Column

            let corner =
                source.Offset + channel * source.Channel + run.Example * source.Steps[0] + left * apart

            for a in 0 .. size - 1 do
                let target = &at into (start + a * LinePitch + piece.At)

                if top + a >= 0 && top + a < down.Size then
                    let from = corner + (top + a) * source.Steps[2]

                    if apart = 1 && from >= 0 && from <= source.Items.Length - Columns then
                        Lines.masked true Columns &source.Items[from] piece.Mask &target
                    else
                        Lines.between
                            piece.Low
                            piece.High
                            (columns size along run.Count)
                            source.Items
                            from
                            apart
                            &target
                else
                    Lines.zeros true Columns &target
