namespace Cotangent.Engines

// Tiles of vectors of 512 bits, for processors whose units are that wide: Vector<T> has at most 256. With 32 registers a tile
// has twice the rows of a narrow one, and still all of its sums in registers.

open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
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

    /// As `Tile.accumulate`.
    let inline wideAccumulate (sum: byref<Vector512<'T>>) (x: Vector512<'T>) (y: Vector512<'T>) =
        if obj.ReferenceEquals(typeof<'T>, typeof<float32>) then
            sum <- Vector512.FusedMultiplyAdd(wideSingle x, wideSingle y, wideSingle sum) |> Vector512.As
        elif obj.ReferenceEquals(typeof<'T>, typeof<float>) then
            sum <- Vector512.FusedMultiplyAdd(wideDouble x, wideDouble y, wideDouble sum) |> Vector512.As
        else
            sum <- x * y + sum

    let inline wideSpread (x: byref<'T>) i : Vector512<'T> = Vector512.Create(item &x i)
    let inline wideLoad (x: byref<'T>) i : Vector512<'T> = Vector512.LoadUnsafe(&item &x i)
    let inline widePut (v: Vector512<'T>) (x: byref<'T>) i = Vector512.StoreUnsafe(v, &item &x i)

    let inline wideZeros<'T> () = Two Vector512<'T>.Zero
    let inline widePair (x: byref<'T>) i j = struct (wideLoad &x i, wideLoad &x j)

    let inline wideAccumulateTwo (sums: byref<Two<Vector512<'T>>>) x (struct (y, z)) =
        wideAccumulate &sums.First x y
        wideAccumulate &sums.Second x z

    let inline widePlus (sum: Vector512<'T>) (x: byref<'T>) i = widePut (wideLoad &x i + sum) &x i

    let inline widePutOrAdd add (sum: Vector512<'T>) (c: byref<'T>) i =
        if add then widePlus sum &c i else widePut sum &c i

    /// The rows of a tile. With two vectors of columns it has 24 sums, which with two vectors of b and one element of a
    /// fill 27 of 32 registers, and want only 14 loads for 24 multiply-adds.
    [<Literal>]
    let WideRows = 12

    let inline wideColumns<'T> () = 2 * Vector512<'T>.Count

    /// As `put2` it adds whole sums.
    let inline wideStoreOrAdd add (sums: Two<Vector512<'T>>) (c: byref<'T>) (i: nativeint) (v: nativeint) =
        if add then
            widePlus sums.First &c i
            widePlus sums.Second &c (i + v)
        else
            widePut sums.First &c i
            widePut sums.Second &c (i + v)

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
            wideAccumulateTwo &x0 (wideSpread &s 0n) y
            wideAccumulateTwo &x1 (wideSpread &s ra) y
            wideAccumulateTwo &x2 (wideSpread &s (2n * ra)) y
            wideAccumulateTwo &x3 (wideSpread &s (3n * ra)) y
            wideAccumulateTwo &x4 (wideSpread &s (4n * ra)) y
            wideAccumulateTwo &x5 (wideSpread &s (5n * ra)) y
            wideAccumulateTwo &x6 (wideSpread &s (6n * ra)) y
            wideAccumulateTwo &x7 (wideSpread &s (7n * ra)) y
            wideAccumulateTwo &x8 (wideSpread &s (8n * ra)) y
            wideAccumulateTwo &x9 (wideSpread &s (9n * ra)) y
            wideAccumulateTwo &x10 (wideSpread &s (10n * ra)) y
            wideAccumulateTwo &x11 (wideSpread &s (11n * ra)) y
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
            wideAccumulateTwo &x0 (wideSpread &s 0n) y
            wideAccumulateTwo &x1 (wideSpread &s ra) y
            wideAccumulateTwo &x2 (wideSpread &s (2n * ra)) y
            wideAccumulateTwo &x3 (wideSpread &s (3n * ra)) y
            wideAccumulateTwo &x4 (wideSpread &s (4n * ra)) y
            wideAccumulateTwo &x5 (wideSpread &s (5n * ra)) y
            wideAccumulateTwo &x6 (wideSpread &s (6n * ra)) y
            wideAccumulateTwo &x7 (wideSpread &s (7n * ra)) y
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

    let inline broadAccumulate (sums: byref<Three<Vector512<'T>>>) x (struct (y, z, w)) =
        wideAccumulate &sums.First x y
        wideAccumulate &sums.Second x z
        wideAccumulate &sums.Third x w

    let inline broadStoreOrAdd add (sums: Three<Vector512<'T>>) (c: byref<'T>) (i: nativeint) =
        let v = nativeint Vector512<'T>.Count

        if add then
            widePlus sums.First &c i
            widePlus sums.Second &c (i + v)
            widePlus sums.Third &c (i + 2n * v)
        else
            widePut sums.First &c i
            widePut sums.Second &c (i + v)
            widePut sums.Third &c (i + 2n * v)

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
        let mutable x0 = Three Vector512<'T>.Zero
        let mutable x1 = Three Vector512<'T>.Zero
        let mutable x2 = Three Vector512<'T>.Zero
        let mutable x3 = Three Vector512<'T>.Zero
        let mutable x4 = Three Vector512<'T>.Zero
        let mutable x5 = Three Vector512<'T>.Zero
        let mutable x6 = Three Vector512<'T>.Zero
        let mutable x7 = Three Vector512<'T>.Zero
        let mutable ia, ib, iahead, left = 0n, first, 0n, k

        while left > 0 do
            let s = &item &a ia
            let t = &item &b ib
            let y = struct (wideLoad &t 0n, wideLoad &t v, wideLoad &t (2n * v))
            broadAccumulate &x0 (wideSpread &s 0n) y
            broadAccumulate &x1 (wideSpread &s ra) y
            broadAccumulate &x2 (wideSpread &s (2n * ra)) y
            broadAccumulate &x3 (wideSpread &s (3n * ra)) y
            broadAccumulate &x4 (wideSpread &s (4n * ra)) y
            broadAccumulate &x5 (wideSpread &s (5n * ra)) y
            broadAccumulate &x6 (wideSpread &s (6n * ra)) y
            broadAccumulate &x7 (wideSpread &s (7n * ra)) y
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
            wideAccumulate &x0 (wideSpread &s 0n) y
            wideAccumulate &x1 (wideSpread &s ra) y
            wideAccumulate &x2 (wideSpread &s (2n * ra)) y
            wideAccumulate &x3 (wideSpread &s (3n * ra)) y
            wideAccumulate &x4 (wideSpread &s (4n * ra)) y
            wideAccumulate &x5 (wideSpread &s (5n * ra)) y
            wideAccumulate &x6 (wideSpread &s (6n * ra)) y
            wideAccumulate &x7 (wideSpread &s (7n * ra)) y
            ia <- ia + sa
            left <- left - 1
            ib <- next ib left

        widePutOrAdd add x0 &c 0n
        widePutOrAdd add x1 &c rc
        widePutOrAdd add x2 &c (2n * rc)
        widePutOrAdd add x3 &c (3n * rc)
        widePutOrAdd add x4 &c (4n * rc)
        widePutOrAdd add x5 &c (5n * rc)
        widePutOrAdd add x6 &c (6n * rc)
        widePutOrAdd add x7 &c (7n * rc)

    // An upright tile has up to four columns, and rows are its lanes: for the last few columns, of which a vector of 512 bits would be mostly empty. Every
    // sum is taken in the order of the other tiles', so that it has the same bits.

    /// The columns of an upright tile.
    [<Literal>]
    let UprightColumns = 4

    let inline private uprightAccumulate (sums: byref<Four<Vector<'T>>>) (a: Vector<'T>) (b: byref<'T>) =
        accumulate &sums.First (spread &b 0n) a
        accumulate &sums.Second (spread &b 1n) a
        accumulate &sums.Third (spread &b 2n) a
        accumulate &sums.Fourth (spread &b 3n) a

    let inline private uprightStore (sums: Four<Vector<'T>>) columns (c: byref<'T>) rc add =
        for j in 0 .. columns - 1 do
            let column: Vector<'T> =
                if j = 0 then sums.First
                elif j = 1 then sums.Second
                elif j = 2 then sums.Third
                else sums.Fourth

            for lane in 0 .. Vector<'T>.Count - 1 do
                let target = &item &c (nativeint lane * rc + nativeint j)
                // Vectors of equal lanes, to add in generic code.
                target <- if add then (spread &target 0n + Vector<'T>(column[lane]))[0] else column[lane]

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
        let mutable x = Four Vector<'T>.Zero
        let mutable y = Four Vector<'T>.Zero
        let mutable ia = 0n

        for p in 0 .. k - 1 do
            let s = &item &a ia
            let t = &item &b (place p)
            uprightAccumulate &x (load &s 0n) &t
            uprightAccumulate &y (load &s other) &t
            ia <- ia + nativeint BroadRows

        uprightStore x columns &c rc add
        if other <> 0n then uprightStore y columns &(item &c otherSums) rc add

    // A flat tile has sixteen sums: four elements or vectors of a by four vectors of b.

    /// The sums of a row.
    let inline flatZeros<'T> () = Four Vector512<'T>.Zero

    let inline flatAccumulate
        (sums: byref<Four<Vector512<'T>>>)
        (s: Vector512<'T>)
        (struct (x, y))
        (struct (z, w))
        =
        wideAccumulate &sums.First s x
        wideAccumulate &sums.Second s y
        wideAccumulate &sums.Third s z
        wideAccumulate &sums.Fourth s w

    /// As `put2` it adds whole sums.
    let inline flatStoreOrAdd add (sums: Four<Vector512<'T>>) (c: byref<'T>) (o1: nativeint) o2 o3 =
        if add then
            widePlus sums.First &c 0n
            widePlus sums.Second &c o1
            widePlus sums.Third &c o2
            widePlus sums.Fourth &c o3
        else
            widePut sums.First &c 0n
            widePut sums.Second &c o1
            widePut sums.Third &c o2
            widePut sums.Fourth &c o3

    /// The sums of neighbours within each 128 bits, of x and then of y.
    let inline private neighbours (x: Vector512<float32>) y =
        Avx512F.Shuffle(x, y, 0b10001000uy) + Avx512F.Shuffle(x, y, 0b11011101uy)

    /// The same of neighbouring 128 bits.
    let inline private neighbouringLanes (x: Vector512<float32>) y =
        Avx512F.Shuffle4x128(x, y, 0b10001000uy) + Avx512F.Shuffle4x128(x, y, 0b11011101uy)

    /// The sums of four vectors within each 128 bits, side by side.
    let inline private sumsInLanes (x: Four<Vector512<'T>>) =
        neighbours
            (neighbours (wideSingle x.First) (wideSingle x.Second))
            (neighbours (wideSingle x.Third) (wideSingle x.Fourth))

    let inline private putLane (sums: Vector512<float32>) lane (c: byref<'T>) (i: nativeint) =
        Vector128.StoreUnsafe(Avx512F.ExtractVector128(sums, lane).As<float32, 'T>(), &item &c i)

    let inline private flatSumsOfRow (sums: Four<Vector512<'T>>) (c: byref<'T>) (j1: nativeint) j2 j3 =
        item &c 0n <- Vector512.Sum sums.First
        item &c j1 <- Vector512.Sum sums.Second
        item &c j2 <- Vector512.Sum sums.Third
        item &c j3 <- Vector512.Sum sums.Fourth

    /// The sum of each vector of four rows, into elements 0, j1, j2 and j3 of rows 0, i1, i2 and i3. All sixteen are taken at once by
    /// shuffles, a third of the instructions, in the order in which `Vector512.Sum` takes each: neighbours, then pairs of neighbours.
    let inline flatSums
        (x0: Four<Vector512<'T>>)
        (x1: Four<Vector512<'T>>)
        (x2: Four<Vector512<'T>>)
        (x3: Four<Vector512<'T>>)
        (c: byref<'T>)
        i1
        i2
        i3
        j1
        j2
        (j3: nativeint)
        =
        if obj.ReferenceEquals(typeof<'T>, typeof<float32>) && Avx512F.IsSupported && j3 = 3n then
            let sums =
                neighbouringLanes
                    (neighbouringLanes (sumsInLanes x0) (sumsInLanes x1))
                    (neighbouringLanes (sumsInLanes x2) (sumsInLanes x3))

            putLane sums 0uy &c 0n
            putLane sums 1uy &c i1
            putLane sums 2uy &c i2
            putLane sums 3uy &c i3
        else
            flatSumsOfRow x0 &c j1 j2 j3
            flatSumsOfRow x1 &(item &c i1) j1 j2 j3
            flatSumsOfRow x2 &(item &c i2) j1 j2 j3
            flatSumsOfRow x3 &(item &c i3) j1 j2 j3

    let inline masked (mask: Vector512<'T>) (struct (x: Vector512<'T>, y: Vector512<'T>)) =
        struct (x &&& mask, y &&& mask)

    // ---- Tiles of panels, as the machine has them ----

    /// Rows of a tile, broad or narrow, and its columns.
    let height () = if Vector512.IsHardwareAccelerated then BroadRows else Rows

    let breadth<'T> () = if Vector512.IsHardwareAccelerated then broadColumns<'T>() else columns<'T>()

    /// Elements of a vector.
    let lanes<'T> () = if Vector512.IsHardwareAccelerated then Vector512<'T>.Count else Vector<'T>.Count
