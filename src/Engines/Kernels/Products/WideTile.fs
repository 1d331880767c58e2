namespace Cotangent.Engines

// Tiles of vectors of 512 bits, for processors whose units are that wide: Vector<T> has at most 256. With 32 registers a tile
// has twice the rows of a narrow one, and still all of its sums in registers.

open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open Cotangent.Engines.Tile

module internal WideTile =

    let inline wideSingle (x: Vector512<'T>) = Vector512.As<'T, float32> x
    let inline wideDouble (x: Vector512<'T>) = Vector512.As<'T, float> x

    /// x * y + z, rounded once, as `Tile.mulAdd` does where the hardware can.
    let inline wideMulAdd (x: Vector512<'T>) (y: Vector512<'T>) (z: Vector512<'T>) : Vector512<'T> =
        if obj.ReferenceEquals(typeof<'T>, typeof<float32>) then
            Vector512.FusedMultiplyAdd(wideSingle x, wideSingle y, wideSingle z) |> Vector512.As
        elif obj.ReferenceEquals(typeof<'T>, typeof<float>) then
            Vector512.FusedMultiplyAdd(wideDouble x, wideDouble y, wideDouble z) |> Vector512.As
        else
            x * y + z

    let inline wideSpread (x: byref<'T>) i : Vector512<'T> = Vector512.Create(item &x i)
    let inline wideLoad (x: byref<'T>) i : Vector512<'T> = Vector512.LoadUnsafe(&item &x i)
    let inline widePut (v: Vector512<'T>) (x: byref<'T>) i = Vector512.StoreUnsafe(v, &item &x i)

    let inline wideZeros<'T> () = struct (Vector512<'T>.Zero, Vector512<'T>.Zero)
    let inline widePair (x: byref<'T>) i j = struct (wideLoad &x i, wideLoad &x j)

    let inline wideMulAdds s (struct (x, y)) (struct (p, q)) = struct (wideMulAdd s x p, wideMulAdd s y q)

    let inline wideStore (struct (p: Vector512<'T>, q: Vector512<'T>)) (x: byref<'T>) i j =
        widePut p &x i
        widePut q &x j

    /// The rows of a tile. With two vectors of columns it has 24 sums, which with two vectors of b and one element of a
    /// fill 27 of 32 registers, and want only 14 loads for 24 multiply-adds.
    [<Literal>]
    let WideRows = 12

    let inline wideColumns<'T> () = 2 * Vector512<'T>.Count

    /// As `put2` it adds whole sums.
    let inline wideStoreOrAdd
        add
        (struct (p: Vector512<'T>, q: Vector512<'T>))
        (c: byref<'T>)
        (i: nativeint)
        (v: nativeint)
        =
        if add then
            widePut (wideLoad &c i + p) &c i
            widePut (wideLoad &c (i + v) + q) &c (i + v)
        else
            widePut p &c i
            widePut q &c (i + v)

    /// c <- a b, or c + a b where `add`, for twelve rows of c and two vectors of columns `v` apart.
    let inline wideTile k (a: byref<'T>) ra sa (b: byref<'T>) sb v (c: byref<'T>) rc add =
        let mutable x0 = wideZeros<'T>()
        let mutable x1 = wideZeros<'T>()
        let mutable x2 = wideZeros<'T>()
        let mutable x3 = wideZeros<'T>()
        let mutable x4 = wideZeros<'T>()
        let mutable x5 = wideZeros<'T>()
        let mutable x6 = wideZeros<'T>()
        let mutable x7 = wideZeros<'T>()
        let mutable x8 = wideZeros<'T>()
        let mutable x9 = wideZeros<'T>()
        let mutable x10 = wideZeros<'T>()
        let mutable x11 = wideZeros<'T>()
        let mutable ia, ib, left = 0n, 0n, k

        while left > 0 do
            let s = &item &a ia
            let y = widePair (&item &b ib) 0n v
            x0 <- wideMulAdds (wideSpread &s 0n) y x0
            x1 <- wideMulAdds (wideSpread &s ra) y x1
            x2 <- wideMulAdds (wideSpread &s (2n * ra)) y x2
            x3 <- wideMulAdds (wideSpread &s (3n * ra)) y x3
            x4 <- wideMulAdds (wideSpread &s (4n * ra)) y x4
            x5 <- wideMulAdds (wideSpread &s (5n * ra)) y x5
            x6 <- wideMulAdds (wideSpread &s (6n * ra)) y x6
            x7 <- wideMulAdds (wideSpread &s (7n * ra)) y x7
            x8 <- wideMulAdds (wideSpread &s (8n * ra)) y x8
            x9 <- wideMulAdds (wideSpread &s (9n * ra)) y x9
            x10 <- wideMulAdds (wideSpread &s (10n * ra)) y x10
            x11 <- wideMulAdds (wideSpread &s (11n * ra)) y x11
            ia <- ia + sa
            ib <- ib + sb
            left <- left - 1

        wideStoreOrAdd add x0 &c 0n v
        wideStoreOrAdd add x1 &c rc v
        wideStoreOrAdd add x2 &c (2n * rc) v
        wideStoreOrAdd add x3 &c (3n * rc) v
        wideStoreOrAdd add x4 &c (4n * rc) v
        wideStoreOrAdd add x5 &c (5n * rc) v
        wideStoreOrAdd add x6 &c (6n * rc) v
        wideStoreOrAdd add x7 &c (7n * rc) v
        wideStoreOrAdd add x8 &c (8n * rc) v
        wideStoreOrAdd add x9 &c (9n * rc) v
        wideStoreOrAdd add x10 &c (10n * rc) v
        wideStoreOrAdd add x11 &c (11n * rc) v

    /// The rows of a low tile: with two vectors of columns 16 sums, still as many as hide the latency of two units.
    [<Literal>]
    let LowRows = 8

    /// The same for eight rows. Rows of b begin at `first`, and each at `next` of the one before it and of how many are left.
    let inline lowTile
        k
        (a: byref<'T>)
        ra
        sa
        (b: byref<'T>)
        first
        ([<InlineIfLambda>] next: nativeint -> int -> nativeint)
        v
        (c: byref<'T>)
        rc
        add
        =
        let mutable x0 = wideZeros<'T>()
        let mutable x1 = wideZeros<'T>()
        let mutable x2 = wideZeros<'T>()
        let mutable x3 = wideZeros<'T>()
        let mutable x4 = wideZeros<'T>()
        let mutable x5 = wideZeros<'T>()
        let mutable x6 = wideZeros<'T>()
        let mutable x7 = wideZeros<'T>()
        let mutable ia, ib, left = 0n, first, k

        while left > 0 do
            let s = &item &a ia
            let y = widePair (&item &b ib) 0n v
            x0 <- wideMulAdds (wideSpread &s 0n) y x0
            x1 <- wideMulAdds (wideSpread &s ra) y x1
            x2 <- wideMulAdds (wideSpread &s (2n * ra)) y x2
            x3 <- wideMulAdds (wideSpread &s (3n * ra)) y x3
            x4 <- wideMulAdds (wideSpread &s (4n * ra)) y x4
            x5 <- wideMulAdds (wideSpread &s (5n * ra)) y x5
            x6 <- wideMulAdds (wideSpread &s (6n * ra)) y x6
            x7 <- wideMulAdds (wideSpread &s (7n * ra)) y x7
            ia <- ia + sa
            left <- left - 1
            ib <- next ib left

        wideStoreOrAdd add x0 &c 0n v
        wideStoreOrAdd add x1 &c rc v
        wideStoreOrAdd add x2 &c (2n * rc) v
        wideStoreOrAdd add x3 &c (3n * rc) v
        wideStoreOrAdd add x4 &c (4n * rc) v
        wideStoreOrAdd add x5 &c (5n * rc) v
        wideStoreOrAdd add x6 &c (6n * rc) v
        wideStoreOrAdd add x7 &c (7n * rc) v

    /// How many of the next rows the next tile is to take, of so many that are left: twelve and eight together make up each
    /// multiple of four from eight on.
    let inline rowsOfTile left = if left <= LowRows || left = 2 * LowRows then LowRows else WideRows

    // A broad tile has eight rows of three vectors: 24 sums as well, and the numbers of channels that nets have are multiples of
    // eight.

    /// The rows of a broad tile.
    [<Literal>]
    let BroadRows = 8

    let inline broadColumns<'T> () = 3 * Vector512<'T>.Count

    let inline broadZeros<'T> () = struct (Vector512<'T>.Zero, Vector512<'T>.Zero, Vector512<'T>.Zero)

    let inline broadMulAdds s (struct (x, y, z)) (struct (p, q, r)) =
        struct (wideMulAdd s x p, wideMulAdd s y q, wideMulAdd s z r)

    let inline broadStoreOrAdd add (struct (p, q, r)) (c: byref<'T>) (i: nativeint) =
        let v = nativeint Vector512<'T>.Count

        if add then
            widePut (wideLoad &c i + p) &c i
            widePut (wideLoad &c (i + v) + q) &c (i + v)
            widePut (wideLoad &c (i + 2n * v) + r) &c (i + 2n * v)
        else
            widePut p &c i
            widePut q &c (i + v)
            widePut r &c (i + 2n * v)

    /// c <- a b, or c + a b where `add`, for eight rows of c, `rc` apart. The rows of b begin at `first`, and each at `next` of the one
    /// before it and of how many are left. Meanwhile memory from `ahead` on is fetched, so many elements for each row of b.
    let inline broadTile
        k
        (a: byref<'T>)
        ra
        sa
        (b: byref<'T>)
        first
        ([<InlineIfLambda>] next: nativeint -> int -> nativeint)
        (c: byref<'T>)
        rc
        add
        (ahead: byref<'T>)
        (perRow: nativeint)
        =
        let v = nativeint Vector512<'T>.Count
        let mutable x0 = broadZeros<'T>()
        let mutable x1 = broadZeros<'T>()
        let mutable x2 = broadZeros<'T>()
        let mutable x3 = broadZeros<'T>()
        let mutable x4 = broadZeros<'T>()
        let mutable x5 = broadZeros<'T>()
        let mutable x6 = broadZeros<'T>()
        let mutable x7 = broadZeros<'T>()
        let mutable ia, ib, iahead, left = 0n, first, 0n, k

        while left > 0 do
            let s = &item &a ia
            let t = &item &b ib
            let y = struct (wideLoad &t 0n, wideLoad &t v, wideLoad &t (2n * v))
            x0 <- broadMulAdds (wideSpread &s 0n) y x0
            x1 <- broadMulAdds (wideSpread &s ra) y x1
            x2 <- broadMulAdds (wideSpread &s (2n * ra)) y x2
            x3 <- broadMulAdds (wideSpread &s (3n * ra)) y x3
            x4 <- broadMulAdds (wideSpread &s (4n * ra)) y x4
            x5 <- broadMulAdds (wideSpread &s (5n * ra)) y x5
            x6 <- broadMulAdds (wideSpread &s (6n * ra)) y x6
            x7 <- broadMulAdds (wideSpread &s (7n * ra)) y x7
            ia <- ia + sa

            if perRow <> 0n then
                fetch &(item &ahead iahead)
                iahead <- iahead + perRow

            left <- left - 1
            ib <- next ib left

        broadStoreOrAdd add x0 &c 0n
        broadStoreOrAdd add x1 &c rc
        broadStoreOrAdd add x2 &c (2n * rc)
        broadStoreOrAdd add x3 &c (3n * rc)
        broadStoreOrAdd add x4 &c (4n * rc)
        broadStoreOrAdd add x5 &c (5n * rc)
        broadStoreOrAdd add x6 &c (6n * rc)
        broadStoreOrAdd add x7 &c (7n * rc)

    // A slim tile has eight rows of one vector. With so few multiply-adds to an element of a, memory would be waited for: a panel, whose
    // elements lie one after the other, is fetched ahead.

    /// By so many elements.
    [<Literal>]
    let Ahead = 512

    let inline slimStoreOrAdd add (x: Vector512<'T>) (c: byref<'T>) i =
        widePut (if add then wideLoad &c i + x else x) &c i

    /// As `broadTile`.
    let inline slimTile
        k
        (a: byref<'T>)
        ra
        sa
        (b: byref<'T>)
        first
        ([<InlineIfLambda>] next: nativeint -> int -> nativeint)
        (c: byref<'T>)
        rc
        add
        =
        let mutable x0 = Vector512<'T>.Zero
        let mutable x1 = Vector512<'T>.Zero
        let mutable x2 = Vector512<'T>.Zero
        let mutable x3 = Vector512<'T>.Zero
        let mutable x4 = Vector512<'T>.Zero
        let mutable x5 = Vector512<'T>.Zero
        let mutable x6 = Vector512<'T>.Zero
        let mutable x7 = Vector512<'T>.Zero
        let mutable ia, ib, left = 0n, first, k

        while left > 0 do
            let s = &item &a ia
            let y = wideLoad &b ib
            if sa <> 1n then fetch &(item &a (ia + nativeint Ahead))
            x0 <- wideMulAdd (wideSpread &s 0n) y x0
            x1 <- wideMulAdd (wideSpread &s ra) y x1
            x2 <- wideMulAdd (wideSpread &s (2n * ra)) y x2
            x3 <- wideMulAdd (wideSpread &s (3n * ra)) y x3
            x4 <- wideMulAdd (wideSpread &s (4n * ra)) y x4
            x5 <- wideMulAdd (wideSpread &s (5n * ra)) y x5
            x6 <- wideMulAdd (wideSpread &s (6n * ra)) y x6
            x7 <- wideMulAdd (wideSpread &s (7n * ra)) y x7
            ia <- ia + sa
            left <- left - 1
            ib <- next ib left

        slimStoreOrAdd add x0 &c 0n
        slimStoreOrAdd add x1 &c rc
        slimStoreOrAdd add x2 &c (2n * rc)
        slimStoreOrAdd add x3 &c (3n * rc)
        slimStoreOrAdd add x4 &c (4n * rc)
        slimStoreOrAdd add x5 &c (5n * rc)
        slimStoreOrAdd add x6 &c (6n * rc)
        slimStoreOrAdd add x7 &c (7n * rc)

    // An upright tile has up to four columns, and rows are its lanes: for the last few columns, of which a vector of 512 bits would be mostly empty. Every
    // sum is taken in the order of the other tiles', so that it has the same bits.

    /// The columns of an upright tile.
    [<Literal>]
    let UprightColumns = 4

    let inline private uprightMulAdds (a: Vector<'T>) (b: byref<'T>) (struct (x, y, z, w)) =
        struct (mulAdd (spread &b 0n) a x,
                mulAdd (spread &b 1n) a y,
                mulAdd (spread &b 2n) a z,
                mulAdd (spread &b 3n) a w)

    let inline private uprightStore (struct (x, y, z, w)) columns (c: byref<'T>) rc add =
        for j in 0 .. columns - 1 do
            let sums: Vector<'T> =
                if j = 0 then x
                elif j = 1 then y
                elif j = 2 then z
                else w

            for lane in 0 .. Vector<'T>.Count - 1 do
                let target = &item &c (nativeint lane * rc + nativeint j)
                // Vectors of equal lanes, to add in generic code.
                target <- if add then (spread &target 0n + Vector<'T>(sums[lane]))[0] else sums[lane]

    /// As `slimTile`, for a vector of rows of a panel and, if `other` is not 0, one that is so far from it in memory, and whose sums are
    /// `otherSums` further on. A row of b is where `place` says, of four elements, even if fewer columns count.
    let inline uprightTile
        k
        (a: byref<'T>)
        (other: nativeint)
        (b: byref<'T>)
        ([<InlineIfLambda>] place: int -> nativeint)
        columns
        (c: byref<'T>)
        rc
        (otherSums: nativeint)
        add
        =
        let zero = Vector<'T>.Zero
        let mutable x = struct (zero, zero, zero, zero)
        let mutable y = struct (zero, zero, zero, zero)
        let mutable ia = 0n

        for p in 0 .. k - 1 do
            let s = &item &a ia
            let t = &item &b (place p)
            x <- uprightMulAdds (load &s 0n) &t x
            y <- uprightMulAdds (load &s other) &t y
            ia <- ia + nativeint BroadRows

        uprightStore x columns &c rc add
        if other <> 0n then uprightStore y columns &(item &c otherSums) rc add

    // A flat tile has sixteen sums: four elements or vectors of a by four vectors of b.

    /// The sums of a row.
    let inline flatZeros<'T> () = struct (wideZeros<'T>(), wideZeros<'T>())

    let inline flatMulAdds (s: Vector512<'T>) y z (struct (p, q)) =
        struct (wideMulAdds s y p, wideMulAdds s z q)

    let inline flatStore (struct (p, q)) (c: byref<'T>) o1 o2 o3 =
        wideStore p &c 0n o1
        wideStore q &c o2 o3

    let inline flatSums
        (struct (struct (x0: Vector512<'T>, x1), struct (x2: Vector512<'T>, x3)))
        (c: byref<'T>)
        (j1: nativeint)
        j2
        j3
        =
        item &c 0n <- Vector512.Sum x0
        item &c j1 <- Vector512.Sum x1
        item &c j2 <- Vector512.Sum x2
        item &c j3 <- Vector512.Sum x3

    let inline masked (mask: Vector512<'T>) (struct (x: Vector512<'T>, y: Vector512<'T>)) =
        struct (x &&& mask, y &&& mask)

    // ---- Tiles of panels, as the machine has them ----

    /// Rows of a tile, broad or narrow, and its columns.
    let height () = if Vector512.IsHardwareAccelerated then BroadRows else Rows

    let breadth<'T> () = if Vector512.IsHardwareAccelerated then broadColumns<'T>() else columns<'T>()

    /// Elements of a vector.
    let lanes<'T> () = if Vector512.IsHardwareAccelerated then Vector512<'T>.Count else Vector<'T>.Count
