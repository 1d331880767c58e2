namespace Cotangent.Engines

// The generator's blocks, one at a time and four at a time: a block is a chain of twenty multiplications, each of which
// waits for the one before, so that several side by side take hardly longer than one.

open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop
open Cotangent.Lanes

#nowarn "9" // pointers

module internal PhiloxBlocks =

    /// The four words of a block; counter and key word by word.
    let block (c0: uint32) (c1: uint32) (c2: uint32) (c3: uint32) (k0: uint32) (k1: uint32) =
        let key = (uint64 k1 <<< 32) ||| uint64 k0

        let struct (first, last) =
            PhiloxRounds.block<Word, uint64> key (uint64 c0) (uint64 c1) (uint64 c2) (uint64 c3)

        struct (uint32 first, uint32 (first >>> 32), uint32 last, uint32 (last >>> 32))

    /// Block i of a key's stream.
    let ofKey (key: int64) (stream: uint32) (i: int) =
        block (uint32 i) 0u stream 0u (uint32 key) (uint32 (uint64 key >>> 32))

    // What asks for it can't be compiled ahead.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private hasAvx2 () = Avx2.IsSupported

    /// Four blocks, one after the other.
    let inline private four
        (keys: Vector256<uint64>)
        (counters: Vector256<uint64>)
        (stream: uint32)
        (target: nativeptr<uint32>)
        =
        let zero = Vector256<uint64>.Zero

        let struct (first, second) =
            PhiloxRounds.block<Words256, Vector256<uint64>>
                keys
                counters
                zero
                (Vector256.Create(uint64 stream))
                zero

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
        Tile.optimised ()
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
        // A few blocks are not worth the compilation of vector code, which a program's first result would wait for.
        let isShort = 4 * keys.Length * ofEach <= Short.Row
        let inFours = if not isShort && hasAvx2 () then count / 4 * 4 else 0
        if inFours > 0 then writeFours keys ofEach stream first inFours target

        writeEach keys ofEach stream (first + inFours) (count - inFours) (NativePtr.add target (4 * inFours))
