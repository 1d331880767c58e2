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

    let private toBool<'A when 'A :> INumberBase<'A>> (xs: 'A[]) xo (ys: bool[]) yo n =
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
        for i in 0 .. n - 1 do
            ys[yo + i] <- oddSingle xs[xo + i]

    let private int64ToSingle (xs: int64[]) xo (ys: float32[]) yo n =
        for i in 0 .. n - 1 do
            ys[yo + i] <- oddSingle (oddDouble xs[xo + i])

    let private int32ToSingle (xs: int[]) xo (ys: float32[]) yo n =
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
        match x.DType with
        | DType.Float16 -> contiguous target (map float32 x ofFloat16)
        | DType.BFloat16 -> contiguous target (map float32 x ofBFloat16)
        | DType.Float32 ->
            match target with
            | DType.Float32 -> x
            | DType.Float64 -> map float64 x widen32
            | DType.Float16 -> map float16 x toFloat16
            | DType.BFloat16 -> map bfloat16 x toBFloat16
            | DType.Int32 -> map int32 x row<float32, int>
            | DType.Int64 -> map int64 x row<float32, int64>
            | DType.Bool -> map target x toBool<float32>
        | DType.Float64 ->
            match target with
            | DType.Float64 -> x
            | DType.Float32 -> map float32 x narrow64
            | DType.Float16
            | DType.BFloat16 -> contiguous target (map float32 x doubleToSingle)
            | DType.Int32 -> map int32 x row<float, int>
            | DType.Int64 -> map int64 x float64ToInt64
            | DType.Bool -> map target x toBool<float>
        | DType.Int32 ->
            match target with
            | DType.Int32 -> x
            | DType.Float32 -> map float32 x int32To32
            | DType.Float64 -> map float64 x int32To64
            | DType.Float16
            | DType.BFloat16 -> contiguous target (map float32 x int32ToSingle)
            | DType.Int64 -> map int64 x int32ToInt64
            | DType.Bool -> map target x toBool<int>
        | DType.Int64 ->
            match target with
            | DType.Int64 -> x
            | DType.Float32 -> map float32 x int64To32
            | DType.Float64 -> map float64 x int64To64
            | DType.Float16
            | DType.BFloat16 -> contiguous target (map float32 x int64ToSingle)
            | DType.Int32 -> map int32 x row<int64, int>
            | DType.Bool -> map target x toBool<int64>
        | DType.Bool ->
            match target with
            | DType.Bool -> x
            | DType.Float32 -> map float32 x ofBool<float32>
            | DType.Float64 -> map float64 x ofBool<float>
            | DType.Float16
            | DType.BFloat16 -> contiguous target (map float32 x ofBool<float32>)
            | DType.Int32 -> map int32 x ofBool<int>
            | DType.Int64 -> map int64 x ofBool<int64>

    /// The elements as another dtype; the same buffer if it has that dtype.
    let buffer (target: DType) (x: HostBuffer) : HostBuffer =
        if x.DType = target then x
        elif x.IsContiguous then contiguous target x
        else Strided.distinct x (fun x -> contiguous target (Strided.materialise x))

    /// A buffer of 16-bit floats as Float32, in which it computes.
    let widen (x: HostBuffer) = buffer DType.Float32 x
