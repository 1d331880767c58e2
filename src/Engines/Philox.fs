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
open Cotangent

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

    /// For every key `count` elements of one word each.
    let inline private words (keys: int64[]) count stream ([<InlineIfLambda>] make: uint32 -> 'T) : 'T[] =
        let y = Strided.allocate<'T>(keys.Length * count)
        let blocks = (count + 3) / 4

        Strided.ranges (keys.Length * blocks) (8L * int64 y.Length) (fun first last ->
            for item in first .. last - 1 do
                let key = item / blocks
                let i = item - key * blocks
                let struct (w0, w1, w2, w3) = blockOf keys[key] stream i
                let at = key * count + 4 * i
                let left = count - 4 * i
                y[at] <- make w0

                if left > 1 then y[at + 1] <- make w1

                if left > 2 then y[at + 2] <- make w2

                if left > 3 then y[at + 3] <- make w3)

        y

    /// For every key `count` elements of two words each.
    let inline private pairs (keys: int64[]) count stream ([<InlineIfLambda>] make: uint64 -> 'T) : 'T[] =
        let y = Strided.allocate<'T>(keys.Length * count)
        let blocks = (count + 1) / 2

        Strided.ranges (keys.Length * blocks) (8L * int64 y.Length) (fun first last ->
            for item in first .. last - 1 do
                let key = item / blocks
                let i = item - key * blocks
                let struct (w0, w1, w2, w3) = blockOf keys[key] stream i
                let at = key * count + 2 * i
                y[at] <- make (pair w0 w1)

                if count - 2 * i > 1 then y[at + 1] <- make (pair w2 w3))

        y

    /// Draws of a shape for every key. Uniform numbers take as many leading bits as the dtype's significand
    /// holds, so that none is rounded, and none up to 1.
    let random (draw: Draw) dtype (shape: int[]) (keys: HostBuffer) : HostBuffer =
        let whole = Array.append keys.Shape shape
        Shape.count whole |> ignore
        let count = Shape.count shape
        let keys = Strided.contiguous (keys :?> HostBuffer<int64>)
        let keys = ReadOnlySpan(keys.Items, keys.Offset, Shape.count keys.Shape).ToArray()
        let own data = HostBuffer.own dtype whole data :> HostBuffer

        let refuse () = raise (DTypeException $"random: {draw} draws can't be {dtype}.")

        match draw with
        | Draw.Uniform ->
            match dtype with
            | DType.Float32 -> own (words keys count 0u (fun w -> float32 (w >>> 8) * (1.0f / 16777216.0f)))
            | DType.Float64 ->
                own (pairs keys count 0u (fun w -> float (w >>> 11) * (1.0 / 9007199254740992.0)))
            | DType.Float16 ->
                own (words keys count 0u (fun w -> Half.op_Explicit (float32 (w >>> 21) * (1.0f / 2048.0f))))
            | DType.BFloat16 ->
                own (words keys count 0u (fun w -> BFloat16.OfSingle(float32 (w >>> 24) * (1.0f / 256.0f))))
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
            | DType.Int32 -> own (words keys count stream int32)
            | DType.Int64 -> own (pairs keys count stream int64)
            | DType.Float32
            | DType.Float64
            | DType.Float16
            | DType.BFloat16
            | DType.Bool -> refuse ()
