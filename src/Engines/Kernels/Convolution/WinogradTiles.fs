namespace Cotangent.Engines

// How the tiles of Winograd's convolutions are read from images: as many of them at a time as fit into lines of eight steps, where padding
// is zero. A step is as many columns as tiles are apart. Vectors read images in place, and masks make zero what is not theirs.

open System
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WinogradVectors
open Cotangent.Inlined // in place of functions of Array and List

/// Where the tiles along an axis begin: tile t at element `First` + `Apart` t of `Size`.
[<Struct; NoComparison; NoEquality>]
type internal TileAxis = { First: int; Size: int; Apart: int }

/// Neighbouring tiles in a row of an image: the number of the first one, the example, and its row and column among the image's tiles.
[<Struct; NoComparison; NoEquality>]
type internal TileRun = { Tile: int; Count: int; Example: int; Row: int; Column: int }

/// Tiles whose transforms are taken at a time, from the first one's number on: their vectors in an example's channel, the least element that
/// these have there, and past the last one.
[<NoComparison; NoEquality>]
type internal TileLines = { Tile: int; Vectors: TileVectors; Least: int; End: int }

/// A run in lines, from vector `At` on: how many vectors are its own, and which of their columns are the image's.
[<Struct; NoComparison; NoEquality>]
type private LineRun = { Run: TileRun; At: int; Vectors: int; Low: int; High: int }

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

    let private ones = BitConverter.Int32BitsToSingle -1

    /// Whether the last of so many tiles from a column on reads elements of the image in one step more.
    let private reaches size (along: TileAxis) column count =
        size > along.Apart && along.First + along.Apart * (column + count) < along.Size

    /// What transforms read for some runs.
    let private linesOf
        size
        (down: TileAxis)
        (along: TileAxis)
        (steps: int[])
        (runs: ResizeArray<LineRun>)
        : TileLines =
        let vectors, first = along.Apart, runs[0].Run.Tile
        let starts = Array.zeroCreate<nativeint>(size * vectors)
        let masks = Array.zeroCreate<nativeint>(size * vectors)
        let bits = Array.zeroCreate<float32>((vectors + 1) * Lanes)
        let places, reaching = Array.zeroCreate<int>(2 * Lanes), Array.zeroCreate<float32> Lanes
        let mutable least, last, known = Int32.MaxValue, 0, 0
        // What is in no row of the image has the zeros behind the vectors.
        Array.Fill(masks, bytes (vectors * Lanes))

        let place step =
            if along.Apart = 2 then
                WinogradSmallTransforms.place step
            else
                WinogradTransforms.place step

        for r in runs do
            let run, firstStep = r.Run, r.At * Lanes / along.Apart
            let top = down.First + down.Apart * run.Row
            let left = along.First + along.Apart * run.Column
            Array.Fill(bits, ones, r.At * Lanes + r.Low, r.High - r.Low)

            for a in 0 .. size - 1 do
                let row = Math.Clamp(top + a, 0, down.Size - 1)
                let start = run.Example * steps[0] + row * steps[2] + left * steps[3]
                least <- min least start
                last <- max last (start + r.Vectors * Lanes)

                for v in r.At .. r.At + r.Vectors - 1 do
                    starts[size * v + a] <- bytes (start + (v - r.At) * Lanes * steps[3])
                    if row = top + a then masks[size * v + a] <- bytes (v * Lanes)

            for t in 0 .. run.Count - 1 do
                let tile, step = run.Tile - first + t, firstStep + t
                places[tile] <- place step

                if t + 1 < run.Count || reaches size along run.Column run.Count then
                    places[Lanes + tile] <- place (step + 1)
                    reaching[tile] <- ones

            known <- r.At + r.Vectors

        // Vectors of no run read what others do.
        Array.Fill(starts, bytes least, size * known, size * (vectors - known))

        {
            Tile = first
            Vectors = {
                Starts = starts
                Masks = masks
                Bits = bits
                Here = Vector256.Create(places, 0)
                Next = Vector256.Create(places, Lanes)
                Reaching = Vector256.Create<float32>(reaching, 0)
            }
            Least = least
            End = last
        }

    /// The lines of tiles of `size` rows, in images with such steps from element to element along each axis.
    let lines size (down: TileAxis) (along: TileAxis) (steps: int[]) (runs: TileRun[]) : TileLines[] =
        let found, waiting = ResizeArray<TileLines>(), ResizeArray<LineRun>()
        let mutable free = 0

        let close () =
            if waiting.Count > 0 then
                found.Add(linesOf size down along steps waiting)
                waiting.Clear()
                free <- 0

        for run in runs do
            let mutable taken = 0

            while taken < run.Count do
                let left, column = run.Count - taken, run.Column + taken

                let count =
                    if left <= Lanes && not (reaches size along column left) then left
                    elif size > along.Apart then min (Lanes - 1) left
                    else min Lanes left

                let steps = if reaches size along column count then count + 1 else count
                let vectors = partsOf (along.Apart * steps) Lanes
                if free + vectors > along.Apart then close ()

                let struct (low, high) =
                    existing (along.First + along.Apart * column) 1 (vectors * Lanes) along.Size

                waiting.Add {
                    Run = { run with Tile = run.Tile + taken; Count = count; Column = column }
                    At = free
                    Vectors = vectors
                    Low = low
                    High = high
                }

                free <- free + vectors
                taken <- taken + count

        close ()
        found.ToArray()

    /// Copies the elements of vectors, from `from` on, into lines, and says where they are now.
    let fill size (v: TileVectors) (x: float32[]) from apart (into: float32[]) first : TileVectors =
        let place n = n % size * LinePitch + n / size * Lanes

        for n in 0 .. v.Starts.Length - 1 do
            let start, mask = from + int v.Starts[n] / sizeof<float32>, int v.Masks[n] / sizeof<float32>

            for lane in 0 .. Lanes - 1 do
                into[first + place n + lane] <-
                    if BitConverter.SingleToInt32Bits v.Bits[mask + lane] <> 0 then
                        x[start + lane * apart]
                    else
                        0.0f

        {
            v with
                Starts = Array.init v.Starts.Length (fun n -> bytes (place n))
                Masks = Array.zeroCreate v.Masks.Length
                Bits = Array.replicate Lanes ones
        }

    /// Takes a transform of a channel's tiles: of the image in place, or, where its columns are apart or vectors would leave the array, of
    /// lines that are filled from it.
    let inline transform
        size
        (lines: TileLines)
        (source: Placement<float32>)
        channel
        (buffer: float32[])
        first
        ([<InlineIfLambda>] take: float32[] -> int -> TileVectors -> unit)
        =
        let from, x = source.Offset + channel * source.Channel, source.Items

        if source.Steps[3] = 1 && from + lines.Least >= 0 && from + lines.End <= x.Length then
            take x from lines.Vectors
        else
            take buffer first (fill size lines.Vectors x from source.Steps[3] buffer first)
