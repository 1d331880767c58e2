namespace Cotangent.Engines

// The innermost loop of products, in registers: twelve sums of products, six rows by two vectors of columns.

open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop

#nowarn "9"

// Vectors of sums, to which products are added in place (see `accumulate`).

[<Struct; NoComparison; NoEquality>]
type internal Two<'V> =
    val mutable First: 'V
    val mutable Second: 'V
    new(sum) = { First = sum; Second = sum }

[<Struct; NoComparison; NoEquality>]
type internal Three<'V> =
    val mutable First: 'V
    val mutable Second: 'V
    val mutable Third: 'V
    new(sum) = { First = sum; Second = sum; Third = sum }

[<Struct; NoComparison; NoEquality>]
type internal Four<'V> =
    val mutable First: 'V
    val mutable Second: 'V
    val mutable Third: 'V
    val mutable Fourth: 'V
    new(sum) = { First = sum; Second = sum; Third = sum; Fourth = sum }

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

    /// sum <- x * y + sum, as `mulAdd`, in place: of a tuple that is assigned as a whole, the runtime computes each sum in the register of
    /// its last factor, and moves it afterwards.
    let inline accumulate (sum: byref<Vector<'T>>) (x: Vector<'T>) (y: Vector<'T>) =
        if obj.ReferenceEquals(typeof<'T>, typeof<float32>) then
            sum <- Vector.MultiplyAddEstimate(single x, single y, single sum) |> Vector.As
        elif obj.ReferenceEquals(typeof<'T>, typeof<float>) then
            sum <- Vector.MultiplyAddEstimate(double x, double y, double sum) |> Vector.As
        else
            sum <- x * y + sum

    let inline item (x: byref<'T>) (i: nativeint) : byref<'T> = &Unsafe.Add(&x, i)
    let inline at (x: 'T[]) i : byref<'T> = &Unsafe.Add(&MemoryMarshal.GetArrayDataReference x, int i)
    let inline spread (x: byref<'T>) i = Vector<'T>(item &x i)
    let inline load (x: byref<'T>) i = Vector.LoadUnsafe(&item &x i)
    let inline put (v: Vector<'T>) (x: byref<'T>) i = Vector.StoreUnsafe(v, &item &x i)

    /// Has a line of the caches fetched. Should the array be moved meanwhile, it is fetched in vain.
    let inline fetch (x: byref<'T>) = if Sse.IsSupported then Sse.Prefetch0(Unsafe.AsPointer(&x))

    let inline zeros<'T> () = Two Vector<'T>.Zero
    let inline get wide (x: byref<'T>) i = if wide then load &x i else spread &x i
    let inline pair wide (x: byref<'T>) i j = struct (get wide &x i, get wide &x j)

    /// Makes every element of a vector their sum.
    let inline total (sum: byref<Vector<'T>>) = sum <- Vector<'T>(Vector.Sum sum)

    let inline accumulateTwo (sums: byref<Two<Vector<'T>>>) x (struct (y, z)) =
        accumulate &sums.First x y
        accumulate &sums.Second x z

    /// The rows of a tile. With two vectors of columns it has 12 sums: as many as hide the latency of the
    /// multiply-add, and with two vectors of b and one element of a they fill 15 of the 16 registers of AVX2.
    [<Literal>]
    let Rows = 6

    let inline columns<'T> () = 2 * Vector<'T>.Count

    /// Adds a whole sum: were it begun with what is there, small products would be lost in that.
    let inline plus (sum: Vector<'T>) (x: byref<'T>) i = put (load &x i + sum) &x i

    let inline put2 add (sums: Two<Vector<'T>>) (c: byref<'T>) i v =
        if add then
            plus sums.First &c i
            plus sums.Second &c (i + v)
        else
            put sums.First &c i
            put sums.Second &c (i + v)

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
            accumulateTwo &x0 (spread &s 0n) y
            accumulateTwo &x1 (spread &s ra) y
            accumulateTwo &x2 (spread &s (2n * ra)) y
            accumulateTwo &x3 (spread &s (3n * ra)) y
            accumulateTwo &x4 (spread &s (4n * ra)) y
            accumulateTwo &x5 (spread &s (5n * ra)) y
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

    let inline accumulateThree vectors (sums: byref<Three<Vector<'T>>>) x (struct (y, z, w)) =
        accumulate &sums.First x y
        if vectors > 1 then accumulate &sums.Second x z
        if vectors > 2 then accumulate &sums.Third x w

    let inline put3 vectors add (sums: Three<Vector<'T>>) (c: byref<'T>) i =
        let v = nativeint Vector<'T>.Count

        if add then
            plus sums.First &c i
            if vectors > 1 then plus sums.Second &c (i + v)
            if vectors > 2 then plus sums.Third &c (i + 2n * v)
        else
            put sums.First &c i
            if vectors > 1 then put sums.Second &c (i + v)
            if vectors > 2 then put sums.Third &c (i + 2n * v)

    /// c <- a b, or c + a b where `add`, for four rows of c, `rc` apart, and one to three vectors of columns. Rows of a are neighbours, with
    /// steps of `sa`, and those of b are `sb` apart.
    let inline halfTile vectors k (a: byref<'T>) sa (b: byref<'T>) sb (c: byref<'T>) rc add =
        let v = nativeint Vector<'T>.Count
        let mutable x0 = Three Vector<'T>.Zero
        let mutable x1 = Three Vector<'T>.Zero
        let mutable x2 = Three Vector<'T>.Zero
        let mutable x3 = Three Vector<'T>.Zero
        let mutable ia, ib, left = 0n, 0n, k

        while left > 0 do
            let s = &item &a ia
            let t = &item &b ib

            let y =
                struct (load &t 0n,
                        (if vectors > 1 then load &t v else Vector<'T>.Zero),
                        (if vectors > 2 then load &t (2n * v) else Vector<'T>.Zero))

            accumulateThree vectors &x0 (spread &s 0n) y
            accumulateThree vectors &x1 (spread &s 1n) y
            accumulateThree vectors &x2 (spread &s 2n) y
            accumulateThree vectors &x3 (spread &s 3n) y
            ia <- ia + sa
            ib <- ib + sb
            left <- left - 1

        put3 vectors add x0 &c 0n
        put3 vectors add x1 &c rc
        put3 vectors add x2 &c (2n * rc)
        put3 vectors add x3 &c (3n * rc)
