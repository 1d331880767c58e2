namespace Cotangent.Engines

// Tiles of vectors of 512 bits, for processors whose units are that wide: Vector<T> has at most 256. With 32 registers a tile
// has twice the rows of a narrow one, and still all of its sums in registers.

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
