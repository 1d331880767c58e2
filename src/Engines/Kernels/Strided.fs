namespace Cotangent.Engines

// How kernels walk their operands. Kernels are written for rows: runs of elements one fixed step apart. A
// walk turns operands of one shape and any strides into as few and as long rows as possible, cuts long rows
// into pieces, and shares the pieces among the cores when there is enough work. Where a row is cut depends on
// its length alone, never on the number of cores, so results do not depend on it either.

open System
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Memory of the current thread that kernels use for blocks of elements. Each slot has one owner at a time:
/// 0, 1 and 2 belong to the operands of a row, 3 and 4 to functions on rows.
[<Sealed; AbstractClass>]
type internal Scratch<'T> private () =
    [<ThreadStatic; DefaultValue>]
    static val mutable private slots: 'T[][] | null

    /// Elements in a slot: a few operands of this length fit the first-level cache.
    static member Length = 1024

    static member Slot i =
        match Scratch<'T>.slots with
        | null ->
            let made = Array.init 5 (fun _ -> Array.zeroCreate Scratch<'T>.Length)
            Scratch<'T>.slots <- made
            made[i]
        | found -> found[i]

/// A function on the elements of a buffer of any dtype, as they lie in memory.
[<AbstractClass>]
type internal Typed<'R>() =
    abstract Run<'T> : HostBuffer<'T> -> 'R

    member f.On(x: HostBuffer) =
        match x.DType.Storage with
        | Storage.Float32 -> f.Run<float32>(x :?> HostBuffer<float32>)
        | Storage.Float64 -> f.Run<float>(x :?> HostBuffer<float>)
        | Storage.BFloat16 -> f.Run<BFloat16>(x :?> HostBuffer<BFloat16>)
        | Storage.Float16 -> f.Run<Half>(x :?> HostBuffer<Half>)
        | Storage.Integer size ->
            match size with
            | IntegerSize.Bits8 -> f.Run<sbyte>(x :?> HostBuffer<sbyte>)
            | IntegerSize.Bits16 -> f.Run<int16>(x :?> HostBuffer<int16>)
            | IntegerSize.Bits32 -> f.Run<int>(x :?> HostBuffer<int>)
            | IntegerSize.Bits64 -> f.Run<int64>(x :?> HostBuffer<int64>)
        | Storage.Bool -> f.Run<bool>(x :?> HostBuffer<bool>)
        | Storage.Complex64 -> f.Run<Complex64>(x :?> HostBuffer<Complex64>)
        | Storage.Complex128 -> f.Run<System.Numerics.Complex>(x :?> HostBuffer<System.Numerics.Complex>)

/// Rows of `Length` elements; operand k of `Operands` walks a row in steps of `Steps[k]`. `Sizes` are the
/// `Axes` axes around the rows, the fastest first, and `Strides[axis * Operands + k]` the steps along them.
/// The first of these axes counts the pieces of a row.
[<NoComparison; NoEquality>]
type internal Walk = {
    Length: int
    /// Elements in a piece of a row.
    Piece: int
    Operands: int
    Steps: int[]
    Axes: int
    Sizes: int[]
    Strides: int[]
    /// Pieces in all rows together.
    Items: int
}

module internal Strided =

    /// A row is cut into pieces of this many elements.
    [<Literal>]
    let Piece = 32768

    /// Elements from which on a kernel shares its work among the cores.
    [<Literal>]
    let ParallelFrom = 100_000

    /// Memory for an output, which the kernel overwrites altogether. Small arrays come zeroed, large ones as
    /// they are.
    let allocate<'T> (n: int) : 'T[] = Recycling.rent<'T> n

    /// A contiguous output of a shape.
    let fresh<'T> dtype shape : HostBuffer<'T> = HostBuffer.own dtype shape (allocate<'T>(Shape.count shape))

    /// One number seen through a whole shape.
    let uniform<'T> dtype (shape: int[]) (value: 'T) : HostBuffer<'T> =
        HostBuffer<'T>(dtype, [| value |], shape, Array.zeroCreate shape.Length, 0)

    /// The product of the sizes first .. last.
    let product (shape: int[]) first last =
        let mutable n = 1

        for i in first..last do
            n <- n * shape[i]

        n

    /// Runs `body first last` on ranges that together make up 0 .. items - 1, on all cores if there are
    /// enough elements.
    let ranges items (elements: int64) (body: int -> int -> unit) =
        let parts = if elements < int64 ParallelFrom then 1 else min items (4 * Workers.count ())

        if parts <= 1 then
            if items > 0 then body 0 items
        else
            let bound part = int (int64 items * int64 part / int64 parts)
            Workers.run parts (fun part -> body (bound part) (bound (part + 1)))

    /// Runs `body first count` on the pieces of a row of n elements.
    let pieces n (body: int -> int -> unit) =
        ranges (partsOf n Piece) (int64 n) (fun first last ->
            for i in first .. last - 1 do
                body (i * Piece) (min Piece (n - i * Piece)))

    /// Drops axes of size 1 and merges neighbours that every operand walks with one stride. Rows are cut into
    /// pieces of a given length.
    let walkIn piece (shape: int[]) (strides: int[][]) : Walk =
        let operands = strides.Length
        let sizes = Array.zeroCreate (shape.Length + 1)
        let steps = Array.zeroCreate ((shape.Length + 1) * operands)
        let mutable axes = 0

        for axis in shape.Length - 1 .. -1 .. 0 do
            if shape[axis] <> 1 then
                let mutable one = axes > 0

                for k in 0 .. operands - 1 do
                    one <- one && strides[k][axis] = steps[(axes - 1) * operands + k] * sizes[axes - 1]

                if one then
                    sizes[axes - 1] <- sizes[axes - 1] * shape[axis]
                else
                    sizes[axes] <- shape[axis]

                    for k in 0 .. operands - 1 do
                        steps[axes * operands + k] <- strides[k][axis]

                    axes <- axes + 1

        if axes = 0 then
            axes <- 1
            sizes[0] <- 1

            for k in 0 .. operands - 1 do
                steps[k] <- 1

        let length = sizes[0]
        let rowSteps = Array.sub steps 0 operands
        sizes[0] <- partsOf length piece
        let mutable items = 1

        for k in 0 .. operands - 1 do
            steps[k] <- steps[k] * piece

        for axis in 0 .. axes - 1 do
            items <- items * sizes[axis]

        {
            Length = length
            Piece = piece
            Operands = operands
            Steps = rowSteps
            Axes = axes
            Sizes = sizes
            Strides = steps
            Items = items
        }

    let walk shape strides = walkIn Piece shape strides

    /// Runs `body offsets position count` on every piece: `offsets` are where the operands stand, `position`
    /// is the number of elements before the piece in row-major order. An element is worth the work of
    /// `weight` ones.
    let inline forEachOf
        (weight: int64)
        (w: Walk)
        (starts: int[])
        ([<InlineIfLambda>] body: int[] -> int -> int -> unit)
        =
        ranges w.Items (int64 w.Items * int64 (min w.Length w.Piece) * weight) (fun first last ->
            let offsets = Array.copy starts
            let digits = Array.zeroCreate<int> w.Axes
            let mutable rest = first

            for axis in 0 .. w.Axes - 1 do
                digits[axis] <- rest % w.Sizes[axis]
                rest <- rest / w.Sizes[axis]

                for k in 0 .. w.Operands - 1 do
                    offsets[k] <- offsets[k] + digits[axis] * w.Strides[axis * w.Operands + k]

            let mutable position = first / w.Sizes[0] * w.Length + digits[0] * w.Piece

            for _ in first .. last - 1 do
                let count = min w.Piece (w.Length - digits[0] * w.Piece)
                body offsets position count
                position <- position + count
                let mutable axis = 0

                while axis < w.Axes do
                    digits[axis] <- digits[axis] + 1
                    let carry = digits[axis] = w.Sizes[axis]
                    let steps = if carry then 1 - w.Sizes[axis] else 1

                    for k in 0 .. w.Operands - 1 do
                        offsets[k] <- offsets[k] + steps * w.Strides[axis * w.Operands + k]

                    if carry then
                        digits[axis] <- 0
                        axis <- axis + 1
                    else
                        axis <- w.Axes)

    let inline forEach w starts ([<InlineIfLambda>] body: int[] -> int -> int -> unit) =
        forEachOf 1L w starts body

    /// Copies `count` elements that lie `step` apart to the start of `target`.
    let gather (items: 'T[]) offset step count (target: 'T[]) =
        Tile.optimised ()

        if step = 0 then
            Short.fill target items[offset] count
        else
            let mutable at = offset

            for i in 0 .. count - 1 do
                target[i] <- items[at]
                at <- at + step

    /// Copies a row of elements that lie so many apart.
    let private copyRow (source: 'T[]) (s: int) from (target: 'T[]) (t: int) into (count: int) =
        Tile.optimised ()

        if from = 1 && into = 1 then
            Array.Copy(source, s, target, t, count)
        elif from = 0 && into = 1 then
            Array.Fill(target, source[s], t, count)
        elif from = -1 && into = 1 then
            // A flipped row: both ways by vectors.
            Array.Copy(source, s - count + 1, target, t, count)
            MemoryExtensions.Reverse(Span(target, t, count))
        else
            let mutable s = s
            let mutable t = t

            for _ in 1..count do
                target[t] <- source[s]
                s <- s + from
                t <- t + into

    /// The same for all rows of the axes up to this one: of short rows, a loop in a loop costs less than an odometer.
    let rec private copyRows (w: Walk) axis (source: 'T[]) s (target: 'T[]) t =
        if axis = 0 then
            copyRow source s w.Steps[0] target t w.Steps[1] w.Length
        else
            let from, into = w.Strides[2 * axis], w.Strides[2 * axis + 1]

            for i in 0 .. w.Sizes[axis] - 1 do
                copyRows w (axis - 1) source (s + i * from) target (t + i * into)

    /// Copies elements of a shape from one place to another, each with strides of its own.
    let copy shape (source: 'T[]) sourceOffset sourceStrides (target: 'T[]) targetOffset targetStrides =
        let w = walk shape [| sourceStrides; targetStrides |]

        if w.Items > 0 && int64 w.Items * int64 w.Length < int64 ParallelFrom then
            copyRows w (w.Axes - 1) source sourceOffset target targetOffset
        else
            let from, into = w.Steps[0], w.Steps[1]

            forEach w [| sourceOffset; targetOffset |] (fun offsets _ count ->
                copyRow source offsets[0] from target offsets[1] into count)

    /// The same elements in row-major order, copied unless they are already.
    let contiguous (x: HostBuffer<'T>) : HostBuffer<'T> =
        if x.IsContiguous then
            x
        else
            let y = fresh<'T> x.DType x.Shape
            copy x.Shape x.Items x.Offset x.Strides y.Items 0 y.Strides
            y

    /// `contiguous` for a buffer of any dtype.
    let materialise (x: HostBuffer) : HostBuffer =
        if x.IsContiguous then
            x
        else
            {
                new Typed<HostBuffer>() with
                    member _.Run y = contiguous y
            }
                .On
                x

    /// Applies an elementwise function to a buffer's distinct elements: axes of stride 0 are walked once and
    /// the result is spread along them again.
    let distinct (x: HostBuffer) (f: HostBuffer -> HostBuffer) : HostBuffer =
        let repeated i = x.Shape[i] > 1 && x.Strides[i] = 0

        if Range.exists x.Shape.Length repeated then
            let shape = x.Shape |> Array.mapi (fun i n -> if repeated i then 1 else n)
            let y = f (x.View(shape, x.Strides, x.Offset))
            let strides = y.Strides |> Array.mapi (fun i s -> if repeated i then 0 else s)
            y.View(x.Shape, strides, y.Offset)
        else
            f x
