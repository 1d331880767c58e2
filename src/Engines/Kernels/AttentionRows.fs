namespace Cotangent.Engines

// What attention does to rows of scores, a block of rows at a call: rows are many and short, and calls and passes over them cost as
// much as the products around them.
//
// Each pass goes over all rows before the next begins. A row's largest number and its sum take longer to be folded out of a
// vector than the row takes; with other rows in between nothing waits for them.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Lanes

#nowarn "3535" // interfaces with static abstract members

/// Rows of scores, `Keys` elements from one to the next. Behind the last of them the array has room for a vector more: vectors
/// reach over the ends of rows.
[<Struct; NoComparison; NoEquality>]
type internal ScoreRows<'T> = {
    Items: 'T[]
    First: int
    Keys: int
    Count: int
    /// How many elements of the first row count, and by how many more each row has: 0 or 1; at least 0, and up to `Keys`.
    Visible: int
    Step: int
} with

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    member r.VisibleIn(row: int) = max 0 (min r.Keys (r.Visible + row * r.Step))

    /// What counts of a row.
    member r.Counted(row: int) : Span<'T> = Span(r.Items, r.First + row * r.Keys, r.VisibleIn row)
    member r.Item(row: int, key: int) = r.Items[r.First + row * r.Keys + key]

    member r.Matrix: Matrix<'T> = { Data = r.Items; Offset = r.First; RowStride = r.Keys; ColStride = 1 }

[<AbstractClass>]
type internal AttentionRows<'T>() =
    /// Rows at most.
    static member Most = 64

    /// Elements of a vector at most: as much room there must be behind rows.
    static member Widest = 16

    /// Elements up to which sums are added up vector by vector; those of longer rows are taken in halves, by Softmax.
    static member Longest = 1024

    /// Each row <- softmax(scale row), and 0 behind what counts of it; but rows whose largest number is not finite stay as they
    /// are. `largest` tells which: it becomes the scaled largest number of each row. `inverses` has room for as many, `edge` for a vector.
    abstract Softmax: rows: ScoreRows<'T> * scale: 'T * largest: 'T[] * inverses: 'T[] * edge: 'T[] -> unit

    /// Rows of d <- scale p (d - Σ p d), the first at `first`: the cotangents of scores, of which the rows of p are the softmax, where d
    /// has those of p.
    abstract Slopes: p: ScoreRows<'T> * d: 'T[] * first: int * scale: 'T -> unit

[<Sealed>]
type private AttentionRowsBy<'A, 'F, 'V, 'T
    when 'A :> ILaneAlgebra<'V>
    and 'F :> ILaneFolds<'V, 'T>
    and 'V: struct
    and 'T: struct
    and 'T: (new: unit -> 'T)
    and 'T :> ValueType
    and 'T :> IFloatingPointIeee754<'T>>(lanes: 'T[]) =
    inherit AttentionRows<'T>()

    static member inline private W = Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>()
    static member inline private Load(x: 'T[], i: int) : 'V = AlongRow.load<'V, 'T> &(Tile.at x 0) i
    static member inline private Store(x: 'T[], i: int, v: 'V) = AlongRow.store &(Tile.at x 0) i v
    static member inline private Exp(v: 'V) : 'V = (Exponentials.exp (Numbers.number v: Number<'A, 'V>)).Value

    /// The scaled vector behind the whole ones of a row, filled up with -∞.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Rest(x: 'T[], until: int, count: int, s: 'V, lanes: 'V) : 'V =
        let isRest = 'A.Less(lanes, 'F.Spread('T.CreateTruncating count))
        let scaled = 'A.Multiply(AttentionRowsBy<'A, 'F, 'V, 'T>.Load(x, until), s)
        'A.Select(isRest, scaled, 'A.Real(s, Double.NegativeInfinity))

    override _.Softmax(rows, scale, largest, inverses, edge) =
        Tile.optimised ()
        let w = AttentionRowsBy<'A, 'F, 'V, 'T>.W
        let x = rows.Items
        let s = 'F.Spread scale
        let lanes = AttentionRowsBy<'A, 'F, 'V, 'T>.Load(lanes, 0)

        for row in 0 .. rows.Count - 1 do
            let start = rows.First + row * rows.Keys
            let n = rows.VisibleIn row
            let until = start + n - n % w
            let mutable m = AttentionRowsBy<'A, 'F, 'V, 'T>.Rest(x, until, n % w, s, lanes)
            let mutable i = start

            while i < until do
                m <- 'A.MaxNative(m, 'A.Multiply(AttentionRowsBy<'A, 'F, 'V, 'T>.Load(x, i), s))
                i <- i + w

            largest[row] <- 'F.Largest m

        for row in 0 .. rows.Count - 1 do
            let most: 'T = largest[row]

            if 'T.IsFinite most then
                let start = rows.First + row * rows.Keys
                let n = rows.VisibleIn row
                let until, stop = start + n - n % w, start + rows.Keys
                let m = 'F.Spread most
                let rest = AttentionRowsBy<'A, 'F, 'V, 'T>.Rest(x, until, n % w, s, lanes)
                let rest = AttentionRowsBy<'A, 'F, 'V, 'T>.Exp('A.Subtract(rest, m))
                let mutable sum = rest
                let mutable i = start

                while i < until do
                    let scaled = 'A.Multiply(AttentionRowsBy<'A, 'F, 'V, 'T>.Load(x, i), s)
                    let e = AttentionRowsBy<'A, 'F, 'V, 'T>.Exp('A.Subtract(scaled, m))
                    AttentionRowsBy<'A, 'F, 'V, 'T>.Store(x, i, e)
                    sum <- 'A.Add(sum, e)
                    i <- i + w

                let sum: 'T = 'F.Total sum
                inverses[row] <- 'T.One / sum

                // No method is called in between: what is in the registers of vectors would go to memory and back for each.
                if i + w <= stop then
                    AttentionRowsBy<'A, 'F, 'V, 'T>.Store(x, i, rest)
                    i <- i + w

                    while i + w <= stop do
                        AttentionRowsBy<'A, 'F, 'V, 'T>.Store(x, i, 'A.Pattern(s, 0L))
                        i <- i + w
                elif i < stop then
                    // The next row begins within this vector.
                    AttentionRowsBy<'A, 'F, 'V, 'T>.Store(edge, 0, rest)

                    while i < stop do
                        x[i] <- edge[i - until]
                        i <- i + 1

                while i < stop do
                    x[i] <- 'T.Zero
                    i <- i + 1

        for row in 0 .. rows.Count - 1 do
            if 'T.IsFinite largest[row] then
                let start = rows.First + row * rows.Keys
                let until = start + rows.VisibleIn row
                let inverse: 'T = inverses[row]
                let factor = 'F.Spread inverse
                let mutable i = start

                while i + w <= until do
                    let scaled = 'A.Multiply(AttentionRowsBy<'A, 'F, 'V, 'T>.Load(x, i), factor)
                    AttentionRowsBy<'A, 'F, 'V, 'T>.Store(x, i, scaled)
                    i <- i + w

                if i < until && i + w <= start + rows.Keys then
                    // What is behind is 0 times that.
                    let scaled = 'A.Multiply(AttentionRowsBy<'A, 'F, 'V, 'T>.Load(x, i), factor)
                    AttentionRowsBy<'A, 'F, 'V, 'T>.Store(x, i, scaled)

                    if not ('T.IsFinite inverse) then
                        for j in until .. i + w - 1 do
                            x[j] <- 'T.Zero
                else
                    while i < until do
                        x[i] <- x[i] * inverse
                        i <- i + 1

    override _.Slopes(p, d, first, scale) =
        Tile.optimised ()
        let w, n = AttentionRowsBy<'A, 'F, 'V, 'T>.W, p.Keys
        let s = 'F.Spread scale
        let weights = p.Items

        for row in 0 .. p.Count - 1 do
            let ofP, ofD = p.First + row * n, first + row * n
            let mutable sum = 'A.Pattern(s, 0L)
            let mutable i = 0

            while i + w <= n do
                let weight = AttentionRowsBy<'A, 'F, 'V, 'T>.Load(weights, ofP + i)
                sum <- 'A.MultiplyAdd(weight, AttentionRowsBy<'A, 'F, 'V, 'T>.Load(d, ofD + i), sum)
                i <- i + w

            let mutable along: 'T = 'F.Total sum

            while i < n do
                let product: 'T = weights[ofP + i] * d[ofD + i]
                along <- along + product
                i <- i + 1

            let a = 'F.Spread along
            i <- 0

            while i + w <= n do
                let weight = AttentionRowsBy<'A, 'F, 'V, 'T>.Load(weights, ofP + i)
                let off = 'A.Subtract(AttentionRowsBy<'A, 'F, 'V, 'T>.Load(d, ofD + i), a)
                AttentionRowsBy<'A, 'F, 'V, 'T>.Store(d, ofD + i, 'A.Multiply('A.Multiply(off, weight), s))
                i <- i + w

            while i < n do
                let off: 'T = d[ofD + i] - along
                let product: 'T = off * weights[ofP + i]
                d[ofD + i] <- product * scale
                i <- i + 1

[<RequireQualifiedAccess>]
module internal AttentionRows =
    let private numbers<'T when 'T :> INumberBase<'T>> () : 'T[] =
        Array.init AttentionRows<'T>.Widest (fun i -> 'T.CreateTruncating i)

    let private singles: AttentionRows<float32> =
        if Vector512.IsHardwareAccelerated then
            AttentionRowsBy<WideSingles, WideFolds<float32>, Vector512<float32>, float32>(numbers ())
        else
            AttentionRowsBy<Singles, Folds<float32>, Vector<float32>, float32>(numbers ())

    let private doubles: AttentionRows<float> =
        if Vector512.IsHardwareAccelerated then
            AttentionRowsBy<WideDoubles, WideFolds<float>, Vector512<float>, float>(numbers ())
        else
            AttentionRowsBy<Doubles, Folds<float>, Vector<float>, float>(numbers ())

    /// By the widest vectors.
    let vectors<'T> () : AttentionRows<'T> =
        let chosen: obj = if VectorMath.is<'T, float32>() then singles else doubles
        unbox<AttentionRows<'T>> chosen
