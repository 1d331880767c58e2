namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Layer normalisation: rows to mean 0 and variance 1, or, without a centre, to mean square 1.
module internal Normalize =
    /// The mean of a row, 0 without a centre, and what x - mean is multiplied by.
    let private moments<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: 'T)
        (x: ReadOnlySpan<'T>)
        : struct ('T * 'T) =
        let count: 'T = 'T.CreateSaturating x.Length
        let mean: 'T = if isCentred then Reduce.run Reduction.Sum x / count else 'T.Zero
        let struct (total, squares) = NormalizeRows.deviations x mean
        // The mean was rounded, which is seen in what the deviations add up to: of equal numbers, too, it must be the mean.
        let off: 'T = if isCentred then total / count else 'T.Zero
        let mean: 'T = mean + off
        let square: 'T = squares / count
        let missed: 'T = off * off
        let square: 'T = 'T.Max('T.Zero, square - missed)
        let root: 'T = 'T.Sqrt(square + epsilon)
        let factor: 'T = 'T.One / root
        struct (mean, factor)

    /// The numbers of a matrix in a contiguous buffer that has n for each; none where there is no buffer.
    let private rowOf<'T> (numbers: HostBuffer<'T> voption) matrix n : ReadOnlySpan<'T> =
        match numbers with
        | ValueSome b -> ReadOnlySpan(b.Items, b.Offset + matrix * n, n)
        | ValueNone -> ReadOnlySpan<'T>.Empty

    /// Blocks of adjacent rows: first rows and how many, the whole shared among the cores.
    let private inBlocks<'T> rows n (body: int -> int -> 'T[] -> 'T[] -> unit) =
        let height = NormalizeBlocks<'T>.Rows

        Strided.ranges (partsOf rows height) (4L * int64 rows * int64 n) (fun from until ->
            let means, factors = Scratch<'T>.Slot 0, Scratch<'T>.Slot 1

            for block in from .. until - 1 do
                body (block * height) (min height (rows - block * height)) means factors)

    /// Short rows that are adjacent.
    let private normalizeAdjacent<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: 'T)
        (x: HostBuffer<'T>)
        (gain: HostBuffer<'T> voption)
        (bias: HostBuffer<'T> voption)
        n
        : HostBuffer =
        let y = Strided.fresh<'T> x.DType x.Shape
        let vectors = NormalizeBlocks.ofLength<'T> n

        inBlocks (Shape.count x.Shape / n) n (fun first count means factors ->
            let rows: RowBlock<'T> = {
                Items = x.Items
                First = x.Offset + first * n
                Length = n
                Count = count
            }

            vectors.Moments(isCentred, epsilon, rows, means, factors)

            vectors.Scale(
                rows,
                means,
                factors,
                rowOf gain 0 n,
                rowOf bias 0 n,
                y.Items,
                y.Offset + first * n
            ))

        y

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
        let isOfOne (factor: HostBuffer<'T> voption) = factor.IsNone || Shape.count factor.Value.Shape = n

        if n > 0 && n <= NormalizeBlocks.Longest && x.IsContiguous && isOfOne gain && isOfOne bias then
            normalizeAdjacent isCentred epsilon x gain bias n
        else
            Along.map
                axis
                [| x |]
                (RowWork(fun xs at ys yo number ->
                    let x = ReadOnlySpan(xs[0], at[0], n)
                    let struct (mean, r) = moments isCentred epsilon x
                    let matrix = number / rows

                    NormalizeRows.scale
                        x
                        mean
                        r
                        (rowOf gain matrix n)
                        (rowOf bias matrix n)
                        (Span(ys, yo, n))))

    /// z <- r (g - mean g - y mean(y g)), of y = (x - mean) r and g = c gain; without a centre, mean g is left out. Adds to the
    /// sums for gain and bias.
    let private pullRow<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: 'T)
        (x: ReadOnlySpan<'T>)
        (c: ReadOnlySpan<'T>)
        (gain: ReadOnlySpan<'T>)
        (ofGain: Span<'T>)
        (ofBias: Span<'T>)
        (z: Span<'T>)
        =
        let struct (mean, r) = moments isCentred epsilon x
        let count: 'T = 'T.CreateSaturating x.Length
        let struct (total, along) = NormalizeRows.sums x mean r c gain ofGain ofBias
        let shift: 'T = if isCentred then total / count else 'T.Zero
        NormalizeRows.pull x mean r c gain shift (along / count) z

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
                pullRow
                    isCentred
                    epsilon
                    (ReadOnlySpan(xs[0], at[0], n))
                    (ReadOnlySpan(xs[1], at[1], n))
                    ReadOnlySpan<'T>.Empty
                    Span<'T>.Empty
                    Span<'T>.Empty
                    (Span(zs, zo, n))))

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
        : HostBuffer[] =
        let axis = x.Shape.Length - 1
        let rows, n = x.Shape[axis - 1], x.Shape[axis]
        let around = x.Shape[.. axis - 2]
        let x, c, gain = Strided.contiguous x, Strided.contiguous c, Strided.contiguous gain
        let epsilon: 'T = 'T.CreateSaturating epsilon
        let vectors = NormalizeBlocks.ofLength<'T> n
        let z = Strided.fresh<'T> x.DType x.Shape
        let columns = Array.append around [| n |]
        let ofGain, ofBias = Strided.fresh<'T> x.DType columns, Strided.fresh<'T> x.DType columns
        // Two rows for each; long rows have fewer, so that one array has room for them.
        let blocks = min Blocks rows |> min (max 1 (int (Shape.MostElements / (2L * int64 (max 1 n)))))
        let first block = int (int64 rows * int64 block / int64 (max 1 blocks))
        // For each block the sums Σ c y and Σ c.
        let sums = ArrayPool<'T>.Shared.Rent(max 1 (blocks * 2 * n))

        for matrix in 0 .. Shape.count around - 1 do
            let gain' = gain.Offset + matrix * n

            Strided.ranges blocks (4L * int64 rows * int64 n) (fun from until ->
                for block in from .. until - 1 do
                    let products = Span(sums, 2 * block * n, n)
                    let totals = Span(sums, (2 * block + 1) * n, n)
                    products.Clear()
                    totals.Clear()

                    let gain = ReadOnlySpan(gain.Items, gain', n)

                    if n <= NormalizeBlocks.Longest then
                        let height = NormalizeBlocks<'T>.Rows
                        let means, factors = Scratch<'T>.Slot 0, Scratch<'T>.Slot 1

                        for i in first block .. height .. first (block + 1) - 1 do
                            let at = (matrix * rows + i) * n

                            let block: RowBlock<'T> = {
                                Items = x.Items
                                First = x.Offset + at
                                Length = n
                                Count = min height (first (block + 1) - i)
                            }

                            vectors.Moments(isCentred, epsilon, block, means, factors)

                            vectors.Pull(
                                isCentred,
                                block,
                                means,
                                factors,
                                c.Items,
                                c.Offset + at,
                                gain,
                                products,
                                totals,
                                z.Items,
                                z.Offset + at
                            )
                    else
                        for i in first block .. first (block + 1) - 1 do
                            let at = (matrix * rows + i) * n

                            pullRow
                                isCentred
                                epsilon
                                (ReadOnlySpan(x.Items, x.Offset + at, n))
                                (ReadOnlySpan(c.Items, c.Offset + at, n))
                                gain
                                products
                                totals
                                (Span(z.Items, z.Offset + at, n)))

            let total (result: HostBuffer<'T>) first =
                let total = Span(result.Items, matrix * n, n)
                total.Clear()

                for block in 0 .. blocks - 1 do
                    let part = ReadOnlySpan(sums, (2 * block + first) * n, n)
                    RowMath.Add(Along.reading total, part, total)

            total ofGain 0
            total ofBias 1

        ArrayPool<'T>.Shared.Return sums
        [| z; ofGain; ofBias |]
