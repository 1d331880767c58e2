namespace Cotangent.Engines

// Small and thin products, where a copy of the operands would cost more than it saves: read in place.

open System.Numerics
open System.Runtime.CompilerServices
open Cotangent.Engines.Tile

module internal InPlace =

    /// Adds k products to each of four sums, of an element or vector of a and those of b at 0, o1, o2 and o3.
    let inline private accumulateFour
        wideA
        wideB
        k
        (a: byref<'T>)
        sa
        (b: byref<'T>)
        sb
        o1
        o2
        o3
        (sums: byref<Four<Vector<'T>>>)
        =
        let mutable ia, ib, left = 0n, 0n, k

        while left > 0 do
            let t = &item &b ib
            let s = get wideA &a ia
            accumulate &sums.First s (get wideB &t 0n)
            accumulate &sums.Second s (get wideB &t o1)
            accumulate &sums.Third s (get wideB &t o2)
            accumulate &sums.Fourth s (get wideB &t o3)
            ia <- ia + sa
            ib <- ib + sb
            left <- left - 1

    let inline private within limit (i: int) = nativeint (min i limit)

    /// In place, for rows of b that are contiguous and at least a vector long. The last tile or vector moves back
    /// from over the edge and overlaps its neighbour, where it writes the same values again.
    let rows m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        optimised ()
        let w = Vector<'T>.Count
        let sa, sb = nativeint a.ColStride, nativeint b.RowStride
        let tiled = m >= Rows
        let mutable j = 0

        while j < n do
            let j0 = if tiled then max 0 (min j (n - 2 * w)) else min j (n - w)
            let rest = n - w - j0
            let o1, o2, o3 = within rest w, within rest (2 * w), within rest (3 * w)
            let bj = &at b.Data (b.Offset + j0)
            let mutable i = 0

            while i < m do
                let i0 = if tiled then min i (m - Rows) else i
                let ai = &at a.Data (a.Offset + i0 * a.RowStride)
                let ci = &at c (cOffset + i0 * rc + j0)

                if tiled then
                    tile
                        k
                        &ai
                        (nativeint a.RowStride)
                        sa
                        &bj
                        0n
                        (fun ib _ -> ib + sb)
                        o1
                        &ci
                        (nativeint rc)
                        false
                else
                    let mutable sums = Four Vector<'T>.Zero
                    accumulateFour false true k &ai sa &bj sb o1 o2 o3 &sums
                    put sums.First &ci 0n
                    put sums.Second &ci o1
                    put sums.Third &ci o2
                    put sums.Fourth &ci o3

                i <- i + (if tiled then Rows else 1)

            j <- j + min (n - j) ((if tiled then 2 else 4) * w)

    /// In place, for any strides: inner products, by vectors over the first `wide` elements, where k is
    /// contiguous in both operands, and by single elements over the rest.
    let dots wide m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        optimised ()
        let w, v = Vector<'T>.Count, nativeint Vector<'T>.Count
        let sa, sb, cb = nativeint a.ColStride, nativeint b.RowStride, nativeint b.ColStride

        for i in 0 .. m - 1 do
            let ai = &at a.Data (a.Offset + i * a.RowStride)

            for j in 0..4 .. n - 1 do
                let bj = &at b.Data (b.Offset + j * b.ColStride)
                let cj = &at c (cOffset + i * rc + j)
                let rest = n - 1 - j
                let j1, j2, j3 = within rest 1, within rest 2, within rest 3
                let o1, o2, o3 = j1 * cb, j2 * cb, j3 * cb
                let mutable sums = Four Vector<'T>.Zero
                accumulateFour true true (wide / w) &ai v &bj v o1 o2 o3 &sums
                total &sums.First
                total &sums.Second
                total &sums.Third
                total &sums.Fourth
                let aw = &Unsafe.Add(&ai, wide * a.ColStride)
                let bw = &Unsafe.Add(&bj, wide * b.RowStride)
                accumulateFour false false (k - wide) &aw sa &bw sb o1 o2 o3 &sums
                cj <- sums.First[0]
                item &cj j1 <- sums.Second[0]
                item &cj j2 <- sums.Third[0]
                item &cj j3 <- sums.Fourth[0]
