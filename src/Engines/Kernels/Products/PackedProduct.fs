namespace Cotangent.Engines

// Products whose right factor never changes, such as the weights of a model that predicts: it is packed once, in panels that broad tiles
// read from end to end, and then it takes no copy, however few rows the left factor has.

open System.Buffers
open System.Numerics
open System.Runtime.Intrinsics
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Tile
open Cotangent.Engines.BroadTile

module internal PackedProduct =

    /// Rows of b in a block: its panel stays in the second-level cache while all rows of a go past.
    [<Literal>]
    let private Depth = 384

    /// Tiles, one below the other, in a part.
    [<Literal>]
    let private Tall = 16

    /// Products from which on they are shared among the cores (see MatMul.fs).
    [<Literal>]
    let private ParallelFrom = 4e6

    /// What the panels are called among those of a constant.
    let Order: obj = "product"

    /// As many elements as panels may have.
    [<Literal>]
    let private MostElements = 134_217_728L

    /// Whether packing pays: there are rows enough for tiles, no more products to a sum than are added up in order, and no broadcast,
    /// whose few numbers panels would repeat.
    let isFor<'T> m n k (strides: int[]) =
        (sameType typeof<'T> typeof<float32> || sameType typeof<'T> typeof<float>)
        && m >= Rows
        && n >= lanes<'T>()
        && k >= 16
        && k <= 8192
        && int64 (partsOf n (breadth<'T>()) * breadth<'T>()) * int64 k <= MostElements
        && not (Array.contains 0 strides)

    /// The panels of b, k by n elements: all rows of the first one's columns, then those of the second one's.
    let pack n k (b: Matrix<'T>) : 'T[] =
        b.Check("b", k, n)
        let columns = breadth<'T>()
        let panels = Panels.fixed'<'T>(partsOf n columns * columns * k)
        Panels.pack columns n k b.Data b.Offset b.ColStride b.RowStride panels (Panels.line panels)
        panels

    /// Rows of c, with those of a `ra` apart in memory and their elements `sa`. Meanwhile `ahead` is fetched, so many elements for each
    /// row of b.
    let inline private wideRows
        depth
        (x: byref<'T>)
        ra
        sa
        (y: byref<'T>)
        vectors
        (z: byref<'T>)
        rz
        add
        (ahead: byref<'T>)
        perRow
        =
        let width = nativeint (broadColumns<'T>())

        if vectors = 3 then
            broadTile depth &x ra sa &y 0n (fun ib _ -> ib + width) &z rz add &ahead perRow
        else
            for n in 0 .. vectors - 1 do
                let beside = nativeint (n * Vector512<'T>.Count)
                let next = fun (ib: nativeint) (_: int) -> ib + width
                slimTile depth &x ra sa &(item &y beside) 0n next &(item &z beside) rz add

    /// A tile of c, `rows` by `columns` elements: through a buffer where it reaches over the edge of c.
    let inline private tile
        wide
        depth
        (x: byref<'T>)
        ra
        sa
        (y: byref<'T>)
        (c: 'T[])
        at'
        rc
        rows
        columns
        (edge: 'T[])
        add
        (ahead: byref<'T>)
        perRow
        =
        let width = if wide then broadColumns<'T>() else Tile.columns<'T>()
        // A wide tile leaves out vectors without a column.
        let unit = if wide then Vector512<'T>.Count else width
        let isWhole = rows = (if wide then BroadRows else Rows) && columns % unit = 0
        let z = if isWhole then &at c at' else &at edge 0
        let rz = nativeint (if isWhole then rc else width)
        let add' = add && isWhole

        if wide then
            wideRows depth &x ra sa &y (partsOf columns unit) &z rz add' &ahead perRow
        else
            let v = nativeint Vector<'T>.Count
            Tile.tile depth &x ra sa &y 0n (fun ib _ -> ib + 2n * v) v &z rz add'

        if not isWhole then
            for r in 0 .. rows - 1 do
                for j in 0 .. columns - 1 do
                    let place = at' + r * rc + j
                    // Vectors of equal lanes, to add in generic code.
                    let sum = spread &(at edge (r * width + j)) 0n
                    let sum = if add then sum + spread &(at c place) 0n else sum
                    c[place] <- sum.[0]

    let inline private tiles
        wide
        m
        n
        k
        (a: Matrix<'T>)
        (panels: 'T[])
        firstColumn
        lastColumn
        (c: 'T[])
        cOffset
        rc
        =
        let tall, width =
            (if wide then BroadRows else Rows), (if wide then broadColumns<'T>() else columns<'T>())

        let down = partsOf m tall
        let edge = ArrayPool<'T>.Shared.Rent(tall * width)
        // Rows of neighbours are read in place, but for those of the last tile, if it is not whole.
        let inPlace = if a.ColStride = 1 then m / tall else 0
        let copied = m - inPlace * tall
        let struct (rows, rows0) = Panels.rent<'T>(partsOf copied tall * tall * min k Depth)
        let panel = Panels.line panels

        for first in 0..Depth .. k - 1 do
            let depth, add = min Depth (k - first), first > 0

            if copied > 0 then
                let from = a.From(inPlace * tall, first)
                Panels.pack tall copied depth from.Data from.Offset from.RowStride from.ColStride rows rows0

            for j in firstColumn .. lastColumn - 1 do
                let y = &at panels (panel + (j * k + first) * width)
                let columns = min width (n - j * width)

                // While tiles go past a block of b, the next one comes from memory, a part of it with each tile, if it is as deep.
                let next =
                    if j + 1 < lastColumn then (j + 1) * k + first
                    elif first + 2 * depth <= k then firstColumn * k + first + depth
                    else j * k + first

                let perRow = width / down

                for i in 0 .. down - 1 do
                    let height = min tall (m - i * tall)
                    let place = cOffset + i * tall * rc + j * width
                    let ahead = &at panels (panel + next * width + i * depth * perRow)
                    let perRow = nativeint perRow

                    if i < inPlace then
                        let x = &at a.Data (a.Offset + i * tall * a.RowStride + first)
                        let ra = nativeint a.RowStride
                        tile wide depth &x ra 1n &y c place rc height columns edge add &ahead perRow
                    else
                        let x = &at rows (rows0 + (i - inPlace) * tall * depth)
                        let sa = nativeint tall
                        tile wide depth &x 1n sa &y c place rc height columns edge add &ahead perRow

        ArrayPool<'T>.Shared.Return rows
        ArrayPool<'T>.Shared.Return edge

    let private wideTiles m n k a panels firstColumn lastColumn (c: 'T[]) cOffset rc =
        optimised ()
        tiles true m n k a panels firstColumn lastColumn c cOffset rc

    let private narrowTiles m n k a panels firstColumn lastColumn (c: 'T[]) cOffset rc =
        optimised ()
        tiles false m n k a panels firstColumn lastColumn c cOffset rc

    /// c (row-major contiguous, m by n elements from cOffset) <- a (m by k) times what was packed.
    let multiply m n k (a: Matrix<'T>) (panels: 'T[]) (c: 'T[]) cOffset =
        a.Check("a", m, k)
        { Data = c; Offset = cOffset; RowStride = n; ColStride = 1 }.Check("c", m, n)
        let across, tall = partsOf n (breadth<'T>()), partsOf m (height () * Tall)
        let workers = if float m * float n * float k < ParallelFrom then 1 else Workers.count ()
        // Each part copies the rows that it can't read in place: then there are as few parts side by side as occupy all cores.
        let parts = if workers = 1 then 1 else workers * (if a.ColStride = 1 then 4 else 2)
        let wide = min across (partsOf parts tall)
        let heights = partsOf (partsOf m tall) (height ()) * height ()

        let run index =
            let i, j = index / wide * heights, index % wide
            let height = min heights (m - i)

            if height > 0 then
                let rows = a.From(i, 0)
                let first, last = across * j / wide, across * (j + 1) / wide
                let place = cOffset + i * n

                if Vector512.IsHardwareAccelerated then
                    wideTiles height n k rows panels first last c place n
                else
                    narrowTiles height n k rows panels first last c place n

        if workers = 1 then
            for index in 0 .. tall * wide - 1 do
                run index
        else
            Workers.run (tall * wide) run
