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
        let panels = Array.zeroCreate<'T>(partsOf n columns * columns * k)
        Panels.pack columns n k b.Data b.Offset b.ColStride b.RowStride panels 0
        panels

    /// A tile of c, `rows` by `columns` elements of eight by three vectors: through a buffer where it reaches over the edge of c.
    let inline private tile
        depth
        (x: byref<'T>)
        (y: byref<'T>)
        (c: 'T[])
        at'
        rc
        rows
        columns
        (edge: 'T[])
        add
        =
        let width = broadColumns<'T>()
        let vectors = partsOf columns Vector512<'T>.Count
        let isWhole = rows = BroadRows && columns % Vector512<'T>.Count = 0
        let z = if isWhole then &at c at' else &at edge 0
        let rz = nativeint (if isWhole then rc else width)
        let add' = add && isWhole

        if vectors = 3 then
            broadTile depth &x &y 0n (fun ib _ -> ib + nativeint width) &z rz add'
        else
            for n in 0 .. vectors - 1 do
                let beside = nativeint (n * Vector512<'T>.Count)

                slimTile
                    depth
                    &x
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
        let struct (rows, rows0) = Panels.rent<'T>(down * BroadRows * min k Depth)
        let edge = ArrayPool<'T>.Shared.Rent(BroadRows * width)

        for first in 0..Depth .. k - 1 do
            let depth, add = min Depth (k - first), first > 0
            let from = a.From(0, first)
            Panels.pack BroadRows m depth from.Data from.Offset from.RowStride from.ColStride rows rows0

            for j in firstColumn .. lastColumn - 1 do
                let y = &at panels ((j * k + first) * width)
                let columns = min width (n - j * width)

                for i in 0 .. down - 1 do
                    let x = &at rows (rows0 + i * BroadRows * depth)
                    let height = min BroadRows (m - i * BroadRows)
                    let place = cOffset + i * BroadRows * rc + j * width
                    tile depth &x &y c place rc height columns edge add

        ArrayPool<'T>.Shared.Return rows
        ArrayPool<'T>.Shared.Return edge

    /// c (row-major contiguous, m by n elements from cOffset) <- a (m by k) times what was packed.
    let multiply m n k (a: Matrix<'T>) (panels: 'T[]) (c: 'T[]) cOffset =
        a.Check("a", m, k)
        { Data = c; Offset = cOffset; RowStride = n; ColStride = 1 }.Check("c", m, n)
        let across, tall = partsOf n (broadColumns<'T>()), partsOf m (BroadRows * Tall)
        let workers = if float m * float n * float k < ParallelFrom then 1 else Workers.count ()
        // Rows are packed in each part: as few parts side by side as occupy all cores.
        let wide = if workers = 1 then 1 else min across (partsOf (2 * workers) tall)
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
