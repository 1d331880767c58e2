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

#nowarn "9" // pointers

module internal Philox =

    [<Literal>]
    let private Multiplier0 = 0xD2511F53u

    [<Literal>]
    let private Multiplier1 = 0xCD9E8D57u

    // Between rounds the key advances by the golden ratio and by √3 - 1.

    [<Literal>]
    let private Weyl0 = 0x9E3779B9u

    [<Literal>]
    let private Weyl1 = 0xBB67AE85u

    /// The four words of a block; counter and key word by word.
    let block c0 c1 c2 c3 k0 k1 =
        let mutable struct (x0: uint32, x1: uint32, x2: uint32, x3: uint32) = struct (c0, c1, c2, c3)
        let mutable key0: uint32 = k0
        let mutable key1: uint32 = k1

        for _ in 1..10 do
            let p0 = uint64 Multiplier0 * uint64 x0
            let p1 = uint64 Multiplier1 * uint64 x2
            x0 <- uint32 (p1 >>> 32) ^^^ x1 ^^^ key0
            x2 <- uint32 (p0 >>> 32) ^^^ x3 ^^^ key1
            x1 <- uint32 p1
            x3 <- uint32 p0
            key0 <- key0 + Weyl0
            key1 <- key1 + Weyl1

        struct (x0, x1, x2, x3)

    let private blockOf (key: int64) (stream: uint32) (i: int) =
        block (uint32 i) 0u stream 0u (uint32 key) (uint32 (uint64 key >>> 32))

    /// Low word first.
    let private pair (low: uint32) (high: uint32) = (uint64 high <<< 32) ||| uint64 low

    // For every key `count` elements, into an array from `start` on. A draw of a few blocks stays on its thread.

    /// Elements of one word each.
    let inline private words
        (keys: int64[])
        count
        stream
        (y: 'T[])
        start
        ([<InlineIfLambda>] make: uint32 -> 'T)
        =
        let blocks = (count + 3) / 4

        Strided.ranges (keys.Length * blocks) (8L * int64 keys.Length * int64 count) (fun first last ->
            for item in first .. last - 1 do
                let key = item / blocks
                let i = item - key * blocks
                let struct (w0, w1, w2, w3) = blockOf keys[key] stream i
                let at = start + key * count + 4 * i
                let left = count - 4 * i
                y[at] <- make w0

                if left > 1 then y[at + 1] <- make w1

                if left > 2 then y[at + 2] <- make w2

                if left > 3 then y[at + 3] <- make w3)

    /// Elements of two words each.
    let inline private pairs
        (keys: int64[])
        count
        stream
        (y: 'T[])
        start
        ([<InlineIfLambda>] make: uint64 -> 'T)
        =
        let blocks = (count + 1) / 2

        Strided.ranges (keys.Length * blocks) (8L * int64 keys.Length * int64 count) (fun first last ->
            for item in first .. last - 1 do
                let key = item / blocks
                let i = item - key * blocks
                let struct (w0, w1, w2, w3) = blockOf keys[key] stream i
                let at = start + key * count + 2 * i
                y[at] <- make (pair w0 w1)

                if count - 2 * i > 1 then y[at + 1] <- make (pair w2 w3))

    /// `count` draws for every key, into an array of the dtype's elements. Uniform numbers take as many leading bits as
    /// the dtype's significand holds, so that none is rounded, and none up to 1.
    let fill (draw: Draw) dtype (keys: int64[]) count (target: Array) start : unit =
        let refuse () = raise (DTypeException $"random: {draw} draws can't be {dtype}.")

        match draw with
        | Draw.Uniform ->
            match dtype with
            | DType.Float32 ->
                words keys count 0u (target :?> float32[]) start (fun w ->
                    float32 (w >>> 8) * (1.0f / 16777216.0f))
            | DType.Float64 ->
                pairs keys count 0u (target :?> float[]) start (fun w ->
                    float (w >>> 11) * (1.0 / 9007199254740992.0))
            | DType.Float16 ->
                words keys count 0u (target :?> Half[]) start (fun w ->
                    Half.op_Explicit (float32 (w >>> 21) * (1.0f / 2048.0f)))
            | DType.BFloat16 ->
                words keys count 0u (target :?> BFloat16[]) start (fun w ->
                    BFloat16.OfSingle(float32 (w >>> 24) * (1.0f / 256.0f)))
            | DType.Int32
            | DType.Int64
            | DType.Bool -> refuse ()
        | Draw.Bits
        | Draw.Keys ->
            let stream =
                match draw with
                | Draw.Uniform
                | Draw.Bits -> 0u
                | Draw.Keys -> 1u

            match dtype with
            | DType.Int32 -> words keys count stream (target :?> int[]) start int32
            | DType.Int64 -> pairs keys count stream (target :?> int64[]) start int64
            | DType.Float32
            | DType.Float64
            | DType.Float16
            | DType.BFloat16
            | DType.Bool -> refuse ()

    /// A few draws by the key at one address, to another: what compiled programs call. Kind: 0 uniform Float32, 1 uniform
    /// Float64, 2 Int32 bits, 3 Int64 bits, 4 Int64 keys.
    let drawAt (key: nativeint) (target: nativeint) (count: int) (kind: int) : unit =
        let key = NativePtr.read (NativePtr.ofNativeInt<int64> key)
        let stream = if kind = 4 then 1u else 0u
        let wide = (kind = 1 || kind >= 3)
        let mutable at = 0
        let mutable i = 0

        while at < count do
            let struct (w0, w1, w2, w3) = blockOf key stream i
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
