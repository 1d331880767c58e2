namespace Cotangent.Engines

// The matrix product of strided blocks of arrays, in managed code.
//
// Large products follow GotoBLAS and BLIS (F. Van Zee and R. van de Geijn, "BLIS: a framework for rapidly
// instantiating BLAS functionality", ACM TOMS 41(3), 2015): blocks of a and b, sized to the caches, are copied
// into panels that a register-tiled kernel reads from end to end. The copy absorbs every stride. Small and thin
// products, where it would cost more than it saves, read their operands in place. Where a native library has a BLAS,
// that takes the place of the blocks.
//
// The order in which an element of c is summed depends on the shape and strides of the whole product alone, not
// on the tile or part it falls into; so results do not vary with the number of threads.

open System
open System.Buffers
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Tile

#nowarn "9"

/// One operand: `Data[Offset + i*RowStride + j*ColStride]` is element (i, j). Strides may be 0 (broadcast)
/// or negative.
[<Struct>]
type internal Matrix<'T> = { Data: 'T[]; Offset: int; RowStride: int; ColStride: int }

module internal MatMul =

    /// Four sums over k products each, of an element or vector of a and those of b at 0, o1, o2 and o3.
    let inline private four wideA wideB k (a: byref<'T>) sa (b: byref<'T>) sb o1 o2 o3 p q =
        let mutable x0, x1 = p, q
        let mutable ia, ib, left = 0n, 0n, k

        while left > 0 do
            let t = &item &b ib
            let s = get wideA &a ia
            x0 <- mulAdds s (pair wideB &t 0n o1) x0
            x1 <- mulAdds s (pair wideB &t o2 o3) x1
            ia <- ia + sa
            ib <- ib + sb
            left <- left - 1

        struct (x0, x1)

    let inline private within limit (i: int) = nativeint (min i limit)

    /// In place, for rows of b that are contiguous and at least a vector long. The last tile or vector moves back
    /// from over the edge and overlaps its neighbour, where it writes the same values again.
    let private inRows m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
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
                    let struct (x0, x1) = four false true k &ai sa &bj sb o1 o2 o3 (zeros ()) (zeros ())
                    store x0 &ci 0n o1
                    store x1 &ci o2 o3

                i <- i + (if tiled then Rows else 1)

            j <- j + min (n - j) ((if tiled then 2 else 4) * w)

    /// In place, for any strides: inner products, by vectors over the first `wide` elements, where k is
    /// contiguous in both operands, and by single elements over the rest.
    let private inDots wide m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
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
                let struct (p, q) = four true true (wide / w) &ai v &bj v o1 o2 o3 (zeros ()) (zeros ())
                let aw = &Unsafe.Add(&ai, wide * a.ColStride)
                let bw = &Unsafe.Add(&bj, wide * b.RowStride)
                let struct (p, q) = four false false (k - wide) &aw sa &bw sb o1 o2 o3 (total p) (total q)
                let struct (struct (x0, x1), struct (x2, x3)) = struct (p, q)
                cj <- x0.[0]
                item &cj j1 <- x1.[0]
                item &cj j2 <- x2.[0]
                item &cj j3 <- x3.[0]

    let inline private copy count (x: byref<'T>) sx (y: byref<'T>) sy =
        let mutable i, j, left = 0n, 0n, count

        while left > 0 do
            item &y j <- item &x i
            i <- i + sx
            j <- j + sy
            left <- left - 1

    /// Copies `count` lines of k elements into panels `width` lines wide, each with the first elements of all its
    /// lines, then the second ones, and so on. What the last panel lacks is zero.
    let private pack width count k (x: 'T[]) offset (line: int) (step: int) (panels: 'T[]) =
        optimised ()
        let v, w = nativeint Vector<'T>.Count, nativeint width

        for first in 0..width .. count - 1 do
            let lines = min width (count - first)
            let s = &at x (offset + first * line)
            let t = &at panels (first * k)

            if lines < width then panels.AsSpan(first * k, width * k).Clear()

            if line = 1 && lines = columns<'T>() then
                for p in 0 .. k - 1 do
                    store (pair true (&Unsafe.Add(&s, p * step)) 0n v) (&Unsafe.Add(&t, p * width)) 0n v
            elif abs line < abs step then
                for p in 0 .. k - 1 do
                    copy lines (&Unsafe.Add(&s, p * step)) (nativeint line) (&Unsafe.Add(&t, p * width)) 1n
            else
                for l in 0 .. lines - 1 do
                    copy k (&Unsafe.Add(&s, l * line)) (nativeint step) (&Unsafe.Add(&t, l)) w

    /// The product of packed blocks of a and b. Tiles that reach over the edge of c go through a buffer.
    let private multiplyPanels m n k (pa: 'T[]) (pb: 'T[]) (c: 'T[]) cOffset rc add =
        let v = nativeint Vector<'T>.Count
        let cols = columns<'T>()
        let buffer = NativePtr.toVoidPtr (NativePtr.stackalloc<byte>(Rows * cols * sizeof<'T>))
        let edge = Span<'T>(buffer, Rows * cols)

        for j in 0..cols .. n - 1 do
            let b = &at pb (j * k)

            for i in 0..Rows .. m - 1 do
                let a = &at pa (i * k)
                let ci = cOffset + i * rc + j
                let height, width = min Rows (m - i), min cols (n - j)

                if height = Rows && width = cols then
                    tile k &a 1n 6n &b 0n (fun ib _ -> ib + 2n * v) v &(at c ci) (nativeint rc) add
                else
                    for r in 0 .. height - 1 do
                        c.AsSpan(ci + r * rc, width).CopyTo(edge.Slice(r * cols))

                    tile
                        k
                        &a
                        1n
                        6n
                        &b
                        0n
                        (fun ib _ -> ib + 2n * v)
                        v
                        &(MemoryMarshal.GetReference edge)
                        (2n * v)
                        add

                    for r in 0 .. height - 1 do
                        edge.Slice(r * cols, width).CopyTo(c.AsSpan(ci + r * rc))

    /// The length of parts of `total`: nearly equal, a multiple of `unit`, and no more than `limit` but for that.
    let private share total limit unit = partsOf (partsOf total (partsOf total limit)) unit * unit

    /// Blocked. A panel of b (kc by two vectors) is to stay in the first-level cache while the tiles of a block
    /// of a (mc by kc), which is to stay in the second, go past it; a block of b (kc by nc) goes to the third.
    let private inBlocks m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        let kc, mc = share k 256 1, share m (576 / sizeof<'T>) Rows
        let nc = share n (8192 / sizeof<'T>) (columns<'T>())
        let pa, pb = ArrayPool.Shared.Rent(mc * kc), ArrayPool.Shared.Rent(nc * kc)

        for j in 0..nc .. n - 1 do
            for p in 0..kc .. k - 1 do
                let nj, kp = min nc (n - j), min kc (k - p)
                let bp = b.Offset + p * b.RowStride + j * b.ColStride
                pack (columns<'T>()) nj kp b.Data bp b.ColStride b.RowStride pb

                for i in 0..mc .. m - 1 do
                    let mi, ap = min mc (m - i), a.Offset + i * a.RowStride + p * a.ColStride
                    pack Rows mi kp a.Data ap a.RowStride a.ColStride pa
                    multiplyPanels mi nj kp pa pb c (cOffset + i * rc + j) rc (p > 0)

        ArrayPool.Shared.Return pa
        ArrayPool.Shared.Return pb

    // ---- By a native library ----

    /// Products from which on a native library is asked: about where it begins to win.
    [<Literal>]
    let private BlasFrom = 1e6

    /// How BLAS, which has columns adjacent, reads a matrix of rows by cols elements: as its transpose (a flag that it is
    /// not to transpose back), the step between rows; or, where columns are adjacent already, the step between those.
    let inline private layout rows cols (x: inref<Matrix<'T>>) =
        if x.ColStride = 1 && (x.RowStride >= cols || rows = 1) then
            struct (false, max cols x.RowStride)
        elif x.RowStride = 1 && (x.ColStride >= rows || cols = 1) then
            struct (true, max rows x.ColStride)
        else
            struct (false, 0) // broadcast, flipped or with gaps: none that BLAS knows

    /// Whether a native library has made the product: where there is one, for the layouts and dtypes that it knows.
    let private byLibrary m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        let struct (transposeA, lda) = layout m k &a
        let struct (transposeB, ldb) = layout k n &b

        if lda = 0 || ldb = 0 then
            false
        else
            match Extension.blas () with
            | ValueNone -> false
            | ValueSome blas ->
                // cᵀ = bᵀ aᵀ, and in memory a matrix with adjacent rows is its transpose with adjacent columns.
                match box c, box a.Data, box b.Data with
                | (:? (float32[]) as cs), (:? (float32[]) as xs), (:? (float32[]) as ys) ->
                    use x = fixed &xs[a.Offset]
                    use y = fixed &ys[b.Offset]
                    use z = fixed &cs[cOffset]
                    blas.Float32(transposeB, transposeA, n, m, k, y, ldb, x, lda, false, z, rc)
                    true
                | (:? (float[]) as cs), (:? (float[]) as xs), (:? (float[]) as ys) ->
                    use x = fixed &xs[a.Offset]
                    use y = fixed &ys[b.Offset]
                    use z = fixed &cs[cOffset]
                    blas.Float64(transposeB, transposeA, n, m, k, y, ldb, x, lda, false, z, rc)
                    true
                | _ -> false

    /// A part of c, m by n of m0 by n0 elements, into rows `rc` apart. The form depends on the whole of c.
    let private short m0 n0 m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) c cOffset rc =
        let w = Vector<'T>.Count
        let work = float m0 * float n0 * float k

        if b.ColStride = 1 && n0 >= w && (m0 < 4 || n0 <= 4 * w || work < 1e6) then
            // A part too narrow for a vector is summed in the same order by single elements.
            if n >= w then inRows m n k &a &b c cOffset rc else inDots 0 m n k &a &b c cOffset rc
        elif b.RowStride = 1 && a.ColStride = 1 && (m0 < 4 || work < 4e3) then
            inDots (k - k % w) m n k &a &b c cOffset rc
        elif work < 1e3 then
            inDots 0 m n k &a &b c cOffset rc
        elif work < BlasFrom || not (byLibrary m n k &a &b c cOffset rc) then
            inBlocks m n k &a &b c cOffset rc

    /// How many products are added up one after the other, or block after block: from there on, sums are taken in halves,
    /// whose errors grow with the logarithm of k alone (see Reduce).
    let private longest<'T> m0 n0 k =
        if m0 >= 4 && n0 > 4 * Vector<'T>.Count && float m0 * float n0 * float k >= BlasFrom then
            8192
        else
            512

    /// x <- x + y, rows of n elements.
    let private addRow n (x: byref<'T>) (y: byref<'T>) =
        let w = Vector<'T>.Count
        let mutable i = 0

        while i <= n - w do
            put (load &x (nativeint i) + load &y (nativeint i)) &x (nativeint i)
            i <- i + w

        while i < n do
            let sum = spread &x (nativeint i) + spread &y (nativeint i)
            item &x (nativeint i) <- sum.[0]
            i <- i + 1

    /// A part of c, m by n of m0 by n0 elements. Where sums are halved depends on the whole of c, too.
    let rec private part m0 n0 m n k (a: Matrix<'T>) (b: Matrix<'T>) (c: 'T[]) cOffset rc =
        if k <= longest<'T> m0 n0 k then
            short m0 n0 m n k &a &b c cOffset rc
        else
            let half = (k / 2 + 255) / 256 * 256
            let second = ArrayPool.Shared.Rent(m * n)
            part m0 n0 m n half a b c cOffset rc

            part
                m0
                n0
                m
                n
                (k - half)
                { a with Offset = a.Offset + half * a.ColStride }
                { b with Offset = b.Offset + half * b.RowStride }
                second
                0
                n

            for i in 0 .. m - 1 do
                addRow n &(at c (cOffset + i * rc)) &(at second (i * n))

            ArrayPool.Shared.Return second

    /// Cuts c into a grid of about one part to a processor: of all grids, that which packs the least twice.
    let private inParallel m n k (a: Matrix<'T>) (b: Matrix<'T>) (c: 'T[]) cOffset =
        let workers = Workers.count ()
        let across down = partsOf workers down
        let down = Seq.minBy (fun d -> float d * float n + float (across d) * float m) (seq { 1..workers })
        let rows = share m (partsOf m down) Rows
        let cols = share n (partsOf n (across down)) (columns<'T>())
        let width = partsOf n cols

        let run index =
            let i = index / width * rows
            let j = index % width * cols
            let ai = { a with Offset = a.Offset + i * a.RowStride }
            let bj = { b with Offset = b.Offset + j * b.ColStride }
            part m n (min rows (m - i)) (min cols (n - j)) k ai bj c (cOffset + i * n + j) n

        Workers.run (partsOf m rows * width) run

    /// No later access is checked: all lie between the corners that are checked here.
    let private check name rows cols (x: inref<Matrix<'T>>) =
        let down, right = int64 (rows - 1) * int64 x.RowStride, int64 (cols - 1) * int64 x.ColStride
        let low = int64 x.Offset + min down 0L + min right 0L
        let high = int64 x.Offset + max down 0L + max right 0L

        if low < 0L || high >= int64 x.Data.Length then
            raise (ArgumentOutOfRangeException(name, "The matrix reaches outside its array."))

    let private transpose (x: Matrix<'T>) = { x with RowStride = x.ColStride; ColStride = x.RowStride }

    let rec private multiply<'T> m n k (a: Matrix<'T>) (b: Matrix<'T>) (c: 'T[]) cOffset =
        if n = 1 && m > 1 then
            // A column lies in memory as a row does, and a single row has the better forms.
            multiply<'T> n m k (transpose b) (transpose a) c cOffset
        elif m > 0 && n > 0 then
            let whole = { Data = c; Offset = cOffset; RowStride = n; ColStride = 1 }
            check "c" m n &whole

            if k <= 0 then
                Array.Clear(c, cOffset, m * n)
            else
                check "a" m k &a
                check "b" k n &b

                if float m * float n * float k < 4e6 then
                    part m n m n k a b c cOffset n
                else
                    inParallel m n k a b c cOffset

    /// c (row-major contiguous, m by n elements from cOffset) <- a (m by k) times b (k by n). What c held before
    /// is overwritten; c must not share elements with a or b. The integers wrap around.
    let float32 m n k a b c cOffset = multiply<float32> m n k a b c cOffset
    let float64 m n k a b c cOffset = multiply<float> m n k a b c cOffset
    let int32 m n k a b c cOffset = multiply<int32> m n k a b c cOffset
    let int64 m n k a b c cOffset = multiply<int64> m n k a b c cOffset
