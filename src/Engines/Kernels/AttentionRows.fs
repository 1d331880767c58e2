namespace Cotangent.Engines

// What attention does to rows of scores, a whole block of rows at a call and in as few passes as there can be: rows are many and
// short, and calls and passes over them cost as much as the products around them.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Lanes

#nowarn "3535" // interfaces with static abstract members

/// Rows of scores, `Keys` elements from one to the next, the first at the array's beginning. Behind the last of them the array
/// has room for a vector more: vectors reach over the ends of rows.
[<Struct; NoComparison; NoEquality>]
type internal ScoreRows<'T> = {
    Items: 'T[]
    Keys: int
    Count: int
    /// How many elements of the first row count, at least 0, and by how many more each row has: 0 or 1, up to `Keys`.
    Visible: int
    Step: int
} with

    member inline r.VisibleIn(row: int) = max 0 (min r.Keys (r.Visible + row * r.Step))

module internal AttentionRows =
    /// Elements of a row up to which its sums are added up vector by vector; those of longer rows are taken in halves, by Softmax.
    [<Literal>]
    let Longest = 1024

    /// Elements of a vector at most.
    [<Literal>]
    let Widest = 16

    let private singleLanes = Array.init Widest float32
    let private doubleLanes = Array.init Widest float

    let inline private load<'V, 'T> (x: 'T[]) (i: int) : 'V = AlongRow.load<'V, 'T> &(Tile.at x 0) i
    let inline private store<'V, 'T> (x: 'T[]) (i: int) (v: 'V) = AlongRow.store &(Tile.at x 0) i v

    /// Each row <- softmax(scale row), and 0 behind what counts of it. Stops before a row whose largest number is not finite: the
    /// answer is which one, or how many rows there are.
    ///
    /// What is behind the last whole vector is a vector of its own, filled up with -∞.
    let inline private softmaxOf<'A, 'V, 'T
        when 'A :> ILaneAlgebra<'V> and 'V: struct and 'T: struct and 'T :> IFloatingPointIeee754<'T>>
        (rows: ScoreRows<'T>)
        first
        (scale: 'T)
        (lanes: 'T[])
        (edge: 'T[])
        ([<InlineIfLambda>] spread: 'T -> 'V)
        ([<InlineIfLambda>] largest: 'V -> 'T)
        ([<InlineIfLambda>] total: 'V -> 'T)
        : int =
        let inline exp (v: 'V) : 'V = (Exponentials.exp (Numbers.number v: Number<'A, 'V>)).Value
        let w = Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>()
        let x = rows.Items
        let s = spread scale
        let nothing = 'A.Real(s, Double.NegativeInfinity)
        let lanes = load<'V, 'T> lanes 0
        let mutable row = first
        let mutable isFinite = true

        while isFinite && row < rows.Count do
            let start = row * rows.Keys
            let n = rows.VisibleIn row
            let until = start + n - n % w
            let isRest = 'A.Less(lanes, spread ('T.CreateTruncating(n % w)))
            let rest = 'A.Select(isRest, 'A.Multiply(load<'V, 'T> x until, s), nothing)
            let mutable m = rest
            let mutable i = start

            while i < until do
                m <- 'A.MaxNative(m, 'A.Multiply(load<'V, 'T> x i, s))
                i <- i + w

            let most: 'T = largest m
            isFinite <- 'T.IsFinite most

            if isFinite then
                let m = spread most
                let rest = exp ('A.Subtract(rest, m))
                let mutable sum = rest
                i <- start

                while i < until do
                    let e = exp ('A.Subtract('A.Multiply(load<'V, 'T> x i, s), m))
                    store x i e
                    sum <- 'A.Add(sum, e)
                    i <- i + w

                let sum: 'T = total sum
                let inverse: 'T = 'T.One / sum
                let factor = spread inverse
                i <- start

                while i < until do
                    store x i ('A.Multiply(load<'V, 'T> x i, factor))
                    i <- i + w

                let stop = start + rows.Keys

                if n % w > 0 then
                    let rest = 'A.Multiply(rest, factor)

                    if until + w <= stop then
                        store x until rest
                        i <- until + w
                    else
                        // The next row begins within this vector.
                        store edge 0 rest
                        Array.Copy(edge, 0, x, until, stop - until)
                        i <- stop

                while i < stop do
                    x[i] <- 'T.Zero
                    i <- i + 1

                row <- row + 1

        row

    /// Rows of d <- scale p (d - Σ p d)
    let inline private slopeOf<'A, 'V, 'T
        when 'A :> ILaneAlgebra<'V> and 'V: struct and 'T: struct and 'T :> INumber<'T>>
        (p: 'T[])
        (d: 'T[])
        keys
        count
        (scale: 'T)
        ([<InlineIfLambda>] spread: 'T -> 'V)
        ([<InlineIfLambda>] total: 'V -> 'T)
        =
        let w = Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>()
        let s = spread scale

        for row in 0 .. count - 1 do
            let start = row * keys
            let until, stop = start + keys - keys % w, start + keys
            let mutable sum = 'A.Pattern(s, 0L)
            let mutable i = start

            while i < until do
                sum <- 'A.MultiplyAdd(load<'V, 'T> p i, load<'V, 'T> d i, sum)
                i <- i + w

            let mutable along: 'T = total sum

            while i < stop do
                let product: 'T = p[i] * d[i]
                along <- along + product
                i <- i + 1

            let a = spread along
            i <- start

            while i < until do
                let off = 'A.Subtract(load<'V, 'T> d i, a)
                store d i ('A.Multiply('A.Multiply(off, load<'V, 'T> p i), s))
                i <- i + w

            while i < stop do
                let off: 'T = d[i] - along
                let product: 'T = off * p[i]
                d[i] <- product * scale
                i <- i + 1

    let inline private largestOf<'T when 'T: comparison> (width: int) ([<InlineIfLambda>] lane: int -> 'T) : 'T =
        let mutable most = lane 0

        for i in 1 .. width - 1 do
            let next = lane i
            // Not greater where there is a NaN, which is in the sum then.
            if next > most then most <- next

        most

    let inline private largestSingle (v: Vector512<float32>) : float32 =
        let a = Vector256.MaxNative(v.GetLower(), v.GetUpper())
        let b = Vector128.MaxNative(a.GetLower(), a.GetUpper())
        let c = Vector128.MaxNative(b, Vector128.Shuffle(b, Vector128.Create(2, 3, 0, 1)))
        Vector128.MaxNative(c, Vector128.Shuffle(c, Vector128.Create(1, 0, 3, 2))).ToScalar()

    let private singles (rows: ScoreRows<float32>) first scale edge : int =
        Tile.optimised ()

        if Vector512.IsHardwareAccelerated then
            softmaxOf<WideSingles, Vector512<float32>, float32>
                rows
                first
                scale
                singleLanes
                edge
                (fun s -> Vector512.Create(s: float32))
                (fun v -> largestSingle v)
                (fun v -> Vector512.Sum v)
        else
            softmaxOf<Singles, Vector<float32>, float32>
                rows
                first
                scale
                singleLanes
                edge
                (fun s -> Vector<float32> s)
                (fun v -> largestOf Vector<float32>.Count (fun i -> v.[i]))
                (fun v -> Vector.Sum v)

    let private doubles (rows: ScoreRows<float>) first scale edge : int =
        Tile.optimised ()

        if Vector512.IsHardwareAccelerated then
            softmaxOf<WideDoubles, Vector512<float>, float>
                rows
                first
                scale
                doubleLanes
                edge
                (fun s -> Vector512.Create(s: float))
                (fun v -> largestOf Vector512<float>.Count (fun i -> v.[i]))
                (fun v -> Vector512.Sum v)
        else
            softmaxOf<Doubles, Vector<float>, float>
                rows
                first
                scale
                doubleLanes
                edge
                (fun s -> Vector<float> s)
                (fun v -> largestOf Vector<float>.Count (fun i -> v.[i]))
                (fun v -> Vector.Sum v)

    /// Each row from `first` on <- softmax(scale row), and 0 behind what counts of it. Stops before a row whose largest number is
    /// not finite, which is left as it was, as where nothing counts: the answer is which one, or how many rows there are. `edge` has room for a vector.
    let softmax<'T> (rows: ScoreRows<'T>) first (scale: 'T) (edge: 'T[]) : int =
        if VectorMath.is<'T, float32>() then
            singles
                (Unsafe.BitCast<ScoreRows<'T>, ScoreRows<float32>> rows)
                first
                (Unsafe.BitCast<'T, float32> scale)
                (unbox<float32[]> edge)
        else
            doubles
                (Unsafe.BitCast<ScoreRows<'T>, ScoreRows<float>> rows)
                first
                (Unsafe.BitCast<'T, float> scale)
                (unbox<float[]> edge)

    let private slopesOfSingles (p: float32[]) (d: float32[]) keys count (scale: float32) =
        Tile.optimised ()

        if Vector512.IsHardwareAccelerated then
            slopeOf<WideSingles, Vector512<float32>, float32>
                p
                d
                keys
                count
                scale
                (fun s -> Vector512.Create(s: float32))
                (fun v -> Vector512.Sum v)
        else
            slopeOf<Singles, Vector<float32>, float32>
                p
                d
                keys
                count
                scale
                (fun s -> Vector<float32> s)
                (fun v -> Vector.Sum v)

    let private slopesOfDoubles (p: float[]) (d: float[]) keys count (scale: float) =
        Tile.optimised ()

        if Vector512.IsHardwareAccelerated then
            slopeOf<WideDoubles, Vector512<float>, float>
                p
                d
                keys
                count
                scale
                (fun s -> Vector512.Create(s: float))
                (fun v -> Vector512.Sum v)
        else
            slopeOf<Doubles, Vector<float>, float>
                p
                d
                keys
                count
                scale
                (fun s -> Vector<float> s)
                (fun v -> Vector.Sum v)

    /// Rows of d <- scale p (d - Σ p d): the cotangents of scores, of which the rows of p are the softmax, where d has those of p.
    let slopes<'T> (p: 'T[]) (d: 'T[]) keys count (scale: 'T) : unit =
        if VectorMath.is<'T, float32>() then
            slopesOfSingles
                (unbox<float32[]> p)
                (unbox<float32[]> d)
                keys
                count
                (Unsafe.BitCast<'T, float32> scale)
        else
            slopesOfDoubles
                (unbox<float[]> p)
                (unbox<float[]> d)
                keys
                count
                (Unsafe.BitCast<'T, float> scale)
