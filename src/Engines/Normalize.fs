namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open System.Numerics.Tensors
open Cotangent

/// Layer normalisation: rows to mean 0 and variance 1, or, without a centre, to mean square 1.
module internal Normalize =
    /// y <- the normalised x; what x - mean was multiplied by.
    let private row<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: 'T)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : 'T =
        let count: 'T = 'T.CreateSaturating x.Length

        if isCentred then
            let mean: 'T = Reduce.run Reduction.Sum x / count
            TensorPrimitives.Subtract(x, mean, y)
        else
            x.CopyTo y

        let y' = Along.reading y
        let square: 'T = TensorPrimitives.SumOfSquares<'T> y' / count
        let root: 'T = 'T.Sqrt(square + epsilon)
        let factor: 'T = 'T.One / root
        TensorPrimitives.Multiply(y', factor, y)
        factor

    /// y <- y gain + bias, of the matrix that the row is in.
    let private scale<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (gain: HostBuffer<'T>)
        (bias: HostBuffer<'T> voption)
        matrix
        (y: Span<'T>)
        =
        let n = y.Length
        let gain = ReadOnlySpan(gain.Items, gain.Offset + matrix * n, n)

        match bias with
        | ValueSome bias ->
            let bias = ReadOnlySpan(bias.Items, bias.Offset + matrix * n, n)
            TensorPrimitives.MultiplyAdd(Along.reading y, gain, bias, y)
        | ValueNone -> TensorPrimitives.Multiply(Along.reading y, gain, y)

    let normalize<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: float)
        (x: HostBuffer<'T>)
        (gain: HostBuffer<'T> voption)
        (bias: HostBuffer<'T> voption)
        : HostBuffer =
        let axis = x.Shape.Length - 1
        let n = x.Shape[axis]
        let epsilon: 'T = 'T.CreateSaturating epsilon
        let gain = ValueOption.map Strided.contiguous gain
        let bias = ValueOption.map Strided.contiguous bias
        let rows = if axis > 0 then max 1 x.Shape[axis - 1] else 1

        Along.map
            axis
            [| x |]
            (RowWork(fun xs at ys yo number ->
                let y = Span(ys, yo, n)
                row isCentred epsilon (ReadOnlySpan(xs[0], at[0], n)) y |> ignore

                match gain with
                | ValueSome gain -> scale gain bias (number / rows) y
                | ValueNone -> ()))

    /// z <- r (c - mean c - y mean(y c)), of y = (x - mean) r, which is left in y; without a centre, mean c is left out.
    let private pullRow<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: 'T)
        (x: ReadOnlySpan<'T>)
        (c: ReadOnlySpan<'T>)
        (y: Span<'T>)
        (z: Span<'T>)
        =
        let r: 'T = row isCentred epsilon x y
        let y = Along.reading y
        let count: 'T = 'T.CreateSaturating x.Length
        let along: 'T = TensorPrimitives.Dot<'T>(y, c) / count
        TensorPrimitives.MultiplyAdd(y, -along, c, z)

        if isCentred then
            let mean: 'T = Reduce.run Reduction.Sum c / count
            TensorPrimitives.Subtract(Along.reading z, mean, z)

        TensorPrimitives.Multiply(Along.reading z, r, z)

    let pull<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: float)
        (x: HostBuffer<'T>)
        (c: HostBuffer<'T>)
        : HostBuffer =
        let axis = x.Shape.Length - 1
        let n = x.Shape[axis]
        let epsilon: 'T = 'T.CreateSaturating epsilon

        Along.map
            axis
            [| x; c |]
            (RowWork(fun xs at zs zo _ ->
                let borrowed = Along.borrow<'T> n

                pullRow
                    isCentred
                    epsilon
                    (ReadOnlySpan(xs[0], at[0], n))
                    (ReadOnlySpan(xs[1], at[1], n))
                    (Span(borrowed, 0, n))
                    (Span(zs, zo, n))

                Along.giveBack borrowed))

    /// Blocks that the rows of a matrix are shared out in, each with sums of its own: so many at most, whatever the number of
    /// cores, so that results do not depend on it.
    [<Literal>]
    let private Blocks = 64

    /// The cotangents of x, of the gain and of the bias in a row for each matrix. With y normalised they are the pull of c
    /// gain, Σ c y and Σ c.
    let pullWithGain<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: float)
        (x: HostBuffer<'T>)
        (c: HostBuffer<'T>)
        (gain: HostBuffer<'T>)
        : HostBuffer =
        let axis = x.Shape.Length - 1
        let rows, n = x.Shape[axis - 1], x.Shape[axis]
        let around = x.Shape[.. axis - 2]
        let x, c, gain = Strided.contiguous x, Strided.contiguous c, Strided.contiguous gain
        let epsilon: 'T = 'T.CreateSaturating epsilon
        let size = rows * n + 2 * n
        let z = Strided.fresh<'T> x.DType (Array.append around [| size |])
        let blocks = min Blocks rows
        let first block = int (int64 rows * int64 block / int64 (max 1 blocks))
        // For each block the sums Σ c y and Σ c.
        let sums = ArrayPool<'T>.Shared.Rent(max 1 (blocks * 2 * n))

        for matrix in 0 .. Shape.count around - 1 do
            let into = matrix * size
            let gain' = gain.Offset + matrix * n

            Strided.ranges blocks (4L * int64 rows * int64 n) (fun from until ->
                let borrowed = ArrayPool<'T>.Shared.Rent(2 * n)

                for block in from .. until - 1 do
                    let y = Span(borrowed, 0, n)
                    let g = Span(borrowed, n, n)
                    let ofGain = Span(sums, 2 * block * n, n)
                    let ofBias = Span(sums, (2 * block + 1) * n, n)
                    ofGain.Clear()
                    ofBias.Clear()

                    for i in first block .. first (block + 1) - 1 do
                        let at = (matrix * rows + i) * n
                        let c = ReadOnlySpan(c.Items, c.Offset + at, n)
                        TensorPrimitives.Multiply(c, ReadOnlySpan(gain.Items, gain', n), g)
                        let z = Span(z.Items, into + i * n, n)
                        let x = ReadOnlySpan(x.Items, x.Offset + at, n)
                        pullRow isCentred epsilon x (Along.reading g) y z
                        TensorPrimitives.MultiplyAdd(c, Along.reading y, Along.reading ofGain, ofGain)
                        TensorPrimitives.Add(c, Along.reading ofBias, ofBias)

                ArrayPool<'T>.Shared.Return borrowed)

            let total = Span(z.Items, into + rows * n, 2 * n)
            total.Clear()

            for block in 0 .. blocks - 1 do
                TensorPrimitives.Add(Along.reading total, ReadOnlySpan(sums, 2 * block * n, 2 * n), total)

        ArrayPool<'T>.Shared.Return sums
        z
