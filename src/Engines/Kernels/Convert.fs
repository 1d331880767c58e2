namespace Cotangent.Engines

// Changing the element type. Numbers that the target can't hold become the nearest ones that it can: integers
// saturate, NaN becomes 0, and floats go to the nearest float, ties to even, or to infinity. Real numbers
// lose their fraction on the way to an integer. Any number but 0 is true; true is 1.

open System
open System.Numerics
open System.Numerics.Tensors
open System.Runtime.InteropServices
open Cotangent

module internal Convert =

    // BFloat16 is the upper half of a Float32.

    let private widenBFloat16 (x: ReadOnlySpan<BFloat16>) (y: Span<float32>) =
        Tile.optimised ()
        let x = MemoryMarshal.Cast<BFloat16, uint16> x
        let y = MemoryMarshal.Cast<float32, uint32> y
        let half = Vector<uint16>.Count
        let mutable i = 0

        while i <= x.Length - half do
            let v = Vector<uint16>(x.Slice i)
            (Vector.WidenLower v <<< 16).CopyTo(y.Slice i)
            (Vector.WidenUpper v <<< 16).CopyTo(y.Slice(i + half / 2))
            i <- i + half

        while i < x.Length do
            y[i] <- uint32 x[i] <<< 16
            i <- i + 1

    let private narrowBFloat16 (x: ReadOnlySpan<float32>) (y: Span<BFloat16>) =
        Tile.optimised ()
        let halves = MemoryMarshal.Cast<BFloat16, uint16> y
        let w = Vector<float32>.Count

        // As BFloat16.OfSingle.
        let inline narrow (v: Vector<float32>) =
            let bits = Vector.AsVectorUInt32 v
            let rounded = bits + Vector<uint32> 0x7FFFu + ((bits >>> 16) &&& Vector<uint32>.One)
            let quiet = bits ||| Vector<uint32> 0x00400000u
            Vector.ConditionalSelect(Vector.AsVectorUInt32(Vector.Equals(v, v)), rounded, quiet) >>> 16

        let mutable i = 0

        while i <= x.Length - 2 * w do
            let low = narrow (Vector<float32>(x.Slice i))
            let high = narrow (Vector<float32>(x.Slice(i + w)))
            (Vector.Narrow(low, high): Vector<uint16>).CopyTo(halves.Slice i)
            i <- i + 2 * w

        while i < x.Length do
            y[i] <- BFloat16.OfSingle x[i]
            i <- i + 1

    // A Float64 rounded to Float32 and again to 16 bits would be rounded twice, and sometimes wrongly.
    // Rounded to odd first (cut off, with the last bit set if anything was lost), it keeps on which side of a
    // tie it lay; 24 bits are enough for that, since the targets have 11 and 8 (S. Boldo and G. Melquiond,
    // "When double rounding is odd", 2005).

    let private oddSingle (x: float) =
        let nearest = float32 x

        if float nearest = x || Double.IsNaN x then
            nearest
        else
            let cut =
                if abs (float nearest) > abs x then
                    BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits nearest - 1u)
                else
                    nearest

            BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits cut ||| 1u)

    /// The same rounding from Int64 to Float64, which holds 53 bits.
    let private oddDouble (x: int64) =
        if abs (x >>> 1) < (1L <<< 52) then
            float x
        else
            let lost = x &&& 0x7FFL
            float ((x - lost) ||| (if lost = 0L then 0L else 0x800L))

    // One method per kind of conversion, on rows.

    let private row<'A, 'B when 'A :> INumberBase<'A> and 'B :> INumberBase<'B>>
        (xs: 'A[])
        xo
        (ys: 'B[])
        yo
        n
        =
        TensorPrimitives.ConvertSaturating(ReadOnlySpan(xs, xo, n), Span(ys, yo, n))

    /// The same where an instruction converts as a cast does.
    let inline private rowBy ([<InlineIfLambda>] f: 'A -> 'B) (xs: 'A[]) xo (ys: 'B[]) yo n =
        if not (ShortRow.convert f xs xo ys yo n) then row<'A, 'B> xs xo ys yo n

    let private widen32 xs xo ys yo n = rowBy (fun (x: float32) -> float x) xs xo ys yo n
    let private narrow64 xs xo ys yo n = rowBy (fun (x: float) -> Operators.float32 x) xs xo ys yo n
    let private int32To32 xs xo ys yo n = rowBy (fun (x: int) -> Operators.float32 x) xs xo ys yo n
    let private int32To64 xs xo ys yo n = rowBy (fun (x: int) -> float x) xs xo ys yo n
    let private int32ToInt64 xs xo ys yo n = rowBy (fun (x: int) -> Operators.int64 x) xs xo ys yo n
    let private int64To32 xs xo ys yo n = rowBy (fun (x: int64) -> Operators.float32 x) xs xo ys yo n
    let private float64ToInt64 xs xo ys yo n = rowBy (fun (x: float) -> Operators.int64 x) xs xo ys yo n
    let private int64To64 xs xo ys yo n = rowBy (fun (x: int64) -> float x) xs xo ys yo n

    // Integers of other sizes go by way of Int32, or of Int64, which hold them. Loops that are compiled ahead, over the
    // arrays of signed integers in which unsigned ones lie.

    let inline private each ([<InlineIfLambda>] f: 'A -> 'B) (xs: 'A[]) xo (ys: 'B[]) yo n =
        Tile.optimised ()

        for i in 0 .. n - 1 do
            ys[yo + i] <- f xs[xo + i]

    let private int8To32 xs xo ys yo n = each (fun (x: sbyte) -> int x) xs xo ys yo n
    let private int16To32 xs xo ys yo n = each (fun (x: int16) -> int x) xs xo ys yo n
    let private uint8To32 xs xo ys yo n = each (fun (x: sbyte) -> int (byte x)) xs xo ys yo n
    let private uint16To32 xs xo ys yo n = each (fun (x: int16) -> int (uint16 x)) xs xo ys yo n
    let private uint32To64 xs xo ys yo n = each (fun (x: int) -> Operators.int64 (uint32 x)) xs xo ys yo n

    /// What pictures are converted to first of all.
    let private uint8ToSingle xs xo ys yo n =
        each (fun (x: sbyte) -> Operators.float32 (byte x)) xs xo ys yo n

    let private toInt8 xs xo ys yo n = each (fun x -> sbyte (Math.Clamp(x, -128, 127))) xs xo ys yo n
    let private toInt16 xs xo ys yo n = each (fun x -> int16 (Math.Clamp(x, -32768, 32767))) xs xo ys yo n
    let private toUInt8 xs xo ys yo n = each (fun x -> sbyte (Math.Clamp(x, 0, 255))) xs xo ys yo n
    let private toUInt16 xs xo ys yo n = each (fun x -> int16 (Math.Clamp(x, 0, 65535))) xs xo ys yo n
    let private toUInt32 xs xo ys yo n = each (fun x -> int (Math.Clamp(x, 0L, 0xFFFFFFFFL))) xs xo ys yo n
    let private int64ToUInt64 xs xo ys yo n = each (fun (x: int64) -> max 0L x) xs xo ys yo n
    let private lowest8 xs xo ys yo n = each (fun (x: int) -> sbyte x) xs xo ys yo n
    let private lowest16 xs xo ys yo n = each (fun (x: int) -> int16 x) xs xo ys yo n

    let private float64ToUInt64 xs xo ys yo n =
        each
            (fun (x: float) ->
                if not (x > 0.0) then
                    0L
                elif x >= 18446744073709551616.0 then
                    -1L
                elif x >= 9223372036854775808.0 then
                    Operators.int64 (x - 9223372036854775808.0) + Int64.MinValue
                else
                    Operators.int64 x)
            xs
            xo
            ys
            yo
            n

    let private uint64To64 xs xo ys yo n = each (fun (x: int64) -> float (uint64 x)) xs xo ys yo n

    let private uint64ToInt64 xs xo ys yo n =
        each (fun (x: int64) -> if x < 0L then Int64.MaxValue else x) xs xo ys yo n

    /// The same rounding to Float64 from UInt64: of large ones, half the number keeps what is lost in its last bit.
    let private oddUnsigned (x: int64) =
        if x >= 0L then
            oddDouble x
        else
            2.0 * oddDouble (Operators.int64 ((uint64 x >>> 1) ||| (uint64 x &&& 1UL)))

    let private uint64ToSingle xs xo ys yo n = each (fun x -> Operators.float32 (oddUnsigned x)) xs xo ys yo n
    let private uint64ToOddSingle xs xo ys yo n = each (fun x -> oddSingle (oddUnsigned x)) xs xo ys yo n

    let private toBool<'A when 'A :> INumberBase<'A>> (xs: 'A[]) xo (ys: bool[]) yo n =
        Tile.optimised ()

        for i in 0 .. n - 1 do
            ys[yo + i] <- not ('A.IsZero xs[xo + i])

    let private ofBool<'B when 'B :> INumberBase<'B>> (xs: bool[]) xo (ys: 'B[]) yo n =
        TensorPrimitives.ConvertSaturating(
            MemoryMarshal.Cast<bool, byte>(ReadOnlySpan(xs, xo, n)),
            Span(ys, yo, n)
        )

    let private ofFloat16 (xs: Half[]) xo (ys: float32[]) yo n =
        TensorPrimitives.ConvertToSingle(ReadOnlySpan(xs, xo, n), Span(ys, yo, n))

    let private toFloat16 (xs: float32[]) xo (ys: Half[]) yo n =
        TensorPrimitives.ConvertToHalf(ReadOnlySpan(xs, xo, n), Span(ys, yo, n))

    let private ofBFloat16 (xs: BFloat16[]) xo (ys: float32[]) yo n =
        widenBFloat16 (ReadOnlySpan(xs, xo, n)) (Span(ys, yo, n))

    let private toBFloat16 (xs: float32[]) xo (ys: BFloat16[]) yo n =
        narrowBFloat16 (ReadOnlySpan(xs, xo, n)) (Span(ys, yo, n))

    let private doubleToSingle (xs: float[]) xo (ys: float32[]) yo n =
        Tile.optimised ()

        for i in 0 .. n - 1 do
            ys[yo + i] <- oddSingle xs[xo + i]

    let private int64ToSingle (xs: int64[]) xo (ys: float32[]) yo n =
        Tile.optimised ()

        for i in 0 .. n - 1 do
            ys[yo + i] <- oddSingle (oddDouble xs[xo + i])

    let private int32ToSingle (xs: int[]) xo (ys: float32[]) yo n =
        Tile.optimised ()

        for i in 0 .. n - 1 do
            ys[yo + i] <- oddSingle (float xs[xo + i])

    /// Applies a row function to all elements.
    let inline private map
        (dtype: DType)
        (x: HostBuffer)
        ([<InlineIfLambda>] f: 'A[] -> int -> 'B[] -> int -> int -> unit)
        : HostBuffer =
        let x = x :?> HostBuffer<'A>
        let n = Shape.count x.Shape
        let y = Strided.allocate<'B> n

        if n < Strided.ParallelFrom then
            f x.Items x.Offset y 0 n
        else
            Strided.pieces n (fun first count -> f x.Items (x.Offset + first) y first count)

        HostBuffer<'B>(dtype, y, x.Shape, x.Strides, 0)

    let private float16 = DType.Float16
    let private bfloat16 = DType.BFloat16
    let private float32 = DType.Float32
    let private float64 = DType.Float64
    let private int32 = DType.Int32
    let private int64 = DType.Int64

    let rec private contiguous (target: DType) (x: HostBuffer) : HostBuffer =
        match target with
        | _ when target = x.DType -> x
        | DType.Int8 -> map target (contiguous int32 x) toInt8
        | DType.Int16 -> map target (contiguous int32 x) toInt16
        | DType.UInt8 -> map target (contiguous int32 x) toUInt8
        | DType.UInt16 -> map target (contiguous int32 x) toUInt16
        | DType.UInt32 -> map target (contiguous int64 x) toUInt32
        | DType.UInt64 when x.DType.IsFloat -> map target (contiguous float64 x) float64ToUInt64
        | DType.UInt64 -> map target (contiguous int64 x) int64ToUInt64
        | DType.Float32
        | DType.Float64
        | DType.Float16
        | DType.BFloat16
        | DType.Int32
        | DType.Int64
        | DType.Bool
        | DType.Complex64
        | DType.Complex128 -> toCommon target x

    /// To the dtypes that all others are reached by.
    and private toCommon (target: DType) (x: HostBuffer) : HostBuffer =
        match x.DType with
        | DType.Float16 -> contiguous target (map float32 x ofFloat16)
        | DType.BFloat16 -> contiguous target (map float32 x ofBFloat16)
        | DType.Int8 -> contiguous target (map int32 x int8To32)
        | DType.Int16 -> contiguous target (map int32 x int16To32)
        | DType.UInt8 when target = float32 -> map float32 x uint8ToSingle
        | DType.UInt8 -> contiguous target (map int32 x uint8To32)
        | DType.UInt16 -> contiguous target (map int32 x uint16To32)
        | DType.UInt32 -> contiguous target (map int64 x uint32To64)
        | DType.UInt64 ->
            match target.Storage with
            | Storage.Float32 -> map float32 x uint64ToSingle
            | Storage.Float64 -> map float64 x uint64To64
            | Storage.Float16
            | Storage.BFloat16 -> contiguous target (map float32 x uint64ToOddSingle)
            | Storage.Integer _ -> contiguous target (map int64 x uint64ToInt64)
            | Storage.Bool -> map target x toBool<int64>
            | Storage.Complex64
            | Storage.Complex128 -> toComplex target x
        | DType.Float32 ->
            match target.Storage with
            | Storage.Float32 -> x
            | Storage.Float64 -> map float64 x widen32
            | Storage.Float16 -> map float16 x toFloat16
            | Storage.BFloat16 -> map bfloat16 x toBFloat16
            | Storage.Integer IntegerSize.Bits64 -> map int64 x row<float32, int64>
            | Storage.Integer _ -> map int32 x row<float32, int>
            | Storage.Bool -> map target x toBool<float32>
            | Storage.Complex64
            | Storage.Complex128 -> toComplex target x
        | DType.Float64 ->
            match target.Storage with
            | Storage.Float64 -> x
            | Storage.Float32 -> map float32 x narrow64
            | Storage.Float16
            | Storage.BFloat16 -> contiguous target (map float32 x doubleToSingle)
            | Storage.Integer IntegerSize.Bits64 -> map int64 x float64ToInt64
            | Storage.Integer _ -> map int32 x row<float, int>
            | Storage.Bool -> map target x toBool<float>
            | Storage.Complex64
            | Storage.Complex128 -> toComplex target x
        | DType.Int32 ->
            match target.Storage with
            | Storage.Float32 -> map float32 x int32To32
            | Storage.Float64 -> map float64 x int32To64
            | Storage.Float16
            | Storage.BFloat16 -> contiguous target (map float32 x int32ToSingle)
            | Storage.Integer IntegerSize.Bits64 -> map int64 x int32ToInt64
            | Storage.Integer _ -> x
            | Storage.Bool -> map target x toBool<int>
            | Storage.Complex64
            | Storage.Complex128 -> toComplex target x
        | DType.Int64 ->
            match target.Storage with
            | Storage.Float32 -> map float32 x int64To32
            | Storage.Float64 -> map float64 x int64To64
            | Storage.Float16
            | Storage.BFloat16 -> contiguous target (map float32 x int64ToSingle)
            | Storage.Integer IntegerSize.Bits64 -> x
            | Storage.Integer _ -> map int32 x row<int64, int>
            | Storage.Bool -> map target x toBool<int64>
            | Storage.Complex64
            | Storage.Complex128 -> toComplex target x
        | DType.Bool ->
            match target.Storage with
            | Storage.Float32 -> map float32 x ofBool<float32>
            | Storage.Float64 -> map float64 x ofBool<float>
            | Storage.Float16
            | Storage.BFloat16 -> contiguous target (map float32 x ofBool<float32>)
            | Storage.Integer IntegerSize.Bits64 -> map int64 x ofBool<int64>
            | Storage.Integer _ -> map int32 x ofBool<int>
            | Storage.Bool -> x
            | Storage.Complex64
            | Storage.Complex128 -> toComplex target x
        | DType.Complex64
        | DType.Complex128 -> toComplex target x

    /// Real numbers by way of the dtype of the parts.
    and private toComplex (target: DType) (x: HostBuffer) : HostBuffer =
        match target.Storage with
        | Storage.Complex64 when x.DType.IsComplex -> map target x ComplexRows.round
        | Storage.Complex64 -> map target (contiguous float32 x) ComplexRows.ofSingle
        | Storage.Complex128 when x.DType.IsComplex -> map target x ComplexRows.widen
        | Storage.Complex128 -> map target (contiguous float64 x) ComplexRows.ofReal
        | Storage.Float32
        | Storage.Float64
        | Storage.Float16
        | Storage.BFloat16
        | Storage.Integer _
        | Storage.Bool ->
            invalidOp $"{x.DType} does not convert to {target}; the shape rule should have refused it."

    /// Of a view, each element that it shows is converted once.
    let inline private ofAll
        (x: HostBuffer)
        ([<InlineIfLambda>] convert: HostBuffer -> HostBuffer)
        : HostBuffer =
        if x.IsContiguous then
            convert x
        else
            Strided.distinct x (fun x -> convert (Strided.materialise x))

    /// The elements as another dtype; the same buffer if it has that dtype.
    let buffer (target: DType) (x: HostBuffer) : HostBuffer =
        if x.DType = target then x else ofAll x (fun x -> contiguous target x)

    /// The dtype in which kernels without an own one for a dtype compute: one that holds all its numbers.
    let private wide (dtype: DType) : DType =
        match dtype with
        | DType.BFloat16
        | DType.Float16 -> float32
        | DType.Int8
        | DType.Int16
        | DType.UInt8
        | DType.UInt16 -> int32
        | DType.UInt32 -> int64
        | DType.Float32
        | DType.Float64
        | DType.Int32
        | DType.Int64
        | DType.UInt64
        | DType.Bool
        | DType.Complex64
        | DType.Complex128 -> dtype

    /// A buffer of 16-bit floats as Float32, in which it computes; one of narrow integers as wider ones.
    let widen (x: HostBuffer) = buffer (wide x.DType) x

    /// Int32 as a dtype of 8 or 16 bits, by leaving out the others: sums and products of narrow integers wrap around.
    let wrap (dtype: DType) (x: HostBuffer) : HostBuffer =
        ofAll x (fun x -> if dtype.Size = 1 then map dtype x lowest8 else map dtype x lowest16)

    let private flip xs xo ys yo n = each (fun (x: int64) -> x ^^^ Int64.MinValue) xs xo ys yo n

    /// Integers as Int32 or Int64 of the same order.
    let ordered (x: HostBuffer) : HostBuffer =
        if x.DType = DType.UInt64 then ofAll x (fun x -> map int64 x flip) else widen x

    /// Back from that.
    let ofOrdered (dtype: DType) (x: HostBuffer) : HostBuffer =
        if dtype = DType.UInt64 then ofAll x (fun x -> map dtype x flip) else buffer dtype x
