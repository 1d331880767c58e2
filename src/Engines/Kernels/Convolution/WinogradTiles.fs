namespace Cotangent.Engines

// How the tiles of Winograd's convolutions are read from images: as many of them at a time as fit into lines of eight steps, where padding
// is zero. A step is as many columns as tiles are apart.

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

/// A run in lines from column `At` on: how many columns are copied, in whole vectors, and which of them are its own and the image's.
[<NoComparison; NoEquality>]
type internal LineRun = { Run: TileRun; At: int; Columns: int; Low: int; High: int; Mask: byte[] }

/// Tiles whose transforms are taken at a time, from the first one's number on, and where transforms have the first step of each, and the
/// next one.
[<NoComparison; NoEquality>]
type internal TileLines = { Tile: int; Runs: LineRun[]; Places: int[] }

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

    /// The lines of tiles of a given size.
    let lines size (along: TileAxis) (runs: TileRun[]) : TileLines[] =
        let found, pieces = ResizeArray<TileLines>(), ResizeArray<LineRun>()
        // The last tile of a run may reach into one step more.
        let beyond = partsOf size along.Apart - 1
        let most = Lanes - beyond
        let mutable free = 0

        let place step =
            if along.Apart = 2 then
                WinogradSmallTransforms.place step
            else
                WinogradTransforms.place step

        let close () =
            let first = pieces[0].Run.Tile
            let places = Array.zeroCreate<int>(2 * Lanes)

            for piece in pieces do
                for t in 0 .. piece.Run.Count - 1 do
                    let tile, step = piece.Run.Tile - first + t, piece.At / along.Apart + t
                    places[tile] <- place step
                    places[Lanes + tile] <- place (step + 1)

            found.Add { Tile = first; Runs = pieces.ToArray(); Places = places }
            pieces.Clear()
            free <- 0

        for run in runs do
            let mutable taken = 0

            while taken < run.Count do
                let count = min most (run.Count - taken)
                if free + count + beyond > Lanes then close ()
                let column, columns = run.Column + taken, along.Apart * (count - 1) + size
                let copied = ColumnProducts.up Lanes columns

                let struct (low, high) as exist =
                    existing (along.First + along.Apart * column) 1 columns along.Size

                pieces.Add {
                    Run = { run with Tile = run.Tile + taken; Count = count; Column = column }
                    At = free * along.Apart
                    Columns = copied
                    Low = low
                    High = high
                    Mask = Lines.mask<float32> copied exist
                }

                free <- free + count + beyond
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
        // By vectors as transforms read them: what parts of two writes make up would be waited for.
        let apart, wide = source.Steps[3], false

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

                    if apart = 1 && from >= 0 && from <= source.Items.Length - piece.Columns then
                        Lines.masked wide piece.Columns &source.Items[from] piece.Mask &target
                    else
                        Lines.between piece.Low piece.High piece.Columns source.Items from apart &target
                else
                    Lines.zeros wide piece.Columns &target
