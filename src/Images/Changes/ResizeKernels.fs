namespace Cotangent.Images

open System
open System.Runtime.Intrinsics
open Microsoft.FSharp.NativeInterop

/// Weighted sums of bytes, in whole numbers as Pillow computes them: weights of 22 bits behind the point, each sum rounded and brought
/// into 0 to 255.
module internal ResizeKernels =
    [<Literal>]
    let private Bits = 22

    /// Half of one, for rounding.
    [<Literal>]
    let private Half = 2097152

    let private whole (weights: float[]) : int[] =
        weights |> Array.map (fun weight -> int (Math.CopySign(0.5, weight) + weight * float (1 <<< Bits)))

    let inline private level (sum: int) : byte = byte (Math.Clamp(sum >>> Bits, 0, 255))

    let inline private ints (bytes: Vector128<byte>) : Vector128<int> =
        Vector128.WidenLower(Vector128.WidenLower bytes).AsInt32()

    let inline private levels (sums: Vector128<int>) : Vector128<int> =
        Vector128.Min(
            Vector128.Max(Vector128.ShiftRightArithmetic(sums, Bits), Vector128<int>.Zero),
            Vector128.Create 255
        )

    /// One channel of one new pixel.
    let inline private scalar (from: nativeptr<byte>) step (weights: nativeptr<int>) count : byte =
        let mutable sum = Half

        for tap in 0 .. count - 1 do
            sum <- sum + int (NativePtr.get from (tap * step)) * NativePtr.get weights tap

        level sum

    /// All channels of one new pixel at once, three of them or four. Reads four bytes for each neighbour.
    let inline private pixel (from: nativeptr<byte>) step (weights: nativeptr<int>) count : uint32 =
        let mutable sums = Vector128.Create Half

        for tap in 0 .. count - 1 do
            let four =
                NativePtr.read (
                    NativePtr.ofNativeInt<uint32>(NativePtr.toNativeInt (NativePtr.add from (tap * step)))
                )

            sums <-
                sums
                + ints (Vector128.CreateScalarUnsafe(four).AsByte())
                  * Vector128.Create(NativePtr.get weights tap)

        let shorts = Vector128.Narrow(levels sums, Vector128<int>.Zero).AsUInt16()
        Vector128.Narrow(shorts, Vector128<uint16>.Zero).AsUInt32().ToScalar()

    /// How many bytes `across` writes to: four more than are asked for, so that a pixel of three can be written as one of four.
    let roomAcross rows wanted channels = rows * wanted * channels + 4

    /// Rows of a picture made wider or narrower: from `rows` rows of `from`, the first at byte `start`, `stride` bytes apart.
    let across (from: byte[]) start stride rows channels (taps: Taps) (into: byte[]) : unit =
        let wanted = taps.First.Length
        let weights = whole taps.Weights
        use source = fixed from
        use target = fixed into
        use weights = fixed weights

        for row in 0 .. rows - 1 do
            let line = NativePtr.add source (start + row * stride)
            // Of the bytes behind the last pixel, none may be read.
            let left = from.Length - (start + row * stride)
            let mutable o = row * wanted * channels

            for i in 0 .. wanted - 1 do
                let first, count = taps.First[i], taps.Count[i]
                let own = NativePtr.add weights (i * taps.Room)
                let neighbours = NativePtr.add line (first * channels)

                if channels > 1 && (first + count - 1) * channels + 4 <= left then
                    NativePtr.write
                        (NativePtr.ofNativeInt<uint32>(NativePtr.toNativeInt (NativePtr.add target o)))
                        (pixel neighbours channels own count)
                else
                    for c in 0 .. channels - 1 do
                        NativePtr.set target (o + c) (scalar (NativePtr.add neighbours c) channels own count)

                o <- o + channels

    /// Sixteen bytes of a new row, from the same columns of `count` rows.
    let inline private sixteen
        (from: nativeptr<byte>)
        stride
        (weights: nativeptr<int>)
        count
        (into: nativeptr<byte>)
        =
        let mutable a = Vector128.Create Half
        let mutable b = a
        let mutable c = a
        let mutable d = a

        for tap in 0 .. count - 1 do
            let bytes = Vector128.Load(NativePtr.add from (tap * stride))
            let weight = Vector128.Create(NativePtr.get weights tap)
            let low = Vector128.WidenLower bytes
            let high = Vector128.WidenUpper bytes
            a <- a + Vector128.WidenLower(low).AsInt32() * weight
            b <- b + Vector128.WidenUpper(low).AsInt32() * weight
            c <- c + Vector128.WidenLower(high).AsInt32() * weight
            d <- d + Vector128.WidenUpper(high).AsInt32() * weight

        let low = Vector128.Narrow(levels a, levels b).AsUInt16()
        let high = Vector128.Narrow(levels c, levels d).AsUInt16()
        Vector128.Narrow(low, high).Store into

    /// Columns made longer or shorter: from rows of `length` bytes, the first at byte `start`, `stride` bytes apart.
    let down (from: byte[]) start stride length (taps: Taps) : byte[] =
        let wanted = taps.First.Length
        let into = GC.AllocateUninitializedArray<byte>(wanted * length)
        let weights = whole taps.Weights
        use source = fixed from
        use target = fixed into
        use weights = fixed weights

        for i in 0 .. wanted - 1 do
            let first = NativePtr.add source (start + taps.First[i] * stride)
            let count = taps.Count[i]
            let own = NativePtr.add weights (i * taps.Room)
            let line = NativePtr.add target (i * length)

            if length >= 16 then
                let mutable at = 0

                while at + 16 <= length do
                    sixteen (NativePtr.add first at) stride own count (NativePtr.add line at)
                    at <- at + 16

                // The rest with some of what is done already.
                if at < length then
                    sixteen
                        (NativePtr.add first (length - 16))
                        stride
                        own
                        count
                        (NativePtr.add line (length - 16))
            else
                for at in 0 .. length - 1 do
                    NativePtr.set line at (scalar (NativePtr.add first at) stride own count)

        into
