namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Lanes

// Softmax and log-sum-exp. The largest element of a row, m, is taken out of the exponentials, so that none
// overflows and one is 1. A row of -∞ only has no largest one to take out: its softmax is 0, its log-sum-exp -∞.

/// Exponentials and their sum in one pass.
module internal SummedExponentials =
    /// Elements in a leaf of the tree by which sums are added up pairwise.
    [<Literal>]
    let private Leaf = 1024

    /// y <- exp (x - m), and the sum of y, by vectors 'V. The last elements are a vector filled up with m.
    let inline private leaf<'A, 'V, 'T when 'A :> ILaneAlgebra<'V> and 'V: struct and 'T: struct>
        (x: ReadOnlySpan<'T>)
        (m: 'T)
        (y: Span<'T>)
        ([<InlineIfLambda>] total: 'V -> 'T)
        : 'T =
        let inline exp (v: 'V) : 'V = (Exponentials.exp (Numbers.number v: Number<'A, 'V>)).Value
        let n = y.Length
        let w = Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>()
        let mutable filled = Unchecked.defaultof<'V>
        ScalarLanes.Items<'V, 'T>(&filled).Fill m
        let m = filled
        let from = &MemoryMarshal.GetReference x
        let into = &MemoryMarshal.GetReference y
        let mutable sum = 'A.Pattern(m, 0L)
        let mutable i = 0

        while i <= n - w do
            let e = exp ('A.Subtract(AlongRow.load<'V, 'T> &from i, m))
            AlongRow.store &into i e
            sum <- 'A.Add(sum, e)
            i <- i + w

        if i < n then
            let lanes = ScalarLanes.Items<'V, 'T>(&filled)
            x.Slice(i).CopyTo lanes
            filled <- exp ('A.Subtract(filled, m))
            lanes.Slice(n - i).Clear()
            lanes.Slice(0, n - i).CopyTo(y.Slice i)
            sum <- 'A.Add(sum, filled)

        total sum

    let private ofSingles (x: ReadOnlySpan<float32>) m (y: Span<float32>) : float32 =
        Tile.optimised ()

        if Vector512.IsHardwareAccelerated then
            leaf<WideSingles, Vector512<float32>, float32> x m y (fun v -> Vector512.Sum v)
        else
            leaf<Singles, Vector<float32>, float32> x m y (fun v -> Vector.Sum v)

    let private ofDoubles (x: ReadOnlySpan<float>) m (y: Span<float>) : float =
        Tile.optimised ()

        if Vector512.IsHardwareAccelerated then
            leaf<WideDoubles, Vector512<float>, float> x m y (fun v -> Vector512.Sum v)
        else
            leaf<Doubles, Vector<float>, float> x m y (fun v -> Vector.Sum v)

    let private leafOf (x: ReadOnlySpan<'T>) (m: 'T) (y: Span<'T>) : 'T =
        if VectorMath.is<'T, float32>() then
            let y = MemoryMarshal.Cast<'T, float32> y
            let sum = ofSingles (MemoryMarshal.Cast<'T, float32> x) (Unsafe.BitCast<'T, float32> m) y
            Unsafe.BitCast<float32, 'T> sum
        else
            let y = MemoryMarshal.Cast<'T, float> y
            let sum = ofDoubles (MemoryMarshal.Cast<'T, float> x) (Unsafe.BitCast<'T, float> m) y
            Unsafe.BitCast<float, 'T> sum

    /// y <- exp (x - m), and the sum of y. The two must not overlap.
    let rec into<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (m: 'T)
        (y: Span<'T>)
        : 'T =
        if x.Length <= Leaf then
            leafOf x m y
        else
            let half = (x.Length / 2 + Leaf - 1) / Leaf * Leaf
            let left: 'T = into (x.Slice(0, half)) m (y.Slice(0, half))
            left + into (x.Slice half) m (y.Slice half)

module internal Softmax =
    /// y <- softmax x, or its logarithm. The two must not overlap.
    let row<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isLog
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        let m = RowMath.Max x

        if 'T.IsNegativeInfinity m then
            y.Fill(if isLog then m else 'T.Zero)
        else
            let sum: 'T = SummedExponentials.into x m y

            if isLog then
                RowMath.Subtract(x, m, y)
                RowMath.Subtract(Along.reading y, 'T.Log sum, y)
            else
                RowMath.Divide(Along.reading y, sum, y)

    let softmax<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isLog
        axis
        (x: HostBuffer<'T>)
        : HostBuffer =
        let n = x.Shape[axis]

        if ShortRowKernels.areFor axis x then
            ShortRowKernels.map (if isLog then TileMap.LogSoftmax else TileMap.Softmax) axis x ValueNone
        elif n <= SoftmaxRows<'T>.Longest then
            let rows = SoftmaxRows.vectors<'T>()

            Along.map
                axis
                [| x |]
                (RowWork(fun xs at ys yo _ -> if n > 0 then rows.Row(isLog, xs[0], at[0], ys, yo, n)))
        else
            Along.map
                axis
                [| x |]
                (RowWork(fun xs at ys yo _ -> row isLog (ReadOnlySpan(xs[0], at[0], n)) (Span(ys, yo, n))))

    let private pullOfLongRows<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isLog
        axis
        (y: HostBuffer<'T>)
        (c: HostBuffer<'T>)
        : HostBuffer =
        let n = y.Shape[axis]

        Along.map
            axis
            [| y; c |]
            (RowWork(fun xs at zs zo _ ->
                let y = ReadOnlySpan(xs[0], at[0], n)
                let c = ReadOnlySpan(xs[1], at[1], n)
                let z = Span(zs, zo, n)

                if isLog then
                    let borrowed = Along.borrow<'T> n
                    let p = Span(borrowed, 0, n)
                    SpecialRows.unary Special.Exp y p
                    RowMath.MultiplyAdd(Along.reading p, -(Reduce.run Reduction.Sum c), c, z)
                    Along.giveBack borrowed
                else
                    RowMath.AddMultiply(c, -RowMath.Dot(y, c), y, z)))

    /// Softmax: y (c - Σ y c). Its logarithm: c - exp y Σ c.
    let pull<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isLog
        axis
        (y: HostBuffer<'T>)
        (c: HostBuffer<'T>)
        : HostBuffer =
        if ShortRowKernels.areFor axis y then
            let f = if isLog then TileMap.LogSoftmaxPull else TileMap.SoftmaxPull
            ShortRowKernels.map f axis y (ValueSome c)
        elif y.Shape[axis] <= SoftmaxRows<'T>.Longest then
            let n, rows = y.Shape[axis], SoftmaxRows.vectors<'T>()

            Along.map
                axis
                [| y; c |]
                (RowWork(fun xs at zs zo _ ->
                    if n > 0 then rows.Pull(isLog, xs[0], at[0], xs[1], at[1], zs, zo, n)))
        else
            pullOfLongRows isLog axis y c

    /// log Σ exp (x - m)
    let logSum<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (x: ReadOnlySpan<'T>)
        (m: 'T)
        : 'T =
        let borrowed = Along.borrow<'T> x.Length
        let sum: 'T = SummedExponentials.into x m (Span(borrowed, 0, x.Length))
        Along.giveBack borrowed
        'T.Log sum

    let private logSumExpOf<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (x: ReadOnlySpan<'T>)
        : 'T =
        let m = if x.Length = 0 then 'T.NegativeInfinity else RowMath.Max x
        if 'T.IsFinite m then m + logSum x m else m

    let logSumExp<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        axis
        (x: HostBuffer<'T>)
        : HostBuffer =
        let n = x.Shape[axis]

        if ShortRowKernels.areFor axis x then
            let y = Strided.fresh<'T> x.DType (Array.removeAt axis x.Shape)
            ShortRowKernels.fold TileFold.LogSumExp axis x [| y.Items |]
            y
        else
            Along.fold
                axis
                [| x |]
                (RowWork(fun xs at ys yo _ -> ys[yo] <- logSumExpOf (ReadOnlySpan(xs[0], at[0], n))))
