namespace Cotangent.Engines

// The matrix product of strided blocks of arrays, in managed code.
//
// Large products follow the blocking of GotoBLAS and BLIS (K. Goto and R. van de Geijn, "Anatomy of
// high-performance matrix multiplication", ACM TOMS 34(3), 2008; F. Van Zee and R. van de Geijn, "BLIS: a
// framework for rapidly instantiating BLAS functionality", ACM TOMS 41(3), 2015): blocks of a and b sized to
// the caches are copied into panels that a register-tiled kernel reads from end to end. The copy absorbs
// every stride, so transposed, broadcast and reversed operands run at one speed. Small and thin products,
// where the copy would cost more than it saves, read their operands in place.
//
// Each element of the result is summed in an order that depends on m, n, k and the strides alone, whichever
// tile it falls into; and the form is chosen before the work is shared out. So neither the number of threads
// nor the place where the work is cut changes a bit of the result.

open System
open System.Buffers
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Threading.Tasks
open Microsoft.FSharp.NativeInterop

#nowarn "9"

/// One operand: `Data[Offset + i*RowStride + j*ColStride]` is element (i, j). Strides may be 0 (broadcast)
/// or negative.
[<Struct>]
type Matrix<'T> = { Data: 'T[]; Offset: int; RowStride: int; ColStride: int }

module internal MatMul =

    // The methods are generic: the runtime compiles each anew for each type of element, to which the tests of
    // the type in mulAdd are constants.

    /// A method that loops and allocates on the stack is optimised when it first runs, not after some thirty
    /// calls; the F# compiler does not pass MethodImplOptions.AggressiveOptimization on.
    let inline private optimised () = NativePtr.stackalloc<byte> 8 |> ignore

    let inline private single (x: Vector<'T>) = Vector.As<'T, float32> x
    let inline private double (x: Vector<'T>) = Vector.As<'T, float> x

    /// x * y + z, rounded once where the hardware can. Single elements take this way too, as vectors of equal
    /// lanes, so that all sums round alike.
    let inline private mulAdd (x: Vector<'T>) (y: Vector<'T>) (z: Vector<'T>) : Vector<'T> =
        if obj.ReferenceEquals(typeof<'T>, typeof<float32>) then
            Vector.MultiplyAddEstimate(single x, single y, single z) |> Vector.As
        elif obj.ReferenceEquals(typeof<'T>, typeof<float>) then
            Vector.MultiplyAddEstimate(double x, double y, double z) |> Vector.As
        else
            x * y + z

    let inline private at (x: 'T[]) (i: int) : byref<'T> =
        &Unsafe.Add(&MemoryMarshal.GetArrayDataReference x, i)

    let inline private load (x: byref<'T>) (i: nativeint) = Vector.LoadUnsafe(&Unsafe.Add(&x, i))

    let inline private spread (x: byref<'T>) (i: nativeint) = Vector<'T>(Unsafe.Add(&x, i))

    let inline private store (v: Vector<'T>) (x: byref<'T>) (i: nativeint) =
        Vector.StoreUnsafe(v, &Unsafe.Add(&x, i))

    let inline private loads (x: byref<'T>) i j = struct (load &x i, load &x j)
    let inline private spreads (x: byref<'T>) i j = struct (spread &x i, spread &x j)
    let inline private zeros<'T> () = struct (Vector<'T>.Zero, Vector<'T>.Zero)
    let inline private mulAdds s (struct (x, y)) (struct (p, q)) = struct (mulAdd s x p, mulAdd s y q)

    let inline private total (struct (p: Vector<'T>, q: Vector<'T>)) =
        struct (Vector<'T>(Vector.Sum p), Vector<'T>(Vector.Sum q))

    let inline private stores (struct (p, q)) (x: byref<'T>) i j =
        store p &x i
        store q &x j

    /// The rows of a tile. With two vectors of columns it has 12 sums: as many as hide the latency of the
    /// multiply-add, and with two vectors of b and one element of a they fill 15 of the 16 registers of AVX2.
    [<Literal>]
    let private Rows = 6

    let inline private columns<'T> () = 2 * Vector<'T>.Count

    let inline private initial accumulate (c: byref<'T>) i v =
        if accumulate then loads &c i (i + v) else zeros ()

    /// c <- a b, or c + a b if `accumulate`, for six rows of c and two vectors of columns, `v` apart.
    let inline private tile
        k
        (a: byref<'T>)
        ra
        sa
        (b: byref<'T>)
        sb
        v
        (c: byref<'T>)
        (rc: nativeint)
        accumulate
        =
        let mutable x0 = initial accumulate &c 0n v
        let mutable x1 = initial accumulate &c rc v
        let mutable x2 = initial accumulate &c (2n * rc) v
        let mutable x3 = initial accumulate &c (3n * rc) v
        let mutable x4 = initial accumulate &c (4n * rc) v
        let mutable x5 = initial accumulate &c (5n * rc) v
        let mutable ia = 0n
        let mutable ib = 0n
        let mutable left = k

        while left > 0 do
            let s = &Unsafe.Add(&a, ia)
            let y = loads (&Unsafe.Add(&b, ib)) 0n v
            x0 <- mulAdds (spread &s 0n) y x0
            x1 <- mulAdds (spread &s ra) y x1
            x2 <- mulAdds (spread &s (2n * ra)) y x2
            x3 <- mulAdds (spread &s (3n * ra)) y x3
            x4 <- mulAdds (spread &s (4n * ra)) y x4
            x5 <- mulAdds (spread &s (5n * ra)) y x5
            ia <- ia + sa
            ib <- ib + sb
            left <- left - 1

        stores x0 &c 0n v
        stores x1 &c rc (rc + v)
        stores x2 &c (2n * rc) (2n * rc + v)
        stores x3 &c (3n * rc) (3n * rc + v)
        stores x4 &c (4n * rc) (4n * rc + v)
        stores x5 &c (5n * rc) (5n * rc + v)

    /// Four sums over k products each, of an element or vector of a and those of b at 0, o1, o2 and o3.
    let inline private four wideA wideB k (a: byref<'T>) sa (b: byref<'T>) sb o1 o2 o3 p q =
        let mutable x0 = p
        let mutable x1 = q
        let mutable ia = 0n
        let mutable ib = 0n
        let mutable left = k

        while left > 0 do
            let t = &Unsafe.Add(&b, ib)
            let s = if wideA then load &a ia else spread &a ia
            x0 <- mulAdds s (if wideB then loads &t 0n o1 else spreads &t 0n o1) x0
            x1 <- mulAdds s (if wideB then loads &t o2 o3 else spreads &t o2 o3) x1
            ia <- ia + sa
            ib <- ib + sb
            left <- left - 1

        struct (x0, x1)

    // In both forms below, a last tile that would reach over the edge moves back, or some of its parts do, and
    // writes the same values again where they overlap.

    /// In place, for rows of b that are contiguous and at least a vector long.
    let private inRows m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        optimised ()
        let w = Vector<'T>.Count
        let sa = nativeint a.ColStride
        let sb = nativeint b.RowStride
        let tiled = m >= Rows
        let mutable j = 0

        while j < n do
            let j0 = if tiled then max 0 (min j (n - 2 * w)) else min j (n - w)
            let o1 = nativeint (min w (n - w - j0))
            let o2 = nativeint (min (2 * w) (n - w - j0))
            let o3 = nativeint (min (3 * w) (n - w - j0))
            let bj = &at b.Data (b.Offset + j0)
            let mutable i = 0

            while i < m do
                let i0 = if tiled then min i (m - Rows) else i
                let ai = &at a.Data (a.Offset + i0 * a.RowStride)
                let ci = &at c (cOffset + i0 * rc + j0)

                if tiled then
                    tile k &ai (nativeint a.RowStride) sa &bj sb o1 &ci (nativeint rc) false
                else
                    let struct (x0, x1) = four false true k &ai sa &bj sb o1 o2 o3 (zeros ()) (zeros ())
                    stores x0 &ci 0n o1
                    stores x1 &ci o2 o3

                i <- i + (if tiled then Rows else 1)

            j <- j + (if tiled then 2 else 4) * w

    /// In place, for any strides: inner products, by vectors over the first `wide` elements, where k is
    /// contiguous in both operands, and by single elements over the rest.
    let private inDots wide m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        optimised ()
        let w = Vector<'T>.Count
        let sa = nativeint a.ColStride
        let sb = nativeint b.RowStride

        for i in 0 .. m - 1 do
            let ai = &at a.Data (a.Offset + i * a.RowStride)
            let mutable j = 0

            while j < n do
                let bj = &at b.Data (b.Offset + j * b.ColStride)
                let cj = &at c (cOffset + i * rc + j)
                let j1 = min 1 (n - 1 - j)
                let j2 = min 2 (n - 1 - j)
                let j3 = min 3 (n - 1 - j)
                let o1 = nativeint (j1 * b.ColStride)
                let o2 = nativeint (j2 * b.ColStride)
                let o3 = nativeint (j3 * b.ColStride)
                let v = nativeint w
                let struct (p, q) = four true true (wide / w) &ai v &bj v o1 o2 o3 (zeros ()) (zeros ())
                let aw = &Unsafe.Add(&ai, wide * a.ColStride)
                let bw = &Unsafe.Add(&bj, wide * b.RowStride)
                let struct (p, q) = four false false (k - wide) &aw sa &bw sb o1 o2 o3 (total p) (total q)
                let struct (x0, x1) = p
                let struct (x2, x3) = q
                cj <- x0.[0]
                Unsafe.Add(&cj, j1) <- x1.[0]
                Unsafe.Add(&cj, j2) <- x2.[0]
                Unsafe.Add(&cj, j3) <- x3.[0]
                j <- j + 4

    let inline private copy count (x: byref<'T>) (sx: int) (y: byref<'T>) (sy: int) =
        let mutable ix = 0n
        let mutable iy = 0n
        let mutable left = count

        while left > 0 do
            Unsafe.Add(&y, iy) <- Unsafe.Add(&x, ix)
            ix <- ix + nativeint sx
            iy <- iy + nativeint sy
            left <- left - 1

    /// Copies `count` lines of k elements into panels `width` lines wide, each panel with the first elements of
    /// all its lines, then the second ones, and so on. The last panel is filled up with zeros.
    let private pack width count k (x: 'T[]) offset line step (panels: 'T[]) =
        optimised ()
        let v = nativeint Vector<'T>.Count
        let mutable first = 0

        while first < count do
            let lines = min width (count - first)
            let source = &at x (offset + first * line)
            let target = &at panels (first * k)

            if lines < width then panels.AsSpan(first * k, width * k).Clear()

            if line = 1 && lines = columns<'T>() then
                for p in 0 .. k - 1 do
                    let s = loads (&Unsafe.Add(&source, p * step)) 0n v
                    stores s (&Unsafe.Add(&target, p * width)) 0n v
            elif abs line < abs step then
                for p in 0 .. k - 1 do
                    copy lines (&Unsafe.Add(&source, p * step)) line (&Unsafe.Add(&target, p * width)) 1
            else
                for l in 0 .. lines - 1 do
                    copy k (&Unsafe.Add(&source, l * line)) step (&Unsafe.Add(&target, l)) width

            first <- first + width

    /// The product of a packed block of a and a packed block of b. Tiles over the edge of c go through `edge`.
    let private multiplyPanels m n k (pa: 'T[]) (pb: 'T[]) (c: 'T[]) cOffset rc accumulate =
        let v = nativeint Vector<'T>.Count
        let cols = columns<'T>()

        let edge =
            &Unsafe.AsRef<'T>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte>(Rows * cols * sizeof<'T>)))

        let mutable j = 0

        while j < n do
            let b = &at pb (j * k)
            let mutable i = 0

            while i < m do
                let a = &at pa (i * k)
                let ci = cOffset + i * rc + j
                let height = min Rows (m - i)
                let width = min cols (n - j)

                if height = Rows && width = cols then
                    tile k &a 1n 6n &b (2n * v) v &(at c ci) (nativeint rc) accumulate
                else
                    for r in 0 .. height - 1 do
                        for l in 0 .. width - 1 do
                            Unsafe.Add(&edge, r * cols + l) <- c.[ci + r * rc + l]

                    tile k &a 1n 6n &b (2n * v) v &edge (2n * v) accumulate

                    for r in 0 .. height - 1 do
                        for l in 0 .. width - 1 do
                            c.[ci + r * rc + l] <- Unsafe.Add(&edge, r * cols + l)

                i <- i + Rows

            j <- j + cols

    /// The length of parts of `total`: nearly equal, a multiple of `unit`, and no more than `limit` but for that.
    let private share total limit unit =
        let parts = (total + limit - 1) / limit
        ((total + parts - 1) / parts + unit - 1) / unit * unit

    /// Blocked. A panel of b (kc by two vectors) is to stay in the first-level cache while the tiles of a block
    /// of a (mc by kc), which is to stay in the second, go past it; a block of b (kc by nc) goes to the third.
    let private inBlocks m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) (c: 'T[]) cOffset rc =
        let kc = share k 256 1
        let mc = share m (576 / sizeof<'T>) Rows
        let nc = share n (8192 / sizeof<'T>) (columns<'T>())
        let pa = ArrayPool.Shared.Rent(mc * kc)
        let pb = ArrayPool.Shared.Rent(nc * kc)

        for j in 0..nc .. n - 1 do
            let nj = min nc (n - j)

            for p in 0..kc .. k - 1 do
                let kp = min kc (k - p)
                let bp = b.Offset + p * b.RowStride + j * b.ColStride
                pack (columns<'T>()) nj kp b.Data bp b.ColStride b.RowStride pb

                for i in 0..mc .. m - 1 do
                    let mi = min mc (m - i)
                    let ap = a.Offset + i * a.RowStride + p * a.ColStride
                    pack Rows mi kp a.Data ap a.RowStride a.ColStride pa
                    multiplyPanels mi nj kp pa pb c (cOffset + i * rc + j) rc (p > 0)

        ArrayPool.Shared.Return pa
        ArrayPool.Shared.Return pb

    [<Struct>]
    type private Form =
        | InRows
        | InDots of wide: int
        | InBlocks

    let private choose m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) =
        let w = Vector<'T>.Count
        let work = float m * float n * float k

        if b.ColStride = 1 && n >= w && (m < 4 || work < 200000.0) then InRows
        elif b.RowStride = 1 && a.ColStride = 1 && (m < 4 || work < 4000.0) then InDots(k - k % w)
        elif work < 1000.0 then InDots 0
        else InBlocks

    let private run form m n k (a: inref<Matrix<'T>>) (b: inref<Matrix<'T>>) c cOffset rc =
        match form with
        | InRows -> inRows m n k &a &b c cOffset rc
        | InDots wide -> inDots wide m n k &a &b c cOffset rc
        | InBlocks -> inBlocks m n k &a &b c cOffset rc

    /// Cuts c into a grid of about one part to a processor: of all grids, that which packs the least twice.
    let private runParallel form m n k (a: Matrix<'T>) (b: Matrix<'T>) (c: 'T[]) cOffset =
        let workers = Environment.ProcessorCount
        let across down = (workers + down - 1) / down
        let down = Seq.minBy (fun d -> float d * float n + float (across d) * float m) (seq { 1..workers })
        let rows = share m ((m + down - 1) / down) Rows
        let cols = share n ((n + across down - 1) / across down) (columns<'T>())
        let width = (n + cols - 1) / cols

        let part index =
            let i = index / width * rows
            let j = index % width * cols
            let ai = { a with Offset = a.Offset + i * a.RowStride }
            let bj = { b with Offset = b.Offset + j * b.ColStride }
            run form (min rows (m - i)) (min cols (n - j)) k &ai &bj c (cOffset + i * n + j) n

        Parallel.For(0, (m + rows - 1) / rows * width, part) |> ignore

    /// No later access is checked: all lie between the corners that are checked here.
    let private check name rows cols (x: inref<Matrix<'T>>) =
        let down = int64 (rows - 1) * int64 x.RowStride
        let right = int64 (cols - 1) * int64 x.ColStride
        let low = int64 x.Offset + min down 0L + min right 0L
        let high = int64 x.Offset + max down 0L + max right 0L

        if low < 0L || high >= int64 x.Data.Length then
            raise (ArgumentOutOfRangeException(name, "The matrix reaches outside its array."))

    let private multiply<'T> m n k (a: Matrix<'T>) (b: Matrix<'T>) (c: 'T[]) cOffset =
        if m > 0 && n > 0 then
            let cs = { Data = c; Offset = cOffset; RowStride = n; ColStride = 1 }
            check "c" m n &cs

            if k <= 0 then
                Array.Clear(c, cOffset, m * n)
            else
                check "a" m k &a
                check "b" k n &b
                let form = choose m n k &a &b

                if float m * float n * float k < 4e6 then
                    run form m n k &a &b c cOffset n
                else
                    runParallel form m n k a b c cOffset

    /// c (row-major contiguous, m by n elements from cOffset) <- a (m by k) times b (k by n). What c held before
    /// is overwritten; c must not share elements with a or b.
    let float32 m n k a b c cOffset = multiply<float32> m n k a b c cOffset

    /// As `float32`, in double precision.
    let float64 m n k a b c cOffset = multiply<float> m n k a b c cOffset

    /// As `float32`; the arithmetic wraps around.
    let int32 m n k a b c cOffset = multiply<int32> m n k a b c cOffset

    /// As `float32`; the arithmetic wraps around.
    let int64 m n k a b c cOffset = multiply<int64> m n k a b c cOffset
