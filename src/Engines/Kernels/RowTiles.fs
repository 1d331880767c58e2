namespace Cotangent.Engines

// Softmax and its kin over rows so short that what a call costs for each row would be most of the time. As many rows as a vector
// has lanes are computed at once, each in a lane of its own: the first elements of all of them are the first vector of a tile, the
// second ones the next. Whatever lane a row falls into, it goes through the same operations.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Lanes

/// What takes the place of a tile's rows.
[<RequireQualifiedAccess>]
type internal TileMap =
    | Softmax
    | LogSoftmax
    /// Of softmaxes; cotangents are in a second tile.
    | SoftmaxPull
    | LogSoftmaxPull

/// What becomes of each row of a tile.
[<RequireQualifiedAccess>]
type internal TileFold =
    | LogSumExp
    /// The largest element m, log Σ exp (x - m), and Σ x.
    | LossParts

module internal ShortRows =
    /// Elements of a row up to which tiles are used: many such rows take a fifth to a half of the time, and one alone, which fills
    /// a single lane, hardly longer than by itself.
    [<Literal>]
    let Longest = 24

/// Tiles of elements 'T in vectors 'V, of which 'A is the algebra.
[<AbstractClass; Sealed>]
type internal RowTiles<'A, 'V, 'T
    when 'A :> ILaneAlgebra<'V>
    and 'V: struct
    and 'V: (new: unit -> 'V)
    and 'V :> ValueType
    and 'T: struct
    and 'T: (new: unit -> 'T)
    and 'T :> ValueType> private () =
    [<ThreadStatic; DefaultValue>]
    static val mutable private tiles: 'V[][] | null

    static member inline private Lanes = Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>()

    /// Two for operands, one for what rows are folded to.
    static member private Tile i =
        match RowTiles<'A, 'V, 'T>.tiles with
        | null ->
            let made = Array.init 3 (fun _ -> Array.zeroCreate ShortRows.Longest)
            RowTiles<'A, 'V, 'T>.tiles <- made
            made[i]
        | found -> found[i]

    static member inline private Exp(x: 'V) : 'V = (Exponentials.exp (Numbers.number x: Number<'A, 'V>)).Value
    static member inline private Log(x: 'V) : 'V = (Exponentials.log (Numbers.number x: Number<'A, 'V>)).Value
    static member inline private Zero(like: 'V) : 'V = 'A.Pattern(like, 0L)

    /// Which of two is taken where one is NaN does not matter: its exponential is NaN, too, and so is the row's sum.
    static member private Largest(x: 'V[], n) : 'V =
        Tile.optimised ()
        let mutable m = x[0]

        for j in 1 .. n - 1 do
            m <- 'A.MaxNative(m, x[j])

        m

    /// Σ f j, as four sums whose addends take turns: rounding errors grow with a quarter of the length.
    static member inline private Sum(n, zero: 'V, [<InlineIfLambda>] f: int -> 'V) : 'V =
        let mutable a = zero
        let mutable b = zero
        let mutable c = zero
        let mutable d = zero

        for j in 0 .. n - 1 do
            let next = 'A.Add(a, f j)
            a <- b
            b <- c
            c <- d
            d <- next

        'A.Add('A.Add(a, b), 'A.Add(c, d))

    /// Σ exp (x - m). The exponentials take the place of x where they are kept.
    static member private SumOfExponentials(x: 'V[], n, m: 'V, isKept) : 'V =
        Tile.optimised ()

        RowTiles<'A, 'V, 'T>
            .Sum(
                n,
                RowTiles<'A, 'V, 'T>.Zero m,
                fun j ->
                    let e = RowTiles<'A, 'V, 'T>.Exp('A.Subtract(x[j], m))
                    if isKept then x[j] <- e
                    e
            )

    static member private Softmax(isLog, x: 'V[], n) =
        Tile.optimised ()
        let m = RowTiles<'A, 'V, 'T>.Largest(x, n)
        // Nothing is taken out of a row of -∞ only, whose exponentials are all 0, and so is their sum: it becomes 1.
        let m = 'A.AndNot(m, 'A.Equal(m, 'A.Real(m, Double.NegativeInfinity)))
        let sum = RowTiles<'A, 'V, 'T>.SumOfExponentials(x, n, m, not isLog)
        let sum = 'A.Select('A.Equal(sum, RowTiles<'A, 'V, 'T>.Zero m), 'A.Real(m, 1.0), sum)

        if isLog then
            let log = RowTiles<'A, 'V, 'T>.Log sum

            for j in 0 .. n - 1 do
                x[j] <- 'A.Subtract('A.Subtract(x[j], m), log)
        else
            for j in 0 .. n - 1 do
                x[j] <- 'A.Divide(x[j], sum)

    /// Softmax: y (c - Σ y c). Its logarithm: c - exp y Σ c.
    static member private Pull(isLog, y: 'V[], c: 'V[], n) =
        Tile.optimised ()
        let zero = RowTiles<'A, 'V, 'T>.Zero y[0]

        if isLog then
            let sum = RowTiles<'A, 'V, 'T>.Sum(n, zero, (fun j -> c[j]))

            for j in 0 .. n - 1 do
                y[j] <- 'A.NegatedMultiplyAdd(RowTiles<'A, 'V, 'T>.Exp y[j], sum, c[j])
        else
            let sum = RowTiles<'A, 'V, 'T>.Sum(n, zero, (fun j -> 'A.Multiply(y[j], c[j])))

            for j in 0 .. n - 1 do
                y[j] <- 'A.Multiply('A.Subtract(c[j], sum), y[j])

    static member private LogSumExp(x: 'V[], n, results: 'V[]) =
        Tile.optimisedOnce (fun () ->
            let m = RowTiles<'A, 'V, 'T>.Largest(x, n)
            let size = (Numbers.abs (Numbers.number m: Number<'A, 'V>)).Value
            // An infinite one stays out of the differences, where it would make NaN.
            let m = 'A.And(m, 'A.Less(size, 'A.Real(m, Double.PositiveInfinity)))
            let sum = RowTiles<'A, 'V, 'T>.SumOfExponentials(x, n, m, false)
            results[0] <- 'A.Add(RowTiles<'A, 'V, 'T>.Log sum, m))

    static member private LossParts(x: 'V[], n, results: 'V[]) =
        Tile.optimised ()
        let m = RowTiles<'A, 'V, 'T>.Largest(x, n)
        results[0] <- m
        results[1] <- RowTiles<'A, 'V, 'T>.Log(RowTiles<'A, 'V, 'T>.SumOfExponentials(x, n, m, false))
        results[2] <- RowTiles<'A, 'V, 'T>.Sum(n, RowTiles<'A, 'V, 'T>.Zero m, (fun j -> x[j]))

    static member private Run(f: TileMap, x: 'V[], y: 'V[], n) =
        match f with
        | TileMap.Softmax -> RowTiles<'A, 'V, 'T>.Softmax(false, x, n)
        | TileMap.LogSoftmax -> RowTiles<'A, 'V, 'T>.Softmax(true, x, n)
        | TileMap.SoftmaxPull -> RowTiles<'A, 'V, 'T>.Pull(false, x, y, n)
        | TileMap.LogSoftmaxPull -> RowTiles<'A, 'V, 'T>.Pull(true, x, y, n)

    static member private Run(f: TileFold, x: 'V[], n, results: 'V[]) =
        match f with
        | TileFold.LogSumExp -> RowTiles<'A, 'V, 'T>.LogSumExp(x, n, results)
        | TileFold.LossParts -> RowTiles<'A, 'V, 'T>.LossParts(x, n, results)

    /// Copies so many rows of n elements, `row` apart, to the lanes of a tile. What other lanes hold is computed with, and read
    /// by nobody.
    static member private Load(items: 'T[], start, row, step, n, rows, tile: 'V[]) =
        Tile.optimised ()
        let lanes = RowTiles<'A, 'V, 'T>.Lanes
        let into = MemoryMarshal.Cast<'V, 'T>(Span tile)

        if row = 1 then
            for j in 0 .. n - 1 do
                items.AsSpan(start + j * step, rows).CopyTo(into.Slice(j * lanes))
        else
            for l in 0 .. rows - 1 do
                let mutable at = start + l * row
                let mutable t = l

                for _ in 1..n do
                    into[t] <- items[at]
                    at <- at + step
                    t <- t + lanes

    /// Copies the rows of a tile to adjacent elements.
    static member private Store(tile: 'V[], n, rows, items: 'T[], start, row, step) =
        Tile.optimised ()
        let lanes = RowTiles<'A, 'V, 'T>.Lanes
        let from = MemoryMarshal.Cast<'V, 'T>(Span tile)

        if row = 1 then
            for j in 0 .. n - 1 do
                from.Slice(j * lanes, rows).CopyTo(items.AsSpan(start + j * step))
        else
            for l in 0 .. rows - 1 do
                let mutable at = start + l * row
                let mutable t = l

                for _ in 1..n do
                    items[at] <- from[t]
                    at <- at + step
                    t <- t + lanes

    /// Runs `body` on as many rows at a time as there are lanes: where the first begins in each operand, how far the next ones
    /// are apart there, the number of the first, and how many there are.
    static member inline private ForTiles
        (axis, operands: HostBuffer<'T>[], [<InlineIfLambda>] body: int[] -> int[] -> int -> int -> unit)
        =
        let lanes = RowTiles<'A, 'V, 'T>.Lanes
        let shape = operands[0].Shape
        let around = Array.removeAt axis shape

        if Shape.count shape > 0 then
            let walk =
                Strided.walkIn
                    (Strided.Piece / shape[axis])
                    around
                    (operands |> Array.map (fun x -> Array.removeAt axis x.Strides))

            let starts = operands |> Array.map _.Offset

            Strided.forEachOf (4L * int64 shape[axis]) walk starts (fun offsets position count ->
                let at = Array.zeroCreate operands.Length
                let mutable first = 0

                while first < count do
                    for k in 0 .. at.Length - 1 do
                        at[k] <- offsets[k] + first * walk.Steps[k]

                    body at walk.Steps (position + first) (min lanes (count - first))
                    first <- first + lanes)

    /// y <- f of the rows of x and, where it has a second operand, z.
    static member Map
        (f: TileMap, axis, x: HostBuffer<'T>, z: HostBuffer<'T> voption, y: HostBuffer<'T>)
        : unit =
        let n = x.Shape[axis]

        let operands =
            match z with
            | ValueSome z -> [| x; y; z |]
            | ValueNone -> [| x; y |]

        RowTiles<'A, 'V, 'T>
            .ForTiles(
                axis,
                operands,
                fun at steps _ rows ->
                    let tile = RowTiles<'A, 'V, 'T>.Tile 0
                    let other = RowTiles<'A, 'V, 'T>.Tile 1
                    RowTiles<'A, 'V, 'T>.Load(x.Items, at[0], steps[0], x.Strides[axis], n, rows, tile)

                    match z with
                    | ValueSome z ->
                        RowTiles<'A, 'V, 'T>.Load(z.Items, at[2], steps[2], z.Strides[axis], n, rows, other)
                    | ValueNone -> ()

                    RowTiles<'A, 'V, 'T>.Run(f, tile, other, n)
                    RowTiles<'A, 'V, 'T>.Store(tile, n, rows, y.Items, at[1], steps[1], y.Strides[axis])
            )

    /// What becomes of each row, in their order: an array for each result.
    static member Fold(f: TileFold, axis, x: HostBuffer<'T>, results: 'T[][]) : unit =
        let n, lanes = x.Shape[axis], RowTiles<'A, 'V, 'T>.Lanes

        RowTiles<'A, 'V, 'T>
            .ForTiles(
                axis,
                [| x |],
                fun at steps position rows ->
                    let tile = RowTiles<'A, 'V, 'T>.Tile 0
                    let found = RowTiles<'A, 'V, 'T>.Tile 2
                    RowTiles<'A, 'V, 'T>.Load(x.Items, at[0], steps[0], x.Strides[axis], n, rows, tile)
                    RowTiles<'A, 'V, 'T>.Run(f, tile, n, found)
                    let numbers = MemoryMarshal.Cast<'V, 'T>(Span found)

                    for k in 0 .. results.Length - 1 do
                        numbers.Slice(k * lanes, rows).CopyTo(results[k].AsSpan position)
            )

/// Which of these the machine has.
module internal ShortRowKernels =
    let inline private isSingle<'T> () = VectorMath.is<'T, float32>()

    /// Whether rows along an axis are of one element at least, and short enough.
    let areFor axis (x: HostBuffer) = x.Shape[axis] > 0 && x.Shape[axis] <= ShortRows.Longest

    let map<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (f: TileMap)
        axis
        (x: HostBuffer<'T>)
        (z: HostBuffer<'T> voption)
        : HostBuffer<'T> =
        let y = Strided.fresh<'T> x.DType x.Shape

        match isSingle<'T>(), Vector512.IsHardwareAccelerated with
        | true, true -> RowTiles<WideSingles, Vector512<float32>, 'T>.Map(f, axis, x, z, y)
        | true, false -> RowTiles<Singles, Vector<float32>, 'T>.Map(f, axis, x, z, y)
        | false, true -> RowTiles<WideDoubles, Vector512<float>, 'T>.Map(f, axis, x, z, y)
        | false, false -> RowTiles<Doubles, Vector<float>, 'T>.Map(f, axis, x, z, y)

        y

    let fold<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (f: TileFold)
        axis
        (x: HostBuffer<'T>)
        (results: 'T[][])
        =
        match isSingle<'T>(), Vector512.IsHardwareAccelerated with
        | true, true -> RowTiles<WideSingles, Vector512<float32>, 'T>.Fold(f, axis, x, results)
        | true, false -> RowTiles<Singles, Vector<float32>, 'T>.Fold(f, axis, x, results)
        | false, true -> RowTiles<WideDoubles, Vector512<float>, 'T>.Fold(f, axis, x, results)
        | false, false -> RowTiles<Doubles, Vector<float>, 'T>.Fold(f, axis, x, results)
