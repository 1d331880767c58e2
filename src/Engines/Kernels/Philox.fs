namespace Cotangent.Engines

// The counter-based generator Philox4x32-10 of J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", SC'11. A block of four 32-bit words is a function of a counter and a key,
// with no state between blocks: element i of a draw depends on the key and on i alone, whatever the shape
// around it, the number of threads or the device.
//
// A tensor's key is 64 bits: key word 0 is its low half, word 1 its high half. The counter's words are the
// number of the block (low, high), the stream, and 0. Streams keep the keys made by splitting apart from the
// numbers drawn.

open System
open Microsoft.FSharp.NativeInterop
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

#nowarn "9" // pointers

module internal Philox =

    /// The four words of a block; counter and key word by word.
    let block c0 c1 c2 c3 k0 k1 = PhiloxBlocks.block c0 c1 c2 c3 k0 k1

    /// Blocks that are computed before their numbers are made.
    [<Literal>]
    let private Ahead = 64

    /// Low word first.
    let private pair (low: uint32) (high: uint32) = (uint64 high <<< 32) ||| uint64 low

    // For every key `count` elements, into an array from `start` on. A draw of a few blocks stays on its thread.

    /// For each block: where its first element goes, how many are left from there on, and its words.
    let inline private blocks
        (keys: int64[])
        count
        perBlock
        stream
        start
        ([<InlineIfLambda>] put: int -> int -> nativeptr<uint32> -> unit)
        =
        let ofEach = partsOf count perBlock

        Strided.ranges (keys.Length * ofEach) (8L * int64 keys.Length * int64 count) (fun first last ->
            let words = NativePtr.stackalloc<uint32>(4 * Ahead)
            let mutable item = first
            let mutable key = first / ofEach
            let mutable i = first - key * ofEach

            while item < last do
                let n = min Ahead (last - item)
                PhiloxBlocks.write keys ofEach stream item n words

                for j in 0 .. n - 1 do
                    put
                        (start + key * count + perBlock * i)
                        (count - perBlock * i)
                        (NativePtr.add words (4 * j))

                    i <- i + 1

                    if i = ofEach then
                        i <- 0
                        key <- key + 1

                item <- item + n)

    /// Elements of one word each.
    let inline private words
        (keys: int64[])
        count
        stream
        (y: 'T[])
        start
        ([<InlineIfLambda>] make: uint32 -> 'T)
        =
        blocks keys count 4 stream start (fun at left w ->
            for k in 0 .. min left 4 - 1 do
                y[at + k] <- make (NativePtr.get w k))

    /// Elements of two words each.
    let inline private pairs
        (keys: int64[])
        count
        stream
        (y: 'T[])
        start
        ([<InlineIfLambda>] make: uint64 -> 'T)
        =
        blocks keys count 2 stream start (fun at left w ->
            for k in 0 .. min left 2 - 1 do
                y[at + k] <- make (pair (NativePtr.get w (2 * k)) (NativePtr.get w (2 * k + 1))))

    /// `count` draws for every key, into an array of the dtype's elements. Uniform numbers take as many leading bits as
    /// the dtype's significand holds, so that none is rounded, and none up to 1.
    let fill (draw: Draw) (dtype: DType) (keys: int64[]) count (target: Array) start : unit =
        let refuse () = raise (DTypeException $"random: {draw} draws can't be {dtype}.")

        match draw with
        | Draw.Uniform ->
            match dtype.Storage with
            | Storage.Float32 ->
                words keys count 0u (target :?> float32[]) start (fun w ->
                    float32 (w >>> 8) * (1.0f / 16777216.0f))
            | Storage.Float64 ->
                pairs keys count 0u (target :?> float[]) start (fun w ->
                    float (w >>> 11) * (1.0 / 9007199254740992.0))
            | Storage.Float16 ->
                words keys count 0u (target :?> Half[]) start (fun w ->
                    Half.op_Explicit (float32 (w >>> 21) * (1.0f / 2048.0f)))
            | Storage.BFloat16 ->
                words keys count 0u (target :?> BFloat16[]) start (fun w ->
                    BFloat16.OfSingle(float32 (w >>> 24) * (1.0f / 256.0f)))
            | Storage.Integer _
            | Storage.Bool
            | Storage.Complex64
            | Storage.Complex128 -> refuse ()
        | Draw.Bits
        | Draw.Keys ->
            let stream =
                match draw with
                | Draw.Uniform
                | Draw.Bits -> 0u
                | Draw.Keys -> 1u

            match dtype.Storage with
            | Storage.Integer size ->
                match size with
                | IntegerSize.Bits8 -> words keys count stream (target :?> sbyte[]) start sbyte
                | IntegerSize.Bits16 -> words keys count stream (target :?> int16[]) start int16
                | IntegerSize.Bits32 -> words keys count stream (target :?> int[]) start int32
                | IntegerSize.Bits64 -> pairs keys count stream (target :?> int64[]) start int64
            | Storage.Float32
            | Storage.Float64
            | Storage.Float16
            | Storage.BFloat16
            | Storage.Bool
            | Storage.Complex64
            | Storage.Complex128 -> refuse ()

    let private wordAt key stream (i: int64) =
        let struct (w0, w1, w2, w3) = PhiloxBlocks.ofKey key stream (int (i / 4L))

        match int (i % 4L) with
        | 0 -> w0
        | 1 -> w1
        | 2 -> w2
        | _ -> w3

    let private pairAt key stream (i: int64) =
        let struct (w0, w1, w2, w3) = PhiloxBlocks.ofKey key stream (int (i / 2L))
        if i % 2L = 0L then pair w0 w1 else pair w2 w3

    /// One number of those that a key draws.
    let element (draw: Draw) (dtype: DType) (key: int64) (i: int64) : Literal =
        let stream =
            match draw with
            | Draw.Uniform
            | Draw.Bits -> 0u
            | Draw.Keys -> 1u

        match dtype with
        | DType.Float32 -> Literal.Real(float (wordAt key stream i >>> 8) * (1.0 / 16777216.0))
        | DType.Float64 -> Literal.Real(float (pairAt key stream i >>> 11) * (1.0 / 9007199254740992.0))
        | DType.Int32 -> Literal.Whole(int64 (int (wordAt key stream i)))
        | DType.Int64 -> Literal.Whole(int64 (pairAt key stream i))
        | DType.Float16
        | DType.BFloat16
        | DType.Int8
        | DType.Int16
        | DType.UInt8
        | DType.UInt16
        | DType.UInt32
        | DType.UInt64
        | DType.Bool
        | DType.Complex64
        | DType.Complex128 -> raise (DTypeException $"random: {draw} draws of one number can't be {dtype}.")

    /// For each key the number of each index.
    let elements (draw: Draw) (dtype: DType) (keys: HostBuffer) (indices: HostBuffer) : HostBuffer =
        let items (b: HostBuffer) =
            let b = Strided.contiguous (b :?> HostBuffer<int64>)
            ReadOnlySpan(b.Items, b.Offset, Shape.count b.Shape).ToArray()

        let numbers = Array.map2 (element draw dtype) (items keys) (items indices)
        let result = Buffers.fresh dtype keys.Shape

        for i in 0 .. numbers.Length - 1 do
            match result.Data, numbers[i] with
            | (:? (float32[]) as y), Literal.Real x -> y[i] <- float32 x
            | (:? (float[]) as y), Literal.Real x -> y[i] <- x
            | (:? (int[]) as y), Literal.Whole x -> y[i] <- int x
            | (:? (int64[]) as y), Literal.Whole x -> y[i] <- x
            | _ -> invalidOp $"No numbers of {dtype} are drawn."

        result

    /// A few draws by the key at one address, to another: what compiled programs call. Kind: 0 uniform Float32, 1 uniform
    /// Float64, 2 Int32 bits, 3 Int64 bits, 4 Int64 keys.
    let drawAt (key: nativeint) (target: nativeint) (count: int) (kind: int) : unit =
        let key = NativePtr.read (NativePtr.ofNativeInt<int64> key)
        let stream = if kind = 4 then 1u else 0u
        let wide = (kind = 1 || kind >= 3)
        let mutable at = 0
        let mutable i = 0

        while at < count do
            let struct (w0, w1, w2, w3) = PhiloxBlocks.ofKey key stream i
            i <- i + 1

            if wide then
                let inline put (word: uint64) =
                    if at < count then
                        if kind = 1 then
                            NativePtr.set
                                (NativePtr.ofNativeInt<float> target)
                                at
                                (float (word >>> 11) * (1.0 / 9007199254740992.0))
                        else
                            NativePtr.set (NativePtr.ofNativeInt<uint64> target) at word

                        at <- at + 1

                put (pair w0 w1)
                put (pair w2 w3)
            else
                let inline put (word: uint32) =
                    if at < count then
                        if kind = 0 then
                            NativePtr.set
                                (NativePtr.ofNativeInt<float32> target)
                                at
                                (float32 (word >>> 8) * (1.0f / 16777216.0f))
                        else
                            NativePtr.set (NativePtr.ofNativeInt<uint32> target) at word

                        at <- at + 1

                put w0
                put w1
                put w2
                put w3

    /// Draws of a shape for every key.
    let random (draw: Draw) dtype (shape: int[]) (keys: HostBuffer) : HostBuffer =
        let whole = Array.append keys.Shape shape
        let total = Shape.count whole
        let keys = Strided.contiguous (keys :?> HostBuffer<int64>)
        let keys = ReadOnlySpan(keys.Items, keys.Offset, Shape.count keys.Shape).ToArray()
        let result = Buffers.fresh dtype whole
        if total > 0 then fill draw dtype keys (Shape.count shape) result.Data 0
        result

/// A class of one method is looked through faster than the module.
[<Sealed; AbstractClass>]
type internal PhiloxCall private () =
    static member Draw(key: nativeint, target: nativeint, count: int, kind: int) : unit =
        Philox.drawAt key target count kind
