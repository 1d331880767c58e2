namespace Cotangent.Engines

// A flat tile has sixteen sums: four elements or vectors of a by four vectors of b.

open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile

module internal FlatTile =

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
