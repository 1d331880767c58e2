namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The cross-entropy of labels and logits, and its derivative by the logits.
module internal CrossEntropy =
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

    /// log Σ exp (x - m) - (1 - s) (x[label] - m) - s (mean x - m), where s is the smoothing, of the row's number of elements,
    /// m, the logarithm, Σ x where there is a smoothing, and x[label].
    let inline private lossOf<'T when 'T :> IFloatingPointIeee754<'T>>
        (smoothing: 'T)
        (count: int)
        (m: 'T)
        (all: 'T)
        (sum: 'T)
        (chosen: 'T)
        : 'T =
        let chosen: 'T = chosen - m

        if 'T.IsZero smoothing then
            all - chosen
        else
            let count: 'T = 'T.CreateSaturating count
            let mean: 'T = sum / count
            let mean: 'T = mean - m
            let kept: 'T = 'T.One - smoothing
            'T.FusedMultiplyAdd(-kept, chosen, 'T.FusedMultiplyAdd(-smoothing, mean, all))

    let private loss<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (smoothing: 'T)
        (x: ReadOnlySpan<'T>)
        (label: int)
        : 'T =
        let m: 'T = RowMath.Max x
        let all: 'T = Softmax.logSum x m
        let sum: 'T = if 'T.IsZero smoothing then 'T.Zero else Reduce.run Reduction.Sum x
        let chosen: 'T = x[label]
        lossOf smoothing x.Length m all sum chosen

    let private lossesOfShortRows<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (targets: Targets)
        (logits: HostBuffer<'T>)
        (labels: int64[])
        : HostBuffer =
        let axis = logits.Shape.Length - 1
        let n = logits.Shape[axis]
        let smoothing: 'T = 'T.CreateSaturating targets.Smoothing
        let x = Strided.contiguous logits
        let y = Strided.fresh<'T> x.DType (Array.removeAt axis x.Shape)
        let parts: 'T[][] = Array.init 3 (fun _ -> ArrayPool<'T>.Shared.Rent labels.Length)
        let largest, all, sums = parts[0], parts[1], parts[2]
        ShortRowKernels.fold TileFold.LossParts axis x parts

        for row in 0 .. labels.Length - 1 do
            let label = labels[row]

            y.Items[row] <-
                if targets.Ignored = ValueSome label then
                    'T.Zero
                else
                    let chosen = x.Items[x.Offset + row * n + int label]
                    lossOf smoothing n largest[row] all[row] sums[row] chosen

        Array.iter (fun (part: 'T[]) -> ArrayPool<'T>.Shared.Return part) parts
        y

    let private lossesOfLongRows<'T
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

    let losses<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (targets: Targets)
        (logits: HostBuffer<'T>)
        (labels: int64[])
        : HostBuffer =
        if ShortRowKernels.areFor (logits.Shape.Length - 1) logits then
            lossesOfShortRows targets logits labels
        else
            lossesOfLongRows targets logits labels

    /// y, a softmax, becomes c (y - (1 - s) onehot - s/n).
    let private lessTarget<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (targets: Targets)
        (label: int)
        (c: 'T)
        (y: Span<'T>)
        =
        if targets.Smoothing <> 0.0 then
            let smoothing: 'T = 'T.CreateSaturating targets.Smoothing
            let count: 'T = 'T.CreateSaturating y.Length
            let each: 'T = smoothing / count
            RowMath.Subtract(Along.reading y, each, y)

        let chosen: 'T = y[label]
        let twice: 'T = chosen + chosen

        if targets.Smoothing = 0.0 && twice.CompareTo 'T.One > 0 then
            // What is left of 1 is what the others have: near 1, the difference has no digits.
            y[label] <- 'T.Zero
            let others: 'T = Reduce.run Reduction.Sum (Along.reading y)
            y[label] <- -others
        else
            let kept: 'T = 'T.One - 'T.CreateSaturating targets.Smoothing
            y[label] <- chosen - kept

        RowMath.Multiply(Along.reading y, c, y)

    let private lossPullOfShortRows<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (targets: Targets)
        (logits: HostBuffer<'T>)
        (labels: int64[])
        (c: HostBuffer<'T>)
        : HostBuffer =
        let axis = logits.Shape.Length - 1
        let n = logits.Shape[axis]
        let y = ShortRowKernels.map TileMap.Softmax axis logits ValueNone

        Strided.ranges labels.Length (2L * int64 y.Items.Length) (fun first last ->
            for row in first .. last - 1 do
                let y = Span(y.Items, row * n, n)

                if targets.Ignored = ValueSome labels[row] then
                    y.Clear()
                else
                    lessTarget targets (int labels[row]) c.Items[c.Offset + row] y)

        y

    let private lossPullOfLongRows<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (targets: Targets)
        (logits: HostBuffer<'T>)
        (labels: int64[])
        (c: HostBuffer<'T>)
        : HostBuffer =
        let axis = logits.Shape.Length - 1
        let n = logits.Shape[axis]

        Along.map
            axis
            [| logits |]
            (RowWork(fun xs at ys yo row ->
                let x = ReadOnlySpan(xs[0], at[0], n)
                let y = Span(ys, yo, n)

                if targets.Ignored = ValueSome labels[row] then
                    y.Clear()
                else
                    let m = RowMath.Max x

                    if 'T.IsNegativeInfinity m then
                        y.Clear()
                    else
                        let sum: 'T = SummedExponentials.into x m y
                        RowMath.Divide(Along.reading y, sum, y)

                    lessTarget targets (int labels[row]) c.Items[c.Offset + row] y))

    /// c (softmax x - (1 - s) onehot - s/n)
    let pull<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (targets: Targets)
        (logits: HostBuffer<'T>)
        (labels: int64[])
        (c: HostBuffer<'T>)
        : HostBuffer =
        let c = Strided.contiguous c

        if ShortRowKernels.areFor (logits.Shape.Length - 1) logits then
            lossPullOfShortRows targets logits labels c
        else
            lossPullOfLongRows targets logits labels c
