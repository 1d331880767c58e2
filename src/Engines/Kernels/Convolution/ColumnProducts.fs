namespace Cotangent.Engines

// The innermost loops of convolutions: products of panels of kernels with columns, which lie in an image (see CorrelationImage.fs) or are
// copies (see Patches.fs).

open System
open System.Buffers
open System.Numerics
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Engines.BroadTile
open Cotangent.Engines.FlatTile
open Cotangent.Inlined // in place of functions of Array and List

module internal ColumnProducts =

    let up unit n = partsOf n unit * unit

    /// A block of taps whose panels of columns stay in the second-level cache while kernels go past, and whose panel of kernels in
    /// the first.
    [<Literal>]
    let Depth = 256

    /// Panels of columns that are made at a time.
    let panelsAtOnce () = if Vector512.IsHardwareAccelerated then 5 else 12

    /// So many taps are added up block after block; from there on, sums are taken in halves (see Reduce).
    [<Literal>]
    let private Longest = 8192

    /// Panels of kernels of k taps each, of which those from `First` up to `Last` count, and where in the image the elements begin
    /// that they meet.
    [<Struct; NoComparison; NoEquality>]
    type Taps<'T> = { Panels: 'T[]; Start: int; K: int; Table: nativeint[]; First: int; Last: int }

    /// So many columns, in panels that are copies, or in the image from `First` on.
    [<Struct; NoComparison; NoEquality>]
    type Columns<'T> = { Data: 'T[]; First: int; Count: int; InImage: bool }

    /// How many of the last columns, of so many, upright tiles take.
    let singles<'T> columns =
        let beyond = columns % Vector512<'T>.Count
        // A vector of rows is a panel, or half of one.
        let isFit = Vector<'T>.Count = BroadRows || 2 * Vector<'T>.Count = BroadRows
        if beyond <= UprightColumns && isFit then beyond else 0

    /// sums (m rows of `width`) <- `count` taps from `first` on, or sums + them where `add`.
    let inline private tiles
        wide
        inImage
        m
        (t: Taps<'T>)
        first
        count
        (x: Columns<'T>)
        (sums: 'T[])
        width
        add
        =
        let rows, cols =
            (if wide then BroadRows else Rows), (if wide then broadColumns<'T>() else columns<'T>())

        let v, w, table, last = nativeint Vector<'T>.Count, nativeint width, t.Table, first + count

        for i in 0..rows .. m - 1 do
            let a = &at t.Panels (t.Start + i * t.K + first * rows)

            for j in 0 .. partsOf x.Count cols - 1 do
                let b = &at x.Data (x.First + j * cols * (if inImage then 1 else count))
                let c = &at sums (i * width + j * cols)
                let start = if inImage then at table first else 0n

                // Of the last panel, vectors without a column are left out, and the last few columns.
                let left = min cols (x.Count - j * cols)
                let vectors = if wide then partsOf (left - singles<'T> left) Vector512<'T>.Count else 0

                if wide && vectors <= 2 then
                    for n in 0 .. vectors - 1 do
                        let beside = n * Vector512<'T>.Count

                        slimTile
                            count
                            &a
                            1n
                            (nativeint BroadRows)
                            &(item &b (nativeint beside))
                            start
                            (fun ib left -> if inImage then at table (last - left) else ib + nativeint cols)
                            &(item &c (nativeint beside))
                            w
                            add
                elif wide then
                    broadTile
                        count
                        &a
                        1n
                        (nativeint BroadRows)
                        &b
                        start
                        (fun ib left -> if inImage then at table (last - left) else ib + nativeint cols)
                        &c
                        w
                        add
                        &a
                        0n
                else
                    tile
                        count
                        &a
                        1n
                        6n
                        &b
                        start
                        (fun ib left -> if inImage then at table (last - left) else ib + nativeint cols)
                        v
                        &c
                        w
                        add

    /// The same for the last few columns, if they have no vector.
    let private uprightTiles m (t: Taps<'T>) first count (x: Columns<'T>) (sums: 'T[]) width add =
        optimised ()
        let cols, table, single = broadColumns<'T>(), t.Table, singles<'T> x.Count
        let before = x.Count - single
        let j, beside = before / cols, before % cols
        let lanes = Vector<'T>.Count

        if single > 0 then
            let b = &at x.Data (x.First + (if x.InImage then before else j * cols * count + beside))

            // Rows are a half of a panel, or a panel of two.
            for i in 0 .. 2 * lanes .. m - 1 do
                let a = &at t.Panels (t.Start + i * t.K + first * BroadRows)

                let other =
                    if lanes < BroadRows then lanes
                    elif i + lanes < m then BroadRows * t.K
                    else 0

                uprightTile
                    count
                    &a
                    (nativeint other)
                    &b
                    (fun p -> if x.InImage then at table (first + p) else nativeint (p * cols))
                    single
                    &(at sums (i * width + before))
                    (nativeint width)
                    (nativeint (lanes * width))
                    add

    let private wideTilesInImage m (t: Taps<'T>) first count x sums width add =
        optimised ()
        tiles true true m t first count x sums width add

    let private wideTilesOfCopies m (t: Taps<'T>) first count x sums width add =
        optimised ()
        tiles true false m t first count x sums width add

    let private tilesInImage m (t: Taps<'T>) first count x sums width add =
        optimised ()
        tiles false true m t first count x sums width add

    let private tilesOfCopies m (t: Taps<'T>) first count x sums width add =
        optimised ()
        tiles false false m t first count x sums width add

    /// sums (m rows of `width`) <- kernels times columns. `copy` makes those of so many taps from a given one on, if they are copies.
    let product m (t: Taps<'T>) (x: Columns<'T>) (copy: int -> int -> unit) (sums: 'T[]) width =
        for first in t.First .. Depth .. t.Last - 1 do
            let count, add = min Depth (t.Last - first), first > t.First
            if not x.InImage then copy first count

            match Vector512.IsHardwareAccelerated, x.InImage with
            | true, true ->
                wideTilesInImage m t first count x sums width add
                uprightTiles m t first count x sums width add
            | true, false ->
                wideTilesOfCopies m t first count x sums width add
                uprightTiles m t first count x sums width add
            | false, true -> tilesInImage m t first count x sums width add
            | false, false -> tilesOfCopies m t first count x sums width add

    /// Up to so many kernels go by thin products.
    [<Literal>]
    let ThinRows = 4

    /// The columns of a thin product of m kernels that are computed at a time, of so many. Three rows of eight vectors leave few registers
    /// without sums; but where columns are few, three rows of four vectors and one of zeros are less.
    let thinColumns<'T> m columns =
        let four = 4 * lanes<'T>()
        if m = 3 && Vector512.IsHardwareAccelerated && columns > four then 2 * four else four

    /// `rows` rows of sums, one or two, `width` apart, or sums + those where `add`.
    let inline private thinNarrow
        rows
        (t: Taps<'T>)
        first
        last
        (a: byref<'T>)
        (b: byref<'T>)
        (c: byref<'T>)
        width
        add
        =
        let v, height = nativeint Vector<'T>.Count, height ()
        let mutable x0, x1 = zeros<'T>(), zeros<'T>()
        let mutable y0, y1 = zeros<'T>(), zeros<'T>()

        for p in first .. last - 1 do
            let image = &item &b (at t.Table p)
            let s = &item &a (nativeint (p * height))
            let near, far = pair true &image 0n v, pair true &image (2n * v) (3n * v)
            accumulateTwo &x0 (spread &s 0n) near
            accumulateTwo &x1 (spread &s 0n) far

            if rows > 1 then
                accumulateTwo &y0 (spread &s 1n) near
                accumulateTwo &y1 (spread &s 1n) far

        put2 add x0 &c 0n v
        put2 add x1 &c (2n * v) v

        if rows > 1 then
            put2 add y0 &c width v
            put2 add y1 &c (width + 2n * v) v

    /// The same for one, two or four rows, by four vectors.
    let inline private thinWide
        rows
        (t: Taps<'T>)
        first
        last
        (a: byref<'T>)
        (b: byref<'T>)
        (c: byref<'T>)
        width
        add
        =
        let v, height = nativeint Vector512<'T>.Count, height ()
        let mutable x0 = flatZeros<'T>()
        let mutable x1 = flatZeros<'T>()
        let mutable x2 = flatZeros<'T>()
        let mutable x3 = flatZeros<'T>()

        for p in first .. last - 1 do
            let image = &item &b (at t.Table p)
            let s = &item &a (nativeint (p * height))
            let near, far = widePair &image 0n v, widePair &image (2n * v) (3n * v)
            flatAccumulate &x0 (wideSpread &s 0n) near far
            if rows > 1 then flatAccumulate &x1 (wideSpread &s 1n) near far

            if rows > 2 then
                flatAccumulate &x2 (wideSpread &s 2n) near far
                flatAccumulate &x3 (wideSpread &s 3n) near far

        flatStoreOrAdd add x0 &c v (2n * v) (3n * v)
        if rows > 1 then flatStoreOrAdd add x1 &(item &c width) v (2n * v) (3n * v)

        if rows > 2 then
            flatStoreOrAdd add x2 &(item &c (2n * width)) v (2n * v) (3n * v)
            flatStoreOrAdd add x3 &(item &c (3n * width)) v (2n * v) (3n * v)

    /// The same for three rows, by eight vectors.
    let private thinThree
        (t: Taps<'T>)
        first
        last
        start
        (image: 'T[])
        column
        (sums: 'T[])
        from
        (width: nativeint)
        add
        =
        optimised ()
        let v, height = nativeint Vector512<'T>.Count, height ()
        let a = &at t.Panels start
        let b = &at image column
        let c = &at sums from
        let mutable x0 = wideZeros<'T>()
        let mutable x1 = wideZeros<'T>()
        let mutable x2 = wideZeros<'T>()
        let mutable x3 = wideZeros<'T>()
        let mutable y0 = wideZeros<'T>()
        let mutable y1 = wideZeros<'T>()
        let mutable y2 = wideZeros<'T>()
        let mutable y3 = wideZeros<'T>()
        let mutable z0 = wideZeros<'T>()
        let mutable z1 = wideZeros<'T>()
        let mutable z2 = wideZeros<'T>()
        let mutable z3 = wideZeros<'T>()

        for p in first .. last - 1 do
            let image = &item &b (at t.Table p)
            let s = &item &a (nativeint (p * height))
            let x, y, z = wideSpread &s 0n, wideSpread &s 1n, wideSpread &s 2n
            // A pair at a time, as there are registers for no more.
            let pair0 = widePair &image 0n v
            wideAccumulateTwo &x0 x pair0
            wideAccumulateTwo &y0 y pair0
            wideAccumulateTwo &z0 z pair0
            let pair1 = widePair &image (2n * v) (3n * v)
            wideAccumulateTwo &x1 x pair1
            wideAccumulateTwo &y1 y pair1
            wideAccumulateTwo &z1 z pair1
            let pair2 = widePair &image (4n * v) (5n * v)
            wideAccumulateTwo &x2 x pair2
            wideAccumulateTwo &y2 y pair2
            wideAccumulateTwo &z2 z pair2
            let pair3 = widePair &image (6n * v) (7n * v)
            wideAccumulateTwo &x3 x pair3
            wideAccumulateTwo &y3 y pair3
            wideAccumulateTwo &z3 z pair3

        wideStoreOrAdd add x0 &c 0n v
        wideStoreOrAdd add x1 &c (2n * v) v
        wideStoreOrAdd add x2 &c (4n * v) v
        wideStoreOrAdd add x3 &c (6n * v) v
        wideStoreOrAdd add y0 &c width v
        wideStoreOrAdd add y1 &c (width + 2n * v) v
        wideStoreOrAdd add y2 &c (width + 4n * v) v
        wideStoreOrAdd add y3 &c (width + 6n * v) v
        wideStoreOrAdd add z0 &c (2n * width) v
        wideStoreOrAdd add z1 &c (2n * width + 2n * v) v
        wideStoreOrAdd add z2 &c (2n * width + 4n * v) v
        wideStoreOrAdd add z3 &c (2n * width + 6n * v) v

    /// The same for a few kernels, which would leave half of a tile empty: straight from the image. Columns are places of the image here.
    let thinProduct m (t: Taps<'T>) (image: 'T[]) (sums: 'T[]) width =
        optimised ()
        let unit, w = thinColumns<'T> m width, nativeint width
        let rows = if Vector512.IsHardwareAccelerated then m else min m 2

        for i in 0..rows .. m - 1 do
            let a = &at t.Panels (t.Start + i)

            for j in 0..unit .. width - 1 do
                let b = &at image j
                let c = &at sums (i * width + j)

                for first in t.First .. Depth .. t.Last - 1 do
                    let last, add = min t.Last (first + Depth), first > t.First

                    // Asked in place, so that the other one's tiles are not compiled, whose inlining would leave no room for this one's.
                    if Vector512.IsHardwareAccelerated then
                        if rows = 1 then
                            thinWide 1 t first last &a &b &c w add
                        elif rows = 2 then
                            thinWide 2 t first last &a &b &c w add
                        elif rows = 3 && unit > 4 * lanes<'T>() then
                            thinThree t first last (t.Start + i) image j sums (i * width + j) w add
                        else
                            thinWide 4 t first last &a &b &c w add
                    elif rows = 1 then
                        thinNarrow 1 t first last &a &b &c w add
                    else
                        thinNarrow 2 t first last &a &b &c w add

    /// Adds as many elements, in whole vectors.
    let plusAll (x: Span<'T>) (sums: Span<'T>) =
        let x = &MemoryMarshal.GetReference x
        let y = &MemoryMarshal.GetReference sums

        for i in 0 .. Vector<'T>.Count .. sums.Length - 1 do
            plus (load &x (nativeint i)) &y (nativeint i)

    /// Where there are more than `Longest` taps, the sums of both halves.
    let rec summed m (t: Taps<'T>) (sums: 'T[]) width (product: Taps<'T> -> 'T[] -> unit) =
        let count = t.Last - t.First

        if count <= Longest then
            product t sums
        else
            let half = t.First + (count / 2 + Depth - 1) / Depth * Depth
            let second = ArrayPool<'T>.Shared.Rent(m * width)
            summed m { t with Last = half } sums width product
            summed m { t with First = half } second width product
            plusAll (second.AsSpan(0, m * width)) (sums.AsSpan(0, m * width))
            ArrayPool<'T>.Shared.Return second
