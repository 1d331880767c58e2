namespace Cotangent

open System
open System.Collections.Generic
open System.Numerics
open System.Numerics.Tensors
open System.Runtime.InteropServices
open Cotangent.Inlined // in place of functions of Array and List

/// Looking at the numbers of a buffer, whatever its strides.
module internal Inspect =
    /// Visits the elements of a strided view in row-major order, starting at the first; there must be one.
    [<Sealed>]
    type Cursor(shape: int[], strides: int[], offset: int) =
        let index = Array.zeroCreate<int> shape.Length
        let mutable place = offset

        /// Where in `Data` the element is.
        member _.Place = place
        /// The index of the element; a copy.
        member _.Index: int[] = Array.copy index

        /// Goes to the next element; false when there is none.
        member _.Next() =
            let mutable axis = shape.Length - 1

            while axis >= 0 && index[axis] = shape[axis] - 1 do
                place <- place - index[axis] * strides[axis]
                index[axis] <- 0
                axis <- axis - 1

            if axis >= 0 then
                index[axis] <- index[axis] + 1
                place <- place + strides[axis]

            axis >= 0

    let inline private reading (b: HostBuffer) ([<InlineIfLambda>] number: 'T -> float) : int -> float =
        let items = HostBuffer.data<'T> b
        fun place -> number items[place]

    /// Reads the number at a place in `Data`: exact, but for 64-bit integers beyond 2^53; true is 1. Of a complex number the
    /// absolute value, which is NaN or infinite where a part is.
    let reader (b: HostBuffer) : int -> float =
        match b.DType with
        | DType.Float32 -> reading b (fun (x: float32) -> float x)
        | DType.Float64 -> reading b (fun (x: float) -> x)
        | DType.BFloat16 -> reading b (fun (x: BFloat16) -> float (x.ToSingle()))
        | DType.Float16 -> reading b (fun (x: Half) -> float x)
        | DType.Int8 -> reading b (fun (x: sbyte) -> float x)
        | DType.Int16 -> reading b (fun (x: int16) -> float x)
        | DType.Int32 -> reading b (fun (x: int) -> float x)
        | DType.Int64 -> reading b (fun (x: int64) -> float x)
        | DType.UInt8 -> reading b (fun (x: byte) -> float x)
        | DType.UInt16 -> reading b (fun (x: uint16) -> float x)
        | DType.UInt32 -> reading b (fun (x: uint32) -> float x)
        | DType.UInt64 -> reading b (fun (x: uint64) -> float x)
        | DType.Bool -> reading b (fun (x: bool) -> if x then 1.0 else 0.0)
        | DType.Complex64 -> reading b (fun (x: Complex64) -> Complex.Abs(x.ToComplex()))
        | DType.Complex128 -> reading b (fun (x: Complex) -> Complex.Abs x)

    // The memory that a transposed, flipped or sliced view spans is scanned whole: faster than by index, as
    // long as little of it lies outside the view.

    /// The shape with 1 for every axis along which both are broadcast: there index 0, the first, tells all.
    let private withoutBroadcast (a: HostBuffer) (b: HostBuffer) =
        Array.init a.Shape.Length (fun i -> if a.Strides[i] = 0 && b.Strides[i] = 0 then 1 else a.Shape[i])

    /// The first place in `Data` of a view of this shape, and how many places there are up to its last.
    let private memory (b: HostBuffer) (shape: int[]) =
        let reach = Array.map2 (fun size stride -> (size - 1) * stride) shape b.Strides
        let low = Array.sumBy (min 0) reach
        struct (b.Offset + low, Array.sumBy (max 0) reach - low + 1)

    let private isDense length shape = int64 length <= 4L * int64 (Shape.count shape)

    /// NaN and infinity are the numbers whose exponent bits are all ones: one mask finds both.
    let inline private firstWithMask (mask: ^Bits) (items: ReadOnlySpan< ^Bits >) =
        let masks = Vector< ^Bits> mask
        let lastVector = items.Length - Vector< ^Bits>.Count
        let mutable i = 0

        while i <= lastVector && not (Vector.EqualsAny(Vector< ^Bits>(items.Slice i) &&& masks, masks)) do
            i <- i + Vector< ^Bits>.Count

        // The vector that has one, or the rest that fills none.
        while i < items.Length && (items[i] &&& mask) <> mask do
            i <- i + 1

        if i < items.Length then i else -1

    let private span<'T, 'Bits
        when 'T: struct
        and 'T: (new: unit -> 'T)
        and 'T :> ValueType
        and 'Bits: struct
        and 'Bits: (new: unit -> 'Bits)
        and 'Bits :> ValueType>
        (b: HostBuffer)
        first
        count
        : ReadOnlySpan<'Bits> =
        MemoryMarshal.Cast<'T, 'Bits>(ReadOnlySpan(HostBuffer.data<'T> b, first, count))

    /// How far after `first` the first NaN or infinity is among `count` neighbours in `Data`, or -1.
    let private firstInRange (b: HostBuffer) first count =
        match b.DType.Storage with
        | Storage.Float32 -> firstWithMask 0x7F800000u (span<float32, uint32> b first count)
        | Storage.Float64 -> firstWithMask 0x7FF0000000000000UL (span<float, uint64> b first count)
        | Storage.BFloat16 -> firstWithMask 0x7F80us (span<BFloat16, uint16> b first count)
        | Storage.Float16 -> firstWithMask 0x7C00us (span<Half, uint16> b first count)
        // The element that has the part, if there is one: -1 >>> 1 is -1.
        | Storage.Complex64 -> firstWithMask 0x7F800000u (span<Complex64, uint32> b first count) >>> 1
        | Storage.Complex128 -> firstWithMask 0x7FF0000000000000UL (span<Complex, uint64> b first count) >>> 1
        | Storage.Integer _
        | Storage.Bool -> -1

    let private indexOfPosition (shape: int[]) position =
        let index = Array.zeroCreate<int> shape.Length
        let mutable rest = position

        for axis = shape.Length - 1 downto 0 do
            index[axis] <- rest % shape[axis]
            rest <- rest / shape[axis]

        index

    let private firstHolding holds (b: HostBuffer) (shape: int[]) =
        let read = reader b
        let cursor = Cursor(shape, b.Strides, b.Offset)

        let mutable more = true

        while more && not (holds (read cursor.Place)) do
            more <- cursor.Next()

        if more then ValueSome(struct (cursor.Index, read cursor.Place)) else ValueNone

    /// The first number in row-major order for which something holds: its index and value.
    let firstWhere holds (b: HostBuffer) : struct (int[] * float) voption =
        if Shape.count b.Shape = 0 then ValueNone else firstHolding holds b (withoutBroadcast b b)

    /// By the smallest and the largest number, which take one pass in vectors each.
    let inline private liesWithin low high (numbers: ReadOnlySpan<'T>) =
        numbers.IsEmpty
        || not (
            float (TensorPrimitives.MinNumber numbers) < low
            || float (TensorPrimitives.MaxNumber numbers) > high
        )

    /// Whether no number lies outside [low, high]. NaN lies nowhere.
    let isWithin (low: float) (high: float) (b: HostBuffer) : bool =
        match b with
        | :? HostBuffer<float32> as b when b.IsContiguous ->
            liesWithin low high (ReadOnlySpan(b.Items, b.Offset, Shape.count b.Shape))
        | :? HostBuffer<float> as b when b.IsContiguous ->
            liesWithin low high (ReadOnlySpan(b.Items, b.Offset, Shape.count b.Shape))
        | b -> (firstWhere (fun x -> x < low || x > high) b).IsNone

    /// The first NaN or infinity in row-major order: its index and value.
    let firstNonFinite (b: HostBuffer) : struct (int[] * float) voption =
        let count = Shape.count b.Shape

        if count = 0 || not b.DType.HasDerivatives then
            ValueNone
        elif b.IsContiguous then
            match firstInRange b b.Offset count with
            | -1 -> ValueNone
            | i -> ValueSome(struct (indexOfPosition b.Shape i, reader b (b.Offset + i)))
        else
            let shape = withoutBroadcast b b
            let struct (first, length) = memory b shape

            // What is found there need not be in the view, or the first in it.
            if isDense length shape && firstInRange b first length = -1 then
                ValueNone
            else
                firstHolding (Double.IsFinite >> not) b shape

    /// The first NaN in row-major order: its index and value.
    let firstNaN (b: HostBuffer) : struct (int[] * float) voption =
        if Shape.count b.Shape = 0 || not b.DType.HasDerivatives then
            ValueNone
        else
            firstHolding Double.IsNaN b (withoutBroadcast b b)

    let private same<'T, 'Bits
        when 'T: struct
        and 'T: (new: unit -> 'T)
        and 'T :> ValueType
        and 'Bits: struct
        and 'Bits: (new: unit -> 'Bits)
        and 'Bits :> ValueType>
        (a: HostBuffer)
        (b: HostBuffer)
        =
        let left = HostBuffer.data<'T> a
        let right = HostBuffer.data<'T> b
        let equal = EqualityComparer<'T>.Default

        let sameRange leftFirst rightFirst count =
            let leftBits = span<'T, 'Bits> a leftFirst count
            let rightBits = span<'T, 'Bits> b rightFirst count
            let mutable result = true
            let mutable i = 0

            // Runs of equal bits are skipped at full speed. Only where bits differ do the numbers decide:
            // 0 and -0, or two NaNs, are equal.
            while result && i < count do
                i <- i + MemoryExtensions.CommonPrefixLength(leftBits.Slice i, rightBits.Slice i)

                if i < count then
                    result <- equal.Equals(left[leftFirst + i], right[rightFirst + i])
                    i <- i + 1

            result

        let sameByIndex shape =
            let leftAt = Cursor(shape, a.Strides, a.Offset)
            let rightAt = Cursor(shape, b.Strides, b.Offset)
            let mutable result = equal.Equals(left[leftAt.Place], right[rightAt.Place])

            while result && leftAt.Next() && rightAt.Next() do
                result <- equal.Equals(left[leftAt.Place], right[rightAt.Place])

            result

        let count = Shape.count a.Shape

        if count = 0 then
            true
        elif a.IsContiguous && b.IsContiguous then
            sameRange a.Offset b.Offset count
        else
            let shape = withoutBroadcast a b
            let struct (leftFirst, length) = memory a shape
            let struct (rightFirst, _) = memory b shape

            // What differs there need not be in the views.
            (Shape.equal a.Strides b.Strides && isDense length shape && sameRange leftFirst rightFirst length)
            || sameByIndex shape

    /// Whether two buffers of equal shape and dtype hold equal numbers. NaN equals NaN, and 0 equals -0.
    let sameValues (a: HostBuffer) (b: HostBuffer) =
        match a.DType.Storage with
        | Storage.Float32 -> same<float32, uint32> a b
        | Storage.Float64 -> same<float, uint64> a b
        | Storage.BFloat16 -> same<BFloat16, uint16> a b
        | Storage.Float16 -> same<Half, uint16> a b
        | Storage.Integer size ->
            match size with
            | IntegerSize.Bits8 -> same<sbyte, sbyte> a b
            | IntegerSize.Bits16 -> same<int16, int16> a b
            | IntegerSize.Bits32 -> same<int, int> a b
            | IntegerSize.Bits64 -> same<int64, int64> a b
        | Storage.Bool -> same<bool, byte> a b
        | Storage.Complex64 -> same<Complex64, uint64> a b
        | Storage.Complex128 -> same<Complex, UInt128> a b

    /// Elements that a hash looks at.
    [<Literal>]
    let private HashedElements = 64

    /// Adds numbers to a hash: all of few, of many some from all over. Buffers with `sameValues` get the same one.
    let addHash (hash: byref<HashCode>) (b: HostBuffer) =
        let count = Shape.count b.Shape

        if count > 0 then
            let read = reader b
            let taken = min count HashedElements

            for k in 0 .. taken - 1 do
                // The first, the last, and evenly between them.
                let mutable rest = if taken = 1 then 0L else int64 k * int64 (count - 1) / int64 (taken - 1)
                let mutable place = b.Offset

                for axis in b.Shape.Length - 1 .. -1 .. 0 do
                    let size = int64 b.Shape[axis]
                    place <- place + int (rest % size) * b.Strides[axis]
                    rest <- rest / size

                // Equal for both zeros, and for all NaNs.
                hash.Add(read place)
