namespace Cotangent.Engines

// Running sums of the elements of a line, one after the other.
//
// A sum that waits for the sum before it takes as long as an addition does, four cycles, for each element. So elements are taken in
// groups of four: the running sums within a group wait for nothing before it, and all four then wait for one addition. The order of
// the additions depends on the length of the line alone. Vectors of 512 bits do the same with eight at a time, whose sums are taken in
// three steps (W. D. Hillis and G. L. Steele, "Data parallel algorithms", 1986).

open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent.Engines.Tile

/// y <- the running sums of so many neighbours of x: x and where it begins, y and where it begins, the step from one element to the
/// next in both, 1 or -1, and how many there are.
type internal RunningSum<'T> = delegate of 'T[] * int * 'T[] * int * int * int -> unit

module internal RunningSums =
    /// The running sums within a vector. Places beyond it are zeros.
    let inline private within (x: Vector512<float>) : Vector512<float> =
        let x = x + Vector512.Shuffle(x, Vector512.Create(8L, 0L, 1L, 2L, 3L, 4L, 5L, 6L))
        let x = x + Vector512.Shuffle(x, Vector512.Create(8L, 8L, 0L, 1L, 2L, 3L, 4L, 5L))
        x + Vector512.Shuffle(x, Vector512.Create(8L, 8L, 8L, 8L, 0L, 1L, 2L, 3L))

    let inline private last (x: Vector512<float>) = Vector512.Shuffle(x, Vector512.Create 7L)

    let inline private turned (x: Vector512<float>) =
        Vector512.Shuffle(x, Vector512.Create(7L, 6L, 5L, 4L, 3L, 2L, 1L, 0L))

    let inline private turnedSingles (x: Vector512<float32>) =
        Vector512.Shuffle(x, Vector512.Create(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0))

    /// The sums of whole vectors of neighbours, and how many elements those are: `take` reads so many from a place on, and `put` writes.
    let inline private byVectors
        lanes
        ([<InlineIfLambda>] take: int -> struct (Vector512<float> * Vector512<float>))
        ([<InlineIfLambda>] put: int -> Vector512<float> -> Vector512<float> -> unit)
        length
        : struct (int * float) =
        let mutable before = Vector512<float>.Zero
        let mutable i = 0

        while i <= length - lanes do
            let struct (x, y) = take i
            let x, y = within x, within y
            let half = last x
            put i (before + x) (before + (half + y))
            before <- before + (half + last y)
            i <- i + lanes

        struct (i, before.ToScalar())

    let inline private wideSingles isTurned (x: float32[]) from (y: float32[]) into length =
        let at' start i = if isTurned then start - i - 15 else start + i

        byVectors
            16
            (fun i ->
                let v = Vector512.LoadUnsafe(&at x (at' from i))
                Vector512.Widen(if isTurned then turnedSingles v else v))
            (fun i low high ->
                let v = Vector512.Narrow(low, high)
                Vector512.StoreUnsafe((if isTurned then turnedSingles v else v), &at y (at' into i)))
            length

    let inline private wideDoubles isTurned (x: float[]) from (y: float[]) into length =
        let at' start i = if isTurned then start - i - 7 else start + i
        let inline turn v = if isTurned then turned v else v

        byVectors
            16
            (fun i ->
                struct (turn (Vector512.LoadUnsafe(&at x (at' from i))),
                        turn (Vector512.LoadUnsafe(&at x (at' from (i + 8))))))
            (fun i low high ->
                Vector512.StoreUnsafe(turn low, &at y (at' into i))
                Vector512.StoreUnsafe(turn high, &at y (at' into (i + 8))))
            length

    let private singlesByVectors isTurned x from y into length =
        optimised ()

        if isTurned then
            wideSingles true x from y into length
        else
            wideSingles false x from y into length

    let private doublesByVectors isTurned x from y into length =
        optimised ()

        if isTurned then
            wideDoubles true x from y into length
        else
            wideDoubles false x from y into length

    /// What is left of a line of neighbours behind its whole vectors, or all of a line, and the sum before it.
    let inline private afterVectors
        ([<InlineIfLambda>] byVectors: bool -> struct (int * float))
        step
        ([<InlineIfLambda>] rest: int -> float -> unit)
        =
        if Vector512.IsHardwareAccelerated then
            let struct (done', before) = byVectors (step < 0)
            rest done' before
        else
            rest 0 0.0

    /// They are taken as `'S`, from the sum before them on.
    let inline private line
        ([<InlineIfLambda>] widen: 'T -> 'S)
        ([<InlineIfLambda>] narrow: 'S -> 'T)
        (first: 'S)
        (x: 'T[])
        (from: int)
        (y: 'T[])
        (into: int)
        (step: int)
        (length: int)
        =
        optimised ()
        let x = &MemoryMarshal.GetArrayDataReference x
        let y = &MemoryMarshal.GetArrayDataReference y
        let mutable before = first
        let mutable from = from
        let mutable into = into

        for _ in 1 .. length / 4 do
            let a = widen (Unsafe.Add(&x, from))
            let b = widen (Unsafe.Add(&x, from + step))
            let c = widen (Unsafe.Add(&x, from + 2 * step))
            let d = widen (Unsafe.Add(&x, from + 3 * step))
            let two = a + b
            let all = two + (c + d)
            Unsafe.Add(&y, into) <- narrow (before + a)
            Unsafe.Add(&y, into + step) <- narrow (before + two)
            Unsafe.Add(&y, into + 2 * step) <- narrow (before + (two + c))
            before <- before + all
            Unsafe.Add(&y, into + 3 * step) <- narrow before
            from <- from + 4 * step
            into <- into + 4 * step

        for _ in 1 .. length % 4 do
            before <- before + widen (Unsafe.Add(&x, from))
            Unsafe.Add(&y, into) <- narrow before
            from <- from + step
            into <- into + step

    /// In Float64: a running sum has no halves to be taken in.
    let singles =
        RunningSum(fun x from y into step length ->
            afterVectors
                (fun isTurned -> singlesByVectors isTurned x from y into length)
                step
                (fun n before ->
                    line float float32 before x (from + n * step) y (into + n * step) step (length - n)))

    let doubles =
        RunningSum(fun x from y into step length ->
            afterVectors
                (fun isTurned -> doublesByVectors isTurned x from y into length)
                step
                (fun n before -> line id id before x (from + n * step) y (into + n * step) step (length - n)))

    let integers = RunningSum(fun x from y into step length -> line id id 0 x from y into step length)

    let longs = RunningSum(fun x from y into step length -> line id id 0L x from y into step length)
