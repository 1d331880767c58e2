namespace Cotangent.Engines

// Softmax, its logarithm and their pulls, a row at a call and by the widest vectors. Calls of other kernels for each step take longer than
// the steps do, where rows are of some dozens of elements.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Lanes

#nowarn "3535" // interfaces with static abstract members

/// Rows of n elements, each in an array from an element on. Arrays of operands and results must not overlap.
[<AbstractClass>]
type internal SoftmaxRows<'T>() =
    /// Elements up to which sums are added up vector by vector; those of longer rows are taken in halves.
    static member Longest = 1024

    /// y <- softmax x, or its logarithm.
    abstract Row: isLog: bool * x: 'T[] * xo: int * y: 'T[] * yo: int * n: int -> unit

    /// z <- y (c - Σ y c), or c - exp y Σ c of the logarithm.
    abstract Pull: isLog: bool * y: 'T[] * yo: int * c: 'T[] * co: int * z: 'T[] * zo: int * n: int -> unit

[<Sealed>]
type private SoftmaxRowsBy<'A, 'F, 'V, 'T
    when 'A :> ILaneAlgebra<'V>
    and 'F :> ILaneFolds<'V, 'T>
    and 'V: struct
    and 'T: struct
    and 'T: (new: unit -> 'T)
    and 'T :> ValueType
    and 'T :> IFloatingPointIeee754<'T>>() =
    inherit SoftmaxRows<'T>()

    static member inline private W = Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>()
    static member inline private Load(x: 'T[], i: int) : 'V = AlongRow.load<'V, 'T> &(Tile.at x 0) i
    static member inline private Store(x: 'T[], i: int, v: 'V) = AlongRow.store &(Tile.at x 0) i v
    static member inline private Exp(v: 'V) : 'V = (Exponentials.exp (Numbers.number v: Number<'A, 'V>)).Value

    /// The elements behind the whole vectors of a row, in a vector that has another number elsewhere.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member private Rest(x: 'T[], from: int, count: int, other: 'V) : 'V =
        let mutable rest = other
        x.AsSpan(from, count).CopyTo(ScalarLanes.Items<'V, 'T>(&rest))
        rest

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member private StoreRest(x: 'T[], from: int, count: int, v: 'V) =
        let mutable rest = v
        ScalarLanes.Items<'V, 'T>(&rest).Slice(0, count).CopyTo(x.AsSpan from)

    override _.Row(isLog, x, xo, y, yo, n) =
        Tile.optimised ()
        let w = SoftmaxRowsBy<'A, 'F, 'V, 'T>.W
        let until, count = n - n % w, n % w
        let least = 'F.Spread 'T.NegativeInfinity
        // Read once, and kept.
        let rest =
            if count > 0 then
                SoftmaxRowsBy<'A, 'F, 'V, 'T>.Rest(x, xo + until, count, least)
            else
                least

        let mutable most = rest
        let mutable i = 0

        while i < until do
            most <- 'A.MaxNative(most, SoftmaxRowsBy<'A, 'F, 'V, 'T>.Load(x, xo + i))
            i <- i + w

        // Nothing is taken out of a row of -∞ only, whose exponentials are all 0. Which of two is taken where one is NaN does not matter:
        // its exponential is NaN, too, and so is the sum.
        let largest: 'T = 'F.Largest most
        let m = 'F.Spread(if 'T.IsNegativeInfinity largest then 'T.Zero else largest)

        let e =
            if count > 0 then
                SoftmaxRowsBy<'A, 'F, 'V, 'T>.Exp('A.Subtract(rest, m))
            else
                'A.Pattern(m, 0L)

        let mutable sum = e
        i <- 0

        while i < until do
            let e =
                SoftmaxRowsBy<'A, 'F, 'V, 'T>
                    .Exp('A.Subtract(SoftmaxRowsBy<'A, 'F, 'V, 'T>.Load(x, xo + i), m))

            if not isLog then SoftmaxRowsBy<'A, 'F, 'V, 'T>.Store(y, yo + i, e)
            sum <- 'A.Add(sum, e)
            i <- i + w

        let total: 'T = 'F.Total sum
        let total = if 'T.IsZero total then 'T.One else total
        i <- 0

        if isLog then
            let log = 'F.Spread('T.Log total)

            while i < until do
                let off = 'A.Subtract(SoftmaxRowsBy<'A, 'F, 'V, 'T>.Load(x, xo + i), m)
                SoftmaxRowsBy<'A, 'F, 'V, 'T>.Store(y, yo + i, 'A.Subtract(off, log))
                i <- i + w

            if count > 0 then
                let last = 'A.Subtract('A.Subtract(rest, m), log)
                SoftmaxRowsBy<'A, 'F, 'V, 'T>.StoreRest(y, yo + until, count, last)
        else
            let all = 'F.Spread total

            while i < until do
                let share = 'A.Divide(SoftmaxRowsBy<'A, 'F, 'V, 'T>.Load(y, yo + i), all)
                SoftmaxRowsBy<'A, 'F, 'V, 'T>.Store(y, yo + i, share)
                i <- i + w

            if count > 0 then
                SoftmaxRowsBy<'A, 'F, 'V, 'T>.StoreRest(y, yo + until, count, 'A.Divide(e, all))

    override _.Pull(isLog, y, yo, c, co, z, zo, n) =
        Tile.optimised ()
        let w = SoftmaxRowsBy<'A, 'F, 'V, 'T>.W
        let until, count = n - n % w, n % w
        let zero = 'F.Spread 'T.Zero
        let mutable ofY = zero
        let mutable ofC = zero

        if count > 0 then
            ofY <- SoftmaxRowsBy<'A, 'F, 'V, 'T>.Rest(y, yo + until, count, zero)
            ofC <- SoftmaxRowsBy<'A, 'F, 'V, 'T>.Rest(c, co + until, count, zero)

        let mutable sum = if isLog then ofC else 'A.Multiply(ofY, ofC)
        let mutable i = 0

        while i < until do
            let cotangents = SoftmaxRowsBy<'A, 'F, 'V, 'T>.Load(c, co + i)

            sum <-
                if isLog then
                    'A.Add(sum, cotangents)
                else
                    'A.MultiplyAdd(SoftmaxRowsBy<'A, 'F, 'V, 'T>.Load(y, yo + i), cotangents, sum)

            i <- i + w

        let total: 'T = 'F.Total sum
        let total = 'F.Spread total
        i <- 0

        while i < until do
            let results = SoftmaxRowsBy<'A, 'F, 'V, 'T>.Load(y, yo + i)
            let cotangents = SoftmaxRowsBy<'A, 'F, 'V, 'T>.Load(c, co + i)

            let slopes =
                if isLog then
                    'A.NegatedMultiplyAdd(SoftmaxRowsBy<'A, 'F, 'V, 'T>.Exp results, total, cotangents)
                else
                    'A.Multiply('A.Subtract(cotangents, total), results)

            SoftmaxRowsBy<'A, 'F, 'V, 'T>.Store(z, zo + i, slopes)
            i <- i + w

        if count > 0 then
            let slopes =
                if isLog then
                    'A.NegatedMultiplyAdd(SoftmaxRowsBy<'A, 'F, 'V, 'T>.Exp ofY, total, ofC)
                else
                    'A.Multiply('A.Subtract(ofC, total), ofY)

            SoftmaxRowsBy<'A, 'F, 'V, 'T>.StoreRest(z, zo + until, count, slopes)

[<RequireQualifiedAccess>]
module internal SoftmaxRows =
    let private singles: SoftmaxRows<float32> =
        if Vector512.IsHardwareAccelerated then
            SoftmaxRowsBy<WideSingles, WideFolds<float32>, Vector512<float32>, float32>()
        else
            SoftmaxRowsBy<Singles, Folds<float32>, Vector<float32>, float32>()

    let private doubles: SoftmaxRows<float> =
        if Vector512.IsHardwareAccelerated then
            SoftmaxRowsBy<WideDoubles, WideFolds<float>, Vector512<float>, float>()
        else
            SoftmaxRowsBy<Doubles, Folds<float>, Vector<float>, float>()

    /// By the widest vectors.
    let vectors<'T> () : SoftmaxRows<'T> =
        let chosen: obj = if VectorMath.is<'T, float32>() then singles else doubles
        unbox<SoftmaxRows<'T>> chosen
