namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// The generator for one key in each lane of 8 bytes, as a method that emitted code calls: its ten rounds in the midst of a nest
// would be most of that nest, and be compiled once for each draw.

open System.Reflection
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Threading
open Cotangent.Engines
open Cotangent.Lanes
open FSharp.NativeInterop

#nowarn "9" // pointers

/// `void (key, block, stream)` of two addresses of vectors: puts words 0 and 1 of each lane's block, the lower one first, in the
/// place of the key, and words 2 and 3 in that of the block's number.
[<AbstractClass; Sealed>]
type internal BlockMethods =
    static member inline private Replace<'A, 'V when 'A :> IWordAlgebra<'V>>
        (key: nativeint, block: nativeint, stream: int64)
        =
        Tile.optimised ()
        let keys = NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> key)
        let blocks = NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> block)
        let zero = 'A.Constant 0UL

        let struct (first, last) =
            PhiloxRounds.block<'A, 'V>
                (Unsafe.ReadUnaligned<'V> keys)
                (Unsafe.ReadUnaligned<'V> blocks)
                zero
                ('A.Constant(uint64 stream))
                zero

        Unsafe.WriteUnaligned<'V>(keys, first)
        Unsafe.WriteUnaligned<'V>(blocks, last)

    static member Replace128(key: nativeint, block: nativeint, stream: int64) : unit =
        BlockMethods.Replace<Words128, Vector128<uint64>>(key, block, stream)

    static member Replace256(key: nativeint, block: nativeint, stream: int64) : unit =
        BlockMethods.Replace<Words256, Vector256<uint64>>(key, block, stream)

    static member Replace512(key: nativeint, block: nativeint, stream: int64) : unit =
        BlockMethods.Replace<Words512, Vector512<uint64>>(key, block, stream)

[<RequireQualifiedAccess>]
module internal RandomBlocks =
    type private Call = delegate of nativeint * nativeint * int64 -> unit

    let private find (bits: int) : MethodInfo =
        let name = "Replace" + string bits

        match
            typeof<BlockMethods>
                .GetMethod(name, BindingFlags.Static ||| BindingFlags.NonPublic ||| BindingFlags.Public)
        with
        | null -> invalidOp $"There is no {name}."
        | m ->
            let call = m.CreateDelegate<Call>()

            // Compiled while the code that calls it is written.
            ThreadPool.QueueUserWorkItem(fun _ ->
                let vectors = NativePtr.stackalloc<int64> 16

                call.Invoke(
                    NativePtr.toNativeInt vectors,
                    NativePtr.toNativeInt (NativePtr.add vectors 8),
                    0L
                ))
            |> ignore

            m

    let private methods = [| for bits in [ 128; 256; 512 ] -> lazy (find bits) |]

    /// For vectors of a width.
    let ofWidth (w: Width) : MethodInfo = methods[w.Bits >>> 8].Value
