namespace Cotangent.Engines

// How the tiles of Winograd's convolutions are read from images: as many of them at a time as fit into lines of eight steps, where padding
// is zero. A step is as many columns as tiles are apart. Vectors read images in place, and masks make zero what is not theirs.
//
// A tile has two columns more than a step. Steps begin with tiles, which then end with the first two columns of the next step; or a column
// later, so that tiles begin with the last column of the step before theirs and end with the first one of the next. With padding by one,
// images of 8, 16 or 32 columns have nothing but zeros outside of their own steps then, which fill the lines.

open System
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WinogradVectors
open Cotangent.Inlined // in place of functions of Array and List

/// So many tiles along an axis, of `Length` elements each: tile t begins at element `First` + `Apart` t of `Size`.
[<Struct; NoComparison; NoEquality>]
type internal TileAxis = { Count: int; Length: int; First: int; Size: int; Apart: int }

/// Neighbouring tiles in a row of an image: the number of the first one, the example, and its row and column among the image's tiles.
[<Struct; NoComparison; NoEquality>]
type internal TileRun = { Tile: int; Count: int; Example: int; Row: int; Column: int }

/// Tiles whose transforms are taken at a time, from the first one's number on: their vectors, from where the first example has a channel, the least
/// element that these have, where elements of a row are neighbours, and past the last one.
[<NoComparison; NoEquality>]
type internal TileLines = { Tile: int; Vectors: TileVectors; Least: int; End: int }

/// A run in lines, in so many vectors from vector `At` on: how many steps it has before and behind its tiles' own, and from which of its columns
/// on and up to which they are the image's.
[<Struct; NoComparison; NoEquality>]
type private LineRun = { Run: TileRun; At: int; Vectors: int; Before: int; Behind: int; Low: int; High: int }

module internal WinogradTiles =

    let private ones = BitConverter.Int32BitsToSingle -1

    /// What tiles with so many sums along an axis read of it.
    let inputs (size: TileSize) (axis: CorrelationAxis) : TileAxis = {
        Count = partsOf axis.Places size.Outputs
        Length = size.Inputs
        First = axis.First
        Size = axis.Size
        Apart = size.Outputs
    }

    /// The sums themselves.
    let outputs (size: TileSize) (axis: CorrelationAxis) : TileAxis = {
        inputs size axis with
            Length = size.Outputs
            First = 0
            Size = axis.Places
    }

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

    /// The vectors of a line: eight steps.
    let private most (along: TileAxis) = along.Apart

    /// How many of `left` tiles from a column on are one run, whose steps begin `shift` columns behind the tiles' first ones, and how many
    /// steps it has before and behind them.
    let private cut (along: TileAxis) shift column left =
        let isThere element = element >= 0 && element < along.Size
        let start = along.First + along.Apart * column
        let before = if shift > 0 && isThere start then 1 else 0
        let hasNext = along.Length > along.Apart

        let behind count = if hasNext && start + shift + along.Apart * count < along.Size then 1 else 0

        if before + left + behind left <= Lanes then
            struct (left, before, behind left)
        else
            let count = Lanes - before - (if hasNext then 1 else 0)
            struct (count, before, behind count)

    let private vectorsOf (along: TileAxis) steps = partsOf (along.Apart * steps) Lanes

    /// The lines of a row of tiles. Where the row is one run, those of several rows share one.
    let private linesOfRow (along: TileAxis) shift =
        let mutable column, lines = 0, 0.0

        while column < along.Count do
            let struct (count, before, behind) = cut along shift column (along.Count - column)
            let vectors = vectorsOf along (before + count + behind)
            lines <- lines + (if count < along.Count then 1.0 else 1.0 / float (most along / vectors))
            column <- column + count

        lines

    /// Where steps begin, so that lines are fewest.
    let private shiftOf (along: TileAxis) =
        if along.Length > along.Apart && linesOfRow along 1 < linesOfRow along 0 then 1 else 0

    /// How many lines there are for each eight tiles: at least one.
    let linesPerEight (along: TileAxis) = linesOfRow along (shiftOf along) * float Lanes / float along.Count

    /// What transforms read for some runs. `lanes` has room for five vectors.
    let private linesOf
        (down: TileAxis)
        (along: TileAxis)
        shift
        (strides: int[])
        (runs: ResizeArray<LineRun>)
        (lanes: int[])
        : TileLines =
        let rows, vectors, first = down.Length, most along, runs[0].Run.Tile

        let starts, masks =
            Array.zeroCreate<nativeint>(rows * vectors), Array.zeroCreate<nativeint>(rows * vectors)

        let bits = Array.zeroCreate<float32>((vectors + 1) * Lanes)

        Array.Clear lanes
        let lane part tile = part * Lanes + tile
        let mutable least, last, known = Int32.MaxValue, 0, 0
        // What is in no row of the image has the zeros behind the vectors.
        Array.Fill(masks, bytes (vectors * Lanes))

        let place step =
            if along.Apart = 2 then
                WinogradSmallTransforms.place step
            else
                WinogradTransforms.place step

        for r in runs do
            let run = r.Run
            let top = down.First + down.Apart * run.Row
            let column = along.First + shift + along.Apart * (run.Column - r.Before)
            Array.Fill(bits, ones, r.At * Lanes + r.Low, r.High - r.Low)

            for a in 0 .. rows - 1 do
                let row = Math.Clamp(top + a, 0, down.Size - 1)
                let start = run.Example * strides[0] + row * strides[2] + column * strides[3]
                least <- min least start
                last <- max last (start + r.Vectors * Lanes)

                for v in r.At .. r.At + r.Vectors - 1 do
                    starts[rows * v + a] <- bytes (start + (v - r.At) * Lanes * strides[3])
                    if row = top + a then masks[rows * v + a] <- bytes (v * Lanes)

            for t in 0 .. run.Count - 1 do
                let tile, step = run.Tile - first + t, r.At * Lanes / along.Apart + r.Before + t
                lanes[lane 0 tile] <- place step

                if t > 0 || r.Before > 0 then
                    lanes[lane 1 tile] <- place (step - 1)
                    lanes[lane 2 tile] <- -1

                if t + 1 < run.Count || r.Behind > 0 then
                    lanes[lane 3 tile] <- place (step + 1)
                    lanes[lane 4 tile] <- -1

            known <- r.At + r.Vectors

        let part n = Vector256.Create<int>(lanes, n * Lanes)
        // Vectors of no run read what others do.
        Array.Fill(starts, bytes least, rows * known, rows * (vectors - known))

        {
            Tile = first
            Vectors = {
                Starts = starts
                Masks = masks
                Bits = bits
                IsShifted = shift > 0
                Here = part 0
                Before = part 1
                HasBefore = (part 2).AsSingle()
                Behind = part 3
                HasBehind = (part 4).AsSingle()
            }
            Least = least
            End = last
        }

    /// The lines of runs of tiles, in images with such strides along each axis.
    let lines (down: TileAxis) (along: TileAxis) (strides: int[]) (runs: TileRun[]) : TileLines[] =
        let found, waiting = ResizeArray<TileLines>(), ResizeArray<LineRun>()
        let shift, lanes = shiftOf along, Array.zeroCreate<int>(5 * Lanes)
        let mutable free = 0

        let close () =
            if waiting.Count > 0 then
                found.Add(linesOf down along shift strides waiting lanes)
                waiting.Clear()
                free <- 0

        for run in runs do
            let mutable taken = 0

            while taken < run.Count do
                let column = run.Column + taken
                let struct (count, before, behind) = cut along shift column (run.Count - taken)
                let vectors = vectorsOf along (before + count + behind)
                if free + vectors > most along then close ()
                let first = along.First + shift + along.Apart * (column - before)
                let struct (low, high) = existing first 1 (vectors * Lanes) along.Size

                waiting.Add {
                    Run = { run with Tile = run.Tile + taken; Count = count; Column = column }
                    At = free
                    Vectors = vectors
                    Before = before
                    Behind = behind
                    Low = low
                    High = high
                }

                free <- free + vectors
                taken <- taken + count

        close ()
        found.ToArray()

    /// Where vector n of tiles of so many rows is in lines that were filled.
    let private filledAt rows n = n % rows * LinePitch + n / rows * Lanes

    let private filledStarts rows apart = Array.init (rows * apart) (fun n -> bytes (filledAt rows n))

    // There are tiles of six rows and of four, and of four that are two apart.
    let private ofSix, private ofFour, private ofPairs =
        filledStarts 6 4, filledStarts 4 4, filledStarts 4 2

    let private noMasks = Array.zeroCreate<nativeint> ofSix.Length
    let private allBits = Array.init Lanes (fun _ -> ones)

    /// Copies the elements of vectors, from `from` on, into lines, and says where they are now.
    let fill rows (v: TileVectors) (x: float32[]) from stride (into: float32[]) first : TileVectors =
        let element (bytes: nativeint) = int (bytes / nativeint sizeof<float32>)

        for n in 0 .. v.Starts.Length - 1 do
            let start, mask, target = from + element v.Starts[n], element v.Masks[n], first + filledAt rows n

            for lane in 0 .. Lanes - 1 do
                into[target + lane] <-
                    if BitConverter.SingleToInt32Bits v.Bits[mask + lane] <> 0 then
                        x[start + lane * stride]
                    else
                        0.0f

        let starts =
            if rows = 6 then ofSix
            elif v.Starts.Length = ofFour.Length then ofFour
            else ofPairs

        { v with Starts = starts; Masks = noMasks; Bits = allBits }

    /// Takes a transform of a channel's tiles: of the image in place, or, where its columns are apart or vectors would leave the array, of
    /// lines that are filled from it.
    let inline transform
        (down: TileAxis)
        (lines: TileLines)
        (source: Placement<float32>)
        channel
        (buffer: float32[])
        first
        ([<InlineIfLambda>] take: float32[] -> int -> TileVectors -> unit)
        =
        let from, x = source.Offset + channel * source.Channel, source.Items

        if source.Steps[3] = 1 && from + lines.Least >= 0 && from <= x.Length - lines.End then
            take x from lines.Vectors
        else
            take buffer first (fill down.Length lines.Vectors x from source.Steps[3] buffer first)
