namespace Cotangent.Engines

// Primitives that look at the elements of one axis in order: positions of extremes, sorting, running sums.

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

module internal Order =

    /// Nothing has no position.
    let refuseEmpty largest axis (shape: int[]) =
        let name = if largest then "argmax" else "argmin"

        raise (
            ShapeException
                $"{name}: axis {axis} of shape {Shape.show shape} has no elements, so none has a position. Test \
                  the size first."
        )

    /// The elements with `axis` moved to the end, in row-major order.
    let private lastAxis axis (x: HostBuffer<'T>) =
        let order = Shape.moving x.Shape.Length axis (x.Shape.Length - 1)
        let pick (values: int[]) = order |> Array.map (fun a -> values[a])
        Strided.contiguous (x.View(pick x.Shape, pick x.Strides, x.Offset) :?> HostBuffer<'T>)

    /// Runs `row` on the number of each of a buffer's rows along its last axis.
    let private eachRow (x: HostBuffer) (row: int -> unit) =
        let n = Shape.count x.Shape
        let length = x.Shape[x.Shape.Length - 1]

        if n > 0 then
            Strided.ranges (n / length) (int64 n) (fun first last ->
                for i in first .. last - 1 do
                    row i)

    // The first largest element is the first one equal to the largest, since Max yields NaN where there is
    // one and IEquatable takes NaN for equal to itself, and 0 for equal to -0.
    let private argReduceOf<'T when 'T :> INumber<'T>> largest axis (x: HostBuffer<'T>) : HostBuffer =
        let y = Strided.fresh<int> DType.Int32 (Shape.removeAt axis x.Shape)

        if x.Shape[axis] = 0 && y.Items.Length > 0 then refuseEmpty largest axis x.Shape

        let x = lastAxis axis x
        let length = x.Shape[x.Shape.Length - 1]

        eachRow x (fun i ->
            let row = ReadOnlySpan(x.Items, x.Offset + i * length, length)
            let extreme = if largest then RowMath.Max row else RowMath.Min row
            y.Items[i] <- MemoryExtensions.IndexOf(row, extreme))

        y

    let rec argReduce largest axis (x: HostBuffer) : HostBuffer =
        match x.DType with
        | DType.Float32 -> argReduceOf largest axis (x :?> HostBuffer<float32>)
        | DType.Float64 -> argReduceOf largest axis (x :?> HostBuffer<float>)
        | DType.BFloat16
        | DType.Float16 -> argReduce largest axis (Convert.widen x)
        | DType.Int32 -> argReduceOf largest axis (x :?> HostBuffer<int>)
        | DType.Int64 -> argReduceOf largest axis (x :?> HostBuffer<int64>)
        | DType.Int8
        | DType.Int16
        | DType.UInt8
        | DType.UInt16
        | DType.UInt32
        | DType.UInt64 -> argReduce largest axis (Convert.ordered x)
        | DType.Bool -> argReduce largest axis (Convert.buffer DType.Int32 x)
        | DType.Complex64
        | DType.Complex128 ->
            ShapeRule.requireOrder (Primitive.ArgReduce(largest, axis)) x.DType
            x

    // Elements are sorted by unsigned integers of the same order: the bits of a float with the sign bit
    // turned over, and with all other bits turned over too where the number is negative. NaN takes the
    // largest integer in either direction.

    let private floatKey descending (x: float) =
        if Double.IsNaN x then
            UInt64.MaxValue
        else
            // Adding 0 makes 0 of -0, which must not differ.
            let bits = BitConverter.DoubleToInt64Bits(x + 0.0)
            let key = uint64 (bits ^^^ ((bits >>> 63) ||| Int64.MinValue))
            if descending then ~~~key else key

    let private integerKey descending (x: int64) =
        let key = uint64 (x ^^^ Int64.MinValue)
        if descending then ~~~key else key

    /// Short runs are sorted by insertion.
    [<Literal>]
    let private Run = 16

    /// Sorts runs of n keys, and the positions beside them. Equal ones stay in their order, as they do below.
    let private sortRuns (keys: uint64[]) (positions: int[]) n =
        Tile.optimised ()

        for first in 0..Run .. n - 1 do
            for i in first + 1 .. min n (first + Run) - 1 do
                let key, position = keys[i], positions[i]
                let mutable j = i - 1

                while j >= first && keys[j] > key do
                    keys[j + 1] <- keys[j]
                    positions[j + 1] <- positions[j]
                    j <- j - 1

                keys[j + 1] <- key
                positions[j + 1] <- position

    /// Each two sorted runs of a width become one, at another place of the arrays.
    let private mergeRuns (keys: uint64[]) (positions: int[]) from into n width =
        Tile.optimised ()

        for first in 0 .. 2 * width .. n - 1 do
            let middle, last = min n (first + width), min n (first + 2 * width)
            let mutable i = first
            let mutable j = middle

            for k in first .. last - 1 do
                let isLeft = j >= last || i < middle && keys[from + i] <= keys[from + j]
                let taken = if isLeft then i else j
                keys[into + k] <- keys[from + taken]
                positions[into + k] <- positions[from + taken]
                if isLeft then i <- i + 1 else j <- j + 1

    /// Sorts n keys and the positions beside them, in arrays with room for twice as many. Where they are then.
    let private byComparisons (keys: uint64[]) (positions: int[]) n : int =
        sortRuns keys positions n
        let mutable width = Run
        let mutable at = 0

        while width < n do
            mergeRuns keys positions at (n - at) n width
            at <- n - at
            width <- 2 * width

        at

    /// The positions that sort rows.
    let inline private sortedBy ([<InlineIfLambda>] key: 'T -> uint64) (rows: HostBuffer<'T>) : HostBuffer =
        let x = Strided.contiguous rows
        let y = Strided.fresh<int> DType.Int32 x.Shape
        let length = x.Shape[x.Shape.Length - 1]

        eachRow x (fun row ->
            let start = row * length
            Tile.optimised ()
            let isLong = length >= RadixSort.From
            let keys = ArrayPool<uint64>.Shared.Rent(2 * length)
            let positions = if isLong then y.Items else ArrayPool<int>.Shared.Rent(2 * length)
            let first = if isLong then start else 0
            let elements = ReadOnlySpan(x.Items, x.Offset + start, length)

            for i in 0 .. length - 1 do
                keys[i] <- key elements[i]
                positions[first + i] <- i

            if isLong then
                RadixSort.sort (Span(keys, 0, length)) (Span(positions, first, length))
            else
                let sorted = byComparisons keys positions length
                Array.Copy(positions, sorted, y.Items, start, length)
                ArrayPool<int>.Shared.Return positions

            ArrayPool<uint64>.Shared.Return keys)

        y

    /// The elements in order along an axis, and where they were.
    let sort axis descending (x: HostBuffer) : struct (HostBuffer * HostBuffer) =
        ShapeRule.requireOrder "sort" x.DType
        let last = x.Shape.Length - 1
        let rows = Move.permute (Shape.moving x.Shape.Length axis last) x
        let back = Move.permute (Shape.moving x.Shape.Length last axis)

        let positions =
            if x.DType.IsFloat then
                sortedBy
                    (fun x -> floatKey descending x)
                    (Convert.buffer DType.Float64 rows :?> HostBuffer<float>)
            else
                let rows =
                    Convert.buffer DType.Int64 (if rows.DType.IsInteger then Convert.ordered rows else rows)

                sortedBy (fun x -> integerKey descending x) (rows :?> HostBuffer<int64>)

        struct (back (Move.gather Finder.Gather last last rows positions), back positions)

    /// Runs `elements start step` on all lines along an axis, or `rows start step inner` where other axes follow it.
    let private along axis reverse (x: HostBuffer) elements rows =
        let length = x.Shape[axis]
        let inner = Strided.product x.Shape (axis + 1) (x.Shape.Length - 1)
        let total = Strided.product x.Shape 0 (x.Shape.Length - 1)
        let first = if reverse then (length - 1) * inner else 0
        let step = if reverse then -inner else inner

        if total > 0 then
            Strided.ranges (total / (length * inner)) (int64 total) (fun from last ->
                for o in from .. last - 1 do
                    let start = o * length * inner + first
                    if inner = 1 then elements start step else rows start step inner)

    /// Running sums along an axis, those of adjacent elements by a function of `RunningSums`.
    let private cumulativeSumOf<'T when 'T :> INumber<'T>>
        axis
        reverse
        (sum: RunningSum<'T>)
        (x: HostBuffer<'T>)
        : HostBuffer =
        let x = Strided.contiguous x
        let y = Strided.fresh<'T> x.DType x.Shape
        let length = x.Shape[axis]

        let rows start step inner =
            Array.Copy(x.Items, x.Offset + start, y.Items, start, inner)

            for i in 1 .. length - 1 do
                let at = start + i * step
                let before = ReadOnlySpan(y.Items, at - step, inner)

                RowMath.Add(before, ReadOnlySpan(x.Items, x.Offset + at, inner), Span(y.Items, at, inner))

        let elements start step = sum.Invoke(x.Items, x.Offset + start, y.Items, start, step, length)

        along axis reverse x elements rows
        y

    /// Columns whose running sums are in the first-level cache while rows go past.
    [<Literal>]
    let private Columns = 1024

    /// sums <- sums + x, and y <- sums, of n numbers.
    let private addRow n (x: float32[]) offset (sums: float[]) (y: float32[]) into =
        Tile.optimised ()
        let w = Vector<float32>.Count
        let v = Vector<float>.Count
        let mutable k = 0

        while k <= n - w do
            let mutable low = Vector<float>.Zero
            let mutable high = Vector<float>.Zero
            Vector.Widen(Vector<float32>(x, offset + k), &low, &high)
            low <- low + Vector<float>(sums, k)
            high <- high + Vector<float>(sums, k + v)
            low.CopyTo(sums, k)
            high.CopyTo(sums, k + v)
            Vector.Narrow(low, high).CopyTo(y, into + k)
            k <- k + w

        while k < n do
            let sum = sums[k] + float x[offset + k]
            sums[k] <- sum
            y[into + k] <- float32 sum
            k <- k + 1

    /// Those of Float32 are taken in Float64: a running sum has no halves to be taken in.
    let private cumulativeSingles axis reverse (x: HostBuffer<float32>) : HostBuffer =
        let x = Strided.contiguous x
        let y = Strided.fresh<float32> x.DType x.Shape
        let length = x.Shape[axis]
        let from, offset, into = x.Items, x.Offset, y.Items

        let elements start step = RunningSums.singles.Invoke(from, offset + start, into, start, step, length)

        let rows start step inner =
            let sums = Array.zeroCreate<float>(min inner Columns)

            for column in 0..Columns .. inner - 1 do
                let n = min Columns (inner - column)
                Array.Clear(sums, 0, n)

                for i in 0 .. length - 1 do
                    let at = start + column + i * step
                    addRow n from (offset + at) sums into at

        along axis reverse x elements rows
        y

    let rec cumulativeSum axis reverse (x: HostBuffer) : HostBuffer =
        match x.DType.Storage with
        | Storage.Float32 -> cumulativeSingles axis reverse (x :?> HostBuffer<float32>)
        | Storage.Float64 -> cumulativeSumOf axis reverse RunningSums.doubles (x :?> HostBuffer<float>)
        | Storage.BFloat16
        | Storage.Float16 -> Convert.buffer x.DType (cumulativeSum axis reverse (Convert.widen x))
        | Storage.Integer size ->
            match size with
            | IntegerSize.Bits8
            | IntegerSize.Bits16 -> Convert.wrap x.DType (cumulativeSum axis reverse (Convert.widen x))
            | IntegerSize.Bits32 -> cumulativeSumOf axis reverse RunningSums.integers (x :?> HostBuffer<int>)
            | IntegerSize.Bits64 -> cumulativeSumOf axis reverse RunningSums.longs (x :?> HostBuffer<int64>)
        | Storage.Bool -> raise (DTypeException "cumsum: Bool elements have no sum; convert to Int32 first.")
        | Storage.Complex64
        | Storage.Complex128 -> ComplexParts.each (cumulativeSum axis reverse) x
