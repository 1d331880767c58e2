namespace Cotangent.Engines

// Products whose right factor never changes, such as the weights of a model that predicts: it is packed once, in panels that broad tiles
// read from end to end, and then it takes no copy, however few rows the left factor has.

open System.Buffers
open System.Runtime.Intrinsics
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile

module internal PackedProduct =

    /// Rows of b in a block: its panel stays in the second-level cache while all rows of a go past.
    [<Literal>]
    let private Depth = 384

    /// Panels of a in a part.
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
        Vector512.IsHardwareAccelerated
        && (sameType typeof<'T> typeof<float32> || sameType typeof<'T> typeof<float>)
        && m >= 6
        && n >= Vector512<'T>.Count
        && k >= 16
        && k <= 8192
        && int64 (partsOf n (broadColumns<'T>()) * broadColumns<'T>()) * int64 k <= MostElements
        && not (Array.contains 0 strides)

    /// The panels of b, k by n elements: all rows of the first one's columns, then those of the second one's.
    let pack n k (b: Matrix<'T>) : 'T[] =
        b.Check("b", k, n)
        let columns = broadColumns<'T>()
        let panels = Panels.fixed'<'T>(partsOf n columns * columns * k)
        Panels.pack columns n k b.Data b.Offset b.ColStride b.RowStride panels (Panels.line panels)
        panels

    /// A tile of c, `rows` by `columns` elements of eight by three vectors: through a buffer where it reaches over the edge of c. Rows of
    /// a are `ra` apart, their elements `sa`. Meanwhile `ahead` is fetched, so many elements for each row of b.
    let inline private tile
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
        let width = broadColumns<'T>()
        let vectors = partsOf columns Vector512<'T>.Count
        let isWhole = rows = BroadRows && columns % Vector512<'T>.Count = 0
        let z = if isWhole then &at c at' else &at edge 0
        let rz = nativeint (if isWhole then rc else width)
        let add' = add && isWhole

        if vectors = 3 then
            broadTile depth &x ra sa &y 0n (fun ib _ -> ib + nativeint width) &z rz add' &ahead perRow
        else
            for n in 0 .. vectors - 1 do
                let beside = nativeint (n * Vector512<'T>.Count)

                slimTile
                    depth
                    &x
                    ra
                    sa
                    &(item &y beside)
                    0n
                    (fun ib _ -> ib + nativeint width)
                    &(item &z beside)
                    rz
                    add'

        if not isWhole then
            for r in 0 .. rows - 1 do
                for j in 0 .. columns - 1 do
                    let place = at' + r * rc + j
                    // Vectors of equal lanes, to add in generic code.
                    let sum = spread &(at edge (r * width + j)) 0n
                    let sum = if add then sum + spread &(at c place) 0n else sum
                    c[place] <- sum.[0]

    let private part m n k (a: Matrix<'T>) (panels: 'T[]) firstColumn lastColumn (c: 'T[]) cOffset rc =
        optimised ()
        let width = broadColumns<'T>()
        let down = partsOf m BroadRows
        let edge = ArrayPool<'T>.Shared.Rent(BroadRows * width)
        // Rows are read in place, but for those of the last tile, if it is not whole.
        let inPlace = if a.ColStride = 1 then m / BroadRows else 0
        let copied = m - inPlace * BroadRows
        let struct (rows, rows0) = Panels.rent<'T>(partsOf copied BroadRows * BroadRows * min k Depth)
        let panel = Panels.line panels

        for first in 0..Depth .. k - 1 do
            let depth, add = min Depth (k - first), first > 0

            if copied > 0 then
                let from = a.From(inPlace * BroadRows, first)

                Panels.pack
                    BroadRows
                    copied
                    depth
                    from.Data
                    from.Offset
                    from.RowStride
                    from.ColStride
                    rows
                    rows0

            for j in firstColumn .. lastColumn - 1 do
                let y = &at panels (panel + (j * k + first) * width)
                let columns = min width (n - j * width)
                // While tiles go past a block of b, the next one comes from memory, a part of it with each tile.
                let next =
                    if j + 1 < lastColumn then (j + 1) * k + first
                    elif first + depth < k then firstColumn * k + first + depth
                    else j * k + first

                let perRow = partsOf width down

                for i in 0 .. down - 1 do
                    let height = min BroadRows (m - i * BroadRows)
                    let place = cOffset + i * BroadRows * rc + j * width
                    let ahead = &at panels (panel + next * width + i * depth * perRow)

                    if i < inPlace then
                        let x = &at a.Data (a.Offset + i * BroadRows * a.RowStride + first)

                        tile
                            depth
                            &x
                            (nativeint a.RowStride)
                            1n
                            &y
                            c
                            place
                            rc
                            height
                            columns
                            edge
                            add
                            &ahead
                            (nativeint perRow)
                    else
                        let x = &at rows (rows0 + (i - inPlace) * BroadRows * depth)

                        tile
                            depth
                            &x
                            1n
                            (nativeint BroadRows)
                            &y
                            c
                            place
                            rc
                            height
                            columns
                            edge
                            add
                            &ahead
                            (nativeint perRow)

        ArrayPool<'T>.Shared.Return rows
        ArrayPool<'T>.Shared.Return edge

    /// c (row-major contiguous, m by n elements from cOffset) <- a (m by k) times what was packed.
    let multiply m n k (a: Matrix<'T>) (panels: 'T[]) (c: 'T[]) cOffset =
        a.Check("a", m, k)
        { Data = c; Offset = cOffset; RowStride = n; ColStride = 1 }.Check("c", m, n)
        let across, tall = partsOf n (broadColumns<'T>()), partsOf m (BroadRows * Tall)
        let workers = if float m * float n * float k < ParallelFrom then 1 else Workers.count ()
        let wide = if workers = 1 then 1 else min across (partsOf (4 * workers) tall)
        let heights = partsOf (partsOf m tall) BroadRows * BroadRows

        let run index =
            let i, j = index / wide * heights, index % wide
            let height = min heights (m - i)

            if height > 0 then
                part
                    height
                    n
                    k
                    (a.From(i, 0))
                    panels
                    (across * j / wide)
                    (across * (j + 1) / wide)
                    c
                    (cOffset + i * n)
                    n

        if workers = 1 then
            for index in 0 .. tall * wide - 1 do
                run index
        else
            Workers.run (tall * wide) run
