namespace Cotangent.Engines

// Products of columns in an image with panels of kernels, whose lanes are kernels: a row of sums belongs to a place, wherever that lies.
// So no lane falls between the ends of the image's rows, as happens to columns in the lanes (see ColumnProducts.fs) where rows are short.

open System
open System.Buffers
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.ColumnProducts
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Engines.BroadTile
open Cotangent.Inlined // in place of functions of Array and List

/// Places whose sums are taken together, seven or eight: four neighbours in the image from `First` on, and the others from `Second` on.
[<Struct; NoComparison; NoEquality>]
type internal PlaceTile = { First: int; Second: int; Count: int }

/// Tiles of a block's places, and where the rows of their sums belong: rows from `Place` on to columns from `Column` on. Each tile has eight
/// rows.
[<NoComparison; NoEquality>]
type internal PlaceTiles = {
    Tiles: PlaceTile[]
    Rows: Run[]
} with

    /// All rows of sums.
    member t.RowCount = 8 * t.Tiles.Length

    /// All places, those that two tiles have counted twice.
    member t.Places = t.Tiles |> Array.sumBy _.Count

module internal UprightProducts =

    /// The rows of a tile, of which it may leave the last one out.
    [<Literal>]
    let TileRows = 8

    /// Whether the machine is wide, and can turn rows into columns in registers.
    let isFor<'T> () = Vector512.IsHardwareAccelerated && sizeof<'T> = 4

    /// The kernels of a panel.
    let width<'T> () = broadColumns<'T>()

    /// Whether so many kernels fill most of their last panel.
    let fills<'T> m = 4 * up (width<'T>()) m <= 5 * m

    /// What a place of so many kernels costs for each tap, in vectors of multiply-adds, as measured: one or two vectors of kernels read as many
    /// elements of the image as three do.
    let cost<'T> m =
        let vectors = partsOf m Vector512<'T>.Count

        let last =
            match vectors % 3 with
            | 1 -> 1.5
            | 2 -> 2.1
            | _ -> 0.0

        1.08 * (3.0 * float (vectors / 3) + last)

    /// Taps whose kernels stay in the first-level cache while places go past.
    [<Literal>]
    let private Near = 64

    /// Tiles at a time, whose sums stay there too.
    [<Literal>]
    let private TilesAtOnce = 10

    /// Tiles of a stretch of neighbours, five at least: sevens and eights that are exactly as many, or the last of which move back over
    /// others.
    let private tilesOf (run: Run) (tiles: ResizeArray<PlaceTile>) (rows: ResizeArray<Run>) =
        let count = partsOf run.Length TileRows
        let sevens = min count (count * TileRows - run.Length)

        for n in 0 .. count - 1 do
            let size = if n < sevens then TileRows - 1 else TileRows
            let before = n * TileRows - min n sevens
            let start = max 0 (min before (run.Length - size))
            let place = run.Place + start

            rows.Add {
                Place = tiles.Count * TileRows
                Column = run.Column + start
                Length = min size run.Length
            }

            tiles.Add { First = place; Second = place + TileRows / 2; Count = size }

    /// The tiles of runs of equal lengths: of short ones two at a time.
    let tiles (runs: Run[]) : PlaceTiles =
        let tiles, rows = ResizeArray<PlaceTile>(), ResizeArray<Run>()

        if runs[0].Length > TileRows / 2 then
            for run in runs do
                tilesOf run tiles rows
        else
            for n in 0..2 .. runs.Length - 1 do
                let first, second = runs[n], runs[min (n + 1) (runs.Length - 1)]
                let row = tiles.Count * TileRows
                rows.Add { first with Place = row }
                if n + 1 < runs.Length then rows.Add { second with Place = row + TileRows / 2 }
                tiles.Add { First = first.Place; Second = second.Place; Count = TileRows }

        { Tiles = tiles.ToArray(); Rows = rows.ToArray() }

    let inline private loadThree vectors (x: byref<'T>) (i: nativeint) =
        let v = nativeint Vector512<'T>.Count
        let mutable sums = Three Vector512<'T>.Zero
        sums.First <- wideLoad &x i
        if vectors > 1 then sums.Second <- wideLoad &x (i + v)
        if vectors > 2 then sums.Third <- wideLoad &x (i + 2n * v)
        sums

    let inline private putThree vectors (sums: Three<Vector512<'T>>) (x: byref<'T>) (i: nativeint) =
        let v = nativeint Vector512<'T>.Count
        widePut sums.First &x i
        if vectors > 1 then widePut sums.Second &x (i + v)
        if vectors > 2 then widePut sums.Third &x (i + 2n * v)

    let inline private accumulate vectors (sums: byref<Three<Vector512<'T>>>) x (y: Three<Vector512<'T>>) =
        wideAccumulate &sums.First x y.First
        if vectors > 1 then wideAccumulate &sums.Second x y.Second
        if vectors > 2 then wideAccumulate &sums.Third x y.Third

    /// Adds `count` taps from `first` on to the sums of seven or eight places with one to three vectors of kernels. Meanwhile kernels from
    /// `ahead` on are fetched, so many elements for each tap.
    let inline private tile
        vectors
        isSeven
        (table: nativeint[])
        first
        count
        (s: byref<'T>)
        (u: byref<'T>)
        (kernels: byref<'T>)
        (sums: byref<'T>)
        (ahead: nativeint)
        (perTap: nativeint)
        =
        let width = nativeint (broadColumns<'T>())
        let mutable x0 = loadThree vectors &sums 0n
        let mutable x1 = loadThree vectors &sums width
        let mutable x2 = loadThree vectors &sums (2n * width)
        let mutable x3 = loadThree vectors &sums (3n * width)
        let mutable x4 = loadThree vectors &sums (4n * width)
        let mutable x5 = loadThree vectors &sums (5n * width)
        let mutable x6 = loadThree vectors &sums (6n * width)
        let mutable x7 = if isSeven then Three Vector512<'T>.Zero else loadThree vectors &sums (7n * width)
        let mutable ik, iahead = 0n, ahead

        for p in first .. first + count - 1 do
            let place = at table p
            let s = &item &s place
            let u = &item &u place
            let y = loadThree vectors &kernels ik
            accumulate vectors &x0 (wideSpread &s 0n) y
            accumulate vectors &x1 (wideSpread &s 1n) y
            accumulate vectors &x2 (wideSpread &s 2n) y
            accumulate vectors &x3 (wideSpread &s 3n) y
            accumulate vectors &x4 (wideSpread &u 0n) y
            accumulate vectors &x5 (wideSpread &u 1n) y
            accumulate vectors &x6 (wideSpread &u 2n) y
            if not isSeven then accumulate vectors &x7 (wideSpread &u 3n) y

            if perTap <> 0n then
                fetch &(item &kernels iahead)
                iahead <- iahead + perTap

            ik <- ik + width

        putThree vectors x0 &sums 0n
        putThree vectors x1 &sums width
        putThree vectors x2 &sums (2n * width)
        putThree vectors x3 &sums (3n * width)
        putThree vectors x4 &sums (4n * width)
        putThree vectors x5 &sums (5n * width)
        putThree vectors x6 &sums (6n * width)
        if not isSeven then putThree vectors x7 &sums (7n * width)

    /// Adds taps to the sums of some tiles with the first vectors of a panel of kernels.
    let inline private tilesBy
        vectors
        (tiles: Span<PlaceTile>)
        (t: Taps<'T>)
        first
        count
        (image: 'T[])
        (sums: Span<'T>)
        =
        let width = width<'T>()
        let kernels = &at t.Panels (t.Start + first * width)
        // The kernels that come next, of which each tile has a part fetched.
        let next = min Near (t.Last - first - count) * width
        let share = partsOf next (tiles.Length * count)

        for n in 0 .. tiles.Length - 1 do
            let tiled = tiles[n]
            let s = &at image tiled.First
            let u = &at image tiled.Second
            let c = &item (&MemoryMarshal.GetReference sums) (nativeint (n * TileRows * width))
            let ahead = nativeint (count * width + n * count * share)

            if tiled.Count < TileRows then
                tile vectors true t.Table first count &s &u &kernels &c ahead (nativeint share)
            else
                tile vectors false t.Table first count &s &u &kernels &c ahead (nativeint share)

    // Methods of their own, as inlining has its limits.

    let private byOne tiles (t: Taps<'T>) first count image sums =
        optimised ()
        tilesBy 1 tiles t first count image sums

    let private byTwo tiles (t: Taps<'T>) first count image sums =
        optimised ()
        tilesBy 2 tiles t first count image sums

    let private byThree tiles (t: Taps<'T>) first count image sums =
        optimised ()
        tilesBy 3 tiles t first count image sums

    /// The sums of all tiles with so many vectors of a panel of kernels, in rows of its width, each in the order of the other forms'.
    let product vectors (tiles: PlaceTile[]) (t: Taps<'T>) (image: 'T[]) (sums: 'T[]) =
        let rows, parts = TileRows * width<'T>(), partsOf tiles.Length TilesAtOnce
        let some = ArrayPool<'T>.Shared.Rent(if t.Last - t.First > Depth then TilesAtOnce * rows else 0)

        for part in 0 .. parts - 1 do
            let from, last = tiles.Length * part / parts, tiles.Length * (part + 1) / parts

            for first in t.First .. Depth .. t.Last - 1 do
                let length = (last - from) * rows
                let sums = sums.AsSpan(from * rows, length)
                let into = if first = t.First then sums else some.AsSpan(0, length)
                into.Clear()

                for tap in first..Near .. min t.Last (first + Depth) - 1 do
                    let count = min Near (min t.Last (first + Depth) - tap)
                    let tiles = tiles.AsSpan(from, last - from)

                    match vectors with
                    | 1 -> byOne tiles t tap count image into
                    | 2 -> byTwo tiles t tap count image into
                    | _ -> byThree tiles t tap count image into

                if first > t.First then plusAll into sums

        ArrayPool<'T>.Shared.Return some

    /// Rows of sums as columns: a row of `pitch` for each kernel of so many vectors.
    let columns vectors (rows: Run[]) (sums: 'T[]) (into: 'T[]) pitch =
        let width, kernels = width<'T>(), vectors * Vector512<'T>.Count

        for run in rows do
            Panels.turn run.Length kernels &sums[run.Place * width] width &into[run.Column] pitch
