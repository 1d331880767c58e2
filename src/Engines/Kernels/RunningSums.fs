namespace Cotangent.Engines

// Running sums of the elements of a line, one after the other.
//
// A sum that waits for the sum before it takes as long as an addition does, four cycles, for each element. So elements are taken in
// groups of four: the running sums within a group wait for nothing before it, and all four then wait for one addition. The order of
// the additions depends on the length of the line alone.

open System.Runtime.CompilerServices
open System.Runtime.InteropServices

/// y <- the running sums of so many elements of x: x and where it begins, y and where it begins, the step from one element to the
/// next in both, and how many there are.
type internal RunningSum<'T> = delegate of 'T[] * int * 'T[] * int * int * int -> unit

module internal RunningSums =
    /// They are taken as `'S`.
    let inline private line
        ([<InlineIfLambda>] widen: 'T -> 'S)
        ([<InlineIfLambda>] narrow: 'S -> 'T)
        (zero: 'S)
        (x: 'T[])
        (from: int)
        (y: 'T[])
        (into: int)
        (step: int)
        (length: int)
        =
        Tile.optimised ()
        let x = &MemoryMarshal.GetArrayDataReference x
        let y = &MemoryMarshal.GetArrayDataReference y
        let mutable before = zero
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
        RunningSum(fun x from y into step length -> line float float32 0.0 x from y into step length)

    let doubles = RunningSum(fun x from y into step length -> line id id 0.0 x from y into step length)

    let integers = RunningSum(fun x from y into step length -> line id id 0 x from y into step length)

    let longs = RunningSum(fun x from y into step length -> line id id 0L x from y into step length)
