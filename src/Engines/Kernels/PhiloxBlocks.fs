namespace Cotangent.Engines

// The generator's blocks, one at a time and four at a time: a block is a chain of twenty multiplications, each of which
// waits for the one before, so that several side by side take hardly longer than one.

open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop

#nowarn "9" // pointers

module internal PhiloxBlocks =

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

    /// Block i of a key's stream.
    let ofKey (key: int64) (stream: uint32) (i: int) =
        block (uint32 i) 0u stream 0u (uint32 key) (uint32 (uint64 key >>> 32))

    // What asks for it can't be compiled ahead.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private hasAvx2 () = Avx2.IsSupported

    let inline private times (x: Vector256<uint64>) (multiplier: uint32) =
        Avx2.Multiply(x.AsUInt32(), Vector256.Create(uint64 multiplier).AsUInt32())

    /// Four blocks, one after the other. A word is the lower half of its lane; what is in the upper half is of no weight.
    let inline private four
        (keys: Vector256<uint64>)
        (counters: Vector256<uint64>)
        (stream: uint32)
        (target: nativeptr<uint32>)
        =
        let mutable x0 = counters
        let mutable x1 = Vector256<uint64>.Zero
        let mutable x2 = Vector256.Create(uint64 stream)
        let mutable x3 = Vector256<uint64>.Zero
        let mutable key0 = keys
        let mutable key1 = Vector256.ShiftRightLogical(keys, 32)

        for _ in 1..10 do
            let p0 = times x0 Multiplier0
            let p1 = times x2 Multiplier1
            x0 <- Vector256.Xor(Vector256.Xor(Vector256.ShiftRightLogical(p1, 32), x1), key0)
            x2 <- Vector256.Xor(Vector256.Xor(Vector256.ShiftRightLogical(p0, 32), x3), key1)
            x1 <- p1
            x3 <- p0
            key0 <- Vector256.Add(key0, Vector256.Create(uint64 Weyl0))
            key1 <- Vector256.Add(key1, Vector256.Create(uint64 Weyl1))

        let lower = Vector256.Create 0xFFFFFFFFUL

        let first = Vector256.BitwiseOr(Vector256.BitwiseAnd(x0, lower), Vector256.ShiftLeft(x1, 32))

        let second = Vector256.BitwiseOr(Vector256.BitwiseAnd(x2, lower), Vector256.ShiftLeft(x3, 32))

        let even = Avx2.UnpackLow(first, second)
        let odd = Avx2.UnpackHigh(first, second)
        let target = NativePtr.ofNativeInt<uint64>(NativePtr.toNativeInt target)
        Vector128.Store(even.GetLower(), target)
        Vector128.Store(odd.GetLower(), NativePtr.add target 2)
        Vector128.Store(even.GetUpper(), NativePtr.add target 4)
        Vector128.Store(odd.GetUpper(), NativePtr.add target 6)

    /// The block after block i of a key, where every key has the same number of blocks.
    let inline private next (ofEach: int) (key: byref<int>) (i: byref<int>) =
        i <- i + 1

        if i = ofEach then
            i <- 0
            key <- key + 1

    let private writeEach (keys: int64[]) ofEach stream first count (target: nativeptr<uint32>) =
        let mutable key = first / ofEach
        let mutable i = first - key * ofEach

        for at in 0 .. count - 1 do
            let struct (w0, w1, w2, w3) = ofKey keys[key] stream i
            NativePtr.set target (4 * at) w0
            NativePtr.set target (4 * at + 1) w1
            NativePtr.set target (4 * at + 2) w2
            NativePtr.set target (4 * at + 3) w3
            next ofEach &key &i

    let private writeFours (keys: int64[]) ofEach stream first count (target: nativeptr<uint32>) =
        let mutable key = first / ofEach
        let mutable i = first - key * ofEach

        for four' in 0 .. count / 4 - 1 do
            let k0, i0 = uint64 keys[key], uint64 i
            next ofEach &key &i
            let k1, i1 = uint64 keys[key], uint64 i
            next ofEach &key &i
            let k2, i2 = uint64 keys[key], uint64 i
            next ofEach &key &i
            let k3, i3 = uint64 keys[key], uint64 i
            next ofEach &key &i
            let target = NativePtr.add target (16 * four')
            four (Vector256.Create(k0, k1, k2, k3)) (Vector256.Create(i0, i1, i2, i3)) stream target

    /// Blocks `first` and so many after it of a stream, four words each, where every key has the same number of blocks.
    let write (keys: int64[]) (ofEach: int) (stream: uint32) first count (target: nativeptr<uint32>) : unit =
        let isFirst = count > 3 && FirstRows.Has(4 * keys.Length * ofEach)
        let inFours = if not isFirst && hasAvx2 () then count / 4 * 4 else 0
        if inFours > 0 then writeFours keys ofEach stream first inFours target

        writeEach keys ofEach stream (first + inFours) (count - inFours) (NativePtr.add target (4 * inFours))
