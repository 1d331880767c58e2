namespace Cotangent.Engines

// Large products, after GotoBLAS and BLIS (F. Van Zee and R. van de Geijn, "BLIS: a framework for rapidly instantiating BLAS
// functionality", ACM TOMS 41(3), 2015): blocks of a and b, sized to the caches, are copied into panels that a tile reads
// from end to end. The copy absorbs every stride.

open System
open System.Buffers
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Microsoft.FSharp.NativeInterop
open Cotangent.Engines.Panels
open Cotangent.Engines.Shares
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile

#nowarn "9"

module internal Blocks =

    /// The product of packed blocks of a and b, tile by tile: along the rows of c where `acrossFirst`, else down its columns.
    /// Tiles that reach over the edge of c go through a buffer.
    let inline private multiplyPanels wide m n k (pa: 'T[]) (pb: 'T[]) start (c: 'T[]) cOffset rc add =
        let rows, cols =
            (if wide then WideRows else Rows), (if wide then wideColumns<'T>() else columns<'T>())

        let v = nativeint (cols / 2)
        let buffer = NativePtr.toVoidPtr (NativePtr.stackalloc<byte>(rows * cols * sizeof<'T>))
        let edge = Span<'T>(buffer, rows * cols)
        // Wide tiles go along rows of c: a panel of a stays in the first-level cache, a block of b in the second.
        let outer, outerStep = (if wide then m else n), (if wide then rows else cols)
        let inner, innerStep = (if wide then n else m), (if wide then cols else rows)
        let mutable x = 0

        while x < outer do
            let mutable y = 0

            while y < inner do
                let i, j = (if wide then x else y), (if wide then y else x)
                let height, width = min rows (m - i), min cols (n - j)
                let isWhole = height = rows && width = cols
                let ci = cOffset + i * rc + j

                if add && not isWhole then
                    for r in 0 .. height - 1 do
                        c.AsSpan(ci + r * rc, width).CopyTo(edge.Slice(r * cols))

                let span = if isWhole then c.AsSpan ci else edge
                let target = &MemoryMarshal.GetReference span
                let rt = if isWhole then nativeint rc else nativeint cols
                let a = &at pa (i * k)
                let b = &at pb (start + j * k)

                if wide then
                    wideTile k &a 1n 12n &b (2n * v) v &target rt add
                else
                    tile k &a 1n 6n &b 0n (fun ib _ -> ib + 2n * v) v &target rt add

                if not isWhole then
                    for r in 0 .. height - 1 do
                        edge.Slice(r * cols, width).CopyTo(c.AsSpan(ci + r * rc))

                y <- y + innerStep

            x <- x + outerStep

    let private multiplyNarrow m n k (pa: 'T[]) pb start c cOffset rc add =
        multiplyPanels false m n k pa pb start c cOffset rc add

    let private multiplyWide m n k (pa: 'T[]) pb start c cOffset rc add =
        multiplyPanels true m n k pa pb start c cOffset rc add

    let private packA rows m k (a: inref<Matrix<'T>>) i p panels =
        pack rows m k a.Data (a.Offset + i * a.RowStride + p * a.ColStride) a.RowStride a.ColStride panels 0

    let private packB cols n k (b: inref<Matrix<'T>>) p j panels start =
        pack
            cols
            n
            k
            b.Data
            (b.Offset + p * b.RowStride + j * b.ColStride)
            b.ColStride
            b.RowStride
            panels
            start

    /// A panel of b (kc by two vectors) is to stay in the first-level cache while the tiles of a block of a (mc by kc), which
    /// is to stay in the second, go past it; a block of b (kc by nc) goes to the third.
    let narrow m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        let kc, mc = share k 256 1, share m (576 / sizeof<'T>) Rows
        let nc = share n (8192 / sizeof<'T>) (columns<'T>())
        let pa = ArrayPool.Shared.Rent(mc * kc)
        let struct (pb, start) = rent<'T>(nc * kc)

        for j in 0..nc .. n - 1 do
            for p in 0..kc .. k - 1 do
                let nj, kp = min nc (n - j), min kc (k - p)
                packB (columns<'T>()) nj kp &b p j pb start

                for i in 0..mc .. m - 1 do
                    let mi = min mc (m - i)
                    packA Rows mi kp &a i p pa
                    multiplyNarrow mi nj kp pa pb start c (cOffset + i * rc + j) rc (p > 0)

        ArrayPool.Shared.Return pa
        ArrayPool.Shared.Return pb

    /// The same with a and b in each other's place: a panel of a (12 by kc) stays in the first-level cache, a block of b (kc by
    /// nc) in the second, a block of a (mc by kc) in the third. Tiles are wider than high, so a panel of a is the smaller
    /// one, and kc can be larger, for which c is read and written less often.
    let private ofCopies kc m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        let mc = share m (4096 / sizeof<'T>) WideRows
        let nc = share n (2048 / sizeof<'T>) (wideColumns<'T>())
        let pa = ArrayPool.Shared.Rent(mc * kc)
        let struct (pb, start) = rent<'T>(nc * kc)

        for i in 0..mc .. m - 1 do
            for p in 0..kc .. k - 1 do
                let mi, kp = min mc (m - i), min kc (k - p)
                packA WideRows mi kp &a i p pa

                for j in 0..nc .. n - 1 do
                    let nj = min nc (n - j)
                    packB (wideColumns<'T>()) nj kp &b p j pb start
                    multiplyWide mi nj kp pa pb start c (cOffset + i * rc + j) rc (p > 0)

        ArrayPool.Shared.Return pa
        ArrayPool.Shared.Return pb

    /// Elements in a line of the caches.
    let inline private line<'T> () = 64 / sizeof<'T>

    /// The product of rows of a, read in place or from `copies` of a tile's rows, and packed blocks of b, along the rows of c. Tiles that reach
    /// over the edge of c go through a buffer; below the last row they move up.
    let private multiplyRows m n k (a: 'T[]) a0 ra (copies: 'T[]) (pb: 'T[]) start (c: 'T[]) cOffset rc add =
        let cols = wideColumns<'T>()
        let v = nativeint (cols / 2)
        let buffer = NativePtr.toVoidPtr (NativePtr.stackalloc<byte>(WideRows * cols * sizeof<'T>))
        let edge = Span<'T>(buffer, WideRows * cols)
        let mutable i = 0

        while i < m do
            let height = rowsOfTile (m - i)
            let rows = min height (m - i)
            let up = height - rows
            let first = a0 + (i - up) * ra
            if copies.Length > 0 then copyRows height k a first ra copies 0

            let struct (items, from, apart) =
                if copies.Length > 0 then struct (copies, 0, unaliased<'T> k) else struct (a, first, ra)

            let ai = &at items from
            // The rows of the next tile come while this one is computed.
            let next = i + height

            if m - next >= WideRows then
                for r in next .. next + WideRows - 1 do
                    for p in 0 .. line<'T>() .. k - 1 do
                        fetch &(at a (a0 + r * ra + p))

            let mutable j = 0

            while j < n do
                let width = min cols (n - j)
                let isWhole = rows = height && width = cols
                let ci = cOffset + i * rc + j
                let span = if isWhole then c.AsSpan ci else edge
                let target = &MemoryMarshal.GetReference span
                let rt = if isWhole then nativeint rc else nativeint cols
                let bj = &at pb (start + j * k)
                let adds = add && isWhole

                // So do the lines of c that the sums go to.
                if isWhole then
                    for r in 0 .. height - 1 do
                        let into = &Unsafe.Add(&target, r * rc)
                        fetch &into
                        fetch (&Unsafe.Add(&into, line<'T>()))

                if height = WideRows then
                    wideTile k &ai (nativeint apart) 1n &bj (2n * v) v &target rt adds
                else
                    lowTile k &ai (nativeint apart) 1n &bj 0n (fun ib _ -> ib + 2n * v) v &target rt adds

                if not isWhole then
                    for r in 0 .. rows - 1 do
                        let sums = edge.Slice((up + r) * cols, width)
                        let into = c.AsSpan(ci + r * rc, width)

                        if add then
                            for l in 0 .. width - 1 do
                                let sum = Vector<'T> into[l] + Vector<'T> sums[l]
                                into[l] <- sum.[0]
                        else
                            sums.CopyTo into

                j <- j + cols

            i <- i + height

    /// Bytes of a block of b: what the second-level cache holds beside what goes past it.
    [<Literal>]
    let private BlockBytes = 786_432

    /// Rows of a in place: a tile's twelve (12 by kc) stay in the first-level cache while a block of b goes past them from the
    /// second. A copy of a would be read once for each block of b, no more often than it was written.
    let private ofRows kc m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        let nc = share n (BlockBytes / sizeof<'T> / kc) (wideColumns<'T>())
        let struct (pb, start) = rent<'T>(nc * kc)

        let copies =
            if areAliased<'T> a.RowStride then
                ArrayPool.Shared.Rent(WideRows * unaliased<'T> kc)
            else
                [||]

        for j in 0..nc .. n - 1 do
            for p in 0..kc .. k - 1 do
                let kp, nj = min kc (k - p), min nc (n - j)
                packB (wideColumns<'T>()) nj kp &b p j pb start

                multiplyRows
                    m
                    nj
                    kp
                    a.Data
                    (a.Offset + p)
                    a.RowStride
                    copies
                    pb
                    start
                    c
                    (cOffset + j)
                    rc
                    (p > 0)

        ArrayPool.Shared.Return pb
        if copies.Length > 0 then ArrayPool.Shared.Return copies

    /// By wide tiles. Whether rows of a can be read in place decides how many products are added up at a time, and so is the
    /// same for all parts of a product, of whose c the whole has m0 rows.
    let wide m0 m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        let isInPlace = a.ColStride = 1 && m0 >= LowRows
        let kc = share k (if isInPlace then 2048 / sizeof<'T> else 384) 1

        if isInPlace && m >= LowRows then
            ofRows kc m n k &a &b c cOffset rc
        else
            ofCopies kc m n k &a &b c cOffset rc
