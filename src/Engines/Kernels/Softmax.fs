namespace Cotangent.Engines

open System
open System.Numerics
open System.Numerics.Tensors
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Lanes

// Softmax, log-sum-exp and cross-entropy. The largest element of a row, m, is taken out of the exponentials, so that none
// overflows and one is 1. A row of -∞ only has no largest one to take out: its softmax is 0, its log-sum-exp -∞.

/// Exponentials and their sum in one pass.
module internal SummedExponentials =
    /// Elements in a leaf of the tree by which sums are added up pairwise.
    [<Literal>]
    let private Leaf = 1024

    /// y <- exp (x - m), and the sum of y. The last vector overlaps the one before it, of which the elements are not counted
    /// again.
    let inline private leaf
        (x: ReadOnlySpan<'T>)
        (m: 'T)
        (y: Span<'T>)
        ([<InlineIfLambda>] exp: Vector<'T> -> Vector<'T>)
        : 'T =
        let n = y.Length
        let w = Vector<'T>.Count
        let m = Vector<'T> m
        let from = &MemoryMarshal.GetReference x
        let into = &MemoryMarshal.GetReference y
        let mutable sum = Vector<'T>.Zero
        let mutable i = 0

        while i <= n - w do
            let e = exp (VectorMath.load &from i - m)
            Vector.StoreUnsafe(e, &Unsafe.Add(&into, i))
            sum <- sum + e
            i <- i + w

        if i < n then
            let mutable v = m
            let lanes = MemoryMarshal.CreateSpan(&Unsafe.As<Vector<'T>, 'T> &v, w)
            x.Slice(i).CopyTo lanes
            v <- exp (v - m)
            lanes.Slice(n - i).Clear()
            lanes.Slice(0, n - i).CopyTo(y.Slice i)
            sum <- sum + v

        Vector.Sum sum

    let private leafOf (x: ReadOnlySpan<'T>) (m: 'T) (y: Span<'T>) : 'T =
        Tile.optimised ()

        if VectorMath.is<'T, float32>() then
            let single =
                leaf
                    (MemoryMarshal.Cast<'T, float32> x)
                    (Unsafe.BitCast<'T, float32> m)
                    (MemoryMarshal.Cast<'T, float32> y)
                    (fun v -> (Exponentials.exp (Numbers.number v: Number<Singles, Vector<float32>>)).Value)

            Unsafe.BitCast<float32, 'T> single
        else
            let double =
                leaf
                    (MemoryMarshal.Cast<'T, float> x)
                    (Unsafe.BitCast<'T, float> m)
                    (MemoryMarshal.Cast<'T, float> y)
                    (fun v -> (Exponentials.exp (Numbers.number v: Number<Doubles, Vector<float>>)).Value)

            Unsafe.BitCast<float, 'T> double

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
        let m = TensorPrimitives.Max x

        if 'T.IsNegativeInfinity m then
            y.Fill(if isLog then m else 'T.Zero)
        else
            let sum: 'T = SummedExponentials.into x m y

            if isLog then
                TensorPrimitives.Subtract(x, m, y)
                TensorPrimitives.Subtract(Along.reading y, 'T.Log sum, y)
            else
                TensorPrimitives.Divide(Along.reading y, sum, y)

    let softmax<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isLog
        axis
        (x: HostBuffer<'T>)
        : HostBuffer =
        let n = x.Shape[axis]

        Along.map
            axis
            [| x |]
            (RowWork(fun xs at ys yo _ ->
                if n > 0 then row isLog (ReadOnlySpan(xs[0], at[0], n)) (Span(ys, yo, n))))

    /// Softmax: y (c - Σ y c). Its logarithm: c - exp y Σ c.
    let pull<'T
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
                    TensorPrimitives.MultiplyAdd(Along.reading p, -(Reduce.run Reduction.Sum c), c, z)
                    Along.giveBack borrowed
                else
                    TensorPrimitives.AddMultiply(c, -TensorPrimitives.Dot(y, c), y, z)))

    /// log Σ exp (x - m)
    let private logSum<'T
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
        let m = if x.Length = 0 then 'T.NegativeInfinity else TensorPrimitives.Max x
        if 'T.IsFinite m then m + logSum x m else m

    let logSumExp<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        axis
        (x: HostBuffer<'T>)
        : HostBuffer =
        let n = x.Shape[axis]

        Along.fold
            axis
            [| x |]
            (RowWork(fun xs at ys yo _ -> ys[yo] <- logSumExpOf (ReadOnlySpan(xs[0], at[0], n))))

    // ---- Cross-entropy ----

    /// The labels as Int64 in row-major order; throws where one is no class.
    let labels (targets: Targets) classes (labels: HostBuffer) : int64[] =
        let wide = Strided.materialise (Convert.buffer DType.Int64 labels) :?> HostBuffer<int64>
        let all = Array.sub wide.Items wide.Offset (Shape.count wide.Shape)

        for i in 0 .. all.Length - 1 do
            let label = all[i]

            if (label < 0L || label >= int64 classes) && targets.Ignored <> ValueSome label then
                let position = Shape.strides labels.Shape |> Array.mapi (fun a s -> i / s % labels.Shape[a])

                raise (
                    IndexException
                        $"crossEntropy: the label at {Shape.show position} is {label}, which is none of the {classes} classes 0 to {classes - 1}. Replace it, or give logits of more classes."
                )

        all

    /// log Σ exp (x - m) - (1 - s) (x[label] - m) - s (mean x - m), where s is the smoothing.
    let private loss<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (smoothing: 'T)
        (x: ReadOnlySpan<'T>)
        (label: int)
        : 'T =
        let m: 'T = TensorPrimitives.Max x
        let all: 'T = logSum x m
        let chosen: 'T = x[label] - m

        if 'T.IsZero smoothing then
            all - chosen
        else
            let count: 'T = 'T.CreateSaturating x.Length
            let mean: 'T = Reduce.run Reduction.Sum x / count
            let mean: 'T = mean - m
            let kept: 'T = 'T.One - smoothing
            'T.FusedMultiplyAdd(-kept, chosen, 'T.FusedMultiplyAdd(-smoothing, mean, all))

    let crossEntropy<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (targets: Targets)
        (logits: HostBuffer<'T>)
        (labels: int64[])
        : HostBuffer =
        let axis = logits.Shape.Length - 1
        let n = logits.Shape[axis]
        let smoothing: 'T = 'T.CreateSaturating targets.Smoothing

        Along.fold
            axis
            [| logits |]
            (RowWork(fun xs at ys yo row ->
                let label = labels[row]

                if targets.Ignored = ValueSome label then
                    ys[yo] <- 'T.Zero
                else
                    ys[yo] <- loss smoothing (ReadOnlySpan(xs[0], at[0], n)) (int label)))

    /// c (softmax x - (1 - s) onehot - s/n)
    let crossEntropyPull<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (targets: Targets)
        (logits: HostBuffer<'T>)
        (labels: int64[])
        (c: HostBuffer<'T>)
        : HostBuffer =
        let axis = logits.Shape.Length - 1
        let n = logits.Shape[axis]
        let c = Strided.contiguous c
        let smoothing: 'T = 'T.CreateSaturating targets.Smoothing
        let kept: 'T = 'T.One - smoothing

        Along.map
            axis
            [| logits |]
            (RowWork(fun xs at ys yo row ->
                let label = labels[row]
                let x = ReadOnlySpan(xs[0], at[0], n)
                let y = Span(ys, yo, n)

                if targets.Ignored = ValueSome label then
                    y.Clear()
                else
                    let m = TensorPrimitives.Max x

                    if 'T.IsNegativeInfinity m then
                        y.Clear()
                    else
                        let sum: 'T = SummedExponentials.into x m y
                        TensorPrimitives.Divide(Along.reading y, sum, y)

                    if targets.Smoothing <> 0.0 then
                        let count: 'T = 'T.CreateSaturating n
                        let each: 'T = smoothing / count
                        TensorPrimitives.Subtract(Along.reading y, each, y)

                    let chosen: 'T = y[int label]

                    let twice: 'T = chosen + chosen

                    if targets.Smoothing = 0.0 && twice.CompareTo 'T.One > 0 then
                        // What is left of 1 is what the others have: near 1, the difference has no digits.
                        y[int label] <- 'T.Zero
                        let others: 'T = Reduce.run Reduction.Sum (Along.reading y)
                        y[int label] <- -others
                    else
                        y[int label] <- chosen - kept

                    TensorPrimitives.Multiply(Along.reading y, c.Items[c.Offset + row], y)))
