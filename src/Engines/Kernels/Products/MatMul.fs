namespace Cotangent.Engines

// The matrix product of strided blocks of arrays, in managed code: which form a product takes, and how it is shared among the
// cores.
//
// Small and thin products read their operands in place, large ones go by packed blocks. Where a native library has a faster
// BLAS, that takes the place of the blocks.
//
// The order in which an element of c is summed depends on the shape and strides of the whole product alone, not
// on the tile or part it falls into; so results do not vary with the number of threads.

open System
open System.Buffers
open System.Numerics
open System.Runtime.Intrinsics
open Microsoft.FSharp.NativeInterop
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Shares
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile

#nowarn "9"

module internal MatMul =

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

    // ---- The form of a product ----

    [<Struct; RequireQualifiedAccess>]
    type private Form =
        /// In place, by vectors along rows of b.
        | Rows
        /// In place, by vectors along k.
        | Dots
        /// In place, by single elements.
        | Elements
        | Blocks

    /// Whether a product of more than `BlasFrom` products is left to a native library. MKL has kernels of 512 bits, a little
    /// faster than ours, for Intel's processors alone: on others ours are twice as fast.
    let preferLibrary () =
        (Processor.isIntel || not Vector512.IsHardwareAccelerated) && (Extension.blas ()).IsSome

    /// Whether b can be read in place again and again: its rows in a tile stay in the first-level cache, where rows that are
    /// some power of two apart fall into a few places. For few rows of a a copy never pays. AMD's Zen 5 reads from the second-level
    /// cache as fast, and takes longer for the copy at every size that fits there, twice over.
    let inline private isCached m k (b: inref<Matrix<'T>>) =
        let apart = b.RowStride * sizeof<'T>
        let span = int64 k * int64 apart

        m <= 32 && span <= 4_194_304L
        || span
           <= (if not Processor.isIntel then 2_097_152L
               elif apart % 512 = 0 then 32_768L
               else 131_072L)

    /// Whether a can be read in place for each two vectors of b's columns: along its rows, or from the second-level cache.
    let inline private isNear m k (a: inref<Matrix<'T>>) =
        a.ColStride = 1 || int64 m * int64 k * int64 sizeof<'T> <= 1_048_576L

    /// The form of the whole of a product, which its parts take, too. The limits are where one form became faster than the
    /// other (benchmarks/RESULTS.md).
    let private formOf<'T> m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) =
        let work = float m * float n * float k
        let hasRows = b.ColStride = 1 && n >= Vector<'T>.Count
        let isInner = b.RowStride = 1 && a.ColStride = 1

        if Vector512.IsHardwareAccelerated then
            let w = Vector512<'T>.Count
            let isThin = m <= 8 || n <= 4 * w

            if
                hasRows
                && (isThin
                    || isCached m k &b
                       && isNear m k &a
                       && (work < BlasFrom
                           || work < (if Processor.isIntel then 3e7 else 2e8) && not (preferLibrary ())))
            then
                Form.Rows
            elif isInner && (m < 4 || work < 4e3 || m <= w && k >= 8 * w) then
                Form.Dots
            elif work < 1e3 then
                Form.Elements
            else
                Form.Blocks
        elif hasRows && (m < 4 || n <= 4 * Vector<'T>.Count || work < BlasFrom) then
            Form.Rows
        elif isInner && (m < 4 || work < 4e3) then
            Form.Dots
        elif work < 1e3 then
            Form.Elements
        else
            Form.Blocks

    /// Rows of a part of c: one too narrow for wide vectors is summed in the same order by shorter ones, or by single elements.
    let private inRows m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) c cOffset rc =
        if Vector512.IsHardwareAccelerated && n >= Vector512<'T>.Count * 3 / 2 then
            WideInPlace.rows m n k &a &b c cOffset rc
        elif n >= Vector<'T>.Count then
            InPlace.rows m n k &a &b c cOffset rc
        else
            InPlace.dots 0 m n k &a &b c cOffset rc

    /// A part of c, m by n elements into rows `rc` apart, of a product of this form, whose c has m0 rows and n0 columns.
    let private inForm form m0 n0 m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) c cOffset rc =
        match form with
        | Form.Rows -> inRows m n k &a &b c cOffset rc
        | Form.Dots when Vector512.IsHardwareAccelerated && m0 >= 3 && k >= 8 * Vector512<'T>.Count ->
            WideInPlace.dots m n k &a &b c cOffset rc
        | Form.Dots -> InPlace.dots (k - k % Vector<'T>.Count) m n k &a &b c cOffset rc
        | Form.Elements -> InPlace.dots 0 m n k &a &b c cOffset rc
        | Form.Blocks ->
            let isLarge = float m0 * float n0 * float k >= BlasFrom

            if not (isLarge && preferLibrary () && byLibrary m n k &a &b c cOffset rc) then
                if Vector512.IsHardwareAccelerated then
                    Blocks.wide m0 m n k &a &b c cOffset rc
                else
                    Blocks.narrow m n k &a &b c cOffset rc

    /// How many products are added up one after the other, or block after block: from there on, sums are taken in halves,
    /// whose errors grow with the logarithm of k alone (see Reduce).
    let private longest form =
        match form with
        | Form.Blocks -> 8192
        | Form.Rows
        | Form.Dots
        | Form.Elements -> 512

    /// x <- x + y, rows of n elements.
    let private addRow n (x: byref<'T>) (y: byref<'T>) =
        optimised ()
        let w = Vector<'T>.Count
        let mutable i = 0

        while i <= n - w do
            put (load &x (nativeint i) + load &y (nativeint i)) &x (nativeint i)
            i <- i + w

        while i < n do
            let sum = spread &x (nativeint i) + spread &y (nativeint i)
            item &x (nativeint i) <- sum.[0]
            i <- i + 1

    /// A part of c, m by n elements, of a product of this form, whose c has m0 rows and n0 columns.
    let rec private part form m0 n0 m n k (a: Matrix<'T>) (b: Matrix<'T>) (c: 'T[]) cOffset rc =
        if k <= longest form then
            inForm form m0 n0 m n k &a &b c cOffset rc
        else
            let half = (k / 2 + 255) / 256 * 256
            let second = ArrayPool.Shared.Rent(m * n)
            part form m0 n0 m n half a b c cOffset rc
            part form m0 n0 m n (k - half) (a.From(0, half)) (b.From(half, 0)) second 0 n

            for i in 0 .. m - 1 do
                addRow n &(at c (cOffset + i * rc)) &(at second (i * n))

            ArrayPool.Shared.Return second

    /// Products from which on they are shared among the cores: some ten times what it takes to wake one that is not asleep.
    [<Literal>]
    let private ParallelFrom = 4e6

    /// Products that a part should have: more of these than there are cores, and a core that other programs use does not
    /// hold up the rest.
    [<Literal>]
    let private PartOf = 2e8

    /// Cuts c into a grid of one part to a processor, or some more: of all grids, that which packs the least twice.
    let private inParallel form m n k (a: Matrix<'T>) (b: Matrix<'T>) (c: 'T[]) cOffset =
        let workers = Workers.count ()
        let work = float m * float n * float k
        let parts = max workers (int (min (4.0 * float workers) (work / PartOf)))

        let height, width =
            if Vector512.IsHardwareAccelerated then
                WideRows, wideColumns<'T>()
            else
                Rows, columns<'T>()

        let across down = partsOf parts down
        let mutable down = 1

        for d in 2..parts do
            let packed d = float d * float n + float (across d) * float m
            if packed d < packed down then down <- d

        let rows, cols = share m (partsOf m down) height, share n (partsOf n (across down)) width
        let width = partsOf n cols

        let run index =
            let i, j = index / width * rows, index % width * cols

            part
                form
                m
                n
                (min rows (m - i))
                (min cols (n - j))
                k
                (a.From(i, 0))
                (b.From(0, j))
                c
                (cOffset + i * n + j)
                n

        Workers.run (partsOf m rows * width) run

    let rec private multiply<'T> m n k (a: Matrix<'T>) (b: Matrix<'T>) (c: 'T[]) cOffset =
        if n = 1 && m > 1 then
            // A column lies in memory as a row does, and a single row has the better forms.
            multiply<'T> n m k b.Transposed a.Transposed c cOffset
        elif m > 0 && n > 0 then
            let whole = { Data = c; Offset = cOffset; RowStride = n; ColStride = 1 }
            whole.Check("c", m, n)

            if k <= 0 then
                Array.Clear(c, cOffset, m * n)
            else
                a.Check("a", m, k)
                b.Check("b", k, n)

                let form = formOf<'T> m n k &a &b

                if float m * float n * float k < ParallelFrom || Workers.count () = 1 then
                    part form m n m n k a b c cOffset n
                else
                    inParallel form m n k a b c cOffset

    /// c (row-major contiguous, m by n elements from cOffset) <- a (m by k) times b (k by n). What c held before
    /// is overwritten; c must not share elements with a or b. The integers wrap around.
    let float32 m n k a b c cOffset = multiply<float32> m n k a b c cOffset
    let float64 m n k a b c cOffset = multiply<float> m n k a b c cOffset
    let int32 m n k a b c cOffset = multiply<int32> m n k a b c cOffset
    let int64 m n k a b c cOffset = multiply<int64> m n k a b c cOffset
