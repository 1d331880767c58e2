namespace Cotangent.Engines

// The innermost loop of products, in registers: twelve sums of products, six rows by two vectors of columns.

open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop

#nowarn "9"

module internal Tile =

    /// A method that loops and allocates on the stack is optimised when it first runs, not after some thirty
    /// calls; the F# compiler does not pass MethodImplOptions.AggressiveOptimization on.
    let inline optimised () = NativePtr.stackalloc<byte> 8 |> ignore

    /// The same for a method that has no loop: it gets one, which goes round once.
    let inline optimisedOnce ([<InlineIfLambda>] body: unit -> unit) =
        optimised ()
        let mutable isDone = false

        while not isDone do
            body ()
            isDone <- true

    let inline single (x: Vector<'T>) = Vector.As<'T, float32> x
    let inline double (x: Vector<'T>) = Vector.As<'T, float> x

    /// x * y + z, rounded once where the hardware can. The runtime compiles generic code anew for each type of
    /// element and drops the other branches. Single elements come here as vectors of equal lanes, to round alike.
    let inline mulAdd (x: Vector<'T>) (y: Vector<'T>) (z: Vector<'T>) : Vector<'T> =
        if obj.ReferenceEquals(typeof<'T>, typeof<float32>) then
            Vector.MultiplyAddEstimate(single x, single y, single z) |> Vector.As
        elif obj.ReferenceEquals(typeof<'T>, typeof<float>) then
            Vector.MultiplyAddEstimate(double x, double y, double z) |> Vector.As
        else
            x * y + z

    let inline item (x: byref<'T>) (i: nativeint) : byref<'T> = &Unsafe.Add(&x, i)
    let inline at (x: 'T[]) i : byref<'T> = &Unsafe.Add(&MemoryMarshal.GetArrayDataReference x, int i)
    let inline spread (x: byref<'T>) i = Vector<'T>(item &x i)
    let inline load (x: byref<'T>) i = Vector.LoadUnsafe(&item &x i)
    let inline put (v: Vector<'T>) (x: byref<'T>) i = Vector.StoreUnsafe(v, &item &x i)

    /// Has a line of the caches fetched. Should the array be moved meanwhile, it is fetched in vain.
    let inline fetch (x: byref<'T>) = if Sse.IsSupported then Sse.Prefetch0(Unsafe.AsPointer(&x))

    // Sums are kept in pairs of vectors, which the runtime puts into registers one by one.
    let inline zeros<'T> () = struct (Vector<'T>.Zero, Vector<'T>.Zero)
    let inline get wide (x: byref<'T>) i = if wide then load &x i else spread &x i
    let inline pair wide (x: byref<'T>) i j = struct (get wide &x i, get wide &x j)

    let inline sum (x: Vector<'T>) = Vector<'T>(Vector.Sum x)
    let inline total (struct (p, q)) = struct (sum p, sum q)
    let inline mulAdds s (struct (x, y)) (struct (p, q)) = struct (mulAdd s x p, mulAdd s y q)

    let inline store (struct (p, q)) (x: byref<'T>) i j =
        put p &x i
        put q &x j

    /// The rows of a tile. With two vectors of columns it has 12 sums: as many as hide the latency of the
    /// multiply-add, and with two vectors of b and one element of a they fill 15 of the 16 registers of AVX2.
    [<Literal>]
    let Rows = 6

    let inline columns<'T> () = 2 * Vector<'T>.Count

    let inline plus (struct (x, y)) (struct (p, q)) : struct (Vector<'T> * Vector<'T>) = struct (x + p, y + q)

    /// Where it adds, it adds a whole sum: were the sum begun with what is there, small products would be lost in it.
    let inline put2 add sums (c: byref<'T>) i v =
        store (if add then plus sums (pair true &c i (i + v)) else sums) &c i (i + v)

    /// c <- a b, or c + a b where `add`, for six rows of c and two vectors of columns `v` apart. The rows of b begin at
    /// `first`, and each at `next` of the one before it and of how many are left.
    let inline tile
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
        let mutable x0 = zeros<'T>()
        let mutable x1 = zeros<'T>()
        let mutable x2 = zeros<'T>()
        let mutable x3 = zeros<'T>()
        let mutable x4 = zeros<'T>()
        let mutable x5 = zeros<'T>()
        let mutable ia, ib, left = 0n, first, k

        while left > 0 do
            let s = &item &a ia
            let y = pair true (&item &b ib) 0n v
            x0 <- mulAdds (spread &s 0n) y x0
            x1 <- mulAdds (spread &s ra) y x1
            x2 <- mulAdds (spread &s (2n * ra)) y x2
            x3 <- mulAdds (spread &s (3n * ra)) y x3
            x4 <- mulAdds (spread &s (4n * ra)) y x4
            x5 <- mulAdds (spread &s (5n * ra)) y x5
            ia <- ia + sa
            left <- left - 1
            ib <- next ib left

        put2 add x0 &c 0n v
        put2 add x1 &c rc v
        put2 add x2 &c (2n * rc) v
        put2 add x3 &c (3n * rc) v
        put2 add x4 &c (4n * rc) v
        put2 add x5 &c (5n * rc) v

    // Panels of eight rows, made for wide tiles, are taken by halves: four rows of three vectors are 12 sums as well, and with three vectors
    // of b and one element of a they fill all 16 registers.

    /// The rows of half a panel.
    [<Literal>]
    let HalfRows = 4

    let inline triple<'T> () = struct (Vector<'T>.Zero, Vector<'T>.Zero, Vector<'T>.Zero)

    let inline tripleMulAdds vectors s (struct (x, y, z)) (struct (p, q, r)) =
        struct (mulAdd s x p,
                (if vectors > 1 then mulAdd s y q else q),
                (if vectors > 2 then mulAdd s z r else r))

    let inline tripleStore vectors add (struct (p, q, r)) (c: byref<'T>) i =
        let v = nativeint Vector<'T>.Count
        put (if add then load &c i + p else p) &c i
        if vectors > 1 then put (if add then load &c (i + v) + q else q) &c (i + v)
        if vectors > 2 then put (if add then load &c (i + 2n * v) + r else r) &c (i + 2n * v)

    /// c <- a b, or c + a b where `add`, for four rows of c, `rc` apart, and one to three vectors of columns. Rows of a are neighbours, with
    /// steps of `sa`, and those of b are `sb` apart.
    let inline halfTile vectors k (a: byref<'T>) sa (b: byref<'T>) sb (c: byref<'T>) rc add =
        let v = nativeint Vector<'T>.Count
        let mutable x0 = triple<'T>()
        let mutable x1 = triple<'T>()
        let mutable x2 = triple<'T>()
        let mutable x3 = triple<'T>()
        let mutable ia, ib, left = 0n, 0n, k

        while left > 0 do
            let s = &item &a ia
            let t = &item &b ib

            let y =
                struct (load &t 0n,
                        (if vectors > 1 then load &t v else Vector<'T>.Zero),
                        (if vectors > 2 then load &t (2n * v) else Vector<'T>.Zero))

            x0 <- tripleMulAdds vectors (spread &s 0n) y x0
            x1 <- tripleMulAdds vectors (spread &s 1n) y x1
            x2 <- tripleMulAdds vectors (spread &s 2n) y x2
            x3 <- tripleMulAdds vectors (spread &s 3n) y x3
            ia <- ia + sa
            ib <- ib + sb
            left <- left - 1

        tripleStore vectors add x0 &c 0n
        tripleStore vectors add x1 &c rc
        tripleStore vectors add x2 &c (2n * rc)
        tripleStore vectors add x3 &c (3n * rc)
