namespace Cotangent.Engines

// Tiles of panels, eight rows high: the numbers of channels that nets have are multiples of eight.

open System.Numerics
open System.Runtime.Intrinsics
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile

module internal BroadTile =

    // A broad tile has eight rows of three vectors: 24 sums, as a wide one.

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

    // ---- Tiles of panels, as the machine has them ----

    /// Rows of a tile, broad or narrow, and its columns.
    let height () = if Vector512.IsHardwareAccelerated then BroadRows else Rows

    let breadth<'T> () = if Vector512.IsHardwareAccelerated then broadColumns<'T>() else columns<'T>()

    /// Elements of a vector.
    let lanes<'T> () = if Vector512.IsHardwareAccelerated then Vector512<'T>.Count else Vector<'T>.Count
