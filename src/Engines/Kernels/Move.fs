namespace Cotangent.Engines

// Primitives that move elements or make them from nothing. Reshape, Permute, Broadcast and Slice are views
// wherever strides can express them. The others copy, each element once.

open System
open System.Numerics
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

module internal Move =

    /// By which the index is found among the data of an IndexException that a kernel throws.
    [<Literal>]
    let Outside = "Cotangent.Index"

    /// The strides that show the elements in row-major order under another shape, if there are any: each run
    /// of axes of the new shape must fill a run of axes that the old strides walk as one.
    let private reshapeStrides (x: HostBuffer) (shape: int[]) : int[] option =
        let old = Array.zip x.Shape x.Strides |> Array.filter (fun (n, _) -> n <> 1)
        let strides = Array.zeroCreate shape.Length
        let mutable i = old.Length - 1
        let mutable j = shape.Length - 1
        let mutable possible = true

        while possible && j >= 0 do
            if shape[j] = 1 then
                j <- j - 1
            else
                // Axes i and up to the left, with as many elements as axes j and up to the left of the new
                // shape.
                let mutable size, step = old[i]
                let mutable filled = 1
                i <- i - 1

                while possible && filled < size do
                    if shape[j] = 1 then
                        j <- j - 1
                    else
                        strides[j] <- step * filled
                        filled <- filled * shape[j]
                        j <- j - 1

                        while possible && filled > size do
                            let n, s = old[i]
                            possible <- s = step * size
                            size <- size * n
                            i <- i - 1

        if possible then Some strides else None

    let reshape (shape: int[]) (x: HostBuffer) : HostBuffer =
        if x.IsContiguous then
            x.View(shape, Shape.strides shape, x.Offset)
        else
            match reshapeStrides x shape with
            | Some strides -> x.View(shape, strides, x.Offset)
            | None -> (Strided.materialise x).View(shape, Shape.strides shape, 0)

    let permute (order: int[]) (x: HostBuffer) : HostBuffer =
        x.View(Array.map (fun a -> x.Shape[a]) order, Array.map (fun a -> x.Strides[a]) order, x.Offset)

    let broadcast (shape: int[]) (x: HostBuffer) : HostBuffer =
        let added = shape.Length - x.Shape.Length

        let strides =
            Array.init shape.Length (fun i ->
                if i < added || x.Shape[i - added] <> shape[i] then 0 else x.Strides[i - added])

        x.View(shape, strides, x.Offset)

    /// Offset and strides of a region in a buffer.
    let private within (region: Region) offset (strides: int[]) =
        let steps = Array.map2 (*) strides region.Step

        // The start of an empty region may lie outside.
        if Array.contains 0 region.Count then
            offset, steps
        else
            let mutable start = offset

            for i in 0 .. strides.Length - 1 do
                start <- start + region.Start[i] * strides[i]

            start, steps

    let slice (region: Region) (x: HostBuffer) : HostBuffer =
        let offset, strides = within region x.Offset x.Strides
        x.View(region.Count, strides, offset)

    let place (region: Region) (x: HostBuffer) : HostBuffer =
        {
            new Typed<HostBuffer>() with
                member _.Run x =
                    let y = Array.zeroCreate (Shape.count region.Full)
                    let offset, strides = within region 0 (Shape.strides region.Full)
                    Strided.copy x.Shape x.Items x.Offset x.Strides y offset strides
                    HostBuffer.own x.DType region.Full y
        }
            .On
            x

    let concatenate axis (inputs: HostBuffer[]) : HostBuffer =
        let first = inputs[0]

        let shape = first.Shape |> Array.updateAt axis (inputs |> Array.sumBy (fun x -> x.Shape[axis]))

        {
            new Typed<HostBuffer>() with
                member _.Run(typed: HostBuffer<'T>) =
                    let y = Strided.fresh<'T> typed.DType shape
                    let mutable start = 0

                    for x in inputs do
                        let x = x :?> HostBuffer<'T>

                        Strided.copy
                            x.Shape
                            x.Items
                            x.Offset
                            x.Strides
                            y.Items
                            (start * y.Strides[axis])
                            y.Strides

                        start <- start + x.Shape[axis]

                    y
        }
            .On
            first

    // Gather and scatter see their operands as arrays of few axes: batch, the axes between the batch and the
    // indexed axis ("outer"), the indexed axis, and the axes after it ("inner"). Data is [batch, outer, size,
    // inner], indices are [batch, count], and updates and results [batch, outer, count, inner].

    /// Throws an IndexException that tells the index by the key `Outside`, for those above who know whose axis it is.
    let private refuseIndex (finder: Finder) (size: int) (index: int64) : unit =
        let refused = IndexException(finder.Refusal size index)
        refused.Data[Outside] <- index
        raise refused

    /// Whether all are indices as they stand. Negative ones are large as unsigned numbers: one look at each suffices.
    let private areWithin size (indices: HostBuffer) =
        match indices with
        | :? HostBuffer<int> as x when x.DType = DType.Int32 && x.IsContiguous && x.Items.Length > 0 ->
            let given = MemoryMarshal.Cast<int, uint32>(ReadOnlySpan(x.Items, x.Offset, Shape.count x.Shape))
            given.Length = x.Items.Length && RowMath.Max<uint32> given < uint32 size
        | _ -> false

    let private extremes<'T when 'T :> INumber<'T>> (x: HostBuffer) : struct ('T * 'T) =
        let x = Strided.contiguous (x :?> HostBuffer<'T>)
        let given = ReadOnlySpan(x.Items, x.Offset, Shape.count x.Shape)
        struct (RowMath.Min<'T> given, RowMath.Max<'T> given)

    let private checkedPositions (finder: Finder) size (indices: HostBuffer) : int[] =
        let count = Shape.count indices.Shape
        let indices = if indices.DType = DType.Int32 then indices else Convert.buffer DType.Int64 indices

        // Before they become Int32, which not all fit.
        let struct (least, most) =
            if count = 0 then
                struct (0L, 0L)
            elif indices.DType = DType.Int64 then
                extremes<int64> indices
            else
                let struct (least, most) = extremes<int> indices
                struct (int64 least, int64 most)

        if count > 0 && least < int64 (finder.Least size) then refuseIndex finder size least
        if count > 0 && most >= int64 size then refuseIndex finder size most

        let indices = Convert.buffer DType.Int32 indices |> Strided.materialise :?> HostBuffer<int>
        let given = ReadOnlySpan(indices.Items, indices.Offset, count)

        if least >= 0L && given.Length = indices.Items.Length then
            indices.Items
        else
            let found = given.ToArray()

            if least < 0L then
                for at in 0 .. found.Length - 1 do
                    if found[at] < 0 then found[at] <- found[at] + size

            found

    /// Indices as Int32 in row-major order, each within an axis of the given size; negative ones count from its end.
    /// Not to be changed: it may be the array of the indices themselves.
    let positions (finder: Finder) size (indices: HostBuffer) : int[] =
        if areWithin size indices then
            (indices :?> HostBuffer<int>).Items
        else
            checkedPositions finder size indices

    let gather finder axis batch (x: HostBuffer) (indices: HostBuffer) : HostBuffer =
        let shape = Array.concat [ x.Shape[.. axis - 1]; indices.Shape[batch..]; x.Shape[axis + 1 ..] ]

        let found = positions finder x.Shape[axis] indices
        let batches = Strided.product x.Shape 0 (batch - 1)
        let outer = Strided.product x.Shape batch (axis - 1)
        let inner = Strided.product x.Shape (axis + 1) (x.Shape.Length - 1)

        {
            new Typed<HostBuffer>() with
                member _.Run(x: HostBuffer<'T>) =
                    let y = Strided.fresh<'T> x.DType shape
                    let size = x.Shape[axis]
                    let x = Strided.contiguous x

                    let from, into, offset = x.Items, y.Items, x.Offset

                    if into.Length > 0 then
                        if inner = 1 then
                            let count = found.Length / batches
                            let parts = partsOf count Strided.Piece

                            Strided.ranges (batches * outer * parts) into.Length (fun first last ->
                                Tile.optimised ()

                                for item in first .. last - 1 do
                                    let line, start = item / parts, item % parts * Strided.Piece
                                    let length = min Strided.Piece (count - start)
                                    let places = ReadOnlySpan(found, line / outer * count + start, length)
                                    let from = ReadOnlySpan(from, offset + line * size, size)
                                    let into = Span(into, line * count + start, length)
                                    let mutable i = 0

                                    // Both conditions, so that neither is checked again.
                                    while i < places.Length && i < into.Length do
                                        into[i] <- from[places[i]]
                                        i <- i + 1)
                        else
                            ScatterSums.pairs batches outer size inner found (fun a b ->
                                Array.Copy(from, offset + a * inner, into, b * inner, inner))

                    y
        }
            .On
            x

    let private keepLast batches outer size inner (found: int[]) (x: HostBuffer<'T>) =
        let y = Strided.allocate<'T>(batches * outer * size * inner)
        // A batch is cleared just before it is filled, while it lies in the cache.
        let clear row = Array.Clear(y, row * inner, outer * size * inner)

        if inner = 1 then
            ScatterSums.keepLast clear batches outer size found x y
        elif inner > 1 then
            let x = Strided.contiguous x
            let from, offset = x.Items, x.Offset

            ScatterSums.pairsFrom clear batches outer size inner found (fun a b ->
                Array.Copy(from, offset + b * inner, y, a * inner, inner))

        y

    /// Added Bool updates are combined by "or".
    let rec scatter collision axis batch size (x: HostBuffer) (indices: HostBuffer) : HostBuffer =
        let indexed = indices.Shape.Length - batch
        let shape = Array.concat [ x.Shape[.. axis - 1]; [| size |]; x.Shape[axis + indexed ..] ]
        let batches = Strided.product x.Shape 0 (batch - 1)
        let outer = Strided.product x.Shape batch (axis - 1)
        let inner = Strided.product x.Shape (axis + indexed) (x.Shape.Length - 1)
        Shape.count shape |> ignore

        let own data = HostBuffer.own x.DType shape data :> HostBuffer

        match collision with
        | Collision.Last ->
            let found = positions Finder.ScatterAdd size indices

            {
                new Typed<HostBuffer>() with
                    member _.Run x = HostBuffer.own x.DType shape (keepLast batches outer size inner found x)
            }
                .On
                x
        | Collision.Max
        | Collision.Min ->
            let isLargest = (collision = Collision.Max)

            let extremes dtype (least: 'T) (most: 'T) (x: HostBuffer<'T>) : HostBuffer =
                let found = positions Finder.ScatterAdd size indices
                let none = if isLargest then least else most

                HostBuffer.own
                    dtype
                    shape
                    (ScatterExtremes.rows isLargest none batches outer size inner found x)

            let again x = scatter collision axis batch size x indices

            match x.DType.Storage with
            | Storage.Float32 -> extremes x.DType -infinityf infinityf (x :?> HostBuffer<float32>)
            | Storage.Float64 -> extremes x.DType -infinity infinity (x :?> HostBuffer<float>)
            | Storage.BFloat16
            | Storage.Float16 -> Convert.buffer x.DType (again (Convert.widen x))
            | Storage.Integer _ when x.DType = DType.Int32 ->
                extremes x.DType Int32.MinValue Int32.MaxValue (x :?> HostBuffer<int>)
            | Storage.Integer _ when x.DType = DType.Int64 ->
                extremes x.DType Int64.MinValue Int64.MaxValue (x :?> HostBuffer<int64>)
            // What is beyond the ends of the dtype becomes these.
            | Storage.Integer _ -> Convert.ofOrdered x.DType (again (Convert.ordered x))
            | Storage.Bool ->
                let numbers = Convert.buffer DType.Int32 x :?> HostBuffer<int>
                Convert.buffer DType.Bool (extremes DType.Int32 0 1 numbers)
            | Storage.Complex64
            | Storage.Complex128 ->
                ShapeRule.requireOrder collision x.DType
                x
        | Collision.Add ->
            let added (x: HostBuffer<'T>) =
                own (
                    ScatterSums.addRows batches outer size inner (positions Finder.ScatterAdd size indices) x
                )

            let wide x = scatter collision axis batch size x indices

            match x.DType.Storage with
            | Storage.Float32 ->
                let found = positions Finder.ScatterAdd size indices
                own (ScatterSums.addSingles batches outer size inner found (x :?> HostBuffer<float32>))
            | Storage.Float64 -> added (x :?> HostBuffer<float>)
            | Storage.Integer size ->
                match size with
                | IntegerSize.Bits8
                | IntegerSize.Bits16 -> Convert.wrap x.DType (wide (Convert.widen x))
                | IntegerSize.Bits32 -> added (x :?> HostBuffer<int>)
                | IntegerSize.Bits64 -> added (x :?> HostBuffer<int64>)
            | Storage.BFloat16
            | Storage.Float16 -> Convert.buffer x.DType (wide (Convert.widen x))
            | Storage.Bool -> Convert.buffer x.DType (wide (Convert.buffer DType.Int32 x))
            | Storage.Complex64
            | Storage.Complex128 -> ComplexParts.each wide x

    /// One number seen through a whole shape. It becomes the dtype's as by Convert.
    let full (value: Literal) dtype (shape: int[]) : HostBuffer =
        match dtype, value with
        | DType.Float32, Literal.Real v -> Strided.uniform dtype shape (float32 v)
        | DType.Float64, Literal.Real v -> Strided.uniform dtype shape v
        // Its bits: Int64 does not hold all of them.
        | DType.UInt64, Literal.Whole v -> Strided.uniform dtype shape v
        | _, Literal.Real v -> Convert.buffer dtype (Strided.uniform DType.Float64 shape v)
        | _, Literal.Whole v -> Convert.buffer dtype (Strided.uniform DType.Int64 shape v)

    let iota dtype length : HostBuffer =
        Convert.buffer dtype (HostBuffer.own DType.Int32 [| length |] (Array.init length id))
