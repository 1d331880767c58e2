namespace Cotangent.Engines

// Small and thin products in place, by vectors of 512 bits.
//
// Whichever tile an element of c falls into, `rows` adds its products up one after the other, as InPlace.rows does, to the same
// bits; so does `dots`, by vectors of k.

open System.Buffers
open System.Runtime.Intrinsics
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Engines.FlatTile

module internal WideInPlace =

    let inline private within limit (i: int) = nativeint (min i limit)

    let private inTiles m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        optimised ()
        let w = Vector512<'T>.Count
        let mutable j = 0

        while j < n do
            let j0 = max 0 (min j (n - 2 * w))
            let v = within (n - w - j0) w
            let bj = &at b.Data (b.Offset + j0)
            let mutable i = 0

            while i < m do
                let height = rowsOfTile (m - i)
                let i0 = min i (m - height)
                let ai = &at a.Data (a.Offset + i0 * a.RowStride)
                let ci = &at c (cOffset + i0 * rc + j0)
                let ra, sa, sb = nativeint a.RowStride, nativeint a.ColStride, nativeint b.RowStride

                if height = WideRows then
                    wideTile k &ai ra sa &bj sb v &ci (nativeint rc) false
                else
                    lowTile k &ai ra sa &bj 0n (fun ib _ -> ib + sb) v &ci (nativeint rc) false

                i <- i + height

            j <- j + 2 * w

    /// Four rows at a time by four vectors of columns. What is beyond an edge of c is another of its rows or vectors, which
    /// is computed and written twice.
    let private inFlatTiles m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        optimised ()
        let w = Vector512<'T>.Count
        let sa, sb = nativeint a.ColStride, nativeint b.RowStride
        let mutable j = 0

        while j < n do
            let j0 = min j (n - w)
            let rest = n - w - j0
            let o1, o2, o3 = within rest w, within rest (2 * w), within rest (3 * w)
            let bj = &at b.Data (b.Offset + j0)
            let mutable i = 0

            while i < m do
                let i0 = min i (max 0 (m - 4))
                let last = m - 1 - i0
                let i1, i2, i3 = within last 1, within last 2, within last 3
                let ra = nativeint a.RowStride
                let r1, r2, r3 = i1 * ra, i2 * ra, i3 * ra
                let ai = &at a.Data (a.Offset + i0 * a.RowStride)
                let mutable x0 = flatZeros<'T>()
                let mutable x1 = flatZeros<'T>()
                let mutable x2 = flatZeros<'T>()
                let mutable x3 = flatZeros<'T>()
                let mutable ia, ib, left = 0n, 0n, k

                while left > 0 do
                    let s = &item &ai ia
                    let t = &item &bj ib
                    let y, z = widePair &t 0n o1, widePair &t o2 o3
                    flatAccumulate &x0 (wideSpread &s 0n) y z
                    flatAccumulate &x1 (wideSpread &s r1) y z
                    flatAccumulate &x2 (wideSpread &s r2) y z
                    flatAccumulate &x3 (wideSpread &s r3) y z
                    ia <- ia + sa
                    ib <- ib + sb
                    left <- left - 1

                let ci = &at c (cOffset + i0 * rc + j0)
                let rc = nativeint rc
                flatStoreOrAdd false x0 &ci o1 o2 o3
                flatStoreOrAdd false x1 &(item &ci (i1 * rc)) o1 o2 o3
                flatStoreOrAdd false x2 &(item &ci (i2 * rc)) o1 o2 o3
                flatStoreOrAdd false x3 &(item &ci (i3 * rc)) o1 o2 o3
                i <- i + 4

            j <- j + 4 * w

    /// One row at a time, by eight vectors of columns.
    let private inLines m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        optimised ()
        let w = Vector512<'T>.Count
        let sa, sb = nativeint a.ColStride, nativeint b.RowStride
        let mutable j = 0

        while j < n do
            let j0 = min j (n - w)
            let rest = n - w - j0
            let o1, o2, o3 = within rest w, within rest (2 * w), within rest (3 * w)

            let o4, o5, o6, o7 =
                within rest (4 * w), within rest (5 * w), within rest (6 * w), within rest (7 * w)

            let bj = &at b.Data (b.Offset + j0)

            for i in 0 .. m - 1 do
                let ai = &at a.Data (a.Offset + i * a.RowStride)
                let mutable x0 = flatZeros<'T>()
                let mutable x1 = flatZeros<'T>()
                let mutable ia, ib, left = 0n, 0n, k

                while left > 0 do
                    let s = wideSpread &ai ia
                    let t = &item &bj ib
                    flatAccumulate &x0 s (widePair &t 0n o1) (widePair &t o2 o3)
                    flatAccumulate &x1 s (widePair &t o4 o5) (widePair &t o6 o7)
                    ia <- ia + sa
                    ib <- ib + sb
                    left <- left - 1

                let ci = &at c (cOffset + i * rc + j0)
                flatStoreOrAdd false x0 &ci o1 o2 o3
                flatStoreOrAdd false x1 &(item &ci o4) (o5 - o4) (o6 - o4) (o7 - o4)

            j <- j + 8 * w

    /// For rows of b that are contiguous and at least a vector long.
    let rows m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        let inline up size unit = (size + unit - 1) / unit * unit
        let w = Vector512<'T>.Count

        let flat = up m 4 * up n (4 * w)
        // A flat tile has less of itself beyond the edges, but reads b more often, and twice as much of it at a time.
        let flat = if k > 64 then flat * 3 / 2 else flat

        if m = 1 then
            inLines m n k &a &b c cOffset rc
        elif m >= WideRows && up m WideRows * up n (2 * w) <= flat then
            if a.ColStride = 1 && Panels.areAliased<'T> a.RowStride && n >= 4 * w then
                let copies = ArrayPool.Shared.Rent(m * Panels.unaliased<'T> k)
                Panels.copyRows m k a.Data a.Offset a.RowStride copies 0

                let a: Matrix<'T> = {
                    Data = copies
                    Offset = 0
                    RowStride = Panels.unaliased<'T> k
                    ColStride = 1
                }

                inTiles m n k &a &b c cOffset rc
                ArrayPool.Shared.Return copies
            else
                inTiles m n k &a &b c cOffset rc
        else
            inFlatTiles m n k &a &b c cOffset rc

    /// Inner products, where k is contiguous in both operands and at least a vector long.
    let dots m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        optimised ()
        let w = Vector512<'T>.Count
        let v, cb = nativeint w, nativeint b.ColStride
        // The elements behind the last whole vector are taken with those before them, which are blotted out.
        let rest = k % w
        let behind = k - w
        let from = Vector512.Create(byte ((w - rest) * sizeof<'T>))
        let mask = Vector512.GreaterThanOrEqual(Vector512<byte>.Indices, from) |> Vector512.As<byte, 'T>
        let mutable i = 0

        while i < m do
            let last = m - 1 - i
            let i1, i2, i3 = within last 1, within last 2, within last 3
            let ra = nativeint a.RowStride
            let r1, r2, r3 = i1 * ra, i2 * ra, i3 * ra
            let ai = &at a.Data (a.Offset + i * a.RowStride)
            let mutable j = 0

            while j < n do
                let last = n - 1 - j
                let j1, j2, j3 = within last 1, within last 2, within last 3
                let o1, o2, o3 = j1 * cb, j2 * cb, j3 * cb
                let bj = &at b.Data (b.Offset + j * b.ColStride)
                let mutable x0 = flatZeros<'T>()
                let mutable x1 = flatZeros<'T>()
                let mutable x2 = flatZeros<'T>()
                let mutable x3 = flatZeros<'T>()
                let mutable p, left = 0n, k / w

                while left > 0 do
                    let s = &item &ai p
                    let t = &item &bj p
                    let y, z = widePair &t 0n o1, widePair &t o2 o3
                    flatAccumulate &x0 (wideLoad &s 0n) y z
                    flatAccumulate &x1 (wideLoad &s r1) y z
                    flatAccumulate &x2 (wideLoad &s r2) y z
                    flatAccumulate &x3 (wideLoad &s r3) y z
                    p <- p + v
                    left <- left - 1

                if rest > 0 then
                    let s = &item &ai (nativeint behind)
                    let t = &item &bj (nativeint behind)
                    let y, z = masked mask (widePair &t 0n o1), masked mask (widePair &t o2 o3)
                    flatAccumulate &x0 (wideLoad &s 0n &&& mask) y z
                    flatAccumulate &x1 (wideLoad &s r1 &&& mask) y z
                    flatAccumulate &x2 (wideLoad &s r2 &&& mask) y z
                    flatAccumulate &x3 (wideLoad &s r3 &&& mask) y z

                let ci = &at c (cOffset + i * rc + j)
                let rc = nativeint rc
                flatSums x0 x1 x2 x3 &ci (i1 * rc) (i2 * rc) (i3 * rc) j1 j2 j3
                j <- j + 4

            i <- i + 4
